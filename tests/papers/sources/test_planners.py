"""What to ask next: pure, kind by kind."""

import json
import time
from contextlib import suppress
from datetime import UTC, date, datetime
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papers.models import Source
from papers.sources.planners import (
    AskAgain,
    BadQuery,
    Page,
    Query,
    StartAgain,
    Trouble,
    arxiv,
    biorxiv,
    crossref,
    find,
    hugging_face,
)

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
SINCE = date(2026, 11, 20)


def query(text="", address=""):
    return Query(text, address, SINCE)


def asked(ask):
    return {name: values[0] for name, values in parse_qs(urlsplit(ask.url).query).items()}


def moment(day):
    return datetime.fromisoformat(f"2026-11-{day}T10:00:00+00:00")


def walk(planner, what, pages, watermark=None):
    """Walk through pages; return what was asked, and the watermark at the end."""
    position, watermark, asks = planner.begin(what, watermark or {}, NOW), watermark or {}, []
    for page in pages:
        asks.append(planner.ask(what, position))
        step = planner.move(what, position, watermark, page)
        position, watermark = step.position, step.watermark
    return asks, position, watermark


def test_every_kind_that_asks_has_a_planner():
    kinds = set(Source.Kind.values) - {"upload"}
    assert all(find(kind) for kind in kinds)
    with pytest.raises(KeyError):
        find("upload")


# arXiv's API


def arxiv_page(count, newest, oldest, total):
    head = f"<opensearch:totalResults>{total}</opensearch:totalResults>".encode()
    return Page(head, b"", count, moment(newest) if count else None, moment(oldest) if count else None)


def test_arxiv_walks_to_what_is_in_already():
    pages = [arxiv_page(100, 24, 23, 5000), arxiv_page(100, 23, 22, 5000), arxiv_page(100, 22, 19, 5000)]
    asks, position, watermark = walk(arxiv, query("cat:cs.CL"), pages)
    assert [asked(ask)["start"] for ask in asks] == ["0", "100", "200"]
    assert asked(asks[0]) == {"search_query": "cat:cs.CL", "start": "0", "max_results": "100",
                              "sortBy": "lastUpdatedDate", "sortOrder": "descending"}  # fmt: skip
    assert (position, watermark) == (None, {"updated": "2026-11-24T10:00:00+00:00"})
    # The next walk ends a day before it, which was the first page's newest and not the last one's.
    _asks, position, _watermark = walk(arxiv, query("cat:cs.CL"), [arxiv_page(100, 24, 23, 5000)], watermark)
    assert position is not None
    _asks, position, _watermark = walk(arxiv, query("cat:cs.CL"), [arxiv_page(100, 24, 22, 5000)], watermark)
    assert position is None


def test_arxiv_ends_where_there_is_no_more():
    _asks, position, watermark = walk(
        arxiv, query("x"), [arxiv_page(100, 24, 23, 150), arxiv_page(50, 23, 22, 150)]
    )
    assert (position, watermark["updated"][:10]) == (None, "2026-11-24")
    _asks, position, watermark = walk(
        arxiv, query("x"), [arxiv_page(0, 0, 0, 0)], {"updated": "2026-11-01T00:00:00+00:00"}
    )
    assert (position, watermark) == (None, {"updated": "2026-11-01T00:00:00+00:00"})


@pytest.mark.parametrize("page", [arxiv_page(0, 0, 0, 5000), Page(b"<feed/>", b"")])
def test_an_empty_page_of_arxiv_is_not_the_end(page):
    with pytest.raises(AskAgain):
        walk(arxiv, query("x"), [arxiv_page(100, 24, 23, 5000), page])


def test_a_short_page_of_arxiv_skips_nothing():
    asks, _position, _watermark = walk(
        arxiv, query("x"), [arxiv_page(97, 24, 23, 5000), arxiv_page(100, 23, 23, 5000)]
    )
    assert asked(asks[1])["start"] == "97"


def test_more_than_arxiv_gives_is_said():
    pages = [arxiv_page(100, 24, 23, 50_000)] * 300
    with pytest.raises(Trouble, match="30000"):
        walk(arxiv, query("x"), pages)


# Hugging Face


def test_days_that_were_missed_are_caught_up_with_and_today_is_asked_again():
    asks, position, watermark = walk(hugging_face, query(), [Page(count=30)] * 3, {"day": "2026-11-21"})
    assert [ask.date for ask in asks] == [date(2026, 11, day) for day in (22, 23, 24)]
    # At nine in the morning of the 24th yesterday is not complete: votes and late papers are still to come.
    assert (position, watermark) == (None, {"day": "2026-11-22"})
    assert [ask.may_be_missing for ask in asks] == [False, False, True]


def test_the_first_run_begins_where_the_source_says():
    [first], *_rest = walk(hugging_face, query(), [Page(count=1)])
    assert first.date == SINCE


def test_a_long_day_has_several_pages():
    asks, _position, _watermark = walk(
        hugging_face, query(), [Page(count=100), Page(count=5), Page(count=0)], {"day": "2026-11-22"}
    )
    assert [(ask.date.day, asked(ask)["p"]) for ask in asks] == [(23, "0"), (23, "1"), (24, "0")]
    asks, _position, _watermark = walk(hugging_face, query(), [Page(count=100)] * 11, {"day": "2026-11-22"})
    assert asks[-1].date.day == 24, "a day without an end ends"


def test_a_watermark_of_tomorrow_asks_for_today():
    [first], *_rest = walk(hugging_face, query(), [Page(count=1)], {"day": "2026-12-24"})
    assert first.date == NOW.date()


def test_an_empty_day_is_no_input():
    assert not hugging_face.look(Page(b" [ ]\n", b" [ ]\n"), {})
    assert not hugging_face.look(Page(b""), {})
    assert hugging_face.look(Page(b"[{}]", b"[{}]\n"), {})


# OAI-PMH


def oai_page(*, token=None, count=10, day="2026-11-24"):
    end = "" if token is None else f'<resumptionToken cursor="0">{token}</resumptionToken>'
    text = f"<OAI-PMH><responseDate>{day}T01:02:03Z</responseDate><ListRecords><record/>{end}</ListRecords></OAI-PMH>"
    return Page(text.encode(), text.encode(), count)


def test_tokens_lead_from_page_to_page():
    pages = [
        oai_page(token="6460044|1001"),
        oai_page(token="a&amp;b c", day="2026-11-25"),
        oai_page(token=""),
    ]
    asks, position, watermark = walk(find("arxiv_oai"), query("cs"), pages)
    assert asked(asks[0]) == {
        "verb": "ListRecords",
        "metadataPrefix": "arXivRaw",
        "set": "cs",
        "from": "2026-11-20",
    }
    assert asked(asks[1]) == {"verb": "ListRecords", "resumptionToken": "6460044|1001"}
    assert asked(asks[2]) == {"verb": "ListRecords", "resumptionToken": "a&b c"}
    # The day on which the walk began: what changes while it goes on is of that day or later.
    assert (position, watermark) == (None, {"day": "2026-11-24"})


@pytest.mark.parametrize("end", ["", "<resumptionToken/>", "<oai:resumptionToken> </oai:resumptionToken>"])
def test_a_walk_ends_without_a_token(end):
    page = Page(b"<responseDate>2026-11-24T00:00:00Z</responseDate><record/>", end.encode(), 3)
    assert walk(find("oai"), query("", "https://x.example/oai"), [page])[1] is None


def test_the_watermark_never_goes_back():
    _asks, _position, watermark = walk(
        find("oai"), query("", "https://x.example/oai"), [oai_page(day="2026-01-01")], {"day": "2026-11-01"}
    )
    assert watermark == {"day": "2026-11-01"}


def oai_error(code, text="No."):
    return Page(f'<OAI-PMH><request/><error code="{code}">{text}</error></OAI-PMH>'.encode())


def test_errors_of_a_repository():
    planner, position = find("oai"), {"from": "2026-11-20", "token": "t", "day": "2026-11-24"}
    assert not planner.look(oai_error("noRecordsMatch"), position)
    with pytest.raises(StartAgain):
        planner.look(oai_error("badResumptionToken"), position)
    with pytest.raises(Trouble, match=r"No such &lt;set&gt; \(badArgument\)|No such <set> \(badArgument\)"):
        planner.look(oai_error("badArgument", "No such &lt;set&gt;."), position)
    with pytest.raises(Trouble) as error:
        planner.look(oai_error("badResumptionToken"), {**position, "token": ""})
    assert not isinstance(error.value, StartAgain)


def test_a_record_that_speaks_of_errors_is_none():
    page = Page(
        b'<ListRecords><record><dc:title>&lt;error code="x"></dc:title><error code="badVerb">x</error>'
    )
    page.tail = b"</ListRecords></oai:OAI-PMH>"
    assert find("oai").look(page, {"token": ""})


@pytest.mark.parametrize(
    ("kind", "text"),
    [("oai", b"<OAI-PMH><ListRecords><record></record><rec"), ("crossref", b'{"message":{"items":[{"DOI":"10.1'),
     ("hugging_face", b'[{"paper":{"id":"2504.0000'), ("arxiv", b"<feed><entry><id>http"),
     ("arxiv_feed", b'<rss version="2.0"><channel><item>'), ("arxiv_feed", b"<feed><entry>"),
     ("biorxiv", b'{"messages":[],"collection":[{"doi')],
)  # fmt: skip
def test_an_answer_that_was_cut_off_is_not_the_end(kind, text):
    with pytest.raises(AskAgain, match="cut off"):
        find(kind).look(Page(text, text), POSITIONS.get(kind, {}))


def test_a_token_that_leads_to_itself_is_the_end():
    with pytest.raises(Trouble, match="for ever"):
        walk(find("arxiv_oai"), query("cs"), [oai_page(token="t"), oai_page(token="t")])
    with pytest.raises(Trouble, match="2000 characters"):
        walk(find("arxiv_oai"), query("cs"), [oai_page(token="t" * 3000)])
    with pytest.raises(Trouble):
        walk(find("arxiv_oai"), query("cs"), [oai_page(token="t\x00")])


# Crossref, bioRxiv


def crossref_page(count, *, cursor="next", total=1000):
    text = f'{{"message":{{"next-cursor":"{cursor}","total-results":{total},"items":[{{}}]}}}}'
    return Page(text.encode(), text.encode(), count)


def test_crossref_walks_by_cursor():
    pages = [crossref_page(100, cursor="AoJ\\/+="), crossref_page(30)]
    asks, position, watermark = walk(crossref, query("1088-9051"), pages, {"day": "2026-11-23"})
    assert asked(asks[0]) == {
        "filter": "from-index-date:2026-11-22,issn:1088-9051",
        "rows": "100",
        "cursor": "*",
    }
    assert asked(asks[1])["cursor"] == "AoJ/+="
    assert (position, watermark) == (None, {"day": "2026-11-24"})
    [words], *_rest = walk(crossref, query("protein folding"), [crossref_page(1)])
    assert asked(words)["query.bibliographic"] == "protein folding"
    assert asked(words)["filter"] == "from-index-date:2026-11-20"


def test_an_empty_page_of_crossref_is_not_the_end():
    with pytest.raises(AskAgain):
        walk(crossref, query("x"), [crossref_page(100), Page(b'"total-results":1000,"items":[]', b"", 0)])
    assert walk(crossref, query("x"), [Page(b'"total-results":0,"items":[]', b"", 0)])[1] is None


@pytest.mark.parametrize("cursor", ["x" * 2500, "\\x", "\\u0000", "\\ud800"])
def test_an_odd_cursor_is_trouble(cursor):
    with pytest.raises(Trouble):
        walk(crossref, query("x"), [crossref_page(100, cursor=cursor)])


def biorxiv_page(count, total):
    return Page(
        f'{{"messages":[{{"status":"ok","count":{count},"total":"{total}"}}],"collection":[{{}}]}}'.encode(),
        b"",
        count,
    )


def test_biorxiv_walks_by_number():
    pages = [biorxiv_page(30, 70), biorxiv_page(30, 70), biorxiv_page(10, 70)]
    asks, position, watermark = walk(
        biorxiv.Server("biorxiv"), query("Cell Biology"), pages, {"day": "2026-11-23"}
    )
    assert [ask.url for ask in asks] == [
        f"https://api.biorxiv.org/details/biorxiv/2026-11-23/2026-11-24/{number}/json?category=cell_biology"
        for number in (0, 30, 60)
    ]
    assert (position, watermark) == (None, {"day": "2026-11-24"})
    with pytest.raises(AskAgain):
        walk(biorxiv.Server("medrxiv"), query(), [biorxiv_page(30, 70), biorxiv_page(0, 70)])


# One address


def test_a_feed_is_asked_under_conditions():
    [ask], position, watermark = walk(
        find("feed"), query("", "https://x.example/feed"), [Page(count=3)], {"x": 1}
    )
    assert (ask.url, ask.is_conditional, position, watermark) == (
        "https://x.example/feed",
        True,
        None,
        {"x": 1},
    )
    [ask], *_rest = walk(find("arxiv_feed"), query("cs.CL+cs.LG"), [Page(count=3)])
    assert ask.url == "https://rss.arxiv.org/atom/cs.CL+cs.LG"


@pytest.mark.parametrize(
    ("kind", "text", "address", "field"),
    [
        ("arxiv", "", "", "query"), ("crossref", "", "", "query"), ("arxiv_oai", "", "", "query"),
        ("arxiv_oai", "cs&verb=Identify", "", "query"), ("arxiv_feed", "../x", "", "query"),
        ("arxiv_feed", "", "", "query"), ("arxiv_feed", "cs.CL?x", "", "query"), ("biorxiv", "x/y", "", "query"),
        ("feed", "", "", "address"), ("file", "", "file:///etc/passwd", "address"),
        ("feed", "", "http://me:secret@x.example/", "address"), ("oai", "", "", "address"),
        ("oai", "", "https://x.example/oai?verb=Identify", "address"), ("oai", "a b", "https://x.example/oai", "query"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_before_anybody_is_asked(kind, text, address, field):
    with pytest.raises(BadQuery) as error:
        find(kind).check(query(text, address))
    assert error.value.field == field


@pytest.mark.parametrize(
    ("kind", "text", "address"),
    [
        ("arxiv", "cat:cs.CL AND abs:x", ""), ("hugging_face", "", ""), ("arxiv_oai", "physics:hep-ex", ""),
        ("arxiv_feed", "cs.CL", ""), ("arxiv_feed", "astro-ph+cond-mat.mes-hall", ""), ("biorxiv", "", ""),
        ("medrxiv", "infectious diseases", ""), ("crossref", "Reading, together", ""), ("oai", "", "https://x.example/oai"),
        ("feed", "", "https://x.example/feed?x=1"), ("file", "", "http://x.example/list.bib"),
    ],
)  # fmt: skip
def test_what_makes_sense_is_taken(kind, text, address):
    find(kind).check(query(text, address))


# Whatever comes

PIECES = [
    b"<", b">", b"/>", b"<resumptionToken", b"</resumptionToken>", b"<error code='", b"noRecordsMatch'>", b"<record>",
    b"responseDate>2026-99-99", b"totalResults>", b"99999999999", b"<", b'"next-cursor":"', b'"total":"', b'"items":[',
    b'"collection":[', b"]", b"\\", b'"', b" ", b"\x00", b"\xff", b"&#0;", b"&lt;", b"[", b"x",
]  # fmt: skip
POSITIONS = {
    "arxiv": {"start": 0, "newest": None},
    "hugging_face": {"day": "2026-11-24", "page": 0, "today": "2026-11-24", "complete": "2026-11-22"},
    "oai": {"from": "2026-11-20", "token": "t", "day": ""},
    "crossref": {"from": "2026-11-20", "day": "2026-11-24", "cursor": "*", "seen": 0},
    "biorxiv": {"from": "2026-11-20", "to": "2026-11-24", "cursor": 0},
    "feed": {},
}


@pytest.mark.parametrize("kind", POSITIONS)
@given(
    pieces=st.lists(st.sampled_from(PIECES) | st.binary(max_size=8), max_size=30), count=st.integers(0, 100)
)
def test_any_answer_leads_on_or_is_trouble(kind, pieces, count):
    planner, text = find(kind), b"".join(pieces)
    what = query("x", "https://x.example/oai")
    for page in (Page(text, text, count), Page(text, b"", 0)):
        with suppress(Trouble):
            planner.look(page, POSITIONS[kind])
        with suppress(Trouble):
            step = planner.move(what, POSITIONS[kind], {}, page)
            assert "\\u0000" not in json.dumps([step.position, step.watermark])
            if step.position is not None:
                planner.ask(what, step.position)


@pytest.mark.parametrize("kind", POSITIONS)
@pytest.mark.parametrize("piece", PIECES, ids=repr)
def test_no_answer_takes_long_to_look_at(kind, piece):
    text = (piece * 65_536)[:65_535] + b"x"
    began = time.monotonic()
    with suppress(Trouble):
        find(kind).look(Page(text, text), POSITIONS.get(kind, {}))
    with suppress(Trouble):
        find(kind).move(query("x", "https://x.example/oai"), POSITIONS[kind], {}, Page(text, text, 1))
    assert time.monotonic() - began < 2, (
        "in proportion to its length; a second run over it for each of its bytes is minutes"
    )

"""Papers over the API: read, find, narrow, and lead on from ids that are no more."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from papers.catalogue import add_records, merge_papers
from papers.identifiers import parse
from papers.models import Catalogue
from papers.records import Rank
from tests import factories

from .conftest import make_script

pytestmark = pytest.mark.django_db


@pytest.fixture
def attention(source):
    return factories.make_paper(
        "Attention in small models",
        source=source,
        abstract="We study attention.",
        authors=("Zoë Müller", "Ada Lovelace"),
        identifiers=(parse("2504.12345"), parse("doi:10.1000/XYZ")),
        published=date(2025, 4, 24),
        updated=datetime(2025, 4, 25, 8, tzinfo=UTC),
        revision=2,
        categories=("cs.LG", "stat.ML"),
        journal="A Journal 1",
        urls=(("code", "https://example.org/code"),),
    )


def ids(answer):
    assert answer.status_code == 200, answer.content
    return [row["id"] for row in answer.json()["results"]]


def test_paper_has_the_fields_of_the_contract(script, attention):
    answer = script.get(f"/api/v1/papers/{attention.pk}/")
    assert answer.json() == {
        "id": attention.pk,
        "title": "Attention in small models",
        "abstract": "We study attention.",
        "authors": ["Zoë Müller", "Ada Lovelace"],
        "identifiers": [
            {"scheme": "arxiv", "value": "2504.12345"},
            {"scheme": "doi", "value": "10.1000/xyz"},
        ],
        "published": "2025-04-24",
        "updated": "2025-04-25T08:00:00Z",
        "revision": 2,
        "categories": ["cs.LG", "stat.ML"],
        "published_precision": "day",
        "journal": "A Journal 1",
        "volume": "",
        "issue": "",
        "pages": "",
        "urls": [{"kind": "code", "url": "https://example.org/code"}],
        "forms": {
            "preprint": {
                "place": "",
                "identifiers": [{"scheme": "arxiv", "value": "2504.12345"}],
                "revision": 2,
                "date": "2025-04-25",
                "precision": "day",
            },
            "published": {
                "place": "A Journal 1",
                "identifiers": [{"scheme": "doi", "value": "10.1000/xyz"}],
                "revision": None,
                "date": None,
                "precision": "day",
            },
        },
        "version": attention.version,
    }
    assert answer.headers["Last-Modified-Version"] == str(attention.version)


def test_list_gives_the_same_paper(script, attention):
    [row] = script.get("/api/v1/papers/").json()["results"]
    assert row == script.get(f"/api/v1/papers/{attention.pk}/").json()


def test_paper_of_one_form_has_no_forms(script):
    paper = factories.make_paper(identifiers=(parse("2504.12345"),), journal="")
    assert script.get(f"/api/v1/papers/{paper.pk}/").json()["forms"] is None


def test_new_word_on_one_form_comes_to_who_keeps_a_version(script, source):
    """The preprint is dated by its server's record, and the paper itself by the publisher's."""
    server = factories.make_record(
        "On light",
        key="a",
        identifiers=(parse("2504.12345"),),
        published=date(2025, 4, 1),
        rank=Rank.PREPRINT,
    )
    journal = factories.make_record(
        "On light",
        key="b",
        identifiers=(parse("2504.12345"), parse("doi:10.1000/xyz")),
        published=date(2025, 9, 1),
        rank=Rank.PUBLISHER,
    )
    add_records(source, [server, journal])
    version = Catalogue.objects.get().version
    add_records(source, [replace(server, published=date(2025, 4, 2))])
    [row] = script.get(f"/api/v1/papers/?since={version}").json()["results"]
    assert (row["published"], row["forms"]["preprint"]["date"]) == ("2025-09-01", "2025-04-02")


def test_what_a_club_says_of_a_form_is_not_told(script, source, club):
    arxiv = parse("2504.12345")
    paper = factories.make_paper("On light", source=source, identifiers=(arxiv,))
    told = factories.make_record("On light", identifiers=(arxiv, parse("doi:10.1000/xyz")), journal="Nature")
    add_records(factories.make_source(club=club, kind="upload"), [told])
    row = script.get(f"/api/v1/papers/{paper.pk}/").json()
    assert (row["forms"], row["version"]) == (None, paper.version)


def test_identifier_finds_a_paper_however_it_is_written(script, attention, listing):
    for written in [
        "2504.12345",
        "arXiv:2504.12345v3",
        "https://arxiv.org/abs/2504.12345",
        "10.48550/arXiv.2504.12345",
        "doi:10.1000/xyz",
        "https://doi.org/10.1000/XYZ",
    ]:
        assert ids(script.get("/api/v1/papers/", {"identifier": written})) == [attention.pk], written


def test_unknown_identifier_finds_nothing(script, attention):
    assert ids(script.get("/api/v1/papers/?identifier=doi:10.1000/other")) == []


def test_what_is_no_identifier_is_an_error_that_says_what_is(script):
    answer = script.get("/api/v1/papers/?identifier=twelve monkeys")
    assert answer.status_code == 400
    [error] = answer.json()["errors"]
    assert error["field"] == "identifier"
    assert "doi:10.1000/xyz" in error["message"]


def test_filters(script, attention):
    for query, is_found in [
        ("category=cs.LG", True),
        ("category=cs.CL", False),
        ("published_after=2025-04-24", True),
        ("published_after=2025-04-25", False),
        ("published_before=2025-04-24", True),
        ("published_before=2025-04-23", False),
        ("q=attention", True),
        ("q=Müller", True),
        ("q=muller", True),
        ("q=nothing+of+the+kind", False),
        ("q=attention&category=cs.LG&published_before=2025-04-30", True),
    ]:
        assert ids(script.get(f"/api/v1/papers/?{query}")) == ([attention.pk] if is_found else []), query


def test_search_gives_the_best_match_first_page_by_page(script, source):
    weak = factories.make_paper(
        "Something else", source=source, abstract="About diffusion, once. " + "More. " * 50
    )
    strong = factories.make_paper("Diffusion and diffusion", source=source, abstract="Diffusion.")
    middle = factories.make_paper("On diffusion", source=source, abstract="Nothing more.")
    everything = ids(script.get("/api/v1/papers/?q=diffusion"))
    assert everything[0] == strong.pk
    assert everything[-1] == weak.pk
    assert set(everything) == {weak.pk, strong.pk, middle.pk}
    walked, address = [], "/api/v1/papers/?q=diffusion&limit=1"
    while address:
        page = script.get(address).json()
        walked += [row["id"] for row in page["results"]]
        address = page["next"]
    assert walked == everything


def test_paper_that_is_named_by_identifier_comes_once(script, attention):
    assert ids(script.get("/api/v1/papers/?q=2504.12345")) == [attention.pk]


@pytest.mark.parametrize("written", ["2504.12345", "2504.12345v2", "arXiv:2504.12345"])
def test_arxiv_id_leads_to_the_paper(script, attention, written):
    answer = script.get(f"/api/v1/papers/{written}/")
    assert answer.status_code == 307
    assert answer.headers["Location"] == f"/api/v1/papers/{attention.pk}/"


def test_old_arxiv_id_leads_to_the_paper(script, source):
    paper = factories.make_paper(source=source, identifiers=(parse("hep-th/9901001"),))
    answer = script.get("/api/v1/papers/hep-th/9901001/")
    assert answer.headers["Location"] == f"/api/v1/papers/{paper.pk}/"


def test_id_of_a_merged_paper_leads_to_the_other(script, listing):
    keep, other = (item.paper for item in listing.items.all()[:2])
    merge_papers(keep, other, reason="The same.")
    answer = script.get(f"/api/v1/papers/{other.pk}/")
    assert answer.status_code == 308
    assert answer.headers["Location"] == f"/api/v1/papers/{keep.pk}/"
    assert other.pk not in ids(script.get("/api/v1/papers/"))


def test_private_paper_is_not_found_by_any_way_in(script, outsiders_script, source, private_paper, club):
    other = factories.make_paper("Another private paper", source=private_paper.source_records.get().source)
    merge_papers(private_paper, other, reason="The same.")
    assert script.get(f"/api/v1/papers/{other.pk}/").status_code == 308
    assert outsiders_script.get(f"/api/v1/papers/{other.pk}/").status_code == 404
    assert private_paper.pk in ids(script.get("/api/v1/papers/?q=private"))
    assert private_paper.pk not in ids(outsiders_script.get("/api/v1/papers/?q=private"))
    assert private_paper.pk not in ids(outsiders_script.get("/api/v1/papers/?since=0"))


def test_garbage_in_the_address_is_404(script, listing):
    for name in ["0", "-1", "99999999999999999999", "9" * 5000, "1e3", "nothing", "٣", "1%00", "a/b/c"]:
        assert script.get(f"/api/v1/papers/{name}/").status_code == 404, name


def test_list_says_the_catalogues_version(script, listing):
    version = Catalogue.objects.get().version
    assert script.get("/api/v1/papers/").headers["Last-Modified-Version"] == str(version)


def test_edit_by_hand(administrator, paper):
    script, address = make_script(administrator), f"/api/v1/papers/{paper.pk}/"
    seen = script.get(address).headers["Last-Modified-Version"]
    body = {
        "title": "By hand",
        "authors": ["Ann Alpha"],
        "published": "2014-12",
        "journal": "Nature",
        "volume": "7",
    }
    answer = script.patch(address, body, HTTP_IF_UNMODIFIED_SINCE_VERSION=seen)
    shown = answer.json()
    assert {name: shown[name] for name in body} == {**body, "published": "2014-12-01"}
    assert shown["published_precision"] == "month"
    assert answer.headers["Last-Modified-Version"] == str(shown["version"]) > seen
    stale = script.patch(address, {"title": "Late"}, HTTP_IF_UNMODIFIED_SINCE_VERSION=seen)
    assert (stale.status_code, stale.json()["code"]) == (412, "stale")
    back = script.patch(address, dict.fromkeys(body))
    assert (back.json()["title"], back.json()["published"], back.json()["volume"]) == (paper.title, None, "")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"published": "soon"}, "published"),
        ({"authors": "Ann"}, "authors"),
        ({"title": "x" * 2001}, "title"),
    ],
)
def test_edit_that_makes_no_sense(administrator, paper, body, field):
    answer = make_script(administrator).patch(f"/api/v1/papers/{paper.pk}/", body)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, field)
    refused = make_script(administrator).patch(f"/api/v1/papers/{paper.pk}/", {"title": "\u200b"})
    assert (refused.status_code, refused.json()["detail"]) == (409, "There is no title.")

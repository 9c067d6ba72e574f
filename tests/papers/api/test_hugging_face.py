"""The addresses of Hugging Face Daily Papers, asked by the real client and by hand."""

import base64
from datetime import date, datetime
from io import BytesIO

import pytest
from huggingface_hub import HfApi
from huggingface_hub.errors import BadRequestError, HfHubHTTPError
from markdown_it import MarkdownIt

from accounts import tokens
from papers import discussion, importers, reading_list
from papers.api import hugging_face
from papers.catalogue import add_records, merge_papers
from papers.identifiers import parse
from papers.models import Listing, Paper
from tests import factories

from .conftest import make_script

pytestmark = pytest.mark.django_db

FRIDAY, THURSDAY = date(2025, 4, 25), date(2025, 4, 24)


@pytest.fixture
def catalogue(source):
    """Two days: five papers on Friday, the second of them on Thursday too, with one more."""
    records = [
        factories.make_record(
            f"Paper {number} on attention",
            key=f"2504.1000{number}",
            abstract=f"Summary {number} with $x<y$ and <b>bold</b>.",
            authors=("Ada Lovelace", "Zoë Müller"),
            identifiers=(parse(f"2504.1000{number}"),),
            published=date(2025, 4, 20 + number),
            upvotes=10 * number,
            submitter="ada" if number % 2 else "zoe",
            urls=(("code", "https://example.org/code"), ("project", "https://example.org/project")),
        )
        for number in range(1, 6)
    ]
    add_records(source, records, listed=FRIDAY)
    plain = factories.make_record("A paper without an identifier", key="plain")
    add_records(source, [records[1], plain], listed=THURSDAY)
    return Listing.objects.get(date=FRIDAY)


@pytest.fixture
def is_public(settings):
    settings.PUBLIC_CATALOGUE = True


def read(script, **query):
    answer = script.get("/api/daily_papers", query)
    assert answer.status_code == 200, answer.content
    return [item["paper"]["id"] for item in answer.json()]


FRIDAYS = ["2504.10001", "2504.10002", "2504.10003", "2504.10004", "2504.10005"]


# The real client


def check_all_four_calls(api):
    """What a script written for Hugging Face does, against ours."""
    papers = list(api.list_daily_papers(date="2025-04-25"))
    assert [paper.id for paper in papers] == FRIDAYS
    first = papers[0]
    assert first.title == "Paper 1 on attention"
    assert first.summary.startswith("Summary 1")
    assert [author.name for author in first.authors] == ["Ada Lovelace", "Zoë Müller"]
    assert first.published_at.date() == date(2025, 4, 21)
    assert first.submitted_at.date() == FRIDAY
    assert (first.upvotes, first.comments) == (10, 0)
    assert first.submitted_by.username == "ada"

    found = list(api.list_papers(query="attention", limit=3))
    assert len(found) == 3
    assert {paper.id for paper in found} < set(FRIDAYS)

    paper = api.paper_info("2504.10002")
    assert (paper.id, paper.title, paper.upvotes) == ("2504.10002", "Paper 2 on attention", 20)
    assert paper.github_repo == "https://example.org/code"
    assert paper.project_page == "https://example.org/project"
    assert paper.submitted_at.date() == FRIDAY

    text = api.read_paper("2504.10002")
    assert text.startswith("# Paper 2 on attention\n")
    assert "Ada Lovelace, Zoë Müller" in text
    assert "https://arxiv.org/abs/2504.10002" in text

    for call in (api.paper_info, api.read_paper):
        with pytest.raises(HfHubHTTPError) as caught:
            call("2504.99999")
        assert caught.value.response.status_code == 404
        assert "There is no such paper here." in str(caught.value)
    with pytest.raises(BadRequestError, match="1 to 100"):
        list(api.list_daily_papers(limit=1000))


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("token", [None, False, "hf_of_another_service"])
def test_real_client_on_an_open_catalogue(live_server, settings, catalogue, token):
    settings.PUBLIC_CATALOGUE = True
    check_all_four_calls(HfApi(endpoint=live_server.url, token=token))


@pytest.mark.django_db(transaction=True)
def test_real_client_with_the_token_in_the_address(live_server, settings, catalogue, member):
    settings.PUBLIC_CATALOGUE = False
    _token, secret = tokens.create_token(member, scope="read")
    check_all_four_calls(HfApi(endpoint=live_server.url.replace("://", f"://x:{secret}@")))


@pytest.mark.django_db(transaction=True)
def test_real_client_without_the_token_is_refused(live_server, settings, catalogue, member):
    settings.PUBLIC_CATALOGUE = False
    api = HfApi(endpoint=live_server.url, token=False)
    for call in (
        lambda: list(api.list_daily_papers()),
        lambda: list(api.list_papers(query="attention")),
        lambda: api.paper_info("2504.10001"),
        lambda: api.read_paper("2504.10001"),
    ):
        with pytest.raises(HfHubHTTPError) as caught:
            call()
        assert caught.value.response.status_code == 401
        assert caught.value.response.headers["WWW-Authenticate"].startswith("Basic ")


@pytest.mark.django_db(transaction=True)
def test_real_client_walks_to_the_end(live_server, settings, catalogue):
    settings.PUBLIC_CATALOGUE = True
    api = HfApi(endpoint=live_server.url, token=False)
    walked = []
    for number in range(10):
        page = list(api.list_daily_papers(limit=2, p=number))
        if not page:
            break
        walked += [paper.id for paper in page]
    plain = Paper.objects.get(title="A paper without an identifier")
    assert walked == [*FRIDAYS, str(plain.pk)]


# Listings


def test_daily_papers(is_public, client, catalogue):
    for query, expected in [
        ({"date": "2025-04-25"}, FRIDAYS),
        ({"date": "2025-04-26"}, []),
        ({"date": "2025-04-25", "limit": 2}, FRIDAYS[:2]),
        ({"date": "2025-04-25", "limit": 2, "p": 1}, FRIDAYS[2:4]),
        ({"date": "2025-04-25", "limit": 2, "p": 2}, FRIDAYS[4:]),
        ({"date": "2025-04-25", "limit": 2, "p": 3}, []),
        ({"date": "2025-04-25", "p": 10**6}, []),
        ({"date": "2025-04-25", "sort": "trending"}, FRIDAYS[::-1]),
        ({"date": "2025-04-25", "sort": "publishedAt"}, FRIDAYS),
        ({"date": "2025-04-25", "submitter": "zoe"}, FRIDAYS[1:4:2]),
        ({"date": "2025-04-25", "submitter": "nobody"}, []),
        ({"date": "2025-04-25", "submitter": "\x00"}, []),
        ({"week": "2025-W18"}, []),
        ({"month": "2025-05"}, []),
    ]:
        assert read(client, **query) == expected, query


@pytest.mark.parametrize("query", [{}, {"week": "2025-W17"}, {"month": "2025-04"}], ids=str)
def test_each_paper_comes_once_newest_day_first(is_public, client, catalogue, query):
    plain = Paper.objects.get(title="A paper without an identifier")
    assert read(client, **query) == [*FRIDAYS, str(plain.pk)]


def test_odd_parameters_are_errors_with_a_sentence(is_public, client):
    for query in [
        {"limit": "0"},
        {"limit": "101"},
        {"limit": "x"},
        {"limit": "-1"},
        {"limit": "9" * 30},
        {"p": "-1"},
        {"p": "x"},
        {"p": "9" * 30},
        {"date": "25.4.2025"},
        {"date": "2025-02-30"},
        {"date": "20250425"},
        {"date": "2025-04-25\x00"},
        {"week": "2025-17"},
        {"week": "2025-W54"},
        {"week": "0000-W01"},
        {"month": "2025-13"},
        {"month": "0000-01"},
        {"sort": "best"},
        {"date": "2025-04-25", "week": "2025-W17"},
    ]:
        answer = client.get("/api/daily_papers", query)
        assert answer.status_code == 400
        assert answer.json()["error"].endswith(".")
        assert list(answer.json()) == ["error"]


def test_walk_ends_where_it_says_and_never_silently(is_public, client, catalogue, monkeypatch):
    monkeypatch.setattr(hugging_face, "DEPTH", 4)
    assert read(client, limit=2, p=1) == FRIDAYS[2:4]
    answer = client.get("/api/daily_papers", {"limit": 2, "p": 2})
    assert answer.status_code == 400
    assert "4 papers" in answer.json()["error"]
    # All of Thursday lies above the depth, so its end is an end.
    assert read(client, date="2025-04-24", limit=2, p=2) == []


def test_walk_reads_on_where_many_listings_name_the_same_papers(is_public, client, catalogue):
    papers = [item.paper for item in catalogue.items.all()]
    for _ in range(30):
        other = Listing.objects.create(source=factories.make_source(), date=FRIDAY)
        for position, paper in enumerate(papers, start=1):
            other.items.create(paper=paper, position=position)
    plain = Paper.objects.get(title="A paper without an identifier")
    assert read(client, limit=6) == [*FRIDAYS, str(plain.pk)]


def test_shape_is_that_of_the_service(is_public, client, catalogue, tmp_path):
    """Our own importer of that service's JSON reads ours, and finds what we have."""
    body = client.get("/api/daily_papers?date=2025-04-25").content
    records = list(importers.read(BytesIO(body)))
    assert [record.key for record in records] == FRIDAYS
    paper = Paper.objects.get(title="Paper 3 on attention")
    assert (records[2].title, records[2].abstract) == (paper.title, paper.abstract)
    assert records[2].authors == tuple(paper.authors)
    assert (records[2].published, records[2].listed) == (paper.published, FRIDAY)
    assert (records[2].upvotes, records[2].submitter) == (30, "ada")
    assert ("code", "https://example.org/code") in records[2].urls


def test_paper_without_a_day_of_publication(is_public, client, catalogue):
    [item] = client.get("/api/daily_papers?date=2025-04-24").json()[1:]
    assert item["paper"]["publishedAt"] is None
    assert item["publishedAt"] == item["submittedOnDailyAt"] == "2025-04-24T00:00:00.000Z"
    assert datetime.fromisoformat(item["publishedAt"])


def test_search(is_public, client, catalogue):
    answer = client.get("/api/papers/search", {"q": "attention", "limit": 2})
    assert len(answer.json()) == 2
    assert all("attention" in item["title"] for item in answer.json())
    assert client.get("/api/papers/search?q=nothing+of+the+kind").json() == []
    assert client.get("/api/papers/search", {"q": "\x00"}).status_code == 200
    assert [item["paper"]["id"] for item in client.get("/api/papers/search").json()][:5] == FRIDAYS


@pytest.mark.parametrize(
    "name", ["2504.10002", "2504.10002v3", "arXiv:2504.10002", "{pk}", "https://arxiv.org/abs/2504.10002"]
)
def test_paper_is_found_by_arxiv_id_and_by_ours(is_public, client, catalogue, name):
    paper = Paper.objects.get(title="Paper 2 on attention")
    name = name.format(pk=paper.pk)
    assert client.get(f"/api/papers/{name}").json()["id"] == "2504.10002"
    if "/" not in name:
        assert client.get(f"/papers/{name}.md").content.startswith(b"# Paper 2")


def test_merged_and_old_style_ids_are_found(is_public, client, source, catalogue):
    old = factories.make_paper("Of old", source=source, identifiers=(parse("hep-th/9901001"),))
    assert client.get("/api/papers/hep-th/9901001").json()["title"] == "Of old"
    assert client.get("/papers/hep-th/9901001.md").status_code == 200
    other = Paper.objects.get(title="A paper without an identifier")
    merge_papers(old, other, reason="The same.")
    assert client.get(f"/api/papers/{other.pk}").json()["id"] == "hep-th/9901001"


@pytest.mark.parametrize("name", ["2504.99999", "999999", "9" * 30, "x", "%00", "../secret", "2504.10002/"])
def test_unknown_paper_is_404_with_an_error(is_public, client, catalogue, name):
    answer = client.get(f"/api/papers/{name}")
    assert (answer.status_code, answer.json()) == (404, {"error": "There is no such paper here."})
    assert answer.headers["X-Error-Message"] == "There is no such paper here."


def test_markdown_holds_no_html(is_public, client, catalogue):
    answer = client.get("/papers/2504.10001.md")
    assert answer.headers["Content-Type"] == "text/markdown; charset=utf-8"
    text = answer.content.decode()
    assert "$x<y$" in text or r"$x\<y$" in text
    assert r"\<b>bold\</b>" in text


def test_markdown_tells_of_the_preprint_and_the_published_form(is_public, client, source):
    paper = factories.make_paper(
        "On light",
        source=source,
        identifiers=(parse("2504.10009"), parse("doi:10.1000/light")),
        published=date(2025, 4, 1),
        revision=2,
        journal="Nature",
        volume="7",
    )
    lines = client.get(f"/papers/{paper.pk}.md").content.decode().splitlines()
    assert "- Preprint: arxiv:2504.10009, v2, 2025-04-01" in lines
    assert "- Published form: Nature 7, doi:10.1000/light" in lines
    assert not any(line.startswith("- Journal") for line in lines)


# Who may


@pytest.mark.parametrize(
    "address", ["/api/daily_papers", "/api/papers/search?q=paper", "/api/papers/{pk}", "/papers/{pk}.md"]
)
def test_private_papers_and_clubs_sources_are_for_members_only(
    client, settings, club, member, outsider, private_paper, catalogue, address
):
    own = private_paper.source_records.get().source
    add_records(
        own,
        [factories.make_record("A private paper", key=private_paper.source_records.get().key)],
        listed=FRIDAY,
    )
    address = address.format(pk=private_paper.pk)
    for is_open in (True, False):
        settings.PUBLIC_CATALOGUE = is_open
        assert b"private" in make_script(member).get(address).content
        assert b"private" not in make_script(outsider).get(address).content
        answer = client.get(address)
        assert b"private" not in answer.content
        if not is_open:
            assert answer.status_code == 401


def test_no_data_of_a_club_shows(is_public, client, catalogue, club, member):
    club.is_public = True
    club.save()
    before = [
        client.get(address).content
        for address in ("/api/daily_papers", "/api/papers/2504.10001", "/papers/2504.10001.md")
    ]
    entry = reading_list.note(club, catalogue.items.first().paper)
    reading_list.cast_vote(entry, value=1, by=member)
    discussion.post_comment(entry, text="Why?", by=member)
    after = [
        client.get(address).content
        for address in ("/api/daily_papers", "/api/papers/2504.10001", "/papers/2504.10001.md")
    ]
    assert before == after


def test_basic_takes_the_token_as_password(client, settings, catalogue, member):
    settings.PUBLIC_CATALOGUE = False
    _token, secret = tokens.create_token(member)
    for name in ("x", "", "anybody"):
        word = base64.b64encode(f"{name}:{secret}".encode()).decode()
        assert client.get("/api/daily_papers", HTTP_AUTHORIZATION=f"Basic {word}").status_code == 200
    for word in (base64.b64encode(b"x:rl_wrong").decode(), base64.b64encode(b"\xff:\xff").decode(), "!", ""):
        answer = client.get("/api/daily_papers", HTTP_AUTHORIZATION=f"Basic {word}")
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"].startswith("Basic ")
    answer = client.get("/api/daily_papers", HTTP_AUTHORIZATION="Bearer hf_of_another_service")
    assert answer.status_code == 401


def test_person_who_has_signed_in_needs_no_token(client, settings, catalogue, member):
    settings.PUBLIC_CATALOGUE = False
    client.force_login(member)
    assert client.get("/papers/2504.10001.md").status_code == 200


def test_v1_stays_closed_when_the_catalogue_is_open(is_public, client, catalogue):
    assert client.get("/api/v1/papers/").status_code == 401


@pytest.mark.parametrize("number", [2, 50])
@pytest.mark.parametrize(
    ("address", "queries"),
    [
        # The walk; papers and their identifiers.
        ("/api/daily_papers?limit=100", 3),
        # The hottest; where they are listed; papers and their identifiers.
        ("/api/daily_papers?limit=100&sort=trending", 4),
        ("/api/papers/search?q=listed&limit=100", 4),
    ],
)
def test_queries_do_not_depend_on_the_number_of_papers(
    is_public, client, django_assert_num_queries, number, address, queries
):
    factories.make_listing(number=number)
    client.get(address)
    with django_assert_num_queries(queries):
        assert len(client.get(address).json()) == number


def test_markdown_holds_no_html_and_no_links_of_others(is_public, client):
    title = r"On \<script>alert(1)</script>, \\<b> and [x](javascript:alert(1)) or \[y](http://a.b)"
    paper = factories.make_paper(title, abstract=r"\<img src=x onerror=alert(1)> [z](http://a.b)")
    html = MarkdownIt("commonmark").render(client.get(f"/papers/{paper.pk}.md").content.decode())
    assert "<script" not in html and "<b>" not in html and "<img" not in html
    assert "javascript:" in html and 'href="javascript' not in html and 'href="http://a.b' not in html

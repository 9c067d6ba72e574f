"""New papers come in by the set or one by one, and end as the same rows."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from django.db import connection

from papers import catalogue
from papers.catalogue import _staging
from papers.identifiers import Identifier
from papers.models import Catalogue, Listing, ListingItem, Paper, PaperIdentifier, SourceRecord
from papers.records import Rank
from tests.factories import make_record, make_source

pytestmark = pytest.mark.django_db

DAY = date(2025, 4, 25)
RECORDS = [
    make_record(key="bare", title="Nothing but a title"),
    make_record(
        key="full",
        title="On “quotes”, {braces}, \\\\back\\slashes\\ and NULL",
        abstract="One.\n\nTwo with a tab\tand $x_{1}$ \\N.",
        authors=("Ada Lovelace", 'Robert "Bob" O\'Brien', "Čapek, K.", "NULL", "{}", ""),
        identifiers=(Identifier("arxiv", "2504.00001"), Identifier("doi", '10.1000/A,b"c')),
        published=date(2025, 4, 1),
        updated=datetime(2025, 4, 2, 3, 4, tzinfo=UTC),
        revision=3,
        categories=("cs.LG", "x,y"),
        journal="J. Tests 1",
        urls=(("page", "https://example.org/a?b=c"), ("pdf", "https://example.org/a.pdf")),
        comment="12 pages",
        upvotes=7,
        submitter="rainer",
        withdrawn=True,
        rank=Rank.PREPRINT,
        listed=date(2025, 4, 24),
    ),
    make_record(key="dayless", title="Without a day", upvotes=3, submitter="s"),
    make_record(key="ahead", title="Of the year 2999", listed=date(2999, 1, 1)),
    make_record(key="signs", title="…", abstract="A title without letters matches nothing."),
    make_record(key="more signs", title="…", abstract="The same again."),
]


def rows():
    """What the catalogue holds, without the numbers that only tell when and in which order it came."""
    papers = Paper.objects.order_by("title", "abstract").values()
    return {
        "papers": [
            {k: v for k, v in row.items() if k not in {"id", "created", "search_text"}} for row in papers
        ],
        "texts": list(Paper.objects.order_by("title", "abstract").values_list("search_text", flat=True)),
        "records": list(SourceRecord.objects.order_by("key").values_list("key", "data", "paper__title")),
        "hashes": [
            bytes(each)
            for each in SourceRecord.objects.order_by("key").values_list("content_hash", flat=True)
        ],
        "identifiers": list(PaperIdentifier.objects.values_list("scheme", "value", "paper__title")),
        "items": list(
            ListingItem.objects.order_by("listing__date", "position").values_list(
                "listing__date", "position", "paper__title", "upvotes", "submitter"
            )
        ),
        "listings": list(Listing.objects.values_list("source", "date", "version")),
        "version": Catalogue.objects.get().version,
    }


@pytest.mark.parametrize("owner", ["installation", "club"])
@pytest.mark.parametrize("listed", [None, DAY])
@pytest.mark.parametrize("fallback", [None, date(2025, 4, 20)])
def test_both_ways_end_in_the_same_rows(club, monkeypatch, owner, listed, fallback):
    source = make_source(club=club if owner == "club" else None)
    outcomes, found = [], []
    for is_staged in (True, False):
        with connection.cursor() as cursor:
            cursor.execute("SAVEPOINT both_ways")
        if not is_staged:
            monkeypatch.setattr(_staging, "find_plain", lambda told: {})
        done = catalogue.add_records(source, RECORDS, listed=listed, fallback=fallback)
        outcomes.append([outcome.change for outcome in done])
        found.append(rows())
        with connection.cursor() as cursor:
            cursor.execute("ROLLBACK TO both_ways")
    assert found[0] == found[1]
    assert outcomes[0] == outcomes[1] == ["added"] * len(RECORDS)
    assert len(found[0]["papers"]) == len(RECORDS)


@pytest.fixture
def staged(monkeypatch):
    """The keys of what goes through the temporary table to its end."""
    keys = []
    move = _staging.move
    monkeypatch.setattr(
        _staging,
        "move",
        lambda *told, **rest: ((found := move(*told, **rest)) and keys.extend(found)) or found,
    )
    return keys


def test_only_what_shares_nothing_is_staged(staged, source):
    same = Identifier("arxiv", "2504.00009")
    catalogue.add_records(
        source,
        [
            make_record("Alone", key="alone"),
            make_record("By number", key="one", identifiers=(same,)),
            make_record("By another name", key="two", identifiers=(same,)),
            make_record("Twice", key="three"),
            make_record("TWICE!", key="four"),
        ],
    )
    assert staged == ["alone"]
    assert Paper.objects.count() == 3


def test_what_the_catalogue_has_heard_of_is_not_new(source):
    other = make_source()
    name = Identifier("doi", "10.1000/known")
    catalogue.add_records(
        other,
        [
            make_record("Known by number", key="a", identifiers=(name,)),
            make_record("Known by title", key="b"),
        ],
    )
    outcomes = catalogue.add_records(
        source,
        [
            make_record("Otherwise called", key="a", identifiers=(name,)),
            make_record("Known by title!", key="b"),
            make_record("Unheard of", key="c"),
        ],
    )
    assert [outcome.change for outcome in outcomes] == ["updated", "updated", "added"]
    assert Paper.objects.count() == 3


def make_editorial(name, **values):
    return make_record("Editorial", key=f"by {name}", authors=(name,), **values)


def test_a_title_in_common_alone_makes_nothing_slow(staged, source):
    catalogue.add_records(source, [make_editorial("Ada Lind"), make_editorial("Bao Moreno")])
    catalogue.add_records(source, [make_editorial("Chidi Vale")])
    assert sorted(staged) == ["by Ada Lind", "by Bao Moreno", "by Chidi Vale"]
    assert Paper.objects.count() == 3


def test_who_may_be_the_same_is_looked_at_closely(staged, source):
    catalogue.add_records(source, [make_editorial("Ada Lind", journal="Drizzle", volume="1")])
    staged.clear()
    catalogue.add_records(
        source,
        [
            make_record("Editorial", key="same", authors=("Lind, A.",), journal="Drizzle", volume="1"),
            make_record("Editorial", key="unsure", authors=("Ada Lind", "Bao Moreno", "Chidi Vale")),
            make_record("Editorial", key="next year's", authors=("Ada Lind",), journal="Drizzle", volume="2"),
        ],
    )
    assert staged == []  # the second and the third may be one
    assert Paper.objects.count() == 3


def test_a_title_of_very_many_is_looked_at_closely(staged, source):
    names = [f"{first}{last}" for first in "ABCDE" for last in "abcde"]
    assert len(names) > _staging.MOST_NAMESAKES
    catalogue.add_records(source, [make_editorial(name) for name in names])
    assert staged == []
    catalogue.add_records(source, [make_editorial("Somebody Else")])
    assert staged == []
    assert Paper.objects.count() == len(names) + 1


def test_what_a_club_knows_besides_counts(club, staged):
    """The paper's own columns do not say that it has this DOI: only the club's file does."""
    name = Identifier("doi", "10.1000/club")
    catalogue.add_records(
        make_source(), [make_editorial("Ada Lind", identifiers=(Identifier("arxiv", "2504.1"),))]
    )
    mine = make_source(club=club)
    catalogue.add_records(
        mine, [make_editorial("Ada Lind", identifiers=(Identifier("arxiv", "2504.1"), name))]
    )
    staged.clear()
    catalogue.add_records(mine, [make_record("Editorial", key="x", authors=("Ada Lind",))])
    assert (staged, Paper.objects.count()) == ([], 1)


@pytest.mark.parametrize(
    "meanwhile",
    [
        pytest.param(make_record("Late", key="other"), id="title"),
        pytest.param(make_record("X", key="other", identifiers=(Identifier("doi", "10.1/late"),)), id="name"),
    ],
)
def test_what_came_in_while_we_looked_is_seen(monkeypatch, source, meanwhile):
    other, look, plain = make_source(), _staging.unstage_known, _staging.find_plain

    def look_and_lose_time(*told):
        look(*told)
        monkeypatch.setattr(_staging, "find_plain", lambda told: {})
        catalogue.add_records(other, [meanwhile])
        monkeypatch.setattr(_staging, "find_plain", plain)

    monkeypatch.setattr(_staging, "unstage_known", look_and_lose_time)
    record = make_record("Late", key="a", identifiers=(Identifier("doi", "10.1/late"),))
    catalogue.add_records(source, [record, make_record("Else", key="b")])
    assert Paper.objects.count() == 2
    assert SourceRecord.objects.count() == 3


def test_a_key_that_came_in_while_we_looked_is_seen(monkeypatch, source):
    """Though its record says nothing new, so that no paper has a newer version."""
    record, look, plain = make_record("Known", key="a"), _staging.unstage_known, _staging.find_plain
    catalogue.add_records(make_source(), [record])

    def look_and_lose_time(*told):
        look(*told)
        monkeypatch.setattr(_staging, "find_plain", lambda told: {})
        catalogue.add_records(source, [record])
        monkeypatch.setattr(_staging, "find_plain", plain)

    monkeypatch.setattr(_staging, "unstage_known", look_and_lose_time)
    catalogue.add_records(source, [replace(record, title="Quite another"), make_record("Else", key="b")])
    assert Paper.objects.count() == 2


def test_the_listing_keeps_the_order_of_the_input(source):
    catalogue.add_records(make_source(), [make_record("Second", key="x")])
    titles = ["First", "Second", "Third", "Fourth"]
    catalogue.add_records(source, [make_record(title, key=title) for title in titles], listed=DAY)
    items = ListingItem.objects.filter(listing__source=source).order_by("position")
    assert [(item.position, item.paper.title) for item in items] == list(enumerate(titles, start=1))


def test_staging_is_empty_afterwards(source):
    for number in range(2):
        catalogue.add_records(
            source, [make_record("Alike", key=f"{number}a"), make_record(f"Another {number}")]
        )
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM papers_staging")
        assert cursor.fetchone() == (0,)


def test_a_changed_record_goes_to_its_paper(source):
    record = make_record("Before", key="a", revision=1)
    catalogue.add_records(source, [record])
    [outcome] = catalogue.add_records(source, [replace(record, title="After", revision=2)])
    assert (outcome.change, Paper.objects.get().title) == ("updated", "After")

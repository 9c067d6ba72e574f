"""Records that only their title places: they are where they would be, had they come last."""

from datetime import date

import pytest
from django.db import transaction

from papers import catalogue, reading_list
from papers.catalogue import _staging
from papers.identifiers import Identifier
from papers.models import CandidatePair, Catalogue, Decision, ListingItem, MergedPaper, Paper
from tests.factories import make_record, make_source

from .test_any_order import describe

pytestmark = pytest.mark.django_db

AUTHORS = ("Ann Alpha", "Bo Beta")


def doi(number):
    return Identifier("doi", f"10.1000/{number}")


BARE = make_record("On light", key="bare")
ONE = make_record("On light", key="one", authors=AUTHORS, identifiers=(doi(1),))
OTHER = make_record("On light", key="other", authors=("Cy Gamma",), identifiers=(doi(2),))
TWIN = make_record("On light", key="twin", authors=AUTHORS, identifiers=(doi(3),))
LOOSE = make_record("On light", key="loose", authors=AUTHORS)
LINK = make_record("On light", key="link", authors=AUTHORS, identifiers=(doi(1), doi(3)))


def pairs():
    found = CandidatePair.objects.values_list("first__source_records__key", "second__source_records__key")
    return sorted(tuple(sorted(pair)) for pair in found)


@pytest.mark.parametrize("slowly", [True, False], ids=["one by one", "staged"])
@pytest.mark.parametrize(
    ("first", "last", "papers", "asked"),
    [
        ([BARE, ONE], [OTHER], 3, [("bare", "one"), ("bare", "other")]),
        ([ONE, BARE], [OTHER], 3, [("bare", "one"), ("bare", "other")]),
        ([LOOSE, ONE], [TWIN], 3, [("loose", "one"), ("loose", "twin"), ("one", "twin")]),
        ([ONE, OTHER, BARE], [], 3, [("bare", "one"), ("bare", "other")]),
    ],
    ids=["bare", "bare last", "without identifiers", "at once"],
)
def test_a_second_namesake_sends_away_what_the_title_placed(monkeypatch, slowly, first, last, papers, asked):
    if slowly:
        monkeypatch.setattr(_staging, "find_plain", lambda told: {})
    orders = [[[each] for each in (*first, *last)], [[each] for each in (*last, *first)], [first, last]]
    held = []
    for batches in orders:
        with transaction.atomic():
            for batch in batches:
                catalogue.add_records(make_source(), batch)
            held.append((describe(), pairs()))
            transaction.set_rollback(True)
    assert held[0] == held[1] == held[2]
    assert (len(held[0][0]), held[0][1]) == (papers, asked)


@pytest.mark.parametrize("record", [BARE, LOOSE], ids=["bare", "without identifiers"])
def test_it_comes_back_when_both_namesakes_turn_out_to_be_one(record):
    for each in (ONE, record, TWIN):
        catalogue.add_records(make_source(), [each])
    assert Paper.objects.count() == 3
    catalogue.add_records(make_source(), [LINK])
    paper = Paper.objects.get()
    assert paper.source_records.count() == 4
    assert MergedPaper.objects.count() == 2


def test_what_a_member_did_stays_and_the_place_in_the_listing_goes(source, club, member):
    """The listing that named it by its title alone names the paper of that record."""
    day = date(2025, 4, 25)
    catalogue.add_records(source, [BARE], listed=day)
    catalogue.add_records(make_source(), [ONE])
    paper = Paper.objects.get()
    entry = reading_list.note(club, paper)
    reading_list.cast_vote(entry, value=1, by=member)
    version = Catalogue.objects.get().version
    catalogue.add_records(make_source(), [OTHER])
    [apart] = Paper.objects.filter(source_records__key="bare")
    entry.refresh_from_db()
    assert (entry.paper, entry.promotions, paper.source_records.get().key) == (paper, 1, "one")
    item = ListingItem.objects.get()
    assert (item.paper, item.position) == (apart, 1)
    assert min(apart.version, Paper.objects.get(pk=paper.pk).version, item.listing.version) > version
    [decision] = Decision.objects.all()
    assert (decision.act, decision.kept, decision.other, decision.by) == ("parted", paper.pk, apart.pk, None)
    # The same again changes nothing, and is known to be where it went.
    version = Catalogue.objects.get().version
    [outcome] = catalogue.add_records(source, [BARE], listed=day)
    assert (outcome.paper_id, outcome.change) == (apart.pk, "unchanged")
    assert Catalogue.objects.get().version == version


def test_what_people_merged_stays_together(administrator):
    for each in (BARE, ONE):
        catalogue.add_records(make_source(), [each])
    notes = make_record("Notes on light", key="notes")
    [outcome] = catalogue.add_records(make_source(), [notes])
    kept = Paper.objects.get(source_records__key="one")
    catalogue.merge_papers(kept, Paper.objects.get(pk=outcome.paper_id), reason="Mine.", by=administrator)
    catalogue.add_records(make_source(), [OTHER])
    assert {record.key for record in kept.source_records.all()} == {"bare", "one", "notes"}


def test_a_clubs_record_leaves_for_a_paper_of_the_club(club, other_club):
    uploads = make_source(club=club, kind="upload")
    catalogue.add_records(make_source(), [ONE])
    [outcome] = catalogue.add_records(uploads, [BARE])
    assert outcome.paper_id == Paper.objects.get().pk
    # What another club has to itself is nobody's business.
    elsewhere = make_source(club=other_club, kind="upload")
    catalogue.add_records(elsewhere, [make_record("On light", key="draft", authors=("Di Delta",))])
    assert Paper.objects.get(source_records__key="bare").private_to is None
    catalogue.add_records(make_source(), [OTHER])
    assert Paper.objects.get(source_records__key="bare").private_to == club

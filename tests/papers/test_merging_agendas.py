"""Two papers that are one, both on agendas: items, assignments and history follow, and come back."""

from datetime import UTC, datetime, timedelta

import pytest

from papers import catalogue, reading_list
from papers.models import AgendaItem, Assignment, Entry, EntryChange, MergedPaper, Tombstone
from papers.scheduling.parts import load_parts
from tests import factories

pytestmark = pytest.mark.django_db

NOW = datetime.now(UTC)


@pytest.fixture
def keep(source):
    return factories.make_paper("Light bridges", source=source)


@pytest.fixture
def other(source):
    return factories.make_paper("Bridges of light", source=source)


@pytest.fixture
def entries(club, keep, other):
    return reading_list.note(club, keep), reading_list.note(club, other)


@pytest.fixture
def session(club):
    return factories.make_session(club)


def assign(item, member, part=0, **extra):
    parts = load_parts(item.session.club)
    return Assignment.objects.create(
        club=item.session.club, item=item, part=parts[part], member=member, **extra
    )


def merge(keep, other):
    catalogue.merge_papers(keep, other, reason="The same.")
    return MergedPaper.objects.get(pk=other.pk)


def picture():
    """All that hangs on entries, without sync numbers."""
    rows = {
        table.__name__: list(table.objects.order_by("pk").values())
        for table in (Entry, EntryChange, AgendaItem, Assignment)
    }
    return {
        name: [
            {key: value for key, value in row.items() if key not in {"version", "position"}} for row in each
        ]
        for name, each in rows.items()
    }


def test_items_and_history_follow_the_entry(entries, keep, other, session, member):
    item = factories.make_item(session, entries[1])
    assignment = assign(item, member)
    reading_list.schedule(entries[1], session)
    merge(keep, other)
    item.refresh_from_db()
    assert item.entry == entries[0]
    assert Assignment.objects.get() == assignment
    entry = Entry.objects.get()
    assert (entry.pk, entry.state) == (entries[0].pk, "scheduled")
    assert [change.cause for change in entry.changes.order_by("pk")] == ["scheduled", "merged"]
    session.refresh_from_db()
    assert session.agenda_version == 1


def test_where_only_one_paper_has_an_entry_all_stays_with_it(club, keep, other, session, member):
    entry = reading_list.note(club, other)
    item = factories.make_item(session, entry)
    reading_list.schedule(entry, session)
    before = picture()
    merged = merge(keep, other)
    item.refresh_from_db()
    assert item.entry.paper == keep and item.entry.changes.count() == 1
    catalogue.unmerge(merged, by=None)
    assert picture() == before


def test_two_items_of_one_session_become_one_with_a_note(entries, keep, other, session, member, organiser):
    kept = factories.make_item(session, entries[0], note="First half.")
    lost = factories.make_item(session, entries[1], minutes=20, note="Only the proof.")
    presents = assign(kept, member)
    assign(lost, organiser)  # the same part: gives way
    discusses = assign(lost, member, part=1)
    declined = assign(lost, member, part=2, state="declined")
    for entry in entries:
        reading_list.schedule(entry, session)
    merge(keep, other)
    item = AgendaItem.objects.get()
    assert item.pk == kept.pk
    assert item.note == (
        "First half. Twice on the agenda, which turned out to be one paper; the other item had 20 minutes. "
        "Only the proof."
    )
    assert set(item.assignments.all()) == {presents, discusses, declined}
    assert {"agendaitem", "assignment", "entry"} <= set(Tombstone.objects.values_list("kind", flat=True))


def test_both_come_back_with_what_was_theirs(entries, keep, other, session, member, organiser):
    kept = factories.make_item(session, entries[0], note="First half.")
    lost = factories.make_item(session, entries[1], minutes=20)
    assign(kept, member)
    assign(lost, organiser)
    assign(lost, member, part=1)
    for entry in entries:
        reading_list.schedule(entry, session)
    before = picture()
    catalogue.unmerge(merge(keep, other), by=None)
    assert picture() == before
    assert not Tombstone.objects.filter(kind__in=["agendaitem", "assignment"]).exists()


def test_back_in_a_place_that_was_taken_it_stands_at_the_end(entries, keep, other, session):
    for entry in entries:
        factories.make_item(session, entry)
    merged = merge(keep, other)
    factories.make_item(session, title="News")
    catalogue.unmerge(merged, by=None)
    assert list(session.agenda.values_list("entry", "position")) == [
        (entries[0].pk, 1),
        (None, 2),
        (entries[1].pk, 3),
    ]


def test_items_added_since_stay_with_the_paper_that_was_kept(entries, keep, other, session, club):
    merged = merge(keep, other)
    item = factories.make_item(session, entries[0])
    reading_list.schedule(entries[0], session)
    catalogue.unmerge(merged, by=None)
    item.refresh_from_db()
    assert item.entry.paper == keep and item.entry.state == "scheduled"
    assert Entry.objects.get(paper=other).state == "noted"


def test_of_two_readings_one_stays(entries, keep, other, club, member, organiser):
    for entry, people in zip(entries, [[member], [member, organiser]], strict=True):
        for person in people:
            Assignment.objects.create(club=club, entry=entry, member=person)
    before = picture()
    merged = merge(keep, other)
    assert sorted(Assignment.objects.values_list("entry", "member")) == sorted(
        [(entries[0].pk, member.pk), (entries[0].pk, organiser.pk)]
    )
    catalogue.unmerge(merged, by=None)
    assert picture() == before


def test_totals_of_a_club_that_keeps_them_secret_stay_secret(entries, keep, other, club, member, organiser):
    club.hides_totals = True
    club.save()
    for entry, person in zip(entries, (member, organiser), strict=True):
        reading_list.cast_vote(entry, value=1, by=person)
    merged = merge(keep, other)
    entry = Entry.objects.get()
    assert (entry.promotions, entry.shown_promotions) == (2, 0)
    catalogue.unmerge(merged, by=None)
    assert set(Entry.objects.values_list("promotions", "shown_promotions")) == {(1, 0)}


def test_when_it_was_discussed_last_stays_known(entries, keep, other, club, member):
    old, older = (
        factories.make_session(club, NOW - timedelta(days=days), state="held") for days in (500, 900)
    )
    reading_list.mark_discussed(entries[0], older)
    reading_list.mark_discussed(entries[1], old)
    merge(keep, other)
    assert Entry.objects.get().discussed_at == old.starts


def test_what_was_written_of_both_items_is_kept_in_one(entries, keep, other, session):
    kept = factories.make_item(
        session, entries[0], notes="First", verdict="Worth it", takeaways="- one", notes_version=3
    )
    gone = factories.make_item(session, entries[1], notes="Second", verdict="Not new", takeaways="- two")
    question = factories.make_question(session, item=gone)
    merge(keep, other)
    kept.refresh_from_db()
    question.refresh_from_db()
    assert (kept.notes, kept.verdict, kept.takeaways) == (
        "First\n\nSecond",
        "Worth it",
        "- one\n\nNot new\n\n- two",
    )
    assert (kept.notes_version, question.item) == (4, kept)

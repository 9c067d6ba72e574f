"""What organisers and the clock do to an agenda. Threads are real, and so is the database they meet in."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction

from accounts.models import Membership
from papers import catalogue, reading_list
from papers.models import AgendaChange, AgendaItem, Assignment, Entry, Session, Tombstone, Vote
from papers.scheduling import agenda_items
from papers.scheduling.agenda_items import AgendaChanged, AsksFirst, IsOver, Wanted
from papers.scheduling.parts import load_parts
from papers.scheduling.refusals import Refused
from tests import factories
from tests.papers.test_reading_list import run_together

pytestmark = pytest.mark.django_db

LOCK_AT = datetime(2025, 4, 28, 18, 0, tzinfo=UTC)
STARTS = datetime(2025, 4, 30, 12, 0, tzinfo=UTC)
BEFORE, AFTER = LOCK_AT - timedelta(hours=1), LOCK_AT + timedelta(hours=1)


@pytest.fixture
def session(club):
    return factories.make_session(club, STARTS, lock_at=LOCK_AT)


def promote(club, by, *, title="", at=BEFORE, value=1):
    """An entry of the club that somebody voted on, at a time."""
    entry = reading_list.note(club, factories.make_paper(title))
    return vote(entry, by, at=at, value=value)


def vote(entry, by, *, at=BEFORE, value=1):
    entry = reading_list.cast_vote(entry, value=value, by=by)
    Vote.objects.filter(entry=entry, member=by).update(cast_at=at)
    return entry


def titles(session):
    """What stands on an agenda, in order."""
    items = session.agenda.select_related("entry__paper").order_by("position")
    return [item.entry.paper.title if item.entry else item.title for item in items]


def states(*entries):
    return [Entry.objects.get(pk=entry.pk).state for entry in entries]


def accept(item, member, state="accepted"):
    part = load_parts(item.session.club)[0]
    return Assignment.objects.create(
        club=item.session.club, item=item, part=part, member=member, state=state, reason="You offered."
    )


# The lock


def test_lock_fills_the_agenda_by_the_votes(club, session, member, organiser):
    second, first, third = (promote(club, member, title=f"Paper {n}") for n in (2, 1, 3))
    vote(first, organiser)
    news = agenda_items.add_item(session, title="News", by=organiser)
    end = agenda_items.add_item(session, title="Conclusions", is_closing=True, by=organiser)

    locked = agenda_items.lock_session(session, now=AFTER)

    assert titles(session) == ["News", "Paper 1", "Paper 2", "Conclusions"]
    assert [item.minutes for item in session.agenda.order_by("position")] == [5, 30, 20, 5]
    assert [item.position for item in session.agenda.order_by("position")] == [1, 2, 3, 4]
    assert (locked.state, locked.locked_at, locked.lock_at) == ("locked", LOCK_AT, LOCK_AT)
    assert states(first, second, third) == ["scheduled", "scheduled", "suggested"]
    item = session.agenda.get(entry=first)
    assert (item.score, item.added_by) == (2, None)
    assert "two votes for" in item.reason
    news.refresh_from_db(), end.refresh_from_db()
    assert (news.position, end.position) == (1, 4)


def test_lock_raises_the_number_for_calendars_and_leaves_a_line(club, session, member):
    promote(club, member)
    before = session.sequence
    locked = agenda_items.lock_session(session, now=AFTER)
    change = AgendaChange.objects.get()
    assert locked.sequence == before + 1
    assert (change.act, change.by, change.before) == ("locked", None, [])
    assert change.said.startswith("One paper came in by its votes.")
    assert change.after[0]["minutes"] == 30


def test_lock_stamps_once(club, session, member):
    entry = promote(club, member)
    club.refresh_from_db()
    before = club.version
    agenda_items.lock_session(session, now=AFTER)
    club.refresh_from_db()
    assert club.version == before + 1
    rows = [Session.objects.get(), AgendaItem.objects.get(), AgendaChange.objects.get(), entry]
    rows[-1].refresh_from_db()
    assert {row.version for row in rows} == {club.version}


def test_second_lock_changes_nothing(club, session, member):
    promote(club, member)
    agenda_items.lock_session(session, now=AFTER)
    club.refresh_from_db()
    before = club.version
    agenda_items.lock_session(session, now=AFTER + timedelta(days=1))
    club.refresh_from_db()
    assert (club.version, AgendaChange.objects.count()) == (before, 1)


def test_votes_after_the_lock_do_not_count_however_late_it_comes(club, session, member, organiser):
    early = promote(club, member, title="Early")
    promote(club, member, title="Late", at=LOCK_AT)
    later = promote(club, member, title="Later", at=LOCK_AT + timedelta(minutes=5))
    vote(later, organiser, at=LOCK_AT + timedelta(minutes=5))
    assert agenda_items.lock_due(LOCK_AT + timedelta(days=1)) == [session.pk]
    assert titles(session) == ["Early"]
    assert states(early, later) == ["scheduled", "suggested"]


def test_lock_by_hand_closes_the_votes_now(club, session, member, organiser):
    promote(club, member, title="Now", at=BEFORE - timedelta(minutes=1))
    promote(club, member, title="Then", at=BEFORE + timedelta(minutes=1))
    locked = agenda_items.lock_session(session, now=BEFORE, by=organiser)
    assert (locked.lock_at, locked.locked_at, locked.own) == (BEFORE, BEFORE, ["lock_at"])
    assert titles(session) == ["Now"]
    assert AgendaChange.objects.get().by == organiser


def test_draft_may_be_locked_by_hand(club, member, organiser):
    promote(club, member, title="Paper")
    draft = factories.make_session(club, STARTS, lock_at=LOCK_AT, state="draft")
    assert agenda_items.lock_due(AFTER) == []
    agenda_items.lock_session(draft, now=AFTER, by=organiser)
    assert titles(draft) == ["Paper"]


def test_cancelled_session_is_not_locked(club, organiser):
    cancelled = factories.make_session(club, STARTS, state="cancelled")
    assert agenda_items.lock_due(STARTS) == []
    with pytest.raises(IsOver):
        agenda_items.lock_session(cancelled, now=AFTER, by=organiser)


def test_threshold_keeps_papers_out(club, session, member):
    club.threshold = 2
    club.save()
    promote(club, member)
    agenda_items.lock_session(session, now=AFTER)
    assert titles(session) == []
    assert "No paper had the score" in AgendaChange.objects.get().said


def test_nothing_to_fill_is_locked_all_the_same(session):
    assert agenda_items.lock_due(AFTER) == [session.pk]
    session.refresh_from_db()
    assert (session.state, titles(session)) == ("locked", [])


def test_club_of_one(club, session, owner):
    promote(club, owner, title="Mine")
    agenda_items.lock_due(AFTER)
    assert titles(session) == ["Mine"]


def test_five_hundred_tied_papers_have_one_agenda(club, session, member):
    papers = [factories.make_paper() for _number in range(500)]
    Entry.objects.bulk_create(
        Entry(club=club, paper=paper, state="suggested", suggested=BEFORE, promotions=1) for paper in papers
    )
    entries = list(Entry.objects.order_by("pk"))
    Vote.objects.bulk_create(Vote(entry=entry, member=member, value=1, cast_at=BEFORE) for entry in entries)
    agenda_items.lock_due(AFTER)
    assert [item.entry_id for item in session.agenda.order_by("position")] == [
        each.pk for each in entries[:2]
    ]


def test_secret_totals_are_revealed_with_the_lock(club, session, member):
    club.hides_totals = True
    club.save()
    entry = promote(club, member)
    entry.refresh_from_db()
    assert entry.shown_promotions == 0
    agenda_items.lock_due(AFTER)
    entry.refresh_from_db()
    assert entry.shown_promotions == 1
    assert entry.version == Vote.objects.get().version == Session.objects.get().version


def test_paper_on_one_agenda_is_none_for_the_next(club, session, member):
    promote(club, member, title="First")
    promote(club, member, title="Second")
    promote(club, member, title="Third")
    other = factories.make_session(club, STARTS + timedelta(hours=3), lock_at=LOCK_AT)
    assert agenda_items.lock_due(AFTER) == [session.pk, other.pk]
    assert titles(session) == ["First", "Second"]
    assert titles(other) == ["Third"]


def test_one_that_cannot_be_locked_keeps_no_other_from_it(club, other_club, session, monkeypatch):
    other = factories.make_session(other_club, STARTS, lock_at=LOCK_AT + timedelta(minutes=1))
    lock = agenda_items.lock_session

    def fail(row, **facts):
        if row.pk == session.pk:
            raise RuntimeError("broken")
        return lock(row, **facts)

    monkeypatch.setattr(agenda_items, "lock_session", fail)
    assert agenda_items.lock_due(AFTER) == [other.pk]
    session.refresh_from_db()
    assert session.state == "open"


def test_session_that_is_not_due_stays_open(session):
    assert agenda_items.lock_due(BEFORE) == []


@pytest.mark.django_db(transaction=True)
def test_two_ticks_at_once_lock_each_session_once(club, other_club, member):
    for number in range(12):
        promote(club, member, title=f"Paper {number:02}")
    sessions = [
        factories.make_session(club, STARTS + timedelta(hours=number), lock_at=LOCK_AT) for number in range(4)
    ]
    factories.make_session(other_club, STARTS, lock_at=LOCK_AT)
    ticks = run_together(*[lambda: agenda_items.lock_due(AFTER)] * 3)
    locked = [pk for tick in ticks for pk in tick]
    assert sorted(locked) == sorted(Session.objects.values_list("pk", flat=True))
    assert AgendaChange.objects.count() == 5
    assert [title for each in sessions for title in titles(each)] == [f"Paper {n:02}" for n in range(8)]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_new", [False, True], ids=["entry there", "entry made by the vote"])
def test_vote_at_the_moment_of_the_lock_counts(club, session, member, organiser, is_new):
    """A vote was cast just before the lock, and is committed only after the tick has begun."""
    paper = factories.make_paper("At the last moment")
    if not is_new:
        vote(reading_list.note(club, paper), organiser, value=-1)
    cast, ticking = threading.Event(), threading.Event()

    def cast_vote():
        with transaction.atomic():
            entry = reading_list.note(club, paper)
            reading_list.cast_vote(entry, value=1, by=member)
            Vote.objects.filter(member=member).update(cast_at=LOCK_AT - timedelta(milliseconds=1))
            Vote.objects.filter(member=organiser).update(value=1)
            cast.set()
            assert ticking.wait(20)
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_sleep(0.5)")

    def tick():
        assert cast.wait(20)
        ticking.set()
        return agenda_items.lock_due(LOCK_AT)

    run_together(cast_vote, tick)
    assert titles(session) == ["At the last moment"]


# Unlocking


def test_votes_open_again_and_the_agenda_fills_anew(club, session, member, organiser):
    first, second = promote(club, member, title="First"), promote(club, member, title="Second")
    agenda_items.lock_session(session, now=AFTER)
    agenda_items.pin(session.agenda.get(entry=second), by=organiser)
    later = STARTS - timedelta(hours=1)

    opened = agenda_items.unlock_session(session, lock_at=later, now=AFTER, by=organiser)

    assert (opened.state, opened.locked_at, opened.lock_at) == ("open", None, later)
    assert states(first, second) == ["suggested", "scheduled"]
    third = promote(club, member, title="Third", at=AFTER)
    vote(third, organiser, at=AFTER)
    agenda_items.lock_due(later)
    assert titles(session) == ["Third", "Second"]
    assert states(first, second, third) == ["suggested", "scheduled", "scheduled"]


def test_accepted_paper_stays_when_the_agenda_fills_anew(club, session, member, organiser):
    first = promote(club, member, title="First")
    agenda_items.lock_session(session, now=AFTER)
    accept(session.agenda.get(), member)
    later = STARTS - timedelta(hours=1)
    agenda_items.unlock_session(session, lock_at=later, now=AFTER, by=organiser)
    assert states(first) == ["scheduled"]
    vote(first, member, value=-1, at=AFTER)
    agenda_items.lock_due(later)
    assert titles(session) == ["First"]
    assert Assignment.objects.get().state == "accepted"


@pytest.mark.parametrize("lock_at", [AFTER, STARTS + timedelta(minutes=1)], ids=["past", "after the start"])
def test_votes_open_again_only_until_a_time_before_the_start(session, organiser, lock_at):
    agenda_items.lock_session(session, now=AFTER)
    with pytest.raises(Refused):
        agenda_items.unlock_session(session, lock_at=lock_at, now=AFTER, by=organiser)


def test_open_session_is_not_unlocked(session, organiser):
    with pytest.raises(Refused):
        agenda_items.unlock_session(session, lock_at=STARTS, now=AFTER, by=organiser)


# Adding and taking off


def test_paper_put_on_an_open_agenda_is_scheduled_and_pinned(club, session, organiser):
    entry = reading_list.note(club, factories.make_paper("By hand"))
    item = agenda_items.add_item(session, entry=entry, by=organiser, note="For the visitor")
    assert (item.is_pinned, item.minutes, item.note) == (True, 30, "For the visitor")
    assert item.reason == "Otto Organiser put it here."
    assert states(entry) == ["scheduled"]


def test_draft_keeps_its_papers_to_itself(club, organiser):
    draft = factories.make_session(club, STARTS, state="draft")
    entry = reading_list.note(club, factories.make_paper())
    agenda_items.add_item(draft, entry=entry, by=organiser)
    assert states(entry) == ["noted"]


def test_topic_takes_what_is_left_of_a_session_without_papers(club, organiser):
    session = factories.make_session(club, STARTS, kind="own_work", minutes=50)
    agenda_items.add_item(session, title="News", minutes=5, by=organiser)
    item = agenda_items.add_item(session, title="Progress", by=organiser)
    assert item.minutes == 45


@pytest.mark.parametrize(
    "facts",
    [{"title": " "}, {}, {"title": "News", "minutes": 0}, {"title": "News", "minutes": 1441}],
    ids=["blank", "nothing", "no minutes", "too many minutes"],
)
def test_item_that_is_none_is_refused(session, organiser, facts):
    with pytest.raises(Refused):
        agenda_items.add_item(session, by=organiser, **facts)
    assert not session.agenda.exists()


def test_paper_stands_once_on_an_agenda(club, session, organiser):
    entry = reading_list.note(club, factories.make_paper())
    agenda_items.add_item(session, entry=entry, by=organiser)
    with pytest.raises(Refused, match="already"):
        agenda_items.add_item(session, entry=entry, by=organiser)


def test_entry_of_another_club_is_refused(other_club, session, organiser):
    entry = reading_list.note(other_club, factories.make_paper())
    with pytest.raises(Refused):
        agenda_items.add_item(session, entry=entry, by=organiser)


def test_removed_paper_is_on_the_list_again_and_parts_end(club, session, member, organiser):
    entry = promote(club, member, title="Paper")
    agenda_items.lock_session(session, now=AFTER)
    item = session.agenda.get()
    part = accept(item, member)
    agenda_items.remove_item(item, by=organiser)

    assert titles(session) == []
    assert states(entry) == ["suggested"]
    gone = set(Tombstone.objects.values_list("kind", "object_id"))
    assert {("agendaitem", item.pk), ("assignment", part.pk)} <= gone
    [ended] = AgendaChange.objects.first().ended
    assert (ended["member"], ended["state"]) == (member.pk, "accepted")


def test_removing_what_is_gone_is_refused(session, organiser):
    item = agenda_items.add_item(session, title="News", by=organiser)
    agenda_items.remove_item(item, by=organiser)
    with pytest.raises(Refused, match="no longer"):
        agenda_items.remove_item(item, by=organiser)


def test_held_and_cancelled_agendas_stay(club, organiser):
    for state in ("held", "cancelled"):
        session = factories.make_session(club, STARTS, state=state)
        with pytest.raises(IsOver):
            agenda_items.add_item(session, title="News", by=organiser)


# Moving and changing


@pytest.fixture
def three(session, organiser):
    return [agenda_items.add_item(session, title=title, by=organiser) for title in "ABC"]


def test_item_moves_to_a_place(session, three, organiser):
    agenda_items.move_item(three[2], to=1, by=organiser)
    assert titles(session) == ["C", "A", "B"]
    assert AgendaChange.objects.first().said == "“C” moved to place 1."


def test_move_to_where_it_stands_changes_nothing(session, three, organiser):
    number = Session.objects.get().agenda_version
    agenda_items.move_item(three[1], to=2, by=organiser)
    assert Session.objects.get().agenda_version == number


def test_only_what_moved_is_stamped(club, session, three, organiser):
    agenda_items.move_item(three[2], to=2, by=organiser)
    club.refresh_from_db()
    stamped = session.agenda.filter(version=club.version).order_by("position")
    assert [item.title for item in stamped] == ["C", "B"]


def test_item_moves_below_the_papers_to_come(club, session, three, member, organiser):
    promote(club, member, title="Paper")
    agenda_items.move_item(three[2], to=3, is_closing=True, by=organiser)
    agenda_items.lock_session(session, now=AFTER)
    assert titles(session) == ["A", "B", "Paper", "C"]


def test_two_items_change_places(session, three, organiser):
    agenda_items.swap_items(three[0], three[2], by=organiser)
    assert titles(session) == ["C", "B", "A"]


def test_change_says_what_changed(session, three, organiser):
    agenda_items.change_item(three[0], minutes=7, title="News", note="Short", by=organiser)
    assert AgendaChange.objects.first().said == "“News”: 7 minutes, called “News”, note: Short."
    item = session.agenda.get(pk=three[0].pk)
    assert (item.minutes, item.title, item.note) == (7, "News", "Short")


def test_title_of_a_paper_is_its_own(club, session, organiser):
    entry = reading_list.note(club, factories.make_paper())
    item = agenda_items.add_item(session, entry=entry, by=organiser)
    with pytest.raises(Refused):
        agenda_items.change_item(item, title="Another", by=organiser)


def test_override_puts_another_paper_in_the_place_and_minutes(club, session, member, organiser):
    entry = promote(club, member, title="Chosen")
    agenda_items.add_item(session, title="News", by=organiser)
    agenda_items.lock_session(session, now=AFTER)
    other = reading_list.note(club, factories.make_paper("Instead"))
    agenda_items.set_minutes(session.agenda.get(entry=entry), 40, by=organiser)
    agenda_items.override(
        session.agenda.get(entry=entry), entry=other, note="Its author visits", by=organiser
    )

    assert titles(session) == ["News", "Instead"]
    item = session.agenda.get(entry=other)
    assert (item.minutes, item.note) == (40, "Its author visits")
    assert states(entry, other) == ["suggested", "scheduled"]
    assert AgendaChange.objects.first().said == "“Instead” put in the place of “Chosen”: Its author visits"


def test_override_needs_a_note(session, three, organiser):
    with pytest.raises(Refused, match="note"):
        agenda_items.override(three[0], title="Other", note=" ", by=organiser)


def test_agenda_is_arranged_as_it_is_wanted(club, session, three, organiser):
    entry = reading_list.note(club, factories.make_paper("Paper"))
    wanted = [Wanted(item=three[2].pk, minutes=9), Wanted(entry=entry), Wanted(title="New", minutes=3)]
    agenda_items.arrange(session, wanted, by=organiser)
    assert titles(session) == ["C", "Paper", "New"]
    assert [item.minutes for item in session.agenda.order_by("position")] == [9, 30, 3]
    assert states(entry) == ["scheduled"]


def test_arranged_order_wins_over_what_closed_the_session(session, three, organiser):
    agenda_items.move_item(three[2], to=3, is_closing=True, by=organiser)
    order = [Wanted(item=three[index].pk) for index in (2, 0, 1)]
    agenda_items.arrange(session, order, by=organiser)
    assert titles(session) == ["C", "A", "B"]


@pytest.mark.parametrize("ids", [(0, 0), (99,)], ids=["twice", "unknown"])
def test_arranging_names_each_item_once(session, three, organiser, ids):
    named = [three[index].pk if index < 3 else 10**9 for index in ids]
    with pytest.raises(Refused):
        agenda_items.arrange(session, [Wanted(item=pk) for pk in named], by=organiser)


# Two at once


def test_second_of_two_is_told_what_the_first_did(session, three, organiser, owner):
    seen = Session.objects.get().agenda_version
    agenda_items.move_item(three[2], to=1, by=organiser, expects=seen)
    with pytest.raises(AgendaChanged) as refusal:
        agenda_items.remove_item(three[0], by=owner, expects=seen)
    assert str(refusal.value).startswith(
        "Otto Organiser has changed the agenda meanwhile: “C” moved to place 1."
    )
    assert titles(session) == ["C", "A", "B"]


@pytest.mark.django_db(transaction=True)
def test_of_two_who_act_at_once_one_is_told(club, session, organiser, owner):
    items = [agenda_items.add_item(session, title=title, by=organiser) for title in "ABC"]
    seen = Session.objects.get().agenda_version

    def move(item, by):
        try:
            agenda_items.move_item(item, to=1, by=by, expects=seen)
        except AgendaChanged:
            return "told"
        return "moved"

    done = run_together(lambda: move(items[1], organiser), lambda: move(items[2], owner))
    assert sorted(done) == ["moved", "told"]


@pytest.mark.django_db(transaction=True)
def test_those_who_expect_nothing_all_succeed(club, session, organiser):
    def add(title):
        return lambda: agenda_items.add_item(session, title=title, by=organiser)

    run_together(*map(add, "ABCDEF"))
    assert sorted(titles(session)) == list("ABCDEF")
    assert [item.position for item in session.agenda.order_by("position")] == list(range(1, 7))
    assert Session.objects.get().agenda_version == AgendaChange.objects.count() == 6


# Undo


def test_undo_takes_back_one_change_after_the_other(session, three, organiser):
    agenda_items.move_item(three[2], to=1, by=organiser)
    agenda_items.set_minutes(three[0], 9, by=organiser)
    agenda_items.undo(session, by=organiser)
    assert (titles(session), session.agenda.get(title="A").minutes) == (["C", "A", "B"], 5)
    agenda_items.undo(session, by=organiser)
    assert titles(session) == ["A", "B", "C"]
    for _number in "ABC":
        agenda_items.undo(session, by=organiser)
    assert titles(session) == []
    with pytest.raises(Refused, match="nothing to undo"):
        agenda_items.undo(session, by=organiser)


def test_undo_takes_back_all_since_a_change(session, three, organiser):
    change = AgendaChange.objects.get(said__startswith="“B”")
    agenda_items.undo(session, change=change, by=organiser)
    assert titles(session) == ["A"]
    assert AgendaChange.objects.first().said == "2 changes undone, back to before: “B” put on the agenda."
    with pytest.raises(Refused):
        agenda_items.undo(session, change=change, by=organiser)


def test_undo_brings_back_what_was_taken_off_with_its_parts(club, session, member, organiser):
    entry = promote(club, member, title="Paper")
    agenda_items.lock_session(session, now=AFTER)
    item = session.agenda.get()
    AgendaItem.objects.update(notes="Written before", verdict="Good")
    part = accept(item, member)
    agenda_items.remove_item(session.agenda.get(), by=organiser)
    agenda_items.undo(session, by=organiser)

    back = session.agenda.get()
    assert (back.pk, back.notes, back.verdict, back.score) == (item.pk, "Written before", "Good", item.score)
    assert (back.reason, back.minutes) == (item.reason, item.minutes)
    again = Assignment.objects.get()
    assert (again.pk, again.state, again.reason) == (part.pk, "accepted", "You offered.")
    assert states(entry) == ["scheduled"]
    assert not Tombstone.objects.filter(kind__in=["agendaitem", "assignment"]).exists()
    club.refresh_from_db()
    assert {back.version, again.version} == {club.version}


def test_part_of_somebody_who_left_does_not_come_back(club, session, member, organiser):
    promote(club, organiser, title="Paper")
    agenda_items.lock_session(session, now=AFTER)
    accept(session.agenda.get(), member)
    agenda_items.remove_item(session.agenda.get(), by=organiser)
    Membership.objects.filter(user=member).delete()
    agenda_items.undo(session, by=organiser)
    assert titles(session) == ["Paper"]
    assert not Assignment.objects.exists()


def test_undo_asks_before_an_accepted_part_goes(club, session, member, organiser):
    entry = reading_list.note(club, factories.make_paper("Paper"))
    accept(agenda_items.add_item(session, entry=entry, by=organiser), member)
    with pytest.raises(AsksFirst, match="Mia Member has accepted a part in “Paper”"):
        agenda_items.undo(session, by=organiser)
    assert titles(session) == ["Paper"]
    agenda_items.undo(session, by=organiser, anyway=True)
    assert titles(session) == []


def test_lock_is_not_undone(club, session, member, organiser):
    agenda_items.add_item(session, title="News", by=organiser)
    promote(club, member)
    agenda_items.lock_session(session, now=AFTER)
    with pytest.raises(Refused, match="nothing to undo"):
        agenda_items.undo(session, by=organiser)


def test_undo_finds_the_paper_that_another_one_became(club, session, organiser):
    paper = factories.make_paper("Paper")
    item = agenda_items.add_item(session, entry=reading_list.note(club, paper), by=organiser)
    agenda_items.remove_item(item, by=organiser)
    keep = factories.make_paper("The same paper")
    reading_list.note(club, keep)
    catalogue.merge_papers(keep, paper, reason="The same.")
    agenda_items.undo(session, by=organiser)
    assert session.agenda.get().entry.paper_id == keep.pk


def test_undo_leaves_notes_of_the_meeting_alone(session, three, organiser):
    agenda_items.move_item(three[2], to=1, by=organiser)
    AgendaItem.objects.filter(pk=three[0].pk).update(notes="Taken since")
    agenda_items.undo(session, by=organiser)
    assert session.agenda.get(pk=three[0].pk).notes == "Taken since"

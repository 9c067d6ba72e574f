"""One session: draft, open, locked, held, cancelled; and what moves with it."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError

from papers import reading_list
from papers.models import Assignment, Session, Tombstone
from papers.scheduling import sessions
from papers.scheduling.parts import load_parts
from tests import factories

NOW = datetime(2025, 4, 21, 12, tzinfo=UTC)
STARTS = datetime(2025, 4, 30, 12, tzinfo=UTC)
OVER = STARTS + timedelta(hours=2)


@pytest.fixture
def session(club, organiser):
    return sessions.schedule_session(club, starts=STARTS, place="Room 2.14", by=organiser, now=NOW)


@pytest.fixture
def entry(club, member):
    return reading_list.cast_vote(reading_list.note(club, factories.make_paper()), value=1, by=member)


def lock(session):
    Session.objects.filter(pk=session.pk).update(state="locked", locked_at=session.lock_at)
    session.refresh_from_db()
    return session


def version(club):
    club.refresh_from_db()
    return club.version


def test_session_is_open_and_its_votes_close_two_days_before(session, club):
    assert session.state == "open"
    assert session.ends == STARTS + timedelta(minutes=60)
    assert session.lock_at == STARTS - timedelta(hours=48)
    assert session.time_zone == club.time_zone
    assert session.version == version(club) > 0


def test_two_sessions_on_a_day_are_fine(session, club, organiser):
    other = sessions.schedule_session(club, starts=STARTS, by=organiser, now=NOW)

    assert other.uid != session.uid


def test_session_in_the_past_is_past_being_voted_for(club, organiser):
    session = sessions.schedule_session(club, starts=STARTS, by=organiser, now=OVER)

    assert session.state == "locked"
    assert session.locked_at == session.lock_at


@pytest.mark.parametrize("year", [1, 1969, 2200, 9999])
def test_session_of_another_age_is_refused(club, organiser, year):
    with pytest.raises(sessions.BadTime, match="between the years"):
        sessions.schedule_session(club, starts=STARTS.replace(year=year), by=organiser, now=NOW)


@pytest.mark.parametrize(
    "facts",
    [
        {"minutes": 4},
        {"minutes": 1_441},
        {"time_zone": "Mars/Olympus"},
        {"video_link": "javascript:alert(1)"},
        {"kind": "party"},
        {"name": "x" * 101},
    ],
    ids=lambda facts: next(iter(facts)),
)
def test_odd_facts_are_refused_by_field(club, organiser, facts):
    with pytest.raises(ValidationError) as refusal:
        sessions.schedule_session(club, starts=STARTS, by=organiser, now=NOW, **facts)

    assert next(iter(facts)) in refusal.value.message_dict
    assert not Session.objects.exists()


def test_votes_close_before_it_starts(club, organiser):
    with pytest.raises(sessions.BadTime, match="close before"):
        sessions.schedule_session(club, starts=STARTS, lock_at=OVER, by=organiser, now=NOW)


def test_draft_is_opened_once_and_all_that_was_hidden_is_stamped(club, organiser, member, entry):
    draft = sessions.schedule_session(club, starts=STARTS, is_draft=True, by=organiser, now=NOW)
    item = factories.make_item(draft, entry)
    asked = Assignment.objects.create(club=club, item=item, part=load_parts(club)[0], member=member)

    opened = sessions.open_session(draft, by=organiser, now=NOW)

    item.refresh_from_db()
    asked.refresh_from_db()
    assert opened.state == "open"
    assert opened.version == item.version == asked.version == version(club)
    with pytest.raises(sessions.NotADraft):
        sessions.open_session(draft, by=organiser, now=NOW)


def test_draft_goes_without_a_trace(club, organiser, session):
    draft = sessions.schedule_session(club, starts=STARTS, is_draft=True, by=organiser, now=NOW)

    sessions.discard_session(draft, by=organiser)

    assert not Session.objects.filter(pk=draft.pk).exists()
    assert not Tombstone.objects.exists()
    with pytest.raises(sessions.NotADraft, match="cancel it"):
        sessions.discard_session(session, by=organiser)


def test_moving_takes_the_close_of_votes_along(session, organiser):
    moved = sessions.change_session(session, starts=STARTS + timedelta(days=1), by=organiser, now=NOW)

    assert moved.lock_at == STARTS - timedelta(hours=24)
    assert moved.ends == STARTS + timedelta(days=1, hours=1)
    assert moved.sequence == 1
    assert moved.uid == session.uid


def test_moving_leaves_a_close_that_was_set_by_hand(session, organiser):
    by_hand = STARTS - timedelta(hours=3)
    sessions.change_session(session, lock_at=by_hand, by=organiser, now=NOW)

    moved = sessions.change_session(session, starts=STARTS + timedelta(days=1), by=organiser, now=NOW)
    assert moved.lock_at == by_hand

    earlier = sessions.change_session(session, starts=STARTS - timedelta(days=1), by=organiser, now=NOW)
    assert earlier.lock_at == earlier.starts, "votes close before it starts, or with its start"


def test_moving_a_locked_session_opens_no_votes(session, organiser):
    lock(session)

    moved = sessions.change_session(session, starts=STARTS + timedelta(days=7), by=organiser, now=NOW)

    assert moved.state == "locked"
    assert moved.lock_at == session.lock_at
    with pytest.raises(sessions.BadTime, match="closed already"):
        sessions.change_session(session, lock_at=STARTS, by=organiser, now=NOW)


def test_what_calendars_need_not_know_moves_no_number(session, organiser):
    changed = sessions.change_session(session, capacity=12, name="Spring", by=organiser, now=NOW)

    assert changed.sequence == 0
    assert changed.own == [], "only a session of a series has something of its own"


def test_changing_nothing_changes_nothing(session, organiser, club):
    before = version(club)

    sessions.change_session(session, place="Room 2.14", starts=STARTS, by=organiser, now=NOW)

    assert version(club) == before


def test_unknown_field_is_a_mistake_of_ours(session, organiser):
    with pytest.raises(TypeError):
        sessions.change_session(session, state="held", by=organiser, now=NOW)


def test_cancelled_session_comes_back_as_it_was(session, organiser, entry):
    factories.make_item(session, entry, is_pinned=True)
    reading_list.schedule(entry, session)

    cancelled = sessions.cancel_session(session, because="Strike", by=organiser, now=NOW)
    entry.refresh_from_db()
    assert (cancelled.state, cancelled.cancelled_because, cancelled.sequence) == ("cancelled", "Strike", 1)
    assert entry.state == "suggested", "its votes put it back on the list"
    assert entry.version == cancelled.version

    back = sessions.reopen_session(session, by=organiser, now=NOW)
    entry.refresh_from_db()
    assert (back.state, back.cancelled_because, back.sequence) == ("open", "", 2)
    assert entry.state == "scheduled"


def test_locked_session_comes_back_locked(session, organiser):
    lock(session)
    sessions.cancel_session(session, by=organiser, now=NOW)

    assert sessions.reopen_session(session, by=organiser, now=NOW).state == "locked"


def test_paper_on_another_agenda_stays_scheduled(session, club, organiser, entry):
    factories.make_item(session, entry)
    factories.make_item(factories.make_session(club), entry)
    reading_list.schedule(entry, session)

    sessions.cancel_session(session, by=organiser, now=NOW)

    entry.refresh_from_db()
    assert entry.state == "scheduled"


def test_held_session_is_done_with(session, club, organiser, member, entry):
    item = factories.make_item(lock(session), entry)
    reading_list.schedule(entry, session)
    presenter, discussant = load_parts(club)[:2]
    asked = Assignment.objects.create(club=club, item=item, part=presenter, member=member)
    declined = Assignment.objects.create(
        club=club, item=item, part=discussant, member=member, state="declined"
    )

    held = sessions.hold_session(session, by=organiser, now=OVER)

    for row in (entry, asked, declined):
        row.refresh_from_db()
    assert (held.state, entry.state, asked.state, declined.state) == ("held", "discussed", "done", "declined")
    assert held.version == entry.version == asked.version

    again = sessions.reopen_session(session, by=organiser, now=OVER)
    for row in (entry, asked):
        row.refresh_from_db()
    assert (again.state, entry.state, asked.state) == ("locked", "scheduled", "accepted")


def test_session_counts_as_held_a_day_after_its_end(session, club):
    lock(session)
    later = session.ends + sessions.HELD_AFTER
    factories.make_session(club, STARTS)  # nobody locked it

    assert sessions.find_past(later - timedelta(seconds=1)) == []
    assert sessions.find_past(later) == [session.pk]
    sessions.hold_past_session(session.pk, now=later)
    sessions.hold_past_session(session.pk, now=later)

    session.refresh_from_db()
    assert session.state == "held"
    assert sessions.find_past(later) == []


REFUSED = [
    ("draft", "cancel_session", sessions.IsDraft),
    ("held", "cancel_session", sessions.IsOver),
    ("cancelled", "cancel_session", sessions.IsOver),
    ("draft", "hold_session", sessions.NotLocked),
    ("open", "hold_session", sessions.NotLocked),
    ("cancelled", "hold_session", sessions.IsOver),
    ("locked", "hold_session", sessions.NotBegun),
    ("draft", "reopen_session", sessions.NotCancelled),
    ("open", "reopen_session", sessions.NotCancelled),
    ("locked", "reopen_session", sessions.NotCancelled),
    ("open", "open_session", sessions.NotADraft),
    ("cancelled", "open_session", sessions.NotADraft),
    ("held", "change_session", sessions.IsOver),
    ("cancelled", "change_session", sessions.IsOver),
    ("locked", "discard_session", sessions.NotADraft),
]


@pytest.mark.parametrize(("state", "act", "refusal"), REFUSED, ids=lambda value: str(value))
def test_act_that_makes_no_sense_says_so(club, organiser, state, act, refusal):
    session = factories.make_session(club, STARTS, state=state)
    before = version(club)
    extra = {} if act == "discard_session" else {"now": NOW}

    with pytest.raises(refusal) as refused:
        getattr(sessions, act)(
            session, by=organiser, **extra, **({"name": "x"} if act == "change_session" else {})
        )

    assert str(refused.value).endswith(".")
    assert version(club) == before

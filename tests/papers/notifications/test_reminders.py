"""When reminders are due. Pure: no database."""

from datetime import UTC, datetime, time, timedelta

import pytest

from papers.notifications.reminders import Kind, Meeting, Schedule, due_reminders, plan

START = datetime(2025, 4, 30, 12, tzinfo=UTC)  # 14:00 in Berlin


def meeting(starts=START, *, zone="Europe/Berlin", lock_hours=48, is_locked=False, minutes=60, pk=1):
    lock_at = starts - timedelta(hours=lock_hours)
    return Meeting(
        session=pk,
        starts=starts,
        ends=starts + timedelta(minutes=minutes),
        lock_at=lock_at,
        locked_at=lock_at if is_locked else None,
        zone=zone,
    )


def times(meeting, schedule=Schedule()):
    return {due.kind: (due.at, due.until) for due in plan(schedule, meeting)}


def kinds(now, schedule=Schedule(), **facts):
    return [due.kind for due in due_reminders(schedule, [meeting(**facts)], now)]


def test_open_session():
    assert times(meeting()) == {
        Kind.CALL_FOR_VOTES: (datetime(2025, 4, 27, 12, tzinfo=UTC), datetime(2025, 4, 28, 12, tzinfo=UTC)),
        Kind.PART_SOON: (datetime(2025, 4, 23, 7, tzinfo=UTC), datetime(2025, 4, 24, 7, tzinfo=UTC)),
        Kind.PART_TOMORROW: (datetime(2025, 4, 29, 7, tzinfo=UTC), datetime(2025, 4, 29, 22, tzinfo=UTC)),
        Kind.LINK: (datetime(2025, 4, 30, 11, tzinfo=UTC), datetime(2025, 4, 30, 12, 30, tzinfo=UTC)),
    }


def test_agenda_takes_the_place_of_the_call_once_votes_are_closed():
    found = times(meeting(is_locked=True))
    assert Kind.CALL_FOR_VOTES not in found
    assert found[Kind.AGENDA] == (datetime(2025, 4, 28, 12, 30, tzinfo=UTC), START)


def test_days_are_counted_by_the_clocks_of_the_session():
    """In Berlin clocks went forward on 30 March 2025: nine o'clock a week before is another hour in UTC."""
    found = times(meeting(datetime(2025, 4, 2, 12, tzinfo=UTC)))
    assert found[Kind.PART_SOON][0] == datetime(2025, 3, 26, 8, tzinfo=UTC)
    assert found[Kind.PART_TOMORROW][0] == datetime(2025, 4, 1, 7, tzinfo=UTC)


def test_hour_that_clocks_skip_is_the_next_one():
    found = times(meeting(datetime(2025, 3, 31, 12, tzinfo=UTC)), Schedule(at=time(2, 30)))
    assert found[Kind.PART_TOMORROW][0] == datetime(2025, 3, 30, 1, 30, tzinfo=UTC)  # 03:30 in Berlin


def test_day_is_that_of_the_zone_not_of_utc():
    found = times(meeting(datetime(2025, 4, 30, 1, tzinfo=UTC), zone="America/New_York"))  # 29 April, 21:00
    assert found[Kind.PART_TOMORROW] == (
        datetime(2025, 4, 28, 13, tzinfo=UTC),
        datetime(2025, 4, 29, 4, tzinfo=UTC),
    )


def test_empty_schedule_plans_nothing():
    nothing = Schedule(votes=None, agenda=None, part_days=None, tells_day_before=False, link=None)
    assert list(plan(nothing, meeting())) == list(plan(nothing, meeting(is_locked=True))) == []


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (datetime(2025, 4, 20, 0, tzinfo=UTC), []),
        (datetime(2025, 4, 23, 7, tzinfo=UTC), [Kind.PART_SOON]),
        (datetime(2025, 4, 24, 6, 59, tzinfo=UTC), [Kind.PART_SOON]),
        (datetime(2025, 4, 24, 7, tzinfo=UTC), []),  # the server was down: too late
        (datetime(2025, 4, 27, 12, tzinfo=UTC), [Kind.CALL_FOR_VOTES]),
        (datetime(2025, 4, 28, 12, tzinfo=UTC), []),  # votes are closed by now
        (datetime(2025, 4, 29, 7, tzinfo=UTC), [Kind.PART_TOMORROW]),
        (datetime(2025, 4, 30, 0, tzinfo=UTC), []),  # tomorrow is today
        (datetime(2025, 4, 30, 11, tzinfo=UTC), [Kind.LINK]),
        (datetime(2025, 4, 30, 12, 29, tzinfo=UTC), [Kind.LINK]),
        (datetime(2025, 4, 30, 12, 30, tzinfo=UTC), []),
    ],
    ids=str,
)
def test_due(now, expected):
    assert kinds(now) == expected


def test_link_of_a_short_session_ends_with_it():
    assert kinds(START + timedelta(minutes=10), minutes=10) == []


def test_session_moved_to_another_day_is_reminded_of_anew():
    before = {due.kind: due.key for due in plan(Schedule(), meeting())}
    moved = {due.kind: due.key for due in plan(Schedule(), meeting(START + timedelta(days=1)))}
    assert not set(before.values()) & set(moved.values())


def test_session_moved_within_its_day_has_another_link_only():
    before = {due.kind: due.key for due in plan(Schedule(), meeting())}
    moved = {due.kind: due.key for due in plan(Schedule(), meeting(START + timedelta(hours=1)))}
    assert [kind for kind in before if before[kind] != moved[kind]] == [Kind.LINK]


def test_agenda_goes_out_once_however_often_the_session_moves():
    keys = {
        due.key
        for hours in range(0, 100, 7)
        for due in plan(Schedule(), meeting(START + timedelta(hours=hours), is_locked=True))
        if due.kind == Kind.AGENDA
    }
    assert len(keys) == 1


def test_each_is_due_for_some_time_and_never_after_it_is_of_use():
    for hours in range(0, 400, 13):
        start = START + timedelta(hours=hours)
        for due in plan(Schedule(), meeting(start, is_locked=bool(hours % 2))):
            assert due.at < due.until <= start + timedelta(minutes=30)

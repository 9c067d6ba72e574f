"""When a source runs, how long it waits after failures, when it counts as stalled."""

import random
from datetime import UTC, datetime, time, timedelta

import pytest

from papers.sources.schedule import CAP, has_stalled, next_time, wait_after


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("after", "schedule", "expected"),
    [
        ("2026-11-24T10:00", {"every_hours": 6}, "2026-11-24T16:00"),
        ("2026-11-24T05:59", {"daily_at": time(6)}, "2026-11-24T06:00"),
        ("2026-11-24T06:00", {"daily_at": time(6)}, "2026-11-25T06:00"),
        ("2026-11-24T12:00", {"daily_at": time(6), "time_zone": "Asia/Tokyo"}, "2026-11-24T21:00"),
        ("2026-11-24T04:00", {"daily_at": time(23), "time_zone": "America/New_York"}, "2026-11-25T04:00"),
        # 2:30 does not exist on 29 March 2026 in Berlin: an hour later, which is 3:30 there.
        ("2026-03-28T12:00", {"daily_at": time(2, 30), "time_zone": "Europe/Berlin"}, "2026-03-29T01:30"),
        # 2:30 comes twice on 25 October 2026: the first, and not the second as well.
        ("2026-10-24T12:00", {"daily_at": time(2, 30), "time_zone": "Europe/Berlin"}, "2026-10-25T00:30"),
        ("2026-10-25T00:30", {"daily_at": time(2, 30), "time_zone": "Europe/Berlin"}, "2026-10-26T01:30"),
        # Samoa had no 30 December 2011 at all.
        ("2011-12-30T09:00", {"daily_at": time(6), "time_zone": "Pacific/Apia"}, "2011-12-30T16:00"),
    ],
)
def test_next_time(after, schedule, expected):
    found = next_time(at(after), **{"every_hours": None, "daily_at": None, **schedule})
    assert found == at(expected)


def test_without_a_schedule_there_is_no_next_time():
    assert next_time(at("2026-11-24T10:00"), every_hours=None, daily_at=None) is None


def test_waits_double_up_to_a_bound_and_are_left_to_chance():
    assert [wait_after(n, 1.0).total_seconds() / 60 for n in range(1, 9)] == [
        5,
        10,
        20,
        40,
        80,
        160,
        320,
        360,
    ]
    assert wait_after(1000, 1.0) == CAP
    assert wait_after(3, 0.0) == timedelta(0)
    dice = random.Random(7)
    waits = [wait_after(4, dice.random()) for _ in range(1000)]
    assert timedelta(minutes=18) < sum(waits, timedelta(0)) / 1000 < timedelta(minutes=22)
    again = random.Random(7)
    assert waits[:5] == [wait_after(4, again.random()) for _ in range(5)]


NOW = at("2026-11-24T12:00")


def stalled(now=NOW, **facts):
    defaults = {"due_at": now, "failures": 0, "expected_since": at("2026-11-01T00:00"), "last_good": None,
                "every_hours": None, "daily_at": None, "time_zone": "UTC"}  # fmt: skip
    return has_stalled(now, **{**defaults, **facts})


def test_an_hourly_source_has_stalled_after_two_hours():
    assert not stalled(every_hours=1, last_good=at("2026-11-24T10:01"))
    assert stalled(every_hours=1, last_good=at("2026-11-24T09:59"))


def test_a_daily_source_has_stalled_three_hours_after_its_time():
    daily = {"daily_at": time(6), "last_good": at("2026-11-23T06:01")}
    assert not stalled(at("2026-11-24T08:59"), **daily)
    assert stalled(at("2026-11-24T09:01"), **daily)
    assert not stalled(at("2026-11-25T05:00"), **{**daily, "last_good": at("2026-11-24T06:01")})


def test_one_that_failed_again_and_again_has_stalled_at_once():
    good = {"every_hours": 24, "last_good": NOW}
    assert not stalled(failures=3, **good)
    assert stalled(failures=4, **good)


def test_a_new_one_is_given_its_time():
    assert not stalled(every_hours=1, expected_since=at("2026-11-24T11:00"))
    assert stalled(every_hours=1, expected_since=at("2026-11-24T09:00"))
    assert not stalled(every_hours=1, expected_since=at("2026-11-24T11:59"), last_good=at("2026-01-01T00:00"))


def test_what_is_paused_never_stalls():
    assert not stalled(due_at=None, failures=99, every_hours=1)

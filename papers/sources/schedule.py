"""When a source runs next, how long it waits after failures, and when somebody should look: pure."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

BASE: Final = timedelta(minutes=5)
CAP: Final = timedelta(hours=6)
"""Bounds of the wait after failures: the first is at most BASE, each later one at most twice the one before."""

MANY_FAILURES: Final = 4
LEAST_MARGIN: Final = timedelta(hours=1)
# Of a day, three hours: what should have come at six in the morning is missed before people come to work.
MARGIN_SHARE: Final = 8


def next_time(
    after: datetime, *, every_hours: int | None, daily_at: time | None, time_zone: str = "UTC"
) -> datetime | None:
    """Return the first moment after `after` at which a source runs, in UTC; None without a schedule.

    A time of day is that of the wall clock in `time_zone`: one that a change of clocks skips is an hour later that day,
    one that comes twice is the first.
    """
    if every_hours is not None:
        return after + timedelta(hours=every_hours)
    if daily_at is None:
        return None
    zone = ZoneInfo(time_zone)
    day = after.astimezone(zone).date()
    for _unused in range(3):
        # fold=0: the first of two, and of a skipped hour the offset before it, which makes it an hour later.
        moment = datetime.combine(day, daily_at.replace(fold=0), zone).astimezone(UTC)
        if moment > after:
            return moment
        day += timedelta(days=1)
    raise AssertionError("one of three days in a row is later")


def wait_after(failures: int, roll: float) -> timedelta:
    """Return how long to wait after so many failures in a row; `roll` is chance, from 0 to 1.

    Full jitter, so that what failed together does not come back together:
    https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
    """
    most = min(BASE * 2 ** min(failures - 1, 20), CAP)
    return most * roll


def has_stalled(
    now: datetime,
    *,
    due_at: datetime | None,
    failures: int,
    expected_since: datetime,
    last_good: datetime | None,
    every_hours: int | None,
    daily_at: time | None,
    time_zone: str,
) -> bool:
    """Say whether somebody should look: it failed MANY_FAILURES times, or no good run came when one should have.

    What is paused, or runs by hand, stalls never (`due_at` is None).
    """
    if due_at is None:
        return False
    if failures >= MANY_FAILURES:
        return True
    seen = max(expected_since, last_good) if last_good else expected_since
    expected = next_time(seen, every_hours=every_hours, daily_at=daily_at, time_zone=time_zone)
    if expected is None:
        return False
    interval = timedelta(hours=every_hours) if every_hours else timedelta(days=1)
    return now > expected + max(LEAST_MARGIN, interval / MARGIN_SHARE)

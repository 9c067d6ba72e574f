"""What the clock of a meeting shows: when each item begins, minutes as ticks, time left; pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

FINE: Final = 240
"""Minutes up to which each has a tick; beyond, five share one."""


@dataclass(frozen=True, slots=True)
class Point:
    """What the clock needs of an item: its key, minutes, and when it began if it did."""

    key: int
    minutes: int
    started: datetime | None = None


def compute_times(
    points: Sequence[Point],
    starts: datetime,
    *,
    now_on: int | None = None,
    ends: datetime | None = None,
    began: datetime | None = None,
) -> dict[int, datetime]:
    """Return when each item began, or will as things stand.

    `now_on` is the key of the one that is on, whose time is over at `ends`. Before a meeting began (`began`) items
    follow each other from `starts`.
    """
    times: dict[int, datetime] = {}
    at = began or starts
    for point in points:
        if began is not None and point.started is not None:
            at = point.started
        times[point.key] = at
        at += timedelta(minutes=point.minutes)
        if point.key == now_on and ends is not None:
            at = ends
    return times


def count_left(ends: datetime, paused: datetime | None, now: datetime) -> int:
    """Return the seconds that are left; below nought for time that is over."""
    return round((ends - (paused or now)).total_seconds())


def write_clock(seconds: int) -> str:
    """Return “12:20”, or “+2:05” for time that is over."""
    sign, seconds = ("+", -seconds) if seconds < 0 else ("", seconds)
    return f"{sign}{seconds // 60}:{seconds % 60:02d}"


@dataclass(frozen=True, slots=True)
class Ticks:
    """A tick a minute of a meeting, as paths of SVG: gone, left of what is on, to come; and where it stands."""

    width: int
    done: str
    left: str
    free: str
    now: str
    minute: int
    minutes: int


def draw_ticks(minutes: int, at: float, until: float) -> Ticks:
    """Draw a meeting of so many minutes at minute `at`, where what is on lasts until minute `until`."""
    minutes = max(minutes, int(at) + 1, round(until))
    step = 1 if minutes <= FINE else 5
    paths: dict[str, list[str]] = {"done": [], "left": [], "free": []}
    number = -(-minutes // step)
    for tick in range(number):
        begins = tick * step
        kind = "done" if begins + step <= at else "left" if begins < until else "free"
        top = 2 if begins % (10 * step) == 0 else 12
        paths[kind].append(f"M{5 + 10 * tick} {top}V24")
    here = 5 + 10 * min(number - 1, int(at) // step)
    return Ticks(
        width=10 * number,
        done="".join(paths["done"]),
        left="".join(paths["left"]),
        free="".join(paths["free"]),
        now=f"M{here} 0V28",
        minute=int(at) + 1,
        minutes=minutes,
    )

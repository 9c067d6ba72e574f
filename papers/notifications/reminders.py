"""Which reminders of a session are due at a moment, and until when each is of use. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

LATE_PART: Final = timedelta(days=1)
"""A part in some days is still worth a mail a day late; then the day before says it."""

LATE_LINK: Final = timedelta(minutes=30)
"""So long after the start somebody may still want to come in."""


class Kind(StrEnum):
    CALL_FOR_VOTES = "call_for_votes"
    AGENDA = "agenda"
    PART_SOON = "part_soon"
    PART_TOMORROW = "part_tomorrow"
    LINK = "link"


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a club wants them; None: not at all. `at` is a time of day in the session's zone."""

    votes: timedelta | None = timedelta(hours=24)
    agenda: timedelta | None = timedelta(minutes=30)
    part_days: int | None = 7
    tells_day_before: bool = True
    at: time = time(9)
    link: timedelta | None = timedelta(minutes=60)


@dataclass(frozen=True, slots=True)
class Meeting:
    """What is to be known of a session. `locked_at` is None while votes are open."""

    session: int
    starts: datetime
    ends: datetime
    lock_at: datetime
    locked_at: datetime | None
    zone: str


@dataclass(frozen=True, slots=True)
class Due:
    """A reminder to be sent from `at` on, and not any more from `until` on. `key` is the same for one occasion."""

    kind: Kind
    session: int
    at: datetime
    until: datetime
    key: str


def due_reminders(schedule: Schedule, meetings: Iterable[Meeting], now: datetime) -> list[Due]:
    """Return what is to be sent now; what should have been long ago, and is of no use any more, is not among it."""
    return [due for meeting in meetings for due in plan(schedule, meeting) if due.at <= now < due.until]


def plan(schedule: Schedule, meeting: Meeting) -> Iterator[Due]:
    """Give all reminders of a session as it stands, in no order.

    A session that moves to another day has other keys, so that people are reminded anew; one that moves within its
    day has the same, as that it moved is told in any case. The agenda goes out once. The link goes out for each time.
    """
    zone = ZoneInfo(meeting.zone)
    day = meeting.starts.astimezone(zone).date()
    midnight = datetime.combine(day, time(), zone).astimezone(UTC)

    def due(kind: Kind, at: datetime, until: datetime, occasion: str = "") -> Due:
        key = f"{kind}:session {meeting.session}{occasion and ' of '}{occasion}"
        return Due(kind, meeting.session, at, until, key)

    def days_before(number: int) -> datetime:
        return datetime.combine(day - timedelta(days=number), schedule.at, zone).astimezone(UTC)

    if meeting.locked_at is None:
        if schedule.votes is not None:
            lock_day = meeting.lock_at.astimezone(zone).date()
            yield due(
                Kind.CALL_FOR_VOTES, meeting.lock_at - schedule.votes, meeting.lock_at, lock_day.isoformat()
            )
    elif schedule.agenda is not None:
        yield due(Kind.AGENDA, meeting.locked_at + schedule.agenda, meeting.starts)
    if schedule.part_days is not None:
        at = days_before(schedule.part_days)
        yield due(Kind.PART_SOON, at, min(at + LATE_PART, meeting.starts), day.isoformat())
    if schedule.tells_day_before:
        yield due(Kind.PART_TOMORROW, days_before(1), midnight, day.isoformat())
    if schedule.link is not None:
        until = min(meeting.starts + LATE_LINK, meeting.ends)
        start = f"{meeting.starts.astimezone(UTC):%Y-%m-%dT%H:%MZ}"
        yield due(Kind.LINK, meeting.starts - schedule.link, until, start)

"""The record of a club: who came to its sessions, who presented and what else they did there, over a term."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from accounts.models import Club

from .models import Assignment, Attendance, Session

TERM: Final = timedelta(days=182)
"""What is looked at unless somebody says from when: half a year."""


@dataclass(frozen=True, slots=True)
class Deed:
    """One line of the record: somebody came (`part` is empty), or took a part in an item."""

    day: date
    session: int
    session_name: str
    person: str
    member: int | None
    guest: int | None
    part: str = ""
    place: int = 0
    item: str = ""
    paper: int | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """What somebody did in a term."""

    name: str
    is_guest: bool
    came: int
    parts: tuple[int, ...]
    """How often each part of the record, in its order."""


@dataclass(frozen=True, slots=True)
class Record:
    since: date
    until: date
    sessions: int
    parts: tuple[str, ...]
    people: tuple[Person, ...]
    deeds: tuple[Deed, ...]


def choose_term(
    club: Club, now: datetime, since: date | None = None, until: date | None = None
) -> tuple[date, date]:
    """Return the first and last day to look at: the last half year unless they are named."""
    today = now.astimezone(ZoneInfo(club.time_zone)).date()
    until = until or max(today, since or today)
    return since or until - TERM, until


def load_record(club: Club, *, since: date, until: date, now: datetime) -> Record:
    """Return what happened in a club's past sessions from one day to another, both included, by the club's clock.

    Three queries. Parts that were accepted count once the session is over. A guest who is known to be a member by now
    is that member.
    """
    zone = ZoneInfo(club.time_zone)
    begin, end = _to_moment(since, zone), _to_moment(until, zone) + timedelta(days=1)
    past = Session.objects.filter(club=club).past(now).filter(starts__gte=begin, starts__lt=end).order_by()
    days = {
        pk: (starts.astimezone(zone).date(), name)
        for pk, starts, name in past.values_list("pk", "starts", "name")
    }
    State = Assignment.State
    came = Attendance.objects.filter(session__in=past, came=True).select_related("member", "guest__member")
    taken = (
        Assignment.objects.filter(item__session__in=past, state__in=[State.ACCEPTED, State.DONE])
        .select_related("member", "guest__member", "part", "item__entry__paper")
        .defer(
            "item__notes",
            "item__takeaways",
            "item__entry__paper__search_text",
            "item__entry__paper__abstract",
        )
    )
    deeds = [
        Deed(*_describe_session(row.session_id, days), *_describe_person(row))
        for row in came
        if row.session_id in days
    ]
    for row in taken:
        assert row.item is not None and row.part is not None
        if row.item.session_id in days:
            entry = row.item.entry
            deeds.append(
                Deed(
                    *_describe_session(row.item.session_id, days),
                    *_describe_person(row),
                    part=row.part.name,
                    place=row.part.position,
                    item=entry.paper.title if entry else row.item.title,
                    paper=entry.paper_id if entry else None,
                )
            )
    deeds.sort(key=lambda deed: (deed.day, deed.session, deed.person.casefold(), deed.place, deed.item))
    return _summarise(since, until, len(days), deeds)


def _summarise(since: date, until: date, sessions: int, deeds: Sequence[Deed]) -> Record:
    parts = tuple(name for _place, name in sorted({(deed.place, deed.part) for deed in deeds if deed.part}))
    came: Counter[tuple[int | None, int | None]] = Counter()
    took: dict[tuple[int | None, int | None], Counter[str]] = {}
    names: dict[tuple[int | None, int | None], str] = {}
    for deed in deeds:
        who = deed.member, deed.guest
        names[who] = deed.person
        if deed.part:
            took.setdefault(who, Counter())[deed.part] += 1
    # Somebody who was ticked as a guest and as a member came once.
    for member, guest, _session in {
        (deed.member, deed.guest, deed.session) for deed in deeds if not deed.part
    }:
        came[member, guest] += 1
    people = [
        Person(name, who[0] is None, came[who], tuple(took.get(who, Counter())[part] for part in parts))
        for who, name in names.items()
    ]
    people.sort(key=lambda person: (person.is_guest, person.name.casefold()))
    return Record(since, until, sessions, parts, tuple(people), tuple(deeds))


def _describe_session(pk: int, days: dict[int, tuple[date, str]]) -> tuple[date, int, str]:
    day, name = days[pk]
    return day, pk, name


def _describe_person(row: Assignment | Attendance) -> tuple[str, int | None, int | None]:
    member = row.member or (row.guest.member if row.guest else None)
    if member is not None:
        return member.display_name, member.pk, None
    assert row.guest is not None
    return row.guest.name, None, row.guest_id


def _to_moment(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)


# --- As a table --------------------------------------------------------------------------------------------


_FORMULA: Final = re.compile(r"\s*[=+\-@|%]|[\t\r\n]")
HEADING: Final = ("date", "session", "session_name", "person", "kind", "part", "item", "paper")


def write_csv(record: Record) -> str:
    """Return the record as CSV (RFC 4180), a line for each thing that somebody did; `part` is `came` for who came.

    What a spreadsheet would take for a formula begins with an apostrophe.
    """
    return _write_table([HEADING, *(_describe_deed(deed) for deed in record.deeds)])


def write_summary(record: Record) -> str:
    """Return a line for each person: sessions they came to, and how often they took each part."""
    heading = ("person", "kind", "sessions", "came", *record.parts)
    rows = (
        (person.name, "guest" if person.is_guest else "member", record.sessions, person.came, *person.parts)
        for person in record.people
    )
    return _write_table([heading, *rows])


def _describe_deed(deed: Deed) -> tuple[object, ...]:
    kind = "guest" if deed.member is None else "member"
    return (
        *(deed.day.isoformat(), deed.session, deed.session_name, deed.person, kind),
        *(deed.part or "came", deed.item, deed.paper or ""),
    )


def _write_table(rows: Iterable[Sequence[object]]) -> str:
    target = io.StringIO()
    csv.writer(target).writerows([_defuse(cell) for cell in row] for row in rows)
    return target.getvalue()


def _defuse(cell: object) -> object:
    """Return a cell that no spreadsheet runs (OWASP, CSV injection)."""
    return f"'{cell}" if isinstance(cell, str) and _FORMULA.match(cell) else cell


def read_day(text: str) -> date | None:
    """Return a day as `YYYY-MM-DD`; None where nothing is written. Raises ValueError with a sentence."""
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError(_("Write days as 2025-04-30.")) from None

"""Invitations to sessions as mails that calendars read (iTIP, RFC 5546), for members who want them.

A round compares, for each session and person, the last mail of this kind with what should be in their calendar: it
asks them to come, again with a higher SEQUENCE when time or place changed, and calls it off when the session is
cancelled, or is nothing to them any more: they said that they do not come, want no such mails, or left the club.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from email.utils import parseaddr
from typing import Final

from django.conf import settings
from django.db.models import Q

from accounts.models import Membership, User
from papers.models import Attendance, OutgoingMail, Session
from papers.notifications import letters, outbox
from papers.notifications.briefings import Briefing, load_briefings
from papers.scheduling import feeds
from papers.scheduling.calendar import Method, Person, write_invitation

Kind = OutgoingMail.Kind
State = Session.State

AHEAD: Final = timedelta(days=60)
"""So long before a session people are invited: half a year of a series at once would be a flood."""

GRACE: Final = timedelta(minutes=3)

MOST: Final = 500
"""Mails of one round: each takes some milliseconds to write."""


@dataclass(frozen=True, slots=True)
class Told:
    """The last mail about a session to one person, and how many there were."""

    method: str
    sequence: int
    number: int


def invite(now: datetime) -> None:
    """Queue what brings the calendars of those who want invitations in line; at most MOST, and more in a minute."""
    told = _load_told(now)
    wishes = _find_wishes(told, now)[:MOST]
    if not wishes:
        return
    sessions = Session.objects.filter(pk__in={session for session, _person, _method in wishes})
    briefings = load_briefings(sessions.select_related("club"))
    people = User.objects.in_bulk({person for _session, person, _method in wishes})
    outbox.put(
        [
            _write(briefings[session], people[person], method, told.get((session, person)), now)
            for session, person, method in wishes
        ],
        now=now,
    )


def _find_wishes(told: Mapping[tuple[int, int], Told], now: datetime) -> list[tuple[int, int, Method]]:
    """Return which mails are to be written: the session, to whom, and whether it invites or calls off."""
    soon = Q(starts__lte=now + AHEAD, club__memberships__user__calendar_by_mail=True)
    sessions = Session.objects.filter(
        soon | Q(pk__in={session for session, _person in told}),
        starts__gt=now,
        changed__lte=now - GRACE,
        state__in=[State.OPEN, State.LOCKED, State.CANCELLED],
    )
    rows = list(sessions.order_by("starts", "pk").distinct().values_list("pk", "club", "sequence", "state"))
    members: dict[int, set[int]] = defaultdict(set)
    wanting = Membership.objects.filter(user__calendar_by_mail=True, user__is_active=True)
    for club, person in wanting.values_list("club", "user").order_by("user"):
        members[club].add(person)
    absent: dict[int, set[int]] = defaultdict(set)
    for session, person in Attendance.objects.filter(
        session__in=[row[0] for row in rows], answer=Attendance.Answer.NO, member__isnull=False
    ).values_list("session", "member"):
        absent[session].add(person or 0)
    had: dict[int, set[int]] = defaultdict(set)
    for session, person in told:
        had[session].add(person)
    wishes: list[tuple[int, int, Method]] = []
    for session, club, sequence, state in rows:
        invited = set() if state == State.CANCELLED else members[club] - absent[session]
        for person in sorted(invited | had[session]):
            last = told.get((session, person))
            if person not in invited:
                if last is not None and last.method == "REQUEST":
                    wishes.append((session, person, "CANCEL"))
            elif last is None or last.method == "CANCEL" or last.sequence < sequence:
                wishes.append((session, person, "REQUEST"))
    return wishes


def _load_told(now: datetime) -> dict[tuple[int, int], Told]:
    mails = OutgoingMail.objects.filter(kind=Kind.CALENDAR, session__starts__gt=now).order_by("pk")
    # What was withdrawn was never said, and a closed account is not written to.
    mails = mails.filter(recipient__is_active=True).exclude(state=OutgoingMail.State.WITHDRAWN)
    told: dict[tuple[int, int], Told] = {}
    numbers: dict[tuple[int, int], int] = defaultdict(int)
    for session, person, method, about in mails.values_list("session", "recipient", "method", "about"):
        place = (session or 0, person)
        numbers[place] += 1
        told[place] = Told(method, about.get("sequence", 0), numbers[place])
    return told


def _write(
    briefing: Briefing, person: User, method: Method, last: Told | None, now: datetime
) -> outbox.Letter:
    session = briefing.session
    letter = letters.write(
        Kind.CALENDAR,
        briefing,
        person,
        # Their number, so that two rounds at once write the same one.
        key=f"{Kind.CALENDAR}:session {session.pk}:{last.number + 1 if last else 1}",
        until=session.starts,
        facts={
            "is_cancel": method == "CANCEL",
            "is_cancelled": session.state == State.CANCELLED,
            "is_change": last is not None and last.method == "REQUEST",
        },
    )
    # What leaves a calendar is named and no more: it may be that of somebody who has left the club.
    items = briefing.items if method == "REQUEST" else []
    event = feeds.make_event(session, club=session.club, items=items, parts=briefing.by_item, reader=person)
    # DTSTAMP of an object with a method is when it was made (RFC 5545, 3.8.7.2): of two, the later one counts.
    calendar = write_invitation(
        replace(event, changed=now),
        attendee=Person(person.display_name, person.email),
        organiser=Person(session.club.name, parseaddr(settings.DEFAULT_FROM_EMAIL)[1]),
        method=method,
    )
    return replace(letter, calendar=calendar, method=method)

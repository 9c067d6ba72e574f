"""Invitations to sessions as mails that calendars read (iTIP, RFC 5546), for members who want them.

A round compares, for each session and person, the last mail of this kind with what should be in their calendar: it
asks them to come, again with a higher SEQUENCE when time or place changed, and calls it off when the session is
cancelled, or is nothing to them any more: they said that they do not come, want no such mails, or left the club.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from email.utils import parseaddr
from typing import Final

from django.conf import settings
from django.db.models import Q

from accounts.models import User
from papers.models import Attendance, OutgoingMail, Session
from papers.notifications import letters, outbox
from papers.notifications.briefings import Briefing, load_briefings
from papers.notifications.preferences import wants
from papers.scheduling import feeds
from papers.scheduling.calendar import Method, Person, write_invitation

Kind = OutgoingMail.Kind
State = Session.State

AHEAD: Final = timedelta(days=60)
"""So long before a session people are invited: half a year of a series at once would be a flood."""

GRACE: Final = timedelta(minutes=3)


@dataclass(frozen=True, slots=True)
class Told:
    """The last mail about a session to one person, and how many there were."""

    method: str
    sequence: int
    number: int


def invite(now: datetime) -> None:
    """Queue what brings the calendars of those who want invitations in line."""
    told = _load_told(now)
    soon = Q(starts__lte=now + AHEAD, club__memberships__user__calendar_by_mail=True)
    sessions = Session.objects.filter(
        soon | Q(pk__in={session for session, _person in told}),
        starts__gt=now,
        changed__lte=now - GRACE,
        state__in=[State.OPEN, State.LOCKED, State.CANCELLED],
    )
    if not (found := list(sessions.select_related("club").distinct())):
        return
    recipients = User.objects.in_bulk({person for _session, person in told})
    written = []
    for briefing in load_briefings(found).values():
        pk = briefing.session.pk
        invited = {person.pk: person for person in _find_interested(briefing)}
        for person in invited.values():
            last = told.get((pk, person.pk))
            if last is None or last.method == "CANCEL" or last.sequence < briefing.session.sequence:
                written.append(_write(briefing, person, "REQUEST", last, now))
        for (session, person_id), last in told.items():
            person = recipients[person_id]
            # A closed account is not written to: what is queued for one is withdrawn.
            is_told = session == pk and last.method == "REQUEST" and person.is_active
            if is_told and person_id not in invited:
                written.append(_write(briefing, person, "CANCEL", last, now))
    outbox.put(written, now=now)


def _load_told(now: datetime) -> dict[tuple[int, int], Told]:
    mails = OutgoingMail.objects.filter(kind=Kind.CALENDAR, session__starts__gt=now).order_by("pk")
    mails = mails.exclude(state=OutgoingMail.State.WITHDRAWN)  # these were never said
    told: dict[tuple[int, int], Told] = {}
    numbers: dict[tuple[int, int], int] = defaultdict(int)
    for session, person, method, about in mails.values_list("session", "recipient", "method", "about"):
        place = (session or 0, person)
        numbers[place] += 1
        told[place] = Told(method, about.get("sequence", 0), numbers[place])
    return told


def _find_interested(briefing: Briefing) -> Iterable[User]:
    """Return the members whose calendar is to have the session."""
    if briefing.session.state == State.CANCELLED:
        return []
    return [
        person
        for person in briefing.members
        if wants(person, Kind.CALENDAR) and briefing.answers.get(person.pk) != Attendance.Answer.NO
    ]


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

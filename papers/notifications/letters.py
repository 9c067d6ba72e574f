"""What each mail about a session says: plain words, a link, and why it came. Its text: templates/papers/mail/."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.formats import date_format

from accounts.models import User
from papers.models import Assignment, OutgoingMail
from papers.notifications.briefings import Briefing, name_item
from papers.notifications.outbox import Letter

Kind = OutgoingMail.Kind
TITLE = 120
"""Signs of a title in a subject; the mail's text has all of it."""


def write(
    kind: str,
    briefing: Briefing,
    person: User,
    *,
    key: str,
    until: datetime,
    due_at: datetime | None = None,
    parts: Iterable[Assignment] = (),
    facts: Mapping[str, Any] | None = None,
    about: Mapping[str, Any] | None = None,
) -> Letter:
    """Return a mail of this kind about a session to one person.

    `key` is the occasion's, which the person is added to. `parts` are those that it is about, `facts` what its text
    says besides, `about` what `standing` looks at besides before it goes out.
    """
    session, club, parts = briefing.session, briefing.session.club, list(parts)
    zone = ZoneInfo(session.time_zone)
    context = {
        "session": session,
        "club": club.name,
        "site_name": settings.SITE_NAME,
        "day": date_format(session.starts.astimezone(zone), "l j F"),
        "when": write_time(session.starts, session.time_zone),
        "time": date_format(session.starts.astimezone(zone), "H:i"),
        "lock": write_time(session.lock_at, session.time_zone),
        "lines": [
            (date_format(line.starts.astimezone(zone), "H:i"), line.title, line.minutes, line.who)
            for line in briefing.lines
        ],
        "parts": [describe_part(part) for part in parts],
        "asks": any(part.state == Assignment.State.PROPOSED for part in parts),
        "link": make_link(session.get_absolute_url()),
        "list_link": make_link(reverse("papers:entry_list", args=[club.slug])),
        "mail_link": make_link(reverse("accounts:mail_settings")),
        **(facts or {}),
    }
    return Letter(
        key=f"{key}:user {person.pk}",
        kind=kind,
        recipient=person,
        club=club,
        session=session,
        subject=render_to_string(f"papers/mail/{kind}_subject.txt", context),
        text=render_to_string(f"papers/mail/{kind}.txt", context).strip() + "\n",
        due_at=due_at,
        useless_after=until,
        about={
            "session": session.pk,
            "starts": session.starts.isoformat(),
            "sequence": session.sequence,
            "assignments": sorted(part.pk for part in parts),
            **(about or {}),
        },
    )


def describe_part(part: Assignment) -> dict[str, Any]:
    """Return what a mail says of a part; its item with entry and paper must be loaded."""
    assert part.item is not None and part.part is not None
    return {
        "part": part.part.name,
        "title": name_item(part.item),
        "minutes": part.item.minutes,
        "prompt": part.part.prompt,
        "reason": part.reason,
    }


def write_time(moment: datetime, zone: str) -> str:
    """Return "Wednesday 30 April, 14:00 (Europe/Berlin)"."""
    return f"{date_format(moment.astimezone(ZoneInfo(zone)), 'l j F, H:i')} ({zone.replace('_', ' ')})"


def write_session_time(part: Assignment) -> str:
    """Return when the session is in which somebody has a part."""
    assert part.item is not None
    return write_time(part.item.session.starts, part.item.session.time_zone)


def make_link(path: str) -> str:
    return f"{settings.SITE_URL}{path}"

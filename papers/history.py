"""What an entry went through, line by line, as far as somebody may know."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts.models import Club, User

from .models import Entry, EntryChange, Session, Vote

Cause = EntryChange.Cause


@dataclass(frozen=True, slots=True)
class Line:
    """One change of state; `text` is the same as a sentence."""

    id: int
    changed: datetime
    before: str
    state: str
    cause: str
    note: str
    session: Session | None
    by: User | None
    text: str


def write_day_of(moment: datetime, club: Club) -> str:
    """Return a day as the club names it: “Wednesday 23 April 2025”."""
    return date_format(moment.astimezone(ZoneInfo(club.time_zone)), "l j F Y")


def load_history(entry: Entry, club: Club, *, sees_names: bool, sees_drafts: bool) -> list[Line]:
    """Return an entry's changes, oldest first; one query.

    Without `sees_names` nobody is named. Who promoted is named only where votes are by name and no secret; sessions
    that are drafts are told to those who see them.
    """
    changes = EntryChange.objects.filter(entry=entry).select_related("by", "session")
    return [show_change(change, club, sees_names=sees_names, sees_drafts=sees_drafts) for change in changes]


def show_change(change: EntryChange, club: Club, *, sees_names: bool, sees_drafts: bool) -> Line:
    is_named = sees_names and (change.cause != Cause.PROMOTED or club.tells_voters)
    session = change.session
    if session is not None and session.state == Session.State.DRAFT and not sees_drafts:
        session = None
    by = change.by if is_named else None
    return Line(
        change.pk,
        change.changed,
        change.before,
        change.state,
        change.cause,
        change.note,
        session,
        by,
        _tell(change, by),
    )


def _tell(change: EntryChange, by: User | None) -> str:
    """Return what happened in words; who did it where that is told."""
    named = {
        Cause.PROMOTED: _("Promoted by %(who)s, and so on the list"),
        Cause.SUGGESTED: _("Suggested by %(who)s"),
        Cause.OFFERED: _("%(who)s offered to present it"),
        Cause.DROPPED: _("Dropped by %(who)s"),
        Cause.SCHEDULED: _("Put on an agenda by %(who)s"),
        Cause.UNSCHEDULED: _("Taken off the agenda by %(who)s"),
        Cause.AGAIN: _("Suggested again by %(who)s"),
    }
    nameless = {
        Cause.PROMOTED: _("Promoted, and so on the list"),
        Cause.SUGGESTED: _("Suggested"),
        Cause.OFFERED: _("Somebody offered to present it"),
        Cause.WITHDRAWN: _("Off the list: nobody promotes it or offers to present it any more"),
        Cause.DROPPED: _("Dropped"),
        Cause.SCHEDULED: _("Put on an agenda") if change.by_id else _("Chosen by the votes"),
        Cause.UNSCHEDULED: _("Taken off the agenda"),
        Cause.DISCUSSED: _("Discussed"),
        Cause.AGAIN: _("Suggested again"),
        Cause.MERGED: _("Became one with another entry of the same paper"),
    }
    cause = Cause(change.cause)
    text = named[cause] % {"who": by} if by is not None and cause in named else nameless[cause]
    if cause == Cause.AGAIN:
        values = [value for _member, value, _cast in change.facts.get("votes", [])]
        tally = {"up": values.count(Vote.PROMOTE), "down": values.count(Vote.DEMOTE)}
        text = _("%(what)s; before, it had %(up)d for and %(down)d against") % {"what": text, **tally}
    return text

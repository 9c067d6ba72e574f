"""When a session is, in words, by the clock of its own zone. Pure."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from papers.models import Session

from .recurrence import to_utc


def write_day(day: date, today: date) -> str:
    """Return “Wednesday 30 April”, with the year where it is not this one."""
    return date_format(day, "l j F" if day.year == today.year else "l j F Y")


def write_when(session: Session, now: datetime) -> str:
    """Return “Wednesday 30 April, 14:00”."""
    zone = ZoneInfo(session.time_zone)
    local = session.starts.astimezone(zone)
    return f"{write_day(local.date(), now.astimezone(zone).date())}, {local:%H:%M}"


def write_hours(session: Session) -> str:
    """Return “14:00–15:00”."""
    zone = ZoneInfo(session.time_zone)
    return f"{session.starts.astimezone(zone):%H:%M}–{session.ends.astimezone(zone):%H:%M}"


def write_moment(moment: datetime, time_zone: str, now: datetime) -> str:
    """Return a moment as people say it where they meet."""
    zone = ZoneInfo(time_zone)
    local = moment.astimezone(zone)
    return f"{write_day(local.date(), now.astimezone(zone).date())}, {local:%H:%M}"


def say_distance(session: Session, now: datetime) -> str:
    """Return how far off a session is: “in 5 days”, “tomorrow”, “now”; nothing for one that is over."""
    if session.ends <= now:
        return ""
    if session.starts <= now:
        return _("now")
    zone = ZoneInfo(session.time_zone)
    days = (session.starts.astimezone(zone).date() - now.astimezone(zone).date()).days
    match days:
        case 0:
            return _("today")
        case 1:
            return _("tomorrow")
    return ngettext("in %(n)d day", "in %(n)d days", days) % {"n": days}


def say_state(session: Session, now: datetime) -> str:
    """Return the state of a session in words."""
    match session.state:
        case Session.State.DRAFT:
            return _("a draft, seen by organisers only")
        case Session.State.OPEN if session.lock_at <= now:
            return _("votes are just closing")
        case Session.State.OPEN:
            closes = write_moment(session.lock_at, session.time_zone, now)
            return _("votes close %(when)s") % {"when": closes}
        case Session.State.LOCKED:
            return _("votes are closed, the agenda stands") if session.ends > now else _("over")
        case Session.State.HELD:
            return _("held")
    if session.cancelled_because:
        return _("cancelled: %(why)s") % {"why": session.cancelled_because}
    return _("cancelled")


def say_shift(session: Session) -> str:
    """Return what a change of clocks did to the time that a series gave a session; mostly nothing."""
    if not session.occurrence or "starts" in session.own:
        return ""
    zone = ZoneInfo(session.time_zone)
    meant = datetime.fromisoformat(session.occurrence)
    local = session.starts.astimezone(zone).replace(tzinfo=None)
    if local == meant or to_utc(meant, zone) != session.starts:
        return ""
    return _("clocks skip %(meant)s that day, so it is later") % {"meant": f"{meant:%H:%M}"}

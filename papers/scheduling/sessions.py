"""What organisers do with one session: schedule, open, change, cancel and hold it.

    draft ──open──► open ──lock──► locked ──hold──► held
                      └───────┬──────┘
                        cancel, and bring back

Each verb locks the session, moves its number for calendars where they must learn of it, and stamps the club.
`papers.scheduling.series` makes the sessions of a series; `agenda_items` locks them.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Club, User
from papers.models import Assignment, Session
from papers.verbs import verb
from papers.versions import Stamps, stamp

from . import _states
from .refusals import Refused

LOCK_HOURS = 48
"""When votes close before a session that says nothing else."""

FIRST = datetime(1970, 1, 1, tzinfo=UTC)
LAST = datetime(2200, 1, 1, tzinfo=UTC)

HELD_AFTER = timedelta(hours=24)
"""So long after its end a session that nobody cancelled counts as held."""

# What people say of a session, and of these what those who have it in a calendar must learn.
FIELDS = {"name", "kind", "starts", "minutes", "time_zone", "place", "video_link", "capacity", "lock_at"}
NEWS = {"starts", "minutes", "time_zone", "place", "video_link"}


class BadTime(Refused):
    """A time at which no session can be, or votes cannot close."""


class NotADraft(Refused):
    """Only what nobody has seen is opened, or goes without a trace."""


class IsDraft(Refused):
    """A draft is no meeting yet: nobody knows of it."""


class IsOver(Refused):
    """What was held, or cancelled, stays as it was."""


class NotCancelled(Refused):
    """Only what was cancelled comes back."""


class NotLocked(Refused):
    """A session is held after its votes were closed."""


class NotBegun(Refused):
    """A session that has not begun was not held."""


@verb
def schedule_session(
    club: Club,
    *,
    by: User | None,
    starts: datetime,
    minutes: int = 60,
    lock_at: datetime | None = None,
    is_draft: bool = False,
    now: datetime | None = None,
    **facts: Any,
) -> Session:
    """Return a new session on its own: open, or a draft that only organisers see.

    `facts` are of FIELDS; times are aware. Without `lock_at` votes close LOCK_HOURS before it. One that has begun is
    locked, as it is past being voted for. Raises BadTime, and ValidationError for what a field cannot hold.
    """
    now = now or timezone.now()
    check_time(starts)
    facts.setdefault("time_zone", club.time_zone)
    session = Session(club=club, made_by=by, created=now, changed=now, **facts)
    session.set_time(starts, minutes)
    if lock_at is None:
        session.lock_at = starts - timedelta(hours=LOCK_HOURS)
    else:
        session.lock_at, session.own = _check_lock(lock_at, starts), ["lock_at"]
    if not is_draft:
        _states.publish(session, now)
    clean(session)
    session.save()
    stamp(club, [session])
    return session


@verb
def open_session(session: Session, *, by: User, now: datetime | None = None) -> Session:
    """Let the club see a draft. Raises NotADraft."""
    session = lock_row(session)
    if session.state != Session.State.DRAFT:
        raise NotADraft(_("The club sees this session already."))
    now = now or timezone.now()
    _states.publish(session, now)
    stamps = Stamps()
    _states.save(session, now, stamps)
    # All that waited for this is new to those who keep a copy of the club.
    stamps.add(session.club, list_belongings(session))
    stamps.write()
    return session


@verb
def discard_session(session: Session, *, by: User) -> None:
    """Delete a draft, of which nobody ever learnt. Raises NotADraft."""
    session = lock_row(session)
    if session.state != Session.State.DRAFT:
        raise NotADraft(_("The club knows of this session: cancel it, so that everybody learns of it."))
    club = session.club
    session.delete()
    stamp(club)


@verb
def change_session(session: Session, *, by: User, now: datetime | None = None, **changes: Any) -> Session:
    """Change what is said of a session; its series leaves these fields alone from then on.

    `changes` are of FIELDS. A session that moves takes along when its votes close, unless somebody set that by hand, or
    they are closed. What is as it was changes nothing. Raises IsOver, BadTime, and ValidationError.
    """
    if unknown := set(changes) - FIELDS:
        raise TypeError(f"A session has no {sorted(unknown)} to change.")
    session = lock_row(session)
    if session.state == Session.State.HELD:
        raise IsOver(_("This session was held. Say first that it was not."))
    if session.state == Session.State.CANCELLED:
        raise IsOver(_("This session is cancelled. Bring it back first."))
    changed = {name for name, value in changes.items() if getattr(session, name) != value}
    if not changed:
        return session
    now = now or timezone.now()
    if "lock_at" in changed and session.is_closed:
        raise BadTime(_("Votes are closed already."), field="lock_at")
    move(session, changes.get("starts", session.starts), changes.get("minutes", session.minutes))
    for name in changed - {"starts", "minutes", "lock_at"}:
        setattr(session, name, changes[name])
    if "lock_at" in changed:
        session.lock_at = _check_lock(changes["lock_at"], session.starts)
    kept = changed if session.series_id else changed & {"lock_at"}
    session.own = sorted({*session.own, *kept})
    clean(session)
    stamps = Stamps()
    _states.save(session, now, stamps, is_news=bool(changed & NEWS))
    stamps.write()
    return session


@verb
def cancel_session(session: Session, *, because: str = "", by: User, now: datetime | None = None) -> Session:
    """Cancel a session, open or locked; calendars and pages go on saying so. Raises IsDraft, IsOver."""
    session = lock_row(session)
    if session.state == Session.State.DRAFT:
        raise IsDraft(_("Nobody has seen this draft: discard it instead."))
    if session.is_closed and session.state != Session.State.LOCKED:
        raise IsOver(
            _("This session was held.")
            if session.state == Session.State.HELD
            else _("It is cancelled already.")
        )
    if session.series_id:
        session.own = sorted({*session.own, "state"})
    stamps = Stamps()
    _states.cancel(session, because=because[:300], by=by, now=now or timezone.now(), stamps=stamps)
    stamps.write()
    return session


@verb
def reopen_session(session: Session, *, by: User, now: datetime | None = None) -> Session:
    """Bring a cancelled session back as it was, or say of one that it was not held after all. Raises NotCancelled."""
    session = lock_row(session)
    now, stamps = now or timezone.now(), Stamps()
    if session.state == Session.State.CANCELLED:
        if session.series_id:  # else the pause that cancelled it would do so again
            session.own = sorted({*session.own, "state"})
        _states.bring_back(session, by=by, now=now, stamps=stamps)
    elif session.state == Session.State.HELD:
        _states.take_back_holding(session, by=by, now=now, stamps=stamps)
    else:
        raise NotCancelled(_("This session is neither cancelled nor held: there is nothing to take back."))
    stamps.write()
    return session


@verb
def hold_session(session: Session, *, by: User | None, now: datetime | None = None) -> Session:
    """Say that a session took place: papers become discussed, parts done. Raises NotLocked, NotBegun."""
    session = lock_row(session)
    now = now or timezone.now()
    match session.state:
        case Session.State.HELD:
            return session
        case Session.State.CANCELLED:
            raise IsOver(_("This session is cancelled. Bring it back first."))
        case Session.State.DRAFT | Session.State.OPEN:
            raise NotLocked(_("Votes are still open. Lock the session first; then its agenda stands."))
    if session.starts > now:
        raise NotBegun(_("It has not begun yet."))
    stamps = Stamps()
    _states.hold(session, by=by, now=now, stamps=stamps)
    stamps.write()
    return session


def find_past(now: datetime) -> list[int]:
    """Return the ids of sessions that ended a day ago, and that nobody cancelled or said to have been held."""
    past = Session.objects.filter(state=Session.State.LOCKED, ends__lte=now - HELD_AFTER)
    return list(past.order_by("starts", "pk").values_list("pk", flat=True))


def hold_past_session(pk: int, *, now: datetime) -> None:
    """Let a session count as held; nothing is done where somebody else was faster, whatever they did."""
    session = Session.objects.filter(pk=pk, state=Session.State.LOCKED).first()
    if session is not None:
        with suppress(Refused, Session.DoesNotExist):
            hold_session(session, by=None, now=now)


def lock_row(session: Session) -> Session:
    """Return the session as it is now, with its club, locked until the transaction ends."""
    return Session.objects.select_for_update(of=("self",)).select_related("club").get(pk=session.pk)


def move(session: Session, starts: datetime, minutes: int) -> None:
    """Say when a session is, and let the close of its votes move along where that is its time's doing.

    Raises BadTime.
    """
    check_time(starts)
    if not session.is_closed and "lock_at" not in session.own:
        session.lock_at += starts - session.starts
    session.set_time(starts, minutes)
    session.lock_at = min(session.lock_at, starts)


def clean(session: Session) -> None:
    """Raises ValidationError for what a field cannot hold."""
    # Its club and series are rows we have; its key is for the database to compare.
    session.full_clean(exclude=["club", "series", "made_by", "uid", "own"], validate_unique=False)


def list_belongings(session: Session) -> list[models.Model]:
    """Return what was hidden with a draft: items of its agenda, what people were asked, who said that they come."""
    asked = Assignment.objects.filter(item__session=session)
    return [*session.agenda.all(), *asked, *session.attendances.all()]


def check_time(starts: datetime) -> None:
    if not FIRST <= starts < LAST:
        raise BadTime(_("A session lies between the years 1970 and 2199."), field="starts")


def _check_lock(lock_at: datetime, starts: datetime) -> datetime:
    if lock_at > starts:
        raise BadTime(_("Votes close before the session starts, or with its start."), field="lock_at")
    if lock_at < FIRST:
        raise BadTime(_("Votes close between the years 1970 and 2199."), field="lock_at")
    return lock_at

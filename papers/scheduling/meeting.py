"""The meeting while it goes on: it begins, goes from item to item, pauses, gets five minutes more, and is over.

    locked ──start──► on ──finish──► held

The clock is three columns of the session: what is on (`item_now`; nothing where there is no agenda), when its time is
over (`item_ends`), and since when it stands still (`paused_at`). So nobody need count: a browser shows the difference.
`after` is the item that the person had before them as the one that is on: two who press Next at once go one on.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from papers.models import AgendaItem, Session
from papers.verbs import verb
from papers.versions import stamp

from . import sessions
from .refusals import Refused

MORE_MINUTES = 5
MOST_EXTRA = 600

CLOCK = ("began_at", "item_now", "item_ends", "extra_minutes", "paused_at")

State = Session.State


class NotOn(Refused):
    """What only a meeting that is going on can do."""


class NotReady(Refused):
    """A session that is no meeting yet, or no longer."""


class NothingNext(Refused):
    """The last item has nothing after it."""


@dataclass(frozen=True, slots=True)
class AnyItem:
    """Stands for whatever is on."""


ANY_ITEM = AnyItem()
After = AgendaItem | int | None | AnyItem


@verb
def start(session: Session, *, by: User, now: datetime | None = None) -> Session:
    """Begin a meeting with the first item of its agenda; one that has begun goes on as it does. Raises NotReady."""
    session, now = sessions.lock_row(session), now or timezone.now()
    if session.is_on:
        return session
    _check_ready(session)
    session.began_at = now
    return _go_to(session, session.agenda.order_by("position", "pk").first(), now)


@verb
def next_item(session: Session, *, by: User, after: After = ANY_ITEM, now: datetime | None = None) -> Session:
    """Go on to the next item, unless somebody else just did. Raises NotOn and NothingNext."""
    session, now = _lock_on(session), now or timezone.now()
    if not _is_at(session, after):
        return session
    items = session.agenda.order_by("position", "pk")
    if session.item_now is None:
        following = items.filter(started_at=None).first()
    else:
        following = items.filter(position__gt=session.item_now.position).first()
    if following is None:
        raise NothingNext(_("This is the last item. Finish the meeting when you are done."))
    return _go_to(session, following, now)


@verb
def go_back(session: Session, *, by: User, after: After = ANY_ITEM, now: datetime | None = None) -> Session:
    """Go back to the item before, whose time goes on; from the first, to before the beginning. Raises NotOn."""
    session, now = _lock_on(session), now or timezone.now()
    if not _is_at(session, after):
        return session
    left, before = session.item_now, None
    if left is not None:
        before = session.agenda.filter(position__lt=left.position).order_by("-position", "-pk").first()
        left.started_at = None
        left.save(update_fields=["started_at"])
    if before is None:
        session.began_at = session.item_ends = session.item_now = session.paused_at = None
        session.extra_minutes = 0
        return _save(session, left)
    return _go_to(session, before, now, left)


@verb
def pause(session: Session, *, by: User, now: datetime | None = None) -> Session:
    """Stop the clock; stopped already, nothing changes. Raises NotOn."""
    session, now = _lock_on(session), now or timezone.now()
    if session.paused_at is not None:
        return session
    session.paused_at = now
    return _save(session)


@verb
def resume(session: Session, *, by: User, now: datetime | None = None) -> Session:
    """Let the clock go on from where it stood. Raises NotOn."""
    session, now = _lock_on(session), now or timezone.now()
    if session.paused_at is None or session.item_ends is None:
        return session
    session.item_ends += now - session.paused_at
    session.paused_at = None
    return _save(session)


@verb
def extend(
    session: Session,
    *,
    by: User,
    minutes: int = MORE_MINUTES,
    after: After = ANY_ITEM,
    now: datetime | None = None,
) -> Session:
    """Give what is on some minutes more; where its time is over, from now on. Raises NotOn."""
    session, now = _lock_on(session), now or timezone.now()
    if not _is_at(session, after) or session.item_ends is None:
        return session
    if not 1 <= minutes <= MOST_EXTRA - session.extra_minutes:
        raise Refused(_("An item gets at most %(most)d minutes more.") % {"most": MOST_EXTRA})
    stands_at = session.paused_at or now
    session.item_ends = max(session.item_ends, stands_at) + timedelta(minutes=minutes)
    session.extra_minutes += minutes
    return _save(session)


@verb
def finish(session: Session, *, by: User, now: datetime | None = None) -> Session:
    """Say that the meeting is over: the session was held. Raises NotOn, and what `sessions.hold_session` raises."""
    session, now = sessions.lock_row(session), now or timezone.now()
    if session.state == State.HELD:
        return session
    if not session.is_on:
        raise NotOn(_("The meeting has not begun."))
    session.item_now = session.item_ends = session.paused_at = None
    session.extra_minutes = 0
    session.save(update_fields=CLOCK)
    return sessions.hold_session(session, by=by, now=now)


def _check_ready(session: Session) -> None:
    match session.state:
        case State.LOCKED:
            return
        case State.HELD:
            raise NotReady(_("This session was held. Say first that it was not."))
        case State.CANCELLED:
            raise NotReady(_("This session is cancelled. Bring it back first."))
    raise NotReady(_("Votes are still open. Close them first; then the agenda stands."))


def _lock_on(session: Session) -> Session:
    session = sessions.lock_row(session)
    if not session.is_on:
        raise NotOn(
            _("The meeting is over.") if session.state == State.HELD else _("The meeting has not begun.")
        )
    return session


def _is_at(session: Session, after: After) -> bool:
    """Return whether that is on which the person saw."""
    if isinstance(after, AnyItem):
        return True
    return session.item_now_id == (after.pk if isinstance(after, AgendaItem) else after)


def _go_to(
    session: Session, item: AgendaItem | None, now: datetime, left: AgendaItem | None = None
) -> Session:
    """Let an item be what is on. Without one the clock has the minutes of the whole session."""
    began, minutes = now, session.minutes
    if item is not None:
        item.started_at = item.started_at or now
        item.save(update_fields=["started_at"])
        began, minutes = item.started_at, item.minutes
    session.item_now, session.item_ends = item, began + timedelta(minutes=minutes)
    session.extra_minutes, session.paused_at = 0, None
    return _save(session, item, left)


def _save(session: Session, *items: AgendaItem | None) -> Session:
    session.save(update_fields=CLOCK)
    stamp(session.club, [session, *(item for item in items if item is not None)])
    return session

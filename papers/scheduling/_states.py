"""What it means for a session's row, and for what is on its agenda, to be opened, cancelled, brought back or held.

The verbs of `sessions` and `series` ask first whether that makes sense, have the session locked, and write the stamps
at their end.
"""

from __future__ import annotations

from datetime import datetime

from django.db import models

from accounts.models import User
from papers import reading_list
from papers.models import Assignment, Entry, Session
from papers.versions import Stamps


def publish(session: Session, now: datetime) -> None:
    """Let the club see a session: open, or locked at once where it has begun, so that no votes fill it."""
    if session.starts > now:
        session.state = Session.State.OPEN
    else:
        session.state = Session.State.LOCKED
        session.locked_at = session.locked_at or min(session.lock_at, now)


def cancel(session: Session, *, because: str, by: User | None, now: datetime, stamps: Stamps) -> None:
    """Cancel a session; papers that stood on its agenda alone are again what they were before, with their votes."""
    session.state = Session.State.CANCELLED
    session.cancelled_at, session.cancelled_because = now, because
    save(session, now, stamps, is_news=True)
    for entry in _load_entries(session):
        reading_list.unschedule(entry, session, by=by, note=because, stamps=stamps)


def bring_back(session: Session, *, by: User | None, now: datetime, stamps: Stamps) -> None:
    """Undo a cancellation: votes are open again if they were, and the agenda stands as it did."""
    session.cancelled_at, session.cancelled_because = None, ""
    if session.locked_at is not None:
        session.state = Session.State.LOCKED
    else:
        publish(session, now)
    save(session, now, stamps, is_news=True)
    # While votes are open, only what is pinned is sure of its place.
    is_sure = {} if session.state == Session.State.LOCKED else {"agenda_items__is_pinned": True}
    for entry in _load_entries(session, **is_sure):
        if entry.state in {Entry.State.NOTED, Entry.State.SUGGESTED}:
            reading_list.schedule(entry, session, by=by, stamps=stamps)


def hold(session: Session, *, by: User | None, now: datetime, stamps: Stamps) -> None:
    """Say that a session took place: its papers are discussed, and what its people were asked to do is done."""
    session.state = Session.State.HELD
    save(session, now, stamps)
    for entry in _load_entries(session):
        reading_list.mark_discussed(entry, session, by=by, stamps=stamps)
    asked = Assignment.objects.filter(item__session=session).live().exclude(state=Assignment.State.DONE)
    _turn_assignments(session, asked, Assignment.State.DONE, stamps)


def take_back_holding(session: Session, *, by: User | None, now: datetime, stamps: Stamps) -> None:
    """Undo `hold`; who had not answered then counts as having accepted."""
    session.state = Session.State.LOCKED
    save(session, now, stamps)
    for entry in _load_entries(session):
        reading_list.unmark_discussed(entry, session, stamps=stamps)
    done = Assignment.objects.filter(item__session=session, state=Assignment.State.DONE)
    _turn_assignments(session, done, Assignment.State.ACCEPTED, stamps)


def save(session: Session, now: datetime, stamps: Stamps, *, is_news: bool = False) -> None:
    """Save a session; `is_news` where whoever has it in a calendar must learn of it (RFC 5545, 3.8.7.4)."""
    session.changed = now
    if is_news:
        session.sequence += 1
    session.save()
    stamps.add(session.club, [session])


def _load_entries(session: Session, **which: bool) -> list[Entry]:
    """Return the entries on an agenda, in the order in which rows are locked."""
    return list(Entry.objects.filter(agenda_items__session=session, **which).order_by("pk"))


def _turn_assignments(
    session: Session, rows: models.QuerySet[Assignment], state: Assignment.State, stamps: Stamps
) -> None:
    turned = list(rows.select_for_update(of=("self",)).order_by("pk"))
    for assignment in turned:
        assignment.state = state
    Assignment.objects.bulk_update(turned, ["state"])
    stamps.add(session.club, turned)

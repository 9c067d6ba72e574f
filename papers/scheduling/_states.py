"""What it means for a session's row, and for what is on its agenda, to be opened, cancelled, brought back or held.

The verbs of `sessions` and `series` ask first whether that makes sense; the session is locked.
Each function saves what it changes and returns those rows, for the stamp.
"""

from __future__ import annotations

from datetime import datetime

from django.db import models

from papers import reading_list
from papers.models import Assignment, Entry, Session


def publish(session: Session, now: datetime) -> None:
    """Let the club see a session: open, or locked at once where it has begun, so that no votes fill it."""
    if session.starts > now:
        session.state = Session.State.OPEN
    else:
        session.state = Session.State.LOCKED
        session.locked_at = session.locked_at or min(session.lock_at, now)


def cancel(session: Session, *, because: str, now: datetime) -> list[models.Model]:
    """Cancel a session; papers that stood on its agenda alone are on the list again."""
    session.state = Session.State.CANCELLED
    session.cancelled_at, session.cancelled_because = now, because
    save(session, now, is_news=True)
    return [session, *_release(session)]


def bring_back(session: Session, now: datetime) -> list[models.Model]:
    """Undo a cancellation: votes are open again if they were, and the agenda stands as it did."""
    session.cancelled_at, session.cancelled_because = None, ""
    if session.locked_at is not None:
        session.state = Session.State.LOCKED
    else:
        publish(session, now)
    save(session, now, is_news=True)
    return [session, *_turn(session, {Entry.State.NOTED, Entry.State.SUGGESTED}, Entry.State.SCHEDULED)]


def hold(session: Session, now: datetime) -> list[models.Model]:
    """Say that a session took place: its papers are discussed, and what its people were asked to do is done."""
    session.state = Session.State.HELD
    save(session, now)
    papers = _turn(session, set(Entry.State) - {Entry.State.DISCUSSED}, Entry.State.DISCUSSED)
    asked = Assignment.objects.select_for_update().filter(item__session=session).live().order_by("pk")
    return [session, *papers, *_answer(asked.exclude(state=Assignment.State.DONE), Assignment.State.DONE)]


def take_back_holding(session: Session, now: datetime) -> list[models.Model]:
    """Undo `hold`; who had not answered then counts as having accepted."""
    session.state = Session.State.LOCKED
    save(session, now)
    elsewhere = Session.objects.filter(state=Session.State.HELD, agenda__entry=models.OuterRef("pk"))
    papers = _turn(
        session,
        {Entry.State.DISCUSSED},
        Entry.State.SCHEDULED,
        but=models.Exists(elsewhere.exclude(pk=session.pk)),
    )
    done = Assignment.objects.select_for_update().filter(item__session=session, state=Assignment.State.DONE)
    return [session, *papers, *_answer(done.order_by("pk"), Assignment.State.ACCEPTED)]


def save(session: Session, now: datetime, *, is_news: bool = False) -> None:
    """Save a session; `is_news` where whoever has it in a calendar must learn of it (RFC 5545, 3.8.7.4)."""
    session.changed = now
    if is_news:
        session.sequence += 1
    session.save()


def _release(session: Session) -> list[Entry]:
    """Put papers of an agenda back on the list, or where else their votes put them; none that another session has."""
    others = Session.objects.filter(agenda__entry=models.OuterRef("pk")).exclude(pk=session.pk)
    live = others.filter(state__in=[Session.State.DRAFT, Session.State.OPEN, Session.State.LOCKED])
    entries = Entry.objects.select_for_update().filter(
        agenda_items__session=session, state=Entry.State.SCHEDULED
    )
    freed = list(entries.exclude(models.Exists(live)).order_by("pk"))
    for entry in freed:
        entry.state = Entry.State.SUGGESTED if entry.suggested else Entry.State.NOTED
        reading_list.settle(entry)
    return freed


def _turn(
    session: Session, before: set[Entry.State], after: Entry.State, *, but: models.Exists | None = None
) -> list[Entry]:
    entries = Entry.objects.select_for_update().filter(agenda_items__session=session, state__in=before)
    turned = list((entries.exclude(but) if but else entries).order_by("pk"))
    for entry in turned:
        entry.state = after
    Entry.objects.bulk_update(turned, ["state"])
    return turned


def _answer(assignments: models.QuerySet[Assignment], state: Assignment.State) -> list[Assignment]:
    answered = list(assignments)
    for assignment in answered:
        assignment.state = state
    Assignment.objects.bulk_update(answered, ["state"])
    return answered

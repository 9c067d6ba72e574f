"""Who says that they come to a session. Places are given to who comes first; the rest are told."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from papers.models import Attendance, Guest, Session
from papers.verbs import verb
from papers.versions import stamp

from .guests import find_or_add_guest
from .refusals import Refused
from .sessions import lock_row


class Full(Refused):
    """All places are taken."""


class NothingToAnswer(Refused):
    """A session that is cancelled, over, or not there yet asks nobody whether they come."""


@verb
def answer(session: Session, member: User, *, answer: str, now: datetime | None = None) -> Attendance:
    """Say whether a member comes: yes, maybe or no; saying it again changes nothing.

    Raises Full for a yes when all places are taken, and NothingToAnswer.
    """
    return _answer(session, answer, now or timezone.now(), member=member)


@verb
def withdraw_answer(session: Session, member: User, *, now: datetime | None = None) -> None:
    """Take an answer back; without one nothing changes. Raises NothingToAnswer."""
    session = _lock_asking(session, now or timezone.now())
    _withdraw(session, Attendance.objects.filter(session=session, member=member).first())


@verb
def bring_guest(session: Session, *, name: str, by: User, now: datetime | None = None) -> Attendance:
    """Say that somebody without an account comes; they take a place like everybody.

    Raises Full, NothingToAnswer, and `guests.BadName`.
    """
    # The club's guest first: a name that is refused is refused whether or not there is a place.
    guest = find_or_add_guest(session.club, name)
    return _answer(session, Attendance.Answer.YES, now or timezone.now(), guest=guest)


@verb
def withdraw_guest(session: Session, guest: Guest, *, by: User, now: datetime | None = None) -> None:
    """Say that a guest does not come after all. Raises NothingToAnswer."""
    session = _lock_asking(session, now or timezone.now())
    _withdraw(session, Attendance.objects.filter(session=session, guest=guest).first())


def count_coming(session: Session) -> int:
    """Return how many places are taken."""
    return Attendance.objects.filter(session=session, answer=Attendance.Answer.YES).count()


def _answer(
    session: Session, answer: str, now: datetime, *, member: User | None = None, guest: Guest | None = None
) -> Attendance:
    if answer not in Attendance.Answer.values:
        raise ValueError(f"An answer is one of {Attendance.Answer.values}, not {answer!r}.")
    session = _lock_asking(session, now)
    row = Attendance.objects.filter(session=session, member=member, guest=guest).first()
    if row is not None and row.answer == answer:
        return row
    if answer == Attendance.Answer.YES and session.capacity is not None:
        _take_place(session)
    row = row or Attendance(session=session, member=member, guest=guest)
    row.answer, row.answered_at = answer, now
    row.save()
    stamp(session.club, [row] if guest is None else [row, guest])
    return row


def _take_place(session: Session) -> None:
    """Refuse whoever comes after the last place was taken; the session is locked, so nobody slips in."""
    assert session.capacity is not None
    if count_coming(session) >= session.capacity:
        raise Full(
            ngettext(
                "The one place is taken. Say “perhaps”, and look again later.",
                "All %(n)d places are taken. Say “perhaps”, and look again later.",
                session.capacity,
            )
            % {"n": session.capacity}
        )


def _withdraw(session: Session, row: Attendance | None) -> None:
    if row is None or not row.answer:
        return
    if row.came is not None:  # the record of who came is another matter
        row.answer, row.answered_at = "", None
        row.save()
        stamp(session.club, [row])
        return
    gone = (Attendance, row.pk)
    row.delete()
    stamp(session.club, deleted=[gone])


def _lock_asking(session: Session, now: datetime) -> Session:
    """Return the session, locked, if it asks who comes."""
    session = lock_row(session)
    match session.state:
        case Session.State.CANCELLED:
            raise NothingToAnswer(_("This session is cancelled."))
        case Session.State.DRAFT:
            raise NothingToAnswer(_("This session is a draft still: open it first."))
    if session.state == Session.State.HELD or session.ends <= now:
        raise NothingToAnswer(_("This session is over."))
    return session

"""Who came to a session, as an organiser ticks it off."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Membership, User
from papers.models import Attendance, Guest, Session
from papers.verbs import verb
from papers.versions import stamp

from .guests import find_or_add_guest
from .refusals import Refused
from .sessions import lock_row

MOST_NEW: Final = 50
"""Guests that are new to the club and come at once."""


class NothingToTick(Refused):
    """Before a session nobody can have come; nor to one that is cancelled, or a draft."""


class Stranger(Refused):
    """Somebody who is neither a member nor a guest of the club."""

    field = "members"


@dataclass(frozen=True, slots=True)
class Tick:
    """Somebody who may have come; `is_ticked` before anybody said so where they said that they would."""

    name: str
    member: int | None
    guest: int | None
    answer: str
    came: bool | None

    @property
    def is_ticked(self) -> bool:
        return self.answer == Attendance.Answer.YES if self.came is None else self.came


def load_ticks(session: Session) -> list[Tick]:
    """Return all members and those guests who said something, by name; who left the club only if they are noted."""
    rows = list(session.attendances.select_related("member", "guest"))
    said = {row.member_id: row for row in rows if row.member_id is not None}
    members: dict[int, User] = {row.member_id: row.member for row in rows if row.member_id and row.member}
    memberships = Membership.objects.filter(club=session.club_id).select_related("user")
    members |= {each.user_id: each.user for each in memberships}
    ticks = [
        Tick(
            user.display_name,
            pk,
            None,
            said[pk].answer if pk in said else "",
            said[pk].came if pk in said else None,
        )
        for pk, user in members.items()
    ]
    ticks += [Tick(row.guest.name, None, row.guest_id, row.answer, row.came) for row in rows if row.guest]
    return sorted(
        ticks, key=lambda tick: (tick.member is None, tick.name.casefold(), tick.member or tick.guest)
    )


@verb
def record(
    session: Session,
    *,
    members: Collection[int],
    guests: Collection[int] = (),
    new_guests: Iterable[str] = (),
    by: User,
    now: datetime | None = None,
) -> Session:
    """Say who came, by their ids; whoever is not among them did not. The same again changes nothing.

    Raises NothingToTick, Stranger and `guests.BadName`.
    """
    session = _lock_begun(session, now or timezone.now())
    names = list(new_guests)[:MOST_NEW]
    added = [find_or_add_guest(session.club, name) for name in names]
    rows = list(session.attendances.select_related("guest"))
    came = {(pk, None) for pk in members} | {(None, pk) for pk in (*guests, *(each.pk for each in added))}
    known = {(row.member_id, row.guest_id): row for row in rows}
    _check_known(session, came - known.keys())
    changed = []
    for who, row in known.items():
        if row.came is not (who in came):
            row.came = who in came
            changed.append(row)
    new = [
        Attendance(session=session, member_id=member, guest_id=guest, came=True)
        for member, guest in sorted(came - known.keys(), key=str)
    ]
    Attendance.objects.bulk_update(changed, ["came"])
    new = Attendance.objects.bulk_create(new)
    if changed or new:
        stamp(session.club, [*changed, *new, *added])
    return session


@verb
def tick(
    session: Session,
    *,
    came: bool,
    by: User,
    member: User | None = None,
    guest: Guest | None = None,
    now: datetime | None = None,
) -> Attendance:
    """Say of one member or guest whether they came. Raises NothingToTick and Stranger."""
    session = _lock_begun(session, now or timezone.now())
    row = Attendance.objects.filter(session=session, member=member, guest=guest).first()
    if row is not None and row.came == came:
        return row
    if row is None:
        _check_known(session, {(member.pk if member else None, guest.pk if guest else None)})
        row = Attendance(session=session, member=member, guest=guest)
    row.came = came
    row.save()
    stamp(session.club, [row])
    return row


def _check_known(session: Session, who: Collection[tuple[int | None, int | None]]) -> None:
    members = {member for member, _guest in who if member is not None}
    guests = {guest for _member, guest in who if guest is not None}
    of_club = Membership.objects.filter(club=session.club_id, user__in=members)
    if of_club.count() < len(members) or (
        guests and Guest.objects.filter(club=session.club_id, pk__in=guests).count() < len(guests)
    ):
        raise Stranger(_("Tick members of the club, and guests of its sessions."))


def _lock_begun(session: Session, now: datetime) -> Session:
    session = lock_row(session)
    if session.state not in {Session.State.LOCKED, Session.State.HELD}:
        raise NothingToTick(_("Who came is noted once votes are closed, from when the session begins."))
    if session.starts > now and session.began_at is None:
        raise NothingToTick(_("It has not begun yet."))
    return session

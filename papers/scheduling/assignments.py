"""Who takes which part: asked, accepted, declined, swapped, handed over.

    proposed ──accept──► accepted ──► done (when the session is held)
        └──decline──► declined ◄──decline──┘

Each verb locks the session, then the assignments in the order of their ids, and stamps the club. Somebody who declined
is never asked for the same item again, by a plan; an organiser may, and they themselves may take it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.text import Truncator
from django.utils.translation import gettext as _

from accounts.models import Club, Membership, User
from papers.models import Absence, AgendaItem, Assignment, Guest, Part, Session, SwapOffer
from papers.verbs import verb
from papers.versions import Stamps

from .guests import find_or_add_guest
from .refusals import Refused
from .roster import find_day

REASON = Assignment._meta.get_field("reason").max_length or 500
ANSWER = Assignment._meta.get_field("answer").max_length or 300
REMIND_AGAIN = timedelta(hours=20)

State = Assignment.State


class IsOver(Refused):
    """Who did what in a session that was held, or is cancelled, stays as it was."""


class NotAMember(Refused):
    """Only members of the club take parts; others are guests."""


class Taken(Refused):
    """Somebody has this part already."""


class HasAnother(Refused):
    """Nobody takes two parts in one item."""


class IsAway(Refused):
    """Somebody who noted that they are away that day."""


class Answered(Refused):
    """What was answered, or is over, is not answered again."""


class NotToSwap(Refused):
    """Two parts that cannot be swapped."""


class TooSoon(Refused):
    """Whoever was reminded today is not reminded again."""


@verb
def propose(
    item: AgendaItem,
    part: Part,
    *,
    by: User,
    member: User | None = None,
    guest: Guest | str | None = None,
    pin: bool = True,
) -> Assignment:
    """Ask a member, or note a guest, for a part; whoever had it has it no more. The same again changes nothing.

    A guest is given as a row or by name. Pinned, no plan changes it. Who asks themselves has accepted, and so has a
    guest. Of a session that was held it is a note of what was. Raises IsOver, NotAMember, HasAnother, guests.BadName.
    """
    if (member is None) == (guest is None):
        raise ValueError("Name a member or a guest.")
    session = _lock_session(item)
    if session.state == Session.State.CANCELLED:
        raise IsOver(_("This session is cancelled. Bring it back first."))
    if member is not None:
        _require_member(session.club, member)
        _require_no_other(item, part, member)
    stamps = Stamps()
    if isinstance(guest, str):
        guest = find_or_add_guest(session.club, guest)
        if not guest.version:
            stamps.add(session.club, [guest])
    before = _find_holder(item, part)
    if before is not None:
        if (before.member_id, before.guest_id) == (member and member.pk, guest and guest.pk):
            if before.is_pinned != pin:
                before.is_pinned = pin
                before.save(update_fields=["is_pinned"])
                stamps.add(session.club, [before])
            stamps.write()
            return before
        remove([before], stamps)
    state = State.PROPOSED
    if session.state == Session.State.HELD:
        state = State.DONE
    elif guest is not None or member == by:
        state = State.ACCEPTED
    reason = "" if member is None or member == by else _("%(name)s asks you for it.") % {"name": by}
    assignment = Assignment.objects.create(
        club=session.club,
        item=item,
        part=part,
        member=member,
        guest=guest,
        state=state,
        is_pinned=pin,
        reason=reason,
        proposed_by=by,
        answered_at=None if state == State.PROPOSED else timezone.now(),
    )
    stamps.add(session.club, [assignment])
    stamps.write()
    return assignment


@verb
def release(assignment: Assignment, *, by: User) -> None:
    """Take a part from whoever has it, without their having declined: it is open again. Raises IsOver."""
    session, assignment = _lock(assignment)
    if session.state == Session.State.CANCELLED:
        raise IsOver(_("This session is cancelled. Bring it back first."))
    stamps = Stamps()
    remove([assignment], stamps)
    stamps.write()


@verb
def take(item: AgendaItem, part: Part, *, by: User) -> Assignment:
    """Let a member take a part that nobody has. Raises IsOver, NotAMember, Taken, HasAnother."""
    session = _lock_session(item)
    _require_to_come(session)
    _require_member(session.club, by)
    holder = _find_holder(item, part)
    if holder is not None and holder.member_id == by.pk:
        return _accept(session, holder)
    if holder is not None:
        raise Taken(_("%(name)s has this part already.") % {"name": holder.member or holder.guest})
    _require_no_other(item, part, by)
    assignment = Assignment.objects.create(
        club=session.club,
        item=item,
        part=part,
        member=by,
        state=State.ACCEPTED,
        proposed_by=by,
        answered_at=timezone.now(),
    )
    stamps = Stamps()
    stamps.add(session.club, [assignment])
    stamps.write()
    return assignment


@verb
def accept(assignment: Assignment, *, by: User) -> Assignment:
    """Say yes to a part; again changes nothing. What was declined comes back while nobody else has it.

    Raises IsOver, Taken, HasAnother.
    """
    session, assignment = _lock(assignment)
    if assignment.state == State.ACCEPTED:
        return assignment
    _require_to_come(session)
    return _accept(session, assignment)


def _accept(session: Session, assignment: Assignment) -> Assignment:
    if assignment.state == State.ACCEPTED:
        return assignment
    item, part = _place_of(assignment)
    if assignment.state == State.DECLINED:
        holder = _find_holder(item, part)
        if holder is not None:
            name = holder.member or holder.guest
            raise Taken(_("%(name)s has this part by now.") % {"name": name})
        assert assignment.member is not None
        _require_no_other(item, part, assignment.member)
    assignment.state, assignment.answered_at, assignment.answer = State.ACCEPTED, timezone.now(), ""
    assignment.save(update_fields=["state", "answered_at", "answer"])
    _write(assignment)
    return assignment


@verb
def decline(assignment: Assignment, *, by: User, because: str = "") -> Assignment:
    """Say no to a part, also to one that was accepted; it is open again. Raises IsOver."""
    session, assignment = _lock(assignment)
    if assignment.state == State.DECLINED:
        return assignment
    _require_to_come(session)
    stamps = Stamps()
    _decline(assignment, because, stamps)
    stamps.write()
    return assignment


@verb
def hand_over(assignment: Assignment, *, to: User, by: User) -> Assignment:
    """Give a part to another member, who is asked; whoever had it is out of it. Return the new assignment.

    Raises IsOver, NotAMember, HasAnother, IsAway, Answered.
    """
    session, assignment = _lock(assignment)
    _require_to_come(session)
    if assignment.state == State.DECLINED:
        raise Answered(_("You declined it: it is not yours to hand over."))
    item, part = _place_of(assignment)
    if to.pk == assignment.member_id:
        raise HasAnother(_("It is theirs already."))
    _require_can_take(session, item, part, to)
    stamps = Stamps()
    _decline(assignment, _("Handed over to %(name)s.") % {"name": to}, stamps)
    given = Assignment.objects.create(
        club=session.club,
        item=item,
        part=part,
        member=to,
        reason=_("%(name)s hands it over to you.") % {"name": by},
        proposed_by=by,
    )
    stamps.add(session.club, [given])
    stamps.write()
    return given


@verb
def offer_swap(assignment: Assignment, *, wanted: Assignment, by: User) -> SwapOffer:
    """Offer one's part for that of another member; the same offer again changes nothing.

    Raises IsOver, NotToSwap, and what keeps one of the two from the other's part: HasAnother, IsAway.
    """
    assignment, wanted = _lock_pair(assignment, wanted)
    _require_swappable(assignment, wanted)
    offer, is_new = SwapOffer.objects.get_or_create(
        assignment=assignment, wanted=wanted, state=SwapOffer.State.OFFERED
    )
    if is_new:
        _write(assignment, wanted)
    return offer


@verb
def answer_swap(offer: SwapOffer, *, accepts: bool, by: User) -> SwapOffer:
    """Say yes or no to a swap. With yes each has the other's part, accepted; other offers for either end.

    Raises Answered, and as `offer_swap` where something has changed since.
    """
    assignment, wanted = _lock_pair(offer.assignment, offer.wanted)
    offer = SwapOffer.objects.select_for_update().get(pk=offer.pk)
    if offer.state != SwapOffer.State.OFFERED:
        raise Answered(_("This offer is over."))
    if accepts:
        _require_swappable(assignment, wanted)
        _swap(assignment, wanted)
    offer.state = SwapOffer.State.ACCEPTED if accepts else SwapOffer.State.DECLINED
    offer.answered_at = timezone.now()
    offer.save(update_fields=["state", "answered_at"])
    if accepts:
        _withdraw_swaps([assignment, wanted])
    _write(assignment, wanted)
    return offer


@verb
def withdraw_swap(offer: SwapOffer, *, by: User) -> SwapOffer:
    """Take an offer back; one that is over stays as it is."""
    assignment, wanted = _lock_pair(offer.assignment, offer.wanted)
    offer = SwapOffer.objects.select_for_update().get(pk=offer.pk)
    if offer.state == SwapOffer.State.OFFERED:
        offer.state, offer.answered_at = SwapOffer.State.WITHDRAWN, timezone.now()
        offer.save(update_fields=["state", "answered_at"])
        _write(assignment, wanted)
    return offer


@verb
def remind(assignment: Assignment, *, by: User, now: datetime | None = None) -> Assignment:
    """Ask once more who has not answered. Raises Answered, IsOver, TooSoon."""
    session, assignment = _lock(assignment)
    _require_to_come(session)
    now = now or timezone.now()
    if assignment.state != State.PROPOSED:
        raise Answered(_("It was answered already."))
    if now - (assignment.reminded_at or assignment.proposed_at) < REMIND_AGAIN:
        raise TooSoon(_("They were asked less than a day ago. Remind them tomorrow."))
    assignment.reminded_at = now
    assignment.save(update_fields=["reminded_at"])
    _write(assignment)
    return assignment


# --- Members who leave ---------------------------------------------------------------------------------------


def find_left(now: datetime) -> list[int]:
    """Return the clubs in which somebody who is no member any more has parts to come, or days away."""
    stays = Membership.objects.filter(club=OuterRef("club"), user=OuterRef("member"))
    parts = _list_open(now).filter(~Exists(stays)).values_list("club", flat=True)
    days = Absence.objects.filter(~Exists(stays)).values_list("club", flat=True)
    return sorted({*parts.order_by(), *days.order_by()})


@verb
def end_parts_of_left(club: Club, *, now: datetime) -> int:
    """End the parts to come, and the noted days, of whoever has left a club; return how many parts."""
    members = Membership.objects.filter(club=club).values("user")
    sessions = Session.objects.filter(club=club, starts__gt=now).order_by("pk").select_for_update()
    ids = [session.pk for session in sessions]
    left = _list_open(now).filter(club=club, item__session__in=ids).exclude(member__in=members)
    assignments = list(left.order_by("pk"))
    stamps = Stamps()
    remove(assignments, stamps)
    days = list(Absence.objects.filter(club=club).exclude(member__in=members))
    if days:
        gone = [(Absence, absence.pk) for absence in days]
        Absence.objects.filter(pk__in=[absence.pk for absence in days]).delete()
        stamps.add(club, [], gone)
    stamps.write()
    return len(assignments)


def _list_open(now: datetime) -> Any:
    return Assignment.objects.filter(
        state__in=[State.PROPOSED, State.ACCEPTED],
        member__isnull=False,
        item__session__starts__gt=now,
        item__session__state__in=[Session.State.DRAFT, Session.State.OPEN, Session.State.LOCKED],
    )


# --- What the verbs share --------------------------------------------------------------------------------------


def remove(assignments: Iterable[Assignment], stamps: Stamps) -> None:
    """Delete assignments that nobody declined, and leave tombstones; their session is locked."""
    for assignment in assignments:
        gone = (Assignment, assignment.pk)
        offers = SwapOffer.objects.waiting().filter(wanted=assignment)
        others = [offer.assignment for offer in offers.select_related("assignment")]
        Assignment.objects.filter(pk=assignment.pk).delete()
        stamps.add(assignment.club, others, [gone])


def _decline(assignment: Assignment, because: str, stamps: Stamps) -> None:
    assignment.state, assignment.answered_at = State.DECLINED, timezone.now()
    assignment.answer = Truncator(" ".join(because.split())).chars(ANSWER)
    assignment.is_pinned = False
    assignment.save(update_fields=["state", "answered_at", "answer", "is_pinned"])
    stamps.add(assignment.club, [assignment, *_withdraw_swaps([assignment])])


def _withdraw_swaps(assignments: Iterable[Assignment]) -> list[Assignment]:
    """End the offers that name an assignment; return the other assignments they named."""
    touched = []
    for assignment in assignments:
        for offer in SwapOffer.objects.waiting().filter(assignment=assignment).select_related("wanted"):
            touched.append(offer.wanted)
        for offer in SwapOffer.objects.waiting().filter(wanted=assignment).select_related("assignment"):
            touched.append(offer.assignment)
        for side in ({"assignment": assignment}, {"wanted": assignment}):
            SwapOffer.objects.waiting().filter(**side).update(
                state=SwapOffer.State.WITHDRAWN, answered_at=timezone.now()
            )
    return touched


def _swap(assignment: Assignment, wanted: Assignment) -> None:
    now = timezone.now()
    members = assignment.member, wanted.member
    wanted.member, assignment.member = members
    for each, other in ((assignment, members[0]), (wanted, members[1])):
        each.state, each.answered_at, each.facts = State.ACCEPTED, now, {}
        each.reason = _("Swapped with %(name)s.") % {"name": other}
        each.save(update_fields=["member", "state", "answered_at", "facts", "reason"])


def _require_swappable(assignment: Assignment, wanted: Assignment) -> None:
    if assignment.member is None or wanted.member is None or assignment.club_id != wanted.club_id:
        raise NotToSwap(_("Only members of one club swap parts."))
    if assignment.member_id == wanted.member_id:
        raise NotToSwap(_("Both parts are of the same member."))
    for each in (assignment, wanted):
        item, _part = _place_of(each)
        _require_to_come(item.session)
        if each.state not in {State.PROPOSED, State.ACCEPTED}:
            raise Answered(_("One of the two parts was declined meanwhile."))
    for mine, theirs in ((assignment, wanted), (wanted, assignment)):
        item, part = _place_of(theirs)
        assert mine.member is not None
        _require_can_take(item.session, item, part, mine.member, instead_of=mine)


def _require_can_take(
    session: Session, item: AgendaItem, part: Part, member: User, *, instead_of: Assignment | None = None
) -> None:
    _require_member(session.club, member)
    _require_no_other(item, part, member, but=instead_of)
    day = find_day(session)
    away = Absence.objects.filter(club=session.club_id, member=member, first_day__lte=day, last_day__gte=day)
    if away.exists():
        raise IsAway(_("%(name)s is away that day.") % {"name": member})


def _require_member(club: Club, member: User) -> None:
    if not Membership.objects.filter(club=club, user=member).exists():
        raise NotAMember(_("%(name)s is no member of %(club)s.") % {"name": member, "club": club})


def _require_no_other(item: AgendaItem, part: Part, member: User, *, but: Assignment | None = None) -> None:
    others = Assignment.objects.live().filter(item=item, member=member).exclude(part=part)
    others = others.exclude(pk=but.pk) if but is not None else others
    other = others.select_related("part").first()
    if other is not None:
        raise HasAnother(
            _("%(name)s has another part in it: %(part)s.") % {"name": member, "part": other.part}
        )


def _require_to_come(session: Session) -> None:
    if session.state == Session.State.CANCELLED:
        raise IsOver(_("This session is cancelled."))
    if session.state == Session.State.HELD or session.ends <= timezone.now():
        raise IsOver(_("This session is over."))


def _place_of(assignment: Assignment) -> tuple[AgendaItem, Part]:
    """Return item and part; what is asked of a member about an entry alone is not answered here."""
    if assignment.item is None or assignment.part is None:
        raise ValueError("This is no part in an item.")
    return assignment.item, assignment.part


def _find_holder(item: AgendaItem, part: Part) -> Assignment | None:
    live = Assignment.objects.live().filter(item=item, part=part)
    return live.select_related("club", "item", "part", "member", "guest").first()


def _lock_session(item: AgendaItem) -> Session:
    session = Session.objects.select_for_update(of=("self",)).select_related("club").get(pk=item.session_id)
    if not AgendaItem.objects.filter(pk=item.pk).exists():
        raise IsOver(_("This is on the agenda no more."))
    return session


def _lock(assignment: Assignment) -> tuple[Session, Assignment]:
    item, _part = _place_of(assignment)
    session = Session.objects.select_for_update(of=("self",)).get(pk=item.session_id)
    return session, _read(assignment.pk)


def _lock_pair(one: Assignment, other: Assignment) -> tuple[Assignment, Assignment]:
    items = [_place_of(each)[0].session_id for each in (one, other)]
    list(Session.objects.select_for_update().filter(pk__in=items).order_by("pk"))
    first, last = sorted([one.pk, other.pk])
    rows = {pk: _read(pk) for pk in (first, last)}
    return rows[one.pk], rows[other.pk]


def _read(pk: int) -> Assignment:
    related = ("club", "item__session__club", "part", "member", "guest")
    rows = Assignment.objects.select_for_update(of=("self",)).select_related(*related)
    assignment = rows.filter(pk=pk).first()
    if assignment is None:
        raise IsOver(_("This part was given to somebody else meanwhile."))
    return assignment


def _write(*assignments: Assignment) -> None:
    stamps = Stamps()
    for assignment in assignments:
        stamps.add(assignment.club, [assignment])
    stamps.write()

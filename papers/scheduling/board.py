"""The plan as its page shows it: members by sessions, how much each has done, who was asked and has not answered.

Made of a roster, without a query of its own.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from zoneinfo import ZoneInfo

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts.models import Club, Membership, User
from papers.models import AgendaItem, Assignment, Part, PlanDraft, Session, SwapOffer

from .presenters import Key, Place, count_credits
from .reasons import Why, explain_of, say_gap, say_open
from .roster import Roster

SURE, ASKED, CHANGED, NO = "sure", "asked", "changed", "no"
TICK, TALL = 8, 16
MOST_TICKS = 12

State = Assignment.State


@dataclass(frozen=True, slots=True)
class Mark:
    """What a member has to do in an item, as a word with a shape: accepted, asked, changed, declined."""

    kind: str
    part: str
    title: str


@dataclass(slots=True)
class Cell:
    session: Session
    marks: list[Mark] = field(default_factory=list)
    is_away: bool = False


@dataclass(frozen=True, slots=True)
class Load:
    """How often a member took a part, and how often they are to: the first part as ticks, the others in words."""

    part: Part
    given: int
    planned: int
    done_path: str = ""
    up_path: str = ""
    width: int = 0


@dataclass(frozen=True, slots=True)
class Row:
    membership: Membership
    cells: list[Cell]
    loads: list[Load]

    @property
    def user(self) -> User:
        return self.membership.user


@dataclass(frozen=True, slots=True)
class Spot:
    """A place and who has it: an assignment, or nobody; `changed` is who would be asked by the draft."""

    place: Place
    item: AgendaItem
    part: Part
    assignment: Assignment | None
    kind: str
    changed: User | None = None
    is_changed: bool = False

    @property
    def holder(self) -> str:
        if self.assignment is None:
            return ""
        return str(self.assignment.member or self.assignment.guest)


@dataclass(frozen=True, slots=True)
class Column:
    session: Session
    day: str
    spots: list[Spot]
    note: str = ""
    """Why nobody is needed, where that is so."""

    @property
    def open(self) -> list[Spot]:
        return [spot for spot in self.spots if spot.assignment is None]


@dataclass(frozen=True, slots=True)
class Proposal:
    """Something that somebody was asked, with the reason as it is told to whoever looks."""

    spot: Spot
    day: str
    because: str
    assignment: Assignment
    others: list[tuple[int, str]] = field(default_factory=list)
    """The parts of others for which it can be swapped: ids, and what they are."""
    heirs: list[User] = field(default_factory=list)
    """Who could take it over, whose turn it is first."""
    offered: list[SwapOffer] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Change:
    day: str
    spot: Spot
    before: str
    after: User | None
    because: str


@dataclass(frozen=True, slots=True)
class Board:
    columns: list[Column]
    rows: list[Row]
    mine: list[Proposal]
    """What the person who looks was asked and has not answered."""
    accepted: list[Proposal]
    waiting: list[Proposal]
    """What others were asked."""
    swaps: list[SwapOffer]
    """Offered to the person who looks."""
    parts: list[Part]
    places: int
    changes: list[Change]
    open: list[tuple[Spot, str, str]]
    gaps: list[str]
    gap: str

    @property
    def has_open(self) -> bool:
        return any(column.open for column in self.columns)


def make_board(
    roster: Roster,
    *,
    user: User,
    draft: PlanDraft | None = None,
    swaps: Iterable[SwapOffer] = (),
    shown: int | None = None,
) -> Board:
    """Lay out a roster for a person; with the changes of a draft that is ready, for whoever may see it."""
    changes = {}
    if draft is not None and draft.state == PlanDraft.State.READY:
        changes = {(change["item"], change["part"]): change for change in draft.changes}
    spots = [_make_spot(roster, place, changes) for place in roster.places]
    by_session = defaultdict(list)
    for spot in spots:
        by_session[spot.place.session].append(spot)
    sessions = roster.sessions[:shown]
    columns = [
        Column(
            session, say_day(session), by_session[session.pk], _say_why_none(session, by_session[session.pk])
        )
        for session in sessions
    ]
    planned: Counter[tuple[int | None, int]] = Counter(
        (spot.assignment.member_id, spot.part.pk)
        for spot in spots
        if spot.assignment is not None and spot.assignment.member_id
    )
    used = {spot.part.pk for spot in spots}
    parts = [part for part in roster.parts.values() if part.pk in used] or list(roster.parts.values())[:1]
    waiting_swaps = [swap for swap in swaps if swap.state == SwapOffer.State.OFFERED]
    proposals = [
        _make_proposal(roster, spot, spots, user, waiting_swaps)
        for spot in spots
        if spot.assignment is not None and spot.assignment.member_id and not spot.is_changed
    ]
    asked = [each for each in proposals if each.assignment.state == State.PROPOSED]
    by_key = {spot.place.key: spot for spot in spots}
    return Board(
        columns=columns,
        rows=[_make_row(roster, membership, columns, parts, planned) for membership in roster.memberships],
        mine=[each for each in asked if each.assignment.member_id == user.pk],
        accepted=[
            each
            for each in proposals
            if each.assignment.member_id == user.pk and each.assignment.state == State.ACCEPTED
        ],
        waiting=[each for each in asked if each.assignment.member_id != user.pk],
        swaps=[swap for swap in waiting_swaps if swap.wanted.member_id == user.pk],
        parts=parts,
        places=len(spots),
        changes=[
            _make_change(roster, by_key[key], change) for key, change in changes.items() if key in by_key
        ],
        open=[
            (
                by_key[key],
                say_day(by_key[key].item.session),
                say_open(row["why"], candidates=row["candidates"]),
            )
            for row in (draft.open if draft else [])
            if (key := (row["item"], row["part"])) in by_key
        ],
        gaps=[
            say_gap(row["gap"], roster.parts[row["part"]].name)
            for row in (draft.gaps if draft else [])
            if row["part"] in roster.parts
        ],
        gap=_measure_gap(roster, parts[0], planned) if parts and spots else "",
    )


def say_day(session: Session) -> str:
    """Return the day of a session as it stands over a column: Wed 30 April."""
    return date_format(session.starts.astimezone(ZoneInfo(session.time_zone)), "D j F")


def list_heirs(roster: Roster, place: Place) -> list[User]:
    """Return the members who could have a place instead, those first who did least and longest ago."""
    taken = {holder.member_id for key, holder in roster.holders.items() if key[0] == place.item}
    out = {each.member_id for each in roster.refusals if each.item_id == place.item}
    out |= {member for member, item in roster.conflicts if item == place.item} | taken
    planned = Counter(holder.member_id for key, holder in roster.holders.items() if key[1] == place.part)
    heirs = [
        membership.user
        for membership in roster.memberships
        if membership.takes_parts
        and membership.user_id not in out
        and not roster.is_away(membership.user_id, place.day)
    ]
    return sorted(
        heirs,
        key=lambda heir: (
            roster.given.get((heir.pk, place.part), 0) + planned[heir.pk],
            roster.last.get((heir.pk, place.part), date.min),
            heir.pk,
        ),
    )


def explain_to(assignment: Assignment, part: Part, user: User, club: Club) -> str:
    """Tell somebody why a member was asked: to themselves as “you”, to others by name."""
    if assignment.member_id == user.pk or not assignment.facts:
        return assignment.reason if assignment.member_id == user.pk else ""
    return explain_of(
        Why.from_json(assignment.facts),
        part.name,
        name=str(assignment.member),
        tells_votes=club.tells_voters,
    )


def _make_spot(roster: Roster, place: Place, changes: dict[Key, dict]) -> Spot:
    holder = roster.holders.get(place.key)
    change = changes.get(place.key)
    kind = ""
    if holder is not None:
        kind = ASKED if holder.state == State.PROPOSED else SURE
    return Spot(
        place=place,
        item=roster.items[place.item],
        part=roster.parts[place.part],
        assignment=holder,
        kind=kind,
        changed=roster.members.get(change["member"]) if change and change["member"] else None,
        is_changed=change is not None,
    )


def _make_row(
    roster: Roster,
    membership: Membership,
    columns: list[Column],
    parts: list[Part],
    planned: Counter[tuple[int | None, int]],
) -> Row:
    member = membership.user_id
    cells = []
    for column in columns:
        cell = Cell(column.session)
        for spot in column.spots:
            title = spot.item.entry.paper.title if spot.item.entry else spot.item.title
            if spot.changed is not None and spot.changed.pk == member:
                cell.marks.append(Mark(CHANGED, spot.part.name, title))
            if spot.assignment is not None and spot.assignment.member_id == member:
                cell.marks.append(Mark(NO if spot.is_changed else spot.kind, spot.part.name, title))
            for refusal in roster.refusals:
                if (refusal.member_id, refusal.item_id, refusal.part_id) == (member, *spot.place.key):
                    cell.marks.append(Mark(NO, spot.part.name, title))
                    break
        day = column.session.starts.astimezone(ZoneInfo(column.session.time_zone)).date()
        cell.is_away = roster.is_away(member, day)
        cells.append(cell)
    return Row(membership, cells, [_make_load(roster, member, part, planned) for part in parts])


def _make_load(roster: Roster, member: int, part: Part, planned: Counter[tuple[int | None, int]]) -> Load:
    given, coming = roster.given.get((member, part.pk), 0), planned[member, part.pk]
    drawn = [f"M{3 + TICK * number} 2V{TALL}" for number in range(min(given + coming, MOST_TICKS))]
    return Load(
        part=part,
        given=given,
        planned=coming,
        done_path="".join(drawn[:given]),
        up_path="".join(drawn[given:]),
        width=TICK * max(1, len(drawn)),
    )


def _make_proposal(
    roster: Roster, spot: Spot, spots: list[Spot], user: User, swaps: list[SwapOffer]
) -> Proposal:
    assignment = spot.assignment
    assert assignment is not None
    others: list[tuple[int, str]] = []
    heirs: list[User] = []
    if assignment.member_id == user.pk:
        others = [
            (each.assignment.pk, f"{say_day(each.item.session)}, {each.part}: {each.holder}")
            for each in spots
            if each.assignment is not None
            and each.assignment.member_id not in (None, user.pk)
            and not roster.is_away(user.pk, each.place.day)
            and not roster.is_away(each.assignment.member_id, spot.place.day)
        ]
        heirs = list_heirs(roster, spot.place)
    return Proposal(
        spot=spot,
        day=say_day(spot.item.session),
        because=explain_to(assignment, spot.part, user, roster.club),
        assignment=assignment,
        others=others,
        heirs=heirs,
        offered=[swap for swap in swaps if swap.assignment_id == assignment.pk],
    )


def _make_change(roster: Roster, spot: Spot, change: dict) -> Change:
    after = roster.members.get(change["member"]) if change["member"] is not None else None
    because = ""
    if after is not None:
        because = explain_of(
            Why.from_json(change["why"]),
            spot.part.name,
            name=str(after),
            tells_votes=roster.club.tells_voters,
        )
    before = ""
    if spot.assignment is not None:
        before = _say_why_gone(roster, spot)
    else:
        declined = [each for each in roster.refusals if (each.item_id, each.part_id) == spot.place.key]
        if declined:
            last = declined[-1]
            before = (
                _("%(name)s declined (“%(why)s”).") % {"name": last.member, "why": last.answer}
                if last.answer
                else _("%(name)s declined.") % {"name": last.member}
            )
    return Change(say_day(spot.item.session), spot, before, after, because)


def _say_why_gone(roster: Roster, spot: Spot) -> str:
    assignment = spot.assignment
    assert assignment is not None
    name = {"name": assignment.member or assignment.guest}
    if assignment.member_id not in roster.members:
        return _("%(name)s has left the club.") % name
    if roster.is_away(assignment.member_id, spot.place.day):
        return _("%(name)s is away.") % name
    return _("%(name)s was asked, and would be asked no more.") % name


def _say_why_none(session: Session, spots: list[Spot]) -> str:
    if spots:
        return ""
    if session.state == Session.State.OPEN:
        when = session.lock_at.astimezone(ZoneInfo(session.time_zone))
        return _("agenda fills on %(when)s") % {"when": date_format(when, "j F")}
    return _("nobody needed")


def _measure_gap(roster: Roster, part: Part, planned: Counter[tuple[int | None, int]]) -> str:
    """Say how far apart the members are in a part, as things are."""
    credits = count_credits(roster.ask())
    burdens = [
        roster.given.get((each.user_id, part.pk), 0)
        + planned[each.user_id, part.pk]
        + credits[each.user_id, part.pk]
        for each in roster.memberships
        if each.takes_parts
    ]
    return say_gap(max(burdens) - min(burdens), part.name) if burdens else ""

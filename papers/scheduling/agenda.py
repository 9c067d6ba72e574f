"""What is on an agenda: how it fills when votes close, when each item begins, how its minutes are drawn. Pure.

`fill` keeps what organisers put there and adds papers in the order of the ranking, as long as they fit. The same
ranking and the same items always give the same agenda.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final, Protocol

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from papers.models import SessionKind


class Ranked(Protocol):
    """A paper that may come in by its votes, as `voting.rank` gives them in their order."""

    @property
    def entry_id(self) -> int: ...
    @property
    def score(self) -> Decimal: ...
    @property
    def reason(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Share:
    """The minutes that a paper gets in a session of a kind, and the fewest that are worth beginning with one."""

    usual: int
    least: int


SHARES: Final[dict[str, Share]] = {
    SessionKind.PAPER_TALK: Share(30, 20),
    SessionKind.LIGHTNING: Share(10, 5),
    SessionKind.ROLE_PLAY: Share(45, 30),
}
"""Kinds that take papers by votes. Own work and special topics have what organisers put there."""

USUAL_TOPIC: Final = 5
"""Minutes of a topic without a paper."""


@dataclass(frozen=True, slots=True)
class Standing:
    """An item that stands on the agenda before it fills.

    One that does not stay (`stays`) makes room: its paper comes in again only by its votes.
    """

    key: int
    minutes: int
    entry_id: int | None = None
    stays: bool = True
    is_closing: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """A point of the agenda as it fills: an item that stood there (`key`), a paper that comes in, or both."""

    key: int | None
    minutes: int
    ranked: Ranked | None = None


@dataclass(frozen=True, slots=True)
class Filling:
    """The places in order, those that are free again, the minutes left (below 0: too many), and a sentence why."""

    places: tuple[Place, ...]
    freed: tuple[int, ...]
    left: int
    said: str


def fill(ranked: Iterable[Ranked], standing: Sequence[Standing], *, minutes: int, kind: str) -> Filling:
    """Fill the agenda of a session of so many minutes with papers, best first, as long as they fit.

    What stays keeps its order. Papers go first where an item makes room, so that what is pinned between two papers
    remains between two papers; all others go below that, and above what closes the session. A paper gets the usual
    minutes of the kind; the last one what is left, if that is worth beginning. A session shorter than that takes one
    paper for all of its time. A paper that stood there already keeps its own minutes.
    """
    staying = [item for item in standing if item.stays]
    room = minutes - sum(item.minutes for item in staying)
    share = SHARES.get(kind)
    chosen: list[Place] = []
    is_more = False
    if share is not None:
        least = min(share.least, minutes)
        taken = {item.entry_id for item in staying}
        before = {item.entry_id: item for item in standing if not item.stays and item.entry_id is not None}
        for paper in ranked:
            if paper.entry_id in taken:
                continue
            known = before.get(paper.entry_id)
            wanted = known.minutes if known else share.usual
            if room < min(wanted, least):
                is_more = True
                break
            chosen.append(Place(known.key if known else None, min(wanted, room), paper))
            room -= chosen[-1].minutes
            taken.add(paper.entry_id)
    kept = {place.key for place in chosen}
    return Filling(
        tuple(_lay_out(standing, chosen)),
        tuple(item.key for item in standing if not item.stays and item.key not in kept),
        room,
        _explain(len(chosen), room, takes_papers=share is not None, is_more=is_more),
    )


def _lay_out(standing: Sequence[Standing], chosen: Sequence[Place]) -> Iterable[Place]:
    papers = iter(chosen)
    for item in standing:
        if item.is_closing:
            continue
        if item.stays:
            yield Place(item.key, item.minutes)
        elif paper := next(papers, None):
            yield paper
    yield from papers
    yield from (Place(item.key, item.minutes) for item in standing if item.is_closing and item.stays)


def _explain(papers: int, left: int, *, takes_papers: bool, is_more: bool) -> str:
    if not takes_papers:
        return _("A session of this kind takes no papers by votes: the agenda is what organisers put on it.")
    if not papers:
        if left < 0:
            return _("What was on the agenda takes more minutes than the session has, so no paper came in.")
        if is_more:
            return _("What was on the agenda left too few minutes for a paper.")
        return _("No paper had the score that the club asks for, so none came in.")
    came = ngettext(
        "One paper came in by its votes.", "%(n)d papers came in by their votes.", papers
    ) % {"n": papers}  # fmt: skip
    if not left:
        return came
    if is_more:
        rest = ngettext(
            "One minute is left, too few for another.", "%(n)d minutes are left, too few for another.", left
        )
    else:
        rest = ngettext(
            "One minute is left, and no other paper had the score.",
            "%(n)d minutes are left, and no other paper had the score.",
            left,
        )
    return f"{came} {rest % {'n': left}}"


# --- Order -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Slot:
    """Where an item stands: its place from 1 on, and whether that is among those that close the session."""

    position: int
    is_closing: bool


def find_slot(is_closing: Sequence[bool], position: int, was_closing: bool) -> Slot:
    """Return the slot of an item that is put at a place among others; `is_closing` tells of the others, in order.

    Below one that closes the session it closes as well, above one that does not it does not; between the two it
    stays what it was. A place before the first or behind the last is the first or the last.
    """
    position = max(1, min(position, len(is_closing) + 1))
    if any(is_closing[: position - 1]):
        return Slot(position, True)
    if not all(is_closing[position - 1 :]):
        return Slot(position, False)
    return Slot(position, was_closing)


def step(is_closing: Sequence[bool], position: int, by: int, *, has_gap: bool) -> Slot | None:
    """Return the slot one above (by=-1) or below (+1) of the item at a place of all; None where there is none.

    While votes are open there is a gap for the papers to come (`has_gap`), which is a step of its own.
    """
    mine = is_closing[position - 1]
    others = [*is_closing[: position - 1], *is_closing[position:]]
    if has_gap and by < 0 and mine and not any(others[: position - 1]):
        return Slot(position, False)
    if has_gap and by > 0 and not mine and all(others[position - 1 :]):
        return Slot(position, True)
    if not 1 <= position + by <= len(is_closing):
        return None
    return find_slot(others, position + by, mine)


def needs_people(is_paper: bool, minutes: int, kind: str) -> bool:
    """Whether the parts of a session's kind are wanted for an item: papers, and of own work all but short topics."""
    return is_paper or (kind not in SHARES and minutes > USUAL_TOPIC)


# --- Time --------------------------------------------------------------------------------------------------


def compute_starts(starts: datetime, minutes: Sequence[int]) -> list[datetime]:
    """Return when each item begins, one after the other."""
    times = []
    for each in minutes:
        times.append(starts)
        starts += timedelta(minutes=each)
    return times


MOST_TICKS: Final = 180


@dataclass(frozen=True, slots=True)
class Ruler:
    """The minutes of a session as ticks, the first of each item taller: SVG paths for papers, topics, and the rest.

    A tick is a minute, or `minutes_a_tick` of them where there are many.
    """

    width: int
    papers: str
    topics: str
    free: str
    over: str
    minutes_a_tick: int


def draw_ruler(items: Sequence[tuple[int, bool]], minutes: int) -> Ruler:
    """Draw the minutes of items, given as (minutes, is a paper), in a session of so many."""
    total = max(minutes, sum(each for each, _is_paper in items))
    unit = 1 if total <= MOST_TICKS else 5 if total <= 5 * MOST_TICKS else 15
    papers: list[str] = []
    topics: list[str] = []
    free: list[str] = []
    over: list[str] = []
    owners: list[list[str]] = []
    begins = set()
    for each, is_paper in items:
        begins.add(len(owners) // unit)
        owners += [papers if is_paper else topics] * each
    owners += [free] * (total - len(owners))
    for minute in range(0, total, unit):
        tick = minute // unit
        mark = f"M{5 + 10 * tick} {2 if tick in begins else 12}V24"
        (over if minute >= minutes else owners[minute]).append(mark)
    width = 10 * ((total + unit - 1) // unit)
    return Ruler(width, "".join(papers), "".join(topics), "".join(free), "".join(over), unit)

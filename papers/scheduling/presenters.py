"""Who takes which part: an assignment of members to places, solved exactly; pure.

A *place* is a part that an item of a session needs somebody for. Members are given who are free that day, are not
kept out of the paper, did not decline it, and take one part in an item at most; nobody gets more places than their
cap. Among all such assignments the one is chosen that is best in the first of these, then in the second, and so on:

1. as few open places as possible; if some must stay open, those of later parts, and of later sessions;
2. for each part, in the club's order, the narrowest gap between the most and the least burdened;
3. whoever is asked already stays asked;
4. volunteers get the papers they offered to present;
5. burdens are even between the most and the least burdened, too (the least sum of their squares);
6. nobody has two parts in one session, or in two that follow each other;
7. papers go to those who are interested in them;
8. in an item, somebody senior is paired with somebody who is not, if the club wants that;
9. whose last turn was longest ago comes first;
10. a fixed lot, drawn from the ids alone, decides what is left.

A member's *burden* in a part is how often they took it since the first day that counts, plus how often this plan
gives it to them, plus a credit for the days on which they were no member or away: what the members, all together,
do of that part on so many days, rounded to whole turns (half a turn upwards). So somebody who joined in March is
neither asked for all that others did before, nor does the fraction of a turn decide over a volunteer. The gap is
taken over the members who take parts and can be given at least one place of that part.

All numbers are integers, each aim is solved to its proven optimum by HiGHS (Huangfu and Hall, "Parallelizing the dual
revised simplex method", 2018; https://highs.dev) and held for those that follow. docs/decisions/0021-plans.md says
why all this is so.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import count, pairwise
from zlib import crc32

from ._programme import Programme

Key = tuple[int, int]
"""A place: the item's id and the part's."""

Days = tuple[date, date]
"""The first and the last of some days."""

LOTS = 2**15


@dataclass(frozen=True, slots=True)
class Candidate:
    """A member, as far as a plan needs to know them; `given` and `last` are by part."""

    id: int
    joined: date
    is_senior: bool = False
    takes_parts: bool = True
    cap: int | None = None
    away: tuple[Days, ...] = ()
    given: Mapping[int, int] = field(default_factory=dict)
    last: Mapping[int, date] = field(default_factory=dict)

    def is_away(self, day: date) -> bool:
        return any(first <= day <= last for first, last in self.away)

    def count_days(self, since: date, until: date) -> int:
        """Return on how many days of a span, its last included, they were (or will be) a member and not away."""
        first = max(since, self.joined)
        days = max(0, (until - first).days + 1)
        end = first  # up to where absences are counted, since they may overlap
        for begin, last in sorted(self.away):
            begin, last = max(begin, end), min(last, until)
            if begin <= last:
                days -= (last - begin).days + 1
                end = last + timedelta(days=1)
        return days


@dataclass(frozen=True, slots=True)
class Place:
    """A part that an item needs somebody for; `leads` where an offer to present the item's paper is meant for it."""

    item: int
    part: int
    session: int
    starts: datetime
    day: date
    position: int = 1
    leads: bool = False

    @property
    def key(self) -> Key:
        return self.item, self.part


@dataclass(frozen=True, slots=True)
class Question:
    """Everything that decides over a plan. The order in which things are named here does not matter, but that of parts.

    `fixed` are places that somebody has whatever the plan says: accepted or pinned; None is a guest. `asked` have
    not answered. Offers, refusals and conflicts are (member, item); interest is a number for (member, item), 0 where
    it is left out.
    """

    since: date
    parts: tuple[int, ...]
    candidates: tuple[Candidate, ...]
    places: tuple[Place, ...]
    fixed: Mapping[Key, int | None] = field(default_factory=dict)
    asked: Mapping[Key, int] = field(default_factory=dict)
    offers: frozenset[tuple[int, int]] = frozenset()
    refusals: frozenset[tuple[int, int]] = frozenset()
    conflicts: frozenset[tuple[int, int]] = frozenset()
    interest: Mapping[tuple[int, int], int] = field(default_factory=dict)
    mixes_seniority: bool = False

    @property
    def until(self) -> date:
        return max((place.day for place in self.places), default=self.since)


class Open(StrEnum):
    """Why nobody can have a place."""

    NOBODY = "nobody"
    """No member takes parts."""
    AWAY = "away"
    """All who take parts are away that day."""
    KEPT_OUT = "kept_out"
    """All who are free declined it, or are its authors."""
    TAKEN_UP = "taken_up"
    """All who could have another part in the same item, or as many parts as their cap allows."""


@dataclass(frozen=True, slots=True)
class Burden:
    """How often a member took a part, what counts for the time away, and how often a plan gives it to them."""

    given: int
    credit: int
    planned: int

    @property
    def total(self) -> int:
        return self.given + self.credit + self.planned


@dataclass(frozen=True, slots=True)
class Answer:
    """A plan: who gets the places that are not fixed; `aims` has the value of each aim that was solved for."""

    takes: Mapping[Key, int]
    open: Mapping[Key, Open]
    gaps: Mapping[int, int]
    burdens: Mapping[tuple[int, int], Burden]
    aims: Mapping[str, int]


def who_could(question: Question) -> dict[Key, list[Candidate]]:
    """Return for each place that is not fixed the members it could be given to, one by one, by id."""
    candidates = sorted(question.candidates, key=lambda candidate: candidate.id)
    return {
        place.key: [candidate for candidate in candidates if _can_take(question, candidate, place)]
        for place in _sort(question.places)
        if place.key not in question.fixed
    }


def count_credits(question: Question) -> dict[tuple[int, int], int]:
    """Return for (member, part) what is counted for the days on which they were no member or away."""
    days = (question.until - question.since).days + 1
    there = {
        candidate.id: candidate.count_days(question.since, question.until)
        for candidate in question.candidates
        if candidate.takes_parts
    }
    all_there = sum(there.values())
    credits = {}
    for part in question.parts:
        turns = sum(place.part == part for place in question.places) + sum(
            candidate.given.get(part, 0) for candidate in question.candidates if candidate.takes_parts
        )
        for candidate in question.candidates:
            away = days - there.get(candidate.id, days)
            credits[candidate.id, part] = (
                (2 * turns * away + all_there) // (2 * all_there) if all_there else 0
            )
    return credits


def make_plan(question: Question) -> Answer:
    """Return the best plan there is, by the aims above. Takes memory and up to a second or two: see `planning`."""
    return _Model(question).solve()


def draw_lot(member: int, key: Key) -> int:
    """Return a number that depends on the ids alone, so that what nothing else decides favours nobody for ever."""
    return crc32(f"{member}/{key[0]}/{key[1]}".encode()) % LOTS


def rank_turns(candidates: Iterable[Candidate], part: int) -> dict[int, int]:
    """Return {member: how many days of last turns lie before theirs}; whoever never had one comes first."""
    last = {candidate.id: candidate.last.get(part, date.min) for candidate in candidates}
    order = {day: number for number, day in enumerate(sorted(set(last.values())))}
    return {member: order[day] for member, day in last.items()}


def sort_sessions(places: Iterable[Place]) -> list[int]:
    """Return the ids of the sessions in the order in which they start."""
    starts = {place.session: place.starts for place in places}
    return sorted(starts, key=lambda session: (starts[session], session))


def _sort(places: Iterable[Place]) -> list[Place]:
    return sorted(
        places, key=lambda place: (place.starts, place.session, place.position, place.item, place.part)
    )


def _can_take(question: Question, candidate: Candidate, place: Place) -> bool:
    pair = candidate.id, place.item
    if candidate.cap is not None and candidate.cap <= sum(
        member == candidate.id for member in question.fixed.values()
    ):
        return False
    return (
        (candidate.takes_parts or (place.leads and pair in question.offers))
        and not candidate.is_away(place.day)
        and pair not in question.refusals
        and pair not in question.conflicts
        and all(
            member != candidate.id for (item, _part), member in question.fixed.items() if item == place.item
        )
    )


class _Model:
    """A question as columns and rows: a column of 0 or 1 for each (member, place)."""

    def __init__(self, question: Question) -> None:
        self.question = question
        self.programme = Programme()
        self.aims: dict[str, int] = {}
        self.filled: dict[int, int] = defaultdict(int)
        self.places = [place for place in _sort(question.places) if place.key not in question.fixed]
        self.by_key = {place.key: place for place in question.places}
        self.candidates = sorted(question.candidates, key=lambda candidate: candidate.id)
        self.order = {session: number for number, session in enumerate(sort_sessions(question.places))}
        self.gives: dict[tuple[int, Key], int] = {
            (candidate.id, key): self.programme.add_column(0, 1)
            for key, could in who_could(question).items()
            for candidate in could
        }
        self.fixed: dict[int, list[Place]] = defaultdict(list)
        for key, member in sorted(question.fixed.items(), key=lambda pair: pair[0]):
            if member is not None and key in self.by_key:
                self.fixed[member].append(self.by_key[key])
        self.of_member: dict[int, list[tuple[Place, int]]] = defaultdict(list)
        self.of_place: dict[Key, list[int]] = defaultdict(list)
        for (member, key), column in self.gives.items():
            self.of_member[member].append((self.by_key[key], column))
            self.of_place[key].append(column)
        self.credits = count_credits(question)

    def solve(self) -> Answer:
        if self.gives:
            self._restrict()
            self._fill()
            for part in self.question.parts:
                self._narrow(part)
            self._prefer()
        chosen = self.programme.chosen
        takes = {key: member for (member, key), column in self.gives.items() if chosen[column]}
        burdens = self._count_burdens(takes)
        return Answer(
            takes=takes,
            open={place.key: self._why_open(place) for place in self.places if place.key not in takes},
            gaps={part: self._measure_gap(part, burdens) for part in self.question.parts},
            burdens=burdens,
            aims=self.aims,
        )

    def _aim(self, name: str, terms: Mapping[int, int]) -> int:
        """Bring a sum down as far as it goes, and hold it there."""
        value = self.programme.minimise(terms)
        self.aims[name] = value
        return value

    def _restrict(self) -> None:
        """One member a place, one part an item, no more than the cap."""
        for columns in self.of_place.values():
            if len(columns) > 1:
                self.programme.add_row(dict.fromkeys(columns, 1), most=1)
        for candidate in self.candidates:
            mine = self.of_member[candidate.id]
            items = defaultdict(list)
            for place, column in mine:
                items[place.item].append(column)
            for columns in items.values():
                if len(columns) > 1:
                    self.programme.add_row(dict.fromkeys(columns, 1), most=1)
            if candidate.cap is not None and mine:
                left = candidate.cap - len(self.fixed[candidate.id])
                if left < len(mine):
                    self.programme.add_row({column: 1 for _place, column in mine}, most=left)

    def _fill(self) -> None:
        filled = -self._aim("filled", dict.fromkeys(self.gives.values(), -1))
        if filled < len(self.places):
            for part in self.question.parts[:-1]:
                columns = [column for (_member, key), column in self.gives.items() if key[1] == part]
                self._aim(f"filled {part}", dict.fromkeys(columns, -1))
            last = len(self.order)
            early = {column: self._number(key) - last for (_member, key), column in self.gives.items()}
            self._aim("filled early", early)
        for (_member, key), column in self.gives.items():
            self.filled[key[1]] += self.programme.chosen[column]

    def _narrow(self, part: int) -> None:
        """Find the narrowest gap of a part, beginning with the narrowest that the mere numbers allow."""
        counted = {candidate.id: self._base(candidate, part) for candidate in self._find_counted(part)}
        mine = {
            member: [column for place, column in self.of_member[member] if place.part == part]
            for member in counted
        }
        if len(counted) < 2 or not any(mine.values()):
            return
        least = self.programme.add_column(0, max(counted.values()) + len(self.places))
        rows = {
            member: self.programme.add_row({**dict.fromkeys(mine[member], 1), least: -1})
            for member in counted
        }
        for gap in count():
            lows = self._list_lows(
                part, counted, {member: len(columns) for member, columns in mine.items()}, gap
            )
            if not lows:
                continue
            self.programme.set_column(least, lows[0], lows[-1])
            for member, base in counted.items():
                self.programme.set_row(rows[member], -base, gap - base)
            if self.programme.is_solvable():
                self.aims[f"gap {part}"] = gap
                return

    def _list_lows(
        self, part: int, counted: Mapping[int, int], most: Mapping[int, int], gap: int
    ) -> list[int]:
        """Return what the least burden can be, as far as the number of turns that are to be had says so."""
        turns = self.filled[part]
        others = sum(key[1] == part and member not in counted for member, key in self.gives)
        return [
            low
            for low in range(
                max(0, max(counted.values()) - gap),
                min(base + most[member] for member, base in counted.items()) + 1,
            )
            if sum(max(0, low - base) for base in counted.values()) <= turns
            and sum(min(most[member], low + gap - base) for member, base in counted.items()) >= turns - others
        ]

    def _prefer(self) -> None:
        question, programme = self.question, self.programme
        asked = {
            self.gives[member, key]: -1
            for key, member in question.asked.items()
            if (member, key) in self.gives
        }
        if asked:
            self._aim("kept", asked)
        offered = {
            column: -1
            for (member, key), column in self.gives.items()
            if self.by_key[key].leads and (member, key[0]) in question.offers
        }
        if offered:
            self._aim("offers", offered)
        uneven = [part for part in question.parts if self._can_be_uneven(part)]
        if uneven:
            self._even(uneven)
        self._spread()
        interest = {
            column: -question.interest[member, key[0]]
            for (member, key), column in self.gives.items()
            if question.interest.get((member, key[0]))
        }
        if interest:
            self._aim("interest", interest)
        if question.mixes_seniority:
            self._mix()
        ranks = {part: rank_turns(question.candidates, part) for part in question.parts}
        last = len(self.order)
        turns = {
            column: ranks[key[1]][member] * (last - self._number(key))
            for (member, key), column in self.gives.items()
        }
        if any(turns.values()):
            self._aim("turns", turns)
        lots = {column: draw_lot(member, key) for (member, key), column in self.gives.items()}
        programme.minimise(lots)

    def _can_be_uneven(self, part: int) -> bool:
        """Whether two plans with the narrowest gap can differ in how even they are.

        Where all are within one turn of each other, so many have one more as there are turns, whoever they are; unless
        some go to volunteers who take no parts otherwise.
        """
        counted = {candidate.id for candidate in self._find_counted(part)}
        return self.aims.get(f"gap {part}", 0) > 1 or any(
            key[1] == part and member not in counted for member, key in self.gives
        )

    def _even(self, parts: list[int]) -> None:
        """Make the sum of squares of burdens small: whoever has n adds 2n + 1 by the next turn, so it costs n."""
        costs = {}
        for part in parts:
            counted = [(candidate, self._base(candidate, part)) for candidate in self._find_counted(part)]
            if not counted:
                continue
            mine = {
                candidate.id: [column for place, column in self.of_member[candidate.id] if place.part == part]
                for candidate, _base in counted
            }
            gap = self.aims.get(f"gap {part}", len(self.places))
            most = gap + min(base + len(mine[candidate.id]) for candidate, base in counted)
            for candidate, base in counted:
                columns = mine[candidate.id]
                turns = range(base, min(most, base + len(columns)))
                steps = {self.programme.add_column(0, 1, is_whole=False): turn for turn in turns}
                self.programme.add_row(
                    {**dict.fromkeys(columns, 1), **dict.fromkeys(steps, -1)}, least=0, most=0
                )
                costs.update(steps)
        self._aim("evenness", costs)

    def _spread(self) -> None:
        """Count the parts that somebody has beyond one in two sessions that follow each other, or in a single one."""
        sessions = list(self.order)
        pairs = list(pairwise(sessions)) or [(sessions[0], sessions[0])]
        crowded = {}
        for candidate in self.candidates:
            for pair in pairs:
                mine = {column: 1 for place, column in self.of_member[candidate.id] if place.session in pair}
                has = sum(place.session in pair for place in self.fixed[candidate.id])
                if mine and len(mine) + has > 1:
                    beyond = self.programme.add_column(0, len(mine) + has, is_whole=False)
                    self.programme.add_row({**mine, beyond: -1}, most=1 - has)
                    crowded[beyond] = 1
        if crowded:
            self._aim("crowded", crowded)

    def _mix(self) -> None:
        """Count the items of two parts and more in which somebody senior meets somebody who is not."""
        senior = {candidate.id for candidate in self.candidates if candidate.is_senior}
        parts: dict[int, int] = defaultdict(int)
        for place in self.question.places:
            parts[place.item] += 1
        mixed = {}
        for item in sorted(item for item, number in parts.items() if number > 1):
            has = {
                member in senior
                for (fixed, _part), member in self.question.fixed.items()
                if fixed == item and member is not None
            }
            is_mixed = self.programme.add_column(0, 1)
            for kind in (True, False):
                if kind not in has:
                    mine = {
                        column: 1
                        for (member, key), column in self.gives.items()
                        if key[0] == item and (member in senior) == kind
                    }
                    self.programme.add_row({**mine, is_mixed: -1}, least=0)
            mixed[is_mixed] = -1
        if mixed:
            self._aim("mixed", mixed)

    def _number(self, key: Key) -> int:
        return self.order[self.by_key[key].session]

    def _base(self, candidate: Candidate, part: int) -> int:
        """Return a member's burden before the plan gives them anything."""
        fixed = sum(place.part == part for place in self.fixed[candidate.id])
        return candidate.given.get(part, 0) + self.credits[candidate.id, part] + fixed

    def _find_counted(self, part: int) -> list[Candidate]:
        """Return the members whose burdens are compared."""
        return [
            candidate
            for candidate in self.candidates
            if candidate.takes_parts
            and (
                any(place.part == part for place in self.fixed[candidate.id])
                or any(place.part == part for place, _column in self.of_member[candidate.id])
            )
        ]

    def _count_burdens(self, takes: Mapping[Key, int]) -> dict[tuple[int, int], Burden]:
        planned: dict[tuple[int, int], int] = defaultdict(int)
        for key, member in takes.items():
            planned[member, key[1]] += 1
        for member, places in self.fixed.items():
            for place in places:
                planned[member, place.part] += 1
        return {
            (candidate.id, part): Burden(
                candidate.given.get(part, 0),
                self.credits[candidate.id, part],
                planned[candidate.id, part],
            )
            for candidate in self.candidates
            for part in self.question.parts
        }

    def _measure_gap(self, part: int, burdens: Mapping[tuple[int, int], Burden]) -> int:
        totals = [burdens[candidate.id, part].total for candidate in self._find_counted(part)]
        return max(totals) - min(totals) if totals else 0

    def _why_open(self, place: Place) -> Open:
        if self.of_place[place.key]:
            return Open.TAKEN_UP
        taking = [candidate for candidate in self.candidates if candidate.takes_parts]
        if not taking:
            return Open.NOBODY
        free = [candidate for candidate in taking if not candidate.is_away(place.day)]
        if not free:
            return Open.AWAY
        for candidate in free:
            mine = self.fixed[candidate.id]
            is_full = candidate.cap is not None and len(mine) >= candidate.cap
            if is_full or any(each.item == place.item for each in mine):
                return Open.TAKEN_UP
        return Open.KEPT_OUT

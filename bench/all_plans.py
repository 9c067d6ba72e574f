"""Every plan there is, tried one after the other: slow, and so plain that it is what the solver is compared with.

The aims of `papers.scheduling.presenters` are written down here a second time, from their description alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date
from itertools import pairwise, product
from typing import Any

from papers.scheduling.presenters import Key, Question, count_credits, draw_lot


def find_best(question: Question) -> tuple[tuple[int, ...], list[dict[Key, int]]]:
    """Return the best value of all aims, in their order, and the plans that have it."""
    best: tuple[int, ...] = ()
    plans: list[dict[Key, int]] = []
    for takes in list_plans(question):
        value = judge(question, takes)
        if not plans or value < best:
            best, plans = value, [takes]
        elif value == best:
            plans.append(takes)
    return best, plans


def list_plans(question: Question) -> Iterator[dict[Key, int]]:
    free = [place for place in question.places if place.key not in question.fixed]
    choices = [
        [None, *(member.id for member in question.candidates if may(question, member, place))]
        for place in free
    ]
    caps = {member.id: member.cap for member in question.candidates}
    for choice in product(*choices):
        takes = {place.key: member for place, member in zip(free, choice, strict=True) if member is not None}
        everything = {**question.fixed, **takes}
        in_item = Counter(
            (item, member) for (item, _part), member in everything.items() if member is not None
        )
        planned = Counter(member for member in everything.values() if member is not None)
        gets = set(takes.values())
        if all(number == 1 or member not in gets for (_item, member), number in in_item.items()) and all(
            caps[member] is None or planned[member] <= caps[member] for member in gets
        ):
            yield takes


def may(question: Question, member: Any, place: Any) -> bool:
    offered = place.leads and (member.id, place.item) in question.offers
    is_away = any(first <= place.day <= last for first, last in member.away)
    is_kept_out = (member.id, place.item) in question.refusals | question.conflicts
    has = list(question.fixed.values()).count(member.id)
    is_full = member.cap is not None and has >= member.cap
    return (member.takes_parts or offered) and not (is_away or is_kept_out or is_full)


def judge(question: Question, takes: Mapping[Key, int]) -> tuple[int, ...]:
    """Return what a plan is worth, the smaller the better, aim by aim."""
    everything = {key: member for key, member in {**question.fixed, **takes}.items() if member is not None}
    members = {member.id: member for member in question.candidates}
    places = {place.key: place for place in question.places}
    sessions = sorted({(place.starts, place.session) for place in question.places})
    number = {session: index for index, (_starts, session) in enumerate(sessions)}
    still_open = [
        place for place in question.places if place.key not in takes and place.key not in question.fixed
    ]
    value = [len(still_open)]
    value += [sum(place.part == part for place in still_open) for part in question.parts[:-1]]
    value.append(sum(len(number) - number[place.session] for place in still_open))

    squares = []
    credits = count_credits(question)
    for part in question.parts:
        counted = set()
        for place in question.places:
            if place.part != part:
                continue
            if place.key in question.fixed:
                counted.add(question.fixed[place.key])
            else:
                others = [member for (item, _part), member in question.fixed.items() if item == place.item]
                counted |= {
                    member.id
                    for member in question.candidates
                    if may(question, member, place) and member.id not in others
                }
        counted = {member for member in counted if member is not None and members[member].takes_parts}
        burdens = [
            members[member].given.get(part, 0)
            + credits[member, part]
            + sum(key[1] == part and taker == member for key, taker in everything.items())
            for member in counted
        ]
        value.append(max(burdens) - min(burdens) if burdens else 0)
        squares.append(sum(burden**2 for burden in burdens))

    value.append(-sum(takes.get(key) == member for key, member in question.asked.items()))
    value.append(
        -sum(places[key].leads and (member, key[0]) in question.offers for key, member in takes.items())
    )
    value.append(sum(squares))
    crowded = 0
    for member in members:
        mine = Counter(places[key].session for key, taker in everything.items() if taker == member)
        if len(sessions) == 1:
            crowded += max(0, mine.total() - 1)
        for (_starts, one), (_later, next_one) in pairwise(sessions):
            crowded += max(0, mine[one] + mine[next_one] - 1)
    value.append(crowded)
    value.append(-sum(question.interest.get((member, key[0]), 0) for key, member in takes.items()))
    mixed = 0
    if question.mixes_seniority:
        needed = Counter(place.item for place in question.places)
        for item, parts in needed.items():
            kinds = {members[taker].is_senior for key, taker in everything.items() if key[0] == item}
            mixed += parts > 1 and len(kinds) == 2
    value.append(-mixed)
    turns = 0
    for key, member in takes.items():
        days = sorted({other.last.get(key[1], date.min) for other in question.candidates})
        turns += days.index(members[member].last.get(key[1], date.min)) * (
            len(number) - number[places[key].session]
        )
    value += [turns, sum(draw_lot(member, key) for key, member in takes.items())]
    return tuple(value)

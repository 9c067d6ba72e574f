"""Two people wrote into the same notes: one text that has the lines of both; pure.

A three-way merge by lines, as Khanna, Kunal and Pierce describe it ("A Formal Investigation of Diff3", 2007). Lines
are matched by those that occur once on both sides, which takes n log n steps whatever the text is; so what is matched
is at times less than it could be, and then more is kept than need be, but never less.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

Lines = Sequence[str]
Match = tuple[int, int]
"""Places of one line in two texts, from 0."""


@dataclass(frozen=True, slots=True)
class Marks:
    """The lines that stand around two versions of the same lines, where both writers changed them."""

    theirs: str = "«««"
    mine: str = "═══"
    end: str = "»»»"


MARKS = Marks()


def merge(base: str, theirs: str, mine: str, *, marks: Marks = MARKS) -> str:
    """Return what `theirs` and `mine` make of `base` together.

    What one of them changed is taken from that one. What both put in at one place is kept one below the other, theirs
    first, and lines that both put in once. Lines that both changed, each otherwise, are kept in both versions, between
    marks.
    """
    if theirs in (base, mine):
        return mine
    if mine == base:
        return theirs
    lines = base.split("\n")
    changes = [
        *_find_changes(lines, theirs.split("\n"), is_mine=False),
        *_find_changes(lines, mine.split("\n"), is_mine=True),
    ]
    return "\n".join(_apply(lines, sorted(changes, key=_order), marks))


@dataclass(frozen=True, slots=True)
class _Change:
    """Lines that somebody put in the place of those of the base from `start` up to `end`; of none, where they add."""

    start: int
    end: int
    lines: Lines
    is_mine: bool


def _order(change: _Change) -> tuple[int, int, bool]:
    return change.start, change.end, change.is_mine


def _find_changes(base: Lines, text: Lines, *, is_mine: bool) -> Iterator[_Change]:
    start = text_start = 0
    for end, text_end in [*match(base, text), (len(base), len(text))]:
        if start < end or text_start < text_end:
            yield _Change(start, end, text[text_start:text_end], is_mine)
        start, text_start = end + 1, text_end + 1


def _apply(base: Lines, changes: Sequence[_Change], marks: Marks) -> Iterator[str]:
    """Give the lines of the base with all changes made; what overlaps is settled together."""
    place = 0
    for group in _group(changes):
        start, end = group[0].start, max(change.end for change in group)
        yield from base[place:start]
        both = len({change.is_mine for change in group}) == 2
        if both:
            theirs = _rewrite(base, start, end, [change for change in group if not change.is_mine])
            mine = _rewrite(base, start, end, [change for change in group if change.is_mine])
            yield from _settle(base[start:end], theirs, mine, marks)
        else:
            yield from group[0].lines
        place = end
    yield from base[place:]


def _group(changes: Sequence[_Change]) -> Iterator[list[_Change]]:
    """Give changes together that overlap, or that add at one place; what only touches is apart."""
    group: list[_Change] = []
    end = 0
    for change in changes:
        adds_there_too = group and group[0].start == end == change.start == change.end
        if group and (change.start < end or adds_there_too):
            group.append(change)
            end = max(end, change.end)
            continue
        if group:
            yield group
        group, end = [change], change.end
    if group:
        yield group


def _rewrite(base: Lines, start: int, end: int, changes: Sequence[_Change]) -> list[str]:
    lines: list[str] = []
    for change in changes:
        lines += [*base[start : change.start], *change.lines]
        start = change.end
    return [*lines, *base[start:end]]


def _settle(base: Lines, theirs: Lines, mine: Lines, marks: Marks) -> Iterator[str]:
    """Give what becomes of lines that both writers changed."""
    if theirs == mine:
        yield from mine
    elif not any(base):  # nothing stood there but empty lines: both wrote something new
        yield from _join(_leave_empty_end(theirs), mine)
    elif not any(theirs) or not any(mine):
        # One of them took lines away that the other changed: what was written stays.
        yield from mine if any(mine) else theirs
    else:
        yield from (marks.theirs, *theirs, marks.mine, *mine, marks.end)


def _join(theirs: Lines, mine: Lines) -> Iterator[str]:
    """Give the lines of both, what they share once."""
    start = mine_start = 0
    for end, mine_end in [*match(theirs, mine), (len(theirs), len(mine))]:
        yield from theirs[start:end]
        yield from mine[mine_start : mine_end + 1]
        start, mine_start = end + 1, mine_end + 1


def _leave_empty_end(lines: Lines) -> Lines:
    """Leave out empty lines at the end, which the lines of the other writer fill."""
    end = len(lines)
    while end and not lines[end - 1]:
        end -= 1
    return lines[:end]


def match(one: Lines, other: Lines) -> list[Match]:
    """Return the places of lines that both texts have, in order and without crossing.

    Bram Cohen's patience diff: equal beginnings and ends, then the longest row of lines that occur once on both
    sides, and the same between these.
    """
    found: list[Match] = []
    waiting = [(0, len(one), 0, len(other))]
    while waiting:
        low, high, other_low, other_high = waiting.pop()
        while low < high and other_low < other_high and one[low] == other[other_low]:
            found.append((low, other_low))
            low, other_low = low + 1, other_low + 1
        while low < high and other_low < other_high and one[high - 1] == other[other_high - 1]:
            high, other_high = high - 1, other_high - 1
            found.append((high, other_high))
        anchors = _find_anchors(one, other, low, high, other_low, other_high)
        if not anchors:
            continue
        found += anchors
        ends = [*anchors, (high, other_high)]
        for (left, other_left), (right, other_right) in zip(
            [(low - 1, other_low - 1), *anchors], ends, strict=True
        ):
            waiting.append((left + 1, right, other_left + 1, other_right))
    return sorted(found)


def _find_anchors(
    one: Lines, other: Lines, low: int, high: int, other_low: int, other_high: int
) -> list[Match]:
    """Return the longest row of lines that occur once within both ranges."""
    times, other_times = Counter(one[low:high]), Counter(other[other_low:other_high])
    place_of = {line: place for place, line in enumerate(other[other_low:other_high], other_low)}
    pairs = [
        (place, place_of[line])
        for place, line in enumerate(one[low:high], low)
        if times[line] == 1 and other_times[line] == 1
    ]
    return _longest_rising(pairs)


def _longest_rising(pairs: Sequence[Match]) -> list[Match]:
    """Return the longest part of pairs, which rise in the first place, that rises in the second as well."""
    ends: list[int] = []  # the lowest second place with which a row of each length ends
    indexes: list[int] = []
    before: list[int] = []
    for index, (_place, place) in enumerate(pairs):
        length = bisect_left(ends, place)
        before.append(indexes[length - 1] if length else -1)
        ends[length : length + 1], indexes[length : length + 1] = [place], [index]
    row: list[Match] = []
    index = indexes[-1] if indexes else -1
    while index >= 0:
        row.append(pairs[index])
        index = before[index]
    return row[::-1]

"""What two descriptions of works say alike and what not: for people who judge whether they are one.

Everything here is pure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from itertools import groupby
from typing import Final

from papers import merge
from papers.identifiers import Identifier

MOST_NAMES: Final = 40
"""Authors that are compared; whoever has more is known by these."""


class Verdict(StrEnum):
    """What two statements of one fact tell."""

    EQUAL = "equal"
    DIFFERENT = "different"
    UNKNOWN = "unknown"  # at most one of the two states it


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a statement, and whether the other one lacks it."""

    text: str
    differs: bool = False


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact as both describe it, in parts to be joined by blanks or, as lists, by commas."""

    name: str
    verdict: Verdict
    one: tuple[Part, ...]
    other: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Description:
    """What is compared of a paper; `published` is what is known of the day, as 2014-12."""

    title: str
    authors: Sequence[str]
    published: str
    journal: str
    volume: str
    issue: str
    pages: str
    identifiers: Sequence[Identifier]


def compare_facts(one: Description, other: Description) -> list[Fact]:
    """Return what at least one of two works states: what it is called, whose it is, where and when it appeared.

    Texts are compared as titles are: case, accents and TeX make no difference. Where they differ, the words
    that the other one lacks are marked; of authors and identifiers the items.
    """
    texts = ("journal", "volume", "issue", "pages")
    facts = [
        _compare_texts("title", one.title, other.title),
        _compare_lists("authors", one.authors[:MOST_NAMES], other.authors[:MOST_NAMES], merge.title_key),
        _compare_texts("published", one.published, other.published),
        *(_compare_texts(name, getattr(one, name), getattr(other, name)) for name in texts),
        _compare_identifiers(one.identifiers, other.identifiers),
    ]
    return [fact for fact in facts if fact.one or fact.other]


def _judge(one: object, other: object) -> Verdict:
    if not one or not other:
        return Verdict.UNKNOWN
    return Verdict.EQUAL if one == other else Verdict.DIFFERENT


def _key(text: str) -> str:
    return merge.title_key(text) or text


def _compare_texts(name: str, one: str, other: str) -> Fact:
    verdict = _judge(one and _key(one), other and _key(other))
    if verdict is not Verdict.DIFFERENT:
        return Fact(name, verdict, _whole(one), _whole(other))
    words, others = one.split(), other.split()
    matcher = SequenceMatcher(None, [_key(word) for word in words], [_key(word) for word in others], False)
    blocks = matcher.get_matching_blocks()
    same = {block.a + step for block in blocks for step in range(block.size)}
    others_same = {block.b + step for block in blocks for step in range(block.size)}
    return Fact(name, verdict, _mark(words, same), _mark(others, others_same))


def _whole(text: str) -> tuple[Part, ...]:
    return (Part(text),) if text else ()


def _mark(words: Sequence[str], same: set[int]) -> tuple[Part, ...]:
    """Join neighbours that are alike, or both not alike, into one part."""
    runs = groupby(enumerate(words), lambda each: each[0] not in same)
    return tuple(Part(" ".join(word for _, word in run), differs) for differs, run in runs)


def _compare_lists(name: str, one: Sequence[str], other: Sequence[str], key: Callable[[str], str]) -> Fact:
    """Compare lists whose order counts."""
    keys, others = [key(each) for each in one], [key(each) for each in other]
    verdict = _judge(keys, others)
    return Fact(name, verdict, _mark_items(one, keys, others), _mark_items(other, others, keys))


def _mark_items(items: Sequence[str], keys: Sequence[str], others: Sequence[str]) -> tuple[Part, ...]:
    known = set(others)
    return tuple(Part(item, bool(others) and key not in known) for item, key in zip(items, keys, strict=True))


def _compare_identifiers(one: Sequence[Identifier], other: Sequence[Identifier]) -> Fact:
    """Compare identifiers: different only where two of one kind name different works."""
    verdict = _judge(set(one), set(other))
    if verdict is Verdict.DIFFERENT and not merge.are_of_two_works(one, other):
        verdict = Verdict.UNKNOWN

    def mark(names: Sequence[Identifier], others: Sequence[Identifier]) -> tuple[Part, ...]:
        return tuple(
            Part(str(name), verdict is Verdict.DIFFERENT and merge.are_of_two_works([name], others))
            for name in sorted(names)
        )

    return Fact("identifiers", verdict, mark(one, other), mark(other, one))


# --- In a sentence -----------------------------------------------------------------------------------------

_WORDS: Final = {
    merge.Contradiction.IDENTIFIERS: "identifiers of one kind that differ",
    merge.Contradiction.YEARS: "years far apart",
    merge.Contradiction.PLACES: "different places of publication",
}


def explain_doubt(one: merge.Described, other: merge.Described) -> str:
    """Say in a sentence why two works of one title may be the same; empty where it is not worth asking people.

    Without authors on both sides, anything that disagrees decides: every journal has its "Introduction".
    """
    found = list(merge.find_contradictions(one, other))
    words = [_WORDS[each] for each in found if each in _WORDS]
    against = [f"they have {_join(words)}"] if words else []
    if merge.Contradiction.DEPOSIT in found:
        against.append("one is a deposit, which anybody may make")
    if not one.authors or not other.authors:
        return "" if against else "The titles are equal, and one of the two names no authors."
    first, second = (set(merge.family_names(each.authors)) for each in (one, other))
    if first.isdisjoint(second):
        return ""
    alike = (
        "titles and the authors' family names are equal"
        if first == second
        else "titles are equal and some of the authors' family names"
    )
    return f"The {alike}{', but ' + ', and '.join(against) if against else ''}."


def _join(words: Iterable[str]) -> str:
    *rest, last = words
    return f"{', '.join(rest)} and {last}" if rest else last

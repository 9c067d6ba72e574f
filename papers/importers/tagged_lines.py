"""Files of tagged lines ("TI  - A title"): cut into entries, in memory bounded by one entry."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import BinaryIO, Final

from papers.importers.text import RAW_LENGTH, Line, read_lines

MAX_ENTRY: Final = 4_000_000  # characters; the longest real ones list all the works that a paper cites
_LINE_COST: Final = (
    60  # characters, what a line weighs besides its text, so that many short ones are bounded too
)
_STRAY: Final = "This stands between two records and belongs to none."

FindTag = Callable[[str], tuple[str, str] | None]


@dataclass(slots=True)
class Entry:
    """The lines of one record: tags and values in order. `problem` says why it cannot be used, where it cannot.

    A value of several lines keeps their ends. `is_ended` tells whether its end was marked, or another follows.
    """

    line: int
    fields: list[tuple[str, str]] = field(default_factory=list)
    raw: str = ""
    problem: str = ""
    is_ended: bool = True

    def all(self, *tags: str) -> list[str]:
        """Give the values of some tags, in the order of the file."""
        return [value for tag, value in self.fields if tag in tags and value.strip()]

    def first(self, *tags: str) -> str:
        """Give the first value of the first of some tags that has one."""
        return next((found[0] for tag in tags if (found := self.all(tag))), "")


@dataclass(slots=True)
class _Lines:
    """An entry in the making: values as lists of lines, joined once, so that many lines cost no more each."""

    entry: Entry
    parts: list[list[str]] = field(default_factory=list)
    size: int = 0
    raw_size: int = 0
    raw: list[str] = field(default_factory=list)

    def add(self, line: Line, tag: str, value: str) -> None:
        """Add a line with its tag, or without one to the value before it."""
        self.size += len(line.text) + _LINE_COST
        if self.raw_size < RAW_LENGTH:
            self.raw.append(line.text[:RAW_LENGTH])
            self.raw_size += len(line.text) + 1
        entry = self.entry
        if line.problem and not entry.problem:
            entry.problem = f"Line {line.number}: {line.problem}."
        elif self.size > MAX_ENTRY and not entry.problem:
            entry.problem = f"The record is longer than {MAX_ENTRY:,} characters."
        if entry.problem:
            entry.fields.clear()
            self.parts.clear()
        elif tag:
            entry.fields.append((tag, ""))
            self.parts.append([value])
        elif self.parts:
            self.parts[-1].append(value)

    def finish(self, *, is_ended: bool = True, problem: str = "") -> Entry:
        self.entry.problem = self.entry.problem or problem
        self.entry.is_ended = is_ended
        self.entry.raw = "\n".join(self.raw)
        tags = (tag for tag, _ in self.entry.fields)
        values = ("\n".join(parts) for parts in self.parts)
        self.entry.fields = list(zip(tags, values, strict=True))
        return self.entry


def read_entries(
    stream: BinaryIO, find_tag: FindTag, *, start: str, end: str = "", ends_at_blank: bool = False
) -> Iterator[Entry]:
    """Cut a file into its entries.

    `find_tag` gives the tag and the value of a line, or None for one that goes on with the value before it.
    `start` is the tag that an entry begins with, `end` the one it ends with. An entry whose end is missing ends
    where the next begins. Text between two entries, which belongs to none, is an entry with a problem; what
    stands before the first is a heading and passed over.
    """
    current: _Lines | None = None
    stray: _Lines | None = None
    has_begun = False
    blanks = 0
    for line in read_lines(stream):
        if not line.text.strip() and not line.problem:
            blanks += 1
            if current and ends_at_blank:
                yield current.finish()
                current = None
            continue
        tag, value = find_tag(line.text) or ("", line.text)
        if tag == end and tag:
            if current:
                yield current.finish()
            current = None
        elif tag == start or (tag and current is None):
            if current:
                yield current.finish()
            if stray:
                yield stray.finish(problem=_STRAY)
            current, stray, has_begun = _Lines(Entry(line.number)), None, True
            current.add(line, tag, value)
        elif current is not None:
            # An empty line within a value parts its paragraphs.
            current.add(line, tag, value if tag or not blanks else "\n" + value)
        elif has_begun or line.problem:
            has_begun = True
            if stray is None:
                stray = _Lines(Entry(line.number))
            stray.add(line, "", line.text)
        blanks = 0
    if current:
        yield current.finish(is_ended=False)
    if stray:
        yield stray.finish(problem=_STRAY)

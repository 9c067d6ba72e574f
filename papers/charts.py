"""Charts of things that can be counted, drawn on the server: one square is one thing. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

# In units of the drawing, which pages scale as a whole.
STEP: Final = 22
CELL: Final = 16
RISE: Final = 14
HIGH: Final = 11
MOST_HIGH: Final = 12
"""Squares in a column; beyond it one square stands for more than one thing, and the caption says for how many."""


@dataclass(frozen=True, slots=True)
class Columns:
    """A column of squares for each of a row of weeks, or of whatever follows each other."""

    cells: str
    """The squares as a path."""
    width: int
    height: int
    each: int
    """How many things a square stands for."""


def draw_columns(numbers: Sequence[int]) -> Columns:
    """Stack as many squares in each column as its number says, above a line at the bottom.

    A number that a square more or less would not show is rounded up: something is never drawn as nothing.
    """
    most = max(numbers, default=0)
    each = max(1, -(-most // MOST_HIGH))
    high = max(1, min(most, MOST_HIGH))
    height = high * RISE + 4
    squares = [
        _draw_square(
            place * STEP + (STEP - CELL) // 2, height - 3 - RISE * (row + 1) + (RISE - HIGH), CELL, HIGH
        )
        for place, number in enumerate(numbers)
        for row in range(-(-number // each))
    ]
    return Columns("".join(squares), max(len(numbers), 1) * STEP, height, each)


@dataclass(frozen=True, slots=True)
class Ticks:
    """Ticks beside each other, solid ones first: what somebody has done, of two kinds."""

    solid: str
    soft: str
    width: int


TICK: Final = 8
TICK_HIGH: Final = 16
MOST_TICKS: Final = 40


def draw_ticks(solid: int, soft: int = 0) -> Ticks:
    """Draw a tick for each, at most MOST_TICKS in all: the number stands beside them in words."""
    solid = min(solid, MOST_TICKS)
    soft = min(soft, MOST_TICKS - solid)
    marks = [f"M{place * TICK + 3} 1V{TICK_HIGH - 1}" for place in range(solid + soft)]
    return Ticks("".join(marks[:solid]), "".join(marks[solid:]), max(solid + soft, 1) * TICK)


def _draw_square(x: int, y: int, width: int, height: int) -> str:
    return f"M{x} {y}h{width}v{height}h-{width}z"

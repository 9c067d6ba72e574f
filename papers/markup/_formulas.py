"""Formulas in running text: where they are, and how many of them a document may have."""

import re
from typing import NamedTuple

FORMULA_LIMIT = 2_000
"""Characters of one formula."""

FORMULA_COUNT_LIMIT = 200
"""Formulas of one document."""

TEX_LIMIT = 10_000
"""Characters of all formulas of one document together, which bounds the time it takes."""

DISPLAY_ENVIRONMENTS = (
    "equation", "displaymath", "align", "gather", "multline", "eqnarray", "alignat", "flalign",
)  # fmt: skip


class Formula(NamedTuple):
    """A formula in running text: its TeX, the same with its delimiters, where it ends, how it is set."""

    tex: str
    source: str
    end: int
    block: bool


_OPENING = re.compile(
    r"\$\$?|\\\(|\\\[|\\begin\{(?P<name>" + "|".join(DISPLAY_ENVIRONMENTS) + r")(?P<star>\*?)\}"
)
_CLOSINGS = {"$": "$", "$$": "$$", r"\(": r"\)", r"\[": r"\]"}


class Opening(NamedTuple):
    """An opening delimiter: where it ends, what closes it, and whether it is part of the TeX."""

    end: int
    closing: str
    is_environment: bool


def match_opening(text: str, start: int) -> Opening | None:
    """Return the opening delimiter of a formula that stands at start, if one does."""
    found = _OPENING.match(text, start)
    if found is None:
        return None
    name = found["name"]
    closing = f"\\end{{{name}{found['star']}}}" if name else _CLOSINGS[found[0]]
    return Opening(found.end(), closing, bool(name))


_SINGLE_DOLLAR = re.compile(r"(?<!\\)(?:\\\\)*\$")
# "$5 million, or US$": begins like a number, has words, and nothing that only mathematics has.
_PRICE = re.compile(r"(?=\d[^\\^_={}<>|]*$)(?=.*\s).*[A-Za-z]{2}", re.DOTALL)


class FormulaFinder:
    """Finds the formula that starts at a place of one text, in time linear in the text whatever it is.

    The rules for dollars are those of Pandoc's tex_math_dollars (https://pandoc.org/MANUAL.html#math): no
    space after the first, none before the second, no digit after the second; and a price is no formula.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._missing: set[str] = set()  # closing delimiters known not to occur any more

    def find_at(self, start: int) -> Formula | None:
        """Return the formula whose opening delimiter stands at start, if one does and is closed."""
        opening = match_opening(self._text, start)
        if opening is None:
            return None
        if opening.closing == "$":
            return self._find_dollar(start)
        stop = self._find_closing(opening.closing, opening.end)
        if stop < 0:
            return None
        end = stop + len(opening.closing)
        tex = self._text[start:end] if opening.is_environment else self._text[opening.end : stop]
        if not tex.strip():
            return None
        return Formula(tex, self._text[start:end], end, block=opening.closing != r"\)")

    def _find_closing(self, closing: str, start: int) -> int:
        if closing in self._missing:
            return -1
        stop = self._text.find(closing, start)
        if stop < 0:
            self._missing.add(closing)
        return stop

    def _find_dollar(self, start: int) -> Formula | None:
        text = self._text
        if "$" in self._missing or text[start + 1 : start + 2].isspace():
            return None
        found = _SINGLE_DOLLAR.search(text, start + 1)
        if found is None:
            self._missing.add("$")
            return None
        stop = found.end() - 1
        tex = text[start + 1 : stop]
        if not tex or tex[-1].isspace() or text[stop + 1 : stop + 2].isdigit() or _PRICE.match(tex):
            return None
        return Formula(tex, text[start : stop + 1], stop + 1, block=False)


class Allowance:
    """What is left of a document's formulas; what goes beyond is shown as its source."""

    def __init__(self) -> None:
        self._formulas = FORMULA_COUNT_LIMIT
        self._characters = TEX_LIMIT

    def take(self, tex: str) -> bool:
        """Whether one more formula may be converted, which is then counted."""
        if len(tex) > min(FORMULA_LIMIT, self._characters) or not self._formulas:
            return False
        self._formulas -= 1
        self._characters -= len(tex)
        return True

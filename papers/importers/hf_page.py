"""The Hugging Face Daily Papers page, saved as text from a browser.

Grammar (found by reading saved pages; nobody specifies it), one item a line, an empty line between any two:

    file     = [header] paper*
    header   = "new", an invitation to subscribe, "Subscribe", "byAK and the research community", DATE
    DATE     = "Apr 25": month and day, as a rule without a year
    paper    = TITLE ABSTRACT

There are no authors, identifiers, links or votes. Position tells a title from an abstract; how the lines
look is asked only to find the way back when one is missing. Empty lines are of no consequence, and any of
the header's lines may be absent.
"""

from __future__ import annotations

import hashlib
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import islice
from typing import BinaryIO, Final

from papers.importers.text import Line, read_lines
from papers.merge import title_key
from papers.records import Rank, Record, Rejection, UnreadableInput, clean_line, clean_record

NAME: Final = "hf-page"
TITLE: Final = "Hugging Face Daily Papers: the page saved as text"

_MAX_HEADER: Final = 30  # lines with text
_LOOK_AHEAD: Final = 16  # lines with text


def sniff(head: bytes) -> bool:
    """Tell whether the beginning of a file, in UTF-8, looks like a saved page.

    Either it has the page's header, or it has at least two papers whose lines look like titles and
    abstracts in turn, with an empty line between any two.
    """
    text = head.decode("utf-8", errors="replace")
    lines = [Line(number, line.strip()) for number, line in enumerate(text.splitlines(), start=1)]
    filled = [line for line in lines if line.text]
    header = _find_header(filled[:_MAX_HEADER])
    if header.length and (header.day or header.length > 1):
        return True
    if "\n\n" not in text.replace("\r\n", "\n") or re.match(r"[\[{<@#%]|TY  -|PMID-", text.lstrip()):
        return False
    first = [_Unit(line, _look(line.text)) for line in filled[:8]]
    return len(first) >= 4 and all(
        title.look < 0 < abstract.look for title, abstract in zip(first[::2], first[1::2], strict=False)
    )


def parse(
    stream: BinaryIO, *, date: date | None = None, today: date | None = None
) -> Iterator[Record | Rejection]:
    """Read the papers of a saved page in order.

    `date` is the day of the listing as the person who imports gives it; it wins over the day that the page
    shows, which has no year and may be that of another time zone. Without `date` the page's own day is
    used; where it has no year, the year is the one that makes it the latest day not after `today` (one day
    of grace, as days begin at different times round the world).

    A title without an abstract, an abstract without a title, and what is not UTF-8 or over the bounds of a
    record are rejections, each with its line; the papers around them come in.

    Raises UnreadableInput before the first paper where neither `date` nor the page and `today` give a day.
    """
    lines = (line for line in read_lines(stream) if line.problem or clean_line(line.text))
    beginning = list(islice(lines, _MAX_HEADER))
    header = _find_header(beginning)
    listed = date or _resolve_day(header.day, today)
    if listed is None:
        raise UnreadableInput(
            "The page does not say which day it is of. Give the date of the listing, as in 2025-04-25."
        )

    ahead = deque(_Unit(line, _look(line.text)) for line in beginning[header.length :])
    rest = (_Unit(line, _look(line.text)) for line in lines)
    at_end = False
    while True:
        if len(ahead) < _LOOK_AHEAD and not at_end:
            more = list(islice(rest, _LOOK_AHEAD))
            ahead.extend(more)
            at_end = not more
            continue
        if not ahead:
            return
        if day := _read_day(ahead[0].line.text):
            # A page of several days has a heading for each.
            ahead.popleft()
            listed = date or _resolve_day(day, today) or listed
            continue
        window = list(islice(ahead, _LOOK_AHEAD))
        if _begins_with_paper(window, at_end=at_end and len(window) == len(ahead)):
            yield _make_record(ahead.popleft().line, ahead.popleft().line, listed)
        else:
            unit = ahead.popleft()
            yield _reject_lone(unit, ahead[0] if ahead else None)


# --- The header and its day --------------------------------------------------------------------------------

_HEADER_LINE = re.compile(
    r"new|daily papers|trending papers?|subscribe|get trending papers in your email.*"
    r"|by ?.{1,60} and the research community",
    re.IGNORECASE,
)
_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = (
    r"(?P<month>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?"
    r"|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
)
_DAY = r"(?P<day>[0-9]{1,2})(?:st|nd|rd|th)?"
_YEAR = r"(?:,?\s+(?P<year>[0-9]{4}))?"
_DATES = (
    re.compile(rf"{_MONTH}\s+{_DAY}{_YEAR}", re.IGNORECASE),
    re.compile(rf"{_DAY}\s+{_MONTH}{_YEAR}", re.IGNORECASE),
    re.compile(r"(?P<year>[0-9]{4})-(?P<month>[0-9]{2})-(?P<day>[0-9]{2})"),
)


@dataclass(frozen=True, slots=True)
class _Day:
    """A day as a page writes it: the year may be missing, and the day need not exist."""

    year: int | None
    month: int
    day: int


@dataclass(frozen=True, slots=True)
class _Header:
    length: int  # lines with text
    day: _Day | None


def _find_header(lines: list[Line]) -> _Header:
    """Find where the papers begin: after the date line, or after whatever known lines stand first."""
    for number, line in enumerate(lines):
        if day := _read_day(line.text):
            return _Header(number + 1, day)
        # Anything else that is still header is short and no sentence.
        if len(line.text) > 100 or (len(line.text) > 60 and line.text.endswith(".")):
            break
    known = 0
    while known < len(lines) and _HEADER_LINE.fullmatch(clean_line(lines[known].text)):
        known += 1
    return _Header(known, None)


def _read_day(text: str) -> _Day | None:
    if len(text) > 40:
        return None
    text = clean_line(text)
    for pattern in _DATES:
        if written := pattern.fullmatch(text):
            month = written["month"]
            number = int(month) if month.isdecimal() else _MONTHS.index(month[:3].lower()) + 1
            return _Day(int(written["year"]) if written["year"] else None, number, int(written["day"]))
    return None


def _resolve_day(day: _Day | None, today: date | None) -> date | None:
    """Give the day its year, or None where the day does not exist or nothing tells the year."""
    if day is None or (day.year is None and today is None):
        return None
    if day.year is not None:
        return _make_date(day.year, day.month, day.day)
    assert today is not None
    latest = today + timedelta(days=1)
    # 29 February comes round every fourth year, or after eight around 1900 and 2100.
    for year in range(latest.year, max(latest.year - 9, 0), -1):
        found = _make_date(year, day.month, day.day)
        if found and found <= latest:
            return found
    return None


def _make_date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


# --- Titles and abstracts ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Unit:
    line: Line
    look: int  # below 0 like a title, above 0 like an abstract; see _look


_SENTENCE_END = re.compile(r"[.!?。！？][\"'”’)\]}]*$")
_INNER_SENTENCE_END = re.compile(r"[a-z0-9)\]}\"'”’%][.!?][\"'”’)]*\s+[A-Z]|[。！？].")

# What it costs to take one line for a stray. More than one wrong look can cost (4), so that position is the
# rule and no odd title or abstract alone overturns it; less than two pairs taken the wrong way round cost.
_STRAY: Final = 6


def _look(text: str) -> int:
    """Rate a line from -4 (surely a title) to 4 (surely an abstract); 12 for one too long for any title.

    Rated by length, by a full stop at the end, by sentences inside and by how many words are capitalised;
    each counts a little, as titles may ask questions and abstracts may be one line or end in an address.
    """
    length = len(text)
    if length > 400:
        return 12
    look = -2 if length <= 70 else -1 if length <= 120 else 0 if length <= 160 else 1 if length <= 220 else 3
    look += 2 if _SENTENCE_END.search(text) and not text.endswith("?") else -1
    look += 1 if _INNER_SENTENCE_END.search(text) else 0
    words = [word for word in text.split()[1:] if len(word) > 3 and word[0].isalpha()]
    if len(words) > 2:
        capitalised = sum(word[0].isupper() for word in words) / len(words)
        look += -1 if capitalised > 0.5 else 1 if capitalised < 0.25 else 0
    return max(-4, min(4, look))


def _begins_with_paper(units: list[_Unit], *, at_end: bool) -> bool:
    """Tell whether the first two lines are a paper's, or the first is a stray.

    The lines ahead are parted into papers and strays in the way that costs least: a title that looks like
    an abstract, or an abstract like a title, costs its look, a stray costs `_STRAY` (dynamic programming
    from the last line back, some ten steps).
    """
    count = len(units)
    if count < 2:
        return False
    if count >= 4 and all(unit.look < 0 for unit in units[:4:2]) and all(u.look > 0 for u in units[1:4:2]):
        return True
    as_title = [max(0, unit.look) for unit in units]
    as_abstract = [max(0, -unit.look) for unit in units]
    # After the last line in sight there may be more, so a title there is no stray yet.
    costs = [0] * (count + 2)
    costs[count - 1] = _STRAY if at_end else min(as_title[-1], _STRAY)
    for number in range(count - 2, -1, -1):
        as_paper = as_title[number] + as_abstract[number + 1] + costs[number + 2]
        costs[number] = min(as_paper, _STRAY + costs[number + 1])
    return as_title[0] + as_abstract[1] + costs[2] <= _STRAY + costs[1]


def _make_record(title: Line, abstract: Line, listed: date) -> Record | Rejection:
    place = f"line {title.number}"
    for line in (title, abstract):
        if line.problem:
            return Rejection(
                place, f"Line {line.number}: {line.problem}.", f"{title.text}\n\n{abstract.text}"
            )
    return clean_record(
        key=_make_key(title.text),
        title=title.text,
        abstract=abstract.text,
        rank=Rank.AGGREGATOR,
        place=place,
        listed=listed,
        raw=f"{title.text}\n\n{abstract.text}",
    )


def _make_key(title: str) -> str:
    """Name a paper by its title: the page has no other name for it."""
    normalised = title_key(title) or clean_line(title).casefold()
    return "title:" + hashlib.sha256(normalised.encode("utf-8")).hexdigest()[:32]


def _reject_lone(unit: _Unit, following: _Unit | None) -> Rejection:
    line = unit.line
    place = f"line {line.number}"
    if line.problem:
        return Rejection(place, f"{line.problem[0].upper()}{line.problem[1:]}.", line.text)
    if unit.look > 0:
        reason = "An abstract without a title: the line before it belongs to another paper."
    elif following is None:
        reason = "A title without an abstract: the file ends after it."
    else:
        reason = f"A title without an abstract: the next title follows on line {following.line.number}."
    return Rejection(place, reason, line.text)

"""The lab's old spreadsheet as a table: which paper was discussed on which day, and who presented it. Pure.

A row is a paper. Days are read in whatever spelling spreadsheets write; where the order of day and month is not said
by the number itself (04/05/2025), the other rows decide (`find_order`), or whoever brings the table.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import BinaryIO, Final

from django.utils.translation import gettext as _

from papers import mentions
from papers.identifiers import Identifier
from papers.importers.csv_table import Columns, Kind, TableRow, guess_columns, read_rows
from papers.importers.names import turn_name
from papers.importers.times import find_month
from papers.records import Rejection, UnreadableInput, clean_line, clean_text

FIELDS: Final[dict[str, str]] = {
    "date": "date, session date, meeting date, day, when, datum, tag, termin, wann, fecha, data, jour",
    "time": "time, start, start time, starts, begin, uhrzeit, zeit, beginn, heure, hora",
    "paper": "paper, paper title, title, article, papers, talk, topic, titel, artikel, thema, titre, titulo",
    "identifier": "identifier, arxiv id, arxiv, doi, paper link, paper url, link, url, address, id",
    "presenter": "presenter, presenters, presented by, speaker, speakers, presenter(s), who, lead, leader, name, "
    "wer, vortragende, vortragender, vortrag, referent, referentin, intervenant, ponente",
    "discussant": "discussant, discussants, discussion, respondent, moderator, diskussion, diskutant",
    "notes": "notes, note, comments, comment, remarks, minutes, bemerkungen, notizen, protokoll, notas",
}
PAST: Final = Kind(FIELDS, needed="date", example="date, paper, presenter")

MOST_ROWS: Final = 5_000
FIRST_YEAR: Final = 1970
MOST_NOTES: Final = 20_000
_FIRST_SERIAL, _LAST_SERIAL = 25_569, 73_050  # 1970 and 2099
_EPOCH: Final = date(1899, 12, 30)  # of day numbers, ECMA-376, 18.17.4.1
_NO_MEETING: Final = frozenset(
    {
        *(
            "no meeting",
            "no session",
            "no journal club",
            "none",
            "cancelled",
            "canceled",
            "holiday",
            "holidays",
        ),
        *("vacation", "break", "tbd", "tba", "ferien", "feiertag", "ausgefallen", "fällt aus", "entfällt"),
        "pas de réunion",
    }
)

_YEAR_FIRST: Final = re.compile(
    r"(?P<y>[0-9]{4})[-/.年]\s?(?P<m>[0-9]{1,2})[-/.月]\s?(?P<d>[0-9]{1,2})(?![0-9])"
)
_COMPACT: Final = re.compile(r"(?P<y>(?:19|20)[0-9]{2})(?P<m>[01][0-9])(?P<d>[0-3][0-9])(?![0-9])")
_YEAR_LAST: Final = re.compile(
    r"(?P<one>[0-9]{1,2})\s?(?P<mark>[-/.])\s?(?P<two>[0-9]{1,2})\s?(?P=mark)\s?(?P<y>[0-9]{4}|[0-9]{2})(?![0-9])"
)
_SERIAL: Final = re.compile(r"(?P<day>[0-9]{5})(?P<part>[.,][0-9]+)?")
_TIME: Final = re.compile(
    r"(?<![0-9])(?P<h>[0-9]{1,2})(?:[:.h](?P<m>[0-9]{2})(?::[0-9]{2})?)?\s*(?P<half>[ap]\.?m\.?)?(?![0-9])",
    re.IGNORECASE,
)
_NUMBER: Final = re.compile(r"(?<![0-9])[0-9]{1,4}(?![0-9])")


@dataclass(frozen=True, slots=True)
class Day:
    """The day that a cell names: read with the day first, and with the month first; None where that is none."""

    day_first: date | None
    month_first: date | None

    @property
    def is_certain(self) -> bool:
        return self.day_first == self.month_first or None in (self.day_first, self.month_first)

    def read(self, day_first: bool | None) -> date | None:
        """Return the day; None where it may be either, and nobody said which."""
        if self.is_certain:
            return self.day_first or self.month_first
        return None if day_first is None else self.day_first if day_first else self.month_first


@dataclass(frozen=True, slots=True)
class PastRow:
    """A paper, or a topic, that was discussed on a day; people are as they stand in the cells."""

    place: str
    day: date
    at: time | None
    title: str
    identifier: Identifier | None
    presenter: str
    discussant: str
    notes: str
    raw: str


@dataclass(frozen=True, slots=True)
class PastTable:
    rows: tuple[PastRow, ...]
    rejections: tuple[Rejection, ...]
    day_first: bool | None
    """How days with both numbers below 13 were read; None where nothing decides."""
    has_doubtful: bool
    """Whether there are such days."""


def guess_past_columns(stream: BinaryIO) -> Columns:
    """Guess which column is which. Raises UnreadableInput."""
    return guess_columns(stream, PAST)


def read_past_table(
    stream: BinaryIO,
    *,
    columns: Mapping[str, str] | None = None,
    day_first: bool | None = None,
    today: date,
) -> PastTable:
    """Read a table of past sessions; each row that cannot be read is a rejection with its line and the reason.

    `columns` is what `check_columns` gave; without it they are guessed. Raises UnreadableInput, for a table without
    dates and for one of more than MOST_ROWS rows.
    """
    found: list[TableRow] = []
    rejections: list[Rejection] = []
    for row in read_rows(stream, columns=columns, kind=PAST):
        if isinstance(row, Rejection):
            rejections.append(row)
        else:
            found.append(row)
        if len(found) + len(rejections) > MOST_ROWS:
            raise UnreadableInput(
                _("The table has more than %(most)s rows. Cut it in parts.") % {"most": f"{MOST_ROWS:,}"}
            )
    days = {row.place: read_day(row.cells.get("date", "")) for row in found}
    if day_first is None:
        day_first = find_order([day for day in days.values() if day], today)
    rows = []
    for row in found:
        read = _read_row(row, days[row.place], day_first, today)
        if isinstance(read, Rejection):
            rejections.append(read)
        else:
            rows.append(read)
    has_doubtful = any(day and not day.is_certain for day in days.values())
    return PastTable(tuple(rows), tuple(rejections), day_first, has_doubtful)


def _read_row(row: TableRow, day: Day | None, day_first: bool | None, today: date) -> PastRow | Rejection:
    def refuse(reason: str) -> Rejection:
        return Rejection(row.place, reason, row.raw)

    cells = {field: clean_line(text) for field, text in row.cells.items()}
    written, paper, link = cells.get("date", ""), cells.get("paper", ""), cells.get("identifier", "")
    if not written:
        return refuse(_("There is no date."))
    if day is None:
        return refuse(
            _("“%(text)s” is no day that we can read, such as 2025-04-30.") % {"text": written[:60]}
        )
    when = day.read(day_first)
    if when is None:
        assert day.day_first and day.month_first
        return refuse(
            _("“%(text)s” may be %(one)s or %(other)s. Say whether the day or the month comes first.")
            % {"text": written[:60], "one": day.day_first.isoformat(), "other": day.month_first.isoformat()}
        )
    if when > today:
        return refuse(_("%(day)s lies in the future.") % {"day": when.isoformat()})
    if when.year < FIRST_YEAR:
        return refuse(_("%(day)s is long before any session.") % {"day": when.isoformat()})
    presenter = cells.get("presenter", "")
    if paper.casefold().strip(" .!-–—()") in _NO_MEETING or presenter.casefold() in _NO_MEETING:
        return refuse(_("There was no meeting, so there is nothing to bring in."))
    identifier = _find_identifier(link) or _find_identifier(paper)
    if identifier is not None and mentions.find_one(paper) is not None:
        paper = ""  # no title, only where it is
    notes = clean_text(row.cells.get("notes", ""))[:MOST_NOTES]
    if not (paper or identifier or presenter or notes):
        return refuse(_("There is nothing but a date."))
    return PastRow(
        place=row.place,
        day=when,
        at=read_time(cells.get("time", "")) or _find_time(written),
        title=paper,
        identifier=identifier,
        presenter=presenter,
        discussant=cells.get("discussant", ""),
        notes=notes,
        raw=row.raw,
    )


def _find_identifier(text: str) -> Identifier | None:
    """Return the identifier that a cell is, or the first that stands in it."""
    if not text:
        return None
    if one := mentions.find_one(text):
        return one
    named = mentions.find(text).mentions
    return named[0].identifier if named else None


# --- Days ----------------------------------------------------------------------------------------------------


def read_day(text: str) -> Day | None:
    """Read the day that a cell of a spreadsheet names; None where it is none.

    2025-04-30, 2025/4/30, 20250430, 30.04.2025, 30.4.25, 4/30/2025, 30/04/25, 30-Apr-25, Wed 30 April 2025,
    April 30th, 2025, 2025年4月30日, 45777 (days since the end of 1899); a time behind it is left alone.
    """
    text = clean_line(text[:200])
    if found := _SERIAL.fullmatch(text):
        number = int(found["day"])
        return _certain(_EPOCH + timedelta(days=number)) if _FIRST_SERIAL <= number <= _LAST_SERIAL else None
    if found := _YEAR_FIRST.search(text) or _COMPACT.match(text):
        return _certain(_make(int(found["y"]), int(found["m"]), int(found["d"])))
    if found := _YEAR_LAST.search(text):
        year, one, two = _fill_year(found["y"]), int(found["one"]), int(found["two"])
        day_first, month_first = _make(year, two, one), _make(year, one, two)
        if found["mark"] == "." and day_first:  # nobody writes dots with the month first
            return _certain(day_first)
        return Day(day_first, month_first) if day_first or month_first else None
    month = find_month(text)
    if month is None:
        return None
    numbers = _NUMBER.findall(text)
    years = [number for number in numbers if len(number) == 4]
    others = [number for number in numbers if len(number) <= 2]
    if years and others:
        return _certain(_make(int(years[0]), month, int(others[0])))
    if len(others) >= 2:  # 30-Apr-25
        return _certain(_make(_fill_year(others[1]), month, int(others[0])))
    return None


def _certain(day: date | None) -> Day | None:
    return Day(day, day) if day else None


def _make(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _fill_year(text: str) -> int:
    """Return the year of two digits: 70 to 99 are of the last century."""
    year = int(text)
    return year if len(text) == 4 else year + (1900 if year >= 70 else 2000)


def find_order(days: Iterable[Day], today: date) -> bool | None:
    """Tell whether days stand before months in a column (True), behind them (False), or may be either (None).

    By those that can only be read one way; else by what would lie in the future; else by the weekday, since a group
    meets on the same one: the order with which clearly more days fall on one.
    """
    days = [day for day in days if day.day_first != day.month_first]
    sure = {day.day_first is not None for day in days if day.is_certain}
    if sure:
        return sure.pop() if len(sure) == 1 else None
    both = [(day.day_first, day.month_first) for day in days if day.day_first and day.month_first]
    is_future = [any(pair[order] > today for pair in both) for order in (0, 1)]
    if is_future[0] != is_future[1]:
        return is_future[1]
    if len(both) < 3:
        return None
    most = [Counter(pair[order].weekday() for pair in both).most_common(1)[0][1] for order in (0, 1)]
    if 3 * max(most) >= 2 * len(both) and 2 * min(most) <= max(most):
        return most[0] > most[1]
    return None


def read_time(text: str) -> time | None:
    """Read a time of day as people write it: 14:00, 14.30, 14h00, 2 pm; None where it is none."""
    found = _TIME.search(text)
    if not found or (found["m"] is None and found["half"] is None and not text.strip().isdigit()):
        return None
    hours, minutes = int(found["h"]), int(found["m"] or 0)
    if found["half"]:
        if not 1 <= hours <= 12:
            return None
        hours = hours % 12 + (12 if found["half"][0] in "pP" else 0)
    return time(hours, minutes) if hours < 24 and minutes < 60 else None


def _find_time(written: str) -> time | None:
    """Return the time behind a day in one cell; midnight is what spreadsheets write where there is none."""
    if (serial := _SERIAL.fullmatch(written)) and serial["part"]:
        minutes = round(float("0" + serial["part"].replace(",", ".")) * 24 * 60)
        return time(minutes // 60 % 24, minutes % 60) if minutes % (24 * 60) else None
    found = re.search(
        r"(?<![0-9:])[0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?\s*(?:[ap]\.?m\.?)?", written, re.IGNORECASE
    )
    at = read_time(found[0]) if found else None
    return at if at != time(0) else None


# --- People --------------------------------------------------------------------------------------------------


def split_people(text: str) -> list[str]:
    """Return the names in a cell, in their order: "Ann Lee & Bo Ek", "Ann; Bo", "Lee, Ann" (one person)."""
    parts = re.split(r"\s*(?:;|/|&|\+|\||\n|\band\b|\bund\b|\bet\b)\s*", text)
    names = []
    for part in filter(None, map(clean_line, parts)):
        pieces = [piece.strip() for piece in part.split(",") if piece.strip()]
        if len(pieces) > 2 or (len(pieces) == 2 and all(" " in piece for piece in pieces)):
            names += pieces
        else:
            names.append(turn_name(part))
    return [name for name in map(clean_line, names) if name]

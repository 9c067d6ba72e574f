"""Times and days as feeds, services and people write them."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime
from typing import Final

from papers.records import PartialDate, Precision

FIRST_YEAR: Final = 1000
LAST_YEAR: Final = 2100
_MOST: Final = 100  # characters in which a date is looked for


def read_moment(text: str) -> datetime | None:
    """Read a time and bring it to UTC; None where the text is none.

    It may be written by ISO 8601 or RFC 3339, or by RFC 5322, section 3.3 ("Mon, 27 Apr 2026 00:00:00 -0400"), as
    mail and RSS have it. A time without a zone is taken for UTC.
    """
    text = text[:_MOST].strip()
    try:
        moment = datetime.fromisoformat(text) if text[:1].isdigit() else parsedate_to_datetime(text)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def day_of(moment: datetime | None) -> PartialDate | None:
    """Give the day of a time, by the clock that it was read by."""
    return PartialDate(moment.date()) if moment else None


def make_date(year: int, month: int | None = None, day: int | None = None) -> PartialDate | None:
    """Make a date of its numbers; None for a year that no paper is of, the month or year alone for an odd rest."""
    if not FIRST_YEAR <= year <= LAST_YEAR:
        return None
    if not month or not 1 <= month <= 12:
        return PartialDate(date(year, 1, 1), Precision.YEAR)
    try:
        return PartialDate(date(year, month, day or 0), Precision.DAY)
    except ValueError:
        return PartialDate(date(year, month, 1), Precision.MONTH)


_MONTHS: Final = {
    name: number
    for number, names in enumerate(
        (
            "jan januar january janvier enero janeiro",
            "feb febr februar february fevrier février febrero fevereiro",
            "mar mär märz march mars marzo março",
            "apr april avril abril",
            "may mai mayo maio",
            "jun juni june juin junio junho",
            "jul juli july juillet julio julho",
            "aug august août aout agosto",
            "sep sept september septembre septiembre setembro",
            "oct okt oktober october octobre octubre outubro",
            "nov november novembre noviembre novembro",
            "dec dez dezember december décembre diciembre dezembro",
        ),
        start=1,
    )
    for name in names.split()
}
# "2019-04-02", "2019/04", "20190402" and "2019//", also as the start of a range or a time.
_YEAR_FIRST: Final = re.compile(
    r"(?P<year>[0-9]{4})(?:[-/.](?P<month>[0-9]{1,2})(?:[-/.](?P<day>[0-9]{1,2}))?(?![0-9]))?(?![0-9])"
)
_COMPACT: Final = re.compile(r"(?P<year>[12][0-9]{3})(?P<month>[01][0-9])(?P<day>[0-3][0-9])(?![0-9])")
# "06/2007", and "14/06/2007" only where it is clear which number is the month.
_YEAR_LAST: Final = re.compile(
    r"(?:(?P<first>[0-9]{1,2})[-/.])?(?P<second>[0-9]{1,2})[-/.](?P<year>[0-9]{4})(?![0-9])"
)
_WORD: Final = re.compile(r"[^\W\d_]+")
_NUMBER: Final = re.compile(r"(?<![0-9])[0-9]{1,4}(?![0-9])")


def read_date(text: str) -> PartialDate | None:
    """Read a day, month or year as people write it; None where there is none, or one no paper is of.

    "2014 Dec", "May 01, 1980", "06/2007", "2019//", "1985a", "c. 1990"; of a range ("1979-01-02/1980-04-08",
    "1976 Sep-Oct") the beginning. Of a season only the year counts. "04/05/2007" may be April or May, so only
    its year does.
    """
    text = text[:_MOST].strip().strip("[](){}~ ")
    if found := _COMPACT.match(text) or _YEAR_FIRST.match(text):
        month = found["month"] or (None if found.re is _COMPACT else find_month(text))
        rest = text[found.end() :]
        day = found["day"] or (_find_day(rest) if month and not found["month"] else None)
        return make_date(int(found["year"]), int(month) if month else None, int(day) if day else None)
    if found := _YEAR_LAST.match(text):
        first, second = int(found["first"] or 0), int(found["second"])
        if not first:
            return make_date(int(found["year"]), second)
        if second > 12 >= first:
            first, second = second, first
        elif first <= 12 and first != second:
            return make_date(int(found["year"]))
        return make_date(int(found["year"]), second, first)
    years = [number for number in _NUMBER.findall(text) if len(number) == 4]
    if not years:
        return None
    month = find_month(text)
    return make_date(int(years[0]), month, _find_day(text) if month else None)


def find_month(text: str) -> int | None:
    """Return the number of the first month that a text names, in the languages that we know."""
    return next((_MONTHS[word] for found in _WORD.findall(text) if (word := found.lower()) in _MONTHS), None)


def _find_day(text: str) -> int | None:
    return next((int(number) for number in _NUMBER.findall(text) if len(number) <= 2), None)


def find_first_day(printed: PartialDate | None, online: PartialDate | None) -> PartialDate | None:
    """Give the earlier of two dates; of a day and the month or year that it lies in, the day."""
    if not printed or not online:
        return printed or online
    lasting = {
        Precision.YEAR: (printed.date.year,),
        Precision.MONTH: (printed.date.year, printed.date.month),
        Precision.DAY: (printed.date.year, printed.date.month, printed.date.day),
    }[printed.precision]
    moment = (online.date.year, online.date.month, online.date.day)
    return online if moment[: len(lasting)] <= lasting else printed

"""Days, weeks and months as addresses write them; pure."""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta

from django.utils.formats import date_format
from django.utils.translation import gettext as _

# Other years than these are written with fewer digits by some systems, or have a week that no calendar shows.
_FIRST_DAY, _LAST_DAY = date(1000, 1, 1), date(9998, 12, 31)


@dataclass(frozen=True, slots=True)
class Period:
    """A stretch of days with its name (day, week, month), its text in addresses and its title."""

    name: str
    text: str
    title: str
    first: date
    last: date

    def around(self, day: date) -> "Period":
        """Return the period of the same kind that holds a day; a day where there is no such kind."""
        return {"week": _week, "month": _month}.get(self.name, _day)(day)


def parse_day(text: str) -> Period | None:
    """Return the day that `2025-04-25` names; None for anything else."""
    try:
        day = date.fromisoformat(text) if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text, re.ASCII) else None
    except ValueError:
        return None
    return _day(day) if day and _FIRST_DAY <= day <= _LAST_DAY else None


def parse_week(text: str) -> Period | None:
    """Return the week that `2025-W17` names (ISO 8601: Monday first); None for anything else."""
    found = re.fullmatch(r"(\d{4})-W(\d{2})", text, re.ASCII)
    try:
        monday = date.fromisocalendar(int(found[1]), int(found[2]), 1) if found else None
    except ValueError:
        return None
    return _week(monday) if monday and _FIRST_DAY <= monday <= _LAST_DAY else None


def parse_month(text: str) -> Period | None:
    """Return the month that `2025-04` names; None for anything else."""
    found = re.fullmatch(r"(\d{4})-(\d{2})", text, re.ASCII)
    try:
        first = date(int(found[1]), int(found[2]), 1) if found else None
    except ValueError:
        return None
    return _month(first) if first and _FIRST_DAY <= first <= _LAST_DAY else None


def _day(day: date) -> Period:
    return Period("day", day.isoformat(), date_format(day, "l j F Y"), day, day)


def _week(day: date) -> Period:
    year, week, weekday = day.isocalendar()
    first = day - timedelta(days=weekday - 1)
    last = first + timedelta(days=6)
    title = _("Week %(week)d, %(first)s to %(last)s") % {
        "week": week,
        "first": date_format(first, "j F"),
        "last": date_format(last, "j F Y"),
    }
    return Period("week", f"{year:04}-W{week:02}", title, first, last)


def _month(day: date) -> Period:
    last = day.replace(day=monthrange(day.year, day.month)[1])
    return Period("month", f"{day:%Y-%m}", date_format(day, "F Y"), day.replace(day=1), last)

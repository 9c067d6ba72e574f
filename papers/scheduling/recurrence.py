"""When a series meets: recurrence rules in days of the wall clock, and those days as moments in UTC. Pure.

A rule is the value of an RRULE (RFC 5545, 3.3.10), of which everything is read that says something about days:
FREQ by day, week, month or year, INTERVAL, COUNT, UNTIL, BYDAY, BYMONTHDAY, BYMONTH, BYSETPOS and WKST. What counts in
hours and less is refused, so is BYWEEKNO and BYYEARDAY, which no calendar program offers.

Whatever is asked, the answer ends: days are looked for from one day to another, and nowhere else
(docs/decisions, "When a series meets").
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from django.utils.dates import MONTHS, WEEKDAYS
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

LONGEST: Final = 500
"""Characters of a rule; more than any that people write."""

MOST_INTERVAL: Final = 99
MOST_COUNT: Final = 1_000
FIRST_DAY: Final = date(1970, 1, 1)
LAST_DAY: Final = date(2199, 12, 31)

# Of a rule that gives no day for so long, somebody has thought wrong; 29 February comes every four years, or eight.
YEARS_TO_FIRST: Final = 8

DAYS: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
WORK_DAYS: Final = (0, 1, 2, 3, 4)


class BadRule(Exception):
    """A rule that cannot be followed; its text is a sentence for the person who wrote it."""


class Frequency(StrEnum):
    DAILY = "DAILY"
    WEEKLY = "WEEKLY"
    MONTHLY = "MONTHLY"
    YEARLY = "YEARLY"


@dataclass(frozen=True, slots=True, order=True)
class Weekday:
    """One of the days of a week (Monday is 0), or the n-th of them in a month or year, from its end if negative."""

    day: int
    n: int = 0

    def __str__(self) -> str:
        return f"{self.n or ''}{DAYS[self.day]}"


@dataclass(frozen=True, slots=True)
class Rule:
    frequency: Frequency
    interval: int = 1
    count: int | None = None
    until: date | datetime | None = None
    """The last day, or the last moment, that still counts; a moment is one of UTC, or of the wall clock if naive."""
    weekdays: tuple[Weekday, ...] = ()
    month_days: tuple[int, ...] = ()
    months: tuple[int, ...] = ()
    positions: tuple[int, ...] = ()
    week_start: int = 0

    def __str__(self) -> str:
        """Return the rule as it is stored: each part in its place, none that says nothing."""
        parts = {
            "FREQ": self.frequency.value,
            "INTERVAL": str(self.interval) if self.interval > 1 else "",
            "COUNT": str(self.count or ""),
            "UNTIL": _write_until(self.until),
            "BYMONTH": ",".join(map(str, self.months)),
            "BYMONTHDAY": ",".join(map(str, self.month_days)),
            "BYDAY": ",".join(map(str, self.weekdays)),
            "BYSETPOS": ",".join(map(str, self.positions)),
            "WKST": DAYS[self.week_start] if self.week_start else "",
        }
        return ";".join(f"{name}={value}" for name, value in parts.items() if value)


# Reading a rule


def parse(text: str) -> Rule:
    """Return what a rule says, written as RRULE:FREQ=WEEKLY;BYDAY=WE, with or without the first word.

    Raises BadRule.
    """
    if len(text) > LONGEST:
        raise BadRule(_("A rule has at most %(most)d characters.") % {"most": LONGEST})
    parts = _split(text)
    if "FREQ" not in parts:
        raise BadRule(_("A rule says how often, such as FREQ=WEEKLY."))
    rule = Rule(
        frequency=_read_frequency(parts["FREQ"]),
        interval=_read_number("INTERVAL", parts.get("INTERVAL", "1"), 1, MOST_INTERVAL),
        count=_read_number("COUNT", parts["COUNT"], 1, MOST_COUNT) if "COUNT" in parts else None,
        until=_read_until(parts["UNTIL"]) if "UNTIL" in parts else None,
        weekdays=_read_weekdays(parts.get("BYDAY", "")),
        month_days=_read_numbers("BYMONTHDAY", parts.get("BYMONTHDAY", ""), 31, is_signed=True),
        months=_read_numbers("BYMONTH", parts.get("BYMONTH", ""), 12),
        positions=_read_numbers("BYSETPOS", parts.get("BYSETPOS", ""), 366, is_signed=True),
        week_start=_read_day("WKST", parts.get("WKST", "MO")),
    )
    _check(rule)
    return rule


_FURTHER = {"BYHOUR", "BYMINUTE", "BYSECOND"}
_KNOWN = {"FREQ", "INTERVAL", "COUNT", "UNTIL", "BYDAY", "BYMONTHDAY", "BYMONTH", "BYSETPOS", "WKST"}


def _split(text: str) -> dict[str, str]:
    """Return {name: value} of a rule's parts."""
    text = re.sub(r"\s+", "", text).upper().removeprefix("RRULE:").strip(";")
    parts: dict[str, str] = {}
    for part in filter(None, text.split(";")):
        name, _equals, value = part.partition("=")
        if not value:
            raise BadRule(_("“%(part)s” says nothing. A part is written as BYDAY=WE.") % {"part": part[:40]})
        if name in parts:
            raise BadRule(_("%(name)s is there twice.") % {"name": name})
        if name in _FURTHER:
            raise BadRule(_("Leave out %(name)s: the series says at what time it starts.") % {"name": name})
        if name not in _KNOWN:
            raise BadRule(
                _("%(name)s is not read here; %(known)s are.")
                % {"name": name[:40], "known": _join([*sorted(_KNOWN)])}
            )
        parts[name] = value
    return parts


def _read_frequency(text: str) -> Frequency:
    try:
        return Frequency(text)
    except ValueError:
        raise BadRule(
            _("Sessions repeat by day, week, month or year: FREQ is DAILY, WEEKLY, MONTHLY or YEARLY.")
        ) from None


def _read_number(name: str, text: str, least: int, most: int) -> int:
    if not re.fullmatch(r"[+-]?[0-9]{1,6}", text) or not least <= int(text) <= most:
        raise BadRule(
            _("%(name)s is a number from %(least)d to %(most)d.")
            % {"name": name, "least": least, "most": most}
        )
    return int(text)


def _read_numbers(name: str, text: str, most: int, *, is_signed: bool = False) -> tuple[int, ...]:
    if not text:
        return ()
    numbers = {_read_number(name, each, -most if is_signed else 1, most) for each in text.split(",")}
    if 0 in numbers:
        raise BadRule(_("%(name)s counts from 1, or from −1 backwards; there is no 0.") % {"name": name})
    return tuple(sorted(numbers, key=lambda number: (number < 0, number)))


def _read_day(name: str, text: str) -> int:
    if text not in DAYS:
        raise BadRule(
            _("%(name)s takes the days %(days)s, not “%(text)s”.")
            % {"name": name, "days": ", ".join(DAYS), "text": text[:40]}
        )
    return DAYS.index(text)


def _read_weekdays(text: str) -> tuple[Weekday, ...]:
    if not text:
        return ()
    found = set()
    for each in text.split(","):
        n = each[:-2]
        found.add(Weekday(_read_day("BYDAY", each[-2:]), _read_number("BYDAY", n, -53, 53) if n else 0))
        if n and not int(n):
            raise BadRule(
                _("%(name)s counts from 1, or from −1 backwards; there is no 0.") % {"name": "BYDAY"}
            )
    return tuple(sorted(found, key=lambda weekday: (weekday.n < 0, weekday.n, weekday.day)))


def _read_until(text: str) -> date | datetime:
    """Return the end as it was meant: 20250630, 20250630T120000 or 20250630T120000Z."""
    try:
        if re.fullmatch(r"[0-9]{8}", text):
            return datetime.strptime(text, "%Y%m%d").date()  # noqa: DTZ007 (a day has no zone)
        if re.fullmatch(r"[0-9]{8}T[0-9]{6}Z?", text):
            moment = datetime.strptime(text.removesuffix("Z"), "%Y%m%dT%H%M%S")  # noqa: DTZ007 (it says UTC, or is local)
            return moment.replace(tzinfo=UTC) if text.endswith("Z") else moment
    except ValueError:
        pass
    raise BadRule(_("UNTIL is a day, written as 20250630, or a moment, as 20250630T120000Z."))


def _write_until(until: date | datetime | None) -> str:
    match until:
        case None:
            return ""
        case datetime():
            return f"{until:%Y%m%dT%H%M%S}{'Z' if until.tzinfo else ''}"
        case _:
            return f"{until:%Y%m%d}"


def _check(rule: Rule) -> None:
    """Refuse parts that do not go together (RFC 5545, 3.3.10)."""
    if rule.count and rule.until:
        raise BadRule(_("A rule ends after so many times (COUNT) or with a day (UNTIL), not both."))
    if rule.positions and not (rule.weekdays or rule.month_days or rule.months):
        raise BadRule(_("BYSETPOS chooses among days, so it needs BYDAY, BYMONTHDAY or BYMONTH beside it."))
    if rule.frequency == Frequency.WEEKLY and rule.month_days:
        raise BadRule(_("A week has no days of a month: BYMONTHDAY goes with DAILY, MONTHLY or YEARLY."))
    is_numbered = any(weekday.n for weekday in rule.weekdays)
    if is_numbered and rule.frequency in {Frequency.DAILY, Frequency.WEEKLY}:
        raise BadRule(_("The n-th day of the week (such as 2TU) goes with MONTHLY or YEARLY."))
    most = 53 if rule.frequency == Frequency.YEARLY and not rule.months else 5
    if any(abs(weekday.n) > most for weekday in rule.weekdays):
        raise BadRule(_("No day of the week comes more than %(most)d times there.") % {"most": most})


# Days


def find_days(
    rule: Rule, starts_on: date, *, first: date, last: date, until: date | None = None
) -> Iterator[date]:
    """Give the days of a rule from `first` to `last`, both included, in order.

    Only days that the rule names count, `starts_on` too. `until` is the rule's last day (`last_day`). Without COUNT the
    days before `first` cost nothing; with it they are counted.
    """
    rule = _fill_in(rule, starts_on)
    last = min(each for each in (last, until, LAST_DAY) if each is not None)
    begun = _number_period(rule, starts_on)
    number = begun
    if rule.count is None and first > starts_on:
        number += (_number_period(rule, first) - begun) // rule.interval * rule.interval
    counted = 0
    while (days := _list_period(rule, number))[0] <= last:
        for day in _choose(rule, days):
            if day < starts_on:
                continue
            if day > last:
                return
            counted += 1
            if day >= first:
                yield day
            if counted == rule.count:
                return
        number += rule.interval


def last_day(rule: Rule, starts_at: time, zone: ZoneInfo) -> date | None:
    """Return the last day on which a series that starts at this time may meet; None where the rule has no UNTIL."""
    until = rule.until
    if not isinstance(until, datetime):
        return until
    local = until.astimezone(zone).replace(tzinfo=None) if until.tzinfo else until
    start = datetime.combine(local.date(), starts_at)
    is_in = to_utc(start, zone) <= until if until.tzinfo else start <= until
    return local.date() if is_in else local.date() - timedelta(days=1)


def _fill_in(rule: Rule, starts_on: date) -> Rule:
    """Return the rule with what it takes from its first day, where it names none."""
    if rule.weekdays or rule.month_days or rule.frequency == Frequency.DAILY:
        return rule
    if rule.frequency == Frequency.WEEKLY:
        return replace(rule, weekdays=(Weekday(starts_on.weekday()),))
    months = rule.months
    if rule.frequency == Frequency.YEARLY:
        months = months or (starts_on.month,)
    return replace(rule, months=months, month_days=(starts_on.day,))


def _number_period(rule: Rule, day: date) -> int:
    """Return the number of the day, week, month or year in which a day lies."""
    match rule.frequency:
        case Frequency.DAILY:
            return day.toordinal()
        case Frequency.WEEKLY:
            return (day.toordinal() - 1 - rule.week_start) // 7  # day 1 was a Monday
        case Frequency.MONTHLY:
            return day.year * 12 + day.month - 1
        case _:
            return day.year


def _list_period(rule: Rule, number: int) -> list[date]:
    """Return the days of the period with this number."""
    match rule.frequency:
        case Frequency.DAILY:
            first, days = date.fromordinal(number), 1
        case Frequency.WEEKLY:
            first, days = date.fromordinal(number * 7 + 1 + rule.week_start), 7
        case Frequency.MONTHLY:
            first = date(number // 12, number % 12 + 1, 1)
            days = _days_in_month(first)
        case _:
            first = date(number, 1, 1)
            days = _days_in_year(first)
    return [first + timedelta(days=each) for each in range(days)]


def _choose(rule: Rule, days: list[date]) -> list[date]:
    """Return those days of a period that the rule names.

    Within one period every part but BYSETPOS takes days away, also those that RFC 5545 says to expand.
    """
    chosen = [day for day in days if _is_named(rule, day)]
    if not rule.positions or not chosen:
        return chosen
    places = {place - 1 if place > 0 else len(chosen) + place for place in rule.positions}
    return [chosen[place] for place in sorted(places) if 0 <= place < len(chosen)]


def _is_named(rule: Rule, day: date) -> bool:
    if rule.months and day.month not in rule.months:
        return False
    if rule.month_days and not {day.day, day.day - 1 - _days_in_month(day)} & set(rule.month_days):
        return False
    return not rule.weekdays or any(_is_weekday(rule, weekday, day) for weekday in rule.weekdays)


def _is_weekday(rule: Rule, weekday: Weekday, day: date) -> bool:
    if day.weekday() != weekday.day:
        return False
    if not weekday.n:
        return True
    if rule.frequency == Frequency.YEARLY and not rule.months:
        place, length = day.timetuple().tm_yday, _days_in_year(day)
    else:
        place, length = day.day, _days_in_month(day)
    return weekday.n in {(place - 1) // 7 + 1, -((length - place) // 7 + 1)}


def _days_in_month(day: date) -> int:
    following = date(day.year + day.month // 12, day.month % 12 + 1, 1)
    return (following - day.replace(day=1)).days


def _days_in_year(day: date) -> int:
    return (date(day.year + 1, 1, 1) - date(day.year, 1, 1)).days


# Moments


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One time that a series meets."""

    day: date
    key: str
    """Its start by the wall clock, as 2025-04-30T14:00, which names it for ever."""
    starts: datetime
    """In UTC."""


def find_occurrences(
    rule: Rule, starts_on: date, starts_at: time, zone: ZoneInfo, *, first: date, last: date
) -> list[Occurrence]:
    """Return when a series meets from one local day to another, both included, in order."""
    until = last_day(rule, starts_at, zone)
    return [
        occur(day, starts_at, zone) for day in find_days(rule, starts_on, first=first, last=last, until=until)
    ]


def occur(day: date, starts_at: time, zone: ZoneInfo) -> Occurrence:
    local = datetime.combine(day, starts_at)
    return Occurrence(day, f"{local:%Y-%m-%dT%H:%M}", to_utc(local, zone))


def check_first(rule: Rule, starts_on: date, starts_at: time, zone: ZoneInfo) -> date:
    """Return the first day on which a series meets. Raises BadRule when it never does, or years from now."""
    if not FIRST_DAY <= starts_on <= LAST_DAY:
        raise BadRule(
            _("The first day lies between %(first)s and %(last)s.")
            % {"first": date_format(FIRST_DAY, "j F Y"), "last": date_format(LAST_DAY, "j F Y")}
        )
    until = last_day(rule, starts_at, zone)
    if until is not None and until < starts_on:
        raise BadRule(_("It ends before it begins. Choose a later last day, or an earlier first one."))
    far = starts_on + timedelta(days=366 * YEARS_TO_FIRST)
    found = next(find_days(rule, starts_on, first=starts_on, last=far, until=until), None)
    if found is None:
        raise BadRule(
            _("This rule gives no day, at least not for years: what it asks for does not come together.")
        )
    return found


def to_utc(local: datetime, zone: ZoneInfo) -> datetime:
    """Return the moment at which clocks in a zone show this.

    One that a change of clocks skips is as much later as they are put forward, one that comes twice is the first
    (fold=0 of PEP 495 means both).
    """
    return local.replace(tzinfo=zone, fold=0).astimezone(UTC)


def is_skipped(local: datetime, zone: ZoneInfo) -> bool:
    """Say whether clocks in a zone never show this, since they are put forward over it."""
    return to_utc(local, zone).astimezone(zone).replace(tzinfo=None, fold=0) != local.replace(fold=0)


def is_doubled(local: datetime, zone: ZoneInfo) -> bool:
    """Say whether clocks in a zone show this twice, since they are put back over it."""
    if is_skipped(local, zone):
        return False
    first, second = (local.replace(tzinfo=zone, fold=fold).utcoffset() for fold in (0, 1))
    return first != second


# When a rule is replaced by another


def pair_days(old: Sequence[date], new: Sequence[date]) -> dict[date, date]:
    """Return which day of a new rule takes the place of which old one; days without a partner are left out.

    The same day before the same week before the same month, the earlier first: a session that moves from Wednesdays to
    Thursdays keeps its agenda, and one that falls away takes nobody else's place.
    """
    pairs: dict[date, date] = {}
    taken: set[date] = set()
    for bucket in (date.toordinal, lambda day: day.isocalendar()[:2], lambda day: (day.year, day.month)):
        free: dict[object, list[date]] = {}
        for day in new:
            if day not in taken:
                free.setdefault(bucket(day), []).append(day)
        for day in old:
            candidates = free.get(bucket(day))
            if day not in pairs and candidates:
                pairs[day] = candidates.pop(0)
                taken.add(pairs[day])
    return pairs


# In words


def build_weekly(weekdays: Iterable[int], *, every: int = 1) -> Rule:
    """Return “every `every` weeks on these days”; without days the one of the series' start."""
    return Rule(Frequency.WEEKLY, every, weekdays=tuple(Weekday(day) for day in sorted(set(weekdays))))


def build_monthly(n: int, weekday: int, *, every: int = 1) -> Rule:
    """Return “on the n-th such day of every `every` months”; from the end if `n` is negative."""
    return Rule(Frequency.MONTHLY, every, weekdays=(Weekday(weekday, n),))


def describe(rule: Rule, starts_on: date, starts_at: time | None = None) -> str:
    """Return a rule in plain words: “Every second Thursday at 14:00, until 30 June 2025”."""
    text = _say_days(rule, starts_on) or _("By the rule %(rule)s") % {"rule": rule}
    if starts_at is not None:
        text = _("%(days)s at %(time)s") % {"days": text, "time": f"{starts_at:%H:%M}"}
    if rule.count:
        text += ngettext(", once", ", %(count)d times", rule.count) % {"count": rule.count}
    if rule.until:
        text += _(", until %(day)s") % {"day": date_format(rule.until, "j F Y")}
    return text


def _say_days(rule: Rule, starts_on: date) -> str:
    """Return the days in words; nothing where they are too odd for that."""
    rule = _fill_in(rule, starts_on)
    if rule.frequency == Frequency.DAILY:
        is_plain = not (rule.weekdays or rule.month_days or rule.positions)
        return _say_every_day(rule) + _say_months(rule) if is_plain else ""
    if rule.frequency == Frequency.WEEKLY:
        return "" if rule.positions else _say_weekly(rule) + _say_months(rule)
    if rule.frequency == Frequency.YEARLY and (rule.interval > 1 or not rule.months):
        return ""
    if rule.months and rule.interval > 1:
        return ""
    is_one_day = len(rule.months) == len(rule.month_days) == 1 and rule.month_days[0] > 0
    if is_one_day and not rule.weekdays and not rule.positions:
        day = {"day": rule.month_days[0], "month": _name_months(rule)}
        return _("Every year on %(day)d %(month)s") % day
    days = _say_days_of_month(rule)
    months = _name_months(rule) if rule.months else _say_every_month(rule)
    return _("On %(days)s of %(months)s") % {"days": days, "months": months} if days else ""


def _say_every_day(rule: Rule) -> str:
    if rule.interval == 1:
        return _("Every day")
    if rule.interval in _ordinals():
        return _("Every %(ordinal)s day") % {"ordinal": _ordinals()[rule.interval]}
    return _("Every %(number)d days") % {"number": rule.interval}


def _say_weekly(rule: Rule) -> str:
    days = [weekday.day for weekday in rule.weekdays]
    names = _("weekday") if tuple(days) == WORK_DAYS else _join([str(WEEKDAYS[day]) for day in days])
    if rule.interval == 1:
        return _("Every %(days)s") % {"days": names}
    ordinal = _ordinals().get(rule.interval)
    if len(days) == 1 and ordinal:
        return _("Every %(ordinal)s %(day)s") % {"ordinal": ordinal, "day": names}
    if ordinal:
        return _("Every %(ordinal)s week on %(days)s") % {"ordinal": ordinal, "days": names}
    return _("Every %(number)d weeks on %(days)s") % {"number": rule.interval, "days": names}


def _say_every_month(rule: Rule) -> str:
    if rule.interval == 1:
        return _("the month")
    if rule.interval in _ordinals():
        return _("every %(ordinal)s month") % {"ordinal": _ordinals()[rule.interval]}
    return _("every %(number)d months") % {"number": rule.interval}


def _say_days_of_month(rule: Rule) -> str:
    """Return “the first and third Monday”, “day 15” or “the last weekday”; nothing for what is odder."""
    ordinals = _ordinals()
    days = {weekday.day for weekday in rule.weekdays}
    numbers = sorted({weekday.n for weekday in rule.weekdays}, key=lambda n: (n < 0, n))
    if rule.weekdays and not rule.month_days:
        places = list(rule.positions) if numbers == [0] else numbers
        is_plain = len(rule.weekdays) == len(days) * len(numbers) and bool(numbers == [0]) == bool(
            rule.positions
        )
        if not is_plain or any(place not in ordinals for place in places):
            return ""
        if numbers != [0] and len(days) > 1:
            return ""
        names = [str(WEEKDAYS[day]) for day in sorted(days)]
        name = _("weekday") if tuple(sorted(days)) == WORK_DAYS else _join(names, _("%(all)s or %(last)s"))
        return _("the %(ordinals)s %(day)s") % {
            "ordinals": _join([ordinals[place] for place in places]),
            "day": name,
        }
    if rule.month_days and not rule.weekdays and not rule.positions:
        if rule.month_days == (-1,):
            return _("the last day")
        if all(day > 0 for day in rule.month_days):
            named = _join([str(day) for day in rule.month_days])
            return ngettext("day %(days)s", "days %(days)s", len(rule.month_days)) % {"days": named}
    return ""


def _say_months(rule: Rule) -> str:
    return _(" in %(months)s") % {"months": _name_months(rule)} if rule.months else ""


def _name_months(rule: Rule) -> str:
    return _join([str(MONTHS[month]) for month in rule.months])


def _ordinals() -> dict[int, str]:
    return {
        1: _("first"),
        2: _("second"),
        3: _("third"),
        4: _("fourth"),
        5: _("fifth"),
        -1: _("last"),
        -2: _("last but one"),
    }


def _join(words: Sequence[str], last: str = "") -> str:
    """Return “Tuesday, Wednesday and Friday”."""
    if len(words) < 2:
        return "".join(words)
    return (last or _("%(all)s and %(last)s")) % {"all": ", ".join(words[:-1]), "last": words[-1]}


# For a form


@dataclass(frozen=True, slots=True)
class Simple:
    """A rule as a form for people asks for it: every so many weeks on some days, or on the n-th day of a month."""

    every: int
    weekdays: tuple[int, ...] = ()
    n: int | None = None
    """1 to 5, or −1 for the last, in a month; None for a rule in weeks."""


def simplify(rule: Rule, starts_on: date) -> Simple | None:
    """Return a rule as a form asks for it, its end apart; None for one that says more."""
    filled = _fill_in(rule, starts_on)
    if filled.months or filled.month_days or filled.positions:
        return None
    days = tuple(weekday.day for weekday in filled.weekdays)
    if filled.frequency == Frequency.WEEKLY:
        return Simple(filled.interval, days)
    n = filled.weekdays[0].n if len(filled.weekdays) == 1 else 0
    if filled.frequency == Frequency.MONTHLY and n in FORM_PLACES:
        return Simple(filled.interval, days, n)
    return None


FORM_PLACES: Final = (1, 2, 3, 4, 5, -1)


def end_with(rule: Rule, *, until: date | None = None, count: int | None = None) -> Rule:
    """Return the rule with another end. Raises BadRule for two."""
    ended = replace(rule, until=until, count=count)
    _check(ended)
    return ended

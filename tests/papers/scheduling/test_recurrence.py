"""When a series meets: rules in days, days as moments; the days compared with python-dateutil's."""

import datetime as datetime_module
import time as clock
from datetime import UTC, date, datetime, time, timedelta
from types import SimpleNamespace
from unittest.mock import patch
from zoneinfo import ZoneInfo

import dateutil.rrule
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from papers.scheduling import recurrence
from papers.scheduling.recurrence import BadRule, Weekday, describe, find_days, parse

BERLIN = ZoneInfo("Europe/Berlin")
WEDNESDAY = date(2025, 4, 30)


def days(rule, starts_on=WEDNESDAY, *, first=None, last=None, most=5):
    rule = parse(rule)
    until = recurrence.last_day(rule, time(14), BERLIN)
    found = find_days(
        rule, starts_on, first=first or starts_on, last=last or date(starts_on.year + 5, 1, 1), until=until
    )
    return [f"{day}" for day, _number in zip(found, range(most), strict=False)]


RULES = {
    "weekly": ("FREQ=WEEKLY", ["2025-04-30", "2025-05-07", "2025-05-14"]),
    "every second week": ("FREQ=WEEKLY;INTERVAL=2", ["2025-04-30", "2025-05-14", "2025-05-28"]),
    "two days": ("FREQ=WEEKLY;BYDAY=TU,TH", ["2025-05-01", "2025-05-06", "2025-05-08"]),
    "first monday": ("FREQ=MONTHLY;BYDAY=1MO", ["2025-05-05", "2025-06-02", "2025-07-07"]),
    "last friday": ("FREQ=MONTHLY;BYDAY=-1FR", ["2025-05-30", "2025-06-27", "2025-07-25"]),
    "last working day": (
        "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
        ["2025-04-30", "2025-05-30", "2025-06-30"],
    ),
    "the 31st": ("FREQ=MONTHLY;BYMONTHDAY=31", ["2025-05-31", "2025-07-31", "2025-08-31"]),
    "the last day": ("FREQ=MONTHLY;BYMONTHDAY=-1", ["2025-04-30", "2025-05-31", "2025-06-30"]),
    "friday the 13th": ("FREQ=MONTHLY;BYMONTHDAY=13;BYDAY=FR", ["2025-06-13", "2026-02-13", "2026-03-13"]),
    "leap day": ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", ["2028-02-29"]),
    "in term": ("FREQ=WEEKLY;BYDAY=WE;BYMONTH=4,10", ["2025-04-30", "2025-10-01", "2025-10-08"]),
    "twentieth monday": ("FREQ=YEARLY;BYDAY=20MO", ["2025-05-19", "2026-05-18", "2027-05-17"]),
    "every third day": ("FREQ=DAILY;INTERVAL=3", ["2025-04-30", "2025-05-03", "2025-05-06"]),
}


@pytest.mark.parametrize(("rule", "expected"), RULES.values(), ids=RULES)
def test_days_of_a_rule(rule, expected):
    assert days(rule)[: len(expected)] == expected


def test_rule_ends_after_so_many_times():
    assert days("FREQ=WEEKLY;COUNT=2") == ["2025-04-30", "2025-05-07"]
    assert days("FREQ=WEEKLY;COUNT=2", first=date(2025, 5, 1)) == ["2025-05-07"], "earlier ones count"


@pytest.mark.parametrize(
    ("until", "last"),
    [
        ("20250514", "2025-05-14"),
        ("20250514T140000", "2025-05-14"),
        ("20250514T135959", "2025-05-07"),
        ("20250514T120000Z", "2025-05-14"),  # 14:00 in Berlin
        ("20250514T115959Z", "2025-05-07"),
    ],
)
def test_rule_ends_with_a_moment(until, last):
    assert days(f"FREQ=WEEKLY;UNTIL={until}")[-1] == last


def test_first_day_counts_only_if_the_rule_names_it():
    assert days("FREQ=WEEKLY;BYDAY=FR;COUNT=1") == ["2025-05-02"]


BAD = {
    "nothing": ("", "how often"),
    "no rule": ("every wednesday", "says nothing"),
    "hourly": ("FREQ=HOURLY", "by day, week, month or year"),
    "secondly": ("FREQ=SECONDLY;COUNT=3", "by day, week, month or year"),
    "hour": ("FREQ=DAILY;BYHOUR=9", "at what time it starts"),
    "weeks of the year": ("FREQ=YEARLY;BYWEEKNO=20", "BYWEEKNO is not read here"),
    "unknown": ("FREQ=WEEKLY;X-COLOUR=RED", "X-COLOUR is not read here"),
    "twice": ("FREQ=WEEKLY;FREQ=DAILY", "twice"),
    "no interval": ("FREQ=MONTHLY;INTERVAL=0", "from 1 to 99"),
    "huge interval": ("FREQ=DAILY;INTERVAL=99999999999999999999", "from 1 to 99"),
    "huge count": ("FREQ=DAILY;COUNT=1000000", "from 1 to 1000"),
    "two ends": ("FREQ=WEEKLY;COUNT=3;UNTIL=20250630", "not both"),
    "odd end": ("FREQ=WEEKLY;UNTIL=20251340", "UNTIL is a day"),
    "odd day": ("FREQ=WEEKLY;BYDAY=XX", "takes the days"),
    "n-th day of a week": ("FREQ=WEEKLY;BYDAY=2TU", "MONTHLY or YEARLY"),
    "sixth monday": ("FREQ=MONTHLY;BYDAY=6MO", "more than 5 times"),
    "zeroth monday": ("FREQ=MONTHLY;BYDAY=0MO", "no 0"),
    "zeroth day": ("FREQ=MONTHLY;BYMONTHDAY=0", "no 0"),
    "month day of a week": ("FREQ=WEEKLY;BYMONTHDAY=3", "BYMONTHDAY goes with"),
    "thirteenth month": ("FREQ=YEARLY;BYMONTH=13", "from 1 to 12"),
    "position of nothing": ("FREQ=MONTHLY;BYSETPOS=1", "BYSETPOS chooses"),
    "too long": ("FREQ=WEEKLY;BYDAY=" + "MO," * 400 + "TU", "at most 500"),
    "arabic digits": ("FREQ=WEEKLY;INTERVAL=٢", "from 1 to 99"),
}


@pytest.mark.parametrize(("rule", "sentence"), BAD.values(), ids=BAD)
def test_odd_rule_is_refused_with_a_sentence(rule, sentence):
    with pytest.raises(BadRule, match=sentence):
        parse(rule)


NEVER = [
    "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
    "FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=31",
    "FREQ=YEARLY;BYMONTH=5;BYMONTHDAY=3;BYSETPOS=3",
    "FREQ=DAILY;INTERVAL=7;BYDAY=MO",  # from a Wednesday
    "FREQ=MONTHLY;BYMONTHDAY=1;BYDAY=2SU",
]


@pytest.mark.parametrize("rule", NEVER)
def test_rule_without_a_day_is_refused_at_once(rule):
    begun = clock.perf_counter()

    with pytest.raises(BadRule, match="no day"):
        recurrence.check_first(parse(rule), WEDNESDAY, time(14), BERLIN)

    assert clock.perf_counter() - begun < 1


def test_rule_that_ends_before_it_begins_is_refused():
    with pytest.raises(BadRule, match="ends before it begins"):
        recurrence.check_first(parse("FREQ=WEEKLY;UNTIL=20250101"), WEDNESDAY, time(14), BERLIN)


@pytest.mark.parametrize("starts_on", [date(1969, 12, 31), date(2200, 1, 1), date.max, date.min])
def test_first_day_of_another_age_is_refused(starts_on):
    with pytest.raises(BadRule, match="between"):
        recurrence.check_first(parse("FREQ=DAILY"), starts_on, time(14), BERLIN)


def test_rule_without_end_is_looked_through_only_where_asked():
    begun = clock.perf_counter()
    far = date(2190, 1, 1)

    found = list(find_days(parse("FREQ=DAILY"), date(1970, 1, 1), first=far, last=far + timedelta(days=30)))

    assert len(found) == 31
    assert clock.perf_counter() - begun < 0.1
    assert not list(find_days(parse("FREQ=DAILY"), WEDNESDAY, first=date(9000, 1, 1), last=date.max))


# Moments


def occurrences(rule, starts_on, starts_at, zone=BERLIN, weeks=60):
    return recurrence.find_occurrences(
        parse(rule), starts_on, starts_at, zone, first=starts_on, last=starts_on + timedelta(weeks=weeks)
    )


def test_wall_clock_stays_when_clocks_change():
    found = occurrences("FREQ=WEEKLY", date(2025, 3, 26), time(14), weeks=1)

    assert [each.key for each in found] == ["2025-03-26T14:00", "2025-04-02T14:00"]
    assert [each.starts.hour for each in found] == [13, 12]


def test_skipped_hour_shifts_forward():
    [found] = occurrences("FREQ=YEARLY;COUNT=1", date(2025, 3, 30), time(2, 30))

    assert found.key == "2025-03-30T02:30"
    assert found.starts.astimezone(BERLIN).time() == time(3, 30)
    assert recurrence.is_skipped(datetime(2025, 3, 30, 2, 30), BERLIN)
    assert not recurrence.is_doubled(datetime(2025, 3, 30, 2, 30), BERLIN)


def test_doubled_hour_is_the_first():
    [found] = occurrences("FREQ=YEARLY;COUNT=1", date(2025, 10, 26), time(2, 30))

    assert found.starts == datetime(2025, 10, 26, 0, 30, tzinfo=UTC)
    assert recurrence.is_doubled(datetime(2025, 10, 26, 2, 30), BERLIN)
    assert not recurrence.is_skipped(datetime(2025, 10, 26, 2, 30), BERLIN)


@pytest.mark.parametrize(
    ("zone", "local"),
    [
        ("Australia/Lord_Howe", datetime(2025, 10, 5, 2, 15)),  # half an hour only
        ("Pacific/Apia", datetime(2011, 12, 30, 10)),  # a whole day
        ("America/Sao_Paulo", datetime(2018, 11, 4, 0, 30)),  # at midnight
    ],
)
def test_odd_gaps_shift_forward(zone, local):
    there = recurrence.to_utc(local, ZoneInfo(zone)).astimezone(ZoneInfo(zone)).replace(tzinfo=None)

    assert recurrence.is_skipped(local, ZoneInfo(zone))
    assert there > local


# Against another one's work

# dateutil looks on until the year 9999 for what never comes (dateutil/dateutil#1094), which takes seconds.
SOON_OVER = SimpleNamespace(**{**vars(datetime_module), "MAXYEAR": 2036})


def numbers(most, *, is_signed=False):
    positive = st.integers(1, most)
    return st.lists(positive | st.integers(-most, -1) if is_signed else positive, min_size=1, max_size=4)


@st.composite
def rules(draw):
    frequency = draw(st.sampled_from(["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]))
    parts = [f"FREQ={frequency}"]
    if draw(st.booleans()):
        parts.append(f"INTERVAL={draw(st.integers(1, 5))}")
    choices = []
    if draw(st.booleans()):
        is_numbered = frequency in {"MONTHLY", "YEARLY"} and draw(st.booleans())
        named = draw(st.lists(st.sampled_from(recurrence.DAYS), min_size=1, max_size=4))
        places = [draw(st.integers(1, 5) | st.integers(-5, -1)) if is_numbered else "" for _day in named]
        choices.append("BYDAY=" + ",".join(f"{n}{day}" for n, day in zip(places, named, strict=True)))
    if frequency != "WEEKLY" and draw(st.booleans()):
        choices.append("BYMONTHDAY=" + ",".join(map(str, draw(numbers(31, is_signed=True)))))
    if draw(st.booleans()):
        choices.append("BYMONTH=" + ",".join(map(str, draw(numbers(12)))))
    parts += choices
    if choices and draw(st.booleans()):
        parts.append("BYSETPOS=" + ",".join(map(str, draw(numbers(4, is_signed=True)))))
    if draw(st.booleans()):
        parts.append(f"WKST={draw(st.sampled_from(recurrence.DAYS))}")
    match draw(st.sampled_from(["", "COUNT", "UNTIL"])):
        case "COUNT":
            parts.append(f"COUNT={draw(st.integers(1, 40))}")
        case "UNTIL":
            until = draw(st.dates(date(2024, 6, 1), date(2030, 1, 1)))
            parts.append(f"UNTIL={until:%Y%m%d}T235959")
    return ";".join(parts)


@settings(max_examples=400, deadline=None)
@given(text=rules(), starts_on=st.dates(date(2024, 1, 1), date(2026, 12, 31)), skip=st.integers(0, 700))
def test_days_are_those_of_dateutil(text, starts_on, skip):
    rule = parse(text)
    if rule.frequency == "WEEKLY" and rule.positions:
        # Of the week in which it begins dateutil counts the days from the first one on, not the week as RFC 5545
        # says; on the first day of a week both are one.
        starts_on -= timedelta(days=(starts_on.weekday() - rule.week_start) % 7)
    first, last = starts_on + timedelta(days=skip), starts_on + timedelta(days=1_500)
    with patch.object(dateutil.rrule, "datetime", SOON_OVER):
        theirs = dateutil.rrule.rrulestr(text, dtstart=datetime.combine(starts_on, time(14)))
        expected = theirs.between(
            datetime.combine(first, time.min), datetime.combine(last, time.max), inc=True
        )

    until = recurrence.last_day(rule, time(14), BERLIN)
    assert list(find_days(rule, starts_on, first=first, last=last, until=until)) == [
        found.date() for found in expected
    ]
    assert parse(str(rule)) == rule


# This and following


def test_following_days_keep_their_week():
    old = [date(2025, 5, day) for day in (7, 14, 21, 28)]
    thursdays = [date(2025, 5, day) for day in (8, 15, 22, 29)]

    assert recurrence.pair_days(old, thursdays) == dict(zip(old, thursdays, strict=True))


def test_days_that_fall_away_take_nobodys_place():
    old = [date(2025, 5, day) for day in (7, 14, 21, 28)]
    every_second = [date(2025, 5, 8), date(2025, 5, 22)]

    assert recurrence.pair_days(old, every_second) == {old[0]: every_second[0], old[2]: every_second[1]}


def test_days_of_a_month_keep_their_month():
    old, new = [date(2025, 5, 5), date(2025, 6, 2)], [date(2025, 5, 20), date(2025, 6, 17)]

    assert recurrence.pair_days(old, new) == dict(zip(old, new, strict=True))


# In words

WORDS = {
    "FREQ=WEEKLY": "Every Wednesday at 14:00",
    "FREQ=WEEKLY;BYDAY=TU,TH": "Every Tuesday and Thursday at 14:00",
    "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR": "Every weekday at 14:00",
    "FREQ=WEEKLY;INTERVAL=2;BYDAY=TH": "Every second Thursday at 14:00",
    "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,TH": "Every second week on Tuesday and Thursday at 14:00",
    "FREQ=WEEKLY;INTERVAL=6;BYDAY=TH": "Every 6 weeks on Thursday at 14:00",
    "FREQ=WEEKLY;BYMONTH=4,5": "Every Wednesday in April and May at 14:00",
    "FREQ=DAILY": "Every day at 14:00",
    "FREQ=DAILY;INTERVAL=3": "Every third day at 14:00",
    "FREQ=MONTHLY;BYDAY=1MO": "On the first Monday of the month at 14:00",
    "FREQ=MONTHLY;BYDAY=1MO,3MO": "On the first and third Monday of the month at 14:00",
    "FREQ=MONTHLY;INTERVAL=2;BYDAY=-1FR": "On the last Friday of every second month at 14:00",
    "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1": "On the last weekday of the month at 14:00",
    "FREQ=MONTHLY;BYDAY=MO,TU;BYSETPOS=1": "On the first Monday or Tuesday of the month at 14:00",
    "FREQ=MONTHLY": "On day 30 of the month at 14:00",
    "FREQ=MONTHLY;BYMONTHDAY=1,15": "On days 1 and 15 of the month at 14:00",
    "FREQ=MONTHLY;BYMONTHDAY=-1": "On the last day of the month at 14:00",
    "FREQ=YEARLY": "Every year on 30 April at 14:00",
    "FREQ=YEARLY;BYMONTH=5;BYDAY=1MO": "On the first Monday of May at 14:00",
    "FREQ=WEEKLY;COUNT=10": "Every Wednesday at 14:00, 10 times",
    "FREQ=WEEKLY;UNTIL=20250630": "Every Wednesday at 14:00, until 30 June 2025",
    "FREQ=YEARLY;BYDAY=20MO": "By the rule FREQ=YEARLY;BYDAY=20MO at 14:00",
    "FREQ=MONTHLY;BYDAY=1MO,2TU": "By the rule FREQ=MONTHLY;BYDAY=1MO,2TU at 14:00",
}


@pytest.mark.parametrize(("rule", "words"), WORDS.items(), ids=WORDS)
def test_rule_in_words(rule, words):
    assert describe(parse(rule), WEDNESDAY, time(14)) == words


@settings(max_examples=200, deadline=None)
@given(text=rules())
def test_every_rule_has_words(text):
    assert describe(parse(text), WEDNESDAY, time(14))


def test_builder_says_what_the_form_asked():
    assert str(recurrence.build_weekly([3, 1], every=2)) == "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,TH"
    assert str(recurrence.build_monthly(-1, 4)) == "FREQ=MONTHLY;BYDAY=-1FR"
    assert parse("FREQ=MONTHLY;BYDAY=-1FR").weekdays == (Weekday(4, -1),)

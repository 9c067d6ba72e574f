from datetime import date

import pytest

from papers.periods import parse_day, parse_month, parse_week


@pytest.mark.parametrize(
    ("parse", "text", "first", "last"),
    [
        (parse_day, "2025-04-25", date(2025, 4, 25), date(2025, 4, 25)),
        (parse_day, "2024-02-29", date(2024, 2, 29), date(2024, 2, 29)),
        (parse_week, "2025-W17", date(2025, 4, 21), date(2025, 4, 27)),
        (parse_week, "2020-W53", date(2020, 12, 28), date(2021, 1, 3)),
        (parse_week, "2025-W01", date(2024, 12, 30), date(2025, 1, 5)),
        (parse_month, "2025-04", date(2025, 4, 1), date(2025, 4, 30)),
        (parse_month, "2024-02", date(2024, 2, 1), date(2024, 2, 29)),
    ],
)
def test_addresses_name_periods(parse, text, first, last):
    period = parse(text)
    assert (period.text, period.first, period.last) == (text, first, last)
    assert period.around(first) == period.around(last) == period


def test_periods_have_titles_as_people_say_them():
    assert parse_day("2025-04-25").title == "Friday 25 April 2025"
    assert parse_week("2025-W17").title == "Week 17, 21 April to 27 April 2025"
    assert parse_month("2025-04").title == "April 2025"


@pytest.mark.parametrize(
    "text",
    [
        *("", "2025", "2025-4-25", "25-04-2025", "2025-02-30", "2025-13-01", "2025-00-10", "20250425"),
        *("2025-04-25 ", "2025-04-25T00:00", "2025-04-2５", "２０２５-04-25", "-025-04-25", "2025-04-25\n"),
    ],
)
def test_what_is_no_day_is_none(text):
    assert parse_day(text) is None


@pytest.mark.parametrize(
    "text",
    ["", "2025-17", "2025-W7", "2025-W00", "2021-W53", "2025-W54", "2025-w17", "2025-W17-1", "2025-W1７"],
)
def test_what_is_no_week_is_none(text):
    assert parse_week(text) is None


@pytest.mark.parametrize("text", ["", "2025", "2025-4", "2025-00", "2025-13", "2025-04-25", "2025-0４"])
def test_what_is_no_month_is_none(text):
    assert parse_month(text) is None


@pytest.mark.parametrize("year", ["0000", "0001", "0999", "9999"])
def test_years_whose_neighbours_a_calendar_cannot_show_are_none(year):
    assert parse_day(f"{year}-12-31") is None
    assert parse_day(f"{year}-01-01") is None
    assert parse_week(f"{year}-W52") is None
    assert parse_week(f"{year}-W01") is None
    assert parse_month(f"{year}-12") is None


@pytest.mark.parametrize("text", ["1000-01-01", "9998-12-31"])
def test_the_first_and_the_last_day_are_whole(text):
    day = parse_day(text)
    assert day.text == text and day.title

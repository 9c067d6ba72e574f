"""Public holidays, asked for in a process of its own."""

import sys
from datetime import date

import pytest

from papers.scheduling import holidays


def test_holidays_of_a_part_of_a_country():
    found = holidays.find_holidays("DE", date(2025, 5, 1), date(2026, 1, 6), part="BY")

    named = {holiday.day: holiday.name for holiday in found}
    assert named[date(2025, 5, 1)] == "Labor Day"
    assert date(2025, 6, 19) in named, "Corpus Christi, in Bavaria"
    assert date(2025, 4, 21) not in named, "before the first day"
    assert max(named) == date(2026, 1, 6)
    assert "holidays" not in sys.modules, "no process that goes on keeps the package"


def test_countries_have_names_and_parts():
    known = {country.code: country for country in holidays.list_countries()}

    assert known["US"].name == "United States"
    assert "BY" in known["DE"].parts
    assert len(known) > 200


def test_country_not_known_is_refused():
    with pytest.raises(holidays.NotKnown, match="by hand"):
        holidays.find_holidays("XX", date(2025, 1, 1), date(2025, 12, 31))
    with pytest.raises(holidays.NotKnown, match="no part") as refusal:
        holidays.find_holidays("DE", date(2025, 1, 1), date(2025, 12, 31), part="--help")
    assert refusal.value.field == "part"

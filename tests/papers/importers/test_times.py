from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papers.importers.times import make_date, read_date
from papers.records import PartialDate, Precision


@pytest.mark.parametrize(
    ("text", "day", "precision"),
    [
        ("2008-12-14", date(2008, 12, 14), "day"),
        ("2006-09-01T00:00:00Z", date(2006, 9, 1), "day"),
        ("2019/04/02", date(2019, 4, 2), "day"),
        ("20190402", date(2019, 4, 2), "day"),
        ("May 01, 1980", date(1980, 5, 1), "day"),
        ("January 07 , 2011", date(2011, 1, 7), "day"),
        ("14 juin 2007", date(2007, 6, 14), "day"),
        ("2018 Apr 3", date(2018, 4, 3), "day"),
        ("12/25/2007", date(2007, 12, 25), "day"),
        ("25.12.2007", date(2007, 12, 25), "day"),
        ("1979-01-02/1980-04-08", date(1979, 1, 2), "day"),
        ("2014 Dec", date(2014, 12, 1), "month"),
        ("06/2007", date(2007, 6, 1), "month"),
        ("2007-06", date(2007, 6, 1), "month"),
        ("1976 Sep-Oct", date(1976, 9, 1), "month"),
        ("2007-02-31", date(2007, 2, 1), "month"),
        ("2019//", date(2019, 1, 1), "year"),
        ("Spring 1990", date(1990, 1, 1), "year"),
        ("1985a", date(1985, 1, 1), "year"),
        ("c. 1990", date(1990, 1, 1), "year"),
        ("[2016]", date(2016, 1, 1), "year"),
        ("04/05/2007", date(2007, 1, 1), "year"),
        ("2007-13-45", date(2007, 1, 1), "year"),
    ],
)
def test_spellings(text, day, precision):
    assert read_date(text) == PartialDate(day, Precision(precision))


@pytest.mark.parametrize("text", ["", "Dec", "in press", "99999", "0000", "3021-01-01", "9" * 10_000, "\0"])
def test_no_date(text):
    assert read_date(text) is None


def test_numbers():
    assert make_date(2015, 12) == PartialDate(date(2015, 12, 1), Precision.MONTH)
    assert make_date(2015, 2, 30) == PartialDate(date(2015, 2, 1), Precision.MONTH)
    assert make_date(2015, 99, 1) == PartialDate(date(2015, 1, 1), Precision.YEAR)
    assert make_date(-44, 3, 15) is None
    assert make_date(10**30) is None


@given(st.text(max_size=200))
def test_any_text_is_read_or_not(text):
    found = read_date(text)
    assert found is None or found.date.year >= 1000

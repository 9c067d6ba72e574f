"""Whole numbers as text."""

import pytest

from papers.numbers import LARGEST, read_number


@pytest.mark.parametrize(
    ("text", "number"), [("0", 0), ("7", 7), ("007", 7), (str(LARGEST), LARGEST), ("1" * 19, int("1" * 19))]
)
def test_digits_are_numbers(text, number):
    assert read_number(text) == number


@pytest.mark.parametrize(
    "text",
    ["", " 1", "1 ", "+1", "-1", "1.0", "1e3", "1_000", "x", "٣", "²", "\0", str(LARGEST + 1), "9" * 5_000],
)
def test_all_else_is_none(text):
    assert read_number(text) is None


def test_bounds_belong_to_the_numbers():
    assert [read_number(text, least=1, most=20) for text in ("0", "1", "20", "21")] == [None, 1, 20, None]

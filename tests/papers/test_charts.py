import pytest

from papers import charts


def count(path):
    return path.count("M")


@pytest.mark.parametrize("numbers", [[], [0], [1, 0, 3], [12]], ids=str)
def test_one_square_is_one_thing(numbers):
    chart = charts.draw_columns(numbers)

    assert chart.each == 1
    assert count(chart.cells) == sum(numbers)


def test_many_share_a_square_and_none_is_lost():
    chart = charts.draw_columns([100, 1, 0])

    assert chart.each == 9
    assert count(chart.cells) == 12 + 1
    assert chart.height == charts.draw_columns([12]).height


def test_squares_lie_within_the_drawing():
    chart = charts.draw_columns([3, 12])
    places = [square.split("h")[0].split() for square in chart.cells.split("M")[1:]]

    assert all(0 <= int(x) < chart.width and 0 <= int(y) < chart.height for x, y in places)


def test_solid_ticks_come_first():
    ticks = charts.draw_ticks(2, 1)

    assert (count(ticks.solid), count(ticks.soft), ticks.width) == (2, 1, 24)


def test_more_ticks_than_fit_are_cut():
    ticks = charts.draw_ticks(1_000, 1_000)

    assert count(ticks.solid) == charts.MOST_TICKS
    assert not ticks.soft

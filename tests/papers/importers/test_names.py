import pytest

from papers.importers.names import join_name, turn_name


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("van den Hoven, Jeroen", "Jeroen van den Hoven"),
        ("van den Hoven, null", "van den Hoven"),
        ("King, Jr., Martin Luther", "Martin Luther King Jr."),
        ("King, Martin Luther, Jr.", "Martin Luther King Jr."),
        ("Han, J. Z.", "J. Z. Han"),
        ("Smith,", "Smith"),
        ("Jürgen Dölz", "Jürgen Dölz"),
        ("Plato", "Plato"),
        ("", ""),
        ("Centre for A, B, and C", "Centre for A, B, and C"),
    ],
)
def test_reading_order(written, read):
    assert turn_name(written) == read


def test_parts():
    assert join_name(given="Ludwig", particle="van", family="Beethoven") == "Ludwig van Beethoven"
    assert join_name(given="", family="The Group", suffix=" ") == "The Group"

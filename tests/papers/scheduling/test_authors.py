import pytest

from papers.scheduling.authors import is_among

AUTHORS = ["Jane Q. Smith", "van der Berg, Anna", "J. Doe", "Zhang Wei"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Jane Smith", True),
        ("J. Smith", True),
        ("John Smith", False),
        ("Smith", False),
        ("Anna van der Berg", True),
        ("Berg, Anna", True),
        ("John Doe", True),
        ("", False),
        ("Jané Smith", True),
        ("Jane Smith Jr.", True),
        ("Wei Li", False),
    ],
)
def test_member_is_found_among_authors(name, expected):
    assert is_among(name, AUTHORS) is expected

"""Whole numbers as addresses, forms and headers write them."""

LARGEST = 2**63 - 1
"""Of a bigint, as ids and versions are."""


def read_number(text: str, *, least: int = 0, most: int = LARGEST) -> int | None:
    """Return the number that decimal digits write; None for anything else, and outside of least to most."""
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(most))):
        return None
    number = int(text)
    return number if least <= number <= most else None

"""Fields that every program for libraries has, and that people and programs fill in many ways."""

from __future__ import annotations

import re
from typing import Final

from papers.identifiers import Identifier
from papers.identifiers import parse as parse_identifier
from papers.records import clean_line

# Ten or thirteen digits, parted or not.
_ISBN: Final = re.compile(r"(?<![0-9])(?:97[89][ -]?)?(?:[0-9][ -]?){9}[0-9Xx](?![0-9])")


def find_isbn(written: str) -> Identifier | None:
    """Give the first ISBN of "0-13-235088-2 (cloth), 978-0-13-235088-4"; others are of other bindings or volumes."""
    found = (
        parse_identifier(match[0], "isbn") for match in _ISBN.finditer(written[:1_000].replace("–", "-"))
    )
    return next((isbn for isbn in found if isbn), None)


_PUBMED: Final = re.compile(r"NLM|PubMed|MEDLINE", re.IGNORECASE)


def is_pubmed(source: str) -> bool:
    """Tell whether a source of records is PubMed, so that its numbers of records are PMIDs."""
    return bool(_PUBMED.search(source))


def read_custom_2(written: str) -> Identifier | None:
    """Read what EndNote calls the PMCID of an article; of other works it is other things."""
    return parse_identifier(clean_line(written), "pmcid") if written[:3].upper() == "PMC" else None

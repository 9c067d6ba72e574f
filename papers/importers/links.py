"""The web addresses that a record of a library holds: what kind each is, and which work it names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from papers.identifiers import Identifier, address
from papers.identifiers import parse as parse_identifier


def describe(url: str) -> tuple[str, str]:
    """Give an address with its kind, as `records.URL_KINDS` has it; that of a DOI in the one way it is written."""
    named = parse_identifier(url)
    if named and named.scheme == "doi":
        return "doi", address(named)
    is_pdf = url.lower().partition("?")[0].endswith(".pdf") or "//arxiv.org/pdf/" in url
    return ("pdf" if is_pdf else "page"), url


def address_dois(identifiers: Iterable[Identifier | None]) -> list[tuple[str, str]]:
    """Give the addresses of the DOIs among some identifiers, each with its kind."""
    return [("doi", address(found)) for found in identifiers if found and found.scheme == "doi"]


def find_identifiers(
    urls: Iterable[str], known: Iterable[Identifier | None], *, is_part: bool
) -> list[Identifier]:
    """Find the works that addresses name, of schemes that are not known yet and where they agree.

    With `is_part` (a chapter, say) a DOI does not count: it may well be that of the whole book.
    """
    schemes = {found.scheme for found in known if found} | ({"doi"} if is_part else set())
    found = [
        each for each in dict.fromkeys(map(parse_identifier, urls)) if each and each.scheme not in schemes
    ]
    counts = Counter(each.scheme for each in found)
    return [each for each in found if counts[each.scheme] == 1]

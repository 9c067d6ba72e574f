"""Where a paper is asked for by its identifier: who knows which scheme, how to ask, and whom to ask next.

Pure: no network, no database. A step is the name of what is done next for an identifier; each asks one service for
as many at once as it takes. Where a service knows nothing of an identifier, `next_step` tells who else may:

    arXiv id         arXiv's API
    DOI              Crossref; which agency has it (doi.org); DataCite; whatever doi.org leads to, as CSL-JSON
    PMID             PubMed
    PMCID            which PMID or DOI it is (PMC), then as those
    OpenReview id    the API in its second version, then the first, which has what was submitted before 2023
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from papers.identifiers import Identifier, parse
from papers.records import Rank

MOST_QUERY: Final = 2_500  # characters; servers and proxies refuse addresses from about 4,000
CSL: Final = "application/vnd.citationstyles.csl+json"


@dataclass(frozen=True, slots=True)
class Registry:
    """A service. `url` is where it is asked; the identifiers go into it, parted by `separator`."""

    title: str
    url: str
    formats: tuple[str, ...]
    """The importers that may read its answers; none where they hold no papers."""
    most: int = 1
    separator: str = ","
    alone_url: str = ""
    """How it is asked for a single one, where that differs."""
    accept: str = ""
    following: str = ""
    """The step for what it does not know."""
    barred: str = ""
    """Characters that a list of its identifiers cannot hold."""
    is_anybodys: bool = False
    """Whether the answer was written by whoever has the identifier, which everybody gets who wants one."""
    rank: Rank = Rank.PUBLISHER
    """The highest that an answer has, whatever its importer takes it for."""


REGISTRIES: Final[dict[str, Registry]] = {
    # https://info.arxiv.org/help/api/user-manual.html#_query_interface: id_list
    "arxiv": Registry(
        "arXiv", "https://export.arxiv.org/api/query?max_results=100&id_list={}", ("arxiv-atom",), most=100
    ),
    # https://www.crossref.org/documentation/retrieve-metadata/rest-api/: of filters of one name any may hold
    "crossref": Registry(
        "Crossref", "https://api.crossref.org/works?rows=50&filter={}", ("crossref",),
        most=50, separator=",doi:", alone_url="https://api.crossref.org/works/{}", following="agency", barred=",",
    ),
    # https://www.doi.org/the-identifier/resources/factsheets/doi-resolution-documentation, "Which RA?"
    "agency": Registry("doi.org", "https://doi.org/ra/{}", (), most=20, barred=","),
    # https://support.datacite.org/docs/api-get-doi
    "datacite": Registry(
        "DataCite", "https://api.datacite.org/dois/{}", ("datacite",), following="negotiation",
        is_anybodys=True,
    ),
    # https://citation.crosscite.org/docs.html
    "negotiation": Registry("doi.org", "https://doi.org/{}", ("crossref", "csl-json"), accept=CSL,
                            is_anybodys=True, rank=Rank.FILE),
    # https://www.ncbi.nlm.nih.gov/books/NBK25499/#chapter4.EFetch
    "pubmed": Registry(
        "PubMed",
        "https://eutils.ncbi.nlm.nih.gov/entrez/eutils/efetch.fcgi?db=pubmed&retmode=xml&tool=readinglist&id={}",
        ("pubmed",), most=100,
    ),
    # https://pmc.ncbi.nlm.nih.gov/tools/id-converter-api/
    "pmc": Registry(
        "PMC", "https://pmc.ncbi.nlm.nih.gov/tools/idconv/api/v1/articles/?format=json&tool=readinglist&ids={}", (),
        most=100,
    ),
    # https://docs.openreview.net/reference/api-v2
    "openreview": Registry(
        "OpenReview", "https://api2.openreview.net/notes?id={}", ("openreview",), following="openreview_1",
        is_anybodys=True,
    ),
    "openreview_1": Registry(
        "OpenReview", "https://api.openreview.net/notes?id={}", ("openreview",), is_anybodys=True
    ),
}  # fmt: skip

_FIRST: Final = {
    "arxiv": "arxiv",
    "doi": "crossref",
    "pmid": "pubmed",
    "pmcid": "pmc",
    "openreview": "openreview",
}


def first_step(identifier: Identifier) -> str:
    """Return who is asked first; empty where nobody here knows the scheme (ISBN)."""
    return _FIRST.get(identifier.scheme, "")


def count_together(step: str, identifiers: Sequence[Identifier]) -> int:
    """Return how many of these, from the first on, go into one request; at least one."""
    registry = REGISTRIES[step]
    if any(sign in identifiers[0].value for sign in registry.barred):
        return 1
    length = 0
    for count, each in enumerate(identifiers[: registry.most]):
        length += len(_quote(each)) + len(registry.separator)
        if length > MOST_QUERY or any(sign in each.value for sign in registry.barred):
            return max(count, 1)
    return max(min(len(identifiers), registry.most), 1)


def make_url(step: str, identifiers: Sequence[Identifier]) -> str:
    registry = REGISTRIES[step]
    if len(identifiers) == 1 and registry.alone_url:
        return registry.alone_url.format(_quote(identifiers[0]))
    written = registry.separator.join(map(_quote, identifiers))
    return registry.url.format(registry.separator.lstrip(",") + written)


def _quote(identifier: Identifier) -> str:
    # Of a DOI in a path the stroke is left, as doi.org wants it; what Crossref and DataCite think of both is the same.
    return quote(identifier.value, safe="/:()")


_TOTAL: Final = re.compile(rb"totalResults[^>]*>\s*[1-9]")


def is_oddly_empty(step: str, content: bytes) -> bool:
    """Say whether an answer without papers says that there are some, which arXiv's API does now and then."""
    return step == "arxiv" and bool(_TOTAL.search(content))


class Puzzling(Exception):
    """An answer that makes no sense."""


def read_agencies(content: bytes) -> dict[str, str]:
    """Return {DOI: the step that asks its agency}, from an answer of doi.org; empty where there is no such DOI.

    Raises Puzzling.
    """
    found = {}
    for each in _read_list(content):
        doi = parse(str(each.get("DOI", "")), "doi")
        agency = each.get("RA")
        if doi is not None:
            found[doi.value] = "" if agency is None else "datacite" if agency == "DataCite" else "negotiation"
    return found


def read_pmc(content: bytes) -> dict[str, Identifier]:
    """Return {PMCID: another identifier of the same article}, from an answer of PMC. Raises Puzzling."""
    found = {}
    for each in _read_list(content, "records"):
        pmcid = parse(str(each.get("requested-id") or each.get("pmcid") or ""), "pmcid")
        others = (parse(str(each.get(scheme) or ""), scheme) for scheme in ("pmid", "doi"))
        other = next(filter(None, others), None)
        if pmcid is not None and other is not None:
            found[pmcid.value] = other
    return found


def _read_list(content: bytes, name: str = "") -> list[dict[str, Any]]:
    try:
        said = json.loads(content)
        if name:
            said = said[name]
        if not isinstance(said, list):
            raise Puzzling
    except (ValueError, KeyError, TypeError, RecursionError):
        raise Puzzling from None
    return [each for each in said if isinstance(each, dict)]

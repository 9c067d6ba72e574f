"""bioRxiv's and medRxiv's preprints: answers of https://api.biorxiv.org/, both of `/details` and of `/pubs`.

An item of `/details` is one version of a preprint, with "NA" for what there is not. An item of `/pubs` is a
preprint and what was published of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from typing import Any, BinaryIO, Final

from papers.identifiers import Identifier
from papers.identifiers import parse as parse_identifier
from papers.importers import html_text, links
from papers.importers.arxiv_text import is_withdrawn
from papers.importers.json_items import Layout, line_of, number_of, parse_items, peek, text_of
from papers.importers.names import turn_name
from papers.importers.times import make_date, read_date
from papers.records import PartialDate, Rank, Record, Rejection, clean_line, clean_record

NAME: Final = "biorxiv"
TITLE: Final = "bioRxiv and medRxiv: preprints"

_LAYOUT: Final = Layout(paths=("collection", ""), first_key=rb'"(?:doi|title|biorxiv_doi|preprint_doi)"\s*:')
_DAY_IN_DOI: Final = re.compile(r"10\.[0-9]+/(?P<year>20[0-9]{2})\.(?:0[1-9]|1[0-2])\.[0-3][0-9]\.")
# What is left of mark-up in abstracts: lists, headings, small capitals, and boxes for figures.
_SMALL: Final = re.compile(r"[OC]_SCP(?:LOW|CAP)")
_PART: Final = re.compile(r"\s{0,9}[OC]_(?:LI|ST_ABS|TEXTBOX|LST|FIG)\s{0,9}")


def sniff(head: bytes) -> bool:
    """Tell whether the beginning of a file, in UTF-8, holds preprints of these servers; an empty page is one."""
    facts, item = peek(head, _LAYOUT)
    if not item:
        return isinstance(facts.get("messages"), list)
    return ("doi" in item and {"server", "jatsxml", "author_corresponding"} & item.keys() != set()) or (
        "published_doi" in item and {"biorxiv_doi", "preprint_doi"} & item.keys() != set()
    )


def parse(
    stream: BinaryIO, *, date: date | None = None, today: date | None = None
) -> Iterator[Record | Rejection]:
    """Read the preprints in order; a page without any gives nothing.

    `date` becomes the day of the listing; `today` is not used. The day of a version is the paper's own only
    for the first; for later ones the year is taken from the DOI.

    A preprint without a DOI or a title, or over the bounds of a record, is a rejection. Raises UnreadableInput,
    before the first record, where the input is no JSON or only reports an error.
    """

    def read_item(item: Any, place: str, raw: str) -> Record | Rejection:
        return _read_item(item, place, raw, date)

    return parse_items(stream, _LAYOUT, read_item, service="bioRxiv")


def _read_item(item: Any, place: str, raw: str, listed: date | None) -> Record | Rejection:
    def text(*names: str) -> str:
        found = (clean_line(line_of(item, name)) for name in names)
        return next((each for each in found if each and each != "NA"), "")

    doi = parse_identifier(text("doi", "preprint_doi", "biorxiv_doi"), "doi")
    if doi is None:
        return Rejection(place, "This is no preprint of bioRxiv or medRxiv: it has no DOI.", raw)
    revision = number_of(item, "version")
    posted = read_date(text("date", "preprint_date"))
    is_first = revision == 1 or not text("version")
    published = posted if is_first else _read_year(doi)
    abstract = text_of(item, "abstract") or text_of(item, "preprint_abstract")
    abstract = "" if abstract.strip() == "NA" else _read_abstract(abstract)
    return clean_record(
        key=f"biorxiv:{doi.value}",
        title=html_text.to_text(_SMALL.sub("", text("title", "preprint_title"))),
        abstract=abstract,
        authors=[turn_name(name) for name in text("authors", "preprint_authors").split(";")],
        identifiers=[doi, parse_identifier(text("published", "published_doi"), "doi")],
        published=published,
        updated=datetime.combine(posted.date, time(), UTC) if posted and revision else None,
        revision=revision,
        categories=[text("category", "preprint_category")],
        urls=_read_urls(doi, text("server", "preprint_platform").lower(), revision),
        withdrawn=text("type").lower() in ("withdrawn", "withdrawal") or is_withdrawn("", abstract),
        rank=Rank.PREPRINT,
        place=place,
        listed=listed,
        raw=raw,
    )


def _read_abstract(text: str) -> str:
    beginning, *boxes = text.split("O_FIG")
    text = beginning + "".join(map(_drop_figure, boxes))
    text = _PART.sub("<p>", _SMALL.sub("", text))
    return html_text.to_text(text, paragraphs=True)


def _drop_figure(box: str) -> str:
    """Leave out up to the end of a figure; where that is missing, all of it is text."""
    _, end, rest = box.partition("C_FIG")
    return rest if end else box


def _read_year(doi: Identifier) -> PartialDate | None:
    found = _DAY_IN_DOI.match(doi.value)
    return make_date(int(found["year"])) if found else None


def _read_urls(doi: Identifier, server: str, revision: int | None) -> list[tuple[str, str]]:
    urls = links.address_dois([doi])
    if server in ("biorxiv", "medrxiv") and revision:
        page = f"https://www.{server}.org/content/{doi.value}v{revision}"
        urls += [("page", page), ("pdf", f"{page}.full.pdf")]
    return urls

"""CSL-JSON, the data of citation processors: a list of items, one item, or items under a key.

The schema is https://github.com/citation-style-language/schema/blob/master/schemas/input/csl-data.json, what it
means is in https://docs.citationstyles.org/en/stable/specification.html#appendix-iv-variables. Reference managers
write numbers as text, and the remarks of Zotero's field "Extra" as `note`. Crossref's answers in this shape are
read by `crossref`, which knows what else they say.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import Any, BinaryIO, Final

from papers.identifiers import parse as parse_identifier
from papers.importers import html_text, links
from papers.importers.json_items import Layout, line_of, list_of, parse_items, peek, text_of
from papers.importers.library_fields import find_isbn
from papers.importers.names import join_name
from papers.importers.times import make_date, read_date
from papers.importers.zotero_rdf import read_extra
from papers.records import PartialDate, Rank, Record, Rejection, clean_line, clean_record

NAME: Final = "csl-json"
TITLE: Final = "CSL-JSON, as reference managers export it"

_LAYOUT: Final = Layout(paths=("items", "references", ""), first_key=rb'"(?:id|type|DOI|title|author)"\s*:')

# All of version 1.0.2.
_TYPES: Final = re.compile(
    "article(?:-journal|-magazine|-newspaper)?|bill|book|broadcast|chapter|classic|collection|dataset|document|entry"
    "(?:-dictionary|-encyclopedia)?|event|figure|graphic|hearing|interview|legal_case|legislation|manuscript|map"
    "|motion_picture|musical_score|pamphlet|paper-conference|patent|performance|periodical|personal_communication"
    "|post(?:-weblog)?|regulation|report|review(?:-book)?|software|song|speech|standard|thesis|treaty|webpage"
)
_NAMES: Final = frozenset(("author", "issued", "DOI", "container-title", "URL", "citation-key"))
_FOREIGN: Final = frozenset(("itemType", "attributes", "paperId", "authorships", "collection", "prefix"))
_BOOKS: Final = frozenset(("book", "collection", "classic"))
_PARTS: Final = frozenset(("chapter", "entry", "entry-dictionary", "entry-encyclopedia", "paper-conference"))


def sniff(head: bytes) -> bool:
    """Tell whether the beginning of a file, in UTF-8, is CSL-JSON: items with one of its types."""
    _, item = peek(head, _LAYOUT)
    return bool(
        _TYPES.fullmatch(text_of(item, "type")) and _NAMES & item.keys() and not _FOREIGN & item.keys()
    )


def parse(
    stream: BinaryIO, *, date: date | None = None, today: date | None = None
) -> Iterator[Record | Rejection]:
    """Read the items in order. `date` becomes the day of the listing; `today` is not used.

    An item that is no JSON or over the bounds of a record is a rejection, and so is what is missing where the
    file ends early. Raises UnreadableInput, before the first record, where the input is no JSON.
    """

    def read_item(item: Any, place: str, raw: str) -> Record | Rejection:
        return _read_item(item, place, raw, date)

    return parse_items(stream, _LAYOUT, read_item, service="The service")


def _read_item(item: Any, place: str, raw: str, listed: date | None) -> Record | Rejection:
    if not isinstance(item, dict):
        return Rejection(place, "This is no CSL item: those have a type and a title.", raw)
    kind = text_of(item, "type")
    extra = read_extra(text_of(item, "note"))
    doi = parse_identifier(text_of(item, "DOI") or extra.get("doi", ""), "doi")
    published = read_date_parts(item.get("issued"))
    urls = [text_of(item, "URL")]
    identifiers = [
        doi,
        parse_identifier(extra.get("arxiv", ""), "arxiv"),
        parse_identifier(text_of(item, "number"), None) if _is_arxiv(text_of(item, "number")) else None,
        parse_identifier(line_of(item, "PMID") or extra.get("pmid", ""), "pmid"),
        parse_identifier(line_of(item, "PMCID") or extra.get("pmcid", ""), "pmcid"),
        find_isbn(text_of(item, "ISBN")) if kind in _BOOKS else None,
    ]
    return clean_record(
        title=html_text.to_text(first_text(item, "title")),
        abstract=html_text.to_text(text_of(item, "abstract"), paragraphs=True),
        authors=_read_authors(item),
        # DataCite's answers have the DOI as their id.
        identifiers=[
            *identifiers,
            *links.find_identifiers(
                [*urls, text_of(item, "id")[:2_000]], identifiers, is_part=kind in _PARTS
            ),
        ],
        published=published,
        journal=html_text.to_text(first_text(item, "container-title")),
        volume=line_of(item, "volume"),
        issue=line_of(item, "issue"),
        pages=line_of(item, "page"),
        urls=[
            *map(links.describe, urls),
            *links.address_dois([doi]),
        ],
        rank=Rank.FILE,
        place=place,
        listed=listed,
        raw=raw,
    )


def first_text(item: Any, name: str) -> str:
    """Give a text, also of Crossref's habit to put it in a list; the first that says something."""
    value = item.get(name)
    if isinstance(value, list):
        return next((text for text in value if isinstance(text, str) and text.strip()), "")
    return value if isinstance(value, str) else ""


def _is_arxiv(number: str) -> bool:
    return number[:6].lower() == "arxiv:"


# --- Names and dates ---------------------------------------------------------------------------------------


def _read_authors(item: dict[str, Any]) -> list[str]:
    makers = (
        "author",
        "container-author",
        "composer",
        "director",
        "interviewer",
        "editor",
        "collection-editor",
    )
    for role in makers if text_of(item, "type") not in _PARTS else makers[:1]:
        if names := [name for person in list_of(item, role) if (name := read_name(person))]:
            return names
    return []


def read_name(person: Any) -> str:
    """Write a name of CSL or Crossref in reading order; organisations have but one part."""
    particles = (clean_line(text_of(person, f"{kind}-particle")) for kind in ("dropping", "non-dropping"))
    name = join_name(
        given=text_of(person, "given"),
        particle=" ".join(filter(None, particles)),
        family=text_of(person, "family"),
        suffix=text_of(person, "suffix"),
    )
    return html_text.to_text(name or text_of(person, "literal") or text_of(person, "name"))


def read_date_parts(value: Any) -> PartialDate | None:
    """Read a date of CSL: numbers, of a range the first; or else the text beside them. None where it has none."""
    if isinstance(value, str):
        return read_date(value)
    ranges = list_of(value, "date-parts")
    parts = ranges[0] if ranges and isinstance(ranges[0], list) else ranges
    numbers = [
        int(text) if (text := line_of({"": part}, "").strip()).isdecimal() and len(text) < 9 else 0
        for part in parts[:3]
    ]
    if numbers and (found := make_date(*numbers)):
        return found
    return read_date(text_of(value, "literal") or text_of(value, "raw"))

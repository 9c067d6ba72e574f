"""Zotero as JSON: answers of its Web API (version 3) with `format=json`, and the export "BetterBibTeX JSON".

https://www.zotero.org/support/dev/web_api/v3/basics and https://www.zotero.org/support/dev/web_api/v3/types_and_fields:
the fields of an item stand under `data`. In the export (https://retorque.re/zotero-better-bibtex/exporting/) they
stand in the item itself, under `items`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any, BinaryIO, Final

from papers.identifiers import Identifier
from papers.identifiers import parse as parse_identifier
from papers.importers import html_text, links
from papers.importers.json_items import Layout, line_of, list_of, parse_items, peek, text_of
from papers.importers.library_fields import find_isbn
from papers.importers.names import join_name
from papers.importers.times import read_date
from papers.importers.zotero_rdf import read_extra
from papers.records import Rank, Record, Rejection, clean_record

NAME: Final = "zotero-json"
TITLE: Final = "Zotero: JSON of the Web API, or of Better BibTeX"

_LAYOUT: Final = Layout(paths=("items", ""), first_key=rb'"(?:key|itemID|itemKey|itemType|version)"\s*:')
_NO_PAPERS: Final = frozenset(("attachment", "note", "annotation"))
_CHAPTERS: Final = frozenset(("bookSection", "encyclopediaArticle", "dictionaryEntry", "conferencePaper"))
_JOURNALS: Final = (
    *("publicationTitle", "bookTitle", "proceedingsTitle", "encyclopediaTitle", "dictionaryTitle"),
    *("conferenceName", "meetingName"),
)


def sniff(head: bytes) -> bool:
    """Tell whether the beginning of a file, in UTF-8, holds items of Zotero."""
    facts, item = peek(head, _LAYOUT)
    data = item.get("data", item)
    return text_of(data, "itemType") != "" or (not item and "translator" in str(facts.get("config"))[:200])


def parse(
    stream: BinaryIO, *, date: date | None = None, today: date | None = None
) -> Iterator[Record | Rejection]:
    """Read the items in order; attachments, notes and annotations, which are no papers, are passed over.

    `date` becomes the day of the listing; `today` is not used.

    An item without a title or over the bounds of a record is a rejection. Raises UnreadableInput, before the
    first record, where the input is no JSON or only reports an error.
    """

    def read_item(item: Any, place: str, raw: str) -> Record | Rejection | None:
        return _read_item(item, place, raw, date)

    return parse_items(stream, _LAYOUT, read_item, service="Zotero")


def _read_item(item: Any, place: str, raw: str, listed: date | None) -> Record | Rejection | None:
    data = item.get("data", item) if isinstance(item, dict) else None
    kind = text_of(data, "itemType")
    if not kind:
        return Rejection(place, "This is no item of Zotero: it has no itemType.", raw)
    if kind in _NO_PAPERS:
        return None
    extra = read_extra(text_of(data, "extra"))
    doi = parse_identifier(text_of(data, "DOI") or extra.get("doi", ""), "doi")
    # The service has read the date already; what a person wrote may be anything.
    published = read_date(text_of(item, "meta", "parsedDate")) or read_date(line_of(data, "date"))
    journal = next((found for name in _JOURNALS if (found := text_of(data, name))), "")
    url = text_of(data, "url")
    identifiers = [
        doi,
        _find_arxiv(data, extra),
        parse_identifier(line_of(data, "PMID") or extra.get("pmid", ""), "pmid"),
        parse_identifier(line_of(data, "PMCID") or extra.get("pmcid", ""), "pmcid"),
        find_isbn(text_of(data, "ISBN")) if kind == "book" else None,
    ]
    return clean_record(
        title=html_text.to_text(text_of(data, "title") or _find_title(data)),
        abstract=html_text.to_text(text_of(data, "abstractNote"), paragraphs=True),
        authors=_read_creators(data),
        identifiers=[*identifiers, *links.find_identifiers([url], identifiers, is_part=kind in _CHAPTERS)],
        published=published,
        journal="" if journal[:6].lower() == "arxiv:" else html_text.to_text(journal),
        volume=line_of(data, "volume"),
        issue=line_of(data, "issue"),
        pages=line_of(data, "pages"),
        urls=[links.describe(url), *links.address_dois([doi])],
        rank=Rank.FILE,
        place=place,
        listed=listed,
        raw=raw,
    )


def _find_title(data: Any) -> str:
    """Give the title of a kind of item that calls it otherwise."""
    names = ("caseName", "nameOfAct", "subject", "shortTitle")
    return next((found for name in names if (found := text_of(data, name))), "")


def _find_arxiv(data: Any, extra: dict[str, str]) -> Identifier | None:
    """Give the arXiv identifier, which stands in one of many fields, marked as one."""
    names = ("archiveID", "number", "reportNumber", "publicationTitle", "archiveLocation")
    written = (extra.get("arxiv", ""), *(text_of(data, name) for name in names))
    marked = (parse_identifier(text, "arxiv") for text in written if text[:6].lower() == "arxiv:")
    return next((found for found in marked if found), None)


def _read_creators(data: Any) -> list[str]:
    """Give the authors; where there are none, whoever made it, and else the editors."""
    by_role: dict[str, list[str]] = {}
    for person in list_of(data, "creators"):
        name = join_name(given=text_of(person, "firstName"), family=text_of(person, "lastName"))
        name = name or text_of(person, "name")
        if name:
            by_role.setdefault(text_of(person, "creatorType"), []).append(name)
    editors = [
        by_role.pop(role, [])
        for role in ("editor", "seriesEditor", "translator", "contributor", "bookAuthor")
    ]
    return by_role.get("author") or next(iter(by_role.values()), None) or next(filter(None, editors), [])

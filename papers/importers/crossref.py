"""Crossref's works: answers of https://api.crossref.org (one work or a list), and of DOI content negotiation.

The fields are those of https://github.com/CrossRef/rest-api-doc/blob/master/api_format.md and
https://api.crossref.org/swagger-ui/index.html. Content negotiation (`application/vnd.citationstyles.csl+json`) gives
the same work without an envelope, with texts in place of some lists and other names for the types.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import Any, BinaryIO, Final

from papers.identifiers import Identifier
from papers.identifiers import parse as parse_identifier
from papers.importers import html_text, links
from papers.importers.csl_json import first_text, read_date_parts, read_name
from papers.importers.json_items import Layout, line_of, list_of, parse_items, peek, text_of
from papers.importers.times import find_first_day, read_moment
from papers.records import PartialDate, Rank, Record, Rejection, clean_line, clean_record

NAME: Final = "crossref"
TITLE: Final = "Crossref: works"

_LAYOUT: Final = Layout(
    paths=("message.items", "message", "items", ""),
    first_key=rb'"(?:indexed|reference-count|institution|DOI|publisher|URL)"\s*:',
)
_OWN_FIELDS: Final = frozenset(
    ("prefix", "member", "deposited", "indexed", "reference-count", "content-domain")
)
_BOOKS: Final = frozenset(
    (
        "book",
        "edited-book",
        "monograph",
        "reference-book",
        "book-set",
        "proceedings",
        "dissertation",
        "report",
    )
)
_MOST_VERSIONS: Final = 10  # of one preprint, each with a DOI
_RETRACTIONS: Final = frozenset(("retraction", "withdrawal", "removal"))
# What publishers write over a retracted article; "Retracted: …" is what some call the notice.
_RETRACTED: Final = re.compile(r"\s*(?:RETRACTED|WITHDRAWN)(?: ARTICLE| CHAPTER| PAPER)?\s*:")


def sniff(head: bytes) -> bool:
    """Tell whether the beginning of a file, in UTF-8, holds works of Crossref; a list without any is one."""
    facts, item = peek(head, _LAYOUT)
    if not item:
        return facts.get("message-type") == "work-list"
    # A work that is cut off may not have come to its DOI.
    return len(_OWN_FIELDS & item.keys()) >= 2 and ("DOI" in item or len(head) > 60_000)


def parse(
    stream: BinaryIO, *, date: date | None = None, today: date | None = None
) -> Iterator[Record | Rejection]:
    """Read the works in order; a list without any gives nothing.

    `date` becomes the day of the listing. `today` is not used: a work that is dated two years or more after
    Crossref looked at it last has no day. A preprint and its published form name each other, so that both
    become one paper; a correction or a retraction is a work of its own.

    A work without a DOI or a title, or over the bounds of a record, is a rejection. Raises UnreadableInput,
    before the first record, where the input is no JSON or only reports an error.
    """

    def read_work(work: Any, place: str, raw: str) -> Record | Rejection:
        return _read_work(work, place, raw, date)

    return parse_items(stream, _LAYOUT, read_work, service="Crossref")


def _read_work(work: Any, place: str, raw: str, listed: date | None) -> Record | Rejection:
    doi = parse_identifier(text_of(work, "DOI"), "doi")
    if doi is None:
        return Rejection(place, "This is no work of Crossref: it has no DOI.", raw)
    kind = text_of(work, "type")
    is_preprint = kind == "posted-content" or text_of(work, "subtype") == "preprint"
    published = _read_published(work, is_preprint=is_preprint)
    title = _read_title(work)
    isbns = list_of(work, "ISBN") if kind in _BOOKS else []
    return clean_record(
        key=f"crossref:{doi.value}",
        title=title,
        abstract=html_text.to_text(text_of(work, "abstract"), paragraphs=True),
        authors=_read_authors(work),
        identifiers=[
            doi,
            *_read_forms(work, doi),
            *(parse_identifier(isbn, "isbn") for isbn in isbns if isinstance(isbn, str)),
        ],
        published=published,
        updated=read_moment(text_of(work, "deposited", "date-time")),
        categories=[
            *(subject for subject in list_of(work, "subject") if isinstance(subject, str)),
            html_text.to_text(text_of(work, "group-title")),
        ],
        journal="" if is_preprint else html_text.to_text(first_text(work, "container-title")),
        volume=line_of(work, "volume"),
        issue=line_of(work, "issue"),
        pages=line_of(work, "page") or line_of(work, "article-number"),
        urls=_read_urls(work, doi),
        withdrawn=_is_retracted(work, doi, title),
        rank=Rank.PREPRINT if is_preprint else Rank.PUBLISHER,
        place=place,
        listed=listed,
        raw=raw,
    )


def _read_title(work: Any) -> str:
    title = html_text.to_text(first_text(work, "title")) or html_text.to_text(
        first_text(work, "original-title")
    )
    subtitle = html_text.to_text(first_text(work, "subtitle"))
    if not title or not subtitle or subtitle.casefold() in title.casefold():
        return title
    return f"{title} {subtitle}" if title[-1] in ":?!.–—" else f"{title}: {subtitle}"


def _read_authors(work: Any) -> list[str]:
    for role in ("author", "editor", "chair"):
        if names := [name for person in list_of(work, role) if (name := read_name(person))]:
            return names
    return []


def _read_published(work: Any, *, is_preprint: bool) -> PartialDate | None:
    """Give the first day on which the work was out; None for one that lies beyond the present of the answer.

    Journals print ahead by some months. What is dated years ahead was mistyped, or waits for an issue.
    """
    issued = read_date_parts(work.get("issued")) or read_date_parts(work.get("published"))
    days = [read_date_parts(work.get(name)) for name in ("published-print", "published-online")]
    posted = read_date_parts(work.get("posted"))
    found = (posted if is_preprint else None) or find_first_day(*days) or issued or posted
    seen = read_moment(text_of(work, "indexed", "date-time") or text_of(work, "deposited", "date-time"))
    return None if found and seen and found.date.year > seen.year + 1 else found


def _read_forms(work: Any, own: Identifier) -> list[Identifier]:
    """Give the identifiers of the same work's other form: of the preprint, or of what was published of it."""
    forms: list[Identifier] = []
    for relation, most in (("is-preprint-of", 1), ("has-preprint", _MOST_VERSIONS)):
        named = [
            found
            for related in list_of(work, "relation", relation)
            if (scheme := text_of(related, "id-type").lower()) in ("doi", "arxiv", "pmid", "pmcid")
            and (found := parse_identifier(text_of(related, "id"), scheme))
            and found != own
        ]
        # A preprint "of" several articles was cut up into them, and is none of them.
        if len(set(named)) <= most:
            forms += named
    return forms


def _is_retracted(work: Any, own: Identifier, title: str) -> bool:
    """Tell a retracted work, which others update, from the notice that updates it."""
    updates = [
        *list_of(work, "updated-by"),
        *(
            each
            for each in list_of(work, "update-to")
            if parse_identifier(text_of(each, "DOI"), "doi") == own
        ),
    ]
    return any(text_of(update, "type").lower() in _RETRACTIONS for update in updates) or bool(
        _RETRACTED.match(title) and not list_of(work, "update-to")
    )


def _read_urls(work: Any, doi: Identifier) -> list[tuple[str, str]]:
    pdfs = [
        text_of(link, "URL")
        for link in list_of(work, "link")
        if clean_line(text_of(link, "content-type")) == "application/pdf"
        and text_of(link, "intended-application") != "similarity-checking"  # not for readers
    ]
    urls = [("page", text_of(work, "resource", "primary", "URL")), *(("pdf", url) for url in pdfs[:1])]
    return [*urls, *links.address_dois([doi])]

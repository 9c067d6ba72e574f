"""DataCite's records of DOIs: answers of https://api.datacite.org/dois (one or a list), with or without envelope.

The fields are those of https://support.datacite.org/docs/api-get-doi and of the metadata schema
(https://datacite-metadata-schema.readthedocs.io/). arXiv's own DOIs are here, and name the arXiv identifier.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import Any, BinaryIO, Final

from papers.identifiers import Identifier, address, is_preprint_doi
from papers.identifiers import parse as parse_identifier
from papers.importers import html_text
from papers.importers.json_items import Layout, line_of, list_of, number_of, parse_items, peek, text_of
from papers.importers.names import join_name, turn_name
from papers.importers.times import make_date, read_date, read_moment
from papers.records import PartialDate, Precision, Rank, Record, Rejection, clean_line, clean_record

NAME: Final = "datacite"
TITLE: Final = "DataCite: DOIs"

_LAYOUT: Final = Layout(paths=("data", ""), first_key=rb'"(?:id|type|doi)"\s*:')
_SAME_WORK: Final = frozenset(("isversionof", "ispreprintof", "haspreprint"))
_TERM: Final = re.compile(r".{1,200}\((?P<code>[a-z-]+(?:\.[A-Za-z-]+)?)\)")


def sniff(head: bytes) -> bool:
    """Tell whether the beginning of a file, in UTF-8, holds records of DataCite; a list without any is one."""
    facts, item = peek(head, _LAYOUT)
    if not item:
        return isinstance(facts.get("meta"), dict) and "totalPages" in facts["meta"]
    attributes = item.get("attributes", item)
    return text_of(item, "type") == "dois" or (
        isinstance(attributes, dict) and {"titles", "creators"} <= attributes.keys() and "doi" in attributes
    )


def parse(
    stream: BinaryIO, *, date: date | None = None, today: date | None = None
) -> Iterator[Record | Rejection]:
    """Read the records in order; a list without any gives nothing.

    `date` becomes the day of the listing; `today` is not used. What says that it is a version or a preprint of
    another DOI has both identifiers, so that both become one paper. All but preprint servers' records are
    deposits: whoever deposits at Zenodo says that it is a journal article, by whom, and in which journal.

    A record without a DOI or a title, or over the bounds of a record, is a rejection. Raises UnreadableInput,
    before the first record, where the input is no JSON or only reports an error.
    """

    def read_item(item: Any, place: str, raw: str) -> Record | Rejection:
        return _read_item(item, place, raw, date)

    return parse_items(stream, _LAYOUT, read_item, service="DataCite")


def _read_item(item: Any, place: str, raw: str, listed: date | None) -> Record | Rejection:
    work = item.get("attributes", item) if isinstance(item, dict) else None
    own = parse_identifier(text_of(work, "doi") or text_of(item, "id"), "doi")
    if own is None:
        return Rejection(place, "This is no record of DataCite: it has no DOI.", raw)
    identifiers = [own, *_read_others(work, own)]
    is_arxiv = own.scheme == "arxiv"
    is_preprint = is_arxiv or is_preprint_doi(own)
    published = _read_published(work, is_arxiv=is_arxiv)
    updated = _read_dates(work, "Updated") or [text_of(work, "updated")]
    pages = [line_of(work, "container", name) for name in ("firstPage", "lastPage")]
    return clean_record(
        key=f"datacite:{own.value}",
        title=_read_title(work),
        abstract=next((text for text in _read_descriptions(work, "Abstract") if text), ""),
        authors=[name for creator in list_of(work, "creators") if (name := _read_name(creator))],
        identifiers=identifiers,
        published=published,
        updated=read_moment(updated[0]),
        revision=number_of({"": line_of(work, "version").lstrip("vV")}, "") if is_arxiv else None,
        categories=_read_subjects(work),
        journal=html_text.to_text(text_of(work, "container", "title")),
        volume=line_of(work, "container", "volume"),
        issue=line_of(work, "container", "issue"),
        pages="-".join(dict.fromkeys(page for page in pages if page)),
        urls=[
            ("page", text_of(work, "url")),
            *((("pdf", f"https://arxiv.org/pdf/{own.value}"),) if is_arxiv else (("doi", address(own)),)),
        ],
        deposited=not is_preprint,
        rank=Rank.PREPRINT if is_preprint else Rank.FILE,
        place=place,
        listed=listed,
        raw=raw,
    )


def _read_others(work: Any, own: Identifier) -> list[Identifier | None]:
    """Give what else names the work: its arXiv identifier, and the DOIs of which it is a form."""
    named: list[Identifier | None] = [
        parse_identifier(text_of(each, name), "arxiv")
        for kind, name in (("identifiers", "identifier"), ("alternateIdentifiers", "alternateIdentifier"))
        for each in list_of(work, kind)
        if text_of(each, f"{name}Type").lower() == "arxiv"
    ]
    related = [
        found
        for each in list_of(work, "relatedIdentifiers")
        if text_of(each, "relationType").lower() in _SAME_WORK
        and (scheme := text_of(each, "relatedIdentifierType").lower()) in ("doi", "arxiv", "pmid")
        and (found := parse_identifier(text_of(each, "relatedIdentifier"), scheme))
        and found != own
    ]
    # A version of several works is a part of each, and none of them.
    schemes = [found.scheme for found in dict.fromkeys(related)]
    return [*named, *(found for found in related if schemes.count(found.scheme) == 1)]


def _read_title(work: Any) -> str:
    titles = [
        (text_of(each, "titleType"), html_text.to_text(text_of(each, "title")))
        for each in list_of(work, "titles")
    ]
    titles = [(kind, title) for kind, title in titles if title]
    main = next((title for kind, title in titles if not kind), titles[0][1] if titles else "")
    subtitle = next((title for kind, title in titles if kind == "Subtitle" and title != main), "")
    return f"{main}: {subtitle}" if subtitle else main


def _read_name(creator: Any) -> str:
    if text_of(creator, "nameType") == "Organizational":
        return text_of(creator, "name")
    split = join_name(given=text_of(creator, "givenName"), family=text_of(creator, "familyName"))
    return split if text_of(creator, "familyName") else turn_name(text_of(creator, "name"))


def _read_descriptions(work: Any, kind: str) -> list[str]:
    return [
        html_text.to_text(text_of(each, "description"), paragraphs=True)
        for each in list_of(work, "descriptions")
        if text_of(each, "descriptionType") == kind
    ]


def _read_dates(work: Any, kind: str) -> list[str]:
    return [
        text
        for each in list_of(work, "dates")
        if text_of(each, "dateType") == kind and (text := line_of(each, "date"))
    ]


def _read_published(work: Any, *, is_arxiv: bool) -> PartialDate | None:
    """Give the day of publication as exactly as it is known; of arXiv, the day on which the first version came."""
    kinds = ("Submitted", "Available") if is_arxiv else ("Issued", "Available", "Created", "Submitted")
    found = [day for kind in kinds for text in _read_dates(work, kind) if (day := read_date(text))]
    exact = next((day for day in found if day.precision is Precision.DAY), None)
    return exact or (found[0] if found else None) or make_date(number_of(work, "publicationYear") or 0)


def _read_subjects(work: Any) -> list[str]:
    """Give subjects; arXiv's by their codes ("physics.atom-ph"), and the fields that DataCite adds left out."""
    subjects = []
    for each in list_of(work, "subjects"):
        subject = clean_line(text_of(each, "subject"))
        if text_of(each, "subjectScheme") == "arXiv" and (term := _TERM.fullmatch(subject)):
            subject = term["code"]
        if not subject.startswith("FOS: "):
            subjects.append(subject)
    return subjects

"""EndNote's XML, also written by Bookends, Papers, JabRef and Zotero.

EndNote describes it only in RSXML.dtd, which comes with the program; pandoc's reader and this one go by the
files. Every value may stand in `style` elements, several where a word of it is set in italics.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from itertools import islice
from typing import BinaryIO, Final

from lxml import etree

from papers.identifiers import Identifier, address
from papers.identifiers import parse as parse_identifier
from papers.importers import links
from papers.importers.library_fields import find_isbn, is_pubmed, read_custom_2
from papers.importers.names import turn_name
from papers.importers.times import read_date
from papers.importers.xml_records import Words, XmlReader, read_each, read_root
from papers.records import MAX_URLS, PartialDate, Rank, Record, Rejection, clean_line, clean_record

NAME: Final = "endnote-xml"
TITLE: Final = "EndNote: XML"

_WORDS: Final = Words("EndNote XML", "file", "record", "records")

# Whole books, of which alone an ISBN is an identifier, and parts of them. EndNote numbers its kinds of records.
_BOOKS: Final = frozenset({"book", "edited book", "electronic book"})
_PARTS: Final = frozenset({"book section", "electronic book section", "encyclopedia", "dictionary"})
_NUMBERS: Final = {"5": "book section", "6": "book", "28": "edited book", "44": "electronic book"}


def sniff(head: bytes) -> bool:
    """Tell whether the beginning of a file, in UTF-8, is EndNote XML."""
    root = read_root(head)
    return (
        root is not None
        and root.tag in ("xml", "records", "record", "EndNote")
        and bool(re.search(rb"<records?[\s/>]", head))
        and (root.tag == "xml" or bool(re.search(rb"<(?:ref-type|rec-number|source-app)[\s/>]", head)))
    )


def parse(
    stream: BinaryIO, *, date: date | None = None, today: date | None = None
) -> Iterator[Record | Rejection]:
    """Read the records of a library in order.

    `date` becomes the day of the listing. `today` is not used. A record without a title, not well-formed or
    over the bounds of a record is a rejection. Notes, addresses of people and files on the writer's disk are
    left out. Raises UnreadableInput where the input is no XML.
    """
    reader = XmlReader(stream, ("record",), words=_WORDS)
    return read_each(reader, lambda record, place, raw: _read_record(record, place, listed=date, raw=raw))


def _read_record(record: etree._Element, place: str, *, listed: date | None, raw: str) -> Record | Rejection:
    kind = _read_kind(record.find("ref-type"))
    is_book = kind in _BOOKS
    titles = record.find("titles")
    published = _read_published(record.find("dates"))
    urls = list(islice(_read_urls(record), MAX_URLS))
    stated = (_read_doi(record), _read_pmid(record), read_custom_2(_line(record, "custom2")))
    identifiers = [found for found in stated if found]
    identifiers += links.find_identifiers((url for _kind, url in urls), identifiers, is_part=kind in _PARTS)
    if is_book and (isbn := find_isbn(_text(record.find("isbn")))):
        identifiers.append(isbn)
    dois = [found for found in identifiers if found.scheme == "doi"]
    return clean_record(
        title=_line(titles, "title") or _line(titles, "translated-title") or _line(titles, "short-title"),
        abstract=_text(record.find("abstract")),
        authors=_read_authors(record),
        identifiers=identifiers,
        published=published,
        # Of a book the second title is the series.
        journal=_line(record, "periodical/full-title")
        or _line(titles, "secondary-title")
        or _line(titles, "alt-title"),
        volume=_line(record, "volume"),
        issue=_line(record, "number") or _line(record, "issue"),
        # Of a whole book they are how many there are.
        pages="" if is_book else _line(record, "pages"),
        urls=[*urls, *(("doi", address(doi)) for doi in dois)],
        rank=Rank.FILE,
        place=place,
        listed=listed,
        raw=raw,
    )


def _text(element: etree._Element | None) -> str:
    return "" if element is None else "".join(element.itertext())


def _line(element: etree._Element | None, path: str = ".") -> str:
    return clean_line(_text(None if element is None else element.find(path)))


def _read_kind(kind: etree._Element | None) -> str:
    if kind is None:
        return ""
    return clean_line(kind.get("name", "")).lower() or _NUMBERS.get(_line(kind), "")


def _read_authors(record: etree._Element) -> list[str]:
    """Give the names of the authors; where there are none, of the first others that are named: the editors."""
    for role in ("authors", "secondary-authors", "tertiary-authors", "subsidiary-authors"):
        written = (_text(found) for found in record.iterfind(f"contributors/{role}/author"))
        # EndNote ends a line with CR alone, and some programs put all names into one value.
        lines = (clean_line(line) for text in written for line in text.split("\r"))
        if names := [turn_name(line) for line in lines if line]:
            return names
    return []


def _read_published(dates: etree._Element | None) -> PartialDate | None:
    """Read the year, and the day or month that may stand apart from it."""
    year, day = _line(dates, "year"), _line(dates, "pub-dates/date")
    return (read_date(day) if re.search("[0-9]{4}", day) else read_date(f"{year} {day}")) or read_date(year)


def _read_doi(record: etree._Element) -> Identifier | None:
    """Read the first DOI; other numbers may stand beside it, and another DOI would be of another work."""
    words = _line(record, "electronic-resource-num")[:2_000].split()
    return next((doi for word in words if (doi := parse_identifier(word, "doi"))), None)


def _read_pmid(record: etree._Element) -> Identifier | None:
    source = f"{_line(record, 'remote-database-provider')} {_line(record, 'remote-database-name')}"
    return parse_identifier(_line(record, "accession-num"), "pmid") if is_pubmed(source) else None


def _read_urls(record: etree._Element) -> Iterator[tuple[str, str]]:
    """Give addresses in the web; `clean_record` leaves out those of files, "internal-pdf:" and the like."""
    for kind in ("web-urls", "related-urls", "pdf-urls", "text-urls"):
        for found in record.iterfind(f"urls/{kind}/url"):
            for written in _text(found).split(maxsplit=MAX_URLS):
                yield ("pdf", written) if kind == "pdf-urls" else links.describe(written)

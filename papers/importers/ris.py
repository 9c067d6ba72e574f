"""RIS, the format that reference managers and databases exchange.

It is a specification of 2001 (Research Information Systems, "RIS Format Specifications",
https://web.archive.org/web/20110928095247/http://www.refman.com/support/risformat_intro.asp), that of its
follower of 2011 (https://github.com/aurimasv/translators/wiki/RIS-Tag-Map compares both with what programs
write), and the habits of EndNote, Mendeley, Zotero, Lens.org, Scopus and Web of Science. So each fact is looked
for in all of the tags that one of them uses, and tags no standard has are passed over.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import BinaryIO, Final

from papers.identifiers import Identifier, address
from papers.identifiers import parse as parse_identifier
from papers.importers import html_text, links
from papers.importers.library_fields import find_isbn, is_pubmed, read_custom_2
from papers.importers.names import turn_name
from papers.importers.tagged_lines import Entry, read_entries
from papers.importers.times import read_date
from papers.records import (
    PartialDate,
    Precision,
    Rank,
    Record,
    Rejection,
    UnreadableInput,
    clean_line,
    clean_record,
)

NAME: Final = "ris"
TITLE: Final = "RIS, of EndNote, Zotero, Mendeley, Scopus, Lens.org and others"

_START: Final = re.compile(rb"^TY {1,2}-[ \t]*\S", re.MULTILINE)
_BEGINNING: Final = 8_192  # bytes in which the first record begins
_TAG: Final = re.compile(r"([A-Z][A-Z0-9])( {1,2})-(?:[ \t](.*))?", re.DOTALL)

# Types of which an ISBN names the work itself; of a chapter or a paper it names what that is part of.
_PARTS: Final = frozenset({"CHAP", "ECHAP", "CPAPER", "ENCYC", "DICT"})
_BOOKS: Final = frozenset({"BOOK", "EBOOK", "EDBOOK", "WHOLE BOOK"})


def sniff(head: bytes) -> bool:
    """Tell whether the beginning of a file, in UTF-8, is RIS: a line says the type of a record."""
    return bool(_START.search(head[:_BEGINNING])) and not head.lstrip().startswith((b"<", b"{", b"[", b"@"))


def parse(
    stream: BinaryIO, *, date: date | None = None, today: date | None = None
) -> Iterator[Record | Rejection]:
    """Read the references of a file in order; `date` is the listing they are to stand in. `today` is not used.

    Where ends of records are missing (`ER`), the next one's type ends them. Only the last of a file may be half of
    one then: it is rejected if the others have their ends. Notes, the works a paper cites and affiliations are
    not read. Raises UnreadableInput where there is no record at all.
    """
    tags = _Tags()
    entry = None
    for entry in read_entries(stream, tags.find, start="TY", end="ER"):
        place = f"line {entry.line}"
        if entry.problem:
            yield Rejection(place, entry.problem, entry.raw)
        elif not entry.is_ended and tags.has_ends:
            yield Rejection(place, "The file ends in the middle of this record.", entry.raw)
        else:
            yield _read_entry(entry, place, date)
    if entry is None:
        raise UnreadableInput(
            "There is no record in it: in RIS each begins with a line “TY  - ” and its type."
        )


class _Tags:
    """Tells the tags of one file, whose program writes all of them in one way."""

    def __init__(self) -> None:
        self.has_ends = False
        self._gap = ""

    def find(self, text: str) -> tuple[str, str] | None:
        found = _TAG.fullmatch(text)
        if not found:
            return None
        tag, gap, value = found[1], found[2], found[3] or ""
        if tag == "TY":
            self._gap = gap
        elif len(gap) < len(self._gap):
            return None  # a dash in a sentence
        if tag == "ER":
            self.has_ends = True
        return tag, value


def _read_entry(entry: Entry, place: str, listed: date | None) -> Record | Rejection:
    kind = entry.first("TY").strip().upper()
    is_book = kind in _BOOKS
    published = _read_published(entry)
    urls = [word for value in entry.all("UR", "LK", "L2", "L1") for word in value.split()]
    identifiers = _read_identifiers(entry)
    identifiers += links.find_identifiers(urls, identifiers, is_part=kind in _PARTS)
    if is_book and (isbn := find_isbn("\n".join(entry.all("SN")))):
        identifiers.append(isbn)
    dois = [found for found in identifiers if found.scheme == "doi"]
    return clean_record(
        title=html_text.to_text(entry.first("TI", "T1", "CT", *(["BT"] if is_book else []), "ST", "TT")),
        abstract=html_text.to_text("\n\n".join(entry.all("AB") or entry.all("N2")), paragraphs=True),
        authors=_read_authors(entry),
        identifiers=identifiers,
        published=published,
        # T2 is the journal or the book that something stands in, and the series of a book.
        journal=entry.first("JF", "T2", "JO", *([] if is_book else ["BT"]), "J2", "JA", "J1", "T3"),
        volume=entry.first("VL", "VO"),
        issue=entry.first("IS", "CP"),
        # Of a book it is how many there are.
        pages="" if is_book else _read_pages(entry),
        urls=[*_read_urls(entry), *(("doi", address(doi)) for doi in dois)],
        rank=Rank.FILE,
        place=place,
        listed=listed,
        raw=entry.raw,
    )


def _read_authors(entry: Entry) -> list[str]:
    """Give the names of the authors; where there are none, of the editors."""
    for tags in (("AU", "A1"), ("ED", "A2"), ("A3",)):
        lines = (line for value in entry.all(*tags) for line in re.split(r"[;\n]", value))
        names = (turn_name(clean_line(line)) for line in lines if line.strip(" .,"))
        if found := [name for name in names if name.lower().rstrip(".") not in ("null", "et al", "")]:
            return found
    return []


def _read_published(entry: Entry) -> PartialDate | None:
    """Read the year and the day, of which some programs write the latter without a year."""
    stated, written = read_date(entry.first("PY", "Y1", "YR")), entry.first("DA")
    if stated is None or not written:
        return stated or read_date(written)
    found = read_date(written) or read_date(f"{written} {stated.date.year}")
    is_finer = found is not None and found.precision != Precision.YEAR and stated.precision != Precision.DAY
    return found if found and is_finer and found.date.year == stated.date.year else stated


def _read_identifiers(entry: Entry) -> list[Identifier]:
    dois = [parse_identifier(word, "doi") for value in entry.all("DO", "DI") for word in value.split()]
    # Old versions of EndNote and Reference Manager have no tag for a DOI; Zotero's preprints have none for arXiv.
    elsewhere = [parse_identifier(clean_line(value)) for value in entry.all("M1", "M3", "L3", "AN", "ID")]
    found = [each for each in dois if each]
    known = {each.scheme for each in found}
    found += [
        each for each in elsewhere if each and each.scheme in ("doi", "arxiv") and each.scheme not in known
    ]
    if is_pubmed(" ".join(entry.all("DP", "DB"))):
        found += [pmid for value in entry.all("AN") if (pmid := parse_identifier(clean_line(value), "pmid"))]
    return found + [pmcid for value in entry.all("C2") if (pmcid := read_custom_2(value))]


def _read_urls(entry: Entry) -> Iterator[tuple[str, str]]:
    """Give the addresses; `clean_record` leaves out those of files, "internal-pdf:" and the like."""
    for tag, value in entry.fields:
        if tag in ("UR", "LK", "L2", "L1"):
            for word in value.split():
                kind, url = links.describe(word)
                yield ("pdf" if tag == "L1" and kind == "page" else kind), url


def _read_pages(entry: Entry) -> str:
    first, last = entry.first("SP").strip(), entry.first("EP").strip()
    if first and last and first != last and not re.search("[-–,]", first):
        return f"{first}-{last}"
    return first or last or entry.first("C7", "AR").strip()

"""PubMed's own text format (MEDLINE, .nbib), as its site and EndNote's import filters have it.

Fields: https://pubmed.ncbi.nlm.nih.gov/help/#pubmed-format, https://www.nlm.nih.gov/bsd/mms/medlineelements.html.
A tag takes four columns, continued lines begin with six blanks, and an empty line parts two records.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import BinaryIO, Final

from papers.identifiers import Identifier, address
from papers.identifiers import parse as parse_identifier
from papers.importers import html_text
from papers.importers.names import turn_name, turn_short_name
from papers.importers.tagged_lines import Entry, read_entries
from papers.importers.times import find_first_day, read_date
from papers.records import Rank, Record, Rejection, UnreadableInput, clean_line, clean_record

NAME: Final = "nbib"
TITLE: Final = "PubMed: its text format (MEDLINE, .nbib)"

_START: Final = re.compile(rb"^PMID *- *[0-9]", re.MULTILINE)
_BEGINNING: Final = 8_192  # bytes in which the first record begins
_TAG: Final = re.compile(r"(?=.{4}-)([A-Z][A-Z0-9]{1,3}) *-(?: (.*))?", re.DOTALL)


def sniff(head: bytes) -> bool:
    """Tell whether the beginning of a file, in UTF-8, is this format: a line says the PMID of an article."""
    return bool(_START.search(head[:_BEGINNING])) and not head.lstrip().startswith((b"<", b"{", b"[", b"@"))


def parse(
    stream: BinaryIO, *, date: date | None = None, today: date | None = None
) -> Iterator[Record | Rejection]:
    """Read the articles of a file in order; `date` is the listing they are to stand in. `today` is not used.

    The format has no end mark. The last record is rejected where the file ends before the date of its source
    (`SO`), which PubMed writes last, if all others have one. Raises UnreadableInput where there is no record.
    """
    has_sources = True
    number = 0
    for number, entry in enumerate(
        read_entries(stream, _find_tag, start="PMID", ends_at_blank=True), start=1
    ):
        place = f"line {entry.line}"
        if entry.problem:
            yield Rejection(place, entry.problem, entry.raw)
            continue
        has_source = bool(entry.first("SO"))
        if not entry.is_ended and number > 1 and has_sources and not has_source:
            yield Rejection(place, "The file ends in the middle of this record.", entry.raw)
            continue
        has_sources = has_sources and has_source
        yield _read_entry(entry, place, date)
    if not number:
        raise UnreadableInput(
            "There is no record in it: in this format each begins with a line “PMID- ” and its number."
        )


def _find_tag(text: str) -> tuple[str, str] | None:
    found = _TAG.fullmatch(text)
    return (found[1], found[2] or "") if found else None


def _read_entry(entry: Entry, place: str, listed: date | None) -> Record | Rejection:
    pmid = parse_identifier(clean_line(entry.first("PMID")), "pmid")
    pmcid = next(
        (found for text in entry.all("PMC") if (found := parse_identifier(clean_line(text), "pmcid"))), None
    )
    doi = _find_doi(entry)
    published = find_first_day(read_date(entry.first("DP")), read_date(entry.first("DEP")))
    urls = [("page", address(found)) for found in (pmid, pmcid) if found]
    title = _read_title(entry)
    # A chapter's book is named in BTI; a book has no TI.
    book = _strip_full_stop(clean_line(entry.first("BTI")))
    isbns = (
        []
        if title
        else [parse_identifier(clean_line(text).split(" ")[0], "isbn") for text in entry.all("ISBN")]
    )
    return clean_record(
        title=html_text.to_text(title or book),
        abstract=html_text.to_text("\n\n".join(entry.all("AB") or entry.all("OAB")), paragraphs=True),
        authors=_read_authors(entry),
        identifiers=[pmid, doi, pmcid, *isbns[:1]],
        published=published,
        categories=_read_keywords(entry),
        journal=clean_line(entry.first("JT", "TA")) or (book if title else entry.first("CTI")),
        volume=entry.first("VI"),
        issue=entry.first("IP"),
        pages=entry.first("PG"),
        urls=[*urls, ("doi", address(doi))] if doi else urls,
        withdrawn="Retracted Publication" in map(str.strip, entry.all("PT")),
        rank=Rank.PUBLISHER,
        place=place,
        listed=listed,
        raw=entry.raw,
    )


def _read_title(entry: Entry) -> str:
    """Give the title without the full stop, nor the brackets that tell a translated one, which PubMed puts to it."""
    title = _strip_full_stop(clean_line(entry.first("TI")))
    if title.startswith("[") and title.endswith("]") and "]" not in title[1:-1]:
        title = _strip_full_stop(title[1:-1])
    if title.lower() in ("", "not available", "in process citation"):
        title = _strip_full_stop(clean_line(entry.first("TT")))
    return title


def _strip_full_stop(title: str) -> str:
    return title[:-1].rstrip() if title.endswith(".") and not title.endswith("..") else title


def _read_authors(entry: Entry) -> list[str]:
    """Give the names of people and groups in order; a full name (`FAU`) stands before the short one of its owner."""
    names: list[str] = []
    is_full = False
    for tag, value in entry.fields:
        name = clean_line(value)
        if tag == "FAU":
            names.append(turn_name(name))
        elif tag == "AU" and not is_full:
            names.append(turn_short_name(name))
        elif tag == "CN":
            names.append(name)
        if tag in ("FAU", "AU"):
            is_full = tag == "FAU"
    # Editors (FED) and investigators (FIR) are no authors; of a book without any the editors are named.
    return names or [turn_name(clean_line(value)) for value in entry.all("FED") or entry.all("ED")]


def _find_doi(entry: Entry) -> Identifier | None:
    """Find the DOI among the places of an article ("10.1000/x [doi]")."""
    for value in entry.all("LID", "AID"):
        text = clean_line(value)
        if text.endswith("[doi]") and (doi := parse_identifier(text[:-5], "doi")):
            return doi
    return None


def _read_keywords(entry: Entry) -> list[str]:
    """Give the keywords of the authors, then MeSH's headings, without their qualifiers and stars."""
    headings = (value.partition("/")[0] for value in entry.all("MH"))
    return [word.replace("*", "") for word in (*entry.all("OT"), *headings)]

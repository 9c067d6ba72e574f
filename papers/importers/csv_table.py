"""Tables as CSV (RFC 4180) and its relatives with tabs, semicolons or bars, one paper a row.

What the columns are is guessed from the words of the heading: those of Scopus, Web of Science, PubMed, Zotero,
Google Scholar, Publish or Perish, Dimensions, pandas and plain speech. People may confirm or change the guess, so a
reading of columns is also an argument: the name of a field and the heading of its column, as in
`{"title": "Titel", "year": "Jahr"}`.
"""

from __future__ import annotations

import re
import unicodedata
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from itertools import islice
from typing import BinaryIO, Final

from papers.identifiers import Identifier, address
from papers.identifiers import parse as parse_identifier
from papers.importers import html_text, links
from papers.importers.names import turn_name, turn_short_name
from papers.importers.text import RAW_LENGTH, Line, read_lines
from papers.importers.times import read_date
from papers.records import (
    PartialDate,
    Rank,
    Record,
    Rejection,
    UnreadableInput,
    clean_line,
    clean_record,
)

NAME: Final = "csv"
TITLE: Final = "Table: CSV with a heading (also with tabs or semicolons)"

# What a column may be, in the order of forms, and the words that headings have for it, the most telling first.
# Compared without case, accents, blanks and punctuation.
FIELDS: Final[dict[str, str]] = {
    "title": "title, article title, document title, paper title, titel, titre, titulo, titolo, ti",
    "authors": "author full names, author full name, authors, author, author(s), author names, authors list, creators, "
    "creator, autoren, verfasser, autor, auteurs, auteur, autores, autori, af, au",
    "abstract": "abstract, abstract note, summary, paper abstract, zusammenfassung, resume, resumen, ab",
    "date": "publication date, published, date published, date, published on, published date, pubdate, issue date, "
    "cover date, datum, fecha, update date",
    "year": "year, publication year, pub year, py, publication_year, jahr, erscheinungsjahr, annee, ano, anno",
    "journal": "journal, source title, publication title, journal title, journal name, publication, venue, "
    "journal/book, container title, book title, source, journal ref, conference, zeitschrift, revue, revista, so",
    "volume": "volume, vol, band, vl",
    "issue": "issue, number, issue number, no, heft, is",
    "pages": "pages, page range, page numbers, pagination, pp, seiten",
    "first_page": "page start, start page, first page, startpage, bp, sp",
    "last_page": "page end, end page, last page, endpage, ep",
    "article_number": "art. no., article number, article no, elocation id, ar",
    "doi": "doi, digital object identifier, di, doi link, doi url",
    "arxiv": "arxiv id, arxiv, eprint, arxiv number",
    "pmid": "pmid, pubmed id, pm",
    "pmcid": "pmcid, pmc, pmc id",
    "openreview": "openreview, openreview id",
    "isbn": "isbn, isbns",
    "identifiers": "identifiers, identifier, ids",
    "url": "url, link, urls, links, address, article url, full text url, web address, source linkout",
    "pdf": "pdf, pdf url, pdf link, full text pdf",
    "type": "item type, document type, publication type, entry type, type, pt",
}
DELIMITERS: Final = ",;\t|"

_HEADING_WITHIN: Final = 10  # rows: some exports tell about themselves first
_SAMPLES: Final = 3
_MAX_COLUMNS: Final = 1_000
_MAX_ROW: Final = 4_000_000  # characters
_LINE_COST: Final = (
    60  # characters, what a line weighs besides its text, so that many short ones are bounded too
)
_FREE_LINES: Final = 1_000  # read again after a quotation mark without its end, besides as many as were read
_BEGINNING: Final = 65_536  # characters in which the heading stands


def _simplify(text: str) -> str:
    letters = unicodedata.normalize("NFKD", text[:200]).casefold()
    return "".join(char for char in letters if char.isalnum())


class Kind:
    """What the columns of a table may be: fields with the words of their headings, and the one there must be.

    `example` is a heading that would do.
    """

    def __init__(self, fields: Mapping[str, str], *, needed: str, example: str) -> None:
        self.fields, self.needed, self.example = tuple(fields), needed, example
        self.spellings = {
            field: {_simplify(word): place for place, word in enumerate(words.split(", "))}
            for field, words in fields.items()
        }


PAPERS: Final = Kind(FIELDS, needed="title", example="title, authors, year, journal, doi")
"""A paper a row. Other tables are read by the same rules (`scheduling.past_table`)."""


@dataclass(frozen=True, slots=True)
class Columns:
    """How a table is to be read: its delimiter, its heading and where that stands, and a field for each column.

    Headings are told apart: an empty one is called by its number, and of the same ones the others by theirs.
    """

    delimiter: str
    line: int
    headings: tuple[str, ...]
    fields: tuple[str, ...]
    samples: tuple[tuple[str, ...], ...] = ()

    @property
    def mapping(self) -> dict[str, str]:
        """The heading of each field's column, which is what `parse` takes."""
        pairs = zip(self.fields, self.headings, strict=True)
        return {field: heading for field, heading in pairs if field}


def sniff(head: bytes) -> bool:
    """Tell whether the beginning of a file, in UTF-8, is a table with a title and something else that is known."""
    text = head.decode("utf-8", errors="replace")
    if text.lstrip()[:1] in ("{", "[", "<", "@", "%"):
        return False
    lines = [Line(number, line) for number, line in enumerate(text.splitlines()[:200], start=1)]
    found = _guess(lines, PAPERS)
    return found is not None and len(found.mapping) >= 2


def guess_columns(stream: BinaryIO, kind: Kind = PAPERS) -> Columns:
    """Guess the columns of a table, and give the first rows to see whether the guess is right.

    Where no heading names what is needed (a title), the first row is taken for the heading and nothing is guessed.
    Raises UnreadableInput where that is no row of several cells.
    """
    lines = _read_beginning(read_lines(stream))
    found = _guess(lines, kind) or _take_first_row(lines)
    if found is None:
        raise UnreadableInput(_explain_no_heading(lines, kind))
    rows = (
        row for row in _cut_rows(iter(lines), found.delimiter, len(found.headings)) if row.line > found.line
    )
    filled = (row.cells for row in rows if not row.problem and any(map(str.strip, row.cells)))
    samples = tuple(
        tuple(clean_line(cell[:2_000]) for cell in _fill(cells, len(found.headings)))
        for cells in islice(filled, _SAMPLES)
    )
    return Columns(found.delimiter, found.line, found.headings, found.fields, samples)


def check_columns(columns: object, kind: Kind = PAPERS) -> dict[str, str]:
    """Give a reading of columns that people or programs wrote, checked. Raises UnreadableInput, which says why not."""
    if not isinstance(columns, Mapping) or not all(
        isinstance(field, str) and isinstance(heading, str) for field, heading in columns.items()
    ):
        raise UnreadableInput(
            f'Columns are fields and the headings of their columns, as in {{"{kind.needed}": "Titel"}}.'
        )
    chosen = {field: clean_line(heading) for field, heading in columns.items() if clean_line(heading)}
    if unknown := [field for field in chosen if field not in kind.fields]:
        raise UnreadableInput(f"There is no field {unknown[0][:50]!r}. Known are {', '.join(kind.fields)}.")
    if kind.needed not in chosen:
        raise UnreadableInput(f"Say which column is the {kind.needed}.")
    return chosen


def parse(
    stream: BinaryIO,
    *,
    date: date | None = None,
    today: date | None = None,
    columns: Mapping[str, str] | None = None,
) -> Iterator[Record | Rejection]:
    """Read the rows of a table in order; `date` is the listing they are to stand in. `today` is not used.

    Raises UnreadableInput, as `read_rows`.
    """
    for row in read_rows(stream, columns=columns):
        yield row if isinstance(row, Rejection) else _read_row(row.cells, row.place, date, row.raw)


@dataclass(frozen=True, slots=True)
class TableRow:
    """What stands in the columns of a row that are read, by their fields, as it is written there."""

    place: str
    cells: dict[str, str]
    raw: str


def read_rows(
    stream: BinaryIO, *, columns: Mapping[str, str] | None = None, kind: Kind = PAPERS
) -> Iterator[TableRow | Rejection]:
    """Read the rows of a table in order.

    `columns` is what `check_columns` gave; without it the columns are guessed. A row with more cells than the
    heading, or with so few that some that are read are missing, is a rejection, as its cells may be shifted.

    Raises UnreadableInput, before the first row, where there is no heading, or one of `columns` is not in it.
    """
    lines = read_lines(stream)
    beginning = _read_beginning(lines)
    found = _find(beginning, columns) if columns is not None else _guess(beginning, kind)
    if found is None:
        raise UnreadableInput(_explain_no_heading(beginning, kind, columns))
    places = {field: place for place, field in enumerate(found.fields) if field}
    last = max(places.values())
    for row in _cut_rows(_chain(beginning, lines), found.delimiter, len(found.headings)):
        if row.line <= found.line:
            continue
        place, width = f"line {row.line}", len(row.cells)
        if row.problem:
            yield Rejection(place, row.problem, row.raw)
        elif not any(map(str.strip, row.cells)):
            continue
        elif width <= last or any(map(str.strip, row.cells[len(found.headings) :])):
            yield Rejection(
                place, f"The row has {width:,} cells, and the heading {len(found.headings):,}.", row.raw
            )
        else:
            yield TableRow(place, {field: row.cells[at] for field, at in places.items()}, row.raw)


def _chain(first: Iterable[Line], rest: Iterable[Line]) -> Iterator[Line]:
    yield from first
    yield from rest


# --- Cutting rows and cells --------------------------------------------------------------------------------


@dataclass(slots=True)
class _Row:
    line: int
    cells: list[str]
    problem: str = ""
    raw: str = ""


class _OpenQuote(Exception):
    pass


class _TooLong(_OpenQuote):
    pass


def _cut_rows(lines: Iterator[Line], delimiter: str, width: int | None = None) -> Iterator[_Row]:
    """Cut lines into rows of cells. A quotation mark counts where it opens a cell, and is doubled within.

    Where one is never closed, or closes in the middle of a cell some lines later, it was none: its line is
    read as it stands, if that has as many cells as the heading (`width`), and is else a row with a problem. The
    lines after it are read again, as long as that is not most of the work. But where they do not look like rows,
    it was a cell that is too long, and is passed over.
    """
    waiting: deque[Line] = deque()
    count = again = 0
    while True:
        first = waiting.popleft() if waiting else next(lines, None)
        if first is None:
            return
        if first.problem:
            yield _Row(first.number, [], f"Line {first.number}: {first.problem}.", first.text[:RAW_LENGTH])
            continue
        taken = [first]
        try:
            cells = _cut_cells(taken, waiting, lines, delimiter)
        except _OpenQuote as trouble:
            if (
                isinstance(trouble, _TooLong)
                and width
                and not _look_like_rows(taken[1:101], delimiter, width)
            ):
                problem = f"The row is longer than {_MAX_ROW:,} characters."
                yield _Row(
                    first.number, [], problem, "\n".join(line.text for line in taken[:100])[:RAW_LENGTH]
                )
                taken.clear()
                _pass_over_cell(waiting, lines, delimiter)
                continue
            cells = first.text.split(delimiter)
            again += len(taken) - 1
            if again <= _FREE_LINES + count:
                waiting.extendleft(reversed(taken[1:]))
                del taken[1:]
            if len(taken) > 1 or len(cells) != width:
                raw = "\n".join(line.text for line in taken[:100])[:RAW_LENGTH]
                yield _Row(first.number, cells, "A quotation mark is opened here and not closed.", raw)
                continue
        count += len(taken)
        yield _Row(first.number, cells, raw="\n".join(line.text for line in taken[:100])[:RAW_LENGTH])


def _look_like_rows(lines: list[Line], delimiter: str, width: int) -> bool:
    filled = [line.text for line in lines if line.text.strip()]
    return 2 * sum(text.count(delimiter) + 1 == width for text in filled) > len(filled)


def _pass_over_cell(waiting: deque[Line], lines: Iterator[Line], delimiter: str) -> None:
    """Go behind a row of which a quoted cell, whose beginning was passed, is too long."""
    while (line := waiting.popleft() if waiting else next(lines, None)) is not None:
        if '"' in line.text.replace('""', "") and not line.problem:
            with suppress(_OpenQuote):
                _cut_cells([replace(line, text=f'"{line.text}')], waiting, lines, delimiter)
            return


def _cut_cells(taken: list[Line], waiting: deque[Line], lines: Iterator[Line], delimiter: str) -> list[str]:
    """Cut one row into its cells; lines that a quoted cell goes on in are added to `taken`. Raises _OpenQuote."""
    cells: list[str] = []
    text, start, size = taken[0].text, 0, len(taken[0].text)
    while True:
        begin = start
        while delimiter != "\t" and text.startswith(" ", begin):
            begin += 1
        if not text.startswith('"', begin):
            end = text.find(delimiter, start)
            cells.append(text[start:] if end < 0 else text[start:end])
        else:
            parts: list[str] = []
            at, opened_on = begin + 1, len(taken)
            while True:
                quote = text.find('"', at)
                if quote < 0:
                    more = waiting.popleft() if waiting else next(lines, None)
                    if more is None:
                        raise _OpenQuote
                    taken.append(more)
                    size += len(more.text) + _LINE_COST
                    if more.problem or size > _MAX_ROW:
                        raise _OpenQuote if more.problem else _TooLong
                    parts += [text[at:], "\n"]
                    text, at = more.text, 0
                elif text.startswith('"', quote + 1):
                    parts.append(text[at : quote + 1])
                    at = quote + 2
                else:
                    parts.append(text[at:quote])
                    break
            end = text.find(delimiter, quote + 1)
            behind = text[quote + 1 :] if end < 0 else text[quote + 1 : end]
            if not behind or behind.isspace():
                cells.append("".join(parts))
            elif len(taken) == opened_on:
                cells.append(text[start:] if end < 0 else text[start:end])  # “"Foo" and bar”
            else:
                raise _OpenQuote
        if end < 0:
            return cells
        start = end + 1


def _fill(cells: list[str], width: int) -> list[str]:
    return [*cells[:width], *[""] * (width - len(cells))]


# --- Columns -----------------------------------------------------------------------------------------------


def _read_beginning(lines: Iterator[Line]) -> list[Line]:
    beginning: list[Line] = []
    size = 0
    for line in lines:
        beginning.append(line)
        size += len(line.text) + 1
        if size > _BEGINNING:
            break
    return beginning


def _read_first_rows(lines: list[Line], delimiter: str) -> Iterator[_Row]:
    rows = _cut_rows(iter(lines), delimiter)
    filled = (row for row in rows if not row.problem and any(map(str.strip, row.cells)))
    return (row for row in islice(filled, _HEADING_WITHIN) if len(row.cells) <= _MAX_COLUMNS)


def _guess(lines: list[Line], kind: Kind) -> Columns | None:
    """Find the row and the delimiter with which most columns are known; None where no row names what is needed."""
    best: Columns | None = None
    for delimiter in DELIMITERS:
        for row in _read_first_rows(lines, delimiter):
            found = Columns(delimiter, row.line, _name_columns(row.cells), _guess_fields(row.cells, kind))
            if kind.needed in found.fields and (best is None or len(found.mapping) > len(best.mapping)):
                best = found
    return best


def _take_first_row(lines: list[Line]) -> Columns | None:
    """Take the first row for a heading of which nothing is known, cut where it gives most cells; None for one cell."""
    rows = [(delimiter, next(_read_first_rows(lines, delimiter), None)) for delimiter in DELIMITERS]
    found = [(delimiter, row) for delimiter, row in rows if row is not None and len(row.cells) > 1]
    if not found:
        return None
    delimiter, row = max(found, key=lambda each: len(each[1].cells))
    return Columns(delimiter, row.line, _name_columns(row.cells), ("",) * len(row.cells))


def _find(lines: list[Line], columns: Mapping[str, str]) -> Columns | None:
    """Find the row and the delimiter that give all columns that are asked for; None where none does."""
    for delimiter in DELIMITERS:
        for row in _read_first_rows(lines, delimiter):
            headings = _name_columns(row.cells)
            if all(heading in headings for heading in columns.values()):
                wanted: dict[str, list[str]] = {}
                for field, heading in columns.items():
                    wanted.setdefault(heading, []).append(field)
                # A column that is asked for twice is read as the first of both.
                fields = tuple(wanted.get(heading, [""])[0] for heading in headings)
                return Columns(delimiter, row.line, headings, fields)
    return None


def _name_columns(cells: list[str]) -> tuple[str, ...]:
    names: dict[str, None] = {}
    for number, cell in enumerate(cells, start=1):
        name = clean_line(cell[:200]) or f"column {number}"
        names[name if name not in names else f"{name} (column {number})"] = None
    return tuple(names)


def _guess_fields(cells: list[str], kind: Kind) -> tuple[str, ...]:
    """Give each column a field: each field to the column whose heading tells it best, each column once."""
    simple = [_simplify(cell) for cell in cells]
    chosen = [""] * len(cells)
    for field, spellings in kind.spellings.items():
        places = [place for place, word in enumerate(simple) if word in spellings and not chosen[place]]
        if places:
            chosen[min(places, key=lambda place: spellings[simple[place]])] = field
    return tuple(chosen)


def _explain_no_heading(lines: list[Line], kind: Kind, columns: Mapping[str, str] | None = None) -> str:
    row = next((row for row in (_read_first_rows(lines, ",")) if row.cells), None)
    said = ", ".join(f"“{name[:40]}”" for name in _name_columns(row.cells)[:12]) if row else ""
    if columns is not None:
        wanted = columns.values()
        rows = [_name_columns(row.cells) for each in DELIMITERS for row in _read_first_rows(lines, each)]
        nearest = max(rows, key=lambda names: sum(name in names for name in wanted), default=())
        missing = ", ".join(f"“{name[:40]}”" for name in wanted if name not in nearest)
        found = ", ".join(f"“{name[:40]}”" for name in nearest[:12])
        return f"The table has no column with the heading {missing}. It has {found or 'none'}."
    return (
        f"The table has no heading that says which column is the {kind.needed}. Put one above it, such as: "
        f"{kind.example}. The first row is {said or 'empty'}."
    )


# --- Reading a row -----------------------------------------------------------------------------------------


def _read_row(cells: dict[str, str], place: str, listed: date | None, raw: str) -> Record | Rejection:
    def get(field: str) -> str:
        text = cells.get(field, "").strip()
        return "" if text.lower() in ("nan", "null", "none", "n/a", "na", "-") and field != "title" else text

    published = _read_published(get("date"), get("year"))
    urls = [word for field in ("url", "pdf") for word in re.split(r"[\s;|]+", get(field)) if word]
    is_book = bool(re.fullmatch(r"(?:whole |edited |e)?book|buch", get("type").lower()))
    is_part = bool(re.search("chapter|section|part", get("type").lower()))
    identifiers = list(_read_identifiers(get, is_book=is_book))
    identifiers += links.find_identifiers(urls, identifiers, is_part=is_part)
    dois = [found for found in identifiers if found.scheme == "doi"]
    pairs = list(map(links.describe, urls))
    return clean_record(
        title=html_text.to_text(get("title")),
        abstract=html_text.to_text(get("abstract"), paragraphs=True),
        authors=split_authors(get("authors")),
        identifiers=identifiers,
        published=published,
        journal=get("journal"),
        volume=_drop_fraction(get("volume")),
        issue=_drop_fraction(get("issue")),
        pages=_read_pages(get("pages"), get("first_page"), get("last_page"), get("article_number")),
        urls=pairs + [("doi", address(doi)) for doi in dois],
        rank=Rank.FILE,
        place=place,
        listed=listed,
        raw=raw,
    )  # fmt: skip


def _read_identifiers(get: Callable[[str], str], *, is_book: bool) -> Iterator[Identifier]:
    """Read those of the columns of one scheme each, and of the column for all ("doi:10.1000/x; arxiv:2504.01001")."""
    for scheme in ("doi", "arxiv", "pmid", "pmcid", "openreview", *(["isbn"] if is_book else [])):
        text = _drop_fraction(get(scheme)) if scheme == "pmid" else get(scheme)
        words = [text] if scheme == "arxiv" else re.split(r"[\s;,]+", text)
        # Several ISBNs are of several bindings.
        found = [each for word in words if word and (each := parse_identifier(word, scheme))]
        yield from found[:1] if scheme == "isbn" else found
    for word in re.split(r"[\s;|]+", get("identifiers")):
        if word and (each := parse_identifier(word)):
            yield each


def _read_published(written: str, year: str) -> PartialDate | None:
    """Read the date, whose year may stand in a column of its own."""
    stated = read_date(_drop_fraction(year))
    found = read_date(written) or (read_date(f"{written} {stated.date.year}") if stated and written else None)
    return found if found and (stated is None or found.date.year == stated.date.year) else stated or found


def _drop_fraction(text: str) -> str:
    """Give "2019" for "2019.0", which programs make of numbers in a column with gaps."""
    return text[:-2] if re.fullmatch(r"[0-9]{1,12}\.0", text) else text


def _read_pages(whole: str, first: str, last: str, number: str) -> str:
    first, last = _drop_fraction(first), _drop_fraction(last)
    return whole or (
        f"{first}-{last}" if first and last and first != last else first or last or _drop_fraction(number)
    )


_ID_IN_BRACKETS: Final = re.compile(r"\s*\([0-9][0-9-]*[0-9X]\)")
_QUOTED: Final = re.compile(r"'([^'\"]*)'|\"([^\"]*)\"")
_INITIALS: Final = re.compile(r"\s*(?:[^\W\d_]\.?[ -]?){1,4}\s*")


def split_authors(text: str) -> list[str]:
    """Give the names in a cell of authors, in reading order.

    They are parted by semicolons, bars, lines or "and"; by commas where those are not within names. Numbers in
    brackets that Scopus puts to a name are left out, and so are "et al." and its like.
    """
    text = _ID_IN_BRACKETS.sub("", text)
    if text.startswith("[") and text.endswith("]"):  # a list, as Python or JSON writes it
        names = [one or other for one, other in _QUOTED.findall(text[1:-1])] or text[1:-1].split(",")
    elif parts := next((text.split(mark) for mark in (";", "|", "\n", " and ", " & ") if mark in text), None):
        names = parts if ";" in text else [name for part in parts for name in _split_at_commas(part)]
    else:
        names = _split_at_commas(text)
    turned = (turn_short_name(turn_name(clean_line(name).strip(" ,"))) for name in names)
    return [
        name for name in turned if name and name.lower().rstrip(".…") not in ("et al", "others", "null", "")
    ]


def _split_at_commas(text: str) -> list[str]:
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if len(parts) < 2 or all(" " in part for part in parts):
        return parts
    pairs = list(zip(parts[::2], parts[1::2], strict=False))
    if len(parts) % 2 == 0 and (len(parts) == 2 or all(_INITIALS.fullmatch(given) for _, given in pairs)):
        return [", ".join(pair) for pair in pairs]
    return parts

"""Importers: from the bytes of a file or an answer to records, one module a format.

An importer is a module with

    NAME     what `--format`, forms and the API call it
    TITLE    what people read
    sniff    tells from the first bytes, brought to UTF-8, whether an input is in its format
    parse    a generator of records and rejections, in memory bounded by one record, whatever the input

and nothing else is asked of it: no database, no network, no clock. To add one, write the module and name it
in `FORMATS`; the first whose `sniff` says yes reads the input, so the strict ones stand first.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from typing import BinaryIO, Final, Protocol, cast

from papers.importers import (
    arxiv_atom,
    arxiv_jsonl,
    arxiv_rss,
    bibtex,
    biorxiv,
    containers,
    crossref,
    csl_json,
    csv_table,
    datacite,
    endnote_xml,
    feed,
    hf_html,
    hf_json,
    hf_page,
    jsonl,
    nbib,
    oai,
    openalex,
    openreview,
    pubmed,
    ris,
    semantic_scholar,
    zotero_json,
    zotero_rdf,
)
from papers.importers.detect import decode_head, read_head, refuse_hopeless
from papers.importers.progress import Progress
from papers.records import MAX_RAW, Record, Rejection, UnreadableInput


class Importer(Protocol):
    """What a module of this package offers; see the package's docstring."""

    NAME: str
    TITLE: str

    def sniff(self, head: bytes) -> bool: ...

    def parse(
        self, stream: BinaryIO, *, date: date | None = None, today: date | None = None
    ) -> Iterator[Record | Rejection]: ...


FORMATS: Final[dict[str, Importer]] = {
    module.NAME: cast(Importer, module)
    for module in (
        arxiv_atom,
        arxiv_rss,
        oai,
        pubmed,
        zotero_rdf,
        endnote_xml,
        feed,
        jsonl,
        arxiv_jsonl,
        crossref,
        datacite,
        openalex,
        semantic_scholar,
        biorxiv,
        openreview,
        zotero_json,
        csl_json,
        hf_json,
        nbib,
        ris,
        bibtex,
        csv_table,
        hf_html,
        hf_page,
    )
}


def read(
    stream: BinaryIO,
    *,
    format: str | None = None,
    date: date | None = None,
    today: date | None = None,
    columns: Mapping[str, str] | None = None,
    progress: Progress | None = None,
) -> Iterator[Record | Rejection]:
    """Read an input: its records and rejections in order, as fast as they are asked for.

    `stream` is binary and need not be seekable. It may be a gzip file, or a ZIP archive of several files, each
    in a format of its own; the places of its records begin with the name of their file. `format` names one of
    `FORMATS`; without it the format is told from the content. `date` is the day of the listing, for what does
    not say so itself, and wins over the day without a year of a saved page; `today` is what that year is
    counted from where there is no `date`. `columns` says which columns of a table are what, as
    `csv_table.check_columns` gives it; without it that is guessed. `progress`, made for this very stream, is kept true.

    Raises UnreadableInput, with a sentence for people, where the input as a whole cannot be read: at once
    where its beginning shows that, else when the first record is asked for, and never after it.
    """
    if progress:
        stream = progress.watch(stream)
    outer = stream
    head, stream = read_head(stream)

    def parse(head: bytes, stream: BinaryIO) -> Iterator[Record | Rejection]:
        importer = find_importer(head, format)
        if columns is not None and importer.NAME == csv_table.NAME:
            return csv_table.parse(stream, date=date, today=today, columns=columns)
        # Those that read their input twice.
        if importer.NAME == bibtex.NAME:
            return bibtex.parse(stream, date=date, today=today, progress=progress)
        if importer.NAME == zotero_rdf.NAME:
            return zotero_rdf.parse(stream, date=date, today=today, progress=progress)
        return importer.parse(stream, date=date, today=today)

    if format is not None:
        find_importer(head, format)
    if containers.is_zip(head):
        return _read_zip(outer if outer.seekable() else stream, parse, progress)
    if containers.is_gzip(head):
        unpacked = containers.open_gzip(stream)
        head, stream = read_head(cast(BinaryIO, unpacked))
        if unpacked.problem and not head:
            raise UnreadableInput(unpacked.problem)
        refuse_hopeless(head)
        return _read_unpacked(parse(head, stream), unpacked)
    refuse_hopeless(head)
    return parse(head, stream)


def _read_zip(
    stream: BinaryIO,
    parse: Callable[[bytes, BinaryIO], Iterator[Record | Rejection]],
    progress: Progress | None,
) -> Iterator[Record | Rejection]:
    for member in containers.open_zip(stream):
        head, content = read_head(cast(BinaryIO, member.stream))
        if problem := member.problem or (member.stream.problem if not head else ""):
            yield Rejection(member.name, problem)
            continue
        try:
            refuse_hopeless(head)
            for found in _read_unpacked(parse(head, content), member.stream):
                yield replace(found, place=f"{member.name}: {found.place}")
        except UnrecognisedInput:
            yield Rejection(member.name, "This is in no format that can be read.", _show_beginning(head))
        except UnreadableInput as refusal:
            yield Rejection(member.name, str(refusal))
        if progress:
            progress.end_part()


def _read_unpacked(
    results: Iterator[Record | Rejection], unpacked: containers.Unpacked
) -> Iterator[Record | Rejection]:
    """Pass on what is read from an archive; where that breaks off, the last record may be half of one: reject it."""
    last: Record | Rejection | None = None
    for found in results:
        if last is not None:
            yield last
        last = found
    if isinstance(last, Record) and unpacked.is_cut:
        last = Rejection(last.place, "The archive is broken here, so this may be half a record.", last.title)
    if last is not None:
        yield last
    if unpacked.problem:
        yield Rejection("end of what could be read", unpacked.problem)


def _show_beginning(head: bytes) -> str:
    return decode_head(head).decode("utf-8", errors="replace")[:MAX_RAW]


def guess_columns(stream: BinaryIO) -> csv_table.Columns:
    """Guess what the columns of a table are, also within gzip. Raises UnreadableInput where it has no heading."""
    head, stream = read_head(stream)
    if containers.is_gzip(head):
        stream = cast(BinaryIO, containers.open_gzip(stream))
    return csv_table.guess_columns(stream)


def tell_format(stream: BinaryIO) -> str:
    """Return the name of the format an input is in, also within gzip; empty where there is none, or several."""
    head, _ = read_head(stream)
    if containers.is_gzip(head):
        head, _ = read_head(cast(BinaryIO, containers.open_gzip(io.BytesIO(head))))
    try:
        return find_importer(head).NAME
    except UnreadableInput:
        return ""


class UnrecognisedInput(UnreadableInput):
    """The input is in no format that is known."""


def find_importer(head: bytes, format: str | None = None) -> Importer:
    """Give the importer of a named format, or the one that recognises the beginning of an input.

    Raises UnreadableInput, which says what formats there are, where there is none.
    """
    if format is not None:
        if format in FORMATS:
            return FORMATS[format]
        raise UnreadableInput(f"There is no format {format[:50]!r}. {_list_formats()}")
    head = decode_head(head)
    for importer in FORMATS.values():
        if importer.sniff(head):
            return importer
    raise UnrecognisedInput(
        f"The format was not recognised. If it is a table (CSV), say so, and what its columns are. {_list_formats()}"
    )


def _list_formats() -> str:
    return f"Known are {', '.join(FORMATS)}."

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

from collections.abc import Iterator
from datetime import date
from typing import BinaryIO, Final, Protocol, cast

from papers.importers import arxiv_atom, hf_json, hf_page
from papers.importers.detect import decode_head, read_head, refuse_hopeless
from papers.records import Record, Rejection, UnreadableInput


class Importer(Protocol):
    """What a module of this package offers; see the package's docstring."""

    NAME: str
    TITLE: str

    def sniff(self, head: bytes) -> bool: ...

    def parse(
        self, stream: BinaryIO, *, date: date | None = None, today: date | None = None
    ) -> Iterator[Record | Rejection]: ...


FORMATS: Final[dict[str, Importer]] = {
    module.NAME: cast(Importer, module) for module in (arxiv_atom, hf_json, hf_page)
}


def read(
    stream: BinaryIO, *, format: str | None = None, date: date | None = None, today: date | None = None
) -> Iterator[Record | Rejection]:
    """Read an input: its records and rejections in order, as fast as they are asked for.

    `stream` is binary and need not be seekable. `format` names one of `FORMATS`; without it the format is
    told from the content. `date` is the day of the listing, for what does not say so itself, and wins over
    the day without a year of a saved page; `today` is what that year is counted from where there is no
    `date`.

    Raises UnreadableInput, with a sentence for people, where the input as a whole cannot be read: at once
    where its beginning shows that, else when the first record is asked for, and never after it.
    """
    head, stream = read_head(stream)
    refuse_hopeless(head)
    return find_importer(head, format).parse(stream, date=date, today=today)


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
    raise UnreadableInput(f"The format was not recognised. {_list_formats()}")


def _list_formats() -> str:
    return "Known are " + "; ".join(f"{name} ({importer.TITLE})" for name, importer in FORMATS.items()) + "."

"""JSON Lines as `manage.py export` writes them: a paper a line, in the shape that the API gives (docs/api.md).

A line holds `title` and whatever else of `abstract`, `authors` (names in order), `identifiers` ({scheme, value}),
`published` (a day in ISO 8601) and `published_precision`, `updated`, `revision`, `categories`, `journal`, `volume`,
`issue`, `pages`, `urls` ({kind, url}), `comment`, `withdrawn`. `id` is that of another catalogue, so it is not read.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any, BinaryIO, Final

from papers.identifiers import parse as parse_identifier
from papers.importers.json_items import Layout, list_of, number_of, parse_items, peek, text_of
from papers.importers.times import read_date, read_moment
from papers.records import PartialDate, Precision, Rank, Record, Rejection, clean_record

NAME: Final = "jsonl"
TITLE: Final = "Reading List: the JSON Lines of its export"

_FIRST_FIELDS: Final = ("id", "title", "abstract", "authors")
_LAYOUT: Final = Layout(first_key=rb'"(?:id|title)"\s*:')


def sniff(head: bytes) -> bool:
    """Tell whether the beginning of a file, in UTF-8, is an export of ours, from the fields of its first line."""
    _, item = peek(head, _LAYOUT)
    keys = tuple(item)
    # Of a line longer than the beginning the first fields must do; no other format has these three in this order.
    is_cut = keys[:4] in (_FIRST_FIELDS, _FIRST_FIELDS[1:]) and b"\n" not in head
    return is_cut or {"title", "authors", "identifiers", "published_precision"} <= set(keys)


def parse(
    stream: BinaryIO, *, date: date | None = None, today: date | None = None
) -> Iterator[Record | Rejection]:
    """Read the papers of an export in order; `date` is the listing they are to stand in. `today` is not used.

    Raises UnreadableInput, before the first record, where this is no JSON.
    """
    return parse_items(
        stream, _LAYOUT, lambda item, place, raw: _read_paper(item, place, date, raw), service="It"
    )


def _read_paper(paper: Any, place: str, listed: date | None, raw: str) -> Record | Rejection:
    published = read_date(text_of(paper, "published"))
    stated = text_of(paper, "published_precision")
    if published and stated in list(Precision):
        # Of a month or a year the first day is written, so how much of it is known is said apart.
        published = PartialDate(published.date, Precision(stated))
    return clean_record(
        title=text_of(paper, "title"),
        abstract=text_of(paper, "abstract"),
        authors=_texts(paper, "authors"),
        identifiers=[
            parse_identifier(text_of(each, "value"), text_of(each, "scheme"))
            for each in list_of(paper, "identifiers")
        ],
        published=published,
        updated=read_moment(text_of(paper, "updated")),
        revision=number_of(paper, "revision"),
        categories=_texts(paper, "categories"),
        journal=text_of(paper, "journal"),
        volume=text_of(paper, "volume"),
        issue=text_of(paper, "issue"),
        pages=text_of(paper, "pages"),
        urls=[(text_of(each, "kind"), text_of(each, "url")) for each in list_of(paper, "urls")],
        comment=text_of(paper, "comment"),
        withdrawn=isinstance(paper, dict) and paper.get("withdrawn") is True,
        rank=Rank.FILE,
        place=place,
        listed=listed,
        raw=raw,
    )


def _texts(paper: Any, name: str) -> list[str]:
    return [each for each in list_of(paper, name) if isinstance(each, str)]

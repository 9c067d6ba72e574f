"""JSON Lines of harvested arXiv listings, as the tool daily-arXiv writes them, a file a day
(https://github.com/dw-dengwei/daily-arXiv-ai-enhanced): `id`, `title`, `authors`, `categories` with the primary one
first, `summary`, `comment`, `abs`, `pdf`. A paper stands there once for each listing it was in.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any, BinaryIO, Final

from papers.identifiers import split_arxiv_revision
from papers.importers.arxiv_text import is_withdrawn, mark_paragraphs, read_month
from papers.importers.json_items import Layout, list_of, parse_items, peek, text_of
from papers.records import Rank, Record, Rejection, clean_record

NAME: Final = "arxiv-jsonl"
TITLE: Final = "arXiv: the JSON Lines of daily-arXiv"

_LAYOUT: Final = Layout(first_key=rb'"id"\s*:')


def sniff(head: bytes) -> bool:
    """Tell whether the beginning of a file, in UTF-8, has what daily-arXiv says of a paper."""
    _, item = peek(head, _LAYOUT)
    return {"id", "title", "authors", "summary", "categories", "abs"} <= set(item)


def parse(
    stream: BinaryIO, *, date: date | None = None, today: date | None = None
) -> Iterator[Record | Rejection]:
    """Read the papers of a day in order. The file does not say which day that is; `date` does.

    `today` is not used. Of the day a paper came to arXiv its identifier tells the month.
    """
    return parse_items(
        stream, _LAYOUT, lambda item, place, raw: _read_paper(item, place, date, raw), service="arXiv"
    )


def _read_paper(paper: Any, place: str, listed: date | None, raw: str) -> Record | Rejection:
    named = split_arxiv_revision(text_of(paper, "id"))
    if named is None:
        return Rejection(place, "The paper has no arXiv identifier.", raw)
    found, revision = named
    month = read_month(found)
    abstract, comment = mark_paragraphs(text_of(paper, "summary")), text_of(paper, "comment")
    return clean_record(
        key=f"daily:{found.value}",
        title=text_of(paper, "title"),
        abstract=abstract,
        authors=[name for name in list_of(paper, "authors") if isinstance(name, str)],
        identifiers=[found],
        published=month,
        revision=revision,
        categories=[name for name in list_of(paper, "categories") if isinstance(name, str)],
        urls=[("page", text_of(paper, "abs")), ("pdf", text_of(paper, "pdf"))],
        comment=comment,
        withdrawn=is_withdrawn(comment, abstract),
        rank=Rank.PREPRINT,
        place=place,
        listed=listed,
        raw=raw,
    )

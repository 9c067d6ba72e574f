"""The Hugging Face Daily Papers page, saved as a web page: of a day, a week or a month, or the trending one.

Nobody specifies it. The server sends the papers twice: as the JSON that its script goes on with, in
`<div data-target="DailyPapers" data-props="{&quot;dailyPapers&quot;: […]}">`, with the items of /api/daily_papers; and
as what is seen, an `<article>` for each with the title in a link to `/papers/2504.12345`. Browsers save the first,
some only the second, which has neither abstracts nor all the authors.
"""

from __future__ import annotations

import html
import io
import re
from collections.abc import Iterator
from datetime import date
from typing import BinaryIO, Final, cast

from papers.identifiers import parse as parse_identifier
from papers.importers import html_text
from papers.importers.hf_json import read_item
from papers.importers.json_items import ItemReader, Layout
from papers.importers.text import RAW_LENGTH, TextReader
from papers.importers.times import read_date
from papers.records import Precision, Rank, Record, Rejection, UnreadableInput, clean_record

NAME: Final = "hf-html"
TITLE: Final = "Hugging Face Daily Papers: the page saved as HTML"

_OWN: Final = re.compile(
    rb"data-target=[\"']DailyPapers[\"']|<title>[^<]{0,100}Daily Papers - Hugging Face"
    rb"|(?:saved from url=\([0-9]{1,6}\)|og:url[\"'] content=[\"']|rel=[\"']canonical[\"'] href=[\"'])"
    rb"https://huggingface\.co/papers(?:/(?:date|week|month|trending)|[\"'\s?])"
)
# The page's own address, not those of the days before and after, to which it leads.
_DAY: Final = re.compile(
    r"(?:saved from url=\([0-9]{1,6}\)|og:url[\"'] content=[\"']|rel=[\"']canonical[\"'] href=[\"'])"
    r"https://huggingface\.co/papers/date/(?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2})"
)
_PROPS: Final = re.compile(
    r"<[a-z]{1,20} [^<>]{0,500}?data-target=[\"']DailyPapers[\"'][^<>]{0,500}?data-props=(?P<quote>[\"'])"
)
_ARTICLE: Final = "<article"
_LINK: Final = re.compile(
    r"<h3\b[^>]{0,500}>\s{0,100}<a\b[^>]{0,500}?href=[\"'](?:https://huggingface\.co)?/papers/(?P<id>[^\"'?#<>\s]{1,60})"
    r"[^>]{0,500}>(?P<title>.{1,4000}?)</a>",
    re.DOTALL,
)
_MAX_ARTICLE: Final = 100_000  # characters
_MAX_HEADINGS: Final = 5  # in one article
_BEGINNING: Final = 65_536  # characters in which the page says of which day it is
_OVERLAP: Final = 1_500  # characters of a piece that may be the beginning of what is looked for
_NOTHING: Final = (
    "There are no papers in this web page. Save the page of Hugging Face Daily Papers once more when it has loaded, "
    "or as text, or take the JSON of https://huggingface.co/api/daily_papers."
)
_LAYOUT: Final = Layout(paths=("dailyPapers",), first_key=rb'"paper"\s*:')


def sniff(head: bytes) -> bool:
    """Tell whether the beginning of a file, in UTF-8, is that of the Daily Papers page."""
    return head.lstrip().startswith(b"<") and bool(_OWN.search(head))


def parse(
    stream: BinaryIO, *, date: date | None = None, today: date | None = None
) -> Iterator[Record | Rejection]:
    """Read the papers of a saved page in order.

    The items say which day's listing they stand in; for what does not, `date` is taken, or the day in the page's
    own address. `today` is not used. Raises UnreadableInput, before the first paper, where there is none.
    """
    text = iter(TextReader(stream))
    buffer, listed = "", date
    while (piece := next(text, None)) is not None:
        buffer += piece
        if (
            listed is None
            and (found := _DAY.search(buffer, 0, _BEGINNING))
            and (day := read_date(found["day"]))
        ):
            listed = day.date if day.precision == Precision.DAY else None
        if props := _PROPS.search(buffer):
            content = cast(BinaryIO, _Attribute(_unescape(buffer[props.end() :], text, props["quote"])))
            yield from _read_props(content, listed)
            return
        place = buffer.find(_ARTICLE)
        # The JSON stands before the articles, so that there is none any more.
        if 0 <= place <= len(buffer) - _OVERLAP:
            break
        # What is behind the window was searched; the day is in it.
        if place < 0 and len(buffer) > 2 * _BEGINNING:
            buffer = buffer[-_OVERLAP:]
    yield from _read_articles(buffer, text, listed)


def _read_props(content: BinaryIO, listed: date | None) -> Iterator[Record | Rejection]:
    reader = ItemReader(content, _LAYOUT)
    number = 0
    for number, item in enumerate(reader.read_items(), start=1):
        place = f"item {number}"
        raw = item.raw[:RAW_LENGTH].decode("utf-8", errors="replace")
        yield (
            Rejection(place, item.problem, raw) if item.problem else read_item(item.data, place, listed, raw)
        )
    if reader.problem:
        yield Rejection(f"after item {number}" if number else "start", reader.problem)


class _Attribute(io.RawIOBase):
    """The value of an attribute as a stream."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._waiting = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        while not self._waiting and (piece := next(self._pieces, None)) is not None:
            self._waiting = memoryview(piece)
        data, self._waiting = self._waiting[: len(buffer)], self._waiting[len(buffer) :]
        buffer[: len(data)] = data
        return len(data)


def _unescape(beginning: str, text: Iterator[str], quote: str) -> Iterator[bytes]:
    """Give the value of an attribute that begins here, up to its closing quote, with its entities resolved."""
    waiting = ""
    piece: str | None = beginning
    while piece is not None:
        value, closing, _ = (waiting + piece).partition(quote)
        # A piece may end within an entity; none has more than 33 characters.
        begin = -1 if closing else value.rfind("&", max(0, len(value) - 40))
        value, waiting = (value, "") if begin < 0 else (value[:begin], value[begin:])
        yield html.unescape(value).encode("utf-8", errors="surrogatepass")
        if closing:
            return
        piece = next(text, None)
    yield waiting.encode("utf-8", errors="surrogatepass")


def _read_articles(buffer: str, text: Iterator[str], listed: date | None) -> Iterator[Record | Rejection]:
    """Read the titles and identifiers of the articles, which is all that they say in full."""
    number = 0
    for number, article in enumerate(_cut_articles(buffer, text), start=1):
        place = f"article {number}"
        starts = [found.start() for found in re.finditer("<h3", article)][:_MAX_HEADINGS]
        link = next((found for start in starts if (found := _LINK.match(article, start))), None)
        paper = parse_identifier(link["id"], "arxiv") if link else None
        if link is None or paper is None:
            yield Rejection(place, "There is no link to a paper with its title.", article[:RAW_LENGTH])
            continue
        yield clean_record(
            key=paper.value,
            title=html_text.to_text(link["title"]),
            identifiers=[paper],
            urls=[
                ("page", f"https://huggingface.co/papers/{paper.value}"),
                ("pdf", f"https://arxiv.org/pdf/{paper.value}"),
            ],
            rank=Rank.AGGREGATOR,
            place=place,
            listed=listed,
            raw=article[:RAW_LENGTH],
        )
    if not number:
        raise UnreadableInput(_NOTHING)


def _cut_articles(buffer: str, text: Iterator[str]) -> Iterator[str]:
    """Give each article up to its end, or to where the next begins; of one that is too long the beginning."""
    place = 0
    while True:
        start = buffer.find(_ARTICLE, place)
        if start >= 0:
            following = buffer.find(_ARTICLE, start + 1)
            limit = min(following if following >= 0 else len(buffer), start + _MAX_ARTICLE)
            stop = buffer.find("</article", start, limit)
            if stop < 0 and limit < len(buffer):
                stop = limit
            if stop >= 0:
                yield buffer[start:stop]
                place = stop
                continue
        buffer = buffer[start:] if start >= 0 else buffer[1 - len(_ARTICLE) :]
        place = 0
        piece = next(text, None)
        if piece is None:
            if start >= 0:
                yield buffer[:_MAX_ARTICLE]
            return
        buffer += piece

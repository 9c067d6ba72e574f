"""Hugging Face Daily Papers as JSON: answers of https://huggingface.co/api/daily_papers.

The answer is a list of items that each wrap a `paper`. It is cut into its items as it is read, and each
item is parsed for itself: memory holds one item at a time, and an item that is no JSON, or the end of a
download that broke off, costs the others nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, BinaryIO, Final

from papers.identifiers import parse as parse_identifier
from papers.importers.arxiv_text import is_withdrawn, mark_paragraphs
from papers.importers.text import RAW_LENGTH, describe_bad_byte, read_on, read_utf8
from papers.importers.times import read_moment
from papers.records import Rank, Record, Rejection, UnreadableInput, clean_line, clean_record

NAME: Final = "hf-json"
TITLE: Final = "Hugging Face Daily Papers: the JSON of /api/daily_papers"

_MAX_ITEM: Final = 8_000_000  # bytes


def sniff(head: bytes) -> bool:
    """Tell whether the beginning of a file, in UTF-8, is a list of daily papers; an empty list is one."""
    return bool(re.match(rb"\s*\[\s*\]\s*$", head) or (re.match(rb"\s*\[\s*\{", head) and b'"paper"' in head))


def parse(
    stream: BinaryIO, *, date: date | None = None, today: date | None = None
) -> Iterator[Record | Rejection]:
    """Read the papers of a list in order; an empty list is fine and gives nothing.

    Each item says which day's listing it stands in (`submittedOnDailyAt`); `date` is taken where it does
    not. `today` is not used. Hidden authors are authors. What machines made (`ai_summary`, `ai_keywords`)
    is left out.

    An item that is no paper, no JSON or over the bounds of a record is a rejection, and so is what is missing
    where the file ends early. Raises UnreadableInput, before the first record, where the input is no list.
    """
    reader = _ListReader(stream)
    number = 0
    for number, item in enumerate(reader.read_items(), start=1):
        place = f"item {number}"
        raw = item.raw[:RAW_LENGTH].decode("utf-8", errors="replace")
        if item.problem:
            yield Rejection(place, item.problem, raw)
        else:
            yield _read_item(item.data, place, date, raw)
    if reader.problem:
        yield Rejection(f"after item {number}" if number else "start", reader.problem)


# --- Cutting a list into items -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Item:
    """One item, its bytes (or the beginning of them) and its data; or what is wrong with it."""

    raw: bytes
    data: Any = None
    problem: str = ""


# On to the next brackets, or outside of any bracket to the next comma, past whole strings. A quote there begins
# a string that may go on in the next chunk. Each text is matched in one way only, so nothing is tried twice; the
# possessive forms that would say so (*+) match wrongly in early releases of Python 3.11.
_STRING: Final = rb'"[^"\\]*(?:\\.[^"\\]*)*"'
_WITHIN: Final = re.compile(rb'[^"\[\]{}]*(?:' + _STRING + rb'[^"\[\]{}]*)*(["]|[\[{]+|[\]}]+)', re.DOTALL)
_BETWEEN: Final = re.compile(
    rb'[^"\[\]{},]*(?:' + _STRING + rb'[^"\[\]{},]*)*(["]|[\[{]+|[\]}]+|,)', re.DOTALL
)

# Where the next item begins, whatever is wrong with this one: no JSON string holds it, as quotes are
# escaped there.
_NEXT_ITEM: Final = re.compile(rb',\s*(?=\{\s*"paper"\s*:)')


class _ListReader:
    """Cuts the bytes of a JSON list into its items, in memory bounded by one item and one chunk.

    `problem` tells, after the last item, why the list has no proper end; it is empty where it has.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self.problem = ""
        self._chunks = read_utf8(stream)
        self._buffer = b""
        while not self._buffer and (chunk := next(self._chunks, b"")):
            self._buffer = chunk.lstrip()
        if not self._buffer.startswith(b"["):
            raise UnreadableInput(_explain_no_list(self._buffer))
        self._start = 1  # where in the buffer the next item begins

    def read_items(self) -> Iterator[_Item]:
        """Give the items in order; a broken one comes with its problem.

        An item with a bracket or a quote too few runs on into the next; it is then cut where the next begins.
        """
        while True:
            end = self._find_item_end()
            stop = len(self._buffer) if end is None else end
            raw = self._buffer[self._start : stop].strip()
            item = _load(raw) if end is not None else _Item(raw, problem=self._explain_missing_end())
            if item.problem and (breaks := list(_NEXT_ITEM.finditer(self._buffer, self._start + 1, stop))):
                for found in breaks:
                    yield _load(self._buffer[self._start : found.start()].strip())
                    self._start = found.end()
                continue
            is_last = end is None or self._buffer[end : end + 1] == b"]"
            # An empty list, or a comma before the end of one, is no item.
            if raw or not is_last:
                yield item
            elif end is None:
                self.problem = "The file ends before the list does; items after this place are missing."
            if is_last:
                if end is not None:
                    self._look_behind(self._buffer[end + 1 :])
                return
            self._start = stop + 1

    def _find_item_end(self) -> int | None:
        """Find the comma or bracket after the item, reading on as needed; None where file or room end."""
        place, depth = self._start, 0
        while True:
            while token := (_WITHIN if depth else _BETWEEN).match(self._buffer, place):
                mark = token[1]
                if mark == b'"':
                    place = token.start(1)
                    break
                place = token.end()
                if mark[0] in b"[{":
                    depth += len(mark)
                elif mark == b",":
                    return token.start(1)
                else:
                    closed = min(depth, len(mark))
                    depth -= closed
                    # A brace that closes nothing is part of a broken item, a bracket is the end of the list.
                    if (end := mark.find(b"]", closed)) >= 0:
                        return token.start(1) + end
            else:
                place = len(self._buffer)
            self._buffer, place, self._start = self._buffer[self._start :], place - self._start, 0
            if len(self._buffer) > _MAX_ITEM:
                return None
            more = read_on(self._chunks, len(self._buffer))
            if not more:
                return None
            self._buffer += more

    def _explain_missing_end(self) -> str:
        if len(self._buffer) > _MAX_ITEM:
            return f"The item is longer than {_MAX_ITEM:,} bytes; nothing after this place was read."
        return "The file ends in the middle of this item."

    def _look_behind(self, rest: bytes) -> None:
        """Report what follows the list, where anything does."""
        while not rest.strip() and (rest := next(self._chunks, b"")):
            pass
        if rest.strip():
            self.problem = "The list ends here, but the file goes on; nothing after this place was read."


def _load(raw: bytes) -> _Item:
    if not raw:
        return _Item(raw, problem="There is nothing between two commas.")
    try:
        # Not strict: line ends and tabs within a string are no reason to lose a paper.
        return _Item(raw, json.loads(raw.decode("utf-8"), strict=False, parse_constant=_refuse_constant))
    except UnicodeDecodeError as error:
        return _Item(raw, problem=f"The item cannot be read: {describe_bad_byte(error)}.")
    except (ValueError, RecursionError) as error:
        return _Item(raw, problem=f"The item is not valid JSON: {_describe(error)}.")


def _explain_no_list(beginning: bytes) -> str:
    """Say what the input is instead; an answer that reports an error says so itself."""
    try:
        data = json.loads(beginning.decode("utf-8"))
        error = data.get("error") if isinstance(data, dict) else None
    except (ValueError, RecursionError):
        error = None
    if isinstance(error, str) and (message := clean_line(error)):
        return f"Hugging Face answered with an error instead of papers: {message[:500]}."
    return "This is no list of daily papers: a JSON list begins with a square bracket."


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def _describe(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg} at character {error.pos + 1} of the item"
    return "it is nested too deeply" if isinstance(error, RecursionError) else str(error)


# --- Reading an item ---------------------------------------------------------------------------------------


def _read_item(item: Any, place: str, date: date | None, raw: str) -> Record | Rejection:
    paper = item.get("paper") if isinstance(item, dict) else None
    if not isinstance(paper, dict):
        return Rejection(place, "The item has no paper.", raw)
    key = clean_line(_text(paper, "id"))
    if not key:
        return Rejection(place, "The paper has no id.", raw)
    found = parse_identifier(key, "arxiv")
    abstract = mark_paragraphs(_text(paper, "summary") or _text(item, "summary"))
    published = read_moment(_text(paper, "publishedAt"))
    listed = read_moment(_text(paper, "submittedOnDailyAt"))
    submitter = paper.get("submittedOnDailyBy")
    urls = [("code", _text(paper, "githubRepo")), ("project", _text(paper, "projectPage"))]
    if found:
        urls += [
            ("page", f"https://huggingface.co/papers/{found.value}"),
            ("pdf", f"https://arxiv.org/pdf/{found.value}"),
        ]
    return clean_record(
        key=found.value if found else key,
        title=_text(paper, "title") or _text(item, "title"),
        abstract=abstract,
        authors=_read_authors(paper.get("authors")),
        identifiers=[found],
        # The outer publishedAt is the evening before, by the clock of the server's own zone.
        published=published.date() if published else None,
        urls=urls,
        upvotes=_read_number(paper.get("upvotes")),
        submitter=_text(submitter, "name") or _text(submitter, "user") or _text(submitter, "fullname"),
        withdrawn=is_withdrawn("", abstract),
        rank=Rank.AGGREGATOR,
        place=place,
        listed=listed.date() if listed else date,
        raw=raw,
    )


def _read_authors(authors: Any) -> list[str]:
    if not isinstance(authors, list):
        return []
    return [_text(author, "name") for author in authors]


def _text(data: Any, name: str) -> str:
    value = data.get(name) if isinstance(data, dict) else None
    return value if isinstance(value, str) else ""


def _read_number(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None

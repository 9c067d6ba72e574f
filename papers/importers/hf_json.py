"""Hugging Face Daily Papers as JSON: answers of https://huggingface.co/api/daily_papers.

The answer is a list of items that each wrap a `paper`. It is cut into its items as it is read, and each
item is parsed for itself: memory holds one item at a time, and an item that is no JSON, or the end of a
download that broke off, costs the others nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import Any, BinaryIO, Final

from papers.identifiers import parse as parse_identifier
from papers.importers.arxiv_text import is_withdrawn, mark_paragraphs
from papers.importers.json_items import ItemReader, Layout, load_item
from papers.importers.text import RAW_LENGTH
from papers.importers.times import day_of, read_moment
from papers.records import Rank, Record, Rejection, UnreadableInput, clean_line, clean_record

NAME: Final = "hf-json"
TITLE: Final = "Hugging Face Daily Papers: the JSON of /api/daily_papers"

_LAYOUT: Final = Layout(first_key=rb'"paper"\s*:')


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
    reader = ItemReader(stream, _LAYOUT)
    if reader.first != b"[":
        raise UnreadableInput(_explain_no_list(reader.beginning))
    number = 0
    for number, item in enumerate(reader.read_items(), start=1):
        place = f"item {number}"
        raw = item.raw[:RAW_LENGTH].decode("utf-8", errors="replace")
        if item.problem:
            yield Rejection(place, item.problem, raw)
        else:
            yield read_item(item.data, place, date, raw)
    if reader.problem:
        yield Rejection(f"after item {number}" if number else "start", reader.problem)


def _explain_no_list(beginning: bytes) -> str:
    """Say what the input is instead; an answer that reports an error says so itself."""
    item = load_item(beginning.strip())
    error = item.data.get("error") if isinstance(item.data, dict) else None
    if isinstance(error, str) and (message := clean_line(error)):
        return f"Hugging Face answered with an error instead of papers: {message[:500]}."
    return "This is no list of daily papers: a JSON list begins with a square bracket."


# --- Reading an item ---------------------------------------------------------------------------------------


def read_item(item: Any, place: str, date: date | None, raw: str) -> Record | Rejection:
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
        published=day_of(published),
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

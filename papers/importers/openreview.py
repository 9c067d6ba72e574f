"""OpenReview's notes: answers of both versions of its API, and lists of venues as crawlers write them.

https://docs.openreview.net/reference/api-v2/entities/note, and .../api-v1/entities/note. A paper, its revisions,
reviews, decisions and comments are all notes; the paper is the one whose id is that of its forum. In version 2 each
value of `content` stands within an object, beside who may read it.

Addresses and profiles of authors (`authorids`) are never read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any, BinaryIO, Final

from papers.identifiers import address
from papers.identifiers import parse as parse_identifier
from papers.importers import html_text, links
from papers.importers.json_items import Layout, list_of, number_of, parse_items, peek, text_of
from papers.importers.times import day_of
from papers.records import Rank, Record, Rejection, clean_line, clean_record

NAME: Final = "openreview"
TITLE: Final = "OpenReview: notes"

_LAYOUT: Final = Layout(
    paths=("notes", "submissions", ""),
    first_key=rb'"(?:id|content|forum|original|cdate|tcdate|venue)"\s*:',
    is_nested=True,
)
_SITE: Final = "https://openreview.net"
_WITHDRAWN: Final = re.compile(r"\b(?:withdrawn|desk[ _-]?rejected)", re.IGNORECASE)
_UNDECIDED: Final = re.compile(r"\s*submitted to\b|.*\b(?:submission|withdrawn|rejected?)\b", re.IGNORECASE)
_NO_NAME: Final = re.compile(r"anonymous(?: authors?)?|.*@.*", re.IGNORECASE)


def sniff(head: bytes) -> bool:
    """Tell whether the beginning of a file, in UTF-8, holds notes of OpenReview; an empty page is one."""
    facts, item = peek(head, _LAYOUT)
    if not item:
        return facts.keys() == {"count"} and b'"notes"' in head
    return isinstance(item.get("content"), dict) and bool(
        {"forum", "invitation", "invitations"} & item.keys()
    )


def parse(
    stream: BinaryIO, *, date: date | None = None, today: date | None = None
) -> Iterator[Record | Rejection]:
    """Read the papers among the notes, in order; notes of other kinds are passed over.

    `date` becomes the day of the listing; `today` is not used.

    A paper without a title or over the bounds of a record is a rejection. Raises UnreadableInput, before the
    first record, where the input is no JSON or only reports an error.
    """

    def read_note(note: Any, place: str, raw: str) -> Record | Rejection | None:
        return _read_note(note, place, raw, date)

    return parse_items(stream, _LAYOUT, read_note, service="OpenReview")


def _read_note(note: Any, place: str, raw: str, listed: date | None) -> Record | Rejection | None:
    raw = _ADDRESS.sub("…@…", raw) if "@" in raw else raw
    own = parse_identifier(text_of(note, "id"), "openreview")
    if own is None or not isinstance(note.get("content"), dict):
        return Rejection(place, "This is no note of OpenReview: it has no id or no content.", raw)
    content = {name: _read_value(value) for name, value in note["content"].items()}
    authors = _read_authors(content)
    if text_of(note, "forum") != own.value or not (authors or "abstract" in content or "pdf" in content):
        return None
    posted = next((day for name in ("pdate", "cdate", "tcdate") if (day := _read_moment(note, name))), None)
    venue = clean_line(text_of(content, "venue"))
    invitations = [
        text_of(note, "invitation"),
        *(each for each in list_of(note, "invitations") if isinstance(each, str)),
    ]
    signs = [venue, text_of(content, "venueid"), *invitations]
    pdf = text_of(content, "pdf")
    # Before 2014 papers stayed at arXiv; notes from DBLP lead to the publisher.
    elsewhere = [pdf, text_of(content, "html"), text_of(content, "ee")]
    return clean_record(
        key=f"openreview:{own.value}",
        title=html_text.to_text(text_of(content, "title")),
        abstract=html_text.to_text(text_of(content, "abstract"), paragraphs=True),
        authors=authors,
        identifiers=[own, *links.find_identifiers(elsewhere, [own], is_part=False)],
        published=day_of(posted),
        updated=_read_moment(note, "mdate") or _read_moment(note, "tmdate"),
        categories=_read_keywords(content),
        journal="" if _UNDECIDED.match(venue) else venue,
        urls=[
            ("page", address(own)),
            ("pdf", f"{_SITE}{pdf}") if pdf.startswith("/") else links.describe(pdf),
            *_read_code(content),
        ],
        withdrawn=any(map(_WITHDRAWN.search, signs)) or number_of(note, "ddate") is not None,
        rank=Rank.PREPRINT,
        place=place,
        listed=listed,
        raw=raw,
    )


_ADDRESS: Final = re.compile(r"[\w.+%-]{1,64}@[\w.-]{1,255}")


def _read_value(value: Any) -> Any:
    """Give a value of either version of the API."""
    return value.get("value") if isinstance(value, dict) else value


def _read_authors(content: dict[str, Any]) -> list[str]:
    names = content.get("authors")
    if isinstance(names, str):
        names = names.split(",")
    people = names if isinstance(names, list) else []
    written = (
        name if isinstance(name, str) else text_of(name, "fullname") or text_of(name, "name")
        for name in people
    )
    return [name for each in written if (name := clean_line(each)) and not _NO_NAME.fullmatch(name)]


def _read_keywords(content: dict[str, Any]) -> list[str]:
    keywords = content.get("keywords")
    if isinstance(keywords, str):
        keywords = re.split("[,;]", keywords)
    return [word for word in keywords if isinstance(word, str)] if isinstance(keywords, list) else []


def _read_code(content: dict[str, Any]) -> list[tuple[str, str]]:
    return [("code", text_of(content, "code")), ("project", text_of(content, "project_page"))]


def _read_moment(note: Any, name: str) -> datetime | None:
    """Read a time in milliseconds since 1970."""
    milliseconds = number_of(note, name)
    try:
        return (
            datetime.fromtimestamp(milliseconds // 1000, UTC) if milliseconds and milliseconds > 0 else None
        )
    except (ValueError, OverflowError, OSError):
        return None

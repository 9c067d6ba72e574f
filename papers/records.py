"""Records: what an importer, a form or the API hands to the catalogue.

A `Record` is what one source says of one paper. It is made by `clean_record`, the one place where text from
outside is cleaned and bounded, so whoever holds a record may store it as it is. What cannot become a record
becomes a `Rejection`, with its place and the reason in plain words.

Everything in this module is pure: no database, no network, no clock.
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime
from enum import IntEnum, StrEnum
from itertools import groupby
from operator import attrgetter
from typing import Any, Final
from urllib.parse import urlsplit

from papers.identifiers import Identifier

# Bounds, in characters or items. A record over one of these is rejected, never cut: half a title is another.
MAX_KEY: Final = 500
MAX_TITLE: Final = 2_000
MAX_ABSTRACT: Final = 100_000
MAX_AUTHORS: Final = 20_000  # the longest lists in print have 5,154 (physics) and 15,025 (medicine)
MAX_NAME: Final = 500
MAX_JOURNAL: Final = 1_000
MAX_PART: Final = 100  # a volume, an issue, pages
MAX_COMMENT: Final = 10_000
MAX_RECORD: Final = 1_000_000  # all of its text together

# Side facts: one over its bound is left out, and the record stands.
MAX_IDENTIFIERS: Final = 50
MAX_CATEGORIES: Final = 200
MAX_CATEGORY: Final = 100
MAX_URLS: Final = 100
MAX_URL: Final = 2_000
MAX_SUBMITTER: Final = 200
MAX_REVISION: Final = 32_767
MAX_UPVOTES: Final = 2_147_483_647

MAX_RAW: Final = 2_000
MAX_REASON: Final = 1_000
MAX_PLACE: Final = 100

URL_KINDS: Final = ("page", "pdf", "code", "project", "doi")


class Rank(IntEnum):
    """How much a source's word on a paper counts when its fields are folded; higher wins."""

    HAND = 50
    PUBLISHER = 40
    PREPRINT = 30
    AGGREGATOR = 20
    FILE = 10


class Precision(StrEnum):
    """How much of a day of publication is known; of a month or a year the first day stands for it."""

    DAY = "day"
    MONTH = "month"
    YEAR = "year"


@dataclass(frozen=True, slots=True)
class PartialDate:
    """A day, or the first day of a month or a year of which no more is known."""

    date: date
    precision: Precision = Precision.DAY


@dataclass(frozen=True, slots=True)
class Record:
    """What one source says of one paper; made by `clean_record`.

    `key` is what this source calls the paper, the same at every import. `published` is a day, or the first
    day of the month or year that `published_precision` says. `updated` is in UTC. `journal` is the name of
    the journal, book or series alone where the source states `volume`, `issue` and `pages` apart. `urls` are
    pairs of kind (one of `URL_KINDS`) and address. `upvotes` are the source's own. `place` tells where in
    the input the record stood ("line 11"), `listed` is the day of the listing it stood in, where the input
    says so, and one that is `unlisted` stands in none, as a new revision of a paper that was announced before.
    What is `deposited` is in a repository that takes what anybody brings, so that its title and authors say little.
    """

    key: str
    title: str
    abstract: str = ""
    authors: tuple[str, ...] = ()
    identifiers: tuple[Identifier, ...] = ()
    published: date | None = None
    published_precision: Precision = Precision.DAY
    updated: datetime | None = None
    revision: int | None = None
    categories: tuple[str, ...] = ()
    journal: str = ""
    volume: str = ""
    issue: str = ""
    pages: str = ""
    urls: tuple[tuple[str, str], ...] = ()
    comment: str = ""
    upvotes: int | None = None
    submitter: str = ""
    withdrawn: bool = False
    deposited: bool = False
    rank: Rank = Rank.FILE
    place: str = ""
    listed: date | None = None
    unlisted: bool = False


@dataclass(frozen=True, slots=True)
class Rejection:
    """A part of the input that did not become a record: where it stands, why, and how it begins."""

    place: str
    reason: str
    raw: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "place", clean_line(self.place)[:MAX_PLACE])
        object.__setattr__(self, "reason", clean_line(self.reason)[:MAX_REASON])
        # `raw` is evidence, so it keeps its shape; only what no database stores is taken out.
        object.__setattr__(self, "raw", self.raw[: MAX_RAW * 2].translate(_UNSTORABLE)[:MAX_RAW])


@dataclass(frozen=True, slots=True)
class Deletion(Rejection):
    """What a source says it has deleted. Nobody need mend anything, and it changes nothing here.

    A repository deletes what it holds twice, or by another name: that says nothing against the work.
    """


class UnreadableInput(Exception):
    """The input as a whole cannot be read. The text of the exception is a sentence for people."""


# --- Cleaning ----------------------------------------------------------------------------------------------


def _unwanted_characters() -> dict[int, str | None]:
    """List what is taken out of every text from outside.

    Controls other than white space, lone surrogates and non-characters (databases, XML or JSON refuse
    them), and invisible characters that hide text from readers or turn it round: directional embeddings and
    overrides (Unicode UAX #9), tags, annotations, soft hyphens, zero-width spaces. Directional marks and
    joiners stay: Arabic, Persian, Hebrew and Indic names need them.
    """
    points = [*range(0x09), *range(0x0E, 0x1C), *range(0x7F, 0x85), *range(0x86, 0xA0)]
    points += [0xAD, 0x200B, 0x2060, 0xFEFF, *range(0x202A, 0x202F), *range(0x2066, 0x206A)]
    points += [*range(0xFFF9, 0xFFFC), *range(0xE0000, 0xE0080)]
    return dict.fromkeys(points) | _UNSTORABLE


_UNSTORABLE: Final[dict[int, str | None]] = dict.fromkeys(
    [0, *range(0xD800, 0xE000), *range(0xFDD0, 0xFDF0)]
    + [plane + low for plane in range(0, 0x110000, 0x10000) for low in (0xFFFE, 0xFFFF)]
)
_UNWANTED: Final = _unwanted_characters()


def clean_line(text: str) -> str:
    """Bring text to one line: composed (NFC), white space collapsed, without what no text should hold."""
    if text.isascii() and text.isprintable():
        # Most text is clean already, and white space that is printable can only be blanks.
        if "  " in text or text[:1] == " " or text[-1:] == " ":
            return " ".join(text.split())
        return text
    return " ".join(unicodedata.normalize("NFC", text.translate(_UNWANTED)).split())


def clean_text(text: str) -> str:
    """Clean as `clean_line` does, but keep paragraphs, parted by one empty line.

    A single line end is how a source wraps its lines and becomes a blank.
    """
    if "\n" not in text and "\r" not in text:
        return clean_line(text)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    parts = (" ".join(lines) for is_text, lines in groupby(text.split("\n"), _has_text) if is_text)
    return "\n\n".join(line for part in parts if (line := clean_line(part)))


def _has_text(line: str) -> bool:
    return bool(line) and not line.isspace()


def clean_record(
    *,
    title: str,
    rank: Rank,
    place: str,
    key: str = "",
    abstract: str = "",
    authors: Iterable[str] = (),
    identifiers: Iterable[Identifier | None] = (),
    published: PartialDate | None = None,
    updated: datetime | None = None,
    revision: int | None = None,
    categories: Iterable[str] = (),
    journal: str = "",
    volume: str = "",
    issue: str = "",
    pages: str = "",
    urls: Iterable[tuple[str, str]] = (),
    comment: str = "",
    upvotes: int | None = None,
    submitter: str = "",
    withdrawn: bool = False,
    deposited: bool = False,
    listed: date | None = None,
    unlisted: bool = False,
    raw: str = "",
) -> Record | Rejection:
    """Make a record of what a source said, or a rejection that says what is wrong with it.

    Text is cleaned by `clean_line` (the abstract by `clean_text`) and measured against the bounds above.
    Without a title, or with a title, abstract, name, journal, comment or key over its bound, it is a
    rejection. Side facts that are of no use (an address that is not http or https, a repeated category, a
    number out of range, a volume, issue or pages that are none, None among the identifiers) are left out. A
    time without a zone is taken for UTC. `raw` is the beginning of the source text, for the rejection.

    A source that has no name of its own for a paper, as files of references have none that lasts, gives no
    `key`: it is made of all that the record says.
    """
    title = clean_line(title)
    key = clean_line(key)
    abstract = clean_text(abstract)
    # A lone ":" or "-" among the authors is what a source made of "for the X Collaboration:".
    names = tuple([name for author in authors if _has_letters(name := clean_line(author))])
    journal = clean_line(journal)
    comment = clean_line(comment)
    raw = raw or title or abstract

    if not title[:1].isalnum() and all(unicodedata.category(char)[0] in "CMZ" for char in title):
        return Rejection(place, "There is no title.", raw)
    for what, text, most in (
        ("The title", title, MAX_TITLE),
        ("The abstract", abstract, MAX_ABSTRACT),
        ("The journal", journal, MAX_JOURNAL),
        ("The comment", comment, MAX_COMMENT),
        ("The key", key, MAX_KEY),
    ):
        if len(text) > most:
            return Rejection(place, f"{what} has {len(text):,} characters; at most {most:,} are read.", raw)
    if len(names) > MAX_AUTHORS:
        return Rejection(place, f"There are {len(names):,} authors; at most {MAX_AUTHORS:,} are read.", raw)
    lengths = list(map(len, names))
    if lengths and (longest := max(lengths)) > MAX_NAME:
        number = lengths.index(longest) + 1
        reason = f"The name of author {number} has {longest:,} characters; at most {MAX_NAME} are read."
        return Rejection(place, reason, raw)
    if len(abstract) + sum(lengths) > MAX_RECORD:
        return Rejection(place, f"The record is longer than {MAX_RECORD:,} characters.", raw)

    record = Record(
        key=key,
        title=title,
        abstract=abstract,
        authors=names,
        identifiers=tuple(dict.fromkeys(found for found in identifiers if found))[:MAX_IDENTIFIERS],
        published=published.date if published else None,
        published_precision=published.precision if published else Precision.DAY,
        updated=_in_utc(updated),
        revision=revision if revision is not None and 0 < revision <= MAX_REVISION else None,
        categories=_clean_categories(categories),
        journal=journal,
        volume=_clean_part(volume),
        issue=_clean_part(issue),
        pages=_clean_part(pages),
        urls=_clean_urls(urls),
        comment=comment,
        upvotes=upvotes if upvotes is not None and 0 <= upvotes <= MAX_UPVOTES else None,
        submitter=clean_line(submitter)[:MAX_SUBMITTER].rstrip(),
        withdrawn=withdrawn,
        deposited=deposited,
        rank=rank,
        place=clean_line(place)[:MAX_PLACE],
        listed=listed,
        unlisted=unlisted,
    )
    if not key:
        object.__setattr__(record, "key", _derive_key(record))  # nobody else has it yet
    return record


def _derive_key(record: Record) -> str:
    """Name a record by its content, so that two files in which one citation key stands for two papers are no harm."""
    said = (
        *(record.title, record.abstract, "\x1f".join(record.authors), "\x1f".join(record.categories)),
        *(str(record.published), record.published_precision, str(record.updated), str(record.revision)),
        *(record.journal, record.volume, record.issue, record.pages, record.comment, str(record.withdrawn)),
        *(part for pair in record.urls for part in pair),
    )
    digest = hashlib.sha256("\x1e".join(said).encode()).hexdigest()
    return f"{record.identifiers[0]}#{digest[:16]}" if record.identifiers else f"#{digest[:32]}"


def _has_letters(text: str) -> bool:
    """Tell whether a text has a letter or a digit; nearly every one begins with one."""
    return text[:1].isalnum() or any(map(str.isalnum, text))


def _clean_part(text: str) -> str:
    if not text:
        return ""
    text = clean_line(text)
    return text if len(text) <= MAX_PART and _has_letters(text) else ""


def _in_utc(moment: datetime | None) -> datetime | None:
    if moment is None:
        return None
    if moment.tzinfo is None:
        return moment.replace(tzinfo=UTC)
    try:
        return moment.astimezone(UTC)
    except OverflowError:  # the first or the last day that a datetime knows
        return None


def _clean_categories(categories: Iterable[str]) -> tuple[str, ...]:
    cleaned = (clean_line(category) for category in categories)
    return tuple(dict.fromkeys(term for term in cleaned if 0 < len(term) <= MAX_CATEGORY))[:MAX_CATEGORIES]


def _clean_urls(urls: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    pairs = ((kind, clean_address(address)) for kind, address in urls if kind in URL_KINDS)
    return tuple(dict.fromkeys((kind, address) for kind, address in pairs if address))[:MAX_URLS]


_PLAIN_ADDRESS: Final = re.compile(r"https?://[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+(?:/[!-\[\]-~]*)?")


def clean_address(text: str) -> str:
    """Give a web address fit for a link (http or https, a host, no white space), or an empty text."""
    if len(text) <= MAX_URL and _PLAIN_ADDRESS.fullmatch(text):
        return text
    text = clean_line(text)
    if len(text) > MAX_URL or " " in text or "\\" in text:
        return ""
    try:
        parts = urlsplit(text)
        has_host = bool(parts.hostname)
        _ = parts.port  # raises where it is no number
    except ValueError:
        return ""
    return text if parts.scheme.lower() in ("http", "https") and has_host else ""


def write_place(journal: str, volume: str, issue: str, pages: str) -> str:
    """Say where a work appeared in one line: "Physical Review A 106(1), 012821"."""
    place = f"{journal} {volume}{f'({issue})' if issue else ''}".strip()
    return ", ".join(part for part in (place, pages) if part)


def write_known_day(day: date | None, precision: str) -> str:
    """Give a day in ISO 8601, cut to the month or year where no more is known; or nothing."""
    if day is None:
        return ""
    return day.isoformat()[: {Precision.YEAR: 4, Precision.MONTH: 7}.get(Precision(precision), 10)]


# --- To and from JSON --------------------------------------------------------------------------------------

_NOT_CONTENT: Final = frozenset({"upvotes", "place", "listed", "unlisted"})
_DEFAULTS: Final = {field.name: field.default for field in fields(Record)}
_find_values: Final = attrgetter(*_DEFAULTS)


def to_data(record: Record) -> dict[str, Any]:
    """Give a record as JSON data; fields that say nothing are left out. `from_data` is the way back."""
    data: dict[str, Any] = {
        name: write(value) if (write := _WRITE.get(name)) else value
        for (name, default), value in zip(_DEFAULTS.items(), _find_values(record), strict=True)
        if value != default
    }
    data["rank"] = int(record.rank)
    return data


_WRITE: Final[dict[str, Callable[[Any], Any]]] = {
    "authors": list,
    "categories": list,
    "identifiers": lambda names: [[name.scheme, name.value] for name in names],
    "urls": lambda pairs: [list(pair) for pair in pairs],
    "published": date.isoformat,
    "published_precision": str,
    "updated": datetime.isoformat,
    "listed": date.isoformat,
}


def from_data(data: dict[str, Any]) -> Record:
    """Make a record again from what `to_data` gave; names that no record has any more are passed over."""
    values = {name: value for name, value in data.items() if name in _DEFAULTS}
    for name, read in _READ.items():
        if name in values:
            values[name] = read(values[name])
    return Record(**values)


_READ: Final[dict[str, Callable[[Any], Any]]] = {
    "authors": tuple,
    "categories": tuple,
    "identifiers": lambda pairs: tuple(Identifier(scheme, value) for scheme, value in pairs),
    "urls": lambda pairs: tuple((kind, address) for kind, address in pairs),
    "published": date.fromisoformat,
    "published_precision": Precision,
    "listed": date.fromisoformat,
    "updated": datetime.fromisoformat,
    "rank": Rank,
}


@dataclass(frozen=True, slots=True)
class Stored:
    """A record as the catalogue keeps it: what `to_data` gave, the same as JSON text, and the digest of its content."""

    data: dict[str, Any]
    json: str
    hash: bytes


def store(record: Record) -> Stored:
    """Give a record as the catalogue keeps it. It is written as JSON once, of which the digest is taken as well.

    The digest is 32 bytes, equal exactly when nothing has changed that the source says of the paper: its votes,
    the place in the input and the day of the listing are no part of it, nor is the order of identifiers.
    """
    data = to_data(record)
    content: dict[str, Any] = {}
    rest: dict[str, Any] = {}
    for name, value in data.items():
        (rest if name in _NOT_CONTENT else content)[name] = value
    if len(identifiers := content.get("identifiers", ())) > 1:
        content["identifiers"] = sorted(identifiers)
        if content["identifiers"] != identifiers:
            # Of a name that stands twice PostgreSQL keeps the last.
            rest["identifiers"] = identifiers
    canonical = _encode_sorted(content)
    digest = hashlib.sha256(canonical.encode("ascii")).digest()
    text = f"{canonical[:-1]},{_encode_sorted(rest)[1:]}" if rest else canonical
    return Stored(data, text, digest)


_encode_sorted: Final = json.JSONEncoder(ensure_ascii=True, sort_keys=True, separators=(",", ":")).encode


def content_hash(record: Record) -> bytes:
    """Digest everything that the source says of the paper, as `store` does."""
    return store(record).hash

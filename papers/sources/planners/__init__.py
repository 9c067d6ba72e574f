"""Planners: what to ask a source next, given what it is for, how far it has come, and what it just answered.

One for each kind of source, all pure: no network, no database, no clock. Each answers

    check    whether a query makes sense, before anybody is asked
    begin    where a walk through its pages begins
    ask      what to fetch at a position of the walk
    look     whether an answer holds records at all; the importers read those
    move     where to go on, and up to where everything is in now

Positions and watermarks are small JSON: they are stored with the source, so a walk goes on where it was, in another
process or after a week.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, Protocol

from django.utils.translation import gettext as _

from papers.records import Record, Rejection

EDGE: Final = 65_536  # bytes

Position = dict[str, Any]
Watermark = dict[str, Any]


class BadQuery(Exception):
    """A query that cannot be asked; `field` is the one to mend, the text a sentence."""

    def __init__(self, field: str, text: str) -> None:
        super().__init__(text)
        self.field = field


class Trouble(Exception):
    """An answer that says why there is none, or makes no sense; the text is a sentence."""


class AskAgain(Trouble):
    """An answer that is probably a passing fault: ask the same again in a while."""


class StartAgain(Trouble):
    """The walk cannot go on from here: begin it anew, from the watermark."""


@dataclass(frozen=True, slots=True)
class Query:
    """What a source asks for. `since` is where its first run begins."""

    text: str
    address: str
    since: date
    is_trusted: bool = False
    """The address may be one of FETCH_ALLOWED_HOSTS."""


@dataclass(frozen=True, slots=True)
class Ask:
    """One request. `format` is the importer's, empty where it is told from the content."""

    url: str
    format: str = ""
    date: date | None = None
    """The day of the listing, where the request asks for one."""
    is_conditional: bool = False
    """The same is asked each time, so the server may say that nothing has changed."""
    may_be_missing: bool = False
    """That there is nothing yet is no failure (400, 404)."""


@dataclass(slots=True)
class Page:
    """What the planner may know of an answer: how its bytes begin and end, and what was read from it."""

    head: bytes = b""
    tail: bytes = b""
    count: int = 0
    newest: datetime | None = None
    oldest: datetime | None = None

    def note(self, found: Record | Rejection) -> None:
        self.count += 1
        if isinstance(found, Record) and found.updated is not None:
            self.newest = max(self.newest or found.updated, found.updated)
            self.oldest = min(self.oldest or found.updated, found.updated)


def check_end(page: Page, begin: bytes, end: bytes) -> None:
    """Refuse an answer that was cut off on its way, whose beginning would pass for all of it. Raises AskAgain.

    What does not begin as it should is for the importer, which says what it is instead.
    """
    if begin in page.head[:2_000] and not page.tail.rstrip().endswith(end):
        raise AskAgain(_("The answer was cut off before its end."))


@dataclass(frozen=True, slots=True)
class Step:
    """Where to go on, None at the end of a walk; and the watermark as it is then."""

    position: Position | None
    watermark: Watermark


class Planner(Protocol):
    def check(self, query: Query) -> None:
        """Raises BadQuery."""

    def begin(self, query: Query, watermark: Watermark, now: datetime) -> Position: ...

    def ask(self, query: Query, position: Position) -> Ask: ...

    def look(self, page: Page, position: Position) -> bool:
        """Say whether there are records to read, from the edges alone. Raises Trouble."""

    def move(self, query: Query, position: Position, watermark: Watermark, page: Page) -> Step:
        """Raises Trouble."""


def find(kind: str) -> Planner:
    """Return the planner of a kind of source. Raises KeyError for uploads, which nobody asks for."""
    # Here, since the modules of the planners take their types from this one.
    from . import addresses, arxiv, biorxiv, crossref, hugging_face, oai

    planners: dict[str, Planner] = {
        "hugging_face": hugging_face,
        "arxiv": arxiv,
        "arxiv_feed": addresses.ArxivFeed(),
        "arxiv_oai": oai.Repository(
            address="https://oaipmh.arxiv.org/oai", prefix="arXivRaw", needs_set=True
        ),
        "oai": oai.Repository(prefix="oai_dc"),
        "crossref": crossref,
        "biorxiv": biorxiv.Server("biorxiv"),
        "medrxiv": biorxiv.Server("medrxiv"),
        "feed": addresses.Address(),
        "file": addresses.Address(),
    }
    return planners[kind]

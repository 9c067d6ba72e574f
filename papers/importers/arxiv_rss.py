"""arXiv's daily announcements, RSS 2.0 and Atom 1.0 (https://info.arxiv.org/help/rss.html).

They carry what was announced on one day in one or several archives: new papers, papers cross-listed from
elsewhere, and new revisions of either. The names of the elements in arXiv's own namespace differ from those of
its API.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from functools import partial
from typing import BinaryIO, Final
from zoneinfo import ZoneInfo

from lxml import etree

from papers.identifiers import address, split_arxiv_revision
from papers.importers.arxiv_text import is_withdrawn, mark_paragraphs, read_month, split_authors, split_dois
from papers.importers.times import read_moment
from papers.importers.xml_records import Words, XmlReader, read_each, read_root, text_of
from papers.records import Rank, Record, Rejection, UnreadableInput, clean_line, clean_record

NAME: Final = "arxiv-rss"
TITLE: Final = "arXiv announcements: RSS or Atom of a day"

_WORDS: Final = Words("feed", "feed", "entry", "entries")
_ATOM: Final = "{http://www.w3.org/2005/Atom}"
_ARXIV: Final = "{http://arxiv.org/schemas/atom}"
_DC: Final = "{http://purl.org/dc/elements/1.1/}"

_ZONE: Final = ZoneInfo("America/New_York")  # where arXiv's day begins
_BEFORE_ABSTRACT: Final = re.compile(
    r"\s*arXiv:\S{1,40}\s+Announce Type:\s*(?P<type>[\w-]{1,40})\s+(?:Abstract:\s*)?", re.IGNORECASE
)


def sniff(head: bytes) -> bool:
    """Tell whether the beginning of a file, in UTF-8, is an announcement feed of arXiv."""
    root = read_root(head)
    if root is None or root.tag not in ("rss", f"{_ATOM}feed"):
        return False
    return bool(re.search(rb">\s*(?:https?://(?:rss|export\.rss)\.arxiv\.org/|oai:arXiv\.org:)", head))


def parse(
    stream: BinaryIO, *, date: date | None = None, today: date | None = None
) -> Iterator[Record | Rejection]:
    """Read the announcements of a feed in order; a feed without any, as at weekends, is fine.

    The day that an announcement names is the day of the listing, `date` only where it names none. A new
    revision of a paper stands in no listing, as arXiv has those on a list of their own: it brings the paper up
    to date. `today` is not used.

    What is no arXiv paper, not well-formed or over the bounds of a record is a rejection, and so is what is
    missing where the file ends early. Raises UnreadableInput where the input is no feed.
    """
    feed = XmlReader(stream, ["item", "entry"], words=_WORDS)
    if feed.root.tag not in ("rss", f"{_ATOM}feed"):
        raise UnreadableInput(f"This is no feed: it begins with <{etree.QName(feed.root).localname}>.")
    return read_each(feed, partial(_read_entry, date=date))


def _read_entry(entry: etree._Element, place: str, raw: str, *, date: date | None) -> Record | Rejection:
    named = clean_line(text_of(entry, "guid") or text_of(entry, f"{_ATOM}id") or text_of(entry, "link"))
    found = split_arxiv_revision(named)
    if not found:
        return Rejection(place, f"Its id is no arXiv identifier: {named[:200] or 'there is none'}.", raw)
    arxiv_id, revision = found
    described = text_of(entry, "description") or text_of(entry, f"{_ATOM}summary")
    before = _BEFORE_ABSTRACT.match(described)
    abstract = mark_paragraphs(described[before.end() if before else 0 :].strip())
    kind = clean_line(text_of(entry, f"{_ARXIV}announce_type")) or (before["type"] if before else "new")
    is_replacement = kind.lower().startswith("replace")
    moment = read_moment(text_of(entry, "pubDate") or text_of(entry, f"{_ATOM}published"))
    day = moment.astimezone(_ZONE).date() if moment else date
    submitted = read_month(arxiv_id)
    dois = split_dois(text_of(entry, f"{_ARXIV}DOI"))
    creators = [*entry.iterfind(f"{_DC}creator"), *entry.iterfind(f"{_ATOM}author/{_ATOM}name")]
    return clean_record(
        key=f"rss:{arxiv_id.value}",
        title=text_of(entry, "title") or text_of(entry, f"{_ATOM}title"),
        abstract=abstract,
        authors=(name for creator in creators for name in split_authors(text_of(creator))),
        # A second DOI is of another work, so it is a link and no identifier.
        identifiers=[arxiv_id, *dois[:1]],
        # When it was submitted the feed does not say; its `updated` is when the feed was made.
        published=submitted,
        revision=revision,
        categories=[
            *(text_of(category) for category in entry.iterfind("category")),
            *(category.get("term", "") for category in entry.iterfind(f"{_ATOM}category")),
        ],
        journal=text_of(entry, f"{_ARXIV}journal_reference"),
        urls=[
            ("page", address(arxiv_id)),
            ("pdf", f"https://arxiv.org/pdf/{arxiv_id.value}"),
            *(("doi", address(doi)) for doi in dois),
        ],
        withdrawn=is_withdrawn("", abstract),
        rank=Rank.PREPRINT,
        place=place,
        listed=None if is_replacement else day,
        unlisted=is_replacement,
        raw=raw,
    )

"""The arXiv API's answers: Atom 1.0 feeds (https://info.arxiv.org/help/api/user-manual.html#_details_of_atom_results_returned).

How a feed is cut into its entries, and what is refused, says `xml_records`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from functools import partial
from typing import BinaryIO, Final

from lxml import etree

from papers.identifiers import address, split_arxiv_revision
from papers.importers.arxiv_text import is_withdrawn, mark_paragraphs, split_dois
from papers.importers.times import day_of, read_moment
from papers.importers.xml_records import Words, XmlReader, read_each, text_of
from papers.records import Rank, Record, Rejection, UnreadableInput, clean_line, clean_record

NAME: Final = "arxiv-atom"
TITLE: Final = "arXiv API: an Atom feed"

_WORDS: Final = Words("Atom feed", "feed", "entry", "entries")
_ATOM: Final = "{http://www.w3.org/2005/Atom}"
_ARXIV: Final = "{http://arxiv.org/schemas/atom}"


def sniff(head: bytes) -> bool:
    """Tell whether the beginning of a file, in UTF-8, is an Atom feed of arXiv's API."""
    return bool(
        re.match(rb"\s*<", head)
        and re.search(rb"<(?:[\w.-]+:)?feed\b[^>]*http://www\.w3\.org/2005/Atom", head)
        and re.search(rb"<(?:[\w.-]+:)?id>\s*https?://(?:export\.)?arxiv\.org/", head)
    )


def parse(
    stream: BinaryIO, *, date: date | None = None, today: date | None = None
) -> Iterator[Record | Rejection]:
    """Read the entries of a feed in order; a feed without entries is fine and gives nothing.

    `date` becomes the day of the listing: the feed names none. `today` is not used.

    What is no arXiv paper, not well-formed or over the bounds of a record is a rejection, and so is what is
    missing where the file ends early. Raises UnreadableInput, before the first record, where the input is
    no Atom feed, declares a document type, is in an encoding not known here, or is arXiv's way to report an
    error.
    """
    feed = XmlReader(stream, ["entry"], words=_WORDS)
    if feed.root.tag != f"{_ATOM}feed":
        raise UnreadableInput(f"This is no Atom feed: it begins with <{etree.QName(feed.root).localname}>.")
    return read_each(feed, partial(_read_entry, listed=date))


def _read_entry(entry: etree._Element, place: str, raw: str, *, listed: date | None) -> Record | Rejection:
    named = clean_line(text_of(entry, f"{_ATOM}id"))
    if place == "entry 1" and "/api/errors" in named:
        message = clean_line(text_of(entry, f"{_ATOM}summary")) or named.partition("#")[2]
        raise UnreadableInput(f"arXiv answered with an error instead of papers: {message[:500]}.")
    if place == "entry 1" and named.startswith("oai:"):
        raise UnreadableInput("This is an announcement feed of rss.arxiv.org, not an answer of arXiv's API.")
    found = split_arxiv_revision(named)
    if not found:
        return Rejection(place, f"Its id is no arXiv identifier: {named[:200] or 'there is none'}.", raw)
    arxiv_id, revision = found
    dois = split_dois(" ".join(text_of(found) for found in entry.iterfind(f"{_ARXIV}doi")))
    abstract = mark_paragraphs(text_of(entry, f"{_ATOM}summary"))
    comment = text_of(entry, f"{_ARXIV}comment")
    published = read_moment(text_of(entry, f"{_ATOM}published"))
    primary = [term for found in entry.iterfind(f"{_ARXIV}primary_category") if (term := found.get("term"))]
    return clean_record(
        key=arxiv_id.value,
        title=text_of(entry, f"{_ATOM}title"),
        abstract=abstract,
        authors=(text_of(author, f"{_ATOM}name") for author in entry.iterfind(f"{_ATOM}author")),
        # A second DOI is of another work (an erratum, another part), so it is a link and no identifier.
        identifiers=[arxiv_id, *dois[:1]],
        published=day_of(published),
        updated=read_moment(text_of(entry, f"{_ATOM}updated")),
        revision=revision,
        categories=[*primary, *(found.get("term", "") for found in entry.iterfind(f"{_ATOM}category"))],
        journal=text_of(entry, f"{_ARXIV}journal_ref"),
        # Made from the identifiers, as the links of the feed change with each revision and each server.
        urls=[
            ("page", address(arxiv_id)),
            ("pdf", f"https://arxiv.org/pdf/{arxiv_id.value}"),
            *(("doi", address(doi)) for doi in dois),
        ],
        comment=comment,
        withdrawn=is_withdrawn(comment, abstract),
        rank=Rank.PREPRINT,
        place=place,
        listed=listed,
        raw=raw,
    )

"""The arXiv API's answers: Atom 1.0 feeds (https://info.arxiv.org/help/api/user-manual.html#_details_of_atom_results_returned).

A feed is cut into its entries as it is read and each entry is parsed for itself, so that memory holds one
entry at a time and an entry that is not well-formed, or the end of a download that broke off, costs the
others nothing. A document type is refused, and with it every entity that could grow without end.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import BinaryIO, Final

from lxml import etree

from papers.identifiers import Identifier, address, split_arxiv_revision
from papers.identifiers import parse as parse_identifier
from papers.importers.arxiv_text import is_withdrawn, mark_paragraphs
from papers.importers.text import MAX_SKIPPED, RAW_LENGTH, describe_bad_byte, read_on, read_utf8
from papers.importers.times import read_moment
from papers.records import Rank, Record, Rejection, UnreadableInput, clean_line, clean_record

NAME: Final = "arxiv-atom"
TITLE: Final = "arXiv API: an Atom feed"

_MAX_PROLOGUE: Final = 65_536  # bytes before the feed's own start tag ends
_MAX_ENTRY: Final = 8_000_000  # bytes; 20,000 authors with their affiliations take less

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
    feed = _FeedReader(stream)
    number = 0
    for number, piece in enumerate(feed.read_entries(), start=1):
        place = f"entry {number}"
        raw = piece.raw[:RAW_LENGTH].decode("utf-8", errors="replace")
        if piece.problem:
            yield Rejection(place, piece.problem, raw)
            continue
        try:
            entry = feed.parse_entry(piece.raw)
        except UnicodeDecodeError as error:
            yield Rejection(place, f"The entry cannot be read: {describe_bad_byte(error)}.", raw)
        except etree.XMLSyntaxError as error:
            yield Rejection(place, f"The entry is not well-formed XML: {_describe(error)}.", raw)
        else:
            yield _read_entry(entry, number, listed=date, raw=raw)
    if feed.problem:
        yield Rejection(f"after entry {number}" if number else "start", feed.problem)


# --- Cutting a feed into entries ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Piece:
    """The bytes of one entry, with both its tags; or the beginning of them and what is wrong."""

    raw: bytes
    problem: str = ""


_PROLOGUE: Final = re.compile(rb"(?:\s+|<\?.*?\?>|<!--.*?-->)*", re.DOTALL)
_START_TAG: Final = re.compile(
    rb"<(?P<name>[A-Za-z_][\w.:-]*)(?:\s+[\w.:-]+\s*=\s*(?:\"[^\"<]*\"|'[^'<]*'))*\s*(?P<empty>/?)>"
)
_ENCODING: Final = re.compile(rb"<\?xml\b[^>]*?\bencoding\s*=\s*[\"'](?P<name>[\w.-]{1,40})[\"']")
_ENCODINGS: Final = {
    "utf-8": "utf-8",
    "utf8": "utf-8",
    "us-ascii": "utf-8",
    "iso-8859-1": "latin-1",
    "windows-1252": "cp1252",
    # Known by their byte order mark and brought to UTF-8 before anything here sees them.
    "utf-16": "utf-8",
    "utf-16le": "utf-8",
    "utf-16be": "utf-8",
}


class _FeedReader:
    """Cuts the bytes of an Atom feed into entries, in memory bounded by one entry and one chunk.

    `problem` tells, after the last entry, why the feed has no proper end; it is empty where it has.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self.problem = ""
        self._chunks = read_utf8(stream)
        self._buffer = b""
        self._parser = etree.XMLParser(
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            dtd_validation=False,
            huge_tree=False,
            remove_comments=True,
            remove_pis=True,
        )
        self._is_empty = False
        self._read_start()

    def parse_entry(self, raw: bytes) -> etree._Element:
        """Parse an entry within its feed, whose start tag may declare the prefixes that it uses.

        Raises UnicodeDecodeError or etree.XMLSyntaxError.
        """
        text = (self._start_tag + raw + self._end_tag).decode(self._encoding)
        feed = etree.fromstring(text.encode("utf-8"), self._parser)
        return feed[0]

    def _read_more(self) -> bool:
        more = read_on(self._chunks, len(self._buffer))
        self._buffer += more
        return bool(more)

    def _read_start(self) -> None:
        """Read up to the end of the feed's own start tag, and refuse what is no feed."""
        while True:
            start = _PROLOGUE.match(self._buffer).end()  # type: ignore[union-attr]  # it matches nothing, too
            rest = self._buffer[start : start + 9]
            if rest[:9].upper() == b"<!DOCTYPE":
                raise UnreadableInput(
                    "The XML declares a document type (DOCTYPE). It is refused, as entities declared there "
                    "can grow without end; arXiv's feeds have none."
                )
            tag = _START_TAG.match(self._buffer, start)
            if tag or len(self._buffer) > _MAX_PROLOGUE or not self._read_more():
                break
        if not tag:
            raise UnreadableInput("This is no Atom feed: no start tag of a feed was found at its beginning.")
        self._encoding = self._find_encoding(self._buffer[:start])
        name = tag["name"]
        self._is_empty = bool(tag["empty"])
        self._start_tag = tag[0].removesuffix(b"/>") + b">" if self._is_empty else tag[0]
        self._end_tag = b"</" + name + b">"
        try:
            root = etree.fromstring(self._start_tag + self._end_tag, self._parser)
        except etree.XMLSyntaxError as error:
            raise UnreadableInput(f"This is no Atom feed: {_describe(error)}.") from error
        if root.tag != f"{_ATOM}feed":
            raise UnreadableInput(f"This is no Atom feed: it begins with <{etree.QName(root).localname}>.")
        entry = re.escape(name.removesuffix(b"feed") + b"entry")
        self._landmark = re.compile(
            rb"<(?:!--|!\[CDATA\[|(?P<entry>"
            + entry
            + rb"(?=[\s/>]))|(?P<end>/"
            + re.escape(name)
            + rb"\s*>))"
        )
        self._entry_end = re.compile(
            rb"<(?:(?P<end>/" + entry + rb"\s*>)|(?P<next>" + entry + rb"(?=[\s/>])))"
        )
        self._buffer = self._buffer[tag.end() :]

    def _find_encoding(self, prologue: bytes) -> str:
        declared = _ENCODING.search(prologue)
        name = declared["name"].decode("ascii").lower() if declared else "utf-8"
        if name not in _ENCODINGS:
            raise UnreadableInput(f"The XML is in the encoding {name!r}; save it as UTF-8.")
        return _ENCODINGS[name]

    def read_entries(self) -> Iterator[_Piece]:
        """Give the entries in order; one that is broken, too long or cut off comes with its problem."""
        if self._is_empty:
            return
        place = 0  # in the buffer; what is before it is done with
        skipped = 0  # bytes since the last entry
        while True:
            landmark = self._landmark.search(self._buffer, place)
            if landmark and landmark["end"]:
                return
            if landmark and landmark["entry"]:
                self._buffer = self._buffer[landmark.start() :]
                skipped = 0
                piece, place = self._read_entry()
                yield piece
                continue
            if landmark:  # a comment or literal text: what stands in it is no mark-up
                closing = b"-->" if landmark[0] == b"<!--" else b"]]>"
                end = self._buffer.find(closing, landmark.end())
                if end >= 0:
                    place = end + len(closing)
                    continue
                keep = landmark.start()
            else:
                keep = max(place, len(self._buffer) - 200)  # half a tag may stand at the end
            skipped += keep
            self._buffer, place = self._buffer[keep:], 0
            if len(self._buffer) > _MAX_ENTRY or skipped > MAX_SKIPPED:
                self.problem = "There is too much that is no entry; nothing after this place was read."
                return
            if not self._read_more():
                self.problem = "The file ends before the feed does; entries after this place are missing."
                return

    def _read_entry(self) -> tuple[_Piece, int]:
        """Read the entry that the buffer begins with; tell where in the buffer to go on."""
        searched = 1
        while True:
            end = self._entry_end.search(self._buffer, searched)
            if end and end["end"]:
                return _Piece(self._buffer[: end.end()]), end.end()
            if end:
                problem = "The entry has no end: the next one begins inside it."
                return _Piece(self._buffer[: end.start()], problem), end.start()
            searched = max(1, len(self._buffer) - 200)
            if len(self._buffer) > _MAX_ENTRY:
                problem = f"The entry is longer than {_MAX_ENTRY:,} bytes."
                return _Piece(self._buffer[:RAW_LENGTH], problem), len(self._buffer)
            if not self._read_more():
                problem = "The file ends in the middle of this entry."
                # What is left is reported now, so the feed's own missing end need not be.
                piece = _Piece(self._buffer, problem)
                self._buffer = self._end_tag
                return piece, 0


def _describe(error: etree.XMLSyntaxError) -> str:
    """Give the parser's words without its line and column, which count from the start of the entry."""
    words = re.sub(r",? ?\(?(?:<string>, )?line [0-9]+(?:, column [0-9]+)?\)?", "", error.msg or "")
    return words.strip(" .") or "syntax error"


# --- Reading an entry --------------------------------------------------------------------------------------


def _read_entry(entry: etree._Element, number: int, *, listed: date | None, raw: str) -> Record | Rejection:
    place = f"entry {number}"
    named = clean_line(_text(entry, f"{_ATOM}id"))
    if number == 1 and "/api/errors" in named:
        message = clean_line(_text(entry, f"{_ATOM}summary")) or named.partition("#")[2]
        raise UnreadableInput(f"arXiv answered with an error instead of papers: {message[:500]}.")
    if number == 1 and named.startswith("oai:"):
        raise UnreadableInput("This is an announcement feed of rss.arxiv.org, not an answer of arXiv's API.")
    found = split_arxiv_revision(named)
    if not found:
        return Rejection(place, f"Its id is no arXiv identifier: {named[:200] or 'there is none'}.", raw)
    arxiv_id, revision = found
    dois = _read_dois(entry)
    abstract = mark_paragraphs(_text(entry, f"{_ATOM}summary"))
    comment = _text(entry, f"{_ARXIV}comment")
    published = read_moment(_text(entry, f"{_ATOM}published"))
    primary = [term for found in entry.iterfind(f"{_ARXIV}primary_category") if (term := found.get("term"))]
    return clean_record(
        key=arxiv_id.value,
        title=_text(entry, f"{_ATOM}title"),
        abstract=abstract,
        authors=(_text(author, f"{_ATOM}name") for author in entry.iterfind(f"{_ATOM}author")),
        # A second DOI is of another work (an erratum, another part), so it is a link and no identifier.
        identifiers=[arxiv_id, *dois[:1]],
        published=published.date() if published else None,
        updated=read_moment(_text(entry, f"{_ATOM}updated")),
        revision=revision,
        categories=[*primary, *(found.get("term", "") for found in entry.iterfind(f"{_ATOM}category"))],
        journal=_text(entry, f"{_ARXIV}journal_ref"),
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


def _read_dois(entry: etree._Element) -> list[Identifier]:
    written = " ".join(_text(found) for found in entry.iterfind(f"{_ARXIV}doi"))
    found = (parse_identifier(word, "doi") for word in written.split())
    return [doi for doi in found if doi and doi.scheme == "doi"]


def _text(element: etree._Element, path: str = ".") -> str:
    found = element.find(path)
    return "" if found is None else "".join(found.itertext())

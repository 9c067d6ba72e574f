"""Zotero's RDF export: RDF/XML (https://www.w3.org/TR/rdf-syntax-grammar/) with the vocabularies that Zotero uses.

What they mean is said by the program that writes them, Zotero's own translator
(https://github.com/zotero/translators/blob/master/Zotero%20RDF.js): an item is part of a journal or book, which
stands within it or anywhere in the file, and carries the item's volume, number and DOI.

As an item may refer to what comes later, the file is read twice: first for what others are part of, of which
memory holds a few lines each and no more than `_MAX_KEPT` in all, then for the items.
"""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from tempfile import TemporaryFile
from typing import IO, BinaryIO, Final, cast

from lxml import etree

from papers.identifiers import Identifier
from papers.identifiers import parse as parse_identifier
from papers.importers import html_text, links
from papers.importers.names import join_name
from papers.importers.progress import Progress, Reread
from papers.importers.times import read_date
from papers.importers.xml_records import Words, XmlReader, read_each, read_root
from papers.records import Rank, Record, Rejection, UnreadableInput, clean_line, clean_record

NAME: Final = "zotero-rdf"
TITLE: Final = "Zotero: RDF"

_MAX_KEPT: Final = 20_000_000  # characters of what items are part of; 100,000 journals take less
_MAX_SPOOLED: Final = 1_000_000_000  # bytes; 200,000 items with their attachments take less
_MAX_PARTS: Final = 5  # steps from an item to what it is part of: a section, a journal, a series

_WORDS: Final = Words("Zotero RDF", "file", "item", "items")

_RDF: Final = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_Z: Final = "{http://www.zotero.org/namespaces/export#}"
_BIB: Final = "{http://purl.org/net/biblio#}"
_DC: Final = "{http://purl.org/dc/elements/1.1/}"
_DCTERMS: Final = "{http://purl.org/dc/terms/}"
_PRISM: Final = "{http://prismstandard.org/namespaces/1.2/basic/}"
_FOAF: Final = "{http://xmlns.com/foaf/0.1/}"

_MAX_IDENTIFIER: Final = 2_000  # characters in which one is looked for
_NO_PAPERS: Final = frozenset({"attachment", "note", "annotation"})
_OTHERS: Final = frozenset({f"{_Z}Attachment", f"{_BIB}Memo", f"{_Z}Collection"})
_CHAPTERS: Final = frozenset({"bookSection", "BookSection", "encyclopediaArticle", "dictionaryEntry"})


def sniff(head: bytes) -> bool:
    """Tell whether the beginning of a file, in UTF-8, is RDF with items of Zotero's.

    Its "Bibliontology RDF", which has the same vocabulary declared, says of no item what kind it is.
    """
    root = read_root(head)
    is_zotero = b"http://www.zotero.org/namespaces/export#" in head and b"itemType" in head
    return root is not None and root.tag == f"{_RDF}RDF" and is_zotero


def parse(
    stream: BinaryIO,
    *,
    date: date | None = None,
    today: date | None = None,
    progress: Progress | None = None,
) -> Iterator[Record | Rejection]:
    """Read the items of a library in order.

    `date` becomes the day of the listing. `today` is not used. Attachments, notes and collections are no papers
    and are passed over; so are files on the writer's disk. An item without a title, not well-formed or over the
    bounds of a record is a rejection. Raises UnreadableInput where the input is no RDF.
    """
    with TemporaryFile() as spool:
        wholes = _find_wholes(XmlReader(cast(BinaryIO, _Copying(stream, spool)), None, words=_WORDS))
        if wholes.is_foreign:
            raise UnreadableInput("There are no items in this RDF. Export them from Zotero as “Zotero RDF”.")
        reader = XmlReader(cast(BinaryIO, Reread(spool, progress)), None, words=_WORDS)
        yield from read_each(
            reader, lambda item, place, raw: _read_item(item, wholes, place, listed=date, raw=raw)
        )


class _Copying:
    """A stream that writes what is read of it to a file; it ends where the file has all that it may hold."""

    def __init__(self, stream: BinaryIO, copy: IO[bytes]) -> None:
        self._stream, self._copy = stream, copy
        self._room = _MAX_SPOOLED

    def read(self, size: int) -> bytes:
        data = self._stream.read(min(size, self._room))
        self._room -= len(data)
        self._copy.write(data)
        return data


# --- What items are part of --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Whole:
    """A journal, book or series, or the section of one, as far as what is part of it needs to know."""

    kind: str
    title: str
    volume: str
    number: str
    doi: Identifier | None
    parts_of: tuple[_Whole | str, ...]  # a text is the address of one that stands elsewhere in the file

    @property
    def length(self) -> int:
        """About how much memory it takes."""
        own = len(self.title) + len(self.volume) + len(self.number)
        return own + sum(len(part) if isinstance(part, str) else 500 + part.length for part in self.parts_of)


@dataclass(slots=True)
class _Wholes:
    """What items may be part of, by its address, and how many refer to each."""

    found: dict[str, _Whole]
    uses: Counter[str]
    is_complete: bool = True
    is_foreign: bool = False  # nothing in the file is of a kind that Zotero has


def _find_wholes(reader: XmlReader) -> _Wholes:
    if reader.root.tag != f"{_RDF}RDF":
        raise UnreadableInput(
            f"This is no Zotero RDF: it begins with <{etree.QName(reader.root).localname}>."
        )
    wholes = _Wholes({}, Counter())
    kept = 0
    kinds = set()
    for each in reader:
        element = each.element
        if element is None:
            continue
        is_item = _is_item(element)
        kinds.add(is_item or bool(_value(element, f"{_Z}itemType")) or element.tag in _OTHERS)
        for part in element.iter(f"{_DCTERMS}isPartOf") if is_item else ():
            refers_to = part.get(f"{_RDF}resource")
            if refers_to in wholes.uses:
                wholes.uses[refers_to] += 1
            elif refers_to and kept + 100 + len(refers_to) > _MAX_KEPT:
                wholes.is_complete = False
            elif refers_to:
                kept += 100 + len(refers_to)
                wholes.uses[refers_to] = 1
        named = element.get(f"{_RDF}about", "")
        if named and named not in wholes.found and _may_be_whole(element, is_item=is_item):
            whole = _read_whole(element)
            length = 500 + len(named) + whole.length
            if kept + length > _MAX_KEPT:
                wholes.is_complete = False
            else:
                kept += length
                wholes.found[named] = whole
    wholes.is_foreign = kinds == {False}
    return wholes


def _may_be_whole(element: etree._Element, *, is_item: bool) -> bool:
    if is_item:
        return bool(element.tag == f"{_BIB}Book")
    return element.tag not in _OTHERS and _value(element, f"{_Z}itemType") not in _NO_PAPERS


def _read_whole(element: etree._Element) -> _Whole:
    return _Whole(
        kind=etree.QName(element).localname,
        title=_title(element, f"{_DC}title") or _title(element, f"{_DCTERMS}alternative"),
        volume=_value(element, f"{_PRISM}volume"),
        number=_value(element, f"{_PRISM}number"),
        doi=_find_identifier(element, "doi"),
        parts_of=_read_parts_of(element),
    )


def _read_parts_of(element: etree._Element) -> tuple[_Whole | str, ...]:
    parts: list[_Whole | str] = []
    for part in element.iterfind(f"{_DCTERMS}isPartOf"):
        if refers_to := part.get(f"{_RDF}resource"):
            parts.append(refers_to)
        parts += map(_read_whole, part)
    return tuple(parts)


def _follow(item: etree._Element, wholes: _Wholes) -> list[_Whole]:
    """Give what an item is part of, from the nearest on. Raises KeyError where that was too much to keep."""
    found: list[_Whole] = []
    waiting = deque(_read_parts_of(item))
    while waiting and len(found) < _MAX_PARTS:
        part = waiting.popleft()
        if isinstance(part, str):
            whole = wholes.found.get(part)
            if not wholes.is_complete and (whole is None or part not in wholes.uses):
                raise KeyError(part)
            if whole is None:
                continue  # the file does not describe it
            # A DOI is the item's own, unless several items refer to it.
            part = whole if wholes.uses[part] == 1 else replace(whole, doi=None)
        found.append(part)
        waiting += part.parts_of
    return found


# --- Reading an item ---------------------------------------------------------------------------------------

# Classes of items, where another program left out what Zotero calls them. A book may be what others are part of.
_ITEMS: Final = frozenset({"Article", "BookSection", "Thesis", "Report", "Manuscript", "Patent"})
# Who made what has no authors. People that Zotero names besides (translators, editors of a series, authors of
# a book that is reviewed) did not.
_CREATORS: Final = tuple(
    f"{namespace}{role}"
    for role in (
        *("authors", "presenters", "inventors", "programmers", "directors", "artists", "composers"),
        *("performers", "podcasters", "cartographers", "interviewees", "editors", "contributors"),
    )
    for namespace in (_BIB, _Z)
)


def _is_item(element: etree._Element) -> bool:
    kind = _value(element, f"{_Z}itemType")
    return kind not in _NO_PAPERS if kind else element.tag in [f"{_BIB}{name}" for name in _ITEMS]


def _read_item(
    item: etree._Element, wholes: _Wholes, place: str, *, listed: date | None, raw: str
) -> Record | Rejection | None:
    if not _is_item(item):
        return None
    try:
        parts = _follow(item, wholes)
    except KeyError as error:
        reason = (
            f"What it is part of ({error.args[0]}) was not kept: the file is too large. Export it in parts."
        )
        return Rejection(place, reason, raw)
    kind = _value(item, f"{_Z}itemType") or etree.QName(item).localname
    series = next((part for part in parts if part.kind == "Series"), None)
    whole = next((part for part in parts if part.kind not in ("Series", "Part")), None)
    extra = read_extra(_value(item, f"{_DC}description", is_text=True))
    # Where Zotero has no field for it, an arXiv identifier is written as the journal or the number.
    number = _value(item, f"{_PRISM}number") or (whole.number if whole else "")
    journal = (whole.title if whole else "") or _read_conference(item) or (series.title if series else "")
    arxiv_id = next(
        (
            found
            for text in (number, journal, _value(item, f"{_DC}coverage"), extra.get("arxiv", ""))
            if text[:6].lower() == "arxiv:" and (found := parse_identifier(text, "arxiv"))
        ),
        None,
    )
    doi = _find_identifier(item, "doi") or (whole.doi if whole else None) or parse_identifier(
        extra.get("doi", ""), "doi"
    )  # fmt: skip
    published = read_date(_value(item, f"{_DC}date") or _value(item, f"{_DCTERMS}issued"))
    urls = _read_urls(item)
    identifiers = [
        doi,
        arxiv_id,
        parse_identifier(extra.get("pmid", ""), "pmid"),
        parse_identifier(extra.get("pmcid", ""), "pmcid"),
        # Of a chapter it is the book's.
        _find_identifier(item, "isbn") if kind in ("book", "Book") else None,
    ]
    return clean_record(
        title=_title(item, f"{_DC}title") or _title(item, f"{_Z}displayTitle"),
        abstract=html_text.to_text(_value(item, f"{_DCTERMS}abstract", is_text=True), paragraphs=True),
        authors=_read_authors(item),
        identifiers=[*identifiers, *links.find_identifiers(urls, identifiers, is_part=kind in _CHAPTERS)],
        published=published,
        journal="" if journal[:6].lower() == "arxiv:" else journal,
        volume=_value(item, f"{_PRISM}volume") or (whole.volume if whole else ""),
        issue="" if number[:6].lower() == "arxiv:" else number,
        pages=_value(item, f"{_BIB}pages"),
        urls=[
            *map(links.describe, urls),
            *links.address_dois([doi]),
        ],
        rank=Rank.FILE,
        place=place,
        listed=listed,
        raw=raw,
    )


def _value(element: etree._Element, name: str, *, is_text: bool = False) -> str:
    """Give the text of a property, which RDF may also write as an attribute; on one line, unless `is_text`."""
    found = element.find(name)
    text = "".join(found.itertext()) if found is not None else element.get(name, "")
    return text if is_text else clean_line(text)


def _title(element: etree._Element, name: str) -> str:
    # Zotero keeps italics and the like as tags in the text.
    return html_text.to_text(_value(element, name))


def _find_identifier(element: etree._Element, scheme: str) -> Identifier | None:
    """Find the first identifier of a scheme: "DOI 10.1000/x", "ISBN 978…" with others after it."""
    for found in element.iterfind(f"{_DC}identifier"):
        prefix, _, rest = clean_line("".join(found.itertext())).partition(" ")
        if prefix.lower().rstrip(":") == scheme:
            rest = rest[:_MAX_IDENTIFIER]
            words = (parse_identifier(word, scheme) for word in (rest, *rest.split()))
            if identifier := next((word for word in words if word), None):
                return identifier
    return None


_EXTRA: Final = re.compile(r"^[ \t]*(?P<name>PMID|PMCID|DOI|arXiv)[ \t]*:[ \t]*(?P<value>\S.*)$", re.I | re.M)


def read_extra(text: str) -> dict[str, str]:
    """Read what the field "Extra" says of identifiers, a line each: "PMID: 123"."""
    found: dict[str, str] = {}
    for line in _EXTRA.finditer(text[:10_000]):
        name, value = line["name"].lower(), line["value"].strip()
        found.setdefault(name, f"arXiv:{value.split()[0]}" if name == "arxiv" else value)
    return found


def _read_conference(item: etree._Element) -> str:
    found = item.find(f"{_BIB}presentedAt/{_BIB}Conference")
    return "" if found is None else _title(found, f"{_DC}title")


def _read_authors(item: etree._Element) -> list[str]:
    """Give the names of the authors; where there are none, of who else made it: inventors, editors."""
    for role in _CREATORS:
        people = (person for creators in item.iterfind(role) for person in creators.iter(f"{_FOAF}Person"))
        if names := [name for person in people if (name := _read_name(person))]:
            return names
    return []


def _read_name(person: etree._Element) -> str:
    given = _value(person, f"{_FOAF}givenName") or _value(person, f"{_FOAF}givenname")  # as Zotero 2 wrote
    return join_name(given=given, family=_value(person, f"{_FOAF}surname")) or _value(person, f"{_FOAF}name")


def _read_urls(item: etree._Element) -> list[str]:
    path = f"{_DC}identifier/{_DCTERMS}URI/{_RDF}value"
    return [clean_line("".join(found.itertext())) for found in item.iterfind(path)]

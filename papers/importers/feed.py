"""Feeds of journals, publishers and blogs: RSS 0.9 to 2.0 and Atom 0.3 and 1.0.

RSS 2.0 (https://www.rssboard.org/rss-specification) and its forerunners, RSS 1.0 (https://web.resource.org/rss/1.0/spec),
Atom (RFC 4287). Publishers say what is particular to articles by PRISM
(https://www.w3.org/submissions/2020/SUBM-prism-20200910/prism-basic.html) and Dublin Core. Namespaces that were given
several addresses over the years count as one; others are passed over, with all they hold.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from functools import partial
from typing import BinaryIO, Final
from urllib.parse import parse_qs, unquote, urlsplit

from lxml import etree

from papers.identifiers import Identifier, split_arxiv_revision
from papers.identifiers import parse as parse_identifier
from papers.importers import html_text
from papers.importers.arxiv_text import split_authors
from papers.importers.links import address_dois
from papers.importers.names import turn_name
from papers.importers.times import day_of, make_date, read_date, read_moment
from papers.importers.xml_records import Found, Words, XmlReader, read_each, read_root, text_of
from papers.records import (
    MAX_KEY,
    MAX_NAME,
    PartialDate,
    Rank,
    Record,
    Rejection,
    UnreadableInput,
    clean_address,
    clean_line,
    clean_record,
)

NAME: Final = "feed"
TITLE: Final = "RSS or Atom feed of a journal or blog"

_WORDS: Final = Words("feed", "feed", "entry", "entries")
_ROOTS: Final = ("rss", "RDF", "feed", "entry")

_FEEDS: Final = (
    "http://purl.org/rss/1.0/",
    "http://my.netscape.com/rdf/simple/0.9/",
    "http://channel.netscape.com/rdf/simple/0.9/",
    "http://backend.userland.com/rss",
    "http://backend.userland.com/rss2",
    "http://backend.userland.com/RSS2",
    "http://blogs.law.harvard.edu/tech/rss",
    "http://www.w3.org/2005/Atom",
    "http://purl.org/atom/ns#",
)
_OTHERS: Final = {
    "http://purl.org/dc/elements/1.0/": "dc",
    "http://purl.org/dc/elements/1.1/": "dc",
    "http://purl.org/dc/terms/": "dc",
    "http://purl.org/rss/1.0/modules/content/": "content",
    "http://rssnamespace.org/feedburner/ext/1.0": "feedburner",
}
_PRISM: Final = re.compile(r"https?://(?:www\.)?(?:prismstandard\.org|purl\.org/prism)/")
_RDF_ABOUT: Final = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}about"

_MAX_FEED_AUTHORS: Final = 100
_MAX_EXCERPT: Final = 20_000  # characters; what is longer is no abstract but a whole post


def sniff(head: bytes) -> bool:
    """Tell whether the beginning of a file, in UTF-8, is a feed, or one entry of one."""
    root = read_root(head)
    if root is None:
        return False
    name = etree.QName(root)
    match name.localname:
        case "rss":
            return True
        case "RDF":
            return any(namespace in _FEEDS for namespace in root.nsmap.values())
        case "feed" | "entry":
            return name.namespace in _FEEDS
        case _:
            return False


def parse(
    stream: BinaryIO, *, date: date | None = None, today: date | None = None
) -> Iterator[Record | Rejection]:
    """Read the entries of a feed in order; a feed without any is fine.

    `date` becomes the day of the listing: an entry says when it was published, which may be weeks before it is
    seen. `today` is not used.

    What has no title, is not well-formed or over the bounds of a record is a rejection, and so is what is
    missing where the file ends early. Raises UnreadableInput where the input is no feed.
    """
    feed = XmlReader(stream, ["item", "entry"], others=["author"], words=_WORDS)
    root = etree.QName(feed.root).localname
    if root not in _ROOTS:
        raise UnreadableInput(f"This is no feed: it begins with <{root}>.")
    authors: list[str] = []

    def note_author(found: Found) -> None:
        """Keep who wrote all entries that do not say who wrote them (RFC 4287, 4.2.1)."""
        if found.element is not None and found.parents == ("feed",) and len(authors) < _MAX_FEED_AUTHORS:
            authors.append(_read_author(found.element))

    return read_each(feed, partial(_read_entry, authors=authors, listed=date), read_other=note_author)


class _Entry:
    """The elements of an entry by names such as "title", "dc:creator" and "prism:doi"."""

    def __init__(self, element: etree._Element) -> None:
        self._elements: dict[str, list[etree._Element]] = defaultdict(list)
        for child in element:
            name = etree.QName(child)
            prefix = _find_prefix(name.namespace or "")
            if prefix is not None:
                self._elements[prefix + name.localname].append(child)

    def elements(self, *names: str) -> list[etree._Element]:
        return [element for name in names for element in self._elements.get(name, ())]

    def lines(self, *names: str) -> list[str]:
        """Give the texts of elements of these names, in the order of the names; empty ones are left out."""
        lines = (clean_line("".join(element.itertext())) for element in self.elements(*names))
        return [line for line in lines if line]

    def line(self, *names: str) -> str:
        return next(iter(self.lines(*names)), "")


def _find_prefix(namespace: str) -> str | None:
    if not namespace or namespace in _FEEDS:
        return ""
    if _PRISM.match(namespace):
        return "prism:"
    prefix = _OTHERS.get(namespace)
    return prefix and f"{prefix}:"


def _read_entry(
    element: etree._Element, place: str, raw: str, *, authors: list[str], listed: date | None
) -> Record | Rejection:
    entry = _Entry(element)
    titles = entry.elements("title") or entry.elements("dc:title")
    title, revision = _take_out_arxiv_id(_read_text(titles[0]) if titles else "")
    links = _read_links(entry)
    named = entry.line("guid", "id") or element.get(_RDF_ABOUT, "") or next(iter(links), "")
    identifiers = _read_identifiers(entry, [named, *links])
    texts = [
        _read_text(text, paragraphs=True)
        for text in entry.elements("summary", "description", "dc:description")
    ]
    texts += [_read_text(text, paragraphs=True) for text in entry.elements("content", "content:encoded")]
    texts = [text for text in texts if text]
    # Publishers tell in the one how it may be cited and in the other what it is about; blogs begin in the one
    # what the other has whole.
    is_article = any(identifier.scheme != "arxiv" for identifier in identifiers)
    abstract = max(texts, key=len) if texts and is_article else next(iter(texts), "")
    cited = _CITED.match(" ".join(abstract.split()))
    if cited:
        abstract = ""
    published = _read_published(entry)
    updated = read_moment(entry.line("updated", "modified", "dc:modified"))
    return clean_record(
        key=named if len(named) <= MAX_KEY else "",
        title=title,
        abstract=_shorten(abstract),
        authors=_read_authors(entry) or (split_authors(cited["authors"]) if cited else authors),
        identifiers=identifiers,
        published=published or day_of(updated),
        updated=updated,
        revision=revision,
        categories=[
            *(found.get("term") or _read_text(found) for found in entry.elements("category")),
            *entry.lines("dc:subject", "prism:keyword"),
        ],
        journal=_read_journal(entry) or (cited["journal"] if cited else ""),
        volume=entry.line("prism:volume") or (cited["volume"] or "" if cited else ""),
        issue=entry.line("prism:number", "prism:issueIdentifier"),
        pages=_read_pages(entry),
        urls=[
            *(("page", link) for link in links[:1]),
            *(("pdf", link) for link in _read_pdfs(entry)),
            *address_dois(identifiers),
        ],
        rank=Rank.AGGREGATOR,
        place=place,
        listed=listed,
        raw=raw,
    )


# --- Texts -------------------------------------------------------------------------------------------------

# What Elsevier gives instead of an abstract.
_CITED: Final = re.compile(
    r"Publication date: .{0,100}?Source: (?P<journal>.{1,300}?)"
    r"(?:, Volume (?P<volume>[\w–-]{1,20}))?(?:, [^:]{0,100})? Author\(s\): (?P<authors>.*)"
)
# What arXiv's feeds had behind each title until 2024.
_ARXIV_ID: Final = re.compile(r"\s*\((?P<id>arXiv:\S{1,40}) \[[\w.-]{1,20}\](?: [A-Z]{1,20})?\)\s*$")


def _read_text(element: etree._Element, *, paragraphs: bool = False) -> str:
    """Read a text, which is HTML but where Atom says that it is plain; XHTML stands in it as elements."""
    kind = element.get("type", "html")
    if len(element):
        inner = "".join(etree.tostring(child, encoding="unicode") for child in element)
        return html_text.to_text((element.text or "") + inner, paragraphs=paragraphs)
    text = element.text or ""
    return text if kind in ("text", "text/plain") else html_text.to_text(text, paragraphs=paragraphs)


def _take_out_arxiv_id(title: str) -> tuple[str, int | None]:
    found = _ARXIV_ID.search(title[-200:])
    split = split_arxiv_revision(found["id"]) if found else None
    if not found or not split:
        return title, None
    return title[: len(title) - len(found[0])], split[1]


def _shorten(text: str) -> str:
    """Keep of a whole post the paragraphs with which it begins."""
    while (
        len(text) > _MAX_EXCERPT
        and (end := text.rfind("\n\n", 0, max(_MAX_EXCERPT, text.find("\n\n") + 2))) > 0
    ):
        text = text[:end]
    return text


# --- Names -------------------------------------------------------------------------------------------------

_MAIL: Final = re.compile(r"<?\S{1,200}@\S{1,200}>?")


def _read_authors(entry: _Entry) -> list[str]:
    written = [html_text.to_text(name) for name in entry.lines("dc:creator")]
    written = written or [_read_author(author) for author in entry.elements("author")]
    written = [name.removeprefix("By ").removeprefix("by ") for name in written]
    if len(written) == 1:
        return _split_names(written[0])
    return [turn_name(name) for name in written]


def _read_author(author: etree._Element) -> str:
    name = html_text.to_text(text_of(author, "{*}name") or (author.text or ""))
    if len(name) > 2 * MAX_NAME:
        return name
    # An address that mail is sent to stands before the name in brackets (RSS 2.0), or alone.
    return _MAIL.sub("", name).strip().removeprefix("(").removesuffix(")") if "@" in name else name


def _split_names(written: str) -> list[str]:
    """Split what one element says of all authors; "Regen, Jeroen" is one, "Li Wei, Jo Ng" are two."""
    if ";" in written:
        return [turn_name(name) for name in written.split(";")]
    parts = written.split(",")
    if len(parts) == 2 and min(len(part.split()) for part in parts) == 1:
        return [turn_name(written)]
    return split_authors(written)


# --- Identifiers and addresses -----------------------------------------------------------------------------

_DOI_IN_PATH: Final = re.compile(
    r"/(?:doi(?:/(?:abs|full|pdf|epdf|abstract|book))?|abstract|article|articles|chapter|content(?:/early)?)/"
    r"(?P<doi>10\.[0-9]{4,9}/[^/]{1,200}?)(?:\.(?:full|abstract|short))?(?:/(?:full|abstract|pdf|meta))?/?\Z",
    re.ASCII,
)
_REVISION: Final = re.compile(r"(?<=[0-9])v[0-9]{1,3}\Z")


def _read_identifiers(entry: _Entry, addresses: list[str]) -> list[Identifier]:
    """Give what names the work; a second DOI is of another one, or of the same under another name."""
    found = [parse_identifier(text, "doi") for text in entry.lines("prism:doi")]
    found += [parse_identifier(text) for text in entry.lines("dc:identifier", "prism:url")]
    found += [parse_identifier(text) or _read_doi_in(text) for text in addresses]
    names = dict.fromkeys(identifier for identifier in found if identifier and identifier.scheme != "isbn")
    dois = [identifier for identifier in names if identifier.scheme == "doi"]
    return [identifier for identifier in names if identifier not in dois[1:]]


def _read_doi_in(link: str) -> Identifier | None:
    """Read the DOI that a publisher's address of an article ends in: https://example.org/doi/abs/10.1000/x?af=R."""
    if not clean_address(link):
        return None
    parts = urlsplit(link)
    if parts.hostname == "journals.plos.org":
        return parse_identifier(parse_qs(parts.query).get("id", [""])[0], "doi")
    if parts.hostname == "www.nature.com" and (
        article := re.fullmatch(r"/articles/([\w-]{5,60})", parts.path)
    ):
        return parse_identifier(f"10.1038/{article[1]}", "doi")
    found = _DOI_IN_PATH.search(unquote(parts.path))
    if not found:
        return None
    is_preprint = parts.hostname in ("www.biorxiv.org", "www.medrxiv.org")
    return parse_identifier(_REVISION.sub("", found["doi"]) if is_preprint else found["doi"], "doi")


def _read_links(entry: _Entry) -> list[str]:
    links = entry.lines("feedburner:origLink")
    for link in entry.elements("link"):
        if link.get("rel", "alternate") == "alternate":
            links.append(link.get("href") or link.text or "")
    for guid in entry.elements("guid"):
        if guid.get("isPermaLink", "true") == "true":
            links.append(guid.text or "")
    return list(filter(None, (clean_address(link) for link in [*links, *entry.lines("prism:url")])))


def _read_pdfs(entry: _Entry) -> list[str]:
    files = [
        file.get("url", "") for file in entry.elements("enclosure") if file.get("type") == "application/pdf"
    ]
    return files + [
        link.get("href", "") for link in entry.elements("link") if link.get("type") == "application/pdf"
    ]


# --- Where and when it was published -----------------------------------------------------------------------


def _read_published(entry: _Entry) -> PartialDate | None:
    for written in entry.lines("prism:publicationDate", "prism:coverDate", "dc:date", "dc:issued"):
        if day := read_date(written):
            return day
    for written in entry.lines("published", "issued", "pubDate", "created", "dc:created"):
        if moment := read_moment(written):
            return make_date(moment.year, moment.month, moment.day)
        if day := read_date(written):
            return day
    return None


def _read_journal(entry: _Entry) -> str:
    if name := entry.line("prism:publicationName"):
        return html_text.to_text(name)
    for source in entry.elements("source", "dc:source"):
        name = clean_line(text_of(source, "{*}title") or (source.text or ""))
        if name and not clean_address(name) and not parse_identifier(name):
            return html_text.to_text(name)
    return ""


def _read_pages(entry: _Entry) -> str:
    if pages := entry.line("prism:pageRange"):
        return pages
    return "-".join(dict.fromkeys(entry.lines("prism:startingPage", "prism:endingPage")))

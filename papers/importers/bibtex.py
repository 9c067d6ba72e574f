"""BibTeX and biblatex, what people who write LaTeX keep their references in.

What fields and types mean: Oren Patashnik, "BibTeXing" (https://ctan.org/pkg/bibtex, btxdoc), and the manual of
biblatex (https://ctan.org/pkg/biblatex), sections 2.1 "Entry Types", 2.2 "Entry Fields", 2.4.1 "Cross-references"
and appendix B "Default Inheritance Setup"; and the habits of JabRef, BibDesk, Mendeley, Zotero, DBLP, Google
Scholar and INSPIRE. The syntax is in `bibtex_entries`, its decisions in docs/decisions/0010-bibtex.md.
"""

from __future__ import annotations

import codecs
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from itertools import chain, islice
from typing import BinaryIO, Final

from papers.identifiers import Identifier, split_arxiv_revision
from papers.identifiers import parse as parse_identifier
from papers.importers.bibtex_entries import Entry, Fault, read_entries
from papers.importers.latex import to_address, to_text
from papers.importers.library_fields import find_isbn
from papers.importers.links import address_dois, describe, find_identifiers
from papers.importers.names import join_name
from papers.importers.progress import Progress, Reread
from papers.importers.text import CHUNK, TextReader, join_line_ends
from papers.importers.times import make_date, read_date
from papers.records import (
    PartialDate,
    Precision,
    Rank,
    Record,
    Rejection,
    UnreadableInput,
    clean_line,
    clean_record,
)

NAME: Final = "bibtex"
TITLE: Final = "BibTeX and BibLaTeX, of JabRef, Zotero, Mendeley, BibDesk and others"

_FIRST: Final = re.compile(
    rb"^[ \t]*@[ \t]*(?:(?:string|preamble|comment)\s{0,100}[{(]"
    rb"|[A-Za-z_]{1,40}\s{0,100}[{(]\s{0,100}[^\s,{}()=\"]{0,300}[ \t]{0,100},"
    rb"\s{0,200}(?:[\w+.:/-]{1,100}\s{0,100}=|[})]|\Z)"
    # Without a key only what is nothing but a type of entry; Java's annotations look like others.
    rb"|(?:article|book|booklet|conference|inbook|incollection|inproceedings|manual|mastersthesis|misc|online"
    rb"|phdthesis|proceedings|report|techreport|thesis|unpublished)\s{0,100}[{(]\s{0,100}[\w-]{1,100}\s{0,100}=)",
    re.MULTILINE | re.IGNORECASE,
)
# Of the head comment that fills the whole beginning of some files.
_HEADER: Final = re.compile(rb"\s*%[^\n]*(?:\n\s*%[^\n]*){0,30}?bib(?:la)?tex", re.IGNORECASE)

# Works that are whole, of which an ISBN names the work.
_BOOKS: Final = frozenset(
    kind + whole for kind in ("", "mv") for whole in ("book", "collection", "proceedings", "reference")
)
# Works that stand in another, whose editors are not theirs.
_PARTS: Final = frozenset(
    [
        *("inbook", "bookinbook", "suppbook", "incollection", "suppcollection", "inreference"),
        *("inproceedings", "conference", "book_section", "encyclopedia_article"),
    ]
)
_ARTICLES: Final = frozenset(("article", "suppperiodical", "review", "magazine_article", "newspaper_article"))
_NO_WORKS: Final = frozenset(("xdata", "set"))  # hold fields, or group entries


def sniff(head: bytes) -> bool:
    """Tell whether the beginning of a file, in UTF-8, is BibTeX: an entry or another command begins a line."""
    return bool(_FIRST.search(head) or _HEADER.match(head))


def parse(
    stream: BinaryIO,
    *,
    date: date | None = None,
    today: date | None = None,
    progress: Progress | None = None,
) -> Iterator[Record | Rejection]:
    """Read the entries of a file in order; `date` is the listing they are to stand in. `today` is not used.

    What an entry does not say it takes from those it refers to (`crossref`, `xdata`), wherever in the file they
    stand; never their title, identifiers or addresses. So the input is read to its end before the first
    record comes, into a temporary file. Entries that are referred to and missing are listed in one rejection at the
    end; those that refer to them come in if they have a title. Citation keys identify nothing: they may be empty, and
    repeated.

    What is no BibTeX, has no title or is over the bounds of a record is a rejection with its line and key. Raises
    UnreadableInput where there is no entry at all.
    """
    with tempfile.TemporaryFile() as spool:
        text = _Spooled(stream, spool)
        parents = _Parents(text.wanted)
        if text.wanted:
            parents.collect(read_entries(text.again(progress)))
        found = None
        for found in read_entries(chain(text.again(progress), text.rest)):
            place = f"line {found.line}" + (f", {clean_line(found.key)}" if clean_line(found.key) else "")
            if isinstance(found, Fault):
                yield Rejection(place, found.reason, found.raw)
            elif found.type not in _NO_WORKS:
                yield _read_entry(found, place, parents.complete(found), date)
        if found is None:
            raise UnreadableInput("There is no entry in it: in BibTeX each begins with “@” and its type.")
        yield from parents.report()


# --- Entries that others refer to --------------------------------------------------------------------------

_MAX_SPOOLED: Final = 1_000_000_000  # characters; of what comes after, only parents before that are known
_MAX_WANTED: Final = 100_000  # entries
_MAX_PARENTS: Final = 20_000_000  # characters
_MAX_DATA: Final = 100  # pieces of data that one entry is made of
_MAX_DEPTH: Final = 10  # from a part to its volume to its series; three in practice
_REFERENCE: Final = re.compile(
    r"\b(?:crossref|xdata)[ \t\n]{0,100}=[ \t\n]{0,100}[{\"]?(?P<keys>[^{}\"\n]{1,1000})", re.IGNORECASE
)
_OVERLAP: Final = 2_000


class _Spooled:
    """A text that was read once, to be read again, and the keys that entries of it refer to."""

    def __init__(self, stream: BinaryIO, spool: BinaryIO) -> None:
        self.wanted: set[str] = set()  # in lower case
        self._spool = spool
        pieces = _gather(join_line_ends(TextReader(stream)))
        self.rest: Iterable[str] = pieces
        size = 0
        last = ""
        for piece in pieces:
            spool.write(piece.encode("utf-8", errors="surrogatepass"))
            # A reference may lie across two pieces, and is then found in both of them together.
            for found in _REFERENCE.finditer(last + piece):
                for key in _split_keys(found["keys"]):
                    if len(self.wanted) < _MAX_WANTED:
                        self.wanted.add(key.lower())
            last = (last + piece)[-_OVERLAP:]
            size += len(piece)
            if size > _MAX_SPOOLED:
                break

    def again(self, progress: Progress | None) -> Iterator[str]:
        """Give the text that was spooled, from its beginning."""
        copy = Reread(self._spool, progress)
        decoder = codecs.getincrementaldecoder("utf-8")(errors="surrogatepass")
        while chunk := copy.read(CHUNK):
            yield decoder.decode(chunk)


def _gather(pieces: Iterable[str]) -> Iterator[str]:
    """Join pieces to some that are worth the search in them."""
    waiting: list[str] = []
    size = 0
    for piece in pieces:
        waiting.append(piece)
        size += len(piece)
        if size >= CHUNK:
            yield "".join(waiting)
            waiting, size = [], 0
    yield "".join(waiting)


class _Parents:
    """The entries that others refer to, of which each gives what it has and they lack."""

    def __init__(self, wanted: Iterable[str]) -> None:
        self._wanted = frozenset(wanted)
        self._entries: dict[str, Entry] = {}
        self._size = 0
        self._left_out: dict[str, None] = {}  # keys of entries that are there, but beyond what is kept
        self._missing: dict[
            str, tuple[str, int]
        ] = {}  # by key: as written, the line of the first that refers to it

    def collect(self, entries: Iterable[Entry | Fault]) -> None:
        for entry in entries:
            key = entry.key.lower()
            if key not in self._wanted or isinstance(entry, Fault) or key in self._entries:
                continue
            fields = {
                name: value
                for name, value in entry.fields.items()
                if entry.type == "xdata" or name in _INHERITED or name in _REFERENCES
            }
            size = sum(map(len, fields.values()))
            if self._size + size > _MAX_PARENTS:
                self._left_out[entry.key] = None
                continue
            self._size += size
            self._entries[key] = Entry(entry.type, entry.key, fields, entry.line, "")

    def complete(self, entry: Entry) -> Mapping[str, str]:
        """Give the fields of an entry with those it takes from others; a circle of references is cut."""
        if not entry.fields.keys() & _REFERENCES:
            return entry.fields
        fields = dict(entry.fields)
        child, seen = entry, {entry.key.lower()}
        for _ in range(_MAX_DEPTH):
            fields = self._take_data(child, seen, entry.line) | fields
            key = child.fields.get("crossref", "").strip()
            parent = self._find(key, entry.line) if key else None
            if parent is None or key.lower() in seen:
                break
            seen.add(key.lower())
            whole = dict(self._take_data(parent, set(seen), entry.line)) | dict(parent.fields)
            fields = _inherit(child.type, parent.type, whole) | fields
            child = parent
        return fields

    def _take_data(self, entry: Entry, seen: set[str], line: int) -> dict[str, str]:
        """Give the fields of the data that an entry is made of, which may be made of other data."""
        fields: dict[str, str] = {}
        waiting = _split_keys(entry.fields.get("xdata", ""))
        for key in waiting:  # grows while it is walked
            if key.lower() not in seen and len(seen) < _MAX_DATA and (found := self._find(key, line)):
                seen.add(key.lower())
                fields = found.fields | fields
                waiting += _split_keys(found.fields.get("xdata", ""))
        return fields

    def _find(self, written: str, line: int) -> Entry | None:
        key = written.lower()
        found = self._entries.get(key)
        if found is None and len(self._missing) < _MAX_WANTED:
            self._missing.setdefault(key, (written, line))
        return found

    def report(self) -> Iterator[Rejection]:
        """Give one rejection of all entries that were not found, and one of those beyond what is kept."""
        left_out = {key.lower() for key in self._left_out}
        missing = [
            f"{clean_line(written)} (line {line})"
            for key, (written, line) in self._missing.items()
            if key not in left_out
        ]
        for keys, what in (
            (missing, "are not in the file"),
            (
                list(self._left_out),
                f"are beyond the {_MAX_PARENTS:,} characters that are kept of such entries",
            ),
        ):
            if keys:
                more = f" and {len(keys) - 10:,} more" if len(keys) > 10 else ""
                reason = (
                    f"Some entries that others refer to {what}, so book titles, years or volumes may be missing: "
                    f"{', '.join(key[:50] for key in keys[:10])}{more}."
                )
                yield Rejection("crossref", reason, ", ".join(islice(keys, 200)))


_REFERENCES: Final = frozenset({"crossref", "xdata"})
# By what a parent calls them; a title becomes that of the book, volume or journal that the child stands in.
_INHERITED: Final = frozenset(
    [
        *("title", "subtitle", "booktitle", "booksubtitle", "maintitle", "series", "author", "editor"),
        *("journal", "journaltitle", "journalsubtitle", "volume", "number", "issue"),
        *("year", "month", "day", "date"),
    ]
)


def _inherit(child: str, parent: str, whole: Mapping[str, str]) -> dict[str, str]:
    """Give what an entry of the type `child` takes of its parent's fields, under the names it has for them."""
    fields = {name: value for name, value in whole.items() if name in _INHERITED}
    title, subtitle = fields.pop("title", None), fields.pop("subtitle", None)
    if parent == "periodical" or child in _ARTICLES:
        names = ("journaltitle", "journalsubtitle")
    else:
        names = ("maintitle", "mainsubtitle") if child in _BOOKS else ("booktitle", "booksubtitle")
    # BibTeX has parents repeat their title as book title; that of the parent itself is as good.
    if title is not None and not (child in _PARTS and "booktitle" in fields):
        fields[names[0]] = title
        if subtitle is not None:
            fields[names[1]] = subtitle
    return fields


def _split_keys(text: str) -> list[str]:
    return [key for part in text.split(",") if (key := part.strip())]


# --- From the fields of an entry to a record ---------------------------------------------------------------


def _read_entry(
    entry: Entry, place: str, fields: Mapping[str, str], listed: date | None
) -> Record | Rejection:
    journal, volume, issue = _read_journal(entry.type, fields)
    pages = _read_pages(fields)
    published = _read_published(fields)
    identifiers, revision = _read_identifiers(entry.type, fields)
    urls = _read_urls(fields)
    identifiers += find_identifiers(urls, identifiers, is_part=entry.type in _PARTS)
    title = _join_titles(fields.get("title", ""), fields.get("subtitle", ""))
    authors = _read_authors(entry.type, fields)
    if not title and authors and journal and volume and pages:
        # An article that is printed without a title is found by its place; brackets are how cataloguers supply one.
        title = f"[{journal} {volume}{f'({issue})' if issue else ''}, {pages}]"
    if not title and "crossref" in fields:
        reason = f"There is no title; that of {clean_line(fields['crossref'])!r}, which it refers to, is another's."
        return Rejection(place, reason, entry.raw)
    return clean_record(
        title=title,
        abstract=to_text(fields.get("abstract", "")),
        authors=authors,
        identifiers=identifiers,
        published=published,
        revision=revision,
        categories=[to_text(fields.get("primaryclass") or fields.get("eprintclass") or "")],
        journal=journal,
        volume=volume,
        issue=issue,
        pages=pages,
        urls=[
            *map(describe, urls),
            *address_dois(identifiers),
        ],
        rank=Rank.FILE,
        place=place,
        listed=listed,
        raw=entry.raw,
    )


def _join_titles(title: str, subtitle: str) -> str:
    if not title and not subtitle:
        return ""
    title, subtitle = clean_line(to_text(title)), clean_line(to_text(subtitle))
    if not title or not subtitle:
        return title or subtitle
    return f"{title} {subtitle}" if title[-1] in ".:?!" else f"{title}: {subtitle}"


# How preprints name what they are in: "arXiv preprint arXiv:1412.6980", "arXiv:1412.6980 [cs.LG]", "CoRR".
_PREPRINT: Final = re.compile(
    r"(?:arxiv(?:\s+e-?prints?|\s+preprints?)?[\s,:]*)?arxiv:\s*(?P<id>\S+)(?:\s+\[[\w.-]+\])?|arxiv(?:\.org)?"
    r"|arxiv\s+(?:e-?prints?|preprints?)(?:\s*\[[\w.-]+\])?|corr|computing research repository",
    re.IGNORECASE,
)


def _read_journal(type_: str, fields: Mapping[str, str]) -> tuple[str, str, str]:
    """Give the name of what the work stands in, and the volume and issue of that."""
    names = [("journaltitle", "journalsubtitle"), ("journal", ""), ("booktitle", "booksubtitle")]
    if type_ in _PARTS:
        names = [names[2], names[0], names[1]]
    elif type_ in _BOOKS:
        names = []
    names += [("maintitle", "mainsubtitle"), ("series", ""), ("shortjournal", "")]
    journal = next(
        (text for names_ in names if (text := _join_titles(*(fields.get(name, "") for name in names_)))), ""
    )
    volume = to_text(fields.get("volume", ""))
    issue = to_text(fields.get("number", "") or fields.get("issue", ""))
    if _PREPRINT.fullmatch(journal):
        # A preprint server is no journal; its "volume" abs/1412.6980 is the identifier.
        return "", "", ""
    return journal, volume, "" if _find_arxiv(issue) else issue


def _read_pages(fields: Mapping[str, str]) -> str:
    pages = fields.get("pages", "") or fields.get("eid", "") or fields.get("articleno", "")
    pages = re.sub(r" ?[-–—]+ ?", "-", _to_line(pages))
    first, _, last = pages.partition("-")
    return first if first == last else pages


def _read_published(fields: Mapping[str, str]) -> PartialDate | None:
    if found := read_date(_to_line(fields.get("date", ""))):
        return found
    year = _to_line(fields.get("year", ""))
    month = _to_line(fields.get("month", ""))
    stated = read_date(year)
    if not stated or stated.precision != Precision.YEAR or not month:
        return stated or read_date(f"{month} {year}")
    day = _to_line(fields.get("day", ""))
    if month.isdecimal():
        return make_date(stated.date.year, int(month[:4]), int(day[:4]) if day.isdecimal() else None)
    found = read_date(f"{day} {month} {stated.date.year}")
    return found if found and found.date.year == stated.date.year else stated


def _to_line(latex: str) -> str:
    return clean_line(to_text(latex[:1_000]))


# --- Identifiers and addresses -----------------------------------------------------------------------------


def _read_identifiers(type_: str, fields: Mapping[str, str]) -> tuple[list[Identifier], int | None]:
    """Give what names the work, and the revision of its preprint that is meant."""
    found: list[Identifier] = []
    revision = None
    if arxiv := _read_arxiv(fields):
        found.append(arxiv[0])
        revision = arxiv[1]
    found += [doi for word in _words(fields, "doi") if (doi := parse_identifier(word, "doi"))][:1]
    kind = _eprint_kind(fields)
    pmids = [
        *_words(fields, "pmid"),
        *(_words(fields, "eprint") if kind in ("pubmed", "pmid", "medline") else ()),
    ]
    found += [pmid for word in pmids if (pmid := parse_identifier(word, "pmid"))][:1]
    pmcids = [
        *_words(fields, "pmcid"),
        *_words(fields, "pmc"),
        *(_words(fields, "eprint") if kind == "pmc" else ()),
    ]
    found += [pmcid for word in pmcids if (pmcid := parse_identifier(word, "pmcid"))][:1]
    if type_ in _BOOKS and (isbn := find_isbn(to_text(fields.get("isbn", "")[:1_000]))):
        found.append(isbn)
    return list(dict.fromkeys(found)), revision


def _read_arxiv(fields: Mapping[str, str]) -> tuple[Identifier, int | None] | None:
    if _eprint_kind(fields) in ("", "arxiv"):
        for word in (*_words(fields, "arxivid"), *_words(fields, "arxiv"), *_words(fields, "eprint")):
            if found := split_arxiv_revision(word):
                return found
    for name in (
        "journal",
        "journaltitle",
        "howpublished",
        "number",
        "note",
        "volume",
        "publisher",
        "institution",
    ):
        if (value := fields.get(name, "")) and (found := _find_arxiv(_to_line(value))):
            return found
    return None


def _find_arxiv(text: str) -> tuple[Identifier, int | None] | None:
    """Read a field that says nothing but which preprint is meant."""
    named = _PREPRINT.fullmatch(text)
    if named and named["id"]:
        return split_arxiv_revision(named["id"])
    return split_arxiv_revision(text[4:]) if text[:4].lower() == "abs/" else None


def _eprint_kind(fields: Mapping[str, str]) -> str:
    kind = fields.get("eprinttype") or fields.get("archiveprefix") or fields.get("archive") or ""
    return clean_line(kind).lower().removeprefix("https://").removesuffix(".org")


def _words(fields: Mapping[str, str], name: str) -> list[str]:
    value = fields.get(name)
    return to_address(value[:2_000]).replace(";", " ").split() if value else []


_WEB: Final = re.compile(r"https?://[^\s{}\"<>\\]+(?:\\[_%&#~][^\s{}\"<>\\]*)*", re.IGNORECASE)


def _read_urls(fields: Mapping[str, str]) -> list[str]:
    """Give the addresses; those of local files are left out by `clean_record`."""
    urls = [word for name in ("url", "ee", "link", "pdf") for word in _words(fields, name)]
    for name in ("howpublished", "note") if not urls else ():
        urls += [to_address(found[0]).rstrip(".,;)") for found in _WEB.finditer(fields.get(name, "")[:2_000])]
    return urls


# --- Names -------------------------------------------------------------------------------------------------

_AND: Final = re.compile(r"[{}]|(?:(?<=\s)|\A)and(?=\s|\Z)", re.IGNORECASE)
_COMMA: Final = re.compile(r"[{},]")
_INITIALS: Final = re.compile(r"(?:[^\W\d_]\.?[ -]?){1,4}")
_PART_OF_NAME: Final = re.compile(
    r"\s*(?P<part>family|given|prefix|suffix)\s*=\s*(?P<value>.*)", re.IGNORECASE | re.DOTALL
)


def _read_authors(type_: str, fields: Mapping[str, str]) -> list[str]:
    """Give the authors in reading order; of a work that is no part of another, the editors where it has none."""
    written = fields.get("author", "")
    if not written.strip() and type_ not in _PARTS | _ARTICLES:
        written = fields.get("editor", "")
    names = (name for part in _split(written, _AND) for name in _read_names(part))
    return [name for name in names if name.rstrip(".").lower() not in ("others", "et al", "")]


def _split(text: str, pattern: re.Pattern[str]) -> list[str]:
    """Split at what a pattern finds outside of braces, which it finds as well."""
    parts, depth, start = [], 0, 0
    for found in pattern.finditer(text):
        if found[0] == "{":
            depth += 1
        elif found[0] == "}":
            depth -= 1
        elif depth == 0:
            parts.append(text[start : found.start()])
            start = found.end()
    return [*parts, text[start:]]


def _read_names(written: str) -> Iterator[str]:
    """Give the name that is written "First von Last", "von Last, First", "von Last, Jr, First" or "{Organisation}"."""
    parts = _split(written, _COMMA) if "," in written else [written]
    if len(parts) == 1:
        yield to_text(written).strip()
        return
    if "=" in written and all(
        found := [_PART_OF_NAME.match(part) for part in parts if "useprefix" not in part]
    ):
        said = {
            match["part"].lower(): clean_line(to_text(match["value"])).strip('"') for match in found if match
        }
        if "family" in said or "given" in said:
            yield join_name(
                given=said.get("given", ""),
                particle=said.get("prefix", ""),
                family=said.get("family", ""),
                suffix=said.get("suffix", ""),
            )
            return
    parts = [text for part in parts if (text := to_text(part).strip())]
    match parts:
        case [family, given]:
            yield join_name(family=family, given=given)
        case [family, suffix, given]:
            yield join_name(family=family, given=given, suffix=suffix)
        case _ if len(parts) % 2 == 0 and all(map(_INITIALS.fullmatch, parts[1::2])):
            # "Miller, D., Firby, J.": commas where BibTeX wants "and".
            yield from (
                join_name(family=family, given=given)
                for family, given in zip(parts[::2], parts[1::2], strict=True)
            )
        case _:
            yield ", ".join(parts)

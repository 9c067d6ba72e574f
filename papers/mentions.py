"""Identifiers in whatever somebody pastes: a list, sentences, addresses, a bibliography. Pure, as `identifiers` is.

`identifiers.parse` reads one identifier and guesses nothing; here is where each one begins and ends in a longer
text, which has to be guessed. What looks like one and is none is told with its place, and so is a line without any.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qsl, unquote, urlsplit

from django.utils.translation import gettext as _

from . import importers
from .identifiers import Identifier, parse
from .records import Record, UnreadableInput, clean_line

MOST_TEXT: Final = 100_000
"""Characters of a pasted text."""
MOST_LINE: Final = 5_000
MOST_WRITTEN: Final = 300
MOST_UNKNOWN: Final = 200
"""Places without an identifier that are told one by one."""

BIBLIOGRAPHIES: Final = frozenset(("bibtex", "ris", "nbib", "csl-json", "endnote-xml"))
"""Formats of which people paste a reference or two; each reference is asked for by its best identifier."""
# A DOI names the published form; the numbers of aggregators come after it.
_BEST: Final = ("doi", "arxiv", "openreview", "pmid", "pmcid", "isbn")


@dataclass(frozen=True, slots=True)
class Mention:
    """An identifier, as it was written and where."""

    identifier: Identifier
    written: str
    place: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """A place of the text in which nothing could be understood, and why."""

    written: str
    place: str
    reason: str


@dataclass(slots=True)
class Found:
    """What a text names, in order and each once; and what of it was not understood."""

    mentions: list[Mention] = field(default_factory=list)
    unknown: list[Unknown] = field(default_factory=list)
    more_unknown: int = 0
    """How many places more there are than `unknown` tells."""
    _seen: set[Identifier] = field(default_factory=set)

    def add(self, identifier: Identifier, written: str, place: str) -> None:
        if identifier not in self._seen:
            self._seen.add(identifier)
            self.mentions.append(Mention(identifier, _shorten(written), place))

    def refuse(self, written: str, place: str, reason: str) -> None:
        if len(self.unknown) < MOST_UNKNOWN:
            self.unknown.append(Unknown(_shorten(written), place, reason))
        else:
            self.more_unknown += 1


def find(text: str) -> Found:
    """Find the identifiers in a text of at most MOST_TEXT characters; what is longer is for the caller to refuse."""
    found = Found()
    text = text[:MOST_TEXT]
    if not _read_bibliography(text, found):
        place = _("line %(number)d")  # once, as to look a translation up costs more than to read a short line
        for number, line in enumerate(text.splitlines(), start=1):
            if line.strip():
                _read_line(line, place % {"number": number}, found)
    return found


def find_in_each(texts: Iterable[str]) -> Found:
    """Find what each of several short texts names, such as the arguments of a command."""
    found = Found()
    for number, text in enumerate(texts, start=1):
        _read_line(text, _("item %(number)d") % {"number": number}, found)
    return found


def find_one(text: str) -> Identifier | None:
    """Return the identifier that a text is, or that its address leads to; None where it is anything else."""
    text = text.strip()
    if len(text) > MOST_WRITTEN or any(map(str.isspace, text)):
        return parse(text)
    return parse(text) or _read_address(text)


def _shorten(text: str) -> str:
    return clean_line(text[: MOST_WRITTEN * 2])[:MOST_WRITTEN]


# --- Lines -------------------------------------------------------------------------------------------------

_CANDIDATE: Final = re.compile(
    r"""
    (?P<address> https?://[^\s<>"{}|\\^`]+
      | (?<![\w.@/-]) (?: (?:[a-z]+\.){0,3} (?: arxiv\.org | doi\.org | ncbi\.nlm\.nih\.gov )
        | (?:www\.)? (?: openreview\.net | europepmc\.org | huggingface\.co/papers ) ) /[^\s<>"{}|\\^`]+ )
    | (?P<doi> (?<![0-9.]) 10\.[0-9]{4,9} (?:\.[0-9]{1,9}){0,4} / \S+ )
    | (?P<arxiv> (?<![\w.]) [0-9]{4}\.[0-9]{4,5} (?:v[0-9]{1,4})? (?!\w)
      | (?<![\w./-]) [a-z]{2,9} (?:-[a-z]{2,5})? (?:\.[a-z-]{2,5})? /[0-9]{7} (?:v[0-9]{1,4})? (?!\w) )
    | (?<!\w) (?P<pmcid> (?:pmcid [\s:\#]{0,3} (?:PMC)? | PMC) [0-9]{1,10} ) (?!\w)
    | (?<!\w) (?P<pmid> pmid [\s:\#]{0,3} [0-9]{1,9} ) (?!\w)
    | (?<!\w) openreview \s? [:\#] \s? (?P<openreview> [\w-]{5,64} )
    | (?<!\w) isbn (?:-1[03])? [\s:\#]{0,3} (?P<isbn> [0-9](?:[\ -]?[0-9]){8,11}[\ -]?[0-9X] ) (?!\w)
    | (?<![\w-]) (?P<isbn13> 97[89] (?:[\ -]?[0-9]){10} ) (?![\w-])
    """,
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)
# Where something else begins although no blank says so: the next of a list, the rest of a link in Markdown or HTML,
# the next field of BibTeX, punctuation of Chinese and Japanese, quotation marks.
_END: Final = re.compile(
    r"[,;|]?(?=https?://)|[,;|](?=\s*(?:10\.[0-9]{4,9}/|doi:|arxiv:|pmid:|[0-9]{4}\.[0-9]{4,5}(?![0-9])))"
    r"|\]\(|</|[\"|]|\},|[\u2018-\u201f\u00ab\u00bb\u3000-\u303f\uff00-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65]",
    re.IGNORECASE,
)


def _read_line(line: str, place: str, found: Found) -> None:
    is_told = False
    for scheme, written in _cut(line[:MOST_LINE]):
        is_told = True
        if identifier := _read(scheme, written):
            found.add(identifier, written, place)
        elif scheme == "address":
            found.refuse(
                written, place,
                _("This address is of no service that is looked up here, and no DOI stands in it. Its page may tell."),
            )  # fmt: skip
        else:
            found.refuse(written, place, _("It looks like an identifier and is none. A digit may be wrong."))
    if len(line) > MOST_LINE:
        found.refuse(
            line[MOST_LINE:],
            place,
            _("The line is too long; this part of it was not read. Cut it into lines."),
        )
    elif not is_told:
        found.refuse(line, place, _("There is no identifier in this line."))


def _cut(line: str) -> Iterator[tuple[str, str]]:
    """Give what may be identifiers, each with the scheme it looks like ("address" for an address)."""
    start = 0
    while match := _CANDIDATE.search(line, start):
        scheme = match.lastgroup or ""
        written, start = match[scheme], match.end()
        if scheme in {"address", "doi"}:
            end = _END.search(written, 4)
            if end:
                written, start = written[: end.start()], match.start(scheme) + max(end.start(), 4)
        if scheme == "arxiv" and not _is_meant(line, match) and parse(written, "arxiv") is None:
            continue  # a number, or words with a stroke between them
        if scheme == "isbn13" and parse(written, "isbn") is None:
            continue
        yield scheme, written


def _is_meant(line: str, match: re.Match[str]) -> bool:
    """Say whether what looks like an arXiv id is meant for one, right or wrong: called so, or begun with a month."""
    before = line[max(0, match.start() - 10) : match.start()].rstrip(" :/").lower()
    return before.endswith("arxiv") or bool(re.match("[0-9]{2}(?:0[1-9]|1[0-2])[.]", match[0]))


def _read(scheme: str, written: str) -> Identifier | None:
    if scheme == "address":
        return parse(written) or _read_address(written)
    if scheme in {"pmid", "pmcid"}:  # with the word before it
        written = re.sub(r"[^0-9]", "", written)
    return parse(written, "isbn" if scheme == "isbn13" else scheme)


# --- Addresses that carry a DOI ----------------------------------------------------------------------------

_DOI_IN_PATH: Final = re.compile(r"(?:^|/)(?P<doi>10\.[0-9]{4,9}(?:\.[0-9]{1,9}){0,4}/.+)", re.ASCII)
# What publishers put after the DOI in the addresses of a paper's pages.
_PAGE: Final = re.compile(
    r"(?:[./](?:full|abstract|abs|short|pdf|epdf|pdfdirect|fulltext|full-text|full_html|html?|xml|epub|meta|summary"
    r"|references|figures|metrics|citations?|supplementary-material|tables|issuetoc))+$",
    re.IGNORECASE,
)
_PREPRINT_PAGE: Final = re.compile(r"v[0-9]{1,3}$")


def _read_address(written: str) -> Identifier | None:
    """Return the DOI that stands in an address: of the services that register DOIs, and of most publishers."""
    if not re.match("https?://", written, re.IGNORECASE) or len(written) > 2_000:
        return None
    try:
        parts = urlsplit(written)
        asked = parse_qsl(parts.query, max_num_fields=20)
    except ValueError:
        return None
    host = (parts.hostname or "").lower()
    path = unquote(parts.path, errors="replace")
    if named := _DOI_IN_PATH.search(path):
        value = _PAGE.sub("", named["doi"].rstrip("/.,;:!?)\"'"))
        if host.endswith(("biorxiv.org", "medrxiv.org")):
            value = _PREPRINT_PAGE.sub("", value)
        return parse(value, "doi")
    values = (value for name, value in asked if name.lower() in {"doi", "id"} and value.startswith("10."))
    return next((found for value in values if (found := parse(value, "doi"))), None)


# --- References --------------------------------------------------------------------------------------------


def _read_bibliography(text: str, found: Found) -> bool:
    """Read a text that is a file of references; False where it is none."""
    content = text.encode("utf-8", "replace")
    format = importers.tell_format(io.BytesIO(content))
    if format not in BIBLIOGRAPHIES:
        return False
    before = len(found.mentions)
    try:
        for each in importers.read(io.BytesIO(content), format=format):
            if not isinstance(each, Record):
                found.refuse(each.raw, each.place, each.reason)
            elif best := _choose(each.identifiers):
                found.add(best, str(best), each.place)
            else:
                found.refuse(
                    each.title, each.place,
                    _("This reference names no identifier to look it up by. An organiser can import it as a file."),
                )  # fmt: skip
    except UnreadableInput:
        return len(found.mentions) > before
    return True


def _choose(identifiers: tuple[Identifier, ...]) -> Identifier | None:
    return min(identifiers, key=lambda each: _BEST.index(each.scheme), default=None)

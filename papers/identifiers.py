"""Identifiers of scholarly works: recognise them however they are written, normalise them, compare them.

An identifier names exactly one work. `parse` brings every spelling of it (prefixed, as a web address, with a
revision, in odd case) to one value, so that two identifiers name the same work exactly when they are equal.
Addresses in general, ISSNs and the ISBN of a chapter's book are facts of a paper and never come through here.

Everything in this module is pure: no database, no network.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qs, quote, unquote, urlsplit

SCHEMES: Final = ("arxiv", "doi", "pmid", "pmcid", "openreview", "isbn")

MAX_VALUE_LENGTH: Final = 300
"""What the catalogue keeps; the longest DOIs in use have about 200 characters."""

_MAX_WRITTEN_LENGTH: Final = 2_000  # a value with scheme, host and query around it


@dataclass(frozen=True, slots=True, order=True)
class Identifier:
    """A (scheme, value) pair that names exactly one work; made by `parse`, so the value is normalised."""

    scheme: str
    value: str

    def __str__(self) -> str:
        return f"{self.scheme}:{self.value}"


_Found = tuple[Identifier, int | None]  # the identifier, and the revision that an arXiv id may name


def parse(text: str, scheme: str | None = None) -> Identifier | None:
    """Read one identifier, however it is written; None where the whole text is not exactly one.

    `text` is what a person, a file or a link gives: `2504.12345`, `arXiv:2504.12345v3 [cs.LG]`,
    `https://arxiv.org/pdf/hep-th/9901001`, `oai:arXiv.org:math.GT/0309136`, `doi:10.1000/XYZ`,
    `https://dx.doi.org/10.1000/xyz.`, `PMID: 123`, `PMC123`, `https://openreview.net/forum?id=…`, `isbn:…`.
    `scheme` says how a bare value is to be read, which a PMID, an OpenReview id and an ISBN-10 need; a text
    that names another scheme than the one given is None. An arXiv DOI (10.48550/arXiv.…) always becomes the
    arXiv identifier, so "doi" may give one: both name the same work. A revision (`v3`) is dropped; see
    `split_arxiv_revision`. Nothing is guessed from the middle of a sentence.
    """
    found = _recognise(text, scheme)
    return found[0] if found else None


def split_arxiv_revision(text: str) -> tuple[Identifier, int | None] | None:
    """Read an arXiv identifier and the revision it names: `2504.12345v3` gives the identifier and 3.

    The revision is None where none is written. The result is None where the text is no arXiv identifier.
    """
    found = _recognise(text, "arxiv")
    return found if found and found[0].scheme == "arxiv" else None


def address(identifier: Identifier) -> str:
    """Give the canonical web address of the work that an identifier names."""
    value = identifier.value
    match identifier.scheme:
        case "arxiv":
            return f"https://arxiv.org/abs/{value}"
        case "doi":
            # What must be encoded: DOI Handbook, 3.4 "Encoding issues".
            return f"https://doi.org/{quote(value, safe='/:;()')}"
        case "pmid":
            return f"https://pubmed.ncbi.nlm.nih.gov/{value}/"
        case "pmcid":
            return f"https://pmc.ncbi.nlm.nih.gov/articles/{value}/"
        case "openreview":
            return f"https://openreview.net/forum?id={quote(value, safe='')}"
        case "isbn":
            return f"https://openlibrary.org/isbn/{value}"
        case _:
            raise ValueError(f"no such scheme: {identifier.scheme!r}")


_PREPRINT_DOI: Final = re.compile(
    # bioRxiv and medRxiv share a prefix with the journals of Cold Spring Harbor, and have one of their own since 2025.
    r"10\.1101/(?:[0-9]{4}\.[0-9]{2}\.[0-9]{2}\.)?[0-9]{6,}(?:v[0-9]+)?$|10\.64898/"
    # Preprints.org, Research Square, ChemRxiv, SSRN, TechRxiv, Authorea, and those of the Open Science Framework.
    r"|10\.20944/preprints|10\.21203/rs\.|10\.26434/chemrxiv|10\.2139/ssrn|10\.36227/techrxiv|10\.22541/au\."
    r"|10\.(?:31219|31222|31223|31224|31225|31227|31228|31229|31230|31231|31232|31233|31234|31235|31236|31237)/"
    r"|10\.(?:35542|35543|33774|51094)/"
)


def is_preprint_doi(identifier: Identifier) -> bool:
    """Tell whether a DOI was given by a preprint server, so that the published form has another."""
    return identifier.scheme == "doi" and bool(_PREPRINT_DOI.match(identifier.value))


# --- From what is written to a scheme and its value --------------------------------------------------------

_PREFIX = re.compile(
    r"(?:urn:|info:)?(?P<scheme>arxiv|doi|pmid|pmcid|openreview|isbn)(?:-1[03])?\s*[:/]\s*"
    r"|(?P<oai>oai:arxiv\.org:)"
    r"|(?P<word>arxiv|doi|pmid|pmcid|isbn)(?:-1[03])?\s+",
    re.IGNORECASE | re.ASCII,  # without ASCII, "ſ" is an s
)
_ADDRESS = re.compile(r"(?:https?://)?(?P<host>[a-z0-9-]+(?:\.[a-z0-9-]+)+)(?::[0-9]+)?(?=/)", re.IGNORECASE)

_HYPHENS = dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2212"), "-")  # what PDFs and editors make of "-"
_OPENING = {")": "(", "]": "[", "}": "{", ">": "<"}


def _recognise(text: str, scheme: str | None) -> _Found | None:
    if len(text) > _MAX_WRITTEN_LENGTH or (scheme is not None and scheme not in SCHEMES):
        return None
    text = _strip_punctuation(unicodedata.normalize("NFC", text).translate(_HYPHENS))
    if not _is_plain(text):
        return None
    found = _read(text, scheme)
    if found is None or len(found[0].value) > MAX_VALUE_LENGTH:
        return None
    if scheme in (None, found[0].scheme) or (scheme == "doi" and found[0].scheme == "arxiv"):
        return found
    return None


def _read(text: str, scheme: str | None) -> _Found | None:
    if prefix := _PREFIX.match(text):
        text = text[prefix.end() :]
        scheme = "arxiv" if prefix["oai"] else (prefix["scheme"] or prefix["word"]).lower()
    if found := _read_address(text):
        return found
    readers = [_READERS[scheme]] if scheme else [_read_arxiv, _read_doi, _read_pmcid, _read_isbn13]
    return next((found for read in readers if (found := read(text))), None)


def _strip_punctuation(text: str) -> str:
    """Take off what a sentence, a citation or mark-up puts around an identifier."""
    text = text.strip().lstrip("<([{\"'“‘„«")
    while text:
        last = text[-1]
        is_unopened = last in _OPENING and text.count(last) > text.count(_OPENING[last])
        if not (is_unopened or last.isspace() or last in ".,;:!?\"'”’»"):
            break
        text = text[:-1]
    return text.lstrip()


def _is_plain(text: str) -> bool:
    """Tell printable ASCII and letters of any script from all else.

    Null bytes, controls, invisible and directional characters, lone surrogates and look-alike digits could
    make two values that look the same and differ, or one that a database refuses.
    """
    if text.isascii():
        return text.isprintable()
    return all(" " <= char <= "~" or (char > "~" and unicodedata.category(char)[0] == "L") for char in text)


# --- Web addresses -----------------------------------------------------------------------------------------


_HOSTS: Final = frozenset(
    (
        *("doi.org", "dx.doi.org", "arxiv.org", "huggingface.co", "openreview.net", "europepmc.org"),
        *("pubmed.ncbi.nlm.nih.gov", "pmc.ncbi.nlm.nih.gov", "ncbi.nlm.nih.gov"),
    )
)


def _read_address(text: str) -> _Found | None:
    written = _ADDRESS.match(text)
    if not written:
        return None
    host = written["host"].lower().removeprefix("www.")
    # Most addresses in a list of papers are of publishers; they need not be taken apart.
    if host not in _HOSTS and not host.endswith(".arxiv.org"):
        return None
    parts = urlsplit("https://host" + text[written.end() :])
    path = unquote(parts.path, errors="replace").strip("/")
    first, _, rest = path.partition("/")
    if host in ("doi.org", "dx.doi.org"):
        return _read_doi(path)
    if host == "arxiv.org" or host.endswith(".arxiv.org"):
        if first in ("abs", "pdf", "html", "format", "ps", "e-print", "src"):
            return _read_arxiv(rest.removesuffix(".pdf"))
    elif host == "huggingface.co":
        if first == "papers":
            return _read_arxiv(rest.removesuffix(".md"))
    elif host == "openreview.net":
        if path in ("forum", "pdf"):
            return _read_openreview(parse_qs(parts.query).get("id", [""])[0])
    elif host == "pubmed.ncbi.nlm.nih.gov":
        return _read_pmid(path)
    elif host == "pmc.ncbi.nlm.nih.gov":
        if first == "articles":
            return _read_pmcid(rest.partition("/")[0])
    elif host == "ncbi.nlm.nih.gov":
        if first == "pubmed":
            return _read_pmid(rest)
        if path.startswith("pmc/articles/"):
            return _read_pmcid(path.split("/")[2])
    elif host == "europepmc.org":
        collection, _, number = path.partition("/")[2].partition("/")
        if first in ("article", "abstract") and collection.upper() in ("MED", "PMC"):
            return (_read_pmid if collection.upper() == "MED" else _read_pmcid)(number)
    return None


# --- Values, one reader a scheme ---------------------------------------------------------------------------

# https://info.arxiv.org/help/arxiv_identifier.html: YYMM.NNNN from 0704, YYMM.NNNNN from 1501; before that
# archive(.subject class)/YYMMNNN, where the subject class is decoration.
_ARXIV_NEW = re.compile(r"(?P<month>[0-9]{2}(?:0[1-9]|1[0-2]))\.(?P<number>[0-9]{4,5})")
_ARXIV_OLD = re.compile(
    r"(?P<archive>[a-z]+(?:-[a-z]+)?)(?:\.[a-z]{2,4}(?:-[a-z]{2,4})?)?"
    r"/(?P<number>(?:9[0-9]|0[0-7])(?:0[1-9]|1[0-2])[0-9]{3})",
    re.IGNORECASE,
)
_ARXIV_REST = re.compile(r"(?:v(?P<revision>[1-9][0-9]{0,3}))?(?:\s*\[[a-z.-]{2,20}\])?", re.I)
_ARXIV_ARCHIVE = re.compile(
    "acc-phys|adap-org|alg-geom|ao-sci|astro-ph|atom-ph|bayes-an|chao-dyn|chem-ph|cmp-lg|comp-gas|cond-mat|cs"
    "|dg-ga|funct-an|gr-qc|hep-(?:ex|lat|ph|th)|math|math-ph|mtrl-th|nlin|nucl-(?:ex|th)|patt-sol|physics"
    "|plasm-ph|q-alg|q-bio|quant-ph|solv-int|supr-con"
)
_ARXIV_DOI = "10.48550/arxiv."  # registered by arXiv with DataCite for each of its papers


def _read_arxiv(text: str) -> _Found | None:
    if text[: len(_ARXIV_DOI)].lower() == _ARXIV_DOI:
        text = text[len(_ARXIV_DOI) :]
    if new := _ARXIV_NEW.match(text):
        if new["month"] < "0704" or len(new["number"]) != (4 if new["month"] < "1501" else 5):
            return None
        value, end = new[0], new.end()
    elif old := _ARXIV_OLD.match(text):
        archive = old["archive"].lower()
        if not _ARXIV_ARCHIVE.fullmatch(archive) or "0704000" <= old["number"] < "9000000":
            return None
        value, end = f"{archive}/{old['number']}", old.end()
    else:
        return None
    rest = _ARXIV_REST.fullmatch(text, end)
    if not rest:
        return None
    return Identifier("arxiv", value), int(rest["revision"]) if rest["revision"] else None


# ISO 26324 and the DOI Handbook, 2.2: a directory indicator 10, a registrant code, a suffix of any printable
# characters; not case-sensitive, folded in ASCII only.
_DOI = re.compile(r"10\.[0-9]{4,9}(?:\.[0-9]+)*/\S+")
_ASCII_LOWER = {ord(char): char.lower() for char in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}


def _read_doi(text: str) -> _Found | None:
    while (stripped := _strip_punctuation(text).rstrip("/")) != text:
        text = stripped
    if not _DOI.fullmatch(text) or not _is_plain(text):
        return None
    value = unicodedata.normalize("NFC", text).translate(_ASCII_LOWER)
    if value.startswith(_ARXIV_DOI):
        return _read_arxiv(value)
    return Identifier("doi", value), None


def _read_pmid(text: str) -> _Found | None:
    number = text.lstrip("0")
    return (Identifier("pmid", number), None) if re.fullmatch("[0-9]{1,9}", number) else None


def _read_pmcid(text: str) -> _Found | None:
    written = re.fullmatch(r"PMC0*(?P<number>[1-9][0-9]{0,9})(?:\.[0-9]+)?", text, re.IGNORECASE)
    return (Identifier("pmcid", f"PMC{written['number']}"), None) if written else None


def _read_pmcid_or_number(text: str) -> _Found | None:
    return _read_pmcid(text) or _read_pmcid(f"PMC{text}")


def _read_openreview(text: str) -> _Found | None:
    return (Identifier("openreview", text), None) if re.fullmatch("[A-Za-z0-9_-]{5,64}", text) else None


def _read_isbn(text: str) -> _Found | None:
    """Read an ISBN of 10 or 13 digits as one of 13; with a wrong check digit it is none (ISO 2108)."""
    digits = re.sub(r"[\s-]", "", text).upper()
    if re.fullmatch("[0-9]{9}[0-9X]", digits):
        total = sum((10 - place) * (10 if digit == "X" else int(digit)) for place, digit in enumerate(digits))
        if total % 11:
            return None
        digits = "978" + digits[:9]
        return Identifier("isbn", digits + _isbn13_check_digit(digits)), None
    return _read_isbn13(digits)


def _read_isbn13(text: str) -> _Found | None:
    digits = re.sub(r"[\s-]", "", text)
    # 9790 are printed music (ISMN), not books.
    if not re.fullmatch("97(?:8|9[1-9])[0-9]+", digits) or len(digits) != 13:
        return None
    return (Identifier("isbn", digits), None) if digits[12] == _isbn13_check_digit(digits[:12]) else None


def _isbn13_check_digit(digits: str) -> str:
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(digits))
    return str(-total % 10)


_READERS: dict[str, Callable[[str], _Found | None]] = {
    "arxiv": _read_arxiv,
    "doi": _read_doi,
    "pmid": _read_pmid,
    "pmcid": _read_pmcid_or_number,
    "openreview": _read_openreview,
    "isbn": _read_isbn,
}

"""How what several sources say of one paper becomes the paper, and when two records may be of one work.

Everything here is pure and independent of the order in which records arrive: the same records always give the
same paper.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import Enum
from typing import Final, Protocol

from papers.identifiers import Identifier, is_preprint_doi
from papers.records import MAX_CATEGORIES, Precision, Rank, Record, content_hash

# --- Folding -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Folded:
    """A paper's columns, as `fold` makes them."""

    title: str
    title_key: str
    abstract: str
    excerpt: str
    authors: tuple[str, ...]
    identifiers: tuple[Identifier, ...]
    published: date | None
    published_precision: Precision
    updated: datetime | None
    revision: int | None
    categories: tuple[str, ...]
    journal: str
    volume: str
    issue: str
    pages: str
    urls: tuple[tuple[str, str], ...]
    comment: str
    withdrawn: bool
    deposited: bool
    form_key: int | None


def fold(records: Iterable[Record]) -> Folded:
    """Make a paper of its records, field by field.

    The records are ranked: hand edit, publisher, preprint server, aggregator, file (`Rank`); within a rank
    the newest (`updated`; one without comes last), then the key, then the content. The first record that
    states a field gives it, the day of publication included: a publisher's date stands before a preprint
    server's. The list of authors is taken whole from one record, and so are journal, volume, issue and pages.
    The exceptions:

    - `identifiers` and `urls` are of all records, in the order of rank, without repeats;
    - so are `categories`, but a preprint server's come first, as the first of them is the primary one; those of
      files count only where nobody else states any;
    - `revision` and `updated` are the greatest of any record;
    - the paper is withdrawn if a record says so that knows of no older revision than `revision`;
    - it is a deposit if all say so but those made by hand.

    Raises ValueError where there are no records.
    """
    ranked = list(records)
    if not ranked:
        raise ValueError("a paper has at least one record")
    if len(ranked) == 1:
        return _fold_one(ranked[0])
    ranked.sort(key=_rank_order)
    title = next((record.title for record in ranked if record.title), "")
    abstract = next((record.abstract for record in ranked if record.abstract), "")
    revision = max((record.revision for record in ranked if record.revision is not None), default=None)
    dated = next((record for record in ranked if record.published), ranked[0])
    placed = next((record for record in ranked if record.journal), None) or next(
        (record for record in ranked if record.volume or record.pages), ranked[0]
    )
    authors = next((record.authors for record in ranked if record.authors), ())
    identifiers = tuple(dict.fromkeys(found for record in ranked for found in record.identifiers))
    deposited = all(record.deposited for record in ranked if record.rank is not Rank.HAND) and any(
        record.deposited for record in ranked
    )
    return Folded(
        title=title,
        title_key=title_key(title),
        abstract=abstract,
        excerpt=make_excerpt(abstract),
        authors=authors,
        identifiers=identifiers,
        published=dated.published,
        published_precision=dated.published_precision,
        updated=max((record.updated for record in ranked if record.updated), default=None),
        revision=revision,
        categories=_unite_categories(ranked),
        journal=placed.journal,
        volume=placed.volume,
        issue=placed.issue,
        pages=placed.pages,
        urls=tuple(dict.fromkeys(pair for record in ranked for pair in record.urls)),
        comment=next((record.comment for record in ranked if record.comment), ""),
        withdrawn=any(record.withdrawn and record.revision in (None, revision) for record in ranked),
        deposited=deposited,
        form_key=None if deposited else make_form_key(authors, identifiers, placed.journal),
    )


def _fold_one(record: Record) -> Folded:
    """Make a paper of its only record: what `fold` does, several times as fast, for imports of new papers."""
    identifiers = tuple(dict.fromkeys(record.identifiers))
    return Folded(
        title=record.title,
        title_key=title_key(record.title),
        abstract=record.abstract,
        excerpt=make_excerpt(record.abstract),
        authors=record.authors,
        identifiers=identifiers,
        published=record.published,
        published_precision=record.published_precision,
        updated=record.updated,
        revision=record.revision,
        categories=record.categories,
        journal=record.journal,
        volume=record.volume,
        issue=record.issue,
        pages=record.pages,
        urls=tuple(dict.fromkeys(record.urls)),
        comment=record.comment,
        withdrawn=record.withdrawn,
        deposited=record.deposited,
        form_key=None if record.deposited else make_form_key(record.authors, identifiers, record.journal),
    )


def _unite_categories(ranked: list[Record]) -> tuple[str, ...]:
    stating = [record for record in ranked if record.categories and record.rank > Rank.FILE] or ranked
    stating = sorted(stating, key=lambda record: record.rank != Rank.PREPRINT)  # else as they stand
    united = dict.fromkeys(category for record in stating for category in record.categories)
    return tuple(united)[:MAX_CATEGORIES]


_LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)


def _rank_order(record: Record) -> tuple[int, float, str, bytes]:
    age = -((record.updated or _LONG_AGO) - _LONG_AGO).total_seconds()
    return -record.rank, age, record.key, content_hash(record)


# --- The start of an abstract ------------------------------------------------------------------------------

EXCERPT_LENGTH: Final = 240
_SENTENCE_ENDS: Final = (".", "!", "?", "。", "！", "？")

# Two readings of the dollar sign, as either may be right ("$5 and $10" or "$ x $"): any pair of dollars not
# far apart, and pairs however far apart that hug what they enclose (pandoc's rule). An excerpt ends in neither.
_MATHEMATICS: Final = (
    re.compile(
        r"\$\$.+?\$\$|\$[^$]{1,120}\$|\\\(.+?\\\)|\\\[.+?\\\]"
        r"|\\begin\{(?P<name>[a-z*]{1,20})\}.+?\\end\{(?P=name)\}|\\."
    ),
    re.compile(r"\$(?=[^\s$])[^$]*(?<=[^\s\\])\$(?![0-9])|\\."),
)
_LONGEST_FORMULA: Final = 2_000  # characters; markup shows a longer one as plain text, so it may be cut
# The mark comes first, and what must not stand before it is asked afterwards: that is several times as fast.
_SENTENCE_END = re.compile(
    r"[.!?](?<![A-Z].)(?<!e\.g.)(?<!i\.e.)(?<!cf.)(?<!al.)(?<!vs.)['\"”’)]*(?= )|[。！？]", re.DOTALL
)


def make_excerpt(abstract: str, length: int = EXCERPT_LENGTH) -> str:
    """Give the start of an abstract for a listing row: one line of at most `length` characters.

    A longer abstract ends in an ellipsis: after a sentence where one ends in the second half of the room,
    else after a word. It never ends inside mathematics (`$…$`, `\\(…\\)`): a formula that does not fit is
    left out with what follows it.
    """
    beginning = abstract[: length + _LONGEST_FORMULA]
    has_formulas = "$" in beginning or "\\" in beginning
    if not has_formulas:
        beginning = beginning[: 2 * length]
    text = " ".join(beginning.split())
    if len(text) <= length and len(beginning) == len(abstract):
        return text
    room = length - len(" …")
    formulas = _find_mathematics(text) if has_formulas else []
    for end in _propose_ends(text, room):
        if not any(start < end < stop for start, stop in formulas):
            excerpt = text[:end].rstrip(" ,;:([{-–—")
            return f"{excerpt} …" if excerpt.endswith(_SENTENCE_ENDS) else f"{excerpt}…"
    return "…"


def _propose_ends(text: str, room: int) -> Iterable[int]:
    """Give places where an excerpt may end, the best first."""
    found = _SENTENCE_END.finditer(text, room // 2 - 5, room + 1)
    yield from (end for end in reversed([each.end() for each in found]) if room // 2 <= end <= room)
    yield from (end for end in range(min(room, len(text)), room // 4, -1) if text[end : end + 1].isspace())
    # No blank in sight: Chinese or Japanese, or one endless word.
    yield from (end for end in range(min(room, len(text)), 0, -1) if not _is_joined(text, end))


def _is_joined(text: str, place: int) -> bool:
    """Tell whether the characters on both sides of a place are drawn as one: a letter and its accent, say."""
    after = text[place : place + 1]
    return bool(after) and ("\u200d" in (after, text[place - 1]) or unicodedata.category(after)[0] == "M")


def _find_mathematics(text: str) -> list[tuple[int, int]]:
    spans = (found.span() for pattern in _MATHEMATICS for found in pattern.finditer(text))
    return [(start, stop) for start, stop in spans if stop - start > 2 or text[start] == "$"]


# --- Titles as keys ----------------------------------------------------------------------------------------

MAX_TITLE_KEY: Final = 200
"""A longer key ends in a digest of the whole, so that it is still exact and fits a database's index."""

_GREEK: Final = {
    chr(point): unicodedata.name(chr(point)).split()[-1].lower()
    for point in (*range(0x3B1, 0x3C2), *range(0x3C3, 0x3CA))
}
_LETTERS: Final = {
    "ø": "o",
    "ł": "l",
    "đ": "d",
    "ð": "d",
    "þ": "th",
    "æ": "ae",
    "œ": "oe",
    "ı": "i",
    "ς": "sigma",
}
_SPELT_OUT: Final = str.maketrans(_GREEK | _LETTERS)
_TEX_NAMES: Final = frozenset(_GREEK.values()) | {"o", "l", "ae", "oe", "aa", "ss", "i", "j"}
_TEX_COMMAND = re.compile(r"\\(?:var)?(?P<name>[A-Za-z]+)|\\.")


def title_key(title: str) -> str:
    """Normalise a title for exact matching: lower-case letters and digits, without accents and TeX.

    Braces, dollars and commands of TeX are passed over; `\\alpha`, `α` and `alpha` are the same, as are
    `Schr\\"odinger` and `Schrödinger`, H₂O and `H$_2$O`. The key of a title without letters or digits is
    empty and matches nothing. It has at most `MAX_TITLE_KEY` characters.
    """
    if "\\" in title:
        title = _TEX_COMMAND.sub(_read_tex_command, title)
    if title.isascii():
        key = "".join(filter(str.isalnum, title.lower()))
    else:
        plain = unicodedata.normalize("NFKD", title.casefold()).casefold()
        plain = unicodedata.normalize("NFKD", plain.translate(_SPELT_OUT))
        key = "".join(filter(str.isalnum, plain))
    if len(key) <= MAX_TITLE_KEY:
        return key
    return key[: MAX_TITLE_KEY - 32] + hashlib.sha256(key.encode("utf-8")).hexdigest()[:32]


def _read_tex_command(found: re.Match[str]) -> str:
    name = (found["name"] or "").lower()
    return name if name in _TEX_NAMES else ""


# --- A preprint and its published form ---------------------------------------------------------------------


def make_form_key(authors: Sequence[str], identifiers: Sequence[Identifier], journal: str) -> int | None:
    """Number the authors' family names in their order: even for a preprint, one more for its published form.

    So the other form, if it bears another title, is among the papers whose key differs in the last bit alone. None
    where nobody is named, or a paper is neither of the two, or both. 64 bits, signed.
    """
    if not authors:
        return None
    is_preprint = is_published = False
    for name in identifiers:
        if name.scheme == "arxiv" or is_preprint_doi(name):
            is_preprint = True
        elif name.scheme == "doi":
            is_published = True
    if is_preprint == (is_published := is_published or not is_no_journal(journal)):
        return None
    names = "\n".join(family_names(authors)).encode()
    number = int.from_bytes(hashlib.blake2b(names, digest_size=8).digest(), "big", signed=True)
    return (number & ~1) + is_published


# --- Two records, one work? --------------------------------------------------------------------------------


class Described(Protocol):
    """What identity is judged by: a `Record`, a `Folded` paper, or a row that has these."""

    @property
    def title(self) -> str: ...
    @property
    def authors(self) -> Sequence[str]: ...
    @property
    def identifiers(self) -> Sequence[Identifier]: ...
    @property
    def published(self) -> date | None: ...
    @property
    def journal(self) -> str: ...
    @property
    def volume(self) -> str: ...
    @property
    def issue(self) -> str: ...
    @property
    def pages(self) -> str: ...
    @property
    def deposited(self) -> bool: ...


class Likeness(Enum):
    """What two descriptions tell of whether they are of one work."""

    SAME = "same"
    TITLE_ONLY = "title only"  # the same, if there is only one paper of this title
    UNSURE = "unsure"  # for people to decide
    DIFFERENT = "different"


class Contradiction(Enum):
    """What two descriptions of a title may disagree on."""

    IDENTIFIERS = "identifiers"
    YEARS = "years"
    PLACES = "places"
    DEPOSIT = "deposit"  # one is a deposit, which anybody may make under any title and names


YEARS_APART: Final = 2
"""At most, between the preprint and the published form."""


def compare_works(one: Described, other: Described) -> Likeness:
    """Judge whether two descriptions are of one work; the order of the two does not matter.

    A shared identifier: the same, whatever else they say. Otherwise the titles must be equal (`title_key`)
    and:

    - both state where in one journal they stand, and the places differ: DIFFERENT. Every issue has its
      "Editorial". Of one volume and first page another issue is no other place, but a contradiction;
    - one has neither identifiers nor authors (`is_bare`): TITLE_ONLY, and UNSURE where the years disagree;
    - the authors' family names agree, the years are at most two apart, and nothing that both state
      disagrees (`are_of_two_works` of the identifiers, the journal, volume, issue, first page), nor is one
      alone a deposit: SAME;
    - no family name in common: DIFFERENT;
    - anything else: UNSURE.
    """
    if not set(one.identifiers).isdisjoint(other.identifiers):
        return Likeness.SAME
    key = title_key(one.title)
    if not key or key != title_key(other.title) or _stand_apart(one, other):
        return Likeness.DIFFERENT
    contradicts = any(find_contradictions(one, other))
    if is_bare(one) or is_bare(other):
        return Likeness.UNSURE if contradicts else Likeness.TITLE_ONLY
    if not one.authors or not other.authors:
        return Likeness.UNSURE
    first, second = family_names(one.authors), family_names(other.authors)
    if set(first).isdisjoint(second):
        return Likeness.DIFFERENT
    return Likeness.SAME if _agree_on_authors(first, second) and not contradicts else Likeness.UNSURE


def find_contradictions(one: Described, other: Described) -> Iterable[Contradiction]:
    """Yield what two descriptions that share no identifier state and disagree on."""
    if are_of_two_works(one.identifiers, other.identifiers):
        yield Contradiction.IDENTIFIERS
    if _contradict_years(one.published, other.published):
        yield Contradiction.YEARS
    if _contradict_places(one, other):
        yield Contradiction.PLACES
    if one.deposited != other.deposited:
        yield Contradiction.DEPOSIT


def is_bare(record: Described) -> bool:
    """Tell whether a record has neither identifiers nor authors, as those of a saved page.

    It belongs to the one paper with its exact title, where there is exactly one; with none it is a new
    paper, with several it is for people to decide.
    """
    return not record.identifiers and not record.authors


def family_names(authors: Iterable[str]) -> list[str]:
    """Give the last word of each family name, normalised as a title is: "Han, J. Z." gives "han".

    Particles ("van der") are left out, as some sources count them to the given name; so are "Jr." and
    numerals.
    """
    names = []
    for author in authors:
        # Nearly all names end in a plain word, which is its own key.
        last = author[author.rfind(" ") + 1 :]
        if last.isascii() and last.isalpha() and "," not in author and last.lower() not in _NAME_SUFFIXES:
            names.append(last.lower())
            continue
        family = author.partition(",")[0] if "," in author else author
        words = [key for word in family.split() if (key := title_key(word))]
        while len(words) > 1 and words[-1] in _NAME_SUFFIXES:
            words.pop()
        if words:
            names.append(words[-1])
    return names


_NAME_SUFFIXES: Final = frozenset({"jr", "sr", "ii", "iii", "iv"})


def _agree_on_authors(first: list[str], second: list[str]) -> bool:
    """Tell whether two lists name the same people: the same first, and of five names four in common."""
    common = len(set(first) & set(second))
    return first[0] == second[0] and common >= 0.8 * len(set(first) | set(second))


def are_of_two_works(first: Iterable[Identifier], second: Iterable[Identifier]) -> bool:
    """Tell whether identifiers that have none in common name different works: two of one scheme do.

    Of DOIs a preprint server's and a publisher's may be two names of one work.
    """
    return not {_series(found) for found in first}.isdisjoint(_series(found) for found in second)


def _series(identifier: Identifier) -> str:
    """Name the series of which a work has at most one identifier."""
    return "preprint" if is_preprint_doi(identifier) else identifier.scheme


def _contradict_years(first: date | None, second: date | None) -> bool:
    return first is not None and second is not None and abs(first.year - second.year) > YEARS_APART


def _stand_apart(one: Described, other: Described) -> bool:
    """Tell whether two works stand in one journal at two places, so that they are surely two."""
    if not one.journal or title_key(one.journal) != title_key(other.journal):
        return False
    volumes, issues, pages = _pair_parts(one, other)
    if all(volumes) and all(pages) and volumes[0] == volumes[1] and pages[0] == pages[1]:
        # Some libraries number each article's issue by themselves.
        return False
    return any(first and second and first != second for first, second in (volumes, issues, pages))


def _pair_parts(one: Described, other: Described) -> Iterator[tuple[str, str]]:
    """Give volume, issue and first page of both, normalised: "Suppl. 1" and "suppl 1" are the same, as 07 and 7."""
    yield _part_key(one.volume), _part_key(other.volume)
    yield _part_key(one.issue), _part_key(other.issue)
    yield _first_page(one.pages), _first_page(other.pages)


def _part_key(part: str) -> str:
    return title_key(part).lstrip("0")


def _first_page(pages: str) -> str:
    found = re.search(r"\w+", pages)
    return _part_key(found[0]) if found else ""


def _contradict_places(one: Described, other: Described) -> bool:
    """Tell whether two statements of where a work appeared exclude each other.

    Volume, issue and first page must be equal where both state them. Names of journals agree if one
    abbreviates the other ("Acta Astron." and "Acta Astronomica"). A preprint server is no journal. Some
    sources write all into one line ("Acta Astron. 56:1-50, 2006"): the numbers of two such lines agree if
    one's are all among the other's, and volume and first page must be among them where stated apart.
    """
    if any(first and second and first != second for first, second in _pair_parts(one, other)):
        return True
    if is_no_journal(one.journal) or is_no_journal(other.journal):
        return False
    numbers, more_numbers = _find_numbers(one), _find_numbers(other)
    if numbers and more_numbers and not (numbers <= more_numbers or more_numbers <= numbers):
        return True
    words, more_words = _find_journal_words(one.journal), _find_journal_words(other.journal)
    return not (_abbreviates(words, more_words) or _abbreviates(more_words, words))


def is_no_journal(name: str) -> bool:
    """Tell whether a source names no journal, or a preprint server in its place."""
    return not name or title_key(name).startswith(_PREPRINT_SERVERS)


_PREPRINT_SERVERS: Final = (
    "arxiv",
    "biorxiv",
    "medrxiv",
    "corr",
    "ssrn",
    "researchsquare",
    "chemrxiv",
    "psyarxiv",
)


def _find_numbers(work: Described) -> set[str]:
    """Give the numbers of a line that tells where a work appeared, or its volume and first page."""
    if work.volume or work.pages:
        return {part for part in (_part_key(work.volume), _first_page(work.pages)) if part.isdigit()}
    return {number.lstrip("0") for number in re.findall("[0-9]+", work.journal)}


def _find_journal_words(journal: str) -> list[str]:
    # Capitals part words as well: "ActaAstron.56".
    words = re.findall(r"[A-Z]?[^\W\d_A-Z]+|[A-Z]+(?![a-z])", unicodedata.normalize("NFC", journal))
    return [key for word in words if (key := title_key(word)) not in _SMALL_WORDS]


_SMALL_WORDS: Final = frozenset(
    {"", "a", "and", "der", "des", "for", "in", "la", "of", "on", "the", "vol", "no", "pp"}
)


def _abbreviates(short: list[str], long: list[str]) -> bool:
    """Tell whether each word begins a word of the other list, in its order; there may be more in between."""
    words = iter(long)
    return all(any(word.startswith(part) for word in words) for part in short)

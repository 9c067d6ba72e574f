"""What is particular to text that comes from arXiv, by whatever way it comes."""

from __future__ import annotations

import re
from typing import Final

from papers.identifiers import Identifier
from papers.identifiers import parse as parse_identifier
from papers.importers import latex
from papers.importers.times import make_date
from papers.records import PartialDate

_INDENTED: Final = re.compile(r"\r?\n[ \t]{2,}")
_MARGIN: Final = re.compile(r"(?<=\n)[ \t]*(?=[^\s])")
_MOST_INDENTED: Final = 3  # characters, at the beginning of a paragraph
_WITHDRAWN: Final = re.compile(
    r"this (?:paper|article|submission|manuscript|preprint|work|version) "
    r"(?:has been|is|was)(?: temporarily)? withdrawn",
    re.IGNORECASE,
)
_BEGINS_WITHDRAWN: Final = re.compile(
    rf"\W*(?:(?:paper |article )?withdrawn\b|{_WITHDRAWN.pattern})", re.IGNORECASE
)


def mark_paragraphs(abstract: str) -> str:
    """Put an empty line before each paragraph: arXiv starts one with an indented line, and wraps the others.

    https://info.arxiv.org/help/prep.html#abstracts. What a program has indented as a whole loses that first.
    """
    margin = min(map(len, _MARGIN.findall(abstract)), default=0)
    if margin > _MOST_INDENTED:
        abstract = re.sub(rf"(?<=\n)[ \t]{{{min(margin, 1_000)}}}", "", abstract)
    return _INDENTED.sub("\n\n", abstract)


def is_withdrawn(comment: str, abstract: str) -> bool:
    """Tell whether a paper was withdrawn: its newest comment says so, or its abstract begins with that."""
    comment, beginning = " ".join(comment.split()), " ".join(abstract[:200].split())
    return bool(
        _WITHDRAWN.search(comment) or _BEGINS_WITHDRAWN.match(comment) or _BEGINS_WITHDRAWN.match(beginning)
    )


def split_dois(written: str) -> list[Identifier]:
    """Read the DOIs of arXiv's field for one, in which some have two; arXiv's own is none of them."""
    found = (parse_identifier(word, "doi") for word in written.split())
    return [doi for doi in found if doi and doi.scheme == "doi"]


# --- Dates -------------------------------------------------------------------------------------------------

_MONTH: Final = re.compile(r"(?:[a-z-]+/)?(?P<year>[0-9]{2})(?P<month>[0-9]{2})")


def read_month(arxiv_id: Identifier) -> PartialDate | None:
    """Give the month in which a paper came to arXiv, which its identifier begins with.

    https://info.arxiv.org/help/arxiv_identifier.html
    """
    found = _MONTH.match(arxiv_id.value)
    if not found:
        return None
    year = int(found["year"])
    return make_date(year + (1900 if year > 90 else 2000), int(found["month"]))


# --- Authors -----------------------------------------------------------------------------------------------

_FOOTNOTE: Final = re.compile(r"\$[^$]{0,100}\$")
_BRACKET: Final = re.compile(r"[()\[\]]")
_GROUP_IN_BRACKETS: Final = re.compile(
    r"(?:(?:for|on behalf of) )?(?:the )?(?P<name>[^,:;]{1,80} collaborations?)\b", re.IGNORECASE
)
_ON_BEHALF: Final = re.compile(
    r",? (?:and )?(?:for|on behalf of) (?:the )?(?P<name>[^,:;]{1,200} (?:collaborations?|teams?|groups?))$",
    re.IGNORECASE,
)
_AFTER_GROUP: Final = re.compile(r"(?<=collaboration):|(?<=collaborations):", re.IGNORECASE)
# "LIGO and Virgo Collaborations" are one: they share their last word.
_BETWEEN: Final = re.compile(
    r" ?[,;] ?(?:(?:and|&) )?| (?:and|&) (?![^,;]{0,80}\bcollaborations\b)", re.IGNORECASE
)
_OTHERS: Final = re.compile(r"(?:and )?(?:et\.? ?al\.?|others)", re.IGNORECASE)
_ET_AL: Final = re.compile(r" (?:et\.? al\.?|and others)$", re.IGNORECASE)
_SUFFIX: Final = re.compile(r"(?:jr|sr|ii|iii|iv)\.?", re.IGNORECASE)


def split_authors(written: str) -> list[str]:
    """Split the authors of a paper as their submitter typed them into names, without affiliations.

    "A. B\\"ar (CERN), C. Doe (1) and E. Foe, for the X Collaboration ((1) MIT, (2) ETH)" names three people and
    a group. https://info.arxiv.org/help/prep.html#author
    """
    text = " ".join(_FOOTNOTE.sub("", written).split())
    if re.search(r"[\\{}~$]", text):
        text = " ".join(latex.to_text(text).split())
    text, groups = _take_out_brackets(text)
    if on_behalf := _ON_BEHALF.search(text):
        text = text[: on_behalf.start()]
        groups.insert(0, on_behalf["name"])
    names: list[str] = []
    for part in _BETWEEN.split(_AFTER_GROUP.sub(",", text)):
        name = _ET_AL.sub("", part.strip()).removeprefix("the ")
        if _SUFFIX.fullmatch(name) and names:
            names[-1] += f" {name}"
        elif name and not _OTHERS.fullmatch(name):
            names.append(name)
    return [*names, *(group for group in dict.fromkeys(groups) if group not in names)]


def _take_out_brackets(text: str) -> tuple[str, list[str]]:
    """Take out what stands in brackets, however deep; give the rest, and the collaborations named in them."""
    rest: list[str] = []
    groups: list[str] = []
    depth = place = opened = 0
    for found in _BRACKET.finditer(text):
        if not depth:
            rest.append(text[place : found.start()])
            opened = found.end()
        if found[0] in "([":
            depth += 1
        elif depth:
            depth -= 1
            if not depth and (group := _GROUP_IN_BRACKETS.match(text, opened, found.start())):
                groups.append(group["name"])
        if not depth:
            place = found.end()
    if depth:  # never closed: an affiliation goes on to the next comma, as far as one can tell
        comma = text.find(",", opened)
        place = comma if comma >= 0 else len(text)
    rest.append(text[place:])
    return " ".join(" ".join(rest).split()), groups

"""What is particular to text that comes from arXiv, by whatever way it comes."""

from __future__ import annotations

import re
from typing import Final

_INDENTED: Final = re.compile(r"\r?\n[ \t]{2,}")
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

    https://info.arxiv.org/help/prep.html#abstracts
    """
    return _INDENTED.sub("\n\n", abstract)


def is_withdrawn(comment: str, abstract: str) -> bool:
    """Tell whether a paper was withdrawn: its newest comment says so, or its abstract begins with that."""
    comment, beginning = " ".join(comment.split()), " ".join(abstract[:200].split())
    return bool(
        _WITHDRAWN.search(comment) or _BEGINS_WITHDRAWN.match(comment) or _BEGINS_WITHDRAWN.match(beginning)
    )

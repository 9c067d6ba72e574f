"""Text from outside to safe HTML: the only place that does it.

Titles, abstracts, comments and whatever else comes from files, services and people is escaped here, and what
is understood in it (TeX, Markdown, addresses) is built anew from lists of elements and attributes. What was
built then goes through nh3 with one list for all (see _sanitise), so that a mistake above it stays harmless.

All functions are pure, take any text, and need time in proportion to it. Bidirectional overrides, control,
private-use and zero-width characters are dropped (see _characters). The element around a result of inline or
highlight carries dir="auto"; the paragraphs of abstract and comment carry it themselves.
"""

import re
from functools import lru_cache
from html import escape

from django.utils.safestring import SafeString

from . import _markdown, _text
from ._characters import clean
from ._formulas import FORMULA_COUNT_LIMIT, FORMULA_LIMIT, TEX_LIMIT, Allowance
from ._sanitise import sanitise
from ._skeletons import Skeleton, make_hole
from ._text import MARK_END, MARK_START

__all__ = [
    "COMMENT_LIMIT",
    "FORMULA_COUNT_LIMIT",
    "FORMULA_LIMIT",
    "MARK_END",
    "MARK_START",
    "TEX_LIMIT",
    "Skeleton",
    "abstract",
    "comment",
    "highlight",
    "inline",
    "make_hole",
    "number",
    "plain",
]

COMMENT_LIMIT = 20_000
"""Bytes of a comment that may be posted, and characters of one that is shown with its Markdown."""

_BRACKET_LIMIT = 1_000
"""Opening brackets of a comment: markdown-it looks for the partner of each, twice, in time that grows as n²."""

_CACHED_LINE = 1_000
_CACHED_TEXT = 6_000
"""Characters of the longest texts that are remembered: longer ones are rare and would fill the memory."""


def inline(text: str) -> SafeString:
    """Return a title, an excerpt or a name as HTML for one line, with formulas and without links."""
    if _text.is_ordinary(text):
        return SafeString(escape(text))
    return (_inline_cached if len(text) <= _CACHED_LINE else _inline)(text)


def _inline(text: str) -> SafeString:
    html = _text.write_html(_text.read_tokens(clean(text)), Allowance(), one_line=True)
    return SafeString(sanitise(html))


_inline_cached = lru_cache(maxsize=2_048)(_inline)


def abstract(text: str) -> SafeString:
    """Return an abstract as HTML: paragraphs, formulas also on lines of their own, and links."""
    return (_abstract_cached if len(text) <= _CACHED_TEXT else _abstract)(text)


def _abstract(text: str) -> SafeString:
    allowance = Allowance()
    paragraphs = (
        _text.write_html(_text.read_tokens(paragraph), allowance, links=True)
        for paragraph in _text.split_paragraphs(clean(text))
    )
    html = "\n".join(f'<p dir="auto">{paragraph}</p>' for paragraph in paragraphs)
    return SafeString(sanitise(html))


_abstract_cached = lru_cache(maxsize=512)(_abstract)


def comment(text: str) -> SafeString:
    """Return a comment as HTML: Markdown (CommonMark and ~~struck~~, no HTML, no pictures), formulas, links.

    A line that ends in a comment ends on the page. Headings begin at h4. What is longer than COMMENT_LIMIT,
    or is nothing but brackets, is shown as it was written.
    """
    return (_comment_cached if len(text) <= _CACHED_TEXT else _comment)(text)


def _comment(text: str) -> SafeString:
    is_within = len(text) <= COMMENT_LIMIT and text.count("[") <= _BRACKET_LIMIT
    html = _markdown.to_html(clean(text)) if is_within else ""
    if not html:
        lines = "<br>".join(escape(line) for line in clean(text).split("\n"))
        return SafeString(f'<p dir="auto">{lines}</p>')
    # Cleaned again: Markdown has character references.
    return SafeString(sanitise(clean(html)))


_comment_cached = lru_cache(maxsize=512)(_comment)


def highlight(text: str) -> SafeString:
    """Return an excerpt as HTML for one line, with <mark> around what stands between MARK_START and MARK_END.

    Markers without a partner, or around each other, do no harm; in a formula they mark all of it.
    """
    pieces = re.split(f"([{MARK_START}{MARK_END}])", text)
    marked = "".join(piece if piece in {MARK_START, MARK_END} else clean(piece) for piece in pieces)
    html = _text.write_html(_text.read_tokens(marked), Allowance(), one_line=True)
    return SafeString(sanitise(html))


def number(value: int) -> SafeString:
    """Return a whole number as HTML, for holes that get one often: it needs no escaping."""
    return SafeString(f"{value:d}")


def plain(text: str) -> str:
    """Return a title or an excerpt as text on one line, not escaped: for feeds, e-mails and <title>."""
    if _text.is_ordinary(text):
        return " ".join(text.split())
    return (_plain_cached if len(text) <= _CACHED_LINE else _plain)(text)


def _plain(text: str) -> str:
    return _text.write_plain(_text.read_tokens(clean(text)))


_plain_cached = lru_cache(maxsize=2_048)(_plain)

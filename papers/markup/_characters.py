"""Which characters of outside text may reach a page."""

import re
import unicodedata

MARK_LIMIT = 8
"""Combining marks kept on one letter. Pointed Hebrew and Thai need four at most; "zalgo" text has dozens."""

_REMOVED = re.compile(
    "["
    "\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f"  # control characters, but for tab and the ends of lines
    "\u200b\u2060-\u2064\ufeff"  # zero width, and good for nothing but hiding words from a search
    "\u202a-\u202e\u2066-\u2069\u206a-\u206f"  # bidirectional embeddings, overrides and isolates (UAX #9)
    "\ufff9-\ufffb\ufffe\uffff"  # interlinear annotation, noncharacters
    "\ud800-\udfff"  # halves of a surrogate pair, which no encoder accepts
    "\ue000-\uf8ff\U000f0000-\U0010ffff"  # private use: no meaning, and search marks its hits with them
    "\U000e0000-\U000e007f"  # tags: invisible copies of ASCII
    "]+"
)
_LINE_ENDS = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
_DIRECTION_MARKS = re.compile("[\u200e\u200f\u061c]+")
_RIGHT_TO_LEFT = re.compile(
    "[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]"
)
_JOINERS = re.compile("([\u200c\u200d])[\u200c\u200d]+")


def _find_marks() -> str:
    """Write a character class of all marks that stack on a letter (general categories Mn and Me)."""
    ranges: list[list[int]] = []
    for code in (*range(0x300, 0x1F000), *range(0xE0100, 0xE01F0)):
        if unicodedata.category(chr(code)) in {"Mn", "Me"}:
            if ranges and ranges[-1][1] == code - 1:
                ranges[-1][1] = code
            else:
                ranges.append([code, code])
    return "".join(f"{chr(first)}-{chr(last)}" for first, last in ranges)


_MARKS = _find_marks()
_STACKED_MARKS = re.compile(f"([{_MARKS}]{{{MARK_LIMIT}}})[{_MARKS}]+")

# Latin, Greek and Cyrillic letters, punctuation and symbols: none of them is touched below.
_ORDINARY = re.compile(
    "[\t\n -~\xa0-\u02ff\u0370-\u0482\u048a-\u058f\u2010-\u2027\u2030-\u205e\u2070-\u20cf\u2100-\u2bff]*"
)


def clean(text: str) -> str:
    """Drop what hides, reorders or buries text, and keep what people write.

    Overrides and embeddings of direction go. The letters of right-to-left scripts stay, and the marks of
    direction beside them, which cannot reach beyond the element with dir="auto" that the text stands in.
    All ends of lines become line feeds.
    """
    if _ORDINARY.fullmatch(text):
        return text
    text = _LINE_ENDS.sub("\n", text)
    text = _REMOVED.sub("", text)
    if not _RIGHT_TO_LEFT.search(text):
        text = _DIRECTION_MARKS.sub("", text)
    text = _JOINERS.sub(r"\1", text)
    return _STACKED_MARKS.sub(r"\1", text)

"""Readable text of titles and abstracts that come with mark-up: JATS, HTML, MathML, plain or escaped.

JATS is what publishers deposit (https://jats.nlm.nih.gov/publishing/), with whatever prefix their XML had, and
without the declaration of it; others paste HTML, whole (https://html.spec.whatwg.org/), escaped or cut off. So
this is no parser of either language. What looks like one of their tags goes, and everything else is text: a
`<` in a formula, `<2.5%`, `<projektor>`. The libraries that read HTML take those for tags
(docs/decisions/0013-json-formats.md).

The work is linear in the length of the text, whatever it holds.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from html import unescape
from html.entities import html5
from typing import Final

from papers.records import clean_line

_MAX_DEPTH: Final = (
    40  # elements that shape their content; those further down are read as if they were not there
)
_MAX_ESCAPED: Final = 3  # times; "&amp;amp;lt;" was seen

# --- What is a tag -----------------------------------------------------------------------------------------

_PREFIXES: Final = "jats|mml|m|ns[0-9]{1,3}|xhtml|html|o|w|st1|xlink"
# "p" and "i" are names of tags, and in "<p and q>" of variables: attributes count only where they have values.
_TAG: Final = re.compile(
    rf"<(?P<end>/?)(?:(?P<prefix>{_PREFIXES}):)?(?P<name>[A-Za-z][A-Za-z0-9-]{{0,30}})"
    r"(?P<attributes>(?:\s{1,100}[A-Za-z_:][\w:.-]{0,50}\s{0,9}=\s{0,9}"
    r"(?:\"[^\"]{0,2000}\"|'[^']{0,2000}'|[^\s\"'<>=`]{1,200})){0,20})"
    r"\s{0,100}/?\s?>",
    re.IGNORECASE | re.ASCII,
)
_COMMENT_OR_DATA: Final = re.compile(r"<!--|<!\[CDATA\[")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_BLOCKS: Final = _words(
    "abstract address article aside blockquote body boxed-text br break caption center dd def def-item def-list "
    "disp-formula disp-quote div dl dt fig figcaption figure footer form header hr html kwd-group li list "
    "list-item main nav ol p pre sec section statement table table-wrap tbody td tfoot th thead title tr "
    "trans-abstract ul verse-group h1 h2 h3 h4 h5 h6"
)
_INLINE: Final = _words(
    "a abbr acronym alternatives annotation annotation-xml article-title b bdi bdo big bold cite code del dfn "
    "email em ext-link fixed-case fn font i img inline-formula inline-graphic inline-supplementary-material ins "
    "institution italic kbd label maction mark math menclose merror mfenced mfrac mi mmultiscripts mn mo monospace "
    "mover mpadded mphantom mprescripts mroot mrow ms mspace msqrt mstyle msub msubsup msup mtable mtd mtext mtr "
    "munder munderover named-content nobr none overline person-group q roman ruby s samp sans-serif sc scp script "
    "semantics small span strike strong styled-content sub sup style tex-math tt u underline uri var wbr "
    "xref year"
)
_HEADINGS: Final = frozenset(("title", "label", "h1", "h2", "h3", "h4", "h5", "h6"))
_EMPTY: Final = _words("br break hr img inline-graphic mprescripts mspace none wbr")

_ENTITY: Final = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")


def to_text(html: str, *, paragraphs: bool = False) -> str:
    """Give what a reader would see of a text with mark-up, as one line or in paragraphs.

    With `paragraphs` (for abstracts) an empty line parts what blocks, list items and line breaks part, the
    heading of a section stands before its text ("Methods: We …"), and a heading that only says "Abstract" goes.
    Text without mark-up keeps its lines. Superscripts and subscripts become characters where there are such,
    formulas become TeX between dollars where the source has it and else a line as `x_1/(a+b)`. What is not closed,
    nested wrongly or cut off is read as far as it goes.
    """
    text = _decode(html)
    reader = _Reader(paragraphs=paragraphs)
    is_marked = "<" in text and reader.read(text)
    if is_marked:
        text = reader.finish()
    if not paragraphs:
        return clean_line(text)
    heading = _ABSTRACT.match(text)
    return (text[heading.end() :] if heading else text).strip()


# The word above an abstract, where it came along. "Abstract algebra is" has no mark behind it.
_ABSTRACT: Final = re.compile(
    r"\s{0,99}(?:(?i:abstract|summary|r[ée]sum[ée]|resumen|resumo|zusammenfassung)"
    r"(?:[ \t]{0,9}[:.][ \t]|[ \t]{0,9}[:.]?[ \t]{0,9}\r?\n)|ABSTRACT[ \t])(?=\s{0,99}\S)"
)


def _decode(text: str) -> str:
    """Resolve entities, those of escaped mark-up too; an ampersand that begins none is one."""
    for _ in range(_MAX_ESCAPED):
        if "&" not in text:
            break
        decoded = _ENTITY.sub(_decode_entity, text)
        if decoded == text:
            break
        text = decoded
    return text


def _decode_entity(found: re.Match[str]) -> str:
    written = found[0]
    return unescape(written) if written[1] == "#" or written[1:] in html5 else written


# --- From tags to text -------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Element:
    """An open element that shapes its content, and the pieces of text in it so far."""

    name: str
    attributes: str = ""
    parts: list[str] = field(default_factory=list)
    tex: str = ""  # the same formula in TeX, where it is given beside


class _Reader:
    """Reads tags and text in order; elements that shape their content are kept open until they end."""

    def __init__(self, *, paragraphs: bool) -> None:
        self._break = "\n\n" if paragraphs else " "
        self._paragraphs = paragraphs
        self._has_blocks = False
        self._is_after_heading = False
        self._root = _Element("")
        self._open = [self._root]

    def read(self, text: str) -> bool:
        """Read a text; tell whether there was any mark-up in it."""
        place, is_marked, no_more = 0, False, set()
        copied = 0  # up to where text was taken over
        while (place := text.find("<", place)) >= 0:
            if special := _COMMENT_OR_DATA.match(text, place):
                closing = "-->" if special[0] == "<!--" else "]]>"
                end = -1 if closing in no_more else text.find(closing, special.end())
                if end < 0:
                    # Looked for once only: the rest would be searched again at each of many such marks.
                    no_more.add(closing)
                    place += 1
                    continue
                self._add_text(text[copied:place])
                if closing == "]]>":
                    self._add_text(text[special.end() : end])
                place = copied = end + 3
                is_marked = True
                continue
            tag = _TAG.match(text, place)
            name = tag["name"].lower() if tag else ""
            if tag is None or not (tag["prefix"] or name in _BLOCKS or name in _INLINE):
                place += 1
                continue
            self._add_text(text[copied:place])
            place = copied = tag.end()
            is_marked = True
            if tag["end"]:
                self._end(name)
            else:
                self._start(name, tag["attributes"], is_empty=tag[0].rstrip("> ").endswith("/"))
        if is_marked:
            self._add_text(text[copied:])
        return is_marked

    def finish(self) -> str:
        """Close what is open and give the text."""
        while len(self._open) > 1:
            self._close()
        text = "".join(self._root.parts)
        if not self._has_blocks:
            return text
        return "\n\n".join(line for part in text.split("\n\n") if (line := " ".join(part.split())))

    def _add_text(self, text: str) -> None:
        top = self._open[-1]
        if top.name in _MATHEMATICS and not text.strip():
            return
        if text:
            self._is_after_heading = self._is_after_heading and text.isspace()
            # An empty line within mark-up is how its source was laid out.
            top.parts.append(_EMPTY_LINE.sub("\n", text) if "\n" in text else text)

    def _start(self, name: str, attributes: str, *, is_empty: bool) -> None:
        if name in _BLOCKS:
            self._has_blocks = True
            self._part()
        if name == "mspace":
            self._open[-1].parts.append(" ")
        if is_empty or name in _EMPTY:
            return
        if name in _RENDER and len(self._open) < _MAX_DEPTH:
            self._open.append(_Element(name, attributes))

    def _end(self, name: str) -> None:
        if name in _RENDER:
            for depth in range(len(self._open) - 1, 0, -1):
                if self._open[depth].name == name:
                    while len(self._open) > depth:
                        self._close()
                    break
        if name in _BLOCKS and name not in _HEADINGS:
            self._part()

    def _part(self) -> None:
        """Begin a new paragraph, unless a heading waits for its text."""
        if not self._is_after_heading:
            self._open[-1].parts.append(self._break)

    def _close(self) -> None:
        element = self._open.pop()
        above = self._open[-1]
        if element.name in _HEADINGS and self._paragraphs:
            above.parts.append(_render_heading("".join(element.parts)))
            self._is_after_heading = True
            return
        text = _RENDER[element.name](element)
        if element.name in _TEX_SOURCES and any(outer.name in _FORMULAS for outer in self._open):
            above.tex = above.tex or text
            return
        if element.tex and element.name in _FORMULAS:
            text = element.tex
            if element.name not in _HOLD_NO_FORMULA_ABOVE:
                above.tex = above.tex or element.tex
        if text:
            above.parts.append(text)


_EMPTY_LINE: Final = re.compile(r"\n\s{1,1000}")


# --- How elements read -------------------------------------------------------------------------------------

_RAISED: Final = dict(zip("0123456789+-−=()ni", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ⁿⁱ", strict=True))
_LOWERED: Final = dict(zip("0123456789+-−=()", "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎", strict=True))
_COMPOUND: Final = re.compile(r"\w[\s+\-−=/*·×±,]|[+\-−=/*·×±,]\s*\w")
_RELATIONS: Final = _words("= < > ≤ ≥ ≈ ∼ ~ ≠ ≡ ≪ ≫ → ← ± × ∈ ∝")


def _render_heading(text: str) -> str:
    title = clean_line(text)
    if not title or title.rstrip(".:").casefold() in _NO_HEADINGS:
        return ""
    return f"{title} " if title[-1] in ".:?!" else f"{title}: "


_NO_HEADINGS: Final = frozenset(("abstract", "summary", "résumé", "resumen", "resumo", "zusammenfassung"))


def _join(element: _Element) -> str:
    return "".join(element.parts)


def _drop(element: _Element) -> str:
    return ""


def _raise(element: _Element) -> str:
    text = _join(element)
    if raised := _translate(text, _RAISED):
        return raised
    # "10<sup>-x</sup>" is no product; "19<sup>th</sup>", "<sup>®</sup>" and marks of footnotes read as they are.
    return f"^{_bracket(text.strip())}" if text.strip()[:1] in "0123456789+-−" and text.strip() else text


def _lower(element: _Element) -> str:
    text = _join(element)
    return _translate(text, _LOWERED) or text


def _translate(text: str, characters: dict[str, str]) -> str:
    """Give the text in raised or lowered characters; empty where one of them is missing or it is long."""
    text = text.strip()
    if len(text) > 12 or not all(char in characters for char in text):
        return ""
    return "".join(characters[char] for char in text)


def _bracket(text: str) -> str:
    return f"({text})" if _COMPOUND.search(text) else text


def _operator(element: _Element) -> str:
    sign = _join(element).strip()
    return f" {sign} " if sign in _RELATIONS else sign


def _token(element: _Element) -> str:
    return _join(element).strip()


def _child(element: _Element, number: int) -> str:
    return element.parts[number].strip() if number < len(element.parts) else ""


def _script(base: str, text: str, characters: dict[str, str], mark: str) -> str:
    return base + (_translate(text, characters) or (f"{mark}{_bracket(text)}" if text else ""))


def _math_sub(element: _Element) -> str:
    return _script(_child(element, 0), _child(element, 1), _LOWERED, "_")


def _math_sup(element: _Element) -> str:
    return _script(_child(element, 0), _child(element, 1), _RAISED, "^")


def _math_sub_sup(element: _Element) -> str:
    return _script(_math_sub(element), _child(element, 2), _RAISED, "^")


def _math_over(element: _Element) -> str:
    # An accent (a bar, a hat, an arrow) is left out, a limit is not.
    base, over = _child(element, 0), _child(element, 1)
    return base if len(over) == 1 and not over.isalnum() else _script(base, over, _RAISED, "^")


def _math_fraction(element: _Element) -> str:
    return f"{_bracket(_child(element, 0))}/{_bracket(_child(element, 1))}"


def _math_root(element: _Element) -> str:
    return f"√{_bracket(_join(element).strip())}"


def _math_nth_root(element: _Element) -> str:
    return f"{_bracket(_child(element, 0))}^(1/{_child(element, 1)})"


def _math_fenced(element: _Element) -> str:
    return "(" + ", ".join(part.strip() for part in element.parts) + ")"


def _math_cell(element: _Element) -> str:
    return _join(element).strip() + " "


def _tex(element: _Element) -> str:
    text = _join(element)
    if element.name == "annotation" and "tex" not in element.attributes.lower():
        return ""
    # Publishers give a whole document, with its preamble, for each formula.
    _, begin, document = text.partition(r"\begin{document}")
    if begin:
        text = document.partition(r"\end{document}")[0]
    text = " ".join(text.split()).strip("$ ")
    return f"${text}$" if text else ""


_MATHEMATICS: Final = _words(
    "math mfenced mfrac mroot mrow msqrt mstyle msub msubsup msup mtable mtd mtr munder munderover mover "
    "semantics"
)
_FORMULAS: Final = frozenset(("alternatives", "inline-formula", "disp-formula", "semantics", "math"))
_HOLD_NO_FORMULA_ABOVE: Final = frozenset(("inline-formula", "disp-formula"))
_TEX_SOURCES: Final = frozenset(("annotation", "tex-math"))
_RENDER: Final[dict[str, Callable[[_Element], str]]] = {
    **dict.fromkeys(("alternatives", "inline-formula", "disp-formula"), _join),
    **dict.fromkeys(("math", "mrow", "mstyle", "semantics", "mtable"), _join),
    **dict.fromkeys(("mi", "mn", "ms", "mtext"), _token),
    **dict.fromkeys(("mtd", "mtr"), _math_cell),
    **dict.fromkeys(("title", "label", "h1", "h2", "h3", "h4", "h5", "h6"), _join),
    **dict.fromkeys(("script", "style", "annotation-xml", "mphantom"), _drop),
    **dict.fromkeys(("annotation", "tex-math"), _tex),
    "sub": _lower,
    "sup": _raise,
    "mo": _operator,
    "msub": _math_sub,
    "munder": _math_sub,
    "msup": _math_sup,
    "mover": _math_over,
    "msubsup": _math_sub_sup,
    "munderover": _math_sub_sup,
    "mfrac": _math_fraction,
    "msqrt": _math_root,
    "mroot": _math_nth_root,
    "mfenced": _math_fenced,
}

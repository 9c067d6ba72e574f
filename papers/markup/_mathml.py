"""TeX to MathML.

latex2mathml reads the TeX. Around it stands what it lacks: bounds (it can be made to recurse and to double
without end), a writer that knows nothing but the elements and attributes listed here (its own writes text
unescaped), and what browsers need that draw MathML Core (https://www.w3.org/TR/mathml-core/) and no more:
letters of another style as characters of their own, space around names, classes for the sides of columns.
"""

import re
from functools import lru_cache
from html import escape
from xml.etree.ElementTree import Element

from latex2mathml.converter import convert_to_element
from latex2mathml.symbols_parser import convert_symbol

from ._characters import clean
from ._formulas import Allowance, Formula

NESTING_LIMIT = 24
"""Levels of braces and environments; a formula made by a person has fewer than ten."""

ELEMENT_LIMIT = 3_000
"""Elements of one converted formula."""

OUTPUT_LIMIT = 60_000
"""Characters of one converted formula."""

_DEPTH_LIMIT = 100  # levels of elements: three or four for each level of braces


# TeX that latex2mathml reads badly or not at all


# Definitions double at each use, \sideset doubles its argument: thirty of them are a billion elements.
_REFUSED = re.compile(
    r"\\(?:newcommand|renewcommand|providecommand|def|edef|gdef|xdef|let|newenvironment|renewenvironment"
    r"|DeclareMathOperator|sideset|require|input|include|csname|catcode)(?![A-Za-z])"
)
_NESTING = re.compile(r"\\(?:begin|left)(?![A-Za-z])|\\(?:end|right)(?![A-Za-z])|\\.|[{}]", re.DOTALL)
_DROPPED = re.compile(
    r"\\(?:label|cite[pt]?|textcolor|color|style|class|cssId)\s*\{[^{}]*\}"
    r"|\\(?:begin|end)\s*\{(?:equation|displaymath|math|subequations)\*?\}"
    r"|\\(?:nonumber|notag|displaylimits|allowbreak|nobreak|noindent|centering|protect|ensuremath)(?![A-Za-z])"
    r"|(?<!\\)%[^\n]*\n"
)
_LINK = re.compile(r"\\href\s*\{[^{}]*\}")
_TAG = re.compile(r"\\tag\*?\s*\{([^{}]*)\}")
_ENVIRONMENT = re.compile(r"\\(begin|end)\s*\{([A-Za-z]+)\*?\}(\{[^{}]*\})?")
_RENAMED_ENVIRONMENTS = {
    **dict.fromkeys(("align", "aligned", "alignat", "alignedat", "flalign", "split"), "align*"),
    **dict.fromkeys(("gather", "gathered", "multline"), "matrix"),
    **dict.fromkeys(("dcases", "rcases", "numcases"), "cases"),
}
# Each text is read in one way only: "\abc" taken apart as a command and letters would be read in two to the power of
# its length ways, and blanks by two neighbours in as many ways as there are blanks. (The possessive forms that would
# say so match wrongly in early releases of Python 3.11.)
_OPERATOR_NAME = re.compile(
    r"\\operatorname(\*|withlimits)?\s*\{((?:[^{}\\]|\\[A-Za-z]+(?![A-Za-z])|\\[ ,;:!])*)\}"
)
_MATH_OPERATOR = re.compile(
    r"\\mathop\s*\{\s*\\(?:rm|mathrm|text|textrm|operatorname)(?![A-Za-z])\s*\{?"
    r"([A-Za-z](?:\s*(?:[A-Za-z]|\\[ ,;:!]))*)\s*(?:\}\s*)?\}(?:\\limits)?"
)
_TEXT_WITH_MATH = re.compile(r"\\(?:text|textrm|mbox)\s*\{([^{}]*\$[^{}]*)\}")
_STACK = re.compile(r"\\substack\s*(\{(?:[^{}]|\{[^{}]*\})*\})")  # it would take in all that follows it
_MODULO = re.compile(r"\\pmod\s*(\{[^{}]*\}|\w)")
_RENAMED = {
    r"\lVert": r"\|",
    r"\rVert": r"\|",
    r"\lvert": "|",
    r"\rvert": "|",
    r"\texttimes": r"\times",
    r"\textdegree": r"\degree",
    r"\textsc": r"\text",
    r"\mathds": r"\mathbb",
    r"\mathbbm": r"\mathbb",
    r"\mathbbmss": r"\mathbb",
    r"\nicefrac": r"\frac",
    r"\setminus": r"\smallsetminus",
}
_RENAMED_COMMAND = re.compile(r"\\(?:" + "|".join(name[1:] for name in _RENAMED) + r")(?![A-Za-z])")


def _rename_environment(found: re.Match[str]) -> str:
    name = found[2]
    argument = found[3] or ""
    if name == "eqnarray":
        return (r"\begin{array}{rcl}" if found[1] == "begin" else r"\end{array}") + argument
    if name not in _RENAMED_ENVIRONMENTS:
        return found[0]
    if name in {"alignat", "alignedat"}:
        argument = ""  # how many columns
    return f"\\{found[1]}{{{_RENAMED_ENVIRONMENTS[name]}}}{argument}"


def _spell_operator(found: re.Match[str]) -> str:
    letters = re.sub(r"\\[ ,;:!]|\s", "", found[found.lastindex or 0])
    if letters in {"argmax", "argmin"}:
        return f"\\{letters} "
    if not letters.isascii() or not letters.isalpha():
        return found[0]
    limits = "*" if found.lastindex == 1 or (found.lastindex == 2 and found[1]) else ""
    return f"\\operatorname{limits}{{{letters}}}"


def _prepare(tex: str) -> str:
    """Rewrite what latex2mathml does not know into what it knows."""
    tex = _DROPPED.sub(" ", tex)
    tex = _LINK.sub("", tex)
    tex = _TAG.sub(r"\\qquad\\text{(\1)}", tex)
    tex = _ENVIRONMENT.sub(_rename_environment, tex)
    tex = _OPERATOR_NAME.sub(_spell_operator, tex)
    tex = _MATH_OPERATOR.sub(_spell_operator, tex)
    tex = _TEXT_WITH_MATH.sub(r"\\hbox{\1}", tex)
    tex = _STACK.sub(r"{\\substack\1}", tex)
    tex = _MODULO.sub(r"\\quad(\\mathrm{mod}\\;\1)", tex)
    return _RENAMED_COMMAND.sub(lambda found: _RENAMED[found[0]], tex)


def _is_too_deep(tex: str) -> bool:
    depth = 0
    for found in _NESTING.finditer(tex):
        if found[0] == "{" or found[0] in {r"\begin", r"\left"}:
            depth += 1
            if depth > NESTING_LIMIT:
                return True
        elif found[0] == "}" or found[0] in {r"\end", r"\right"}:
            depth -= 1
    return False


# MathML


class _Unreadable(Exception):
    """The formula is shown as its source."""


_NAMES_WITH_LIMITS = {
    "lim", "sup", "inf", "max", "min", "argmax", "argmin", "det", "gcd", "injlim", "liminf", "limsup",
    "plim", "Pr", "projlim",
}  # fmt: skip
_OPERATORS_WITH_LIMITS = set("∏∐∑⋀⋁⋂⋃⨀⨁⨂⨄⨆")
_WITH_LIMITS = {"msub": "munder", "msup": "mover", "msubsup": "munderover"}
_PARTS = {"msubsup": 3, "munderover": 3}
_SCRIPTED = {*_WITH_LIMITS, *_WITH_LIMITS.values()}
_OPENING_FENCES = set("([{⟨⌈⌊")
_CLOSING_FENCES = set(")]}⟩⌉⌋")
_BARS = set("|‖∥")
_PRIMES = set("′″‴⁗")
_NEGATION = "\u29f8"
_OVERLAY = "\u0338"
# Symbols that stand for a thing, though latex2mathml calls them operators, which would part them from their
# neighbours; and, by their Unicode blocks, operators that it calls identifiers.
_NOT_OPERATORS = set("∞∅⊤⊥∎")
_OPERATOR = re.compile("[±×÷¬·∼⟰-⟿⤀-⥿⦀-⫿]")
_CAPITAL_GREEK = re.compile("[Α-Ω]")  # upright in TeX

_ACCENTS = set("´¯˘ˇ˙¨\u20db\u20dc`^˚⏞⏟⎴⎵←→↔―⏜⏝~")
# What stretches, where latex2mathml writes a sign that does not.
_STRETCHING = {
    ("mover", "―"): "‾",
    ("munder", "―"): "\u0332",
    ("mover", "^"): "\u0302",
    ("mover", "~"): "\u0303",
}

_FLAG = re.compile("true|false")
_SIZE = re.compile(r"[0-9](?:\.[0-9]{1,3})?em|0")
_ATTRIBUTES: dict[str, dict[str, re.Pattern[str]]] = {
    "mo": {
        "form": re.compile("prefix|postfix"),
        **dict.fromkeys(("stretchy", "fence", "movablelimits", "largeop", "separator"), _FLAG),
        **dict.fromkeys(("minsize", "maxsize", "lspace", "rspace"), _SIZE),
    },
    "mfrac": {"linethickness": re.compile("0")},
    "mstyle": {"displaystyle": _FLAG, "scriptlevel": re.compile("[012]")},
    "mtable": {"displaystyle": _FLAG},
}
_SPACES = {
    "negativethinmathspace": -0.167,
    "negativemediummathspace": -0.222,
    "negativethickmathspace": -0.278,
    "thinmathspace": 0.167,
    "thickmathspace": 0.278,
}
_UNITS = {
    "em": 1.0, "ex": 0.45, "mu": 1 / 18, "pt": 0.1, "px": 0.0625, "mm": 0.28, "cm": 2.8, "in": 7.2, "pc": 1.2,
}  # fmt: skip
_LENGTH = re.compile(r"(-?\d{1,4}(?:\.\d{1,3})?)(" + "|".join(_UNITS) + ")")
_TEXT_CLASSES = {
    "bold": ' class="tex-bold"',
    "italic": ' class="tex-italic"',
    "monospace": ' class="tex-mono"',
    "sans-serif": ' class="tex-sans"',
}
_CELL_CLASSES = {"left": ' class="tex-left"', "right": ' class="tex-right"'}
_ESCAPED_IN_TEXT = re.compile(r"\\([%&#_{}$ ])")

# Where the styles of the Mathematical Alphanumeric Symbols begin (Unicode, chapter 22.2).
_ALPHABETS: dict[str, dict[str, int]] = {
    "bold": {"A-Z": 0x1D400, "a-z": 0x1D41A, "0-9": 0x1D7CE, "Α-Ω": 0x1D6A8, "α-ω": 0x1D6C2},
    "bold-italic": {"A-Z": 0x1D468, "a-z": 0x1D482, "0-9": 0x1D7CE, "Α-Ω": 0x1D71C, "α-ω": 0x1D736},
    "script": {"A-Z": 0x1D49C, "a-z": 0x1D4B6},
    "fraktur": {"A-Z": 0x1D504, "a-z": 0x1D51E},
    "double-struck": {"A-Z": 0x1D538, "a-z": 0x1D552, "0-9": 0x1D7D8},
    "sans-serif": {"A-Z": 0x1D5A0, "a-z": 0x1D5BA, "0-9": 0x1D7E2},
    "sans-serif-italic": {"A-Z": 0x1D608, "a-z": 0x1D622},
    "monospace": {"A-Z": 0x1D670, "a-z": 0x1D68A, "0-9": 0x1D7F6},
}
# Letters that were in Unicode before those styles were made stay where they had stood.
_OLDER_LETTERS = {
    "script": ("BEFHILMRego", "ℬℰℱℋℐℒℳℛℯℊℴ"),
    "fraktur": ("CHIRZ", "ℭℌℑℜℨ"),
    "double-struck": ("CHNPQRZ", "ℂℍℕℙℚℝℤ"),
}


def _make_styles() -> dict[str, dict[int, str]]:
    styles: dict[str, dict[int, str]] = {}
    for style, starts in _ALPHABETS.items():
        styles[style] = {
            code: chr(start + code - ord(letters[0]))
            for letters, start in starts.items()
            for code in range(ord(letters[0]), ord(letters[2]) + 1)
        }
        plain, older = _OLDER_LETTERS.get(style, ("", ""))
        styles[style] |= {ord(letter): styled for letter, styled in zip(plain, older, strict=True)}
    return styles


# Tables for str.translate. MathML Core knows no other way to write a letter in another style.
_STYLES = _make_styles()
_NO_STYLE: dict[int, str] = {}


_REFERENCE = re.compile("&#x([0-9A-Fa-f]{1,6});")


def _resolve(raw: str | None) -> str:
    """Return an element's text; latex2mathml leaves character references in it."""
    return clean(_REFERENCE.sub(_resolve_reference, raw)) if raw else ""


def _resolve_reference(found: re.Match[str]) -> str:
    code = int(found[1], 16)
    return chr(code) if code <= 0x10FFFF else ""


def _find_core(element: Element) -> Element:
    """Return what an element with scripts, or a row of one element, has them on."""
    while len(element) and (element.tag in _SCRIPTED or (element.tag == "mrow" and len(element) == 1)):
        element = element[0]
    return element


def _name_of(element: Element) -> str:
    """Return the name that an element writes in words, as log or arg max, without spaces; or nothing."""
    raw = element.text
    if element.tag not in {"mi", "mo"} or len(element) or not raw or raw.startswith("\\"):
        return ""
    name = re.sub(r"[\s\u2006\u2009]", "", _resolve(raw))
    return name if len(name) > 1 and name.isalpha() else ""


def _has_limits(element: Element) -> bool:
    return _name_of(element) in _NAMES_WITH_LIMITS or (
        element.tag == "mo" and _resolve(element.text) in _OPERATORS_WITH_LIMITS
    )


def _is_upright_letter(element: Element) -> bool:
    raw = element.text or ""
    if element.tag != "mi" or len(element):
        return False
    text = _resolve(raw)
    if len(text) != 1 or not text.isalpha():
        return False
    # \mathrm{d} comes as the reference of an ASCII letter, and \mathrm{KL} with a variant on each letter
    return element.get("mathvariant") == "normal" or (raw.startswith("&#x") and text.isascii())


def _class_of(element: Element) -> str:
    """Return the kind of atom that decides the space around a name (The TeXbook, chapter 18)."""
    core = _find_core(element)
    if _name_of(core):
        return "name"
    if core.tag == "mspace":
        return "space"
    if core.tag == "mo" and not len(core):
        text = _resolve(core.text)
        if text in _OPENING_FENCES:
            return "opening"
        return "ordinary" if text in _CLOSING_FENCES or text in _BARS else "operator"
    return "ordinary"


class _Writer:
    """Writes a tree of latex2mathml's as MathML: only known elements, known attributes, escaped text."""

    def __init__(self, *, tables: bool) -> None:
        self.parts: list[str] = []
        self._tables = tables
        self._elements = 0
        self._room_forward = 40.0  # ems by which all spaces of a formula may move what follows
        self._room_back = 3.0

    def write_row(self, children: list[Element], depth: int) -> None:
        """Write elements side by side, with TeX's space around names, upright letters joined to words."""
        before = "opening"
        negate = False
        index = 0
        while index < len(children):
            child = children[index]
            index += 1
            if child.tag == "mpadded" and len(child) == 1 and _resolve(child[0].text) == _NEGATION:
                negate = True
                continue
            here = _class_of(child)
            if "name" in (before, here) and (before, here) not in _CLOSE_PAIRS:
                self._write_space("0.167em")
            before = here
            if negate and child.tag in {"mo", "mi"} and not len(child):
                child.text = _resolve(child.text) + _OVERLAY
            negate = False
            if _is_upright_letter(child):
                word = _resolve(child.text)
                while index < len(children) and _is_upright_letter(children[index]):
                    word += _resolve(children[index].text)
                    index += 1
                self._write_identifier(word, upright=True)
            else:
                self.write(child, depth)

    def write(self, element: Element, depth: int) -> None:
        """Write one element and what is in it."""
        self._elements += 1
        if depth > _DEPTH_LIMIT or self._elements > ELEMENT_LIMIT:
            raise _Unreadable
        tag = element.tag
        if tag == "mspace":
            self._write_space(element.get("width", ""))
        elif tag in {"mi", "mn", "mo", "mtext"} and not len(element):
            self._write_leaf(tag, element)
        elif tag in _SCRIPTED or tag in {"mfrac", "mroot"}:
            self._write_parts(tag, element, depth)
        elif tag == "mtable":
            self._write_table(element, depth)
        else:
            self._write_group(tag, element, depth)

    def _write_group(self, tag: str, element: Element, depth: int) -> None:
        attributes = ""
        if tag == "mstyle":
            attributes = self._pick_attributes(tag, element)
        elif tag == "menclose":
            attributes = ' class="tex-box"' if element.get("notation") == "box" else ' class="tex-struck"'
        if tag not in {"msqrt", "mphantom"} and not (tag == "mstyle" and attributes):
            tag = "mrow"
        if tag == "mrow" and not attributes and len(element) == 1:
            self.write(element[0], depth + 1)
            return
        self.parts.append(f"<{tag}{attributes}>")
        self.write_row(list(element), depth + 1)
        self.parts.append(f"</{tag}>")

    def _write_parts(self, tag: str, element: Element, depth: int) -> None:
        """Write an element whose children have places: base and scripts, numerator and denominator."""
        attributes = self._pick_attributes(tag, element)
        children = list(element)
        if len(children) != _PARTS.get(tag, 2):
            raise _Unreadable
        if tag in _WITH_LIMITS and _has_limits(_find_core(children[0])):
            tag = _WITH_LIMITS[tag]
        if tag in {"mover", "munder"} and children[1].tag == "mo":
            sign = _resolve(children[1].text)
            if sign in _ACCENTS:
                attributes = ' accent="true"' if tag == "mover" else ' accentunder="true"'
                # latex2mathml gives \hat an attribute that \widehat has not, and \tilde one of its own
                if element.get("accent") == "true":
                    children[1].set("stretchy", "false")
                if children[1].get("stretchy") != "false" and (tag, sign) in _STRETCHING:
                    children[1].text = _STRETCHING[tag, sign]
                    children[1].set("stretchy", "true")
        self.parts.append(f"<{tag}{attributes}>")
        for child in children:
            self.write(child, depth + 1)
        self.parts.append(f"</{tag}>")

    def _write_table(self, element: Element, depth: int) -> None:
        if not self._tables:
            raise _Unreadable
        self.parts.append(f"<mtable{self._pick_attributes('mtable', element)}>")
        for row in element.findall("mtr"):
            self.parts.append("<mtr>")
            for cell in row:
                self.parts.append(f"<mtd{_CELL_CLASSES.get(cell.get('columnalign', ''), '')}>")
                self.write_row(list(cell), depth + 3)
                self.parts.append("</mtd>")
            self.parts.append("</mtr>")
        self.parts.append("</mtable>")

    def _write_space(self, width: str) -> None:
        if width in _SPACES:
            ems = _SPACES[width]
        elif found := _LENGTH.fullmatch(width):
            ems = float(found[1]) * _UNITS[found[2]]
        else:
            return
        if ems < 0:
            ems = -min(-ems, self._room_back)
            self._room_back += ems
        else:
            ems = min(ems, self._room_forward)
            self._room_forward -= ems
        if abs(ems) >= 0.001:
            self.parts.append(f'<mspace width="{ems:.3f}em"></mspace>')

    def _write_leaf(self, tag: str, element: Element) -> None:
        text = _resolve(element.text)
        variant = element.get("mathvariant", "")
        if tag == "mtext":
            self._write_token("mtext", _ESCAPED_IN_TEXT.sub(r"\1", text), _TEXT_CLASSES.get(variant, ""))
        elif tag == "mn":
            self._write_token("mn", text.translate(_STYLES.get(variant, _NO_STYLE)))
        elif text in _NOT_OPERATORS:
            self._write_token("mi", text)
        elif tag == "mo":
            self._write_operator(text, element)
        elif text.startswith("\\"):
            self._write_token("mtext", text)  # a command that nobody knows
        elif text == "~":
            self._write_token("mo", "∼")  # \sim; a typed ~ comes as a space
        elif text in _PRIMES or _OPERATOR.match(text):
            self._write_token("mo", text)
        else:
            styled = text.translate(_STYLES.get(variant, _NO_STYLE))
            self._write_identifier(styled, upright=variant == "normal" or bool(_CAPITAL_GREEK.match(styled)))

    def _write_identifier(self, text: str, *, upright: bool) -> None:
        """Write a letter, which is slanted unless told otherwise, or a word, which never is."""
        self._write_token("mi", text, ' mathvariant="normal"' if upright and len(text) == 1 else "")

    def _write_operator(self, text: str, element: Element) -> None:
        name = _name_of(element)
        if name:
            attributes = _NO_SPACE + (' movablelimits="true"' if name in _NAMES_WITH_LIMITS else "")
        elif text in _BARS and element.get("form") is None and element.get("minsize") is None:
            attributes = ' stretchy="false"' + _NO_SPACE  # an ordinary symbol to TeX, as in |x| and p(x|y)
        elif text == "/":
            attributes = _NO_SPACE
        else:
            attributes = self._pick_attributes("mo", element)
            if element.get("minsize") is not None and element.get("stretchy") is None:
                attributes += ' stretchy="true"'
        self._write_token("mo", text, attributes)

    def _write_token(self, tag: str, text: str, attributes: str = "") -> None:
        self.parts.append(f"<{tag}{attributes}>{escape(text)}</{tag}>")

    def _pick_attributes(self, tag: str, element: Element) -> str:
        allowed = _ATTRIBUTES.get(tag, {})
        return "".join(
            f' {name}="{value}"'
            for name, value in element.attrib.items()
            if name in allowed and allowed[name].fullmatch(value)
        )


_NO_SPACE = ' lspace="0" rspace="0"'
# Kinds of neighbours, one of them a name, that TeX puts no space between.
_CLOSE_PAIRS = {
    ("opening", "name"), ("operator", "name"), ("space", "name"),
    ("name", "opening"), ("name", "operator"), ("name", "space"),
}  # fmt: skip


def _convert(tex: str, *, block: bool, tables: bool) -> str:
    """Return the formula as MathML, or an empty text if it cannot be read."""
    if _REFUSED.search(tex) or _is_too_deep(tex):
        return ""
    try:
        root = convert_to_element(_prepare(tex), display="block" if block else "inline")
    except Exception:  # IndexError, KeyError, StopIteration, RuntimeError, RecursionError, and its own
        return ""
    writer = _Writer(tables=tables)
    try:
        writer.write_row(list(root[0]), 0)
    except (_Unreadable, RecursionError):
        return ""
    inner = "".join(writer.parts)
    if not inner or len(inner) > OUTPUT_LIMIT:
        return ""
    return f'<math display="block">{inner}</math>' if block else f"<math>{inner}</math>"


_convert_cached = lru_cache(maxsize=2_048)(_convert)


def convert(tex: str, *, block: bool = False, tables: bool = True) -> str:
    """Return a formula as a MathML element, or an empty text where it cannot be read.

    block sets it on a line of its own. Without tables a formula with rows (a matrix, cases) counts as
    unreadable, for places that are one line high. The text may be anything; the caller bounds its length.
    """
    # Long formulas are rare, seldom shown twice, and would fill the memory.
    return (_convert_cached if len(tex) <= 300 else _convert)(tex, block=block, tables=tables)


def render_formula(formula: Formula, allowance: Allowance, *, one_line: bool = False) -> str:
    """Return a formula as HTML: as MathML, or as its escaped source where that cannot or may not be made."""
    if allowance.take(formula.tex):
        mathml = convert(formula.tex, block=formula.block and not one_line, tables=not one_line)
        if mathml:
            return mathml
    return f'<code class="tex" dir="ltr" translate="no">{escape(formula.source)}</code>'


# Formulas without markup

_FRACTION = re.compile(r"\\[dt]?frac\s*\{([^{}]*)\}\s*\{([^{}]*)\}")
_SCRIPT = re.compile(r"([_^])(?:\{([^{}]*)\}|(\\[A-Za-z]+|[^\s{}\\]))")
_SPELLED = re.compile(r"\\([A-Za-z]+)\s*\*?|\\(.)|[{}]", re.DOTALL)
_RAISED = str.maketrans("0123456789+-−=()ni", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ⁿⁱ")
_LOWERED = str.maketrans("0123456789+-−=()", "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎")
_SILENT = {
    "left", "right", "middle", "big", "Big", "bigg", "Bigg", "bigl", "bigr", "Bigl", "Bigr", "limits",
    "displaystyle", "textstyle", "emph", "underline", "overline", "text", "textbf", "textit", "textrm",
    "textsf", "texttt", "textsc", "mbox", "hbox", "operatorname", "mathop", "rm", "bf", "it", "cal", "mathrm",
    "mathbf", "mathit", "mathsf", "mathtt", "mathbb", "mathcal", "mathscr", "mathfrak", "boldsymbol", "bm",
}  # fmt: skip
_SPELLED_SIGNS = {
    ",": " ", ";": " ", ":": " ", "!": "", "\\": " ", "|": "‖", "sqrt": "√", "sim": "∼",
    "quad": " ", "qquad": " ",
}  # fmt: skip


def _spell_script(found: re.Match[str]) -> str:
    content = spell_formula(found[2] if found[2] is not None else found[3])
    moved = content.translate(_RAISED if found[1] == "^" else _LOWERED)
    if content and all(old != new for old, new in zip(content, moved, strict=True)):
        return moved
    return found[1] + (content if len(content) < 2 else f"({content})")


def _spell_command(found: re.Match[str]) -> str:
    name, sign = found[1], found[2]
    if name is None:
        return _SPELLED_SIGNS.get(sign, sign) if sign else ""
    if name in _SILENT:
        return ""
    symbol = convert_symbol("\\" + name)
    return _SPELLED_SIGNS.get(name) or (chr(int(symbol, 16)) if symbol else name + " ")


def spell_formula(tex: str) -> str:
    """Return a formula as text, as near as characters come: ℓ₂, 10⁻³, O(n log n). A long one stays TeX."""
    if len(tex) > 200:
        return tex
    tex = _ENVIRONMENT.sub("", tex).replace("&", " ")
    tex = _FRACTION.sub(r"\1/\2", tex)
    tex = _SCRIPT.sub(_spell_script, tex)
    return clean(_SPELLED.sub(_spell_command, tex)).strip()

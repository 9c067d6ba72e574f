r"""Running text with remains of TeX, as titles and abstracts have them.

What is plainly TeX becomes what it stands for: formulas, \emph{x}, {\em x}, accents, \%, ``quotes'', dashes.
Whatever is not known for sure stays as it was written, so that nothing that an author wrote is lost.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from html import escape
from typing import NamedTuple

from ._formulas import Allowance, Formula, FormulaFinder
from ._mathml import render_formula, spell_formula

NESTING_LIMIT = 20
"""Commands within commands; deeper ones are shown as they were written."""


class Kind(Enum):
    """What a token of running text is."""

    TEXT = "text"
    FORMULA = "formula"
    OPEN = "open"
    CLOSE = "close"
    LINK = "link"


class Token(NamedTuple):
    """A piece of running text: words or the name of a tag, and what a formula or a link has besides."""

    kind: Kind
    text: str
    formula: Formula | None = None
    address: str = ""


# Commands with an argument, and the element that shows it (none where nothing would be gained).
_STYLES = {
    **dict.fromkeys(("emph", "textit", "textsl"), "em"),
    "textbf": "strong",
    "texttt": "code",
    "underline": "u",
    "sout": "s",
    "textsuperscript": "sup",
    "textsubscript": "sub",
    **dict.fromkeys(
        ("textsc", "textrm", "textsf", "textup", "textmd", "textnormal", "text", "mbox", "hbox"), ""
    ),
}
# The same as switches inside of braces: {\em x}.
_SWITCHES = {
    **dict.fromkeys(("em", "it", "itshape", "sl", "slshape"), "em"),
    **dict.fromkeys(("bf", "bfseries"), "strong"),
    **dict.fromkeys(("tt", "ttfamily"), "code"),
    **dict.fromkeys(("sc", "scshape", "rm", "rmfamily", "sf", "sffamily", "normalfont"), ""),
}
# Letters that swallow the space behind them, as all commands do in TeX …
_LETTERS = {
    "ss": "ß", "ae": "æ", "AE": "Æ", "oe": "œ", "OE": "Œ", "aa": "å", "AA": "Å", "o": "ø", "O": "Ø", "l": "ł",
    "L": "Ł", "i": "ı", "j": "ȷ", "dh": "ð", "DH": "Ð", "th": "þ", "TH": "Þ", "dj": "đ", "DJ": "Đ", "ng": "ŋ",
    "NG": "Ŋ",
}  # fmt: skip
_GREEK = (
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho varsigma sigma "
    "tau upsilon varphi chi psi omega"
)
# … and signs behind which people expect it to stay.
_SIGNS = {
    **{name: chr(ord("α") + place) for place, name in enumerate(_GREEK.split())},
    "Gamma": "Γ", "Delta": "Δ", "Theta": "Θ", "Lambda": "Λ", "Xi": "Ξ", "Pi": "Π", "Sigma": "Σ",
    "Upsilon": "Υ", "Phi": "Φ", "Psi": "Ψ", "Omega": "Ω",
    "epsilon": "ϵ", "varepsilon": "ε", "phi": "ϕ", "vartheta": "ϑ", "ell": "ℓ",
    "times": "×", "pm": "±", "mp": "∓", "cdot": "⋅", "div": "÷", "deg": "°", "degree": "°", "circ": "∘",
    "leq": "≤", "le": "≤", "geq": "≥", "ge": "≥", "neq": "≠", "ne": "≠", "ll": "≪", "gg": "≫",
    "approx": "≈", "sim": "∼", "simeq": "≃", "equiv": "≡", "propto": "∝", "infty": "∞", "partial": "∂",
    "nabla": "∇", "in": "∈", "subset": "⊂", "cup": "∪", "cap": "∩", "sum": "∑", "prod": "∏", "sqrt": "√",
    "to": "→", "rightarrow": "→", "leftarrow": "←", "leftrightarrow": "↔", "uparrow": "↑", "downarrow": "↓",
    "Rightarrow": "⇒", "Leftarrow": "⇐", "Leftrightarrow": "⇔", "mapsto": "↦", "star": "⋆", "dagger": "†",
    "S": "§", "P": "¶", "dag": "†", "ddag": "‡", "copyright": "©", "textregistered": "®",
    "texttrademark": "™", "pounds": "£", "textsterling": "£", "texteuro": "€", "euro": "€", "textyen": "¥",
    "textdegree": "°", "textmu": "µ", "textohm": "Ω", "texttimes": "×", "textpm": "±", "textonehalf": "½",
    "ldots": "…", "dots": "…", "textellipsis": "…", "textendash": "–", "textemdash": "—", "textless": "<",
    "textgreater": ">", "textbar": "|", "textbackslash": "\\", "textasciitilde": "~",
    "textasciicircum": "^", "textunderscore": "_", "textbraceleft": "{", "textbraceright": "}",
    "textdollar": "$", "textquoteleft": "‘", "textquoteright": "’", "textquotedblleft": "“",
    "textquotedblright": "”", "textquotesingle": "'", "textbullet": "•", "guillemotleft": "«",
    "guillemotright": "»", "guillemetleft": "«", "guillemetright": "»", "slash": "/",
    "LaTeX": "LaTeX", "TeX": "TeX", "BibTeX": "BibTeX", "ie": "i.e.", "eg": "e.g.", "etal": "et al.",
}  # fmt: skip
_ACCENTS = {
    "`": "\u0300", "'": "\u0301", "^": "\u0302", "~": "\u0303", '"': "\u0308", "=": "\u0304", ".": "\u0307",
    "u": "\u0306", "v": "\u030c", "H": "\u030b", "c": "\u0327", "d": "\u0323", "b": "\u0331", "k": "\u0328",
    "r": "\u030a",
}  # fmt: skip
_DOTLESS = {r"\i": "i", r"\j": "j"}
_SPACES = {" ": " ", ",": "\u2009", ";": " ", ":": " ", "\\": " ", "\n": " "}

_ADDRESS_PATTERN = r"(?<![A-Za-z0-9])[Hh][Tt][Tt][Pp][Ss]?://(?:[^\s<>\"{}|\\^`$]|\\[_%#&~])+"
ADDRESS = re.compile(_ADDRESS_PATTERN)
"""An address in running text, with what follows it in the sentence: see trim_address."""

HOST = re.compile(r"https?://[^\s/?#.]", re.IGNORECASE)

# Anything but letters, digits, spaces and punctuation that neither begins a token nor is ever cleaned away.
_SPECIAL = re.compile(r"[^ !-#%-\[\]^_a-z|\u00a1-\u02ff\u0370-\u0482\u048a-\u052f\u2010-\u2027\u2030-\u205e]")
_TOKEN = re.compile(
    rf"(?P<address>{_ADDRESS_PATTERN})"
    r"|(?P<formula>\$|\\[(\[]|\\begin\{)"
    r"|\\(?P<sign>[$%&#_{}])"
    r"|\\(?P<space>[ \n,;:/@!-]|\\(?=\s|\Z))"
    # \'e \'{e} \'\i \v{s}; a letter as accent and a space only inside of a word: Fran\c cois
    r"|\\(?P<accent>[`'^~\"=.])\s?(?:\{(?P<braced>\\[ij]|[A-Za-z])\}|(?P<bare>\\[ij](?![A-Za-z])|[A-Za-z]))"
    r"|\\(?P<accent_letter>[uvHcdbkr])\{(?P<accented>\\[ij]|[A-Za-z])\}"
    r"|(?<=[A-Za-z{])\\(?P<accent_word>[uvHcdbkr])\s(?P<accented_word>[A-Za-z])"
    r"|\\href\s*\{(?P<href>[^{}\s]{1,500})\}\s*\{"
    r"|\\url\s*\{(?P<url>[^{}\s]{1,500})\}"
    r"|\\textcolor\s*\{[^{}]{1,40}\}\s*(?P<colour>\{)"
    r"|\\(?P<command>[A-Za-z]+)"
    r"|(?P<open>\{)"
    r"|(?P<close>\})"
    r"|(?P<quotes>``|'')"
    r"|(?P<dashes>--+)"
    r"|(?P<tie>~)"
)
# What a token begins with. Looking for this first is ten times as fast as looking for tokens.
_FIRST = re.compile(r"[hH$\\{}`'~-]")
_SWITCH = re.compile(r"\{\\([A-Za-z]+)(?![A-Za-z])\s*")
_COMMAND_OR_ACCENT = re.compile(r"\{\\(?:([A-Za-z]+)|[`'^~\"=.])")
_ARGUMENT = re.compile(r"\s*\{")
_EMPTY_ARGUMENT = re.compile(r"\{\}")
_SWALLOWED = re.compile(r"\{\}|\s+")
_ESCAPED_IN_ADDRESS = re.compile(r"\\([_%#&~])")
# A tilde is a space of TeX's in "Fig.~3", "Section~2", "10~ms", "~\cite"; elsewhere it may mean "about".
_TIE_BEFORE = re.compile(
    r"(?:[A-Za-z]\.|(?:Fig|Figure|Section|Sec|Table|Eq|Theorem|Lemma|Algorithm|Appendix)s?)\Z"
)
_TIE_AFTER = re.compile(r"[A-Za-z0-9\\$(\[]")
_UNIT_AFTER = re.compile(r"[A-Za-zµ%]")


def trim_address(address: str) -> str:
    """Return an address without the punctuation of the sentence that it ends.

    Brackets belong to it as far as they are opened in it, as in https://en.wikipedia.org/wiki/Set_(mathematics).
    """
    end = len(address)
    surplus = {")": address.count(")") - address.count("("), "]": address.count("]") - address.count("[")}
    while end:
        last = address[end - 1]
        if surplus.get(last, 0) > 0:
            surplus[last] -= 1
        elif last not in ".,;:!?'\"*_~":
            break
        end -= 1
    return address[:end]


@dataclass(slots=True)
class _Frame:
    """An opened brace: how it was written, where its token stands, its tag (None for a mere brace)."""

    source: str
    place: int
    tag: str | None


class _Reader:
    """Reads a text once, from left to right; what was opened and never closed is shown as it was written."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens: list[Token] = []
        self._finder = FormulaFinder(text)
        self._frames: list[_Frame] = []
        self._links = 0

    def read(self) -> list[Token]:
        done = place = 0
        text = self.text
        while candidate := _FIRST.search(text, place):
            place = candidate.start()
            found = _TOKEN.match(text, place)
            if found is None:
                place += 1
                continue
            if place > done:
                self._add_text(text[done:place])
            done = place = self._handle(found)
        if done < len(text):
            self._add_text(text[done:])
        for frame in self._frames:
            if frame.tag is not None:
                self.tokens[frame.place] = Token(Kind.TEXT, frame.source)
        return self.tokens

    def _handle(self, found: re.Match[str]) -> int:
        """Add what was found and return where to go on."""
        kind = found.lastgroup or ""
        match kind:
            case "formula":
                return self._add_formula(found)
            case "address":
                return self._add_address(found)
            case "sign":
                self._add_text(found["sign"])
            case "space":
                self._add_text(_SPACES.get(found["space"], ""))
            case "braced" | "bare":
                self._add_accented(found["accent"], found[kind])
            case "accented":
                self._add_accented(found["accent_letter"], found["accented"])
            case "accented_word":
                self._add_accented(found["accent_word"], found["accented_word"])
            case "href":
                return self._open_link(found)
            case "url":
                address = _ESCAPED_IN_ADDRESS.sub(r"\1", found["url"])
                self._add_link(address if HOST.match(address) else "", address)
            case "colour":
                self._open(found[0], "")
            case "command":
                return self._add_command(found)
            case "open":
                return self._open_brace(found)
            case "close":
                self._close()
            case "quotes":
                self._add_text(self._choose_quote(found))
            case "dashes":
                self._add_text(self._choose_dash(found))
            case "tie":
                self._add_text("\u00a0" if self._is_tie(found.start()) else "~")
        return found.end()

    def _add_text(self, text: str) -> None:
        self.tokens.append(Token(Kind.TEXT, text))

    def _add_link(self, address: str, text: str) -> None:
        self.tokens.append(
            Token(Kind.LINK if address and not self._links else Kind.TEXT, text, address=address)
        )

    def _add_formula(self, found: re.Match[str]) -> int:
        formula = self._finder.find_at(found.start())
        if formula is None:
            self._add_text(found[0][0])
            return found.start() + 1
        self.tokens.append(Token(Kind.FORMULA, formula.source, formula))
        return formula.end

    def _add_address(self, found: re.Match[str]) -> int:
        written = trim_address(found[0])
        address = _ESCAPED_IN_ADDRESS.sub(r"\1", written)
        self._add_link(address if HOST.match(address) else "", address)
        return found.start() + len(written)

    def _add_accented(self, accent: str, letter: str) -> None:
        self._add_text(unicodedata.normalize("NFC", _DOTLESS.get(letter, letter) + _ACCENTS[accent]))

    def _add_command(self, found: re.Match[str]) -> int:
        name = found["command"]
        if name in _STYLES and (argument := _ARGUMENT.match(self.text, found.end())):
            self._open(self.text[found.start() : argument.end()], _STYLES[name])
            return argument.end()
        if name in _LETTERS:
            self._add_text(_LETTERS[name])
            swallowed = _SWALLOWED.match(self.text, found.end())
        elif name in _SIGNS:
            self._add_text(_SIGNS[name])
            swallowed = _EMPTY_ARGUMENT.match(self.text, found.end())
        else:
            self._add_text(found[0])
            swallowed = None
        return swallowed.end() if swallowed else found.end()

    def _open_brace(self, found: re.Match[str]) -> int:
        switch = _SWITCH.match(self.text, found.start())
        if switch and switch[1] in _SWITCHES:
            self._open(switch[0], _SWITCHES[switch[1]])
            return switch.end()
        command = _COMMAND_OR_ACCENT.match(self.text, found.start())
        if command and (command[1] is None or self._is_known(command[1])):
            self._open("{", "")  # {\"o}: the braces say no more than where the command ends
        else:
            self._frames.append(_Frame("{", len(self.tokens), None))
            self._add_text("{")
        return found.end()

    @staticmethod
    def _is_known(name: str) -> bool:
        return name in _LETTERS or name in _SIGNS or name in _STYLES or name in _ACCENTS

    def _open_link(self, found: re.Match[str]) -> int:
        address = _ESCAPED_IN_ADDRESS.sub(r"\1", found["href"])
        if HOST.match(address) and not self._links:
            self._links += 1
            self._open(found[0], "a", address)
        else:
            self._frames.append(_Frame("{", len(self.tokens), None))
            self._add_text(found[0])
        return found.end()

    def _open(self, source: str, tag: str, address: str = "") -> None:
        if len(self._frames) >= NESTING_LIMIT:
            self._frames.append(_Frame(source, len(self.tokens), None))
            self._add_text(source)
            return
        self._frames.append(_Frame(source, len(self.tokens), tag))
        self.tokens.append(Token(Kind.OPEN, tag, address=address))

    def _close(self) -> None:
        if not self._frames:
            self._add_text("}")
            return
        frame = self._frames.pop()
        if frame.tag is None:
            self._add_text("}")
            return
        if frame.tag == "a":
            self._links -= 1
        self.tokens.append(Token(Kind.CLOSE, frame.tag))

    def _look_around(self, found: re.Match[str]) -> tuple[str, str]:
        """Return the characters before and after what was found, empty at the ends of the text."""
        start, end = found.span()
        return self.text[max(0, start - 1) : start], self.text[end : end + 1]

    def _choose_quote(self, found: re.Match[str]) -> str:
        if found[0] == "``":
            return "“"
        before, after = self._look_around(found)
        if not before or before.isspace() or before in "([{":
            return "“" if after and not after.isspace() else "''"
        return "”" if not after or not (after.isalnum() or after in "('") else "''"

    def _choose_dash(self, found: re.Match[str]) -> str:
        dashes = found[0]
        before, after = self._look_around(found)
        if len(dashes) > 3 or before in {"!", "<"} or after == ">":  # a rule, or a comment or an arrow
            return dashes
        if len(dashes) == 3:
            return "—"
        is_option = after.isalpha() and (not before or before.isspace() or before in "`'\"([")
        return dashes if is_option else "–"

    def _is_tie(self, place: int) -> bool:
        before = self.text[max(0, place - 12) : place]
        after = self.text[place + 1 : place + 2]
        if self.text.startswith((r"\cite", r"\ref", r"\eqref"), place + 1):
            return True
        if before[-1:].isdigit():
            return bool(_UNIT_AFTER.match(after))
        return bool(_TIE_BEFORE.search(before) and _TIE_AFTER.match(after))


def is_ordinary(text: str) -> bool:
    """Whether read_tokens would find nothing in a text, nor clean anything in it: true for most titles."""
    return not _SPECIAL.search(text) and "--" not in text and "''" not in text


def read_tokens(text: str) -> list[Token]:
    """Read running text, without empty lines, into what it is made of."""
    return _Reader(text).read()


def split_paragraphs(text: str) -> list[str]:
    """Return the paragraphs of a text: parted by empty lines or, as arXiv does, by lines that are set in."""
    paragraphs: list[str] = []
    for part in _EMPTY_LINES.split(text.strip()):
        lines = part.split("\n")
        indented = [line[:1].isspace() for line in lines[1:]]
        if all(indented):  # a whole text set in, as XML is
            paragraphs.append(part)
            continue
        start = 0
        for number, is_indented in enumerate(indented, 1):
            if is_indented:
                paragraphs.append("\n".join(lines[start:number]))
                start = number
        paragraphs.append("\n".join(lines[start:]))
    return [paragraph.strip() for paragraph in paragraphs if paragraph.strip()]


_EMPTY_LINES = re.compile(r"\n[ \t]*(?:\n[ \t]*)+")


# Tokens to what is shown

MARK_START = "\ue000"
MARK_END = "\ue001"
"""Where a hit of the search begins and ends: private-use characters, of which clean leaves none."""

_MARKER = re.compile(f"[{MARK_START}{MARK_END}]")


def write_html(
    tokens: Iterable[Token], allowance: Allowance, *, links: bool = False, one_line: bool = False
) -> str:
    """Return tokens as HTML: everything escaped but the elements named above, links, marks and formulas.

    one_line sets no formula on a line of its own and shows no matrix.
    """
    parts: list[str] = []
    is_marked = False
    for token in tokens:
        if token.kind is Kind.TEXT or token.kind is Kind.LINK:
            content, is_marked = _write_marked(token.text, is_marked)
            if token.kind is Kind.LINK and links:
                address = escape(_MARKER.sub("", token.address))
                content = f'<a href="{address}">{_close_mark(content, is_marked)}</a>'
                is_marked = False
            parts.append(content)
        elif token.formula is not None:
            parts.append(_write_formula(token.formula, allowance, one_line=one_line))
        elif token.text and (links or token.text != "a"):
            # A mark cannot reach over the ends of an element: it is closed before and opened again behind.
            opening = f' href="{escape(_MARKER.sub("", token.address))}"' if token.address else ""
            tag = f"<{token.text}{opening}>" if token.kind is Kind.OPEN else f"</{token.text}>"
            parts.append(f"</mark>{tag}<mark>" if is_marked else tag)
    return _close_mark("".join(parts), is_marked)


def _write_marked(text: str, is_marked: bool) -> tuple[str, bool]:
    """Return escaped text with marks in the place of the markers, and whether the last mark is still open."""
    if not _MARKER.search(text):
        return escape(text), is_marked
    parts: list[str] = []
    done = 0
    for found in _MARKER.finditer(text):
        parts.append(escape(text[done : found.start()]))
        done = found.end()
        wanted = found[0] == MARK_START
        if wanted != is_marked:
            parts.append("<mark>" if wanted else "</mark>")
            is_marked = wanted
    parts.append(escape(text[done:]))
    return "".join(parts), is_marked


def _close_mark(content: str, is_marked: bool) -> str:
    return content + "</mark>" if is_marked else content


def _write_formula(formula: Formula, allowance: Allowance, *, one_line: bool) -> str:
    if not _MARKER.search(formula.source):
        return render_formula(formula, allowance, one_line=one_line)
    formula = formula._replace(tex=_MARKER.sub("", formula.tex), source=_MARKER.sub("", formula.source))
    return f"<mark>{render_formula(formula, allowance, one_line=one_line)}</mark>"


def write_plain(tokens: Iterable[Token]) -> str:
    """Return tokens as text without markup, on one line."""
    parts = []
    for token in tokens:
        if token.formula is not None:
            parts.append(spell_formula(token.formula.tex))
        elif token.kind is Kind.TEXT or token.kind is Kind.LINK:
            parts.append(token.text)
    return " ".join("".join(parts).split())

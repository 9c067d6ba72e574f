r"""From LaTeX, as bibliographies and arXiv write titles and names in it, to the text that a reader sees.

Accents and special letters become the characters they stand for, commands that only set the type of their
argument and protective braces go, and mathematics (`$…$`, `\(…\)`) stays as it is, to be rendered later.
Nothing a reader would have seen is lost: a command that is not known here keeps its argument, and one
without an argument stays as it is written.

What the accents and symbols are: LaTeX2e, "An unofficial reference manual" (https://latexref.xyz/), chapter
23; The Comprehensive LaTeX Symbol List (https://ctan.org/pkg/comprehensive), chapter 2.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

# The marks that follow their letter (Unicode combining characters).
_ACCENTS: Final = {
    "`": "\u0300",
    "'": "\u0301",
    "^": "\u0302",
    "~": "\u0303",
    '"': "\u0308",
    "=": "\u0304",
    ".": "\u0307",
    "u": "\u0306",
    "v": "\u030c",
    "H": "\u030b",
    "r": "\u030a",
    "c": "\u0327",
    "k": "\u0328",
    "d": "\u0323",
    "b": "\u0331",
    "h": "\u0309",
    "t": "\u0361",
    "G": "\u030f",
    "C": "\u030f",
    "U": "\u030e",
    "f": "\u0311",
    "textcommabelow": "\u0326",
    "textsubring": "\u0325",
    "capitalacute": "\u0301",
    "capitalgrave": "\u0300",
    "capitalcaron": "\u030c",
    "capitalcircumflex": "\u0302",
    "capitaldieresis": "\u0308",
    "capitaltilde": "\u0303",
    "capitalcedilla": "\u0327",
    "capitalogonek": "\u0328",
    "newtie": "\u0361",
}
# How an accent looks on its own; those not listed look like their mark on a blank.
_ALONE: Final = {"\u0300": "`", "\u0301": "´", "\u0302": "^", "\u0303": "~", "\u0308": "¨", "\u0304": "¯"}
_MAX_MARKS: Final = 4  # on one letter; Vietnamese has two

_LETTERS: Final = {
    "i": "ı",
    "j": "ȷ",
    "l": "ł",
    "L": "Ł",
    "o": "ø",
    "O": "Ø",
    "aa": "å",
    "AA": "Å",
    "ae": "æ",
    "AE": "Æ",
    "oe": "œ",
    "OE": "Œ",
    "ss": "ß",
    "SS": "ẞ",
    "dh": "ð",
    "DH": "Ð",
    "dj": "đ",
    "DJ": "Đ",
    "th": "þ",
    "TH": "Þ",
    "ng": "ŋ",
    "NG": "Ŋ",
    "ij": "ij",
    "IJ": "IJ",
    "textdotlessi": "ı",
    "textdotlessj": "ȷ",
    "textcrd": "đ",
    "cprime": "ʹ",
    "cdprime": "ʺ",
}
_SYMBOLS: Final = {
    "S": "§",
    "P": "¶",
    "textsection": "§",
    "textparagraph": "¶",
    "copyright": "©",
    "textcopyright": "©",
    "textregistered": "®",
    "texttrademark": "™",
    "pounds": "£",
    "textsterling": "£",
    "texteuro": "€",
    "euro": "€",
    "EUR": "€",
    "textyen": "¥",
    "textcent": "¢",
    "textdollar": "$",
    "dag": "†",
    "ddag": "‡",
    "dots": "…",
    "ldots": "…",
    "textellipsis": "…",
    "cdots": "⋯",
    "textendash": "–",
    "textemdash": "—",
    "textbackslash": "\\",
    "textasciitilde": "~",
    "textasciicircum": "^",
    "textasciigrave": "`",
    "textasciiacute": "´",
    "textunderscore": "_",
    "textbraceleft": "{",
    "textbraceright": "}",
    "lbrace": "{",
    "rbrace": "}",
    "textless": "<",
    "textgreater": ">",
    "textbar": "|",
    "textbullet": "•",
    "textperiodcentered": "·",
    "textasteriskcentered": "*",
    "textmu": "µ",
    "micro": "µ",
    "textdegree": "°",
    "degree": "°",
    "textcelsius": "℃",
    "textohm": "Ω",
    "textpm": "±",
    "texttimes": "×",
    "textdiv": "÷",
    "textperthousand": "‰",
    "textnumero": "№",
    "textonehalf": "½",
    "textonequarter": "¼",
    "textthreequarters": "¾",
    "textonesuperior": "¹",
    "texttwosuperior": "²",
    "textthreesuperior": "³",
    "textordfeminine": "ª",
    "textordmasculine": "º",
    "textexclamdown": "¡",
    "textquestiondown": "¿",
    "textquoteleft": "‘",
    "textquoteright": "’",
    "textquotedblleft": "“",
    "textquotedblright": "”",
    "textquotedbl": '"',
    "textquotesingle": "'",
    "quotesinglbase": "‚",
    "quotedblbase": "„",
    "glqq": "„",
    "grqq": "“",
    "glq": "‚",
    "grq": "‘",
    "flqq": "«",
    "frqq": "»",
    "flq": "‹",
    "frq": "›",
    "guillemotleft": "«",
    "guillemotright": "»",
    "guillemetleft": "«",
    "guillemetright": "»",
    "guilsinglleft": "‹",
    "guilsinglright": "›",
    "lq": "‘",
    "rq": "’",
    "TeX": "TeX",
    "LaTeX": "LaTeX",
    "LaTeXe": "LaTeX2e",
    "BibTeX": "BibTeX",
    "AmS": "AMS",
    "MF": "METAFONT",
    "MP": "MetaPost",
    "Dash": " — ",
    "slash": "/",
    "bslash": "\\",
    "backslash": "\\",
    "space": " ",
    "quad": " ",
    "qquad": " ",
    "enspace": " ",
    "thinspace": " ",
    "newline": " ",
    "linebreak": " ",
    "item": " • ",
    "par": "\n\n",
    # Mathematics without its dollars.
    "times": "×",
    "cdot": "·",
    "pm": "±",
    "leq": "≤",
    "le": "≤",
    "geq": "≥",
    "ge": "≥",
    "neq": "≠",
    "approx": "≈",
    "sim": "∼",
    "to": "→",
    "rightarrow": "→",
    "leftarrow": "←",
    "infty": "∞",
    "ell": "ℓ",
    "hbar": "ℏ",
    "sharp": "♯",
    "flat": "♭",
} | {
    name: letter
    for names, letters in (
        ("alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu", "αβγδεζηθικλμ"),
        ("nu xi pi rho sigma tau upsilon phi chi psi omega varepsilon vartheta", "νξπρστυφχψωεϑ"),
        ("varphi Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega", "φΓΔΘΛΞΠΣΥΦΨΩ"),
    )
    for name, letter in zip(names.split(), letters, strict=True)
}
# A backslash and one character that is no letter; one not listed stands for itself (`\&`).
_CHARACTERS: Final = {
    **dict.fromkeys(" \t\n\r,;:>", " "),
    **dict.fromkeys("/-!@+", ""),
    "\\": " ",
}
# Commands that set the type, the language or the place of what follows; nothing is left of them.
_DECLARATIONS: Final = frozenset(
    [
        *("em", "it", "bf", "sc", "sl", "tt", "rm", "sf", "cal", "mit"),
        *(
            "upshape",
            "itshape",
            "slshape",
            "scshape",
            "bfseries",
            "mdseries",
            "rmfamily",
            "sffamily",
            "ttfamily",
        ),
        *("normalfont", "normalsize", "selectfont", "boldmath", "unboldmath", "displaystyle", "textstyle"),
        *("tiny", "scriptsize", "footnotesize", "small", "large", "Large", "LARGE", "huge", "Huge"),
        *("relax", "protect", "null", "leavevmode", "ignorespaces", "unskip", "xspace", "bgroup", "egroup"),
        *("noindent", "centering", "raggedright", "sloppy", "smallskip", "medskip", "bigskip", "newblock"),
        *("allowbreak", "nobreak", "break", "limits", "nolimits", "cyr", "latintext", "cyrillictext"),
    ]
)
# What becomes of the arguments of a command: "+" is kept, "-" is not text for readers, "<" waits for its place
# after the next (">"). The first four are the macros of BibTeX's own sample file, copied all over.
_ARGUMENTS: Final = {
    "noopsort": "-",
    "printfirst": "+-",
    "singleletter": "+",
    "switchargs": "<>",
    "NOOPSORT": "-",
    "noop": "-",
    "NOOP": "-",
    "noopd": "-",
    "sortnoop": "-",
    "SortNoop": "-",
    "noopsortKey": "-",
    "nosort": "-",
    "ignore": "-",
    "href": "-+",
    "textcolor": "-+",
    "color": "-",
    "foreignlanguage": "-+",
    "selectlanguage": "-",
    "fontencoding": "-",
    "texorpdfstring": "-+",
    "footnote": "-",
    "thanks": "-",
    "label": "-",
    "index": "-",
    "hspace": "-",
    "vspace": "-",
    "begin": "-",
    "end": "-",
    "hyphenation": "-",
    "phantom": "-",
    "vphantom": "-",
    "hphantom": "-",
    "textsuperscript": "^",
    "textsubscript": "_",
    "enquote": '"',
    "mkbibquote": '"',
    "ensuremath": "$",
}
_QUOTES: Final = {'"': ("“", "”"), "$": ("$", "$")}
_SHORT: Final = (
    100  # characters and parts of an argument that is moved or raised; a longer one stays as it is
)
_RAISED: Final = {
    "^": str.maketrans("0123456789+-=()ni", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿⁱ"),
    "_": str.maketrans("0123456789+-=()", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎"),
}
_LIGATURES: Final = {"---": "—", "--": "–", "``": "“", "''": "”", "~": " ", "?`": "¿", "!`": "¡"}
_DOTLESS: Final = {"ı": "i", "ȷ": "j"}

_SPECIAL: Final = re.compile(r"[\\{}$~]|--|``|''|[?!]`")
_TOKEN: Final = re.compile(
    # The white space after a command ends its name and is no blank, but a paragraph's end stays.
    r"\\(?P<word>[A-Za-z]+)\*?(?P<gap>[ \t]*(?:\r?\n[ \t]*)?)"
    r"|\\(?P<character>[^A-Za-z])"
    r"|(?P<brace>[{}])"
    r"|(?P<dollars>\$\$?)"
    r"|(?P<ligature>---?|``|''|[?!]`|~)",
    re.DOTALL,
)
_MOVES: Final = frozenset(("kern", "raise", "lower", "hskip", "vskip"))
_LENGTH: Final = re.compile(r"\s?-?[0-9]*\.?[0-9]*\s?(?:em|ex|pt|mm|cm|in|mu|sp)\b\s?")
_VERBATIM: Final = re.compile(r"\{([^{}]*)\}")
_MATH_END: Final = re.compile(r"[^\\$]*(?:\\.[^\\$]*)*\$", re.DOTALL)
_BRACES: Final = re.compile(r"\\.|[{}]", re.DOTALL)


def to_text(latex: str) -> str:
    r"""Give what a reader would see of a piece of LaTeX; mathematics stays as it is written.

    `J\"org {\o}rsted` is "Jörg ørsted", `The {LaTeX} \emph{companion} -- $x^2$` is "The LaTeX companion –
    $x^2$". White space is left to whoever cleans the text. Takes time in proportion to the length, whatever
    the text is. A `%` begins no comment here: bibliographies hold it as it is.
    """
    return _Reading(latex).read() if _SPECIAL.search(latex) else latex


def to_address(latex: str) -> str:
    r"""Give an address or an identifier without what LaTeX needs before its special characters.

    `10.1007/3-540-46145-0{\_}17` and `\url{http://example.org/\~{}jo}` are read; `--` stays.
    """
    if "\\" not in latex and "{" not in latex and "$" not in latex:
        return latex
    for written, meant in (
        ("\\textasciitilde", "~"),
        ("$\\sim$", "~"),
        ("\\textunderscore", "_"),
        ("\\url", ""),
    ):
        latex = latex.replace(written, meant)
    latex = re.sub(r"\\([^A-Za-z0-9])", r"\1", latex)
    return latex.replace("{", "").replace("}", "")


class _Group:
    """An open brace: what is to become of the text in it, and of the arguments that follow it."""

    __slots__ = ("kind", "rest", "start")

    def __init__(self, kind: str, rest: str, start: int) -> None:
        self.kind = kind
        self.rest = rest  # the kinds of the arguments still to come
        self.start = start  # in the list of what was read


class _Reading:
    """One piece of LaTeX on its way to text, from left to right, each character looked at once."""

    def __init__(self, latex: str) -> None:
        self.latex = latex
        self.read_parts: list[str] = []
        self.groups: list[_Group] = []
        self.marks = ""  # accents that wait for their letter, the outermost first
        self.expected = ""  # kinds of the arguments that the next braces hold
        self.held = ""
        self.unclosed: set[str] = set()  # ends of mathematics that do not come any more

    def read(self) -> str:
        latex, place = self.latex, 0
        while token := _TOKEN.search(latex, place):
            if token.start() > place:
                self.write(latex[place : token.start()])
            place = token.end()
            match token.lastgroup:
                case "gap":
                    place = self.command(token["word"], token.start(), token.start("gap"), place)
                case "character":
                    place = self.character(token["character"], token.start(), place)
                case "brace":
                    if token[0] == "{":
                        self.open()
                    else:
                        self.close()
                case "dollars":
                    place = self.mathematics(token[0], token[0], token.start(), place)
                case _:
                    self.write(_LIGATURES[token[0]])
        self.write(latex[place:])
        self.strand_marks()
        return "".join(self.read_parts)

    def write(self, text: str) -> None:
        """Add text that has no commands in it; its first letter takes the accents that wait."""
        if self.marks or self.expected:
            stripped = text.lstrip()
            if not stripped:
                return
            self.expected = ""
            if self.marks:
                letter, rest = stripped[0], stripped[1:]
                letter = _DOTLESS.get(letter, letter)
                text = unicodedata.normalize("NFC", letter + self.marks[::-1]) + rest
                self.marks = ""
        if text:
            self.read_parts.append(text)

    def strand_marks(self) -> None:
        """Write the accents that found no letter as they look on their own: `\\~{}` is a tilde."""
        if marks := self.marks:
            self.marks = ""
            self.read_parts.append("".join(_ALONE.get(mark, " " + mark) for mark in marks))

    def command(self, word: str, start: int, gap: int, end: int) -> int:
        """Act on a command of letters; give the place to read on from."""
        follows = self.latex[end : end + 1]
        if mark := _ACCENTS.get(word):
            # A command of several letters that is given no argument is no accent.
            self.expected = ""
            self.marks = (self.marks + mark)[:_MAX_MARKS]
        elif letter := _LETTERS.get(word) or _SYMBOLS.get(word):
            self.write(letter)
        elif word in _DECLARATIONS:
            pass
        elif word == "url" and (verbatim := _VERBATIM.match(self.latex, end)):
            self.write(verbatim[1])
            return verbatim.end()
        elif word in _MOVES and (length := _LENGTH.match(self.latex, end)):
            return length.end()
        elif kinds := _ARGUMENTS.get(word):
            self.expected = kinds
        elif follows != "{" or self.latex.startswith("{}", end):
            # Logos (XeTeX) are their names. What else is not known may be no command at all: a path.
            is_name = sum(map(str.isupper, word)) > 1
            self.write(word if is_name else self.latex[start:gap])
            return end if is_name else gap
        return end

    def character(self, character: str, start: int, end: int) -> int:
        """Act on a command of one character that is no letter; give the place to read on from."""
        if mark := _ACCENTS.get(character):
            self.marks = (self.marks + mark)[:_MAX_MARKS]
        elif character in "([":
            return self.mathematics("\\" + character, "\\)" if character == "(" else "\\]", start, end)
        else:
            self.write(_CHARACTERS.get(character, character))
        return end

    def mathematics(self, opening: str, closing: str, start: int, end: int) -> int:
        """Take mathematics over as it is written; give the place behind it.

        What is not closed, or only by a mark in another group, was no mathematics but a price.
        """
        self.strand_marks()
        stop = -1
        if closing not in self.unclosed:
            if closing == "$":
                found = _MATH_END.match(self.latex, end)
                stop = found.end() if found else -1
            else:
                stop = self.latex.find(closing, end)
                stop += len(closing) if stop >= 0 else 0
            if stop < 0:
                self.unclosed.add(closing)
        formula = self.latex[start:stop] if stop >= 0 else ""
        if not formula or not _has_whole_groups(formula):
            self.write(opening[-1])
            return start + 1 if opening == "$$" else end
        self.write(formula)
        return stop

    def open(self) -> None:
        kind, rest = (self.expected[0], self.expected[1:]) if self.expected else ("+", "")
        self.expected = ""
        if kind in _QUOTES:
            self.read_parts.append(_QUOTES[kind][0])
        self.groups.append(_Group(kind, rest, len(self.read_parts)))

    def close(self) -> None:
        self.strand_marks()
        if not self.groups:
            self.expected = ""
            return
        group = self.groups.pop()
        self.expected = group.rest
        if group.kind in _QUOTES:
            self.read_parts.append(_QUOTES[group.kind][1])
        elif group.kind == "-":
            del self.read_parts[group.start :]
        elif group.kind != "+" and len(self.read_parts) - group.start <= _SHORT:
            self.arrange(group)

    def arrange(self, group: _Group) -> None:
        """Move or raise the text of a short group; what lies in many such groups is not copied for each."""
        text = "".join(self.read_parts[group.start :])
        if len(text) > _SHORT:
            return
        if group.kind == "<":
            self.held, text = text, ""
        elif group.kind == ">":
            text, self.held = text + self.held, ""
        else:
            raised = text.translate(_RAISED[group.kind])
            text = text if any(map(str.isascii, raised)) else raised
        self.read_parts[group.start :] = [text]


def _has_whole_groups(formula: str) -> bool:
    depth = 0
    for found in _BRACES.finditer(formula):
        if found[0] == "{":
            depth += 1
        elif found[0] == "}":
            depth -= 1
            if depth < 0:
                return False
    return depth == 0

"""The syntax of BibTeX: from text to entries, read forward, one entry in memory at a time.

What BibTeX takes for an entry is told by its source, https://ctan.org/pkg/bibtex-x (bibtex.web, parts "Reading
the database file"), what biblatex adds by the manual of btparse (https://metacpan.org/pod/bt_language):

    text between entries is comment, and so is a line of it that begins with %, and % between two fields
    @type{key, name = value, …} or @type(key, name = value, …), with or without a comma at the end
    value   = piece # piece …;  piece = {…} | "…" | a number | the name of a string
    @string{name = value}, @preamble{…}, @comment{…} or @comment and nothing of it

Types, names of fields and of strings are the same in any case. Braces count, a backslash before one or not; a %
in a value is a per cent sign. Four liberties that BibTeX does not take: keys may be empty, hold blanks or be
missing; a comma between two fields may be missing; a value of several bare words is read up to the next comma;
and a @comment in braces is one up to the brace that closes it, with the entries in it.

An entry whose braces do not close ends where the next begins at the start of a line, and is a `Fault`. So is one over
`MAX_ENTRY`, of which no more than its beginning is kept while its end is sought.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from papers.importers.text import CHUNK, RAW_LENGTH, find_problem

MAX_ENTRY: Final = 2_000_000  # characters; twice the longest record
_MAX_STRINGS: Final = 20_000
_MAX_ALL_STRINGS: Final = 4_000_000  # characters
_MAX_WASTED: Final = 10_000_000  # characters in which the ends of comments are sought in vain
_AHEAD: Final = 1_000  # characters that are looked at behind a place to tell what stands there

_MONTHS: Final = {
    name[:3].lower(): name
    for name in (
        *("January", "February", "March", "April", "May", "June", "July"),
        *("August", "September", "October", "November", "December"),
    )
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry as it is written: LaTeX in its values, but strings and joins put in. Names are in lower case."""

    type: str
    key: str
    fields: dict[str, str]
    line: int  # where it begins, from 1
    raw: str  # its beginning


@dataclass(frozen=True, slots=True)
class Fault:
    """An entry that cannot be read, or another place where the text stops to be BibTeX."""

    key: str
    reason: str
    line: int
    raw: str


def read_entries(pieces: Iterable[str]) -> Iterator[Entry | Fault]:
    """Read the entries of a text, whose pieces end their lines with LF, in order.

    Time is in proportion to the length, and memory bounded by `MAX_ENTRY`, whatever the text is.
    """
    return _Reading(pieces).read()


# A command; or a line between entries that is a comment.
_NEXT: Final = re.compile(
    r"^[ \t]*%[^\n]*|@[ \t\n]{0,100}(?P<type>[^\W\d_][\w+.:/-]{0,60})[ \t\n]{0,100}(?P<open>[{(])?",
    re.MULTILINE,
)
# Where an entry begins, so that one before it that has no end is over.
_KEY: Final = r"[^\s,{}()=\"#%@]{0,300}"
_BEGINNING: Final = re.compile(
    rf"[ \t]*@[ \t]*[^\W\d_][\w+.:/-]{{0,60}}[ \t\n]{{0,100}}[{{(][ \t\n]{{0,100}}"
    rf"(?:{_KEY}[ \t]{{0,100}},[ \t\n]{{0,200}}(?:[\w+.:/-]{{1,100}}[ \t\n]{{0,100}}=|[}})])"
    r"|[\w+.:/-]{1,100}[ \t\n]{0,100}=)"
)
_IN_BRACES: Final = re.compile(r"\{+|\}+|^[ \t]*@", re.MULTILINE)
_IN_BRACKETS: Final = re.compile(r"\{+|\}+|[)\"]|^[ \t]*@", re.MULTILINE)
_GOES_ON: Final = re.compile(
    r"[ \t\n]{0,200},[ \t\n]{0,200}[\w+.:/-]{1,100}[ \t\n]{0,100}=[ \t\n]{0,100}[{\"\w]"
)


class _Reading:
    """A text on its way to entries: what is read of it and not yet used, and the strings defined so far."""

    def __init__(self, pieces: Iterable[str]) -> None:
        self._pieces = iter(pieces)
        self._text = ""
        self._at = 0  # in that text; all before is used
        self._line = 1  # of `_counted`
        self._counted = 0
        self._ended = False
        self._strings = dict(_MONTHS)
        self._strings_size = 0
        self._wasted = 0  # characters in which the end of a comment was sought in vain

    def read(self) -> Iterator[Entry | Fault]:
        while True:
            found = _NEXT.search(self._text, self._at)
            if not found or len(self._text) - found.start() < _AHEAD:
                if not self._ended:
                    # What lies before is comment; what may begin a command stays until more of it is there.
                    start = found.start() if found else max(self._at, len(self._text) - _AHEAD)
                    self._at = start
                    self._fill()
                    continue
                if not found:
                    return
            if not found["open"]:
                # A comment, or an "@" that begins no entry.
                stop = found.end() if found["type"] is None else found.end("type")
                if found["type"] is None and found.end() == len(self._text) and not self._ended:
                    # The line goes on in the next piece: it stays a comment by the sign that is kept of it.
                    self._text = "%" + self._drop(stop)
                    self._at = self._counted = 0
                    self._fill()
                    continue
                self._at = stop
                continue
            yield from self._read_command(found)

    def _drop(self, stop: int) -> str:
        """Give the text after a place, with its line counted."""
        self._line_of(stop)
        return self._text[stop:]

    def _fill(self) -> None:
        """Read on, at least half as much again as is waiting, and forget what is used."""
        # The character before stays, for it tells whether a line begins.
        start = max(0, self._at - 1)
        if self._counted < start:
            self._line_of(start)
        parts = [self._text[start:]]
        missing = max(CHUNK, len(parts[0]) // 2)
        while missing > 0 and (piece := next(self._pieces, None)) is not None:
            parts.append(piece)
            missing -= len(piece)
        self._ended = missing > 0
        self._text = "".join(parts)
        self._at -= start
        self._counted -= start

    def _line_of(self, place: int) -> int:
        """Give the number of the line that a place lies in; places are asked for in order."""
        self._line += self._text.count("\n", self._counted, place)
        self._counted = place
        return self._line

    # --- Commands ------------------------------------------------------------------------------------------

    def _read_command(self, found: re.Match[str]) -> Iterator[Entry | Fault]:
        type_ = found["type"].lower()
        is_round = found["open"] == "("
        self._at = found.start()
        line = self._line_of(self._at)
        inside = found.end() - self._at  # where its text begins, counted from the "@"
        if type_ == "comment" and self._wasted > _MAX_WASTED:
            self._at += inside - 1
            return
        begun = self._text[self._at : self._at + RAW_LENGTH]
        length, problem = self._find_end(inside, is_round=is_round, is_comment=type_ == "comment")
        text = begun if problem == _TOO_LONG else self._text[self._at : self._at + length]
        if type_ == "comment":
            # One that does not end is that word alone, and what comes after it is read.
            self._wasted += length if problem else 0
            self._at += inside - 1 if problem else length
            return
        key = "" if type_ in ("string", "preamble") else _find_key(text, inside)[0]
        if not problem and _GOES_ON.match(self._text, self._at + length):
            problem = "It has a closing bracket too many: fields follow after its end."
        if problem:
            yield Fault(key, problem, line, text[:RAW_LENGTH])
            self._at += length
            return
        self._at += length
        if undecoded := find_problem(text):
            yield Fault(key, f"It cannot be read: {undecoded}.", line, text[:RAW_LENGTH])
            return
        if type_ == "preamble":
            return
        try:
            if type_ == "string":
                self._define(text, inside)
            else:
                key, fields = _read_fields(text, inside, self._strings)
                yield Entry(type_, key, fields, line, text[:RAW_LENGTH])
        except _Unreadable as error:
            yield Fault(key, str(error), line, text[:RAW_LENGTH])

    def _find_end(self, inside: int, *, is_round: bool, is_comment: bool) -> tuple[int, str]:
        """Find where the command that begins here ends: its length, and what is wrong with it."""
        pattern = _IN_BRACKETS if is_round else _IN_BRACES
        depth = 0 if is_round else 1
        in_quotes = False
        problem = ""
        place = inside  # counted from the "@", as all here, until that is forgotten
        while True:
            for found in pattern.finditer(self._text, self._at + place):
                sign = found[0]
                if sign[0] == "{":
                    depth += len(sign)
                elif sign[0] == "}":
                    if depth <= len(sign) and not is_round:
                        return found.start() + depth - self._at, problem
                    if depth < len(sign):
                        wrong = problem or "A brace is closed in it that was not opened."
                        return found.start() + depth + 1 - self._at, wrong
                    depth -= len(sign)
                elif sign == '"':
                    in_quotes = in_quotes != (depth == 0)
                elif sign == ")":
                    if depth == 0 and not in_quotes:
                        return found.end() - self._at, problem
                elif not is_comment:
                    start = found.start()
                    if len(self._text) - start < _AHEAD and not self._ended:
                        place = start - self._at
                        break
                    if _BEGINNING.match(self._text, start):
                        missing = "It does not end before the next entry begins: a bracket is missing."
                        return start - self._at, problem or missing
            else:
                # Blanks at the end may stand before an "@" at the start of a line.
                blanks = len(tail := self._text[-_AHEAD:]) - len(tail.rstrip(" \t"))
                place = max(place, len(self._text) - self._at - blanks)
            length = len(self._text) - self._at
            if length > MAX_ENTRY and is_comment:
                return length, _TOO_LONG
            if self._ended:
                return length, problem or "It has no end: the file is cut off, or a bracket is missing."
            if length > MAX_ENTRY or problem:
                problem = _TOO_LONG
                self._at, place = self._at + place, 0
            self._fill()

    def _define(self, text: str, inside: int) -> None:
        _, fields = _read_fields("{," + text[inside:], 1, self._strings)
        for name, value in fields.items():
            self._strings_size += len(name) + len(value)
            if len(self._strings) > _MAX_STRINGS or self._strings_size > _MAX_ALL_STRINGS:
                raise _Unreadable("There are more strings than can be kept in mind; this one is not known.")
            self._strings[name] = value


_TOO_LONG: Final = f"It is longer than {MAX_ENTRY:,} characters."


# --- Inside an entry ---------------------------------------------------------------------------------------


class _Unreadable(Exception):
    """The text of an entry is no BibTeX; the text of the exception is a sentence for people."""


_KEY_ENDS: Final = re.compile(r"[,={}\"]")
# Each repetition takes memory, so they are bounded. Commas, and what Biber's parser takes for comments.
_GAP: Final = r"[\s,]*(?:%[^\n]*\n[\s,]*){0,5000}"
_NAME: Final = re.compile(_GAP + r"(?P<name>[^\s=,{}\"#%()'\\]+)\s*=\s*")
_END: Final = re.compile(_GAP + r"[)}]\Z")
_BRACED: Final = re.compile(r"\{([^{}]*(?:\{[^{}]*\}[^{}]*){0,500})\}")
_QUOTED: Final = re.compile(r'"([^{}"]*(?:\{[^{}]*\}[^{}"]*){0,500})"')
_WORD: Final = re.compile(r"[^\s,#{}\"=()]+|\([^\s,#{}\"=()]*\)")
_WORDS: Final = re.compile(r"[^,#{}\"=\n]*")
_JOIN: Final = re.compile(r"\s*#\s*")
_BETWEEN: Final = re.compile(r"\s*(?:%[^\n]*\n\s*){0,5000}(?:,|(?=[)}]\Z)|(?=[^\s=,{}\"#%()'\\]+\s*=))")
_BRACE_OR_QUOTE: Final = re.compile(r"[{}\"]")


def _find_key(text: str, inside: int) -> tuple[str, int]:
    """Find the key of an entry and the place after it; the key is empty where the fields begin at once."""
    # The last character is the bracket that closes the entry, where it is closed.
    ends = _KEY_ENDS.search(text, inside, len(text) - 1)
    if not ends:
        return text[inside:-1].strip(), max(inside, len(text) - 1)
    return (text[inside : ends.start()].strip(), ends.end()) if ends[0] == "," else ("", inside)


def _read_fields(text: str, inside: int, strings: dict[str, str]) -> tuple[str, dict[str, str]]:
    """Read the key and the fields of a whole entry, of which the first counts where two have one name."""
    fields: dict[str, str] = {}
    size = 0
    key, place = _find_key(text, inside)
    while not _END.match(text, place):
        named = _NAME.match(text, place)
        if not named:
            after = f" after {list(fields)[-1]!r}" if fields else ""
            raise _Unreadable(f"A field was expected{after} at {_show(text, place)}.")
        place = named.end()
        name = named["name"].lower()
        pieces: list[str] = []
        while True:
            piece, place = _read_piece(text, place, name, strings)
            size += len(piece)
            if size > MAX_ENTRY:
                raise _Unreadable(_TOO_LONG)
            pieces.append(piece)
            if not (join := _JOIN.match(text, place)):
                break
            place = join.end()
        fields.setdefault(name, "".join(pieces))
        between = _BETWEEN.match(text, place)
        if not between:
            raise _Unreadable(f"The value of {name[:50]!r} ends before {_show(text, place)}.")
        place = between.end()
    return key, fields


def _read_piece(text: str, place: int, name: str, strings: dict[str, str]) -> tuple[str, int]:
    """Read one piece of a value; give it and the place after it."""
    first = text[place : place + 1]
    if first == "{" or first == '"':
        if whole := (_BRACED if first == "{" else _QUOTED).match(text, place):
            return whole[1], whole.end()
        depth = 0
        for sign in _BRACE_OR_QUOTE.finditer(text, place + 1):
            if sign[0] == "{":
                depth += 1
            elif depth == 0 and (sign[0] == '"') == (first == '"'):
                return text[place + 1 : sign.start()], sign.end()
            elif sign[0] == "}":
                depth -= 1
                if depth < 0:
                    break
        raise _Unreadable(f"The value of {name[:50]!r} has brackets or quotation marks that do not match.")
    if first == ",":  # no value at all
        return "", place
    if word := _WORD.match(text, place):
        if not _BETWEEN.match(text, word.end()) and not _JOIN.match(text, word.end()):
            words = _WORDS.match(text, place, len(text) - 1)
            if words and _BETWEEN.match(text, words.end()):
                return words[0], words.end()
        # A string that nobody defined stays as its name: it says more than nothing.
        return strings.get(word[0].lower(), word[0]), word.end()
    if _END.match(text, place):
        return "", place
    raise _Unreadable(f"The value of {name[:50]!r} cannot be read at {_show(text, place)}.")


def _show(text: str, place: int) -> str:
    return repr(" ".join(text[place : place + 60].split())[:40])

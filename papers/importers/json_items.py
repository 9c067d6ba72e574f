"""Lists of JSON objects, cut into items as they are read (RFC 8259; JSON Lines, https://jsonlines.org/).

Services answer with a list, with a list under a key beside counts and cursors, or with one object; exports hold
one object a line. Each item is parsed for itself: memory holds one item at a time, and an item that is no JSON,
or the end of a download that broke off, costs the others nothing. Of one over `MAX_ITEM` only the end is sought.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO, Final

from papers.importers.text import RAW_LENGTH, describe_bad_byte, read_on, read_utf8
from papers.records import Record, Rejection, UnreadableInput, clean_line

MAX_ITEM: Final = 8_000_000  # bytes
_MAX_VALUES: Final = 500_000  # in one item; an empty list is two bytes there, and a hundred in memory
_MAX_FACT: Final = 20_000  # bytes of a value beside the list that is kept
_MAX_FACTS: Final = 100
_USUAL_LINE: Final = 20_000  # bytes within which a paper on a line of its own ends


@dataclass(frozen=True, slots=True)
class Layout:
    """Where in a format the items stand, and what they begin with.

    `paths` are keys, joined by dots, under which there is a list of items or one item; a list or an object that
    holds none of them is itself the items. `first_key` matches what stands behind an item's opening brace: where
    that is read, the next item begins, whatever is wrong with the one before. With `is_nested`, the objects of a
    list at the top may have lists of items under their paths, as whole files have.
    """

    paths: tuple[str, ...] = ()
    first_key: bytes = rb'"'
    is_nested: bool = False

    def holds(self, path: str) -> bool:
        """Tell whether items may stand further down than this path."""
        return any(found.startswith(f"{path}.") for found in self.paths)

    def next_item(self) -> re.Pattern[bytes]:
        # No JSON string holds this, as quotes are escaped there.
        return re.compile(rb",\s*(?=\{\s*" + self.first_key + rb")")


@dataclass(frozen=True, slots=True)
class Item:
    """One item, its bytes (or the beginning of them) and its data; or what is wrong with it."""

    raw: bytes
    data: Any = None
    problem: str = ""


def parse_items(
    stream: BinaryIO,
    layout: Layout,
    read_item: Callable[[Any, str, str], Record | Rejection | None],
    *,
    service: str,
) -> Iterator[Record | Rejection]:
    """Read items with `read_item(data, place, raw)`, and reject those that are no JSON.

    What it gives None for is no paper, and nothing is said of it. Raises UnreadableInput, before the first
    record, where the input is no JSON or an answer that only reports an error of `service`.
    """
    reader = ItemReader(stream, layout)
    if reader.first not in (b"[", b"{"):
        raise UnreadableInput("This is no JSON: that begins with a square bracket or a brace.")
    number = 0
    for number, item in enumerate(reader.read_items(), start=1):
        place = f"item {number}"
        raw = item.raw[:RAW_LENGTH].decode("utf-8", errors="replace")
        if item.problem:
            yield Rejection(place, item.problem, raw)
            continue
        result = read_item(item.data, place, raw)
        if number == 1 and isinstance(result, Rejection) and (error := read_error(item.data)):
            raise UnreadableInput(f"{service} answered with an error instead of papers: {error}.")
        if result is not None:
            yield result
    if not number and (error := read_error(reader.facts)):
        raise UnreadableInput(f"{service} answered with an error instead of papers: {error}.")
    if reader.problem:
        yield Rejection(f"after item {number}" if number else "start", reader.problem)


def read_facts(stream: BinaryIO, layout: Layout) -> dict[str, Any]:
    """Give what stands beside the items of an answer, by path ("message.total-results"); see `ItemReader`."""
    reader = ItemReader(stream, layout)
    for _ in reader.read_items():
        pass
    return reader.facts


def read_error(data: Any) -> str:
    """Give the error that an answer reports, in whichever of the usual places; empty where it reports none."""
    if not isinstance(data, dict):
        return ""
    errors = data.get("errors")
    first = errors[0] if isinstance(errors, list) and errors else None
    for text in (
        text_of(data, "error"),
        text_of(data, "error", "message"),
        *(text_of(first, name) for name in ("message", "detail", "title")),
        text_of(data, "message"),
        text_of(data, "detail"),
    ):
        if message := clean_line(text):
            return message[:500].rstrip(".")
    return ""


def peek(head: bytes, layout: Layout) -> tuple[dict[str, Any], dict[str, Any]]:
    """Give the facts and the first item of a file that begins so, for `sniff`; of one cut off, what is whole.

    Both are empty where the beginning is no JSON.
    """
    reader = ItemReader(io.BytesIO(head), layout)
    if reader.first not in (b"[", b"{"):
        return {}, {}
    for number, item in enumerate(reader.read_items()):
        data = _complete(item.raw) if item.problem else item.data
        if isinstance(data, dict):
            # Of one object cut off, the item is that under its path.
            inner = next((found for path in layout.paths if (found := _descend(data, path))), data)
            return reader.facts, inner if item.problem else data
        if number > 20:
            break
    return reader.facts, {}


def _descend(data: Any, path: str) -> dict[str, Any]:
    for name in path.split("."):
        data = data.get(name) if isinstance(data, dict) else None
    return data if isinstance(data, dict) else {}


# --- Values of items ---------------------------------------------------------------------------------------


def text_of(data: Any, *names: str) -> str:
    """Give the text under a key, and keys within that; empty where there is none."""
    for name in names:
        data = data.get(name) if isinstance(data, dict) else None
    return data if isinstance(data, str) else ""


def line_of(data: Any, *names: str) -> str:
    """Give a text or a number under a key as a text: volumes, pages and ids are written in both ways."""
    for name in names:
        data = data.get(name) if isinstance(data, dict) else None
    if isinstance(data, bool):
        return ""
    return str(data) if isinstance(data, int) else data if isinstance(data, str) else ""


def list_of(data: Any, *names: str) -> list[Any]:
    """Give the list under a key; empty where there is none."""
    for name in names:
        data = data.get(name) if isinstance(data, dict) else None
    return data if isinstance(data, list) else []


def number_of(data: Any, *names: str) -> int | None:
    """Give the whole number under a key, also of one written as a text; None where there is none."""
    text = line_of(data, *names).strip()
    return int(text) if re.fullmatch("-?[0-9]{1,18}", text) else None


# --- Cutting -----------------------------------------------------------------------------------------------

# On to the next brackets, or outside of any bracket to the next comma, past whole strings. A quote there
# begins a string of which that is not known yet: each repetition takes memory, so they are bounded. Each
# text is matched in one way only, so nothing is tried twice; the possessive forms that would say so (*+)
# match wrongly in early releases of Python 3.11.
_STRING: Final = rb'"[^"\\]*(?:\\.[^"\\]*){0,200}"'
_WITHIN: Final = re.compile(
    rb'[^"\[\]{}]*(?:' + _STRING + rb'[^"\[\]{}]*){0,200}(["]|[\[{]+|[\]}]+)', re.DOTALL
)
_BETWEEN: Final = re.compile(
    rb'[^"\[\]{},]*(?:' + _STRING + rb'[^"\[\]{},]*){0,200}(["]|[\[{]+|[\]}]+|,)', re.DOTALL
)
_BLANK: Final = re.compile(rb"[ \t\r\n]*")
_KEY: Final = re.compile(rb'"((?:[^"\\]|\\.){0,1000})"[ \t\r\n]*:', re.DOTALL)
_NEXT_LINE: Final = re.compile(
    rb"\r?\n(?=\{)"
)  # an object within another is never at the beginning of a line
_ESCAPED: Final = re.compile(rb"\\.", re.DOTALL)
_WINDOW: Final = 65_536  # bytes in which the end of a string is looked for at once
_OVERLAP: Final = 1_000  # bytes; where an item begins may lie across two chunks
_TOKEN: Final = re.compile(_STRING + rb'|[\[\]{},"]', re.DOTALL)
_CLOSING: Final = {b"[": b"]", b"{": b"}"}


_ENDS_EARLY: Final = "The file ends before the list does; items after this place are missing."


def _explain_length() -> str:
    return f"The item is longer than {MAX_ITEM:,} bytes."


class _Broken(Exception):
    """An object around a list of items is no JSON, or ends too early."""


class ItemReader:
    """Cuts the bytes of a JSON document, or of several, into items, in memory bounded by one item and one chunk.

    `problem` tells, after the last item, why the input has no proper end; it is empty where it has. `facts` are
    the values that stand beside the items, by path, all of them after the last item.

    """

    def __init__(self, stream: BinaryIO, layout: Layout) -> None:
        self.problem = ""
        self.facts: dict[str, Any] = {}
        self._layout = layout
        self._next_item = layout.next_item()
        self._chunks = read_utf8(stream)
        self._buffer = b""
        self._start = 0  # where in the buffer the present item begins; what stands before is forgotten
        self._place = 0  # how far the buffer was looked at
        self._looked_at = 0  # the same, before the end or the room for an item was reached
        self._depth = 0  # of brackets, at that place, within the present value
        self._has_ended = False
        self._has_found = False  # items in the present object at the top
        self._overlong = b""  # the beginning of that object, where it was too long to be kept
        self._is_flat = False  # objects at the top are the items
        self.first = self._skip_blank()  # its first byte

    @property
    def beginning(self) -> bytes:
        """What has been read so far, before the first item was asked for."""
        return self._buffer

    def read_items(self) -> Iterator[Item]:
        """Give the items in order; a broken one comes with its problem.

        An item with a bracket or a quote too few runs on into the next; it is then cut where the next begins.
        """
        is_within_list = self._layout.is_nested and self.first == b"["
        if is_within_list:
            self._place += 1
        while not self._has_ended:
            mark = self._skip_blank()
            self._start = self._place
            if is_within_list and mark in (b",", b"]"):
                self._place += 1
                is_within_list = mark == b","
            elif mark == b"[":
                yield from self._read_list()
                if not self._has_ended:
                    self._look_behind()
                return
            elif mark == b"{":
                yield from self._read_object()
            elif mark:
                yield self._read_stray_line()
            else:
                if is_within_list:
                    self.problem = _ENDS_EARLY
                return

    def _read_list(self) -> Iterator[Item]:
        """Give the items of a list that begins here, and stand behind it."""
        self._start = self._place + 1
        while True:
            self._place = self._start
            is_ended = self._find_end(b"]")
            stop = self._place
            raw = self._buffer[self._start : stop].strip()
            item = load_item(raw) if is_ended else Item(raw, problem=self._explain_missing_end())
            if item.problem and (
                breaks := list(self._next_item.finditer(self._buffer, self._start + 1, stop))
            ):
                for found in breaks:
                    yield load_item(self._buffer[self._start : found.start()].strip())
                    self._start = found.end()
                continue
            if not is_ended and self._is_too_long():
                is_ended = self._pass_over(b"]", self._next_item)
                stop = self._place
                if not is_ended:
                    self.problem = _ENDS_EARLY
            is_last = not is_ended or self._buffer[stop : stop + 1] == b"]"
            # An empty list, or a comma before the end of one, is no item.
            if raw or not is_last:
                yield item
            elif not is_ended:
                self.problem = _ENDS_EARLY
            if is_last:
                self._has_ended = not is_ended
                self._start = self._place = min(stop + 1, len(self._buffer))
                return
            self._start = stop + 1

    def _read_object(self) -> Iterator[Item]:
        """Give the items within an object at the top; where there are none, it is one."""
        is_ended = False
        pattern = self._next_item if self._layout.is_nested else _NEXT_LINE
        if not self._is_flat:
            self._has_found, self._overlong = False, b""
            start_of_facts = dict(self.facts)
            try:
                yield from self._walk("")
                if self._has_found:
                    return
                is_ended = True
                self.facts = start_of_facts
                self._is_flat = not self._layout.is_nested
                if self._overlong:
                    yield Item(self._overlong, problem=_explain_length())
                    return
            except _Broken:
                if self._has_ended:
                    return
                if self._has_found:
                    self._has_ended = True
                    self.problem = "What follows the papers is no JSON, or the file ends there."
                    return
                self.facts = start_of_facts
                if self._overlong:
                    yield Item(self._overlong, problem=_explain_length())
                    self._start = self._place
                    return
        elif item := self._load_line():
            yield item
            return
        if not is_ended:
            self._place = self._start
            is_ended = self._find_end(b"}", is_whole=True)
        stop = self._place
        raw = self._buffer[self._start : stop].strip()
        item = load_item(raw) if is_ended else Item(raw, problem=self._explain_missing_end())
        if item.problem and (breaks := list(pattern.finditer(self._buffer, self._start + 1, stop))):
            for found in breaks:
                yield load_item(self._buffer[self._start : found.start()].strip())
                self._start = self._place = found.end()
            return
        if not is_ended and self._is_too_long():
            is_ended = self._pass_over(b"}", pattern, is_whole=True)
        yield item
        self._has_ended = not is_ended

    def _load_line(self) -> Item | None:
        """Give the item that begins here where it is all of its line; None where its end must be looked for."""
        end = self._buffer.find(b"\n", self._place, self._place + _USUAL_LINE)
        raw = self._buffer[self._place : end].rstrip() if end >= 0 else b""
        if raw[-1:] != b"}" or (item := load_item(raw)).problem:
            return None
        self._place = end
        return item

    def _read_stray_line(self) -> Item:
        """Give the line that begins here as an item that is none."""
        while (end := self._buffer.find(b"\n", self._place)) < 0:
            self._place = len(self._buffer)
            if self._read_more():
                continue
            if self._is_too_long():
                return self._pass_over_line()
            end = len(self._buffer)
            self._has_ended = True
            break
        raw = self._buffer[self._start : end].strip()
        self._place = end
        if raw[:1] in (b"[", b"{"):
            return Item(raw, problem=self._explain_missing_end())
        return load_item(raw)

    def _pass_over_line(self) -> Item:
        item = Item(self._buffer[:RAW_LENGTH], problem=_explain_length())
        self._buffer, self._start, self._place = b"", 0, 0
        for chunk in self._chunks:
            if (end := chunk.find(b"\n")) >= 0:
                self._buffer = chunk[end:]
                return item
        self._has_ended = True
        return item

    def _walk(self, path: str) -> Iterator[Item]:
        """Give the items within the object that begins here, under the layout's paths, and stand behind it.

        Raises _Broken where the object is no JSON or does not end.
        """
        layout = self._layout
        own = self._place - self._start
        had_found = self._has_found
        self._place += 1
        while (mark := self._skip_blank()) != b"}":
            if mark == b",":
                self._place += 1
                continue
            key = self._read_key()
            child = f"{path}.{key}" if path else key
            mark = self._skip_blank()
            if mark == b"[" and child in layout.paths:
                self._has_found = True
                yield from self._read_list()
                if self._has_ended:
                    raise _Broken
            elif mark == b"{" and layout.holds(child):
                yield from self._walk(child)
            elif mark == b"{" and child in layout.paths:
                self._has_found = True
                self._start = self._place
                is_ended = self._find_end(b"}", is_whole=True)
                raw = self._buffer[self._start : self._place]
                item = load_item(raw) if is_ended else Item(raw, problem=self._explain_missing_end())
                if not is_ended and self._is_too_long():
                    is_ended = self._pass_over(b"}", self._next_item, is_whole=True)
                yield item
                self._has_ended = not is_ended
            else:
                self._read_fact(child)
            if self._has_found:
                self._start = self._place
        self._place += 1
        if path in layout.paths and path and self._has_found == had_found:
            self._has_found = True
            raw = self._buffer[self._start + own : self._place]
            yield Item(self._overlong, problem=_explain_length()) if self._overlong else load_item(raw)

    def _read_key(self) -> str:
        while not (found := _KEY.match(self._buffer, self._place)):
            if len(self._buffer) - self._place > 10_000 or not self._read_more():
                raise _Broken
        self._place = found.end()
        return found[1].decode("utf-8", errors="replace")

    def _read_fact(self, path: str) -> None:
        """Pass over a value, and keep it where it is short."""
        begin = self._place - self._start
        if not self._find_end(b"}"):
            if not self._is_too_long():
                raise _Broken
            # Together with what stands before it; the items may still come.
            self._overlong = self._overlong or self._buffer[self._start : self._start + RAW_LENGTH]
            if not self._pass_over(b"}", self._next_item if self._layout.is_nested else _NEXT_LINE):
                raise _Broken
            return
        raw = self._buffer[self._start + begin : self._place]
        if len(raw) <= _MAX_FACT and len(self.facts) < _MAX_FACTS:
            item = load_item(raw.strip())
            if not item.problem:
                self.facts[path] = item.data

    def _find_end(self, closing: bytes, *, is_whole: bool = False) -> bool:
        """Go on to the comma or the closing bracket after a value; False where file or room end before.

        With `is_whole`, go on to behind the bracket that closes the one that stands here.
        """
        self._depth = 0
        while not self._scan(closing, is_whole=is_whole):
            if not self._read_more():
                self._looked_at, self._place = self._place, len(self._buffer)
                return False
        return True

    def _scan(self, closing: bytes, *, is_whole: bool) -> bool:
        """Go on in what was read to where `_find_end` goes; False where that is not yet there."""
        depth = self._depth
        while token := (_WITHIN if depth else _BETWEEN).match(self._buffer, self._place):
            mark = token[1]
            if mark == b'"':
                if (end := self._find_string_end(token.end())) >= 0:
                    self._place = end
                    continue
                self._depth, self._place = depth, token.start(1)
                return False
            self._place = token.end()
            if mark[0] in b"[{":
                depth += len(mark)
            elif mark == b",":
                self._place = token.start(1)
                return True
            else:
                closed = min(depth, len(mark))
                depth -= closed
                if is_whole and not depth:
                    self._place = token.start(1) + closed
                    return True
                # A brace that closes nothing is part of a broken item, a bracket is the end of the list.
                if (end := mark.find(closing, closed)) >= 0:
                    self._place = token.start(1) + end
                    return True
        self._depth, self._place = depth, len(self._buffer)
        return False

    def _find_string_end(self, place: int) -> int:
        """Find the place behind the string whose text begins here; -1 where its end was not read yet."""
        while place < len(self._buffer):
            text = _ESCAPED.sub(b"__", self._buffer[place : place + _WINDOW])
            if (quote := text.find(b'"')) >= 0:
                return place + quote + 1
            # A mark at the end of the window belongs to what follows.
            is_cut = text.endswith(b"\\")
            if is_cut and len(text) == 1:
                break
            place += len(text) - is_cut
        return -1

    def _pass_over(self, closing: bytes, next_one: re.Pattern[bytes], *, is_whole: bool = False) -> bool:
        """Go on from where `_find_end` found no room, to where it goes or the next item begins; keep nothing.

        False where the file ends before.
        """
        self._place = self._looked_at
        seen = self._buffer[-_OVERLAP:]
        while True:
            # Of a string that goes on its first mark stays, and a backslash, which belongs to what follows.
            text = self._buffer[self._place :]
            is_escaping = (len(text) - len(text.rstrip(b"\\"))) % 2
            kept = text[:1] + b"\\" * is_escaping if text else b""
            chunk = next(self._chunks, b"")
            self._buffer, self._start, self._place = kept + chunk, 0, 0
            if not chunk:
                return False
            has_end = self._scan(closing, is_whole=is_whole)
            seen += chunk
            found = next_one.search(seen)
            if found and (not has_end or found.start() - len(seen) < self._place - len(self._buffer)):
                self._buffer, self._place = seen[found.start() :], 0
                return True
            if has_end:
                self._start = self._place
                return True
            seen = seen[-_OVERLAP:]

    def _skip_blank(self) -> bytes:
        """Go on to what is no white space, and give its first byte; nothing at the end."""
        is_between = self._start == self._place  # so nothing is waiting to be part of an item
        while True:
            self._place = _BLANK.match(self._buffer, self._place).end()  # type: ignore[union-attr]
            if self._place < len(self._buffer):
                return self._buffer[self._place : self._place + 1]
            if is_between:
                self._start = self._place
            if not self._read_more():
                return b""

    def _read_more(self) -> bool:
        """Read on, and forget what stands before the present item; False at the end, or where it is too long."""
        self._buffer = self._buffer[self._start :]
        self._place -= self._start
        self._start = 0
        if self._is_too_long():
            return False
        more = read_on(self._chunks, len(self._buffer))
        self._buffer += more
        return bool(more)

    def _is_too_long(self) -> bool:
        return len(self._buffer) > MAX_ITEM

    def _explain_missing_end(self) -> str:
        if self._is_too_long():
            return _explain_length()
        return "The file ends in the middle of this item."

    def _look_behind(self) -> None:
        """Report what follows a list at the top, where anything does."""
        self._start = self._place
        if self._skip_blank():
            self.problem = "The list ends here, but the file goes on; nothing after this place was read."


def load_item(raw: bytes) -> Item:
    if not raw:
        return Item(raw, problem="There is nothing between two commas.")
    if len(raw) > _MAX_VALUES and raw.count(b",") + raw.count(b"[") + raw.count(b"{") > _MAX_VALUES:
        return Item(raw, problem=f"The item holds more than {_MAX_VALUES:,} values.")
    try:
        return Item(raw, _decode(raw.decode("utf-8")))
    except UnicodeDecodeError as error:
        return Item(raw, problem=f"The item cannot be read: {describe_bad_byte(error)}.")
    except (ValueError, RecursionError) as error:
        return Item(raw, problem=f"The item is not valid JSON: {_describe(error)}.")


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


# Not strict: line ends and tabs within a string are no reason to lose a paper.
_decode: Final = json.JSONDecoder(strict=False, parse_constant=_refuse_constant).decode


def _describe(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg} at character {error.pos + 1} of the item"
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    return "a number in it has thousands of digits" if "digits" in str(error) else str(error)


def _complete(raw: bytes) -> Any:
    """Give what is whole of the beginning of an item; None where that is nothing."""
    closing: list[bytes] = []
    end, closed = 0, b""
    for token in _TOKEN.finditer(raw):
        mark = token[0]
        if mark == b'"' or len(closing) > 100:
            break
        if mark in _CLOSING:
            closing.append(_CLOSING[mark])
            end, closed = token.end(), b"".join(reversed(closing))
        elif mark == b",":
            end, closed = token.start(), b"".join(reversed(closing))
        elif mark in (b"]", b"}") and closing:
            closing.pop()
    return load_item(raw[:end] + closed).data

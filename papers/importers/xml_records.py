"""Records out of XML of any kind (https://www.w3.org/TR/xml/): one cutter for feeds, OAI-PMH, PubMed and others.

A stream is cut into its records as it is read and each is parsed for itself, so that memory holds one record
at a time, and one that is not well-formed, or the end of a download that broke off, costs the others nothing.
It comes within the namespaces of the elements around it. Entities that a document declares could grow without
end, so a document type that declares any is refused; one that only names a file is passed over, and the file
is never opened.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from html.entities import html5
from typing import BinaryIO, Final, NamedTuple

from lxml import etree

from papers.importers.text import RAW_LENGTH, describe_bad_byte, read_on, read_utf8
from papers.records import Record, Rejection, UnreadableInput

MAX_RECORD: Final = 8_000_000  # bytes; 20,000 authors with their affiliations take less
_MAX_PROLOGUE: Final = 65_536  # bytes before the first start tag ends
_MAX_TAG: Final = 65_536  # bytes
_MAX_DEPTH: Final = 100  # elements around a record that are known; what is deeper stands in the last of them
_MAX_DECLARATIONS: Final = 16_384  # bytes of namespaces; each record is parsed with all of them before it
_MAX_NAMES: Final = 200_000  # bytes of different names; libxml2 keeps each for as long as its thread lives
_MAX_KINDS: Final = 100  # different tags that begin records
_MAX_PARTS: Final = 300_000  # tags and attributes of one record; each takes a hundred bytes of memory or more
_MAX_STEPS: Final = 100_000  # tags since the last record, from where on only the next one is looked for
_LONGEST_GAP: Final = 200  # bytes; half a tag may stand at the end of what was read


class Words(NamedTuple):
    """What people call a format and its parts, for the reasons of rejections."""

    format: str = "list of records"
    whole: str = "list"
    one: str = "record"
    many: str = "records"


@dataclass(frozen=True, slots=True)
class Found:
    """A record, or another element that was asked for: parsed, or the problem that it has.

    `name` is without a prefix, and so are `parents`, the elements around it from the outermost. `place` is
    "record 3" for a record and empty for what is none. `raw` is how it begins.
    """

    name: str
    parents: tuple[str, ...]
    place: str
    raw: str
    element: etree._Element | None = None
    problem: str = ""


def read_root(head: bytes) -> etree._Element | None:
    """Give the outermost element, without its content, of XML in UTF-8 that begins like this; else None."""
    start = _PROLOGUE.match(head).end()  # type: ignore[union-attr]  # it matches nothing, too
    tag = _START_TAG.match(head, start)
    if not tag:
        return None
    try:
        return _parse(tag[0] if tag["empty"] else tag[0] + b"</" + tag["name"] + b">")
    except etree.XMLSyntaxError:
        return None


def read_each(
    reader: XmlReader,
    read: Callable[[etree._Element, str, str], Record | Rejection | None],
    *,
    read_other: Callable[[Found], None] | None = None,
) -> Iterator[Record | Rejection]:
    """Read the records of a reader one by one, by a function that is given an element, its place and raw text.

    What has a problem becomes a rejection, and so does a missing end. None passes over a record. `read_other`
    is given what stands outside the records and was asked for.
    """
    place = ""
    for found in reader:
        if not found.place:
            if read_other:
                read_other(found)
            continue
        place = found.place
        if found.element is None:
            yield Rejection(place, found.problem, found.raw)
        elif result := read(found.element, place, found.raw):
            yield result
    if reader.problem:
        yield Rejection(f"after {place}" if place else "start", reader.problem)


# --- The grammar, as far as it is needed -------------------------------------------------------------------

_NAME: Final = rb"[A-Za-z_\x80-\xff][\w.:\x80-\xff-]*"
_PROLOGUE: Final = re.compile(
    rb"(?:\s+|<\?.*?\?>|<!--.*?-->"
    rb"|<!DOCTYPE\s+"
    + _NAME
    + rb"(?:\s+(?:PUBLIC\s*(?:\"[^\"]*\"|'[^']*')|SYSTEM)\s*(?:\"[^\"]*\"|'[^']*')?)?"
    rb"\s*(?:\[\s*\]\s*)?>)*",
    re.DOTALL,
)
_START_TAG: Final = re.compile(
    rb"<(?P<name>"
    + _NAME
    + rb")(?P<attributes>(?:\s+[\w.:\x80-\xff-]+\s*=\s*(?:\"[^\"<]*\"|'[^'<]*'))*)\s*(?P<empty>/?)>"
)
_DECLARATION: Final = re.compile(
    rb"\s(?P<name>xmlns(?::[\w.\x80-\xff-]+)?|xml:lang|xml:base)\s*=\s*(?P<value>\"[^\"<]*\"|'[^'<]*')"
)
_MARK: Final = re.compile(rb"<(?:(?P<literal>!--|!\[CDATA\[|\?)|(?P<end>/?)(?P<name>" + _NAME + rb"))")
_CLOSING: Final = {b"!--": b"-->", b"![CDATA[": b"]]>", b"?": b"?>"}
# Most tags of a record are alike, so names are looked for in the different ones only: four times as fast.
_TAGS: Final = re.compile(rb"<[^\s<>/]+(?:[^<>\"']+|\"[^\"<]*\"|'[^'<]*')*")
_NAMES: Final = re.compile(rb"<[^\s<>/]+|\s[^\s=\"'<>/]+(?=\s*=\s*[\"'])")

_ENCODING: Final = re.compile(rb"<\?xml\b[^>]*?\bencoding\s*=\s*[\"'](?P<name>[\w.:-]{1,40})[\"']")
# All of these write mark-up as ASCII does, so that it can be found before anything is decoded. Names and what
# browsers take them for: https://encoding.spec.whatwg.org/#names-and-labels
_ENCODINGS: Final = {
    **dict.fromkeys(("utf-8", "utf8", "us-ascii", "ascii"), "utf-8"),
    # Known by their byte order mark and brought to UTF-8 before anything here sees them.
    **dict.fromkeys(("utf-16", "utf-16le", "utf-16be", "utf-32", "ucs-2", "iso-10646-ucs-2"), "utf-8"),
    **dict.fromkeys(("iso-8859-1", "iso8859-1", "latin1", "latin-1", "windows-1252", "cp1252"), "cp1252"),
    **{f"iso-8859-{number}": f"iso-8859-{number}" for number in (*range(2, 9), 10, 11, 13, 14, 15, 16)},
    "iso-8859-9": "cp1254",
    "x-mac-roman": "mac-roman",
    "macintosh": "mac-roman",
    "tis-620": "cp874",
    **{f"windows-{number}": f"cp{number}" for number in (874, *range(1250, 1252), *range(1253, 1259))},
    "koi8-r": "koi8-r",
    "koi8-u": "koi8-u",
    "ibm866": "cp866",
    "cp866": "cp866",
    **dict.fromkeys(("gb2312", "gbk", "gb18030", "x-gbk"), "gb18030"),
    "big5": "big5hkscs",
    "euc-jp": "euc_jp",
    "euc-kr": "cp949",
    "ks_c_5601-1987": "cp949",
    **dict.fromkeys(("shift_jis", "shift-jis", "windows-31j", "x-sjis"), "cp932"),
}


class _Around(NamedTuple):
    """An element that is open where the reader is: its tag, and the declarations in force within it."""

    tag: bytes
    name: str
    declarations: dict[bytes, bytes]


class XmlReader:
    """Cuts the bytes of an XML document into records, in memory bounded by one record and one chunk.

    `records` are names of elements, without a prefix, that are records at whatever depth they stand; None
    makes every child of the outermost element one. `others` are names of elements outside the records that
    are wanted as well. Going through the reader gives both in order. `is_nested` says that a record may hold
    elements of its own name; without it, one that begins within another means that the first has lost its
    end, and both are kept apart.

    `root` is the outermost element, without its content; `records` may be changed by what it is, until the reading
    begins. `number` is how many records were read. `problem` tells, after the last record, why the
    document has no proper end; it is empty where it has. Whoever sets it ends the reading.

    Raises UnreadableInput where the input is no XML, declares entities or is in an unknown encoding.
    """

    def __init__(
        self,
        stream: BinaryIO,
        records: Collection[str] | None,
        *,
        others: Collection[str] = (),
        words: Words = Words(),  # noqa: B008  # it is frozen
        is_nested: bool = False,
    ) -> None:
        self.problem = ""
        self.records = None if records is None else frozenset(records)
        self._others = frozenset(others)
        self._words = words
        self._is_nested = is_nested or records is None
        self.number = 0

        self._chunks = read_utf8(stream)
        self._buffer = b""
        self._start = 0  # in the buffer: what is before it is done with
        self._dropped = 0  # bytes that came before the buffer
        self._ended = False
        self._steps = 0  # pieces of mark-up since the last record

        self._around: list[_Around] = []
        self._wrapper: bytes | None = None  # a start tag with all declarations in force, made when needed
        self._adrift = b""  # the tag of a record without an end, while what is left of it is passed over
        self._unclosed: dict[bytes, int] = {}  # up to where, from the start, no such closing mark was found
        self._patterns: dict[bytes, re.Pattern[bytes]] = {}
        self._far_marks: tuple[frozenset[bytes], re.Pattern[bytes]] = (frozenset(), _MARK)
        self._names: set[bytes] = set()
        self._names_length = 0
        self._read_start()

    def _read_start(self) -> None:
        """Read up to the first start tag, and refuse what cannot be read."""
        while True:
            start = _PROLOGUE.match(self._buffer).end()  # type: ignore[union-attr]  # it matches nothing, too
            tag = _START_TAG.match(self._buffer, start)
            if tag or len(self._buffer) > _MAX_PROLOGUE or not self._read_more():
                break
        if self._buffer[start : start + 9].upper() == b"<!DOCTYPE":
            raise UnreadableInput(
                "The XML declares a document type (DOCTYPE) with definitions of its own. It is refused, as "
                "entities declared there can grow without end."
            )
        format = self._words.format
        if not tag:
            raise UnreadableInput(f"This is no {format}: no start tag of XML was found at its beginning.")
        declared = _ENCODING.search(self._buffer[:start])
        encoding = declared["name"].decode("ascii").lower() if declared else "utf-8"
        if encoding not in _ENCODINGS:
            raise UnreadableInput(f"The XML is in the encoding {encoding!r}; save it as UTF-8.")
        self._encoding = _ENCODINGS[encoding]
        try:
            whole = tag[0] if tag["empty"] else tag[0] + b"</" + tag["name"] + b">"
            self.root = _parse(whole.decode(self._encoding).encode("utf-8"))
        except UnicodeDecodeError as error:
            raise UnreadableInput(f"This is no {format}: {describe_bad_byte(error)}.") from error
        except etree.XMLSyntaxError as error:
            raise UnreadableInput(f"This is no {format}: {_describe(error)}.") from error
        self._start = start

    # --- Moving on ---

    def _read_more(self) -> bool:
        """Read on, and drop what is done with. Places count from `_start`, so they stay as they are."""
        self._buffer = self._buffer[self._start :]
        self._dropped += self._start
        self._start = 0
        more = read_on(self._chunks, len(self._buffer))
        self._buffer += more
        self._ended = not more
        return bool(more)

    @property
    def _waiting(self) -> int:
        return len(self._buffer) - self._start

    def _next_mark(self) -> re.Match[bytes] | None:
        """Go to the next mark-up that matters here; None where there is none any more."""
        self._steps += 1
        pattern = self._choose_marks()
        while True:
            mark = pattern.search(self._buffer, self._start)
            if mark and (mark.end() < len(self._buffer) or self._ended):
                self._start = mark.start()
                return mark
            is_half = mark and self._waiting <= _MAX_TAG
            place = mark.start() if mark and is_half else len(self._buffer) - _LONGEST_GAP
            self._start = max(self._start, place)
            if self._ended or (not self._read_more() and not mark):
                return None

    def _choose_marks(self) -> re.Pattern[bytes]:
        """Give what to look for: any mark-up; but far from any record, or in what is left of a long one, only what
        may be a record or an end of what is around. Each other tag takes its time there, and there may be millions.
        """
        if not self._adrift and (self._steps < _MAX_STEPS or self.records is None):
            return _MARK
        tags = frozenset(around.tag for around in self._around) | {self._adrift or self._around[-1].tag}
        if self._far_marks[0] != tags:
            names = b"|".join(
                re.escape(name.encode()) for name in sorted((self.records or set()) | self._others)
            )
            own = b"|".join(map(re.escape, sorted(tags)))
            self._far_marks = (
                tags,
                re.compile(
                    rb"<(?:(?P<literal>!--|!\[CDATA\[|\?)|(?P<end>/?)(?P<name>"
                    + (rb"(?:" + _NAME + rb":)?(?:" + names + rb")|" if names else b"")
                    + own
                    + rb")(?=[\s/>]))"
                ),
            )
        return self._far_marks[1]

    def _match_tag(self, place: int = 0) -> re.Match[bytes] | None:
        """Match the start tag at a place, reading on until it is whole; None where it is none."""
        while True:
            tag = _START_TAG.match(self._buffer, self._start + place, self._start + place + _MAX_TAG)
            # No tag holds a "<", so where one follows there is nothing to wait for.
            if tag or self._buffer.find(b"<", self._start + place + 1) >= 0:
                return tag
            if self._waiting - place > _MAX_TAG or not self._read_more():
                return None

    def _find_closing(self, opening: bytes, place: int) -> int:
        """Find the end of a comment, literal text or instruction; -1 where it has none within a record's length.

        Up to where one was looked for in vain is kept, so that a thousand without an end cost one search.
        """
        closing = _CLOSING[opening]
        while True:
            here = self._dropped + self._start
            place = max(place, self._unclosed.get(closing, 0) - here)
            found = self._buffer.find(closing, self._start + place)
            if found >= 0:
                return found - self._start + len(closing)
            self._unclosed[closing] = here + max(place, self._waiting - 2)
            if self._waiting > MAX_RECORD or not self._read_more():
                return -1

    def _pass_over_literal(self, opening: bytes) -> bool:
        """Go behind a comment, literal text or instruction, however long; False where the file ends in it."""
        closing = _CLOSING[opening]
        self._start += len(b"<" + opening)
        while (end := self._buffer.find(closing, self._start)) < 0:
            self._start = max(self._start, len(self._buffer) - len(closing) + 1)
            if not self._read_more():
                return False
        self._start = end + len(closing)
        return True

    # --- Outside the records ---

    def __iter__(self) -> Iterator[Found]:
        while mark := self._next_mark():
            if mark["literal"]:  # what stands in it is no mark-up
                if not self._adrift:
                    if not self._pass_over_literal(mark["literal"]):
                        break
                else:  # it may be without an end, and what follows it is to be read
                    self._start += max(len(mark[0]), self._find_closing(mark["literal"], len(mark[0])))
                continue
            if mark["end"]:
                self._close(mark["name"])
                self._start += len(mark[0])
            else:
                name = _local(mark["name"])
                is_record = self._is_record(name)
                if is_record or (name in self._others and not self._adrift):
                    yield self._read_element(mark["name"], is_record=is_record)
                else:
                    self._open(mark)
            if self.problem or not self._around:
                return
        if not self.problem:
            self.problem = (
                f"The file ends before the {self._words.whole} does; "
                f"{self._words.many} after this place are missing."
            )

    def _is_record(self, name: str) -> bool:
        if self.records is None:
            return len(self._around) == 1 and not self._adrift
        return name in self.records

    def _open(self, mark: re.Match[bytes]) -> None:
        tag = self._match_tag()
        self._start += len(tag[0] if tag else mark[0])
        if not tag or tag["empty"] or self._adrift or len(self._around) == _MAX_DEPTH:
            return
        declarations = dict(self._around[-1].declarations) if self._around else {}
        declarations |= {found["name"]: found["value"] for found in _DECLARATION.finditer(tag["attributes"])}
        is_too_much = sum(map(len, (*declarations, *declarations.values()))) > _MAX_DECLARATIONS
        if is_too_much:
            self.problem = (
                f"The {self._words.many} are wrapped in too much; nothing after this place was read."
            )
            return
        self._around.append(_Around(tag["name"], _local(tag["name"]), declarations))
        self._wrapper = None

    def _close(self, tag: bytes) -> None:
        """Leave the innermost element of a tag, and those within it that nobody closed."""
        if tag == self._adrift:
            self._adrift = b""
            return
        for depth in reversed(range(len(self._around))):
            if self._around[depth].tag == tag:
                del self._around[depth:]
                self._wrapper = None
                return

    # --- Records ---

    def _read_element(self, tag: bytes, *, is_record: bool) -> Found:
        place = ""
        if is_record:
            self.number += 1
            self._adrift = b""
            place = f"{self._words.one} {self.number}"
        length, problem = self._find_end(tag)
        raw = self._buffer[self._start : self._start + length]
        element = None
        if not problem and len(raw) > _MAX_PARTS and raw.count(b"<") + raw.count(b"=") > _MAX_PARTS:
            problem = f"The {self._words.one} holds more than {_MAX_PARTS:,} tags and attributes."
        if not problem:
            try:
                element = self._parse(raw)
            except UnicodeDecodeError as error:
                problem = f"The {self._words.one} cannot be read: {describe_bad_byte(error)}."
            except etree.XMLSyntaxError as error:
                problem = f"The {self._words.one} is not well-formed XML: {_describe(error)}."
        self._start += length
        if is_record:
            self._steps = 0
        return Found(
            name=_local(tag),
            parents=tuple(around.name for around in self._around),
            place=place,
            raw=raw[:RAW_LENGTH].decode(self._encoding, errors="replace"),
            element=element,
            problem=problem,
        )

    def _find_end(self, tag: bytes) -> tuple[int, str]:
        """Tell how long the element is that begins here, and what is wrong with its end."""
        one = self._words.one
        too_long = f"The {one} is longer than {MAX_RECORD:,} bytes."
        start = self._match_tag()
        if start and start["empty"]:
            return len(start[0]), ""
        place = len(start[0]) if start else len(tag) + 1
        pattern = self._find_pattern(tag)
        depth = 1
        while place <= MAX_RECORD:
            mark = pattern.search(self._buffer, self._start + place)
            if not mark:
                place = max(place, self._waiting - len(tag) - _LONGEST_GAP)
                if self._waiting > MAX_RECORD:
                    break
                if not self._read_more():
                    # What is left is reported now, so the missing end of the whole need not be.
                    self._around.clear()
                    return self._waiting, f"The file ends in the middle of this {one}."
                continue
            before, place = mark.start() - self._start, mark.end() - self._start
            if mark["literal"]:
                # One without an end is taken for text, so that it spoils this record and no other.
                place = max(place, self._find_closing(mark["literal"], place))
            elif mark["end"]:
                depth -= 1
                if not depth and place <= MAX_RECORD:
                    return place, ""
                if not depth:
                    return place, too_long
            elif not self._is_nested:
                return before, f"The {one} has no end: the next one begins inside it."
            else:
                inner = self._match_tag(before)
                depth += not (inner and inner["empty"])
        self._adrift = tag
        return max(1, self._waiting - _LONGEST_GAP), too_long

    def _find_pattern(self, tag: bytes) -> re.Pattern[bytes]:
        """Give what to look for within an element: its end, and what begins another of its kind."""
        if tag not in self._patterns:
            prefix = tag[: tag.rfind(b":") + 1]
            name = _local(tag)
            names = self.records if self.records and name in self.records else [name]
            kinds = b"|".join(re.escape(prefix + kind.encode()) for kind in sorted(names))
            self._patterns[tag] = re.compile(
                rb"<(?:(?P<literal>!--|!\[CDATA\[|\?)|(?P<end>/" + re.escape(tag) + rb"\s*>)"
                rb"|(?:" + (re.escape(tag) if self._is_nested else kinds) + rb")(?=[\s/>]))"
            )
            if len(self._patterns) > _MAX_KINDS:
                self.problem = "There are too many kinds of elements; nothing after this place was read."
        return self._patterns[tag]

    def _parse(self, raw: bytes) -> etree._Element:
        """Parse an element within the namespaces around it. Raises UnicodeDecodeError or XMLSyntaxError."""
        if self._wrapper is None:
            declarations = self._around[-1].declarations if self._around else {}
            parts = (b" " + name + b"=" + value for name, value in declarations.items())
            self._wrapper = b"<x" + b"".join(parts) + b">"
        self._count_names(raw)
        text = (self._wrapper + raw + b"</x>").decode(self._encoding)
        try:
            wrapped = _parse(text.encode("utf-8"))
        except etree.XMLSyntaxError:
            named = _replace_entities(text)
            if named == text:
                raise
            wrapped = _parse(named.encode("utf-8"))
        if len(wrapped) != 1:
            raise etree.XMLSyntaxError("it holds more than itself", 0, 0, 0)
        return wrapped[0]

    def _count_names(self, raw: bytes) -> None:
        """Bound the different names, as libxml2 keeps each for as long as its thread lives."""
        tags = b"".join(set(_TAGS.findall(raw)))
        new = set(_NAMES.findall(tags)) - self._names
        if new:
            self._names_length += sum(map(len, new))
            if self._names_length > _MAX_NAMES:
                raise etree.XMLSyntaxError("there are too many different names of elements", 0, 0, 0)
            self._names |= new


# --- Parsing -----------------------------------------------------------------------------------------------

_PARSER: Final = etree.XMLParser(
    resolve_entities=False,
    no_network=True,
    load_dtd=False,
    dtd_validation=False,
    huge_tree=False,
    remove_comments=True,
    remove_pis=True,
)


def _parse(data: bytes) -> etree._Element:
    return etree.fromstring(data, _PARSER)


def _local(tag: bytes) -> str:
    return tag[tag.rfind(b":") + 1 :].decode("utf-8", errors="replace")


def _describe(error: etree.XMLSyntaxError) -> str:
    """Give the parser's words without its line and column, which count from the start of the record."""
    words = re.sub(r",? ?\(?(?:<string>, )?line [0-9]+(?:, column [0-9]+)?\)?", "", error.msg or "")
    # It repeats names of elements, which may be as long as they like.
    return words[:300].strip(" .") or "syntax error"


_ENTITY: Final = re.compile("&(?P<name>[A-Za-z][A-Za-z0-9]{1,31};)")
_LITERAL: Final = re.compile(r"<!(?:--|\[CDATA\[)")
_OWN_ENTITIES: Final = frozenset(("amp;", "lt;", "gt;", "quot;", "apos;"))


def _replace_entities(text: str) -> str:
    """Replace the entities that HTML has and XML has not, such as `&nbsp;`, outside literal text.

    Feeds use them without declaring them, and PubMed's document type declares some of them.
    https://html.spec.whatwg.org/multipage/named-characters.html
    """
    parts = []
    place = 0
    while place < len(text):
        literal = _LITERAL.search(text, place)
        start = literal.start() if literal else len(text)
        parts.append(_ENTITY.sub(_replace_entity, text[place:start]))
        closing = "-->" if literal and literal[0] == "<!--" else "]]>"
        end = text.find(closing, start)
        place = end if end >= 0 else len(text)
        parts.append(text[start:place])
    return "".join(parts)


def _replace_entity(found: re.Match[str]) -> str:
    if found["name"] in _OWN_ENTITIES:
        return found[0]
    return html5.get(found["name"], found[0])


def text_of(element: etree._Element, path: str = ".") -> str:
    """Give all text of the first element that a path finds, or an empty one."""
    found = element.find(path)
    return "" if found is None else "".join(found.itertext())

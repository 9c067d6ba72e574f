"""From the bytes of an upload to text: encodings, lines, and the limits that keep memory bounded.

JSON and XML are UTF-8, or have a byte order mark (`read_utf8`): what is not UTF-8 in them is reported, and only
the record that holds it is lost. Text files come in whatever their program wrote (`TextReader`, `read_lines`).
Which encoding that is, is told by the first of these that holds:

1. a byte order mark; or the zero bytes of UTF-16 without one;
2. what is not ASCII is UTF-8, whatever the file says of itself: by chance nothing else looks like that;
3. the encoding that the file names ("% Encoding: windows-1252" of JabRef, "-*- coding: latin-9 -*-" of Emacs,
   "Saved with string encoding Western (Mac OS Roman)" of BibDesk), if it fits;
4. GBK, where what comes out are the common characters of Chinese;
5. UTF-8 where the bytes are UTF-8, and Windows-1252 where they are not, so that a file put together from two
   is read as well.

The decision falls where the first byte comes that is not ASCII, after however many megabytes, and looks at the
64 kB from there on. Libraries that guess by statistics were tried: charset-normalizer 3.5 reads German in
Windows-1252 as cp1250, Šome title in ISO-8859-15 as cp775 and Chinese in GBK as Korean; chardet 7.7 reads
Spanish as Hungarian and a single no-break space as cp852. Bibliographies are short of prose, on which they rely.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import BinaryIO, Final

CHUNK: Final = 65_536  # bytes
MAX_LINE: Final = 1_000_000  # characters; ten times the longest abstract of a record
RAW_LENGTH: Final = 8_000  # bytes of a broken record that are kept for its rejection

# Longest first: the mark of UTF-32 begins with that of UTF-16.
_MARKS: Final = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_NEVER_IN_UTF8: Final = b"\xff"  # stands for what could not be decoded, so that its record is rejected
_NEVER_IN_TEXT: Final = "\udcff"  # the same, in text: a lone surrogate


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a text, without its end. `problem` says why the line cannot be used, where it cannot."""

    number: int  # from 1
    text: str
    problem: str = ""


def read_utf8(stream: BinaryIO) -> Iterator[bytes]:
    """Give the bytes of a stream in chunks, brought to UTF-8 and without a byte order mark.

    UTF-16 and UTF-32 are recognised by their mark, UTF-16 also by its zero bytes; all else comes as it is, in
    UTF-8 or not. What such a file holds of undecodable bytes becomes a byte that UTF-8 never has.
    """
    chunk = _read_fully(stream, CHUNK)
    encoding, length = _find_mark(chunk)
    chunk = chunk[length:] or stream.read(CHUNK)
    if encoding in ("", "utf-8"):
        while chunk:
            yield chunk
            chunk = stream.read(CHUNK)
        return
    for text in _decode_marked(chunk, stream, encoding):
        # A lone surrogate becomes three bytes that are no UTF-8.
        yield _NEVER_IN_UTF8 if text == _NEVER_IN_TEXT else text.encode("utf-8", errors="surrogatepass")


def _decode_marked(chunk: bytes, stream: BinaryIO, encoding: str) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder(encoding)(errors="surrogatepass")
    try:
        while chunk:
            if text := decoder.decode(chunk):
                yield text
            chunk = stream.read(CHUNK)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        yield _NEVER_IN_TEXT


def _find_mark(head: bytes) -> tuple[str, int]:
    """Find the encoding that the first bytes prove, and the length of the mark; an empty text where none is."""
    for mark, name in _MARKS:
        if head.startswith(mark):
            return name, len(mark)
    pairs = len(head) // 2
    low, high = head[: 2 * pairs : 2].count(0), head[1 : 2 * pairs : 2].count(0)
    # Of ASCII, which every format is full of, one byte in two is zero; the other is that of rare letters only.
    if min(low, high) * 8 <= max(low, high) > max(3, pairs // 5):
        name = "utf-16-le" if high > low else "utf-16-be"
        try:
            text = codecs.getincrementaldecoder(name)().decode(head)
        except UnicodeDecodeError:
            return "", 0
        if not _CONTROL.search(text):
            return name, 0
    return "", 0


_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1a\x7f]")


def _read_fully(stream: BinaryIO, size: int) -> bytes:
    """Read `size` bytes, or all there are: a pipe gives what it has."""
    data = b""
    while len(data) < size and (more := stream.read(size - len(data))):
        data += more
    return data


def read_on(chunks: Iterator[bytes], waiting: int) -> bytes:
    """Give the next bytes, at least half as many again as are waiting to be part of something whole.

    What is searched again from its start whenever more comes is then searched a few times, not once a chunk.
    """
    return b"".join(islice(chunks, 1 + waiting // (2 * CHUNK)))


class TextReader:
    """The text of a stream, piece by piece, in whatever encoding it is; for formats that are plain text.

    `encoding` is the name of the encoding for people, as far as the text was read: "UTF-8" in the best case,
    "UTF-8 and Windows-1252" where both are in one file. What cannot be decoded becomes a lone surrogate, which
    no text has and `find_problem` finds.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self.encoding = "UTF-8"
        self._stream = stream

    def __iter__(self) -> Iterator[str]:
        chunk = _read_fully(self._stream, CHUNK)
        marked, length = _find_mark(chunk)
        chunk = chunk[length:] or self._stream.read(CHUNK)
        if marked not in ("", "utf-8"):
            self.encoding = marked[:6].upper()
            yield from _decode_marked(chunk, self._stream, marked)
            return
        declared = _find_declared(chunk)
        while chunk and chunk.isascii():
            yield chunk.decode("ascii")
            chunk = self._stream.read(CHUNK)
        if not chunk:
            return
        beginning = _NOT_ASCII.search(chunk)
        evidence = chunk[beginning.start() if beginning else 0 :]
        if len(evidence) < CHUNK:
            more = _read_fully(self._stream, CHUNK)
            chunk, evidence = chunk + more, evidence + more
        if encoding := "" if marked else _choose_encoding(evidence, declared):
            self.encoding = _name_encoding(encoding)
            yield from _decode_declared(chunk, self._stream, encoding)
        else:
            yield from self._decode_mixture(chunk)

    def _decode_mixture(self, chunk: bytes) -> Iterator[str]:
        """Decode UTF-8, and what is none as Windows-1252."""
        has_utf8 = has_other = False

        def replace(found: re.Match[bytes]) -> bytes:
            nonlocal has_utf8, has_other
            if found.lastgroup == "utf8":
                has_utf8 = True
                return found[0]
            has_other = True
            return _WINDOWS_1252[found[0][0]].encode()

        while chunk:
            more = self._stream.read(CHUNK)
            waiting = b""
            # The end of the chunk may be half of a character.
            if more and (half := _HALF_A_CHARACTER.search(chunk)):
                chunk, waiting = chunk[: half.start()], half[0]
            try:
                text = chunk.decode("utf-8")
                has_utf8 = has_utf8 or not chunk.isascii()
            except UnicodeDecodeError:
                text = _SEQUENCE.sub(replace, chunk).decode("utf-8")
            if has_other:
                self.encoding = "UTF-8 and Windows-1252" if has_utf8 else "Windows-1252"
            yield text
            chunk = waiting + more


_NOT_ASCII = re.compile(rb"[\x80-\xff]")
# The Unicode Standard, table 3-7 "Well-Formed UTF-8 Byte Sequences".
_SEQUENCE = re.compile(
    rb"(?P<utf8>[\xc2-\xdf][\x80-\xbf]|\xe0[\xa0-\xbf][\x80-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]{2}"
    rb"|\xed[\x80-\x9f][\x80-\xbf]|\xf0[\x90-\xbf][\x80-\xbf]{2}|[\xf1-\xf3][\x80-\xbf]{3}"
    rb"|\xf4[\x80-\x8f][\x80-\xbf]{2})|[\x80-\xff]"
)
_HALF_A_CHARACTER = re.compile(rb"(?:[\xc2-\xdf]|[\xe0-\xef][\x80-\xbf]?|[\xf0-\xf4][\x80-\xbf]{0,2})\Z")
# As browsers read it, five bytes without a character included (https://encoding.spec.whatwg.org/#windows-1252).
_WINDOWS_1252: Final = "".join(
    bytes([code]).decode("cp1252") if code not in (0x81, 0x8D, 0x8F, 0x90, 0x9D) else chr(code)
    for code in range(256)
)


def find_problem(text: str) -> str:
    """Say what is wrong with text that holds what could not be decoded; an empty text where nothing is."""
    if text.isascii():
        return ""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return "some of its bytes are not in the encoding of the file; save the file as UTF-8"
    return ""


# --- Encodings that a file names, and GBK ------------------------------------------------------------------

_DECLARATION = re.compile(
    rb"^[^\n\r]{0,200}?(?:\bencoding|\bcoding)[ \t]*[:=][ \t]*[\"']?(?P<name>[A-Za-z][\w.:-]{1,40})"
    rb"|^%+ *Saved with string encoding [^\n\r(]{0,40}\((?P<bibdesk>[^\n\r()]{2,40})\)",
    re.MULTILINE | re.IGNORECASE,
)
_DECLARED_IN: Final = 4_096  # bytes from the beginning
_BIBDESK: Final = {"windows latin 1": "cp1252", "iso latin 1": "cp1252", "mac os roman": "mac-roman"}
# Of Python's codecs those that files are written in and that leave ASCII as it is.
_USABLE = re.compile(
    r"cp(?:437|85[0-9]|86[0-9]|866|874|932|949|125[0-8])|iso8859-[0-9]+|koi8-[rtu]|mac-(?:roman|latin2|cyrillic|greek|turkish)"
    r"|gbk|gb2312|gb18030|big5|big5hkscs|shift_jis(?:x0213|_2004)?|euc_(?:jp|kr|jis_2004|jisx0213)|tis-620"
)


def _find_declared(head: bytes) -> str:
    """Find the encoding that a file says it is in, as Python calls it; an empty text where it is of no use."""
    declared = _DECLARATION.search(head[:_DECLARED_IN])
    if not declared:
        return ""
    if declared["bibdesk"]:
        return _BIBDESK.get(declared["bibdesk"].decode("ascii", errors="replace").lower(), "")
    name = re.sub("-(?:unix|dos|mac)$", "", declared["name"].decode("ascii", errors="replace").lower())
    for spelling in (name, name.replace("-", ""), name.removeprefix("x-"), name.removeprefix("chinese-")):
        try:
            found = codecs.lookup(spelling).name
        except (LookupError, ValueError):
            continue
        if found in ("iso8859-1", "cp1252"):  # browsers and editors mean the second by the first
            return "cp1252"
        if _USABLE.fullmatch(found):
            return "gb18030" if found in ("gb2312", "gbk") else found
    return ""


def _choose_encoding(evidence: bytes, declared: str) -> str:
    """Choose the encoding of bytes that begin with one that is not ASCII; empty for UTF-8 and Windows-1252."""
    if _fits(evidence, "utf-8"):
        return ""
    if declared and (declared == "cp1252" or _fits(evidence, declared)):
        return declared
    return "gb18030" if _is_chinese(evidence) else ""


def _fits(evidence: bytes, encoding: str) -> bool:
    try:
        codecs.getincrementaldecoder(encoding)().decode(evidence)
    except UnicodeDecodeError:
        return False
    return True


def _is_chinese(evidence: bytes) -> bool:
    """Tell text in GBK from text in another encoding that GBK's decoder takes as well.

    Of Chinese text nearly all characters are among the 3,755 common ones (rows 16 to 55 of GB 2312). Words
    of Western languages give rare ones. Korean's syllables lie in rows 16 to 40, where Chinese leaves out half.
    """
    try:
        text = codecs.getincrementaldecoder("gb18030")().decode(evidence)
    except UnicodeDecodeError:
        return False
    rows = [code[0] for char in text if char > "\x7f" and len(code := char.encode("gb18030")) >= 2]
    common = [row for row in rows if 0xB0 <= row <= 0xD7]
    signs = sum(0xA1 <= row <= 0xA3 for row in rows)
    return len(common) >= 4 and (len(common) + signs) * 10 >= len(rows) * 8 and max(common) > 0xC8


def _decode_declared(chunk: bytes, stream: BinaryIO, encoding: str) -> Iterator[str]:
    if encoding == "cp1252":
        while chunk:
            yield codecs.charmap_decode(chunk, "strict", _WINDOWS_1252)[0]
            chunk = stream.read(CHUNK)
        return
    decoder = codecs.getincrementaldecoder(encoding)(errors="surrogateescape")
    while chunk:
        if text := decoder.decode(chunk):
            yield text
        chunk = stream.read(CHUNK)
    yield decoder.decode(b"", final=True)


def _name_encoding(encoding: str) -> str:
    if encoding.startswith("cp125"):
        return "Windows-" + encoding[2:]
    return "GBK" if encoding == "gb18030" else encoding.upper().replace("ISO8859", "ISO-8859")


# --- Lines -------------------------------------------------------------------------------------------------


def read_lines(stream: BinaryIO) -> Iterator[Line]:
    """Give the lines of a text in whatever encoding; ends may be LF, CRLF or CR, and the last may have none.

    A line with what cannot be decoded comes with that as its problem (and its text with replacements, good
    enough to recognise it by). A line over `MAX_LINE` characters comes without its end. Of many empty lines one
    after the other only the first comes, as a file full of them would take minutes.
    """
    number = 0
    pending: list[str] = []  # pieces of a line whose end has not come
    length = 0  # of those
    is_overlong = was_empty = False
    for piece in join_line_ends(TextReader(stream)):
        lines = piece.split("\n")
        if is_overlong:
            if len(lines) == 1:
                continue
            number, is_overlong = number + 1, False
            del lines[0]
        rest = lines.pop()
        for line in lines:
            number += 1
            if pending or (line and not line.isspace()):
                yield _make_line(number, "".join([*pending, line]) if pending else line)
                pending, length, was_empty = [], 0, False
            elif not was_empty:
                was_empty = True
                yield _make_line(number, line)
        if rest:
            pending.append(rest)
            length += len(rest)
        if length > MAX_LINE:
            text = "".join(pending)[:MAX_LINE].translate(_SURROGATES)
            yield Line(number + 1, text, f"the line is longer than {MAX_LINE:,} characters")
            pending, length, is_overlong, was_empty = [], 0, True, False
    if pending:
        yield _make_line(number + 1, "".join(pending))


def join_line_ends(pieces: Iterable[str]) -> Iterator[str]:
    """Make LF of CRLF and CR."""
    had_cr = False
    for piece in pieces:
        # A CR at the end of a piece may be half of a CRLF.
        text = "\r" + piece if had_cr else piece
        had_cr = text.endswith("\r")
        if had_cr:
            text = text[:-1]
        yield text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text
    if had_cr:
        yield "\n"


_SURROGATES: Final = dict.fromkeys(range(0xD800, 0xE000), "\ufffd")


def _make_line(number: int, text: str) -> Line:
    problem = find_problem(text)
    return Line(number, text.translate(_SURROGATES) if problem else text, problem)


def describe_bad_byte(error: UnicodeDecodeError) -> str:
    """Say what is wrong with bytes that are not UTF-8, and what to do."""
    return f"byte 0x{error.object[error.start]:02X} is not UTF-8; save the file as UTF-8"

"""From the bytes of an upload to text: encodings, lines, and the limits that keep memory bounded.

Files say their encoding with a byte order mark, or are UTF-8. Nothing else is guessed here: what is not
UTF-8 is reported with its line and byte, and only the record that holds it is lost.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import BinaryIO, Final

CHUNK: Final = 65_536  # bytes
MAX_LINE: Final = 1_000_000  # bytes; more than twice the longest abstract of a record, in the widest UTF-8
MAX_SKIPPED: Final = 64_000_000  # bytes of what is no record that are passed over in search of the next
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


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a text, without its end. `problem` says why the line cannot be used, where it cannot."""

    number: int  # from 1
    text: str
    problem: str = ""


def read_utf8(stream: BinaryIO) -> Iterator[bytes]:
    """Give the bytes of a stream in chunks, brought to UTF-8 and without a byte order mark.

    UTF-16 and UTF-32 are recognised by their mark; without one the bytes come as they are, in UTF-8 or not.
    What a marked file holds of undecodable bytes becomes a byte that UTF-8 never has.
    """
    chunk = _read_fully(stream, CHUNK)
    encoding = "utf-8"
    for mark, name in _MARKS:
        if chunk.startswith(mark):
            encoding, chunk = name, chunk[len(mark) :] or stream.read(CHUNK)
            break
    if encoding == "utf-8":
        while chunk:
            yield chunk
            chunk = stream.read(CHUNK)
        return
    decoder = codecs.getincrementaldecoder(encoding)(errors="surrogatepass")
    try:
        while chunk:
            # A lone surrogate becomes three bytes that are no UTF-8.
            if decoded := decoder.decode(chunk):
                yield decoded.encode("utf-8", errors="surrogatepass")
            chunk = stream.read(CHUNK)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        yield _NEVER_IN_UTF8


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


def read_lines(stream: BinaryIO) -> Iterator[Line]:
    """Give the lines of a text; ends may be LF, CRLF or CR, and the last line may have none.

    A line that is not UTF-8 comes with the first bad byte as its problem (and its text with replacements,
    good enough to recognise it by). A line over `MAX_LINE` bytes comes without its end; after more than
    `MAX_SKIPPED` bytes of it the reading stops, as that is no text.
    """
    number = 0
    pending = b""
    skipped = 0  # bytes of an overlong line that were passed over, 0 outside such a line
    for chunk in read_utf8(stream):
        if skipped:
            rest = _LINE_END.split(chunk, maxsplit=1)
            skipped += len(rest[0])
            if len(rest) == 1:
                if skipped > MAX_SKIPPED:
                    yield Line(number + 1, "", "the line has no end; nothing after it was read")
                    return
                continue
            number, skipped, chunk = number + 1, 0, rest[1]
        lines = (pending + chunk).splitlines(keepends=True)
        pending = b""
        # A CR at the end of the chunk may be half of a CRLF.
        if lines and not lines[-1].endswith(b"\n"):
            pending = lines.pop()
        for line in lines:
            number += 1
            yield _decode(number, line)
        if len(pending) > MAX_LINE:
            problem = f"the line is longer than {MAX_LINE:,} bytes"
            yield Line(number + 1, pending[:MAX_LINE].decode("utf-8", errors="replace"), problem)
            pending, skipped = b"", len(pending)
    if pending:
        yield _decode(number + 1, pending)


_LINE_END = re.compile(rb"\r\n|\n|\r(?!\n)")


def _decode(number: int, raw: bytes) -> Line:
    raw = raw.rstrip(b"\r\n")
    try:
        return Line(number, raw.decode("utf-8"))
    except UnicodeDecodeError as error:
        return Line(number, raw.decode("utf-8", errors="replace"), describe_bad_byte(error))


def describe_bad_byte(error: UnicodeDecodeError) -> str:
    """Say what is wrong with bytes that are not UTF-8, and what to do."""
    return f"byte 0x{error.object[error.start]:02X} is not UTF-8; save the file as UTF-8"

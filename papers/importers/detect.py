"""How an input begins, which alone tells its format: read and put back, brought to UTF-8, refused if hopeless."""

from __future__ import annotations

import io
import re
from typing import BinaryIO, Final

from papers.importers import hf_html
from papers.importers.text import TextReader
from papers.records import UnreadableInput

HEAD: Final = 65_536  # bytes

_BINARIES: Final = (
    (b"%PDF-", "a PDF file"),
    (b"\x89PNG\r\n\x1a\n", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"PK\x03\x04", "a ZIP archive within an archive"),
    (b"\x1f\x8b", "a gzip archive within an archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ\x00", "an xz archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"\x28\xb5\x2f\xfd", "a Zstandard archive"),
    (b"SQLite format 3\x00", "an SQLite database"),
    (b"\x7fELF", "a program"),
    (b"\xd0\xcf\x11\xe0", "an old Microsoft Office file"),
)
_HTML: Final = re.compile(
    rb"\s*(?:<\?xml[^>]*>\s*)?(?:<!--(?:[^-]|-(?!->))*-->\s*)*(?:<!doctype\s+html|<(?:html|head|body|script|div|meta)\b)",
    re.IGNORECASE | re.DOTALL,
)
_ENTITIES: Final = re.compile(
    rb"\s*(?:<\?xml[^>]*>\s*)?<!DOCTYPE\s[^\[>]{0,1000}\[[^\]]{0,10000}?<!ENTITY", re.IGNORECASE
)
_CONTROLS: Final = bytes(code for code in range(32) if chr(code) not in "\t\n\r\f\v\x1b")


def read_head(stream: BinaryIO) -> tuple[bytes, BinaryIO]:
    """Read the first `HEAD` bytes, or all there are; give them and a stream that begins with them again.

    The stream given need not be seekable, so a pipe will do. The stream returned reads on from it.
    """
    parts: list[bytes] = []
    missing = HEAD
    while missing and (part := stream.read(missing)):
        parts.append(part)
        missing -= len(part)
    head = b"".join(parts)
    return head, io.BufferedReader(_Again(head, stream), HEAD)


class _Again(io.RawIOBase):
    """A stream that gives bytes which were already read, and then the rest."""

    def __init__(self, head: bytes, rest: BinaryIO) -> None:
        self._head = memoryview(head)
        self._rest = rest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        room = len(buffer)
        data: bytes | memoryview
        if self._head:
            data, self._head = self._head[:room], self._head[room:]
        else:
            data = self._rest.read(room)
        buffer[: len(data)] = data
        return len(data)


def decode_head(head: bytes) -> bytes:
    """Bring the beginning of an input to UTF-8, without a byte order mark, for `sniff` functions."""
    # Half a character at its end may come as two others; no format is told by its last bytes.
    return "".join(TextReader(io.BytesIO(head))).encode("utf-8", errors="surrogatepass")


def refuse_hopeless(head: bytes) -> None:
    """Raise UnreadableInput for what no importer can read: nothing at all, a binary, a web page but for one."""
    if not head:
        raise UnreadableInput("The file is empty.")
    for magic, name in _BINARIES:
        if head.startswith(magic):
            raise UnreadableInput(f"This is {name}, not a list of papers that can be read.")
    if head[257:262] == b"ustar":
        raise UnreadableInput(
            "This is a tar archive. Unpack it and import the files in it, or a ZIP archive of them."
        )
    text = decode_head(head)
    if not text.strip(b" \t\r\n\f\v"):
        raise UnreadableInput("The file is empty: there is only white space at its beginning.")
    # A stray one spoils the record it stands in, not the file.
    if text.count(b"\x00") > max(1, len(text) // 100):
        raise UnreadableInput(
            "This is a binary file, or text in an encoding not known here. Save it as text in UTF-8."
        )
    if len(text) - len(text.translate(None, _CONTROLS)) > len(text) // 20:
        raise UnreadableInput("This is a binary file, not a list of papers that can be read.")
    if _ENTITIES.match(text):
        raise UnreadableInput(
            "The XML declares entities of its own. It is refused, as they can grow without end. Save it without its "
            "document type (DOCTYPE)."
        )
    if _HTML.match(text) and not hf_html.sniff(text):
        raise UnreadableInput(
            "This is a web page (HTML). Save it as text instead, or take the JSON of "
            "https://huggingface.co/api/daily_papers."
        )

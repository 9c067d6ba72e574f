"""Archives that hold what is imported: gzip (RFC 1952) and ZIP (PKWARE's APPNOTE.TXT 6.3.10,
https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT).

They are told from their first bytes. A gzip file of several members is one input, as its specification has it;
a ZIP archive holds several, each in a format of its own. Nothing is unpacked to disk, so the names of members
are shown and never used, and memory holds a chunk at a time.

Bombs: text about papers shrinks to a third or a twentieth, JSON that repeats itself to a fiftieth, and deflate
can do no better than 1032 to 1. So an archive may unpack to `FREE` bytes whatever it weighs, beyond that to
`RATIO` times its own bytes, and to `MAX_UNPACKED` at most: twice the JSON of a million papers. What is
counted is what was unpacked, over all members together, so neither sizes that lie nor members that share their
bytes help. An archive in an archive is not opened.
"""

from __future__ import annotations

import io
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import BinaryIO, Final

from papers.records import UnreadableInput, clean_line

RATIO: Final = 100
FREE: Final = 64_000_000  # bytes
MAX_UNPACKED: Final = 4_000_000_000  # bytes
MAX_MEMBERS: Final = 10_000
_MAX_LIST: Final = 2_500_000  # bytes; of so many members with names and dates
_MAX_SHOWN: Final = 50  # characters of a member's name in a place

_CHUNK: Final = 16_384  # bytes; small, as what follows a gzip member within one is copied for each member

_STORED, _DEFLATED = 0, 8
_ENCRYPTED: Final = 0x1
_SIZE_FOLLOWS: Final = 0x8
_UTF8_NAME: Final = 0x800
_LOCAL: Final = struct.Struct("<4s5H3L2H")
_LOCAL_MARK: Final = b"PK\x03\x04"
_END_MARK: Final = b"PK\x05\x06"
_SIZE_IN_EXTRA: Final = 0xFFFFFFFF
_DAMAGED: Final = "The archive is damaged here; nothing after this place of it was read."
_DIFFERS: Final = "Some of this is damaged, as its checksum shows. Compare what was read with the original."
_TOO_MANY: Final = (
    f"This ZIP archive holds more than {MAX_MEMBERS:,} files. Put only the lists of papers into it."
)

_TROUBLE: Final = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError,
                   OverflowError, struct.error)  # fmt: skip


def is_gzip(head: bytes) -> bool:
    return head.startswith(b"\x1f\x8b")


def is_zip(head: bytes) -> bool:
    """Tell whether this begins as a ZIP archive; one without members is only an end."""
    return head.startswith((_LOCAL_MARK, _END_MARK))


class _Broken(Exception):
    """The archive cannot be read on. The text is a sentence; `cuts` tells whether content is missing."""

    def __init__(self, reason: str, *, cuts: bool = True) -> None:
        super().__init__(reason)
        self.cuts = cuts


class Allowance:
    """How much an archive may still unpack to; shared by all of its members."""

    def __init__(self, packed: Callable[[], int]) -> None:
        self._packed = packed
        self._unpacked = 0

    def take(self, size: int) -> None:
        """Count bytes that were unpacked. Raises _Broken where they are too many for an honest archive."""
        self._unpacked += size
        if self._unpacked > MAX_UNPACKED:
            raise _Broken(
                f"The archive holds more than {MAX_UNPACKED // 1_000_000_000} GB; nothing after this place was read. "
                "Split it."
            )
        if self._unpacked > FREE + RATIO * self._packed():
            raise _Broken(
                f"The archive unpacks to more than {RATIO} times its size, as no list of papers does; nothing after "
                "this place was read."
            )


class Unpacked(io.RawIOBase):
    """What an archive or a member of one holds, unpacked as it is read.

    Where the archive is broken it ends early, and `problem` says why. So every parser gives what is good before
    that place. `is_cut` tells whether content is missing, which a wrong checksum does not mean.
    """

    def __init__(self, chunks: Iterator[bytes], allowance: Allowance) -> None:
        self.problem = ""
        self.is_cut = False
        self._chunks = chunks
        self._allowance = allowance
        self._waiting = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        while not self._waiting and not self.problem:
            try:
                chunk = next(self._chunks, None)
                if chunk is None:
                    return 0
                self._allowance.take(len(chunk))
                self._waiting = memoryview(chunk)
            except _Broken as trouble:
                self.problem, self.is_cut = str(trouble), trouble.cuts
            except _TROUBLE:
                self.problem, self.is_cut = _DAMAGED, True
        data, self._waiting = self._waiting[: len(buffer)], self._waiting[len(buffer) :]
        buffer[: len(data)] = data
        return len(data)


def open_gzip(stream: BinaryIO) -> Unpacked:
    """Give what a gzip file holds; the contents of several members follow each other."""
    packed = _Counted(stream)
    return Unpacked(_inflate_members(packed), Allowance(lambda: packed.count))


class _Counted:
    """Reads a stream in chunks and counts what came."""

    def __init__(self, stream: BinaryIO) -> None:
        self.count = 0
        self._stream = stream

    def read_chunk(self) -> bytes:
        data = self._stream.read(_CHUNK)
        self.count += len(data)
        return data


def _inflate_members(packed: _Counted) -> Iterator[bytes]:
    data = packed.read_chunk()
    while data:
        engine = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)  # with the header and checksum of gzip
        while not engine.eof:
            data = data or packed.read_chunk()
            if not data:
                raise _Broken("The archive ends before its content does; what is missing was not read.")
            yield from _inflate(engine, data)
            data = engine.unconsumed_tail
        data = engine.unused_data
        # Tapes and some programs fill up the end with zeros.
        while not (data := data.lstrip(b"\0")) and (data := packed.read_chunk()):
            pass
        if len(data) == 1:
            data += packed.read_chunk()
        if data and not is_gzip(data):
            raise _Broken(
                "Behind the end of the archive there is something else; it was not read.", cuts=False
            )


def _inflate(engine: zlib._Decompress, packed: bytes) -> Iterator[bytes]:
    """Give the next of what was packed; where it is damaged, all that stands before the damage.

    Raises _Broken there.
    """
    before = engine.copy()
    try:
        yield engine.decompress(packed, _CHUNK)
    except zlib.error as error:
        with suppress(zlib.error):
            for place in range(len(packed)):
                yield before.decompress(packed[place : place + 1])
        if " check" in str(error):  # of the data or the length behind it, in zlib's words
            raise _Broken(_DIFFERS, cuts=False) from None
        raise _Broken(_DAMAGED) from None


@dataclass(frozen=True, slots=True)
class Member:
    """A file in an archive: its name, fit to be shown, and its content; or why that cannot be read."""

    name: str
    stream: Unpacked
    problem: str = ""


def open_zip(stream: BinaryIO) -> Iterator[Member]:
    """Give the members of a ZIP archive in its order; folders, and what macOS adds for itself, are left out.

    A stream that cannot seek is copied to a temporary file. Read a member before the next is asked for. An
    archive without its list of members, as downloads that broke off are, is read from the front; its last
    member, which is called "end of the archive", says so.

    Raises UnreadableInput, before the first member, for an archive that is empty, has too many members, is
    broken from its beginning, or is an office document.
    """
    stream = _make_seekable(stream)
    packed = stream.seek(0, io.SEEK_END)
    allowance = Allowance(lambda: packed)
    try:
        archive = zipfile.ZipFile(_Listed(stream))
    except _TROUBLE:
        members = _walk(stream, allowance)
    else:
        members = _list(archive, stream, allowance)
    first = next(members, None)
    if first is None:
        raise UnreadableInput("This ZIP archive holds no files.")
    return _chain(first, members)


def _chain(first: Member, rest: Iterator[Member]) -> Iterator[Member]:
    yield first
    yield from rest


def _make_seekable(stream: BinaryIO) -> BinaryIO:
    if stream.seekable():
        return stream
    spool = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the members are read
    size = 0
    while chunk := stream.read(_CHUNK):
        size += len(chunk)
        if size > MAX_UNPACKED:
            raise UnreadableInput(f"The archive is larger than {MAX_UNPACKED // 1_000_000_000} GB. Split it.")
        spool.write(chunk)
    return spool


class _Listed(io.BufferedIOBase):
    """An archive as the zip module may read it: its list of members comes in one piece, which must be small."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        return self._stream.seek(offset, whence)

    def tell(self) -> int:
        return self._stream.tell()

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > _MAX_LIST:
            raise UnreadableInput(_TOO_MANY)
        return self._stream.read(-1 if size is None else size)


def _list(archive: zipfile.ZipFile, stream: BinaryIO, allowance: Allowance) -> Iterator[Member]:
    """Give the members that the archive's own list names."""
    names = {info.filename for info in archive.infolist()}
    if len(archive.infolist()) > MAX_MEMBERS:
        raise UnreadableInput(_TOO_MANY)
    if (
        "[Content_Types].xml" in names
        or "META-INF/manifest.xml" in names
        or "META-INF/container.xml" in names
    ):
        raise UnreadableInput(
            "This is an office document or a book (such as .docx, .xlsx, .odt, .epub), not a list of papers that "
            "can be read. Save a table as CSV to import it."
        )
    for info in archive.infolist():
        if not info.is_dir() and not _is_of_macos(info.filename):
            problem = _find_problem(info.flag_bits, info.compress_type)
            chunks = iter(()) if problem else _read_listed(stream, info)
            yield Member(_show(info.filename), Unpacked(chunks, allowance), problem)


def _read_listed(stream: BinaryIO, info: zipfile.ZipInfo) -> Iterator[bytes]:
    """Read a member that the list names: only the header before it says where it begins, only the list its sizes."""
    stream.seek(info.header_offset)
    header = stream.read(_LOCAL.size)
    if len(header) < _LOCAL.size or not header.startswith(_LOCAL_MARK):
        raise _Broken(_DAMAGED)
    name_size, extra_size = _LOCAL.unpack(header)[-2:]
    place = _Place(info.header_offset + _LOCAL.size + name_size + extra_size)
    checksum = 0
    for chunk in _unpack_here(stream, place, info.compress_type, info.compress_size):
        checksum = zlib.crc32(chunk, checksum)
        yield chunk
    if checksum != info.CRC:
        raise _Broken(
            "Some of this file is damaged, as its checksum shows. Compare what was read with the original."
        )


def _find_problem(flags: int, method: int) -> str:
    if flags & _ENCRYPTED:
        return "It is locked with a password. Unpack it and import what it holds."
    # The memory that other methods need is for the archive to say, up to 4 GB.
    if method not in (_STORED, _DEFLATED):
        return "It is packed in a way that is not read here. Pack it again as an ordinary ZIP archive."
    return ""


def _walk(stream: BinaryIO, allowance: Allowance) -> Iterator[Member]:
    """Give the members of an archive whose list is missing or broken, from the front, as far as they go."""
    stream.seek(0)
    count = 0
    while stream.read(4) == _LOCAL_MARK and count < MAX_MEMBERS:
        rest = stream.read(_LOCAL.size - 4)
        if len(rest) < _LOCAL.size - 4:
            break
        _, _, flags, method, _, _, _, size, _, name_size, extra_size = _LOCAL.unpack(_LOCAL_MARK + rest)
        name = stream.read(name_size).decode("utf-8" if flags & _UTF8_NAME else "cp437", errors="replace")
        start = stream.seek(extra_size, io.SEEK_CUR)
        count += 1
        has_size = not flags & _SIZE_FOLLOWS and size != _SIZE_IN_EXTRA
        problem = _find_problem(flags, method)
        if not has_size and method != _DEFLATED:
            problem = problem or "The archive does not say how long it is. Pack it again."
        place = _Place(start)
        chunks = iter(()) if problem else _unpack_here(stream, place, method, size if has_size else None)
        content = Unpacked(chunks, allowance)
        if not name.endswith("/") and not _is_of_macos(name):
            yield Member(_show(name), content, problem)
        if has_size:
            stream.seek(start + size)
            continue
        while not problem and content.read(_CHUNK):
            pass
        if problem or content.problem:
            break
        _pass_descriptor(stream, place.at)
    if not count:
        raise UnreadableInput("This ZIP archive is broken from its beginning, or not all of it is here.")
    end = Unpacked(iter(()), allowance)
    yield Member(
        "end of the archive", end, "The list of what it holds is missing: the file is cut off or damaged."
    )


@dataclass(slots=True)
class _Place:
    """How far a member was read: others read from the same stream."""

    at: int


def _unpack_here(stream: BinaryIO, place: _Place, method: int, size: int | None) -> Iterator[bytes]:
    engine = zlib.decompressobj(wbits=-zlib.MAX_WBITS) if method == _DEFLATED else None
    end = None if size is None else place.at + size
    while True:
        if engine is None and place.at == end:
            return
        stream.seek(place.at)
        packed = stream.read(_CHUNK if end is None else min(_CHUNK, end - place.at))
        if not packed:
            raise _Broken("The archive ends before this file does; what is missing was not read.")
        place.at += len(packed)
        if engine is None:
            yield packed
            continue
        while packed and not engine.eof:
            yield from _inflate(engine, packed)
            packed = engine.unconsumed_tail
        if engine.eof:
            place.at -= len(engine.unused_data)
            return


def _pass_descriptor(stream: BinaryIO, place: int) -> None:
    """Go to the header that follows the sizes and checksum behind a member; their mark is optional."""
    stream.seek(place)
    behind = stream.read(28)
    # With and without the mark, sizes of four or of eight bytes (APPNOTE 4.3.9).
    for length in (16, 12, 24, 20):
        if behind[length : length + 2] == b"PK":
            stream.seek(place + length)
            return
    stream.seek(place + len(behind))


def _is_of_macos(name: str) -> bool:
    return name.startswith("__MACOSX/") or name.rsplit("/", 1)[-1] == ".DS_Store"


def _show(name: str) -> str:
    """Give the name of a member, fit to stand before a place; of a long one its end says more."""
    with suppress(UnicodeError):
        # Many programs write UTF-8 without saying so; nearly no other name can be read as that.
        name = name.encode("cp437").decode("utf-8")
    name = clean_line(name) or "a file without a name"
    return name if len(name) <= _MAX_SHOWN else "…" + name[1 - _MAX_SHOWN :]

"""How far an input was read, also where its format reads it twice."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import IO, Any, BinaryIO, cast


class Progress:
    """How far the records of an input have come, in bytes of the input; made by whoever wants to know.

    As a rule that is as far as the input was read. A format that gives its records only when it has read all
    reads a copy of it through `Reread`, and then that counts.

    `on_read` is called whenever more is read of the input or of a copy, maybe long before a record comes of it. It may
    raise.
    """

    def __init__(self, stream: BinaryIO, on_read: Callable[[], None] | None = None) -> None:
        self._stream = stream
        self._on_read = on_read
        self._begin = 0  # of the present part
        self._share = 1.0  # of what was read of it
        self._furthest = 0

    @property
    def position(self) -> int:
        """Bytes; never fewer than before. The input must be able to tell."""
        read = self._stream.tell() - self._begin
        self._furthest = max(self._furthest, self._begin + int(self._share * read))
        return self._furthest

    def end_part(self) -> None:
        """Note that a file within the input is over."""
        self._begin, self._share = self._stream.tell(), 1.0

    def note_share(self, share: float) -> None:
        self._share = share

    def note_read(self) -> None:
        if self._on_read:
            self._on_read()

    def watch(self, stream: BinaryIO) -> BinaryIO:
        """Return a stream whose reading is noted."""
        return cast(BinaryIO, _Watched(stream, self))


class _Watched:
    def __init__(self, stream: BinaryIO, progress: Progress) -> None:
        self._stream, self._progress = stream, progress

    def read(self, size: int = -1) -> bytes:
        self._progress.note_read()
        return self._stream.read(size)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


class Reread:
    """A copy of an input, which is read from its beginning; what was read before counts as done."""

    def __init__(self, copy: IO[bytes], progress: Progress | None) -> None:
        self._copy, self._progress = copy, progress
        self._size = copy.seek(0, os.SEEK_END)
        copy.seek(0)

    def read(self, size: int) -> bytes:
        if self._progress:
            self._progress.note_read()
            self._progress.note_share(self._copy.tell() / max(1, self._size))
        return self._copy.read(size)

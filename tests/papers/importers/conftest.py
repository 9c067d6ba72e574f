import io
import json
from pathlib import Path

import pytest
from hypothesis import settings

from papers import importers
from papers.records import Record, Rejection

PROJECT = Path(__file__).resolve().parents[3]
DATA = PROJECT / "tests" / "data"

# A parser that crawls on some input fails; an ordinary example takes a few milliseconds.
thorough = settings(max_examples=60, deadline=10_000, derandomize=True)


@pytest.fixture(autouse=True)
def _clean_slate():
    """Nothing here touches the cache or stored files that this fixture of the whole suite cleans."""


class Dripping(io.RawIOBase):
    """A stream that gives a few bytes at a time, as pipes and sockets may."""

    def __init__(self, data, size):
        self.data, self.size = io.BytesIO(data), size

    def read(self, size=-1):
        return self.data.read(self.size if size < 0 else min(size, self.size))


class Pipe(io.BytesIO):
    """A stream that cannot go back."""

    def seekable(self):
        return False

    def seek(self, *_):
        raise OSError("a pipe")

    def tell(self):
        raise OSError("a pipe")


def parse(name, data, **options):
    """Parse bytes, a text or a stream with one importer; give records and rejections as two lists."""
    data = data.encode() if isinstance(data, str) else data
    stream = io.BytesIO(data) if isinstance(data, bytes) else data
    return part(importers.FORMATS[name].parse(stream, **options))


def parse_json(name, data, **options):
    """Do so with bytes, or with what is written as JSON first."""
    return parse(name, data if isinstance(data, bytes) else json.dumps(data).encode(), **options)


def read_real(shared_data, name):
    """Read a real file as an import does that is told no format."""
    with shared_data(name).open("rb") as stream:
        return part(importers.read(stream))


def part(results):
    results = list(results)
    records = [found for found in results if isinstance(found, Record)]
    rejections = [found for found in results if isinstance(found, Rejection)]
    assert len(records) + len(rejections) == len(results)
    return records, rejections

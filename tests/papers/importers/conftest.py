import io
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


def parse(name, data, **options):
    """Parse bytes with one importer; give records and rejections as two lists."""
    stream = io.BytesIO(data) if isinstance(data, bytes) else data
    return part(importers.FORMATS[name].parse(stream, **options))


def part(results):
    results = list(results)
    records = [found for found in results if isinstance(found, Record)]
    rejections = [found for found in results if isinstance(found, Rejection)]
    assert len(records) + len(rejections) == len(results)
    return records, rejections

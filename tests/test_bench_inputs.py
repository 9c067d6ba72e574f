import io
from datetime import date
from itertools import islice

import pytest

from bench.corpus import make_corpus
from bench.inputs import WRITERS
from papers import importers
from papers.records import Record


@pytest.fixture(scope="module")
def lines():
    return list(islice(make_corpus(1_000), 20))


@pytest.mark.parametrize("name", importers.FORMATS)
def test_bench_writes_every_format_and_all_papers_come_in(lines, name):
    written = WRITERS[name](lines)
    assert importers.tell_format(io.BytesIO(written)) == name
    found = list(importers.read(io.BytesIO(written), date=date(2026, 1, 7)))
    assert [each for each in found if not isinstance(each, Record)] == []
    assert [each.title for each in found] == [line["title"] for line in lines]
    assert all(each.abstract for each in found)
    # A saved page has titles and abstracts only.
    assert name == "hf-page" or [list(each.authors) for each in found] == [line["authors"] for line in lines]


def test_bench_writes_nothing_else():
    assert list(WRITERS) == list(importers.FORMATS)

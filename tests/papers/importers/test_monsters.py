"""One record of many megabytes costs itself: what stands before and behind it comes in, in every format.

The monsters are made while they are read. The bounds are lowered, so that a few megabytes are as far beyond them
as a title of 100 MB is in earnest; one test takes that.
"""

import gzip
import io
import json
import random
import re
import resource
import sys
import time
import tracemalloc
import zipfile
from dataclasses import dataclass, replace
from itertools import chain, repeat

import pytest

from papers import importers
from papers.importers import bibtex_entries, csv_table, json_items, tagged_lines, text, xml_records
from papers.records import Record, Rejection
from tests.papers.importers.test_robustness import DAY, SMALL

SIZE = 800_000  # bytes of a monster
BOUND = 60_000  # bytes or characters of a record, here
ROOM = 4_000_000  # bytes of memory
PATIENCE = 10  # seconds; it takes a few tenths


@dataclass(frozen=True)
class Monster:
    """A record of which the middle is repeated until it has its size."""

    name: str
    head: bytes
    middle: bytes
    tail: bytes

    def pieces(self, size=SIZE):
        chunk = self.middle * (50_000 // len(self.middle) + 1)
        return chain([self.head], repeat(chunk, size // len(chunk) + 1), [self.tail])


class Stream(io.RawIOBase):
    """What pieces make, one after the other."""

    def __init__(self, pieces):
        self.pieces, self.waiting = iter(pieces), memoryview(b"")

    def readable(self):
        return True

    def readinto(self, buffer):
        while not self.waiting and (piece := next(self.pieces, None)) is not None:
            self.waiting = memoryview(piece)
        data, self.waiting = self.waiting[: len(buffer)], self.waiting[len(buffer) :]
        buffer[: len(data)] = data
        return len(data)

    read = io.RawIOBase.read


# --- JSON ---

LISTS = {
    "biorxiv": ("collection",),
    "crossref": ("message", "items"),
    "csl-json": (),
    "datacite": ("data",),
    "hf-json": (),
    "openalex": ("results",),
    "openreview": ("notes",),
    "semantic-scholar": ("data",),
    "zotero-json": (),
}
OBJECTS = [
    Monster("string", b'{"title": "', b"The title, [it] {goes} on. ", b'"}'),
    Monster("escapes", b'{"title": "', rb"\"\\", b'"}'),
    Monster("number", b'{"title": ', b"9", b"}"),
    Monster("key", b'{"', b"title", b'": 1}'),
    Monster("nesting", b'{"title": ', b"[", b"1}"),  # it has no end
    Monster(
        "closed-nesting",
        b'{"title": [',
        b'[[[["A title that goes on and on, and then on and on again."]]]], ',
        b"1]}",
    ),
    Monster("blanks", b'{"title": ', b" \n", b"1}"),
    Monster("keys", b'{"title": 1', b', "a": {"b": "A title that goes on and on, ] and then }"}', b"}"),
]


def split_list(name):
    """Give the parts of a small file before and behind the place where another item may stand."""
    data = json.loads(SMALL[name])
    items = data
    for key in LISTS[name]:
        items = items[key]
    items.insert(1, "here")
    before, _, behind = json.dumps(data).encode().partition(b'"here"')
    return before, behind


# --- XML ---

RECORDS = {
    "arxiv-atom": b"entry",
    "arxiv-rss": b"item",
    "endnote-xml": b"record",
    "feed": b"item",
    "oai": b"record",
    "pubmed": b"PubmedArticle",
    "zotero-rdf": b"bib:Article",
}


def elements(tag):
    start, end = b"<" + tag + b">", b"</" + tag + b">\n"
    return [
        Monster("title", start + b"<title>", b"The title &amp; more of it. ", b"</title>" + end),
        Monster("tags", start + b"<title>", b"<i a='b'>x</i>", b"</title>" + end),
        Monster("nesting", start + b"<title>", b"<i>", end),
        Monster("attribute", start + b"<title a='", b"x y ", b"'/>" + end),
        Monster("own-attribute", b"<" + tag + b" a='", b"x y ", b"'><title/>" + end),
        Monster("comment", start + b"<!-- ", b"no title ", b"-->" + end),
        Monster("cdata", start + b"<title><![CDATA[", b"<b>A</b> title ", b"]]></title>" + end),
        Monster("instruction", start + b"<?title ", b"no title ", b"?>" + end),
    ]


def split_records(name):
    at = SMALL[name].rindex(b"<" + RECORDS[name])
    return SMALL[name][:at], SMALL[name][at:]


# --- Text ---

LINES = {
    "ris": [
        Monster("line", b"TY  - JOUR\nTI  - ", b"The title goes on. ", b"\nER  - \n\n"),
        Monster("lines", b"TY  - JOUR\nTI  - ", b"The title goes on.\nAnd on.\n\n", b"ER  - \n\n"),
        Monster("tags", b"TY  - JOUR\nTI  - A\n", b"AU  - Somebody, Ann\n", b"ER  - \n\n"),
    ],
    "nbib": [
        Monster("line", b"PMID- 1\nTI  - ", b"The title goes on. ", b"\n\n"),
        Monster("lines", b"PMID- 1\nTI  - A\n", b"      title\n", b"\n"),
        Monster("tags", b"PMID- 1\nTI  - A\n", b"AU  - Somebody A\n", b"\n"),
    ],
    "bibtex": [
        Monster("braces", b"@misc{a,\n title = {", b"The {title} goes on. ", b"}}\n"),
        Monster("quotes", b'@misc{a,\n title = "', b"The {title} goes on. ", b'"}\n'),
        Monster("brackets", b"@misc(a,\n title = {", b"The title goes on.\n", b"})\n"),
        Monster("nesting", b"@misc{a,\n title = ", b"{", b"x}\n\n"),  # it has no end
        Monster("key", b"@misc{", b"key", b",\n title = {A}}\n"),
        Monster("fields", b"@misc{a", b",\n field = {A}", b"}\n"),
        Monster("string", b'@string{a = "', b"The title goes on. ", b'"}\n'),
    ],
    "csv": [
        Monster("cell", b"", b"The title goes on. ", b",,,\n"),
        Monster("quoted-cell", b'"', b"The title, it goes on. ", b'","Nobody, A."\n'),
        Monster("quoted-lines", b'"', b'The ""title"",\nit goes on.\n', b'","Nobody,\nA.",\n'),
        Monster("empty-lines", b'"The title', b"\n \n", b'",,\n'),
    ],
    "hf-page": [Monster("line", b"", b"The title goes on. ", b"\n\nIts abstract. It is short.\n\n")],
    "hf-html": [
        Monster(
            "string", b"{&quot;paper&quot;: {&quot;title&quot;: &quot;", b"It &amp; more. ", b"&quot;}}, "
        )
    ],
}
PLACES = {
    "ris": b"TY  - BOOK",
    "nbib": b"PMID- 30000003",
    "bibtex": b"@inproceedings{orphan",
    "csv": b"Kettles,",
    "hf-page": "Schrödinger Kettles".encode(),
    "hf-html": b"{&quot;paper&quot;: {&quot;id&quot;: &quot;2504.01002",
}


def split_text(name):
    at = SMALL[name].index(PLACES[name])
    return SMALL[name][:at], SMALL[name][at:]


def split_lines(name):
    first, _, rest = SMALL[name].partition(b"\n")
    return first + b"\n", rest


CASES = [
    *(
        (name, *split_list(name), replace(monster, tail=monster.tail + b", "))
        for name in LISTS
        for monster in OBJECTS
    ),
    *((name, *split_records(name), monster) for name in RECORDS for monster in elements(RECORDS[name])),
    *((name, *split_text(name), monster) for name in LINES for monster in LINES[name]),
    *(
        (name, *split_lines(name), replace(monster, tail=monster.tail + b"\n"))
        for name in ("jsonl", "arxiv-jsonl")
        for monster in OBJECTS
    ),
]


def read(name, pieces):
    """Read a format; give its records without their places, and its rejections, and check time and memory."""
    tracemalloc.start()
    start = time.process_time()
    try:
        results = list(importers.FORMATS[name].parse(Stream(pieces), date=DAY, today=DAY))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert time.process_time() - start < PATIENCE
    assert peak < ROOM
    records = [replace(found, place="") for found in results if isinstance(found, Record)]
    return records, [found for found in results if isinstance(found, Rejection)]


def without_numbers(reason):
    """Some reasons name lines of the file, which a monster shifts."""
    return re.sub(r"line [0-9]+", "line", reason)


@pytest.fixture
def _low_bounds(monkeypatch):
    monkeypatch.setattr(json_items, "MAX_ITEM", BOUND)
    monkeypatch.setattr(xml_records, "MAX_RECORD", BOUND)
    monkeypatch.setattr(bibtex_entries, "MAX_ENTRY", BOUND)
    monkeypatch.setattr(tagged_lines, "MAX_ENTRY", BOUND)
    monkeypatch.setattr(csv_table, "_MAX_ROW", BOUND)
    monkeypatch.setattr(text, "MAX_LINE", BOUND)


@pytest.mark.usefixtures("_low_bounds")
@pytest.mark.parametrize(
    ("name", "before", "behind", "monster"),
    [pytest.param(*case, id=f"{case[0]}-{case[3].name}") for case in CASES],
)
def test_costs_itself_and_nothing_else(name, before, behind, monster):
    records, rejections = read(name, [before, behind])
    assert len(records) >= 2
    found, rejected = read(name, [before, *monster.pieces(), behind])
    assert found == records
    others = [without_numbers(each.reason) for each in rejections]
    more = [each for each in rejected if without_numbers(each.reason) not in others]
    assert len(more) == 1, more
    assert more[0].place
    assert any(word in more[0].reason for word in ("longer than", "not closed", "cells"))


def test_title_of_100_megabytes():
    """With the true bounds: a JSON string has the longest item, of which some copies are made."""
    line = b'{"title": "Kettles", "authors": [], "identifiers": [], "published_precision": "day"}\n'
    title = Monster("title", b'{"title": "', b"It goes on and on. " * 3_000, b'"}\n')
    start = time.process_time()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    results = list(importers.read(Stream([line, *title.pieces(100_000_000), line])))
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert [type(each) for each in results] == [Record, Rejection, Record]
    assert results[1].place == "item 2"
    assert results[1].reason == "The item is longer than 8,000,000 bytes."
    assert grown < 60_000_000 / (1 if sys.platform == "darwin" else 1024)
    assert time.process_time() - start < 20


def test_string_of_marks_takes_little_memory():
    """Each repetition of a pattern takes a hundred bytes until the whole of it matches."""
    tracemalloc.start()
    list(importers.FORMATS["jsonl"].parse(io.BytesIO(b'{"title": "' + b"\\\\" * 500_000 + b'"}')))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20_000_000


def make_monstrous_file():
    noise = random.Random(1).randbytes(1_000_000).hex().encode()
    title = Monster("title", b'{"title": "', noise, b'"}\n')
    before, behind = split_lines("jsonl")
    return [before, *title.pieces(3 * BOUND), behind]


@pytest.mark.usefixtures("_low_bounds")
@pytest.mark.parametrize("packing", ["gzip", "zip"])
def test_costs_itself_in_archives(packing):
    packed = io.BytesIO()
    if packing == "gzip":
        with gzip.GzipFile(fileobj=packed, mode="wb") as archive:
            archive.writelines(make_monstrous_file())
    else:
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("a.jsonl", b"".join(make_monstrous_file()))
            archive.writestr("b.ris", SMALL["ris"])
    packed.seek(0)
    results = list(importers.read(packed, today=DAY))
    titles = [each.title for each in results if isinstance(each, Record)]
    expected = [
        *read("jsonl", [SMALL["jsonl"]])[0],
        *(read("ris", [SMALL["ris"]])[0] if packing == "zip" else ()),
    ]
    assert titles == [each.title for each in expected]
    assert any(isinstance(each, Rejection) and "longer than" in each.reason for each in results)


def test_archive_of_one_letter_ends_in_words():
    """What unpacks to a thousand times its size is no list of papers; what stands before the monster comes in."""
    before, behind = split_lines("jsonl")
    title = Monster("title", b'{"title": "', b"x", b'"}\n')
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", compresslevel=9) as archive:
        archive.writelines([before, *title.pieces(75_000_000), behind])
    packed.seek(0)
    first, *_, last = importers.read(packed)
    assert isinstance(first, Record)
    assert "more than 100 times its size" in last.reason

import gzip
import io
import time
import tracemalloc
from datetime import date

import pytest

from papers import importers
from papers.records import UnreadableInput
from tests.papers.importers.conftest import DATA, Pipe, part

GIGABYTE = 1_000_000_000
FILES = {name: next(DATA.glob(f"{name}.*")).name for name in importers.FORMATS}


def read(data, **options):
    return part(importers.read(io.BytesIO(data), **({"today": date(2025, 11, 23)} | options)))


class TestGoodInput:
    @pytest.mark.parametrize(("name", "file"), FILES.items())
    def test_format_is_told_from_the_content(self, name, file):
        head = (DATA / file).read_bytes()
        assert importers.find_importer(head) is importers.FORMATS[name]

    def test_every_format_has_a_title(self):
        assert all(importer.TITLE for importer in importers.FORMATS.values())

    @pytest.mark.parametrize(("name", "file"), FILES.items())
    def test_pipe_that_cannot_seek(self, name, file):
        data = (DATA / file).read_bytes()
        assert part(importers.read(Pipe(data), today=date(2025, 11, 23))) == read(data)
        assert read(data)[0]

    def test_files_longer_than_the_head_are_read_to_the_end(self, shared_data):
        data = shared_data("hf-daily-papers-page/listing.txt").read_bytes()
        assert len(data) > 2 * 65_536
        assert len(read(data)[0]) == 89

    @pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
    @pytest.mark.parametrize(("name", "file"), FILES.items())
    def test_utf16_without_a_mark(self, name, file, encoding):
        text = (DATA / file).read_text("utf-8").replace(' encoding="UTF-8"', "")
        assert read(text.encode(encoding)) == read(text.encode())

    @pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
    @pytest.mark.parametrize(("name", "file"), FILES.items())
    def test_byte_order_marks(self, name, file, encoding):
        text = (DATA / file).read_text("utf-8")
        marked = ("\ufeff" + text).encode(encoding) if encoding == "utf-16-le" else text.encode(encoding)
        if name == "arxiv-atom":
            marked = marked.replace(b'encoding="UTF-8"', b"")
        assert read(marked) == read(text.encode())


class TestBadInput:
    @pytest.mark.parametrize("format", [None, *importers.FORMATS])
    @pytest.mark.parametrize(
        ("data", "message"),
        [
            pytest.param(b"", "The file is empty", id="empty"),
            pytest.param(b"\xef\xbb\xbf", "The file is empty", id="only-a-mark"),
            pytest.param(b" \n\r\n\t" * 50_000, "The file is empty", id="only-blanks"),
            pytest.param(b"%PDF-1.7\n...", "This is a PDF file", id="pdf"),
            pytest.param(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "This is a PNG image", id="png"),
            pytest.param(b"PK\x03\x04\x14\0", "This ZIP archive is broken", id="zip"),
            pytest.param(gzip.compress(b""), "The file is empty", id="gzip"),
            pytest.param(b"new\0Apr 25\0Title\0Abstract", "This is a binary file", id="null-bytes"),
            pytest.param(bytes(range(1, 32)) * 100, "This is a binary file", id="controls"),
            pytest.param(b"<!DOCTYPE html>\n<html><body>Apr 25", r"This is a web page \(HTML\)", id="html"),
            pytest.param(
                b"\xef\xbb\xbf \n<HTML lang=en>", r"This is a web page \(HTML\)", id="html-capitals"
            ),
            pytest.param(
                b'<?xml version="1.0"?><!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN">',
                r"This is a web page \(HTML\)",
                id="xhtml",
            ),
            pytest.param(
                b"<!-- saved from url=... -->\n<html>", r"This is a web page \(HTML\)", id="html-saved"
            ),
        ],
    )
    def test_hopeless_input_is_refused_whatever_the_format(self, data, message, format):
        with pytest.raises(UnreadableInput, match=message):
            read(data, format=format, date=date(2025, 4, 25))

    @pytest.mark.parametrize("data", [b"banana", b"a,b\n1,2\n", b'{"a": 1}', b"<svg/>", b"a" * 70_000])
    def test_unknown_format_says_which_are_known(self, data):
        with pytest.raises(UnreadableInput, match="not recognised") as refusal:
            read(data)
        assert all(name in str(refusal.value) for name in importers.FORMATS)

    def test_unknown_name_says_which_are_known(self):
        with pytest.raises(UnreadableInput, match=r"no format 'docx'.*hf-page"):
            read(b"banana", format="docx")


LENGTH = 10_000_000  # bytes; what an import reads is bounded by the size of its file


class Endless(io.RawIOBase):
    """A long stream: some beginning, and then one byte over and over. It counts what was asked of it."""

    def __init__(self, beginning, filler):
        self.beginning, self.filler, self.given = beginning, filler, 0

    def read(self, size=-1):
        assert 0 < size <= GIGABYTE, "the whole of it was asked for"
        size = min(size, LENGTH - self.given)
        data = self.beginning[self.given : self.given + size]
        data += self.filler * (size - len(data))
        self.given += size
        return data


class TestEndlessInput:
    """Memory and work stay bounded. Bytes taken are counted, as seconds depend on the machine."""

    @pytest.fixture(autouse=True)
    def _bounded_memory(self):
        tracemalloc.start()
        yield
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 60_000_000

    @pytest.mark.parametrize("format", [None, *importers.FORMATS])
    def test_sparse_file_of_2_gb_is_refused_at_once(self, tmp_path, format):
        path = tmp_path / "sparse"
        with path.open("wb") as file:
            file.truncate(2 * 1024**3)
        started = time.process_time()
        with path.open("rb") as stream, pytest.raises(UnreadableInput, match="binary"):
            importers.read(stream, format=format, date=date(2025, 4, 25))
        assert time.process_time() - started < 5

    def test_one_line_of_2_gb_is_refused_at_once(self):
        stream = Endless(b"", b"a")
        with pytest.raises(UnreadableInput, match="not recognised"):
            importers.read(stream)
        assert stream.given < 1_000_000

    @pytest.mark.parametrize("format", importers.FORMATS)
    def test_one_long_line_in_a_named_format(self, format):
        stream = Endless(b"", b"a")
        try:
            records, rejections = part(importers.read(stream, format=format, date=date(2025, 4, 25)))
        except UnreadableInput:
            pass
        else:
            assert records == []
            assert "longer than" in rejections[0].reason

    @pytest.mark.parametrize(
        ("beginning", "filler"),
        [
            pytest.param((DATA / "hf-page.txt").read_bytes() + b"\n", b"a", id="page"),
            pytest.param((DATA / "hf-json.json").read_bytes().rstrip()[:-1] + b",", b"[", id="json-brackets"),
            pytest.param(
                (DATA / "hf-json.json").read_bytes().rstrip()[:-1] + b',{"a": "', b"a", id="json-string"
            ),
            pytest.param((DATA / "hf-json.json").read_bytes().rstrip()[:-1] + b",", b"1", id="json-number"),
            pytest.param(
                (DATA / "arxiv-atom.xml").read_bytes().replace(b"</feed>", b"<entry>"), b"a", id="entry"
            ),
            pytest.param(
                (DATA / "arxiv-atom.xml").read_bytes().replace(b"</feed>", b"<entry>"), b"<", id="tags"
            ),
            pytest.param(
                (DATA / "arxiv-atom.xml").read_bytes().replace(b"</feed>", b"<!--"), b"-", id="comment"
            ),
            pytest.param((DATA / "arxiv-atom.xml").read_bytes().replace(b"</feed>", b""), b" ", id="blanks"),
        ],
    )
    def test_good_records_before_2_gb_of_nothing_come_in(self, beginning, filler):
        stream = Endless(beginning, filler)
        records, rejections = part(importers.read(stream, today=date(2025, 11, 23)))
        whole, _ = read(beginning)
        assert [record.title for record in records] == [record.title for record in whole]
        assert len(records) >= 2
        assert any(
            "longer than" in found.reason or "after this place" in found.reason for found in rejections
        )


def test_many_comments_before_a_tag_are_passed_over_once():
    """Each was once read in two ways: forty-five of them kept a worker busy for ever."""
    started = time.process_time()
    with pytest.raises(UnreadableInput):
        list(importers.read(io.BytesIO(b"<!-- -->" * 45 + b"<feed>")))
    with pytest.raises(UnreadableInput, match="HTML"):
        list(importers.read(io.BytesIO(b"<!-- a -- b - -->\n" * 45 + b"<html>")))
    assert time.process_time() - started < 5


@pytest.mark.parametrize(
    "doctype",
    [
        b'<!DOCTYPE feed [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>',
        b'<!DOCTYPE feed SYSTEM "feed.dtd" [\n<!ELEMENT feed ANY>\n<!ENTITY a SYSTEM "file:///etc/hostname">]>',
    ],
)
def test_entities_of_its_own_are_named_as_the_reason(doctype):
    data = b'<?xml version="1.0"?>\n' + doctype + b'<feed xmlns="http://www.w3.org/2005/Atom"></feed>'
    with pytest.raises(UnreadableInput, match="The XML declares entities of its own"):
        list(importers.read(io.BytesIO(data)))


@pytest.mark.parametrize(
    "content",
    [
        b"TY  - JOUR\nTI  - One \0 byte\nER  - \nTY  - JOUR\nTI  - Second\nER  - \n",
        b"@article{a, title={One \0 byte}, author={A, B}}\n@article{b, title={Second}, author={C, D}}\n",
        b"PMID- 1\nTI  - One \0 byte\n\nPMID- 2\nTI  - Second\n\n",
    ],
    ids=["ris", "bibtex", "nbib"],
)
def test_stray_null_byte_costs_no_other_record(content):
    found = list(importers.read(io.BytesIO(content)))

    assert [record.title for record in found] == ["One byte", "Second"]

import io

import pytest

from papers.importers.text import MAX_LINE, Line, read_lines, read_utf8
from tests.papers.importers.conftest import Dripping


def lines_of(data):
    return list(read_lines(io.BytesIO(data)))


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=["lf", "crlf", "cr"])
@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 65_536])
def test_lines_end_in_three_ways(end, size, monkeypatch):
    monkeypatch.setattr("papers.importers.text.CHUNK", size)
    data = end.join(["one", "", "two ö", "three"]).encode()
    assert lines_of(data) == [Line(1, "one"), Line(2, ""), Line(3, "two ö"), Line(4, "three")]


def test_last_line_may_have_an_end():
    assert lines_of(b"one\n") == [Line(1, "one")]
    assert lines_of(b"") == []


def test_other_separators_of_python_end_no_line():
    assert len(lines_of("a\x0bb\x0cc\x1cd\x85e\u2028f".encode())) == 1


def test_bad_byte_is_named_and_spoils_its_line_only():
    first, second, third = lines_of(b"one\nSchr\xf6dinger\nthree")
    assert (first, third) == (Line(1, "one"), Line(3, "three"))
    assert second.problem == "byte 0xF6 is not UTF-8; save the file as UTF-8"
    assert second.text == "Schr\ufffddinger"


@pytest.mark.parametrize("length", [3 * MAX_LINE, MAX_LINE + 70_000])
@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"], ids=["lf", "crlf", "cr"])
def test_overlong_line_is_cut_and_the_next_is_read(length, end):
    first, second, third = lines_of(b"one" + end + b"x" * length + end + b"three")
    assert (first, third) == (Line(1, "one"), Line(3, "three"))
    assert second.number == 2
    assert second.problem == "the line is longer than 1,000,000 bytes"
    assert len(second.text) == MAX_LINE


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
@pytest.mark.parametrize("size", [1, 5, 65_536])
def test_marked_encodings_come_as_utf8(encoding, size):
    text = "naïve 𝔘nicode\n" * 3
    assert b"".join(read_utf8(Dripping(text.encode(encoding), size))).decode() == text


@pytest.mark.parametrize(
    "data",
    [b"\xff\xfea\x00\x00\xd8b\x00", b"\xff\xfea\x00b", b"\xff\xfe\x00\x00\xff\xff\xff\xff"],
    ids=["lone-surrogate", "half-a-character", "beyond-unicode"],
)
def test_broken_utf16_and_utf32_is_no_utf8(data):
    with pytest.raises(UnicodeDecodeError):
        b"".join(read_utf8(io.BytesIO(data))).decode()
    assert lines_of(data)[0].problem

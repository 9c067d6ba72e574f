import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papers.importers.text import CHUNK, MAX_LINE, Line, TextReader, find_problem, read_lines, read_utf8
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


def test_what_cannot_be_decoded_spoils_its_line_only():
    first, second, third = lines_of(
        "one\n".encode("utf-16") + b"a\0\x00\xd8\n\0" + "three".encode("utf-16-le")
    )
    assert (first, third) == (Line(1, "one"), Line(3, "three"))
    assert second.problem == "some of its bytes are not in the encoding of the file; save the file as UTF-8"
    assert second.text == "a\ufffd"


@pytest.mark.parametrize("length", [3 * MAX_LINE, MAX_LINE + 70_000])
@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"], ids=["lf", "crlf", "cr"])
def test_overlong_line_is_cut_and_the_next_is_read(length, end):
    first, second, third = lines_of(b"one" + end + b"x" * length + end + b"three")
    assert (first, third) == (Line(1, "one"), Line(3, "three"))
    assert second.number == 2
    assert second.problem == "the line is longer than 1,000,000 characters"
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
    assert find_problem("".join(TextReader(io.BytesIO(data))))


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize(
    "text", ["TY  - JOUR\nTI  - Schrödinger\n", "@article{凯撒,\n title={一一 Title 图书馆}}"]
)
def test_utf16_is_known_by_its_zero_bytes(encoding, text):
    assert b"".join(read_utf8(io.BytesIO(text.encode(encoding)))).decode() == text
    reader = TextReader(io.BytesIO(text.encode(encoding)))
    assert "".join(reader) == text
    assert reader.encoding == "UTF-16"


@pytest.mark.parametrize("data", [b"\0" * 4_000, b"a\0", b"Title\0 a", b"\1\0" * 50, b"a\0\0\0" * 50])
def test_binary_is_not_taken_for_utf16(data):
    assert b"".join(read_utf8(io.BytesIO(data))) == data


GERMAN = "@book{müller, title = {Über die Größe}}\n"
CHINESE = "@article{k, author={王小明 and 李华}, title={基于深度学习的文献检索研究}}\n"
KOREAN = "@article{k, author={김철수}, title={한국어 논문}}\n"


@pytest.mark.parametrize(
    ("data", "text", "encoding"),
    [
        pytest.param(b"Plain", "Plain", "UTF-8", id="ascii"),
        pytest.param(GERMAN.encode(), GERMAN, "UTF-8", id="utf-8"),
        pytest.param(GERMAN.encode("cp1252"), GERMAN, "Windows-1252", id="windows-1252"),
        pytest.param(GERMAN.encode("utf-8-sig"), GERMAN, "UTF-8", id="mark"),
        pytest.param("“25 °C” – €".encode("cp1252"), "“25 °C” – €", "Windows-1252", id="signs"),
        pytest.param(b"a\x81b\xff", "a\x81bÿ", "Windows-1252", id="bytes-without-a-character"),
        pytest.param(
            GERMAN.encode() + GERMAN.encode("cp1252"), GERMAN * 2, "UTF-8 and Windows-1252", id="put-together"
        ),
        pytest.param(CHINESE.encode("gbk"), CHINESE, "GBK", id="gbk"),
        pytest.param("% Encoding: windows-1251\nМир".encode("cp1251"), "Мир", "Windows-1251", id="jabref"),
        pytest.param("% -*- coding: latin-9-unix -*-\nŠ".encode("latin9"), "Š", "ISO-8859-15", id="emacs"),
        pytest.param("% Encoding: latin1\n“é”".encode("cp1252"), "“é”", "Windows-1252", id="latin-1-is-more"),
        pytest.param(b"% Encoding: EUC-KR\n" + KOREAN.encode("euc_kr"), KOREAN, "EUC_KR", id="korean"),
        pytest.param(
            "%% Saved with string encoding Western (Mac OS Roman) \né".encode("mac-roman"),
            "é",
            "MAC-ROMAN",
            id="bibdesk",
        ),
        pytest.param("% Encoding: UTF-8\né".encode("cp1252"), "é", "Windows-1252", id="wrong-utf-8"),
        pytest.param("% Encoding: windows-1252\né漢".encode(), "é漢", "UTF-8", id="wrong-windows-1252"),
        pytest.param("% Encoding: Shift_JIS\né, ü".encode("cp1252"), "é, ü", "Windows-1252", id="wrong-shift-jis"),
        pytest.param("% Encoding: rot13\né".encode("cp1252"), "é", "Windows-1252", id="no-encoding"),
        pytest.param("% Encoding: utf-16\né".encode("cp1252"), "é", "Windows-1252", id="impossible"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("size", [1, 3, 65_536])
@pytest.mark.parametrize("before", ["", "a line\n" * 20_000], ids=["at-once", "late"])
def test_encodings_of_text(data, text, encoding, size, before):
    declaration, end, rest = data.partition(b"\n") if data.startswith(b"%") else (b"", b"", data)
    data = declaration + end + before.encode() + rest if not data.startswith(b"\xef\xbb\xbf") else data
    reader = TextReader(Dripping(data, size))
    read = "".join(reader)
    assert read.endswith(text)
    assert reader.encoding == encoding


@pytest.mark.parametrize("text", [KOREAN * 5, KOREAN + "한국"])
def test_korean_is_not_taken_for_chinese(text):
    reader = TextReader(io.BytesIO(text.encode("euc_kr")))
    list(reader)
    assert reader.encoding != "GBK"


@pytest.mark.parametrize("shift", range(4))
def test_characters_lie_across_chunks(shift):
    text = "a" * shift + "𝔘nö漢" * CHUNK
    reader = TextReader(io.BytesIO(text.encode()))
    assert "".join(reader) == text
    assert reader.encoding == "UTF-8"


@given(st.binary(max_size=200))
def test_any_bytes_are_read(data):
    text = "".join(TextReader(io.BytesIO(data)))
    assert text or not data.strip(b"\xef\xbb\xbf\xff\xfe\0")
    assert text == "".join(TextReader(io.BytesIO(data)))
    assert all("\n" not in line.text for line in lines_of(data))


@pytest.mark.parametrize(
    ("name", "text", "encoding"),
    [
        ("gbk-article.bib", "journal = {测试期刊}", "GBK"),
        ("latin9-book.bib", "TITLE = {Šome title}", "ISO-8859-15"),
        ("windows-1252-with-header.bib", "25° C", "Windows-1252"),
        ("windows-1252-but-header-says-utf-8.bib", "Test\xa0I. Last", "Windows-1252"),
        ("stray-carriage-return-in-title.bib", "(nicht nur) für Informatiker", "UTF-8"),
    ],
)
def test_real_files(shared_data, name, text, encoding):
    with shared_data(f"bibtex/{name}").open("rb") as stream:
        reader = TextReader(stream)
        assert text in "".join(reader)
        assert reader.encoding == encoding

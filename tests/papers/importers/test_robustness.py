"""What holds for every importer, whatever bytes it is given."""

import io
import json
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papers import importers
from papers.records import MAX_RAW, Record, Rejection, UnreadableInput, content_hash, from_data, to_data
from tests.papers.importers.conftest import DATA, Dripping, part, thorough

DAY = date(2025, 4, 25)
SMALL = {name: next(DATA.glob(f"{name}.*")).read_bytes() for name in importers.FORMATS}
# How an input begins that has its importer go on reading; else it begins with whatever comes.
STARTS = {
    "bibtex": b"@article{a, title = {",
    "hf-json": b"[",
    "crossref": b'{"message": {"items": [',
    "datacite": b'{"data": [',
    "openalex": b'{"results": [',
    "semantic-scholar": b'{"data": [',
    "biorxiv": b'{"collection": [',
    "openreview": b'[{"submissions": [',
    "zotero-json": b"[",
    "csl-json": b"[",
    "arxiv-atom": b'<feed xmlns="http://www.w3.org/2005/Atom">',
    "arxiv-rss": b'<rss version="2.0"><channel>',
    "oai": b"<OAI-PMH><ListRecords>",
    "feed": b'<rss version="2.0"><channel>',
    "pubmed": b"<PubmedArticleSet>",
    "endnote-xml": b"<xml><records>",
    "zotero-rdf": SMALL["zotero-rdf"].partition(b"    <bib:Journal")[0],
}
formats = pytest.mark.parametrize("name", SMALL)

# What parsers stumble over.
SPLINTERS = [
    *(b"\0", b"\n", b"\r", b"\r\n", b"\xff", b"\xfe\xff", b"\xed\xa0\x80", b"\xc3", b"\x1b[31m"),
    *("\u202e\ufeff\ufffe".encode(), "𝔘".encode(), b"Apr 25", b"Feb 30", b"A. B. C. d. e."),
    *(
        b'"',
        b"\\",
        b"\\u0000",
        b"\\ud800",
        b",",
        b"[",
        b"]",
        b"{",
        b"}",
        b"null",
        b"1e999",
        b"-",
        b'{"paper":',
    ),
    *(
        b"<",
        b">",
        b"&",
        b"&x;",
        b"&#0;",
        b"<entry>",
        b"</entry>",
        b"</feed>",
        b"<!--",
        b"-->",
        b"<![CDATA[",
        b"]]>",
    ),
    *(
        b"@article{a,",
        b"\n@string{a = b # c}",
        b"crossref = {a},",
        b"#",
        b"\\'{",
        b"$",
        b" and ",
        b"(",
        b")",
        b"=",
    ),
    *(b"<!DOCTYPE x>", b"<?", b"?>", b"</title>", b"http://arxiv.org/api/errors#x", b"9" * 5_000),
]


@st.composite
def mutations(draw, data):
    """Cut, repeat, overwrite and splinter a good file at a few places."""
    for _ in range(draw(st.integers(1, 6))):
        start = draw(st.integers(0, len(data)))
        stop = min(len(data), start + draw(st.integers(0, 60)))
        match draw(st.integers(0, 4)):
            case 0:
                data = data[:start] + data[stop:]
            case 1:
                data = data[:stop] + data[start:]
            case 2:
                data = data[:start] + draw(st.sampled_from(SPLINTERS)) + data[start:]
            case 3:
                data = data[:start] + draw(st.binary(max_size=20)) + data[stop:]
            case 4:
                data = data[:start]
    return data


def check(name, data):
    """Parse, and check what every record and rejection promises to those who store it."""
    try:
        results = list(importers.FORMATS[name].parse(io.BytesIO(data), date=DAY, today=DAY))
    except UnreadableInput as refusal:
        assert str(refusal).endswith(".")
        return
    for result in results:
        if isinstance(result, Record):
            stored = json.dumps(to_data(result), ensure_ascii=False).encode()  # fails for lone surrogates
            assert not any(
                "\0" in text for text in (result.title, result.abstract, result.comment, *result.authors)
            )
            assert from_data(json.loads(stored)) == result
            assert len(content_hash(result)) == 32
            assert result.title and result.key and result.place
        else:
            assert isinstance(result, Rejection)
            assert result.place and result.reason.endswith(".")
            assert len(result.raw) <= MAX_RAW
            assert b"\0" not in (result.place + result.reason + result.raw).encode()


@formats
@thorough
@given(data=st.binary(max_size=2_000))
def test_arbitrary_bytes_raise_nothing_else(name, data):
    check(name, data)


@formats
@thorough
@given(data=st.data())
def test_mutated_files_raise_nothing_else(name, data):
    check(name, data.draw(mutations(SMALL[name])))


@formats
@thorough
@given(pieces=st.lists(st.sampled_from(SPLINTERS), max_size=60))
def test_heaps_of_splinters_raise_nothing_else(name, pieces):
    check(name, STARTS.get(name, b"") + b"".join(pieces))


@thorough
@given(data=st.one_of(st.binary(max_size=500), *(mutations(small) for small in SMALL.values())))
def test_reading_by_content_raises_nothing_else(data):
    try:
        part(importers.read(io.BytesIO(data), today=DAY))
    except UnreadableInput as refusal:
        assert str(refusal)


@formats
@pytest.mark.parametrize("size", [1, 7, 64, 1_000])
def test_size_of_chunks_does_not_matter(name, size, monkeypatch):
    whole = part(importers.FORMATS[name].parse(io.BytesIO(SMALL[name]), date=DAY))
    monkeypatch.setattr("papers.importers.text.CHUNK", size)
    assert part(importers.FORMATS[name].parse(Dripping(SMALL[name], size), date=DAY)) == whole
    assert len(whole[0]) >= 2


@pytest.mark.parametrize("name", ["hf-page", "hf-json", "arxiv-atom"])
def test_records_come_as_they_are_read(name):
    """The first record is there before the rest was asked for: nothing collects the input."""
    data = {
        "hf-page": SMALL["hf-page"] + b"\n\nAnother Title\n\nAnother abstract. It is short." * 20_000,
        "hf-json": SMALL["hf-json"].rstrip()[:-1]
        + b',{"paper": {"id": "2504.01009", "title": "x"}}' * 20_000
        + b"]",
        "arxiv-atom": SMALL["arxiv-atom"].replace(b"</feed>", b"<entry></entry>" * 60_000 + b"</feed>"),
    }[name]
    stream = io.BytesIO(data)
    first = next(importers.FORMATS[name].parse(stream, date=DAY))
    assert isinstance(first, Record)
    assert stream.tell() < len(data) / 2


@formats
def test_same_bytes_give_the_same_hashes(name):
    def hashes():
        return [
            content_hash(found)
            for found in part(importers.FORMATS[name].parse(io.BytesIO(SMALL[name]), date=DAY))[0]
        ]

    assert hashes() == hashes()
    assert len(set(hashes())) == len(hashes())


@pytest.mark.parametrize(
    ("name", "data"),
    [
        pytest.param("hf-json", b'[{"a":' + b',{"paper":' * 30_000, id="json-starts"),
        pytest.param("hf-json", b'[{"a": "' + b',{"paper": "' * 30_000, id="json-quotes"),
        pytest.param("hf-json", b'["' + b"\\" * 3_000_000, id="json-backslashes"),
        pytest.param("hf-json", b"[" + b'""' * 500_000, id="json-strings"),
        pytest.param(
            "arxiv-atom", b'<feed xmlns="http://www.w3.org/2005/Atom">' + b"<entry " * 100_000, id="starts"
        ),
        pytest.param("arxiv-atom", b"<feed" + b" a=''" * 13_000, id="attributes"),
        pytest.param("arxiv-atom", b"<!---->" * 9_000 + b"<?x?>" * 2_000, id="comments"),
        pytest.param(
            "arxiv-atom",
            b'<feed xmlns="http://www.w3.org/2005/Atom">' + b"<!---->" * 300_000,
            id="inner-comments",
        ),
        pytest.param("hf-page", b"a\n" * 20_000, id="titles"),
        pytest.param(
            "pubmed",
            b"<PubmedArticle><MedlineCitation><PMID>1</PMID><Article><ArticleTitle>"
            + b"[" * 3_000_000
            + b"</ArticleTitle></Article></MedlineCitation></PubmedArticle>",
            id="brackets",
        ),
        pytest.param(
            "endnote-xml",
            b"<record><titles><title>x</title></titles><urls><web-urls><url>"
            + b"a " * 1_000_000
            + b"</url>"
            + b"<url>https://doi.org/10.1000/x</url>" * 50_000
            + b"</web-urls></urls><electronic-resource-num>"
            + b"1 " * 500_000
            + b"</electronic-resource-num></record>",
            id="addresses",
        ),
        pytest.param(
            "zotero-rdf",
            STARTS["zotero-rdf"]
            + b"<bib:Article><dc:title>x</dc:title>"
            + b"<dcterms:isPartOf rdf:resource='#a'/>" * 100_000
            + b"</bib:Article>",
            id="wholes",
        ),
        pytest.param(
            "hf-page", b"This is a sentence. This is another one, much longer.\n" * 20_000, id="abstracts"
        ),
    ],
)
def test_work_grows_no_faster_than_the_input(name, data):
    """These take well under a second each; a quadratic step would take minutes, and the test run with it."""
    check(name, data)

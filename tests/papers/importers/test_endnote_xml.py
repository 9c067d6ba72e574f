from datetime import date
from functools import partial

import pytest

from papers import importers
from papers.identifiers import Identifier
from papers.importers import endnote_xml
from papers.records import Precision, Rank, UnreadableInput
from tests.papers.importers.conftest import DATA, parse, part

SMALL = (DATA / "endnote-xml.xml").read_bytes()
read_library = partial(parse, "endnote-xml")


def make_record(more="", title="A Title", kind="Journal Article"):
    return (
        f"<record><ref-type name='{kind}'>0</ref-type><titles><title>{title}</title></titles>{more}</record>"
    )


def make_library(*records):
    return ("<xml><records>" + "".join(records) + "</records></xml>").encode()


def read_one(*args, **parts):
    (record,), rejections = read_library(make_library(make_record(*args, **parts)))
    assert rejections == []
    return record


class TestSmallLibrary:
    def test_papers_come_in_and_the_broken_ones_are_named(self):
        records, rejections = read_library(SMALL)
        assert [record.place for record in records] == ["record 1", "record 2", "record 3", "record 6"]
        assert [(rejection.place, rejection.reason) for rejection in rejections] == [
            (
                "record 4",
                "The record is not well-formed XML: Opening and ending tag mismatch: style and title.",
            ),
            ("record 5", "There is no title."),
        ]

    def test_every_field(self):
        record = read_library(SMALL, date=date(2025, 4, 25))[0][0]
        assert record.title == "On Camellia sinensis at 96 °C"
        assert record.abstract == "Hot water helps."
        assert record.authors == ("T. Teapot", "Jan van den Kessel Jr.", "Society for Warm Drinks")
        assert record.identifiers == (
            Identifier("doi", "10.1000/tea.5"),
            Identifier("pmid", "90000011"),
            Identifier("pmcid", "PMC8000011"),
        )
        assert (record.published, record.published_precision) == (date(2004, 5, 1), Precision.MONTH)
        assert record.categories == ()
        assert (record.journal, record.volume, record.issue) == ("Journal of Tea", "5", "4-5")
        assert record.pages == "211-6"
        assert record.urls == (
            ("page", "https://example.org/tea"),
            ("pdf", "https://example.org/tea.pdf"),
            ("doi", "https://doi.org/10.1000/tea.5"),
        )
        assert (record.rank, record.listed) == (Rank.FILE, date(2025, 4, 25))
        assert record.key.startswith("doi:10.1000/tea.5#")

    def test_notes_addresses_and_files_stay_with_their_owner(self):
        for record in read_library(SMALL)[0]:
            for private in ("@", "file:", "internal-pdf", "Users", "thoughts"):
                assert private not in repr(record)

    def test_isbn_is_of_the_book_alone(self):
        _, chapter, book, _ = read_library(SMALL)[0]
        assert (chapter.title, chapter.journal) == ("Saucers and their Rims", "The Handbook of Crockery")
        assert (chapter.identifiers, chapter.pages) == ((), "10-20")
        assert book.identifiers == (Identifier("isbn", "9780306406157"),)
        assert (book.journal, book.volume, book.pages) == ("Household Series", "2", "")
        assert book.authors == ("Lee Ladle",)  # the editor, as no author is named
        assert book.published == date(2018, 12, 3)

    def test_addresses_name_a_work_where_they_agree(self):
        page = read_library(SMALL)[0][3]
        assert page.title == "A <kettle> that whistles"
        assert page.identifiers == (Identifier("arxiv", "2504.01001"),)


class TestRealLibraries:
    @pytest.fixture
    def read(self, shared_data):
        def read(name):
            with shared_data(f"endnote-xml/{name}.xml").open("rb") as stream:
                records, rejections = part(importers.read(stream))
            assert rejections == []
            return records

        return read

    def test_blue_light(self, read):
        records = read("blue-light-102-articles")
        assert len(records) == 102
        assert len({record.key for record in records}) == 102
        schemes = [{found.scheme for found in record.identifiers} for record in records]
        assert sum("doi" not in found for found in schemes) == 30
        assert all("pmid" in found for found in schemes)
        assert sum("pmcid" in found for found in schemes) == 18
        assert sum(not record.authors for record in records) == 1
        assert sum(not record.abstract for record in records) == 4
        assert all(record.journal and record.published and record.authors != ("",) for record in records)

    def test_values_in_white_space(self, read):
        (record,) = read("jabref-single-article-indented")
        assert record.title.endswith("Great Britain: comparison of risk for those born from 1930 to 1960")
        assert record.identifiers == (
            Identifier("doi", "10.1038/bjc.2014.606"),
            Identifier("pmid", "25647015"),
        )
        assert (len(record.authors), record.published) == (3, date(2015, 3, 3))
        assert (record.journal, record.volume, record.issue, record.pages) == (
            "Br J Cancer",
            "112",
            "5",
            "943-7",
        )
        assert not any("file:" in url for _kind, url in record.urls)


class TestRecords:
    @pytest.mark.parametrize(
        ("dates", "published", "precision"),
        [
            ("<year>2014</year><pub-dates><date>Dec</date></pub-dates>", date(2014, 12, 1), "month"),
            ("<year>2014</year><pub-dates><date>Feb 23</date></pub-dates>", date(2014, 2, 23), "day"),
            ("<year>2014</year><pub-dates><date>12/30/2013</date></pub-dates>", date(2013, 12, 30), "day"),
            ("<year>2014</year><pub-dates><date>Winter</date></pub-dates>", date(2014, 1, 1), "year"),
            ("<pub-dates><date>Dec</date></pub-dates>", None, "day"),
            ("<year>in press</year>", None, "day"),
            ("<year>99999</year>", None, "day"),
        ],
    )
    def test_days_of_publication(self, dates, published, precision):
        record = read_one(f"<dates>{dates}</dates>")
        assert (record.published, record.published_precision) == (published, precision)

    def test_all_names_in_one_value(self):
        record = read_one(
            "<contributors><authors><author>Cup, A.&#13;Pot, B.</author></authors></contributors>"
        )
        assert record.authors == ("A. Cup", "B. Pot")

    @pytest.mark.parametrize(
        ("kind", "number", "isbns"),
        [
            ("name='Book'", 0, 1),
            ("name='Edited Book'", 0, 1),
            ("", 6, 1),
            ("name='Book Section'", 6, 0),
            ("name='Conference Proceedings'", 10, 0),
            ("name='Journal Article'", 17, 0),
            ("", 5, 0),
        ],
    )
    def test_kinds_that_an_isbn_names(self, kind, number, isbns):
        data = make_library(make_record("<isbn>978-0-306-40615-7</isbn>")).replace(
            b"<ref-type name='Journal Article'>0", f"<ref-type {kind}>{number}".encode()
        )
        assert len(read_library(data)[0][0].identifiers) == isbns

    def test_doi_link_of_a_chapter_may_be_its_books(self):
        link = "<urls><related-urls><url>https://doi.org/10.1000/book</url></related-urls></urls>"
        assert read_one(link).identifiers == (Identifier("doi", "10.1000/book"),)
        assert read_one(link, kind="Book Section").identifiers == ()

    def test_accession_number_of_another_database_is_no_pmid(self):
        assert read_one("<accession-num>1234567</accession-num>").identifiers == ()
        record = read_one(
            "<accession-num>1234567</accession-num><remote-database-name>Medline</remote-database-name>"
        )
        assert record.identifiers == (Identifier("pmid", "1234567"),)

    @pytest.mark.parametrize(
        "broken",
        [
            make_record(title=""),
            make_record(title="a &bomb; b"),
            make_record(title="&#0;"),
            make_record(title="x" * 3_000),
            make_record(title="x" * 9_000_000),
            "<record/>",
            make_record("<style>" * 500 + "</style>" * 500),
            make_record().removesuffix("</record>"),
        ],
        ids=lambda broken: broken[-40:],
    )
    def test_broken_record_costs_itself(self, broken):
        data = make_library(make_record(title="One"), broken, make_record(title="Two"))
        records, rejections = read_library(data)
        assert [record.title for record in records] == ["One", "Two"]
        assert [rejection.place for rejection in rejections] == ["record 2"]


def test_document_type_with_entities_is_refused():
    with pytest.raises(UnreadableInput, match="DOCTYPE"):
        read_library(b"<!DOCTYPE xml [<!ENTITY a 'a'>]>" + make_library(make_record(title="&a;")))


def test_file_that_broke_off():
    whole, _ = read_library(SMALL)
    for size in range(SMALL.index(b"<record>"), len(SMALL) - 20, 97):
        records, rejections = read_library(SMALL[:size])
        assert records == whole[: len(records)]
        assert "The file ends" in rejections[-1].reason


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (SMALL, True),
        (b"<?xml version='1.0'?><records><record><rec-number>1</rec-number>", True),
        (b"<xml><records><record>", True),
        (b"<OAI-PMH><ListRecords><record>", False),
        (b"<records><record><dc:title>", False),
        (b"<xml><note/></xml>", False),
        (b"TY  - JOUR", False),
    ],
)
def test_sniff(data, expected):
    assert endnote_xml.sniff(data) is expected

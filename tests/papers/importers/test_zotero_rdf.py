from datetime import date
from functools import partial

import pytest

from papers import importers
from papers.identifiers import Identifier
from papers.importers import zotero_rdf
from papers.records import Precision, Rank, UnreadableInput
from tests.papers.importers.conftest import DATA, parse, part

SMALL = (DATA / "zotero-rdf.rdf").read_bytes()
START = SMALL[: SMALL.index(b"    <bib:Journal")].decode()
read_library = partial(parse, "zotero-rdf")


def make_item(more="", title="A Title", kind="journalArticle", element="rdf:Description"):
    return f"<{element}><z:itemType>{kind}</z:itemType><dc:title>{title}</dc:title>{more}</{element}>"


def make_library(*items):
    return (START + "".join(items) + "</rdf:RDF>").encode()


def read_one(*args, **parts):
    (record,), rejections = read_library(make_library(make_item(*args, **parts)))
    assert rejections == []
    return record


class TestSmallLibrary:
    def test_papers_come_in_and_the_broken_ones_are_named(self):
        records, rejections = read_library(SMALL)
        assert [record.title for record in records] == [
            "Cumulus humilis over the sea", "Fog", "The Cloud Book", "Ice in thin air", "First rain", "Second rain",
        ]  # fmt: skip
        assert [(rejection.place, rejection.reason) for rejection in rejections] == [
            ("item 11", "There is no title.")
        ]

    def test_every_field(self):
        record = read_library(SMALL, date=date(2025, 4, 25))[0][0]
        assert record.abstract == "It is small.\n\nIt is white."
        assert record.authors == ("Nia Nimbus", "Society of Skies")
        assert record.identifiers == (
            Identifier("doi", "10.1000/cumulus.12"),
            Identifier("arxiv", "1905.00021"),
            Identifier("pmid", "90000021"),
            Identifier("pmcid", "PMC8000021"),
        )
        assert (record.published, record.published_precision) == (date(2019, 5, 1), Precision.MONTH)
        assert record.categories == ()
        # Its journal stands behind it in the file.
        assert (record.journal, record.volume, record.issue) == ("Atmosphere Letters", "12", "4")
        assert record.pages == "1-9"
        assert record.urls == (
            ("page", "https://example.org/cumulus"),
            ("doi", "https://doi.org/10.1000/cumulus.12"),
        )
        assert (record.rank, record.listed) == (Rank.FILE, date(2025, 4, 25))

    def test_notes_and_files_stay_with_their_owner(self):
        for record in read_library(SMALL)[0]:
            assert "think of it" not in repr(record)
            assert "files/" not in repr(record)

    def test_isbn_is_of_the_book_alone(self):
        _, chapter, book, *_ = read_library(SMALL)[0]
        assert (chapter.title, chapter.journal, chapter.volume) == ("Fog", "The Cloud Book", "1")
        assert chapter.identifiers == ()
        assert chapter.authors == ("Sam Stratus",)  # the editor, as no author is named
        assert book.identifiers == (Identifier("isbn", "9780306406157"),)
        assert (book.title, book.journal, book.published) == (
            "The Cloud Book",
            "Sky Library",
            date(1980, 5, 1),
        )

    def test_preprint_has_no_journal(self):
        preprint = read_library(SMALL)[0][3]
        assert preprint.identifiers == (Identifier("arxiv", "1905.00022"),)
        assert (preprint.journal, preprint.issue) == ("", "")

    def test_doi_of_a_journal_that_two_share_names_neither(self):
        first, second = read_library(SMALL)[0][4:]
        assert first.identifiers == second.identifiers == ()
        assert (first.journal, first.volume) == (second.journal, second.volume) == ("Journal of Clouds", "3")


class TestRealLibrary:
    def test_ctffind(self, shared_data):
        with shared_data("zotero-rdf/ctffind5-library-13-items.rdf").open("rb") as stream:
            records, rejections = part(importers.read(stream))
        assert rejections == []
        assert len(records) == 13
        by_doi = {found.value: record for record in records for found in record.identifiers}
        assert by_doi["10.1038/35036519"].journal == "Nature"
        assert by_doi["10.1038/35036519"].volume == "407"
        assert by_doi["11034202"] is by_doi["10.1038/35036519"]
        assert by_doi["10.1101/338558"].journal == ""
        assert by_doi["10.1038/s41592-019-0580-y"].published == date(2019, 11, 1)
        assert (
            by_doi["10.1016/j.jsb.2016.06.007"].journal == "Journal of Structural Biology"
        )  # not its series
        assert len(records[-1].authors) == 16
        (chapter,) = [record for record in records if record.title == "Phase contrast transfer function"]
        assert (chapter.journal, chapter.pages) == ("Electron Microscopy in Material Science", "570–625")


class TestItems:
    def test_chain_of_wholes_that_bites_its_tail(self):
        journal = (
            "<bib:Journal rdf:about='#a'><dcterms:isPartOf rdf:resource='#b'/></bib:Journal>"
            "<bib:Journal rdf:about='#b'><dcterms:isPartOf rdf:resource='#a'/></bib:Journal>"
        )
        item = make_item("<dcterms:isPartOf rdf:resource='#a'/>")
        assert len(read_library(make_library(journal, item))[0]) == 1

    @pytest.mark.parametrize("prefixed", [True, False])
    def test_arxiv_identifier_written_as_a_journal(self, prefixed):
        name = "arXiv:1905.00022 [physics]" if prefixed else "Clouds"
        record = read_one(
            f"<dcterms:isPartOf><bib:Journal><dc:title>{name}</dc:title></bib:Journal></dcterms:isPartOf>"
        )
        assert bool(record.identifiers) is prefixed
        assert record.journal == ("" if prefixed else "Clouds")

    def test_library_without_papers_gives_nothing(self):
        collection = "<z:Collection rdf:about='#c'><dc:title>Empty</dc:title></z:Collection>"
        assert read_library(make_library(collection)) == ([], [])
        assert read_library(make_library()) == ([], [])

    def test_address_of_a_doi_is_written_in_one_way(self):
        uri = "<dc:identifier><dcterms:URI><rdf:value>{}</rdf:value></dcterms:URI></dc:identifier>"
        record = read_one(uri.format("http://dx.doi.org/10.1000/X"))
        assert record.urls == (("doi", "https://doi.org/10.1000/x"),)
        assert record.identifiers == (Identifier("doi", "10.1000/x"),)

    def test_conference(self):
        record = read_one(
            "<bib:presentedAt><bib:Conference><dc:title>Cloud Days</dc:title></bib:Conference></bib:presentedAt>",
            kind="conferencePaper",
        )
        assert record.journal == "Cloud Days"

    def test_doi_among_the_remarks(self):
        record = read_one("<dc:description>tex.x: y\nDOI: 10.1000/B\nPMID: no</dc:description>", kind="book")
        assert record.identifiers == (Identifier("doi", "10.1000/b"),)

    def test_makers_of_what_has_no_authors(self):
        people = (
            "<rdf:Seq><rdf:li><foaf:Person><foaf:surname>{}</foaf:surname></foaf:Person></rdf:li></rdf:Seq>"
        )
        translators = f"<z:translators>{people.format('Bell')}</z:translators>"
        record = read_one(f"{translators}<z:presenters>{people.format('Horn')}</z:presenters>")
        assert record.authors == ("Horn",)
        assert read_one(translators).authors == ()

    @pytest.mark.parametrize("kind", ["attachment", "note", "annotation"])
    def test_what_is_no_paper_is_passed_over(self, kind):
        assert read_library(make_library(make_item(kind=kind))) == ([], [])

    def test_kind_is_told_from_the_element_where_it_is_not_said(self):
        data = make_library(
            make_item(element="bib:Article").replace("<z:itemType>journalArticle</z:itemType>", "")
        )
        assert len(read_library(data)[0]) == 1

    @pytest.mark.parametrize(
        "broken",
        [
            make_item(title=""),
            make_item(title="&bomb;"),
            make_item(title="x" * 9_000_000),
            make_item("<other:x/>"),
            make_item("<dcterms:isPartOf>" * 300 + "</dcterms:isPartOf>" * 300),
        ],
        ids=["no-title", "entity", "too-long", "prefix", "too-deep"],
    )
    def test_broken_item_costs_itself(self, broken):
        records, rejections = read_library(
            make_library(make_item(title="One"), broken, make_item(title="Two"))
        )
        assert [record.title for record in records] == ["One", "Two"]
        assert [rejection.place for rejection in rejections] == ["item 2"]

    def test_more_journals_than_are_kept(self, monkeypatch):
        monkeypatch.setattr(zotero_rdf, "_MAX_KEPT", 2_000)
        items = [
            make_item(f"<dcterms:isPartOf rdf:resource='#{number}'/>")
            + f"<bib:Journal rdf:about='#{number}'><dc:title>Journal {number}</dc:title></bib:Journal>"
            for number in range(10)
        ]
        records, rejections = read_library(make_library(*items))
        assert len(records) + len(rejections) == 10
        assert records
        assert all(record.journal for record in records)
        assert "Export it in parts" in rejections[-1].reason

    def test_file_without_an_end(self, monkeypatch):
        monkeypatch.setattr(zotero_rdf, "_MAX_SPOOLED", len(SMALL) - 20)
        records, rejections = read_library(SMALL)
        assert len(records) == 6
        assert "The file ends" in rejections[-1].reason


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"<rss/>", "no Zotero RDF: it begins with <rss>"),
        (make_library("<z:UserItem rdf:about='#1'/>", "<foaf:Person/>"), "There are no items in this RDF"),
        (b"<!DOCTYPE x [<!ENTITY a 'a'>]>" + SMALL[SMALL.index(b"<rdf:RDF") :], "DOCTYPE"),
    ],
    ids=["other", "other-rdf", "bomb"],
)
def test_what_is_no_library_is_refused(data, message):
    with pytest.raises(UnreadableInput, match=message):
        read_library(data)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (SMALL, True),
        (b"<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'></rdf:RDF>", False),
        (make_library("<z:UserItem rdf:about='#1'/>"), False),
        (b"<rss><!-- http://www.zotero.org/namespaces/export# --></rss>", False),
    ],
)
def test_sniff(data, expected):
    assert zotero_rdf.sniff(data) is expected

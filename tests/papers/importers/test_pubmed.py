from datetime import UTC, date, datetime
from functools import partial

import pytest

from papers import importers
from papers.identifiers import Identifier
from papers.importers import pubmed
from papers.records import Deletion, Precision, Rank, Record, UnreadableInput
from tests.papers.importers.conftest import DATA, parse, part

SMALL = (DATA / "pubmed.xml").read_bytes()
read_set = partial(parse, "pubmed")


def make_article(pmid="1", title="A Title", article="", citation="", data=""):
    return (
        f"<PubmedArticle><MedlineCitation><PMID Version='1'>{pmid}</PMID>"
        f"<Article><ArticleTitle>{title}</ArticleTitle>{article}</Article>{citation}</MedlineCitation>"
        f"<PubmedData>{data}</PubmedData></PubmedArticle>"
    )


def make_set(*articles):
    return ("<PubmedArticleSet>" + "".join(articles) + "</PubmedArticleSet>").encode()


def read_one(*args, **parts):
    (record,), rejections = read_set(make_set(make_article(*args, **parts)))
    assert rejections == []
    return record


class TestSmallSet:
    def test_papers_come_in_and_the_broken_ones_are_named(self):
        records, rejections = read_set(SMALL)
        assert [(record.place, record.key) for record in records] == [
            ("article 1", "pubmed:90000001"),
            ("article 3", "pubmed:90000003"),
            ("article 5", "pubmed:90000005"),
            ("article 6", "pubmed:90000006"),
        ]
        assert [(rejection.place, rejection.reason) for rejection in rejections] == [
            (
                "article 2",
                "The article is not well-formed XML: Opening and ending tag mismatch: i and ArticleTitle.",
            ),
            ("article 4", "It has no PMID, PubMed's own number of an article."),
            (
                "after article 6",
                "PubMed has deleted 2 of its records (90000007, 90000008). What came from them stays here; merge "
                "or remove those papers by hand.",
            ),
        ]
        assert "Nobody <i>closed this" in rejections[0].raw
        assert [isinstance(rejection, Deletion) for rejection in rejections] == [False, False, True]

    def test_every_field(self):
        assert read_set(SMALL, date=date(2025, 4, 25))[0][0] == Record(
            key="pubmed:90000001",
            title="Why toast lands on the buttered side: Panis tostus and H₂O at p < 0.05",
            abstract="BACKGROUND: Toast falls, and always badly.\n\nWe dropped 10³ slices.\n\nThey landed.",
            authors=("Ada B Crumb Jr", "J van der Korst", "Breakfast Study Group"),
            # The references have such lists as well.
            identifiers=(
                Identifier("pmid", "90000001"),
                Identifier("doi", "10.1000/toast.7"),
                Identifier("pmcid", "PMC8000001"),
            ),
            published=date(2023, 12, 5),
            updated=datetime(2024, 2, 29, tzinfo=UTC),
            categories=("butter", "Bread"),
            journal="Annals of kitchen physics (Basel, Switzerland)",
            volume="7",
            issue="2-3",
            pages="179-191",
            urls=(
                ("page", "https://pubmed.ncbi.nlm.nih.gov/90000001/"),
                ("page", "https://pmc.ncbi.nlm.nih.gov/articles/PMC8000001/"),
                ("doi", "https://doi.org/10.1000/toast.7"),
            ),
            comment="Erratum: Ann Kitchen Phys. 2024;7(4):300",
            rank=Rank.PUBLISHER,
            place="article 1",
            listed=date(2025, 4, 25),
        )

    def test_translated_and_retracted(self):
        record = read_set(SMALL)[0][1]
        assert record.title == "Jam [apricot] and its flow"
        assert record.withdrawn
        assert record.comment == "Retracted: Z Frühstück. 2001;14:2"
        assert (record.published, record.published_precision) == (date(1998, 12, 1), Precision.MONTH)
        assert (record.journal, record.pages) == ("Z Frühstück", "1-4, 9")
        assert record.revision is None  # though PubMed says 2: a retraction is of the work

    def test_chapter_has_its_books_title_and_not_its_isbn(self):
        chapter, book = read_set(SMALL)[0][2:]
        assert (chapter.title, chapter.journal) == ("Wooden Spoons", "Spoons of the World")
        assert chapter.authors == ("Mia Maple",)
        assert chapter.identifiers == (Identifier("pmid", "90000005"), Identifier("doi", "10.1000/chapter.3"))
        assert (chapter.published, chapter.updated) == (date(2003, 3, 26), datetime(2020, 4, 9, tzinfo=UTC))
        assert ("page", "https://www.ncbi.nlm.nih.gov/books/NBK900005/") in chapter.urls
        assert (book.title, book.journal, book.volume) == ("Forks of the World", "Cutlery Library", "2")
        assert book.authors == ("Lee Ladle",)  # the editor, as no author is named
        assert book.identifiers == (Identifier("pmid", "90000006"), Identifier("isbn", "9780306406157"))


class TestRealSets:
    @pytest.fixture
    def read(self, shared_data):
        def read(name):
            with shared_data(f"pubmed/{name}.xml").open("rb") as stream:
                records, rejections = part(importers.read(stream))
            assert rejections == []
            return records

        return read

    def test_six_articles(self, read):
        records = read("efetch-6-articles-tuberculosis")
        assert [record.key.removeprefix("pubmed:") for record in records] == [
            "41974676", "41033137", "40980874", "40964672", "40593557", "40540657",
        ]  # fmt: skip
        assert len(records[0].authors) == 25
        assert all(len(record.identifiers) >= 2 for record in records)
        assert records[2].title.startswith("Ongoing evolution of PE/PPE genes in Mycobacterium tuberculosis")
        assert [part.partition(":")[0] for part in records[5].abstract.split("\n\n")] == [
            "BACKGROUND", "METHODS", "RESULTS", "CONCLUSION",
        ]  # fmt: skip

    def test_collective_author_and_references(self, read):
        (record,) = read("efetch-collective-author-29963580")
        assert len(record.authors) == 9
        assert record.authors[-1] == "Canadian Respiratory Research Network"
        assert {str(found) for found in record.identifiers} == {
            "pmid:29963580", "pmcid:PMC6022861", "doi:10.1117/1.jmi.5.2.026002",
        }  # fmt: skip
        # The issue of April came before what is called the day online.
        assert (record.published, record.published_precision) == (date(2018, 4, 1), Precision.MONTH)

    def test_old_records(self, read):
        spring, autumn = read("efetch-season-date-no-abstract")
        assert (spring.published, spring.published_precision) == (date(1990, 1, 1), Precision.YEAR)
        assert (spring.abstract, len(spring.identifiers)) == ("", 1)
        assert (autumn.published, autumn.pages) == (date(1976, 9, 28), "179-191")


class TestArticles:
    @pytest.mark.parametrize(
        ("written", "title"),
        [
            ("A title.", "A title"),
            ("A title?", "A title?"),
            ("And so on...", "And so on..."),
            ("[A title].", "A title"),
            ("[A title.]", "A title"),
            ("[3H]-toast and [14C]", "[3H]-toast and [14C]"),
            ("[Not Available].", "Ein Titel"),
            ("", "Ein Titel"),
        ],
    )
    def test_titles(self, written, title):
        article = "<VernacularTitle>Ein Titel.</VernacularTitle>"
        assert read_one(title=written, article=article).title == title

    @pytest.mark.parametrize(
        ("printed", "online", "published", "precision"),
        [
            ("<Year>2018</Year><Month>04</Month><Day>2</Day>", "", date(2018, 4, 2), "day"),
            ("<Year>2018</Year><Month>Apr</Month>", "", date(2018, 4, 1), "month"),
            ("<Year>2018</Year><Season>Summer</Season>", "", date(2018, 1, 1), "year"),
            ("<MedlineDate>2018 May-Jun</MedlineDate>", "", date(2018, 5, 1), "month"),
            ("<MedlineDate>1976-1977</MedlineDate>", "", date(1976, 1, 1), "year"),
            ("<Year>2018</Year>", "2018-06-28", date(2018, 6, 28), "day"),
            ("<Year>2019</Year>", "2018-06-28", date(2018, 6, 28), "day"),
            ("<Year>2017</Year>", "2018-06-28", date(2017, 1, 1), "year"),
            ("<Year>2018</Year><Month>Jun</Month>", "2018-06-28", date(2018, 6, 28), "day"),
            ("<Year>2018</Year><Month>Feb</Month><Day>31</Day>", "", date(2018, 2, 1), "month"),
            ("<Year>99999</Year>", "", None, "day"),
            ("", "", None, "day"),
        ],
    )
    def test_days_of_publication(self, printed, online, published, precision):
        article = f"<Journal><JournalIssue><PubDate>{printed}</PubDate></JournalIssue></Journal>"
        if online:
            year, month, day = online.split("-")
            article += (
                f"<ArticleDate DateType='Electronic'><Year>{year}</Year><Month>{month}</Month><Day>{day}</Day>"
                "</ArticleDate>"
            )
        record = read_one(article=article)
        assert (record.published, record.published_precision) == (published, precision)

    def test_preprint_of_arxiv(self):
        record = read_one(article="<ELocationID EIdType='pii'>arXiv:2301.01234v2</ELocationID>")
        assert Identifier("arxiv", "2301.01234") in record.identifiers
        assert record.revision == 2

    def test_revision_where_a_journal_publishes_several(self):
        data = make_set(make_article()).replace(b"Version='1'", b"Version='3'")
        assert read_set(data)[0][0].revision == 3
        assert read_one().revision is None

    def test_other_abstract_where_there_is_no_other(self):
        other = "<OtherAbstract Type='Publisher'><AbstractText>Lo mismo.</AbstractText></OtherAbstract>"
        assert read_one(citation=other).abstract == "Lo mismo."

    def test_entities_of_the_document_type(self):
        assert read_one(title="Caf&eacute;").title == "Café"

    def test_older_place_of_a_pmcid(self):
        record = read_one(
            citation="<OtherID Source='NLM'>PMC2134</OtherID><OtherID Source='NLM'>NIHMS7</OtherID>"
        )
        assert record.identifiers[1:] == (Identifier("pmcid", "PMC2134"),)

    def test_one_article_alone(self):
        records, rejections = read_set(make_article().encode())
        assert ([record.key for record in records], rejections) == (["pubmed:1"], [])

    def test_empty_set(self):
        assert read_set(b"<PubmedArticleSet></PubmedArticleSet>") == ([], [])

    @pytest.mark.parametrize(
        "broken",
        [
            "<PubmedArticle/>",
            "<PubmedArticle><MedlineCitation><PMID>7</PMID></MedlineCitation></PubmedArticle>",
            "<PubmedBookArticle><BookDocument><PMID>7</PMID></BookDocument></PubmedBookArticle>",
            "<PubmedBookArticle><BookDocument><Book/></BookDocument></PubmedBookArticle>",
            make_article("0"),
            make_article("seven"),
            make_article(title=" "),
            make_article(title="&bomb;"),
            make_article(title="x" * 3_000),
            make_article(title="x" * 9_000_000),
            make_article(article="<a>" * 500 + "</a>" * 500),
            make_article().removesuffix("</PubmedArticle>"),
        ],
        ids=lambda broken: broken[-40:],
    )
    def test_broken_article_costs_itself(self, broken):
        records, rejections = read_set(make_set(make_article("1"), broken, make_article("2")))
        assert [record.key for record in records] == ["pubmed:1", "pubmed:2"]
        assert len(rejections) == 1
        assert rejections[0].place == "article 2"

    def test_10000_authors(self):
        author = "<Author><LastName>Crumb</LastName><ForeName>A</ForeName></Author>"
        assert len(read_one(article=f"<AuthorList>{author * 10_000}</AuthorList>").authors) == 10_000


class TestRefusals:
    @pytest.mark.parametrize(
        ("data", "message"),
        [
            (b"", "no start tag"),
            (b"<rss></rss>", "no PubMed XML: it begins with <rss>"),
            (b"<!DOCTYPE x [<!ENTITY a 'aaa'>]><PubmedArticleSet/>", "DOCTYPE"),
            (
                b"<eFetchResult><ERROR>UID=x: cannot get document summary.</ERROR></eFetchResult>",
                r"PubMed answered with an error: UID=x: cannot get document summary\.$",
            ),
            (b"<eFetchResult/>", "PubMed answered with an error"),
        ],
        ids=["empty", "other", "bomb", "error", "empty-error"],
    )
    def test_what_is_no_set_is_refused(self, data, message):
        with pytest.raises(UnreadableInput, match=message):
            read_set(data)

    def test_download_that_broke_off(self):
        whole, _ = read_set(SMALL)
        for size in range(SMALL.index(b"<PubmedArticle>"), len(SMALL) - 30, 97):
            records, rejections = read_set(SMALL[:size])
            assert records == whole[: len(records)]
            assert "The file ends" in rejections[-1].reason


def test_sniff():
    assert pubmed.sniff(SMALL)
    assert pubmed.sniff(b"<PubmedArticle>")
    assert not pubmed.sniff(b"<feed xmlns='http://www.w3.org/2005/Atom'/>")
    assert not pubmed.sniff(b"PMID- 1")

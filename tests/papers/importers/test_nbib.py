import io
from datetime import date
from functools import partial

import pytest

from papers.identifiers import Identifier
from papers.importers import nbib
from papers.records import Precision, Rank, Record, UnreadableInput
from tests.papers.importers.conftest import DATA, parse, part

SMALL = (DATA / "nbib.nbib").read_bytes()
read_file = partial(parse, "nbib")


def read_one(*lines):
    (record,), rejections = read_file("\n".join(["PMID- 1", "TI  - A title.", *lines, "SO  - x\n"]))
    assert rejections == []
    return record


class TestSmallFile:
    def test_article_says_all_it_says(self):
        assert read_file(SMALL, date=date(2025, 4, 25))[0][0] == Record(
            key=read_file(SMALL)[0][0].key,
            title="Counting sheep - a controlled trial in people who are already asleep",
            abstract="BACKGROUND: Sheep are counted everywhere. METHODS: We woke the sleepers and asked. RESULTS: They "
            "were cross.",
            authors=("Käthe Maria Dösig", "Otto Jr Van Nap", "Sleepy Group", "A B Yawn"),
            identifiers=(
                Identifier("pmid", "30000001"),
                Identifier("doi", "10.5555/sheep.2018"),
                Identifier("pmcid", "PMC7000001"),
            ),
            published=date(2018, 2, 28),
            categories=("insomnia", "Sleep", "Sheep"),
            journal="Journal of rest",
            volume="12",
            issue="3",
            pages="94-103",
            urls=(
                ("page", "https://pubmed.ncbi.nlm.nih.gov/30000001/"),
                ("page", "https://pmc.ncbi.nlm.nih.gov/articles/PMC7000001/"),
                ("doi", "https://doi.org/10.5555/sheep.2018"),
            ),
            rank=Rank.PUBLISHER,
            place="line 2",
            listed=date(2025, 4, 25),
        )

    def test_translated_title_and_retraction(self):
        record = read_file(SMALL)[0][1]
        assert (record.title, record.withdrawn, record.authors) == ("On pillows", True, ("H Feder",))
        assert (record.published, record.published_precision) == (date(1976, 7, 1), Precision.MONTH)

    def test_record_without_a_title_is_named(self):
        (rejection,) = read_file(SMALL)[1]
        assert (rejection.place, rejection.reason) == ("line 43", "There is no title.")


class TestFields:
    @pytest.mark.parametrize(
        ("lines", "expected"),
        [
            (["TT  - Ueber Schafe."], "A title"),
            (["AB  - x"], "A title"),
        ],
    )
    def test_title(self, lines, expected):
        assert read_one(*lines).title == expected

    def test_own_title_where_there_is_none_in_english(self):
        (record,), _ = read_file("PMID- 1\nTI  - [Not Available].\nTT  - Ueber Schafe.\nSO  - x\n")
        assert record.title == "Ueber Schafe"

    @pytest.mark.parametrize(
        ("lines", "authors"),
        [
            (["AU  - Van Damme AB"], ("A B Van Damme",)),
            (["AU  - Smith J Jr"], ("J Smith Jr",)),
            (["AU  - Plato"], ("Plato",)),
            (["FAU - Smith, Jane", "AU  - Smith J", "FAU - Li, B", "AU  - Li B"], ("Jane Smith", "B Li")),
            (["FAU - Smith, Jane", "AU  - Smith J", "AU  - Li B"], ("Jane Smith", "B Li")),
            (["FED - Book, Editor", "ED  - Book E"], ("Editor Book",)),
            (["FAU - Smith, Jane", "FED - Book, Editor"], ("Jane Smith",)),
        ],
    )
    def test_authors(self, lines, authors):
        assert read_one(*lines).authors == authors

    @pytest.mark.parametrize(
        ("lines", "day", "precision"),
        [
            (["DP  - 2014 Dec"], (2014, 12, 1), Precision.MONTH),
            (["DP  - 2014 Dec", "DEP - 20141231"], (2014, 12, 31), Precision.DAY),
            (["DP  - 2014 Dec", "DEP - 20150101"], (2014, 12, 1), Precision.MONTH),
            (["DP  - 1990 Spring"], (1990, 1, 1), Precision.YEAR),
            (["DEP - 20141231"], (2014, 12, 31), Precision.DAY),
        ],
    )
    def test_dates(self, lines, day, precision):
        record = read_one(*lines)
        assert (record.published, record.published_precision) == (date(*day), precision)

    def test_isbn_is_of_a_book_and_not_of_its_chapter(self):
        (book,), _ = read_file(
            "PMID- 1\nBTI - The Kettle\nCTI - A Series\nISBN- 9780306406157 (hardback)\nSO  - x\n"
        )
        assert (book.title, book.journal) == ("The Kettle", "A Series")
        assert Identifier("isbn", "9780306406157") in book.identifiers
        chapter = read_one("BTI - The Kettle", "ISBN- 9780306406157")
        assert chapter.journal == "The Kettle" and [found.scheme for found in chapter.identifiers] == ["pmid"]


class TestBrokenFiles:
    def test_text_without_a_record_is_refused(self):
        with pytest.raises(UnreadableInput, match="There is no record in it"):
            read_file("banana\n" * 9)

    @pytest.mark.parametrize(
        "change", [lambda text: text.replace("\n", "\r\n"), lambda text: "\ufeff" + text.lstrip()]
    )
    def test_reads_the_same_papers(self, change):
        titles = [record.title for record in read_file(SMALL)[0]]
        assert [record.title for record in read_file(change(SMALL.decode()))[0]] == titles

    def test_records_without_blank_lines_between(self):
        records, rejections = read_file(SMALL.replace(b"\n\nPMID", b"\nPMID"))
        assert (len(records), len(rejections)) == (2, 1)

    @pytest.mark.parametrize("size", range(SMALL.index(b"PMID- 30000002"), len(SMALL) - 30, 5))
    def test_never_half_a_record(self, size):
        whole = read_file(SMALL)[0]
        records, rejections = read_file(SMALL[:size])
        assert records == whole[: len(records)]
        assert len(records) + len(rejections) >= 1

    def test_undecodable_line_costs_its_record(self):
        records, rejections = read_file(SMALL.replace(b"pillows", b"pill\x81\x8d"))
        assert records[0].title.startswith("Counting") and len(records) + len(rejections) == 3


def test_real_file(shared_data):
    records, rejections = read_file(shared_data("nbib/blue-light-80-articles-pubmed.nbib").read_bytes())
    assert (len(records), rejections) == (80, [])
    pmids = [found.value for record in records for found in record.identifiers if found.scheme == "pmid"]
    assert (len(set(pmids)), pmids[0], pmids[-1]) == (80, "29657938", "2150382")
    assert sum(bool(record.abstract) for record in records) == 77
    assert all(record.published and record.journal and not record.title.endswith(".") for record in records)


@pytest.mark.parametrize("data", [SMALL, b"\n\nPMID- 1\nTI  - x", b"PMID-123\n"])
def test_sniff_knows_it(data):
    assert nbib.sniff(data)


@pytest.mark.parametrize("data", [b"banana", b"TY  - JOUR\nTI  - x", b"PMID: 123", b"<x>\nPMID- 1"])
def test_sniff_leaves_other_text_alone(data):
    assert not nbib.sniff(data)


@pytest.mark.parametrize(
    "data",
    [b"PMID- 1\n" * 30_000, b"PMID- 1\n\nx\n" * 15_000, b"PMID- 1\nAB  - x\n" + b"      y\n" * 100_000],
    ids=["starts", "strays", "continuations"],
)
def test_work_grows_no_faster_than_the_input(data):
    part(nbib.parse(io.BytesIO(data)))

import io
from datetime import date
from functools import partial

import pytest

from papers.identifiers import Identifier
from papers.importers import ris
from papers.importers.tagged_lines import MAX_ENTRY
from papers.records import Precision, Rank, Record, UnreadableInput
from tests.papers.importers.conftest import DATA, parse, part

SMALL = (DATA / "ris.ris").read_bytes()
read_file = partial(parse, "ris")


def read_one(*lines):
    """Read one record, given by its lines besides the first and the last."""
    (record,), rejections = read_file("\n".join(["TY  - JOUR", "TI  - A Title", *lines, "ER  - \n"]))
    assert rejections == []
    return record


class TestSmallFile:
    def test_article_says_all_it_says(self):
        assert read_file(SMALL, date=date(2025, 4, 25))[0][0] == Record(
            key=read_file(SMALL)[0][0].key,
            title="Umbrellas That Remember Rain",
            abstract="We keep a diary of every shower. It is long.\n\nAn umbrella - so we find - reads it.",
            authors=("Wilma van der Drop", "Jörg Schauer Jr.", "nimbus"),
            identifiers=(Identifier("doi", "10.5555/rain.2021.7"),),
            published=date(2021, 3, 14),
            journal="Journal of Weather Diaries",
            volume="7",
            issue="2",
            pages="101-119",
            urls=(
                ("page", "https://example.org/rain"),
                ("pdf", "https://example.org/rain/full"),
                ("doi", "https://doi.org/10.5555/rain.2021.7"),
            ),
            rank=Rank.FILE,
            place="line 1",
            listed=date(2025, 4, 25),
        )

    def test_book_has_its_isbn_and_its_editor(self):
        book = read_file(SMALL)[0][1]
        assert (book.title, book.authors, book.pages) == ("The Compleat Kettle", ("Robin Boyle",), "")
        assert book.identifiers == (Identifier("isbn", "9780306406157"),)
        assert (book.published, book.published_precision) == (date(2019, 1, 1), Precision.YEAR)
        assert book.journal == "Household Physics"

    def test_chapter_has_no_isbn_and_the_book_for_a_journal(self):
        chapter = read_file(SMALL)[0][2]
        assert (chapter.title, chapter.authors) == ("Kettles at Sea", ("P. Ahab", "Q. Starbuck"))
        assert chapter.identifiers == (Identifier("pmid", "12345678"),)
        assert (chapter.journal, chapter.pages) == ("The Compleat Kettle", "12-20")
        assert (chapter.published, chapter.published_precision) == (date(2019, 5, 1), Precision.MONTH)

    def test_record_without_a_title_is_named(self):
        (rejection,) = read_file(SMALL)[1]
        assert (rejection.place, rejection.reason) == ("line 51", "There is no title.")
        assert rejection.raw.startswith("TY  - JOUR\nAU  - Nobody, A.\n")


class TestDialects:
    @pytest.mark.parametrize(
        "change",
        [
            pytest.param(lambda text: text.replace("\n", "\r\n"), id="crlf"),
            pytest.param(lambda text: "\ufeff" + text, id="bom"),
            pytest.param(lambda text: text.replace("ER  - ", "ER  -"), id="end-without-blank"),
            pytest.param(lambda text: text.replace("ER  - \n\n", "ER  - \n"), id="no-blank-lines"),
            pytest.param(lambda text: text.rstrip(), id="no-last-line-end"),
            pytest.param(
                lambda text: "Provider: Somebody\nContent: text/plain; charset=utf-8\n\n" + text, id="heading"
            ),
            pytest.param(lambda text: text.replace("ER  - \n", ""), id="no-ends"),
            pytest.param(lambda text: text.replace("  - ", " - "), id="one-blank"),
        ],
    )
    def test_reads_the_same_papers(self, change):
        def titles(text):
            return [(record.title, record.authors) for record in read_file(text)[0]], len(read_file(text)[1])

        assert titles(change(SMALL.decode())) == titles(SMALL.decode())

    def test_dash_in_a_sentence_is_no_tag(self):
        assert (
            read_one("AB  - Of it we know:", "IL - 6 is high.").abstract == "Of it we know: IL - 6 is high."
        )

    @pytest.mark.parametrize(
        ("lines", "day", "precision"),
        [
            (["PY  - 2018", "DA  - 2018/03/27"], (2018, 3, 27), Precision.DAY),
            (["PY  - 2018", "DA  - Mar 27"], (2018, 3, 27), Precision.DAY),
            (["PY  - 2018", "DA  - May-Jun"], (2018, 5, 1), Precision.MONTH),
            (["PY  - 2018", "DA  - 2019/01/02"], (2018, 1, 1), Precision.YEAR),
            (["PY  - 2018///Spring"], (2018, 1, 1), Precision.YEAR),
            (["Y1  - 2018/12//"], (2018, 12, 1), Precision.MONTH),
            (["Y1  - 2018/12/24/Christmas"], (2018, 12, 24), Precision.DAY),
            (["DA  - 2018-03-27"], (2018, 3, 27), Precision.DAY),
        ],
    )
    def test_dates(self, lines, day, precision):
        record = read_one(*lines)
        assert (record.published, record.published_precision) == (date(*day), precision)

    @pytest.mark.parametrize(
        "line", ["PY  - soon", "PY  - 99999", "DA  - May", "Y2  - 2020/01/01", "PY  - 0000"]
    )
    def test_no_date(self, line):
        assert read_one(line).published is None

    @pytest.mark.parametrize(
        ("lines", "identifiers"),
        [
            (["DO  - 10.5555/A.B"], ["doi:10.5555/a.b"]),
            (["DO  - doi:10.5555/a.b"], ["doi:10.5555/a.b"]),
            (["DO  - 10.48550/arXiv.2504.01001"], ["arxiv:2504.01001"]),
            (["M3  - 10.5555/a.b"], ["doi:10.5555/a.b"]),
            (["M3  - Article", "ID  - 895"], []),
            (["AN  - 29657938", "DP  - NLM"], ["pmid:29657938"]),
            (["AN  - 29657938"], []),
            (["C2  - PMC5887696"], ["pmcid:PMC5887696"]),
            (["C2  - 5887696"], []),
            (["UR  - https://arxiv.org/abs/2504.01001v2"], ["arxiv:2504.01001"]),
            (["UR  - https://doi.org/10.5555/a", "L2  - https://doi.org/10.5555/b"], []),
            (["DO  - 10.5555/a", "UR  - https://doi.org/10.5555/b"], ["doi:10.5555/a"]),
            (["SN  - 978-0-306-40615-7"], []),
            (["UR  - https://example.org/2504.01001"], []),
        ],
    )
    def test_identifiers(self, lines, identifiers):
        assert [str(found) for found in read_one(*lines).identifiers] == identifiers

    @pytest.mark.parametrize(
        ("lines", "pages"),
        [
            (["SP  - 479-88"], "479-88"),
            (["SP  - 5", "EP  - 9"], "5-9"),
            (["SP  - 5-9", "EP  - 9"], "5-9"),
            (["SP  - 53"], "53"),
            (["C7  - 104501"], "104501"),
        ],
    )
    def test_pages(self, lines, pages):
        assert read_one(*lines).pages == pages

    @pytest.mark.parametrize(
        ("value", "authors"),
        [
            ("van den Hoven, null", ("van den Hoven",)),
            ("null", ()),
            ("Smith, J., et al.", ("Smith, J., et al.",)),
            ("et al.", ()),
            ("The Umbrella Group", ("The Umbrella Group",)),
            ("Li, A\nLi, B", ("A Li", "B Li")),
        ],
    )
    def test_authors(self, value, authors):
        assert read_one(f"AU  - {value}").authors == authors

    def test_links_to_files_and_searches_are_left_out(self):
        record = read_one(
            "UR  - <Go to ISI>://WOS:000123", "L1  - file:///C:/Papers/a.pdf", "UR  - https://a.org/x.pdf"
        )
        assert record.urls == (("pdf", "https://a.org/x.pdf"),)


class TestBrokenFiles:
    def test_text_without_a_record_is_refused(self):
        with pytest.raises(UnreadableInput, match="There is no record in it"):
            read_file("banana\n" * 9)

    def test_missing_end_costs_nothing(self):
        records, rejections = read_file("TY  - JOUR\nTI  - One\nTY  - JOUR\nTI  - Two\nER  - \n")
        assert [record.title for record in records] == ["One", "Two"] and rejections == []

    def test_missing_type_costs_nothing(self):
        records, rejections = read_file("TY  - JOUR\nTI  - One\nER  - \nTI  - Two\nAU  - B, C\nER  - \n")
        assert [record.title for record in records] == ["One", "Two"] and rejections == []

    def test_cut_off_record_is_rejected(self):
        text = SMALL.decode()
        records, rejections = read_file(text[: text.index("PB  - Steam")])
        assert len(records) == 1
        assert rejections[0].reason == "The file ends in the middle of this record."

    @pytest.mark.parametrize("size", range(14, len(SMALL), 7))
    def test_never_half_a_record(self, size):
        whole = read_file(SMALL)[0]
        records, _ = read_file(SMALL[:size])
        if records and size > SMALL.index(b"ER  -") + 5:
            assert records == whole[: len(records)]

    def test_text_between_records_is_named(self):
        records, rejections = read_file(
            "TY  - JOUR\nTI  - One\nER  - \n\nlost words\nand more\nTY  - JOUR\nTI  - Two\nER  - "
        )
        assert [record.title for record in records] == ["One", "Two"]
        assert (rejections[0].place, rejections[0].raw) == ("line 5", "lost words\nand more")

    def test_undecodable_line_costs_its_record(self):
        records, rejections = read_file(
            b"TY  - JOUR\nTI  - One \x81\x8d\nER  - \nTY  - JOUR\nTI  - Two\nER  - \n"
        )
        assert records[-1].title == "Two" and len(records) + len(rejections) == 2

    def test_endless_record_costs_no_other(self):
        many = "AU  - A, B\n" * (MAX_ENTRY // 60)
        records, rejections = read_file(
            f"TY  - JOUR\nTI  - One\n{many}ER  - \nTY  - JOUR\nTI  - Two\nER  - \n"
        )
        assert [record.title for record in records] == ["Two"]
        assert "longer than" in rejections[0].reason

    def test_ten_thousand_authors_come_in(self):
        assert len(read_one(*(f"AU  - Family{n}, Given" for n in range(10_000))).authors) == 10_000


class TestRealFiles:
    def test_endnote(self, shared_data):
        records, rejections = read_file(shared_data("ris/blue-light-102-articles-endnote.ris").read_bytes())
        assert (len(records), rejections) == (102, [])
        assert sum(any(found.scheme == "doi" for found in record.identifiers) for record in records) == 72
        assert sum(bool(record.abstract) for record in records) == 98
        assert sum(bool(record.authors) for record in records) == 101
        assert all(record.published for record in records)

    def test_lens(self, shared_data):
        records, rejections = read_file(shared_data("ris/lens-org-100-articles-bom-crlf.ris").read_bytes())
        assert (len(records), rejections) == (100, [])
        assert (
            len({found for record in records for found in record.identifiers if found.scheme == "doi"}) == 100
        )
        assert sum(bool(record.abstract) for record in records) == 98
        names = {name for record in records for name in record.authors}
        assert "van den Hoven" in names and not any("null" in name for name in names)
        assert sum(any(kind == "pdf" for kind, _ in record.urls) for record in records) >= 62

    def test_cyrillic(self, shared_data):
        (record,), rejections = read_file(shared_data("ris/cyrillic-bom-nonstandard-type.ris").read_bytes())
        assert record.title.startswith("Состояние рецепторного аппарата") and rejections == []
        assert (record.journal, record.volume, record.issue, record.pages) == (
            "Gynecology, Obstetrics and Perinatology", "8", "3", "52-57",
        )  # fmt: skip
        assert record.authors[0] == "Yu E. Dobrokhotova"

    def test_scopus(self, shared_data):
        records, rejections = read_file(shared_data("ris/scopus-6-articles.ris").read_bytes())
        assert (len(records), rejections) == (6, [])
        assert all(record.identifiers and not record.comment for record in records)
        assert not any(record.categories for record in records)
        assert records[0].pages == "104501"


class TestSniff:
    @pytest.mark.parametrize(
        "data",
        [SMALL, b"\n\nTY  - JOUR\n", b"Provider: X\n\nTY  - JOUR", b"TY - JOUR\nTI - x\n"],
        ids=["whole", "blank-lines", "heading", "one-blank"],
    )
    def test_knows_ris(self, data):
        assert ris.sniff(data)

    @pytest.mark.parametrize(
        "data",
        [
            b"banana",
            b"PMID- 1\nTI  - x",
            b"@article{a,\n note = {\nTY  - JOUR\n}}",
            b"<a>\nTY  - JOUR\n",
            b"TY  - ",
        ],
    )
    def test_leaves_other_text_alone(self, data):
        assert not ris.sniff(data)


def test_records_come_as_they_are_read():

    stream = io.BytesIO(SMALL + b"TY  - JOUR\nTI  - x\nER  - \n" * 20_000)
    assert next(ris.parse(stream)).title.startswith("Umbrellas")
    assert stream.tell() < 200_000


@pytest.mark.parametrize(
    "data",
    [b"TY  - \n" * 30_000, b"TY  - JOUR\n" + b"\n" * 500_000, b"TY  - JOUR\nAB  - x\n" + b"y\n" * 300_000,
     b"TY  - JOUR\nER  - \n" + b"lost\n" * 100_000, b"TY  - JOUR\nAU  - " + b";" * 900_000,
     b"TY  - JOUR\n" + b"UR  - http://a/" + b"/" * 900_000],
    ids=["types", "blanks", "continuations", "strays", "names", "slashes"],
)  # fmt: skip
def test_work_grows_no_faster_than_the_input(data):
    part(ris.parse(io.BytesIO(data)))

import contextlib
import csv
import gzip
import io
from datetime import date
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papers import importers
from papers.identifiers import Identifier
from papers.importers import csv_table
from papers.records import Precision, Rank, Record, UnreadableInput
from tests.papers.importers.conftest import DATA, parse, part, thorough

SMALL = (DATA / "csv.csv").read_bytes()
read_table = partial(parse, "csv")


def read_one(**cells):
    """Read a table of one row; cells are given by the headings of their columns, `_` for a blank."""
    target = io.StringIO()
    cells = {"title": "A Title"} | {heading.replace("_", " "): cell for heading, cell in cells.items()}
    csv.writer(target).writerows([cells.keys(), cells.values()])
    (record,), rejections = read_table(target.getvalue())
    assert rejections == []
    return record


class TestSmallFile:
    def test_row_says_all_it_says(self):
        assert read_table(SMALL, date=date(2025, 4, 25))[0][0] == Record(
            key=read_table(SMALL)[0][0].key,
            title='Umbrellas, and "Rain"',
            abstract="We keep a diary. It has two lines, and a comma.",
            authors=("Wilma van der Drop", "Jörg Schauer"),
            identifiers=(Identifier("doi", "10.5555/rain.2021.7"),),
            published=date(2021, 1, 1),
            published_precision=Precision.YEAR,
            journal="Weather Diaries",
            volume="7",
            issue="2",
            pages="101-119",
            urls=(("pdf", "https://example.org/rain.pdf"), ("doi", "https://doi.org/10.5555/rain.2021.7")),
            rank=Rank.FILE,
            place="line 3",
            listed=date(2025, 4, 25),
        )

    def test_bad_rows_are_named_with_their_lines(self):
        assert [(each.place, each.reason) for each in read_table(SMALL)[1]] == [
            ("line 6", "There is no title."),
            ("line 7", "The row has 2 cells, and the heading 12."),
        ]

    def test_columns_are_guessed_with_samples(self):
        found = csv_table.guess_columns(io.BytesIO(SMALL))
        assert (found.delimiter, found.line, found.fields[:3]) == (",", 2, ("title", "authors", "year"))
        assert found.headings[-1] == "Notes" and found.fields[-1] == ""
        assert found.samples[0][0] == 'Umbrellas, and "Rain"' and len(found.samples) == 3
        assert importers.guess_columns(io.BytesIO(gzip.compress(SMALL))) == found

    def test_guess_confirmed_reads_the_same(self):
        columns = csv_table.guess_columns(io.BytesIO(SMALL)).mapping
        assert read_table(SMALL, columns=columns) == read_table(SMALL)
        assert part(importers.read(io.BytesIO(SMALL), columns=columns)) == read_table(SMALL)


class TestHeadings:
    @pytest.mark.parametrize(
        ("heading", "mapping"),
        [
            pytest.param(
                '"Authors","Author full names","Author(s) ID","Title","Year","Source title","Volume","Issue",'
                '"Art. No.",'
                '"Page start","Page end","Page count","Cited by","DOI","Link","Abstract","Author Keywords","ISBN",'
                '"Document Type"',
                {
                    "authors": "Author full names", "title": "Title", "year": "Year", "journal": "Source title",
                    "volume": "Volume", "issue": "Issue", "article_number": "Art. No.", "first_page": "Page start",
                    "last_page": "Page end", "doi": "DOI", "url": "Link", "abstract": "Abstract",
                    "isbn": "ISBN", "type": "Document Type",
                },
                id="scopus",
            ),
            pytest.param(
                "PT\tAU\tAF\tTI\tSO\tDE\tAB\tPY\tVL\tIS\tBP\tEP\tAR\tDI\tPM",
                {
                    "type": "PT", "authors": "AF", "title": "TI", "journal": "SO", "abstract": "AB",
                    "year": "PY", "volume": "VL", "issue": "IS", "first_page": "BP", "last_page": "EP",
                    "article_number": "AR", "doi": "DI", "pmid": "PM",
                },
                id="web-of-science-tags",
            ),
            pytest.param(
                '"Key","Item Type","Publication Year","Author","Title","Publication Title","ISBN","ISSN","DOI","Url",'
                '"Abstract Note","Date","Pages","Issue","Volume","Manual Tags"',
                {
                    "type": "Item Type", "year": "Publication Year", "authors": "Author", "title": "Title",
                    "journal": "Publication Title", "isbn": "ISBN", "doi": "DOI", "url": "Url",
                    "abstract": "Abstract Note", "date": "Date", "pages": "Pages", "issue": "Issue", "volume": "Volume",
                },
                id="zotero",
            ),
            pytest.param(
                "Authors,Title,Publication,Volume,Number,Pages,Year,Publisher",
                {
                    "authors": "Authors", "title": "Title", "journal": "Publication", "volume": "Volume",
                    "issue": "Number", "pages": "Pages", "year": "Year",
                },
                id="google-scholar",
            ),
            pytest.param(
                "PMID,Title,Authors,Citation,First Author,Journal/Book,Publication Year,Create Date,PMCID,NIHMS ID,DOI",
                {
                    "pmid": "PMID", "title": "Title", "authors": "Authors", "journal": "Journal/Book",
                    "year": "Publication Year", "pmcid": "PMCID", "doi": "DOI",
                },
                id="pubmed",
            ),
            pytest.param(
                "Titel;Autoren;Jahr;Zeitschrift",
                {"title": "Titel", "authors": "Autoren", "year": "Jahr", "journal": "Zeitschrift"},
                id="german",
            ),
            pytest.param("id|TITLE|année", {"title": "TITLE", "year": "année"}, id="bars"),
            pytest.param(
                "title,title,,year",
                {"title": "title", "year": "year"},
                id="twice-and-empty",
            ),
        ],
    )  # fmt: skip
    def test_are_known(self, heading, mapping):
        found = csv_table.guess_columns(io.BytesIO(heading.encode() + b"\n"))
        assert found.mapping == mapping
        assert csv_table.sniff(heading.encode())
        assert len(set(found.headings)) == len(found.headings)

    def test_missing_one_is_explained(self):
        with pytest.raises(
            UnreadableInput, match=r"no heading that says which column is the title.*“1”, “Rain”"
        ):
            read_table("1,Rain,2021\n2,Snow,2022\n")

    def test_line_of_excel_is_passed_over(self):
        assert read_table("sep=;\ntitle;year\nRain, and more;2021\n")[0][0].title == "Rain, and more"

    @pytest.mark.parametrize("delimiter", csv_table.DELIMITERS)
    def test_unknown_ones_are_left_to_people(self, delimiter):
        table = (
            delimiter.join(("Název", "Kdo", "Rok")) + "\n" + delimiter.join(("Déšť", "Kapka", "2021")) + "\n"
        )
        found = csv_table.guess_columns(io.BytesIO(table.encode()))
        assert (found.headings, found.mapping) == (("Název", "Kdo", "Rok"), {})
        assert found.samples == (("Déšť", "Kapka", "2021"),)

    @pytest.mark.parametrize("content", [b"", b"\n\n", b"Rain\nSnow\n"])
    def test_one_column_is_no_table_to_ask_about(self, content):
        with pytest.raises(UnreadableInput, match="no heading"):
            csv_table.guess_columns(io.BytesIO(content))


class TestConfirmedColumns:
    TABLE = "What;Who;When\nRain;Drop, W.;2021\n"

    def test_are_read(self):
        (record,), _ = read_table(self.TABLE, columns={"title": "What", "authors": "Who", "year": "When"})
        assert (record.title, record.authors, record.published) == ("Rain", ("W. Drop",), date(2021, 1, 1))

    def test_guess_does_not_add_to_them(self):
        (record,), _ = read_table("title,year\nRain,2021\n", columns={"title": "title"})
        assert record.published is None

    def test_missing_one_is_explained(self):
        with pytest.raises(
            UnreadableInput, match=r"no column with the heading “Where”\. It has “What”, “Who”, “When”"
        ):
            read_table(self.TABLE, columns={"title": "What", "journal": "Where"})

    def test_second_of_the_same_headings(self):
        table = "title,title\nfirst,second\n"
        (record,), _ = read_table(table, columns={"title": "title (column 2)"})
        assert record.title == "second"

    @pytest.mark.parametrize(
        ("columns", "message"),
        [
            ({"titel": "What"}, "There is no field 'titel'"),
            ({"authors": "Who"}, "Say which column is the title"),
            ({"title": ""}, "Say which column is the title"),
            (["title"], "Columns are fields"),
            ({"title": 1}, "Columns are fields"),
            (None, "Columns are fields"),
        ],
    )
    def test_are_checked(self, columns, message):
        with pytest.raises(UnreadableInput, match=message):
            csv_table.check_columns(columns)

    def test_empty_ones_are_left_out(self):
        assert csv_table.check_columns({"title": " What ", "year": ""}) == {"title": "What"}


class TestCells:
    @pytest.mark.parametrize(
        ("cells", "authors"),
        [
            ("Labanski A., Langhorst J.", ("A. Labanski", "J. Langhorst")),
            ("Smith, John", ("John Smith",)),
            ("Smith, J., Jones, K. L.", ("J. Smith", "K. L. Jones")),
            (
                "Labanski, Alexandra (57193456); Langhorst, Jost (7003)",
                ("Alexandra Labanski", "Jost Langhorst"),
            ),
            ("Shahtalebi MA, Asghari GR", ("M A Shahtalebi", "G R Asghari")),
            ("A Vaswani, N Shazeer, …", ("A Vaswani", "N Shazeer")),
            ("['Alice Lidell', \"Bob O'Neil\"]", ("Alice Lidell", "Bob O'Neil")),
            (
                "Ada Lovelace, Charles Babbage and Mary Somerville",
                ("Ada Lovelace", "Charles Babbage", "Mary Somerville"),
            ),
            ("Vaswani, Ashish and Shazeer, Noam", ("Ashish Vaswani", "Noam Shazeer")),
            ("Drop, W.; et al.", ("W. Drop",)),
            ("", ()),
            ("nan", ()),
        ],
    )
    def test_authors(self, cells, authors):
        assert read_one(authors=cells).authors == authors

    @pytest.mark.parametrize(
        ("cells", "day", "precision"),
        [
            ({"date": "2021-03-14"}, date(2021, 3, 14), Precision.DAY),
            ({"year": "2021", "date": "Mar 14"}, date(2021, 3, 14), Precision.DAY),
            ({"year": "2021", "date": "2019-01-01"}, date(2021, 1, 1), Precision.YEAR),
            ({"year": "2021.0"}, date(2021, 1, 1), Precision.YEAR),
            ({"year": "99999"}, None, Precision.DAY),
        ],
    )
    def test_dates(self, cells, day, precision):
        record = read_one(**cells)
        assert (record.published, record.published_precision) == (day, precision)

    @pytest.mark.parametrize(
        ("cells", "identifiers"),
        [
            ({"doi": "doi:10.5555/A"}, ["doi:10.5555/a"]),
            ({"arxiv_id": "2504.01001v2"}, ["arxiv:2504.01001"]),
            ({"pmid": "123.0"}, ["pmid:123"]),
            ({"identifiers": "doi:10.5555/a; arxiv:2504.01001"}, ["doi:10.5555/a", "arxiv:2504.01001"]),
            ({"isbn": "978-0-306-40615-7", "item_type": "book"}, ["isbn:9780306406157"]),
            ({"isbn": "978-0-306-40615-7", "item_type": "conferencePaper"}, []),
            ({"isbn": "978-0-306-40615-7"}, []),
            ({"url": "https://arxiv.org/abs/2504.01001"}, ["arxiv:2504.01001"]),
            ({"doi": "none"}, []),
        ],
    )
    def test_identifiers(self, cells, identifiers):
        assert [str(found) for found in read_one(**cells).identifiers] == identifiers

    def test_pages_in_two_columns(self):
        assert read_one(page_start="5", page_end="9.0").pages == "5-9"
        assert read_one(article_number="104501").pages == "104501"

    def test_mark_up_is_read(self):
        record = read_one(title="The <i>Umbrella</i> &amp; I", abstract="<p>One.</p><p>Two, k < 3.</p>")
        assert (record.title, record.abstract) == ("The Umbrella & I", "One.\n\nTwo, k < 3.")


class TestRows:
    @pytest.mark.parametrize(
        "change",
        [
            pytest.param(lambda text: text.replace("\n", "\r\n"), id="crlf"),
            pytest.param(lambda text: text.replace("\n", "\r"), id="cr"),
            pytest.param(lambda text: "\ufeff" + text, id="bom"),
            pytest.param(lambda text: text.replace("\n", "\n\n,,,,\n"), id="empty-rows"),
            pytest.param(lambda text: text.rstrip("\n"), id="no-last-line-end"),
            pytest.param(
                lambda text: text.replace("Plain", '"Plain"').replace("2020", '"2020"'), id="quoted"
            ),
            pytest.param(
                lambda text: text.replace(",20", ', "20').replace("\n", '"\n').replace('year"', "year"),
                id="blanks",
            ),
            pytest.param(lambda text: text.replace(",20", "\t20").replace("title,", "title\t"), id="tabs"),
            pytest.param(lambda text: text.replace("2020", "2020,,,"), id="more-empty-cells"),
        ],
    )
    def test_reads_the_same_papers(self, change):
        records, rejections = read_table(change("title,year\nPlain,2020\nOther,2021\n"))
        assert [(record.title, record.published.year) for record in records] == [
            ("Plain", 2020),
            ("Other", 2021),
        ]
        assert rejections == []

    @pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
    def test_encodings(self, encoding):
        assert read_table("title,year\nBücher,2020\n".encode(encoding))[0][0].title == "Bücher"

    @pytest.mark.parametrize(
        ("table", "titles", "rejected"),
        [
            ('title,year\n"Foo" and Bar,2020\nB,2021\n', ['"Foo" and Bar', "B"], []),
            ('title,year\n5" Disks,2020\nB,2021\n', ['5" Disks', "B"], []),
            ('title,year\n"Open,2020\nB,2021\n', ['"Open', "B"], []),
            ('title,year\n"Open, or not,2020\nB,2021\n"C",2022\n', ["B", "C"], ["line 2"]),
            ('title\tyear\n"Open\t2020\nB "x"\t2021\n', ['"Open', 'B "x"'], []),
            ('title,year\n"A\n\nB",2020\n', ["A B"], []),
            ('title,year\nA,2020,extra\nB,2021\n', ["B"], ["line 2"]),
            ('title,year,note\nA,2020\nB,2021,x\n', ["A", "B"], []),
            ('title,year,abstract\nA,2020\nB,2021,x\n', ["B"], ["line 2"]),
        ],
        ids=["quoted-start", "inch", "open", "open-comma", "tabs", "empty-line", "too-many", "unread", "too-few"],
    )  # fmt: skip
    def test_ragged_and_broken(self, table, titles, rejected):
        records, rejections = read_table(
            table + ('"Last",2023,y\n' if "note" in table or "abstract" in table else "")
        )
        assert [record.title for record in records if record.title != "Last"] == titles
        assert [each.place for each in rejections] == rejected

    def test_cell_of_a_megabyte_costs_one_row(self):
        records, rejections = read_table('title,year\n"' + "x" * 900_000 + '",2020\nB,2021\n')
        assert [record.title for record in records] == ["B"]
        assert "900,000 characters" in rejections[0].reason
        records, rejections = read_table('title,year\n"' + "x\n" * 200_000 + '",2020\nB,2021\n')
        assert [record.title for record in records] == ["B"] and len(rejections) == 1

    @thorough
    @given(
        rows=st.lists(
            st.tuples(*[st.text(st.sampled_from("ab \",;\t|\n\r'ü"), max_size=12)] * 2),
            min_size=1,
            max_size=8,
        ),
        delimiter=st.sampled_from(csv_table.DELIMITERS),
    )
    def test_reads_what_a_program_writes(self, rows, delimiter):
        target = io.StringIO()
        writer = csv.writer(target, delimiter=delimiter, quoting=csv.QUOTE_ALL)
        writer.writerow(["title", "journal"])
        writer.writerows([f"x{title}y", f"u{journal}v"] for title, journal in rows)
        records, rejections = read_table(target.getvalue())
        assert rejections == []
        assert [(record.title, record.journal) for record in records] == [
            (" ".join(f"x{title}y".split()), " ".join(f"u{journal}v".split())) for title, journal in rows
        ]


class TestSniff:
    @pytest.mark.parametrize(
        "data", [SMALL, b"title,doi\n", b"\xef\xbb\xbftitle;year\r\n".decode("utf-8-sig").encode()]
    )
    def test_knows_tables(self, data):
        assert csv_table.sniff(data)

    @pytest.mark.parametrize(
        "data",
        [b"banana", b"a,b\n1,2\n", b"title\nRain\n", b'{"title": "x", "year": 1}', b"@article{title, year}"],
    )
    def test_leaves_other_text_alone(self, data):
        assert not csv_table.sniff(data)


def test_rows_come_as_they_are_read():
    stream = io.BytesIO(SMALL + b"x,y,2020,,,,,,,,,\n" * 100_000)
    assert isinstance(next(csv_table.parse(stream)), Record)
    assert stream.tell() < 500_000


@pytest.mark.parametrize(
    "data",
    [
        b'title,year\n"a\n' + b'b","c\n' * 200_000,
        b'title,year\n' + b'"a\n' * 200_000,
        b'title,year\n"' + b"a\n" * 500_000,
        b'title,year\n"' + b'""' * 400_000,
        b"title,year\n" + b"," * 900_000,
        b'title,year,"' + b'","' * 200_000,
        b"title,authors\n" + b"x," + b"[" + b"'" * 400_000 + b"]",
        b"title,authors\nx," + b"a. " * 300_000,
    ],
    ids=["chain", "opens", "open", "doubled", "cells", "heading", "list", "initials"],
)  # fmt: skip
def test_work_grows_no_faster_than_the_input(data):
    with contextlib.suppress(UnreadableInput):
        part(csv_table.parse(io.BytesIO(data)))

import contextlib
import io
import time
import tracemalloc
from datetime import date
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papers.identifiers import Identifier
from papers.importers import bibtex
from papers.importers import bibtex_entries as syntax
from papers.importers.bibtex_entries import MAX_ENTRY, Entry, read_entries
from papers.records import Precision, Rank, Record, UnreadableInput
from tests.papers.importers.conftest import DATA, parse, thorough

SMALL = (DATA / "bibtex.bib").read_bytes()
read_file = partial(parse, "bibtex")


def read_one(*fields, type="article"):
    """Read one entry, given by its fields besides the title."""
    (record,), rejections = read_file(f"@{type}{{key, title = {{A Title}}, {', '.join(fields)}}}")
    assert rejections == []
    return record


def entries_of(text, size=65_536):
    return list(read_entries(text[start : start + size] for start in range(0, len(text), size)))


class TestSmallFile:
    def test_article_says_all_it_says(self):
        assert read_file(SMALL, date=date(2025, 4, 25))[0][0] == Record(
            key=read_file(SMALL)[0][0].key,
            title="Umbrellas That Remember Rain – 50% More",
            abstract="We keep a diary of every shower.\n\nIt is long.",
            authors=("Wilma van der Drop", "Jörg Schäuer Jr.", "Nimbus and Sons"),
            identifiers=(Identifier("doi", "10.5555/rain.2021_7"), Identifier("pmid", "12345678")),
            published=date(2021, 3, 14),
            journal="Journal of Weather Diaries",
            volume="7",
            issue="2",
            pages="101-119",
            urls=(("page", "https://example.org/rain"), ("doi", "https://doi.org/10.5555/rain.2021_7")),
            rank=Rank.FILE,
            place="line 11, drop:2021",
            listed=date(2025, 4, 25),
        )

    def test_chapter_takes_the_book_that_comes_later_but_not_its_isbn(self):
        chapter = read_file(SMALL)[0][1]
        assert (chapter.title, chapter.journal) == ('Kettles (at "sea")', "The Compleat Kettle: A Handbook")
        assert (chapter.authors, chapter.pages) == (("P. Ahab", "Q. Starbuck"), "3")
        assert (chapter.published, chapter.published_precision) == (date(1999, 1, 1), Precision.YEAR)
        assert chapter.identifiers == ()

    def test_book_has_its_isbn_its_editor_and_its_series(self):
        book = read_file(SMALL)[0][2]
        assert (book.title, book.authors) == ("The Compleat Kettle: A Handbook", ("Robin Boyle",))
        assert book.identifiers == (Identifier("isbn", "9780306406157"),)
        assert book.journal == "Household Physics"

    def test_preprint_without_a_key_has_its_revision(self):
        preprint = read_file(SMALL)[0][3]
        assert preprint.identifiers == (Identifier("arxiv", "2504.12345"),)
        assert (preprint.revision, preprint.categories) == (3, ("physics.flu-dyn",))
        assert (preprint.published, preprint.place) == (date(2025, 4, 16), "line 48")

    def test_faults_are_rejected_with_line_and_key(self):
        records, rejections = read_file(SMALL)
        assert len(records) == 5
        assert [(found.place, found.reason) for found in rejections] == [
            ("line 56, broken", "It does not end before the next entry begins: a bracket is missing."),
            ("line 62, untitled", "There is no title."),
            (
                "crossref",
                "Some entries that others refer to are not in the file, so book titles, years or volumes may be "
                "missing: nowhere (line 61).",
            ),
        ]


class TestSyntax:
    @pytest.mark.parametrize(
        ("text", "fields"),
        [
            ('@a{k, x = {a {b} c}, Y = "d {"} e", z = 12}', {"x": "a {b} c", "y": 'd {"} e', "z": "12"}),
            ("@a(k, x = {)}, y = \")\")", {"x": ")", "y": ")"}),
            ("@a{k,x={1}}", {"x": "1"}),
            ("@a{ x = {1}, y = {2} }", {"x": "1", "y": "2"}),
            ("@a{k}", {}),
            ("@a{k,}", {}),
            ("@ a { k , x = 1 , , y = 2 , }", {"x": "1", "y": "2"}),
            ("@a{k, x = {1} y = {2}\n z = 3\n}", {"x": "1", "y": "2", "z": "3"}),
            ("@a{k, x = , y = 2}", {"x": "", "y": "2"}),
            ("@a{k, x = 1, x = 2}", {"x": "1"}),
            ("@a{k,\n% one, {two}\nx = {1} % y = 2,\n, %% three\n}", {"x": "1"}),
            ("@a{k, x = 12--15, y = Some bare words, z = 3}", {"x": "12--15", "y": "Some bare words", "z": "3"}),
            ("@a{k, x = {100% of\nit} # JAN # 1 # \" \" # AIJ}", {"x": "100% of\nitJanuary1 AIJ"}),
            ("@a{k, x = {a@b.org}, y = {\n@c}}", {"x": "a@b.org", "y": "\n@c"}),
            ("@a{k, eprint:x-y_z.1 = {1}}", {"eprint:x-y_z.1": "1"}),
            ("@string{a-B = {1}}\n@STRING(c = a-b # {2})@x{k, x = A-b # C}", {"x": "112"}),
            ("% @a{no, x = 1}\nme@home.org @ @a @a{k, x = 1} @comment{@a{no, x = 2}} % {", {"x": "1"}),
            ("@Comment Len\n@comment { unclosed\n@a{k, x = 1}", {"x": "1"}),
            ("@preamble{\"\\@ifundefined{url}{\\newcommand{\\url}[1]{\\texttt{#1}}}{}\"}@a{k, x = 1}", {"x": "1"}),
        ],
    )  # fmt: skip
    @pytest.mark.parametrize("size", [1, 2, 7, 65_536])
    def test_fields(self, text, fields, size, monkeypatch):
        monkeypatch.setattr(syntax, "CHUNK", size)
        (entry,) = entries_of(text, size)
        assert isinstance(entry, Entry), entry
        assert entry.fields == fields

    @pytest.mark.parametrize(
        ("written", "key"),
        [
            ("Smith:2003-a", "Smith:2003-a"),
            ("", ""),
            ("books/mk/Ginsberg93", "books/mk/Ginsberg93"),
            ("凯撒2013", "凯撒2013"),
            ("a key with blanks", "a key with blanks"),
            ("O'Neil+2", "O'Neil+2"),
        ],
    )
    def test_keys(self, written, key):
        (entry,) = entries_of(f"@a{{{written}, x = 1}}")
        assert entry.key == key

    @pytest.mark.parametrize(
        ("broken", "reason"),
        [
            ("@a{k, x = {1, y = 2}\n", "It does not end before the next entry"),
            ("@a(k, x = {1}, y = 2\n", "It does not end before the next entry"),
            ('@a(k, x = "1, y = 2)\n', "It does not end before the next entry"),
            ("@a{k, x = {1}}, y = {2}}\n", "It has a closing bracket too many"),
            ("@a(k, x = 1} )\n", "A brace is closed in it that was not opened."),
            ("@a{k, {1}}\n", "A field was expected at '{1}}'."),
            ("@a{k, x = 1, y}\n", "A field was expected after 'x' at 'y}'."),
            ("@a{k, x = {1} {2}}\n", "The value of 'x' ends before '{2}}'."),
            ('@a{k, x = "1}\n', "The value of 'x' has brackets or quotation marks"),
            ("@a{k, x = #}\n", "The value of 'x' cannot be read at '#}'."),
        ],
    )
    @pytest.mark.parametrize("size", [1, 65_536])
    def test_broken_entry_costs_itself_only(self, broken, reason, size):
        text = f"@a{{one, x = 1}}\n{broken}  @b{{two, y = 2}}\n@c{{three,}}"
        one, fault, two, three = entries_of(text, size)
        assert [found.key for found in (one, two, three)] == ["one", "two", "three"]
        assert (fault.key, fault.line) == ("k", 2)
        assert fault.reason.startswith(reason)
        assert fault.raw.startswith("@a")
        assert broken.startswith(fault.raw.rstrip())
        assert (two.line, three.line) == (3, 4)

    @pytest.mark.parametrize("text", ["@a{k, x = {1}", "@a(k, x = 1", "@a{", "@a{k, x = {"])
    def test_entry_at_the_end_of_a_file_that_was_cut_off(self, text):
        (fault,) = entries_of(text)
        assert fault.reason == "It has no end: the file is cut off, or a bracket is missing."

    def test_entry_without_a_key_ends_the_one_before_it(self):
        fault, entry = entries_of("@a{k, x = {1\n@b{\n y = 2}")
        assert (fault.key, entry.type, entry.fields) == ("k", "b", {"y": "2"})

    @pytest.mark.parametrize("size", [1, 3, 100])
    def test_lines_are_counted_across_pieces(self, size, monkeypatch):
        monkeypatch.setattr(syntax, "CHUNK", size)
        text = "".join(f"% {'comment ' * (number % 7)}\n@a{{k{number},\n x = 1}}\n\n" for number in range(60))
        assert [found.line for found in entries_of(text, size)] == [4 * number + 2 for number in range(60)]

    @pytest.mark.parametrize("size", [1, 5, 64, 65_536])
    def test_long_entries_lie_across_pieces(self, size, monkeypatch):
        """Longer than what is looked at ahead, so that more is read while one is being cut."""
        monkeypatch.setattr(syntax, "CHUNK", size)
        long = "many words\n" * 200
        text = f"@a{{one, x = {{{long}}}}}\n@a{{two, x = {{{long}\n      @b{{three, y = 1}}"
        one, two, three = entries_of(text, size)
        assert one.fields == {"x": long}
        assert two.reason.startswith("It does not end before the next entry")
        assert [found.line for found in (one, two, three)] == [1, 202, 403]

    def test_long_comment_lines_are_passed_over(self):
        text = f"% {'@a{no, x = 1} ' * 50_000}\n@a{{yes, x = 1}}"
        assert [(found.key, found.line) for found in entries_of(text)] == [("yes", 2)]

    def test_strings_that_double_stay_within_bounds(self):
        text = "@string{a = {" + "x" * 100 + "}}\n" + "@string{a = a # a}\n" * 60 + "@a{k, x = a # a}"
        found = entries_of(text)
        assert len(found) > 40
        assert {each.reason for each in found} == {f"It is longer than {MAX_ENTRY:,} characters."}


class TestFields:
    @pytest.mark.parametrize(
        ("written", "authors"),
        [
            ("Knuth, Donald E. AND Leslie\nLamport", ["Donald E. Knuth", "Leslie Lamport"]),
            ("van den Hoven, Jeroen and Ludwig van Beethoven", ["Jeroen van den Hoven", "Ludwig van Beethoven"]),
            ("King, Jr., Martin Luther", ["Martin Luther King Jr."]),
            ("{Barnes and Noble, Inc.} and {\\'E}mile Zola", ["Barnes and Noble, Inc.", "Émile Zola"]),
            ("{van der} Berg, Jan", ["Jan van der Berg"]),
            ("Andersen, Sandra and others", ["Sandra Andersen"]),
            ("Miller, D., Firby, J.", ["D. Miller", "J. Firby"]),
            ("given=Hans, family=Harman, prefix=von, useprefix=true", ["Hans von Harman"]),
            ("L[eslie] A. Aamport", ["L[eslie] A. Aamport"]),
            ("M\\\"{u}ller, J\\\"org and \\v{Z}i\\v{z}ek, S.", ["Jörg Müller", "S. Žižek"]),
            ("and Someone and", ["Someone"]),
            ("", []),
        ],
    )  # fmt: skip
    def test_authors(self, written, authors):
        assert list(read_one(f"author = {{{written}}}").authors) == authors

    def test_editors_stand_for_the_authors_of_whole_works_only(self):
        assert read_one("editor = {Robin Boyle}", type="proceedings").authors == ("Robin Boyle",)
        assert read_one("editor = {Robin Boyle}", type="inproceedings").authors == ()
        assert read_one("editor = {Robin Boyle}", type="article").authors == ()

    @pytest.mark.parametrize(
        ("fields", "day", "precision"),
        [
            ("date = {1979-01-02/1980-04-08}", date(1979, 1, 2), Precision.DAY),
            ("date = {2016-02}", date(2016, 2, 1), Precision.MONTH),
            ("year = 1986, month = jul", date(1986, 7, 1), Precision.MONTH),
            ("year = 1986, month = 7, day = 3", date(1986, 7, 3), Precision.DAY),
            ("year = 1986, month = {July 3}", date(1986, 7, 3), Precision.DAY),
            ('year = 1986, month = "8~" # jul', date(1986, 7, 8), Precision.DAY),
            ("year = {1985a}", date(1985, 1, 1), Precision.YEAR),
            ("year = {{\\noopsort{1973b}}1973}", date(1973, 1, 1), Precision.YEAR),
            ("year = {2001-05-06}", date(2001, 5, 6), Precision.DAY),
            ("year = {forthcoming}", None, Precision.DAY),
            ("year = 99999", None, Precision.DAY),
        ],
    )
    def test_days(self, fields, day, precision):
        record = read_one(fields)
        assert (record.published, record.published_precision) == (day, precision)

    @pytest.mark.parametrize(
        ("fields", "identifiers", "revision"),
        [
            ("eprint = {math/0307200v3}, eprinttype = {arxiv}", ["arxiv:math/0307200"], 3),
            ("eprint = {1401.2910}, archivePrefix = {arXiv}", ["arxiv:1401.2910"], None),
            ("eprint = {1401.2910}", ["arxiv:1401.2910"], None),
            ("eprint = {1401.2910}, eprinttype = {jstor}", [], None),
            ("eprint = {12345678}, eprinttype = {pubmed}", ["pmid:12345678"], None),
            ("arxivId = {1401.2910v2}", ["arxiv:1401.2910"], 2),
            ("journal = {arXiv preprint arXiv:1412.6980}", ["arxiv:1412.6980"], None),
            ("journal = {CoRR}, volume = {abs/1412.6980}", ["arxiv:1412.6980"], None),
            ("note = {arXiv:1412.6980v1 [cs.LG]}", ["arxiv:1412.6980"], 1),
            ("note = {Builds on arXiv:1412.6980 in part}", [], None),
            ("url = {http://arxiv.org/abs/1401.2910}", ["arxiv:1401.2910"], None),
            ("doi = {http://dx.doi.org/10.1000/A\\_b}", ["doi:10.1000/a_b"], None),
            ("doi = {10.48550/arXiv.1412.6980}", ["arxiv:1412.6980"], None),
            ("doi = {10.1000/a}, url = {https://doi.org/10.1000/b}", ["doi:10.1000/a"], None),
            ("url = {https://doi.org/10.1000/b}", ["doi:10.1000/b"], None),
            ("howpublished = {\\url{https://openreview.net/forum?id=HkghWScuoQ}}", ["openreview:HkghWScuoQ"], None),
            ("pmid = {123}, pmcid = {PMC456}", ["pmid:123", "pmcid:PMC456"], None),
            ("isbn = {0-306-40615-2}, issn = {1234-5678}", [], None),
        ],
    )  # fmt: skip
    def test_identifiers(self, fields, identifiers, revision):
        record = read_one(fields)
        assert [str(found) for found in record.identifiers] == identifiers
        assert record.revision == revision

    def test_preprint_server_is_no_journal(self):
        for journal in ("arXiv preprint arXiv:1412.6980", "CoRR", "arXiv", "ArXiv e-prints"):
            record = read_one(f"journal = {{{journal}}}, volume = {{abs/1412.6980}}")
            assert (record.journal, record.volume) == ("", "")

    @pytest.mark.parametrize(
        ("type", "has_isbn"),
        [("book", True), ("Proceedings", True), ("inbook", False), ("incollection", False)],
    )
    def test_isbn_is_of_whole_books(self, type, has_isbn):
        assert bool(read_one("isbn = {0-306-40615-2 and 0306406152}", type=type).identifiers) is has_isbn

    def test_chapter_with_the_doi_of_its_book_as_address_has_no_doi(self):
        record = read_one("url = {https://doi.org/10.1000/book}", type="inbook")
        assert record.identifiers == ()
        assert record.urls == (("doi", "https://doi.org/10.1000/book"),)

    @pytest.mark.parametrize(
        ("type", "journal"),
        [("article", "The Journal"), ("inproceedings", "Proceedings: Part 2"), ("book", "Series")],
    )
    def test_what_a_work_stands_in(self, type, journal):
        fields = (
            "journal = {The Journal}, booktitle = {Proceedings}, booksubtitle = {Part 2}, series = {Series}"
        )
        assert read_one(fields, type=type).journal == journal

    @pytest.mark.parametrize(
        ("pages", "read"),
        [("3--46", "3-46"), ("620 - 652", "620-652"), ("2--2", "2"), ("e1", "e1"), ("", "")],
    )
    def test_pages(self, pages, read):
        assert read_one(f"pages = {{{pages}}}").pages == read

    def test_local_files_and_notes_are_not_read(self):
        record = read_one(
            "file = {:papers/a.pdf:PDF}, url = {file:///papers/a.pdf}, annote = {mine}, note = {mine}"
        )
        assert (record.urls, record.comment) == ((), "")

    def test_article_printed_without_a_title_is_named_by_its_place(self):
        fields = "journal = {J}, volume = 24, number = 3, pages = {306--310}"
        (record,), _ = read_file(f"@article{{k, author = {{Someone}}, title = {{}}, {fields}}}")
        assert record.title == "[J 24(3), 306-310]"
        assert read_file(f"@article{{k, {fields}}}")[0] == []

    def test_title_over_the_bound_is_rejected_and_not_cut(self):
        records, (rejection,) = read_file(f"@a{{k, title = {{{'T' * 2_001}}}}}@a{{l, title = {{B}}}}")
        assert [record.title for record in records] == ["B"]
        assert (rejection.place, rejection.reason[:9]) == ("line 1, k", "The title")


class TestReferences:
    def test_volume_of_a_series_takes_its_main_title_and_not_its_title(self):
        (volume, whole), _ = read_file(
            "@book{v, title = {Volume One}, crossref = {s}}"
            "@mvbook{s, title = {All of It}, author = {A. B.}, year = 1990}"
        )
        assert (volume.title, volume.journal, volume.authors) == ("Volume One", "All of It", ("A. B.",))
        assert whole.title == "All of It"

    def test_parents_may_have_parents(self):
        (paper, *_), rejections = read_file(
            "@inproceedings{p, title = {P}, crossref = {v}} @proceedings{v, title = {V}, crossref = {s}}"
            "@mvproceedings{s, title = {S}, date = {1999-08}}"
        )
        assert (paper.journal, paper.published) == ("V", date(1999, 8, 1))
        assert rejections == []

    def test_parents_may_come_first_and_keys_differ_in_case(self):
        _, paper = read_file(
            "@proceedings{V, title = {T}, booktitle = {B}} @inproceedings{p, title = {P}, crossref = {v}}"
        )[0]
        assert paper.journal == "B"

    def test_xdata_gives_everything_and_is_no_paper(self):
        (record,), rejections = read_file(
            "@xdata{n, author = {A. B.}, xdata = {m}} @xdata{m, title = {T}, date = {2001}} @book{k, xdata = {n}}"
        )
        assert (record.title, record.authors, record.published) == ("T", ("A. B.",), date(2001, 1, 1))
        assert rejections == []

    def test_circles_are_cut(self):
        records, rejections = read_file(
            "@book{a, title = {A}, crossref = {b}} @book{b, title = {B}, crossref = {a}}"
            "@book{c, title = {C}, crossref = {c}}"
            "@xdata{x, xdata = {y}} @xdata{y, xdata = {x}} @book{d, title = {D}, xdata = {x}}"
        )
        assert [record.title for record in records] == ["A", "B", "C", "D"]
        assert rejections == []

    def test_identifiers_and_addresses_are_never_taken_over(self):
        chapter, _ = read_file(
            "@incollection{c, title = {C}, crossref = {b}}"
            "@collection{b, title = {B}, doi = {10.1000/b}, isbn = {0306406152}, pages = {1--2},"
            "url = {https://example.org/b}}"
        )[0]
        assert (chapter.identifiers, chapter.urls, chapter.pages) == ((), (), "")

    def test_title_of_a_parent_is_not_that_of_a_child(self):
        records, (rejection,) = read_file("@inproceedings{c, crossref = {b}} @proceedings{b, title = {B}}")
        assert [record.title for record in records] == ["B"]
        assert rejection.reason == "There is no title; that of 'b', which it refers to, is another's."

    def test_what_is_kept_of_parents_is_bounded(self, monkeypatch):
        monkeypatch.setattr(bibtex, "_MAX_PARENTS", 10)
        text = "@inbook{c, title = {C}, crossref = {b}} @inbook{d, title = {D}, crossref = {e}} @book{e, title = {E}}"
        records, (rejection,) = read_file(text + "@book{b, title = {" + "B" * 20 + "}}")
        assert [record.journal for record in records[:2]] == ["", "E"]
        assert "are beyond the 10 characters that are kept" in rejection.reason
        assert rejection.raw == "b"

    def test_what_is_spooled_is_bounded_and_the_rest_is_read(self, monkeypatch):
        monkeypatch.setattr(bibtex, "_MAX_SPOOLED", 100_000)
        text = "".join(f"@misc{{k{number}, title = {{Title {number}}}}}\n" for number in range(20_000))
        assert len(read_file(text)[0]) == 20_000


class TestRealFiles:
    @pytest.mark.parametrize(
        ("name", "read", "rejected"),
        [
            ("xampl", 33, 3),
            ("biblatex-examples", 101, 28),
            ("tugboat-2720-articles", 2720, 0),
            ("mendeley-library-512-entries", 512, 0),
            ("ai-planning-library-round-brackets-and-faults", 986, 3),
            ("bibdesk-hyphen-in-string-name", 1, 0),
            ("jabref-preamble-percent-and-mojibake", 1, 0),
            ("arxiv-eprint-fields.biblatex", 3, 0),
            ("stray-carriage-return-in-title", 2, 0),
            ("windows-1252-with-header", 0, 1),
            ("windows-1252-but-header-says-utf-8", 0, 1),
            ("latin9-book", 1, 0),
            ("gbk-article", 1, 0),
        ],
    )
    def test_counts(self, shared_data, name, read, rejected):
        data = shared_data(f"bibtex/{name}.bib").read_bytes()
        assert bibtex.sniff(data[:65_536])
        records, rejections = read_file(data)
        assert (len(records), len(rejections)) == (read, rejected)

    def test_tugboat_has_2720_different_articles(self, shared_data):
        records, _ = read_file(shared_data("bibtex/tugboat-2720-articles.bib").read_bytes())
        assert len({record.key for record in records}) == 2720
        first, last = records[0], records[-1]
        assert (first.title, first.authors, first.published) == (
            "Editor's Comments",
            ("Robert Welland",),
            date(1980, 10, 1),
        )
        assert first.place.endswith("Welland:TB1-1-2")
        assert last.place.endswith("Anonymous:TB26-2-c3")
        assert {record.journal for record in records} == {"TUGboat"}

    def test_sample_of_bibtex(self, shared_data):
        records, rejections = read_file(shared_data("bibtex/xampl.bib").read_bytes())
        found = {record.place.partition(", ")[2]: record for record in records}
        assert found["inproceedings-crossref"].journal.startswith("Proc. Fifteenth Annual ACM Symposium")
        assert found["article-full"].authors == ("L[eslie] A. Aamport",)
        assert found["article-crossref"].published == date(1986, 7, 1)
        assert [rejection.reason for rejection in rejections] == ["There is no title."] * 3

    def test_examples_of_biblatex(self, shared_data):
        records, _ = read_file(shared_data("bibtex/biblatex-examples.bib").read_bytes())
        found = {record.place.partition(", ")[2]: record for record in records}
        assert found["moraux"].published == date(1979, 1, 2)
        identifiers = {str(each) for record in records for each in record.identifiers}
        assert {"arxiv:math/0307200", "arxiv:hep-th/9603067"} <= identifiers
        assert {record.revision for record in records if record.revision} == {3}
        assert found["nietzsche:ksa1"].journal == "Sämtliche Werke: Kritische Studienausgabe"

    def test_library_with_faults(self, shared_data):
        _, rejections = read_file(
            shared_data("bibtex/ai-planning-library-round-brackets-and-faults.bib").read_bytes()
        )
        assert [(each.place, each.reason[:22]) for each in rejections] == [
            ("line 6523, Thiebaux:93", "It does not end before"),
            ("line 9953, NguyenETAL:DiversityAIJ", "There is no title; tha"),
            ("crossref", "Some entries that othe"),
        ]
        assert rejections[2].raw.startswith("IJCAI85 (line 54), AAAI91 (line 118)")

    def test_encodings(self, shared_data):
        assert read_file(shared_data("bibtex/gbk-article.bib").read_bytes())[0][0].journal == "测试期刊"
        assert read_file(shared_data("bibtex/latin9-book.bib").read_bytes())[0][0].place.endswith(", testŠ")
        titles = [
            each.title
            for each in read_file(shared_data("bibtex/stray-carriage-return-in-title.bib").read_bytes())[0]
        ]
        assert titles[0].endswith("Huaynaputina, southern Peru")
        assert titles[1] == "Technisches Schreiben: (nicht nur) für Informatiker"


class TestSniff:
    @pytest.mark.parametrize(
        "head",
        [
            b"@article{k, title = {T}}",
            b"@article(k,\n title = {T})",
            b"@book{,\n}",
            b"% Encoding: UTF-8\n\n@Comment{jabref-meta: databaseType:bibtex;}",
            b"# Old cite key\nSome words of mine\n  @Misc { k , x = 1 }",
            b"@string{a = 1}",
            b"\t@article{\n  author = {Huang, Y.}",
            b"%%% -*-BibTeX-*-\n" + b"%%% a long head\n" * 5_000,
            b"%% This BibTeX bibliography file was created using BibDesk.\n",
        ],
    )
    def test_bibtex(self, head):
        assert bibtex.sniff(head[:65_536])

    @pytest.mark.parametrize(
        "head",
        [
            b"",
            b"A title\n\nAn abstract by me@article.org, and more.",
            b"@app.route('/', methods=['GET'])\ndef f(): pass",
            b"@media (max-width: 600px) { a { color: red } }",
            b'@RequestMapping(value = "/x", method = GET)',
            b"Title,Author\n@article,me",
            b"% A poem in TeX\n\\documentclass{article}",
        ],
    )
    def test_other_text(self, head):
        assert not bibtex.sniff(head)

    def test_file_without_entries_is_refused(self):
        for data in (b"% BibTeX, but nothing in it", b"@comment{x}\n@string{a = {b}}", b"Some words"):
            with pytest.raises(UnreadableInput, match="There is no entry in it"):
                read_file(data)


class TestBounds:
    @pytest.mark.parametrize(
        "text",
        [
            "@a{k, title = {" + "x" * 60_000_000 + "}}\n@a{l, title = {B}}",
            '@a(k, title = "' + "x" * 5_000_000 + '")\n@a{l, title = {B}}',
            "@a{k, title = {" + "x" * 5_000_000 + "\n@a{l, title = {B}}",
        ],
        ids=["60-mb-title", "quotes", "unclosed"],
    )
    def test_overlong_entry_is_one_rejection(self, text):
        stream = io.BytesIO(text.encode())
        tracemalloc.start()
        records, (rejection,) = parse("bibtex", stream)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert [record.title for record in records] == ["B"]
        assert rejection.place == "line 1, k"
        assert rejection.reason == "It is longer than 2,000,000 characters."
        assert peak < 40_000_000

    def test_ten_thousand_authors(self):
        authors = " and ".join(f"Name{number}, {{A.}}" for number in range(10_000))
        assert len(read_one(f"author = {{{authors}}}").authors) == 10_000

    @pytest.mark.parametrize(
        "piece",
        [
            *(
                "@a{",
                "@a{k,\n",
                "@a{k,b=\n",
                "@comment{",
                "@comment(",
                '@a{k,x="',
                '@a(k,x="',
                "\n@",
                "@string{",
            ),
            *(
                "@string{a=a#a}\n",
                "@a{k,b= ",
                "\n%@",
                "@a{k,t=a#",
                "@a{k,t={a} ",
                "@a{k,t=x y ",
                "{",
                "}",
                "\n  @a{",
            ),
            *(
                "@a{k,x=b}}\n",
                "@a{=",
                " ",
                "@ ",
                "@comment{\n@a{k,x={}}\n",
                "@a{k,crossref=",
                "@a{k,author={a and ",
            ),
        ],
    )
    def test_time_is_in_proportion_to_the_length(self, piece):
        def seconds(size):
            data = (piece * (size // len(piece))).encode()
            started = time.process_time()
            with contextlib.suppress(UnreadableInput):
                list(bibtex.parse(io.BytesIO(data)))
            return time.process_time() - started

        assert seconds(150_000) < 4 * max(seconds(75_000), 0.5)

    @thorough
    @given(st.text(st.sampled_from('@a{}(),="#%\\ \nk1'), max_size=200), st.sampled_from([1, 5, 65_536]))
    def test_any_text_is_read_whatever_its_pieces(self, text, size):
        found = entries_of(text, size)
        assert found == entries_of(text)
        assert all(isinstance(each, Entry) or each.reason.endswith(".") for each in found)
        lines = [each.line for each in found]
        assert lines == sorted(lines)
        assert all(1 <= line <= text.count("\n") + 1 for line in lines)

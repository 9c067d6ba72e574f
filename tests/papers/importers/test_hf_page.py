from datetime import date

import pytest

from papers import importers
from papers.importers import hf_page
from papers.records import MAX_TITLE, Rank, UnreadableInput
from tests.papers.importers.conftest import DATA, parse

DAY = date(2025, 4, 25)
SMALL = (DATA / "hf-page.txt").read_bytes()
HEADER = SMALL[: SMALL.index(b"Umbrellas")]


def read_page(data, **options):
    return parse("hf-page", data.encode() if isinstance(data, str) else data, **({"date": DAY} | options))


def make_page(*lines, header=HEADER.decode()):
    return header + "\n\n".join(lines)


# Short abstracts, as of the demo, are the hard case: length tells little.
PAPERS = [
    ("Sparse Gardens", "We plant one seed in a hundred. The garden looks the same and needs less water."),
    (
        "Bees as Distributed Schedulers",
        "Bees share work without a queen's plan. We copy their dance in a cluster.",
    ),
    ("Is Tea All You Need?", "No. We show that biscuits carry 40% of the effect, and milk the rest."),
    (
        "Counting Sheep with Transformers: A Study of 9,000 Nights",
        "Sheep jump; we count. Error falls by half.",
    ),
    ("On the Colour of Noise", "Pink noise helps, brown noise does not, and white noise wakes the dog."),
    (
        "Maps for Lost Robots",
        "A robot that admits to being lost arrives sooner: it asks. Code: https://example.org/maps",
    ),
    ("Folding Laundry by Convex Hulls", "Every towel has a hull. We fold along it in linear time."),
    ("A Short Note on Long Notes", "Notes over ten pages are read by nobody. This one has two."),
]
LINES = [line for paper in PAPERS for line in paper]


class TestSmallPage:
    def test_papers_come_in_and_the_broken_one_is_named(self):
        records, rejections = read_page(SMALL)
        assert [(record.place, record.title) for record in records] == [
            ("line 11", "Umbrellas That Remember Rain: Retrieval for Weather Diaries"),
            ("line 15", r"Schrödinger Kettles and the \(\varepsilon\)-Boil"),
            ("line 21", "Why Do Cats Ignore Gradient Descent?"),
            ("line 25", "שלום עולם: Reading Signs from Right to Left"),
            ("line 29", "Knitting Pattern Compilers"),
        ]
        assert records[1].abstract.endswith(r"\( t < 3 \) minutes for all $\varepsilon > 0$.")
        (rejection,) = rejections
        assert rejection.place == "line 19"
        assert rejection.reason == "A title without an abstract: the next title follows on line 21."
        assert rejection.raw == "A Title Whose Abstract Was Lost on the Way"

    def test_record_says_what_the_page_says_and_no_more(self):
        record = read_page(SMALL)[0][0]
        assert (record.authors, record.identifiers, record.urls, record.published) == ((), (), (), None)
        assert record.rank == Rank.AGGREGATOR
        assert record.listed == DAY

    def test_key_follows_the_title_alone(self):
        one, other = (
            read_page(make_page(title, "We say something. It is short."))[0][0].key
            for title in ("Light Schrödinger  Bridge", r"Light Schr\"odinger bridge")
        )
        assert one == other != read_page(make_page("Light Bridge", "We say something."))[0][0].key


class TestRealPage:
    def test_has_89_papers(self, shared_data):
        with shared_data("hf-daily-papers-page/listing.txt").open("rb") as stream:
            records = list(importers.read(stream, today=date(2025, 11, 23)))
        assert len(records) == 89
        assert len({record.key for record in records}) == 89
        assert {record.listed for record in records} == {DAY}
        assert [record.place for record in records] == [f"line {4 * n + 7}" for n in range(1, 90)]
        assert records[0].title == "The Edge-of-Reach Problem in Offline Model-Based Reinforcement Learning"
        assert records[1].title.startswith("CaBaGe: Data-Free Model Extraction")
        assert records[58].title == "Light Schrödinger Bridge"
        assert r"log-Schr\"odinger" in records[58].abstract
        assert records[88].title.startswith("AutoDistil: Few-shot Task-agnostic")
        assert records[88].abstract.endswith("negligible loss in task performance.")
        assert {len(record.abstract) for record in records} <= set(range(1389, 1919))

    @pytest.mark.parametrize("lost", range(178), ids=lambda lost: f"line-{2 * lost + 11}")
    def test_any_one_line_lost_costs_one_paper(self, shared_data, lost):
        lines = shared_data("hf-daily-papers-page/listing.txt").read_text("utf-8").split("\n\n")
        del lines[5 + lost]
        records, rejections = read_page("\n\n".join(lines))
        assert (len(records), len(rejections)) == (88, 1)
        kind = "An abstract without a title" if lost % 2 == 0 else "A title without an abstract"
        assert rejections[0].reason.startswith(kind)
        pairs = dict(zip(lines[5::2], lines[6::2], strict=False)) | dict(
            zip(lines[6::2], lines[7::2], strict=False)
        )
        assert all(pairs[record.title] == record.abstract for record in records)

    def test_is_the_same_in_windows_1252(self, shared_data):
        text = shared_data("hf-daily-papers-page/listing.txt").read_text("utf-8")
        assert read_page(text.encode("cp1252")) == read_page(text)

    def test_is_read_from_utf16_with_a_byte_order_mark(self, shared_data):
        text = shared_data("hf-daily-papers-page/listing.txt").read_text("utf-8")
        assert read_page(text.encode("utf-16")) == read_page(text)


class TestShortAbstracts:
    def test_come_in_as_they_stand(self):
        records, rejections = read_page(make_page(*LINES))
        assert [(record.title, record.abstract) for record in records] == PAPERS
        assert rejections == []

    @pytest.mark.parametrize("lost", range(len(LINES)))
    def test_any_one_line_lost_costs_one_paper(self, lost):
        records, rejections = read_page(make_page(*LINES[:lost], *LINES[lost + 1 :]))
        kept = [paper for number, paper in enumerate(PAPERS) if number != lost // 2]
        assert [(record.title, record.abstract) for record in records] == kept
        (rejection,) = rejections
        assert rejection.raw == LINES[lost ^ 1]
        assert rejection.place == f"line {11 + 4 * (lost // 2)}"

    def test_two_losses_far_apart_cost_two_papers(self):
        lines = [line for number, line in enumerate(LINES) if number not in (3, 12)]
        records, rejections = read_page(make_page(*lines))
        assert [record.title for record in records] == [
            title for number, (title, _) in enumerate(PAPERS) if number not in (1, 6)
        ]
        assert [rejection.raw for rejection in rejections] == [LINES[2], LINES[13]]

    def test_a_second_paragraph_is_named_and_the_others_come_in(self):
        extra = "This paragraph was cut off from the abstract above it. It has two sentences."
        records, rejections = read_page(make_page(*LINES[:6], extra, *LINES[6:]))
        assert [record.title for record in records] == [title for title, _ in PAPERS]
        assert [rejection.raw for rejection in rejections] == [extra]

    @pytest.mark.parametrize(
        ("title", "abstract"),
        [
            (
                "We tried. It failed. Nobody knows why.",
                "Negative results deserve a page. Here is one of ours.",
            ),
            ("This Is a Title.", "and this an abstract that ends in https://example.org/x"),
            ("Why? How? When?", "Three questions, one table. We answer the second."),
            ("x", "A title of one letter is a title all the same."),
            ("0", "Nothing is proved."),
            ("We tried. It failed again.", "Nothing Learnt"),
            ("Plain Words About Plain Things", "Short Abstract In Capitals"),
            ("深度学习综述", "本文回顾了深度学习。我们讨论了它的历史。"),
        ],
    )
    def test_odd_looks_do_not_overrule_position(self, title, abstract):
        records, rejections = read_page(make_page(*LINES[:6], title, abstract, *LINES[6:]))
        assert rejections == []
        assert (records[3].title, records[3].abstract) == (title, abstract)
        assert len(records) == 9


class TestTolerance:
    @pytest.mark.parametrize(
        "change",
        [
            pytest.param(lambda page: page.replace("\n", "\r\n"), id="crlf"),
            pytest.param(lambda page: page.replace("\n", "\r"), id="cr"),
            pytest.param(lambda page: "\ufeff" + page, id="bom"),
            pytest.param(lambda page: page + "\n\n\n\n", id="trailing-blank-lines"),
            pytest.param(lambda page: page.replace("\n\n", "\n\n\n \t\n"), id="many-blank-lines"),
            pytest.param(lambda page: page.replace("\n\n", "\n"), id="no-blank-lines"),
            pytest.param(lambda page: page.replace("\n", "  \n"), id="trailing-blanks"),
            pytest.param(lambda page: page.removeprefix("new\n\n"), id="no-new-line"),
            pytest.param(lambda page: page[page.index("Apr 25") :], id="date-only"),
            pytest.param(lambda page: page[page.index("Sparse") :], id="no-header"),
            pytest.param(lambda page: page.replace("Apr 25\n\n", ""), id="header-without-date"),
            pytest.param(lambda page: "Models\n\nDatasets\n\nSpaces\n\n" + page, id="more-header"),
        ],
    )
    def test_reads_the_same_papers(self, change):
        records, rejections = read_page(change(make_page(*LINES)))
        assert [(record.title, record.abstract) for record in records] == PAPERS
        assert rejections == []

    @pytest.mark.parametrize("header", ["", "May 3\n\n"], ids=["no-papers-no-header", "date-only"])
    def test_page_without_papers_gives_nothing(self, header):
        assert read_page(header) == ([], [])

    def test_title_over_the_bound_is_rejected_and_not_cut(self):
        lines = ["T" * (MAX_TITLE + 1), "Its title never ends.", *LINES]
        _, rejections = read_page(make_page(*lines))
        assert len(rejections) >= 1
        assert all(record.title != "T" * MAX_TITLE for record in read_page(make_page(*lines))[0])
        assert [(r.title, r.abstract) for r in read_page(make_page(*lines))[0]] == PAPERS


class TestDay:
    @pytest.mark.parametrize(
        ("written", "today", "expected"),
        [
            ("Apr 25", date(2025, 11, 23), date(2025, 4, 25)),
            ("Apr 25", date(2025, 4, 25), date(2025, 4, 25)),
            ("Apr 25", date(2025, 4, 24), date(2025, 4, 25)),  # a day ahead of us, east of here
            ("Apr 25", date(2025, 4, 23), date(2024, 4, 25)),
            ("Dec 31", date(2026, 1, 1), date(2025, 12, 31)),
            ("Jan 1", date(2025, 12, 31), date(2026, 1, 1)),
            ("Feb 29", date(2026, 5, 5), date(2024, 2, 29)),
            ("April 25", date(2025, 11, 23), date(2025, 4, 25)),
            ("Sept 3", date(2025, 11, 23), date(2025, 9, 3)),
            ("25 Apr", date(2025, 11, 23), date(2025, 4, 25)),
            ("Apr 25, 2023", date(2025, 11, 23), date(2023, 4, 25)),
            ("2023-04-25", None, date(2023, 4, 25)),
        ],
    )
    def test_page_without_a_given_date(self, written, today, expected):
        page = make_page(*LINES, header=f"new\n\n{written}\n\n")
        records, _ = read_page(page, date=None, today=today)
        assert {record.listed for record in records} == {expected}

    @pytest.mark.parametrize("written", ["Apr 25", "May 1", "Feb 30", "Apr 25, 2023"])
    def test_given_date_wins(self, written):
        page = make_page(*LINES, header=f"new\n\n{written}\n\n")
        records, _ = read_page(page, date=date(2024, 4, 26), today=date(2025, 11, 23))
        assert {record.listed for record in records} == {date(2024, 4, 26)}
        assert len(records) == len(PAPERS)

    @pytest.mark.parametrize(
        ("header", "today"),
        [("", date(2025, 11, 23)), ("new\n\nFeb 30\n\n", date(2025, 11, 23)), ("new\n\nApr 25\n\n", None)],
        ids=["no-date", "no-such-day", "no-year-known"],
    )
    def test_without_any_day_it_asks_for_one(self, header, today):
        with pytest.raises(UnreadableInput, match="Give the date of the listing"):
            read_page(make_page(*LINES, header=header), date=None, today=today)

    def test_page_of_several_days_keeps_them_apart(self):
        page = make_page(*LINES[:4], "Apr 24", *LINES[4:])
        records, rejections = read_page(page, date=None, today=date(2025, 11, 23))
        assert [record.listed.day for record in records] == [25, 25, 24, 24, 24, 24, 24, 24]
        assert rejections == []


class TestSniff:
    @pytest.mark.parametrize(
        "text",
        [make_page(*LINES), make_page(*LINES, header=""), "new\n\nApr 25\n\nA Title\n\nAn abstract. Short."],
        ids=["whole", "no-header", "one-paper"],
    )
    def test_knows_a_page(self, text):
        assert hf_page.sniff(text.encode())

    @pytest.mark.parametrize(
        "text",
        [
            "banana",
            "# A heading\n\nSome prose that goes on. And on.\n\n## Another\n\nMore prose. It ends.",
            "@article{key,\n title = {A Title},\n}\n\n@book{other,\n title = {B}}\n",
            "TY  - JOUR\n\nTI  - A Title\n\nER  - ",
            '[{"paper": {"id": "2504.01001"}}]',
            "one\n\ntwo\n\nthree\n\nfour\n",
            "id,title\n\n1,A Title\n",
        ],
        ids=["word", "markdown", "bibtex", "ris", "json", "words", "csv"],
    )
    def test_leaves_other_text_alone(self, text):
        assert not hf_page.sniff(text.encode())

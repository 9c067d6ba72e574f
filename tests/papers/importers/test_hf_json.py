import json
from datetime import date
from functools import partial

import pytest

from papers import importers
from papers.identifiers import Identifier
from papers.importers import hf_json
from papers.records import Rank, Record, UnreadableInput
from tests.papers.importers.conftest import DATA, parse_json

SMALL = (DATA / "hf-json.json").read_bytes()
read_list = partial(parse_json, "hf-json")


def make_item(number, **fields):
    return {"paper": {"id": f"2504.{number:05}", "title": f"Paper {number}", "summary": "It works."} | fields}


ITEMS = [make_item(number) for number in range(1, 6)]


class TestSmallList:
    def test_papers_come_in_and_the_broken_one_is_named(self):
        records, rejections = read_list(SMALL)
        assert [(record.place, record.key) for record in records] == [
            ("item 1", "2504.01001"),
            ("item 3", "2504.01003"),
        ]
        (rejection,) = rejections
        assert (rejection.place, rejection.reason) == ("item 2", "There is no title.")
        assert "A paper whose title was never typed." in rejection.raw

    def test_every_field(self):
        assert read_list(SMALL)[0][0] == Record(
            key="2504.01001",
            title="Umbrellas That Remember Rain: Retrieval for Weather Diaries",
            abstract="We keep a diary of every shower and let a small model look it up.\n\n"
            r"It forecasts drizzle 12\% better than a barometer.",
            authors=(
                "Þóra Björk Önnudóttir",
                "X Æ Castellanos-O'Neill, Jr.",
                "李 小雨",
            ),  # the second is hidden
            identifiers=(Identifier("arxiv", "2504.01001"),),
            published=date(2025, 4, 24),  # the inner date; the outer one is the evening before
            urls=(  # and no project page: its address is a script
                ("code", "https://github.com/example/umbrella"),
                ("page", "https://huggingface.co/papers/2504.01001"),
                ("pdf", "https://arxiv.org/pdf/2504.01001"),
            ),
            upvotes=17,
            submitter="rainer",
            rank=Rank.AGGREGATOR,
            place="item 1",
            listed=date(2025, 4, 25),
        )

    def test_names_and_text_from_right_to_left(self):
        record = read_list(SMALL)[0][1]
        assert record.title == r"متجر الكتب: $O(n \log n)$ Shelving"
        assert record.authors == ("دانا الخطيب",)
        assert record.abstract == "Books are sorted from right to left; neves skoob stay where they are."


class TestRealList:
    @pytest.fixture
    def records(self, shared_data):
        with shared_data("hf-daily-papers-json/daily_papers-2026-06-12.json").open("rb") as stream:
            return {record.key: record for record in importers.read(stream)}

    def test_has_30_papers(self, records):
        assert len(records) == 30
        assert all(isinstance(record, Record) for record in records.values())
        assert {record.listed for record in records.values()} == {date(2026, 6, 12)}
        assert sum(len(record.authors) for record in records.values()) == 202
        assert max(len(record.authors) for record in records.values()) == 14

    def test_facts(self, records):
        assert records["2606.13681"].upvotes == 118
        assert (records["2606.13392"].title, records["2606.13392"].upvotes) == (
            "MiniMax Sparse Attention",
            103,
        )
        assert "Dengyang Jiang" in records["2606.12575"].authors  # hidden there
        names = {name for record in records.values() for name in record.authors}
        assert {"Boglárka Ecsedi", "Niccolò Biondi", "Raphaël Baena"} <= names
        assert {key for key, record in records.items() if "\n\n" in record.abstract} == {
            "2606.09446",
            "2606.13120",
        }
        kinds = [kind for record in records.values() for kind, _ in record.urls]
        assert (kinds.count("code"), kinds.count("project")) == (16, 13)


class TestItems:
    @pytest.mark.parametrize(
        ("item", "reason"),
        [
            (None, "The item has no paper."),
            ("banana", "The item has no paper."),
            ([], "The item has no paper."),
            ({"id": "2504.00001", "title": "No wrapper"}, "The item has no paper."),
            ({"paper": "banana"}, "The item has no paper."),
            ({"paper": {"title": "No id"}}, "The paper has no id."),
            (make_item(1, id=7), "The paper has no id."),
            (make_item(1, title=None), "There is no title."),
            (make_item(1, title="\u202e\u200b"), "There is no title."),
        ],
    )
    def test_broken_item_costs_itself(self, item, reason):
        records, rejections = read_list([ITEMS[0], item, ITEMS[1]])
        assert [record.title for record in records] == ["Paper 1", "Paper 2"]
        assert [(rejection.place, rejection.reason) for rejection in rejections] == [("item 2", reason)]

    @pytest.mark.parametrize(
        "fields",
        [
            {"authors": None, "upvotes": None, "publishedAt": None, "submittedOnDailyBy": None},
            {"authors": "x", "upvotes": "many", "publishedAt": "soon", "submittedOnDailyBy": "x"},
            {"authors": [None, 1, {}], "upvotes": True, "publishedAt": 5, "submittedOnDailyBy": {}},
            {"authors": {}, "upvotes": -3, "publishedAt": "2025-13-45T00:00:00Z", "submittedOnDailyBy": []},
            {"upvotes": 10**30, "githubRepo": 5, "projectPage": "example.org", "submittedOnDailyAt": []},
        ],
    )
    def test_odd_side_facts_do_not_lose_the_paper(self, fields):
        (record,), rejections = read_list([make_item(1, **fields)])
        assert rejections == []
        assert (record.authors, record.upvotes, record.published, record.submitter) == ((), None, None, "")
        assert {kind for kind, _ in record.urls} == {"page", "pdf"}

    def test_day_of_the_list_wins_over_the_given_date(self):
        items = [make_item(1, submittedOnDailyAt="2025-04-25T00:00:00.000Z"), make_item(2)]
        records, _ = read_list(items, date=date(2025, 1, 1))
        assert [record.listed for record in records] == [date(2025, 4, 25), date(2025, 1, 1)]

    def test_id_that_is_not_arxivs_is_only_a_key(self):
        (record,), _ = read_list([make_item(1, id="some-blog-post")])
        assert (record.key, record.identifiers, record.urls) == ("some-blog-post", (), ())

    def test_id_with_a_revision_is_the_same_paper(self):
        assert read_list([make_item(1, id="2504.00001v2")])[0] == read_list([make_item(1)])[0]


class TestBrokenLists:
    @pytest.mark.parametrize(
        ("broken", "why"),
        [
            (b'{"paper": {"id": "2504.00009", "title": "x",}}', "not valid JSON"),
            (b'{"paper": {"id": "2504.00009", "title": NaN}}', "not valid JSON"),
            (b'{"paper": {"id": "2504.00009", "title": "x"}', "not valid JSON"),  # a bracket too few
            (b'{"paper": {"id": "2504.00009", "title": "x"}}}', "not valid JSON"),  # a bracket too many
            (b'{"paper": {"id": "2504.00009", "title": "x}}', "not valid JSON"),  # a quote too few
            (b'{"paper": {"id": "2504.00009", "title": "x]}}', "not valid JSON"),
            (b'{"paper": {"id": "2504.00009", "title": "\\u12"}}', "not valid JSON"),
            (b'{"paper": {"id": "2504.00009", "title": "caf\xe9"}}', "byte 0xE9 is not UTF-8"),
            (b'{"paper": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "nested too deeply"),
            (b"", "nothing between two commas"),
            (b"oops", "not valid JSON"),
        ],
        ids=str,
    )
    def test_broken_item_costs_itself(self, broken, why):
        pieces = [json.dumps(item).encode() for item in ITEMS]
        data = b"[" + b",\n".join([*pieces[:2], broken, *pieces[2:]]) + b"]"
        records, rejections = read_list(data)
        assert [record.title for record in records] == [f"Paper {number}" for number in range(1, 6)]
        (rejection,) = rejections
        assert rejection.place == "item 3"
        assert why in rejection.reason

    def test_list_cut_off_anywhere_gives_whole_papers_and_says_so(self):
        whole, _ = read_list(SMALL)
        for size in range(1, len(SMALL.rstrip())):
            records, rejections = read_list(SMALL[:size])
            assert records == whole[: len(records)]
            assert rejections[-1].reason in (
                "The file ends in the middle of this item.",
                "The file ends before the list does; items after this place are missing.",
            )

    def test_cut_off_in_an_item_names_it(self):
        data = json.dumps(ITEMS).encode()
        records, rejections = read_list(data[: data.index(b"Paper 4")])
        assert len(records) == 3
        assert [(found.place, found.reason) for found in rejections] == [
            ("item 4", "The file ends in the middle of this item.")
        ]

    @pytest.mark.parametrize("data", [b"[]", b" [ ] \n", b"\xef\xbb\xbf[]"])
    def test_empty_list_is_fine(self, data):
        assert read_list(data) == ([], [])

    def test_comma_before_the_end_is_fine(self):
        assert len(read_list(json.dumps(ITEMS).encode()[:-1] + b",]")[0]) == 5

    def test_what_follows_the_list_is_reported(self):
        records, rejections = read_list(json.dumps(ITEMS).encode() + b"\n[1]")
        assert len(records) == 5
        assert rejections[0].place == "after item 5"

    @pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
    def test_byte_order_marks(self, encoding):
        assert read_list(SMALL.decode().encode(encoding)) == read_list(SMALL)

    @pytest.mark.parametrize(
        ("data", "message"),
        [
            (
                b'{"error": "Rate limit\\nexceeded"}',
                "answered with an error instead of papers: Rate limit exceeded",
            ),
            (b'{"paper": {}}', "no list of daily papers"),
            (b"banana", "no list of daily papers"),
            (b"{" * 100_000, "no list of daily papers"),
            (b"", "no list of daily papers"),
        ],
        ids=["error", "object", "text", "deep", "empty"],
    )
    def test_what_is_no_list_is_refused(self, data, message):
        with pytest.raises(UnreadableInput, match=message):
            read_list(data)


class TestSniff:
    @pytest.mark.parametrize("data", [SMALL, b"[]", b"\n[ \n]\n", SMALL[:200]])
    def test_knows_a_list(self, data):
        assert hf_json.sniff(data)

    @pytest.mark.parametrize(
        "data", [b"", b"{}", b"[1, 2]", b'[{"DOI": "10.1000/x"}]', b'{"paper": 1}', b"paper"]
    )
    def test_leaves_other_data_alone(self, data):
        assert not hf_json.sniff(data)

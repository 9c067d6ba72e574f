import json
from datetime import date
from functools import partial

import pytest

from papers import importers
from papers.identifiers import Identifier
from papers.records import Precision, Rank, Record, UnreadableInput
from tests.papers.importers.conftest import DATA, parse_json, read_real

SMALL = (DATA / "openalex.json").read_bytes()
read = partial(parse_json, "openalex")


class TestSmallList:
    def test_works_come_in_and_the_broken_one_is_named(self):
        records, rejections = read(SMALL)
        assert [record.place for record in records] == ["item 1", "item 3"]
        assert [(found.place, found.reason) for found in rejections] == [("item 2", "There is no title.")]

    def test_every_field(self):
        assert read(SMALL)[0][0] == Record(
            key="openalex:W11",
            title="Rain in Vicia Fields",
            abstract="It rained, and it rained, again.",
            authors=("Wilhelmina Pluvia", "Jo Drizzle"),  # as on the paper, not as OpenAlex knows them
            identifiers=(
                Identifier("doi", "10.5555/rain.1"),
                Identifier("pmid", "1234"),
                Identifier("pmcid", "PMC99"),
                Identifier("arxiv", "2504.01001"),
            ),
            published=date(2025, 1, 30),
            categories=("Rain",),
            journal="Annals of Rain",
            volume="7",
            issue="2",
            pages="11-19",
            urls=(("doi", "https://doi.org/10.5555/rain.1"), ("pdf", "https://example.org/rain.pdf")),
            withdrawn=True,
            rank=Rank.AGGREGATOR,
            place="item 1",
        )

    def test_first_of_january_is_a_year(self):
        record = read(SMALL)[0][1]
        assert (record.published, record.published_precision) == (date(2020, 1, 1), Precision.YEAR)


class TestRealFiles:
    def test_work_that_is_on_arxiv(self, shared_data):
        (record,), rejections = read_real(shared_data, "openalex/work-arxiv-W4221145823.json")
        assert rejections == []
        assert record.identifiers == (Identifier("arxiv", "2201.06719"),)
        assert len(record.authors) == 9
        assert {"H. R. Qin", "S. N. Miao", "J. W. Zhang"} <= set(record.authors)

    def test_abstract_that_is_none(self, shared_data):
        (record,), _ = read_real(shared_data, "openalex/work-unknown-language-W2974832207.json")
        assert record.published_precision == Precision.YEAR
        assert record.abstract.startswith("Contains fulltext : 121229.pdf")

    def test_list_of_6(self, shared_data):
        records, rejections = read_real(shared_data, "openalex/works-search-tuberculosis-6-of-1297.json")
        assert (len(records), rejections) == (6, [])
        assert records[0].title == records[1].title
        assert records[0].identifiers != records[1].identifiers
        assert records[5].abstract == ""


def make_work(**fields):
    return {"id": "https://openalex.org/W1", "title": "Rain"} | fields


class TestWorks:
    def test_positions_may_be_any_numbers(self):
        index = {"last": [10**17], "first": [-5], "odd": ["x", None, 1.5], "none": 7}
        assert read(make_work(abstract_inverted_index=index))[0][0].abstract == "first last"

    def test_long_word_at_many_positions_fills_no_memory(self):
        index = {"x" * 1_000_000: list(range(100_000))}
        (rejection,) = read(make_work(abstract_inverted_index=index))[1]
        assert "The abstract has" in rejection.reason

    def test_odd_values_do_not_lose_the_work(self):
        odd = dict.fromkeys(
            ("ids", "authorships", "biblio", "locations", "mesh", "primary_location"), ("x", 5)
        )
        assert read(make_work(**odd, publication_date=5))[0][0].title == "Rain"

    def test_error_is_told(self):
        with pytest.raises(UnreadableInput, match="OpenAlex answered with an error"):
            read({"error": "Invalid query parameters error.", "message": "x"})

    def test_empty_list_is_known(self):
        data = json.dumps({"meta": {"count": 0, "db_response_time_ms": 4}, "results": []}).encode()
        assert importers.find_importer(data).NAME == "openalex"
        assert read(data) == ([], [])

import json
from datetime import date
from functools import partial

import pytest

from papers import importers
from papers.identifiers import Identifier
from papers.records import Precision, Rank, Record, UnreadableInput
from tests.papers.importers.conftest import DATA, parse_json, read_real

SMALL = (DATA / "semantic-scholar.json").read_bytes()
read = partial(parse_json, "semantic-scholar")


class TestSmallList:
    def test_papers_come_in_and_the_broken_ones_are_named(self):
        records, rejections = read(SMALL)
        assert [record.place for record in records] == ["item 1", "item 3"]
        assert [(found.place, found.reason) for found in rejections] == [
            ("item 2", "Semantic Scholar knows no paper by the identifier that was asked for here."),
            ("item 4", "There is no title."),
        ]

    def test_every_field(self):
        assert read(SMALL)[0][0] == Record(
            key="s2:aaaa1111",
            title="Rain in Vicia Fields",
            abstract="It rained.",
            authors=("W. Pluvia",),
            identifiers=(
                Identifier("arxiv", "2504.01001"),
                Identifier("doi", "10.5555/rain.1"),
                Identifier("pmid", "1234"),
                Identifier("pmcid", "PMC99"),
            ),
            published=date(2025, 1, 30),
            categories=("Physics",),
            journal="Annals of Rain",
            volume="7",
            pages="11-19",
            urls=(
                ("page", "https://www.semanticscholar.org/paper/aaaa1111"),
                ("doi", "https://doi.org/10.5555/rain.1"),
            ),
            rank=Rank.AGGREGATOR,
            place="item 1",
        )

    def test_arxiv_is_no_journal(self):
        record = read(SMALL)[0][1]
        assert (record.journal, record.volume, record.published_precision) == ("", "", Precision.YEAR)


class TestRealFiles:
    def test_page_of_5(self, shared_data):
        records, rejections = read_real(shared_data, "semantic-scholar/paper-search-transformer-limit5.json")
        assert (len(records), rejections) == (5, [])
        assert records[0].identifiers == (
            Identifier("arxiv", "2103.14030"),
            Identifier("doi", "10.1109/iccv48922.2021.00986"),
        )
        assert (records[0].published, records[0].published_precision) == (date(2021, 1, 1), Precision.YEAR)
        assert {kind for kind, _ in records[2].urls} == {"page"}  # the address of its PDF is empty


class TestPapers:
    def test_answers_to_many_ids_references_and_one_paper(self):
        paper = {"paperId": "a", "title": "Rain"}
        assert len(read([None, paper])[0]) == 1
        assert len(read({"offset": 0, "data": [{"intents": [], "citedPaper": paper}]})[0]) == 1
        assert len(read({"recommendedPapers": [paper]})[0]) == 1
        assert len(read(paper)[0]) == 1
        assert importers.find_importer(json.dumps([None, paper]).encode()).NAME == "semantic-scholar"

    def test_odd_values_do_not_lose_the_paper(self):
        odd = dict.fromkeys(("externalIds", "authors", "journal", "openAccessPdf", "fieldsOfStudy"), ("x", 5))
        assert read({"paperId": "a", "title": "Rain", "year": "soon", **odd})[0][0].title == "Rain"

    @pytest.mark.parametrize(
        "error", [{"error": "Paper not found"}, {"message": "Too Many Requests", "code": "429"}]
    )
    def test_error_is_told(self, error):
        with pytest.raises(UnreadableInput, match="Semantic Scholar answered with an error"):
            read(error)

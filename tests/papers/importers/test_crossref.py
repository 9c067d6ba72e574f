import json
from datetime import UTC, date, datetime
from functools import partial

import pytest

from papers.identifiers import Identifier
from papers.records import Precision, Rank, Record, UnreadableInput
from tests.papers.importers.conftest import DATA, parse_json, read_real

SMALL = (DATA / "crossref.json").read_bytes()
read = partial(parse_json, "crossref")


class TestSmallList:
    def test_works_come_in_and_the_broken_one_is_named(self):
        records, rejections = read(SMALL)
        assert [record.place for record in records] == ["item 1", "item 3", "item 4"]
        assert [(found.place, found.reason) for found in rejections] == [("item 2", "There is no title.")]

    def test_every_field(self):
        assert read(SMALL)[0][0] == Record(
            key="crossref:10.5555/rain.1",
            title="Rain in Vicia Fields & Elsewhere: A Diary",
            abstract="It rained.\n\nThen it stopped.",
            authors=("Wilhelmina van der Pluvia Jr.", "The Drizzle Consortium"),
            identifiers=(Identifier("doi", "10.5555/rain.1"), Identifier("doi", "10.5555/pre.rain")),
            published=date(2025, 1, 30),  # online, and in print a month later
            updated=datetime(2025, 2, 1, 9, 30, tzinfo=UTC),
            journal="Annals of Rain & Wind",
            volume="7",
            issue="2",
            pages="11-19",
            urls=(
                ("page", "https://example.org/rain"),
                ("pdf", "https://example.org/rain.pdf"),
                ("doi", "https://doi.org/10.5555/rain.1"),
            ),
            rank=Rank.PUBLISHER,
            place="item 1",
        )

    def test_preprint_and_published_form_name_each_other(self):
        published, preprint, _ = read(SMALL)[0]
        assert set(published.identifiers) == set(preprint.identifiers)
        assert (preprint.rank, preprint.journal, preprint.categories) == (Rank.PREPRINT, "", ("Hydrology",))
        assert preprint.published == date(2024, 6, 9)

    def test_year_after_the_answer_itself_is_none(self):
        assert read(SMALL)[0][2].published is None


class TestRealFiles:
    def test_article(self, shared_data):
        (record,), rejections = read_real(
            shared_data, "crossref/work-journal-article-10.1101_gr.279093.124.json"
        )
        assert rejections == []
        assert (len(record.authors), record.journal, record.volume, record.issue, record.pages) == (
            *(14, "Genome Research", "35", "3", "432-445"),
        )
        assert record.published == date(2025, 2, 14)
        assert "(Canis lupus signatus)" in record.abstract

    def test_preprint_with_a_group_among_its_authors(self, shared_data):
        name = "crossref/work-preprint-group-author-10.1101_2025.04.10.647997.json"
        (record,), _ = read_real(shared_data, name)
        assert (len(record.authors), record.authors[-1]) == (22, "The MoTrPAC Study Group")
        assert record.abstract.startswith("Despite the lungs")

    def test_title_of_escaped_html(self, shared_data):
        name = "crossref/work-preprint-title-of-escaped-html-10.20944_preprints202601.0801.v1.json"
        (record,), _ = read_real(shared_data, name)
        assert record.title.startswith("A Hybrid Systems Framework for Electric Vehicle Adoption: Micro")

    def test_month_is_a_month(self, shared_data):
        name = "crossref/work-journal-article-portuguese-month-date-10.1590_1806-9983e710401.json"
        (record,), _ = read_real(shared_data, name)
        assert (record.published, record.published_precision) == (date(2025, 4, 1), Precision.MONTH)
        assert record.title == "Topologias do axé: a casa, o tempo, o corpo"

    def test_correction_stays_a_work_of_its_own(self, shared_data):
        name = "crossref/work-correction-empty-abstract-10.2196_43211.json"
        (record,), _ = read_real(shared_data, name)
        assert (record.identifiers, record.pages, record.abstract, record.withdrawn) == (
            *((Identifier("doi", "10.2196/43211"),), "e43211", "", False),
        )

    def test_list_with_years_in_the_future(self, shared_data):
        records, rejections = read_real(shared_data, "crossref/worklist-6-items-future-years.json")
        assert (len(records), rejections) == (6, [])
        assert {record.published for record in records} == {None}
        assert records[1].journal == "World Health & Population"

    def test_content_negotiation(self, shared_data):
        name = "csl-json/crossref-content-negotiation-10.4067_s0718-48082015000300006.json"
        (record,), _ = read_real(shared_data, name)
        assert (record.key, record.rank) == ("crossref:10.4067/s0718-48082015000300006", Rank.PUBLISHER)
        assert (len(record.authors), record.journal) == (4, "Terapia psicológica")


def make_work(**fields):
    return {"DOI": "10.5555/1", "type": "journal-article", "title": ["Rain"], "prefix": "10.5555"} | fields


class TestWorks:
    @pytest.mark.parametrize(
        ("fields", "is_withdrawn"),
        [
            ({"updated-by": [{"DOI": "10.5555/2", "type": "retraction"}]}, True),
            ({"updated-by": [{"DOI": "10.5555/2", "type": "correction"}]}, False),
            ({"update-to": [{"DOI": "10.5555/2", "type": "retraction"}]}, False),  # the notice
            ({"update-to": [{"DOI": "10.5555/1", "type": "retraction"}]}, True),
            ({"title": ["RETRACTED: Rain"]}, True),
            ({"title": ["Retracted: Rain"]}, False),
        ],
        ids=str,
    )
    def test_only_the_retracted_work_is_withdrawn(self, fields, is_withdrawn):
        assert read(make_work(**fields))[0][0].withdrawn is is_withdrawn

    @pytest.mark.parametrize(
        ("relation", "count"),
        [
            ({"is-preprint-of": [{"id-type": "doi", "id": "10.5555/2"}]}, 2),
            (
                {
                    "is-preprint-of": [
                        {"id-type": "doi", "id": "10.5555/2"},
                        {"id-type": "doi", "id": "10.5555/3"},
                    ]
                },
                1,
            ),
            ({"has-preprint": [{"id-type": "arxiv", "id": "2504.01001"}]}, 2),
            ({"has-preprint": [{"id-type": "uri", "id": "https://example.org/"}]}, 1),
            ({"is-corrected-by": [{"id-type": "doi", "id": "10.5555/2"}]}, 1),
            ({"has-preprint": {}, "is-preprint-of": [None, "x"]}, 1),
            ([], 1),
        ],
        ids=str,
    )
    def test_relations_that_name_the_same_work(self, relation, count):
        assert len(read(make_work(relation=relation))[0][0].identifiers) == count

    def test_isbn_is_of_whole_books(self):
        isbn = {"ISBN": ["9783161484100"]}
        assert len(read(make_work(type="monograph", **isbn))[0][0].identifiers) == 2
        assert len(read(make_work(type="book-chapter", **isbn))[0][0].identifiers) == 1

    def test_odd_side_facts_do_not_lose_the_work(self):
        odd = dict.fromkeys(
            ("author", "issued", "posted", "container-title", "link", "resource", "relation"), 5
        )
        (record,), _ = read(make_work(**odd, volume=7, issue=None, page=[1], deposited=[], abstract={}))
        assert (record.title, record.volume, record.published) == ("Rain", "7", None)

    def test_lines_and_lists_without_an_envelope(self):
        work = json.dumps(make_work())
        assert len(read(f"{work}\n{work}\n".encode())[0]) == 2
        assert len(read([make_work(), make_work()])[0]) == 2

    def test_error_is_told(self):
        error = {
            "status": "failed",
            "message-type": "validation-failure",
            "message": [{"message": "Unknown filter"}],
        }
        with pytest.raises(UnreadableInput, match=r"Crossref answered with an error .*Unknown filter"):
            read(error)

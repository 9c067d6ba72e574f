import json
from datetime import UTC, date, datetime
from functools import partial

import pytest

from papers.identifiers import Identifier
from papers.records import Rank, Record, UnreadableInput
from tests.papers.importers.conftest import DATA, parse_json, read_real

SMALL = (DATA / "openreview.json").read_bytes()
read = partial(parse_json, "openreview")


class TestSmallList:
    def test_papers_come_in_and_reviews_are_passed_over(self):
        records, rejections = read(SMALL)
        assert [record.place for record in records] == ["item 1", "item 4"]
        assert [(found.place, found.reason) for found in rejections] == [("item 3", "There is no title.")]

    def test_every_field_of_version_2(self):
        assert read(SMALL)[0][0] == Record(
            key="openreview:Rain00001",
            title="Rain in Graphs",
            abstract="It rains.\n\nOften.",
            authors=("Wilhelmina Pluvia",),
            identifiers=(Identifier("openreview", "Rain00001"),),
            published=date(2024, 5, 6),
            updated=datetime(2024, 5, 18, 2, 40, tzinfo=UTC),
            categories=("rain", "graphs"),
            journal="Weather 2024 oral",
            urls=(
                ("page", "https://openreview.net/forum?id=Rain00001"),
                ("pdf", "https://openreview.net/pdf/abc.pdf"),
                ("code", "https://example.org/code"),
            ),
            rank=Rank.PREPRINT,
            place="item 1",
        )

    def test_version_1_with_its_paper_at_arxiv(self):
        record = read(SMALL)[0][1]
        assert record.identifiers == (
            Identifier("openreview", "Snow00001"),
            Identifier("arxiv", "1801.00001"),
        )
        assert (record.authors, record.journal, record.withdrawn) == (("A. Frost", "B. Ice"), "", True)

    def test_addresses_of_people_are_never_kept(self):
        records, rejections = read(SMALL)
        assert "@example" not in repr((records, rejections))


class TestRealFiles:
    def test_list_of_a_crawler(self, shared_data):
        name = "openreview/notes-api1-nips2018-cdnnria-with-revisions-and-reviews.json"
        records, rejections = read_real(shared_data, name)
        assert rejections == []
        assert [(record.identifiers[0].value, record.title) for record in records] == [
            ("HkghWScuoQ", "Targeted Dropout"),
            ("r1eLk2mKiX", "Rethinking the Value of Network Pruning"),
        ]
        assert "@" not in repr([(record.authors, record.urls, record.submitter) for record in records])


def make_note(**fields):
    return {
        "id": "Rain00001",
        "forum": "Rain00001",
        "content": {"title": "Rain", "abstract": "It rains."},
    } | fields


class TestNotes:
    def test_notes_of_other_kinds_are_passed_over(self):
        registration = make_note(content={"title": "Reviewer registration"})
        assert read([make_note(forum="Other0001"), registration]) == ([], [])

    def test_one_note_and_lines_of_notes(self):
        assert len(read(make_note())[0]) == 1
        assert len(read(f"{json.dumps(make_note())}\n{json.dumps(make_note())}".encode())[0]) == 2

    @pytest.mark.parametrize("time", [0, -1, 10**17, "x", None, []])
    def test_times_that_are_none(self, time):
        assert read(make_note(cdate=time, tmdate=time))[0][0].published is None

    def test_odd_values_do_not_lose_the_paper(self):
        odd = {name: {"value": 5} for name in ("authors", "keywords", "pdf", "venue", "code")}
        assert read(make_note(content={"title": "Rain", "abstract": "x", **odd}))[0][0].title == "Rain"
        authors = {"value": [{"fullname": "A. Frost", "username": "~A1"}, None]}
        assert read(make_note(content={"title": "Rain", "authors": authors}))[0][0].authors == ("A. Frost",)

    def test_error_is_told(self):
        with pytest.raises(UnreadableInput, match=r"OpenReview answered with an error .*Forbidden"):
            read({"name": "ForbiddenError", "message": "Forbidden", "status": 403})

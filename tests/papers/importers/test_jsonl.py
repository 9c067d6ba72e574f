import io
from datetime import UTC, date, datetime

import pytest

from papers import importers
from papers.identifiers import Identifier
from papers.records import Precision, Rank, Record
from tests.papers.importers.conftest import DATA, parse

EXPORT = (DATA / "jsonl.jsonl").read_bytes()
DAILY = (DATA / "arxiv-jsonl.jsonl").read_bytes()


class TestExport:
    def test_paper_says_all_it_says(self):
        records, _ = parse("jsonl", EXPORT, date=date(2025, 4, 25))
        assert records[0] == Record(
            key=records[0].key,
            title="Umbrellas That Remember Rain",
            abstract="We keep a diary.\n\nIt has two paragraphs.",
            authors=("Wilma van der Drop", "Jörg Schauer"),
            identifiers=(Identifier("arxiv", "2504.01001"), Identifier("doi", "10.5555/rain.2021.7")),
            published=date(2021, 3, 1),
            published_precision=Precision.MONTH,
            updated=datetime(2021, 4, 1, 8, tzinfo=UTC),
            revision=3,
            categories=("cs.LG",),
            journal="Weather Diaries",
            volume="7",
            issue="2",
            pages="101-119",
            urls=(("pdf", "https://example.org/rain.pdf"),),
            comment="12 pages",
            withdrawn=True,
            rank=Rank.FILE,
            place="item 1",
            listed=date(2025, 4, 25),
        )

    def test_bad_lines_are_named_and_the_others_come_in(self):
        records, rejections = parse("jsonl", EXPORT)
        assert [record.title for record in records] == ["Umbrellas That Remember Rain", "Kettles", "Snow"]
        assert [each.place for each in rejections] == ["item 3", "item 4"]
        assert rejections[0].reason == "There is no title."

    def test_ids_are_those_of_another_catalogue(self):
        one, other = (
            parse("jsonl", EXPORT.replace(b'"id":7', number))[0][0] for number in (b'"id":7', b'"id":70')
        )
        assert one == other

    @pytest.mark.parametrize(
        "line",
        [
            b'{"title": "x", "authors": "Wilma", "identifiers": {}, "urls": [1], "revision": "three", "published": 7}',
            b'{"title": "x", "authors": [1, null], "identifiers": [null, {"scheme": "isbn"}, {"value": "10.5555/a"}]}',
            b'{"title": "x", "published": "99999-01-01", "published_precision": "week", "withdrawn": "yes"}',
        ],
        ids=["types", "items", "values"],
    )
    def test_odd_values_are_left_out(self, line):
        (record,), rejections = parse("jsonl", line)
        assert rejections == [] and record.title == "x"
        assert (record.authors, record.published, record.revision, record.withdrawn) == (
            (),
            None,
            None,
            False,
        )


class TestDailyArxiv:
    def test_paper_says_all_it_says(self):
        records, _ = parse("arxiv-jsonl", DAILY, date=date(2025, 4, 25))
        assert records[0] == Record(
            key="daily:2504.01001",
            title="Umbrellas That Remember Rain",
            abstract="We keep a diary of every shower.\n\nIt has two paragraphs.",
            authors=("Wilma van der Drop", "Jörg Schauer"),
            identifiers=(Identifier("arxiv", "2504.01001"),),
            published=date(2025, 4, 1),
            published_precision=Precision.MONTH,
            categories=("cs.LG", "cs.CL"),
            urls=(("page", "https://arxiv.org/abs/2504.01001"), ("pdf", "https://arxiv.org/pdf/2504.01001")),
            comment="12 pages",
            rank=Rank.PREPRINT,
            place="item 1",
            listed=date(2025, 4, 25),
        )

    def test_old_identifier_with_its_revision_and_withdrawal(self):
        record = parse("arxiv-jsonl", DAILY)[0][1]
        assert (record.key, record.revision, record.withdrawn) == ("daily:hep-th/9901001", 2, True)
        assert record.published == date(1999, 1, 1)

    def test_line_without_an_identifier_is_named(self):
        (rejection,) = parse("arxiv-jsonl", DAILY)[1]
        assert (rejection.place, rejection.reason) == ("item 3", "The paper has no arXiv identifier.")

    def test_real_files(self, shared_data):
        names = sorted(shared_data("corpus").glob("*.jsonl"))
        assert len(names) == 11
        lines, papers = 0, set()
        for name in names:
            with name.open("rb") as stream:
                for found in importers.read(stream, date=date.fromisoformat(name.stem[-10:])):
                    assert isinstance(found, Record)
                    lines += 1
                    papers.add(found.identifiers)
        assert (lines, len(papers)) == (6386, 5153)


@pytest.mark.parametrize(("name", "data"), [("jsonl", EXPORT), ("arxiv-jsonl", DAILY)])
def test_are_told_apart_by_their_content(name, data):
    assert name == importers.find_importer(data).NAME


def test_line_longer_than_what_is_looked_at():
    data = EXPORT.replace(b'"Wilma van der Drop"', b", ".join(b'"Author %d"' % n for n in range(9_000)))
    assert importers.tell_format(io.BytesIO(data)) == "jsonl"


def test_other_objects_are_not_taken_for_ours():
    for data in (b'{"a": 1}', b'{"title": "x", "authors": []}', b'{"id": 1}'):
        assert not any(importers.FORMATS[name].sniff(data) for name in ("jsonl", "arxiv-jsonl"))

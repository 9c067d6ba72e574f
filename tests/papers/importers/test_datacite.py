import json
from datetime import UTC, date, datetime
from functools import partial

import pytest

from papers import importers
from papers.identifiers import Identifier
from papers.records import Precision, Rank, Record, UnreadableInput
from tests.papers.importers.conftest import DATA, parse_json, read_real

SMALL = (DATA / "datacite.json").read_bytes()
read = partial(parse_json, "datacite")


class TestSmallList:
    def test_records_come_in_and_the_broken_one_is_named(self):
        records, rejections = read(SMALL)
        assert [record.place for record in records] == ["item 1", "item 3"]
        assert [(found.place, found.reason) for found in rejections] == [("item 2", "There is no title.")]

    def test_every_field(self):
        assert read(SMALL)[0][0] == Record(
            key="datacite:2504.01001",
            title="Small Umbrellas for $n$ People",
            abstract="We count umbrellas.\n\nThey are small.",
            authors=("Wilhelmina Pluvia", "Jo Drizzle", "Rain, Wind and Co."),
            identifiers=(Identifier("arxiv", "2504.01001"), Identifier("doi", "10.5555/umbrella.9")),
            published=date(2025, 4, 1),
            updated=datetime(2025, 5, 2, 10, tzinfo=UTC),
            revision=2,
            categories=("physics.ao-ph",),
            urls=(("page", "https://arxiv.org/abs/2504.01001"), ("pdf", "https://arxiv.org/pdf/2504.01001")),
            rank=Rank.PREPRINT,
            place="item 1",
        )

    def test_article(self):
        record = read(SMALL)[0][1]
        assert (record.title, record.journal, record.pages) == ("Hail: A Survey", "Annals of Ice", "5-9")
        assert record.published_precision is Precision.YEAR

    def test_what_anybody_may_deposit_counts_as_a_file(self):
        """Whatever it says of its kind, and of the journal it stands in."""
        preprint, article = read(SMALL)[0]
        assert (preprint.rank, preprint.deposited) == (Rank.PREPRINT, False)
        assert (article.rank, article.deposited) == (Rank.FILE, True)

    def test_what_a_preprint_server_registers_is_a_preprint(self):
        item = {
            "doi": "10.31219/osf.io/umbra",
            "titles": [{"title": "Umbrellas"}],
            "creators": [{"name": "Pluvia, W."}],
        }
        [record], _ = read([item])
        assert (record.rank, record.deposited) == (Rank.PREPRINT, False)


class TestRealFiles:
    def test_doi_of_arxiv(self, shared_data):
        (record,), rejections = read_real(shared_data, "datacite/doi-10.48550_arxiv.2201.06719.json")
        assert rejections == []
        assert record.identifiers == (
            Identifier("arxiv", "2201.06719"),
            Identifier("doi", "10.1103/physreva.106.012821"),
        )
        assert (len(record.authors), record.authors[0]) == (9, "J. Z. Han")
        assert (record.published, record.categories) == (date(2022, 1, 18), ("physics.atom-ph",))


def make_work(**fields):
    return {"doi": "10.5555/1", "titles": [{"title": "Rain"}], "creators": []} | fields


class TestRecords:
    def test_attributes_alone_and_lines_of_them(self):
        line = json.dumps(make_work())
        assert len(read(f"{line}\n{line}".encode())[0]) == 2
        assert importers.find_importer(line.encode()).NAME == "datacite"

    def test_version_of_two_works_is_neither(self):
        related = [
            {
                "relationType": "IsVersionOf",
                "relatedIdentifier": f"10.5555/{number}",
                "relatedIdentifierType": "DOI",
            }
            for number in (2, 3)
        ]
        assert len(read(make_work(relatedIdentifiers=related))[0][0].identifiers) == 1
        assert len(read(make_work(relatedIdentifiers=related[:1]))[0][0].identifiers) == 2

    def test_odd_values_do_not_lose_the_record(self):
        odd = dict.fromkeys(
            ("creators", "subjects", "dates", "container", "types", "relatedIdentifiers"), ("x", 5)
        )
        assert read(make_work(**odd, publicationYear="soon", version=None))[0][0].published is None
        assert read([5, {"attributes": 5}])[1][0].reason == "This is no record of DataCite: it has no DOI."

    def test_error_is_told(self):
        with pytest.raises(UnreadableInput, match=r"DataCite answered with an error .*does not exist"):
            read({"errors": [{"status": "404", "title": "The resource does not exist."}]})

from datetime import date
from functools import partial

import pytest

from papers.identifiers import Identifier
from papers.records import Precision, Rank, Record
from tests.papers.importers.conftest import DATA, parse_json, read_real

SMALL = (DATA / "csl-json.json").read_bytes()
read = partial(parse_json, "csl-json")


class TestSmallList:
    def test_items_come_in_and_the_broken_one_is_named(self):
        records, rejections = read(SMALL)
        assert [record.place for record in records] == ["item 1", "item 3", "item 4"]
        assert [(found.place, found.reason) for found in rejections] == [("item 2", "There is no title.")]

    def test_every_field(self):
        record = read(SMALL)[0][0]
        assert record == Record(
            key=record.key,  # of the content: "id" is whatever its owner calls it
            title="Umbrellas in Practice",
            abstract="They help.",
            authors=("Wilhelmina van der Pluvia", "Umbrella Society"),
            identifiers=(
                Identifier("doi", "10.5555/umbrella"),
                Identifier("pmid", "1234"),
                Identifier("pmcid", "PMC99"),
            ),
            published=date(2020, 5, 1),
            published_precision=Precision.MONTH,
            journal="Annals of Rain",
            volume="7",
            issue="2",
            pages="1-9",
            urls=(("page", "https://example.org/umbrella"), ("doi", "https://doi.org/10.5555/umbrella")),
            rank=Rank.FILE,
            place="item 1",
        )

    def test_isbn_is_of_the_book_and_not_of_its_chapter(self):
        _, chapter, book = read(SMALL)[0]
        assert (chapter.identifiers, chapter.journal) == ((), "A Book of Ice")
        assert (book.identifiers, book.authors) == (
            (Identifier("isbn", "9783161484100"),),
            ("Ada Kornelius",),
        )


class TestRealFiles:
    def test_export_of_26_items(self, shared_data):
        records, rejections = read_real(shared_data, "csl-json/zotero-better-csl-export.json")
        assert (len(records), rejections) == (26, [])
        assert records[0].identifiers == (Identifier("doi", "10.1177/0193723504268729"),)  # short in "DOI"
        assert (records[2].published, records[2].published_precision) == (date(2016, 6, 1), Precision.DAY)
        assert "Court of Arbitration for Sport" in records[3].authors


def make_item(**fields):
    return {"id": "x", "type": "article-journal", "title": "Rain"} | fields


class TestItems:
    @pytest.mark.parametrize(
        ("issued", "day", "precision"),
        [
            ({"date-parts": [[2015, 12]]}, date(2015, 12, 1), Precision.MONTH),
            ({"date-parts": [["2016", "6", "1"]]}, date(2016, 6, 1), Precision.DAY),
            ({"date-parts": [[2015, 1, 2], [2016]], "circa": True}, date(2015, 1, 2), Precision.DAY),
            ({"date-parts": [["2015"]], "season": 1}, date(2015, 1, 1), Precision.YEAR),
            ({"raw": "2014 Dec"}, date(2014, 12, 1), Precision.MONTH),
            ({"literal": "c. 1990"}, date(1990, 1, 1), Precision.YEAR),
            ("2015-03-04", date(2015, 3, 4), Precision.DAY),
            ({"date-parts": [[-44, 3, 15]]}, None, Precision.DAY),
            ({"date-parts": [[99999]]}, None, Precision.DAY),
            ({"date-parts": [[]]}, None, Precision.DAY),
            ({"date-parts": [[None]]}, None, Precision.DAY),
            ({"date-parts": "x"}, None, Precision.DAY),
            (7, None, Precision.DAY),
        ],
        ids=str,
    )
    def test_dates_in_all_spellings(self, issued, day, precision):
        record = read(make_item(issued=issued))[0][0]
        assert (record.published, record.published_precision) == (day, precision)

    def test_answer_of_datacite_has_its_doi_as_id(self):
        record = read(make_item(id="https://doi.org/10.5555/1"))[0][0]
        assert record.identifiers == (Identifier("doi", "10.5555/1"),)

    def test_list_object_and_envelope(self):
        item = make_item()
        for data in (item, [item], {"items": [item]}, {"references": [item]}):
            assert len(read(data)[0]) == 1

    def test_odd_values_do_not_lose_the_item(self):
        odd = dict.fromkeys(
            ("author", "editor", "abstract", "keyword", "note", "DOI", "URL", "ISBN", "page"), ("x", 5)
        )
        assert read(make_item(**odd))[0][0].title == "Rain"
        assert read([5, None, make_item()])[0][0].title == "Rain"

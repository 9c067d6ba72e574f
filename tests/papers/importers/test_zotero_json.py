import json
from datetime import date
from functools import partial

from papers import importers
from papers.identifiers import Identifier
from papers.records import Precision, Rank, Record
from tests.papers.importers.conftest import DATA, parse_json, read_real

SMALL = (DATA / "zotero-json.json").read_bytes()
read = partial(parse_json, "zotero-json")


class TestSmallList:
    def test_items_come_in_and_attachments_and_notes_are_passed_over(self):
        records, rejections = read(SMALL)
        assert [record.place for record in records] == ["item 1", "item 5", "item 6"]
        assert [(found.place, found.reason) for found in rejections] == [("item 4", "There is no title.")]

    def test_every_field(self):
        record = read(SMALL)[0][0]
        assert record == Record(
            key=record.key,
            title="Umbrellas in Practice",
            abstract="They help.",
            authors=("Wilhelmina van der Pluvia", "Umbrella Society"),
            identifiers=(
                Identifier("doi", "10.5555/umbrella"),
                Identifier("arxiv", "2001.00001"),
                Identifier("pmid", "1234"),
            ),
            published=date(2020, 5, 17),  # as the service read what is written
            journal="Annals of Rain",
            volume="7",
            issue="2",
            pages="1-9",
            urls=(("pdf", "https://example.org/umbrella.pdf"), ("doi", "https://doi.org/10.5555/umbrella")),
            rank=Rank.FILE,
            place="item 1",
        )

    def test_isbn_is_of_the_book_and_not_of_its_chapter(self):
        _, book, chapter = read(SMALL)[0]
        assert (book.identifiers, book.authors) == ((Identifier("isbn", "9783161484100"),), ("Ada Korn",))
        assert (book.published, book.published_precision) == (date(2007, 6, 1), Precision.MONTH)
        assert (chapter.identifiers, chapter.journal) == ((), "A Book of Ice")


class TestRealFiles:
    def test_answer_with_20_items(self, shared_data):
        records, rejections = read_real(shared_data, "zotero-api/items-20-sherlock.json")
        assert (len(records), rejections) == (20, [])
        assert records[1].authors == ("R. Creighton Buck",)
        assert records[1].published == date(1980, 5, 1)


class TestItems:
    def test_export_of_better_bibtex(self):
        item = {
            "itemID": 7,
            "itemType": "preprint",
            "title": "Rain",
            "archiveID": "arXiv:2504.01001",
            "tags": ["rain"],
        }
        note = {"itemID": 8, "itemType": "note", "note": "private"}
        data = json.dumps(
            {"config": {"id": "x", "label": "BetterBibTeX JSON"}, "items": [item, note]}
        ).encode()
        assert importers.find_importer(data).NAME == "zotero-json"
        (record,), rejections = read(data)
        assert rejections == []
        assert (record.identifiers, record.categories) == ((Identifier("arxiv", "2504.01001"),), ())

    def test_odd_values_do_not_lose_the_item(self):
        odd = dict.fromkeys(
            ("creators", "tags", "date", "DOI", "url", "extra", "abstractNote", "ISBN"), ("x", 5)
        )
        assert read({"data": {"itemType": "book", "title": "Rain", **odd}})[0][0].title == "Rain"
        assert read([5, {"data": 5}])[1][0].reason == "This is no item of Zotero: it has no itemType."

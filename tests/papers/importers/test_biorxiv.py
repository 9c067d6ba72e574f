import json
from datetime import UTC, date, datetime
from functools import partial

import pytest

from papers import importers
from papers.identifiers import Identifier
from papers.records import Precision, Rank, Record
from tests.papers.importers.conftest import DATA, parse_json, read_real

SMALL = (DATA / "biorxiv.json").read_bytes()
read = partial(parse_json, "biorxiv")


class TestSmallList:
    def test_preprints_come_in_and_the_broken_one_is_named(self):
        records, rejections = read(SMALL)
        assert [record.place for record in records] == ["item 1", "item 3"]
        assert [(found.place, found.reason) for found in rejections] == [("item 2", "There is no title.")]

    def test_every_field(self):
        page = "https://www.biorxiv.org/content/10.1101/2024.06.09.123456v1"
        assert read(SMALL)[0][0] == Record(
            key="biorxiv:10.1101/2024.06.09.123456",
            title="Rain in Vicia Fields",
            abstract="It rained:\n\nfirst a little,\n\nthen GREATLY.",
            authors=("W. Pluvia", "J. R. Drizzle"),
            identifiers=(Identifier("doi", "10.1101/2024.06.09.123456"), Identifier("doi", "10.5555/rain.1")),
            published=date(2024, 6, 11),
            updated=datetime(2024, 6, 11, tzinfo=UTC),
            revision=1,
            categories=("ecology",),
            urls=(
                ("doi", "https://doi.org/10.1101/2024.06.09.123456"),
                ("page", page),
                ("pdf", f"{page}.full.pdf"),
            ),
            rank=Rank.PREPRINT,
            place="item 1",
        )

    def test_day_of_a_later_version_is_not_that_of_the_paper(self):
        record = read(SMALL)[0][1]
        assert (record.published, record.published_precision) == (date(2023, 1, 1), Precision.YEAR)
        assert (record.revision, record.updated) == (3, datetime(2024, 6, 12, tzinfo=UTC))
        assert (record.abstract, record.categories) == ("", ())  # "NA" is nothing


class TestRealFiles:
    def test_page_of_10(self, shared_data):
        records, rejections = read_real(shared_data, "biorxiv/details-biorxiv-2026-08-01.json")
        assert (len(records), rejections) == (10, [])
        assert [record.revision for record in records].count(2) == 5
        assert {record.identifiers[0].value.split("/")[0] for record in records} == {"10.64898", "10.1101"}
        abstracts = " ".join(record.abstract for record in records)
        assert not any(mark in abstracts for mark in ("O_LI", "C_LI", "SCPLOW"))
        assert "J. R. Scherrer" in records[3].authors


class TestItems:
    def test_published_form_of_a_preprint(self):
        item = {
            "biorxiv_doi": "10.1101/2024.06.09.123456",
            "published_doi": "10.5555/rain.1",
            "preprint_title": "Rain",
            "preprint_authors": "Pluvia, W.",
            "preprint_date": "2024-06-11",
            "preprint_platform": "medRxiv",
        }
        data = json.dumps({"messages": [], "collection": [item]}).encode()
        assert importers.find_importer(data).NAME == "biorxiv"
        (record,), _ = read(data)
        assert (len(record.identifiers), record.published) == (2, date(2024, 6, 11))

    @pytest.mark.parametrize(
        ("abstract", "text"),
        [
            ("It rains. O_FIG O_LINKSMALLFIG a figure C_FIG It pours.", "It rains. It pours."),
            ("It rains. O_FIG and so on", "It rains. and so on"),
            ("O_ST_ABSAimC_ST_ABSTo stay dry.", "Aim\n\nTo stay dry."),
            ("O_LIone C_LIO_LItwo C_LI", "one\n\ntwo"),
        ],
    )
    def test_marks_of_flattened_mark_up(self, abstract, text):
        item = {"doi": "10.1101/1", "title": "Rain", "abstract": abstract, "server": "bioRxiv"}
        assert read(item)[0][0].abstract == text

    @pytest.mark.parametrize("piece", ["O_FIG ", " ", "O_LI ", "O_SCPLOW", "C_FIG"])
    def test_work_grows_no_faster_than_the_abstract(self, piece):
        """These take well under a second; a quadratic step would take minutes, and the test run with it."""
        read({"doi": "10.1101/1", "title": "Rain", "abstract": "x" + piece * 300_000 + "x"})

    def test_page_without_preprints(self):
        data = json.dumps({"messages": [{"status": "no posts found"}], "collection": []}).encode()
        assert importers.find_importer(data).NAME == "biorxiv"
        assert read(data) == ([], [])

    def test_odd_values_do_not_lose_the_preprint(self):
        odd = dict.fromkeys(("authors", "date", "abstract", "category", "server", "published"), ("x", 5))
        assert read({"doi": "10.1101/1", "title": "Rain", "version": "x", **odd})[0][0].title == "Rain"

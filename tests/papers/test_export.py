"""The export: what it holds, in which order, and that it is read again."""

import io
import json
import random
import tracemalloc
from datetime import date

import pytest
from django.core.management import CommandError, call_command

from papers import catalogue, importers
from papers.export import export_papers
from papers.models import Paper, Source
from papers.records import PartialDate, Precision, Rank, clean_record
from tests import factories
from tests.papers.importers.conftest import DATA

pytestmark = pytest.mark.django_db


def export(*arguments):
    out = io.StringIO()
    call_command("export", *arguments, stdout=out)
    return out.getvalue()


def take_in(source, data):
    records = [
        found for found in importers.read(io.BytesIO(data), date=date(2025, 4, 25)) if hasattr(found, "rank")
    ]
    for start in range(0, len(records), 5):
        catalogue.add_records(source, records[start : start + 5])


@pytest.fixture
def papers(source):
    take_in(source, (DATA / "jsonl.jsonl").read_bytes())
    take_in(source, (DATA / "csv.csv").read_bytes())
    take_in(source, (DATA / "ris.ris").read_bytes())


def test_line_has_the_fields_of_the_api_and_what_is_kept_besides(papers):
    line = json.loads(export().splitlines()[0])
    paper = Paper.objects.get(pk=line["id"])
    assert list(line) == [
        *("id", "title", "abstract", "authors", "identifiers", "published", "published_precision", "updated"),
        *("revision", "categories", "journal", "volume", "issue", "pages", "urls", "comment", "withdrawn"),
    ]
    assert line["identifiers"] == [
        {"scheme": "arxiv", "value": "2504.01001"},
        {"scheme": "doi", "value": "10.5555/rain.2021.7"},
    ]
    assert (line["published"], line["published_precision"]) == ("2021-03-01", "month")
    assert line["urls"][0] == {"kind": "pdf", "url": "https://example.org/rain.pdf"}
    assert (line["title"], line["withdrawn"]) == (paper.title, True)


def test_import_of_an_export_gives_the_same_catalogue(papers):
    before = export("--canonical")
    everything = export()
    assert before.count("\n") == Paper.objects.count() > 4
    Paper.objects.all().delete()
    assert export("--canonical") == ""
    take_in(Source.objects.get(), everything.encode())
    assert export("--canonical") == before


def test_import_of_an_export_where_it_came_from_changes_nothing_it_says(papers):
    before = export("--canonical")
    take_in(factories.make_source(), export().encode())
    assert export("--canonical") == before


def test_canonical_order_does_not_depend_on_what_came_first(source):
    records = [
        clean_record(
            title=title, abstract=abstract, authors=["A B"], rank=Rank.FILE, place="x",
            published=PartialDate(date(year, 1, 1), Precision.YEAR),
        )
        for title in ("one", "One", "Öne", "two")
        for abstract in ("x", "y")
        for year in (1990, 2000, 2010)
    ]  # fmt: skip
    found = set()
    for seed in range(3):
        Paper.objects.all().delete()
        random.Random(seed).shuffle(records)
        catalogue.add_records(source, records)
        found.add(export("--canonical"))
    assert len(found) == 1
    assert '"id"' not in found.pop()


def test_private_papers_are_left_out_but_for_their_club(papers, club, other_club):
    for each in (club, other_club):
        uploads = factories.make_source(club=each)
        catalogue.add_records(
            uploads,
            [clean_record(title=f"Secret of {each.slug}", authors=["A B"], rank=Rank.FILE, place="x")],
        )
    assert "Secret" not in export()
    assert f"Secret of {club.slug}" in export("--club", club.slug)
    assert f"Secret of {other_club.slug}" not in export("--club", club.slug)
    with pytest.raises(CommandError, match="no club"):
        export("--club", "nobody")


def test_memory_does_not_grow_with_the_catalogue(source, django_assert_num_queries):
    catalogue.add_records(
        source,
        [
            clean_record(key=str(n), title=f"Paper {n}", abstract="x" * 4_000, rank=Rank.FILE, place="x")
            for n in range(3_000)
        ],
    )
    tracemalloc.start()
    lines = sum(1 for _ in export_papers(canonical=True))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert lines == 3_000
    assert peak < 8_000_000

"""One paper, once, with real files: what several formats say of one library becomes one catalogue (invariant 1)."""

from datetime import date
from itertools import permutations
from pathlib import Path

import pytest
from django.db import transaction

from bench.formats import find_files
from papers import catalogue, importers, importing
from papers.models import CandidatePair, Catalogue, Paper
from papers.records import Record, Rejection, UnreadableInput

pytestmark = pytest.mark.django_db

REAL = Path(__file__).resolve().parents[2].parent / "shared" / "data"


def read(name):
    """Read a real file, in which nothing is rejected; the test is skipped where the file is not there."""
    if not (REAL / name).exists():
        pytest.skip(f"no {name} in ../shared/data")
    with (REAL / name).open("rb") as stream:
        found = list(importers.read(stream))
    assert not any(isinstance(each, Rejection) for each in found)
    return found


def take_in(*files):
    """Take the records of files in, one file after the other, as uploads of the installation."""
    for records in files:
        catalogue.add_records(importing.default_source("ris", None), records)


def take_in_and_forget(*files):
    """Take the records of files into an empty catalogue, say what it holds, and empty it again."""
    with transaction.atomic():
        take_in(*files)
        said = describe()
        transaction.set_rollback(True)
    return said


def describe():
    """What the catalogue says, without the numbers that depend on what came first."""
    papers = Paper.objects.prefetch_related("identifiers", "source_records")
    return sorted(
        (
            paper.title,
            *paper.authors,
            *sorted(str(each) for each in paper.identifiers.all()),
            str(paper.published),
            paper.journal,
            paper.volume,
            paper.issue,
            paper.pages,
            paper.abstract,
            str(sorted(record.key for record in paper.source_records.all())),
        )
        for paper in papers
    )


def test_one_library_in_three_formats_is_102_papers():
    files = [
        read("ris/blue-light-102-articles-endnote.ris"),
        read("endnote-xml/blue-light-102-articles.xml"),
        read("nbib/blue-light-80-articles-pubmed.nbib"),
    ]
    assert [len(records) for records in files] == [102, 102, 80]
    catalogues = [take_in_and_forget(*order) for order in permutations(files)]
    assert [len(said) for said in catalogues] == [102] * 6
    assert all(said == catalogues[0] for said in catalogues)


def test_library_in_reverse_order_is_the_same_library():
    """Within a file, too, nothing depends on what comes first."""
    files = [
        read("ris/blue-light-102-articles-endnote.ris"),
        read("nbib/blue-light-80-articles-pubmed.nbib"),
    ]
    backwards = [records[::-1] for records in reversed(files)]
    assert take_in_and_forget(*files) == take_in_and_forget(*backwards)


def test_preprint_of_two_aggregators_is_one_paper():
    files = [
        read("openalex/work-arxiv-W4221145823.json"),
        read("datacite/doi-10.48550_arxiv.2201.06719.json"),
    ]
    catalogues = [take_in_and_forget(*order) for order in permutations(files)]
    assert [len(said) for said in catalogues] == [1, 1]
    assert catalogues[0] == catalogues[1]
    assert "arxiv:2201.06719" in catalogues[0][0]


@pytest.mark.parametrize("order", [1, -1], ids=["as it stands", "backwards"])
@pytest.mark.parametrize("size", [1, 20])
def test_preprint_under_another_title_stays_apart_until_people_say_so(order, size):
    """The file names no link between the two, and “cryo-EM” and “cryo-electron microscopy” are different words."""
    records = read("zotero-rdf/ctffind5-library-13-items.rdf")[::order]
    take_in(*(records[at : at + size] for at in range(0, len(records), size)))
    assert Paper.objects.count() == 13
    pair = CandidatePair.objects.get()
    titles = {pair.first.title, pair.second.title}
    assert titles == {
        "Real-time cryo-EM data pre-processing with Warp",
        "Real-time cryo-electron microscopy data preprocessing with Warp",
    }
    assert pair.reason.endswith("a preprint and its published form?")


def find_real_files():
    """Name the real files; one day of arXiv stands for the eleven that the benchmark makes its papers of."""
    names = [str(path.relative_to(REAL)) for path in find_files(REAL)] if REAL.exists() else []
    days = [name for name in names if name.startswith("corpus/")]
    return [name for name in names if name not in days[1:]]


def read_what_comes_in(name):
    """Give the records of a real file; none where it is refused whole."""
    try:
        with (REAL / name).open("rb") as stream:
            found = list(importers.read(stream, today=date(2026, 1, 1)))
    except UnreadableInput:
        return []
    return [each for each in found if isinstance(each, Record)]


@pytest.mark.parametrize("name", find_real_files())
def test_second_import_of_a_file_changes_nothing(name):
    records = read_what_comes_in(name)
    take_in(records)
    said, version = describe(), Catalogue.objects.get().version
    outcomes = catalogue.add_records(importing.default_source("ris", None), records)
    assert {outcome.change for outcome in outcomes} <= {catalogue.Change.UNCHANGED}
    assert (describe(), Catalogue.objects.get().version) == (said, version)


def test_all_real_files_together_are_one_catalogue_in_any_order():
    files = [read_what_comes_in(name) for name in find_real_files()]
    backwards = [records[::-1] for records in reversed(files)]
    assert take_in_and_forget(*files) == take_in_and_forget(*backwards)


def test_real_files_bring_up_few_pairs_of_preprints():
    """Whoever wrote for TUGboat has many articles there, and none of them is the published form of a preprint."""
    take_in(*(read_what_comes_in(name) for name in find_real_files()))
    pairs = CandidatePair.objects.filter(reason__endswith="a preprint and its published form?")
    assert (pairs.count(), CandidatePair.objects.count() <= 30) == (1, True)


def test_2720_articles_of_one_journal_stay_2720():
    """Among them dozens called “Editorial comments”, without authors or by the same ones."""
    names = [name for name in find_real_files() if "tugboat" in name.lower()]
    if not names:
        pytest.skip("no tugboat in ../shared/data")
    records = read_what_comes_in(names[0])
    assert len(records) == 2720
    for order in (records, records[::-1]):
        assert len(take_in_and_forget(order)) == 2720

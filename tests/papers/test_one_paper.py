"""One paper, once, with real files: what several formats say of one library becomes one catalogue (invariant 1)."""

from itertools import permutations
from pathlib import Path

import pytest
from django.db import transaction

from papers import catalogue, importers, importing
from papers.models import Paper
from papers.records import Rejection

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

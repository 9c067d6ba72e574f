"""What the catalogue holds does not depend on the order in which it heard of it, nor on how it was cut into batches."""

from datetime import date
from itertools import pairwise
from threading import Barrier, Thread

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from papers import catalogue
from papers.identifiers import Identifier
from papers.models import Paper
from papers.records import Rank, Record
from tests.factories import make_source

SCHEMES = ("arxiv", "doi", "pmid")
TITLES = ("On light", "On the light of bridges", "Reply")


def spell(name, short):
    given, family = name.split()
    return f"{family}, {given[0]}." if short else name


@st.composite
def records_of_works(draw):
    """Records of a few works, in two spellings of titles and names.

    Works that share a title have other authors, or the same and a DOI in each record that names them. A record
    states some identifiers of its work, and its authors or not; a loose one states no identifier, though it may fit
    several works, and a bare one no authors either.
    """
    titles = draw(st.lists(st.sampled_from(TITLES), min_size=1, max_size=4))
    have_same_people = draw(st.booleans())
    said = []
    for work, title in enumerate(titles):
        mark = 0 if have_same_people else work
        authors = [f"Ann Alpha{mark}", f"Bo Beta{mark}", f"Cy Gamma{mark}"]
        needed = {"doi"} if have_same_people and titles.count(title) > 1 else set()
        may_be_bare = draw(st.booleans())
        year = draw(st.integers(2010, 2020))
        for number in range(draw(st.integers(1, 4))):
            schemes = draw(st.sets(st.sampled_from(SCHEMES))) | needed
            # What nothing with an identifier speaks of cannot be told apart from what it resembles.
            may_be_loose = number > 0 or titles.count(title) == 1
            is_bare = may_be_bare and may_be_loose and draw(st.booleans())
            is_loose = is_bare or (may_be_loose and draw(st.booleans()))
            is_named = not is_bare and (may_be_bare or is_loose or not schemes or draw(st.booleans()))
            said.append(
                Record(
                    key=f"{work}-{number}",
                    title=draw(st.sampled_from([title, title.upper(), f"{title}."])),
                    authors=tuple(spell(name, draw(st.booleans())) for name in authors) if is_named else (),
                    identifiers=()
                    if is_loose
                    else tuple(Identifier(scheme, f"{1000 + work}") for scheme in sorted(schemes)),
                    published=date(year + draw(st.integers(0, 1)), 1, 1) if draw(st.booleans()) else None,
                    journal=draw(st.sampled_from(["", f"Journal {chr(65 + work)}"])),
                    rank=draw(st.sampled_from(list(Rank)[1:])),
                )
            )
    return said


@st.composite
def two_orders(draw):
    said = draw(records_of_works())
    orders = [draw(st.permutations(said)) for _ in range(2)]
    cuts = [sorted(draw(st.sets(st.integers(1, max(1, len(said)))))) for _ in range(2)]
    return [
        [order[start:end] for start, end in pairwise([0, *cut, len(order)]) if start < end]
        for order, cut in zip(orders, cuts, strict=True)
    ]


def describe():
    """The catalogue in a canonical form: which records are one paper, and what it says."""
    papers = Paper.objects.prefetch_related("identifiers", "source_records")
    return sorted(
        (
            sorted(record.key for record in paper.source_records.all()),
            paper.title,
            paper.authors,
            sorted(str(name) for name in paper.identifiers.all()),
            str(paper.published),
            paper.journal,
        )
        for paper in papers
    )


def take_in_and_forget(batches, sources):
    """Take batches in, each by the source whose turn it is, say what the catalogue holds, and empty it again."""
    with transaction.atomic():
        made = [make_source() for _ in range(sources)]
        for batch in batches:
            for number, source in enumerate(made):
                catalogue.add_records(source, [each for each in batch if hash_of(each) % sources == number])
        held = describe()
        transaction.set_rollback(True)
    return held


def hash_of(record):
    return sum(map(ord, record.key))


@pytest.mark.django_db
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(two_orders(), st.integers(1, 2))
def test_any_order_and_any_batches_end_in_one_catalogue(orders, sources):
    one, other = (take_in_and_forget(batches, sources) for batches in orders)
    assert one == other


def overlapping_lists():
    """What two sources say of the same hundred works, each in its own words and order."""
    server = [
        Record(
            key=f"arxiv:{n}",
            title=f"On light, part {n}",
            authors=(f"Ann Alpha{n}", "Bo Beta"),
            identifiers=(Identifier("arxiv", f"2504.{n:05}"),),
            rank=Rank.PREPRINT,
        )
        for n in range(100)
    ]
    journal = [
        Record(
            key=f"crossref:{n}",
            title=f"On Light, Part {n}",
            authors=(f"Alpha{n}, A.", "Beta, B."),
            # Two thirds name the arXiv id too; the others share title and authors alone.
            identifiers=(
                Identifier("doi", f"10.1000/{n}"),
                *([Identifier("arxiv", f"2504.{n:05}")] if n % 3 else []),
            ),
            journal="Journal of Light",
            volume=str(n),
            rank=Rank.PUBLISHER,
        )
        for n in range(99, -1, -1)
    ]
    return server, journal


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("size", [7, 100])
def test_two_imports_at_once_are_as_one_after_the_other(size):
    lists = overlapping_lists()
    batches = [[said[at : at + size] for at in range(0, len(said), size)] for said in lists]
    one_after_the_other = take_in_and_forget([*batches[0], *batches[1]], 1)
    assert len(one_after_the_other) == 100
    sources, failures, start = [make_source(), make_source()], [], Barrier(2)

    def work(number):
        try:
            start.wait()
            for batch in batches[number]:
                catalogue.add_records(sources[number], batch)
        except Exception as error:
            failures.append(error)
        finally:
            connection.close()

    threads = [Thread(target=work, args=[number]) for number in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert describe() == one_after_the_other


@pytest.mark.django_db
def test_chapters_of_one_book_stay_apart():
    """An ISBN names the book, and every book has its introduction."""
    book = {"journal": "Handbook of Light", "published": date(2020, 1, 1), "rank": Rank.FILE}
    chapters = [
        Record(key="1", title="Introduction", authors=("Ann Alpha",), pages="1-9", **book),
        Record(key="2", title="Introduction", authors=("Ann Alpha",), pages="101-109", **book),
        Record(key="3", title="Introduction", authors=("Bo Beta",), pages="201-209", **book),
        Record(key="4", title="Bridges", authors=("Ann Alpha",), pages="10-20", **book),
        Record(key="5", title="Handbook of Light", identifiers=(Identifier("isbn", "9783161484100"),)),
    ]  # fmt: skip
    for batches in ([chapters], [[chapter] for chapter in reversed(chapters)]):
        assert len(take_in_and_forget(batches, 1)) == 5

"""A preprint and its published form are one paper that shows both."""

from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import permutations

import pytest

from papers import catalogue
from papers.appearances import find_both_forms
from papers.identifiers import Identifier
from papers.models import Paper
from papers.records import Precision, Rank
from tests.factories import make_record, make_source

ARXIV, DOI = Identifier("arxiv", "2107.00001"), Identifier("doi", "10.1103/PhysRevA.106.012821")
BIORXIV = Identifier("doi", "10.1101/2020.01.01.123456")

SERVER = make_record(
    "In motion", key="arxiv:2107.00001", rank=Rank.PREPRINT, identifiers=(ARXIV,), authors=("Ann Alpha",),
    published=date(2021, 7, 1), updated=datetime(2021, 9, 3, 8, tzinfo=UTC), revision=3, journal="arXiv",
)  # fmt: skip
JOURNAL = make_record(
    "In motion", key="crossref:x", rank=Rank.PUBLISHER, identifiers=(DOI,), authors=("Ann Alpha",),
    published=date(2022, 7, 1), published_precision=Precision.MONTH, journal="Physical Review A", volume="106",
    issue="1", pages="012821",
)  # fmt: skip
LISTED = make_record(
    "In motion", key="hf", rank=Rank.AGGREGATOR, identifiers=(ARXIV,), published=date(2021, 7, 9)
)


@pytest.mark.parametrize("said", list(permutations([SERVER, JOURNAL, LISTED])))
def test_both_forms_are_told_in_any_order(said):
    both = find_both_forms(said)
    assert (both.preprint.identifiers, both.preprint.revision, both.preprint.date) == (
        (ARXIV,),
        3,
        date(2021, 9, 3),
    )
    assert both.published.place == "Physical Review A 106(1), 012821"
    assert (both.published.identifiers, both.published.date, both.published.precision) == (
        (DOI,), date(2022, 7, 1), Precision.MONTH,
    )  # fmt: skip


@pytest.mark.parametrize(
    "said", [[SERVER], [JOURNAL], [SERVER, LISTED]], ids=["preprint", "published", "listed"]
)
def test_one_form_is_not_two(said):
    assert find_both_forms(said) is None


def test_a_server_that_knows_where_it_was_published_does_not_know_when():
    both = find_both_forms([replace(SERVER, journal="Phys. Rev. A", volume="106", identifiers=(ARXIV, DOI))])
    assert (both.published.place, both.published.identifiers, both.published.date) == (
        "Phys. Rev. A 106",
        (DOI,),
        None,
    )
    assert both.preprint.identifiers == (ARXIV,)


def test_a_preprint_servers_doi_is_no_publishers():
    server = replace(SERVER, identifiers=(BIORXIV,), journal="bioRxiv", revision=None)
    assert find_both_forms([server]) is None
    both = find_both_forms([server, JOURNAL])
    assert (both.preprint.identifiers, both.published.identifiers) == ((BIORXIV,), (DOI,))
    assert both.preprint.date == date(2021, 7, 1)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "said", [(SERVER, JOURNAL), (JOURNAL, SERVER)], ids=["preprint first", "journal first"]
)
def test_they_become_one_paper_whose_page_shows_both(client, member, said):
    for record in said:
        catalogue.add_records(make_source(), [record])
    paper = Paper.objects.get()
    client.force_login(member)
    page = client.get(paper.get_absolute_url()).content.decode()
    preprint, published = (
        page.split(f"<dt>{label}</dt>")[1].split("</dd>")[0] for label in ("Preprint", "Published")
    )
    assert ">arXiv 2107.00001</a>, v3, 3 September 2021" in preprint
    assert (
        'Physical Review A 106(1), 012821, <a href="https://doi.org/10.1103/PhysRevA.106.012821"' in published
    )
    assert "July 2022" in published
    assert "<dt>arXiv</dt>" not in page and "<dt>DOI</dt>" not in page, "said once is enough"


@pytest.mark.django_db
def test_what_a_club_says_of_everybodys_paper_shows_to_nobody(client, club, member):
    catalogue.add_records(make_source(), [SERVER])
    catalogue.add_records(make_source(club=club, kind="upload"), [replace(JOURNAL, identifiers=(ARXIV,))])
    client.force_login(member)
    assert "Physical Review" not in client.get(Paper.objects.get().get_absolute_url()).content.decode()

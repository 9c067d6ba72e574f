"""Two papers that may be one: what an import brings up, and what people decide."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from io import BytesIO

import pytest

from papers import catalogue, importers
from papers.catalogue import Refused, _staging
from papers.identifiers import Identifier
from papers.models import CandidatePair, Decision, MergedPaper, Paper
from papers.records import Rank
from tests.factories import make_paper, make_record, make_source

pytestmark = pytest.mark.django_db

AUTHORS = ("Ann Alpha", "Bo Beta")
EQUAL = "The titles and the authors' family names are equal"


def doi(number):
    return Identifier("doi", f"10.1000/{number}")


def add(source, *records):
    outcomes = catalogue.add_records(source, list(records))
    return [Paper.objects.get(pk=outcome.paper_id) for outcome in outcomes]


def pairs():
    return [(pair.first_id, pair.second_id, pair.reason) for pair in CandidatePair.objects.order_by("pk")]


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({"identifiers": (doi(2),)}, f"{EQUAL}, but they have identifiers of one kind that differ."),
        ({"published": date(2010, 1, 1)}, f"{EQUAL}, but they have years far apart."),
        ({"journal": "Acta Astronomica"}, f"{EQUAL}, but they have different places of publication."),
        ({"authors": ("Ann Alpha", "Cy Gamma")}, "The titles are equal and some of the authors' family names."),
        ({"authors": (), "identifiers": (Identifier("arxiv", "2504.00001"),)},
         "The titles are equal, and one of the two names no authors."),
    ],
    ids=["identifier", "year", "journal", "authors", "no authors"],
)  # fmt: skip
@pytest.mark.parametrize("together", [True, False])
def test_an_import_brings_up_what_it_is_unsure_of(facts, reason, together):
    first = {"authors": AUTHORS, "identifiers": (doi(1),), "published": date(2020, 1, 1), "journal": "Nature"}
    second = {"authors": AUTHORS, **facts}
    records = [make_record("On light", key="a", **first), make_record("On light", key="b", **second)]
    source = make_source()
    batches = [records] if together else [[record] for record in records]
    papers = [paper for batch in batches for paper in add(source, *batch)]
    assert pairs() == [(*sorted(paper.pk for paper in papers), reason)]
    pair = CandidatePair.objects.get()
    assert (pair.state, pair.proposed_by, pair.club) == ("open", None, None)


def test_what_is_surely_two_is_not_brought_up(source):
    add(
        source,
        make_record("On light", authors=("Ann Alpha",), identifiers=(doi(1),)),
        make_record("On light", authors=("Bo Beta",), identifiers=(doi(2),)),
        make_record("Editorial", journal="Nature", volume="1"),
        make_record("Editorial", journal="Nature", volume="2"),
        make_record("Preface", identifiers=(doi(3),)),
        make_record("Preface", identifiers=(doi(4),)),
    )
    assert pairs() == []


def test_a_title_that_matches_several_papers_is_brought_up_with_each(source):
    one, two = add(
        source,
        make_record("Reply", authors=("A. One",), identifiers=(doi(1),)),
        make_record("Reply", authors=("B. Two",), identifiers=(doi(2),)),
    )
    [bare] = add(make_source(), make_record("Reply"))
    assert {(first, second) for first, second, _ in pairs()} == {(one.pk, bare.pk), (two.pk, bare.pk)}


@pytest.mark.parametrize("size", [1, 40])
def test_a_thousand_papers_of_one_title_make_few_pairs(source, size):
    records = [make_record("Book review", identifiers=(doi(n),), authors=AUTHORS) for n in range(200)]
    for at in range(0, len(records), size):
        catalogue.add_records(source, records[at : at + size])
    assert Paper.objects.count() == 200
    assert CandidatePair.objects.count() <= 15


def test_a_record_never_ties_papers_that_contradict_each_other(source):
    """Neither two of its title, nor its own paper and one of its title."""
    arxiv = Identifier("arxiv", "2504.00001")
    one, two = add(
        source,
        make_record("On light", key="a", authors=AUTHORS, identifiers=(doi(1), arxiv)),
        make_record("On light", key="b", authors=AUTHORS, identifiers=(doi(2),)),
    )
    [third] = add(make_source(), make_record("On light", authors=AUTHORS))
    assert Paper.objects.count() == 3
    [fourth] = add(make_source(), make_record("On light", authors=AUTHORS, identifiers=(arxiv, doi(1))))
    assert fourth == one
    assert (one.pk, two.pk) in {(first, second) for first, second, _ in pairs()}
    assert two in Paper.objects.exclude(pk=third.pk)


def test_a_clubs_file_brings_pairs_up_for_the_club_alone(source, club, member, outsider, administrator):
    one, two = add(
        source, make_record("One", identifiers=(doi(1),)), make_record("Two", identifiers=(doi(2),))
    )
    add(make_source(club=club, kind="upload"), make_record("Both", identifiers=(doi(1), doi(2))))
    pair = CandidatePair.objects.get()
    assert ({pair.first, pair.second}, pair.club) == ({one, two}, club)
    for person, expected in [(member, 1), (outsider, 0), (administrator, 0)]:
        assert CandidatePair.objects.visible_to(person).count() == expected


def test_pairs_with_a_private_paper_are_for_those_who_may_see_both(source, club, member, outsider):
    uploads = make_source(club=club, kind="upload")
    add(source, make_record("On light", authors=("Ann Alpha",), identifiers=(doi(1),)))
    add(uploads, make_record("On light", authors=("Ann Alpha", "Bo Beta"), key="b"))
    CandidatePair.objects.update(club=None)
    assert CandidatePair.objects.visible_to(member).count() == 1
    assert not CandidatePair.objects.visible_to(outsider).exists()


@pytest.mark.parametrize("deposit_comes", ["first", "last", "with it"])
def test_a_deposit_of_anybody_colours_no_paper(deposit_comes):
    """Whoever deposits at Zenodo chooses title, authors, kind and journal: that may be anybody's paper."""
    deposit = {
        "doi": "10.5281/zenodo.1234567",
        "titles": [{"title": "On light"}],
        "creators": [{"name": "Alpha, Ann"}, {"name": "Beta, Bo"}],
        "descriptions": [{"descriptionType": "Abstract", "description": "Buy umbrellas."}],
        "types": {"resourceTypeGeneral": "JournalArticle"},
        "container": {"title": "Nature"},
        "publicationYear": 2020,
    }
    [theirs] = importers.read(BytesIO(json.dumps(deposit).encode()), format="datacite")
    arxiv = Identifier("arxiv", "2001.00001")
    ours = make_record(
        "On light",
        authors=AUTHORS,
        identifiers=(arxiv,),
        abstract="We measure light.",
        published=date(2020, 1, 1),
        rank=Rank.PREPRINT,
    )
    batches = {"first": [[theirs], [ours]], "last": [[ours], [theirs]], "with it": [[ours, theirs]]}
    for batch in batches[deposit_comes]:
        add(make_source(), *batch)
    paper = Paper.objects.get(identifiers__scheme="arxiv")
    assert (paper.abstract, paper.journal, paper.identifiers.count()) == ("We measure light.", "", 1)
    pair = CandidatePair.objects.get()
    assert pair.reason == f"{EQUAL}, but one is a deposit, which anybody may make."
    # Whoever knows of both says so, and then it tells what nobody else does.
    both = replace(ours, key="both", identifiers=(arxiv, Identifier("doi", "10.5281/zenodo.1234567")))
    add(make_source(), both)
    assert Paper.objects.get().abstract == "We measure light."


PREPRINT = {
    "title": "Real-time data pre-processing of light",
    "authors": AUTHORS,
    "identifiers": (Identifier("arxiv", "2001.00001"),),
    "published": date(2020, 1, 1),
    "key": "preprint",
}
PUBLISHED = {
    "title": "Real-time data preprocessing of light with lamps",
    "authors": ("Alpha, A.", "Beta, B."),
    "identifiers": (doi(1),),
    "published": date(2021, 1, 1),
    "journal": "Nature",
    "key": "published",
}


@pytest.mark.parametrize(
    ("changes", "is_asked"),
    [
        ({}, True),
        ({"published": None}, True),
        ({"published": date(2022, 12, 31)}, True),
        ({"published": date(2023, 1, 1)}, False),
        ({"identifiers": ()}, True),
        ({"identifiers": (), "journal": "bioRxiv"}, False),
        ({"identifiers": (Identifier("arxiv", "2001.00002"),), "journal": ""}, False),
        ({"identifiers": (doi(1), Identifier("arxiv", "2001.00002"))}, False),
        ({"authors": AUTHORS[::-1]}, False),
        ({"authors": AUTHORS[:1]}, False),
        ({"title": "Lamps and what they are good for"}, False),
        ({"deposited": True}, False),
    ],
    ids=["published", "no day", "two years", "three years", "a journal and no DOI", "on two preprint servers",
         "two preprints", "has a preprint", "another order", "one author less", "another title", "a deposit"],
)  # fmt: skip
@pytest.mark.parametrize("way", ["preprint first", "preprint last", "together", "one by one"])
def test_a_preprint_and_a_published_paper_of_the_same_authors_are_brought_up(
    monkeypatch, changes, is_asked, way
):
    ours, theirs = make_record(**PREPRINT), make_record(**PUBLISHED | changes)
    batches = {"preprint last": [[theirs], [ours]], "together": [[theirs, ours]]}
    if way == "one by one":
        monkeypatch.setattr(_staging, "find_plain", lambda told: {})
    for batch in batches.get(way, [[ours], [theirs]]):
        add(make_source(), *batch)
    assert Paper.objects.count() == 2
    assert CandidatePair.objects.count() == is_asked


def test_a_preprint_that_gets_the_other_title_later_is_brought_up(source):
    add(source, make_record(**PREPRINT | {"title": "Lamps"}), make_record(**PUBLISHED))
    assert pairs() == []
    add(source, make_record(**PREPRINT, updated=datetime(2021, 5, 1, tzinfo=UTC)))
    assert CandidatePair.objects.count() == 1


def test_a_preprint_that_was_kept_apart_is_not_asked_about_again(source, administrator):
    add(source, make_record(**PREPRINT), make_record(**PUBLISHED))
    catalogue.keep_apart(CandidatePair.objects.get(), by=administrator)
    add(source, make_record(**PREPRINT, abstract="Now with one.", updated=datetime(2021, 5, 1, tzinfo=UTC)))
    assert CandidatePair.objects.get().state == "apart"


def test_forms_are_never_brought_up_across_clubs(source, club, other_club):
    draft = PUBLISHED | {"identifiers": ()}
    add(make_source(club=other_club, kind="upload"), make_record(**draft))
    ours = make_source(club=club, kind="upload")
    add(ours, make_record(**PREPRINT))
    assert pairs() == []
    add(ours, make_record(**draft))
    assert CandidatePair.objects.get().club == club


def test_titles_are_never_brought_up_across_clubs(club, other_club):
    for owner in (club, other_club):
        add(make_source(club=owner, kind="upload"), make_record("Our draft", authors=AUTHORS))
    assert (Paper.objects.count(), pairs()) == (2, [])


@pytest.fixture
def pair(source, organiser):
    one, two = make_paper("One", source=source), make_paper("Two", source=source)
    return catalogue.propose_pair(two, one, reason="The same proof.", by=organiser)


def test_people_propose_merge_and_take_back(pair, administrator):
    assert pair.first_id < pair.second_id
    keep = catalogue.merge_pair(pair, by=administrator)
    assert keep.pk == pair.first_id
    assert not CandidatePair.objects.exists()
    merged = MergedPaper.objects.get(pk=pair.second_id)
    assert (merged.reason, merged.by) == ("The same proof.", administrator)
    for act in (catalogue.merge_pair, catalogue.keep_apart):
        with pytest.raises(Refused, match="meanwhile"):
            act(pair, by=administrator)
    catalogue.unmerge(merged, by=administrator)
    assert CandidatePair.objects.get().state == "apart"


def test_kept_apart_is_logged_once_and_may_be_asked_again(pair, administrator, organiser):
    for _ in range(2):
        catalogue.keep_apart(pair, by=administrator)
    assert Decision.objects.get().act == "kept_apart"
    again = catalogue.propose_pair(pair.first, pair.second, reason="Look again.", by=organiser)
    assert (again.pk, again.state, again.reason) == (pair.pk, "open", "Look again.")


def test_an_import_leaves_what_was_decided(source, administrator):
    records = [make_record("On light", key=str(n), authors=AUTHORS, identifiers=(doi(n),)) for n in (1, 2)]
    add(source, *records)
    catalogue.keep_apart(CandidatePair.objects.get(), by=administrator)
    add(make_source(), make_record("On light", authors=AUTHORS, identifiers=(doi(2),)))
    assert CandidatePair.objects.get().state == "apart"


def test_everybodys_paper_stays(club, source, organiser):
    [notes] = add(make_source(club=club, kind="upload"), make_record("Ours"))
    paper = make_paper("Everybody's", source=source)
    pair = catalogue.propose_pair(notes, paper, reason="", by=organiser)
    assert catalogue.merge_pair(pair, by=organiser) == paper
    assert Paper.objects.get(pk=paper.pk).title == "Everybody's"


def test_the_log_does_not_say_that_a_clubs_file_brought_a_pair_up(source, club, administrator):
    add(source, make_record("One", identifiers=(doi(1),)), make_record("Two", identifiers=(doi(2),)))
    add(make_source(club=club, kind="upload"), make_record("Both", identifiers=(doi(1), doi(2))))
    catalogue.keep_apart(CandidatePair.objects.get(), by=administrator)
    catalogue.merge_pair(CandidatePair.objects.get(), by=administrator)
    assert (
        {decision.reason for decision in Decision.objects.all()} == {MergedPaper.objects.get().reason} == {""}
    )

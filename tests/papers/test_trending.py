"""Heat: the formula, and that the page shows exactly what a count over everything would."""

import math
import random
from datetime import date, timedelta

import pytest
from django.contrib.auth.models import AnonymousUser

from papers import catalogue, discussion, reading_list, trending
from papers.models import Entry, ListingItem, Paper
from papers.trending import compute_heat
from papers.triage import Viewpoint
from tests import factories

DAY = date(2025, 4, 25)


@pytest.mark.parametrize(
    ("votes", "day", "heat"),
    [
        (0, date(2000, 1, 1), 0),
        (1, date(2000, 1, 1), 1),
        (3, date(2000, 1, 1), 2),
        (0, date(2000, 1, 3), 1),
        (7, date(2000, 1, 5), 5),
        (-5, date(2000, 1, 3), 1),
        (0, date(1999, 12, 30), -1),
    ],
)
def test_the_formula(votes, day, heat):
    assert compute_heat(votes, day) == pytest.approx(heat)


def test_as_the_docstring_says():
    assert compute_heat(7, DAY) == pytest.approx(compute_heat(1, DAY + timedelta(days=4)))


def test_votes_warm_and_age_cools():
    assert compute_heat(5, DAY) > compute_heat(4, DAY)
    assert compute_heat(5, DAY + timedelta(days=1)) > compute_heat(5, DAY)
    # No age at which a paper drops out: a classic may come back
    assert compute_heat(2**12, DAY - timedelta(days=20)) > compute_heat(3, DAY)


def view_of(club, person, *, under_club=True, also=()):
    counted = [club.pk, *(each.pk for each in also)]
    return Viewpoint(person, club if under_club else None, club, counted, counted)


def visitor_view(public=()):
    return Viewpoint(AnonymousUser(), None, None, [club.pk for club in public], [])


@pytest.fixture
def heap(club, source, member, organiser, owner):
    """Forty papers of ten days with votes at the source, and all that a club can do with them."""
    chance = random.Random(5)
    papers = []
    for number in range(40):
        record = factories.make_record(upvotes=chance.choice([None, 0, 1, 2, 5, 40]))
        [outcome] = catalogue.add_records(source, [record], listed=DAY - timedelta(days=number % 10))
        papers.append(Paper.objects.get(pk=outcome.paper_id))
    for paper in papers[::2]:
        entry = reading_list.note(club, paper)
        for person in (member, organiser, owner):
            if value := chance.choice([None, 1, 1, -1]):
                reading_list.cast_vote(entry, value=value, by=person)
        if chance.random() < 0.4:
            reading_list.tag(entry, name="seen", by=member)
    return papers


def count_by_hand(club):
    """What the page promises, without its indexes: every visible paper by its heat in the club."""
    heats = {}
    for paper in Paper.objects.filter(private_to=None):
        day = max(
            item.listing.date for item in ListingItem.objects.filter(paper=paper).select_related("listing")
        )
        entry = Entry.objects.filter(club=club, paper=paper).first()
        votes = sum(vote.value for vote in entry.votes.all()) if entry else 0
        heats[paper.pk] = math.log2(1 + max(0, paper.upvotes + votes)) + (day - date(2000, 1, 1)).days / 2
    return heats


@pytest.mark.django_db
@pytest.mark.parametrize("shown", [200, 7])
def test_the_page_shows_the_hottest_of_all(club, member, heap, monkeypatch, shown):
    monkeypatch.setattr(trending, "SHOWN", shown)
    by_hand = count_by_hand(club)
    expected = sorted(by_hand, key=lambda pk: (-by_hand[pk], -pk))[:shown]
    ranks = trending.load_trending(view_of(club, member))
    assert [rank.paper_id for rank in ranks] == expected
    assert [rank.n for rank in ranks] == list(range(1, len(expected) + 1))


@pytest.mark.django_db
def test_what_the_club_did_is_shown_with_each(club, member, organiser, heap):
    ranks = {rank.paper_id: rank for rank in trending.load_trending(view_of(club, member))}
    for entry in Entry.objects.filter(club=club):
        mine = entry.votes.filter(member=member).first()
        assert ranks[entry.paper_id].score == entry.score
        assert ranks[entry.paper_id].my_vote == (mine.value if mine else 0)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "act",
    [
        lambda club, paper, by: reading_list.note(club, paper),
        lambda club, paper, by: reading_list.tag(reading_list.note(club, paper), name="x", by=by),
        lambda club, paper, by: discussion.post_comment(reading_list.note(club, paper), text="Hm.", by=by),
        lambda club, paper, by: reading_list.volunteer(reading_list.note(club, paper), by=by),
    ],
    ids=["noted", "tagged", "commented", "offered"],
)
def test_a_paper_does_not_cool_by_attention(club, member, source, act):
    hot, cool = (
        factories.make_paper(source=source, listed=day, upvotes=9) for day in (DAY, DAY - timedelta(days=4))
    )
    act(club, hot, member)
    assert [rank.paper_id for rank in trending.load_trending(view_of(club, member))] == [hot.pk, cool.pk]


@pytest.mark.django_db
def test_votes_of_a_private_club_do_not_warm_what_others_see(club, other_club, member, outsider, source):
    papers = [factories.make_paper(source=source, listed=DAY) for _ in range(2)]
    first, second = sorted(papers, key=lambda paper: paper.pk)
    # Equal heat: the newer one stands first, until votes count
    for person in (member, factories.make_user(club=club)):
        reading_list.cast_vote(reading_list.note(club, first), value=1, by=person)
    assert [rank.paper_id for rank in trending.load_trending(view_of(club, member))] == [first.pk, second.pk]
    for view in (view_of(other_club, outsider), visitor_view()):
        ranks = trending.load_trending(view)
        assert [(rank.paper_id, rank.score, rank.state) for rank in ranks] == [
            (second.pk, 0, "unseen"),
            (first.pk, 0, "unseen"),
        ]


@pytest.mark.django_db
def test_private_papers_trend_in_their_club_only(club, other_club, member, outsider, source):
    upload = factories.make_source(club=club)
    private = factories.make_paper("Ours alone", source=upload, listed=DAY)
    assert private.private_to == club
    everybodys = factories.make_paper(source=source, listed=DAY)
    reading_list.cast_vote(reading_list.note(club, private), value=1, by=member)
    assert {rank.paper_id for rank in trending.load_trending(view_of(club, member))} == {
        private.pk,
        everybodys.pk,
    }
    for view in (view_of(other_club, outsider), visitor_view(), visitor_view([club])):
        assert {rank.paper_id for rank in trending.load_trending(view)} == {everybodys.pk}


@pytest.mark.django_db
def test_nothing_trends_in_an_empty_catalogue(club, member):
    assert trending.load_trending(view_of(club, member)) == []
    assert trending.load_trending(visitor_view()) == []

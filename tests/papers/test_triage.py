"""What a listing shows of each paper: its place, what I did, what the club did, and nothing of other clubs."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.contrib.auth.models import AnonymousUser

from accounts.models import Club
from papers import catalogue, discussion, reading_list, triage
from papers.models import ListingItem, Paper, Skip, Volunteer, Vote
from papers.triage import Rank, Viewpoint
from tests import factories

DAY = date(2025, 4, 25)
NOON = datetime(2025, 4, 25, 12, 0, tzinfo=UTC)


def view_of(club, person):
    return Viewpoint(person, club, club, [club.pk], [club.pk])


def visitor_view(*public):
    return Viewpoint(AnonymousUser(), None, None, [club.pk for club in public], [])


def rank(n, state="unseen", acted_at=None, **facts):
    facts = {"day": DAY, "my_vote": 0, "offered": False, "categories": [], "score": 0, **facts}
    return Rank(paper_id=100 + n, n=n, state=state, acted_at=acted_at, **facts)


# States


@pytest.mark.parametrize(
    ("vote", "offered", "skipped", "is_new", "state"),
    [
        (None, False, False, False, "unseen"),
        (None, False, False, None, "unseen"),
        (None, False, False, True, "new"),
        (1, False, False, True, "promoted"),
        (-1, False, False, True, "demoted"),
        (None, False, True, True, "skipped"),
        (None, True, False, True, "seen"),
        (1, True, True, False, "promoted"),
        (None, True, True, False, "skipped"),
    ],
)
def test_what_i_did_makes_the_state(vote, offered, skipped, is_new, state):
    assert triage.state_of(vote, offered, skipped, NOON, is_new) == (state, vote or 0, offered, NOON)


@pytest.mark.parametrize("last", ["vote", "offer", "skip"])
def test_i_acted_when_i_last_acted(last, club, member, listing):
    paper = listing.items.first().paper
    entry = reading_list.note(club, paper)
    view = Viewpoint(member, club, club, [club.pk], [club.pk])
    assert triage.load_ranks_of(view, [paper.pk])[0].acted_at is None
    hours = dict.fromkeys(("vote", "offer", "skip"), NOON) | {last: NOON + timedelta(hours=1)}
    Vote.objects.create(entry=entry, member=member, value=1, cast_at=hours["vote"])
    Volunteer.objects.create(entry=entry, member=member, offered_at=hours["offer"])
    Skip.objects.create(club=club, paper=paper, member=member, skipped_at=hours["skip"])
    [found] = triage.load_ranks_of(view, [paper.pk])
    assert found.acted_at == hours[last]
    assert (found.state, found.my_vote, found.offered) == ("promoted", 1, True)


def test_counts_add_up():
    states = ["new", "new", "unseen", "seen", "promoted", "promoted", "promoted", "demoted", "skipped"]
    counts = triage.count_states(rank(n, state) for n, state in enumerate(states, start=1))
    assert counts == {
        "new": 2,
        "unseen": 1,
        "seen": 1,
        "promoted": 3,
        "demoted": 1,
        "skipped": 1,
        "voted": 4,
        "open": 3,
        "all": 9,
        "seen_all": 6,
    }


def test_the_strip_has_one_tick_for_each_paper():
    states = ["new", "unseen", "seen", "promoted", "demoted", "skipped"]
    ranks = [rank(n, state) for n, state in enumerate(states, start=1)]
    strip = triage.draw_strip(ranks, triage.count_states(ranks))
    assert dict(strip.paths) == {
        "new-mark": "M5 10V20",
        "faint": "M15 14V20",
        "done": "M25 14V20M55 14V20",
        "up": "M35 2V20",
        "down": "M45 14V28",
    }
    assert strip.width == 60
    assert strip.label == (
        "The 6 papers in order: 1 promoted, 1 demoted, 1 skipped, 2 not seen yet, of which 1 are new"
    )


# Where to go on


def test_without_acts_or_a_place_there_is_no_bookmark():
    assert triage.find_bookmark([rank(1), rank(2)], None) is None
    assert triage.find_bookmark([], None) is None


def test_it_goes_on_after_the_last_paper_i_acted_on():
    ranks = [
        rank(1, "promoted", NOON),
        rank(2),
        rank(3, "skipped", NOON + timedelta(hours=1)),
        rank(4),
        rank(5),
    ]
    assert triage.find_bookmark(ranks, None) == triage.Bookmark(4, "104", NOON + timedelta(hours=1))


def test_it_goes_on_where_the_page_was_left():
    ranks = [rank(1), rank(2), rank(3), rank(4, "seen", NOON), rank(5)]
    assert triage.find_bookmark(ranks, 103).n == 3
    assert triage.find_bookmark(ranks, 104).n == 5
    assert triage.find_bookmark(ranks, 999) == triage.Bookmark(5, "105", NOON)  # no longer in the listing


def test_it_goes_back_to_what_was_passed_over():
    ranks = [rank(1, "promoted", NOON), rank(2), rank(3, "skipped", NOON)]
    assert triage.find_bookmark(ranks, None).n == 2


def test_there_is_none_when_all_is_seen_or_the_first_is_next():
    assert triage.find_bookmark([rank(1, "promoted", NOON), rank(2, "seen", NOON)], None) is None
    assert triage.find_bookmark([rank(1), rank(2, "promoted", NOON)], None) is None


# The order of a period


@pytest.mark.django_db
def test_newest_day_first_each_in_the_sources_order(club, member):
    one, two = factories.make_source(), factories.make_source()
    papers = {name: factories.make_record(name) for name in "abcdef"}

    def take(source, day, *names):
        return catalogue.add_records(source, [papers[name] for name in names], listed=day)

    take(one, DAY, "a", "b")
    take(two, DAY, "c", "d")
    take(one, DAY - timedelta(days=1), "e")
    take(two, DAY + timedelta(days=1), "f")
    view = view_of(club, member)

    def titles(sources, first, last):
        ids = [each.paper_id for each in triage.load_ranks(view, sources, first, last)]
        names = Paper.objects.in_bulk(ids)
        return "".join(names[pk].title for pk in ids)

    assert titles([one, two], DAY, DAY) == "abcd"
    assert titles([two, one], DAY, DAY) == "cdab"
    assert titles([one, two], DAY - timedelta(days=1), DAY + timedelta(days=1)) == "fabcde"
    assert titles([two], DAY - timedelta(days=1), DAY) == "cd"
    assert titles([], DAY, DAY) == ""


@pytest.mark.django_db
def test_a_paper_stands_once_at_its_first_day(club, member):
    one, two = factories.make_source(), factories.make_source()
    record = factories.make_record("Twice", identifiers=[factories.make_identifier("2504.00001")])
    for source, day in ((one, DAY), (two, DAY), (one, DAY - timedelta(days=1))):
        catalogue.add_records(source, [record], listed=day)
    ranks = triage.load_ranks(view_of(club, member), [one, two], DAY - timedelta(days=1), DAY)
    assert [(each.n, each.day) for each in ranks] == [(1, DAY - timedelta(days=1))]


@pytest.mark.django_db
def test_new_is_what_came_after(club, member, listing, source):
    late = ListingItem.objects.get(listing=listing, position=3)
    ListingItem.objects.filter(listing=listing).update(added=NOON - timedelta(hours=3))
    ListingItem.objects.filter(pk=late.pk).update(added=NOON)
    view = view_of(club, member)

    def states(since):
        return [each.state for each in triage.load_ranks(view, [source], DAY, DAY, new_since=since)]

    assert states(None) == ["unseen"] * 3
    assert states(NOON - timedelta(hours=1)) == ["unseen", "unseen", "new"]
    assert states(NOON) == ["unseen"] * 3
    reading_list.cast_vote(reading_list.note(club, late.paper), value=1, by=member)
    assert states(NOON - timedelta(hours=1)) == ["unseen", "unseen", "promoted"]


@pytest.mark.django_db
def test_papers_given_keep_their_order(club, member, listing):
    papers = list(Paper.objects.order_by("-pk"))
    ranks = triage.load_ranks_of(view_of(club, member), [paper.pk for paper in papers])
    assert [each.paper_id for each in ranks] == [paper.pk for paper in papers]
    assert [each.n for each in ranks] == [1, 2, 3]


# What rows print


@pytest.mark.django_db
def test_a_row_says_what_the_club_did(club, member, organiser, owner, source):
    paper = factories.make_paper("On $x^2$ & more", source=source, upvotes=3, listed=DAY)
    entry = reading_list.note(club, paper)
    for person, value in [(organiser, 1), (member, 1), (owner, -1)]:
        reading_list.cast_vote(entry, value=value, by=person)
    reading_list.volunteer(entry, by=organiser)
    for name in ("rl", "Agents"):
        reading_list.tag(entry, name=name, by=member)
    discussion.post_comment(entry, text="Hm.", by=owner)
    view = view_of(club, member)
    [row] = triage.load_rows(view, triage.load_ranks_of(view, [paper.pk]))
    assert "<math" in row.title and "&amp; more" in row.title
    assert (row.score, row.tally, row.voters, row.offers) == ("1", "2 for, 1 against.", "you, Otto", "Otto")
    assert (row.tags, row.comments, row.upvotes) == (["Agents", "rl"], "1 comment", 3)
    assert 'aria-pressed="true"' in row.promote and 'aria-pressed="false"' in row.demote
    assert row.url == f"/clubs/ml/papers/{paper.pk}"
    assert (row.ticks.up.count("M"), row.ticks.down.count("M")) == (2, 1)


@pytest.mark.django_db
def test_a_score_below_zero_has_a_real_minus(club, member, source):
    paper = factories.make_paper(source=source)
    reading_list.cast_vote(reading_list.note(club, paper), value=-1, by=member)
    view = view_of(club, member)
    [row] = triage.load_rows(view, triage.load_ranks_of(view, [paper.pk]))
    assert row.score == "−1" and row.voters == ""


def test_names_are_few_and_me_first():
    assert triage.name_people([None, "Ben Baker", "Chen Li", "Dora"], 4) == "you, Ben, Chen +1"
    assert triage.name_people(["Ben Baker"], 1) == "Ben"


def test_authors_are_named_until_there_are_many():
    assert triage.name_authors([]) == ""
    assert triage.name_authors(["A", "B"]) == "A, B"
    assert triage.name_authors(list("ABCDEFG")) == "A, B, C, D and 3 more"


def test_a_tally_stays_drawable():
    ticks = triage.draw_ticks(100_000, 0)
    assert ticks.up.count("M") == triage.MOST_TICKS and ticks.down == ""


# Privacy


@pytest.fixture
def secret(club, other_club, member):
    """A paper private to `club`, listed, voted, tagged and commented there."""
    upload = factories.make_source(club=club)
    paper = factories.make_paper("Secret work", source=upload, listed=DAY, categories=["secret.CAT"])
    entry = reading_list.note(club, paper)
    reading_list.cast_vote(entry, value=1, by=member)
    reading_list.tag(entry, name="secret-tag", by=member)
    discussion.post_comment(entry, text="Secret words.", by=member)
    assert paper.private_to == club
    return paper


@pytest.mark.django_db
def test_private_papers_are_in_no_other_clubs_listing(club, other_club, member, outsider, secret, source):
    everything = [source, secret.source_records.get().source]
    assert [each.paper_id for each in triage.load_ranks(view_of(club, member), everything, DAY, DAY)] == [
        secret.pk
    ]
    for view in (view_of(other_club, outsider), visitor_view(), visitor_view(club)):
        assert triage.load_ranks(view, everything, DAY, DAY) == []
        # not even when a forgotten check asked for the very paper
        assert triage.load_rows(view, [rank(1), *triage.load_ranks_of(view, [secret.pk])]) == []


@pytest.mark.django_db
def test_what_a_club_did_is_unknown_to_others(club, other_club, member, organiser, outsider, source):
    paper = factories.make_paper("Everybody's", source=source, listed=DAY)
    entry = reading_list.note(club, paper)
    reading_list.cast_vote(entry, value=1, by=member)
    reading_list.volunteer(entry, by=organiser)
    reading_list.tag(entry, name="secret-tag", by=member)
    discussion.post_comment(entry, text="Secret words.", by=member)
    reading_list.skip(club, factories.make_paper(source=source, listed=DAY), by=member)
    for view in (view_of(other_club, outsider), visitor_view(), visitor_view(other_club)):
        ranks = triage.load_ranks(view, [source], DAY, DAY)
        assert {(each.state, each.score, each.acted_at) for each in ranks} == {("unseen", 0, None)}
        assert triage.load_tags(view, ranks) == {}
        row = triage.load_rows(view, ranks)[0]
        assert (row.score, row.tags, row.comments, row.voters, row.offers, row.ticks) == (
            "0",
            [],
            "",
            "",
            "",
            None,
        )


@pytest.mark.django_db
def test_names_stay_in_the_club_when_it_is_public(club, member, organiser, outsider, source):
    Club.objects.filter(pk=club.pk).update(is_public=True)
    paper = factories.make_paper(source=source, listed=DAY)
    entry = reading_list.note(club, paper)
    reading_list.cast_vote(entry, value=1, by=member)
    reading_list.volunteer(entry, by=organiser)
    for person in (outsider, AnonymousUser()):
        view = Viewpoint(person, club, None, [club.pk], [])
        [row] = triage.load_rows(view, triage.load_ranks(view, [source], DAY, DAY))
        assert (row.score, row.voters, row.offers) == ("1", "", "")


@pytest.mark.django_db
def test_others_demotions_are_a_number_only(club, member, organiser, source):
    paper = factories.make_paper(source=source, listed=DAY)
    reading_list.cast_vote(reading_list.note(club, paper), value=-1, by=organiser)
    view = view_of(club, member)
    [row] = triage.load_rows(view, triage.load_ranks(view, [source], DAY, DAY))
    assert (row.tally, row.voters) == ("0 for, 1 against.", "")


@pytest.mark.django_db
def test_days_of_other_clubs_are_in_no_calendar(club, other_club, member, outsider, secret):
    from papers.models import Source

    ours = list(Source.objects.visible_to(member).followed_by(club))
    theirs = list(Source.objects.visible_to(outsider).followed_by(other_club))
    assert DAY in triage.find_neighbours(ours, DAY, DAY).days
    assert triage.find_neighbours(theirs, DAY, DAY) == triage.Neighbours(None, None, set())
    assert triage.find_newest_day(theirs) is None


@pytest.mark.django_db
def test_neighbours_are_the_nearest_days_outside_the_period(source):
    for day in (date(2025, 3, 31), date(2025, 4, 24), date(2025, 4, 25), date(2025, 5, 2)):
        factories.make_listing(source=source, day=day, number=1)
    assert triage.find_neighbours([source], DAY, DAY) == triage.Neighbours(
        date(2025, 4, 24), date(2025, 5, 2), {date(2025, 4, 24), date(2025, 4, 25)}
    )
    april = triage.find_neighbours([source], date(2025, 4, 1), date(2025, 4, 30))
    assert (april.previous, april.next) == (date(2025, 3, 31), date(2025, 5, 2))
    assert triage.find_newest_day([source]) == date(2025, 5, 2)

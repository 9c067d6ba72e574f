"""A club's figures: what counts, whose are shown, and what they cost."""

from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse

from papers import reading_list
from papers.insights import load_insights
from papers.models import Assignment, Session, Vote
from papers.scheduling.parts import load_parts
from tests import factories

NOW = datetime(2025, 4, 30, 18, 0, tzinfo=UTC)  # a Wednesday


def hold(club, days_ago, *, tags=(), by=None, state=Session.State.HELD, now=NOW):
    """A session that was held so many days ago, with one paper."""
    session = factories.make_session(club, now - timedelta(days=days_ago), state=state)
    entry = reading_list.note(club, factories.make_paper())
    for name in tags:
        reading_list.tag(entry, name=name, by=by)
    return factories.make_item(session, entry)


def give(item, member, place=0, state=Assignment.State.DONE):
    part = load_parts(item.session.club)[place]
    return Assignment.objects.create(club=item.session.club, item=item, part=part, member=member, state=state)


def test_papers_count_in_the_week_they_were_discussed(club, member):
    hold(club, 1)
    hold(club, 1)
    hold(club, 8)
    hold(club, 1, state=Session.State.CANCELLED)
    hold(club, -7, state=Session.State.OPEN)
    hold(factories.make_club(), 1)

    found = load_insights(club, reader=member, now=NOW)

    assert found.papers == (0,) * 10 + (1, 2)
    assert str(found.weeks[-1]) == "2025-04-28"


def test_weeks_begin_on_monday_where_the_club_is(club, member):
    club.time_zone = "Pacific/Auckland"
    club.save()
    # Sunday afternoon in UTC, Monday morning there.
    factories.make_item(
        factories.make_session(club, datetime(2025, 4, 27, 13, 0, tzinfo=UTC), state=Session.State.HELD),
        reading_list.note(club, factories.make_paper()),
    )

    assert load_insights(club, reader=member, now=NOW).papers[-2:] == (0, 1)


def test_topics_are_the_tags_of_what_was_discussed(club, member):
    hold(club, 1, tags=["pruning", "unlearning"], by=member)
    hold(club, 8, tags=["unlearning"], by=member)
    reading_list.tag(reading_list.note(club, factories.make_paper()), name="undiscussed", by=member)

    topics = load_insights(club, reader=member, now=NOW).topics

    assert [(topic.name, topic.papers, topic.weeks[-2:]) for topic in topics] == [
        ("unlearning", 2, (1, 1)),
        ("pruning", 1, (0, 1)),
    ]


def test_talks_of_all_members_count_as_far_back_as_the_club_says(club, organiser, member):
    club.load_months = 3
    club.save()
    give(hold(club, 1), member)
    give(hold(club, 8), member, place=1)
    give(hold(club, 15), member, state=Assignment.State.DECLINED)
    give(hold(club, 120), member)

    talks = load_insights(club, reader=member, now=NOW).talks

    assert [(each.name, each.is_reader, each.presented, each.other) for each in talks] == [
        ("Otto Organiser", False, 0, 0),
        ("Mia Member", True, 1, 1),
    ]


@pytest.fixture
def voted(club, organiser, member):
    """A promotion by each a week ago, and a demotion by the organiser."""
    first, second = (reading_list.note(club, factories.make_paper()) for _ in range(2))
    for entry, value, by in [(first, 1, member), (first, 1, organiser), (second, -1, organiser)]:
        reading_list.cast_vote(entry, value=value, by=by)
    Vote.objects.update(cast_at=NOW - timedelta(days=7))


def test_promotions_have_names_and_demotions_have_none(club, member, voted):
    found = load_insights(club, reader=member, now=NOW)

    assert found.votes[-2:] == (3, 0)
    assert found.promotions == (("Mia Member", 1), ("Otto Organiser", 1))


def test_club_without_names_shows_none(club, member, voted):
    club.shows_voters = False
    club.save()

    assert load_insights(club, reader=member, now=NOW).promotions is None


def test_secret_totals_stay_secret_until_votes_close(club, member, voted):
    club.hides_totals = True
    club.save()
    assert sum(load_insights(club, reader=member, now=NOW).votes) == 0

    factories.make_session(club, NOW - timedelta(days=1), state=Session.State.HELD)
    found = load_insights(club, reader=member, now=NOW)
    assert sum(found.votes) == 3
    assert found.promotions == (("Mia Member", 1), ("Otto Organiser", 1))


@pytest.mark.parametrize("number", [1, 12])
def test_page_costs_the_same_for_any_number(
    client, club, member, organiser, number, django_assert_num_queries
):
    for index in range(number):
        item = hold(club, index + 1, tags=[f"tag-{index}"], by=member, now=datetime.now(UTC))
        give(item, organiser)
        reading_list.cast_vote(item.entry, value=1, by=member)
    client.force_login(member)

    with django_assert_num_queries(8):  # me, my clubs; items, tags, talks, members, votes, who promoted
        response = client.get(reverse("papers:insights", args=[club.slug]))

    assert response.status_code == 200


def test_empty_club_says_what_is_so(client, club, member):
    client.force_login(member)

    content = client.get(reverse("papers:insights", args=[club.slug])).content.decode()

    assert "No paper was discussed in 12 weeks" in content
    assert "Nobody voted in 12 weeks" in content
    assert "Tag a paper on its page." in content


@pytest.mark.parametrize(("asked", "shown"), [("52", 52), ("26", 26), ("1", 12), ("all", 12), ("", 12)])
def test_weeks_are_those_offered(client, club, member, asked, shown):
    client.force_login(member)

    assert (
        client.get(reverse("papers:insights", args=[club.slug]), {"weeks": asked}).context["weeks"] == shown
    )


def test_page_is_for_members(client, club, outsider):
    club.is_public = True
    club.save()
    client.force_login(outsider)

    assert client.get(reverse("papers:insights", args=[club.slug])).status_code == 403

"""The demo lab, loaded on whatever day: a club that has met, and is about to."""

from datetime import UTC, datetime, timedelta

import pytest

from papers import demo, importing, voting
from papers.models import AgendaItem, Assignment, Attendance, Comment, Session, Vote

pytestmark = pytest.mark.django_db

DAYS = {
    "wednesday before the session": datetime(2026, 11, 25, 4, 0, tzinfo=UTC),
    "wednesday during the session": datetime(2026, 11, 25, 13, 30, tzinfo=UTC),
    "thursday": datetime(2026, 11, 26, 9, 0, tzinfo=UTC),
    "friday before the last act": datetime(2026, 11, 27, 14, 0, tzinfo=UTC),
    "week of daylight saving": datetime(2027, 3, 26, 18, 0, tzinfo=UTC),
}


@pytest.fixture
def listings(db):
    for run in demo.queue_listings():
        importing.run_import(run.pk)


@pytest.mark.parametrize("now", DAYS.values(), ids=DAYS)
def test_lab_has_met_and_is_about_to(listings, now):
    club = demo.make_lab(now)
    [first, second] = Session.objects.filter(club=club, state=Session.State.HELD).order_by("starts")
    coming = Session.objects.filter(club=club).upcoming(now).first()

    assert second.starts - first.starts in {timedelta(days=7), timedelta(days=7, hours=-1)}
    assert second.starts < now
    assert coming.state == Session.State.LOCKED
    assert timedelta(hours=6) <= coming.starts - now <= timedelta(days=7, hours=7)
    assert (
        Vote.objects.filter(cast_at__gt=now).count() == Comment.objects.filter(posted_at__gt=now).count() == 0
    )

    papers = AgendaItem.objects.filter(session=coming, entry__isnull=False)
    assert papers.count() == 2
    assert all("carried" not in item.reason for item in papers)
    waiting = Assignment.objects.filter(item__session=coming, state=Assignment.State.PROPOSED)
    assert waiting.filter(member__email="organiser@example.org").exists()
    assert all(assignment.reason for assignment in waiting)
    assert Assignment.objects.filter(item__session=coming, state=Assignment.State.ACCEPTED).exists()
    assert Attendance.objects.filter(session=coming).count() == 3


def test_what_was_discussed_is_off_the_list_and_says_what_came_of_it(listings):
    now = DAYS["thursday"]
    club = demo.make_lab(now)
    discussed = AgendaItem.objects.filter(session__state=Session.State.HELD)

    assert all(item.entry.state == "discussed" and item.verdict and item.takeaways for item in discussed)
    assert {row.entry_id for row in voting.rank(club, now=now).rows}.isdisjoint(
        discussed.values_list("entry", flat=True)
    )
    done = Assignment.objects.filter(item__in=discussed)
    assert done.count() == 4
    assert set(done.values_list("state", flat=True)) == {"done"}

"""A meeting begins, goes on, pauses, gets more time, and is over."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from papers.models import AgendaItem, Session
from papers.scheduling import agenda_items, meeting, sessions
from tests import factories

NOW = datetime(2026, 4, 30, 14, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def session(club):
    session = factories.make_session(club, NOW, state=Session.State.LOCKED)
    factories.make_item(session, title="News", minutes=5)
    factories.make_item(session, title="The paper", minutes=30)
    factories.make_item(session, title="What we conclude", minutes=5)
    return session


def title(session):
    return session.item_now and session.item_now.title


def test_it_goes_from_item_to_item(session, club, organiser):
    began = meeting.start(session, by=organiser, now=NOW)
    assert (title(began), began.item_ends, began.is_on) == ("News", NOW + 5 * MINUTE, True)
    club.refresh_from_db()
    assert began.version == began.item_now.version == club.version

    went_on = meeting.next_item(session, by=organiser, now=NOW + 4 * MINUTE)
    assert (title(went_on), went_on.item_ends) == ("The paper", NOW + 34 * MINUTE)
    assert AgendaItem.objects.get(title="The paper").started_at == NOW + 4 * MINUTE

    meeting.next_item(session, by=organiser, now=NOW + 30 * MINUTE)
    with pytest.raises(meeting.NothingNext):
        meeting.next_item(session, by=organiser, now=NOW + 31 * MINUTE)
    over = meeting.finish(session, by=organiser, now=NOW + 35 * MINUTE)
    assert (over.state, over.item_now, over.is_on) == ("held", None, False)
    assert over.began_at == NOW
    assert meeting.finish(session, by=organiser).state == "held"


def test_starting_again_changes_nothing(session, organiser):
    before = meeting.start(session, by=organiser, now=NOW)
    again = meeting.start(session, by=organiser, now=NOW + MINUTE)
    assert (again.item_ends, again.version) == (before.item_ends, before.version)


def test_two_who_press_next_at_once_go_one_on(session, organiser):
    first = meeting.start(session, by=organiser, now=NOW).item_now
    meeting.next_item(session, by=organiser, after=first)
    session = meeting.next_item(session, by=organiser, after=first.pk)
    assert title(session) == "The paper"


def test_back_goes_on_with_the_time_of_the_item_before(session, organiser):
    meeting.start(session, by=organiser, now=NOW)
    meeting.next_item(session, by=organiser, now=NOW + MINUTE)
    back = meeting.go_back(session, by=organiser, now=NOW + 2 * MINUTE)
    assert (title(back), back.item_ends) == ("News", NOW + 5 * MINUTE)
    assert AgendaItem.objects.get(title="The paper").started_at is None

    before = meeting.go_back(session, by=organiser, now=NOW + 3 * MINUTE)
    assert (before.began_at, before.item_now, before.is_on) == (None, None, False)


def test_a_pause_moves_the_end(session, organiser):
    meeting.start(session, by=organiser, now=NOW)
    assert meeting.pause(session, by=organiser, now=NOW + MINUTE).paused_at == NOW + MINUTE
    assert meeting.pause(session, by=organiser, now=NOW + 2 * MINUTE).paused_at == NOW + MINUTE
    resumed = meeting.resume(session, by=organiser, now=NOW + 11 * MINUTE)
    assert (resumed.paused_at, resumed.item_ends) == (None, NOW + 15 * MINUTE)
    assert meeting.resume(session, by=organiser, now=NOW + 12 * MINUTE).item_ends == NOW + 15 * MINUTE


def test_five_minutes_more_count_from_now_where_the_time_is_over(session, organiser):
    meeting.start(session, by=organiser, now=NOW)
    assert meeting.extend(session, by=organiser, now=NOW).item_ends == NOW + 10 * MINUTE
    more = meeting.extend(session, by=organiser, now=NOW + 12 * MINUTE)
    assert (more.item_ends, more.extra_minutes) == (NOW + 17 * MINUTE, 10)
    meeting.pause(session, by=organiser, now=NOW + 17 * MINUTE)
    assert meeting.extend(session, by=organiser, now=NOW + 40 * MINUTE).item_ends == NOW + 22 * MINUTE
    with pytest.raises(meeting.Refused, match="at most 600"):
        meeting.extend(session, minutes=10_000, by=organiser)
    assert meeting.next_item(session, by=organiser).extra_minutes == 0


def test_without_an_agenda_the_clock_has_the_whole_session(club, organiser):
    session = factories.make_session(club, NOW, state=Session.State.LOCKED, minutes=90)
    began = meeting.start(session, by=organiser, now=NOW)
    assert (began.item_now, began.item_ends) == (None, NOW + 90 * MINUTE)
    with pytest.raises(meeting.NothingNext):
        meeting.next_item(session, by=organiser, now=NOW)
    meeting.extend(session, by=organiser, now=NOW, after=None)
    assert meeting.finish(session, by=organiser, now=NOW + MINUTE).state == "held"


@pytest.mark.parametrize(
    ("state", "why"),
    [("draft", "still open"), ("open", "still open"), ("cancelled", "cancelled"), ("held", "held")],
)
def test_only_a_session_whose_votes_are_closed_begins(club, organiser, state, why):
    session = factories.make_session(club, NOW, state=state)
    with pytest.raises(meeting.NotReady, match=why):
        meeting.start(session, by=organiser, now=NOW)


@pytest.mark.parametrize("act", ["next_item", "go_back", "pause", "resume", "extend", "finish"])
def test_what_has_not_begun_does_not_go_on(session, organiser, act):
    with pytest.raises(meeting.NotOn, match="has not begun"):
        getattr(meeting, act)(session, by=organiser, now=NOW)


def test_before_its_day_it_may_be_tried_and_is_not_held(session, organiser):
    early = NOW - timedelta(days=1)
    meeting.start(session, by=organiser, now=early)
    with pytest.raises(sessions.NotBegun):
        meeting.finish(session, by=organiser, now=early + MINUTE)
    session.refresh_from_db()
    assert session.is_on, "what was refused changed nothing"


def test_what_is_on_may_be_taken_off_the_agenda(session, organiser):
    item = meeting.start(session, by=organiser, now=NOW).item_now
    agenda_items.remove_item(item, by=organiser)
    session.refresh_from_db()
    assert (session.item_now, session.is_on) == (None, True)
    assert title(meeting.next_item(session, by=organiser)) == "The paper"


@pytest.mark.django_db(transaction=True)
def test_next_pressed_by_two_at_the_same_moment(session, organiser):
    first = meeting.start(session, by=organiser, now=NOW).item_now
    together = threading.Barrier(2)

    def press():
        together.wait()
        meeting.next_item(session, after=first, by=organiser)
        connection.close()

    threads = [threading.Thread(target=press) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    session.refresh_from_db()
    assert title(session) == "The paper"

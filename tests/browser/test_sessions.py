"""Sessions in a browser: at every width, with the keyboard, without scripts."""

from datetime import time, timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from papers import reading_list
from papers.scheduling import attendance, sessions
from papers.scheduling import series as verbs
from tests import factories

from .test_pages import LONG, look_over, report


@pytest.fixture
def series(club, organiser, member, source, transactional_db):
    """A series with a session to come that has everything, as long as it may be."""
    now = timezone.now()
    series = verbs.create_series(
        club, rule="FREQ=WEEKLY;BYDAY=WE", starts_on=now.date(), starts_at=time(14), name=LONG[:100],
        place=LONG, video_link="https://meet.example.org/room", capacity=12, by=organiser,
    )  # fmt: skip
    session = series.sessions.filter(starts__gt=now + timedelta(days=1)).order_by("starts").first()
    factories.make_item(
        session, reading_list.note(club, factories.make_paper(LONG, source=source)), note=LONG
    )
    attendance.bring_guest(session, name=LONG[:90], by=organiser)
    sessions.cancel_session(series.sessions.order_by("-starts").first(), because=LONG, by=organiser)
    verbs.add_pause(
        club,
        first_day=now.date() + timedelta(60),
        last_day=now.date() + timedelta(70),
        reason=LONG[:90],
        by=organiser,
    )
    sessions.schedule_session(club, starts=now + timedelta(9), is_draft=True, name=LONG[:90], by=organiser)
    return series


@pytest.fixture
def places(club, series):
    session = series.sessions.filter(agenda__isnull=False).get()
    return {"session": session.pk, "series": series.pk}


PAGES = [
    "/clubs/ml/sessions/",
    "/clubs/ml/sessions/new",
    "/clubs/ml/sessions/{session}/",
    "/clubs/ml/sessions/{session}/edit",
    "/clubs/ml/series/new",
    "/clubs/ml/series/{series}/",
    "/clubs/ml/series/{series}/edit",
    "/clubs/ml/pauses/",
]


def test_pages_of_sessions(open_window, organiser, places):
    report(look_over(open_window(organiser), places, PAGES))


def test_answer_changes_in_place(open_window, member, places):
    window = open_window(member)
    page = window.open(f"/clubs/ml/sessions/{places['session']}/")

    page.get_by_role("button", name="I come").click()

    expect(page.get_by_role("button", name="I come")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#attendance")).to_contain_text("2 coming")
    page.get_by_label("Name of the guest").fill("Prof. Visitor")
    page.get_by_role("button", name="Add").click()
    expect(page.locator("#attendance")).to_contain_text("3 coming")


def test_series_is_begun_without_scripts(open_window, organiser, club, transactional_db):
    page = open_window(organiser, java_script_enabled=False).open("/clubs/ml/series/new")

    page.get_by_label("by months").check()
    expect(page.locator("#id_rule")).to_be_hidden()
    page.locator("#id_n").select_option("-1")
    page.locator("#id_weekday").select_option("4")
    page.get_by_role("button", name="Show the days first").click()
    expect(page.get_by_role("heading", name="On the last Friday of the month at 14:00")).to_be_visible()
    page.get_by_role("button", name="Begin the series").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("On the last Friday of the month at 14:00")
    assert club.series.get().rule == "FREQ=MONTHLY;BYDAY=-1FR"


def test_reader_elsewhere_sees_their_own_time(open_window, member, club, places):
    """Where clocks are the same, nothing is added."""
    there = open_window(member, timezone_id="America/New_York").open(
        f"/clubs/ml/sessions/{places['session']}/"
    )
    expect(there.get_by_text("where you are")).to_be_visible()

    here = open_window(member, timezone_id="UTC").open(f"/clubs/ml/sessions/{places['session']}/")
    expect(here.get_by_text("where you are")).to_be_hidden()

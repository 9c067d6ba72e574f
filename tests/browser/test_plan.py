"""The plan in a browser: made, applied and answered without leaving the page, at every width."""

import pytest
from playwright.sync_api import expect

from papers.models import Assignment, PlanDraft
from papers.scheduling import absences, assignments, planning
from papers.scheduling.parts import load_parts
from papers.scheduling.roster import find_day
from tests import factories

from .test_pages import LONG, look_over, report


@pytest.fixture
def talks(club, member, organiser, transactional_db):
    """Three talks; long names, somebody away, a part of each state, a swap that is offered."""
    other = factories.make_user(LONG[:90], club=club)
    parts = load_parts(club)
    items = [factories.make_talk(club, week, f"{LONG} $x^2$ {week}") for week in (1, 2, 3)]
    mine = assignments.propose(items[0], parts[0], member=member, by=organiser)
    theirs = assignments.take(items[1], parts[0], by=other)
    assignments.offer_swap(theirs, wanted=mine, by=other)
    assignments.decline(
        assignments.propose(items[0], parts[1], member=other, by=organiser), by=other, because=LONG
    )
    day = find_day(items[2].session)
    absences.note_absence([club], first_day=day, last_day=day, by=other)
    absences.note_absence([club], first_day=day, last_day=day, by=member)
    draft = planning.propose_plan(club, by=organiser)
    planning.make(draft.pk)
    return items


def test_plan_fits_at_every_width(open_window, organiser, member, talks, club):
    cell = f"/clubs/ml/plan/?session={talks[0].session_id}"
    paths = ["/clubs/ml/plan/", cell, f"{cell}&member={member.pk}", "/clubs/ml/dates/"]
    report(look_over(open_window(organiser), {}, paths))
    report(look_over(open_window(member), {}, ["/clubs/ml/plan/", "/clubs/ml/dates/"]))


def test_plan_is_made_applied_and_answered(open_window, organiser, member, club):
    factories.make_talk(club, 1)
    factories.make_talk(club, 2)
    page = open_window(organiser).open("/clubs/ml/plan/")

    page.get_by_role("button", name="Make a plan").click()
    expect(page.get_by_role("heading", name="4 changes, 0 places stay")).to_be_visible()
    page.get_by_role("button", name="Apply all 4").click()
    expect(page.get_by_role("status").filter(has_text="Applied")).to_be_visible()
    assert Assignment.objects.count() == 4
    assert PlanDraft.objects.get().state == "applied"

    page = open_window(member).open("/clubs/ml/plan/")
    accept = page.get_by_role("button", name="Accept")
    number = accept.count()
    assert number >= 1
    accept.first.click()
    expect(page.get_by_role("status").filter(has_text="Accepted")).to_be_visible()
    expect(accept).to_have_count(number - 1)


def test_plan_works_without_scripts_on_a_phone(open_window, member, club):
    factories.make_talk(club, 1)
    window = open_window(member, java_script_enabled=False, viewport={"width": 360, "height": 700})
    page = window.open("/clubs/ml/plan/")

    page.get_by_role("button", name="Take it").first.click()

    expect(page.get_by_text("Yours: presenter.")).to_be_visible()
    assert Assignment.objects.get().member == member

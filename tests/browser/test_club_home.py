"""What a club's page asks, answered without leaving it."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from papers import reading_list
from papers.models import Assignment, Session
from papers.scheduling.parts import load_parts
from tests import factories


@pytest.fixture
def asked(club, member, organiser, papers):
    """The member, asked to present the first paper of the next session and to discuss one a week later."""
    presenter, discussant = load_parts(club)[:2]
    asked = []
    for days, part, paper in [(3, presenter, papers[0]), (10, discussant, papers[1])]:
        starts = timezone.now() + timedelta(days=days)
        session = factories.make_session(club, starts, state=Session.State.LOCKED)
        entry = reading_list.suggest(reading_list.note(club, paper), by=organiser)
        item = factories.make_item(session, entry)
        asked.append(
            Assignment.objects.create(
                club=club, item=item, part=part, member=member, reason="You volunteered."
            )
        )
    return asked


@pytest.mark.parametrize("width", [360, 1440])
def test_accept_in_place(open_window, club, member, asked, width):
    window = open_window(member, viewport={"width": width, "height": 900})
    page = window.open("/clubs/ml/")
    page.evaluate("document.body.dataset.sameness = 'kept'")
    needs, card = page.locator("#needs"), page.locator("#next")
    expect(needs.get_by_role("listitem")).to_have_count(3)
    expect(card).to_contain_text("You (presenter, asked)")
    first = needs.get_by_role("listitem").filter(has_text="Presenter on")
    first.get_by_role("button", name="Accept").click()
    expect(page.locator("#said")).to_have_text("Accepted.")
    expect(card.get_by_text("You: presenter")).to_be_visible()
    expect(needs.get_by_text("Presenter on")).to_have_count(0)
    assert needs.evaluate("node => node.contains(document.activeElement)")
    needs.get_by_role("button", name="Yes").click()
    expect(card).to_contain_text("1 coming, 0 away")
    needs.get_by_role("button", name="Decline").click()
    expect(needs).not_to_contain_text("Discussant on")
    assert page.evaluate("document.body.dataset.sameness") == "kept"
    assert list(Assignment.objects.order_by("pk").values_list("state", flat=True)) == ["accepted", "declined"]


def test_what_is_next_comes_first_on_a_phone(open_window, club, member, asked):
    page = open_window(member, viewport={"width": 360, "height": 900}).open("/clubs/ml/")
    tops = [page.locator(each).bounding_box()["y"] for each in ("#next", "#needs", "#top", "#members")]
    assert tops == sorted(tops)


def test_beside_a_mouse_needs_stand_beside_the_session_and_the_list_below_it(
    open_window, club, member, asked
):
    page = open_window(member, viewport={"width": 1440, "height": 900}).open("/clubs/ml/")
    card, needs, top = (page.locator(each).bounding_box() for each in ("#next", "#needs", "#top"))
    assert needs["x"] > card["x"] + card["width"] and abs(needs["y"] - card["y"]) < 40
    assert top["x"] < needs["x"] and 0 < top["y"] - (card["y"] + card["height"]) < 80

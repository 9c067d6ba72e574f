"""An agenda is changed by drag, by key and by button: with scripts and without, at every width."""

import os
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

from papers import reading_list
from papers.models import Assignment, Session
from papers.scheduling import agenda_items
from papers.scheduling.parts import load_parts
from tests import factories

from .test_pages import FITS, LINT, LONG, WIDTHS, report

STARTS = datetime(2031, 4, 30, 12, 0, tzinfo=UTC)


@pytest.fixture
def session(club, member, organiser, source, transactional_db):
    session = factories.make_session(club, STARTS, lock_at=STARTS - timedelta(days=2), minutes=90)
    agenda_items.add_item(session, title="News and last week’s actions", by=organiser)
    for title in ("Intrinsic evaluation of unlearning", LONG):
        entry = reading_list.note(club, factories.make_paper(title, source=source))
        reading_list.cast_vote(entry, value=1, by=member)
    pinned = reading_list.note(club, factories.make_paper("In defense of parameter sharing", source=source))
    item = agenda_items.add_item(session, entry=pinned, by=organiser, minutes=20, note=LONG)
    Assignment.objects.create(
        club=club, item=item, part=load_parts(club)[0], member=organiser, state="accepted"
    )
    agenda_items.add_item(session, title="What we conclude, who does what", is_closing=True, by=organiser)
    return session


def address(session):
    return f"/clubs/{session.club.slug}/sessions/{session.pk}/agenda"


def order(session):
    items = session.agenda.select_related("entry__paper").order_by("position")
    return [(item.entry.paper.title if item.entry else item.title).split()[0] for item in items]


def show(page, name):
    if folder := os.environ.get("SCREENSHOTS"):
        page.screenshot(path=f"{folder}/{name}.png", full_page=True)


def test_item_is_dragged(open_window, session, organiser):
    page = open_window(organiser, viewport={"width": 1200, "height": 1200}).open(address(session))
    grip = page.locator("[data-grip]").last.bounding_box()
    first = page.locator("[data-item]").first.bounding_box()
    page.mouse.move(grip["x"] + 10, grip["y"] + 10)
    page.mouse.down()
    page.mouse.move(grip["x"] + 10, first["y"] + 100, steps=5)
    page.mouse.move(grip["x"] + 10, first["y"] + 5, steps=5)
    page.mouse.up()
    expect(page.locator("#said")).to_have_text("“What we conclude, who does what” moved to place 1.")
    assert order(session) == ["What", "News", "In"]


def test_drag_is_given_up_by_escape(open_window, session, organiser):
    page = open_window(organiser, viewport={"width": 1200, "height": 1200}).open(address(session))
    grip = page.locator("[data-grip]").first.bounding_box()
    page.mouse.move(grip["x"] + 10, grip["y"] + 10)
    page.mouse.down()
    page.mouse.move(grip["x"] + 10, grip["y"] + 400, steps=5)
    expect(page.locator("[data-item]").first).to_contain_text("In defense")
    page.keyboard.press("Escape")
    expect(page.locator("[data-item]").first).to_contain_text("News")
    page.mouse.up()
    assert order(session) == ["News", "In", "What"]


def test_item_moves_by_key_and_keeps_the_keyboard(open_window, session, organiser):
    page = open_window(organiser).open(address(session))
    page.locator("[data-grip]").first.focus()
    page.keyboard.press("ArrowDown")
    expect(page.locator("#said")).to_have_text("“News and last week’s actions” moved to place 2.")
    page.keyboard.press("ArrowDown")
    expect(page.locator("[data-gap] ~ [data-item]").first).to_contain_text("News")
    assert page.evaluate("document.activeElement.closest('li').textContent").count(
        "News and last week’s actions"
    )
    assert order(session) == ["In", "News", "What"]
    assert Session.objects.get().agenda.get(title__startswith="News").is_closing


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
def test_organiser_fills_and_changes_it(open_window, session, organiser, scripts):
    window = open_window(organiser, java_script_enabled=scripts, viewport={"width": 360, "height": 800})
    page = window.open(address(session))
    show(page, f"agenda-open-360-{scripts}")
    page.get_by_role("button", name="Close votes and fill it now").click()
    expect(page.locator("#agenda")).to_contain_text("2 papers came in by their votes.")
    assert order(session) == ["News", "In", "Intrinsic", LONG, "What"]
    show(page, f"agenda-locked-360-{scripts}")
    page.get_by_text("Add to the agenda").click()
    page.locator("#add-title").fill("A guest")
    page.locator("#add-minutes").fill("5")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.locator("[data-item]").filter(has_text="A guest")).to_be_visible()
    page.get_by_role("button", name="Undo the last change").click()
    expect(page.locator("[data-item]").filter(has_text="A guest")).to_have_count(0)
    page.locator("[data-item]").nth(2).get_by_role("button", name="Up", exact=True).click()
    expect(page.locator("[data-item]").nth(1)).to_contain_text("Intrinsic")
    assert order(session)[:3] == ["News", "Intrinsic", "In"]


def test_agenda_fits_every_width(open_window, session, organiser):
    window = open_window(organiser)
    page = window.open(address(session))
    for summary in page.locator("#agenda summary").all():
        summary.click()
    found = page.evaluate(LINT)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        found += [f"at {width}: {each}" for each in page.evaluate(FITS)]
        show(page, f"agenda-all-{width}")
    report(found)
    page.emulate_media(color_scheme="dark")
    show(page, "agenda-all-dark")

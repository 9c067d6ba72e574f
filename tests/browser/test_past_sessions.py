"""A table of past sessions is uploaded, confirmed and brought in: with scripts and without, at every width."""

import os

import pytest
from playwright.sync_api import expect

from papers import tasks
from papers.models import Guest, PastImport, Session

from .test_pages import FITS, LINT, LONG, WIDTHS, report

TABLE = f"Meeting,Paper,Person,Rest\n04/05/2024,{LONG},Mia Member,\n12/05/2024,Snow,{LONG[:90]},x\nsoon,{LONG},,\n"


def show(page, name):
    if folder := os.environ.get("SCREENSHOTS"):
        page.screenshot(path=f"{folder}/{name}.png", full_page=True)


def check(page, name):
    found = page.evaluate(LINT)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        found += [f"at {width}: {each}" for each in page.evaluate(FITS)]
        show(page, f"{name}-{width}")
    report(found)


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
def test_table_is_brought_in(open_window, organiser, member, club, scripts):
    window = open_window(organiser, java_script_enabled=scripts, viewport={"width": 360, "height": 800})
    page = window.open(f"/clubs/{club.slug}/sessions/past/new")
    page.get_by_label("Table").set_input_files(
        {"name": "history.csv", "mimeType": "text/csv", "buffer": TABLE.encode()}
    )
    page.get_by_role("button", name="Look at it").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Columns of the table")
    page.get_by_label("Meeting").select_option(label="Date")
    page.get_by_label("Person").select_option(label="Presenter")
    page.get_by_label("In dates such as").select_option(label="the day comes first")
    page.get_by_role("button", name="Look again").click()
    expect(page.get_by_text("2 rows can be read, of 2 days.")).to_be_visible()
    if scripts:
        check(page, "past-columns")
    page.get_by_role("button", name="Bring them in").click()
    expect(page.get_by_text("Done, but for one row; below is why.")).to_be_visible()
    assert (PastImport.objects.get().state, Session.objects.count()) == ("done", 2)
    if scripts:
        check(page, "past-done")
    page.get_by_role("link", name="Say who a guest is").click()
    page.get_by_role("combobox").select_option(label="Mia Member")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("combobox")).to_have_value(str(member.pk))
    assert Guest.objects.get().member == member
    if scripts:
        check(page, "past-guests")


def test_tick_finds_what_waits():
    assert tasks.bring_in_past in [task for _find, task in tasks.list_due_work()]

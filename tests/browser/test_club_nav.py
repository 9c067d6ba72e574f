"""The places of a club, on a phone and beside a mouse, with and without scripts."""

import re

import pytest
from playwright.sync_api import expect


def open_page(open_window, person, width, **options):
    window = open_window(person, viewport={"width": width, "height": 800}, **options)
    page = window.open("/clubs/ml/members/")
    return page, page.get_by_role("navigation", name="Machine learning")


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "plain"])
def test_a_phone_has_the_rest_in_a_menu_that_names_where_one_is(open_window, club, owner, scripts):
    page, nav = open_page(open_window, owner, 360, java_script_enabled=scripts)
    expect(nav.get_by_role("link")).to_have_text(["Home", "Sessions", "Plan"])
    assert nav.bounding_box()["height"] < 50
    nav.get_by_text("Members", exact=True).locator("visible=true").click()
    expect(nav.get_by_role("link", name="Members")).to_have_attribute("aria-current", "page")
    link = nav.get_by_role("link", name="Figures")
    assert link.bounding_box()["height"] >= 44
    link.click()
    expect(page).to_have_url(re.compile(r"/clubs/ml/insights/$"))


def test_a_wide_page_has_all_that_members_need_in_one_line(open_window, club, member):
    _page, nav = open_page(open_window, member, 1440)
    expect(nav.get_by_role("link")).to_have_text(
        ["Home", "Reading list", "Sessions", "Plan", "Archive", "Figures", "Members", "Calendar"]
    )
    expect(nav.locator("summary")).to_be_hidden()


def test_organisers_find_settings_in_the_menu(open_window, club, owner):
    page, nav = open_page(open_window, owner, 1440)
    nav.locator("summary").click()
    expect(nav.get_by_role("link", name="Members")).to_have_count(1)
    nav.get_by_role("link", name="Settings").click()
    expect(page).to_have_url(re.compile(r"/clubs/ml/settings/$"))
    expect(nav.locator("summary")).to_have_text("Settings")

"""The kind of a new source is chosen first, with scripts and without; then there are its fields and no others."""

import pytest
from playwright.sync_api import expect

from papers.models import Source


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
def test_kind_first_then_its_fields(open_window, administrator, scripts):
    page = open_window(administrator, java_script_enabled=scripts).open("/sources/new")
    page.get_by_role("link", name="arXiv", exact=True).click()
    expect(page.get_by_label("Search at arXiv")).to_be_visible()
    page.get_by_role("link", name="Choose another").click()
    page.get_by_role("link", name="RSS or Atom feed").click()
    expect(page.get_by_label("Address")).to_be_visible()
    assert page.get_by_label("Search at arXiv").count() == 0
    assert page.url.endswith("/sources/new?kind=feed")
    page.get_by_label("Name").fill("A feed")
    page.get_by_label("Address").fill("http://name:word@feed.example.org/new")
    page.get_by_role("button", name="Save and start").click()
    expect(page.locator(".error")).to_be_visible()
    expect(page.get_by_label("Name")).to_have_value("A feed")
    page.get_by_label("Address").fill("https://feed.example.org/new")
    page.get_by_role("button", name="Save and start").click()
    page.wait_for_url("**/sources/*")
    assert Source.objects.get(name="A feed").kind == "feed"

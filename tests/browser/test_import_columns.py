"""A table is uploaded, its columns are looked at and confirmed: with scripts and without, at every width."""

import pytest
from playwright.sync_api import expect

from papers.models import Import

from .test_pages import FITS, LINT, LONG, WIDTHS, report

TABLE = (
    f"Title;Who;Jahr;{LONG};;DOI\n{LONG};Drop, W.;2021;x;;10.5555/{'y' * 80}\nSnow;Flake, F.;2022;{LONG};;\n"
)


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
def test_columns_are_confirmed(open_window, organiser, club, scripts):
    window = open_window(organiser, java_script_enabled=scripts, viewport={"width": 360, "height": 800})
    page = window.open("/imports/new")
    page.get_by_label("File").set_input_files(
        {"name": "list.csv", "mimeType": "text/csv", "buffer": TABLE.encode()}
    )
    page.get_by_role("button", name="Import").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Columns of the table")
    expect(page.get_by_label("Jahr")).to_have_value("year")
    expect(page.get_by_text("Flake, F.")).to_be_visible()
    if scripts:
        found = page.evaluate(LINT)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 800})
            found += [f"at {width}: {each}" for each in page.evaluate(FITS)]
        report(found)
    page.get_by_label("Who").select_option(label="Authors")
    page.get_by_role("button", name="Import").click()
    page.wait_for_url("**/imports/*")
    run = Import.objects.get()
    assert run.columns == {"title": "Title", "authors": "Who", "year": "Jahr", "doi": "DOI"}

"""An import is followed on its page: the bar moves each second, and little of that is said aloud."""

from django.utils import timezone
from playwright.sync_api import expect

from papers.models import Import

# What the live region says from now on, in turn.
LISTEN = """() => {
  const region = document.getElementById("said");
  window.heard = [];
  new MutationObserver(() => window.heard.push(region.textContent)).observe(region, {childList: true});
}"""


def test_an_import_is_said_aloud_at_each_tenth_and_at_its_end(open_window, organiser, club, source):
    run = Import.objects.create(
        source=source, club=club, queued_by=organiser, input_name="list.ris", input_bytes=1_000
    )
    mine = Import.objects.filter(pk=run.pk)
    page = open_window(organiser).open(run.get_absolute_url())
    page.evaluate(LISTEN)
    shown = page.locator("#import-state")

    def move(read, **facts):
        mine.update(
            state="running", attempts=1, leased_until=timezone.now(), read_bytes=read, taken=read, **facts
        )
        expect(shown.get_by_text(f"{read} records")).to_be_visible()

    for read in (10, 50, 90, 110, 150, 320):
        move(read)
    mine.update(state="done", finished=timezone.now(), leased_until=None, added=320)
    expect(shown.get_by_text("Done. Every record is in.")).to_be_visible()
    assert [each.split(",")[0] for each in page.evaluate("heard")] == [
        "10 records", "110 records", "320 records", "Done. Every record is in."
    ]  # fmt: skip
    assert shown.locator("[role=status], [role=alert]").count() == 0

"""Every page at every width: nothing sticks out, everything has a name, the keyboard is seen."""

from datetime import date
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from accounts import invitations
from papers import catalogue, discussion, importing, mentions, reading_list, submissions
from papers.models import DryRun, Import, OutgoingMail, Source
from papers.sources import keeping, telling
from tests import factories

WIDTHS = [320, 360, 768, 1440]

LONG = "Hyperparameterübertragungsgesetzmäßigkeitsuntersuchung" * 3

FOLDER = Path(__file__).parent
LINT = (FOLDER / "lint.js").read_text("utf-8")
FITS = (FOLDER / "widths.js").read_text("utf-8")
FOCUS = (FOLDER / "focus.js").read_text("utf-8")


@pytest.fixture
def lab(club, owner, member, organiser, source, transactional_db, monkeypatch):
    """One of everything, as long and as odd as it may be."""
    # Nobody looks anything up: that would wait for names that no server here knows.
    monkeypatch.setattr(importing, "wake", lambda run: None)
    owner.name = LONG[:90]
    owner.save()
    paper = factories.make_paper(
        f"{LONG} of $\\sum_{{i=0}}^{{n}} x_i^2 + \\int_0^1 f(x)\\,dx = \\frac{{a+b+c+d+e+f+g}}{{h}}$",
        source=source,
        listed=date(2025, 4, 25),
        abstract=f"{LONG}. "
        + "A formula $$"
        + " + ".join(f"x_{{{n}}}" for n in range(60))
        + "$$ and more. " * 20,
        authors=(LONG[:200], *(f"Author {number}" for number in range(30))),
        identifiers=[factories.make_identifier(f"10.1000/{'x' * 120}", "doi")],
        categories=("cs.LG", "stat.ML"),
        journal=LONG,
        upvotes=1234,
    )
    entry = reading_list.note(club, paper)
    for person in (member, organiser, owner):
        reading_list.cast_vote(entry, value=1, by=person)
        reading_list.volunteer(entry, by=person)
    for number in range(12):
        reading_list.tag(entry, name=f"{'tag' * 12}-{number}", by=member)
    comment = None
    for _ in range(8):
        comment = discussion.post_comment(
            entry,
            text=f"{LONG} `{'code' * 40}`\n\n```\n{'x' * 300}\n```\n> $${'x+' * 80}x$$",
            by=member,
            parent=comment,
        )
    discussion.edit_comment(comment, text="Now shorter, with https://example.org/" + "y" * 200, by=member)
    factories.make_paper("Skipped " + LONG, source=source, listed=date(2025, 4, 25))
    skipped = factories.Paper.objects.get(title__startswith="Skipped")
    reading_list.skip(club, skipped, by=member)
    run = Import.objects.create(
        source=source,
        club=club,
        queued_by=organiser,
        input_name=f"{LONG}.json",
        state=Import.State.DONE,
        finished=timezone.now(),
        rejected=1,
    )
    run.rejections.create(
        number=1, place="line 1", reason=f"There is no title in {LONG}", raw="{" + "x" * 600
    )
    pair = catalogue.propose_pair(paper, skipped, reason=LONG, by=owner)
    for state in OutgoingMail.State:
        OutgoingMail.objects.create(
            key=f"agenda:session 1:{state}",
            message_id=f"<{state}@example.org>",
            kind="agenda",
            club=club,
            recipient=owner,
            address=owner.email,
            subject=LONG[:150],
            text=f"{LONG} https://x.org/{'y' * 200}",
            state=state,
            error=LONG,
            ended_at=timezone.now(),
            leased_until=timezone.now(),
        )
    gone = factories.make_paper("Gone " + LONG, source=source)
    catalogue.merge_papers(skipped, gone, reason=LONG)
    feed = keeping.make_source(
        club=club,
        kind="feed",
        name=LONG[:100],
        address=f"https://feed.example.org/{'x' * 900}",
        every_hours=6,
    )
    Source.objects.filter(pk=feed.pk).update(
        failures=9, error=f"{LONG} answered 500.", watermark={"day": "2026-11-20"}, last_good=timezone.now()
    )
    for number, state in enumerate(["done", "failed", "cancelled", "done"]):
        done = Import.objects.create(
            source=feed, club=club, input_name=LONG, state=state, finished=timezone.now(), added=1234 * number
        )
    done.rejections.create(number=1, place="entry 1", reason=f"No title in {LONG}", raw="{" + "x" * 600)
    DryRun.objects.create(
        source=feed,
        state="done",
        has_more=True,
        found=[
            {"what": "new", "title": LONG, "authors": LONG, "paper": None},
            {"what": "here", "title": "$x^2$ " * 20, "authors": "", "paper": paper.pk},
            {"what": "rejected", "place": "entry 3", "reason": LONG, "raw": "x" * 900},
        ],
    )
    submission = submissions.submit(
        mentions.find(f"10.1000/{'x' * 120}\n10.5555/{LONG}\n{LONG}\nISBN 978-3-16-148410-0"),
        by=owner,
        club=club,
    )
    importing.cancel(submission)
    telling.tell_stalled(timezone.now())
    return {
        "paper": paper.pk,
        "comment": comment.pk,
        "import": run.pk,
        "pair": pair.pk,
        "feed": feed.pk,
        "submission": submission.pk,
    }


MEMBERS_PAGES = [
    "/clubs/ml/papers/date/2025-04-25",
    "/clubs/ml/papers/date/2025-04-26",
    "/papers/month/2025-04",
    "/clubs/ml/papers/trending",
    "/clubs/ml/papers/{paper}",
    "/clubs/ml/",
    "/clubs/ml/list/",
    "/clubs/ml/comments/{comment}/edit",
    "/clubs/ml/comments/{comment}/history",
    "/search?q=skipped",
    "/search?q=nothing-at-all",
]
SOURCES_PAGES = [
    "/sources/",
    "/sources/new",
    "/sources/new?kind=oai",
    "/sources/{feed}",
    "/sources/{feed}/edit",
    "/sources/{feed}/edit?kind=",
    "/sources/{feed}/dry-run",
    "/clubs/ml/sources/",
]
PEOPLES_PAGES = [
    "/submit",
    "/submit?url=https://doi.org/10.5555/{submission}",
    "/submit/{submission}",
    "/imports/",
    "/imports/new",
    "/imports/{import}",
    "/review/",
    "/review/{pair}",
    "/review/decisions",
    "/clubs/ml/members/",
    "/clubs/ml/settings/",
    "/clubs/ml/reminders/",
    "/clubs/ml/mail/",
    "/clubs/new",
    "/accounts/settings/",
    "/accounts/mail/",
    "/accounts/tokens/",
    "/accounts/email/",
    "/accounts/password/change/",
    "/accounts/2fa/",
    "/api/docs/",
]
VISITORS_PAGES = [
    "/accounts/login/",
    "/accounts/password/reset/",
    "/accounts/signup/",
    "/papers/date/2025-04-25",
    "/papers/{paper}",
    "/search?q=skipped",
    "/search",
]


def report(found):
    """Fail with each finding on a line of its own."""
    if found:
        pytest.fail("\n".join(found), pytrace=False)


def look_over(window, lab, paths):
    """Return what is wrong with each page, at every width."""
    found = []
    for path in paths:
        page = window.page
        page.set_viewport_size({"width": WIDTHS[-1], "height": 900})
        response = page.goto(path.format(**lab))
        assert response.status == 200, (path, response.status)
        found += [f"{path}: {each}" for each in page.evaluate(LINT)]
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            found += [f"{path} at {width}: {each}" for each in page.evaluate(FITS)]
    return found


@pytest.mark.parametrize("paths", [MEMBERS_PAGES[:6], MEMBERS_PAGES[6:]], ids=["papers", "lists"])
def test_members_pages(open_window, member, lab, paths):
    report(look_over(open_window(member), lab, paths))


@pytest.mark.parametrize("paths", [PEOPLES_PAGES[:11], PEOPLES_PAGES[11:]], ids=["club", "account"])
def test_owners_pages(open_window, owner, lab, paths):
    report(look_over(open_window(owner), lab, paths))


def test_organisers_pages(open_window, organiser, lab):
    report(look_over(open_window(organiser), lab, SOURCES_PAGES))


def test_administrators_pages(open_window, administrator, lab):
    report(look_over(open_window(administrator), lab, ["/papers/{paper}/edit", "/review/"]))


def test_visitors_pages(open_window, club, owner, lab, settings):
    settings.PUBLIC_CATALOGUE = True
    invitation = invitations.invite(club, by=owner)
    link = invitations.make_path(invitation)
    report(look_over(open_window(), lab, [*VISITORS_PAGES, link]))


def test_error_pages(open_window, member, lab):
    window = open_window(member)
    window.expect_complaint("404|400")
    for path, status in (("/nothing/here", 404), ("/clubs/ml/papers/date/2025-04-25?from=x", 400)):
        response = window.page.goto(path)
        assert response.status == status
        assert window.page.evaluate(LINT) == []


def test_twice_the_text_size_on_a_narrow_page(open_window, member, lab):
    """WCAG 1.4.4: with the reader's text twice as large nothing sticks out, on a tablet either."""
    window = open_window(member, viewport={"width": 640, "height": 700})
    found = []
    for path in ("/clubs/ml/papers/date/2025-04-25", "/clubs/ml/papers/{paper}", "/clubs/ml/list/"):
        page = window.open(path.format(**lab))
        page.context.new_cdp_session(page).send("Page.setFontSizes", {"fontSizes": {"standard": 32}})
        assert page.evaluate("getComputedStyle(document.documentElement).fontSize") == "32px"
        found += [f"{path}: {each}" for each in page.evaluate(FITS)]
    report(found)


@pytest.mark.parametrize(
    "path",
    ["/clubs/ml/papers/date/2025-04-25", "/clubs/ml/papers/{paper}", "/imports/new", "/accounts/settings/"],
)
def test_the_keyboard_is_always_seen(open_window, organiser, lab, path):
    page = open_window(organiser, viewport={"width": 1000, "height": 700}).open(path.format(**lab))
    seen = []
    for _ in range(45):
        page.keyboard.press("Tab")
        here = page.evaluate(FOCUS)
        if here is None:
            break
        if seen and here["what"] == seen[-1]["what"]:  # a date has a stop for each of its parts
            continue
        seen.append(here)
    assert len(seen) > 8
    assert [here["what"] for here in seen if not (here["isOutlined"] and here["isOnScreen"])] == []


def test_the_first_stop_skips_to_the_content(open_window, member, lab):
    page = open_window(member).open("/clubs/ml/papers/date/2025-04-25")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()


def test_a_row_has_few_stops(open_window, member, lab):
    """The design asks for five: title, comments, promote, demote, volunteer; skip or restore is the sixth."""
    page = open_window(member).open("/clubs/ml/papers/date/2025-04-25")
    stops = page.eval_on_selector_all(
        ".paper",
        "rows => rows.map(row => [...row.querySelectorAll('a, button')].filter(each => each.checkVisibility()).length)",
    )
    assert stops and max(stops) <= 6


def test_the_theme_switches_and_stays(open_window, member, lab):
    window = open_window(member, color_scheme="light")
    page = window.open("/clubs/ml/papers/date/2025-04-25")
    ground = "getComputedStyle(document.documentElement).backgroundColor"
    light = page.evaluate(ground)
    page.get_by_role("button", name="Switch between light and dark").first.click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    dark = page.evaluate(ground)
    assert dark != light
    page.reload()
    assert page.evaluate(ground) == dark
    page.get_by_role("button", name="Switch between light and dark").first.click()
    assert page.evaluate(ground) == light
    system = open_window(member, color_scheme="dark").open("/clubs/ml/papers/date/2025-04-25")
    assert system.evaluate(ground) == dark


def test_the_account_menu_opens_and_closes_by_keyboard(open_window, member, lab):
    page = open_window(member).open("/search")
    summary = page.locator("details.menu > summary")
    summary.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Sign out")).to_be_hidden()
    expect(summary).to_be_focused()
    summary.click()
    page.locator("h1").click()
    expect(page.get_by_role("button", name="Sign out")).to_be_hidden()


def test_a_comment_with_mathematics_is_previewed_and_posted(
    open_window, club, member, source, transactional_db
):
    paper = factories.make_paper(source=source)
    page = open_window(member).open(f"/clubs/ml/papers/{paper.pk}")
    page.get_by_label("Add a comment").fill("Since $\\sqrt{2} > 1$, *yes*. <script>alert(1)</script>")
    page.get_by_role("button", name="Preview").click()
    preview = page.get_by_role("region", name="Preview")
    expect(preview.locator("math msqrt")).to_have_count(1)
    width = preview.locator("math").bounding_box()["width"]
    assert width > 20  # drawn, not collapsed
    assert page.locator("article.comment").count() == 0
    expect(page.get_by_label("Add a comment")).to_have_value(
        "Since $\\sqrt{2} > 1$, *yes*. <script>alert(1)</script>"
    )
    page.get_by_role("button", name="Post").click()
    expect(page.locator("article.comment math msqrt")).to_have_count(1)
    page.get_by_role("link", name="Edit").click()
    page.get_by_label("Comment", exact=True).fill("Since $\\sqrt{3} > 1$.")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("link", name="edited").click()
    expect(page.locator(".history math msqrt")).to_have_count(2)
    page.go_back()
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Remove").click()
    expect(page.locator("article.comment")).to_have_count(0)


def test_tags_go_on_and_off_in_place(open_window, club, member, source, transactional_db):
    paper = factories.make_paper(source=source)
    page = open_window(member).open(f"/clubs/ml/papers/{paper.pk}")
    page.get_by_label("Add a tag").fill("offline rl")
    page.keyboard.press("Enter")
    expect(page.locator("#tags .chip")).to_have_text(["offline-rltake off"])
    expect(page.get_by_label("Add a tag")).to_be_focused()
    page.keyboard.type("#")
    page.keyboard.press("Enter")
    expect(page.locator("#tags").get_by_role("alert")).to_contain_text("needs a letter or a digit")
    expect(page.get_by_label("Add a tag")).to_have_value("#")
    page.get_by_role("button", name="offline-rl").click()
    expect(page.locator("#tags .chip")).to_have_count(0)
    page.locator("#vote .vote-up").click()
    expect(page.locator("#vote")).to_contain_text("1 for, 0 against.")
    expect(page.locator("#vote .vote-up")).to_have_attribute("aria-pressed", "true")

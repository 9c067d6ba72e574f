"""Ninety papers in five minutes: by keys, by mouse, by thumb, and without scripts."""

import time

import pytest
from playwright.sync_api import expect

from papers import reading_list
from papers.models import ListingVisit, Skip, Volunteer, Vote

DAY = "/clubs/ml/papers/date/2025-04-25"
PHONE = {"viewport": {"width": 360, "height": 780}, "has_touch": True, "is_mobile": True}


def row_of(page, paper):
    return page.locator(f"#p{paper.pk}")


def expect_state(page, paper, state):
    expect(row_of(page, paper)).to_have_attribute("data-state", state)


def expect_current(page, paper):
    expect(row_of(page, paper)).to_have_attribute("aria-current", "true")


def expect_said(page, words):
    expect(page.locator("#said")).to_have_text(words)


def wait_until(check):
    """Wait for the server, which works in a thread of its own."""
    deadline = time.monotonic() + 15
    while not check():
        assert time.monotonic() < deadline, "it did not happen in 15 s"
        time.sleep(0.05)


def votes_of(member):
    return dict(Vote.objects.filter(member=member).values_list("entry__paper", "value"))


# Keys


def test_keys_move_vote_skip_volunteer_and_undo(window, member, papers):
    page = window.open(DAY)
    first, second, third, fourth, fifth = papers
    page.keyboard.press("j")
    expect_current(page, first)
    page.keyboard.press("j")
    page.keyboard.press("k")
    expect_current(page, first)

    page.keyboard.press("v")  # promotes, and goes on to the next
    expect_state(page, first, "promoted")
    expect_said(page, "Promoted. Score 1.")
    expect_current(page, second)
    page.keyboard.press("x")
    expect_state(page, second, "demoted")
    expect_said(page, "Demoted. Score -1.")
    page.keyboard.press("s")
    expect_state(page, third, "skipped")
    expect_current(page, fourth)
    page.keyboard.press("p")  # stays where it is: volunteers often promote as well
    expect_state(page, fourth, "seen")
    expect_said(page, "Offered to present.")
    expect_current(page, fourth)
    assert votes_of(member) == {first.pk: 1, second.pk: -1}
    assert Skip.objects.get().paper == third
    assert Volunteer.objects.get().entry.paper == fourth

    page.keyboard.press("u")
    expect_state(page, fourth, "unseen")
    page.keyboard.press("u")
    expect_state(page, third, "unseen")
    page.keyboard.press("u")
    expect_state(page, second, "unseen")
    expect_current(page, second)
    page.keyboard.press("u")
    expect_state(page, first, "unseen")
    assert votes_of(member) == {}
    assert not Skip.objects.exists() and not Volunteer.objects.exists()
    page.keyboard.press("u")  # nothing is left to take back
    expect_state(page, fifth, "unseen")
    assert votes_of(member) == {}


def test_undo_of_a_changed_vote_brings_the_first_one_back(window, club, member, papers):
    reading_list.cast_vote(reading_list.note(club, papers[0]), value=1, by=member)
    page = window.open(f"{DAY}#p{papers[0].pk}")
    expect_current(page, papers[0])
    page.keyboard.press("x")
    expect_state(page, papers[0], "demoted")
    page.keyboard.press("u")
    expect_state(page, papers[0], "promoted")
    assert votes_of(member) == {papers[0].pk: 1}


def test_the_same_key_again_takes_it_back(window, member, papers):
    page = window.open(f"{DAY}#p{papers[0].pk}")
    for key, state in (("v", "promoted"), ("v", "unseen"), ("s", "skipped"), ("s", "unseen")):
        page.keyboard.press(key)
        expect_state(page, papers[0], state)
        page.keyboard.press("k")
        expect_current(page, papers[0])
    assert votes_of(member) == {} and not Skip.objects.exists()


def test_fast_keys_lose_nothing(window, member, papers):
    page = window.open(DAY)
    page.keyboard.press("j")
    for key in "vxvxv":
        page.keyboard.press(key)
    for paper, state in zip(papers, ["promoted", "demoted"] * 3, strict=False):
        expect_state(page, paper, state)
    assert votes_of(member) == {paper.pk: value for paper, value in zip(papers, [1, -1] * 3, strict=False)}
    page.keyboard.press("u")
    page.keyboard.press("u")
    expect_state(page, papers[3], "unseen")
    expect_state(page, papers[4], "unseen")


def test_two_acts_on_one_row_at_once_come_one_after_the_other(window, member, papers):
    page = window.open(f"{DAY}#p{papers[0].pk}")
    page.keyboard.press("p")
    page.keyboard.press("v")
    expect_state(page, papers[0], "promoted")
    wait_until(lambda: Volunteer.objects.filter(member=member).exists())
    expect(row_of(page, papers[0]).locator(".vote-present")).to_have_attribute("aria-pressed", "true")


def test_the_sheet_of_keys_opens_and_closes(window, papers):
    page = window.open(DAY)
    sheet = page.locator("#keys")
    page.keyboard.press("?")
    expect(sheet).to_be_visible()
    page.keyboard.press("v")  # keys belong to the sheet while it is open
    page.keyboard.press("Escape")
    expect(sheet).to_be_hidden()
    assert page.locator(".paper[aria-current]").count() == 0


def test_keys_type_in_fields(window, papers):
    page = window.open(DAY)
    page.keyboard.press("j")
    page.focus("#bar-q")
    page.keyboard.type("vxsp?")
    assert page.input_value("#bar-q") == "vxsp?"
    expect_current(page, papers[0])
    expect(page.locator("#keys")).to_be_hidden()
    assert not Vote.objects.exists() and not Skip.objects.exists()


def test_keys_with_control_are_the_browsers(window, papers):
    page = window.open(DAY)
    page.keyboard.press("j")
    for key in ("Control+v", "Alt+x", "Meta+s"):
        page.keyboard.press(key)
    expect_state(page, papers[0], "unseen")
    assert not Vote.objects.exists() and not Skip.objects.exists()


def test_keys_can_be_turned_off_and_stay_off(window, papers):
    page = window.open(DAY)
    page.keyboard.press("?")
    page.locator("#keys a").click()
    page.locator("[name=uses_keys]").uncheck()
    page.locator("[name=uses_keys]").press("Enter")
    expect(page.locator(".notice")).to_be_visible()
    page = window.open(DAY)
    for key in "jv?":
        page.keyboard.press(key)
    assert page.locator(".paper[aria-current]").count() == 0
    expect(page.locator("#keys")).to_be_hidden()
    assert not Vote.objects.exists()


# Mouse


def test_a_click_changes_score_strip_counts_and_says_so(window, club, organiser, member, papers):
    reading_list.cast_vote(reading_list.note(club, papers[1]), value=1, by=organiser)
    page = window.open(DAY)
    row = row_of(page, papers[1])
    expect(row.locator("output")).to_have_text("1")
    row.locator(".vote-up").click()
    expect_state(page, papers[1], "promoted")
    expect(row.locator("output")).to_have_text("2")
    expect(row.locator(".vote-up")).to_have_attribute("aria-pressed", "true")
    expect(row.locator(".voters")).to_contain_text("you, Otto")
    expect_said(page, "Promoted. Score 2.")
    assert "M15 2V20" in page.get_attribute("#strip .up", "d")
    assert "M15" not in page.get_attribute("#strip .faint", "d")
    counts = {"promoted": "1", "voted": "1", "seen": "1", "open": "4", "demoted": "0"}
    for name, number in counts.items():
        expect(page.locator(f"[data-count={name}]").first).to_have_text(number)
    expect(row.locator(".vote-up")).to_be_focused()
    row.locator(".vote-up").click()
    expect_state(page, papers[1], "unseen")
    expect(row.locator("output")).to_have_text("1")
    assert page.get_attribute("#strip .up", "d") == ""
    for name, number in {"voted": "0", "open": "5", "seen": "0"}.items():
        expect(page.locator(f"[data-count={name}]").first).to_have_text(number)
    assert votes_of(member) == {}
    # What scripts made of strip and counts is what the server says after a reload.
    row.locator(".vote-down").click()
    expect_state(page, papers[1], "demoted")
    paths = "all => all.filter(path => !path.matches('.now')).map(path => path.getAttribute('d'))"
    drawn = page.eval_on_selector_all("#strip path", paths)
    counted = page.eval_on_selector_all("[data-count]", "all => all.map(each => each.textContent)")
    page.reload()
    assert page.eval_on_selector_all("#strip path", paths) == drawn
    assert page.eval_on_selector_all("[data-count]", "all => all.map(each => each.textContent)") == counted


def test_a_lost_connection_is_said_in_the_row_and_can_be_tried_again(window, member, papers):
    window.expect_complaint("ERR_INTERNET_DISCONNECTED|htmx:sendError|htmx:afterRequest")
    page = window.open(DAY)
    row = row_of(page, papers[0])
    window.context.set_offline(True)
    row.locator(".vote-up").click()
    expect(row.get_by_role("alert")).to_contain_text("Not saved: no connection.")
    expect_state(page, papers[0], "unseen")
    row.get_by_role("button", name="Try again").click()
    expect(row.get_by_role("alert")).to_contain_text("Not saved: no connection.")
    window.context.set_offline(False)
    row.get_by_role("button", name="Try again").click()
    expect_state(page, papers[0], "promoted")
    expect(page.get_by_role("alert")).to_have_count(0)
    assert votes_of(member) == {papers[0].pk: 1}
    page.keyboard.press("u")
    expect_state(page, papers[0], "unseen")
    assert votes_of(member) == {}


def test_a_session_that_ended_is_said_in_the_row(window, papers):
    page = window.open(DAY)
    window.context.clear_cookies()
    window.expect_complaint("403")
    row_of(page, papers[0]).locator(".vote-up").click()
    expect(row_of(page, papers[0]).get_by_role("alert")).to_contain_text("Load the page again")
    assert not Vote.objects.exists()


def test_go_on_leads_to_the_bookmark(window, club, member, papers):
    reading_list.cast_vote(reading_list.note(club, papers[1]), value=1, by=member)
    page = window.open(DAY)
    expect(page.locator(".bookmark")).to_contain_text("You stopped here")
    page.get_by_role("link", name="Go on at 3").click()
    expect_current(page, papers[2])
    page.keyboard.press("v")
    expect_state(page, papers[2], "promoted")


def test_where_reading_stopped_is_kept_when_the_page_is_left(window, member, papers):
    page = window.open(DAY)
    for _ in range(3):
        page.keyboard.press("j")
    expect_current(page, papers[2])
    page.goto("/search")
    wait_until(lambda: ListingVisit.objects.get(member=member).stopped_at == papers[2])
    page = window.open(DAY)
    page.get_by_role("link", name="Go on at 3").click()
    expect_current(page, papers[2])


def test_votes_on_the_clubs_page_the_list_and_in_search(window, club, organiser, member, papers):
    for paper in papers[:2]:
        reading_list.cast_vote(reading_list.note(club, paper), value=1, by=organiser)
    for path, paper, score in (
        ("/clubs/ml/", papers[0], "2"),
        ("/clubs/ml/list/", papers[1], "2"),
        ("/search?q=listed", papers[2], "1"),
    ):
        page = window.open(path)
        row_of(page, paper).get_by_role("button", name="Promote").click()
        expect_state(page, paper, "promoted")
        expect(row_of(page, paper).locator("output")).to_have_text(score)
    assert len(votes_of(member)) == 3


# Thumb


def test_the_dock_acts_on_what_is_on_the_screen(open_window, club, member, papers):
    for paper in papers[:4]:
        reading_list.cast_vote(reading_list.note(club, paper), value=1, by=member)
    page = open_window(member, **PHONE).open(DAY)
    dock = page.get_by_role("group", name="Current paper")
    expect(page.get_by_role("link", name="Go on at 5")).to_be_visible()
    expect(dock.locator("[data-dock-n]")).to_have_text("1")
    page.get_by_role("link", name="Go on at 5").tap()
    expect(dock.locator("[data-dock-n]")).to_have_text("5")


def test_the_dock_acts_on_the_current_paper(open_window, member, papers):
    window = open_window(member, **PHONE)
    page = window.open(DAY)
    dock = page.get_by_role("group", name="Current paper")
    expect(dock).to_be_visible()
    expect(dock.locator("[data-dock-n]")).to_have_text("1")
    expect(dock.locator("[data-dock-title]")).to_have_text(papers[0].title)
    for name, state, paper in (
        ("Promote", "promoted", papers[0]),
        ("Demote", "demoted", papers[1]),
        ("Skip", "skipped", papers[2]),
    ):
        dock.get_by_role("button", name=name).tap()
        expect_state(page, paper, state)
    expect(dock.locator("[data-dock-n]")).to_have_text("4")
    dock.get_by_role("button", name="Present").tap()
    expect_state(page, papers[3], "seen")
    expect(dock.get_by_role("button", name="Present")).to_have_attribute("aria-pressed", "true")
    assert votes_of(member) == {papers[0].pk: 1, papers[1].pk: -1}
    # Large enough for a thumb, promote the largest, and nothing hides below it for good.
    boxes = {
        name: dock.get_by_role("button", name=name).bounding_box()
        for name in ("Present", "Demote", "Skip", "Promote")
    }
    assert min(box["height"] for box in boxes.values()) >= 44
    assert max(boxes, key=lambda name: boxes[name]["width"]) == "Promote"
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    last = row_of(page, papers[4]).bounding_box()
    assert last["y"] + last["height"] <= dock.bounding_box()["y"] + 1


def test_wide_pages_and_visitors_have_no_dock(open_window, member, papers, settings):
    settings.PUBLIC_CATALOGUE = True
    wide = open_window(member).open(DAY)
    expect(wide.locator(".dock")).to_be_hidden()
    narrow = open_window(**PHONE).open("/papers/date/2025-04-25")
    expect(narrow.locator(".paper")).to_have_count(5)
    expect(narrow.locator(".dock")).to_have_count(0)


# Without scripts


@pytest.mark.parametrize("size", [{}, PHONE], ids=["wide", "phone"])
def test_the_same_acts_without_scripts(open_window, club, member, papers, size):
    window = open_window(member, java_script_enabled=False, **size)
    page = window.open(DAY)
    first, second = papers[:2]
    expect(page.locator(".dock")).to_be_hidden()
    for button, state, said in (
        (".vote-up", "promoted", "Promoted. Score 1."),
        (".vote-down", "demoted", "Demoted. Score -1."),
        (".vote-down", "unseen", "Vote taken back. Score 0."),
        (".vote-present", "seen", "Offered to present."),
        (".vote-present", "unseen", "Offer to present taken back."),
        ("[name=skip]", "skipped", "Skipped."),
        ("[name=restore]", "unseen", "Brought back."),
    ):
        row_of(page, second).locator(button).click()
        expect_state(page, second, state)
        expect(page.locator(".notice")).to_contain_text(said)
        assert page.url.endswith(f"{DAY}#p{second.pk}")
    row_of(page, first).locator(".vote-up").click()
    expect_state(page, first, "promoted")
    assert votes_of(member) == {first.pk: 1}

    page.goto(f"/clubs/ml/papers/{first.pk}")
    page.fill("#tag", "offline rl")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.locator("#tags")).to_contain_text("offline-rl")
    page.fill("#text-new", "Why $x^2$?")
    page.get_by_role("button", name="Preview").click()
    expect(page.locator(".preview math")).to_have_count(1)
    page.get_by_role("button", name="Post").click()
    expect(page.locator("article.comment math")).to_have_count(1)

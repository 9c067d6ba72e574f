"""A meeting with several people in it: their pages follow, and nobody's words are lost."""

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from papers import reading_list
from papers.models import Attendance, Session
from papers.scheduling import attachments, meeting, minutes, questions
from tests import factories

from .test_pages import LONG, look_over, report


@pytest.fixture
def session(club, transactional_db):
    session = factories.make_session(club, timezone.now(), state=Session.State.LOCKED)
    factories.make_item(session, title="News", minutes=5)
    factories.make_item(session, reading_list.note(club, factories.make_paper("On follow-ups")), minutes=30)
    factories.make_item(session, title="What we conclude", minutes=5)
    return session


@pytest.fixture
def path(session):
    return f"/clubs/ml/sessions/{session.pk}/live"


def test_the_members_page_follows_the_organisers(open_window, organiser, member, path):
    theirs, mine = (
        open_window(organiser).open(path),
        open_window(member, viewport={"width": 360, "height": 740}).open(path),
    )
    expect(mine.get_by_role("heading", name="Not begun yet")).to_be_visible()
    theirs.get_by_role("button", name="Begin").click()
    now = mine.locator("li[aria-current=step] h3")
    expect(now).to_have_text("News", timeout=10_000)

    clock = mine.locator("[data-clock]")
    first = clock.text_content()
    expect(clock).not_to_have_text(first)  # it counts by itself

    theirs.keyboard.press("n")
    expect(theirs.locator("li[aria-current=step] h3")).to_have_text("On follow-ups")
    expect(now).to_have_text("On follow-ups", timeout=10_000)
    theirs.keyboard.press("p")
    expect(mine.get_by_text("Paused.")).to_be_visible(timeout=10_000)
    theirs.keyboard.press("p")
    expect(theirs.get_by_role("button", name="Pause")).to_be_visible()
    theirs.keyboard.press("+")
    expect(mine.get_by_text("35 minutes")).to_be_visible(timeout=10_000)
    theirs.keyboard.press("b")
    expect(now).to_have_text("News", timeout=10_000)


def test_nothing_is_swapped_where_nothing_has_changed(open_window, organiser, member, session, path):
    meeting.start(session, by=organiser)
    page = open_window(member).open(path)
    page.evaluate("document.getElementById('live-now').seen = true")
    with page.expect_response("**/state") as answered:
        pass
    assert answered.value.status == 304
    with page.expect_response("**/state"):
        pass
    assert page.evaluate("document.getElementById('live-now').seen") is True


def test_questions_are_asked_and_voted_for_on_two_phones(open_window, organiser, member, session, path):
    theirs, mine = open_window(organiser).open(path), open_window(member).open(path)
    mine.get_by_label("Your question").fill("Why this way?")
    mine.get_by_role("button", name="Ask").click()
    expect(mine.get_by_label("Your question")).to_have_value("")
    expect(mine.locator(".queue")).to_contain_text("Why this way?")
    vote = theirs.get_by_role("button", name="I want to know too: 1 vote")
    vote.click(timeout=10_000)
    expect(theirs.get_by_role("button", name="I want to know too: 2 votes")).to_have_attribute(
        "aria-pressed", "true"
    )
    expect(mine.get_by_role("button", name="I want to know too: 2 votes")).to_be_visible(timeout=10_000)
    theirs.get_by_role("button", name="Answered").click()
    expect(mine.get_by_text("One question settled")).to_be_visible(timeout=10_000)


def test_a_question_being_typed_is_left_alone(open_window, organiser, member, session, path):
    page = open_window(member).open(path)
    field = page.get_by_label("Your question")
    field.press_sequentially("Half a ques")
    questions.ask(session, text="Another one?", by=organiser)
    meeting.start(session, by=organiser)
    expect(page.locator(".queue")).to_contain_text("Another one?", timeout=10_000)
    expect(page.locator("li[aria-current=step]")).to_be_visible()
    expect(field).to_be_focused()
    field.press_sequentially("tion?")
    expect(field).to_have_value("Half a question?")


def test_two_writers_keep_both_their_notes(open_window, organiser, member, session, path):
    meeting.start(session, by=organiser)
    item = session.agenda.first()
    theirs, mine = (
        open_window(person).open(path).get_by_label("Notes, taken together") for person in (organiser, member)
    )
    for number in range(6):
        theirs.press_sequentially(f"Otto {number} writes\n", delay=15)
        mine.press_sequentially(f"Mia {number} notes\n", delay=15)
    wanted = {f"Otto {number} writes" for number in range(6)} | {f"Mia {number} notes" for number in range(6)}

    def has_all(field):
        field.page.wait_for_function(
            "([field, wanted]) => wanted.every((line) => field.value.split('\\n').includes(line))",
            arg=[field.element_handle(), sorted(wanted)],
        )

    has_all(theirs)
    has_all(mine)
    item.refresh_from_db()
    lines = item.notes.split("\n")
    assert all(lines.count(line) == 1 for line in wanted), item.notes
    assert not [line for line in lines if line and line not in wanted], item.notes


def test_who_is_writing_is_not_carried_on_to_the_next_item(open_window, organiser, member, session, path):
    meeting.start(session, by=organiser)
    first, second, _third = session.agenda.order_by("position")
    page = open_window(member).open(path)
    field = page.get_by_label("Notes, taken together")
    field.press_sequentially("About the ")
    meeting.next_item(session, by=organiser)
    expect(page.locator("li[aria-current=step] h3")).to_have_text("On follow-ups", timeout=10_000)
    field.press_sequentially("news")
    field.blur()
    expect(page.locator("#notes-about")).to_have_text("On follow-ups", timeout=10_000)
    expect(field).to_have_value("")
    field.press_sequentially("About the paper")
    expect(page.locator("[data-notes-said]")).to_have_text("Saved.")
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.notes, second.notes) == ("About the news", "About the paper")


def test_notes_are_kept_while_there_is_no_connection(open_window, member, session, path):
    window = open_window(member)
    window.expect_complaint("ERR_INTERNET_DISCONNECTED|ERR_FAILED|Failed to load|sendError")
    page = window.open(path)
    field = page.get_by_label("Notes, taken together")
    window.context.set_offline(True)
    field.press_sequentially("Written in a tunnel")
    expect(page.locator("[data-notes-said]")).to_contain_text("Not saved")
    window.context.set_offline(False)
    expect(page.locator("[data-notes-said]")).to_have_text("Saved.")
    session.refresh_from_db()
    assert session.notes == "Written in a tunnel"


@pytest.fixture
def long_session(club, organiser, member, session):
    """Everything as long and as odd as it may be."""
    item = session.agenda.order_by("position")[1]
    factories.make_item(session, title=LONG)
    factories.make_item(session, reading_list.note(club, factories.make_paper(f"{LONG} $\\sum_{{i}} x_i$")))
    organiser.name = LONG[:90]
    organiser.save()
    meeting.start(session, by=organiser)
    for text in (LONG, "Why?"):
        questions.ask(session, text=text, by=organiser)
    questions.set_state(questions.ask(session, text=f"{LONG}?", by=member), state="answered", by=organiser)
    minutes.save_notes(item, text=f"{LONG}\n" * 3, base_version=0, by=member)
    minutes.save_notes(session, text=f"{LONG}\n" * 3, base_version=0, by=member)
    minutes.conclude(item, verdict=LONG, takeaways=f"- {LONG}\n- $${'x+' * 80}x$$", by=organiser)
    minutes.add_action(session, text=LONG, item=item, member=organiser, by=organiser)
    attachments.attach(session, item=item, link=f"https://a.example/{LONG}", by=organiser)
    Attendance.objects.create(session=session, member=organiser, came=True)
    return {"session": session.pk, "paper": item.entry.paper_id}


def test_pages_at_every_width(open_window, organiser, session, long_session):
    live = ["/clubs/ml/sessions/{session}/live", "/clubs/ml/sessions/{session}/"]
    report(look_over(open_window(organiser), long_session, [*live, "/clubs/ml/sessions/{session}/came"]))
    meeting.finish(session, by=organiser)
    after = [
        "/clubs/ml/archive/",
        f"/clubs/ml/archive/?q={LONG}",
        "/clubs/ml/record/",
        "/clubs/ml/papers/{paper}",
    ]
    report(look_over(open_window(organiser), long_session, [*after, *live]))

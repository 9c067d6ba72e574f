"""From votes to what was concluded: one club of five, one session, in real browsers all the way."""

from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.utils import timezone
from ical.calendar_stream import IcsCalendarStream
from playwright.sync_api import expect

from papers.models import Assignment, Entry, Session
from papers.scheduling import sessions
from tests import factories


@pytest.fixture
def session(club, organiser, transactional_db):
    """A session in three days, whose votes are open."""
    return sessions.schedule_session(
        club,
        by=organiser,
        starts=timezone.now() + timedelta(days=3),
        minutes=60,
        lock_at=timezone.now() + timedelta(days=1),
        place="Room 2.14",
    )


@pytest.fixture
def members(club, member):
    return [member, *(factories.make_user(name, club=club) for name in ("Ben", "Chen", "Dana"))]


def promote(window, papers):
    """Promote papers on the day's listing, by the buttons that a thumb finds."""
    page = window.open("/clubs/ml/papers/date/2025-04-25")
    for paper in papers:
        row = page.locator(f"#p{paper.pk}")
        row.locator(".vote-up").click()
        expect(row.locator(".vote-up")).to_have_attribute("aria-pressed", "true")


def test_club_reads_together(open_window, organiser, members, club, papers, session, client):
    mia, ben, chen, dana = (open_window(person) for person in members)
    otto = open_window(organiser)

    # Votes: the second paper is wanted most, then the fourth; the first by one only.
    promote(mia, [papers[1], papers[3]])
    promote(ben, [papers[1], papers[3]])
    promote(chen, [papers[1]])
    promote(dana, [papers[1], papers[0], papers[3]])
    page = mia.open("/clubs/ml/papers/date/2025-04-25")
    page.locator(f"#p{papers[3].pk} .vote-present").click()
    expect(page.locator(f"#p{papers[3].pk} .vote-present")).to_have_attribute("aria-pressed", "true")

    # The list says why each stands where it stands.
    page = ben.open("/clubs/ml/list/")
    titles = page.locator(".paper-title").all_inner_texts()
    assert titles == [papers[1].title, papers[3].title, papers[0].title]
    expect(page.locator(".paper-why").first).to_contain_text("First:")

    # The lock fills the agenda.
    address = f"/clubs/ml/sessions/{session.pk}/"
    page = otto.open(address)
    page.get_by_role("button", name="Close votes and fill it now").click()
    expect(page.locator("#agenda [data-item]")).to_have_count(2)
    session.refresh_from_db()
    assert session.state == Session.State.LOCKED
    assert [item.entry.paper_id for item in session.agenda.all()] == [papers[1].pk, papers[3].pk]

    # The plan asks everybody fairly, and those who offered first.
    page = otto.open("/clubs/ml/plan/")
    page.get_by_role("button", name="Make a plan").click()
    page.get_by_role("button", name="Apply all 4").click()
    expect(page.get_by_role("status").filter(has_text="Applied")).to_be_visible()
    asked = {
        (assignment.item.position, assignment.part.name): assignment.member
        for assignment in Assignment.objects.filter(item__session=session)
    }
    assert len(asked) == 4
    assert asked[2, "presenter"] == members[0]

    # Mia accepts; whoever has the other talk declines with a reason, and the plan is made again.
    page = mia.open("/clubs/ml/plan/")
    mine = page.locator(".proposal").filter(has_text="presenter").filter(has_text=papers[3].title)
    expect(mine).to_contain_text("You volunteered")
    mine.get_by_role("button", name="Accept").click()
    expect(page.get_by_role("status").filter(has_text="Accepted")).to_be_visible()
    people = {organiser: otto, **dict(zip(members, (mia, ben, chen, dana), strict=True))}
    decliner = asked[1, "presenter"]
    page = people[decliner].open("/clubs/ml/plan/")
    mine = page.locator(".proposal").filter(has_text="presenter").filter(has_text=papers[1].title)
    mine.get_by_text("Decline", exact=True).click()
    mine.get_by_label("Why not").fill("A conference deadline")
    mine.get_by_role("button", name="Decline it").click()
    expect(page.get_by_role("status").filter(has_text="Declined")).to_be_visible()
    page = otto.open("/clubs/ml/plan/")
    page.get_by_role("button", name="Plan again").click()
    page.locator("#draft").get_by_role("button", name="Apply").click()
    expect(page.get_by_role("status").filter(has_text="Applied")).to_be_visible()
    presenter = Assignment.objects.live().get(item__session=session, item__position=1, part__name="presenter")
    assert presenter.member != decliner
    assert (
        Assignment.objects.get(item__session=session, item__position=2, part__name="presenter").state
        == Assignment.State.ACCEPTED
    )

    # The new presenter accepts, and swaps with Mia.
    page = people[presenter.member].open("/clubs/ml/plan/")
    mine = page.locator(".proposal").filter(has_text="presenter").filter(has_text=papers[1].title)
    mine.get_by_role("button", name="Accept").click()
    expect(page.get_by_role("status").filter(has_text="Accepted")).to_be_visible()
    mine.get_by_text("Swap", exact=True).click()
    mine.get_by_label("Swap it for").select_option(index=0)
    chosen = mine.get_by_label("Swap it for").locator("option").first.inner_text()
    mine.get_by_role("button", name="Offer the swap").click()
    expect(page.get_by_role("status").filter(has_text="offer")).to_be_visible()
    assert chosen
    wanted = presenter.swap_offers.get().wanted
    page = people[wanted.member].open("/clubs/ml/plan/")
    page.locator(".proposal").filter(has_text="offers to swap").get_by_role("button", name="Swap").click()
    expect(page.get_by_role("status").filter(has_text="Swapped")).to_be_visible()

    # A calendar that knows nothing of us reads it.
    page = mia.open("/clubs/ml/calendar/")
    page.get_by_role("button", name="Make my addresses").click()
    parts = urlsplit(page.locator("#address-1").input_value())
    [event] = IcsCalendarStream.calendar_from_ics(
        client.get(f"{parts.path}?{parts.query}").content.decode()
    ).events
    assert event.location == "Room 2.14"
    assert papers[1].title in event.description
    assert event.dtstart == session.starts.replace(microsecond=0)
    assert Entry.objects.filter(club=club, state=Entry.State.SCHEDULED).count() == 2

"""The plan as a page: what members and organisers see, and what they do there, with htmx and without."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from papers import reading_list
from papers.models import Assignment, PlanDraft, Session
from papers.scheduling import absences, assignments, planning
from papers.scheduling.parts import load_parts
from papers.scheduling.roster import find_day
from tests import factories

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true", "HX-Target": "plan"}
State = Assignment.State


@pytest.fixture
def address(club):
    return reverse("papers:plan", args=[club.slug])


@pytest.fixture
def other(club):
    return factories.make_user("Nora Next", club=club)


@pytest.fixture
def as_organiser(client, organiser):
    client.force_login(organiser)
    return client


@pytest.fixture
def act(client, club, address):
    """Send a form to an address of the plan; the answer leads back to it, and says what happened."""

    def act(name, *args, **fields):
        response = client.post(reverse(f"papers:{name}", args=[club.slug, *args]), fields, follow=True)
        assert response.redirect_chain[-1][0] == address
        return [str(message) for message in response.context["messages"]]

    return act


@pytest.fixture
def asked(make_talk, parts, member, organiser):
    return assignments.propose(make_talk(1, "On ants"), parts[0], member=member, by=organiser)


def test_matrix_shows_who_does_what(signed_in, address, get, make_talk, parts, asked, other, organiser, club):
    assignments.take(asked.item, parts[1], by=other)
    day = find_day(make_talk(2).session)
    absences.note_absence([club], first_day=day, last_day=day, by=other)

    page = get(address)

    rows = {row[0].split(" (")[0]: row[1:] for row in (each.xpath("*") and [
        " ".join(cell.text_content().split()) for cell in each.xpath("*")
    ] for each in page.find("//table//tbody/tr"))}  # fmt: skip
    assert rows["Mia Member"][0].startswith("Presenter? (asked) On ants")
    assert rows["Nora Next"][0].startswith("Discussant (accepted) On ants")
    assert rows["Nora Next"][1] == "away"
    assert rows["Otto Organiser"][:2] == ["free", "free"]
    assert rows["Mia Member"][2] == "0 + 1"
    assert not page.find("//a[contains(@class, 'cell')]")


def test_asked_member_answers_there(signed_in, address, get, act, asked):
    page = get(address)
    assert page.words("//section[@aria-labelledby='yours']//h3") == [
        f"You: presenter on {find_day(asked.item.session):%a} {find_day(asked.item.session).day} "
        f"{find_day(asked.item.session):%B}"
    ]
    assert "Otto Organiser asks you for it." in page.text

    assert act("answer_assignment", asked.pk, answer="accept") == ["Accepted."]

    asked.refresh_from_db()
    assert asked.state == State.ACCEPTED
    assert get(address).find("//section[@aria-labelledby='accepted']//article")


def test_decline_with_a_reason(signed_in, act, asked):
    said = act("answer_assignment", asked.pk, answer="decline", because="conference")

    assert said == ["Declined. You will not be asked for it again."]
    asked.refresh_from_db()
    assert (asked.state, asked.answer) == (State.DECLINED, "conference")


def test_hand_over_names_whose_turn_it_is(signed_in, address, get, act, asked, other, organiser, club, parts):
    past = factories.make_session(club, asked.item.session.starts - timedelta(weeks=9), state="held")
    assignments.propose(factories.make_item(past), parts[0], member=organiser, by=organiser)
    [button] = get(address).find("//button[@name='to']")
    assert button.text_content() == "Hand over to Nora Next"

    assert act("hand_over", asked.pk, to=button.get("value")) == ["Handed over: Nora Next is asked."]


def test_swap_is_offered_and_answered(client, address, get, act, make_talk, parts, asked, member, other):
    theirs = assignments.take(make_talk(2), parts[0], by=other)
    client.force_login(member)
    [option] = get(address).find("//select[@name='wanted']/option")
    assert option.text_content().endswith("presenter: Nora Next")
    assert act("offer_swap", asked.pk, wanted=option.get("value")) == [
        "Offered. Nora Next has the last word."
    ]
    assert "Swap offered to Nora Next" in get(address).text

    client.force_login(other)
    page = get(address)
    assert page.words("//section[@aria-labelledby='yours']//h3") == ["Mia Member offers to swap"]
    offer = theirs.swaps_wanted.get()
    assert act("answer_swap", offer.pk, answer="accept") == ["Swapped."]
    theirs.refresh_from_db()
    assert theirs.member == member


def test_swap_is_withdrawn_only_by_who_offered(client, act, club, make_talk, parts, asked, member, other):
    theirs = assignments.take(make_talk(2), parts[0], by=other)
    offer = assignments.offer_swap(asked, wanted=theirs, by=member)
    client.force_login(member)
    for answer in ("accept", "decline"):
        refused = client.post(reverse("papers:answer_swap", args=[club.slug, offer.pk]), {"answer": answer})
        assert refused.status_code == 403

    assert act("answer_swap", offer.pk, answer="withdraw") == ["Taken back."]


def test_open_place_is_taken(signed_in, address, get, act, make_talk, parts, member):
    item = make_talk(1)
    assert len(get(address).find("//section[@aria-labelledby='open']//form")) == 2

    assert act("take_part", item.pk, parts[0].pk) == ["Yours: presenter."]
    assert Assignment.objects.get().member == member


def test_cell_is_edited_by_organisers(as_organiser, address, get, act, make_talk, parts, member, other):
    item = make_talk(1)
    page = get(f"{address}?member={member.pk}&session={item.session_id}")
    assert page.words("//section[@id='cell']//button") == ["Ask", "Ask"]

    assert act("ask_for_part", item.pk, parts[0].pk, member=member.pk) == ["Mia Member is asked: presenter."]
    page = get(f"{address}?member={member.pk}&session={item.session_id}")
    assert page.words("//section[@id='cell']//button") == ["Take it away"]
    page = get(f"{address}?member={other.pk}&session={item.session_id}")
    assert page.words("//section[@id='cell']//button") == ["Ask instead", "Ask"]

    assert act("release", Assignment.objects.get().pk) == ["It is open again."]
    assert not Assignment.objects.exists()


def test_session_is_edited_where_there_is_no_matrix(as_organiser, address, get, make_talk, parts, member):
    item = make_talk(1)
    page = get(f"{address}?session={item.session_id}")
    assert len(page.find("//section[@id='cell']//select[@name='member']")) == 2
    assert page.words("//section[@id='cell']//button") == ["Ask", "Ask"]


@pytest.mark.parametrize("query", ["?member=x&session=9", "?member=999999&session=1", "?session=0"])
def test_odd_cell_shows_the_page_without_it(as_organiser, address, get, make_talk, query):
    make_talk(1)
    assert not get(f"{address}{query}").find("//section[@id='cell']")


def test_members_open_no_cell(signed_in, address, get, make_talk, member):
    item = make_talk(1)
    assert not get(f"{address}?member={member.pk}&session={item.session_id}").find("//section[@id='cell']")


def test_reminder(as_organiser, act, asked):
    assert act("remind", asked.pk) == ["They were asked less than a day ago. Remind them tomorrow."]
    Assignment.objects.update(proposed_at=asked.proposed_at - timedelta(days=2))
    assert act("remind", asked.pk) == ["Reminded."]


def test_draft_is_made_by_a_worker_looked_at_and_applied(
    as_organiser, address, get, act, make_talk, member, other, django_capture_on_commit_callbacks
):
    make_talk(1)
    act("propose_plan")
    page = get(address)
    assert page.words("//h2[@id='draft-title']") == ["A worker is making the plan"]
    assert page.find("//*[@id='plan'][@hx-get]")
    assert page.find("//noscript/meta[@http-equiv='refresh']")

    draft = PlanDraft.objects.get()
    planning.make(draft.pk)
    page = get(address)
    assert page.words("//h2[@id='draft-title']") == ["2 changes, 0 places stay"]
    assert not page.find("//*[@id='plan'][@hx-get]")
    assert len(page.find("//table//span[contains(@class, 'changed')]")) == 2
    assert "Nobody volunteered." in page.text
    assert "No plan does better." in page.text

    assert act("apply_plan", draft.pk) == ["Applied: everybody who is new in it is asked."]
    assert Assignment.objects.count() == 2
    assert not get(address).find("//*[@id='draft']")


def test_draft_that_moved_says_what_has_changed(as_organiser, act, make_talk, parts, member, other):
    item = make_talk(1)
    act("propose_plan")
    draft = PlanDraft.objects.get()
    planning.make(draft.pk)
    assignments.take(item, parts[0], by=member)

    [said] = act("apply_plan", draft.pk)

    assert said.startswith("Nothing was applied, since something has changed. Mia Member is presenter of")


def test_draft_is_discarded(as_organiser, act, make_talk):
    make_talk(1)
    act("propose_plan")
    assert act("discard_plan", PlanDraft.objects.get().pk) == ["Discarded. Nobody was asked anything."]


def test_draft_is_no_business_of_members(client, act, organiser, member, make_talk, get, address):
    make_talk(1)
    client.force_login(organiser)
    act("propose_plan")
    planning.make(PlanDraft.objects.get().pk)
    client.force_login(member)

    page = get(address)

    assert not page.find("//*[@id='draft']")
    assert not page.find("//table//span[contains(@class, 'changed')]")


def test_nothing_to_plan_is_said(as_organiser, act, club):
    assert "agendas fill when votes close" in act("propose_plan")[0]


def test_act_by_htmx_answers_with_the_plan(signed_in, client, club, asked):
    response = client.post(
        reverse("papers:answer_assignment", args=[club.slug, asked.pk]), {"answer": "accept"}, headers=HTMX
    )

    assert response.status_code == 200
    text = response.content.decode().strip()
    assert text.startswith('<div id="plan"')
    assert "Accepted." in text


def test_refused_act_by_htmx_says_why(as_organiser, client, club, asked):
    response = client.post(reverse("papers:remind", args=[club.slug, asked.pk]), headers=HTMX)

    assert 'role="alert"' in response.content.decode()


def test_draft_of_a_session_is_hidden(signed_in, address, get, make_talk, club):
    make_talk(1, "Secret session", state=Session.State.DRAFT)
    assert "Secret session" not in get(address).text


def test_seven_sessions_are_shown_at_first_six(signed_in, address, get, make_talk):
    for week in range(1, 8):
        make_talk(week)
    page = get(address)
    assert len(page.find("//table//thead//th")) == 1 + 6 + 2
    assert page.words("//a[@href='?all']") == ["Show one more session"]
    assert len(get(f"{address}?all").find("//table//thead//th")) == 1 + 7 + 2


def test_other_clubs_assignments_do_not_exist(signed_in, client, club, other_club, outsider, organiser):
    session = factories.make_session(other_club)
    foreign = assignments.propose(
        factories.make_item(session), load_parts(other_club)[0], member=outsider, by=outsider
    )
    for slug in (club.slug, other_club.slug):
        path = reverse("papers:answer_assignment", args=[slug, foreign.pk])
        assert client.post(path, {"answer": "accept"}).status_code == 404


def test_queries_do_not_grow(as_organiser, client, address, make_talk, members_and_plan, assert_same_queries):
    assert_same_queries(address, members_and_plan)


@pytest.fixture
def members_and_plan(club, make_talk, parts, organiser):
    """Add members and talks with people in them."""

    def add():
        for week in (2, 3, 4):
            item = make_talk(week)
            for part in parts:
                person = factories.make_user(club=club)
                reading_list.volunteer(item.entry, by=person)
                assignments.propose(item, part, member=person, by=organiser)

    make_talk(1)
    return add


@pytest.fixture
def assert_same_queries(client):
    # Sign-in (2), clubs, sources; sessions, parts, members, items, assignments, turns, absences, offers, tags, votes;
    # draft, swaps; what the frame of every page asks.
    def check(path, add):
        client.get(path)
        with CaptureQueriesContext(connection) as few:
            assert client.get(path).status_code == 200
        add()
        with CaptureQueriesContext(connection) as many:
            assert client.get(path).status_code == 200
        assert len(many) == len(few) <= 18, [query["sql"][:150] for query in many]

    return check

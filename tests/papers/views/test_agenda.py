"""The agenda of a session as a page: what who sees, and what organisers do there, with htmx and without."""

from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from papers import reading_list
from papers.models import AgendaChange, Assignment, Session
from papers.scheduling import agenda_items
from papers.scheduling.parts import load_parts
from tests import factories

pytestmark = pytest.mark.django_db

STARTS = datetime(2031, 4, 30, 12, 0, tzinfo=UTC)
HTMX = {"HX-Request": "true", "HX-Target": "agenda"}


@pytest.fixture
def session(club):
    club.time_zone = "Europe/Berlin"
    club.save()
    return factories.make_session(club, STARTS, lock_at=STARTS - timedelta(days=2))


@pytest.fixture
def paper(club, session, member):
    paper = factories.make_paper("A paper to read")
    reading_list.cast_vote(reading_list.note(club, paper), value=1, by=member)
    return paper


@pytest.fixture
def three(session, organiser):
    return [agenda_items.add_item(session, title=title, by=organiser) for title in ("Ants", "Bees", "Cats")]


def address(session, item=None):
    """Where the agenda is shown, or an item of it changed."""
    args = [session.club.slug, session.pk]
    if item is None:
        return reverse("papers:agenda", args=args)
    return reverse("papers:change_agenda_item", args=[*args, item.pk])


def acts(session):
    return reverse("papers:change_agenda", args=[session.club.slug, session.pk])


def titles(session):
    items = session.agenda.select_related("entry__paper").order_by("position")
    return [item.entry.paper.title if item.entry else item.title for item in items]


@pytest.fixture
def as_organiser(client, organiser):
    client.force_login(organiser)
    return client


@pytest.fixture
def as_member(client, member):
    client.force_login(member)
    return client


# What is shown


def test_member_sees_times_in_the_zone_of_the_session_and_no_forms(as_member, session, three):
    page = as_member.get(address(session)).content.decode()
    assert "Wednesday 30 April 2031, 14:00" in page
    assert '<time datetime="2031-04-30T12:05:00+00:00">14:05</time>' in page
    assert "Bees" in page and "Papers with the best score" in page
    assert "Votes close Monday 28 April, 14:00" in page
    assert 'name="act"' not in page and "agenda.js" not in page


def test_who_presents_and_what_is_wanted(as_member, club, session, paper, member, organiser):
    agenda_items.lock_session(session, now=timezone.now())
    presenter, _discussant = load_parts(club)[:2]
    Assignment.objects.create(
        club=club, item=session.agenda.get(), part=presenter, member=member, state="accepted"
    )
    page = as_member.get(address(session)).content.decode()
    assert "<strong>You</strong> (presenter)" in page
    assert "discussant wanted" in page
    assert "the only paper on the list" in page
    assert "One paper came in by its votes. 30 minutes are left" in page


def test_visitors_of_a_public_club_learn_who_has_accepted_only(
    client, club, session, paper, member, organiser
):
    club.is_public = True
    club.save()
    agenda_items.lock_session(session, now=timezone.now())
    presenter, discussant = load_parts(club)[:2]
    item = session.agenda.get()
    Assignment.objects.create(club=club, item=item, part=presenter, member=member, state="accepted")
    Assignment.objects.create(club=club, item=item, part=discussant, member=organiser)
    page = client.get(address(session)).content.decode()
    assert "Mia Member" in page
    assert "Otto Organiser" not in page and "Who changed what" not in page


def test_topics_of_a_few_minutes_want_nobody(as_member, club, organiser):
    session = factories.make_session(club, STARTS, kind="own_work")
    agenda_items.add_item(session, title="News", minutes=5, by=organiser)
    agenda_items.add_item(session, title="Progress", by=organiser)
    page = as_member.get(address(session)).content.decode()
    assert page.count("presenter wanted") == 1


def test_draft_is_for_organisers(client, club, member, organiser):
    draft = factories.make_session(club, STARTS, state="draft")
    client.force_login(member)
    assert client.get(address(draft)).status_code == 404
    client.force_login(organiser)
    assert client.get(address(draft)).status_code == 200


def test_minutes_that_are_too_many_are_said(as_member, session, organiser):
    agenda_items.add_item(session, title="Long", minutes=70, by=organiser)
    assert "10 minutes more than the 60 there are." in as_member.get(address(session)).content.decode()


def test_queries_do_not_depend_on_the_number_of_items(
    as_organiser, club, session, member, organiser, django_assert_num_queries
):
    # Who asks, their clubs; the session, its items, the parts, who has them, the changes, which of them can be undone
    # (two), when votes close, the ranking, its papers
    def fill(number):
        part = load_parts(club)[0]
        for _number in range(number):
            entry = reading_list.note(club, factories.make_paper())
            item = agenda_items.add_item(session, entry=entry, by=organiser)
            Assignment.objects.create(club=club, item=item, part=part, member=member)
            reading_list.cast_vote(reading_list.note(club, factories.make_paper()), value=1, by=member)

    fill(2)
    as_organiser.get(address(session))
    with django_assert_num_queries(12):
        as_organiser.get(address(session))
    fill(10)
    with django_assert_num_queries(12):
        as_organiser.get(address(session))


# What organisers do


def test_topic_is_added_at_the_end(as_organiser, session, three):
    facts = {"act": "add", "title": "Conclusions", "where": "end", "minutes": "7", "note": "Who does what"}
    assert as_organiser.post(acts(session), facts).status_code == 302
    item = session.agenda.get(title="Conclusions")
    assert (item.minutes, item.is_closing, item.note, item.position) == (7, True, "Who does what", 4)


@pytest.mark.parametrize(
    "write",
    [
        lambda paper: f"{paper.pk} · A paper to read",
        lambda paper: f"/papers/{paper.pk}",
        lambda paper: "2504.00001",
    ],
    ids=["chosen", "address", "identifier"],
)
def test_paper_is_added_however_it_is_named(as_organiser, session, write):
    paper = factories.make_paper("A paper", identifiers=(factories.make_identifier("2504.00001"),))
    as_organiser.post(acts(session), {"act": "add", "paper": write(paper)})
    assert session.agenda.get().entry.paper == paper


def test_paper_of_another_club_does_not_exist(as_organiser, other_club, session):
    hidden = factories.make_paper(source=factories.make_source(club=other_club))
    page = as_organiser.post(acts(session), {"act": "add", "paper": str(hidden.pk)}).content.decode()
    assert "No paper here has this address" in page
    assert not session.agenda.exists()


def test_papers_of_the_list_are_offered(as_organiser, session, paper):
    assert (
        f'<option value="{paper.pk} · A paper to read">'
        in as_organiser.get(address(session)).content.decode()
    )


def test_order_by_secret_totals_is_not_offered(as_organiser, club, session, member):
    club.hides_totals = True
    club.save()
    first = reading_list.suggest(reading_list.note(club, factories.make_paper("Older, voted for")), by=member)
    reading_list.cast_vote(first, value=1, by=member)
    reading_list.suggest(reading_list.note(club, factories.make_paper("Newer")), by=member)
    page = as_organiser.get(address(session)).content.decode()
    assert page.index("Newer") < page.index("Older, voted for")


@pytest.mark.parametrize(
    ("facts", "order"),
    [
        ({"step": "-1"}, ["Bees", "Ants", "Cats"]),
        ({"step": "1"}, ["Ants", "Cats", "Bees"]),
        ({"to": "3"}, ["Ants", "Cats", "Bees"]),
        ({"to": "1", "closing": "0"}, ["Bees", "Ants", "Cats"]),
        ({"act": "remove"}, ["Ants", "Cats"]),
        ({"act": "swap", "title": "Dogs", "why": "Rather"}, ["Ants", "Dogs", "Cats"]),
        ({"act": "change", "title": "Bugs", "minutes": "9", "note": ""}, ["Ants", "Bugs", "Cats"]),
    ],
    ids=["up", "down", "dragged down", "dragged up", "taken off", "swapped", "changed"],
)
def test_item_acts(as_organiser, session, three, facts, order):
    response = as_organiser.post(address(session, three[1]), facts, headers=HTMX)
    assert response.status_code == 200
    assert response.content.decode().startswith('<section class="stack agenda-part" id="agenda"')
    assert '"said"' in response["HX-Trigger"]
    assert titles(session) == order


def test_last_item_steps_below_the_papers_to_come(as_organiser, session, three):
    as_organiser.post(address(session, three[2]), {"step": "1"})
    three[2].refresh_from_db()
    assert (three[2].position, three[2].is_closing) == (3, True)
    page = as_organiser.get(address(session)).content.decode()
    page = page[page.index('id="agenda"') :]
    assert page.index("Bees") < page.index("Papers with the best score") < page.index("Cats")


def test_paper_is_pinned_and_let_go(as_organiser, session, paper):
    as_organiser.post(acts(session), {"act": "add", "paper": str(paper.pk)})
    item = session.agenda.get()
    as_organiser.post(address(session, item), {"pin": "0"})
    item.refresh_from_db()
    assert item.is_pinned is False


def test_votes_are_closed_and_opened_again(as_organiser, session, paper):
    as_organiser.post(acts(session), {"act": "lock"})
    session.refresh_from_db()
    assert (session.state, titles(session)) == ("locked", ["A paper to read"])
    as_organiser.post(acts(session), {"act": "unlock", "lock_at": "2031-04-30T10:00"})
    session.refresh_from_db()
    assert (session.state, session.lock_at) == ("open", datetime(2031, 4, 30, 8, 0, tzinfo=UTC))


def test_undo_one_and_back_to_one(as_organiser, session, three):
    as_organiser.post(acts(session), {"act": "undo"})
    assert titles(session) == ["Ants", "Bees"]
    change = AgendaChange.objects.get(said__contains="Ants")
    as_organiser.post(acts(session), {"act": "undo", "change": change.pk})
    assert titles(session) == []


def test_act_that_there_is_not_is_a_bad_request(as_organiser, session, three):
    assert as_organiser.post(acts(session), {"act": "burn"}).status_code == 400
    assert as_organiser.post(address(session, three[0]), {}).status_code == 400


def test_members_do_not_change_it(as_member, session, three):
    assert as_member.post(acts(session), {"act": "undo"}).status_code == 403
    assert as_member.post(address(session, three[0]), {"step": "1"}).status_code == 403


# What is refused


@pytest.mark.parametrize("headers", [HTMX, {}], ids=["htmx", "plain"])
def test_second_organiser_is_told_and_keeps_the_input(as_organiser, session, three, owner, headers):
    seen = Session.objects.get().agenda_version
    agenda_items.move_item(three[2], to=1, by=owner)
    facts = {"act": "change", "title": "Beetles and bees", "minutes": "11", "note": "Mine", "version": seen}
    response = as_organiser.post(address(session, three[1]), facts, headers=headers)
    page = response.content.decode()
    assert response.status_code == 200
    assert "Olga Owner has changed the agenda meanwhile: “Cats” moved to place 1." in page
    assert 'value="Beetles and bees"' in page and 'value="11"' in page and 'value="Mine"' in page
    assert f'name="version" value="{seen + 1}"' in page
    assert titles(session) == ["Cats", "Ants", "Bees"]


def test_new_item_that_is_refused_keeps_the_input(as_organiser, session):
    page = as_organiser.post(
        acts(session), {"act": "add", "title": "Kept", "minutes": "many"}
    ).content.decode()
    assert "Minutes are a whole number." in page
    assert 'value="Kept"' in page and 'value="many"' in page


def test_item_that_is_gone_is_said(as_organiser, session, three, owner):
    agenda_items.remove_item(three[0], by=owner)
    page = as_organiser.post(address(session, three[0]), {"step": "1"}).content.decode()
    assert "This is no longer on the agenda." in page


def test_what_asks_first_is_done_when_asked_again(as_organiser, club, session, paper, member):
    as_organiser.post(acts(session), {"act": "add", "paper": str(paper.pk)})
    part = load_parts(club)[0]
    Assignment.objects.create(
        club=club, item=session.agenda.get(), part=part, member=member, state="accepted"
    )
    page = as_organiser.post(acts(session), {"act": "undo"}).content.decode()
    assert "Mia Member has accepted a part" in page
    assert (
        '<input type="hidden" name="anyway" value="1"><input type="hidden" name="act" value="undo">' in page
    )
    as_organiser.post(acts(session), {"act": "undo", "anyway": "1"})
    assert titles(session) == []


def test_held_session_has_no_forms(as_organiser, club, organiser):
    session = factories.make_session(club, STARTS, state="held")
    factories.make_item(session)
    page = as_organiser.get(address(session)).content.decode()
    assert "News" in page and 'name="act"' not in page


def test_visitors_do_not_learn_of_private_papers(client, club, session, organiser):
    club.is_public = True
    club.save()
    private = factories.make_paper("Secret", source=factories.make_source(club=club, kind="upload"))
    agenda_items.add_item(session, entry=reading_list.note(club, private), by=organiser)
    agenda_items.add_item(session, title="News", by=organiser)
    page = client.get(address(session)).content.decode()
    assert "Secret" not in page and ">14:30</time>" in page
    client.force_login(organiser)
    assert "Secret" in client.get(address(session)).content.decode()

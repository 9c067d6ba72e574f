"""The pages on which a club finds a time."""

from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse

from papers.models import DatePoll, PollAnswer, Session
from papers.scheduling import polls
from tests import factories

NEW = "/clubs/ml/polls/new"
FIRST = datetime(2030, 5, 7, 12, tzinfo=UTC)
FIELDS = {"kind": "paper_talk", "minutes": "60", "time_zone": "Europe/Berlin", "option-0": "2030-05-07T14:00",
          "option-1": "2030-05-08T16:30"}  # fmt: skip


@pytest.fixture
def poll(club, organiser):
    return polls.open_poll(club, options=[FIRST, FIRST + timedelta(days=1)], name="Re<treat", by=organiser)


@pytest.fixture
def as_member(client, member):
    client.force_login(member)
    return client


@pytest.fixture
def as_organiser(client, organiser):
    client.force_login(organiser)
    return client


def address(poll, what="detail"):
    return reverse(f"papers:poll_{what}", args=["ml", poll.pk])


def test_times_are_proposed_by_the_wall_clock(as_organiser):
    response = as_organiser.post(NEW, FIELDS)

    poll = DatePoll.objects.get()
    assert response["Location"] == address(poll)
    assert [option.starts for option in poll.options.all()] == [
        FIRST,
        datetime(2030, 5, 8, 14, 30, tzinfo=UTC),
    ]


def test_more_times_may_be_asked_for(as_organiser):
    assert "option-6" not in as_organiser.get(NEW).content.decode()
    assert "option-19" in as_organiser.get(f"{NEW}?rows=20").content.decode()
    assert "option-5" in as_organiser.get(f"{NEW}?rows=x").content.decode()


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"option-1": ""}, "required"),
        ({"option-1": FIELDS["option-0"]}, "2 to 20 different times"),
        ({"option-1": "9999-12-31T23:59"}, "between the years"),
        ({"option-1": "soon"}, "valid date"),
        ({"time_zone": "Mars/Olympus"}, "valid choice"),
    ],
)
def test_odd_times_are_told(as_organiser, fields, sentence):
    assert sentence in as_organiser.post(NEW, {**FIELDS, **fields}).content.decode()
    assert not DatePoll.objects.exists()


def test_answers_are_saved_and_shown(as_member, poll, member):
    first, second = poll.options.all()
    page = as_member.post(
        address(poll, "answer"), {f"option-{first.pk}": "yes", f"option-{second.pk}": "maybe"}, follow=True
    ).content.decode()

    assert "Saved." in page
    assert "1 yes, 0 if need be, 0 no" in page and "0 yes, 1 if need be" in page
    assert "Re&lt;treat" in page and "Mia Member" in page
    assert f'name="option-{first.pk}" value="yes" checked' in page
    assert "Choose the time" not in page, "that is for organisers"


def test_htmx_gets_the_times_alone(as_member, poll):
    option = poll.options.first()
    answer = as_member.post(
        address(poll, "answer"), {f"option-{option.pk}": "no"}, headers={"HX-Request": "true"}
    ).content.decode()

    assert answer.startswith('<section id="poll"')
    assert "Saved." in answer


def test_odd_answers_change_nothing(as_member, poll, club, organiser):
    other = polls.open_poll(club, options=[FIRST, FIRST + timedelta(days=3)], by=organiser).options.first()
    assert (
        as_member.post(address(poll, "answer"), {f"option-{other.pk}": "yes"}, follow=True).status_code == 200
    )
    assert as_member.post(address(poll, "answer"), {"option-x": "yes", "x": "yes"}).status_code == 302
    assert as_member.post(address(poll, "answer"), {f"option-{other.pk}": "never"}).status_code == 400
    assert not PollAnswer.objects.exists()


def test_organiser_chooses_and_the_session_is_there(as_organiser, poll, member):
    option = poll.options.last()
    polls.answer_poll(poll, member, answers={option.pk: "yes"})
    assert "Choose the time" in as_organiser.get(address(poll)).content.decode()

    response = as_organiser.post(address(poll, "close"), {"option": option.pk}, follow=True)

    session = Session.objects.get()
    assert response.redirect_chain == [(session.get_absolute_url(), 302)]
    assert "Mia Member" in response.content.decode()
    closed = as_organiser.get(address(poll)).content.decode()
    assert "Chosen:" in closed and 'value="yes"' not in closed
    page = as_organiser.post(address(poll, "close"), {"option": option.pk}, follow=True).content.decode()
    assert "A time was chosen already." in page


def test_poll_is_removed(as_organiser, poll):
    assert as_organiser.post(address(poll, "close"), {}, follow=True).status_code == 200
    as_organiser.post(address(poll, "close"), {"remove": "1"})
    assert not DatePoll.objects.exists()


def test_list_of_sessions_leads_to_open_polls(as_member, poll):
    assert address(poll) in as_member.get("/clubs/ml/sessions/").content.decode()


def test_visitors_of_a_public_club_see_no_poll(client, club, poll, outsider):
    club.is_public = True
    club.save()
    client.force_login(outsider)
    assert client.get(address(poll)).status_code == 404
    assert address(poll) not in client.get("/clubs/ml/sessions/").content.decode()


def test_poll_costs_the_same_for_many(as_member, poll, club, django_assert_num_queries):
    # person, clubs; poll, options, answers
    def answer(number):
        for _each in range(number):
            person = factories.make_user(club=club)
            polls.answer_poll(poll, person, answers={option.pk: "yes" for option in poll.options.all()})

    answer(2)
    with django_assert_num_queries(5):
        as_member.get(address(poll))
    answer(9)
    with django_assert_num_queries(5):
        as_member.get(address(poll))

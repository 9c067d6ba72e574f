"""Finding a time: opened, answered, closed into a session."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError

from papers.models import DatePoll, PollAnswer, PollOption, Session, Tombstone
from papers.scheduling import polls, sessions
from tests import factories

NOW = datetime(2025, 4, 21, 12, tzinfo=UTC)
FIRST = datetime(2025, 5, 7, 12, tzinfo=UTC)
SECOND = FIRST + timedelta(days=1)


@pytest.fixture
def poll(club, organiser):
    return polls.open_poll(
        club,
        options=[SECOND, FIRST, FIRST],
        name="Retreat",
        minutes=90,
        place="Garden",
        by=organiser,
        now=NOW,
    )


@pytest.fixture
def options(poll):
    return list(poll.options.order_by("starts"))


def version(club):
    club.refresh_from_db()
    return club.version


def test_poll_has_each_time_once(poll, options, club):
    assert [option.starts for option in options] == [FIRST, SECOND]
    assert poll.version == version(club)


@pytest.mark.parametrize(
    "options", [[], [FIRST], [FIRST, FIRST], [FIRST + timedelta(hours=n) for n in range(21)]]
)
def test_too_few_or_many_times_are_refused(club, organiser, options):
    with pytest.raises(polls.BadOptions, match="2 to 20"):
        polls.open_poll(club, options=options, by=organiser)
    assert not DatePoll.objects.exists()


def test_odd_facts_are_refused(club, organiser):
    with pytest.raises(sessions.BadTime):
        polls.open_poll(club, options=[FIRST, FIRST.replace(year=2500)], by=organiser)
    with pytest.raises(ValidationError):
        polls.open_poll(club, options=[FIRST, SECOND], time_zone="Mars/Olympus", by=organiser)


def test_answers_are_kept_changed_and_taken_back(poll, options, club, member):
    first, second = (option.pk for option in options)
    polls.answer_poll(poll, member, answers={first: "yes", second: "maybe"})
    before = version(club)
    polls.answer_poll(poll, member, answers={first: "yes"})
    assert version(club) == before, "the same again changes nothing"

    polls.answer_poll(poll, member, answers={first: "no", second: ""})

    assert list(PollAnswer.objects.values_list("option", "answer")) == [(first, "no")]
    poll.refresh_from_db()
    assert poll.version == version(club) == before + 1


def test_best_is_what_most_can_make_then_most_easily(poll, options, member, organiser, owner):
    first, second = (option.pk for option in options)
    polls.answer_poll(poll, member, answers={first: "yes", second: "maybe"})
    polls.answer_poll(poll, organiser, answers={first: "no", second: "maybe"})
    assert [each.is_best for each in polls.load_tallies(poll)] == [False, True]

    polls.answer_poll(poll, organiser, answers={first: "yes"})
    assert [each.is_best for each in polls.load_tallies(poll)] == [True, False]
    polls.answer_poll(poll, owner, answers={first: "no", second: "no"})
    [tally, _other] = polls.load_tallies(poll)
    assert ([str(each) for each in tally.yes], tally.no) == (["Mia Member", "Otto Organiser"], (owner,))


def test_nothing_is_best_before_anybody_answers(poll):
    assert not any(each.is_best for each in polls.load_tallies(poll))


def test_chosen_time_becomes_a_session_with_its_people(poll, options, club, member, organiser, owner):
    for person, answer in ((member, "yes"), (organiser, "maybe"), (owner, "no")):
        polls.answer_poll(poll, person, answers={options[1].pk: answer, options[0].pk: "yes"})

    session = polls.close_poll(poll, options[1], by=organiser, now=NOW)

    assert (session.starts, session.minutes, session.name, session.place) == (SECOND, 90, "Retreat", "Garden")
    assert session.state == "open"
    said = {row.member: row.answer for row in session.attendances.all()}
    assert said == {member: "yes", organiser: "maybe", owner: "no"}
    poll.refresh_from_db()
    assert (poll.session, poll.closed_at, poll.version) == (session, NOW, version(club))


def test_yes_that_finds_no_place_becomes_a_perhaps(club, organiser, member, owner):
    poll = polls.open_poll(club, options=[FIRST, SECOND], capacity=1, by=organiser, now=NOW)
    option = poll.options.first()
    polls.answer_poll(poll, owner, answers={option.pk: "yes"}, now=NOW)
    polls.answer_poll(poll, member, answers={option.pk: "yes"}, now=NOW + timedelta(minutes=1))

    session = polls.close_poll(poll, option, by=organiser, now=NOW)

    assert {row.member: row.answer for row in session.attendances.all()} == {owner: "yes", member: "maybe"}


def test_time_of_another_poll_is_none(poll, club, organiser, member):
    other = polls.open_poll(club, options=[FIRST, SECOND], by=organiser)
    with pytest.raises(polls.NotAnOption):
        polls.close_poll(poll, other.options.first(), by=organiser)
    with pytest.raises(polls.NotAnOption):
        polls.answer_poll(poll, member, answers={other.options.first().pk: "yes"})
    assert not Session.objects.exists()


def test_closed_poll_takes_nothing_more(poll, options, organiser, member):
    polls.close_poll(poll, options[0], by=organiser, now=NOW)
    for act in (
        lambda: polls.close_poll(poll, options[1], by=organiser),
        lambda: polls.answer_poll(poll, member, answers={options[0].pk: "yes"}),
        lambda: polls.change_options(poll, options=[FIRST, SECOND], by=organiser),
    ):
        with pytest.raises(polls.PollClosed):
            act()
    assert Session.objects.count() == 1


def test_time_in_the_past_may_be_chosen(poll, options, organiser, member):
    polls.answer_poll(poll, member, answers={options[0].pk: "yes"})

    session = polls.close_poll(poll, options[0], by=organiser, now=FIRST + timedelta(days=3))

    assert session.state == "locked"
    assert not session.attendances.exists()


def test_other_times_keep_what_was_said_of_those_that_stay(poll, options, club, organiser, member):
    polls.answer_poll(poll, member, answers={options[0].pk: "yes", options[1].pk: "yes"})
    third = SECOND + timedelta(days=1)

    polls.change_options(poll, options=[FIRST, third], by=organiser)

    assert list(poll.options.values_list("starts", flat=True)) == [FIRST, third]
    assert list(PollAnswer.objects.values_list("option", flat=True)) == [options[0].pk]
    before = version(club)
    polls.change_options(poll, options=[third, FIRST], by=organiser)
    assert version(club) == before


def test_removed_poll_leaves_a_tombstone_and_its_session(poll, options, organiser):
    session = polls.close_poll(poll, options[0], by=organiser, now=NOW)

    polls.remove_poll(poll, by=organiser)
    polls.remove_poll(poll, by=organiser)

    assert not PollOption.objects.exists()
    assert Session.objects.get() == session
    assert Tombstone.objects.get(kind="datepoll").object_id


def test_polls_are_for_members(poll, club, member, outsider):
    club.is_public = True
    club.save()
    assert list(DatePoll.objects.visible_to(member)) == [poll]
    assert not DatePoll.objects.visible_to(outsider)


def test_member_who_leaves_is_counted_no_more(poll, options, club):
    person = factories.make_user(club=club)
    polls.answer_poll(poll, person, answers={options[0].pk: "yes"})
    person.delete()
    assert polls.load_tallies(poll)[0].yes == ()

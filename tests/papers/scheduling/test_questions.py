"""Questions in a meeting: who asks, who wants to know as well, and what becomes of them."""

import threading

import pytest
from django.db import connection

from papers.models import Question, QuestionVote, Session, Tombstone
from papers.scheduling import agenda_items, meeting, questions
from tests import factories


@pytest.fixture
def session(club):
    return factories.make_session(club, state=Session.State.LOCKED)


def test_a_question_comes_with_the_vote_of_who_asks(session, club, member, organiser):
    item = factories.make_item(session)
    meeting.start(session, by=organiser)
    question = questions.ask(session, text="  Why\nthis \u202eway? ", by=member)
    club.refresh_from_db()
    assert (question.text, question.vote_count, question.item) == ("Why this way?", 1, item)
    assert question.version == club.version
    assert questions.ask(session, text="Why this way?", by=member) == question, "sent twice"


def test_votes_are_counted_once_a_member(session, member, organiser):
    question = questions.ask(session, text="Why?", by=member)
    assert questions.vote(question, by=member).vote_count == 1
    voted = questions.vote(question, by=organiser)
    assert (voted.vote_count, questions.vote(question, by=organiser).version) == (2, voted.version)
    assert questions.withdraw_vote(question, by=member).vote_count == 1
    assert questions.withdraw_vote(question, by=member).vote_count == 1


def test_the_queue_is_by_votes_then_by_time(session, member, organiser, owner):
    early, late = (questions.ask(session, text=text, by=member) for text in ("Early?", "Late?"))
    wanted = questions.ask(session, text="Wanted?", by=organiser)
    questions.vote(wanted, by=owner)
    assert list(session.questions.all()) == [wanted, early, late]


def test_it_is_answered_closed_opened_again_and_removed(session, member, organiser):
    question = questions.ask(session, text="Why?", by=member)
    assert questions.set_state(question, state="answered", by=organiser).state == "answered"
    assert questions.set_state(question, state="open", by=organiser).state == "open"
    with pytest.raises(ValueError, match="open"):
        questions.set_state(question, state="lost", by=organiser)
    questions.remove(question, by=member)
    assert not QuestionVote.objects.exists()
    assert Tombstone.objects.get(kind="question").object_id == question.pk


@pytest.mark.parametrize(
    ("text", "why"),
    [(" \n\t", "Write the question"), ("x" * 501, "at most 500"), ("\0\u200b\u202e", "Write the question")],
)
def test_what_is_no_question(session, member, text, why):
    with pytest.raises(questions.BadQuestion, match=why):
        questions.ask(session, text=text, by=member)


def test_one_person_has_only_so_many_open_questions(session, member):
    for number in range(questions.MOST_OPEN):
        questions.ask(session, text=f"Question {number}?", by=member)
    with pytest.raises(questions.TooMany, match="20 open questions"):
        questions.ask(session, text="One more?", by=member)


def test_nobody_types_so_fast(session, member):
    for _ in range(questions.ASKED):
        questions.ask(session, text="Again?", by=member)
    with pytest.raises(questions.TooMany, match="within a few minutes"):
        questions.ask(session, text="Again?", by=member)


@pytest.mark.parametrize("state", ["draft", "cancelled"])
def test_nobody_asks_where_nobody_meets(club, member, state):
    with pytest.raises(questions.NotAsked):
        questions.ask(factories.make_session(club, state=state), text="Why?", by=member)


def test_it_stays_when_its_item_goes(session, member, organiser):
    item = factories.make_item(session)
    question = questions.ask(session, text="Why?", item=item, by=member)
    with pytest.raises(agenda_items.AsksFirst, match="questions"):
        agenda_items.remove_item(item, by=organiser)
    agenda_items.remove_item(item, by=organiser, anyway=True)
    left = Question.objects.get(pk=question.pk)
    session.refresh_from_db()
    assert (left.item, left.version) == (None, session.version)


@pytest.mark.django_db(transaction=True)
def test_votes_at_the_same_moment_are_all_counted(session, club, member):
    question = questions.ask(session, text="Why?", by=member)
    voters = [factories.make_user(club=club) for _ in range(6)]
    together = threading.Barrier(len(voters))

    def press(user):
        together.wait()
        questions.vote(question, by=user)
        connection.close()

    threads = [threading.Thread(target=press, args=[user]) for user in voters]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    question.refresh_from_db()
    assert question.vote_count == question.votes.count() == 7

"""Who says that they come, and who gets the last place."""

import threading
from datetime import timedelta

import pytest
from django.db import connection

from papers.models import Attendance, Guest, Session, Tombstone
from papers.scheduling import attendance, guests
from tests import factories


@pytest.fixture
def session(club):
    return factories.make_session(club, capacity=2)


def version(club):
    club.refresh_from_db()
    return club.version


def test_answer_is_given_changed_and_taken_back(session, club, member):
    first = attendance.answer(session, member, answer="yes")
    before = version(club)
    assert first.version == before
    assert attendance.answer(session, member, answer="yes").pk == first.pk
    assert version(club) == before, "the same again changes nothing"

    assert attendance.answer(session, member, answer="no").pk == first.pk
    attendance.withdraw_answer(session, member)

    assert not Attendance.objects.exists()
    assert Tombstone.objects.get(kind="attendance").object_id == first.pk
    attendance.withdraw_answer(session, member)


def test_who_comes_after_the_last_place_is_told(session, member, organiser, owner):
    attendance.answer(session, member, answer="yes")
    attendance.bring_guest(session, name="Prof. Visitor", by=organiser)

    with pytest.raises(attendance.Full, match="All 2 places are taken"):
        attendance.answer(session, owner, answer="yes")
    attendance.answer(session, owner, answer="maybe")
    with pytest.raises(attendance.Full):
        attendance.bring_guest(session, name="Another", by=organiser)

    attendance.answer(session, member, answer="no")
    assert attendance.answer(session, owner, answer="yes").answer == "yes"


@pytest.mark.django_db(transaction=True)
def test_last_place_goes_to_one_of_two(club):
    session = factories.make_session(club, capacity=1)
    people = [factories.make_user(club=club) for _each in range(4)]
    start, said = threading.Barrier(4), []

    def come(person):
        start.wait()
        try:
            attendance.answer(session, person, answer="yes")
            said.append("in")
        except attendance.Full:
            said.append("full")
        connection.close()

    threads = [threading.Thread(target=come, args=[person]) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(said) == ["full", "full", "full", "in"]


def test_guest_is_known_by_a_name_in_whatever_spelling(session, organiser):
    first = attendance.bring_guest(session, name="  Prof.  Visitor ", by=organiser)
    again = attendance.bring_guest(session, name="PROF. VISITOR", by=organiser)

    assert again.pk == first.pk
    assert Guest.objects.get().name == "Prof. Visitor"
    assert Guest.objects.get().version == first.version
    attendance.withdraw_guest(session, first.guest, by=organiser)
    assert not Attendance.objects.exists()


@pytest.mark.parametrize("name", ["", "   ", "x" * 101], ids=["empty", "blank", "too long"])
def test_odd_name_is_refused(session, organiser, name):
    with pytest.raises(guests.BadName):
        attendance.bring_guest(session, name=name, by=organiser)


@pytest.mark.parametrize("state", ["draft", "held", "cancelled"])
def test_session_that_asks_nobody_takes_no_answer(club, member, state):
    session = factories.make_session(club, state=state)

    with pytest.raises(attendance.NothingToAnswer):
        attendance.answer(session, member, answer="yes")


def test_session_that_is_over_takes_no_answer(session, member):
    with pytest.raises(attendance.NothingToAnswer, match="over"):
        attendance.answer(session, member, answer="yes", now=session.ends)
    attendance.answer(session, member, answer="yes", now=session.ends - timedelta(minutes=1))


def test_record_of_who_came_outlives_the_answer(session, member):
    attendance.answer(session, member, answer="yes")
    Attendance.objects.update(came=True)

    attendance.withdraw_answer(session, member)

    assert (Attendance.objects.get().answer, Attendance.objects.get().came) == ("", True)


def test_fewer_places_throw_nobody_out(session, member, organiser):
    attendance.answer(session, member, answer="yes")
    attendance.answer(session, organiser, answer="yes")
    Session.objects.update(capacity=1)

    assert attendance.answer(session, member, answer="yes").answer == "yes"
    assert attendance.count_coming(session) == 2

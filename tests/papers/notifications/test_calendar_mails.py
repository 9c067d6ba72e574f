"""Invitations that mail programs put into calendars: read as they arrive, by a calendar library."""

from datetime import UTC, datetime, timedelta

import pytest
from icalendar import Calendar

from accounts.models import Membership
from papers.models import Attendance, OutgoingMail, Session
from papers.notifications import calendar_mails, outbox
from papers.notifications.calendar_mails import invite
from tests import factories

pytestmark = pytest.mark.django_db
START = datetime(2025, 4, 30, 12, tzinfo=UTC)
NOW = START - timedelta(days=20)


@pytest.fixture
def session(club):
    club.time_zone = "Europe/Berlin"
    club.save()
    session = factories.make_session(club, START, place="Room 2.14", changed=NOW - timedelta(hours=1))
    factories.make_item(session, title="News")
    return session


@pytest.fixture
def reader(member):
    member.calendar_by_mail = True
    member.save()
    return member


def change(session, **changes):
    for name, value in changes.items():
        setattr(session, name, value)
    session.set_time(session.starts, session.minutes)
    session.sequence += 1
    session.save()


def cancel(session):
    change(session, state=Session.State.CANCELLED, cancelled_at=NOW)


def arrive(server, now=NOW):
    """Run a round, send what it queued, and return the events that arrived: method and component of each."""
    invite(now)
    server.taken.clear()
    outbox.send_due(now)
    found = []
    for message in server.taken:
        part = message.get_body(("calendar",)) or list(message.iter_parts())[1]
        calendar = Calendar.from_ical(part.get_content())
        [event] = calendar.walk("VEVENT")
        assert part["Content-Type"].params["method"] == calendar["METHOD"]
        found.append((str(calendar["METHOD"]), event))
    return found


def test_invitation_says_when_where_and_for_whom(server, session, reader):
    [(method, event)] = arrive(server)
    assert method == "REQUEST"
    assert (event["UID"], event["SEQUENCE"]) == (session.uid, 0)
    assert event.decoded("DTSTART").isoformat() == "2025-04-30T14:00:00+02:00"
    assert event["DTSTART"].params["TZID"] == "Europe/Berlin"
    assert event["ATTENDEE"] == f"mailto:{reader.email}"
    assert event["ORGANIZER"] == "mailto:reading-list@localhost"
    assert event["LOCATION"] == "Room 2.14" and "News" in event["DESCRIPTION"]
    [message] = server.taken
    assert message["Subject"] == "Invitation: Machine learning, Wednesday 30 April, 14:00 (Europe/Berlin)"
    assert "http://localhost:8000/clubs/ml/sessions/" in message.get_body(("plain",)).get_content()
    assert arrive(server, NOW + timedelta(minutes=1)) == []


def test_only_members_who_want_it_are_invited(server, session, member, organiser, outsider):
    outsider.calendar_by_mail = True
    outsider.save()
    assert arrive(server) == []


def test_invitation_comes_sixty_days_ahead(server, session, reader):
    assert arrive(server, START - timedelta(days=61)) == []
    session.changed = START - timedelta(days=70)
    session.save()
    assert len(arrive(server, START - timedelta(days=60))) == 1


def test_moved_session_is_the_same_event_with_a_higher_number(server, session, reader):
    arrive(server)
    change(session, starts=START + timedelta(days=1))
    [(method, event)] = arrive(server)
    assert (method, event["UID"], event["SEQUENCE"]) == ("REQUEST", session.uid, 1)
    assert event.decoded("DTSTART").day == 1
    assert server.taken[0]["Subject"].startswith("Changed: ")
    assert arrive(server) == []


def test_session_that_moves_far_ahead_is_changed_too(server, session, reader):
    arrive(server)
    change(session, starts=START + timedelta(days=300))
    [(method, event)] = arrive(server)
    assert (method, event.decoded("DTSTART").year) == ("REQUEST", 2026)


def test_cancelled_session_is_called_off(server, session, reader):
    arrive(server)
    cancel(session)
    [(method, event)] = arrive(server)
    assert (method, event["STATUS"], event["UID"], event["SEQUENCE"]) == (
        "CANCEL",
        "CANCELLED",
        session.uid,
        1,
    )
    assert arrive(server) == []


def test_cancelled_session_that_nobody_had_is_not_called_off(server, session, reader):
    cancel(session)
    assert arrive(server) == []


@pytest.mark.parametrize(
    "lose",
    [
        lambda session, reader: Membership.objects.filter(user=reader).delete(),
        lambda session, reader: type(reader).objects.update(calendar_by_mail=False),
        lambda session, reader: Attendance.objects.create(session=session, member=reader, answer="no"),
    ],
    ids=["left", "wish", "not coming"],
)
def test_who_loses_interest_loses_the_event(lose, server, session, reader):
    arrive(server)
    lose(session, reader)
    [(method, event)] = arrive(server)
    assert (method, event["STATUS"]) == ("CANCEL", "CANCELLED")
    assert arrive(server) == []


def test_who_left_learns_no_more_where_the_club_meets(server, session, reader):
    arrive(server)
    Membership.objects.filter(user=reader).delete()
    change(session, place="Room 7")
    [(_method, event)] = arrive(server)
    assert "LOCATION" not in event and "Room 7" not in server.taken[0].as_string()


def test_who_comes_after_all_is_invited_again(server, session, reader):
    arrive(server)
    answer = Attendance.objects.create(session=session, member=reader, answer="no")
    [(_method, gone)] = arrive(server, NOW + timedelta(minutes=1))
    answer.delete()
    [(method, event)] = arrive(server, NOW + timedelta(minutes=2))
    assert method == "REQUEST"
    assert event.decoded("DTSTAMP") > gone.decoded("DTSTAMP")


def test_changes_within_the_grace_are_one_mail(server, session, reader):
    session.changed = NOW
    session.save()
    assert arrive(server) == []
    assert len(arrive(server, NOW + timedelta(minutes=3))) == 1


def test_invitation_that_is_old_before_it_goes_out_is_withdrawn(server, session, reader):
    invite(NOW)
    change(session, place="Room 7")
    [(_method, event)] = arrive(server)
    assert event["LOCATION"] == "Room 7"
    assert sorted(OutgoingMail.objects.values_list("state", flat=True)) == ["sent", "withdrawn"]


def test_drafts_and_the_past_invite_nobody(server, club, reader):
    factories.make_session(club, START, state="draft", changed=NOW - timedelta(days=1))
    factories.make_session(club, NOW, state="locked", changed=NOW - timedelta(days=1))
    assert arrive(server) == []


def test_flood_is_shared_out_over_rounds(session, reader, club, monkeypatch):
    monkeypatch.setattr(calendar_mails, "MOST", 2)
    for day in (1, 2):
        factories.make_session(club, START + timedelta(days=day), changed=NOW - timedelta(hours=1))
    for number in (2, 3, 3):
        invite(NOW)
        assert OutgoingMail.objects.count() == number


def test_round_with_nothing_to_say_costs_the_same_for_many(reader, club, django_assert_num_queries):
    for number in (1, 6):
        for _session in range(number):
            factories.make_session(club, START, changed=NOW - timedelta(hours=1))
        invite(NOW)
        # told, sessions, members who want it, answers
        with django_assert_num_queries(4):
            invite(NOW)


def test_two_rounds_at_once_write_the_same_mail(session, reader):
    invite(NOW)
    OutgoingMail.objects.update(kind="agenda")  # which the second round does not see yet
    invite(NOW)
    assert OutgoingMail.objects.count() == 1


def test_who_left_learns_no_more_of_the_club(server, session, reader):
    arrive(server)
    Membership.objects.filter(user=reader).delete()
    factories.make_item(session, title="Whom to hire")
    [(method, event)] = arrive(server)
    assert (method, event["UID"]) == ("CANCEL", session.uid)
    assert "LOCATION" not in event and event["SUMMARY"] == "Machine learning: Paper talk"
    assert "Whom to hire" not in str(server.taken[0]) and "Whom to hire" not in event["DESCRIPTION"]


def test_invitation_that_waits_does_not_follow_who_left(server, session, reader):
    invite(NOW)
    membership = Membership.objects.get(user=reader)
    membership.delete()
    assert arrive(server) == []
    # Nor is called off what was never there.
    assert list(OutgoingMail.objects.order_by("pk").values_list("method", "state")) == [
        ("REQUEST", "withdrawn"),
        ("CANCEL", "withdrawn"),
    ]
    assert arrive(server) == [] and OutgoingMail.objects.count() == 2
    membership.save(force_insert=True)
    [(method, _event)] = arrive(server)
    assert method == "REQUEST" and server.taken[0]["Subject"].startswith("Invitation: ")


def test_closed_account_is_written_to_no_more(server, session, reader):
    arrive(server)
    reader.is_active = False
    reader.save()
    for _minute in range(3):
        assert arrive(server) == []
    assert OutgoingMail.objects.count() == 1

"""Who came, as an organiser ticks it off."""

from datetime import UTC, datetime, timedelta

import pytest

from papers.models import Attendance, Guest, Session
from papers.scheduling import attendance, presence
from tests import factories

NOW = datetime(2026, 4, 30, 14, 0, tzinfo=UTC)


@pytest.fixture
def session(club):
    return factories.make_session(club, NOW, state=Session.State.LOCKED)


def came(session):
    rows = session.attendances.filter(came=True).select_related("member", "guest")
    return sorted(str(row.member or row.guest) for row in rows)


def test_who_said_yes_is_ticked_before_anybody_ticks(session, member, organiser, owner):
    early = NOW - timedelta(days=1)
    attendance.answer(session, member, answer="yes", now=early)
    attendance.answer(session, owner, answer="no", now=early)
    attendance.bring_guest(session, name="Prof. Visitor", by=owner, now=early)
    ticks = presence.load_ticks(session)
    assert [(tick.name, tick.is_ticked) for tick in ticks] == [
        ("Mia Member", True),
        ("Olga Owner", False),
        ("Otto Organiser", False),
        ("Prof. Visitor", True),
    ]


def test_who_came_is_recorded(session, club, member, organiser, owner):
    attendance.answer(session, owner, answer="yes", now=NOW - timedelta(days=1))
    presence.record(
        session, members=[member.pk, organiser.pk], new_guests=["Prof. Visitor"], by=organiser, now=NOW
    )
    assert came(session) == ["Mia Member", "Otto Organiser", "Prof. Visitor"]
    assert Attendance.objects.get(member=owner).came is False
    club.refresh_from_db()
    before = club.version

    guest = Guest.objects.get()
    presence.record(session, members=[member.pk, organiser.pk], guests=[guest.pk], by=organiser, now=NOW)
    club.refresh_from_db()
    assert club.version == before, "the same again changes nothing"

    presence.tick(session, member=owner, came=True, by=organiser, now=NOW)
    presence.tick(session, guest=guest, came=False, by=organiser, now=NOW)
    assert came(session) == ["Mia Member", "Olga Owner", "Otto Organiser"]


def test_strangers_did_not_come(session, other_club, outsider, organiser):
    stranger = Guest.objects.create(club=other_club, name="Stranger")
    with pytest.raises(presence.Stranger):
        presence.record(session, members=[outsider.pk], by=organiser, now=NOW)
    with pytest.raises(presence.Stranger):
        presence.record(session, members=[], guests=[stranger.pk], by=organiser, now=NOW)
    with pytest.raises(presence.Stranger):
        presence.tick(session, member=outsider, came=True, by=organiser, now=NOW)


def test_who_left_the_club_stays_in_the_record(session, club, member, organiser):
    presence.record(session, members=[member.pk], by=organiser, now=NOW)
    club.memberships.filter(user=member).delete()
    presence.record(session, members=[member.pk, organiser.pk], by=organiser, now=NOW)
    assert came(session) == ["Mia Member", "Otto Organiser"]
    assert "Mia Member" in [tick.name for tick in presence.load_ticks(session)]


def test_nobody_came_before_it_began(session, club, organiser):
    with pytest.raises(presence.NothingToTick, match="not begun"):
        presence.record(session, members=[], by=organiser, now=NOW - timedelta(minutes=1))
    still_open = factories.make_session(club, NOW)
    with pytest.raises(presence.NothingToTick, match="votes are closed"):
        presence.record(still_open, members=[], by=organiser, now=NOW)


def test_a_club_of_one(session, organiser):
    presence.record(session, members=[organiser.pk], by=organiser, now=NOW)
    assert came(session) == ["Otto Organiser"]

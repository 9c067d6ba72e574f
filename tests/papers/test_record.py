"""Who came, presented and discussed in a term; and the same as CSV."""

import csv
import io
from datetime import UTC, date, datetime, timedelta

import pytest

from papers import reading_list, record
from papers.models import Assignment, Attendance, Guest, Session
from papers.scheduling.parts import load_parts
from tests import factories

NOW = datetime(2026, 4, 30, 14, 0, tzinfo=UTC)


@pytest.fixture
def parts(club):
    return load_parts(club)


def hold(club, weeks, *, came=(), presenter=None, guest=None, state="done", title="", part=None):
    session = factories.make_session(club, NOW - timedelta(weeks=weeks), state=Session.State.HELD)
    for member in came:
        Attendance.objects.create(session=session, member=member, came=True)
    if presenter or guest:
        item = factories.make_item(session, reading_list.note(club, factories.make_paper(title)))
        Assignment.objects.create(
            club=club, item=item, part=part or load_parts(club)[0], member=presenter, guest=guest, state=state
        )
    return session


def load(club, since=date(2026, 1, 1), until=date(2026, 4, 30)):
    return record.load_record(club, since=since, until=until, now=NOW)


def table(found):
    return {
        person.name: (person.came, dict(zip(found.parts, person.parts, strict=True)))
        for person in found.people
    }


def test_who_did_what(club, parts, member, organiser, owner):
    hold(club, 1, came=[member, organiser], presenter=member)
    hold(club, 2, came=[member], presenter=organiser, part=parts[1])
    hold(club, 3, presenter=member, state="declined")
    Attendance.objects.create(session=hold(club, 4), member=owner, came=False)
    found = load(club)
    assert found.sessions == 4
    assert table(found) == {
        "Mia Member": (2, {"presenter": 1, "discussant": 0}),
        "Otto Organiser": (1, {"presenter": 0, "discussant": 1}),
    }


def test_only_the_term_and_only_what_took_place(club, member):
    hold(club, 30, came=[member])
    hold(club, -1, came=[member])
    cancelled = factories.make_session(club, NOW - timedelta(weeks=1), state=Session.State.CANCELLED)
    Attendance.objects.create(session=cancelled, member=member, came=True)
    hold(club, 1, came=[member])
    assert [deed.day for deed in load(club).deeds] == [date(2026, 4, 23)]
    assert load(club, date(2026, 4, 24)).deeds == ()
    assert len(load(club, date(2025, 1, 1)).deeds) == 2


def test_days_are_those_of_the_clubs_clock(club, member):
    club.time_zone = "Pacific/Auckland"
    club.save()
    session = hold(club, 1, came=[member])
    session.set_time(datetime(2026, 4, 22, 20, 0, tzinfo=UTC), 60)  # the 23rd there
    session.save()
    assert [deed.day for deed in load(club, date(2026, 4, 23), date(2026, 4, 23)).deeds] == [
        date(2026, 4, 23)
    ]
    assert load(club, date(2026, 4, 22), date(2026, 4, 22)).deeds == ()


def test_a_guest_who_is_a_member_by_now_is_that_member(club, member):
    guest = Guest.objects.create(club=club, name="M. Member", member=member)
    visitor = Guest.objects.create(club=club, name="Prof. Visitor")
    session = hold(club, 1, guest=guest)
    Attendance.objects.create(session=session, guest=guest, came=True)
    Attendance.objects.create(session=session, member=member, came=True)
    Attendance.objects.create(session=session, guest=visitor, came=True)
    found = load(club)
    assert table(found) == {"Mia Member": (1, {"presenter": 1}), "Prof. Visitor": (1, {"presenter": 0})}
    assert [person.is_guest for person in found.people] == [False, True]


def test_the_half_year_unless_named(club):
    assert record.choose_term(club, NOW) == (date(2025, 10, 30), date(2026, 4, 30))
    assert record.choose_term(club, NOW, date(2026, 4, 1)) == (date(2026, 4, 1), date(2026, 4, 30))
    assert record.choose_term(club, NOW, None, date(2025, 7, 1)) == (date(2024, 12, 31), date(2025, 7, 1))


@pytest.mark.parametrize("number", [1, 15])
def test_costs_the_same_for_any_number(club, parts, number, django_assert_num_queries):
    for weeks in range(number):
        user = factories.make_user(club=club)
        hold(club, weeks + 1, came=[user], presenter=user)
    # Sessions, who came, who took which part.
    with django_assert_num_queries(3):
        assert len(load(club, date(2020, 1, 1)).deeds) == 2 * number


def rows(text):
    return list(csv.reader(io.StringIO(text)))


def test_as_csv(club, member):
    session = hold(club, 1, came=[member], presenter=member, title='Commas, "quotes" and\nlines')
    heading, came, presented = rows(record.write_csv(load(club)))
    assert tuple(heading) == record.HEADING
    assert came == ["2026-04-23", str(session.pk), "", "Mia Member", "member", "came", "", ""]
    assert presented[5:7] == ["presenter", 'Commas, "quotes" and\nlines']
    assert rows(record.write_summary(load(club))) == [
        ["person", "kind", "sessions", "came", "presenter"],
        ["Mia Member", "member", "1", "1", "1"],
    ]


@pytest.mark.parametrize(
    "name", ["=1+1", "+1", "-2", "@SUM(A1)", "  =1", "|cmd", "%0A", '=HYPERLINK("http://x","y")', "\u00a0=1"]
)
def test_nothing_in_it_is_run_by_a_spreadsheet(club, name):
    visitor = Guest.objects.create(club=club, name=name)
    Attendance.objects.create(session=hold(club, 1), guest=visitor, came=True)
    for text in (record.write_csv(load(club)), record.write_summary(load(club))):
        assert f"'{name}" in rows(text)[1] and name not in rows(text)[1]

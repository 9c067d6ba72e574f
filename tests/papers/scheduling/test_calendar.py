"""The calendar as text, read back by a library that did not write it."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ical.calendar_stream import IcsCalendarStream

from papers.scheduling.calendar import Event, Person, write_calendar, write_invitation

MADE = datetime(2025, 1, 2, 3, 4, 5, tzinfo=UTC)
OTTO = Person("Otto Organiser", "otto@example.org")
MIA = Person("Mia; Member, Dr.", "mia@example.org")


def make_event(**facts):
    starts = facts.pop("starts", datetime(2025, 4, 30, 12, 0, tzinfo=UTC))
    defaults = {
        "uid": "1@example.org",
        "sequence": 0,
        "starts": starts,
        "ends": starts + timedelta(hours=1),
        "zone": "Europe/Berlin",
        "created": MADE,
        "changed": MADE,
        "summary": "A paper",
    }
    return Event(**{**defaults, **facts})


def read(content):
    return IcsCalendarStream.calendar_from_ics(content if isinstance(content, str) else content.decode())


def test_other_library_reads_what_was_written():
    event = make_event(
        summary="Séance: a paper, or two; perhaps",
        description="14:00  First\n14:30  Zweitens \\ und\n\nhttps://papers.example.org/clubs/ml/sessions/1/",
        place="Room 2.14; Building B, 3rd floor",
        video_link="https://video.example.org/room?x=1&y=2",
        url="https://papers.example.org/clubs/ml/sessions/1/",
        club="Machine learning",
        sequence=3,
    )

    [found] = read(write_calendar([event], name="Machine learning", zone="Europe/Berlin")).events

    assert found.uid == "1@example.org"
    assert found.sequence == 3
    assert found.summary == event.summary
    assert found.description == event.description
    assert found.location == event.place
    assert str(found.url) == event.url
    assert found.dtstart == event.starts
    assert found.dtstart.hour == 14
    assert found.dtend == event.ends
    assert found.status == "CONFIRMED"
    assert found.categories == ["Machine learning"]


@pytest.mark.parametrize(
    ("starts", "hour"),
    [
        (datetime(2025, 3, 29, 13, 0, tzinfo=UTC), 14),
        (datetime(2025, 3, 30, 12, 0, tzinfo=UTC), 14),
        (datetime(2025, 3, 30, 1, 30, tzinfo=UTC), 3),
        (datetime(2025, 10, 25, 12, 0, tzinfo=UTC), 14),
        (datetime(2025, 10, 26, 13, 0, tzinfo=UTC), 14),
    ],
    ids=["winter", "first day of summer", "hour after the skipped one", "last summer day", "winter again"],
)
def test_wall_time_is_right_across_daylight_saving(starts, hour):
    [found] = read(write_calendar([make_event(starts=starts)], name="ML", zone="Europe/Berlin")).events

    assert found.dtstart == starts
    assert found.dtstart.hour == hour


def test_zone_is_defined_for_the_years_of_its_events():
    events = [
        make_event(starts=datetime(2024, 12, 4, 12, 0, tzinfo=UTC), uid="1@x"),
        make_event(starts=datetime(2026, 7, 1, 12, 0, tzinfo=UTC), uid="2@x"),
    ]

    calendar = read(write_calendar(events, name="ML", zone="Europe/Berlin"))

    [zone] = calendar.timezones
    assert zone.tz_id == "Europe/Berlin"
    assert {part.tz_offset_to.offset for part in zone.standard} == {timedelta(hours=1)}
    assert {part.tz_offset_to.offset for part in zone.daylight} == {timedelta(hours=2)}


def test_utc_needs_no_zone():
    content = write_calendar([make_event(zone="UTC")], name="ML", zone="UTC")

    assert b"VTIMEZONE" not in content
    assert b"DTSTART:20250430T120000Z" in content


def test_same_sessions_are_the_same_bytes():
    first = write_calendar([make_event()], name="ML", zone="Europe/Berlin")

    assert write_calendar([make_event()], name="ML", zone="Europe/Berlin") == first


def test_cancelled_session_says_so_and_takes_no_time():
    content = write_calendar(
        [make_event(is_cancelled=True, sequence=1)], name="ML", zone="UTC", alarm=timedelta(minutes=30)
    )
    [found] = read(content).events

    assert found.status == "CANCELLED"
    assert found.summary == "Cancelled: A paper"
    assert b"TRANSP:TRANSPARENT" in content
    assert not found.alarm


def test_alarm_reminds_before_the_start():
    [found] = read(write_calendar([make_event()], name="ML", zone="UTC", alarm=timedelta(minutes=30))).events

    assert [alarm.trigger for alarm in found.alarm] == [-timedelta(minutes=30)]


def test_programs_learn_name_zone_and_how_often_to_ask():
    content = write_calendar([], name="Machine learning", zone="Europe/Berlin").decode()

    assert "X-WR-CALNAME:Machine learning\r\n" in content
    assert "X-WR-TIMEZONE:Europe/Berlin\r\n" in content
    assert "REFRESH-INTERVAL;VALUE=DURATION:PT1H\r\n" in content
    assert "X-PUBLISHED-TTL:PT1H\r\n" in content


def test_lines_end_and_fold_as_the_format_wants():
    content = write_calendar([make_event(summary="ß" * 300)], name="ML", zone="UTC")

    assert content.endswith(b"END:VCALENDAR\r\n")
    assert all(len(line) <= 75 for line in content.split(b"\r\n"))


@given(text=st.text(max_size=300))
def test_hostile_text_stays_text(text):
    event = make_event(summary=f"x{text}", description=f"x{text}", place=f"x{text}", club=f"x{text}")

    content = write_calendar([event], name=f"x{text}", zone="Europe/Berlin")

    assert content.count(b"BEGIN:VEVENT") == content.count(b"END:VEVENT") == 1
    assert len(read(content).events) == 1


def test_text_cannot_begin_another_property():
    event = make_event(summary="A\r\nATTENDEE:mailto:evil@example.org\rX:1", description="A\nEND:VEVENT")

    content = write_calendar([event], name="ML", zone="UTC")

    assert b"\nATTENDEE" not in content
    assert content.count(b"\nEND:VEVENT\r\n") == 1


def test_invitation_asks_one_person():
    content = write_invitation(make_event(), attendee=MIA, organiser=OTTO, method="REQUEST")
    calendar = read(content)
    [found] = calendar.events

    assert calendar.method == "REQUEST"
    assert str(found.organizer.uri) == "mailto:otto@example.org"
    assert [str(each.uri) for each in found.attendees] == ["mailto:mia@example.org"]
    assert found.attendees[0].common_name == "Mia; Member, Dr."
    assert found.attendees[0].rsvp is False
    assert found.status == "CONFIRMED"


@pytest.mark.parametrize(
    ("event", "method"),
    [(make_event(is_cancelled=True), "REQUEST"), (make_event(), "CANCEL")],
    ids=["session is off", "person is out"],
)
def test_cancellation_calls_off(event, method):
    calendar = read(write_invitation(event, attendee=MIA, organiser=OTTO, method=method))

    assert calendar.method == "CANCEL"
    assert calendar.events[0].status == "CANCELLED"

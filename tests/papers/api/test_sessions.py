"""Sessions, series, pauses and who comes, by scripts."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from papers.models import Attendance, Pause, Series, Session
from papers.scheduling import attendance, sessions
from tests import factories

from .conftest import make_script

CLUB = "/api/v1/clubs/ml/"
LIST = f"{CLUB}sessions/"
SERIES = {
    "rule": "FREQ=WEEKLY;BYDAY=WE",
    "starts_on": "2025-04-30",
    "starts_at": "14:00:30",
    "time_zone": "Europe/Berlin",
}

pytestmark = pytest.mark.django_db


@pytest.fixture
def session(club):
    return factories.make_session(club, video_link="https://meet.example.org/room", place="Room 2.14")


def at(session, what=""):
    return f"{LIST}{session.pk}/{what}"


def ids(answer):
    return [row["id"] for row in answer.json()["results"]]


# Sessions


def test_session_is_scheduled_by_the_wall_clock_and_read(organisers_script, script, club):
    answer = organisers_script.post(
        LIST, {"starts": "2030-03-31T02:30", "time_zone": "Europe/Berlin", "place": "Room 3", "minutes": 90}
    )

    assert answer.status_code == 201
    said = script.get(answer.headers["Location"]).json()
    assert said == answer.json()
    assert (said["starts"], said["starts_local"]) == ("2030-03-31T01:30:00Z", "2030-03-31T03:30")
    assert (said["ends"], said["lock_at"]) == ("2030-03-31T03:00:00Z", "2030-03-29T01:30:00Z")
    assert (said["state"], said["place"], said["series"], said["own"]) == ("open", "Room 3", None, [])


def test_moment_with_an_offset_is_that_moment(organisers_script):
    answer = organisers_script.post(
        LIST, {"starts": "2030-04-30T14:00:00+05:30", "lock_at": "2030-04-30T08:00:00Z"}
    )

    assert (answer.json()["starts"], answer.json()["lock_at"]) == (
        "2030-04-30T08:30:00Z",
        "2030-04-30T08:00:00Z",
    )
    assert answer.json()["own"] == ["lock_at"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "starts"),
        ({"starts": "tomorrow"}, "starts"),
        ({"starts": "2030-02-30T14:00"}, "starts"),
        ({"starts": "0001-01-01T00:00"}, "starts"),
        ({"starts": "1950-01-01T00:00Z"}, "starts"),
        ({"starts": "2030-04-30T14:00", "time_zone": "Mars/Olympus"}, "time_zone"),
        ({"starts": "2030-04-30T14:00", "minutes": 100_000}, "minutes"),
        ({"starts": "2030-04-30T14:00", "kind": "party"}, "kind"),
        ({"starts": "2030-04-30T14:00", "video_link": "javascript:alert(1)"}, "video_link"),
        ({"starts": "2030-04-30T14:00", "capacity": 0}, "capacity"),
        ({"starts": "2030-04-30T14:00", "lock_at": "2030-05-30T14:00"}, "lock_at"),
    ],
)
def test_odd_body_names_the_field(organisers_script, body, field):
    answer = organisers_script.post(LIST, body)

    assert answer.status_code == 400
    assert field in [each["field"] for each in answer.json()["errors"]]
    assert not Session.objects.exists()


def test_post_sent_twice_schedules_once(organisers_script):
    body = {"starts": "2030-04-30T14:00"}
    first = organisers_script.post(LIST, body, headers={"Idempotency-Key": "once"})
    again = organisers_script.post(LIST, body, headers={"Idempotency-Key": "once"})

    assert first.json() == again.json()
    assert Session.objects.count() == 1


def test_change_is_refused_when_somebody_was_faster(organisers_script, session, organiser):
    seen = organisers_script.get(at(session)).json()["version"]
    sessions.change_session(session, place="Garden", by=organiser)

    stale = organisers_script.patch(
        at(session), {"place": "Attic"}, headers={"If-Unmodified-Since-Version": str(seen)}
    )
    assert (stale.status_code, stale.json()["code"]) == (412, "stale")

    moved = organisers_script.patch(at(session), {"starts": "2030-04-30T14:00"})
    assert moved.json()["starts"] == "2030-04-30T14:00:00Z", "by the clocks of the session"
    assert moved.json()["sequence"] == 2
    assert (moved.json()["place"], moved.json()["version"]) == ("Garden", Session.objects.get().version)


def test_acts_and_refusals(organisers_script, session):
    cancelled = organisers_script.post(at(session, "cancel/"), {"because": "Strike"}).json()
    assert (cancelled["state"], cancelled["cancelled_because"]) == ("cancelled", "Strike")
    refused = organisers_script.patch(at(session), {"place": "Attic"})
    assert (refused.status_code, refused.json()["detail"]) == (
        409,
        "This session is cancelled. Bring it back first.",
    )
    assert organisers_script.post(at(session, "reopen/")).json()["state"] == "open"
    assert organisers_script.post(at(session, "hold/")).json()["code"] == "refused"
    begun = timezone.now() - timedelta(hours=1)
    Session.objects.update(state="locked", locked_at=begun, lock_at=begun, starts=begun)
    assert organisers_script.post(at(session, "hold/")).json()["state"] == "held"


def test_draft_is_told_to_organisers_and_outside_sync(organisers_script, script, club):
    draft = organisers_script.post(LIST, {"starts": "2030-04-30T14:00", "is_draft": True}).json()
    club.refresh_from_db()
    before = club.version
    assert ids(organisers_script.get(f"{LIST}?state=draft")) == [draft["id"]]
    for quiet in (
        organisers_script.get(LIST),
        organisers_script.get(f"{LIST}?since=0"),
        organisers_script.get(f"{LIST}?since=0&state=draft"),
        script.get(f"{LIST}?state=draft"),
    ):
        assert ids(quiet) == []
    assert script.get(f"{LIST}{draft['id']}/").status_code == 404

    organisers_script.post(f"{LIST}{draft['id']}/open/")

    assert ids(script.get(f"{LIST}?since={before}")) == [draft["id"]], "the reveal stamps it"


def test_discarded_draft_leaves_no_trace(organisers_script, script, club):
    draft = organisers_script.post(LIST, {"starts": "2030-04-30T14:00", "is_draft": True}).json()

    assert organisers_script.delete(f"{LIST}{draft['id']}/").status_code == 204
    assert script.get(f"{CLUB}deleted/?since=0").json()["results"] == []


def test_list_is_narrowed(script, club, organiser):
    early = factories.make_session(club, datetime(2030, 1, 1, tzinfo=UTC))
    late = factories.make_session(club, datetime(2031, 1, 1, tzinfo=UTC), state="cancelled")

    assert ids(script.get(f"{LIST}?state=cancelled")) == [late.pk]
    assert ids(script.get(f"{LIST}?starts_before=2030-06-01T00:00:00Z")) == [early.pk]
    assert ids(script.get(f"{LIST}?starts_after=2030-06-01T00:00:00Z")) == [late.pk]
    assert ids(script.get(f"{LIST}?series=5")) == []
    assert script.get(f"{LIST}?state=lost").status_code == 400


def test_visitors_of_a_public_club_learn_neither_where_nor_who(club, session, outsider):
    club.is_public = True
    club.save()
    script = make_script(outsider)

    shown = script.get(at(session)).json()
    assert (shown["place"], shown["video_link"]) == (None, None)
    [listed] = script.get(LIST).json()["results"]
    assert (listed["place"], listed["video_link"]) == (None, None)
    assert script.get(f"{CLUB}attendances/").status_code == 403
    assert script.put(at(session, "answer/"), {"answer": "yes"}).status_code == 403


def test_list_costs_the_same_for_many(script, club, django_assert_num_queries):
    script.get(LIST)

    def count(number):
        for _each in range(number):
            factories.make_session(club)
        with django_assert_num_queries(5):  # token, its clubs, club, roles, sessions
            assert script.get(LIST).status_code == 200

    count(2)
    count(9)


# Series and pauses


def test_series_is_begun_changed_and_ended(organisers_script, script, club):
    made = organisers_script.post(f"{CLUB}series/", SERIES)
    assert made.status_code == 201
    series = made.json()
    assert (series["rule_in_words"], series["starts_at"]) == ("Every Wednesday at 14:00", "14:00")
    assert script.get(made.headers["Location"]).json() == series
    assert len(ids(script.get(f"{LIST}?series={series['id']}"))) >= 26

    follows = organisers_script.patch(
        made.headers["Location"], {"starts_at": "16:00", "place": "Garden"}
    ).json()
    assert (follows["place"], follows["id"]) == ("Garden", series["id"]), "no session was before"
    ended = organisers_script.put(
        f"{made.headers['Location']}end/", {"on": f"{timezone.now().date()}"}
    ).json()
    assert ended["ended_on"]
    assert ids(script.get(f"{LIST}?series={series['id']}&state=open")) == []
    assert organisers_script.delete(f"{made.headers['Location']}end/").json()["ended_on"] is None


def test_this_and_following_answers_with_the_series_that_begins(organisers_script, club):
    made = organisers_script.post(f"{CLUB}series/", SERIES).json()
    third = Session.objects.filter(series=made["id"]).order_by("starts")[2]

    follows = organisers_script.patch(
        f"{CLUB}series/{made['id']}/", {"starts_at": "16:00", "since": third.occurrence[:10]}
    ).json()

    assert follows["id"] != made["id"]
    assert follows["continues"] == made["id"]
    third.refresh_from_db()
    assert third.series_id == follows["id"]
    assert organisers_script.get(f"{CLUB}series/{made['id']}/").json()["ended_on"] == third.occurrence[:10]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"rule": "FREQ=HOURLY"}, "rule"),
        ({"rule": "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30"}, "rule"),
        ({"rule": "x" * 501}, "rule"),
        ({"starts_on": "9999-12-31"}, "rule"),
        ({"starts_at": "25:00"}, "starts_at"),
        ({"lock_hours": -1}, "lock_hours"),
        ({"time_zone": "../../etc/passwd"}, "time_zone"),
    ],
)
def test_odd_series_names_the_field(organisers_script, body, field):
    answer = organisers_script.post(f"{CLUB}series/", {**SERIES, **body})

    assert answer.status_code == 400
    assert field in [each["field"] for each in answer.json()["errors"]]
    assert not Series.objects.exists()


def test_pause_cancels_and_leaves_a_tombstone(organisers_script, script):
    made = organisers_script.post(f"{CLUB}series/", SERIES).json()
    day = Session.objects.filter(series=made["id"]).order_by("starts")[2].occurrence[:10]

    pause = organisers_script.post(
        f"{CLUB}pauses/", {"first_day": day, "reason": "Holiday", "series": made["id"]}
    )

    assert (pause.status_code, pause.json()["last_day"]) == (201, day)
    assert ids(script.get(f"{CLUB}pauses/?since=0")) == [pause.json()["id"]]
    assert len(ids(script.get(f"{LIST}?state=cancelled"))) == 1
    assert organisers_script.delete(f"{CLUB}pauses/{pause.json()['id']}/").status_code == 204
    [gone] = script.get(f"{CLUB}deleted/?since={pause.json()['version']}").json()["results"]
    assert (gone["kind"], gone["id"]) == ("pause", pause.json()["id"])
    assert ids(script.get(f"{LIST}?state=cancelled")) == []


def test_odd_pause_names_the_field(organisers_script, other_club):
    theirs = Series.objects.create(
        club=other_club, starts_on="2025-01-01", starts_at="09:00", time_zone="UTC"
    )
    backwards = organisers_script.post(
        f"{CLUB}pauses/", {"first_day": "2030-05-02", "last_day": "2030-05-01"}
    )
    foreign = organisers_script.post(f"{CLUB}pauses/", {"first_day": "2030-05-02", "series": theirs.pk})

    assert backwards.json()["errors"][0]["field"] == "last_day"
    assert foreign.json()["errors"][0]["field"] == "series"
    assert not Pause.objects.exists()


def test_holidays_of_a_country(script):
    found = script.get(f"{CLUB}holidays/?country=DE&part=BY").json()
    assert "Christmas Day" in [each["name"] for each in found]
    assert script.get(f"{CLUB}holidays/?country=XX").json()["errors"][0]["field"] == "country"
    assert script.get(f"{CLUB}holidays/").status_code == 400


# Who comes


def test_answer_is_given_and_taken_back(script, session, member, club):
    given = script.put(at(session, "answer/"), {"answer": "yes"}).json()
    assert (given["member"]["name"], given["guest"], given["answer"]) == ("Mia Member", None, "yes")
    assert ids(script.get(f"{CLUB}attendances/?since=0")) == [given["id"]]
    assert ids(script.get(at(session, "attendances/"))) == [given["id"]]

    assert script.delete(at(session, "answer/")).status_code == 204
    [gone] = script.get(f"{CLUB}deleted/?since={given['version']}").json()["results"]
    assert (gone["kind"], gone["id"]) == ("attendance", given["id"])
    assert script.put(at(session, "answer/"), {"answer": "perhaps"}).status_code == 400


def test_full_session_refuses(script, session, organiser):
    Session.objects.update(capacity=1)
    attendance.answer(session, organiser, answer="yes")

    refused = script.put(at(session, "answer/"), {"answer": "yes"})

    assert (refused.status_code, refused.json()["code"]) == (409, "refused")
    assert "The one place is taken." in refused.json()["detail"]


def test_guest_is_brought_and_does_not_come(script, session):
    brought = script.post(at(session, "guests/"), {"name": "Prof. Visitor"})
    assert (brought.status_code, brought.json()["guest"]["name"]) == (201, "Prof. Visitor")
    assert brought.json()["member"] is None

    assert script.delete(at(session, f"guests/{brought.json()['guest']['id']}/")).status_code == 204
    assert not Attendance.objects.exists()
    assert script.post(at(session, "guests/"), {"name": "  "}).json()["errors"][0]["field"] == "name"


# Finding a time

POLL = {
    "name": "Retreat",
    "time_zone": "Europe/Berlin",
    "options": ["2030-05-07T14:00", "2030-05-08T14:00:00Z"],
}


def test_poll_is_opened_answered_and_closed(organisers_script, script, club):
    made = organisers_script.post(f"{CLUB}polls/", POLL)
    assert made.status_code == 201
    place = made.headers["Location"]
    first, second = (each["id"] for each in made.json()["options"])
    assert [each["starts"] for each in made.json()["options"]] == [
        "2030-05-07T12:00:00Z",
        "2030-05-08T14:00:00Z",
    ]

    said = script.put(f"{place}answers/", {"answers": {str(first): "yes", str(second): "no"}}).json()
    assert [each["name"] for each in said["options"][0]["yes"]] == ["Mia Member"]
    assert [each["is_best"] for each in said["options"]] == [True, False]
    assert ids(script.get(f"{CLUB}polls/?since={made.json()['version']}")) == [said["id"]]

    closed = organisers_script.post(f"{place}close/", {"option": first}).json()
    session = script.get(f"{LIST}{closed['session']}/").json()
    assert (session["name"], session["starts"]) == ("Retreat", "2030-05-07T12:00:00Z")
    assert script.put(f"{place}answers/", {"answers": {str(first): "no"}}).status_code == 409
    assert organisers_script.delete(place).status_code == 204
    gone = script.get(f"{CLUB}deleted/?since={closed['version']}").json()["results"]
    assert [(each["kind"], each["id"]) for each in gone] == [("datepoll", closed["id"])]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"options": ["2030-05-07T14:00"]}, "options"),
        ({"options": ["soon", "later"]}, "options"),
        ({"options": []}, "options"),
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
    ],
)
def test_odd_poll_names_the_field(organisers_script, body, field):
    answer = organisers_script.post(f"{CLUB}polls/", {**POLL, **body})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, field)


def test_other_times_are_proposed(organisers_script, script):
    place = organisers_script.post(f"{CLUB}polls/", POLL).headers["Location"]
    changed = organisers_script.put(
        f"{place}options/", {"options": ["2030-05-07T14:00", "2030-05-09T14:00"]}
    ).json()
    assert [each["starts"] for each in changed["options"]] == ["2030-05-07T12:00:00Z", "2030-05-09T12:00:00Z"]
    for odd in ({"x": "yes"}, {"٣": "yes"}, {"1": "never"}, {"9" * 30: "yes"}):
        assert script.put(f"{place}answers/", {"answers": odd}).status_code == 400


def test_polls_are_no_business_of_visitors(organisers_script, club, outsider):
    place = organisers_script.post(f"{CLUB}polls/", POLL).headers["Location"]
    club.is_public = True
    club.save()
    script = make_script(outsider)
    assert script.get(f"{CLUB}polls/").status_code == 403
    assert script.get(place).status_code == 403

"""The pages of sessions: the list, one session, who comes, what organisers do."""

from datetime import UTC, datetime, time, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from papers import reading_list
from papers.models import Attendance, Session
from papers.scheduling import attendance, sessions
from papers.scheduling import series as verbs
from papers.scheduling.parts import load_parts
from tests import factories

LIST = "/clubs/ml/sessions/"
FIELDS = {
    "kind": "paper_talk",
    "day": "2030-04-30",
    "time": "14:00",
    "minutes": "60",
    "time_zone": "Europe/Berlin",
}


@pytest.fixture
def session(club):
    return factories.make_session(club, place="Room <b>2.14</b>")


@pytest.fixture
def as_member(client, member):
    client.force_login(member)
    return client


@pytest.fixture
def as_organiser(client, organiser):
    client.force_login(organiser)
    return client


def address(session, what="detail"):
    return reverse(f"papers:session_{what}", args=["ml", session.pk])


def page_of(client, path):
    response = client.get(path)
    assert response.status_code == 200
    return response.content.decode()


def act(client, session, name, **more):
    return client.post(address(session, "state"), {"act": name, **more}, follow=True)


# The list


def test_list_shows_what_is_to_come_what_was_and_to_organisers_drafts(
    client, club, member, organiser, source
):
    now = timezone.now()
    coming = factories.make_session(club, name="Coming up")
    draft = factories.make_session(club, state="draft", name="Secret retreat")
    held = factories.make_session(club, now - timedelta(days=30), state="held")
    factories.make_item(held, reading_list.note(club, factories.make_paper("Read in spring", source=source)))
    factories.make_session(club, state="cancelled", name="Off", cancelled_because="Strike")

    client.force_login(member)
    page = page_of(client, LIST)
    assert "Coming up" in page and "Read in spring" in page and "cancelled: Strike" in page
    assert address(coming) in page
    assert "Secret retreat" not in page and reverse("papers:session_new", args=["ml"]) not in page

    client.force_login(organiser)
    page = page_of(client, LIST)
    assert "Secret retreat" in page and address(draft) in page
    assert reverse("papers:session_new", args=["ml"]) in page


def test_past_sessions_stand_year_by_year(as_member, club):
    for year in (2021, 2023):
        factories.make_session(club, datetime(year, 5, 7, 12, tzinfo=UTC), state="held", name=f"In {year}")

    newest = page_of(as_member, LIST)
    assert "In 2023" in newest and "In 2021" not in newest
    assert "In 2021" in page_of(as_member, f"{LIST}?year=2021")
    assert "None that year" in page_of(as_member, f"{LIST}?year=1999")
    assert "In 2023" in page_of(as_member, f"{LIST}?year=x")


def test_locked_session_that_is_over_counts_as_past(as_member, club):
    factories.make_session(club, timezone.now() - timedelta(hours=3), state="locked", name="This morning")

    page = page_of(as_member, LIST)

    assert "No session is to come" in page
    assert "This morning" in page


def test_long_list_is_shown_on_demand(as_member, club):
    start = timezone.now().replace(microsecond=0)
    for week in range(16):
        factories.make_session(club, start + timedelta(days=7 * week + 1), name=f"Week {week:02}")

    assert "Week 15" not in page_of(as_member, LIST)
    assert "Week 15" in page_of(as_member, f"{LIST}?all")


def fill(club, number, member, source):
    for index in range(number):
        coming = factories.make_session(club)
        attendance.answer(coming, member, answer="yes")
        held = factories.make_session(club, timezone.now() - timedelta(days=20 + index / 100), state="held")
        factories.make_item(held, reading_list.note(club, factories.make_paper(source=source)))


def test_list_costs_the_same_for_many(as_member, club, member, source, django_assert_num_queries):
    # person, clubs; coming, years, cancelled, past and their items, series, polls
    fill(club, 2, member, source)
    with django_assert_num_queries(9):
        as_member.get(LIST)
    fill(club, 9, member, source)
    with django_assert_num_queries(9):
        as_member.get(LIST)


# One session


def test_session_says_when_where_and_what(as_member, session, club, source):
    entry = reading_list.note(club, factories.make_paper("On <i>agendas</i>", source=source))
    factories.make_item(session, entry, note="Bring questions")
    factories.make_item(session, title="News")

    page = page_of(as_member, address(session))

    assert "Room &lt;b&gt;2.14" in page
    assert "votes close" in page.lower()
    assert f"/clubs/ml/papers/{entry.paper_id}" in page and "Bring questions" in page and "News" in page
    assert address(session, "edit") not in page and "For organisers" not in page


def test_visitors_of_a_public_club_see_numbers_and_no_link(client, club, member, source):
    club.is_public = True
    club.save()
    session = factories.make_session(club, place="Attic", video_link="https://meet.example.org/secret")
    attendance.answer(session, member, answer="yes")
    private = factories.make_paper(
        "Private to the club", source=factories.make_source(club=club, kind="upload")
    )
    factories.make_item(session, reading_list.note(club, private))

    page = page_of(client, address(session))

    assert "1 coming" in page
    assert "Mia Member" not in page and "meet.example.org" not in page and "Attic" not in page
    assert "Private to the club" not in page
    assert 'name="answer"' not in page


def test_where_a_club_meets_is_for_its_members(client, club, member, organiser):
    club.is_public = True
    club.save()
    series = verbs.create_series(
        club, rule="FREQ=WEEKLY", starts_on=timezone.now().date() + timedelta(days=3), starts_at=time(14),
        place="Attic", by=organiser,
    )  # fmt: skip
    session = factories.make_session(club, timezone.now() + timedelta(hours=1), place="Attic")
    cancelled = factories.make_session(club, place="Attic", state="cancelled")
    addresses = [
        LIST,
        address(session),
        address(cancelled),
        reverse("papers:agenda", args=["ml", session.pk]),
        reverse("papers:series_detail", args=["ml", series.pk]),
    ]

    assert [path for path in addresses if "Attic" in page_of(client, path)] == []
    client.force_login(member)
    assert [path for path in addresses if "Attic" not in page_of(client, path)] == []


def test_session_of_another_club_does_not_exist_here(as_member, other_club):
    elsewhere = factories.make_session(other_club)

    assert as_member.get(reverse("papers:session_detail", args=["ml", elsewhere.pk])).status_code == 404
    assert as_member.get(reverse("papers:session_detail", args=["bio", elsewhere.pk])).status_code == 404


def test_draft_exists_for_organisers_only(client, club, member, organiser):
    draft = factories.make_session(club, state="draft")
    client.force_login(member)
    assert client.get(address(draft)).status_code == 404
    assert client.post(address(draft, "answer"), {"answer": "yes"}).status_code == 404
    client.force_login(organiser)
    assert "only organisers see it" in page_of(client, address(draft))


def test_session_costs_the_same_for_many(as_member, session, club, member, source, django_assert_num_queries):
    # person, clubs; session, who comes; of the agenda its items, the club's parts, who has them, changes; of the
    # minutes items, who had parts, files, action items, one's own parts, and files and action items of the session
    load_parts(club)

    def add(number):
        for _each in range(number):
            attendance.answer(session, factories.make_user(club=club), answer="yes")
            factories.make_item(session, reading_list.note(club, factories.make_paper(source=source)))

    add(2)
    with django_assert_num_queries(15):
        as_member.get(address(session))
    add(9)
    with django_assert_num_queries(15):
        as_member.get(address(session))


# Who comes


def test_answer_is_given_and_taken_back(as_member, session, member):
    response = as_member.post(address(session, "answer"), {"answer": "yes"})
    assert response["Location"] == f"{address(session)}#attendance"
    assert Attendance.objects.get().answer == "yes"
    page = page_of(as_member, address(session))
    assert 'value="" aria-pressed="true">I come' in page

    as_member.post(address(session, "answer"), {"answer": ""})
    assert not Attendance.objects.exists()


def test_htmx_gets_the_block_alone(as_member, session):
    response = as_member.post(address(session, "answer"), {"answer": "maybe"}, headers={"HX-Request": "true"})

    text = response.content.decode()
    assert text.startswith('<section id="attendance"')
    assert "1 perhaps" in text


def test_who_comes_too_late_is_told_beside_the_buttons(as_member, session, organiser):
    Session.objects.update(capacity=1)
    attendance.answer(session, organiser, answer="yes")

    response = as_member.post(address(session, "answer"), {"answer": "yes"}, headers={"HX-Request": "true"})
    assert "The one place is taken." in response.content.decode()
    page = as_member.post(address(session, "answer"), {"answer": "yes"}, follow=True).content.decode()
    assert "The one place is taken." in page


def test_guest_comes_and_does_not(as_member, session):
    as_member.post(address(session, "answer"), {"guest": "Prof. <Visitor>"})
    page = page_of(as_member, address(session))
    assert "Prof. &lt;Visitor&gt;" in page

    as_member.post(address(session, "answer"), {"without": str(Attendance.objects.get().guest_id)})
    assert not Attendance.objects.exists()
    text = as_member.post(address(session, "answer"), {"guest": "x" * 101}, headers={"HX-Request": "true"})
    assert "at most 100" in text.content.decode() and "xxx" in text.content.decode(), "what was typed is kept"


@pytest.mark.parametrize("fields", [{}, {"answer": "perhaps"}, {"without": "abc"}])
def test_odd_answer_is_a_400(as_member, session, fields):
    assert as_member.post(address(session, "answer"), fields).status_code == 400


# What organisers do


def test_session_is_scheduled_by_the_wall_clock(as_organiser, club):
    response = as_organiser.post(reverse("papers:session_new", args=["ml"]), {**FIELDS, "place": "Room 3"})

    session = Session.objects.get()
    assert response["Location"] == address(session)
    assert session.starts == datetime(2030, 4, 30, 12, tzinfo=UTC)
    assert (session.state, session.place, session.made_by) == (
        "open",
        "Room 3",
        as_organiser.get(LIST).wsgi_request.user,
    )


def test_session_in_the_skipped_hour_is_later(as_organiser):
    as_organiser.post(
        reverse("papers:session_new", args=["ml"]), {**FIELDS, "day": "2030-03-31", "time": "02:30"}
    )

    assert Session.objects.get().starts == datetime(2030, 3, 31, 1, 30, tzinfo=UTC)


def test_session_in_the_past_is_allowed_with_a_word(as_organiser):
    page = as_organiser.post(
        reverse("papers:session_new", args=["ml"]), {**FIELDS, "day": "2020-04-30"}, follow=True
    ).content.decode()

    assert "lies in the past" in page
    assert Session.objects.get().state == "locked"


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"day": "9999-12-31"}, "between the years"),
        ({"day": "0001-01-01"}, "between the years"),
        ({"time_zone": "Mars/Olympus"}, "Select a valid choice"),
        ({"minutes": "99999"}, "less than or equal to 1440"),
        ({"lock_at": "2030-05-01T00:00"}, "Votes close before"),
        ({"lock_at": "0001-01-01T00:00"}, "between the years"),
        ({"video_link": "javascript:alert(1)"}, "valid URL"),
        ({"capacity": "0"}, "greater than or equal to 1"),
        ({"day": ""}, "required"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_odd_fields_are_told_and_kept(as_organiser, fields, sentence):
    page = as_organiser.post(
        reverse("papers:session_new", args=["ml"]), {**FIELDS, "place": "Room 3", **fields}
    ).content.decode()

    assert sentence in page
    assert 'value="Room 3"' in page
    assert not Session.objects.exists()


def test_session_is_changed_and_takes_its_lock_along(as_organiser, session):
    form = as_organiser.get(address(session, "edit")).context["form"]
    fields = {name: form[name].value() for name in form.fields if form[name].value() not in (None, "")}

    as_organiser.post(
        address(session, "edit"), {**fields, "day": "2031-01-02", "time": "09:15", "time_zone": "UTC"}
    )

    moved = Session.objects.get()
    assert moved.starts == datetime(2031, 1, 2, 9, 15, tzinfo=UTC)
    assert moved.lock_at == moved.starts - timedelta(hours=48)
    assert moved.sequence == 1


def test_saving_without_a_change_changes_nothing(as_organiser, session):
    form = as_organiser.get(address(session, "edit")).context["form"]
    fields = {name: form[name].value() for name in form.fields if form[name].value() not in (None, "")}

    as_organiser.post(address(session, "edit"), {**fields, "time": session.starts.strftime("%H:%M")})

    assert Session.objects.get().version == session.version


def test_acts_of_organisers(as_organiser, club, organiser):
    session = sessions.schedule_session(
        club, starts=timezone.now() + timedelta(days=3), is_draft=True, by=organiser
    )
    act(as_organiser, session, "open")
    assert Session.objects.get().state == "open"
    page = act(as_organiser, session, "cancel", because="Strike").content.decode()
    assert "Cancelled: Strike" in page
    act(as_organiser, session, "reopen")
    assert Session.objects.get().state == "open"
    page = act(as_organiser, session, "hold").content.decode()
    assert "Votes are still open." in page
    page = act(as_organiser, session, "discard").content.decode()
    assert "cancel it, so that everybody learns" in page
    assert as_organiser.post(address(session, "state"), {"act": "dance"}).status_code == 400


def test_draft_is_discarded(as_organiser, club):
    draft = factories.make_session(club, state="draft")

    assert act(as_organiser, draft, "discard").redirect_chain == [(LIST, 302)]
    assert not Session.objects.exists()


def test_club_of_one_runs_its_sessions(client, db):
    alone = factories.make_club("alone")
    client.force_login(factories.make_user(club=alone, role="owner"))

    assert "No session is to come" in page_of(client, "/clubs/alone/sessions/")
    client.post("/clubs/alone/sessions/new", FIELDS)
    session = Session.objects.get()
    assert client.post(f"/clubs/alone/sessions/{session.pk}/answer", {"answer": "yes"}).status_code == 302
    assert Attendance.objects.get().answer == "yes"

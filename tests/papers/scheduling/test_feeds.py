"""Calendars by address: who reads which, by what key, and at what cost."""

from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
from django.urls import reverse
from ical.calendar_stream import IcsCalendarStream

from accounts import clubs, feed_keys, tokens
from accounts.models import FeedKey, Membership
from papers import reading_list, versions
from papers.models import Assignment, Session
from papers.scheduling.parts import load_parts
from tests import factories

STARTS = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0) + timedelta(days=3)


@pytest.fixture
def session(club):
    return factories.make_session(
        club, STARTS, place="Room 2.14", video_link="https://video.example.org/1", time_zone="Europe/Berlin"
    )


@pytest.fixture
def item(session):
    entry = reading_list.note(session.club, factories.make_paper("On feeds"))
    return factories.make_item(session, entry)


@pytest.fixture
def part(item, member):
    return Assignment.objects.create(
        club=item.session.club, item=item, part=load_parts(item.session.club)[0], member=member
    )


def make_address(user, club=None, **query):
    key = feed_keys.make_key(user, FeedKey.Resource.CALENDAR, club)
    path = reverse("papers:calendar", args=[club.slug]) if club else reverse("papers:my_calendar")
    parameters = "".join(f"&{name}={value}" for name, value in query.items())
    return f"{path}?key={feed_keys.write_key(key)}{parameters}"


def read(response):
    assert response.status_code == 200, response.content
    assert response["Content-Type"] == "text/calendar; charset=utf-8"
    return IcsCalendarStream.calendar_from_ics(response.content.decode()).events


def test_member_reads_the_sessions_by_a_key(client, member, club, item, part):
    [found] = read(client.get(make_address(member, club)))

    assert found.uid == item.session.uid
    assert found.summary == "On feeds"
    assert found.location == "Room 2.14"
    assert "On feeds" in found.description
    assert "you: presenter (asked)" in found.description
    assert "https://video.example.org/1" in found.description
    assert item.session.get_absolute_url() in found.description


def test_times_on_the_agenda_are_local(client, member, club, item):
    [found] = read(client.get(make_address(member, club)))

    assert f"{found.dtstart:%H:%M}  On feeds" in found.description
    assert found.dtstart == STARTS


@pytest.mark.parametrize("how", ["login", "bearer", "basic"])
def test_those_who_can_sign_in_need_no_key(client, member, club, session, how):
    headers = {}
    if how == "login":
        client.force_login(member)
    else:
        _token, secret = tokens.create_token(member, scope="read")
        if how == "bearer":
            headers["Authorization"] = f"Bearer {secret}"
        else:
            import base64

            headers["Authorization"] = "Basic " + base64.b64encode(f"x:{secret}".encode()).decode()

    assert len(read(client.get(reverse("papers:calendar", args=[club.slug]), headers=headers))) == 1


def test_without_anything_it_asks_who_it_is(client, club, session):
    response = client.get(reverse("papers:calendar", args=[club.slug]))

    assert response.status_code == 401
    assert response["WWW-Authenticate"].startswith("Basic")


def test_only_sessions_in_which_i_have_a_part(client, member, club, item, part):
    factories.make_session(club, STARTS + timedelta(days=7))

    assert len(read(client.get(make_address(member, club)))) == 2
    [found] = read(client.get(make_address(member, club, mine=1)))
    assert found.uid == item.session.uid
    part.state = Assignment.State.DECLINED
    part.save()
    assert read(client.get(make_address(member, club, mine=1))) == []


def test_own_calendar_spans_all_of_ones_clubs(client, member, club, other_club, session):
    Membership.objects.create(club=other_club, user=member)
    factories.make_session(other_club, STARTS, name="On frogs")
    factories.make_session(factories.make_club(), STARTS)

    found = read(client.get(make_address(member)))

    assert sorted(event.summary for event in found) == ["Biology: On frogs", "Machine learning: Paper talk"]


def test_alarm_is_for_those_who_want_one(client, member, club, session):
    [found] = read(client.get(make_address(member, club, alarm=15)))

    assert [alarm.trigger for alarm in found.alarm] == [-timedelta(minutes=15)]


@pytest.mark.parametrize("query", [{"alarm": "soon"}, {"alarm": 99_999_999}, {"mine": "yes"}])
def test_odd_wishes_are_named(client, member, club, query):
    response = client.get(make_address(member, club, **query))

    assert response.status_code == 400
    assert [error["field"] for error in response.json()["errors"]] == list(query)


def test_drafts_stay_out_and_cancelled_ones_say_so(client, organiser, club):
    factories.make_session(club, STARTS, state=Session.State.DRAFT)
    factories.make_session(club, STARTS, state=Session.State.CANCELLED, cancelled_because="Otto is ill.")

    [found] = read(client.get(make_address(organiser, club)))

    assert found.status == "CANCELLED"
    assert found.description.startswith("Otto is ill.")


def test_key_reads_nothing_else(client, member, club, session):
    key = urlsplit(make_address(member, club)).query
    other = factories.make_club("chem")
    Membership.objects.create(club=other, user=member)

    assert client.get(f"/clubs/chem/calendar.ics?{key}").status_code == 401
    assert client.get(f"/calendar.ics?{key}").status_code == 401
    assert client.get(f"/api/v1/clubs/{club.slug}/?{key}").status_code in {400, 401}
    assert client.get(f"/clubs/{club.slug}/?{key}").status_code == 302


@pytest.mark.parametrize("damage", ["", "x", "1.abc", "1:abc", "9" * 5_000, "%00", "é"])
def test_damaged_key_opens_nothing(client, club, session, damage):
    assert client.get(f"/clubs/{club.slug}/calendar.ics?key={damage}").status_code == 401


def test_key_of_somebody_who_left_is_worthless(client, member, club, session):
    address = make_address(member, club)
    clubs.remove_member(Membership.objects.get(user=member, club=club))

    assert client.get(address).status_code == 404


def test_renewed_and_revoked_keys_are_worthless(client, member, club, session):
    address = make_address(member, club)
    key = FeedKey.objects.get(user=member)
    feed_keys.renew_key(key)
    assert client.get(address).status_code == 401

    address = make_address(member, club)
    assert client.get(address).status_code == 200
    feed_keys.revoke_key(key)
    assert client.get(address).status_code == 401
    assert make_address(member, club) != address


def test_closed_account_reads_nothing(client, member, club, session):
    address = make_address(member, club)
    member.is_active = False
    member.save()

    assert client.get(address).status_code == 401


def test_visitor_of_a_public_club_learns_no_place_and_no_names(client, member, outsider, club, item, part):
    club.is_public = True
    club.save()

    [found] = read(client.get(make_address(outsider, club)))

    assert found.summary == "On feeds"
    assert not found.location
    assert "Mia" not in found.description
    assert "video" not in found.description.lower()


def test_visitor_of_a_public_club_learns_nothing_of_its_own_papers(client, member, outsider, club, session):
    club.is_public = True
    club.save()
    secret = factories.make_paper("Unpublished", source=factories.make_source(club=club, kind="upload"))
    factories.make_item(session, reading_list.note(club, secret), minutes=20)
    item = factories.make_item(session, reading_list.note(club, factories.make_paper("On feeds")))

    [found] = read(client.get(make_address(outsider, club)))
    assert found.summary == "On feeds" and "Unpublished" not in found.description
    assert f"{found.dtstart + timedelta(minutes=20):%H:%M}  On feeds" in found.description
    [found] = read(client.get(make_address(member, club)))
    assert found.summary == "Unpublished, and one more"

    item.delete()
    [found] = read(client.get(make_address(outsider, club)))
    assert found.summary == "Paper talk" and "not settled" in found.description


def test_who_left_a_public_club_is_told_anew(client, member, club, item):
    club.is_public = True
    club.save()
    address = make_address(member, club)
    etag = client.get(address)["ETag"]
    clubs.remove_member(Membership.objects.get(user=member, club=club))
    answer = client.get(address, headers={"If-None-Match": etag})
    assert not read(answer)[0].location


def make_sessions(club, member, number):
    part = load_parts(club)[0]
    for index in range(number):
        session = factories.make_session(club, STARTS + timedelta(days=index))
        item = factories.make_item(session, title=f"Topic {index}")
        Assignment.objects.create(club=club, item=item, part=part, member=member)


@pytest.mark.parametrize("number", [2, 200])
def test_unchanged_request_costs_three_queries(client, member, club, number, django_assert_num_queries):
    make_sessions(club, member, number)
    address = make_address(member, club)
    first = client.get(address)
    assert len(read(first)) == number

    with django_assert_num_queries(3):  # the key and whose it is, their clubs, what there is
        again = client.get(address, headers={"If-None-Match": first["ETag"]})

    assert again.status_code == 304
    assert not again.content


@pytest.mark.parametrize("number", [2, 50])
def test_whole_feed_costs_the_same_for_any_number(client, member, club, number, django_assert_num_queries):
    make_sessions(club, member, number)
    address = make_address(member, club)
    client.get(address)

    with django_assert_num_queries(6):  # and the sessions, their items, their assignments
        assert len(read(client.get(address))) == number


@pytest.mark.parametrize("change", ["session", "item", "assignment", "another assignment", "club"])
def test_any_change_makes_another_answer(client, member, organiser, club, item, part, change):
    address = make_address(member, club)
    etag = client.get(address)["ETag"]
    if change == "session":
        versions.stamp(club, [item.session])
    elif change == "item":
        versions.stamp(club, [item])
    elif change == "assignment":
        versions.stamp(club, [part])
    elif change == "another assignment":
        Assignment.objects.create(club=club, item=item, part=load_parts(club)[1], member=organiser)
    else:
        club.name = "Deep learning"
        club.save()

    assert client.get(address, headers={"If-None-Match": etag}).status_code == 200


def test_page_gives_addresses_that_work(client, member, club, session):
    client.force_login(member)
    page = reverse("papers:subscribe", args=[club.slug])
    assert b"Make my addresses" in client.get(page).content

    client.post(page, {"act": "make"})
    response = client.get(page)

    client.logout()
    addresses = [address for _name, address, _webcal in response.context["addresses"]]
    assert len(addresses) == 3
    for address in addresses:
        parts = urlsplit(address)
        assert client.get(f"{parts.path}?{parts.query}").status_code == 200


def test_page_renews_and_revokes(client, member, club, session):
    client.force_login(member)
    page = reverse("papers:subscribe", args=[club.slug])
    client.post(page, {"act": "make"})
    before = client.get(page).context["addresses"]
    client.post(page, {"act": "renew"})
    assert client.get(page).context["addresses"] != before
    client.post(page, {"act": "revoke"})
    assert client.get(page).context["addresses"] == []
    assert not FeedKey.objects.exists()


def test_page_is_for_members(client, outsider, club):
    client.force_login(outsider)
    page = reverse("papers:subscribe", args=[club.slug])
    assert client.get(page).status_code == 404
    club.is_public = True
    club.save()
    assert client.get(page).status_code == 403

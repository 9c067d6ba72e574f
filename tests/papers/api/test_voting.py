"""The ranking, windows, budgets, secrets and history over the API."""

from datetime import UTC, datetime, timedelta

import pytest

from accounts.models import Club
from papers import club_rules, reading_list
from papers.models import Entry, Vote
from tests import factories

from .conftest import make_script
from .test_sync import Mirror

pytestmark = pytest.mark.django_db

NOW = datetime.now(UTC)
HOUR = timedelta(hours=1)
CLUB = "/api/v1/clubs/ml/"
ENTRIES = f"{CLUB}entries/"


def set_rules(club, **rules):
    Club.objects.filter(pk=club.pk).update(**rules)
    club.refresh_from_db()


def put(club, source, *people, title=""):
    entry = reading_list.note(club, factories.make_paper(title, source=source))
    for person in people:
        reading_list.cast_vote(entry, value=1, by=person)
    return entry


def person(user):
    return {"id": user.pk, "name": user.display_name}


# The ranking


def test_ranked_list_says_where_each_stands_and_why(script, club, source, member, organiser):
    one, two = put(club, source, member), put(club, source, member, organiser)
    reading_list.note(club, factories.make_paper(source=source))
    rows = script.get(f"{ENTRIES}?order=rank").json()["results"]
    assert [row["id"] for row in rows] == [two.pk, one.pk]
    assert rows[0]["ranking"] == {
        "place": 1,
        "score": 2.0,
        "is_eligible": True,
        "reason": "First: the highest score, two votes for, none against.",
    }
    assert script.get(f"{ENTRIES}{two.pk}/").json()["ranking"] is None


def test_ranked_list_comes_in_pages_and_keeps_places_under_filters(script, club, source, member, organiser):
    entries = [put(club, source, member) for _ in range(5)]
    reading_list.tag(entries[3], name="Theory", by=member)
    found, address = [], f"{ENTRIES}?order=rank&limit=2"
    while address:
        answer = script.get(address).json()
        found += [row["id"] for row in answer["results"]]
        last, address = address, answer["next"]
    assert found == [entry.pk for entry in entries]
    back = script.get(script.get(last).json()["previous"]).json()
    assert [row["id"] for row in back["results"]] == found[2:4]
    [row] = script.get(f"{ENTRIES}?order=rank&tag=theory").json()["results"]
    assert (row["id"], row["ranking"]["place"]) == (entries[3].pk, 4)


@pytest.mark.parametrize("query", ["order=score", "order=", "order=rank&since=0", "order=rank&cursor=x"])
def test_odd_orders_are_errors(script, club, query):
    assert script.get(f"{ENTRIES}?{query}").status_code == 400


def test_outsiders_of_a_public_club_get_places_without_its_private_papers(
    club, source, member, organiser, outsider, private_paper
):
    for reader in (member, organiser):
        reading_list.cast_vote(reading_list.note(club, private_paper), value=1, by=reader)
    entry = put(club, source, member)
    set_rules(club, is_public=True)
    [row] = make_script(outsider).get(f"{ENTRIES}?order=rank").json()["results"]
    assert (row["id"], row["ranking"]["place"]) == (entry.pk, 1)
    assert row["ranking"]["reason"] == "First: the only paper on the list, with one vote for, none against."
    rows = make_script(member).get(f"{ENTRIES}?order=rank").json()["results"]
    assert [row["ranking"]["place"] for row in rows] == [1, 2]


# Windows and budgets


def test_window(script, club, member, source, outsider):
    set_rules(club, vote_budget=3, is_public=True)
    session = factories.make_session(club, datetime(2099, 4, 29, 12, tzinfo=UTC), lock_hours=24)
    put(club, source, member)
    facts = {
        "session": session.pk,
        "opens": None,
        "closes": "2099-04-28T12:00:00Z",
        "text": "Votes close Tuesday 28 April, 12:00, for Wednesday 29 April.",
        "vote_budget": 3,
        "votes_left": 2,
        "totals_are_secret": False,
    }
    assert script.get(f"{CLUB}window/").json() == facts
    assert make_script(outsider).get(f"{CLUB}window/").json() == facts | {"votes_left": None}


def test_window_of_a_club_without_sessions(script, club):
    answer = script.get(f"{CLUB}window/").json()
    assert (answer["session"], answer["closes"], answer["votes_left"]) == (None, None, None)
    assert answer["text"].startswith("No session is open for votes yet.")


def test_one_vote_too_many_is_refused_and_changes_nothing(script, club, source, member):
    set_rules(club, vote_budget=1)
    put(club, source, member)
    entry = put(club, source)
    answer = script.put(f"{ENTRIES}{entry.pk}/vote/", {"value": 1})
    assert (answer.status_code, answer.json()["code"]) == (409, "refused")
    assert answer.json()["detail"] == "Your one vote is spent. Take one back to vote for this paper."
    paper = factories.make_paper(source=source)
    assert script.put(f"{CLUB}papers/{paper.pk}/vote/", {"value": 1}).status_code == 409
    assert not Entry.objects.filter(paper=paper).exists()
    assert Vote.objects.count() == 1


# Secrets


@pytest.fixture
def secret(club):
    set_rules(club, hides_totals=True)
    return factories.make_session(club, NOW + 72 * HOUR)


def test_secret_totals_show_nowhere_until_the_lock(
    club, secret, source, script, organisers_script, member, organiser
):
    first, second = put(club, source), put(club, source, member, organiser)
    reading_list.suggest(first, by=member)
    Entry.objects.filter(pk=first.pk).update(suggested=NOW - HOUR)
    third = factories.make_user(club=club)
    reading_list.cast_vote(second, value=-1, by=third)
    row = script.get(f"{ENTRIES}{second.pk}/").json()
    assert (row["score"], row["promotions"], row["demotions"], row["promoters"]) == (0, 0, 0, [])
    assert row["my_vote"] == 1
    rows = script.get(f"{ENTRIES}?order=rank").json()["results"]
    assert [(row["id"], row["ranking"]) for row in rows] == [(first.pk, None), (second.pk, None)]
    mine, theirs = (each.get(f"{CLUB}votes/").json()["results"] for each in (script, organisers_script))
    assert [row["member"]["id"] for row in mine] == [member.pk]
    assert [row["member"]["id"] for row in theirs] == [organiser.pk]
    secret.state, secret.locked_at = "locked", NOW + 24 * HOUR
    secret.save()
    reading_list.reveal(secret, now=NOW + 24 * HOUR)
    row = script.get(f"{ENTRIES}{second.pk}/").json()
    assert (row["score"], row["promotions"], row["demotions"]) == (1, 2, 1)
    assert row["promoters"] == [person(member), person(organiser)]
    assert len(script.get(f"{CLUB}votes/").json()["results"]) == 2


def test_a_mirror_learns_of_secret_votes_at_the_lock_and_not_before(
    club, secret, source, organisers_script, member
):
    entries = [put(club, source, member) for _ in range(4)]
    mirror = Mirror(organisers_script)
    mirror.sync()
    before = len(mirror.given)
    voters = [factories.make_user(club=club) for _ in range(3)]
    for voter in voters:
        reading_list.cast_vote(entries[0], value=1, by=voter)
    reading_list.cast_vote(entries[1], value=-1, by=voters[0])
    reading_list.withdraw_vote(entries[1], by=voters[0])
    mirror.sync()
    assert mirror.given[before:] == [], "not even that something happened to an entry"
    assert mirror.rows["votes"] == {}
    reading_list.reveal(secret, now=NOW + 24 * HOUR)
    mirror.sync()
    assert mirror.rows["entries"][entries[0].pk]["promotions"] == 4
    assert set(mirror.rows["votes"]) == set(Vote.objects.values_list("pk", flat=True))


def test_where_votes_are_not_by_name_nobody_is_named(
    club, source, script, organisers_script, member, organiser
):
    set_rules(club, shows_voters=False)
    entry = put(club, source, member, organiser)
    for look in (ENTRIES, f"{ENTRIES}{entry.pk}/", f"{CLUB}votes/", f"{ENTRIES}{entry.pk}/history/"):
        text = organisers_script.get(look).content.decode()
        assert member.name not in text, look
    row = script.get(f"{ENTRIES}{entry.pk}/").json()
    assert (row["promotions"], row["promoters"]) == (2, None)
    rows = script.get(f"{CLUB}votes/").json()["results"]
    assert [(row["member"], row["cast"] is None) for row in rows] == [(person(member), False), (None, True)]


# History


def test_history(script, club, source, member, organiser, outsider):
    entry = put(club, source, organiser)
    session = factories.make_session(club)
    reading_list.schedule(entry, session)
    rows = script.get(f"{ENTRIES}{entry.pk}/history/").json()["results"]
    assert [(row["before"], row["state"], row["cause"], row["text"]) for row in rows] == [
        ("noted", "suggested", "promoted", "Promoted by Otto Organiser, and so on the list"),
        ("suggested", "scheduled", "scheduled", "Chosen by the votes"),
    ]
    assert [(row["by"], row["session"]) for row in rows] == [(person(organiser), None), (None, session.pk)]
    set_rules(club, is_public=True)
    rows = make_script(outsider).get(f"{ENTRIES}{entry.pk}/history/").json()["results"]
    assert [row["by"] for row in rows] == [None, None] and "Otto" not in str(rows)


def test_sessions_that_are_drafts_are_told_to_organisers_only(
    script, organisers_script, club, source, member
):
    entry = put(club, source, member)
    session = factories.make_session(club, state="draft")
    reading_list.schedule(entry, session)

    def told(who):
        return who.get(f"{ENTRIES}{entry.pk}/history/").json()["results"][-1]["session"]

    assert (told(script), told(organisers_script)) == (None, session.pk)


def test_discussed_papers_are_suggested_again_only_when_told_so(script, club, source, member):
    entry = put(club, source, member)
    session = factories.make_session(club, NOW - 900 * HOUR, state="held")
    Entry.objects.update(suggested=NOW - 1000 * HOUR)
    reading_list.mark_discussed(entry, session)
    answer = script.post(ENTRIES, {"paper": entry.paper_id})
    assert (answer.status_code, answer.json()["state"]) == (200, "discussed")
    answer = script.post(ENTRIES, {"paper": entry.paper_id, "again": True}).json()
    assert (answer["state"], answer["score"], answer["my_vote"]) == ("suggested", 0, None)
    assert answer["discussed"] == session.starts.isoformat().replace("+00:00", "Z")


def test_organisers_drop_with_a_note(organisers_script, club, source, member):
    entry = put(club, source, member)
    answer = organisers_script.post(f"{ENTRIES}{entry.pk}/drop/", {"note": "Retracted."})
    assert (answer.status_code, answer.json()["state"]) == (200, "dropped")
    [*_before, last] = organisers_script.get(f"{ENTRIES}{entry.pk}/history/").json()["results"]
    assert (last["note"], last["text"]) == ("Retracted.", "Dropped by Otto Organiser")


# The rules


@pytest.fixture
def owners_script(owner):
    return make_script(owner)


def test_owner_changes_rules(owners_script, club):
    before = owners_script.get(CLUB).json()
    answer = owners_script.patch(CLUB, {"threshold": 2, "vote_budget": 5, "carry_over": 0})
    assert answer.status_code == 200
    after = answer.json()
    assert {name: after[name] for name in after if after[name] != before[name]} == {
        "threshold": 2,
        "vote_budget": 5,
        "carry_over": 0,
        "version": after["version"],
    }
    assert after["version"] > before["version"]
    assert owners_script.patch(CLUB, {"vote_budget": None}).json()["vote_budget"] is None


@pytest.mark.parametrize(
    "change",
    [
        {"carry_over": 101},
        {"carry_over": -1},
        {"threshold": "x"},
        {"vote_budget": 0},
        {"load_months": 0},
        {"name": " "},
        {"time_zone": "Mars/Base"},
        {"hides_totals": None},
        {"minutes_template": "x" * 5_001},
    ],
    ids=str,
)
def test_odd_rules_are_errors_at_their_field(owners_script, club, change):
    answer = owners_script.patch(CLUB, change)
    assert answer.status_code == 400, answer.content
    assert [error["field"] for error in answer.json()["errors"]] == list(change)


def test_a_stale_change_is_refused(owners_script, club):
    answer = owners_script.patch(CLUB, {"threshold": 2}, headers={"If-Unmodified-Since-Version": "0"})
    assert answer.status_code == 200
    answer = owners_script.patch(CLUB, {"threshold": 3}, headers={"If-Unmodified-Since-Version": "0"})
    assert answer.status_code == 412


def test_totals_that_are_no_secret_any_more_reach_a_mirror(
    club, secret, source, script, member, organiser, owner
):
    entry = put(club, source, organiser)
    mirror = Mirror(script)
    mirror.sync()
    assert mirror.rows["entries"][entry.pk]["promotions"] == 0
    club_rules.change_club(club, by=owner, hides_totals=False)
    mirror.sync()
    assert mirror.rows["entries"][entry.pk]["promotions"] == 1
    assert len(mirror.rows["votes"]) == 1


def test_names_that_come_and_go_reach_a_mirror(club, source, script, member, organiser, owner):
    entry = put(club, source, organiser)
    mirror = Mirror(script)
    for shows_voters, promoters in ((True, [person(organiser)]), (False, None), (True, [person(organiser)])):
        club_rules.change_club(club, by=owner, shows_voters=shows_voters)
        mirror.sync()
        assert mirror.rows["entries"][entry.pk]["promoters"] == promoters
        [vote] = mirror.rows["votes"].values()
        assert vote["member"] == (promoters and promoters[0])

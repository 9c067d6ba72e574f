"""Entries over the API: suggest, vote, volunteer, tag; and who sees what of it."""

import json

import pytest

from papers import reading_list
from papers.catalogue import merge_papers
from papers.models import Entry, Vote
from tests import factories

from .conftest import make_script

pytestmark = pytest.mark.django_db

ENTRIES = "/api/v1/clubs/ml/entries/"


@pytest.fixture
def address(entry):
    return f"{ENTRIES}{entry.pk}/"


def person(user):
    return {"id": user.pk, "name": user.display_name}


def test_entry_has_all_that_belongs_to_it(script, club, entry, organiser, member, address):
    reading_list.cast_vote(entry, value=-1, by=member)
    reading_list.volunteer(entry, by=member)
    reading_list.tag(entry, name="offline rl", by=member)
    answer = script.get(address)
    entry.refresh_from_db()
    assert answer.json() == {
        "id": entry.pk,
        "club": "ml",
        "paper": entry.paper_id,
        "state": "suggested",
        "state_since": entry.state_since.isoformat().replace("+00:00", "Z"),
        "discussed": None,
        "score": 0,
        "promotions": 1,
        "demotions": 1,
        "my_vote": -1,
        "ranking": None,
        "revision_seen": None,
        "promoters": [person(organiser)],
        "volunteers": [person(member)],
        "tags": ["offline-rl"],
        "comments": 0,
        "suggested_by": person(organiser),
        "created": entry.created.isoformat().replace("+00:00", "Z"),
        "version": entry.version,
    }
    assert answer.headers["Last-Modified-Version"] == str(entry.version)
    assert script.get(ENTRIES).json()["results"] == [answer.json()]


def test_demotion_is_seen_by_nobody_else(script, organisers_script, entry, member, address):
    reading_list.cast_vote(entry, value=-1, by=member)
    for look in (address, ENTRIES, "/api/v1/clubs/ml/votes/", "/api/v1/clubs/ml/deleted/"):
        assert member.name not in organisers_script.get(look).content.decode()
    assert organisers_script.get(address).json()["my_vote"] == 1
    assert script.get(address).json()["my_vote"] == -1


def test_changing_a_promotion_to_a_demotion_leaves_only_a_tombstone(organisers_script, script, entry, member):
    reading_list.cast_vote(entry, value=1, by=member)
    vote = Vote.objects.get(member=member)
    reading_list.cast_vote(entry, value=-1, by=member)
    votes = organisers_script.get("/api/v1/clubs/ml/votes/").json()["results"]
    assert member.pk not in [row["member"]["id"] for row in votes]
    deleted = organisers_script.get("/api/v1/clubs/ml/deleted/").json()["results"]
    assert [(row["kind"], row["id"]) for row in deleted] == [("vote", vote.pk)]


def test_suggest(script, club, listing, member):
    paper = listing.items.last().paper
    answer = script.post(ENTRIES, {"paper": paper.pk})
    assert answer.status_code == 201
    assert answer.json()["state"] == "suggested"
    assert answer.json()["suggested_by"] == person(member)
    again = script.post(ENTRIES, {"paper": paper.pk})
    assert (again.status_code, again.json()) == (200, answer.json())
    assert Entry.objects.count() == 1


@pytest.mark.parametrize(
    "body",
    [{}, {"paper": None}, {"paper": "x"}, {"paper": 0}, {"paper": 2**63}, [], "1", None, {"paper": [1]}],
)
def test_bad_suggestion_is_an_error(script, club, body):
    answer = script.post(ENTRIES, body)
    assert answer.status_code == 400, answer.content
    assert answer.json()["errors"]


def test_unknown_and_unknowable_papers_are_the_same_error(script, club, other_club):
    hidden = factories.make_paper(source=factories.make_source(club=other_club, kind="upload"))
    answers = [script.post(ENTRIES, {"paper": pk}).json() for pk in (hidden.pk, 10**9)]
    assert answers[0] == answers[1]
    assert answers[0]["errors"] == [{"field": "paper", "message": "There is no such paper."}]


def test_paper_of_one_club_gets_no_entry_in_another(club, other_club, private_paper):
    """Somebody in both clubs would otherwise carry it over."""
    both = factories.make_user("Bo Both", club=club)
    other_club.memberships.create(user=both)
    script = make_script(both)
    assert script.put(f"/api/v1/clubs/bio/papers/{private_paper.pk}/vote/", {"value": 1}).status_code == 404
    assert script.post("/api/v1/clubs/bio/entries/", {"paper": private_paper.pk}).status_code == 400
    assert script.put(f"/api/v1/clubs/ml/papers/{private_paper.pk}/vote/", {"value": 1}).status_code == 200


def test_vote_change_and_take_back(script, entry, address):
    answer = script.put(f"{address}vote/", {"value": 1})
    assert (answer.status_code, answer.json()["promotions"], answer.json()["my_vote"]) == (200, 2, 1)
    assert script.put(f"{address}vote/", {"value": 1}).json() == answer.json()
    answer = script.put(f"{address}vote/", {"value": -1}).json()
    assert (answer["promotions"], answer["demotions"], answer["my_vote"]) == (1, 1, -1)
    for _twice in range(2):
        assert script.delete(f"{address}vote/").status_code == 204
    answer = script.get(address).json()
    assert (answer["promotions"], answer["demotions"], answer["my_vote"]) == (1, 0, None)


@pytest.mark.parametrize("value", [0, 2, "up", None, True, [1], {"a": 1}, 1.5])
def test_odd_vote_is_an_error_that_says_what_is_accepted(script, entry, address, value):
    answer = script.put(f"{address}vote/", {"value": value})
    assert answer.status_code == 400, answer.content
    [error] = answer.json()["errors"]
    assert error["field"] == "value"
    assert error["accepted"] == [1, -1]


def test_vote_on_a_paper_makes_its_entry(script, club, listing):
    paper = listing.items.last().paper
    address = f"/api/v1/clubs/ml/papers/{paper.pk}/vote/"
    assert script.delete(address).status_code == 204
    assert not Entry.objects.exists()
    answer = script.put(address, {"value": 1})
    assert (answer.status_code, answer.json()["paper"], answer.json()["score"]) == (200, paper.pk, 1)
    assert script.delete(address).status_code == 204
    assert script.get(f"{ENTRIES}{answer.json()['id']}/").json()["score"] == 0


def test_vote_on_a_merged_paper_counts_for_the_one_that_stayed(script, club, listing):
    keep, other = (item.paper for item in listing.items.all()[:2])
    merge_papers(keep, other, reason="The same.")
    answer = script.put(f"/api/v1/clubs/ml/papers/{other.pk}/vote/", {"value": 1})
    assert answer.json()["paper"] == keep.pk


def test_volunteer_and_withdraw(script, entry, address, member):
    for _twice in range(2):
        answer = script.put(f"{address}volunteer/")
        assert (answer.status_code, answer.json()["volunteers"]) == (200, [person(member)])
    for _twice in range(2):
        assert script.delete(f"{address}volunteer/").status_code == 204
    assert script.get(address).json()["volunteers"] == []


def test_tags(script, entry, address):
    assert script.post(f"{address}tags/", {"name": "Offline RL"}).status_code == 201
    again = script.post(f"{address}tags/", {"name": "offline-rl"})
    assert (again.status_code, again.json()["tags"]) == (200, ["Offline-RL"])
    assert script.post(f"{address}tags/", {"name": "a/b"}).status_code == 201
    assert script.get(f"{address}tags/").json() == [{"name": "a/b"}, {"name": "Offline-RL"}]
    assert script.delete(f"{address}tags/a/b/").status_code == 204
    assert script.delete(f"{address}tags/offline rl/").status_code == 204
    assert script.delete(f"{address}tags/offline-rl/").status_code == 404
    assert script.get(address).json()["tags"] == []


@pytest.mark.parametrize("name", ["", "  ", "#", "x" * 51, None, "a\x00b", "\ud800", 7 * ["a"]])
def test_odd_tag_is_an_error(script, entry, address, name):
    body = json.dumps({"name": name})
    answer = script.generic("POST", f"{address}tags/", body, content_type="application/json")
    assert answer.status_code == 400, answer.content
    assert answer.json()["errors"][0]["field"] == "name"


def test_filters(script, entry, club, listing, member):
    noted = reading_list.note(club, listing.items.last().paper)
    reading_list.tag(noted, name="Theory", by=member)

    def found(query):
        return [row["id"] for row in script.get(f"{ENTRIES}?{query}").json()["results"]]

    assert found("") == [entry.pk, noted.pk]
    assert found("state=suggested") == [entry.pk]
    assert found("state=noted&state=suggested") == [entry.pk, noted.pk]
    assert found("tag=theory") == [noted.pk]
    assert found("tag=none") == []
    assert found(f"paper={noted.paper_id}") == [noted.pk]


def test_unknown_state_is_an_error_that_lists_the_states(script, club):
    answer = script.get(f"{ENTRIES}?state=lost")
    assert answer.status_code == 400
    [error] = answer.json()["errors"]
    assert error["accepted"] == ["noted", "suggested", "scheduled", "discussed", "dropped"]


@pytest.mark.parametrize("paper", ["0", "x", "1.5", "99999999999999999999", "-1"])
def test_odd_paper_filter_is_an_error(script, club, paper):
    assert script.get(f"{ENTRIES}?paper={paper}").status_code == 400


def test_entries_of_another_club_are_not_under_this_one(script, outsider, other_club, entry):
    script = make_script(outsider)
    assert script.get(f"/api/v1/clubs/bio/entries/{entry.pk}/").status_code == 404
    assert script.get("/api/v1/clubs/bio/entries/").json()["results"] == []


@pytest.mark.parametrize("pk", ["0", "99999999999999999999", "9" * 5000])
def test_garbage_ids_are_404(script, club, pk):
    assert script.get(f"{ENTRIES}{pk}/").status_code == 404
    assert script.put(f"{ENTRIES}{pk}/vote/", {"value": 1}).status_code == 404
    assert script.put(f"/api/v1/clubs/ml/papers/{pk}/vote/", {"value": 1}).status_code == 404


def test_clubs_and_members(script, organiser, member, club):
    club.refresh_from_db()
    row = script.get("/api/v1/clubs/ml/").json()
    assert row == {
        "id": club.pk,
        "slug": "ml",
        "name": "Machine learning",
        "time_zone": "UTC",
        "is_public": False,
        "carry_over": 50,
        "vote_budget": None,
        "hides_totals": False,
        "threshold": 1,
        "shows_voters": True,
        "load_months": 12,
        "parts_cap": None,
        "keeps_authors_out": False,
        "mixes_seniority": False,
        "minutes_template": "",
        "role": "member",
        "created": club.created.isoformat().replace("+00:00", "Z"),
        "version": club.version,
    }
    assert script.get("/api/v1/clubs/").json()["results"] == [row]
    members = script.get("/api/v1/clubs/ml/members/").json()["results"]
    assert [(each["id"], each["name"], each["role"]) for each in members] == [
        (each.user_id, each.user.display_name, each.role) for each in club.memberships.order_by("pk")
    ]
    assert not any("@" in str(value) for each in members for value in each.values())


def test_votes_are_listed_with_who_cast_them(script, entry, organiser):
    [row] = script.get("/api/v1/clubs/ml/votes/").json()["results"]
    vote = Vote.objects.get()
    assert row == {
        "id": vote.pk,
        "entry": entry.pk,
        "paper": entry.paper_id,
        "member": person(organiser),
        "value": 1,
        "cast": vote.cast_at.isoformat().replace("+00:00", "Z"),
        "version": vote.version,
    }

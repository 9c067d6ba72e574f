"""POST papers/: papers by their identifiers."""

import pytest

from papers import submissions
from papers.models import Entry, Import
from tests import factories
from tests.papers.sources.test_looking_up import work
from tests.services import atom

from .conftest import make_script

pytestmark = pytest.mark.django_db


@pytest.fixture
def here(db):
    return factories.make_paper("On things", identifiers=(factories.make_identifier("2504.00001"),))


def test_what_is_known_is_answered_at_once(script, here):
    response = script.post(
        "/api/v1/papers/", {"identifier": "https://arxiv.org/abs/2504.00001v2"}, format="json"
    )
    assert response.status_code == 200 and "Location" not in response.headers
    said = response.json()
    assert (said["state"], said["is_submission"], said["counts"]["unchanged"]) == ("done", True, 1)
    assert said["items"] == [
        {
            "number": 1, "place": "item 1", "written": "https://arxiv.org/abs/2504.00001v2",
            "identifier": {"scheme": "arxiv", "value": "2504.00001"}, "state": "here", "reason": "", "paper": here.pk,
        }
    ]  # fmt: skip


def test_the_rest_is_followed(script, here, registries):
    registries.answer("/arxiv?2504.00002,2504.00003", atom([("2504.00002", "2025-04-02")]))
    said = {"identifiers": ["2504.00001", "2504.00002", "nonsense", "arXiv:2504.00003"]}
    response = script.post("/api/v1/papers/", said, format="json")
    run = Import.objects.get()
    assert (response.status_code, response["Location"]) == (202, f"/api/v1/imports/{run.pk}/")
    assert [item["state"] for item in response.json()["items"]] == ["here", "waiting", "waiting", "unknown"]
    work(run)
    assert script.get(response["Location"]).json()["state"] == "done"
    items = script.get(f"/api/v1/imports/{run.pk}/items/").json()["results"]
    assert [(item["place"], item["state"], item["paper"] is not None) for item in items] == [
        ("item 1", "here", True), ("item 2", "added", True), ("item 4", "not_found", False),
        ("item 3", "unknown", False),
    ]  # fmt: skip
    assert [each["reason"] for each in script.get(f"/api/v1/imports/{run.pk}/rejections/").json()["results"]] == [
        "There is no identifier in this line.", "arXiv knows no paper by it.",
    ]  # fmt: skip


def test_they_come_on_the_clubs_list(script, club, member, here):
    said = {"identifier": "2504.00001", "club": "ml", "suggest": True}
    assert script.post("/api/v1/papers/", said, format="json").json()["club"] == "ml"
    assert Entry.objects.get(club=club, paper=here, state="suggested").suggested_by == member


def test_a_key_makes_one_submission_of_two_requests(script, here):
    headers = {"Idempotency-Key": "one"}
    answers = [
        script.post("/api/v1/papers/", {"identifier": "2504.00002"}, format="json", headers=headers)
        for _turn in range(2)
    ]
    assert [answer.status_code for answer in answers] == [202, 202]
    assert answers[0].json() == answers[1].json() and answers[1]["Idempotent-Replayed"] == "true"
    assert Import.objects.count() == 1


@pytest.mark.parametrize(
    "body",
    [
        {}, {"identifier": "10.5555/a", "identifiers": ["10.5555/b"]}, {"identifiers": []}, {"identifier": ""},
        {"identifiers": ["10.5555/a"] * 101}, {"identifiers": "10.5555/a"}, {"identifier": "nonsense"},
        {"identifiers": [{}]},
        {"identifier": "10.5555/a", "suggest": True}, {"identifier": "10.5555/a", "club": "bio"},
        {"identifier": "10.5555/a", "club": "nowhere"},
    ],
    ids=range(11),
)  # fmt: skip
def test_a_bad_body_is_told(script, other_club, body):
    response = script.post("/api/v1/papers/", body, format="json")
    assert response.status_code == 400 and response.json()["errors"]
    assert not Import.objects.exists()


def test_nobody_floods_the_services(script, monkeypatch):
    monkeypatch.setattr(submissions, "MOST_LOOKED_UP", 0)
    response = script.post("/api/v1/papers/", {"identifier": "10.5555/a"}, format="json")
    assert (response.status_code, response.json()["code"]) == (429, "throttled")
    assert 3_500 < int(response["Retry-After"]) <= 3_600


def test_a_token_for_a_club_submits_for_that_club(club, other_club, member, here):
    other_club.memberships.create(user=member)
    script = make_script(member, clubs=[club])
    assert script.post("/api/v1/papers/", {"identifier": "2504.00001"}, format="json").status_code == 403
    assert (
        script.post("/api/v1/papers/", {"identifier": "2504.00001", "club": "ml"}, format="json").status_code
        == 200
    )
    assert (
        script.post("/api/v1/papers/", {"identifier": "2504.00001", "club": "bio"}, format="json").status_code
        == 400
    )


def test_others_know_nothing_of_it(script, outsiders_script, here):
    pk = script.post("/api/v1/papers/", {"identifier": "2504.00001"}, format="json").json()["id"]
    assert outsiders_script.get(f"/api/v1/imports/{pk}/items/").status_code == 404


@pytest.mark.parametrize("number", [2, 30])
def test_items_cost_the_same_for_2_as_for_30(script, django_assert_num_queries, number):
    keys = [f"2504.{n:05}" for n in range(number)]
    for key in keys:
        factories.make_paper(identifiers=(factories.make_identifier(key),))
    pk = script.post("/api/v1/papers/", {"identifiers": keys}, format="json").json()["id"]
    # token, its clubs, import, items, identifiers
    with django_assert_num_queries(5):
        script.get(f"/api/v1/imports/{pk}/items/")

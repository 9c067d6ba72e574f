"""Who takes which part, by the API: the same verbs as on the page, sync, plans that are made by a worker."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from papers import reading_list
from papers.models import Absence, Assignment, Guest, PlanDraft
from papers.scheduling import assignments, planning
from tests import factories

from .conftest import make_script

pytestmark = pytest.mark.django_db

URL = "/api/v1/clubs/ml/"


@pytest.fixture
def other(club):
    return factories.make_user("Nora Next", club=club)


@pytest.fixture
def asked(make_talk, parts, member, organiser):
    return assignments.propose(make_talk(1, "On ants"), parts[0], member=member, by=organiser)


def address(assignment, *words):
    return "/".join([f"{URL}assignments/{assignment.pk}", *words, ""])


def test_assignment_says_everything_about_itself(script, asked, member, organiser, parts):
    row = script.get(f"{URL}assignments/").json()["results"][0]

    assert row == {
        "id": asked.pk,
        "session": asked.item.session_id,
        "item": asked.item_id,
        "part": {"id": parts[0].pk, "name": "presenter"},
        "entry": None,
        "member": {"id": member.pk, "name": "Mia Member"},
        "guest": None,
        "state": "proposed",
        "is_pinned": True,
        "reason": "Otto Organiser asks you for it.",
        "proposed_by": {"id": organiser.pk, "name": "Otto Organiser"},
        "proposed_at": row["proposed_at"],
        "answered_at": None,
        "answer": "",
        "reminded_at": None,
        "swaps": [],
        "version": asked.version,
    }


def test_reason_is_told_to_whoever_asks(make_talk, club, member, other, organiser):
    make_talk(1)
    club.memberships.update(joined=club.created - timedelta(days=900))
    draft = planning.propose_plan(club, by=organiser)
    planning.make(draft.pk)
    draft.refresh_from_db()
    planning.apply_plan(draft, by=organiser)
    asked = Assignment.objects.filter(member__isnull=False).first()

    own = make_script(asked.member).get(address(asked)).json()["reason"]
    others = make_script(next(p for p in (member, other, organiser) if p != asked.member))
    assert "you come next" in own
    assert f"{asked.member} comes next" in others.get(address(asked)).json()["reason"]


@pytest.mark.parametrize("rule", ["hides_totals", "shows_voters"])
def test_reason_tells_others_of_no_vote_that_is_secret(rule, make_talk, club, member, organiser):
    reading_list.cast_vote(make_talk(1).entry, value=1, by=member)
    draft = planning.propose_plan(club, by=organiser)
    planning.make(draft.pk)
    draft.refresh_from_db()
    scripts = {person: make_script(person) for person in (member, organiser)}

    def tell(person):
        return [row["reason"] for row in scripts[person].get(f"{URL}assignments/").json()["results"]]

    assert "Mia Member voted for it" in scripts[organiser].get(f"{URL}plan/").content.decode()
    setattr(club, rule, not getattr(club, rule))
    club.save()
    assert "voted for" not in scripts[organiser].get(f"{URL}plan/").content.decode()
    planning.apply_plan(draft, by=organiser)
    assert any("You voted for it" in reason for reason in tell(member))
    assert not any("voted for" in reason for reason in tell(organiser))


def test_list_is_narrowed(script, asked, make_talk, parts, other):
    taken = assignments.take(make_talk(2), parts[0], by=other)
    for query, expected in (
        ("state=accepted", [taken.pk]),
        (f"member={asked.member_id}", [asked.pk]),
        (f"session={taken.item.session_id}", [taken.pk]),
        ("state=accepted&state=proposed", [asked.pk, taken.pk]),
    ):
        found = script.get(f"{URL}assignments/?{query}").json()["results"]
        assert [row["id"] for row in found] == expected, query


def test_sync_tells_of_changes_and_of_what_is_gone(script, organisers_script, asked, parts, other):
    first = script.get(f"{URL}assignments/?since=0")
    version = int(first.headers["Last-Modified-Version"])
    assert script.get(f"{URL}assignments/?since={version}").json()["results"] == []

    assert script.put(address(asked, "answer"), {"answer": "accept"}).status_code == 200
    changed = script.get(f"{URL}assignments/?since={version}").json()["results"]
    assert [(row["id"], row["state"]) for row in changed] == [(asked.pk, "accepted")]

    assert organisers_script.delete(address(asked)).status_code == 204
    gone = script.get(f"{URL}deleted/?since={version}").json()["results"]
    assert [(row["kind"], row["id"]) for row in gone] == [("assignment", asked.pk)]


def test_organiser_asks_and_member_takes(script, organisers_script, make_talk, parts, member, other):
    item = make_talk(1)
    body = {"item": item.pk, "part": parts[0].pk, "member": other.pk, "is_pinned": False}
    answer = organisers_script.post(f"{URL}assignments/", body)
    assert (answer.status_code, answer.json()["is_pinned"]) == (201, False)
    assert answer.headers["Location"] == f"{URL}assignments/{answer.json()['id']}/"
    assert organisers_script.post(f"{URL}assignments/", body).status_code == 200

    assert script.post(f"{URL}assignments/", body).status_code == 403
    mine = {"item": item.pk, "part": parts[1].pk}
    answer = script.post(f"{URL}assignments/", mine)
    assert (answer.status_code, answer.json()["state"]) == (201, "accepted")
    assert script.post(f"{URL}assignments/", mine).status_code == 200
    refused = script.post(f"{URL}assignments/", {**mine, "part": parts[0].pk})
    assert (refused.status_code, refused.json()["code"]) == (409, "refused")
    assert "Nora Next has this part already." in refused.json()["detail"]


def test_guest_is_noted_by_name(organisers_script, make_talk, parts):
    body = {"item": make_talk(1).pk, "part": parts[0].pk, "guest": "Gustav Guest"}

    row = organisers_script.post(f"{URL}assignments/", body).json()

    assert (row["guest"]["name"], row["member"], row["state"]) == ("Gustav Guest", None, "accepted")
    assert Guest.objects.get().version == row["version"]


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"item": 999999}, "item"),
        ({"part": 999999}, "part"),
        ({"member": 999999}, "member"),
        ({"guest": ""}, "guest"),
        ({"guest": "A", "member": 1}, "guest"),
        ({"item": None}, "item"),
    ],
)
def test_what_does_not_exist_is_named(organisers_script, make_talk, parts, changed, field):
    body = {"item": make_talk(1).pk, "part": parts[0].pk, **changed}
    answer = organisers_script.post(f"{URL}assignments/", body)
    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == [field]


def test_reason_for_declining_is_for_organisers(script, organisers_script, asked, other):
    script.put(address(asked, "answer"), {"answer": "decline", "because": "conference"})

    assert script.get(address(asked)).json()["answer"] == "conference"
    assert organisers_script.get(address(asked)).json()["answer"] == "conference"
    assert make_script(other).get(address(asked)).json()["answer"] == ""


def test_part_is_handed_over(script, asked, other):
    answer = script.post(address(asked, "hand_over"), {"to": other.pk})

    assert answer.status_code == 201
    assert answer.json()["member"]["name"] == "Nora Next"
    assert script.get(address(asked)).json()["state"] == "declined"


def test_swap_is_offered_seen_and_accepted(script, asked, make_talk, parts, other):
    theirs = assignments.take(make_talk(2), parts[0], by=other)
    assert script.post(address(asked, "swap"), {"wanted": 999999}).status_code == 400

    [swap] = script.post(address(asked, "swap"), {"wanted": theirs.pk}).json()["swaps"]
    assert (swap["assignment"], swap["wanted"], swap["state"]) == (asked.pk, theirs.pk, "offered")

    others = make_script(other)
    assert others.get(address(theirs)).json()["swaps"] == [swap]
    path = f"{URL}swaps/{swap['id']}/answer/"
    assert script.put(path, {"answer": "accept"}).status_code == 403
    assert others.put(path, {"answer": "withdraw"}).status_code == 403
    assert others.put(path, {"answer": "accept"}).json()["member"]["name"] == "Nora Next"
    assert (
        others.put(path, {"answer": "accept"}).status_code == 403
    )  # their part now is the one that was offered


def test_stale_answer_is_refused(script, asked):
    old = asked.version
    script.put(address(asked, "answer"), {"answer": "accept"})

    headers = {"If-Unmodified-Since-Version": str(old)}
    answer = script.put(address(asked, "answer"), {"answer": "decline"}, headers=headers)

    assert answer.status_code == 412
    assert script.get(address(asked)).json()["state"] == "accepted"


def test_reminder_is_sent_once_a_day(organisers_script, asked):
    assert organisers_script.post(address(asked, "remind")).status_code == 409
    Assignment.objects.update(proposed_at=asked.proposed_at - timedelta(days=2))
    assert organisers_script.post(address(asked, "remind")).json()["reminded_at"]


def test_plan_is_made_read_and_applied(
    organisers_script, make_talk, other, django_capture_on_commit_callbacks
):
    make_talk(1)
    assert organisers_script.get(f"{URL}plan/").status_code == 404
    with django_capture_on_commit_callbacks(execute=True):
        answer = organisers_script.post(f"{URL}plan/", {"dry_run": True})
    assert (answer.status_code, answer.json()["state"]) == (202, "queued")

    plan = organisers_script.get(answer.headers["Location"]).json()
    assert plan["state"] == "ready"
    assert plan == organisers_script.get(f"{URL}plan/").json()
    assert len(plan["changes"]) == 2
    assert all(change["reason"] and change["before"] is None for change in plan["changes"])
    assert [gap["gap"] for gap in plan["gaps"]] == [1, 1]
    assert plan["open"] == []
    assert not Assignment.objects.exists()

    applied = organisers_script.post(f"{answer.headers['Location']}apply/")
    assert applied.json()["state"] == "applied"
    assert Assignment.objects.count() == 2


def test_plan_without_dry_run_is_applied_at_once(
    organisers_script, make_talk, other, django_capture_on_commit_callbacks
):
    items = [make_talk(1), make_talk(2)]
    with django_capture_on_commit_callbacks(execute=True):
        organisers_script.post(f"{URL}plan/", {"dry_run": False, "sessions": [items[0].session_id]})

    assert organisers_script.get(f"{URL}plan/").json()["state"] == "applied"
    assert set(Assignment.objects.values_list("item", flat=True)) == {items[0].pk}


def test_plan_that_moved_is_refused_with_what_has_changed(
    organisers_script, make_talk, parts, other, organiser, club
):
    item = make_talk(1)
    draft = planning.propose_plan(club, by=organiser)
    planning.make(draft.pk)
    assignments.take(item, parts[0], by=other)

    answer = organisers_script.post(f"{URL}plan/{draft.pk}/apply/")

    assert answer.status_code == 409
    assert "Nora Next is presenter of" in answer.json()["detail"]
    assert Assignment.objects.count() == 1


def test_plan_says_what_stays_open(organisers_script, make_talk, organiser, club):
    make_talk(1)
    draft = planning.propose_plan(club, by=organiser)
    planning.make(draft.pk)

    [place] = organisers_script.get(f"{URL}plan/").json()["open"]

    assert place["reason"].startswith("Only one member takes parts")


def test_plan_is_discarded(organisers_script, make_talk, organiser, club):
    make_talk(1)
    draft = planning.propose_plan(club, by=organiser)

    assert organisers_script.delete(f"{URL}plan/{draft.pk}/").status_code == 204
    assert PlanDraft.objects.get().state == "discarded"


def test_nothing_to_plan_is_refused(organisers_script, club):
    assert organisers_script.post(f"{URL}plan/").status_code == 409


def test_days_away_are_noted_and_removed(script, organisers_script, member):
    days = {"first_day": "2031-05-01", "last_day": "2031-05-09"}
    answer = script.post(f"{URL}absences/", days)
    assert answer.status_code == 201
    assert script.post(f"{URL}absences/", days).status_code == 200
    [row] = organisers_script.get(f"{URL}absences/?since=0").json()["results"]
    assert row == {
        **days,
        "id": row["id"],
        "member": {"id": member.pk, "name": "Mia Member"},
        "version": row["version"],
    }

    path = f"{URL}absences/{row['id']}/"
    assert organisers_script.delete(path).status_code == 403
    assert script.delete(path).status_code == 204
    assert not Absence.objects.exists()
    assert script.get(f"{URL}deleted/?since={row['version']}").json()["results"][0]["kind"] == "absence"


def test_days_in_wrong_order_are_named(script):
    answer = script.post(f"{URL}absences/", {"first_day": "2031-05-09", "last_day": "2031-05-01"})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "last_day")


def test_drafts_of_sessions_are_for_organisers(
    script, organisers_script, make_talk, parts, member, organiser
):
    asked = assignments.propose(make_talk(1, state="draft"), parts[0], member=member, by=organiser)

    assert script.get(f"{URL}assignments/").json()["results"] == []
    assert script.get(address(asked)).status_code == 404
    assert organisers_script.get(address(asked)).status_code == 200


def test_list_costs_the_same_for_many(script, asked, make_talk, parts, other, member):
    def count():
        with CaptureQueriesContext(connection) as queries:
            script.get(f"{URL}assignments/")
        return len(queries)

    count()
    few = count()
    for week in range(2, 6):
        theirs = assignments.take(make_talk(week), parts[0], by=other)
        assignments.offer_swap(asked, wanted=theirs, by=member)
    # Token and person, token's clubs, club, roles; assignments, and swaps of both sides.
    assert count() == few <= 8

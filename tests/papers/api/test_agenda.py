"""Agendas for scripts."""

from datetime import UTC, datetime, timedelta

import pytest

from papers import reading_list
from papers.models import AgendaChange, Assignment, Question, Session
from papers.scheduling import agenda_items
from papers.scheduling.parts import load_parts
from tests import factories

from .conftest import make_script

pytestmark = pytest.mark.django_db

STARTS = datetime(2031, 4, 30, 12, 0, tzinfo=UTC)


@pytest.fixture
def session(club):
    return factories.make_session(club, STARTS, lock_at=STARTS - timedelta(days=2))


@pytest.fixture
def address(session):
    return f"/api/v1/clubs/ml/sessions/{session.pk}/agenda/"


@pytest.fixture
def three(session, organiser):
    return [agenda_items.add_item(session, title=title, by=organiser) for title in ("Ants", "Bees", "Cats")]


def shape(answer):
    return [(item["title"] or item["paper"], item["minutes"]) for item in answer.json()["items"]]


def test_read(script, address, session, entry, three, organiser):
    agenda_items.add_item(session, entry=entry, by=organiser, minutes=20, note="Short")
    answer = script.get(address)
    read = answer.json()
    session.refresh_from_db()
    assert (read["session"], read["state"], read["minutes"], read["left"]) == (session.pk, "open", 60, 25)
    item = read["items"][3]
    assert (item["entry"], item["paper"], item["title"]) == (entry.pk, entry.paper_id, "")
    assert (item["starts"], item["note"], item["is_pinned"]) == ("2031-04-30T12:15:00Z", "Short", True)
    assert item["reason"] == "Otto Organiser put it here."
    assert answer.headers["Last-Modified-Version"] == str(session.version) == str(read["version"])
    assert script.get(address, headers={"If-Modified-Since-Version": str(session.version)}).status_code == 304
    assert script.get(address, headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304


def test_add(organisers_script, address, paper):
    answer = organisers_script.post(address, {"title": "News", "minutes": 7, "is_closing": True})
    assert (answer.status_code, shape(answer)) == (201, [("News", 7)])
    answer = organisers_script.post(address, {"paper": paper.pk, "position": 1, "note": "By its author"})
    assert shape(answer) == [(paper.pk, 30), ("News", 7)]
    assert [item["is_closing"] for item in answer.json()["items"]] == [False, True]


@pytest.mark.parametrize(
    "body", [{}, {"title": "A", "paper": 1}, {"paper": 999_999}, {"title": "A", "minutes": 0}]
)
def test_add_nothing_sensible(organisers_script, address, session, body):
    assert organisers_script.post(address, body).status_code == 400
    assert not session.agenda.exists()


def test_add_twice_with_one_key_adds_once(organisers_script, address, session):
    for _time in range(2):
        answer = organisers_script.post(address, {"title": "News"}, headers={"Idempotency-Key": "k1"})
        assert answer.status_code == 201
    assert session.agenda.count() == 1


def test_paper_of_another_club_does_not_exist(organisers_script, address, other_club):
    hidden = factories.make_paper(source=factories.make_source(club=other_club, kind="upload"))
    assert organisers_script.post(address, {"paper": hidden.pk}).status_code == 400


def test_arrange(organisers_script, address, three, paper):
    items = [{"id": three[2].pk, "minutes": 9}, {"paper": paper.pk}, {"id": three[0].pk}, {"title": "Dogs"}]
    answer = organisers_script.put(address, {"items": items})
    assert answer.status_code == 200
    assert shape(answer) == [("Cats", 9), (paper.pk, 30), ("Ants", 5), ("Dogs", 5)]


def test_arranging_names_what_is_there(organisers_script, address, three):
    assert organisers_script.put(address, {"items": [{"id": 999_999}]}).status_code == 409
    assert organisers_script.put(address, {"items": [{"minutes": 5}]}).status_code == 400


def test_change_and_move(organisers_script, address, three):
    answer = organisers_script.patch(
        f"{address}{three[2].pk}/", {"minutes": 8, "title": "Tigers", "position": 1}
    )
    assert shape(answer) == [("Tigers", 8), ("Ants", 5), ("Bees", 5)]
    answer = organisers_script.patch(f"{address}{three[0].pk}/", {"is_closing": True})
    assert shape(answer) == [("Tigers", 8), ("Bees", 5), ("Ants", 5)]
    assert [item["is_closing"] for item in answer.json()["items"]] == [False, False, True]
    answer = organisers_script.patch(f"{address}{three[0].pk}/", {"position": 1})
    assert [item["is_closing"] for item in answer.json()["items"]] == [False, False, False]


def test_remove_and_undo(organisers_script, address, three):
    assert organisers_script.delete(f"{address}{three[0].pk}/").status_code == 204
    assert organisers_script.delete(f"{address}{three[0].pk}/").status_code == 404
    answer = organisers_script.post(f"{address}undo/", {})
    assert shape(answer) == [("Ants", 5), ("Bees", 5), ("Cats", 5)]
    first = AgendaChange.objects.get(said__startswith="“Bees”")
    assert shape(organisers_script.post(f"{address}undo/", {"change": first.pk})) == [("Ants", 5)]
    assert organisers_script.post(f"{address}undo/", {"change": first.pk}).status_code == 409
    assert organisers_script.post(f"{address}undo/", {"change": 999_999}).status_code == 400


def test_item_with_questions_is_removed_when_it_is_said_twice(
    organisers_script, address, session, three, member
):
    Question.objects.create(session=session, item=three[0], text="Why?", asked_by=member)
    answer = organisers_script.delete(f"{address}{three[0].pk}/")
    assert (answer.status_code, answer.json()["code"]) == (409, "refused")
    assert organisers_script.delete(f"{address}{three[0].pk}/?anyway=true").status_code == 204


def test_what_was_removed_is_listed_until_it_is_back(organisers_script, address, three):
    organisers_script.delete(f"{address}{three[0].pk}/")
    deleted = organisers_script.get("/api/v1/clubs/ml/deleted/?since=0").json()["results"]
    assert {"kind": "agendaitem", "id": three[0].pk} in [
        {"kind": row["kind"], "id": row["id"]} for row in deleted
    ]
    organisers_script.post(f"{address}undo/", {})
    deleted = organisers_script.get("/api/v1/clubs/ml/deleted/?since=0").json()["results"]
    assert [row for row in deleted if row["kind"] == "agendaitem"] == []


def test_undo_that_would_end_a_part_wants_to_be_told_so(
    club, organisers_script, address, session, entry, member, organiser
):
    item = agenda_items.add_item(session, entry=entry, by=organiser)
    Assignment.objects.create(club=club, item=item, part=load_parts(club)[0], member=member, state="accepted")
    answer = organisers_script.post(f"{address}undo/", {})
    assert (answer.status_code, answer.json()["code"]) == (409, "refused")
    assert "Mia Member has accepted" in answer.json()["detail"]
    assert shape(organisers_script.post(f"{address}undo/", {"anyway": True})) == []


def test_override(organisers_script, address, three, paper):
    body = {"paper": paper.pk, "note": "Its author visits"}
    answer = organisers_script.post(f"{address}{three[1].pk}/override/", body)
    assert shape(answer) == [("Ants", 5), (paper.pk, 5), ("Cats", 5)]
    assert organisers_script.post(f"{address}{three[0].pk}/override/", {"title": "X"}).status_code == 400


def test_swap(organisers_script, address, three):
    answer = organisers_script.post(f"{address}swap/", {"items": [three[0].pk, three[2].pk]})
    assert shape(answer) == [("Cats", 5), ("Bees", 5), ("Ants", 5)]
    assert organisers_script.post(f"{address}swap/", {"items": [three[0].pk, 999_999]}).status_code == 400


def test_lock_and_unlock(organisers_script, address, session, entry):
    answer = organisers_script.post(f"{address}lock/")
    assert (answer.json()["state"], shape(answer)) == ("locked", [(entry.paper_id, 30)])
    assert answer.json()["items"][0]["score"] == 1
    assert organisers_script.post(f"{address}unlock/", {"lock_at": "2020-01-01T00:00Z"}).status_code == 409
    answer = organisers_script.post(f"{address}unlock/", {"lock_at": "2031-04-30T10:00Z"})
    assert answer.json()["state"] == "open"


def test_who_is_behind_is_told_412_and_nothing_happens(organisers_script, address, session, three):
    version = organisers_script.get(address).headers["Last-Modified-Version"]
    behind = {"If-Unmodified-Since-Version": str(int(version) - 1)}
    answer = organisers_script.patch(f"{address}{three[0].pk}/", {"position": 3}, headers=behind)
    assert (answer.status_code, answer.json()["code"]) == (412, "stale")
    assert organisers_script.put(address, {"items": []}, headers=behind).status_code == 412
    assert Session.objects.get().agenda.count() == 3
    here = {"If-Unmodified-Since-Version": version}
    assert organisers_script.put(address, {"items": []}, headers=here).status_code == 200


def test_changes(script, organisers_script, address, three, organiser):
    organisers_script.patch(f"{address}{three[0].pk}/", {"minutes": 9})
    changes = script.get(f"{address}changes/").json()["results"]
    assert [change["act"] for change in changes] == ["changed", "added", "added", "added"]
    assert (changes[0]["text"], changes[0]["by"]["id"]) == ("“Ants”: 9 minutes.", organiser.pk)
    assert [item["minutes"] for item in changes[0]["before"]] == [5, 5, 5]
    assert [item["minutes"] for item in changes[0]["after"]] == [9, 5, 5]
    assert set(changes[0]["after"][0]) == {
        *("id", "entry", "paper", "title", "minutes", "is_pinned", "is_closing", "note")
    }


def test_strangers_read_a_public_clubs_agenda_without_reasons_and_private_papers(
    club, session, address, entry, private_paper, outsider, organiser
):
    club.is_public = True
    club.save()
    agenda_items.add_item(session, entry=reading_list.note(club, private_paper), by=organiser)
    agenda_items.add_item(session, entry=entry, by=organiser)
    stranger = make_script(outsider)
    [item] = stranger.get(address).json()["items"]
    assert (item["paper"], item["reason"]) == (entry.paper_id, "")
    assert item["starts"] == "2031-04-30T12:30:00Z"
    assert stranger.get(f"{address}changes/").status_code == 403


def test_draft_is_for_organisers(club, script, organisers_script):
    draft = factories.make_session(club, STARTS, state="draft")
    address = f"/api/v1/clubs/ml/sessions/{draft.pk}/agenda/"
    assert script.get(address).status_code == 404
    assert organisers_script.get(address).status_code == 200


def test_queries_do_not_depend_on_the_number_of_items(
    script, session, address, organiser, django_assert_max_num_queries
):
    for number in range(12):
        agenda_items.add_item(session, title=f"Topic {number}", by=organiser)
    with django_assert_max_num_queries(8):
        script.get(address)

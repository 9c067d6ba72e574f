"""Comments over the API: post, answer, edit, remove, and what they said before."""

import json

import pytest

from papers import discussion
from papers.models import Comment

pytestmark = pytest.mark.django_db


@pytest.fixture
def address(entry):
    return f"/api/v1/clubs/ml/entries/{entry.pk}/comments/"


@pytest.fixture
def comment(entry, member):
    return discussion.post_comment(entry, text="Why does $x^2$ grow?", by=member)


def test_post_and_answer(script, entry, address, member):
    answer = script.post(address, {"text": "  Why?\r\nReally?  "})
    assert answer.status_code == 201
    row = answer.json()
    assert row["text"] == "Why?\nReally?"
    assert row["author"] == {"id": member.pk, "name": member.name}
    assert (row["entry"], row["parent"], row["edited"], row["removed"]) == (entry.pk, None, None, None)
    assert script.get(answer.headers["Location"]).json() == row
    reply = script.post(address, {"text": "Because.", "parent": row["id"]}).json()
    assert reply["parent"] == row["id"]
    assert [each["id"] for each in script.get(address).json()["results"]] == [row["id"], reply["id"]]
    assert script.get(f"/api/v1/clubs/ml/entries/{entry.pk}/").json()["comments"] == 2


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "text"),
        ({"text": ""}, "text"),
        ({"text": " \n"}, "text"),
        ({"text": None}, "text"),
        ({"text": ["a"]}, "text"),
        ({"text": "x" * 30_000}, "text"),
        ({"text": "a", "parent": 10**9}, "parent"),
        ({"text": "a", "parent": 2**70}, "parent"),
        ({"text": "a", "parent": "x"}, "parent"),
        ({"text": "a\x00b"}, "text"),
        ({"text": "a\ud800"}, "text"),
    ],
    ids=lambda each: str(each)[:30],
)
def test_odd_comment_is_an_error(script, entry, address, body, field):
    answer = script.generic("POST", address, json.dumps(body), content_type="application/json")
    assert answer.status_code == 400, answer.content
    assert answer.json()["errors"][0]["field"] == field
    assert not Comment.objects.exists()


def test_answer_to_a_comment_on_another_entry_is_an_error(script, address, club, listing, member, comment):
    from papers import reading_list

    elsewhere = reading_list.note(club, listing.items.last().paper)
    other = discussion.post_comment(elsewhere, text="Here.", by=member)
    answer = script.post(address, {"text": "There.", "parent": other.pk})
    assert answer.json()["errors"][0]["field"] == "parent"
    assert script.get(f"{address}{other.pk}/").status_code == 404


def test_edit_keeps_what_it_said(script, address, comment):
    answer = script.patch(f"{address}{comment.pk}/", {"text": "Why not?"})
    assert (answer.status_code, answer.json()["text"]) == (200, "Why not?")
    assert answer.json()["edited"]
    [before] = script.get(f"{address}{comment.pk}/history/").json()["results"]
    assert before["text"] == "Why does $x^2$ grow?"


def test_only_its_author_edits(organisers_script, address, comment):
    answer = organisers_script.patch(f"{address}{comment.pk}/", {"text": "Mine."})
    assert answer.status_code == 403
    comment.refresh_from_db()
    assert comment.text == "Why does $x^2$ grow?"


def test_author_and_organisers_remove(organisers_script, script, address, comment):
    discussion.edit_comment(comment, text="Edited.", by=comment.author)
    assert organisers_script.delete(f"{address}{comment.pk}/").status_code == 204
    row = script.get(f"{address}{comment.pk}/").json()
    assert (row["text"], bool(row["removed"])) == ("", True)
    assert script.get(f"{address}{comment.pk}/history/").json()["results"] == []
    answer = script.patch(f"{address}{comment.pk}/", {"text": "Again."})
    assert (answer.status_code, answer.json()["code"]) == (409, "refused")
    assert script.delete(f"{address}{comment.pk}/").status_code == 204


def test_comments_of_a_whole_club(script, outsiders_script, comment):
    rows = script.get("/api/v1/clubs/ml/comments/").json()["results"]
    assert [row["id"] for row in rows] == [comment.pk]
    assert outsiders_script.get("/api/v1/clubs/bio/comments/").json()["results"] == []

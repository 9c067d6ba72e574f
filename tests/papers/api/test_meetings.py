"""Meetings by the API: clock, notes, questions, files, conclusions, action items."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from papers import reading_list
from papers.models import Assignment, Attachment, Session
from papers.scheduling import attachments, minutes, questions
from papers.scheduling.parts import load_parts
from tests import factories

from .conftest import make_script


@pytest.fixture
def session(club):
    return factories.make_session(club, timezone.now() - timedelta(minutes=1), state=Session.State.LOCKED)


@pytest.fixture
def item(session, private_paper):
    return factories.make_item(session, reading_list.note(session.club, private_paper))


@pytest.fixture
def base(session):
    return f"/api/v1/clubs/ml/sessions/{session.pk}/"


def test_the_clock_runs(organisers_script, item, base):
    began = organisers_script.post(f"{base}meeting/", {"act": "start"}).json()
    assert (began["is_on"], began["item"], began["paused"]) == (True, item.pk, None)
    stale = organisers_script.post(f"{base}meeting/", {"act": "extend", "after": item.pk + 1}).json()
    assert stale["ends"] == began["ends"]
    more = organisers_script.post(f"{base}meeting/", {"act": "extend", "minutes": 7}).json()
    assert more["extra_minutes"] == 7
    last = organisers_script.post(f"{base}meeting/", {"act": "next"})
    assert (last.status_code, last.json()["code"]) == (409, "refused")
    assert organisers_script.post(f"{base}meeting/", {"act": "finish"}).json()["state"] == "held"


def test_a_stale_press_is_refused_by_version(organisers_script, item, base):
    old = organisers_script.get(f"{base}meeting/").json()["version"]
    organisers_script.post(f"{base}meeting/", {"act": "start"})
    headers = {"If-Unmodified-Since-Version": str(old)}
    assert organisers_script.post(f"{base}meeting/", {"act": "next"}, headers=headers).status_code == 412


@pytest.mark.parametrize("where", ["notes/", "agenda/{item}/notes/"])
def test_notes_are_merged(script, organisers_script, item, base, where):
    path = base + where.format(item=item.pk)
    assert script.get(path).json()["version"] == 0
    assert script.put(path, {"base_version": 0, "text": "Mia\n"}).json() == {
        "text": "Mia\n",
        "version": 1,
        "mine": 1,
    }
    both = organisers_script.put(path, {"base_version": 0, "text": "Otto\n"}).json()
    assert both == {"text": "Mia\nOtto\n", "version": 3, "mine": 2}
    assert script.get(path).json()["text"] == "Mia\nOtto\n"
    refused = script.put(path, {"base_version": 3, "text": "x" * 60_000})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (400, "text")


def test_an_item_is_concluded_by_who_presents_it(script, member, item, club, base):
    path = f"{base}agenda/{item.pk}/conclusion/"
    club.minutes_template = "What is new?"
    club.save()
    assert script.get(path).json()["template"] == "What is new?"
    assert script.patch(path, {"verdict": "Good"}).status_code == 403
    Assignment.objects.create(club=club, item=item, part=load_parts(club)[0], member=member, state="accepted")
    done = script.patch(path, {"verdict": "Worth it", "takeaways": "- one"}).json()
    assert (done["verdict"], done["takeaways"]) == ("Worth it", "- one")


def test_questions_since_a_version(script, organiser, session, base, club):
    questions.ask(session, text="Early?", by=organiser)
    club.refresh_from_db()
    asked = script.post(f"{base}questions/", {"text": "Why?"})
    assert (asked.status_code, asked.json()["votes"], asked.json()["my_vote"]) == (201, 1, True)
    for path in (f"{base}questions/", "/api/v1/clubs/ml/questions/"):
        assert [row["text"] for row in script.get(path, {"since": club.version}).json()["results"]] == [
            "Why?"
        ]
        assert len(script.get(path).json()["results"]) == 2
    where = asked["Location"]
    assert script.delete(f"{where}vote/").status_code == 204
    assert script.get(where).json()["votes"] == 0
    assert script.patch(where, {"state": "closed"}).json()["state"] == "closed"
    assert script.delete(where).status_code == 204
    gone = script.get("/api/v1/clubs/ml/deleted/").json()["results"]
    assert ("question", asked.json()["id"]) in [(row["kind"], row["id"]) for row in gone]
    assert script.get(where).status_code == 404


@pytest.mark.parametrize("number", [1, 20])
def test_lists_cost_the_same_for_any_number(script, member, session, base, number, django_assert_num_queries):
    for each in range(number):
        factories.make_question(session, asked_by=member)
        attachments.attach(session, link=f"https://a.example/{each}", by=member)
        minutes.add_action(session, text=f"Do {each}", member=member, by=member)
    script.get(f"{base}questions/")
    for kind in ("questions", "attachments", "actions"):
        # The token and its owner, its clubs, the club, roles, the session, the rows.
        with django_assert_num_queries(6):
            assert len(script.get(f"{base}{kind}/").json()["results"]) == number


def test_a_file_is_attached_and_fetched_but_never_shown(organisers_script, script, item, base):
    page = SimpleUploadedFile("../talk.html", b"<script>alert(1)</script>", content_type="text/html")
    answer = organisers_script.post(
        f"{base}attachments/", {"file": page, "item": item.pk}, format="multipart"
    )
    assert answer.status_code == 201
    kept = answer.json()
    assert (kept["name"], kept["kind"], kept["size"], kept["is_file"]) == ("talk.html", "slides", 25, True)
    file = script.get(kept["url"])
    assert file["Content-Type"] == "application/octet-stream"
    assert file["Content-Disposition"] == 'attachment; filename="talk.html"'
    assert file["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in file["Content-Security-Policy"]
    assert b"".join(file.streaming_content) == b"<script>alert(1)</script>"
    assert organisers_script.delete(answer["Location"]).status_code == 204
    assert script.get(kept["url"]).status_code == 404


def test_a_link_is_attached_as_json(organisers_script, base):
    body = {"link": "https://video.example.org/1", "kind": "recording"}
    kept = organisers_script.post(f"{base}attachments/", body).json()
    assert (kept["url"], kept["is_file"]) == (body["link"], False)
    assert organisers_script.get(f"{base}attachments/{kept['id']}/file").status_code == 404
    bad = organisers_script.post(f"{base}attachments/", {"link": "javascript:alert(1)"})
    assert (bad.status_code, bad.json()["errors"][0]["field"]) == (400, "link")


def test_too_large_a_file_is_not_even_read(organisers_script, base, settings):
    settings.UPLOAD_LIMIT = 1
    file = SimpleUploadedFile("a.pdf", b"x" * 100_000)
    assert (
        organisers_script.post(f"{base}attachments/", {"file": file}, format="multipart").status_code == 413
    )


def test_who_presents_attaches_to_their_item_only(script, member, club, session, item, base):
    Assignment.objects.create(club=club, item=item, part=load_parts(club)[0], member=member, state="accepted")
    body = {"link": "https://a.example/"}
    assert script.post(f"{base}attachments/", body).status_code == 403
    assert script.post(f"{base}attachments/", {**body, "item": item.pk}).status_code == 201
    other = factories.make_item(session)
    assert script.post(f"{base}attachments/", {**body, "item": other.pk}).status_code == 403


def test_action_items(script, organisers_script, member, outsider, base):
    made = organisers_script.post(
        f"{base}actions/", {"text": "Ask them", "member": member.pk, "due": "2026-05-07"}
    )
    assert (made.status_code, made.json()["member"]["name"], made.json()["due"]) == (
        201,
        "Mia Member",
        "2026-05-07",
    )
    where = made["Location"]
    assert script.patch(where, {"is_done": True}).json()["done"]
    assert script.patch(where, {"guest": "Prof. Visitor"}).json()["guest"] == "Prof. Visitor"
    wrong = organisers_script.patch(where, {"member": outsider.pk})
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (400, "member")
    assert organisers_script.get("/api/v1/clubs/ml/actions/").json()["results"][0]["text"] == "Ask them"
    assert organisers_script.delete(where).status_code == 204


def test_visitors_of_a_public_club_see_no_people_and_no_private_papers(
    club, outsider, organiser, session, item, base
):
    club.is_public = True
    club.save()
    attachments.attach(session, item=item, link="https://private.example/", by=organiser)
    attachments.attach(session, link="https://open.example/", by=organiser)
    stranger = make_script(outsider)
    shown = stranger.get(f"{base}attachments/").json()["results"]
    assert [(row["url"], row["added_by"]) for row in shown] == [("https://open.example/", None)]
    assert stranger.get(f"{base}agenda/{item.pk}/notes/").status_code == 404
    assert stranger.get(f"{base}notes/").status_code == 403
    for address in ("archive/", "record/", "record.csv"):
        assert stranger.get(f"/api/v1/clubs/ml/{address}").status_code == 403
    assert stranger.get(f"{base}agenda/{item.pk}/conclusion/").status_code == 404
    hidden = Attachment.objects.get(item=item)
    assert stranger.get(f"{base}attachments/{hidden.pk}/").status_code == 404
    for kind in ("questions", "actions"):
        assert stranger.get(f"{base}{kind}/").status_code == 403
        assert stranger.get(f"/api/v1/clubs/ml/{kind}/").status_code == 403
    assert stranger.put(f"{base}notes/", {"base_version": 0, "text": "x"}).status_code == 403


def test_the_archive_is_walked_both_ways(script, organiser, session, club):
    for number in range(5):
        item = factories.make_item(session, reading_list.note(club, factories.make_paper(f"Paper {number}")))
        minutes.conclude(item, verdict=f"Verdict {number}", by=organiser)
    Session.objects.filter(pk=session.pk).update(state="held")
    first = script.get("/api/v1/clubs/ml/archive/?q=verdict&limit=2").json()
    second = script.get(first["next"]).json()
    third = script.get(second["next"]).json()
    rows = [row["title"] for page in (first, second, third) for row in page["results"]]
    assert sorted(rows) == [f"Paper {number}" for number in range(5)]
    assert (first["previous"], third["next"]) == (None, None)
    assert script.get(second["previous"]).json()["results"] == first["results"]
    shown = first["results"][0]
    assert (shown["session"], shown["verdict"][:7], shown["parts"]) == (session.pk, "Verdict", [])
    assert script.get("/api/v1/clubs/ml/archive/?cursor=x").status_code == 400


def test_who_came_and_the_record(script, organisers_script, member, organiser, session, base):
    assert script.get(f"{base}came/").json()[0] == {
        "member": member.pk, "guest": None, "name": "Mia Member", "answer": "", "came": None
    }  # fmt: skip
    body = {"members": [member.pk], "new_guests": ["=Guest"]}
    came = organisers_script.put(f"{base}came/", body).json()
    assert {row["name"]: row["came"] for row in came} == {
        "Mia Member": True, "Otto Organiser": None, "=Guest": True
    }  # fmt: skip
    wrong = organisers_script.put(f"{base}came/", {"members": [999_999]})
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (400, "members")
    Session.objects.filter(pk=session.pk).update(state="held")
    found = script.get("/api/v1/clubs/ml/record/").json()
    assert [(row["name"], row["came"]) for row in found["people"]] == [("Mia Member", 1), ("=Guest", 1)]
    text = script.get("/api/v1/clubs/ml/record.csv")
    assert text["Content-Type"] == "text/csv; charset=utf-8" and "'=Guest" in text.content.decode()
    assert script.get("/api/v1/clubs/ml/record.csv?by=colour").status_code == 400
    assert script.get("/api/v1/clubs/ml/record/?from=soon").json()["errors"][0]["field"] == "from"

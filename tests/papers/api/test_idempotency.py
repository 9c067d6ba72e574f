"""Idempotency-Key: a request that is sent again is answered again, and done once."""

import threading
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.utils import timezone

from accounts import clubs
from papers.models import Comment, IdempotentResponse, Import

from .conftest import make_script

pytestmark = pytest.mark.django_db

KEY = {"HTTP_IDEMPOTENCY_KEY": "8c1b4a"}


@pytest.fixture
def address(entry):
    return f"/api/v1/clubs/ml/entries/{entry.pk}/comments/"


def test_repeated_post_is_answered_the_same_and_done_once(script, address):
    first = script.post(address, {"text": "Why?"}, **KEY)
    again = script.post(address, {"text": "Why?"}, **KEY)
    assert first.status_code == again.status_code == 201
    assert first.json() == again.json()
    for header in ("Location", "Last-Modified-Version", "Content-Type"):
        assert first.headers[header] == again.headers[header]
    assert again.headers["Idempotent-Replayed"] == "true"
    assert Comment.objects.count() == 1


def test_key_with_another_body_or_address_is_refused(script, address):
    script.post(address, {"text": "Why?"}, **KEY)
    for where, body in ((address, {"text": "How?"}), ("/api/v1/clubs/ml/entries/", {"text": "Why?"})):
        answer = script.post(where, body, **KEY)
        assert (answer.status_code, answer.json()["code"]) == (422, "key_reused")
    assert Comment.objects.count() == 1


def test_refused_request_may_be_tried_again_with_its_key(script, address):
    assert script.post(address, {"text": ""}, **KEY).status_code == 400
    assert not IdempotentResponse.objects.exists()
    assert script.post(address, {"text": "Why?"}, **KEY).status_code == 201


def test_keys_of_others_are_others(script, organisers_script, member, address):
    script.post(address, {"text": "Why?"}, **KEY)
    assert organisers_script.post(address, {"text": "Why?"}, **KEY).status_code == 201
    assert make_script(member).post(address, {"text": "Why?"}, **KEY).status_code == 201
    assert Comment.objects.count() == 3


def test_whoever_left_the_club_gets_no_stored_answer(script, member, club, address):
    script.post(address, {"text": "Why?"}, **KEY)
    clubs.remove_member(club.memberships.get(user=member))
    answer = script.post(address, {"text": "Why?"}, **KEY)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_key_is_forgotten_after_a_day(script, address):
    script.post(address, {"text": "Why?"}, **KEY)
    IdempotentResponse.objects.update(created=timezone.now() - timedelta(hours=25))
    script.post(address, {"text": "How?"}, HTTP_IDEMPOTENCY_KEY="another")
    assert [row.key for row in IdempotentResponse.objects.all()] == ["another"]
    assert script.post(address, {"text": "Why?"}, **KEY).status_code == 201
    assert Comment.objects.count() == 3


def test_expired_key_is_free_again(script, address):
    script.post(address, {"text": "Why?"}, **KEY)
    IdempotentResponse.objects.update(created=timezone.now() - timedelta(hours=25))
    assert script.post(address, {"text": "Something else"}, **KEY).status_code == 201


@pytest.mark.parametrize("key", ["", " ", "x" * 256, "\x7f", "a\tb"])
def test_odd_key_is_an_error(script, address, key):
    answer = script.post(address, {"text": "Why?"}, HTTP_IDEMPOTENCY_KEY=key)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "Idempotency-Key"
    assert not Comment.objects.exists()


def test_upload_is_compared_by_its_bytes(organisers_script, club, listing):
    def upload(content, name="a.txt"):
        data = {"file": SimpleUploadedFile(name, content), "club": "ml"}
        return organisers_script.post("/api/v1/imports/", data, format="multipart", **KEY)

    first, again = upload(b"[]"), upload(b"[]")
    assert first.status_code == again.status_code == 202, first.content
    assert first.json() == again.json()
    assert upload(b"[1]").status_code == 422
    assert Import.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_requests_at_once_with_one_key_are_done_once(member, address):
    script = make_script(member)
    barrier, answers = threading.Barrier(6), []

    def post():
        barrier.wait()
        try:
            answers.append(script.post(address, {"text": "Why?"}, **KEY))
        finally:
            connection.close()

    threads = [threading.Thread(target=post) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [answer.status_code for answer in answers] == [201] * 6
    assert len({answer.content for answer in answers}) == 1
    assert Comment.objects.count() == 1


def test_whoever_left_a_public_club_gets_no_stored_names(script, member, club, entry):
    club.is_public = True
    club.save()
    address = "/api/v1/clubs/ml/entries/"
    assert script.post(address, {"paper": entry.paper_id}, **KEY).status_code in {200, 201}
    clubs.remove_member(club.memberships.get(user=member))
    assert script.post(address, {"paper": entry.paper_id}, **KEY).status_code == 403


def test_whoever_left_the_club_gets_no_stored_import(organisers_script, organiser, club):
    def post():
        form = {"file": SimpleUploadedFile("secret-name.json", b"[]"), "club": "ml"}
        return organisers_script.post("/api/v1/imports/", form, format="multipart", **KEY)

    assert post().status_code == 202
    clubs.remove_member(club.memberships.get(user=organiser))
    answer = post()
    assert answer.status_code == 400 and b"secret-name" not in answer.content

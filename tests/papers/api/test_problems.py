"""Errors: always problem details, never a page, never a 500 for what a client sends."""

import json

import pytest
from django.core.exceptions import SuspiciousOperation
from django.db import OperationalError

from papers import discussion
from papers.api import throttling
from papers.api.views import entries
from papers.models import Entry

from .conftest import make_script

pytestmark = pytest.mark.django_db

ENTRIES = "/api/v1/clubs/ml/entries/"


def problem(answer, status, code):
    assert answer.status_code == status, answer.content
    assert answer.headers["Content-Type"] == "application/problem+json"
    body = answer.json()
    assert (body["status"], body["code"]) == (status, code)
    assert body["type"] == f"http://localhost:8000/api/docs/#problem-{code}"
    assert body["title"]
    assert body["detail"]
    assert body["instance"] == answer.wsgi_request.path
    return body


def test_nobody_signed_in(visitors_script):
    answer = visitors_script.get("/api/v1/papers/")
    problem(answer, 401, "not_authenticated")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize(
    "header",
    [
        "Bearer",
        "Bearer x",
        "Bearer a b",
        "Bearer \xff\xfe",
        "Bearer " + "x" * 5000,
        "Token x",
        "Basic eDp4",
        "\x00",
    ],
)
def test_odd_authorization(client, header):
    answer = client.get("/api/v1/papers/", HTTP_AUTHORIZATION=header)
    assert answer.status_code == 401
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_not_found(script):
    problem(script.get("/api/v1/papers/999/"), 404, "not_found")
    problem(script.get("/api/v1/nothing/"), 404, "not_found")
    problem(script.get("/api/v1/nothing"), 404, "not_found")
    problem(script.post("/api/v1/nothing/", {}), 404, "not_found")


@pytest.mark.parametrize("path", ["%00/", "papers/%00/", "clubs/m%00l/"])
def test_null_bytes_in_addresses(script, path):
    problem(script.get(f"/api/v1/{path}"), 404, "not_found")


def test_null_bytes_in_tags(script, entry):
    problem(script.delete(f"{ENTRIES}{entry.pk}/tags/a%00b/"), 404, "not_found")


def test_address_without_its_slash_leads_there_with_method_and_body(script, club):
    for method in ("get", "post"):
        answer = getattr(script, method)("/api/v1/clubs/ml/entries?state=noted")
        assert answer.status_code == 308
        assert answer.headers["Location"] == "/api/v1/clubs/ml/entries/?state=noted"


def test_forbidden(member, entry):
    answer = make_script(member, scope="read").put(f"{ENTRIES}{entry.pk}/vote/", {"value": 1})
    body = problem(answer, 403, "permission_denied")
    assert "only read" in body["detail"]


def test_method_not_allowed(script):
    answer = script.post("/api/v1/listings/", {})
    problem(answer, 405, "method_not_allowed")
    assert answer.headers["Allow"] == "GET, HEAD"


@pytest.mark.parametrize("header", ["text/html", "application/xml"])
def test_only_json_is_served(script, header):
    problem(script.get("/api/v1/papers/", HTTP_ACCEPT=header), 406, "not_acceptable")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b'{"paper": NaN}',
        b'{"paper": Infinity}',
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"a":' * 50_000,
        b'{"paper": ' + b"9" * 5000 + b"}",
        b"\x00",
    ],
    ids=lambda body: repr(body[:12]),
)
def test_body_that_is_no_json(script, club, body):
    answer = script.generic("POST", ENTRIES, body, content_type="application/json")
    assert answer.status_code == 400, answer.content
    assert answer.json()["code"] in {"parse_error", "invalid"}


@pytest.mark.parametrize("charset", ["utf-16", "nonsense", "zlib", "rot13"])
def test_json_is_utf_8_whatever_the_header_says(script, club, charset):
    answer = script.generic(
        "POST", ENTRIES, b'{"paper": 1}', content_type=f"application/json; charset={charset}"
    )
    problem(answer, 400, "invalid")


def test_body_over_a_mebibyte(script, club):
    body = json.dumps({"paper": 1, "x": "x" * 2**20})
    problem(script.generic("POST", ENTRIES, body, content_type="application/json"), 413, "too_large")


def test_other_media_types(script, club):
    answer = script.generic("POST", ENTRIES, "paper=1", content_type="application/x-www-form-urlencoded")
    problem(answer, 415, "unsupported_media_type")


def test_validation_names_each_field(script, entry):
    body = problem(script.put(f"{ENTRIES}{entry.pk}/vote/", {"value": 3}), 400, "invalid")
    assert body["errors"] == [
        {"field": "value", "message": '"3" is not a valid choice.', "accepted": [1, -1]}
    ]
    assert body["detail"].startswith("value: ")


def test_several_wrong_parameters_are_all_named(script, club):
    body = problem(script.get(f"{ENTRIES}?state=lost&paper=x"), 400, "invalid")
    assert {each["field"] for each in body["errors"]} == {"state", "paper"}


@pytest.mark.parametrize(
    "query",
    [
        "q=%00",
        "category=%00",
        "identifier=%00",
        "published_after=%00",
        "q=" + "x" * 401,
        "published_after=9999999-01-01",
    ],
)
def test_null_bytes_and_monsters_in_parameters(script, query):
    problem(script.get(f"/api/v1/papers/?{query}"), 400, "invalid")


@pytest.mark.parametrize(
    "query",
    ["q=%F0%9F%A6%84", "q=%FF", "q='; DROP TABLE--", "q=%3A*%26|!()", "category=%F0%9F%A6%84", "q=\u202e"],
)
def test_odd_but_honest_parameters_find_nothing(script, query):
    answer = script.get(f"/api/v1/papers/?{query}")
    assert answer.status_code == 200, answer.content


def test_too_many_requests(script, monkeypatch, member):
    monkeypatch.setattr(throttling.TokenRateThrottle, "THROTTLE_RATES", {"user": "2/minute"})
    for _ in range(2):
        assert script.get("/api/v1/papers/").status_code == 200
    answer = script.get("/api/v1/papers/")
    problem(answer, 429, "throttled")
    assert 1 <= int(answer.headers["Retry-After"]) <= 60
    # Each token is counted for itself.
    assert make_script(member).get("/api/v1/papers/").status_code == 200


def test_requests_pass_uncounted_while_the_cache_is_away(script, monkeypatch):
    class Away:
        def get(self, *args):
            raise ConnectionError

    monkeypatch.setattr(throttling.TokenRateThrottle, "cache", Away())
    assert script.get("/api/v1/papers/").status_code == 200


def broken(error):
    def act(*args, **kwargs):
        raise error

    return act


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (discussion.CommentGone("It is gone."), 409, "refused"),
        (discussion.BadComment("It is empty."), 400, "invalid"),
        (discussion.TooManyComments("Wait."), 429, "throttled"),
        (OperationalError("deadlock detected"), 503, "unavailable"),
        (SuspiciousOperation("Odd."), 400, "parse_error"),
    ],
    ids=["gone", "bad", "many", "database", "suspicious"],
)
def test_what_the_core_raises(script, entry, monkeypatch, error, status, code):
    monkeypatch.setattr(entries.reading_list, "cast_vote", broken(error))
    answer = script.put(f"{ENTRIES}{entry.pk}/vote/", {"value": 1})
    body = problem(answer, status, code)
    assert "deadlock" not in body["detail"]
    if status == 503:
        assert answer.headers["Retry-After"] == "2"


def test_our_own_mistake_is_a_problem_too_and_is_logged_and_changes_nothing(
    script, entry, monkeypatch, caplog
):
    monkeypatch.setattr(entries.EntriesView, "show_entry", broken(ZeroDivisionError("secret detail")))
    script.handler.raise_request_exception = script.raise_request_exception = False
    answer = script.put(f"{ENTRIES}{entry.pk}/vote/", {"value": 1})
    body = problem(answer, 500, "error")
    assert "secret" not in json.dumps(body)
    assert "ZeroDivisionError" in caplog.text


def test_mistake_in_the_middle_of_an_act_leaves_nothing(script, club, listing, monkeypatch):
    monkeypatch.setattr(entries.reading_list, "suggest", broken(ZeroDivisionError()))
    script.raise_request_exception = False
    paper = listing.items.first().paper
    assert script.post(ENTRIES, {"paper": paper.pk}).status_code == 500
    assert not Entry.objects.exists()


def test_half_a_character_is_a_problem_too(script, entry):
    body = b'{"value":"\\ud800"}'
    answer = script.generic("PUT", f"{ENTRIES}{entry.pk}/vote/", body, content_type="application/json")
    problem(answer, 400, "invalid")

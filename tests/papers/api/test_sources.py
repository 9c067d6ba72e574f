"""Sources by the API: what is told to whom, and what keepers do."""

from datetime import timedelta

import pytest
from django.utils import timezone

from papers import importing
from papers.models import DryRun, Import, Source
from papers.sources import dry_run, keeping, running
from tests import factories
from tests.papers.sources.test_running import path
from tests.services import atom

from .conftest import make_script

pytestmark = pytest.mark.django_db

SOURCES = "/api/v1/sources/"
ASKED = {"name": "Translation", "kind": "arxiv", "query": "cat:cs.CL", "every_hours": 6}


@pytest.fixture
def keeper(administrator):
    return make_script(administrator)


@pytest.fixture
def feed():
    return keeping.make_source(
        club=None, kind="feed", name="Feed", address="https://x.example/feed?key=secret", every_hours=6
    )


def test_administrator_adds_a_source(keeper):
    answer = keeper.post(SOURCES, {**ASKED, "since": "2026-11-01", "is_paused": True})
    assert answer.status_code == 201, answer.content
    row = answer.json()
    source = Source.objects.get()
    assert row == {
        "id": source.pk, "slug": "translation", "name": "Translation", "kind": "arxiv", "club": None,
        "query": "cat:cs.CL", "address": "", "since": "2026-11-01", "every_hours": 6, "daily_at": None,
        "time_zone": "UTC", "is_paused": True, "watermark": {},
        "health": {"state": "paused", "text": "Paused: it asks nobody until somebody resumes it.", "last_good": None,
                   "next_run": None, "failures": 0, "error": ""},
    }  # fmt: skip
    assert keeper.get(answer.headers["Location"]).json() == row


def test_organiser_adds_one_for_the_club(organisers_script, club, other_club):
    forgotten = organisers_script.post(SOURCES, ASKED, headers={"Idempotency-Key": "a"})
    assert (forgotten.status_code, forgotten.json()["errors"][0]["field"]) == (400, "club")
    assert organisers_script.post(SOURCES, {**ASKED, "club": "bio"}).status_code == 400
    row = organisers_script.post(
        SOURCES, {**ASKED, "club": "ml", "every_hours": None, "daily_at": "06:30"}
    ).json()
    assert (row["club"], row["daily_at"]) == ("ml", "06:30")


def test_a_token_for_clubs_keeps_no_source_of_the_installation(administrator, club, feed):
    club.memberships.create(user=administrator, role="organiser")
    limited = make_script(administrator, clubs=[club])
    assert limited.post(SOURCES, ASKED).json()["errors"][0]["accepted"] == ["ml"]
    assert not Source.objects.filter(club=None).exclude(pk=feed.pk).exists()
    assert limited.patch(f"{SOURCES}{feed.pk}/", {"name": "x"}).status_code == 403
    assert limited.post(f"{SOURCES}{feed.pk}/run/").status_code == 403
    assert limited.post(SOURCES, {**ASKED, "club": "ml"}).status_code == 201


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"query": ""}, "query"), ({"kind": "upload"}, "kind"), ({"kind": "nothing"}, "kind"), ({"name": ""}, "name"),
        ({"every_hours": 0}, "every_hours"), ({"daily_at": "soon"}, "daily_at"), ({"time_zone": "Mars"}, "time_zone"),
        ({"kind": "feed", "address": "http://a:b@x.example/"}, "address"), ({"since": "x"}, "since"),
        ({"club": "no-such"}, "club"), ({"name": "x\x00"}, "name"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_names_its_field(keeper, fields, field):
    answer = keeper.post(SOURCES, {**ASKED, **fields})
    assert answer.status_code == 400, answer.content
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert not Source.objects.exists()


@pytest.mark.parametrize(
    "fields",
    [{"kind": "oai", "address": "https://x.example/oai"}, {"kind": "hugging_face"}, {"kind": "biorxiv"}],
)
def test_what_a_kind_does_not_need_may_be_left_out(keeper, fields):
    answer = keeper.post(SOURCES, {"name": "Few words", **fields})
    assert answer.status_code == 201, answer.content
    assert answer.json()["query"] == ""


def test_two_schedules_are_one_too_many(keeper):
    answer = keeper.post(SOURCES, {**ASKED, "daily_at": "06:00"})
    assert answer.status_code == 400
    assert "Choose one of the two" in answer.json()["errors"][0]["message"]


def test_a_repeated_key_adds_one_source(keeper):
    answers = [keeper.post(SOURCES, ASKED, headers={"Idempotency-Key": "k"}).json() for _time in range(2)]
    assert answers[0]["id"] == answers[1]["id"] and Source.objects.count() == 1


def test_others_read_neither_address_nor_watermark_nor_error(script, keeper, feed):
    Source.objects.update(failures=1, error="x.example answered 500.", watermark={"day": "2026-11-20"})
    for address in (SOURCES, f"{SOURCES}{feed.pk}/"):
        answer = script.get(address)
        assert "secret" not in answer.content.decode() and "answered 500" not in answer.content.decode()
        row = answer.json()["results"][0] if address == SOURCES else answer.json()
        assert (row["query"], row["address"], row["watermark"], row["health"]["error"]) == (None,) * 4
        assert (row["health"]["state"], row["health"]["failures"]) == ("failing", 1)
    assert keeper.get(f"{SOURCES}{feed.pk}/").json()["health"]["error"] == "x.example answered 500."


def test_change(keeper, feed):
    address = f"{SOURCES}{feed.pk}/"
    Source.objects.update(etag="x")
    row = keeper.patch(address, {"name": "Other", "daily_at": "07:00", "time_zone": "Asia/Tokyo"}).json()
    assert (row["name"], row["daily_at"], row["every_hours"], row["time_zone"]) == (
        "Other",
        "07:00",
        None,
        "Asia/Tokyo",
    )
    assert Source.objects.get().etag == "x"
    assert keeper.patch(address, {"is_paused": True}).json()["health"]["state"] == "paused"
    assert keeper.patch(address, {"address": "https://y.example/"}).json()["address"] == "https://y.example/"
    assert Source.objects.get().etag == ""
    assert keeper.patch(address, {"address": "file:///x"}).json()["errors"][0]["field"] == "address"
    assert keeper.patch(address, {"kind": "upload"}).status_code == 400


def test_remove(keeper, feed):
    other = keeping.make_source(club=None, **ASKED)
    factories.make_paper(source=other)
    assert keeper.delete(f"{SOURCES}{feed.pk}/").status_code == 204
    answer = keeper.delete(f"{SOURCES}{other.pk}/")
    assert (answer.status_code, answer.json()["code"]) == (409, "refused")
    assert list(Source.objects.all()) == [other]


def test_run(keeper, feed):
    answer = keeper.post(f"{SOURCES}{feed.pk}/run/")
    assert answer.status_code == 202
    run = Import.objects.get()
    assert (answer.json()["id"], answer.json()["state"], run.is_run) == (run.pk, "queued", True)
    assert keeper.get(answer.headers["Location"]).json()["source"] == feed.pk
    assert keeper.post(f"{SOURCES}{feed.pk}/run/").json()["id"] == run.pk


def test_too_many_runs_are_429(keeper, feed, monkeypatch):
    monkeypatch.setattr(running, "MOST_BY_HAND", 1)
    for act in ("run", "dry_run"):
        answer = keeper.post(f"{SOURCES}{feed.pk}/{act}/")
        assert (answer.status_code, answer.json()["code"]) == (429, "throttled")
        assert answer.headers["Retry-After"] == "3600" and "within an hour" in answer.json()["detail"]
    assert not Import.objects.exists() and not DryRun.objects.exists()


def test_uploads_are_not_run(keeper):
    uploads = importing.default_source("", None)
    for act in ("run", "dry_run"):
        answer = keeper.post(f"{SOURCES}{uploads.pk}/{act}/")
        assert (answer.status_code, answer.json()["code"]) == (409, "refused")


def test_dry_run(keeper, services):
    services.answer(path(0), atom([("2611.00001", "2026-11-24"), ("no-id", "2026-11-24")]))
    source = keeping.make_source(club=None, **ASKED, since=timezone.now().date() - timedelta(days=9))
    address = f"{SOURCES}{source.pk}/dry_run/"
    assert keeper.get(address).status_code == 404
    answer = keeper.post(address)
    assert (answer.status_code, answer.json()["state"]) == (202, "queued")
    dry_run.perform(DryRun.objects.get().pk)
    row = keeper.get(address).json()
    assert (row["state"], row["has_more"]) == ("done", False)
    assert row["found"][0] == {
        "what": "new", "title": "On matter 2611.00001", "authors": "Ada 2611 00001", "paper": None
    }  # fmt: skip
    assert row["found"][1]["what"] == "rejected"

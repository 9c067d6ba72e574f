"""Imports over the API: queue, follow, read the rejections; the bounds."""

from io import BytesIO

import pytest
from django.conf import settings as django_settings
from django.core.files.uploadedfile import SimpleUploadedFile

from papers.models import Import, Listing, Paper, RejectedRecord
from tests import factories

from .conftest import make_script

pytestmark = pytest.mark.django_db

IMPORTS = "/api/v1/imports/"

TWO_PAPERS_AND_A_BROKEN_ONE = b"""[
 {"paper": {"id": "2504.10001", "title": "One", "publishedAt": "2025-04-24T00:00:00.000Z"}},
 {"paper": {"title": "Without an id"}},
 {"paper": {"id": "2504.10002", "title": "Two"}}
]"""


def upload(script, content=TWO_PAPERS_AND_A_BROKEN_ONE, name="papers.json", **fields):
    return script.post(IMPORTS, {"file": SimpleUploadedFile(name, content), **fields}, format="multipart")


def test_organiser_queues_an_import_and_follows_it(
    organisers_script, organiser, club, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        answer = upload(organisers_script, club="ml", date="2025-04-25")
    assert answer.status_code == 202, answer.content
    row = answer.json()
    assert (row["state"], row["club"], row["input_name"], row["date"]) == (
        "queued",
        "ml",
        "papers.json",
        "2025-04-25",
    )
    assert row["queued_by"] == {"id": organiser.pk, "name": organiser.name}
    followed = organisers_script.get(answer.headers["Location"]).json()
    assert followed["state"] == "done"
    assert followed["counts"] == {"added": 2, "updated": 0, "unchanged": 0, "rejected": 1}
    assert (
        followed["progress"]["read_bytes"]
        == followed["progress"]["input_bytes"]
        == len(TWO_PAPERS_AND_A_BROKEN_ONE)
    )
    assert followed["finished"]
    [rejection] = organisers_script.get(f"{answer.headers['Location']}rejections/").json()["results"]
    assert rejection["place"] == "item 2"
    assert rejection["reason"]
    assert "Without an id" in rejection["raw"]
    assert Listing.objects.get().date.isoformat() == "2025-04-25"
    assert [each["id"] for each in organisers_script.get(IMPORTS).json()["results"]] == [row["id"]]


def test_administrator_imports_for_all(administrator):
    answer = upload(make_script(administrator))
    assert answer.status_code == 202
    assert answer.json()["club"] is None


def test_organiser_who_forgot_the_club_is_asked_for_it(organisers_script, club, other_club):
    answer = upload(organisers_script)
    assert answer.status_code == 400
    assert answer.json()["errors"] == [
        {"field": "club", "message": "Say for which club. For everybody, it is up to administrators.",
         "accepted": ["ml"]}
    ]  # fmt: skip
    assert not Import.objects.exists()


@pytest.mark.parametrize("fields", [{}, {"club": "ml"}])
def test_members_do_not_import(script, club, fields):
    answer = upload(script, **fields)
    assert answer.status_code == 403
    assert not Import.objects.exists()
    assert not django_settings.FILES_DIR.exists() or not list(django_settings.FILES_DIR.rglob("*/*"))


def test_organiser_does_not_import_for_the_installation_by_naming_its_source(organisers_script, source):
    assert upload(organisers_script, source=source.slug).status_code == 403
    answer = upload(organisers_script, source=source.slug, club="ml")
    assert answer.json()["errors"][0]["field"] == "source"


def test_source_of_the_club_makes_it_the_clubs_import(organisers_script, club):
    own = factories.make_source(club=club, kind="upload")
    for name in (own.slug, str(own.pk)):
        answer = upload(organisers_script, source=name)
        assert (answer.status_code, answer.json()["source"], answer.json()["club"]) == (202, own.pk, "ml")


def test_token_for_another_club_does_not_import_here(organiser, club, other_club):
    other_club.memberships.create(user=organiser, role="organiser")
    elsewhere = make_script(organiser, clubs=[other_club])
    answer = upload(elsewhere, club="ml")
    assert answer.json()["errors"][0]["field"] == "club"
    assert upload(elsewhere, club="bio").status_code == 202


def test_administrators_token_for_a_club_does_not_import_for_all(administrator, club):
    club.memberships.create(user=administrator, role="organiser")
    limited = make_script(administrator, clubs=[club])
    assert upload(limited).json()["errors"][0]["accepted"] == ["ml"]
    assert upload(limited, club="ml").status_code == 202


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"format": "pdf"}, "format"),
        ({"date": "yesterday"}, "date"),
        ({"club": "no-such"}, "club"),
        ({"club": "bio"}, "club"),
        ({"club": "m\x00l"}, "club"),
        ({"source": "no-such"}, "source"),
        ({"source": "9" * 30}, "source"),
    ],
    ids=str,
)
def test_odd_fields_are_errors(organisers_script, other_club, fields, field):
    answer = upload(organisers_script, **{"club": "ml", **fields})
    assert answer.status_code == 400, answer.content
    assert answer.json()["errors"][0]["field"] == field
    assert not Import.objects.exists()


def test_unknown_format_is_told_what_is_known(organisers_script, club):
    [error] = upload(organisers_script, club="ml", format="pdf").json()["errors"]
    assert "hf-json" in error["accepted"]


def test_file_is_required(organisers_script, club):
    answer = organisers_script.post(IMPORTS, {"club": "ml"}, format="multipart")
    assert answer.json()["errors"][0]["field"] == "file"
    answer = organisers_script.post(IMPORTS, {"club": "ml", "file": "text"}, format="multipart")
    assert answer.json()["errors"][0]["field"] == "file"
    assert organisers_script.post(IMPORTS, {"club": "ml"}, format="json").status_code == 415


@pytest.mark.parametrize(
    "content", [b"", b"\x00\x01\x02" * 100, b"<html><body>No papers</body></html>", b"\xff\xfe\xff"], ids=repr
)
def test_hopeless_input_ends_as_a_failed_import_with_a_sentence(
    organisers_script, club, django_capture_on_commit_callbacks, content
):
    with django_capture_on_commit_callbacks(execute=True):
        answer = upload(organisers_script, content, club="ml")
    assert answer.status_code == 202
    row = organisers_script.get(answer.headers["Location"]).json()
    assert row["state"] == "failed"
    assert row["error"].endswith(".")
    assert not Paper.objects.exists()


def test_upload_over_the_limit_is_refused_before_it_is_read(organisers_script, club, settings, monkeypatch):
    settings.UPLOAD_LIMIT = 100
    monkeypatch.setattr("papers.api.views.imports.FORM_ALLOWANCE", 0)
    unread = BytesIO(b"x" * 10_000)
    answer = organisers_script.generic(
        "POST",
        IMPORTS,
        b"",
        content_type="multipart/form-data; boundary=x",
        CONTENT_LENGTH="10000",
        **{"wsgi.input": unread},
    )
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    assert unread.tell() == 0


def test_upload_over_the_limit_is_refused_while_it_is_stored(organisers_script, club, settings):
    settings.UPLOAD_LIMIT = 100
    answer = upload(organisers_script, b"x" * 101, club="ml")
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    assert not Import.objects.exists()


@pytest.mark.parametrize("body", [b"", b"--x", b"--x\r\n\r\n--x--", b"\xff" * 100], ids=repr)
def test_broken_form_is_an_error(organisers_script, club, body):
    answer = organisers_script.generic("POST", IMPORTS, body, content_type="multipart/form-data; boundary=x")
    assert answer.status_code == 400
    answer = organisers_script.generic("POST", IMPORTS, body, content_type="multipart/form-data")
    assert answer.status_code == 400
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_form_of_ten_thousand_fields_is_an_error(organisers_script, club):
    fields = {f"field-{number}": "x" for number in range(2000)}
    answer = upload(organisers_script, **fields)
    assert answer.status_code in {400, 413}
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_name_of_the_file_leads_nowhere(organisers_script, club):
    answer = upload(organisers_script, name="../../etc/pass\twd.json", club="ml")
    assert answer.status_code == 202
    assert "/" not in answer.json()["input_name"]


def test_filters_and_pages_of_rejections(organisers_script, organiser, club):
    source = factories.make_source(club=club, kind="upload")
    run = Import.objects.create(source=source, club=club, queued_by=organiser, input_name="a.txt")
    RejectedRecord.objects.bulk_create(
        RejectedRecord(run=run, number=number, place=f"line {number}", reason="No title.")
        for number in range(1, 6)
    )
    walked, address = [], f"{IMPORTS}{run.pk}/rejections/?limit=2"
    while address:
        page = organisers_script.get(address).json()
        walked += [each["place"] for each in page["results"]]
        address = page["next"]
    assert walked == [f"line {number}" for number in range(1, 6)]
    for query, number in (("state=queued", 1), ("state=done", 0), ("club=ml", 1), ("club=bio", 0)):
        assert len(organisers_script.get(f"{IMPORTS}?{query}").json()["results"]) == number


def test_cancelling(organisers_script, script, outsiders_script, club):
    address = upload(organisers_script, club="ml").headers["Location"]
    assert outsiders_script.post(f"{address}cancel/").status_code == 404
    assert script.post(f"{address}cancel/").status_code == 403
    for _again in range(2):
        answer = organisers_script.post(f"{address}cancel/")
        assert (answer.status_code, answer.json()["state"]) == (200, "cancelled")
        assert answer.json()["finished"]


TABLE = b"What;When;Year\nRain;2021;1999\n"


def test_columns_of_a_table_are_given(organisers_script, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        answer = upload(
            organisers_script, TABLE, club="ml", format="csv", columns='{"title": "What", "year": "When"}'
        )
    assert answer.status_code == 202, answer.content
    assert answer.json()["columns"] == {"title": "What", "year": "When"}
    paper = Paper.objects.get()
    assert (paper.title, paper.published.year) == ("Rain", 2021)


def test_columns_are_guessed_without(organisers_script, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        answer = upload(organisers_script, TABLE.replace(b"What", b"Title"), club="ml")
    assert (answer.json()["format"], answer.json()["columns"]) == ("csv", None)
    assert Paper.objects.get().published.year == 1999


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ('{"titel": "What"}', "There is no field"),
        ('{"year": "When"}', "Say which column is the title"),
        ("[1]", "Columns are fields"),
        ("{", "JSON"),
    ],
)
def test_odd_columns_are_explained(organisers_script, columns, message):
    answer = upload(organisers_script, TABLE, club="ml", columns=columns)
    assert answer.status_code == 400 and message in answer.content.decode()
    assert not Import.objects.exists()


def test_columns_of_what_is_no_table_are_refused(organisers_script):
    answer = upload(organisers_script, club="ml", columns='{"title": "What"}')
    assert 400 <= answer.status_code < 500 and "Columns are for tables" in answer.content.decode()
    assert not Import.objects.exists()

"""A table that is uploaded: its columns are guessed, shown, changed and confirmed."""

import gzip
import os
import time
from datetime import date
from pathlib import Path

import pytest
from django.core import signing
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from papers import importing
from papers.forms import FIELD_LABELS
from papers.importers import csv_table
from papers.models import Import, Paper

pytestmark = pytest.mark.django_db
NEW = reverse("papers:import_new")
TABLE = b"Title;Who;Year;Zeitschrift\nRain <b>&;Drop, W.;2021;Weather\nSnow;Flake, F.;2022;Weather\n"


def upload(client, content=TABLE, name="list.csv", **fields):
    return client.post(NEW, {"file": SimpleUploadedFile(name, content), **fields})


def held(settings):
    return [path for path in (Path(settings.FILES_DIR) / "held").rglob("*") if path.is_file()]


@pytest.fixture
def columns(client, organiser, club):
    """The address of the page that asks for the columns of `TABLE`."""
    client.force_login(organiser)
    return upload(client, club=club.pk, date="2025-04-25")["Location"]


def test_guess_and_first_rows_are_shown(client, columns):
    assert not Import.objects.exists()
    page = client.get(columns).content.decode()
    assert "list.csv" in page and "Flake, F." in page
    assert "Rain &lt;b&gt;&amp;" in page and "Rain <b>" not in page
    form = client.get(columns).context["form"]
    assert [(field.label, field.value()) for field, _ in form.rows] == [
        ("Title", "title"),
        ("Who", ""),
        ("Year", "year"),
        ("Zeitschrift", "journal"),
    ]
    assert form.rows[1][1] == ["Drop, W.", "Flake, F."]


def test_changed_and_confirmed_it_is_imported_so(client, columns, club, organiser, settings):
    answer = client.post(
        columns, {"column-0": "title", "column-1": "authors", "column-2": "year", "column-3": ""}
    )
    run = Import.objects.get()
    assert answer["Location"] == run.get_absolute_url()
    assert run.columns == {"title": "Title", "authors": "Who", "year": "Year"}
    assert (run.format, run.club, run.queued_by, run.input_name) == ("csv", club, organiser, "list.csv")
    assert run.date == date(2025, 4, 25)
    assert held(settings) == []
    importing.run_import(run.pk)
    run.refresh_from_db()
    assert (run.state, run.added) == ("done", 2)
    paper = Paper.objects.get(title="Snow")
    assert (paper.private_to, paper.journal) == (club, "")
    assert paper.authors == ["F. Flake"]


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        ({"column-1": "authors"}, "Say which column is the title."),
        ({"column-0": "title", "column-1": "title"}, "Two columns are read as “Title”."),
        ({"column-0": "banana"}, "banana is not one of"),
    ],
)
def test_odd_choice_is_explained_and_nothing_is_queued(client, columns, choice, message):
    page = client.post(columns, choice)
    assert page.status_code == 200 and message in page.content.decode()
    assert not Import.objects.exists()


def test_gzip_is_asked_about_as_well(client, organiser, club):
    client.force_login(organiser)
    page = client.get(upload(client, gzip.compress(TABLE), club=club.pk)["Location"])
    assert "Flake, F." in page.content.decode()


def test_other_formats_are_not_asked_about(client, organiser, club):
    client.force_login(organiser)
    upload(client, b"TY  - JOUR\nTI  - Rain\nER  - \n", name="list.csv", club=club.pk)
    assert Import.objects.get().format == "ris"


def test_headings_that_nobody_knows_are_asked_about(client, organiser, club):
    client.force_login(organiser)
    address = upload(client, "Název;Kdo\nDéšť;Kapka\n".encode(), format="csv", club=club.pk)["Location"]
    page = client.get(address).content.decode()
    assert "We know none of the headings" in page and "Déšť" in page
    client.post(address, {"column-0": "title", "column-1": "authors"})
    importing.run_import(Import.objects.get().pk)
    assert Paper.objects.get().title == "Déšť"


def test_table_without_columns_is_explained(client, organiser, club):
    client.force_login(organiser)
    answer = upload(client, b"Rain\nSnow\n", format="csv", club=club.pk)
    page = client.get(answer["Location"], follow=True)
    assert page.redirect_chain and "no heading" in page.content.decode()


def test_second_confirmation_imports_nothing_twice(client, columns):
    for _ in range(2):
        page = client.post(columns, {"column-0": "title"}, follow=True)
    assert "no longer kept here" in page.content.decode()
    assert Import.objects.count() == 1


@pytest.mark.parametrize("change", [lambda token: token[:-2] + "xx", lambda token: "", lambda token: "a:b:c"])
def test_made_up_address_leads_back(client, columns, change):
    path, _, token = columns.partition("?held=")
    page = client.get(path, {"held": change(token)})
    assert page["Location"] == NEW


def test_somebody_elses_address_leads_back(client, columns, owner, outsider, member):
    for person, status in ((owner, 302), (outsider, 302), (member, 403)):
        client.force_login(person)
        assert client.get(columns).status_code == status
        assert client.post(columns, {"column-0": "title"}).status_code == status
    assert not Import.objects.exists()


def test_who_is_no_organiser_any_more_cannot_confirm(client, columns, organiser, club, other_club):
    from accounts.models import Membership

    Membership.objects.filter(user=organiser, club=club).update(role="member")
    assert client.post(columns, {"column-0": "title"}).status_code == 403
    assert not Import.objects.exists()


def test_address_is_good_for_a_day(client, columns, monkeypatch):
    later = time.time() + 86_400 + 60
    monkeypatch.setattr(signing.time, "time", lambda: later)
    assert client.get(columns).status_code == 302


def test_what_nobody_confirms_is_deleted_after_a_day(client, columns, club, settings):
    (first,) = held(settings)
    os.utime(first, (time.time() - 90_000,) * 2)
    upload(client, club=club.pk)
    assert len(held(settings)) == 1 and not first.exists()


def test_every_field_has_a_name():
    assert list(FIELD_LABELS) == list(csv_table.FIELDS)

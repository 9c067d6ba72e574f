"""Files that are kept of what came in: how much of a club, and how long."""

import io
from datetime import date, timedelta

import pytest
from django.conf import settings as django_settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from papers import importing, stored_inputs
from papers.models import FetchedPage, Import, RejectedRecord
from papers.sources import keeping, replaying, running
from tests import factories
from tests.papers.api.conftest import make_script
from tests.services import atom

pytestmark = pytest.mark.django_db
GOOD = b"TY  - JOUR\nTI  - On Rain\nER  - \n"
BAD = b"TY  - JOUR\nAU  - Weigher, Ada\nER  - \n"


def upload(club, content=GOOD, *, size=100, runs=True):
    """Import a file of so many bytes for a club, or for the installation."""
    stream = io.BytesIO(content.ljust(size, b"\n"))
    run = importing.queue_import(upload=stream, name="list.ris", by=None, club=club)
    if runs:
        importing.run_import(run.pk)
        run.refresh_from_db()
        assert run.state == "done"
    return run


def stored():
    return {
        str(path.relative_to(django_settings.FILES_DIR))
        for path in django_settings.FILES_DIR.rglob("*")
        if path.is_file()
    }


@pytest.fixture
def room(settings):
    """What a club may keep: 300 bytes."""
    settings.CLUB_STORAGE = 300
    return settings


@pytest.fixture(autouse=True)
def _commits(monkeypatch):
    """Do at once what waits for a commit, but to wake workers."""
    monkeypatch.setattr(connection, "on_commit", lambda act, robust=False: act())
    monkeypatch.setattr(importing, "wake", lambda _run: None)


def test_uploads_and_pages_are_measured_each_file_once(club, other_club, services, open_network):
    upload(club, BAD, size=70)
    replaying.replay(RejectedRecord.objects.get(), by=None)
    upload(other_club, size=90)
    upload(None, size=90)
    page = atom([("2611.00001", "2026-11-24")])
    services.answer("/feed", page)
    source = keeping.make_source(club=club, kind="file", name="Feed", address=services.address("/feed"))
    importing.run_import(running.run_now(source, by=None).pk)
    assert stored_inputs.measure(club) == 70 + len(page)
    assert stored_inputs.measure(other_club) == 90


def test_what_was_read_makes_room_oldest_first(room, club):
    first, second, third = [upload(club) for _time in range(3)]
    assert len(stored()) == 3
    fourth = upload(club, size=150)
    assert stored() == {third.stored_as, fourth.stored_as}
    assert [run.stored_as for run in (Import.objects.get(pk=first.pk), Import.objects.get(pk=second.pk))] == [
        "",
        "",
    ]
    assert stored_inputs.measure(club) == 250


@pytest.mark.parametrize("what", ["quarantine", "queue"])
def test_what_something_waits_for_makes_none(room, club, what):
    waiting = upload(club, BAD, size=250) if what == "quarantine" else upload(club, size=250, runs=False)
    with pytest.raises(stored_inputs.Full, match="Machine learning has no room for it"):
        upload(club)
    assert (stored(), Import.objects.count()) == ({waiting.stored_as}, 1)
    if what == "quarantine":
        replaying.dismiss(replaying.find_quarantined(waiting.source))
    else:
        importing.run_import(waiting.pk)
    another = upload(club)
    assert stored() == {another.stored_as}


def test_what_can_have_no_room_takes_none_from_others(room, club):
    upload(club)
    with pytest.raises(stored_inputs.Full):
        upload(club, size=301)
    assert len(stored()) == 1


def test_each_club_has_its_own_room_and_the_installation_has_no_bound(room, club, other_club):
    upload(club, BAD, size=300)
    upload(other_club, BAD, size=300)
    upload(None, BAD, size=900)
    assert len(stored()) == 3


def test_pages_of_a_source_make_room_for_those_that_follow(room, club, services, open_network):
    source = keeping.make_source(club=club, kind="file", name="Feed", address=services.address("/feed"))
    for number in (1, 2, 3):
        services.answer("/feed", GOOD.replace(b"Rain", b"Rain %d" % number).ljust(140, b"\n"))
        done = importing.run_import(running.run_now(source, by=None).pk)
        assert (done.state, done.added) == ("done", 1)
    assert {page.stored_as for page in FetchedPage.objects.all()} == stored()
    assert len(stored()) == 2


def test_a_run_without_room_fails_and_says_so(room, club, services, open_network):
    upload(club, BAD, size=250)
    source = keeping.make_source(club=club, kind="file", name="Feed", address=services.address("/feed"))
    services.answer("/feed", GOOD.ljust(140, b"\n"))
    failed = importing.run_import(running.run_now(source, by=None).pk)
    source.refresh_from_db()
    assert failed.state == "failed" and "no room for it" in source.error
    assert len(stored()) == 1 and not FetchedPage.objects.exists()


def test_page_and_api_say_why(room, client, club, organiser):
    upload(club, BAD, size=300)
    client.force_login(organiser)
    response = client.post(
        reverse("papers:import_new"), {"file": SimpleUploadedFile("list.ris", GOOD), "club": club.pk}
    )
    assert "no room for it" in response.context["form"].errors["file"][0]
    answer = make_script(organiser).post(
        "/api/v1/imports/", {"file": SimpleUploadedFile("list.ris", GOOD), "club": "ml"}, format="multipart"
    )
    assert (answer.status_code, answer.json()["code"]) == (409, "refused")
    assert "no room for it" in answer.json()["detail"]
    assert (Import.objects.count(), len(stored())) == (1, 1)


def test_uploads_are_forgotten_as_pages_are(club):
    run, waiting = upload(None), upload(club, BAD)
    later = timezone.now() + timedelta(days=61)
    assert stored_inputs.forget_old(later - timedelta(days=2)) == 0
    assert stored_inputs.forget_old(later) == 1
    assert stored() == {waiting.stored_as}
    run.refresh_from_db()
    assert (run.stored_as, run.added) == ("", 1)


def test_a_person_holds_a_few_tables_at_most(organiser, member):
    held = [stored_inputs.hold_upload(io.BytesIO(b"Title\nRain\n"), by=organiser) for _time in range(7)]
    other = stored_inputs.hold_upload(io.BytesIO(b"Title\nRain\n"), by=member)
    assert len(stored()) == stored_inputs.MOST_HELD + 1
    assert {held[-1], other} <= stored()
    with pytest.raises(stored_inputs.NotHeld):
        stored_inputs.keep_upload(held[0])


def test_a_table_that_is_queued_counts_for_its_club(room, club, organiser):
    table = b"Title\n" + b"Rain\n" * 80
    with pytest.raises(stored_inputs.Full):
        importing.queue_import(
            upload=stored_inputs.hold_upload(io.BytesIO(table), by=organiser),
            name="list.csv",
            by=organiser,
            club=club,
            date=date(2025, 4, 25),
        )
    assert stored() == set()
    assert factories.make_source(club=club).imports.count() == 0

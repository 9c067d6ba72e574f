"""The pages of imports: queue a file, follow it, read what was rejected."""

from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from papers import importing
from papers.models import Import, Paper, RejectedRecord
from papers.templatetags.durations import time_left
from tests.papers.test_importing import page

pytestmark = pytest.mark.django_db
NEW = reverse("papers:import_new")


def upload(client, content, **fields):
    fields.setdefault("date", "2025-04-25")
    return client.post(NEW, {"file": SimpleUploadedFile("page.txt", content), **fields})


def test_organiser_uploads_for_the_club_and_is_led_to_the_import(client, organiser, club):
    client.force_login(organiser)
    response = upload(client, page(3), club=club.pk)
    run = Import.objects.get()
    assert response["Location"] == run.get_absolute_url()
    assert (run.club, run.queued_by, run.state, run.input_name) == (club, organiser, "queued", "page.txt")
    importing.run_import(run.pk)
    assert Paper.objects.filter(private_to=club).count() == 3


def test_organiser_cannot_import_for_everybody_or_another_club(client, organiser, club, other_club):
    client.force_login(organiser)
    forgotten = upload(client, page(3))
    assert forgotten.status_code == 200 and "Say for which club." in forgotten.content.decode()
    assert upload(client, page(3), club=other_club.pk).status_code == 200
    assert not Import.objects.exists()


def test_administrator_imports_for_everybody(client, administrator):
    client.force_login(administrator)
    upload(client, page(3))
    importing.run_import(Import.objects.get().pk)
    assert Paper.objects.filter(private_to=None).count() == 3


def test_too_large_is_refused_before_it_is_stored(client, organiser, club, settings):
    settings.UPLOAD_LIMIT = 1000
    client.force_login(organiser)
    response = upload(client, b"x" * 200_000, club=club.pk)
    assert response.status_code == 413
    assert "manage.py import" in response.content.decode()
    response = upload(client, b"x" * 2000, club=club.pk)
    assert "manage.py import" in response.content.decode()
    assert not Import.objects.exists()


def test_form_without_a_file_says_so(client, organiser, club):
    client.force_login(organiser)
    response = client.post(NEW, {"club": club.pk})
    assert response.status_code == 200
    assert 'aria-invalid="true"' in response.content.decode()


@pytest.fixture
def run(organiser, club):
    import io

    queued = importing.queue_import(
        upload=io.BytesIO(page(5, broken=3)), name="<b>page</b>.txt", by=organiser, club=club
    )
    return queued


def test_page_follows_until_it_is_over(client, organiser, run):
    client.force_login(organiser)
    waiting = client.get(run.get_absolute_url()).content.decode()
    assert 'hx-trigger="every 1s"' in waiting
    assert "Waiting for a worker" in waiting
    importing.run_import(run.pk)
    fragment = client.get(run.get_absolute_url(), headers={"HX-Request": "true"}).content.decode()
    assert "hx-trigger" not in fragment and "<html" not in fragment
    assert "1 record was rejected" in fragment


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'[{"paper": {"title": "Without an id"}}]', "Nothing came in: its one record was rejected."),
        (b'<feed xmlns="http://www.w3.org/2005/Atom"><title>ArXiv Query</title></feed>', "There was no paper in it."),
    ],
)  # fmt: skip
def test_an_import_that_brought_nothing_says_so_and_leads_to_no_listing(client, administrator, content, said):
    import io

    earlier = importing.queue_import(upload=io.BytesIO(page(2)), name="first.txt", by=administrator)
    importing.run_import(earlier.pk)
    empty = importing.queue_import(
        upload=io.BytesIO(content),
        name="empty",
        by=administrator,
        format="hf-json" if content.startswith(b"[") else "arxiv-atom",
    )
    importing.run_import(empty.pk)
    client.force_login(administrator)
    text = client.get(empty.get_absolute_url()).content.decode()
    assert said in text and "Open the listing" not in text and "everything else" not in text


def test_every_rejection_is_shown_escaped_and_paged(client, organiser, run):
    RejectedRecord.objects.bulk_create(
        RejectedRecord(
            run=run, number=n, place=f"entry {n}", reason="No <i>title</i>.", raw="<script>alert(1)"
        )
        for n in range(1, 251)
    )
    client.force_login(organiser)
    first = client.get(run.get_absolute_url()).content.decode()
    assert "entry 200<" in first and "entry 201<" not in first
    assert "<script>alert" not in first and "&lt;script&gt;" in first and "<b>page" not in first
    rest = client.get(run.get_absolute_url(), {"after": 200}).content.decode()
    assert "entry 201<" in rest and "entry 250<" in rest


@pytest.mark.parametrize("number", [1, 60])
def test_list_costs_the_same_for_any_number(client, organiser, club, run, number, django_assert_num_queries):
    Import.objects.bulk_create(
        Import(source=run.source, club=club, input_name=f"list {n}", queued_by=organiser)
        for n in range(number)
    )
    client.force_login(organiser)
    client.get(reverse("papers:import_list"))
    # the session's user, the clubs, the imports, pairs that wait
    with django_assert_num_queries(4):
        response = client.get(reverse("papers:import_list"))
    assert f"list {number - 1}<" in response.content.decode()


def test_list_goes_on_below_an_id(client, organiser, club, run):
    Import.objects.bulk_create(
        Import(source=run.source, club=club, input_name=f"list {n}", queued_by=organiser) for n in range(60)
    )
    client.force_login(organiser)
    first = client.get(reverse("papers:import_list"))
    second = client.get(reverse("papers:import_list"), {"before": first.context["before"]})
    shown = [run.pk for response in (first, second) for run in response.context["imports"]]
    assert len(shown) == len(set(shown)) == 61


@pytest.mark.parametrize("junk", ["x", "-1", "9" * 40, "\x00"])
def test_odd_cursors_are_passed_over(client, organiser, run, junk):
    client.force_login(organiser)
    assert client.get(reverse("papers:import_list"), {"before": junk}).status_code == 200
    assert client.get(run.get_absolute_url(), {"after": junk}).status_code == 200


@pytest.mark.parametrize("has_date", [True, False])
def test_a_finished_import_leads_to_what_came_in(client, get, organiser, club, has_date):
    client.force_login(organiser)
    day = date(2025, 4, 25)
    upload = SimpleUploadedFile(
        "page.txt", b"Apr 25\n\nA title of a paper\n\n" + b"An abstract of some words. " * 20
    )
    form = {"file": upload, "club": club.pk, "format": "hf-page", "date": day.isoformat()}
    answer = client.post(NEW, form)
    run = Import.objects.get()
    importing.run_import(run.pk)
    assert answer.url == run.get_absolute_url()
    if not has_date:
        Import.objects.update(date=None)
    page = get(run.get_absolute_url())
    assert "/clubs/ml/papers/date/2025-04-25" in page.hrefs
    assert "/imports/new" in page.hrefs
    Import.objects.update(state=Import.State.FAILED, error="It is empty.")
    page = get(run.get_absolute_url())
    assert "/clubs/ml/papers/date/2025-04-25" not in page.hrefs and "/imports/new" in page.hrefs


def test_organiser_cancels(client, organiser, member, run):
    client.force_login(member)
    assert "Cancel this import" not in client.get(run.get_absolute_url()).content.decode()
    client.force_login(organiser)
    assert "Cancel this import" in client.get(run.get_absolute_url()).content.decode()
    response = client.post(reverse("papers:import_cancel", args=[run.pk]))
    assert response["Location"] == run.get_absolute_url()
    after = client.get(run.get_absolute_url()).content.decode()
    assert "Cancelled. What had come in by then stays." in after
    assert "Cancel this import" not in after and "hx-trigger" not in after


def test_pace_and_time_left_are_told_and_what_broke_off(client, organiser, run):
    Import.objects.filter(pk=run.pk).update(
        state="running", leased_until=timezone.now(), pace=1234.4, seconds_left=130, attempts=2, taken=40_000
    )
    client.force_login(organiser)
    shown = client.get(run.get_absolute_url()).content.decode()
    assert "1,234 a second" in shown
    assert "about 2 minutes left" in shown
    assert "It broke off once and went on where it had stopped" in shown


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "a few seconds left"),
        (34, "about 30 seconds left"),
        (58, "about 1 minute left"),
        (200, "about 3 minutes left"),
        (5_000, "about 1 hour left"),
        (90_000, "about 25 hours left"),
    ],
)
def test_time_left_in_words(seconds, words):
    assert time_left(seconds) == words


def test_a_library_says_that_it_is_in_no_listing(client, organiser, club):
    client.force_login(organiser)
    upload(client, b"@article{a, title = {Rain}, author = {Lind, Ada}}", club=club.pk, date="")
    run = Import.objects.get()
    importing.run_import(run.pk)
    shown = client.get(run.get_absolute_url()).content.decode()
    assert "in no new listing" in shown and "Open the listing" not in shown

"""The mails of a club by the API, for its organisers."""

import pytest
from django.utils import timezone

from papers.models import OutgoingMail
from papers.notifications import outbox

from .conftest import make_script

pytestmark = pytest.mark.django_db


@pytest.fixture
def mail(club, member):
    outbox.put(
        [outbox.Letter("agenda:session 1:user 1", "agenda", member, "Agenda", "Three papers.", club=club)]
    )
    return OutgoingMail.objects.get()


@pytest.fixture
def organising(organiser):
    return make_script(organiser)


def end(mail, state, **facts):
    OutgoingMail.objects.filter(pk=mail.pk).update(state=state, ended_at=timezone.now(), **facts)


def test_organiser_reads_what_became_of_a_mail(organising, mail, member):
    [row] = organising.get("/api/v1/clubs/ml/mails/").json()["results"]
    assert (row["id"], row["state"], row["address"], row["text"]) == (
        mail.pk,
        "waiting",
        member.email,
        "Three papers.",
    )
    assert organising.get(f"/api/v1/clubs/ml/mails/{mail.pk}/").json() == row


def test_list_is_narrowed(organising, mail):
    end(mail, "uncertain")
    for query, number in (
        ("state=uncertain", 1),
        ("state=sent", 0),
        ("kind=agenda&kind=link", 1),
        ("session=1", 0),
    ):
        assert len(organising.get(f"/api/v1/clubs/ml/mails/?{query}").json()["results"]) == number
    assert organising.get("/api/v1/clubs/ml/mails/?state=lost").status_code == 400


def test_uncertain_mail_is_sent_again_once(organising, mail):
    end(mail, "uncertain")
    for _time in range(2):
        answer = organising.post(
            f"/api/v1/clubs/ml/mails/{mail.pk}/send_again/", headers={"Idempotency-Key": "once"}
        )
        assert (answer.status_code, answer.json()["state"]) == (200, "waiting")
    assert outbox.send_due() == 1
    assert organising.post(f"/api/v1/clubs/ml/mails/{mail.pk}/send_again/").json()["state"] == "sent"


def test_forgotten_text_is_a_problem(organising, mail):
    end(mail, "failed", text="")
    answer = organising.post(f"/api/v1/clubs/ml/mails/{mail.pk}/send_again/")
    assert answer.status_code == 400 and "no longer kept" in answer.content.decode()


def test_uncertain_mail_is_let_be(organising, mail, organiser):
    end(mail, "uncertain")
    row = organising.post(f"/api/v1/clubs/ml/mails/{mail.pk}/let_be/").json()
    assert (row["state"], row["settled_by"]["id"]) == ("uncertain", organiser.pk)


def test_schedule_is_changed_by_parts(organising):
    address = "/api/v1/clubs/ml/reminders/"
    usual = organising.get(address).json()
    assert usual == {
        "votes_hours": 24,
        "agenda_minutes": 30,
        "part_days": 7,
        "tells_day_before": True,
        "at": "09:00",
        "link_minutes": 60,
    }
    changed = organising.patch(address, {"part_days": None, "at": "07:30"}).json()
    assert changed == usual | {"part_days": None, "at": "07:30"} == organising.get(address).json()
    for bad in ({"votes_hours": 0}, {"part_days": 1}, {"at": "noon"}, {"link_minutes": 9_999}):
        assert organising.patch(address, bad).status_code == 400
    assert organising.get(address).json() == changed

"""What organisers see of their club's mails, and do about them; when reminders go out."""

from datetime import time

import pytest
from django.utils import timezone

from papers.models import OutgoingMail, ReminderSchedule
from papers.notifications import outbox

pytestmark = pytest.mark.django_db


@pytest.fixture
def organised(client, organiser):
    client.force_login(organiser)
    return client


def make(club, member, state="sent", number=1, **facts):
    key = f"agenda:session {number}:user 1"
    outbox.put([outbox.Letter(key, "agenda", member, f"Agenda {number}", f"Text <b>{number}</b>", club=club)])
    ended = None if state in {"waiting", "sending"} else timezone.now()
    OutgoingMail.objects.filter(key=key).update(
        state=state, ended_at=ended, leased_until=timezone.now() if state == "sending" else None, **facts
    )
    return OutgoingMail.objects.get(key=key)


def read(client):
    return client.get("/clubs/ml/mail/").content.decode()


def test_mails_are_told_with_address_state_and_reason(organised, club, member):
    make(club, member, "sent", 1)
    make(club, member, "withdrawn", 2, error="The session was moved.")
    make(club, member, "waiting", 3, error="450 grey")
    page = read(organised)
    for text in (
        "Agenda 1",
        f"({member.email})",
        "The session was moved.",
        "450 grey",
        "Text &lt;b&gt;1&lt;/b&gt;",
    ):
        assert text in page
    assert "For you to decide" not in page and "Send again" not in page


@pytest.mark.parametrize("state", ["uncertain", "failed"])
def test_what_is_not_known_to_have_arrived_is_for_the_organiser(state, organised, club, member, mailoutbox):
    mail = make(club, member, state)
    assert "For you to decide" in read(organised)
    assert organised.post(f"/clubs/ml/mail/{mail.pk}/again").status_code == 302
    mail.refresh_from_db()
    assert mail.state == "waiting"
    assert outbox.send_due() == 1 and len(mailoutbox) == 1
    assert "For you to decide" not in read(organised)


def test_organiser_lets_it_be(organised, club, member, organiser):
    mail = make(club, member, "uncertain")
    organised.post(f"/clubs/ml/mail/{mail.pk}/let-be")
    page = read(organised)
    assert "For you to decide" not in page and f"{organiser} let it be" in page and "uncertain" in page


def test_forgotten_text_cannot_be_sent_again(organised, club, member):
    mail = make(club, member, "uncertain", text="")
    page = organised.post(f"/clubs/ml/mail/{mail.pk}/again", follow=True).content.decode()
    assert "no longer kept here" in page and "Send again" not in page
    mail.refresh_from_db()
    assert mail.state == "uncertain"


def test_mail_of_another_club_is_not_found(organised, other_club, outsider):
    mail = make(other_club, outsider, "uncertain")
    assert organised.post(f"/clubs/ml/mail/{mail.pk}/again").status_code == 404
    assert organised.post(f"/clubs/bio/mail/{mail.pk}/again").status_code == 404
    assert "Agenda" not in read(organised)


def test_page_costs_the_same_for_many(organised, club, member, django_assert_max_num_queries):
    for number in range(1, 4):
        make(club, member, ["sent", "uncertain", "waiting"][number % 3], number)
    with django_assert_max_num_queries(20) as few:
        read(organised)
    for number in range(4, 40):
        make(club, member, ["sent", "uncertain", "waiting"][number % 3], number)
    with django_assert_max_num_queries(20) as many:
        read(organised)
    assert len(few) == len(many)


def test_older_mails_are_a_page_on(organised, club, member):
    for number in range(1, 53):
        make(club, member, "sent", number)
    page = read(organised)
    assert "Agenda 52<" in page and "Agenda 3<" in page and "Agenda 2<" not in page
    before = OutgoingMail.objects.get(key__startswith="agenda:session 3:").pk
    assert f"?before={before}" in page
    older = organised.get(f"/clubs/ml/mail/?before={before}").content.decode()
    assert "Agenda 2<" in older and "Agenda 3<" not in older


def test_schedule_is_what_is_usual_until_it_is_changed(organised, club):
    page = organised.get("/clubs/ml/reminders/").content.decode()
    assert 'name="votes_hours" value="24"' in page and 'name="at" value="09:00"' in page
    fields = {"votes_hours": "", "agenda_minutes": "0", "part_days": "3", "at": "07:30", "link_minutes": "15"}
    assert organised.post("/clubs/ml/reminders/", fields).status_code == 302
    schedule = ReminderSchedule.objects.get(club=club)
    assert (schedule.votes_hours, schedule.agenda_minutes, schedule.part_days) == (None, 0, 3)
    assert (schedule.tells_day_before, schedule.at, schedule.link_minutes) == (False, time(7, 30), 15)


@pytest.mark.parametrize(
    "bad", [{"votes_hours": "0"}, {"part_days": "61"}, {"at": "25:00"}, {"link_minutes": "x"}]
)
def test_odd_schedule_is_refused(bad, organised):
    fields = {
        "votes_hours": "24",
        "agenda_minutes": "0",
        "part_days": "7",
        "at": "09:00",
        "link_minutes": "60",
    }
    page = organised.post("/clubs/ml/reminders/", {**fields, **bad})
    assert page.status_code == 200 and 'class="error"' in page.content.decode()
    assert not ReminderSchedule.objects.exists()


@pytest.mark.parametrize("path", ["mail", "reminders"])
def test_page_says_where_no_mail_leaves(path, organised, settings):
    assert "EMAIL_URL" not in organised.get(f"/clubs/ml/{path}/").content.decode()
    settings.HAS_MAIL_SERVER = False
    assert "until the operator sets EMAIL_URL" in organised.get(f"/clubs/ml/{path}/").content.decode()
    settings.DEMO = True
    assert "/demo/mail" in organised.get(f"/clubs/ml/{path}/").content.decode()

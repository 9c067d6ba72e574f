"""The queue of mails against a mail server that breaks at each step: no second copy, none lost without a line."""

import base64
import re
import smtplib
import threading
import time
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from papers import tasks
from papers.models import OutgoingMail
from papers.notifications import messages, outbox, transport
from tests import factories, mail_server

pytestmark = pytest.mark.django_db
BEFORE = ["banner", "ehlo", "mail", "rcpt", "data"]
AFTER = ["body", "dot"]


def later(**time):
    return timezone.now() + timedelta(**time)


def read(mail):
    mail.refresh_from_db()
    return mail


def test_mail_arrives_as_it_was_written(server, post):
    mail = post(subject="Über Wägung", text="Zwei Texte.\n.\n.. und ein Punkt\n")
    assert outbox.send_due() == 1
    [message] = server.taken
    assert (message["Subject"], message["To"], message["Message-ID"]) == (
        "Über Wägung",
        mail.address,
        mail.message_id,
    )
    assert message["Auto-Submitted"] == "auto-generated"
    assert message.get_content().splitlines() == ["Zwei Texte.", ".", ".. und ein Punkt"]
    assert (read(mail).state, mail.error, mail.leased_until) == ("sent", "", None)
    assert mail.data_started_at <= mail.ended_at


def test_several_mails_share_a_connection(server, post):
    for number in range(3):
        post(f"agenda:session {number}:user 1")
    assert outbox.send_due() == 3
    assert (len(server.taken), server.connections) == (3, 1)


def test_same_key_is_said_once(server, post):
    first = post(text="First.")
    second = post(text="Second.")
    assert (first.pk, second.text) == (second.pk, "First.")
    assert (outbox.send_due(), outbox.send_due()) == (1, 0)


def test_nothing_is_queued_by_a_transaction_that_is_rolled_back(post):
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        post()
        raise ZeroDivisionError
    assert not OutgoingMail.objects.exists()


def test_commit_wakes_a_worker(server, post, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        post()
    assert len(server.taken) == 1


def test_mail_of_later_waits(server, post):
    post(due_at=later(hours=1))
    assert outbox.send_due() == 0
    assert outbox.send_due(later(hours=2)) == 1


def test_tick_sends_what_no_message_reached(server, post, django_capture_on_commit_callbacks):
    post()
    with django_capture_on_commit_callbacks(execute=True):
        tasks.tick()
    assert len(server.taken) == 1
    with django_capture_on_commit_callbacks() as woken:
        tasks.tick()
    assert woken == []


@pytest.mark.parametrize("step", BEFORE)
def test_server_that_breaks_before_it_asks_for_the_text_gets_it_again(step, server, post):
    mail = post()
    server.at[step] = mail_server.close
    assert outbox.send_due() == 0
    assert (read(mail).state, mail.data_started_at) == ("waiting", None)
    assert mail.error and timezone.now() < mail.due_at <= later(minutes=1)
    assert outbox.send_due(later(minutes=2)) == 1
    assert server.copies() == {mail.message_id: 1}


@pytest.mark.parametrize("step", AFTER)
def test_server_that_breaks_after_it_asked_for_the_text_leaves_it_uncertain(step, server, post):
    mail = post()
    server.at[step] = mail_server.close
    assert outbox.send_due() == 0
    assert read(mail).state == "uncertain" and mail.error
    for hours in (1, 24, 1_000):
        assert outbox.send_due(later(hours=hours)) == 0
    assert sum(server.copies().values()) == (1 if step == "dot" else 0)


def test_server_that_breaks_after_its_answer_has_the_mail(server, post):
    mail = post()
    server.at["answered"] = mail_server.close
    assert outbox.send_due() == 1
    assert (read(mail).state, server.copies()) == ("sent", {mail.message_id: 1})
    post("agenda:session 2:user 1")
    assert outbox.send_due() == 1


def test_server_that_closes_between_two_mails_is_asked_anew(server, post):
    post("agenda:session 1:user 1")
    post("agenda:session 2:user 1")
    server.at["answered"] = mail_server.close
    assert outbox.send_due() == 2
    assert (len(server.taken), server.connections) == (2, 2)


@pytest.mark.parametrize("step", BEFORE)
def test_server_that_is_busy_is_asked_again(step, server, post):
    mail = post()
    server.answers[step] = "421 too busy"
    assert outbox.send_due() == 0
    assert read(mail).state == "waiting" and "too busy" in mail.error
    server.answers.clear()
    assert outbox.send_due(later(minutes=2)) == 1


@pytest.mark.parametrize("step", ["mail", "rcpt", "data", "dot"])
def test_what_the_server_refuses_for_good_has_failed(step, server, post):
    mail, other = post(), post("agenda:session 2:user 1", due_at=later(minutes=5))
    server.answers[step] = "550 no such box"
    assert outbox.send_due() == 0
    assert (read(mail).state, mail.error, mail.data_started_at) == ("failed", "550 no such box", None)
    assert read(other).state == "waiting"
    assert outbox.send_due(later(minutes=2)) == 0
    assert not server.taken


@pytest.mark.parametrize("step", ["mail", "rcpt", "data", "dot"])
def test_what_the_server_refuses_for_now_is_sent_later(step, server, post):
    mail = post()
    server.answers[step] = "450 grey"
    assert outbox.send_due() == 0
    assert (read(mail).state, mail.error, mail.data_started_at) == ("waiting", "450 grey", None)
    server.answers.clear()
    assert outbox.send_due(later(minutes=2)) == 1
    assert server.copies() == {mail.message_id: 1}


def test_one_bad_address_stops_no_other_mail(server, post):
    post(due_at=timezone.now() - timedelta(minutes=1))
    server.answers["rcpt"] = "550 no such box"
    server.at["ehlo"] = lambda _connection: None
    post("agenda:session 2:user 1")
    outbox.send_due()
    assert [mail.state for mail in OutgoingMail.objects.all()] == ["failed", "failed"]
    assert server.connections == 1


def test_waits_double_up_to_a_bound_and_end(server, post):
    mail, now = post(), timezone.now()
    server.answers["rcpt"] = "450 grey"
    waits = []
    for _try in range(outbox.TRIES):
        outbox.send_due(now)
        before = timezone.now()
        waits.append(round((read(mail).due_at - before) / timedelta(minutes=1)))
        now = mail.due_at
    assert waits[:9] == [1, 2, 4, 8, 16, 32, 64, 128, 240] and set(waits[8:]) == {240}
    outbox.send_due(now)
    assert (read(mail).state, mail.error) == ("failed", "It was tried 14 times. 450 grey")


def test_server_that_is_away_costs_the_others_no_try(post, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", 9, 2
    first, second = post(), post("agenda:session 2:user 1")
    assert outbox.send_due() == 0
    assert [(read(mail).state, mail.tries) for mail in (first, second)] == [("waiting", 1), ("waiting", 0)]


def test_wrong_password_is_no_last_word_about_a_mail(server, post, settings):
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "x", "y"  # the server offers no AUTH
    mail = post()
    outbox.send_due()
    assert read(mail).state == "waiting" and "AUTH" in mail.error


def test_user_and_password_are_given(server, post, settings):
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "reading", "secret"
    server.answers["ehlo"] = "250-mail.example.org\r\n250 AUTH PLAIN"
    post()
    assert outbox.send_due() == 1
    [said] = server.said
    assert base64.b64decode(said.removeprefix("AUTH PLAIN ")) == b"\0reading\0secret"


@pytest.mark.parametrize("offered", ["250 mail.example.org", "250-mail.example.org\r\n250 STARTTLS"])
def test_nothing_goes_out_in_the_clear_where_it_is_to_be_encrypted(offered, server, post, settings):
    settings.EMAIL_USE_TLS = True
    server.answers["ehlo"] = offered
    mail = post()
    assert outbox.send_due() == 0
    assert read(mail).state == "waiting" and mail.error
    assert "mail" not in server.steps


def test_mail_that_came_too_late_says_so(server, post):
    mail = post(useless_after=later(hours=1))
    tried = post("agenda:session 2:user 1", useless_after=later(hours=1))
    OutgoingMail.objects.filter(pk=tried.pk).update(attempts=2, error="450 grey")
    assert outbox.send_due(later(hours=2)) == 0
    assert (read(mail).state, mail.error) == ("withdrawn", "It could not be sent while it was of use.")
    assert (read(tried).state, tried.error) == (
        "failed",
        "It could not be sent while it was of use. 450 grey",
    )


def test_mail_to_somebody_who_is_gone_is_withdrawn(server, post, member):
    mail = post()
    member.is_active = False
    member.save()
    assert outbox.send_due() == 0
    assert read(mail).state == "withdrawn" and mail.error


def test_withdrawing_takes_back_only_what_waits(server, post):
    sent, waiting = post(), post("agenda:session 2:user 1", due_at=later(hours=1))
    outbox.send_due()
    outbox.withdraw([sent, waiting], because="The session was moved.")
    assert (read(sent).state, read(waiting).state) == ("sent", "withdrawn")
    assert outbox.send_due(later(hours=2)) == 0


# A worker that is gone, or slow


def test_worker_that_was_gone_before_the_text_leaves_it_to_the_next(server, post):
    mail = post()
    assert outbox.take_next(timezone.now()).pk == mail.pk
    assert outbox.take_next(timezone.now()) is None
    assert outbox.send_due(later(minutes=1)) == 0
    assert outbox.send_due(later(minutes=3)) == 1


def test_worker_that_was_gone_after_the_text_leaves_it_uncertain(
    server, post, django_capture_on_commit_callbacks
):
    mail = post()
    outbox._begin(outbox.take_next(timezone.now()))
    assert outbox.send_due(later(minutes=3)) == 0
    assert read(mail).state == "sending"
    with django_capture_on_commit_callbacks() as woken:
        outbox.wake_where_due(later(minutes=11))
    assert len(woken) == 1
    assert outbox.send_due(later(minutes=11)) == 0
    assert read(mail).state == "uncertain" and not server.taken


def test_slow_worker_sends_nothing_once_it_lost_its_lease(server, post, settings):
    mail = post()
    slow = outbox.take_next(timezone.now())
    assert outbox.send_due(later(minutes=3)) == 1
    before = time.monotonic()
    assert outbox.deliver(slow, transport.open_transport()) is False
    assert (read(mail).state, server.copies()) == ("sent", {mail.message_id: 1})
    assert time.monotonic() - before < settings.EMAIL_TIMEOUT, "it said QUIT in the middle of a text"


def test_slow_worker_writes_nothing_over_the_next_one(server, post):
    mail = post()
    slow = outbox.take_next(timezone.now())
    quick = outbox.take_next(later(minutes=3))
    server.at["rcpt"] = mail_server.close
    with pytest.raises(transport.NotSent):
        outbox.deliver(slow, transport.open_transport())
    assert (read(mail).state, mail.attempts) == ("sending", 2)
    assert outbox.deliver(quick, transport.open_transport())


def test_answer_that_comes_late_makes_it_certain(server, post):
    mail = post()
    slow = outbox.take_next(timezone.now())
    server.at["dot"] = lambda _connection: outbox.note_broken_off(later(minutes=11))
    outbox._begin(slow)
    outbox.note_broken_off(later(minutes=11))
    assert read(mail).state == "uncertain"
    assert outbox._note(slow, state="sent", error="")
    assert read(mail).state == "sent"


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_send_each_mail_once(server, post, monkeypatch):
    monkeypatch.setattr(outbox, "wake", lambda: None)
    mails = [post(f"agenda:session {number}:user 1") for number in range(20)]

    def work():
        try:
            outbox.send_due()
        finally:
            connection.close()

    server.at["rcpt"] = mail_server.wait(0.3)  # so that the second has its turn
    threads = [threading.Thread(target=work) for _worker in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert server.copies() == {mail.message_id: 1 for mail in mails}
    assert set(OutgoingMail.objects.values_list("state", flat=True)) == {"sent"}
    assert server.connections >= 2


@pytest.mark.django_db(transaction=True)
def test_text_goes_out_only_after_that_is_committed(server, post, monkeypatch):
    """Seen from the server: when the first line of the text comes in, another connection reads that it was begun."""
    monkeypatch.setattr(outbox, "wake", lambda: None)
    mail, found = post(), []

    def look(_connection):
        try:
            found.append(OutgoingMail.objects.get(pk=mail.pk).data_started_at)
        finally:
            connection.close()

    server.at = dict.fromkeys(("data", "body"), look)
    outbox.send_due()
    assert found[0] is None and found[1] is not None


# What organisers do about it


def test_organiser_sends_an_uncertain_mail_again_under_its_name(server, post, organiser):
    mail = post()
    server.at["dot"] = mail_server.close
    outbox.send_due()
    assert list(OutgoingMail.objects.needing_a_look()) == [mail]
    outbox.send_again(mail, by=organiser)
    assert outbox.send_due() == 1
    assert (read(mail).state, server.copies()) == ("sent", {mail.message_id: 2})


def test_organiser_lets_an_uncertain_mail_be(server, post, organiser):
    mail = post()
    server.at["dot"] = mail_server.close
    outbox.send_due()
    outbox.let_be(mail, by=organiser)
    assert (read(mail).state, mail.settled_by) == ("uncertain", organiser)
    assert not OutgoingMail.objects.needing_a_look().exists()


def test_what_was_sent_is_not_sent_again(server, post, organiser):
    mail = post()
    outbox.send_due()
    assert outbox.send_again(mail, by=organiser).state == "sent"
    assert outbox.let_be(mail, by=organiser).settled_at is None
    assert outbox.send_due() == 0


def test_text_is_forgotten_after_ninety_days(server, post, organiser):
    mail = post(calendar="BEGIN:VCALENDAR", method="REQUEST", about={"sequence": 3})
    waiting = post("agenda:session 2:user 1", due_at=later(days=400))
    server.answers["dot"] = "550 no"
    outbox.send_due()
    assert outbox.forget_old_texts(later(days=89)) == 0
    assert outbox.forget_old_texts(later(days=91)) == 1
    assert (read(mail).text, mail.calendar, read(waiting).text) == ("", "", "Three papers.\n")
    assert mail.about == {"sequence": 3}, "by which it is known what was told"
    with pytest.raises(outbox.Forgotten):
        outbox.send_again(mail, by=organiser)


def test_mails_are_seen_by_those_who_run_the_club(post, club, member, organiser, outsider, administrator):
    ours = post(club=club)
    installations = post("source_stalled:source 1:user 1")
    seen = {
        person: list(OutgoingMail.objects.visible_to(person))
        for person in (member, organiser, outsider, administrator)
    }
    assert seen == {member: [], organiser: [ours], outsider: [], administrator: [installations]}


# What goes over the wire


def test_line_break_in_a_subject_is_no_header(server, post):
    post(subject="Agenda\r\nBcc: all@example.org\n\nText")
    outbox.send_due()
    assert server.taken[0]["Subject"] == "Agenda Bcc: all@example.org Text"
    assert server.taken[0]["Bcc"] is None


def test_long_subject_is_cut_off_at_a_word(post):
    mail = post(subject="On the weighing of matter and of what is left of it " * 10)
    assert len(mail.subject) <= outbox.SUBJECT and mail.subject.endswith(" of what is…")


def test_event_stands_beside_the_text(server, post):
    post(
        calendar="BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nSUMMARY:Wägung\r\nEND:VCALENDAR\r\n", method="REQUEST"
    )
    outbox.send_due()
    [message] = server.taken
    assert message.get_content_type() == "multipart/alternative"
    text, event = message.iter_parts()
    assert (text.get_content_type(), text.get_content()) == ("text/plain", "Three papers.\r\n")
    assert (event.get_content_type(), event["Content-Type"].params["method"]) == ("text/calendar", "REQUEST")
    assert event["Content-Type"].params["charset"] == "utf-8" and "SUMMARY:Wägung" in event.get_content()


def test_lines_end_as_they_travel_and_hold_ascii(post):
    mail = post(text="Wägung\nund mehr\n" + "x" * 5_000, calendar="A\r\nB", method="CANCEL")
    raw = messages.compose(mail, unsubscribe="https://example.org/x", now=timezone.now()).as_bytes()
    assert raw.isascii()
    assert raw.replace(b"\r\n", b"").count(b"\n") == raw.replace(b"\r\n", b"").count(b"\r") == 0
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    assert b"List-Unsubscribe: <https://example.org/x>\r\n" in raw
    assert b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in raw


@pytest.mark.parametrize(
    "subject",
    [
        "Invitation: Machine learning, Wednesday 30 April, 14:00 (Europe/Berlin)",
        "Über Wägungen, und was von ihnen übrig bleibt, wenn sie lange genug dauern: Mittwoch, 30. April, 14:00",
        "日本語の件名" * 20,
        "x" * 140,
    ],
    ids=["long", "two scripts", "another script", "one word"],
)
def test_subject_arrives_as_it_is(subject, server, post):
    post(subject=subject)
    outbox.send_due()
    assert server.taken[0]["Subject"] == subject
    raw = messages.compose(OutgoingMail.objects.get(), unsubscribe="", now=timezone.now()).as_bytes()
    words = re.findall(rb"=\?utf-8\?\S+\?=", raw)
    assert bool(words) != subject.isascii() and all(len(word) <= 75 for word in words)  # RFC 2047, 2


def test_sender_may_have_a_name_in_any_script(server, post, settings):
    settings.DEFAULT_FROM_EMAIL = "Lesekreis Wägung <reading@example.org>"
    post()
    outbox.send_due()
    assert server.taken[0]["From"] == "Lesekreis Wägung <reading@example.org>"


def test_host_of_an_address_is_written_in_ascii(server, post):
    post(recipient=factories.make_user("Mia", email="mia@weigh-wägung.example"))
    outbox.send_due()
    assert server.taken[0]["To"] == "mia@xn--weigh-wgung-r8a.example"


def test_address_that_no_server_takes_fails_by_itself(server, post):
    mail = post(recipient=factories.make_user("Mia", email=f"mia@{'x' * 70}.example"))
    post("agenda:session 2:user 1")
    assert outbox.send_due() == 1
    assert read(mail).state in {"failed", "waiting"}


def test_without_a_mail_server_mails_go_to_files(post, settings, tmp_path):
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    settings.EMAIL_FILE_PATH = str(tmp_path)
    mail = post()
    assert outbox.send_due() == 1
    [file] = tmp_path.iterdir()
    assert mail.message_id.encode() in file.read_bytes()


def test_files_that_cannot_be_written_are_tried_again(post, settings, tmp_path):
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    settings.EMAIL_FILE_PATH = str(tmp_path / "mail")
    mail = post()
    with pytest.MonkeyPatch.context() as broken:
        broken.setattr("builtins.open", refuse)
        outbox.send_due()
    assert read(mail).state in {"waiting", "uncertain"} and mail.error


def refuse(*_args, **_options):
    raise OSError("No space left on device")


def test_description_of_an_answer_is_one_line():
    error = smtplib.SMTPDataError(450, b"first\nsecond \xff")
    assert transport.describe(error) == "450 first second �"

"""A real worker killed at each step of a mail: at most one copy at the server, and a line for each mail."""

import os
import signal
import time
from datetime import timedelta

import pytest
from django.utils import timezone

from papers import tasks
from papers.models import OutgoingMail
from papers.notifications import outbox
from tests import factories
from tests.mail_server import STEPS
from tests.papers.test_worker import queue_name, wait_until, worker  # noqa: F401 - a fixture

pytestmark = pytest.mark.django_db(transaction=True)
AGAIN, EITHER, UNCERTAIN = "again", "either", "uncertain"
# The worker commits that the text goes out within milliseconds of the server's 354, and that it went out within
# milliseconds of its last answer: killed right there it may have been quicker or not.
EXPECTED = {
    **dict.fromkeys(["banner", "ehlo", "mail", "rcpt", "data"], AGAIN),
    "go": EITHER,
    **dict.fromkeys(["body", "dot"], UNCERTAIN),
    "answered": EITHER,
}


@pytest.fixture
def real_worker(server, queue_name, monkeypatch):  # noqa: F811
    monkeypatch.setenv("EMAIL_URL", server.url)
    return lambda: worker(queue_name)


def expire_leases():
    """What the clock would bring in ten minutes."""
    past = timezone.now() - timedelta(seconds=1)
    OutgoingMail.objects.filter(state="sending").update(leased_until=past)


def test_every_step_has_an_expectation():
    assert list(EXPECTED) == STEPS


@pytest.mark.parametrize("step", STEPS)
def test_killed_worker(step, server, post, real_worker):
    with real_worker() as process:
        reached = []

        def strike(_connection):
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            reached.append(step)

        server.at[step] = strike
        mail = post()
        wait_until(lambda: reached, f"the step {step}")
    copies = len(server.taken)
    mail.refresh_from_db()
    assert mail.state in {"sending", "sent"}
    began = mail.data_started_at is not None
    assert began == {AGAIN: False, UNCERTAIN: True}.get(EXPECTED[step], began)

    for _minute in range(3):
        expire_leases()
        outbox.send_due()
    mail.refresh_from_db()
    expected = AGAIN if not began else "sent" if step == "answered" and mail.state == "sent" else UNCERTAIN
    assert mail.state == {AGAIN: "sent"}.get(expected, expected)
    assert len(server.taken) == copies + (expected == AGAIN)
    assert max(server.copies().values(), default=0) <= 1


def test_process_of_a_worker_killed_in_the_middle_of_the_text(server, post, real_worker):
    """Celery starts another process and gives it the task again: it finds the mail leased."""
    with real_worker() as process:
        struck = []

        def strike(_connection):
            [child] = find_children(process.pid)
            os.kill(child, signal.SIGKILL)
            struck.append(child)

        server.at["dot"] = strike
        mail, other = post(), post("agenda:session 2:user 1")
        wait_until(lambda: OutgoingMail.objects.filter(pk=other.pk, state="sent").exists(), "the other mail")
    expire_leases()
    assert outbox.send_due() == 0
    mail.refresh_from_db()
    assert struck and mail.state == "uncertain"
    assert server.copies() == {mail.message_id: 1, other.message_id: 1}


def test_workers_killed_again_and_again_among_many_mails(server, post, real_worker):
    """Whatever happens: each mail at most once at the server, and one that is not there has a line that says so."""
    mails = [post(f"agenda:session {number}:user 1", due_at=timezone.now()) for number in range(12)]
    for step in ("rcpt", "body", "data", "dot", "go"):
        with real_worker() as process:

            def strike(_connection, process=process):
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()

            server.at[step] = strike
            tasks.send_mail.delay()
            wait_until(lambda process=process: process.poll() is not None, f"the kill at {step}")
        expire_leases()
    with real_worker():
        tasks.tick()
        wait_until(
            lambda: not OutgoingMail.objects.filter(state__in=["waiting", "sending"]).exists(), "the end"
        )
    copies = server.copies()
    assert max(copies.values()) == 1
    for mail in mails:
        mail.refresh_from_db()
        assert mail.state in {"sent", "uncertain"}
        assert copies[mail.message_id] == 1 or (mail.state == "uncertain" and mail.error)
    assert sum(mail.state == "uncertain" for mail in mails) in {2, 3}


def test_tick_reminds_and_sends(server, real_worker, club, member, organiser):
    """From the clock to the mail server, by a real worker; ticks that follow say nothing twice."""
    now = timezone.now()
    factories.make_session(club, now + timedelta(hours=30), lock_hours=20, changed=now - timedelta(hours=1))
    with real_worker():
        for sent in (0, 2):
            tasks.tick()
            wait_until(lambda: OutgoingMail.objects.count() == 2, "both mails")
            tasks.tick()  # what the worker queued itself went to a queue that nobody reads here
            wait_until(lambda: OutgoingMail.objects.filter(state="sent").count() == 2, "both mails gone")
            time.sleep(sent and 1)
    assert sorted(message["To"] for message in server.taken) == sorted([member.email, organiser.email])
    assert all("vote until" in message["Subject"] for message in server.taken)


def find_children(pid):
    with open(f"/proc/{pid}/task/{pid}/children") as file:
        return [int(child) for child in file.read().split()]

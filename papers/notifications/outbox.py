"""The queue of outgoing mail: put in by the transaction that has something to tell, sent by a worker, once.

A worker leases a row, talks to the mail server, and commits that the text goes out (`data_started_at`) between the
server's asking for it and its first byte. So a worker or a server that dies before leaves the mail due again; one that
dies after leaves it uncertain, which only an organiser resolves. A worker that was only slow finds that the row
has another attempt's number, and sends nothing. Why so: docs/decisions/0017-outgoing-mail.md
"""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Club, User
from papers.models import OutgoingMail, Session
from papers.notifications import messages, preferences, standing, transport
from papers.records import clean_line
from papers.verbs import verb

logger = logging.getLogger(__name__)

State = OutgoingMail.State
SUBJECT: Final = 150
TEXT: Final = 20_000
LEASE: Final = timedelta(minutes=2)
"""For the way up to the server's asking for the text; a worker that took longer finds that it lost the row."""

DATA_LEASE: Final = timedelta(minutes=10)
"""From there on: longer than the connection lasts (`transport.ANSWER_SECONDS`)."""

TRIES: Final = 14
FIRST_WAIT: Final = timedelta(minutes=1)
LONGEST_WAIT: Final = timedelta(hours=4)
"""Waits double from the first to the longest one: fourteen tries take a day."""

TURN_SECONDS: Final = 30
"""So long one task goes on with the next mail; then others get the worker."""

KEPT: Final = timedelta(days=90)
"""So long the text of a mail is kept once it is over."""


class LeaseLost(Exception):
    """Another worker has this mail by now."""


class Forgotten(Exception):
    """A mail whose text was forgotten cannot be sent again; its text is a sentence for the person who tried."""


@dataclass(frozen=True, slots=True)
class Letter:
    """What one person is to be told: `key` names it for ever, `about` what must still be true when it goes out."""

    key: str
    kind: str
    recipient: User
    subject: str
    text: str
    club: Club | None = None
    session: Session | None = None
    due_at: datetime | None = None
    useless_after: datetime | None = None
    calendar: str = ""
    method: str = ""
    about: Mapping[str, Any] = field(default_factory=dict)


def put(letters: Iterable[Letter], *, now: datetime | None = None) -> None:
    """Queue mails within the caller's transaction; one whose key is there already changes nothing.

    A worker is woken once that is committed; with the broker away the tick of the next minute does it.
    """
    now = now or timezone.now()
    rows = [_make_row(letter, now) for letter in letters]
    OutgoingMail.objects.bulk_create(rows, ignore_conflicts=True)
    if any(row.due_at <= now for row in rows):
        wake()


def wake() -> None:
    """Let a worker look at what is due once the transaction is committed."""
    from papers import tasks

    transaction.on_commit(lambda: tasks.send_mail.delay(), robust=True)


def withdraw(mails: Iterable[OutgoingMail], *, because: str, now: datetime | None = None) -> None:
    """Take back what still waits; what is on its way, or over, stays as it is."""
    pks = [mail.pk for mail in mails]
    waiting = OutgoingMail.objects.select_for_update(of=("self",)).filter(pk__in=pks, state=State.WAITING)
    with transaction.atomic():
        for mail in waiting:
            _end(mail, State.WITHDRAWN, because, now or timezone.now())


def send_due(now: datetime | None = None) -> int:
    """Send one due mail after the other; return how many went out.

    Ends when none is left, when the mail server is away, or after half a minute, so that other work gets its turn.
    """
    note_broken_off(now or timezone.now())
    sent = 0
    way = transport.open_transport()
    try:
        deadline = time.monotonic() + TURN_SECONDS
        while time.monotonic() < deadline:
            mail = take_next(now or timezone.now())
            if mail is None:
                break
            try:
                sent += deliver(mail, way)
            except transport.NotSent as refusal:
                if refusal.is_away:
                    break
    finally:
        way.close()
    return sent


def wake_where_due(now: datetime) -> None:
    """Wake a worker where it would find something to do: what no message reached, or whose worker is gone."""
    if OutgoingMail.objects.due(now).exists() or OutgoingMail.objects.broken_off(now).exists():
        wake()


def take_next(now: datetime) -> OutgoingMail | None:
    """Lease the mail that has been due longest and still says what is so; None where there is none."""
    while True:
        with transaction.atomic():
            rows = OutgoingMail.objects.due(now).select_related("recipient", "club", "session")
            rows = rows.select_for_update(skip_locked=True, of=("self",))
            mail = rows.order_by("due_at", "pk").first()
            if mail is None:
                return None
            state, why = _judge(mail, now)
            if state is None:
                mail.state, mail.leased_until = State.SENDING, now + LEASE
                mail.attempts += 1
                mail.tries += 1
                mail.save(update_fields=["state", "leased_until", "attempts", "tries"])
                return mail
            _end(mail, state, why, now)


def _judge(mail: OutgoingMail, now: datetime) -> tuple[str | None, str]:
    """Say how a mail that is due ends unsent, and why; None where it shall go out."""
    if mail.useless_after is not None and mail.useless_after < now:
        why = _("It could not be sent while it was of use.")
        return State.FAILED if mail.attempts else State.WITHDRAWN, f"{why} {mail.error}".strip()
    if why := standing.find_change(mail):
        return State.WITHDRAWN, why
    if mail.tries >= TRIES:
        why = _("It was tried %(n)d times.") % {"n": mail.tries}
        return State.FAILED, f"{why} {mail.error}".strip()
    return None, ""


def deliver(mail: OutgoingMail, way: transport.Transport) -> bool:
    """Send a leased mail and write what came of it; true where the server has it.

    Raises NotSent where the server is not to be talked to, which is written as well.
    """
    try:
        message = messages.compose(
            mail, unsubscribe=preferences.make_unsubscribe_link(mail), now=timezone.now()
        )
        way.send(message, lambda: _begin(mail))
    except LeaseLost:
        return False
    except transport.Uncertain as broken:
        _note(mail, state=State.UNCERTAIN, error=str(broken), ended_at=timezone.now())
        return False
    except transport.NotSent as refusal:
        _put_back(mail, str(refusal), is_final=refusal.is_final)
        if refusal.is_away:
            raise
        return False
    except Exception:
        # Before the text went out: all that comes after is caught above, or says that it is uncertain.
        logger.exception("Mail %s could not be made", mail.key)
        _put_back(mail, _("Something is wrong on our side; the log tells what."))
        return False
    return _note(mail, state=State.SENT, error="", ended_at=timezone.now())


@transaction.atomic(durable=True)
def _begin(mail: OutgoingMail) -> None:
    """Commit that the text goes out. Raises LeaseLost where it may not, as another worker has the mail."""
    now = timezone.now()
    begun = OutgoingMail.objects.filter(
        pk=mail.pk, state=State.SENDING, attempts=mail.attempts, data_started_at=None
    ).update(data_started_at=now, leased_until=now + DATA_LEASE)
    if not begun:
        raise LeaseLost


def _put_back(mail: OutgoingMail, error: str, *, is_final: bool = False) -> None:
    """Let a mail that the server has not taken wait, longer each time; or end it where that was its last word."""
    now = timezone.now()
    if is_final:
        _note(mail, state=State.FAILED, error=error, ended_at=now, data_started_at=None)
    else:
        wait = min(FIRST_WAIT * 2 ** (mail.tries - 1), LONGEST_WAIT)
        _note(mail, state=State.WAITING, error=error, due_at=now + wait, data_started_at=None)


def _note(mail: OutgoingMail, **facts: Any) -> bool:
    """Write what came of an attempt; false where the row is no longer this attempt's.

    A row that was given up as uncertain while the server took its time is this attempt's until somebody decides.
    """
    mine = OutgoingMail.objects.filter(
        pk=mail.pk, attempts=mail.attempts, state__in=[State.SENDING, State.UNCERTAIN], settled_at=None
    )
    return bool(mine.update(leased_until=None, **facts))


def _end(mail: OutgoingMail, state: str, why: str, now: datetime) -> None:
    mail.state, mail.error, mail.ended_at, mail.leased_until = state, why, now, None
    if state == State.WITHDRAWN:
        # It was never said, so it may be: of the session's new time, or of the parts as they are by then.
        mail.key = f"{mail.key}:withdrawn {mail.pk}"
    mail.save(update_fields=["state", "error", "ended_at", "leased_until", "key"])


def note_broken_off(now: datetime) -> int:
    """Mark as uncertain what a worker was gone with after the server had asked for the text; return how many."""
    why = _("The worker stopped after the mail server had begun to take it.")
    number = OutgoingMail.objects.broken_off(now).update(
        state=State.UNCERTAIN, error=why, ended_at=now, leased_until=None
    )
    if number:
        logger.error("%d mails broke off while the mail server took them: it may have them or not", number)
    return number


@verb
def send_again(mail: OutgoingMail, *, by: User, now: datetime | None = None) -> OutgoingMail:
    """Queue a mail anew that is uncertain or has failed, under its old Message-ID; any other stays as it is.

    Raises Forgotten where its text is no longer kept.
    """
    now = now or timezone.now()
    mail = OutgoingMail.objects.select_for_update(of=("self",)).get(pk=mail.pk)
    if mail.state not in {State.UNCERTAIN, State.FAILED}:
        return mail
    if not mail.text:
        raise Forgotten(_("What it said is no longer kept here, so that it cannot be sent again."))
    mail.state, mail.due_at, mail.tries, mail.error = State.WAITING, now, 0, ""
    mail.data_started_at = mail.ended_at = mail.useless_after = mail.settled_at = None
    mail.settled_by = by
    mail.save()
    wake()
    return mail


@verb
def let_be(mail: OutgoingMail, *, by: User, now: datetime | None = None) -> OutgoingMail:
    """Say that nothing more is to be done about a mail that is uncertain or has failed; it keeps its state."""
    mail = OutgoingMail.objects.select_for_update(of=("self",)).get(pk=mail.pk)
    if mail.state in {State.UNCERTAIN, State.FAILED} and mail.settled_at is None:
        mail.settled_at, mail.settled_by = now or timezone.now(), by
        mail.save(update_fields=["settled_at", "settled_by"])
    return mail


def forget_old_texts(now: datetime) -> int:
    """Drop what mails said that were over ninety days ago; that they went out, and when, stays. Return how many."""
    old = OutgoingMail.objects.filter(ended_at__lt=now - KEPT).exclude(text="", calendar="")
    return old.update(text="", calendar="")


def _make_row(letter: Letter, now: datetime) -> OutgoingMail:
    host = urlsplit(settings.SITE_URL).hostname
    return OutgoingMail(
        key=letter.key,
        kind=letter.kind,
        club=letter.club,
        session=letter.session,
        recipient=letter.recipient,
        address=letter.recipient.email,
        # A line of its own: what stands behind a line break would be a header.
        subject=shorten(letter.subject, SUBJECT),
        text=letter.text[:TEXT],
        calendar=letter.calendar,
        method=letter.method,
        about=dict(letter.about),
        message_id=f"<{uuid.uuid4().hex}@{host}>",
        made=now,
        due_at=letter.due_at or now,
        useless_after=letter.useless_after,
    )


def shorten(text: str, most: int) -> str:
    """Bring text to one line of so many signs at most, cut off at a word where it is longer."""
    line = clean_line(text)
    if len(line) <= most:
        return line
    head = line[: most - 1]
    return f"{head.rsplit(' ', 1)[0] if ' ' in head[most // 2 :] else head}…"

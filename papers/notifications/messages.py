"""From a row to what goes over the wire (RFC 5322): text alone, or with an event for calendars beside it."""

from __future__ import annotations

from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP, EmailPolicy
from email.utils import format_datetime
from typing import Final

from django.conf import settings

from papers.models import OutgoingMail

POLICY: Final[EmailPolicy[EmailMessage]] = SMTP.clone(cte_type="7bit")
"""Lines end as they travel; ASCII only, as not every server announces that it takes more."""


def compose(mail: OutgoingMail, *, unsubscribe: str, now: datetime) -> EmailMessage:
    """Return the message of a mail; `unsubscribe` is the address that one POST to ends mails like it (RFC 8058).

    An iTIP object is the second form of the same text (RFC 6047, 2.4), which programs show in its place.
    """
    message = EmailMessage(policy=POLICY)
    message["Subject"] = mail.subject
    message["From"] = settings.DEFAULT_FROM_EMAIL
    message["To"] = encode_host(mail.address)
    message["Date"] = format_datetime(now)
    message["Message-ID"] = mail.message_id
    # So that no out-of-office note comes back (RFC 3834, 5).
    message["Auto-Submitted"] = "auto-generated"
    if unsubscribe:
        message["List-Unsubscribe"] = f"<{unsubscribe}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(mail.text)
    if mail.calendar:
        message.add_alternative(mail.calendar, subtype="calendar", params={"method": mail.method})
    return message


def encode_host(address: str) -> str:
    """Write the name of an address's host in ASCII (RFC 5891), as mail servers take it. Raises UnicodeError."""
    name, at, host = address.rpartition("@")
    return f"{name}{at}{host.encode('idna').decode()}"

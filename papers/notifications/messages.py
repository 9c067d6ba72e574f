"""From a row to what goes over the wire (RFC 5322): text alone, or with an event for calendars beside it."""

from __future__ import annotations

from datetime import datetime
from email.header import Header
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import format_datetime
from typing import Final

from django.conf import settings

from papers.models import OutgoingMail

LONGEST_LINE: Final = 998
"""RFC 5322, 2.1.1."""


class WirePolicy(EmailPolicy):
    """Headers on one line each where they fit; a subject in another script as words of RFC 2047.

    The library folds at 78 signs: it begins a subject of more on an empty line, and turns a link into encoded words,
    which no program reads as a link.
    """

    def fold(self, name: str, value: str) -> str:
        line = f"{name}: {value}"
        if line.isascii() and len(line) <= LONGEST_LINE:
            return f"{line}{self.linesep}"
        if name.lower() == "subject":
            words = Header(str(value), "utf-8", maxlinelen=75, header_name=name)
            return f"{name}: {words.encode(linesep=self.linesep)}{self.linesep}"
        return str(super().fold(name, value))

    def fold_binary(self, name: str, value: str) -> bytes:
        return self.fold(name, value).encode("ascii")


# Lines end as they travel; ASCII only, as not every server announces that it takes more.
POLICY: Final = WirePolicy(linesep="\r\n", cte_type="7bit")


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

"""The mails that the demo has written to files, instead of sending them (Django's file-based backend)."""

import email
import email.policy
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from pathlib import Path

LARGEST = 1_000_000
_RULE = b"-" * 79  # what the backend writes below each message


@dataclass(frozen=True, slots=True)
class Mail:
    subject: str
    to: str
    sent: datetime | None
    text: str


def read_mails(folder: Path, *, most: int = 50) -> list[Mail]:
    """Return the newest mails in a folder, newest first; files that are none are passed over."""
    mails: list[Mail] = []
    files = sorted(folder.glob("*.log"), key=lambda file: file.stat().st_mtime_ns, reverse=True)
    for file in files:
        if file.stat().st_size > LARGEST:
            continue
        messages = [part for part in file.read_bytes().split(_RULE) if part.strip()]
        mails += [_read_mail(message.strip()) for message in reversed(messages)]
        if len(mails) >= most:
            break
    return mails[:most]


def _read_mail(raw: bytes) -> Mail:
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    body = message.get_body(("plain",))
    try:
        text = body.get_content() if body else ""
    except (LookupError, UnicodeError):  # an encoding nobody knows
        text = ""
    try:
        sent = parsedate_to_datetime(message["Date"]) if message["Date"] else None
    except ValueError:
        sent = None
    return Mail(str(message["Subject"] or ""), str(message["To"] or ""), sent, text.strip())

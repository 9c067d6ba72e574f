"""Who gets which mails: as they said on their page of mails, and by having a part in the session."""

from __future__ import annotations

from typing import Final

from django.conf import settings

from accounts import mail as mails
from accounts.models import MailWanted, User
from papers.models import OutgoingMail

Kind = OutgoingMail.Kind

ABOUT_PARTS: Final = frozenset(
    {Kind.PART_SOON, Kind.PART_TOMORROW, Kind.ASKED, Kind.PART_WITHDRAWN, Kind.SWAP}
)
ABOUT_ALL: Final = frozenset({Kind.AGENDA, Kind.LINK, Kind.MOVED, Kind.CANCELLED})
"""What everybody gets who wants all mails, and whoever has a part in the session."""


def wants(user: User, kind: str, *, has_part: bool = False) -> bool:
    """Say whether somebody is to get a mail of this kind about a session."""
    if kind == Kind.CALENDAR:
        return mails.wants(user, mails.Group.CALENDAR)
    is_about_parts = kind in ABOUT_PARTS or (has_part and kind in ABOUT_ALL)
    return mails.wants(user, mails.Group.PARTS if is_about_parts else mails.Group.CLUB)


def make_unsubscribe_link(mail: OutgoingMail) -> str:
    """Return the address by which its recipient ends mails like this one; empty where they cannot be ended."""
    if mail.kind == Kind.SOURCE_STALLED:
        return ""
    group = mails.Group.CLUB
    if mail.kind == Kind.CALENDAR:
        group = mails.Group.CALENDAR
    elif mail.kind in ABOUT_PARTS or mail.recipient.mail_wanted == MailWanted.PARTS:
        group = mails.Group.PARTS
    return f"{settings.SITE_URL}{mails.make_path(mail.recipient, group)}"

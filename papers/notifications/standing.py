"""Whether what a waiting mail says is still so: asked right before it goes out, whatever changed since, and by whom."""

from __future__ import annotations

from django.utils.translation import gettext as _

from accounts.models import Membership
from papers.models import Assignment, OutgoingMail, Session, SwapOffer
from papers.notifications.preferences import wants

Kind = OutgoingMail.Kind


def find_change(mail: OutgoingMail) -> str:
    """Say why a mail shall not go out any more; empty where it shall."""
    if not mail.recipient.is_active:
        return _("Who it is for has no account any more.")
    if not mail.about.get("session"):
        return ""
    if mail.kind == Kind.CALENDAR:
        return _find_change_of_invitation(mail)
    return _find_change_of_session(mail) or _find_change_of_person(mail)


def _find_change_of_invitation(mail: OutgoingMail) -> str:
    if mail.method == "CANCEL":
        before = OutgoingMail.objects.filter(
            kind=mail.kind, session=mail.session_id, recipient=mail.recipient_id, pk__lt=mail.pk
        )
        is_known = before.exclude(state=OutgoingMail.State.WITHDRAWN).exists()
        return "" if is_known else _("It was never in their calendar.")
    # Whether a member still wants it is the next round's to see, which calls it off.
    if mail.session is not None and mail.about["sequence"] != mail.session.sequence:
        return _("The session changed once more.")
    return "" if _is_for_a_member(mail) else _("Who it is for is no longer a member.")


def _is_for_a_member(mail: OutgoingMail) -> bool:
    return Membership.objects.filter(club=mail.club_id, user=mail.recipient_id).exists()


def _find_change_of_session(mail: OutgoingMail) -> str:
    session = mail.session
    if session is None:
        return _("The session is gone.")
    if session.state == Session.State.CANCELLED and mail.kind != Kind.CANCELLED:
        return _("The session was cancelled.")
    if mail.kind in {Kind.MOVED, Kind.CANCELLED} and mail.about["sequence"] != session.sequence:
        return _("The session changed once more.")
    if mail.kind == Kind.CALL_FOR_VOTES and session.is_closed:
        return _("Votes are closed.")
    if mail.about["starts"] != session.starts.isoformat() and mail.kind != Kind.CANCELLED:
        return _("The session was moved.")
    return ""


def _find_change_of_person(mail: OutgoingMail) -> str:
    if not _is_for_a_member(mail):
        return _("Who it is for is no longer a member.")
    live = Assignment.objects.live().filter(member=mail.recipient_id, item__session=mail.session_id)
    parts = dict(live.values_list("pk", "state"))
    if not wants(mail.recipient, mail.kind, has_part=bool(parts)):
        return _("Who it is for does not want such mails.")
    about = set(mail.about.get("assignments", ()))
    if not about <= set(parts):
        return _("The part is not theirs any more.")
    if mail.kind == Kind.PART_WITHDRAWN and Assignment.objects.filter(pk=mail.about["gone"]).exists():
        return _("The part is theirs again.")
    if mail.kind == Kind.SWAP and not SwapOffer.objects.filter(
        pk=mail.about["offer"], state=mail.about["swap"].rpartition(" ")[2]
    ):
        return _("The offer is over.")
    if mail.kind == Kind.ASKED and all(parts[pk] != Assignment.State.PROPOSED for pk in about):
        return _("They have answered.")
    return ""

"""Invitations: a signed link that makes whoever opens it a member, once.

The link is not stored. It names the row and the moment it was made, so that it can be shown again as long as
the row is there; deleting the row revokes it, also when a restored database gives the same number again.
"""

from datetime import datetime, timedelta

from django.core import signing
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from . import clubs, permissions
from .clubs import AlreadyMember, Refused
from .models import Club, Invitation, Membership, Role, User

LIFETIME = timedelta(days=14)
MOST_OPEN = 100  # a club
SALT = "accounts.invitation"
# What request.session keeps of a link that a visitor opened, while they sign up or in.
SESSION_KEY = "invitation"


class AlreadyInvited(Refused):
    """An address has an open invitation to this club."""


class TooMany(Refused):
    """A club has as many open invitations as it may."""


class BadLink(Refused):
    """A link that was never ours, or has been revoked."""


class ClosedLink(BadLink):
    """A link that once worked: it was used, or its time is over."""


def invite(
    club: Club, *, email: str = "", role: str = Role.MEMBER, by: User | None, now: datetime | None = None
) -> Invitation:
    """Make an invitation; `by` is None for the command line. An expired one for the same address makes room.

    The address is where the link is sent, not a lock: whoever holds the link may use it, once.
    Raises AlreadyMember, AlreadyInvited, TooMany.
    """
    now = now or timezone.now()
    email = email.strip().lower()
    if email and _is_member(club, email):
        raise AlreadyMember(_("%(email)s is a member already.") % {"email": email})
    waiting = Invitation.objects.filter(club=club, accepted=None)
    try:
        with transaction.atomic():
            waiting.filter(expires__lte=now).delete()
            if waiting.count() >= MOST_OPEN:
                raise TooMany(
                    _("This club has %(most)d open invitations, and no more fit. Revoke some first.")
                    % {"most": MOST_OPEN}
                )
            return Invitation.objects.create(
                club=club, email=email, role=role, invited_by=by, created=now, expires=now + LIFETIME
            )
    except IntegrityError:
        raise AlreadyInvited(
            _("%(email)s has an open invitation already. Send that link again, or revoke it first.")
            % {"email": email}
        ) from None


def make_path(invitation: Invitation) -> str:
    """Return the link, from the slash after the host on."""
    return reverse("accounts:join", args=[make_token(invitation)])


def make_token(invitation: Invitation) -> str:
    return _signer().sign_object([invitation.pk, _moment(invitation)])


def find(token: str, *, now: datetime | None = None) -> Invitation:
    """Return the invitation that a link stands for, with its club and inviter, if it can still be accepted.

    Raises BadLink, or ClosedLink where it once could; the text says why and what to do.
    """
    try:
        pk, moment = _signer().unsign_object(token)
    except (signing.BadSignature, ValueError, TypeError):
        raise BadLink(_("This is no invitation of ours. Was the whole link copied?")) from None
    invitation = Invitation.objects.select_related("club", "invited_by").filter(pk=pk).first()
    if invitation is None or _moment(invitation) != moment:
        raise BadLink(_("This invitation has been taken back. Ask for a new one."))
    _check(invitation, now or timezone.now())
    return invitation


@transaction.atomic
def accept(invitation: Invitation, *, by: User, now: datetime | None = None) -> Membership:
    """Make a person a member by an invitation, which is used up by that.

    Raises ClosedLink, BadLink when it was revoked meanwhile, and AlreadyMember, which leaves it open.
    """
    now = now or timezone.now()
    # The club first, as in the verbs of `clubs`: who removes the inviter deletes this row under that lock.
    Club.objects.select_for_update(no_key=True).get(pk=invitation.club_id)
    found = Invitation.objects.select_for_update(of=("self",)).select_related("club").filter(pk=invitation.pk)
    held = found.first()
    if held is None:
        raise BadLink(_("This invitation has been taken back. Ask for a new one."))
    _check(held, now)
    membership = clubs.add_member(held.club, by, role=held.role)
    held.accepted, held.accepted_by = now, by
    held.save(update_fields=["accepted", "accepted_by"])
    return membership


def revoke(invitation: Invitation) -> None:
    """Make a link worthless. One that was used stays on record."""
    Invitation.objects.filter(pk=invitation.pk, accepted=None).delete()


def _check(invitation: Invitation, now: datetime) -> None:
    if invitation.accepted is not None:
        raise ClosedLink(_("This invitation has been used: a link works once. Ask for a new one."))
    if invitation.expires <= now:
        raise ClosedLink(_("This invitation has expired. Ask for a new one."))
    inviter = invitation.invited_by
    if inviter is not None and not permissions.can_invite(inviter, invitation.club, invitation.role):
        raise BadLink(_("This invitation has been taken back. Ask for a new one."))


def _is_member(club: Club, email: str) -> bool:
    members = Membership.objects.filter(club=club)
    # A person may have several addresses; allauth keeps them. Anybody may claim one, so only confirmed ones count.
    return (
        members.filter(user__email=email).exists()
        or members.filter(user__emailaddress__email=email, user__emailaddress__verified=True).exists()
    )


def _moment(invitation: Invitation) -> int:
    """Return when it was made, in microseconds: what a database keeps of a time."""
    return round(invitation.created.timestamp() * 1_000_000)


def _signer() -> signing.Signer:
    return signing.Signer(sep=".", salt=SALT)

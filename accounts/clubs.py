"""What happens to clubs and the people in them: start, change, join, give a role, leave.

Whether a person may act is asked of `permissions` before; whether the act makes sense, here. Each verb that
touches memberships locks the club's row first: of two owners who leave at once, one finds the other gone.
"""

from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.text import slugify
from django.utils.translation import gettext as _

from . import permissions
from .models import Club, Invitation, Membership, Role, User, validate_time_zone
from .names import clean_name

# Addresses below /clubs/ that are no club.
RESERVED_SLUGS = frozenset({"new"})
# What an owner may change.
SETTINGS = (
    *("name", "time_zone", "is_public"),
    *("carry_over", "vote_budget", "hides_totals", "threshold", "shows_voters"),
    *("load_months", "parts_cap", "keeps_authors_out", "mixes_seniority", "minutes_template"),
)
SLUG_LENGTH = 40  # of the 50 that fit, so that a number has room


class Refused(Exception):
    """An act that makes no sense here; its text is a sentence for the person who tried."""


class BadName(Refused):
    """A club's name that is empty or too long."""


class AlreadyMember(Refused):
    """Somebody who is to join is in the club."""


class LastOwner(Refused):
    """A club must keep an owner, or nobody could invite organisers or change it."""


def make_slug(name: str) -> str:
    """Return what a club would be called in addresses, whether or not that is still free."""
    slug = slugify(name)[:SLUG_LENGTH].strip("-_") or "club"
    return f"{slug}-club" if slug in RESERVED_SLUGS else slug


def create_club(name: str, *, owner: User | None, time_zone: str = "UTC", is_public: bool = False) -> Club:
    """Start a club; its owner is in it from then on, and acts in it.

    Without an owner the club is empty until somebody accepts the invitation of one. A club chooses no sources
    at first, which means that it follows all of the installation's.

    Raises BadName, and ValidationError for an unknown time zone.
    """
    name = clean_club_name(name)
    validate_time_zone(time_zone)
    with transaction.atomic():
        club = _insert(name, time_zone=time_zone, is_public=is_public)
        if owner is not None:
            add_member(club, owner, role=Role.OWNER)
    return club


def clean_club_name(text: str) -> str:
    """Return a club's name as it is kept. Raises BadName."""
    name = clean_name(text)
    most = Club._meta.get_field("name").max_length or 100
    if not name:
        raise BadName(_("Give the club a name, such as Machine learning."))
    if len(name) > most:
        raise BadName(_("A club's name has at most %(most)d characters.") % {"most": most})
    return name


def update_club(club: Club, **changes: Any) -> Club:
    """Change what a club is called, where its clock hangs, who may read it, by which rules it votes and plans.

    `changes` are any of SETTINGS; its address stays. What else follows from a rule is for `papers.club_rules`.
    Raises BadName, and ValidationError by field.
    """
    if unknown := set(changes) - set(SETTINGS):
        raise TypeError(f"A club has no setting {', '.join(sorted(unknown))}.")
    if "name" in changes:
        changes["name"] = clean_club_name(changes["name"])
    for name, value in changes.items():
        setattr(club, name, value)
    club.clean_fields(exclude=[field.name for field in club._meta.fields if field.name not in changes])
    club.version = F("version") + 1  # whoever keeps the club's number must see that it changed
    club.save(update_fields=[*changes, "version"])
    club.refresh_from_db(fields=["version"])
    return club


@transaction.atomic
def add_member(club: Club, user: User, *, role: str = Role.MEMBER) -> Membership:
    """Make a person a member, who acts in this club from now on. Raises AlreadyMember."""
    _lock(club)
    if Membership.objects.filter(club=club, user=user).exists():
        raise AlreadyMember(_("You are a member of %(club)s already.") % {"club": club})
    membership = Membership.objects.create(club=club, user=user, role=role)
    user.default_club = club
    user.save(update_fields=["default_club"])
    permissions.forget_roles(user)
    return membership


@transaction.atomic
def change_role(membership: Membership, *, role: str) -> Membership:
    """Give a member another role; whoever may no longer invite loses the links they made.

    Raises LastOwner, and ValueError for a role that does not exist.
    """
    role = Role(role)
    _lock(membership.club)
    membership.refresh_from_db(fields=["role"])
    if membership.role == role:
        return membership
    _keep_an_owner(membership, _("Make somebody else an owner first: a club needs one."))
    membership.role = role
    membership.save(update_fields=["role"])
    permissions.forget_roles(membership.user)
    _revoke_links_of(membership)
    return membership


@transaction.atomic
def remove_member(membership: Membership) -> None:
    """Take a person out of a club, or let them go; what they said and voted stays.

    The links they made go with them, so that they cannot come back by one. Raises LastOwner.
    """
    _lock(membership.club)
    # Somebody else may have changed the role, or removed them, while this waited for the lock.
    membership = (
        Membership.objects.select_related("club", "user").filter(pk=membership.pk).first() or membership
    )
    _keep_an_owner(membership, _("The last owner cannot leave. Make somebody else an owner first."))
    _revoke_links_of(membership, all_roles=True)
    User.objects.filter(pk=membership.user_id, default_club=membership.club_id).update(default_club=None)
    Membership.objects.filter(pk=membership.pk).delete()
    permissions.forget_roles(membership.user)


def _insert(name: str, *, time_zone: str, is_public: bool) -> Club:
    """Insert a club under the first slug that is free: ml, ml-2, ml-3…"""
    base = make_slug(name)
    number = 1
    while True:
        slug = base if number == 1 else f"{base}-{number}"
        number += 1
        if Club.objects.filter(slug=slug).exists():
            continue
        try:
            with transaction.atomic():
                return Club.objects.create(slug=slug, name=name, time_zone=time_zone, is_public=is_public)
        except IntegrityError:  # somebody else's club took the slug just now
            if not Club.objects.filter(slug=slug).exists():
                raise


def _lock(club: Club) -> None:
    """Hold the club until the transaction ends; rows that point at it may still come and go meanwhile."""
    Club.objects.select_for_update(no_key=True).get(pk=club.pk)


def _keep_an_owner(membership: Membership, sentence: str) -> None:
    owners = Membership.objects.filter(club=membership.club_id, role=Role.OWNER)
    if membership.role == Role.OWNER and not owners.exclude(pk=membership.pk).exists():
        raise LastOwner(sentence)


def _revoke_links_of(membership: Membership, *, all_roles: bool = False) -> None:
    """Delete the open invitations that a member made and could not make now."""
    made = Invitation.objects.filter(club=membership.club_id, invited_by=membership.user_id, accepted=None)
    if not all_roles:
        allowed = [role for role in Role if permissions.can_invite(membership.user, membership.club, role)]
        made = made.exclude(role__in=allowed)
    made.delete()

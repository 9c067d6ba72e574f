"""People without an account who come or present: a name, later perhaps joined to a member."""

from django.db import IntegrityError, transaction
from django.db.models import Value
from django.db.models.functions import Lower
from django.utils.translation import gettext as _

from accounts.models import Club, User
from papers.models import Guest
from papers.records import clean_line
from papers.verbs import verb
from papers.versions import stamp

from .refusals import Refused

LONGEST_NAME = 100


class NotAMember(Refused):
    """Only members of the club may be who a guest was."""


class BadName(Refused):
    """A name with nothing in it, or far too much."""

    field = "name"


def find_or_add_guest(club: Club, name: str) -> Guest:
    """Return the club's guest of this name, in whatever spelling came first; a new one is for the caller to stamp.

    Must run inside a verb. Raises BadName.
    """
    name = clean_line(name)
    if not name:
        raise BadName(_("Write the guest's name."))
    if len(name) > LONGEST_NAME:
        raise BadName(_("A name has at most %(most)d characters.") % {"most": LONGEST_NAME})
    guests = Guest.objects.alias(lower=Lower("name")).filter(club=club, lower=Lower(Value(name)))
    known = guests.first()
    if known is not None:
        return known
    try:
        with transaction.atomic():
            return Guest.objects.create(club=club, name=name)
    except IntegrityError:  # somebody else's came first
        return guests.get()


@verb
def join_guest(guest: Guest, member: User | None, *, by: User) -> Guest:
    """Say which member a guest is by now, or that they are none; what they presented counts for them from then on.

    Raises NotAMember.
    """
    guest = Guest.objects.select_for_update(of=("self",)).select_related("club").get(pk=guest.pk)
    if member is not None and not guest.club.memberships.filter(user=member).exists():
        raise NotAMember(_("%(name)s is no member of this club.") % {"name": member})
    if guest.member_id != (member.pk if member else None):
        guest.member = member
        guest.save(update_fields=["member"])
        stamp(guest.club, [guest])
    return guest

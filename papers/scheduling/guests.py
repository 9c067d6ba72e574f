"""People without an account who come or present: a name, later perhaps joined to a member."""

from django.db import IntegrityError, transaction
from django.db.models import Value
from django.db.models.functions import Lower
from django.utils.translation import gettext as _

from accounts.models import Club
from papers.models import Guest
from papers.records import clean_line

from .refusals import Refused

LONGEST_NAME = 100


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

"""On which days members cannot take parts."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

from django.utils.translation import gettext as _

from accounts.models import Club, User
from papers.models import Absence
from papers.verbs import verb
from papers.versions import Stamps

from .refusals import Refused

MOST_DAYS = timedelta(days=3_660)
MOST_ABSENCES = 200
FIRST, LAST = date(1970, 1, 1), date(2200, 1, 1)


class BadDays(Refused):
    """Days that end before they begin, or far from now."""

    field = "last_day"


class TooMany(Refused):
    """More absences than anybody has."""


@verb
def note_absence(clubs: Iterable[Club], *, first_day: date, last_day: date, by: User) -> list[Absence]:
    """Note that a member is away, first and last day included, in each of some clubs; again changes nothing.

    What they have accepted on such a day stays theirs until a plan is made, which asks somebody else.
    Raises BadDays, TooMany.
    """
    if last_day < first_day:
        raise BadDays(_("The last day lies before the first."))
    if last_day - first_day > MOST_DAYS or not FIRST <= first_day <= last_day < LAST:
        raise BadDays(_("These are more than ten years, or far from now."))
    stamps = Stamps()
    noted = []
    for club in sorted(clubs, key=lambda club: club.pk):
        if Absence.objects.filter(club=club, member=by).count() >= MOST_ABSENCES:
            raise TooMany(_("You have noted as many days away as can be kept. Remove old ones first."))
        absence, is_new = Absence.objects.get_or_create(
            club=club, member=by, first_day=first_day, last_day=last_day
        )
        if is_new:
            stamps.add(club, [absence])
        noted.append(absence)
    stamps.write()
    return noted


@verb
def remove_absence(absence: Absence, *, by: User) -> None:
    """Say that one can come after all; a row that is gone already changes nothing."""
    stamps = Stamps()
    gone = (Absence, absence.pk)
    if Absence.objects.filter(pk=absence.pk).delete()[0]:
        stamps.add(absence.club, [], [gone])
    stamps.write()

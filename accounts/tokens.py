"""API tokens: made, shown once, revoked. How far one reaches is said in `permissions`."""

from collections.abc import Collection
from datetime import timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from .clubs import Refused
from .models import ApiToken, Club, User
from .names import clean_name

MOST = 50  # a person
LONGEST_DAYS = 3660


class TooMany(Refused):
    """A person has as many tokens as they may."""


class NotYourClub(Refused):
    """A token is to be limited to a club its owner is not in."""


class BadLifetime(Refused):
    """A number of days that is none, or beyond ten years."""


@transaction.atomic
def create_token(
    user: User,
    *,
    name: str = "",
    scope: str = ApiToken.Scope.FULL,
    days: int | None = None,
    clubs: Collection[Club] = (),
) -> tuple[ApiToken, str]:
    """Make a token; return it with the secret, of which only a digest is kept.

    Without `days` it never expires; without `clubs` it reaches all that its owner is and will be in.
    Raises TooMany, NotYourClub, BadLifetime, and ValueError for an unknown scope.
    """
    if days is not None and not 1 <= days <= LONGEST_DAYS:
        raise BadLifetime(_("A token is valid for 1 to %(most)d days.") % {"most": LONGEST_DAYS})
    User.objects.select_for_update(no_key=True).get(pk=user.pk)  # two at once would each find room
    if ApiToken.objects.filter(user=user).count() >= MOST:
        raise TooMany(_("You have %(most)d tokens, and no more fit. Revoke some first.") % {"most": MOST})
    if len(clubs) != Club.objects.of(user).filter(pk__in=[club.pk for club in clubs]).count():
        raise NotYourClub(_("A token can be limited to clubs you are in only."))
    most = ApiToken._meta.get_field("name").max_length
    token, secret = ApiToken.objects.create(
        user,
        expiry=timedelta(days=days) if days is not None else None,
        name=clean_name(name)[:most],
        scope=ApiToken.Scope(scope),
    )
    token.clubs.set(clubs)
    return token, secret


def revoke_token(token: ApiToken) -> None:
    """Make a token worthless, at once."""
    token.delete()

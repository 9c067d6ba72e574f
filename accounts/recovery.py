"""What a password set by a mailed link proves, and what it puts an end to."""

from typing import Any

from allauth.account.models import EmailAddress
from django.db import transaction

from .models import ApiToken, User


def may_reset_by(user: User, email: str) -> bool:
    """Say whether a link that sets the password may go to this address.

    Only to the address the account is known by, or to one that was confirmed: an address that somebody added
    with a slip of the finger would hand the account to a stranger.
    """
    email = email.lower()
    return email == user.email or EmailAddress.objects.filter(user=user, email=email, verified=True).exists()


@transaction.atomic
def settle_reset(user: User) -> None:
    """Give an account that nobody had confirmed to the person who just read its mail.

    Somebody else may have signed up with their address. The new password ends the sessions; here go the API
    tokens and the addresses beside it, and the address counts as confirmed. (A second factor cannot have
    been added before that: allauth sees to it.)
    """
    addresses = EmailAddress.objects.filter(user=user)
    if addresses.filter(verified=True).exists():
        return
    ApiToken.objects.filter(user=user).delete()
    addresses.exclude(email=user.email).delete()
    addresses.update_or_create(user=user, email=user.email, defaults={"verified": True, "primary": True})


def on_password_reset(sender: type[User], user: User, **extra: Any) -> None:
    """Receive allauth's signal of the same name."""
    settle_reset(user)

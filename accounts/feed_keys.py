"""Keys in addresses that calendars and other programs read: one for each person and thing, read only, revocable.

A key is signed, not stored: it names its row and the row's nonce, so that its owner can look it up again. A new
nonce makes it worthless, and so does another SECRET_KEY.
"""

from __future__ import annotations

import secrets

from django.core import signing
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from .models import Club, FeedKey, User

SALT = "accounts.feed_key"
MOST_CHARACTERS = 200


def make_key(user: User, resource: str, club: Club | None = None) -> FeedKey:
    """Return a person's key for a thing, made when they have none. Whether they may read it is asked on each use."""
    key, _created = FeedKey.objects.get_or_create(
        user=user, resource=FeedKey.Resource(resource), club=club, defaults={"nonce": _make_nonce()}
    )
    return key


def write_key(key: FeedKey) -> str:
    """Return what stands in the address after `key=`."""
    return _signer().sign(f"{key.pk}.{key.nonce}")


def find_key(secret: str, *, resource: str, slug: str | None) -> FeedKey | None:
    """Return the key that somebody holds, with its user; None where it is none for this thing.

    `slug` names the club of the address; None is a person's own, over all of their clubs.
    """
    if len(secret) > MOST_CHARACTERS:
        return None
    try:
        pk, _dot, nonce = _signer().unsign(secret).partition(".")
    except signing.BadSignature:
        return None
    keys = FeedKey.objects.select_related("user").annotate(slug=F("club__slug"))
    key = keys.filter(pk=int(pk), nonce=nonce, resource=resource, user__is_active=True).first()
    return key if key is not None and key.slug == slug else None


@transaction.atomic
def renew_key(key: FeedKey) -> FeedKey:
    """Make the address that is about worthless, and give another."""
    key = FeedKey.objects.select_for_update().get(pk=key.pk)
    key.nonce, key.created, key.last_used = _make_nonce(), timezone.now(), None
    key.save(update_fields=["nonce", "created", "last_used"])
    return key


def revoke_key(key: FeedKey) -> None:
    """Make the address worthless, at once."""
    key.delete()


def _make_nonce() -> str:
    return secrets.token_urlsafe(12)


def _signer() -> signing.Signer:
    return signing.Signer(salt=SALT)

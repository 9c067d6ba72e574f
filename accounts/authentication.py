"""How a script says who it is: Bearer for the API, the token as Basic password where clients know only that.

Both leave the `ApiToken` in `request.auth`; how far it reaches is asked of `permissions.token_allows`.
"""

from datetime import timedelta

from django.utils import timezone
from django.utils.translation import gettext as _
from knox.auth import TokenAuthentication
from knox.crypto import hash_token
from rest_framework.authentication import BaseAuthentication, BasicAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from . import feed_keys
from .models import ApiToken, FeedKey, User

LAST_USE_STEP = timedelta(minutes=5)


def note_use(key: ApiToken | FeedKey) -> None:
    """Keep when a token or key was last used, at most every five minutes: a poll must not write each time."""
    now = timezone.now()
    if key.last_used is None or now - key.last_used > LAST_USE_STEP:
        type(key)._default_manager.filter(pk=key.pk).update(last_used=now)


def find_token(secret: bytes) -> ApiToken:
    """Return the token that somebody holds, with its user, and note that it was used.

    Raises AuthenticationFailed, which the API answers with 401, for any bytes that are no token of ours, and
    for one that has expired or whose owner was shut out. Whoever holds no token learns nothing from it.
    """
    # Knox would try every token with the same beginning and all others of its owner. The digest is the key of
    # the row: one query, and no text from outside ever reaches the database.
    try:
        digest = hash_token(secret.decode())
    except UnicodeDecodeError:
        raise AuthenticationFailed(_("This is no token of this site.")) from None
    token = ApiToken.objects.select_related("user").filter(pk=digest).first()
    if token is None:
        raise AuthenticationFailed(_("This is no token of this site. It may have been revoked."))
    if token.expiry is not None and token.expiry <= timezone.now():
        raise AuthenticationFailed(_("This token has expired. Make a new one."))
    if not token.user.is_active:
        raise AuthenticationFailed(_("This account is closed."))
    note_use(token)
    return token


class BearerAuthentication(TokenAuthentication):
    """`Authorization: Bearer rl_…`"""

    def authenticate_credentials(self, token: bytes) -> tuple[User, ApiToken]:
        found = find_token(token)
        return found.user, found


class BasicTokenAuthentication(BasicAuthentication):
    """`https://x:TOKEN@host`: any user name, the token as password."""

    www_authenticate_realm = "Reading List"

    def authenticate_credentials(  # type: ignore[override]
        self, userid: str, password: str, request: Request | None = None
    ) -> tuple[User, ApiToken]:
        found = find_token(password.encode("utf-8", "surrogateescape"))
        return found.user, found


class FeedKeyAuthentication(BaseAuthentication):
    """`?key=`, for programs that can send nothing but an address. It reads what it was made for and no more.

    A view says what that is: `feed_resource`, and the club of its address.
    """

    def authenticate(self, request: Request) -> tuple[User, FeedKey] | None:
        secret = request.query_params.get("key")
        if secret is None:
            return None
        context = request.parser_context
        key = feed_keys.find_key(
            secret, resource=context["view"].feed_resource, slug=context["kwargs"].get("slug")
        )
        if key is None:
            raise AuthenticationFailed(_("This address no longer works. Its owner can make a new one."))
        note_use(key)
        return key.user, key

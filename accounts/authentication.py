"""How a script says who it is: Bearer for the API, the token as Basic password where clients know only that."""

from datetime import timedelta

from django.utils import timezone
from knox.auth import TokenAuthentication
from rest_framework.authentication import BasicAuthentication
from rest_framework.request import Request

from .models import ApiToken, User

LAST_USE_STEP = timedelta(minutes=5)


def note_use(token: ApiToken) -> None:
    """Keep when a token was last used, at most every five minutes: a poll must not write each time."""
    now = timezone.now()
    if token.last_used is None or now - token.last_used > LAST_USE_STEP:
        ApiToken.objects.filter(pk=token.pk).update(last_used=now)


class BearerAuthentication(TokenAuthentication):
    """`Authorization: Bearer rl_…`"""

    def authenticate_credentials(self, token: bytes) -> tuple[User, ApiToken]:
        user, found = super().authenticate_credentials(token)
        note_use(found)
        return user, found


class BasicTokenAuthentication(BasicAuthentication):
    """`https://x:TOKEN@host`: any user name, the token as password."""

    www_authenticate_realm = "Reading List"

    def authenticate_credentials(
        self, userid: str, password: str, request: Request | None = None
    ) -> tuple[User, ApiToken]:
        return BearerAuthentication().authenticate_credentials(password.encode())

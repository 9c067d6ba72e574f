"""What a token may do. What its person may do is for `accounts.permissions`, which the views ask."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from accounts.models import ApiToken

if TYPE_CHECKING:
    from rest_framework.views import APIView


class TokenScope(BasePermission):
    """A token made for reading only reads."""

    message = _("This token may only read. Make one with full access on your account page.")

    def has_permission(self, request: Request, view: APIView) -> bool:
        token = request.auth
        return request.method in SAFE_METHODS or not isinstance(token, ApiToken) or token.scope == "full"

"""How the API describes itself: what drf-spectacular cannot see from the views."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework.permissions import SAFE_METHODS

from . import problems
from .idempotency import is_idempotent
from .preconditions import VERSION_HEADER
from .serializers import ProblemSerializer


class BearerScheme(OpenApiAuthenticationExtension):
    target_class = "accounts.authentication.BearerAuthentication"
    name = "token"
    priority = 1

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        return {"type": "http", "scheme": "bearer", "description": str(_("A token from your account page."))}


class BasicTokenScheme(OpenApiAuthenticationExtension):
    target_class = "accounts.authentication.BasicTokenAuthentication"
    name = "tokenAsPassword"
    match_subclasses = True
    priority = 1

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        return {
            "type": "http",
            "scheme": "basic",
            "description": str(_("Any user name, the token as the password: https://x:TOKEN@host")),
        }


_IF_NONE_MATCH = OpenApiParameter(
    "If-None-Match",
    str,
    OpenApiParameter.HEADER,
    description=_("The ETag you have; 304 where it is the same."),
)
_IF_MODIFIED = OpenApiParameter(
    "If-Modified-Since-Version",
    int,
    OpenApiParameter.HEADER,
    description=_("The version you have; 304 where nothing is newer."),
)
_IF_UNMODIFIED = OpenApiParameter(
    "If-Unmodified-Since-Version",
    int,
    OpenApiParameter.HEADER,
    description=_("The version you have seen; 412 where the row is newer, and nothing is changed."),
)
_IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    str,
    OpenApiParameter.HEADER,
    description=_("A key of your own for this request. Sent again within a day, it gets the same answer."),
)


def location(status: int, description: Any) -> OpenApiParameter:
    """Describe the header that says where what was made is."""
    return OpenApiParameter(
        "Location", str, OpenApiParameter.HEADER, response=[status], description=description
    )


class ApiSchema(AutoSchema):
    """Adds what every operation has: conditional headers, and the problems it may answer with."""

    def get_override_parameters(self) -> list[Any]:
        parameters = list(super().get_override_parameters())
        has_versions = getattr(self.view, "has_versions", False)
        if self.method == "GET":
            parameters.append(_IF_NONE_MATCH)
            if has_versions:
                parameters.append(_IF_MODIFIED)
        elif has_versions:
            parameters.append(_IF_UNMODIFIED)
        if self.method == "POST" and is_idempotent(self.view):
            parameters.append(_IDEMPOTENCY_KEY)
        if has_versions:
            parameters.append(
                OpenApiParameter(
                    VERSION_HEADER,
                    OpenApiTypes.INT64,
                    OpenApiParameter.HEADER,
                    response=[200, 201],
                    description=_(
                        "The library's version: of a list at its first page, of a row at its last change."
                    ),
                )
            )
        return parameters

    def _is_list_view(self, serializer: Any = None) -> bool:
        if self.method == "GET" and getattr(self.view, "is_list", False):
            return True
        return bool(super()._is_list_view(serializer))

    def get_tags(self) -> list[str]:
        """Group by resource; what hangs on an entry stands with the entries, a discussion for itself."""
        words = self.path.removeprefix("/api/v1/").split("/")
        if "comments" in words:
            return ["comments"]
        if {"assignments", "swaps", "plan", "absences"} & set(words):
            return ["assignments"]
        return ["entries"] if {"entries", "votes", "vote"} & set(words) else [words[0]]

    def _get_response_bodies(self, direction: Any = "response") -> dict[str, Any]:
        bodies: dict[str, Any] = super()._get_response_bodies(direction)
        problem = self.resolve_serializer(ProblemSerializer, "response").ref
        for status, description in self._problems():
            bodies[str(status)] = {
                "description": str(description),
                "content": {problems.MEDIA_TYPE: {"schema": problem}},
            }
        if self.method == "GET":
            bodies["304"] = {"description": str(_("What you have is what there is."))}
        return bodies

    def _problems(self) -> list[tuple[int, Any]]:
        is_list = getattr(self.view, "is_list", False)
        has_versions = getattr(self.view, "has_versions", False)
        found: list[tuple[int, Any]] = [
            (400, problems.CODES["invalid"]),
            (401, _("No token, or not a good one.")),
        ]
        if "{" in self.path or self.method not in SAFE_METHODS:
            found += [(403, problems.CODES["permission_denied"]), (404, problems.CODES["not_found"])]
        if is_list and any(each["name"] == "since" for each in self._get_pagination_parameters()):
            found.append((410, problems.CODES["gone"]))
        if self.method not in SAFE_METHODS:
            if has_versions:
                found.append((412, problems.CODES["stale"]))
            found.append((413, problems.CODES["too_large"]))
            if self.method == "POST":
                found.append((422, problems.CODES["key_reused"]))
        return [*found, (429, problems.CODES["throttled"])]

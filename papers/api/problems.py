"""Errors as problem details: application/problem+json, RFC 9457.

Besides the members of the RFC (type, title, status, detail, instance) a problem has `code`, a word for
scripts, and, where fields are wrong, `errors`: each with the field, what is wrong, and what is accepted.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.core import exceptions as django_exceptions
from django.core.signals import got_request_exception
from django.db import InterfaceError, OperationalError
from django.http import Http404
from django.utils.encoding import force_str
from django.utils.translation import gettext_lazy as _
from rest_framework import exceptions, status
from rest_framework.response import Response

from papers import catalogue, discussion, importing, reading_list, stored_inputs, submissions
from papers.models import Entry
from papers.scheduling import refusals

logger = logging.getLogger("django.request")

MEDIA_TYPE = "application/problem+json"

# What the documentation says of each `code`.
CODES = {
    "invalid": _("A field or parameter is missing or wrong; `errors` names each one, and what is accepted."),
    "parse_error": _("The body is not what its Content-Type says."),
    "not_authenticated": _("No token came along, and nobody is signed in."),
    "authentication_failed": _("The token is unknown, expired or revoked."),
    "permission_denied": _("You may see this, but not do that; or the token may only read."),
    "not_found": _("There is nothing here, or nothing that you may know of."),
    "method_not_allowed": _("This address has other methods; `Allow` lists them."),
    "not_acceptable": _("Only JSON is served here."),
    "refused": _("The act makes no sense in the present state; `detail` says why."),
    "gone": _("That version number is not of this library's present history. Read everything again from 0."),
    "stale": _("The row has changed since the version you named. Read it again, then decide again."),
    "too_large": _("The body is larger than is read here."),
    "unsupported_media_type": _("Send JSON, or multipart/form-data where a file goes along."),
    "key_reused": _("This Idempotency-Key was used for another request. Make a new key."),
    "throttled": _("Too many requests; `Retry-After` says how many seconds to wait."),
    "unavailable": _("The database is busy or away for a moment; `Retry-After` says when to try again."),
    "error": _("Something is wrong on our side. It has been logged."),
}


class InvalidInput(exceptions.ValidationError):
    """A ValidationError that also knows what each field accepts."""

    def __init__(self, detail: Any, accepted: Mapping[str, Any] | None = None) -> None:
        super().__init__(detail)
        self.accepted = accepted or {}


class Refused(exceptions.APIException):
    status_code = status.HTTP_409_CONFLICT
    default_code = "refused"


class Gone(exceptions.APIException):
    status_code = status.HTTP_410_GONE
    default_code = "gone"


class Stale(exceptions.APIException):
    status_code = status.HTTP_412_PRECONDITION_FAILED
    default_detail = _("It has changed since the version you named.")
    default_code = "stale"


class TooLarge(exceptions.APIException):
    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_code = "too_large"


class KeyReused(exceptions.APIException):
    status_code = status.HTTP_422_UNPROCESSABLE_ENTITY
    default_detail = _("This Idempotency-Key was used for another request. Make a new key.")
    default_code = "key_reused"


class Unavailable(exceptions.APIException):
    status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    default_detail = _("The database is busy or away. Try again in a moment.")
    default_code = "unavailable"
    wait = 2


class Unexpected(exceptions.APIException):
    default_detail = _("Something is wrong on our side. It has been logged.")
    default_code = "error"


def translate(error: Exception) -> exceptions.APIException:
    """Return the API's exception for whatever a view may raise."""
    match error:
        case exceptions.APIException():
            return error
        case Http404() | Entry.DoesNotExist():
            # Which row, model or address was looked for is nobody's business.
            return exceptions.NotFound()
        case django_exceptions.PermissionDenied():
            return exceptions.PermissionDenied()
        case reading_list.BadTag():
            return InvalidInput({"name": [str(error)]})
        case discussion.BadComment():
            return InvalidInput({"text": [str(error)]})
        case discussion.TooManyComments():
            return exceptions.Throttled(wait=discussion.POSTS_SECONDS, detail=str(error))
        case refusals.Refused() if error.field:
            return InvalidInput({error.field: [str(error)]})
        case discussion.Refused() | catalogue.Refused() | reading_list.Refused() | refusals.Refused():
            return Refused(str(error))
        case stored_inputs.TooLarge():
            return TooLarge(str(error))
        case stored_inputs.Full():
            return Refused(str(error))
        case submissions.TooMuch():
            return exceptions.Throttled(wait=round(error.seconds), detail=str(error))
        case importing.Refused() | submissions.Refused():
            return InvalidInput({"non_field_errors": [str(error)]})
        case django_exceptions.RequestDataTooBig():
            return TooLarge(_("The fields of the form have more than is read here."))
        case django_exceptions.SuspiciousOperation() | django_exceptions.BadRequest():
            return exceptions.ParseError(str(error))
        case OperationalError() | InterfaceError():
            return Unavailable()
    return Unexpected()


def problem_response(error: Exception, context: Mapping[str, Any]) -> Response:
    """Answer an exception of a view: the function that REST_FRAMEWORK["EXCEPTION_HANDLER"] names."""
    request = context.get("request")
    translated = note_failure(error, request)
    problem = describe(translated, instance=request.path if request else "")
    return Response(
        problem,
        status=translated.status_code,
        headers=headers_of(translated),
        content_type=MEDIA_TYPE,
    )


def note_failure(error: Exception, request: Any) -> exceptions.APIException:
    """Translate an exception; log it, and tell whoever listens, where the fault is ours."""
    translated = translate(error)
    if translated.status_code >= 500:
        path = request.path if request else ""
        logger.error("%s: %s", type(error).__name__, path, exc_info=error, extra={"status_code": 500})
        if isinstance(translated, Unexpected):
            got_request_exception.send(sender=None, request=getattr(request, "_request", request))
    return translated


def describe(error: exceptions.APIException, *, instance: str) -> dict[str, Any]:
    """Return an exception's problem details."""
    code = error.default_code
    problem: dict[str, Any] = {
        "type": f"{settings.SITE_URL}/api/docs/#problem-{code}",
        "title": HTTPStatus(error.status_code).phrase,
        "status": error.status_code,
        "detail": "",
        "instance": instance,
        "code": code,
    }
    if isinstance(error, exceptions.ValidationError):
        accepted = error.accepted if isinstance(error, InvalidInput) else {}
        problem["errors"] = [
            {"field": field, "message": message}
            | ({"accepted": accepted[field]} if field in accepted else {})
            for field, message in _flatten(error.detail)
        ]
        problem["detail"] = " ".join(
            f"{each['field']}: {each['message']}" if each["field"] else each["message"]
            for each in problem["errors"][:3]
        )
    else:
        problem["detail"] = force_str(error.detail)
    return problem


def headers_of(error: exceptions.APIException) -> dict[str, str]:
    headers = {}
    if challenge := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = challenge
    wait = getattr(error, "wait", None)
    if wait is not None:
        headers["Retry-After"] = str(max(1, round(wait)))
    return headers


def _flatten(detail: Any, field: str = "") -> Iterator[tuple[str, str]]:
    """Give (field, message) for each message of a nested `ValidationError.detail`; fields joined by dots."""
    if isinstance(detail, Mapping):
        for name, inner in detail.items():
            name = "" if name in {"non_field_errors", "__all__"} else str(name)
            yield from _flatten(inner, f"{field}.{name}" if field and name else field or name)
    elif isinstance(detail, list | tuple):
        for inner in detail:
            yield from _flatten(inner, field)
    else:
        # What somebody sent may stand in it, and a lone surrogate is no UTF-8.
        yield field, force_str(detail).encode("utf-8", "replace").decode()

"""Conditional requests: by version, as the Zotero web API has them, and by ETag.

https://www.zotero.org/support/dev/web_api/v3/syncing says what the version headers mean.
"""

from __future__ import annotations

import hashlib
from typing import Any

from django.http import HttpResponse
from django.utils.cache import get_conditional_response, patch_cache_control, patch_vary_headers
from django.utils.translation import gettext_lazy as _
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from papers.numbers import read_number

from .problems import InvalidInput, Stale

VERSION_HEADER = "Last-Modified-Version"

# Raised when the shape of an answer changes: cached ones must not be taken for it.
SHAPE = 1


def read_version(text: str, name: str) -> int:
    """Return a version number as a header or parameter says it. Raises InvalidInput."""
    version = read_number(text)
    if version is None:
        raise InvalidInput({name: [_("A version is a whole number of 0 or more.")]})
    return version


def knows_row(request: Request, version: int) -> bool:
    """True when the client has seen a row in its present version (If-Modified-Since-Version)."""
    seen = _read_header(request, "If-Modified-Since-Version")
    return seen is not None and version <= seen


def knows_library(request: Request, version: int) -> bool:
    """True when the client is in step with a library.

    A number above the present one is from another history, say from before a restore, and proves nothing.
    """
    return _read_header(request, "If-Modified-Since-Version") == version


def require_unmodified(request: Request, version: int) -> None:
    """Refuse a write when the row is newer than what the client has seen. Raises Stale.

    The row must be locked, else it may change between this question and the act.
    """
    seen = _read_header(request, "If-Unmodified-Since-Version")
    if seen is not None and version > seen:
        raise Stale(
            _("It has changed since version %(seen)d; it is at %(version)d now.")
            % {"seen": seen, "version": version}
        )


def _read_header(request: Request, name: str) -> int | None:
    text = request.headers.get(name)
    return None if text is None else read_version(text, name)


def not_modified(version: int | None) -> Response:
    headers = {} if version is None else {VERSION_HEADER: str(version)}
    return Response(status=status.HTTP_304_NOT_MODIFIED, headers=headers)


def make_etag(*facts: Any) -> str:
    """Return an entity tag for an answer that these facts determine."""
    text = "\n".join(map(str, (SHAPE, *facts)))
    return f'"{hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]}"'


def matches_etag(request: Request, etag: str) -> bool:
    """True when the client has just this answer, so that nothing need be read for it."""
    given = request.headers.get("If-None-Match", "")
    return etag in [each.strip().removeprefix("W/") for each in given.split(",")]


def add_etag(request: Request, response: Response) -> None:
    """Give an answer to a GET its ETag, of its bytes where the view has set none; 304 where it is known."""
    patch_cache_control(response, private=True, no_cache=True)
    patch_vary_headers(response, ["Authorization"])
    if response.status_code != status.HTTP_200_OK:
        return

    def compare(rendered: HttpResponse) -> HttpResponse | None:
        etag = rendered.headers.get("ETag") or f'"{hashlib.sha256(rendered.content).hexdigest()[:32]}"'
        rendered.headers["ETag"] = etag
        answer = get_conditional_response(request._request, etag=etag, response=rendered)
        if answer is None or answer is rendered:
            return None
        if VERSION_HEADER in rendered.headers:
            answer.headers[VERSION_HEADER] = rendered.headers[VERSION_HEADER]
        return answer

    response.add_post_render_callback(compare)

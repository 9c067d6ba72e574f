"""Addresses under /api/v1/ that lead nowhere."""

from django.http import Http404, HttpResponse
from django.urls import Resolver404, resolve
from rest_framework.request import Request
from rest_framework.response import Response

from .base import ApiView
from .catalogue import PermanentRedirect


class Fallback(ApiView):
    """Lead to the address with a slash at its end, whatever the method; else a problem, not a page."""

    schema = None  # type: ignore[assignment]

    def _answer(self, request: Request, path: str) -> Response | HttpResponse:
        if path and not path.endswith("/"):
            try:
                match = resolve(f"{request.path}/")
            except Resolver404:
                raise Http404 from None
            if match.url_name != "fallback":
                query = request.META.get("QUERY_STRING", "")
                return PermanentRedirect(f"{request.path}/" + (f"?{query}" if query else ""))
        raise Http404

    get = post = put = patch = delete = _answer

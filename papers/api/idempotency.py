"""`Idempotency-Key` on POST: a request that is sent again gets the answer of the first.

After draft-ietf-httpapi-idempotency-key-header. Only answers of success are kept; what was refused changed
nothing and may be tried again with the same key.
"""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any, cast

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import ApiToken, User
from papers.models import IdempotentResponse

from .problems import InvalidInput, KeyReused

HEADER = "Idempotency-Key"
KEPT = timedelta(hours=24)
KEY_LENGTH = 255

Post = Callable[..., Response]


def idempotent(post: Post) -> Post:
    """Make the `post` of a view answer a repeated key with its stored response."""

    @functools.wraps(post)
    def answer(view: Any, request: Request, *args: Any, **kwargs: Any) -> Response:
        key = request.headers.get(HEADER)
        if key is None:
            return post(view, request, *args, **kwargs)
        if not (key.strip() and key.isprintable() and len(key) <= KEY_LENGTH):
            raise InvalidInput(
                {HEADER: [_("A key has 1 to 255 printable characters, such as those of a UUID.")]}
            )
        view.check_reach()
        return _answer_once(key, request, lambda: post(view, request, *args, **kwargs))

    answer.is_idempotent = True  # type: ignore[attr-defined]
    return answer


def is_idempotent(view: Any) -> bool:
    return getattr(getattr(view, "post", None), "is_idempotent", False)


def _answer_once(key: str, request: Request, act: Callable[[], Response]) -> Response:
    digest = _digest(request)
    user = cast(User, request.user)
    token = request.auth if isinstance(request.auth, ApiToken) else None
    now = timezone.now()
    mine = IdempotentResponse.objects.filter(user=user, token=token, key=key)
    with transaction.atomic():
        mine.filter(created__lt=now - KEPT).delete()
        # Waits here while another request with this key is under way.
        claim = IdempotentResponse(user=user, token=token, key=key, request_digest=digest, created=now)
        IdempotentResponse.objects.bulk_create([claim], ignore_conflicts=True)
        row = mine.get()
        if bytes(row.request_digest) != digest:
            raise KeyReused
        if row.status is not None:
            return Response(
                json.loads(row.body) if row.body else None,
                status=row.status,
                headers={**row.headers, "Idempotent-Replayed": "true"},
            )
        response = act()  # an exception takes the claim back with all else
        row.status = response.status_code
        row.headers = {
            name: value
            for name, value in response.headers.items()
            if name in {"Location", "Last-Modified-Version"}
        }
        row.body = "" if response.data is None else JSONRenderer().render(response.data).decode()
        row.save(update_fields=["status", "headers", "body"])
    _forget_old(user.pk)
    return response


def _forget_old(user_id: int) -> None:
    """Delete what is older than a day, a hundred rows of this person at a time."""
    with transaction.atomic():
        old = IdempotentResponse.objects.filter(user=user_id, created__lt=timezone.now() - KEPT)
        ids = list(old.select_for_update(skip_locked=True).values_list("pk", flat=True)[:100])
        if ids:
            IdempotentResponse.objects.filter(pk__in=ids).delete()


def _digest(request: Request) -> bytes:
    """Return 32 bytes that differ when method, address or body differ; files are read once and rewound."""
    digest = hashlib.sha256(f"{request.method} {request.get_full_path()}\n".encode("utf-8", "surrogatepass"))
    for part in _parts(request.data):
        digest.update(part)
    return digest.digest()


def _parts(data: Any) -> Iterator[bytes]:
    if not hasattr(data, "lists"):
        yield json.dumps(data, sort_keys=True).encode("utf-8", "surrogatepass")
        return
    for name, values in sorted(data.lists()):
        for value in values:
            if isinstance(value, UploadedFile):
                yield json.dumps([name, value.name, value.size]).encode()
                yield from value.chunks()
                value.seek(0)
            else:
                yield json.dumps([name, value]).encode("utf-8", "surrogatepass")

"""Pages of a list, walked by keys: no OFFSET, so page 1,000 costs what page 1 costs.

A walk goes by (version, id). A row that changes gets a new, higher version, so it moves towards the end and
is never skipped. With `?since=N` a walk ends at the version the library had at its first page: every row
comes once, in one state, and what changed meanwhile comes with the next `since`.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from django.db.models import BooleanField, F, FloatField, Func, Model, Value
from django.db.models.functions import Cast
from django.utils.translation import gettext_lazy as _
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from papers.numbers import read_number

from .preconditions import VERSION_HEADER, read_version
from .problems import Gone, InvalidInput

if TYPE_CHECKING:
    from rest_framework.views import APIView

    from papers import archive

PAGE_SIZE = 100
MAX_PAGE_SIZE = 200


class RowComparison(Func):
    """`(a, b) > (x, y)`, which an index on (a, b) answers by going straight to the place."""

    conditional = True

    def __init__(self, fields: Sequence[str], operator: str, values: Sequence[int | float]) -> None:
        self.operator = operator
        self.width = len(fields)
        super().__init__(*map(F, fields), *map(Value, values), output_field=BooleanField())

    def as_sql(self, compiler: Any, connection: Any, *unused: Any, **ignored: Any) -> tuple[str, Any]:
        parts = [compiler.compile(expression) for expression in self.get_source_expressions()]
        columns = ", ".join(sql for sql, _params in parts[: self.width])
        values = ", ".join(sql for sql, _params in parts[self.width :])
        return f"({columns}) {self.operator} ({values})", tuple(
            each for _sql, params in parts for each in params
        )


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in a walk: the key it stands at, which way the page goes, the library's version at its start."""

    position: tuple[int | float, ...]
    is_reverse: bool = False
    version: int | None = None

    def encode(self) -> str:
        data = json.dumps([*self.position, self.is_reverse, self.version], separators=(",", ":"))
        return base64.urlsafe_b64encode(data.encode()).decode().rstrip("=")

    @classmethod
    def decode(cls, text: str, width: int) -> Cursor:
        """Read what `encode` wrote. Raises InvalidInput for anything else: it is no secret, only opaque."""
        try:
            data = json.loads(base64.urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4)))
            *position, is_reverse, version = data
        except (ValueError, TypeError, RecursionError, binascii.Error):
            raise cls._refuse() from None
        numbers = [*position, 0 if version is None else version]
        are_numbers = all(type(each) in (int, float) and 0 <= each < 2**63 for each in numbers)
        if len(position) != width or not are_numbers or type(is_reverse) is not bool:
            raise cls._refuse()
        return cls(tuple(position), is_reverse, version)

    @staticmethod
    def _refuse() -> InvalidInput:
        return InvalidInput({"cursor": [_("Take the cursor from `next` or `previous`, as it stands there.")]})


class KeysetPagination(BasePagination):
    """Pages by the order of `fields`, which together are unique and all go one way."""

    fields: ClassVar[Sequence[str]] = ("id",)
    is_descending: ClassVar[bool] = False
    version: int | None = None

    def paginate_queryset(self, queryset: Any, request: Request, view: APIView | None = None) -> list[Any]:
        self.request = request
        size = read_limit(request)
        cursor = self.read_cursor(request)
        goes_down = self.is_descending
        if cursor is not None:
            goes_down ^= cursor.is_reverse
            queryset = queryset.filter(RowComparison(self.fields, "<" if goes_down else ">", cursor.position))
        sign = "-" if goes_down else ""
        rows = list(queryset.order_by(*(f"{sign}{name}" for name in self.fields))[: size + 1])
        has_more = len(rows) > size
        rows = rows[:size]
        if cursor is not None and cursor.is_reverse:
            rows.reverse()
            has_next, has_previous = True, has_more
        else:
            has_next, has_previous = has_more, cursor is not None
        self.next = self._link(rows[-1], is_reverse=False) if rows and has_next else None
        self.previous = self._link(rows[0], is_reverse=True) if rows and has_previous else None
        return rows

    def read_cursor(self, request: Request) -> Cursor | None:
        text = request.query_params.get("cursor")
        return None if text is None else Cursor.decode(text, len(self.fields))

    def _link(self, row: Model, *, is_reverse: bool) -> str:
        position = tuple(getattr(row, name) for name in self.fields)
        cursor = Cursor(position, is_reverse, self.version).encode()
        return replace_query_param(self.request.build_absolute_uri(), "cursor", cursor)

    def get_paginated_response(self, data: Any) -> Response:
        return Response({"next": self.next, "previous": self.previous, "results": data})

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        link = {"type": ["string", "null"], "format": "uri"}
        return {
            "type": "object",
            "required": ["next", "previous", "results"],
            "properties": {
                "next": {**link, "description": str(_("The next page; null on the last."))},
                "previous": {**link, "description": str(_("The page before; null on the first."))},
                "results": schema,
            },
        }

    def get_schema_operation_parameters(self, view: APIView) -> list[dict[str, Any]]:
        return [
            _describe("cursor", str(_("Where the page begins; taken from `next` or `previous`.")), "string"),
            _describe(
                "limit",
                str(_("Rows on a page.")),
                "integer",
                minimum=1,
                maximum=MAX_PAGE_SIZE,
                default=PAGE_SIZE,
            ),
        ]


class NewestFirst(KeysetPagination):
    is_descending = True


class ByRank(KeysetPagination):
    """What a search found, best first; the queryset has its `rank`."""

    fields = ("exact_rank", "id")
    is_descending = True

    def paginate_queryset(self, queryset: Any, request: Request, view: APIView | None = None) -> list[Any]:
        # PostgreSQL ranks in single precision, which a cursor's number would not equal.
        exact = queryset.annotate(exact_rank=Cast("rank", FloatField()))
        return super().paginate_queryset(exact, request, view)


class ByPosition(KeysetPagination):
    fields = ("position",)


class ByNumber(KeysetPagination):
    fields = ("number",)


class ByPlace(KeysetPagination):
    """Pages of a list that was put in order just now, and is held in memory; a cursor names a place in it."""

    def take(self, ids: Sequence[int], request: Request) -> list[int]:
        """Return the ids of one page."""
        self.request = request
        size, cursor = read_limit(request), self.read_cursor(request)
        start = int(cursor.position[0]) if cursor else 0
        self.next = self._link_to(start + size) if start + size < len(ids) else None
        self.previous = self._link_to(max(0, start - size)) if start else None
        return list(ids[start : start + size])

    def _link_to(self, place: int) -> str:
        cursor = Cursor((place,)).encode()
        return replace_query_param(self.request.build_absolute_uri(), "cursor", cursor)


class ByArchive(KeysetPagination):
    """Pages of what was found in an archive; a cursor has the rank, the time and the number of a row."""

    fields = ("rank", "starts", "number")

    def take(self, find: Callable[..., archive.Page], request: Request, size: int) -> list[archive.Found]:
        """Return the rows of one page, which `find` finds after a key, or before it (`backwards`)."""
        self.request = request
        cursor = self.read_cursor(request)
        is_reverse = cursor is not None and cursor.is_reverse
        after = None
        if cursor is not None:
            rank, starts, number = cursor.position
            after = float(rank), float(starts), int(number)
        page = find(size=size, after=after, backwards=is_reverse)
        has_next, has_previous = (True, page.has_more) if is_reverse else (page.has_more, cursor is not None)
        self.next = self._link_key(page.rows[-1], False) if page.rows and has_next else None
        self.previous = self._link_key(page.rows[0], True) if page.rows and has_previous else None
        return page.rows

    def _link_key(self, row: archive.Found, is_reverse: bool) -> str:
        return replace_query_param(
            self.request.build_absolute_uri(), "cursor", Cursor(row.key, is_reverse).encode()
        )


class VersionPagination(KeysetPagination):
    """Pages by (version, id) of a library's rows; `view.library_version` was read before any row.

    Every page answers with the number of the first, so whichever of them a script keeps, it is the right one.
    """

    fields = ("version", "id")

    def paginate_queryset(self, queryset: Any, request: Request, view: APIView | None = None) -> list[Any]:
        present: int = view.library_version  # type: ignore[union-attr]
        cursor = self.read_cursor(request)
        self.version = present if cursor is None or cursor.version is None else cursor.version
        since = request.query_params.get("since")
        if since is not None:
            seen = read_version(since, "since")
            if max(seen, self.version) > present:
                raise Gone(
                    _("Version %(seen)d is above the present one, %(version)d. Read everything again from 0.")
                    % {"seen": max(seen, self.version), "version": present}
                )
            queryset = queryset.filter(version__gt=seen, version__lte=self.version)
        return super().paginate_queryset(queryset, request, view)

    def get_paginated_response(self, data: Any) -> Response:
        response = super().get_paginated_response(data)
        response.headers[VERSION_HEADER] = str(self.version)
        return response

    def get_schema_operation_parameters(self, view: APIView) -> list[dict[str, Any]]:
        since = str(
            _(
                "Only what changed after this version: the `Last-Modified-Version` of the first page of the "
                "round before, or 0."
            )
        )
        return [
            *super().get_schema_operation_parameters(view),
            _describe("since", since, "integer", minimum=0),
        ]


def read_limit(request: Request) -> int:
    """Return how many rows the client wants. Raises InvalidInput."""
    text = request.query_params.get("limit")
    if text is None:
        return PAGE_SIZE
    number = read_number(text, least=1, most=MAX_PAGE_SIZE)
    if number is None:
        raise InvalidInput(
            {"limit": [_("A page has 1 to %(most)d rows.") % {"most": MAX_PAGE_SIZE}]},
            accepted={"limit": {"minimum": 1, "maximum": MAX_PAGE_SIZE}},
        )
    return number


def _describe(name: str, description: str, kind: str, **more: Any) -> dict[str, Any]:
    return {
        "name": name,
        "in": "query",
        "required": False,
        "description": description,
        "schema": {"type": kind, **more},
    }

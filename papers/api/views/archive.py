"""What a club discussed and concluded, who did what in its sessions, and who came."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.http import HttpResponse, HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import permissions
from papers import archive, record, search
from papers.api.pagination import ByArchive, read_limit
from papers.api.problems import InvalidInput
from papers.api.serializers import (
    ArchivedSerializer,
    CameSerializer,
    RecordSerializer,
    WhoCameSerializer,
)
from papers.models import AgendaItem, Session
from papers.scheduling import presence

from .base import ApiView, ListView, unchanged
from .meetings import OfSession


class Archive(ListView):
    """For members."""

    queryset = AgendaItem.objects.none()
    serializer_class = ArchivedSerializer
    pagination_class = ByArchive

    @extend_schema(
        summary=_("Find what was discussed"),
        operation_id="search_archive",
        parameters=[
            OpenApiParameter(
                "q", str, description=_("Words, phrases in quotes, or an identifier of a paper.")
            ),
        ],
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Titles, authors, verdicts, take-aways and notes: best first; without `q` the latest."""
        self.require(permissions.is_member(request.user, self.club))
        text = request.query_params.get("q", "")
        if len(text) > search.QUERY_LIMIT:
            raise InvalidInput({"q": [_("At most %(most)d characters.") % {"most": search.QUERY_LIMIT}]})
        pages = ByArchive()
        rows = pages.take(
            lambda **place: archive.find(self.club, text, now=timezone.now(), **place),
            request,
            read_limit(request),
        )
        return pages.get_paginated_response(self.get_serializer(rows, many=True).data)


_DAYS = [
    OpenApiParameter("from", date, description=_("First day; half a year back unless named.")),
    OpenApiParameter("to", date, description=_("Last day; today unless named.")),
]


class RecordView(ApiView):
    queryset = Session.objects.none()

    def record(self) -> record.Record:
        self.require(permissions.is_member(self.request.user, self.club))
        days = {}
        for name in ("from", "to"):
            try:
                days[name] = record.read_day(self.request.query_params.get(name, ""))
            except ValueError as error:
                raise InvalidInput({name: [str(error)]}) from None
        now = timezone.now()
        since, until = record.choose_term(self.club, now, days["from"], days["to"])
        return record.load_record(self.club, since=since, until=until, now=now)


class Record(RecordView):
    serializer_class = RecordSerializer

    @extend_schema(summary=_("Read who did what"), operation_id="read_record", parameters=_DAYS)
    def get(self, request: Request, slug: str) -> Response:
        """Who came, presented and discussed from one day to another, a line a deed and a line a person. For members."""
        found = self.record()
        context = {**self.get_serializer_context(), "parts": found.parts}
        return Response(RecordSerializer(found, context=context).data)


class RecordCsv(RecordView):
    @extend_schema(
        summary=_("Read who did what, as CSV"),
        operation_id="read_record_csv",
        parameters=[
            *_DAYS,
            OpenApiParameter(
                "by", str, enum=["deed", "person"], description=_("What a line is; deed unless named.")
            ),
        ],
        responses={
            (200, "text/csv"): OpenApiResponse(OpenApiTypes.STR, description=_("UTF-8, with a heading."))
        },
    )
    def get(self, request: Request, slug: str) -> HttpResponseBase:
        """What a spreadsheet would take for a formula begins with an apostrophe. For members."""
        by = request.query_params.get("by", "deed")
        if by not in {"deed", "person"}:
            raise InvalidInput({"by": [_("A line is a deed or a person.")]}, {"by": ["deed", "person"]})
        found = self.record()
        text = record.write_csv(found) if by == "deed" else record.write_summary(found)
        return HttpResponse(
            text,
            content_type="text/csv; charset=utf-8",
            headers={
                "Content-Disposition": f'attachment; filename="{self.club.slug}-{found.since}-{found.until}.csv"',
                "X-Content-Type-Options": "nosniff",
                "Cache-Control": "private, no-cache",
            },
        )

    def finalize_response(self, request: Any, response: Any, *args: Any, **kwargs: Any) -> Any:
        if isinstance(response, Response):
            return super().finalize_response(request, response, *args, **kwargs)
        return response


class Came(OfSession):
    serializer_class = WhoCameSerializer
    has_versions = False

    @extend_schema(
        summary=_("Read who came"), operation_id="read_who_came", responses=WhoCameSerializer(many=True)
    )
    def get(self, request: Request, slug: str, pk: int) -> Response:
        """All members and those guests who said something, with what they said before. For members."""
        session = self.session()
        self.require_attendance()
        return self._show(session)

    @extend_schema(
        summary=_("Say who came"),
        operation_id="record_who_came",
        request=CameSerializer,
        responses=WhoCameSerializer(many=True),
    )
    def put(self, request: Request, slug: str, pk: int) -> Response:
        """Whoever is not named did not. For organisers, from when the session begins."""
        self.session()
        self.require(permissions.can_run_sessions(request.user, self.club))
        said = self.read_input(CameSerializer)
        with unchanged(request, self.sessions(), pk) as session:
            presence.record(session, by=self.person, **said)
        return self._show(session)

    def _show(self, session: Session) -> Response:
        return Response(WhoCameSerializer(presence.load_ticks(session), many=True).data)

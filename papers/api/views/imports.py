"""Imports: queue one, follow it, read what it rejected."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import permissions
from papers import importing
from papers.api.idempotency import idempotent
from papers.api.pagination import ByNumber, NewestFirst
from papers.api.problems import InvalidInput, TooLarge
from papers.api.schema import location
from papers.api.serializers import ImportSerializer, NewImportSerializer, RejectionSerializer
from papers.filters import ImportFilter
from papers.models import Import, RejectedRecord
from papers.uploads import FORM_ALLOWANCE

from .base import ApiView, ListView
from .catalogue import find_source


class ImportList(ListView):
    queryset = Import.objects.none()
    serializer_class = ImportSerializer
    pagination_class = NewestFirst
    filterset_class = ImportFilter
    parser_classes = [MultiPartParser]

    def get_queryset(self) -> QuerySet[Import]:
        return self.reach.imports().select_related("club", "queued_by")

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        # Before anything reads the body: what is too large is never stored, not even for a moment.
        if int(request.META.get("CONTENT_LENGTH") or 0) > settings.UPLOAD_LIMIT + FORM_ALLOWANCE:
            raise TooLarge(
                _("The file has more than %(most)d MB. Split it, or import it on the server.")
                % {"most": settings.UPLOAD_LIMIT // 2**20}
            )
        super().initial(request, *args, **kwargs)

    @extend_schema(summary=_("List imports"), operation_id="list_imports")
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Newest first: your own, and those of your clubs."""
        return super().get(request, *args, **kwargs)

    @extend_schema(
        summary=_("Queue an import"),
        operation_id="queue_import",
        request={"multipart/form-data": NewImportSerializer},
        parameters=[location(202, _("The address of the import, to follow it."))],
        responses={
            202: OpenApiResponse(ImportSerializer, description=_("Queued; ask its address how it goes."))
        },
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Store a file and let a worker read it. Organisers import for their club, administrators for all. 409 where a
        club keeps as many files as it may, and something waits for each of them."""
        said = self.read_input(NewImportSerializer)
        source = find_source(self.reach.sources(), said["source"]) if said.get("source") else None
        club = self.find_club(said.get("club", ""))
        if source is None:
            self.require_for(club, permissions.can_import)
        else:
            if club is not None and source.club_id != club.pk:
                raise InvalidInput({"source": [_("This source is not the club's own.")]})
            club = source.club
            self.require(
                permissions.can_import(request.user, club)
                and permissions.token_allows(self.reach.token, club, write=True)
            )
        try:
            columns = importing.check_columns(said.get("columns"))
        except importing.Refused as refusal:
            raise InvalidInput({"columns": [str(refusal)]}) from None
        run = importing.queue_import(
            upload=said["file"],
            name=said["file"].name,
            by=self.person,
            club=club,
            source=source,
            format=said.get("format", ""),
            date=said.get("date"),
            columns=columns,
        )
        return self.show(run, status=202, headers={"Location": reverse("api:import", args=[run.pk])})

    def check_reach(self) -> None:
        club = self.find_club(self.read_input(NewImportSerializer).get("club", ""))
        self.require(
            permissions.can_import_somewhere(self.request.user, [club] if club else self.reach.clubs())
        )


class ImportDetail(ApiView):
    queryset = Import.objects.none()
    serializer_class = ImportSerializer

    @extend_schema(summary=_("Follow an import"), operation_id="read_import")
    def get(self, request: Request, pk: int) -> Response:
        """`state` is queued, running, done, failed or cancelled; the counts grow while it runs."""
        return self.show(get_object_or_404(self.reach.imports().select_related("club", "queued_by"), pk=pk))


class ImportCancel(ApiView):
    queryset = Import.objects.none()
    serializer_class = ImportSerializer

    @extend_schema(summary=_("Cancel an import"), operation_id="cancel_import", request=None)
    def post(self, request: Request, pk: int) -> Response:
        """What came in by then stays. An import that is over already is answered as it is."""
        run = get_object_or_404(self.reach.imports().select_related("club", "queued_by"), pk=pk)
        self.require(
            permissions.can_cancel_import(request.user, run.queued_by_id, run.club)
            and permissions.token_allows(self.reach.token, run.club, write=True)
        )
        return self.show(importing.cancel(run))


class RejectionList(ListView):
    queryset = RejectedRecord.objects.none()
    serializer_class = RejectionSerializer
    pagination_class = ByNumber

    def get_queryset(self) -> QuerySet[RejectedRecord]:
        run = get_object_or_404(self.reach.imports(), pk=self.kwargs["pk"])
        return RejectedRecord.objects.filter(run=run)

    @extend_schema(summary=_("List the records an import rejected"), operation_id="list_rejections")
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Each with its place in the input, the reason, and what it says."""
        return super().get(request, *args, **kwargs)

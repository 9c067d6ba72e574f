"""The parts that a club's members take, and what is expected of them."""

from __future__ import annotations

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import permissions
from papers.api.idempotency import idempotent
from papers.api.serializers import ChangedPartSerializer, NewPartSerializer, PartSerializer
from papers.models import Part
from papers.scheduling import parts

from .base import ApiView, ClubListView, unchanged


class PartList(ClubListView):
    queryset = Part.objects.none()
    serializer_class = PartSerializer

    def get_queryset(self) -> QuerySet[Part]:
        return Part.objects.filter(club=self.club)

    @extend_schema(summary=_("List the parts of a club"), operation_id="list_parts")
    def get(self, request: Request, slug: str) -> Response:
        """What members can be asked to do in an agenda item; `position` is their order."""
        parts.load_parts(self.club)  # the usual ones, of a club that never had any
        return super().get(request)

    @extend_schema(
        summary=_("Add a part"),
        operation_id="add_part",
        request=NewPartSerializer,
        responses={201: PartSerializer},
    )
    @idempotent
    def post(self, request: Request, slug: str) -> Response:
        """For organisers."""
        self.require(permissions.can_keep_parts(request.user, self.club))
        part = parts.add_part(self.club, **self.read_input(NewPartSerializer), by=self.person)
        return self.show(part, status=201)


class PartDetail(ApiView):
    queryset = Part.objects.none()
    serializer_class = PartSerializer
    has_versions = True

    def parts(self) -> QuerySet[Part]:
        return Part.objects.filter(club=self.club)

    @extend_schema(summary=_("Read a part"), operation_id="read_part")
    def get(self, request: Request, slug: str, pk: int) -> Response:
        return self.show(get_object_or_404(self.parts(), pk=pk))

    @extend_schema(
        summary=_("Change a part"),
        operation_id="change_part",
        request=ChangedPartSerializer,
        responses=PartSerializer,
    )
    def patch(self, request: Request, slug: str, pk: int) -> Response:
        """For organisers."""
        get_object_or_404(self.parts(), pk=pk)
        self.require(permissions.can_keep_parts(request.user, self.club))
        said = self.read_input(ChangedPartSerializer)
        with unchanged(request, self.parts(), pk) as part:
            part = parts.change_part(part, **said, by=self.person)
        return self.show(part)

    @extend_schema(
        summary=_("Remove a part"), operation_id="remove_part", request=None, responses={204: None}
    )
    def delete(self, request: Request, slug: str, pk: int) -> Response:
        """For organisers; a part that somebody took stays, since the record tells of it."""
        get_object_or_404(self.parts(), pk=pk)
        self.require(permissions.can_keep_parts(request.user, self.club))
        with unchanged(request, self.parts(), pk) as part:
            parts.remove_part(part, by=self.person)
        return Response(status=204)

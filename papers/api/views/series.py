"""Series of sessions, their pauses, and public holidays to choose pauses from."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from papers.api.idempotency import idempotent
from papers.api.problems import InvalidInput
from papers.api.schema import location
from papers.api.serializers import (
    ChangedSeriesSerializer,
    EndedSeriesSerializer,
    HolidaySerializer,
    NewPauseSerializer,
    NewSeriesSerializer,
    PauseSerializer,
    SeriesSerializer,
)
from papers.models import Pause, Series
from papers.scheduling import holidays
from papers.scheduling import series as verbs

from .base import ApiView, ClubListView, unchanged
from .sessions import MeetingView


class SeriesView(MeetingView):
    queryset = Series.objects.none()
    serializer_class: Any = SeriesSerializer

    def series(self) -> QuerySet[Series]:
        return self.reach.series().filter(club=self.club).select_related("club")

    def find(self) -> Series:
        return get_object_or_404(self.series(), pk=self.kwargs["pk"])

    @contextmanager
    def changing(self) -> Iterator[Series]:
        """Lock the series for an act of an organiser; refuse when it is newer than the client has seen."""
        self.find()
        self.require_organiser()
        with unchanged(self.request, self.series(), self.kwargs["pk"]) as series:
            yield series


class SeriesList(SeriesView, ClubListView):
    def get_queryset(self) -> QuerySet[Series]:
        return self.series()

    @extend_schema(summary=_("List a club's series"), operation_id="list_series")
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """In the order of their last change; those that have ended are among them."""
        return super().get(request, *args, **kwargs)

    @extend_schema(
        summary=_("Begin a series"),
        operation_id="create_series",
        request=NewSeriesSerializer,
        parameters=[location(201, _("The address of the series."))],
        responses={201: SeriesSerializer},
    )
    @idempotent
    def post(self, request: Request, slug: str) -> Response:
        """Its sessions of half a year are made at once, open; for organisers."""
        self.require_organiser()
        said = self.read_input(NewSeriesSerializer)
        series = self.attempt(lambda: verbs.create_series(self.club, by=self.person, **said))
        address = reverse("api:series_detail", args=[slug, series.pk])
        return self.show(series, status=201, headers={"Location": address})


class SeriesDetail(SeriesView):
    @extend_schema(summary=_("Read a series"), operation_id="read_series")
    def get(self, request: Request, slug: str, pk: int) -> Response:
        return self.show(self.find())

    @extend_schema(
        summary=_("Change a series"),
        operation_id="change_series",
        request=ChangedSeriesSerializer,
        responses=SeriesSerializer,
    )
    def patch(self, request: Request, slug: str, pk: int) -> Response:
        """Sessions to come follow, with their agendas, people and `uid`, but for what is their `own`. Where earlier
        ones keep another rule, a new series begins, which is answered with."""
        with self.changing() as series:
            said = self.read_input(ChangedSeriesSerializer)
            changed = self.attempt(lambda: verbs.change_series(series, by=self.person, **said))
        return self.show(get_object_or_404(self.series(), pk=changed.pk))


class SeriesEnd(SeriesView):
    @extend_schema(
        summary=_("End a series"),
        operation_id="end_series",
        request=EndedSeriesSerializer,
        responses=SeriesSerializer,
    )
    def put(self, request: Request, slug: str, pk: int) -> Response:
        """Sessions on that day and later are cancelled."""
        with self.changing() as series:
            series = verbs.end_series(series, on=self.read_input(EndedSeriesSerializer)["on"], by=self.person)
        return self.show(series)

    @extend_schema(
        summary=_("Let a series go on"),
        operation_id="resume_series",
        request=None,
        responses=SeriesSerializer,
    )
    def delete(self, request: Request, slug: str, pk: int) -> Response:
        """Without an end nothing changes."""
        with self.changing() as series:
            series = verbs.end_series(series, on=None, by=self.person)
        return self.show(series)


# Pauses


class PausesView(MeetingView):
    queryset = Pause.objects.none()
    serializer_class: Any = PauseSerializer

    def pauses(self) -> QuerySet[Pause]:
        return Pause.objects.filter(club=self.club).select_related("club", "series")


class PauseList(PausesView, ClubListView):
    def get_queryset(self) -> QuerySet[Pause]:
        return self.pauses()

    @extend_schema(summary=_("List a club's pauses"), operation_id="list_pauses")
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)

    @extend_schema(
        summary=_("Add a pause"),
        operation_id="add_pause",
        request=NewPauseSerializer,
        responses={201: PauseSerializer},
    )
    @idempotent
    def post(self, request: Request, slug: str) -> Response:
        """Sessions of series on these days are cancelled; for organisers. The same again changes nothing."""
        self.require_organiser()
        said = self.read_input(NewPauseSerializer)
        if (pk := said.get("series")) is not None:
            said["series"] = self.reach.series().filter(club=self.club, pk=pk).first()
            if said["series"] is None:
                raise InvalidInput({"series": [_("There is no such series.")]})
        said.setdefault("last_day", said["first_day"])
        pause = self.attempt(lambda: verbs.add_pause(self.club, by=self.person, **said))
        return self.show(pause, status=201)


class PauseDetail(PausesView):
    @extend_schema(summary=_("Read a pause"), operation_id="read_pause")
    def get(self, request: Request, slug: str, pk: int) -> Response:
        return self.show(get_object_or_404(self.pauses(), pk=pk))

    @extend_schema(
        summary=_("Remove a pause"), operation_id="remove_pause", request=None, responses={204: None}
    )
    def delete(self, request: Request, slug: str, pk: int) -> Response:
        """Sessions that it cancelled are on again; for organisers."""
        get_object_or_404(self.pauses(), pk=pk)
        self.require_organiser()
        with unchanged(request, self.pauses(), pk) as pause:
            verbs.remove_pause(pause, by=self.person)
        return Response(status=204)


class HolidayList(ApiView):
    queryset = Pause.objects.none()
    serializer_class = HolidaySerializer
    is_list = True

    @extend_schema(
        summary=_("List public holidays"),
        operation_id="list_holidays",
        parameters=[
            OpenApiParameter(
                "country", OpenApiTypes.STR, required=True, description=_("Two letters: DE, US …")
            ),
            OpenApiParameter("part", OpenApiTypes.STR, description=_("A state or region of it: BY, CA …")),
        ],
        responses=HolidaySerializer(many=True),
    )
    def get(self, request: Request, slug: str) -> Response:
        """Of the coming year, to choose pauses from."""
        self.club  # noqa: B018 (404 for who may not know of it)
        first = timezone.now().date()
        country, part = request.query_params.get("country", ""), request.query_params.get("part", "")
        found = holidays.find_holidays(country, first, first + timedelta(days=366), part=part)
        return Response(self.get_serializer(found, many=True).data)

"""Sources: how they are, and what those who keep them do with them.

What fetches is imported where it is needed: a process that only answers stays small.
"""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.exceptions import Throttled
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from accounts import permissions
from accounts.models import Club
from papers.api.idempotency import idempotent
from papers.api.problems import InvalidInput, Refused
from papers.api.schema import location
from papers.api.serializers import (
    ChangedSourceSerializer,
    DryRunSerializer,
    ImportSerializer,
    NewSourceSerializer,
    SourceSerializer,
)
from papers.models import DryRun, Import, Source

from .base import ApiView, ListView


class SourcesView(ApiView):
    queryset = Source.objects.none()
    serializer_class: type[BaseSerializer[Any]] | None = SourceSerializer

    def get_serializer_context(self) -> dict[str, Any]:
        return {**super().get_serializer_context(), "keeps": self.keeps}

    def keeps(self, club: Club | None) -> bool:
        """Say whether the person keeps these sources; what their token may is asked besides."""
        return permissions.can_keep_sources(self.request.user, club)

    def find(self) -> Source:
        """Return the source of the address, whoever keeps it. Raises Http404."""
        return get_object_or_404(self.reach.sources().select_related("club"), pk=self.kwargs["pk"])

    def find_kept(self, *, write: bool = True) -> Source:
        """Return the source of the address to those who keep it; 403 for others."""
        source = self.find()
        self.require(self.keeps(source.club))
        self.require(permissions.token_allows(self.reach.token, source.club, write=write))
        return source

    def check_reach(self) -> None:
        if "pk" in self.kwargs:
            self.find_kept()

    def attempt(self, act: Any) -> Any:
        """Do what was asked; a refusal becomes a problem that names the field, where there is one."""
        from papers.sources import keeping, running

        try:
            return act()
        except keeping.Refused as refusal:
            if refusal.field:
                raise InvalidInput({refusal.field: [str(refusal)]}) from refusal
            raise Refused(str(refusal)) from refusal
        except running.NothingToAsk as refusal:
            raise Refused(str(refusal)) from refusal
        except running.TooOften as refusal:
            raise Throttled(wait=running.BY_HAND_SECONDS, detail=str(refusal)) from refusal
        except ValidationError as error:
            found = error.message_dict
            raise InvalidInput(
                {("non_field_errors" if field == "__all__" else field): said for field, said in found.items()}
            ) from error


class SourceList(SourcesView, ListView):
    def get_queryset(self) -> QuerySet[Source]:
        return self.reach.sources().select_related("club")

    @extend_schema(summary=_("List sources"), operation_id="list_sources")
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """The installation's sources, and those of your clubs."""
        return super().get(request, *args, **kwargs)

    @extend_schema(
        summary=_("Add a source"),
        operation_id="add_source",
        request=NewSourceSerializer,
        parameters=[location(201, _("The address of the source."))],
        responses={201: SourceSerializer},
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Organisers add sources of their club, administrators of the installation. It runs within a minute, unless it
        is paused or has no schedule."""
        said = self.read_input(NewSourceSerializer)
        club = self.find_club(said.pop("club", ""))
        self.require_for(club, permissions.can_keep_sources)
        from papers.sources import keeping

        source = self.attempt(lambda: keeping.make_source(club=club, **said))
        return self.show(source, status=201, headers={"Location": reverse("api:source", args=[source.pk])})

    def check_reach(self) -> None:
        club = self.find_club(self.read_input(NewSourceSerializer).get("club", ""))
        self.require_for(club, permissions.can_keep_sources)


class SourceDetail(SourcesView):
    @extend_schema(summary=_("Read a source"), operation_id="read_source")
    def get(self, request: Request, pk: int) -> Response:
        return self.show(self.find())

    @extend_schema(
        summary=_("Change a source"),
        operation_id="change_source",
        request=ChangedSourceSerializer,
        responses=SourceSerializer,
    )
    def patch(self, request: Request, pk: int) -> Response:
        """Fields that are left out stay. One that asks for something else begins anew; what came in stays. To set one
        of `every_hours` and `daily_at` ends the other."""
        source = self.find_kept()
        said = self.read_input(ChangedSourceSerializer)
        for one, other in (("every_hours", "daily_at"), ("daily_at", "every_hours")):
            if said.get(one) is not None:
                said.setdefault(other, None)
        from papers.sources import keeping

        return self.show(self.attempt(lambda: keeping.change_source(source, **said)))

    @extend_schema(
        summary=_("Remove a source"), operation_id="remove_source", request=None, responses={204: None}
    )
    def delete(self, request: Request, pk: int) -> Response:
        """Only one that nothing came from; pause the others."""
        source = self.find_kept()
        from papers.sources import keeping

        self.attempt(lambda: keeping.remove(source))
        return Response(status=204)


class SourceRun(SourcesView):
    serializer_class = ImportSerializer

    @extend_schema(
        summary=_("Run a source now"),
        operation_id="run_source",
        request=None,
        parameters=[location(202, _("The address of the import, to follow it."))],
        responses={202: OpenApiResponse(ImportSerializer, description=_("Queued, or under way already."))},
    )
    @idempotent
    def post(self, request: Request, pk: int) -> Response:
        """Each run is an import. A source has one at a time. The sources of a club can be run or tried (a dry run) 120
        times an hour together, and so can those of the installation; after that 429."""
        source = self.find_kept()
        from papers.sources import running

        run: Import = self.attempt(lambda: running.run_now(source, by=self.person))
        return self.show(run, status=202, headers={"Location": reverse("api:import", args=[run.pk])})


class SourceDryRun(SourcesView):
    serializer_class = DryRunSerializer

    @extend_schema(summary=_("Read what a dry run found"), operation_id="read_dry_run")
    def get(self, request: Request, pk: int) -> Response:
        """`state` is queued, running, done or failed; 404 where there was none yet."""
        return self.show(get_object_or_404(DryRun, source=self.find_kept(write=False)))

    @extend_schema(
        summary=_("Find out what the next run would bring"),
        operation_id="dry_run_source",
        request=None,
        responses={202: OpenApiResponse(DryRunSerializer, description=_("Queued; ask again how it goes."))},
    )
    @idempotent
    def post(self, request: Request, pk: int) -> Response:
        """A worker asks and reads as a run does, and keeps nothing but the answer, until the next dry run."""
        source = self.find_kept()
        from papers.sources import dry_run

        return self.show(self.attempt(lambda: dry_run.queue(source)), status=202)

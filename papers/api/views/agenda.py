"""The agenda of a session: read, arrange, add, change, take off, lock, undo; and who changed what."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db.models import Q, QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import permissions
from papers import reading_list
from papers.api.idempotency import idempotent
from papers.api.pagination import NewestFirst
from papers.api.problems import InvalidInput
from papers.api.serializers import (
    AgendaChangeSerializer,
    AgendaSerializer,
    ArrangedAgendaSerializer,
    ChangedAgendaItemSerializer,
    NewAgendaItemSerializer,
    OverriddenItemSerializer,
    SwappedItemsSerializer,
    UndoneChangeSerializer,
    UnlockedAgendaSerializer,
)
from papers.models import AgendaChange, AgendaItem, Entry, Session
from papers.scheduling import agenda_items
from papers.scheduling.agenda_items import Wanted

from .base import ApiView, ListView, unchanged
from .entries import find_paper


class AgendaView(ApiView):
    """Finds the session in the address; what changes its agenda is for organisers."""

    queryset = Session.objects.none()
    serializer_class = AgendaSerializer
    has_versions = True

    def sessions(self) -> QuerySet[Session]:
        return self.reach.sessions().filter(club=self.club).select_related("club")

    def session(self) -> Session:
        return get_object_or_404(self.sessions(), pk=self.kwargs["pk"])

    @contextmanager
    def changing(self) -> Iterator[Session]:
        """Lock the session for an act of an organiser; refuse when it is newer than the client has seen."""
        self.session()
        self.require_organiser()
        with unchanged(self.request, self.sessions(), self.kwargs["pk"]) as session:
            yield session

    def require_organiser(self) -> None:
        self.require(permissions.can_run_sessions(self.request.user, self.club))

    def item(self, session: Session) -> AgendaItem:
        return get_object_or_404(session.agenda.select_related("session"), pk=self.kwargs["item"])

    def show_agenda(self, status: int = 200) -> Response:
        session = self.session()
        is_member = permissions.is_member(self.request.user, self.club)
        every = list(session.agenda.select_related("entry").order_by("position", "pk"))
        seen = every
        if not is_member:  # papers that are private to a public club
            entries = self.reach.entries().filter(club=self.club).values("pk")
            known = set(
                session.agenda.filter(Q(entry=None) | Q(entry__in=entries)).values_list("pk", flat=True)
            )
            seen = [item for item in every if item.pk in known]
        self.shown = {"every": every, "items": seen, "is_member": is_member}
        return self.show(session, status=status)

    def get_serializer_context(self) -> dict[str, Any]:
        return {**super().get_serializer_context(), **getattr(self, "shown", {})}

    def find_entry(self, paper: int | None) -> Entry | None:
        """Return the club's entry for a paper that a body names, made where there is none. Raises InvalidInput."""
        if paper is None:
            return None
        try:
            return reading_list.note(self.club, find_paper(self, paper))
        except Http404:
            raise InvalidInput({"paper": [_("There is no such paper.")]}) from None


class Agenda(AgendaView):
    @extend_schema(summary=_("Read an agenda"), operation_id="read_agenda")
    def get(self, request: Request, slug: str, pk: int) -> Response:
        """Its version is that of the session. Who takes which part is with the assignments."""
        return self.show_agenda()

    @extend_schema(
        summary=_("Arrange an agenda"),
        operation_id="arrange_agenda",
        request=ArrangedAgendaSerializer,
        responses=AgendaSerializer,
    )
    def put(self, request: Request, slug: str, pk: int) -> Response:
        """Make it as it is given, in that order; for organisers. Parts end in what is not named, and so taken off."""
        with self.changing() as session:
            said = self.read_input(ArrangedAgendaSerializer)
            wanted = [
                Wanted(
                    item=each.get("id"),
                    entry=None if "id" in each else self.find_entry(each.get("paper")),
                    **{
                        name: each.get(name)
                        for name in ("title", "minutes", "is_pinned", "is_closing", "note")
                    },
                )
                for each in said["items"]
            ]
            agenda_items.arrange(session, wanted, anyway=said["anyway"], by=self.person)
        return self.show_agenda()

    @extend_schema(
        summary=_("Add to an agenda"),
        operation_id="add_agenda_item",
        request=NewAgendaItemSerializer,
        responses={201: AgendaSerializer},
    )
    @idempotent
    def post(self, request: Request, slug: str, pk: int) -> Response:
        """A paper or a topic; for organisers."""
        with self.changing() as session:
            said = self.read_input(NewAgendaItemSerializer)
            agenda_items.add_item(
                session,
                entry=self.find_entry(said.get("paper")),
                title=said.get("title", ""),
                note=said.get("note", ""),
                minutes=said.get("minutes"),
                to=said.get("position"),
                is_pinned=said.get("is_pinned", True),
                is_closing=said.get("is_closing"),
                by=self.person,
            )
        return self.show_agenda(status=201)


class AgendaItemDetail(AgendaView):
    @extend_schema(
        summary=_("Change an item of an agenda"),
        operation_id="change_agenda_item",
        request=ChangedAgendaItemSerializer,
        responses=AgendaSerializer,
    )
    def patch(self, request: Request, slug: str, pk: int, item: int) -> Response:
        """For organisers. Without `is_closing`, the neighbours at its new place say whether it closes the session."""
        with self.changing() as session:
            found = self.item(session)
            said = self.read_input(ChangedAgendaItemSerializer)
            position, is_closing = said.pop("position", None), said.pop("is_closing", None)
            agenda_items.change_item(found, by=self.person, **said)
            if position is not None or is_closing is not None:
                to = position or (1_000 if is_closing else found.position)
                agenda_items.move_item(found, to=to, is_closing=is_closing, by=self.person)
        return self.show_agenda()

    @extend_schema(
        summary=_("Take an item off an agenda"),
        operation_id="remove_agenda_item",
        request=None,
        responses={204: None},
        parameters=[
            OpenApiParameter(
                "anyway", bool, description=_("true: also where files or questions lose their place by it.")
            )
        ],
    )
    def delete(self, request: Request, slug: str, pk: int, item: int) -> Response:
        """For organisers. Its paper goes back to the list, parts in it end; to undo it brings both back."""
        anyway = request.query_params.get("anyway") == "true"
        with self.changing() as session:
            agenda_items.remove_item(self.item(session), anyway=anyway, by=self.person)
        return Response(status=204)


class AgendaItemOverride(AgendaView):
    @extend_schema(
        summary=_("Put another in the place of an item"),
        operation_id="override_agenda_item",
        request=OverriddenItemSerializer,
        responses=AgendaSerializer,
    )
    @idempotent
    def post(self, request: Request, slug: str, pk: int, item: int) -> Response:
        """A paper or a topic, in its place and minutes, with a note that says why; for organisers."""
        with self.changing() as session:
            found = self.item(session)
            said = self.read_input(OverriddenItemSerializer)
            agenda_items.override(
                found,
                entry=self.find_entry(said.get("paper")),
                title=said.get("title", ""),
                note=said["note"],
                anyway=said["anyway"],
                by=self.person,
            )
        return self.show_agenda()


class AgendaSwap(AgendaView):
    @extend_schema(
        summary=_("Let two items change places"),
        operation_id="swap_agenda_items",
        request=SwappedItemsSerializer,
        responses=AgendaSerializer,
    )
    @idempotent
    def post(self, request: Request, slug: str, pk: int) -> Response:
        """For organisers."""
        with self.changing() as session:
            one, other = self.read_input(SwappedItemsSerializer)["items"]
            known = session.agenda.select_related("session").in_bulk([one, other])
            if len(known) < 2:
                raise InvalidInput({"items": [_("Name two items of this agenda.")]})
            agenda_items.swap_items(known[one], known[other], by=self.person)
        return self.show_agenda()


class AgendaLock(AgendaView):
    @extend_schema(
        summary=_("Close votes and fill an agenda"),
        operation_id="lock_agenda",
        request=None,
        responses=AgendaSerializer,
    )
    @idempotent
    def post(self, request: Request, slug: str, pk: int) -> Response:
        """Now, before its time; for organisers. A session that is locked stays as it is."""
        with self.changing() as session:
            agenda_items.lock_session(session, now=timezone.now(), by=self.person)
        return self.show_agenda()


class AgendaUnlock(AgendaView):
    @extend_schema(
        summary=_("Open votes again"),
        operation_id="unlock_agenda",
        request=UnlockedAgendaSerializer,
        responses=AgendaSerializer,
    )
    @idempotent
    def post(self, request: Request, slug: str, pk: int) -> Response:
        """Until another time, when the agenda fills anew; topics and pinned papers stay. For organisers."""
        with self.changing() as session:
            lock_at = self.read_input(UnlockedAgendaSerializer)["lock_at"]
            agenda_items.unlock_session(session, lock_at=lock_at, now=timezone.now(), by=self.person)
        return self.show_agenda()


class AgendaUndo(AgendaView):
    @extend_schema(
        summary=_("Undo changes of an agenda"),
        operation_id="undo_agenda_change",
        request=UndoneChangeSerializer,
        responses=AgendaSerializer,
    )
    @idempotent
    def post(self, request: Request, slug: str, pk: int) -> Response:
        """The last one, or all from one on; for organisers. 409 where an accepted part would end, but with `anyway`."""
        with self.changing() as session:
            said = self.read_input(UndoneChangeSerializer)
            change = None
            if "change" in said:
                change = AgendaChange.objects.filter(session=session, pk=said["change"]).first()
                if change is None:
                    raise InvalidInput({"change": [_("There is no such change of this agenda.")]})
            agenda_items.undo(session, change=change, anyway=said["anyway"], by=self.person)
        return self.show_agenda()


class AgendaChangeList(ListView):
    queryset = AgendaChange.objects.none()
    serializer_class = AgendaChangeSerializer
    pagination_class = NewestFirst

    def get_queryset(self) -> QuerySet[AgendaChange]:
        session = get_object_or_404(self.reach.sessions().filter(club=self.club), pk=self.kwargs["pk"])
        self.require(permissions.is_member(self.request.user, self.club))
        return AgendaChange.objects.filter(session=session).select_related("by")

    @extend_schema(summary=_("List the changes of an agenda"), operation_id="list_agenda_changes")
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Newest first: who changed what, and the items before and after. For members only."""
        return super().get(request, *args, **kwargs)

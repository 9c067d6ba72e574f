"""Finding a time: polls of dates, for members."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db.models import Prefetch, QuerySet
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import permissions
from papers.api.idempotency import idempotent
from papers.api.schema import location
from papers.api.serializers import (
    ClosedPollSerializer,
    DatePollSerializer,
    NewDatePollSerializer,
    PollAnswersSerializer,
    PollOptionsSerializer,
)
from papers.models import DatePoll, PollAnswer, PollOption
from papers.scheduling import polls

from .base import ClubListView, unchanged
from .sessions import MeetingView


class PollsView(MeetingView):
    """Finds polls of the club in the address; they are for its members."""

    queryset = DatePoll.objects.none()
    serializer_class: Any = DatePollSerializer

    def polls(self) -> QuerySet[DatePoll]:
        self.require(permissions.is_member(self.request.user, self.club))
        answers = PollAnswer.objects.select_related("member").order_by("answered_at", "pk")
        options = PollOption.objects.order_by("starts", "pk").prefetch_related(Prefetch("answers", answers))
        rows = self.reach.date_polls().filter(club=self.club).select_related("club", "made_by")
        return rows.prefetch_related(Prefetch("options", options))

    def find(self) -> DatePoll:
        return get_object_or_404(self.polls(), pk=self.kwargs["pk"])

    @contextmanager
    def changing(self) -> Iterator[DatePoll]:
        """Lock the poll, and refuse when it is newer than the client has seen."""
        with unchanged(
            self.request, self.reach.date_polls().filter(club=self.club), self.kwargs["pk"]
        ) as poll:
            yield poll


class PollList(PollsView, ClubListView):
    def get_queryset(self) -> QuerySet[DatePoll]:
        return self.polls()

    @extend_schema(summary=_("List a club's polls of dates"), operation_id="list_polls")
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """For members only, with who said what. In the order of their last change."""
        return super().get(request, *args, **kwargs)

    @extend_schema(
        summary=_("Ask for a time"),
        operation_id="open_poll",
        request=NewDatePollSerializer,
        parameters=[location(201, _("The address of the poll."))],
        responses={201: DatePollSerializer},
    )
    @idempotent
    def post(self, request: Request, slug: str) -> Response:
        """Propose two to twenty times; for organisers."""
        self.require_organiser()
        said = self.read_input(NewDatePollSerializer)
        poll = self.attempt(lambda: polls.open_poll(self.club, by=self.person, **said))
        address = reverse("api:poll", args=[slug, poll.pk])
        return self.show(self.polls().get(pk=poll.pk), status=201, headers={"Location": address})


class PollDetail(PollsView):
    @extend_schema(summary=_("Read a poll of dates"), operation_id="read_poll")
    def get(self, request: Request, slug: str, pk: int) -> Response:
        return self.show(self.find())

    @extend_schema(
        summary=_("Remove a poll of dates"), operation_id="remove_poll", request=None, responses={204: None}
    )
    def delete(self, request: Request, slug: str, pk: int) -> Response:
        """A session that came of it stays; for organisers."""
        self.find()
        self.require_organiser()
        with self.changing() as poll:
            polls.remove_poll(poll, by=self.person)
        return Response(status=204)


class PollOptions(PollsView):
    @extend_schema(
        summary=_("Propose other times"),
        operation_id="change_poll_options",
        request=PollOptionsSerializer,
        responses=DatePollSerializer,
    )
    def put(self, request: Request, slug: str, pk: int) -> Response:
        """These and no others; what was said of those that stay, stays. For organisers."""
        self.zone = self.find().time_zone
        self.require_organiser()
        options = self.read_input(PollOptionsSerializer)["options"]
        with self.changing() as poll:
            polls.change_options(poll, options=options, by=self.person)
        return self.show(self.find())

    def get_serializer_context(self) -> dict[str, Any]:
        context = super().get_serializer_context()
        return {**context, "time_zone": getattr(self, "zone", context.get("time_zone"))}


class PollAnswers(PollsView):
    @extend_schema(
        summary=_("Say which times you can"),
        operation_id="answer_poll",
        request=PollAnswersSerializer,
        responses=DatePollSerializer,
    )
    def put(self, request: Request, slug: str, pk: int) -> Response:
        """Your own answers; those you do not name stay."""
        self.find()
        self.require(permissions.can_attend(request.user, self.club))
        answers = self.read_input(PollAnswersSerializer)["answers"]
        with self.changing() as poll:
            polls.answer_poll(poll, self.person, answers=answers)
        return self.show(self.find())


class PollClose(PollsView):
    @extend_schema(
        summary=_("Choose a time"),
        operation_id="close_poll",
        request=ClosedPollSerializer,
        responses=DatePollSerializer,
    )
    @idempotent
    def post(self, request: Request, slug: str, pk: int) -> Response:
        """The session is scheduled, and who said yes is down as coming; for organisers."""
        self.find()
        self.require_organiser()
        option = self.read_input(ClosedPollSerializer)["option"]
        with self.changing() as poll:
            polls.close_poll(poll, PollOption(pk=option), by=self.person)
        return self.show(self.find())

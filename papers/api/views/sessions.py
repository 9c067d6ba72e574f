"""Sessions: listed, scheduled, changed, opened, cancelled, held; and who comes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import permissions
from papers.api.idempotency import idempotent
from papers.api.problems import InvalidInput
from papers.api.schema import location
from papers.api.serializers import (
    AnswerSerializer,
    AttendanceSerializer,
    CancelledSerializer,
    ChangedSessionSerializer,
    NewGuestSerializer,
    NewSessionSerializer,
    SessionSerializer,
)
from papers.filters import SessionFilter
from papers.models import Attendance, Guest, Session
from papers.scheduling import attendance, sessions

from .base import ApiView, ClubListView, unchanged


class MeetingView(ApiView):
    """What views of sessions and series share: members see more, organisers act."""

    has_versions = True

    def get_serializer_context(self) -> dict[str, Any]:
        context = super().get_serializer_context()
        if self.request is not None:  # there is none while the schema is made
            context["is_member"] = permissions.is_member(self.request.user, self.club)
            context.setdefault("time_zone", self.club.time_zone)
        return context

    def require_organiser(self) -> None:
        self.require(permissions.can_run_sessions(self.request.user, self.club))

    def check_reach(self) -> None:
        self.require_organiser()

    def attempt(self, act: Callable[[], Any]) -> Any:
        """Do what was asked; what a field cannot hold becomes a problem that names it."""
        try:
            return act()
        except ValidationError as error:
            raise InvalidInput(
                {
                    ("non_field_errors" if field == "__all__" else field): said
                    for field, said in error.message_dict.items()
                }
            ) from error


class SessionsView(MeetingView):
    """Finds sessions of the club in the address; drafts exist for organisers only."""

    queryset: QuerySet[Any] = Session.objects.none()
    serializer_class: Any = SessionSerializer

    def sessions(self) -> QuerySet[Session]:
        return self.reach.sessions().filter(club=self.club).select_related("club")

    def find(self) -> Session:
        return get_object_or_404(self.sessions(), pk=self.kwargs["pk"])

    @contextmanager
    def changing(self) -> Iterator[Session]:
        """Lock the session for an act of an organiser; refuse when it is newer than the client has seen."""
        self.find()
        self.require_organiser()
        with unchanged(self.request, self.sessions(), self.kwargs["pk"]) as session:
            yield session

    def show_again(self, session: Session, **more: Any) -> Response:
        return self.show(get_object_or_404(self.sessions(), pk=session.pk), **more)


class SessionList(SessionsView, ClubListView):
    filterset_class = SessionFilter

    def get_queryset(self) -> QuerySet[Session]:
        rows = self.sessions()
        params = self.request.query_params
        # A draft may go without a trace, so that nobody who keeps a copy is told of one.
        if params.get("state") == Session.State.DRAFT and "since" not in params:
            return rows
        return rows.exclude(state=Session.State.DRAFT)

    @extend_schema(summary=_("List a club's sessions"), operation_id="list_sessions")
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """In the order of their last change. Drafts are listed to organisers who ask for `state=draft`, without
        `since`; once opened they come to everybody."""
        return super().get(request, *args, **kwargs)

    @extend_schema(
        summary=_("Schedule a session"),
        operation_id="schedule_session",
        request=NewSessionSerializer,
        parameters=[location(201, _("The address of the session."))],
        responses={201: SessionSerializer},
    )
    @idempotent
    def post(self, request: Request, slug: str) -> Response:
        """One that stands alone; for organisers. In the past it is locked at once, so that no votes fill its agenda."""
        self.require_organiser()
        said = self.read_input(NewSessionSerializer)
        session = self.attempt(lambda: sessions.schedule_session(self.club, by=self.person, **said))
        address = reverse("api:session", args=[slug, session.pk])
        return self.show_again(session, status=201, headers={"Location": address})


class SessionDetail(SessionsView):
    @extend_schema(summary=_("Read a session"), operation_id="read_session")
    def get(self, request: Request, slug: str, pk: int) -> Response:
        return self.show(self.find())

    @extend_schema(
        summary=_("Change a session"),
        operation_id="change_session",
        request=ChangedSessionSerializer,
        responses=SessionSerializer,
    )
    def patch(self, request: Request, slug: str, pk: int) -> Response:
        """This one alone; for organisers. A session that moves takes along when its votes close, unless that was set by
        hand. What is changed stays when its series changes."""
        with self.changing() as session:
            self.zone = session.time_zone
            said = self.read_input(ChangedSessionSerializer)
            self.attempt(lambda: sessions.change_session(session, by=self.person, **said))
        return self.show_again(session)

    def get_serializer_context(self) -> dict[str, Any]:
        zone = getattr(self, "zone", None)
        return {**super().get_serializer_context(), **({"time_zone": zone} if zone else {})}

    @extend_schema(
        summary=_("Discard a draft"), operation_id="discard_session", request=None, responses={204: None}
    )
    def delete(self, request: Request, slug: str, pk: int) -> Response:
        """Only a draft goes without a trace; cancel what the club knows of."""
        with self.changing() as session:
            sessions.discard_session(session, by=self.person)
        return Response(status=204)


class SessionAct(SessionsView):
    """POST of an act that a session goes through."""

    def act(self, act: Callable[..., Session], **said: Any) -> Response:
        with self.changing() as session:
            act(session, by=self.person, **said)
        return self.show_again(session)


class SessionOpen(SessionAct):
    @extend_schema(
        summary=_("Open a draft"), operation_id="open_session", request=None, responses=SessionSerializer
    )
    @idempotent
    def post(self, request: Request, slug: str, pk: int) -> Response:
        """The club sees it from now on, and votes for it."""
        return self.act(sessions.open_session)


class SessionCancel(SessionAct):
    @extend_schema(
        summary=_("Cancel a session"),
        operation_id="cancel_session",
        request=CancelledSerializer,
        responses=SessionSerializer,
    )
    @idempotent
    def post(self, request: Request, slug: str, pk: int) -> Response:
        """Its papers are on the list again, with their votes; calendars go on saying that it is cancelled."""
        self.find()
        self.require_organiser()
        return self.act(sessions.cancel_session, **self.read_input(CancelledSerializer))


class SessionReopen(SessionAct):
    @extend_schema(
        summary=_("Bring a session back"),
        operation_id="reopen_session",
        request=None,
        responses=SessionSerializer,
    )
    @idempotent
    def post(self, request: Request, slug: str, pk: int) -> Response:
        """One that was cancelled, as it was; or one that was not held after all."""
        return self.act(sessions.reopen_session)


class SessionHold(SessionAct):
    @extend_schema(
        summary=_("Say that a session was held"),
        operation_id="hold_session",
        request=None,
        responses=SessionSerializer,
    )
    @idempotent
    def post(self, request: Request, slug: str, pk: int) -> Response:
        """Its papers become discussed, its assignments done. A day after its end this happens by itself."""
        return self.act(sessions.hold_session)


# Who comes


class AttendancesView(SessionsView):
    """Who comes is for members."""

    queryset = Attendance.objects.none()
    serializer_class = AttendanceSerializer

    def attendances(self) -> QuerySet[Attendance]:
        rows = Attendance.objects.filter(session__in=self.sessions().values("pk"))
        return rows.select_related("member", "guest")

    def require_member(self) -> None:
        self.require(permissions.can_attend(self.request.user, self.club))

    def check_reach(self) -> None:
        self.require_member()

    def find_asked(self) -> Session:
        """Return the session of the address to a member; 404 and 403 for others."""
        session = self.find()
        self.require_member()
        return session


class AttendanceList(AttendancesView, ClubListView):
    def get_queryset(self) -> QuerySet[Attendance]:
        self.require_member()
        return self.attendances().exclude(session__state=Session.State.DRAFT)

    @extend_schema(summary=_("List who comes to a club's sessions"), operation_id="list_attendances")
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """For members only. In the order of their last change."""
        return super().get(request, *args, **kwargs)


class SessionAttendanceList(AttendancesView, ClubListView):
    def get_queryset(self) -> QuerySet[Attendance]:
        return self.attendances().filter(session=self.find_asked())

    @extend_schema(summary=_("List who comes to a session"), operation_id="list_session_attendances")
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """For members only. Who has a `guest` and no `member` has no account."""
        return super().get(request, *args, **kwargs)


class SessionAnswer(AttendancesView):
    @extend_schema(
        summary=_("Say whether you come"),
        operation_id="answer_session",
        request=AnswerSerializer,
        responses=AttendanceSerializer,
    )
    def put(self, request: Request, slug: str, pk: int) -> Response:
        """The same again changes nothing. A yes is refused (409) when all places are taken."""
        session = self.find_asked()
        said = self.read_input(AnswerSerializer)["answer"]
        with unchanged(request, self.sessions(), session.pk):
            row = attendance.answer(session, self.person, answer=said)
        return self.show(row)

    @extend_schema(
        summary=_("Take your answer back"),
        operation_id="withdraw_answer",
        request=None,
        responses={204: None},
    )
    def delete(self, request: Request, slug: str, pk: int) -> Response:
        """Without one nothing changes."""
        session = self.find_asked()
        with unchanged(request, self.sessions(), session.pk):
            attendance.withdraw_answer(session, self.person)
        return Response(status=204)


class SessionGuestList(AttendancesView):
    @extend_schema(
        summary=_("Bring a guest"),
        operation_id="bring_guest",
        request=NewGuestSerializer,
        responses={
            201: OpenApiResponse(AttendanceSerializer, description=_("They are expected.")),
        },
    )
    @idempotent
    def post(self, request: Request, slug: str, pk: int) -> Response:
        """Somebody without an account, by name; they take a place like everybody."""
        session = self.find_asked()
        name = self.read_input(NewGuestSerializer)["name"]
        return self.show(attendance.bring_guest(session, name=name, by=self.person), status=201)


class SessionGuest(AttendancesView):
    @extend_schema(
        summary=_("Say that a guest does not come"),
        operation_id="withdraw_guest",
        request=None,
        responses={204: None},
    )
    def delete(self, request: Request, slug: str, pk: int, guest: int) -> Response:
        """By the id of the guest."""
        session = self.find_asked()
        found = get_object_or_404(Guest, club=self.club, pk=guest)
        attendance.withdraw_guest(session, found, by=self.person)
        return Response(status=204)

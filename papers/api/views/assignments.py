"""Who takes which part: assignments and what their members do with them, swaps, plans, days away."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import transaction
from django.db.models import Prefetch, QuerySet
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import permissions
from accounts.models import User
from papers.api import preconditions
from papers.api.idempotency import idempotent
from papers.api.problems import InvalidInput
from papers.api.serializers import (
    AbsenceSerializer,
    AssignmentSerializer,
    HandOverSerializer,
    NewAbsenceSerializer,
    NewAssignmentSerializer,
    NewPlanSerializer,
    NewSwapSerializer,
    PartAnswerSerializer,
    PlanSerializer,
    SwapAnswerSerializer,
)
from papers.filters import AssignmentFilter
from papers.models import Absence, AgendaItem, Assignment, Part, PlanDraft, Session, SwapOffer
from papers.scheduling import absences, assignments, planning

from .base import ApiView, ClubListView, unchanged

LOCATION = OpenApiParameter("Location", str, OpenApiParameter.HEADER, response=[201, 202])


def with_people(rows: QuerySet[Assignment]) -> QuerySet[Assignment]:
    """Load all that an assignment shows: a query for the rows, two for the swaps that are open."""
    offers = SwapOffer.objects.waiting()
    return rows.select_related("item__session", "part", "member", "guest", "proposed_by").prefetch_related(
        Prefetch("swap_offers", offers, to_attr="offers_made"),
        Prefetch("swaps_wanted", offers, to_attr="offers_had"),
    )


class AssignmentsView(ApiView):
    queryset = Assignment.objects.none()
    serializer_class = AssignmentSerializer
    has_versions = True

    def assignments(self) -> QuerySet[Assignment]:
        self.require(permissions.is_member(self.request.user, self.club))
        return self.reach.assignments().filter(club=self.club)

    def parts_taken(self) -> QuerySet[Assignment]:
        """Those that are parts in items: what is asked of a member about an entry alone is answered elsewhere."""
        return self.assignments().filter(item__isnull=False)

    def get_serializer_context(self) -> dict[str, Any]:
        context = super().get_serializer_context()
        if self.request is not None:
            context["may_plan"] = permissions.can_run_sessions(self.request.user, self.club)
            context["club"] = self.club
        return context

    def show_assignment(self, pk: int, status: int = 200, **headers: str) -> Response:
        found = get_object_or_404(with_people(self.assignments()), pk=pk)
        return self.show(found, status=status, headers=headers)

    def find_mine(self, pk: int) -> Assignment:
        found = get_object_or_404(self.parts_taken(), pk=pk)
        self.require(permissions.can_answer_assignment(self.request.user, found.member_id, self.club))
        return found

    def find_member(self, pk: int, field: str) -> User:
        """Return a member that a body names. Raises InvalidInput."""
        membership = self.club.memberships.filter(user=pk).select_related("user").first()
        if membership is None:
            raise InvalidInput({field: [_t("There is no such member.")]})
        return membership.user

    @contextmanager
    def unchanged_part(self, pk: int) -> Iterator[Assignment]:
        """Lock as the verbs do, the session first, and refuse when the row is newer than the client's."""
        with transaction.atomic():
            get_object_or_404(self.parts_taken(), pk=pk)
            get_object_or_404(Session.objects.select_for_update(), agenda__assignments=pk)
            found = get_object_or_404(self.parts_taken().select_for_update(of=("self",)), pk=pk)
            preconditions.require_unmodified(self.request, found.version)
            yield found


class AssignmentList(AssignmentsView, ClubListView):
    filterset_class = AssignmentFilter

    def get_queryset(self) -> QuerySet[Assignment]:
        return with_people(self.assignments())

    @extend_schema(summary=_("List who takes which part"), operation_id="list_assignments")
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """In the order of their last change; for members. Those in drafts of sessions are for organisers."""
        return super().get(request, *args, **kwargs)

    @extend_schema(
        summary=_("Ask for a part, or take it"),
        operation_id="propose_assignment",
        request=NewAssignmentSerializer,
        responses={201: AssignmentSerializer, 200: AssignmentSerializer},
        parameters=[LOCATION],
    )
    @idempotent
    def post(self, request: Request, slug: str) -> Response:
        """Organisers ask a member, or note a guest; whoever had the part has it no more. Without either you take it."""
        self.require(permissions.can_attend(request.user, self.club))
        said = self.read_input(NewAssignmentSerializer)
        asks = "member" in said or "guest" in said
        self.require(not asks or permissions.can_run_sessions(request.user, self.club))
        sessions = self.reach.sessions().filter(club=self.club)
        item = AgendaItem.objects.filter(session__in=sessions.values("pk"), pk=said["item"]).first()
        part = Part.objects.filter(club=self.club, pk=said["part"]).first()
        if item is None:
            raise InvalidInput({"item": [_t("There is no such agenda item.")]})
        if part is None:
            raise InvalidInput({"part": [_t("There is no such part.")]})
        before = self.club.version
        if not asks:
            made = assignments.take(item, part, by=self.person)
        else:
            member = self.find_member(said["member"], "member") if "member" in said else None
            made = assignments.propose(
                item, part, member=member, guest=said.get("guest"), pin=said["is_pinned"], by=self.person
            )
        status = 201 if made.version > before else 200
        return self.show_assignment(made.pk, status, Location=reverse("api:assignment", args=[slug, made.pk]))


class AssignmentDetail(AssignmentsView):
    @extend_schema(summary=_("Read an assignment"), operation_id="read_assignment")
    def get(self, request: Request, slug: str, pk: int) -> Response:
        return self.show_assignment(pk)

    @extend_schema(
        summary=_("Take a part away"), operation_id="release_assignment", request=None, responses={204: None}
    )
    def delete(self, request: Request, slug: str, pk: int) -> Response:
        """For organisers: it is open again, and whoever had it has not declined it."""
        get_object_or_404(self.parts_taken(), pk=pk)
        self.require(permissions.can_run_sessions(request.user, self.club))
        with self.unchanged_part(pk) as found:
            assignments.release(found, by=self.person)
        return Response(status=204)


class AssignmentAnswer(AssignmentsView):
    @extend_schema(
        summary=_("Accept or decline"),
        operation_id="answer_assignment",
        request=PartAnswerSerializer,
        responses=AssignmentSerializer,
    )
    def put(self, request: Request, slug: str, pk: int) -> Response:
        """For who was asked. What was declined may be accepted while nobody else has it."""
        self.find_mine(pk)
        said = self.read_input(PartAnswerSerializer)
        with self.unchanged_part(pk) as found:
            if said["answer"] == "accept":
                assignments.accept(found, by=self.person)
            else:
                assignments.decline(found, by=self.person, because=said["because"])
        return self.show_assignment(pk)


class AssignmentHandOver(AssignmentsView):
    @extend_schema(
        summary=_("Hand a part over"),
        operation_id="hand_over_assignment",
        request=HandOverSerializer,
        responses={201: OpenApiResponse(AssignmentSerializer, description=_("What the other is asked."))},
        parameters=[LOCATION],
    )
    @idempotent
    def post(self, request: Request, slug: str, pk: int) -> Response:
        """For who was asked: they are out of it, and the other is asked."""
        self.find_mine(pk)
        to = self.find_member(self.read_input(HandOverSerializer)["to"], "to")
        with self.unchanged_part(pk) as found:
            given = assignments.hand_over(found, to=to, by=self.person)
        return self.show_assignment(given.pk, 201, Location=reverse("api:assignment", args=[slug, given.pk]))


class AssignmentSwap(AssignmentsView):
    @extend_schema(
        summary=_("Offer a swap"),
        operation_id="offer_swap",
        request=NewSwapSerializer,
        responses=AssignmentSerializer,
    )
    @idempotent
    def post(self, request: Request, slug: str, pk: int) -> Response:
        """For who was asked; who has the wanted part has the last word. The same offer again changes nothing."""
        self.find_mine(pk)
        wanted = self.parts_taken().filter(pk=self.read_input(NewSwapSerializer)["wanted"]).first()
        if wanted is None:
            raise InvalidInput({"wanted": [_t("There is no such assignment.")]})
        assignments.offer_swap(get_object_or_404(self.parts_taken(), pk=pk), wanted=wanted, by=self.person)
        return self.show_assignment(pk)


class AssignmentReminder(AssignmentsView):
    @extend_schema(
        summary=_("Remind somebody"),
        operation_id="remind_assignment",
        request=None,
        responses=AssignmentSerializer,
    )
    @idempotent
    def post(self, request: Request, slug: str, pk: int) -> Response:
        """For organisers, once a day: who was asked and has not answered is asked once more."""
        get_object_or_404(self.parts_taken(), pk=pk)
        self.require(permissions.can_run_sessions(request.user, self.club))
        with self.unchanged_part(pk) as found:
            assignments.remind(found, by=self.person)
        return self.show_assignment(pk)


class SwapAnswer(AssignmentsView):
    @extend_schema(
        summary=_("Answer a swap"),
        operation_id="answer_swap",
        request=SwapAnswerSerializer,
        responses=OpenApiResponse(AssignmentSerializer, description=_("The part that was offered.")),
    )
    def put(self, request: Request, slug: str, pk: int) -> Response:
        """With yes each has the other's part, accepted; other offers for either end."""
        offers = SwapOffer.objects.filter(assignment__in=self.parts_taken().values("pk"))
        offer = get_object_or_404(offers.select_related("assignment", "wanted"), pk=pk)
        mine = {offer.assignment.member_id, offer.wanted.member_id}
        self.require(self.person.pk in mine)
        says = self.read_input(SwapAnswerSerializer)["answer"]
        side = offer.assignment if says == "withdraw" else offer.wanted
        self.require(permissions.can_answer_assignment(request.user, side.member_id, self.club))
        if says == "withdraw":
            assignments.withdraw_swap(offer, by=self.person)
        else:
            assignments.answer_swap(offer, accepts=says == "accept", by=self.person)
        return self.show_assignment(offer.assignment_id)


class AbsencesView(ApiView):
    queryset = Absence.objects.none()
    serializer_class = AbsenceSerializer
    has_versions = True

    def absences(self) -> QuerySet[Absence]:
        self.require(permissions.is_member(self.request.user, self.club))
        return self.reach.absences().filter(club=self.club).select_related("member")


class AbsenceList(AbsencesView, ClubListView):
    def get_queryset(self) -> QuerySet[Absence]:
        return self.absences()

    @extend_schema(summary=_("List who is away when"), operation_id="list_absences")
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """For members. Nobody is asked why."""
        return super().get(request, *args, **kwargs)

    @extend_schema(
        summary=_("Note days away"),
        operation_id="note_absence",
        request=NewAbsenceSerializer,
        responses={201: AbsenceSerializer, 200: AbsenceSerializer},
    )
    @idempotent
    def post(self, request: Request, slug: str) -> Response:
        """Your own. No plan asks you for these days, and they are not counted against you."""
        self.require(permissions.can_attend(request.user, self.club))
        before = self.club.version
        said = self.read_input(NewAbsenceSerializer)
        [noted] = absences.note_absence([self.club], **said, by=self.person)
        return self.show(noted, status=201 if noted.version > before else 200)


class AbsenceDetail(AbsencesView):
    @extend_schema(summary=_("Read days away"), operation_id="read_absence")
    def get(self, request: Request, slug: str, pk: int) -> Response:
        return self.show(get_object_or_404(self.absences(), pk=pk))

    @extend_schema(
        summary=_("Remove days away"), operation_id="remove_absence", request=None, responses={204: None}
    )
    def delete(self, request: Request, slug: str, pk: int) -> Response:
        """Your own."""
        found = get_object_or_404(self.absences(), pk=pk)
        self.require(permissions.can_answer_assignment(request.user, found.member_id, self.club))
        with unchanged(request, self.absences(), pk) as found:
            absences.remove_absence(found, by=self.person)
        return Response(status=204)


class PlansView(ApiView):
    queryset = PlanDraft.objects.none()
    serializer_class = PlanSerializer

    def plans(self) -> QuerySet[PlanDraft]:
        self.require(permissions.can_run_sessions(self.request.user, self.club))
        return self.reach.plan_drafts().filter(club=self.club).select_related("made_by", "club")

    def show_plan(self, draft: PlanDraft, status: int = 200, **headers: str) -> Response:
        draft = self.plans().get(pk=draft.pk)
        planning.tell(draft)
        return self.show(draft, status=status, headers=headers)


class Plan(PlansView):
    @extend_schema(summary=_("Read the last plan"), operation_id="read_last_plan")
    def get(self, request: Request, slug: str) -> Response:
        """For organisers; 404 where none was made."""
        last = self.plans().first()
        return self.show_plan(get_object_or_404(self.plans(), pk=last.pk if last else 0))

    @extend_schema(
        summary=_("Plan who presents"),
        operation_id="propose_plan",
        request=NewPlanSerializer,
        responses={202: PlanSerializer},
        parameters=[LOCATION],
    )
    @idempotent
    def post(self, request: Request, slug: str) -> Response:
        """A worker makes it: read it at `Location` until its state is `ready` (or `applied`, without `dry_run`).

        A plan that waited to be applied is discarded.
        """
        self.require(permissions.can_run_sessions(request.user, self.club))
        said = self.read_input(NewPlanSerializer)
        draft = planning.propose_plan(
            self.club, sessions=said.get("sessions"), applies_itself=not said["dry_run"], by=self.person
        )
        return self.show_plan(draft, 202, Location=reverse("api:plan_draft", args=[slug, draft.pk]))


class PlanDetail(PlansView):
    @extend_schema(summary=_("Read a plan"), operation_id="read_plan")
    def get(self, request: Request, slug: str, pk: int) -> Response:
        return self.show_plan(get_object_or_404(self.plans(), pk=pk))

    @extend_schema(
        summary=_("Discard a plan"), operation_id="discard_plan", request=None, responses={204: None}
    )
    def delete(self, request: Request, slug: str, pk: int) -> Response:
        """One that was applied stays as it is."""
        planning.discard_plan(get_object_or_404(self.plans(), pk=pk), by=self.person)
        return Response(status=204)


class PlanApply(PlansView):
    @extend_schema(
        summary=_("Apply a plan"), operation_id="apply_plan", request=None, responses=PlanSerializer
    )
    @idempotent
    def post(self, request: Request, slug: str, pk: int) -> Response:
        """All of it or nothing: 409 where a place, its holder or somebody who would be asked is not as it was."""
        draft = planning.apply_plan(get_object_or_404(self.plans(), pk=pk), by=self.person)
        return self.show_plan(draft)

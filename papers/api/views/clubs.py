"""Clubs, their members, and what was deleted from them."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import permissions
from accounts.models import Club, Membership
from papers import club_rules, voting
from papers.api.serializers import (
    ChangedClubSerializer,
    ClubSerializer,
    MemberSerializer,
    TombstoneSerializer,
    WindowSerializer,
)
from papers.models import Tombstone
from papers.reasons import tell_window

from .base import ApiView, ClubListView, ListView, unchanged


class ClubContext(ApiView):
    def get_serializer_context(self) -> dict[str, Any]:
        context = super().get_serializer_context()
        context["roles"] = permissions.load_roles(self.person) if self.request else {}
        return context


class ClubList(ClubContext, ListView):
    queryset = Club.objects.none()
    serializer_class = ClubSerializer

    def get_queryset(self) -> QuerySet[Club]:
        return self.reach.clubs()

    @extend_schema(summary=_("List clubs"), operation_id="list_clubs")
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Your clubs, and the public ones. Each with its version: where that has not risen, nothing is new."""
        return super().get(request, *args, **kwargs)


class ClubDetail(ClubContext):
    queryset = Club.objects.none()
    serializer_class = ClubSerializer
    has_versions = True
    lookup_field = "slug"

    @extend_schema(summary=_("Read a club"), operation_id="read_club")
    def get(self, request: Request, slug: str) -> Response:
        return self.show(self.club)

    @extend_schema(
        summary=_("Change a club"),
        operation_id="change_club",
        request=ChangedClubSerializer,
        responses=ClubSerializer,
    )
    def patch(self, request: Request, slug: str) -> Response:
        """Its name, its clock and the rules by which it votes and plans. For owners."""
        self.require(permissions.can_manage_members(request.user, self.club))
        with unchanged(request, self.reach.clubs(), self.club.pk) as club:
            club = club_rules.change_club(club, by=self.person, **self.read_input(ChangedClubSerializer))
        return self.show(club)


class ClubWindow(ApiView):
    queryset = Club.objects.none()
    serializer_class = WindowSerializer

    @extend_schema(summary=_("Read until when votes count"), operation_id="read_window")
    def get(self, request: Request, slug: str) -> Response:
        """For the session whose votes close next. Votes cast after that count for the session after it."""
        now, closings = timezone.now(), voting.load_closings(self.club)
        window = voting.find_coming(closings, now)
        budget = None
        if permissions.can_vote(request.user, self.club):
            budget = voting.load_budget(self.club, self.person, now=now, closings=closings)
        facts = {
            "session": window.closing.session if window.closing else None,
            "opens": window.opens,
            "closes": window.closes,
            "text": tell_window(window),
            "vote_budget": self.club.vote_budget,
            "votes_left": budget.left if budget else None,
            "totals_are_secret": self.club.hides_totals,
        }
        return Response(WindowSerializer(facts).data)


class MemberList(ListView):
    queryset = Membership.objects.none()
    serializer_class = MemberSerializer

    def get_queryset(self) -> QuerySet[Membership]:
        self.require(permissions.can_see_members(self.request.user, self.club))
        return self.club.memberships.select_related("user")

    @extend_schema(summary=_("List a club's members"), operation_id="list_members")
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """For members only."""
        return super().get(request, *args, **kwargs)


class ClubDeletedList(ClubListView):
    queryset = Tombstone.objects.none()
    serializer_class = TombstoneSerializer

    def get_queryset(self) -> QuerySet[Tombstone]:
        return Tombstone.objects.filter(club=self.club)

    @extend_schema(summary=_("List what was deleted from a club"), operation_id="list_deleted")
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Entries merged into others, promotions taken back, offers and tags taken away."""
        return super().get(request, *args, **kwargs)

"""Clubs, their members, and what was deleted from them."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import permissions
from accounts.models import Club, Membership
from papers.api.serializers import ClubSerializer, MemberSerializer, TombstoneSerializer
from papers.models import Tombstone

from .base import ApiView, ClubListView, ListView


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

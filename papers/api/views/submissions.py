"""Papers by their identifiers: submit some, and read what came of each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import permissions
from accounts.models import Club
from papers import mentions, submissions
from papers.api.pagination import ByNumber
from papers.api.problems import InvalidInput
from papers.api.serializers import NewSubmissionSerializer, SubmissionItemSerializer, SubmissionSerializer
from papers.models import SubmissionItem

from .base import ApiView, ListView


def submit(view: ApiView) -> Response:
    """Do what `POST papers/` asks for."""
    said = view.read_input(NewSubmissionSerializer)
    club = find_club(view, said)
    texts = said.get("identifiers") or [said["identifier"]]
    run = submissions.submit(mentions.find_in_each(texts), by=view.person, club=club, suggest=said["suggest"])
    items = list(run.items.all())
    name_papers(view, items)
    run.shown_items = items  # type: ignore[attr-defined]
    content = SubmissionSerializer(run, context=view.get_serializer_context()).data
    if run.is_over:
        return Response(content, status=200)
    return Response(content, status=202, headers={"Location": reverse("api:import", args=[run.pk])})


def find_club(view: ApiView, said: dict[str, Any]) -> Club | None:
    """Return the club that a submission is for. Raises InvalidInput, and PermissionDenied for who may not."""
    club = None
    if "club" in said:
        club = view.reach.clubs().filter(slug=said["club"]).first()
        if club is None:
            raise InvalidInput({"club": [_("There is no such club. Give its short name.")]})
    view.require(
        permissions.can_submit(view.request.user, club)
        and permissions.token_allows(view.reach.token, club, write=True)
    )
    return club


def name_papers(view: ApiView, items: Sequence[SubmissionItem]) -> None:
    """Note with each item the paper that has its identifier, where the request may know of it."""
    found = [item for item in items if item.state in submissions.FOUND]
    ids = submissions.find_papers(map(submissions.identifier_of, found), view.reach.papers()) if found else {}
    for item in items:
        is_found = item.state in submissions.FOUND
        item.paper_id = ids.get(submissions.identifier_of(item)) if is_found else None  # type: ignore[attr-defined]


class SubmissionItemList(ListView):
    queryset = SubmissionItem.objects.none()
    serializer_class = SubmissionItemSerializer
    pagination_class = ByNumber

    def get_queryset(self) -> QuerySet[SubmissionItem]:
        run = get_object_or_404(self.reach.imports(), pk=self.kwargs["pk"])
        return SubmissionItem.objects.filter(run=run)

    def paginate_queryset(self, queryset: Any) -> Any:
        items = super().paginate_queryset(queryset)
        name_papers(self, items or [])
        return items

    @extend_schema(
        summary=_("List what came of each identifier of a submission"), operation_id="list_submission_items"
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """In the order in which they were submitted; an import of a file has none."""
        return super().get(request, *args, **kwargs)

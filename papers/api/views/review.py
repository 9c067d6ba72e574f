"""Papers that may be one: list the pairs, propose, decide, take back; the log."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import permissions
from accounts.models import Club
from papers import catalogue
from papers.api.idempotency import idempotent
from papers.api.pagination import NewestFirst
from papers.api.problems import InvalidInput
from papers.api.serializers import (
    DecisionSerializer,
    NewDecisionSerializer,
    NewPairSerializer,
    PairSerializer,
)
from papers.filters import PairFilter
from papers.models import CandidatePair, Decision, MergedPaper, Paper

from .base import ApiView, ListView


class ReviewView(ApiView):
    """Is for organisers and administrators only."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if str(request.method).lower() in self.http_method_names:  # whatever else is answered 405
            self.check_reach()

    def check_reach(self) -> None:
        self.require(permissions.can_review(self.request.user, self.reach.clubs()))

    def pairs(self) -> QuerySet[CandidatePair]:
        return (
            self.reach.pairs()
            .select_related("first", "second", "proposed_by", "club")
            .defer("first__search_text", "second__search_text")
        )

    def require_decision(self, owner: Club | None) -> None:
        """Answer 403 to whoever may not decide about papers of this club, or of everybody."""
        self.require(
            permissions.can_decide(self.request.user, owner)
            and permissions.token_allows(self.reach.token, owner, write=True)
        )


class PairList(ReviewView, ListView):
    queryset = CandidatePair.objects.none()
    serializer_class = PairSerializer
    pagination_class = NewestFirst
    filterset_class = PairFilter

    def get_queryset(self) -> QuerySet[CandidatePair]:
        return self.pairs()

    @extend_schema(summary=_("List papers that may be one"), operation_id="list_pairs")
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Newest first, of papers that you may know; for organisers and administrators."""
        return super().get(request, *args, **kwargs)

    @extend_schema(
        summary=_("Propose that two papers are one"),
        operation_id="propose_pair",
        request=NewPairSerializer,
        responses={201: PairSerializer},
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """An administrator decides. A pair that was kept apart is asked about again."""
        said = self.read_input(NewPairSerializer)
        one, other = (self._find(name, said[name]) for name in ("paper", "other"))
        owner = one.private_to or other.private_to
        self.require(permissions.token_allows(self.reach.token, owner, write=True))
        pair = catalogue.propose_pair(one, other, reason=said["reason"], by=self.person)
        return self.show(self.pairs().get(pk=pair.pk), status=201)

    def _find(self, field: str, pk: int) -> Paper:
        paper = self.reach.papers().select_related("private_to").filter(pk=pk).first()
        if paper is None:
            raise InvalidInput({field: [_("There is no such paper.")]})
        return paper


class PairDetail(ReviewView):
    queryset = CandidatePair.objects.none()
    serializer_class = PairSerializer

    @extend_schema(summary=_("Read a pair"), operation_id="read_pair")
    def get(self, request: Request, pk: int) -> Response:
        """404 once the two are merged."""
        return self.show(get_object_or_404(self.pairs(), pk=pk))


class PairDecision(ReviewView):
    queryset = Decision.objects.none()
    serializer_class = DecisionSerializer

    @extend_schema(
        summary=_("Decide about a pair"),
        operation_id="decide_pair",
        request=NewDecisionSerializer,
        responses=DecisionSerializer,
    )
    def put(self, request: Request, pk: int) -> Response:
        """`merged` makes one paper of them, `kept_apart` remembers that they are two; for administrators."""
        pair = get_object_or_404(self.pairs(), pk=pk)
        self.require_decision(pair.first.private_to or pair.second.private_to)
        act = self.read_input(NewDecisionSerializer)["act"]
        if act == Decision.Act.MERGED:
            catalogue.merge_pair(pair, by=self.person)
        else:
            catalogue.keep_apart(pair, by=self.person)
        ends = [pair.first_id, pair.second_id]
        made = Decision.objects.filter(act=act, kept__in=ends, other__in=ends).select_related("by").first()
        assert made is not None
        return self.show(made)


class DecisionList(ReviewView, ListView):
    queryset = Decision.objects.none()
    serializer_class = DecisionSerializer
    pagination_class = NewestFirst

    def get_queryset(self) -> QuerySet[Decision]:
        return self.reach.decisions().select_related("by")

    @extend_schema(summary=_("List what was decided"), operation_id="list_decisions")
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Newest first: which papers were merged, kept apart or taken apart again, by whom and why."""
        return super().get(request, *args, **kwargs)


class Merged(ReviewView):
    queryset = MergedPaper.objects.none()

    @extend_schema(
        summary=_("Take a merge back"),
        operation_id="unmerge",
        request=None,
        responses={204: OpenApiResponse(description=_("The paper is there again under this id."))},
    )
    def delete(self, request: Request, pk: int) -> Response:
        """By the id that leads to another paper; for administrators. No import merges the two from then on."""
        merged = get_object_or_404(self.reach.merged_papers().select_related("private_to"), pk=pk)
        self.require_decision(merged.private_to)
        catalogue.unmerge(merged, by=self.person)
        return Response(status=204)

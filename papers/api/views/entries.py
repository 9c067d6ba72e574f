"""A club's entries, and what its members do with them: suggest, vote, volunteer, tag."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import Max, OuterRef, Prefetch, Q, QuerySet, Subquery
from django.db.models.functions import Lower
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import permissions
from papers import history, reading_list, voting
from papers.api import preconditions
from papers.api.idempotency import idempotent
from papers.api.pagination import ByPlace
from papers.api.preconditions import VERSION_HEADER
from papers.api.problems import InvalidInput
from papers.api.serializers import (
    CastVoteSerializer,
    DroppedEntrySerializer,
    EntryChangeSerializer,
    EntrySerializer,
    NewEntrySerializer,
    RankingSerializer,
    TagSerializer,
    VoteSerializer,
)
from papers.filters import EntryFilter
from papers.models import Comment, Entry, EntryChange, Paper, Tagging, Volunteer, Vote

from .base import ApiView, ClubListView, ListView, unchanged


def with_acts(entries: QuerySet[Entry], *, user_id: int) -> QuerySet[Entry]:
    """Load all that an entry shows: a query each for promoters, my votes, offers and tags."""
    votes = Vote.objects.order_by("cast_at", "pk")
    promoters = votes.filter(value=Vote.PROMOTE, is_revealed=True).select_related("member")
    mine = Comment.objects.filter(entry=OuterRef("pk"), author=user_id, removed_at=None).order_by()
    newest = mine.values("entry").annotate(newest=Max("paper_revision")).values("newest")
    entries = entries.annotate(commented_revision=Subquery(newest))
    return entries.select_related("club", "suggested_by").prefetch_related(
        Prefetch("votes", promoters, to_attr="promoters"),
        Prefetch("votes", votes.filter(member=user_id), to_attr="my_votes"),
        Prefetch("volunteers", Volunteer.objects.select_related("member"), to_attr="offers"),
        Prefetch("taggings", Tagging.objects.select_related("tag").order_by(Lower("tag__name"))),
    )


class EntriesView(ApiView):
    """Finds entries of the club in the address."""

    queryset = Entry.objects.none()
    serializer_class = EntrySerializer
    has_versions = True

    def entries(self) -> QuerySet[Entry]:
        return self.reach.entries().filter(club=self.club)

    def get_serializer_context(self) -> dict[str, Any]:
        context = super().get_serializer_context()
        if self.request is not None:  # there is none while the schema is made
            context["is_member"] = permissions.is_member(self.request.user, self.club)
            context["places"] = getattr(self, "places", {})
        return context

    def show_entry(self, pk: int, status: int = 200, **headers: str) -> Response:
        entry = get_object_or_404(with_acts(self.entries(), user_id=self.person.pk), pk=pk)
        return self.show(entry, status=status, headers=headers)

    def done(self, entry: Entry) -> Response:
        return Response(status=204, headers={VERSION_HEADER: str(entry.version)})


class EntryList(EntriesView, ClubListView):
    filterset_class = EntryFilter

    def get_queryset(self) -> QuerySet[Entry]:
        return with_acts(self.entries(), user_id=self.person.pk)

    @extend_schema(
        summary=_("List a club's entries"),
        operation_id="list_entries",
        parameters=[
            OpenApiParameter(
                "order",
                str,
                enum=["rank"],
                description=_(
                    "`rank`: what is suggested, as it stands for the session whose votes close next."
                ),
            )
        ],
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """In the order of their last change. Who demoted is nobody's business: a number, and your own vote.

        In the order of the ranking each has its `ranking`. While totals are secret there is none, and what was
        suggested first comes first.
        """
        order = request.query_params.get("order")
        if order is None:
            return super().get(request, *args, **kwargs)
        if order != "rank":
            raise InvalidInput({"order": [_("There is one order to choose: rank.")]}, {"order": ["rank"]})
        if "since" in request.query_params:
            raise InvalidInput({"order": [_("What is in the order of the ranking has no `since`.")]})
        return self.show_ranked(request)

    def show_ranked(self, request: Request) -> Response:
        version = self.library_version
        is_inside = self.club.pk in self.reach.my_clubs
        ranking = voting.rank(self.club, now=timezone.now(), with_private=is_inside)
        rows = list(enumerate(ranking.rows, start=1))
        if self.club.hides_totals:
            rows.sort(key=lambda pair: (pair[1].suggested, pair[1].entry_id))
        else:
            self.places = {row.entry_id: _describe_place(ranking, place) for place, row in rows}
        wanted = self.filter_queryset(self.entries().filter(state=Entry.State.SUGGESTED))
        kept = set(wanted.values_list("pk", flat=True))
        pages = ByPlace()
        ids = pages.take([row.entry_id for _place, row in rows if row.entry_id in kept], request)
        found = with_acts(self.entries(), user_id=self.person.pk).in_bulk(ids)
        shown = [found[pk] for pk in ids if pk in found]
        response = pages.get_paginated_response(self.get_serializer(shown, many=True).data)
        response.headers[VERSION_HEADER] = str(version)
        return response

    @extend_schema(
        summary=_("Suggest a paper"),
        operation_id="suggest_paper",
        request=NewEntrySerializer,
        responses={
            201: OpenApiResponse(EntrySerializer, description=_("The entry is new.")),
            200: OpenApiResponse(EntrySerializer, description=_("The club had an entry for this paper.")),
        },
    )
    @idempotent
    def post(self, request: Request, slug: str) -> Response:
        """Put a paper on the club's list. Suggesting it again changes nothing, but of a discussed one with `again`."""
        self.require(permissions.can_vote(request.user, self.club))
        said = self.read_input(NewEntrySerializer)
        paper_id = said["paper"]
        with transaction.atomic():
            try:
                paper = find_paper(self, paper_id)
            except Http404:
                raise InvalidInput({"paper": [_("There is no such paper.")]}) from None
            entry, is_new = note(self, paper)
            suggest = reading_list.suggest_again if said["again"] else reading_list.suggest
            entry = suggest(entry, by=self.person)
        return self.show_entry(entry.pk, status=201 if is_new else 200)


class EntryDetail(EntriesView):
    @extend_schema(summary=_("Read an entry"), operation_id="read_entry")
    def get(self, request: Request, slug: str, pk: int) -> Response:
        return self.show_entry(pk)


class EntryDrop(EntriesView):
    @extend_schema(
        summary=_("Drop an entry"),
        operation_id="drop_entry",
        request=DroppedEntrySerializer,
        responses=EntrySerializer,
    )
    @idempotent
    def post(self, request: Request, slug: str, pk: int) -> Response:
        """Take it off the list. For organisers; a promotion brings it back, a suggestion as well."""
        get_object_or_404(self.entries(), pk=pk)
        self.require(permissions.can_drop(request.user, self.club))
        note = reading_list.clean_note(self.read_input(DroppedEntrySerializer)["note"])
        with unchanged(request, self.entries(), pk) as entry:
            reading_list.drop(entry, by=self.person, note=note)
        return self.show_entry(pk)


class EntryVote(EntriesView):
    @extend_schema(
        summary=_("Vote on an entry"),
        operation_id="vote",
        request=CastVoteSerializer,
        responses=EntrySerializer,
    )
    def put(self, request: Request, slug: str, pk: int) -> Response:
        """One vote a member: the same again changes nothing, the other one replaces it."""
        entry = get_object_or_404(self.entries(), pk=pk)
        self.require(permissions.can_vote(request.user, self.club))
        value = self.read_input(CastVoteSerializer)["value"]
        with unchanged(request, self.entries(), entry.pk) as entry:
            reading_list.cast_vote(entry, value=value, by=self.person)
        return self.show_entry(entry.pk)

    @extend_schema(
        summary=_("Take a vote back"), operation_id="withdraw_vote", request=None, responses={204: None}
    )
    def delete(self, request: Request, slug: str, pk: int) -> Response:
        """Without a vote nothing changes."""
        get_object_or_404(self.entries(), pk=pk)
        self.require(permissions.can_vote(request.user, self.club))
        with unchanged(request, self.entries(), pk) as entry:
            entry = reading_list.withdraw_vote(entry, by=self.person)
        return self.done(entry)


class PaperVote(EntriesView):
    @extend_schema(
        summary=_("Vote on a paper"),
        operation_id="vote_on_paper",
        request=CastVoteSerializer,
        responses=EntrySerializer,
    )
    def put(self, request: Request, slug: str, pk: int) -> Response:
        """The same as on its entry, which is made where there is none yet."""
        find_paper(self, pk)
        self.require(permissions.can_vote(request.user, self.club))
        value = self.read_input(CastVoteSerializer)["value"]
        with transaction.atomic():
            entry, _is_new = note(self, find_paper(self, pk))
            entry = reading_list.cast_vote(entry, value=value, by=self.person)
        return self.show_entry(entry.pk)

    @extend_schema(
        summary=_("Take a vote on a paper back"),
        operation_id="withdraw_vote_on_paper",
        request=None,
        responses={204: None},
    )
    def delete(self, request: Request, slug: str, pk: int) -> Response:
        paper = find_paper(self, pk)
        self.require(permissions.can_vote(request.user, self.club))
        entry = self.entries().filter(paper=paper).first()
        if entry is None:
            return Response(status=204)
        with unchanged(request, self.entries(), entry.pk) as entry:
            entry = reading_list.withdraw_vote(entry, by=self.person)
        return self.done(entry)


class EntryVolunteer(EntriesView):
    @extend_schema(
        summary=_("Offer to present"), operation_id="volunteer", request=None, responses=EntrySerializer
    )
    def put(self, request: Request, slug: str, pk: int) -> Response:
        """Offering again changes nothing."""
        get_object_or_404(self.entries(), pk=pk)
        self.require(permissions.can_vote(request.user, self.club))
        with unchanged(request, self.entries(), pk) as entry:
            reading_list.volunteer(entry, by=self.person)
        return self.show_entry(pk)

    @extend_schema(
        summary=_("Take the offer back"), operation_id="withdraw_offer", request=None, responses={204: None}
    )
    def delete(self, request: Request, slug: str, pk: int) -> Response:
        get_object_or_404(self.entries(), pk=pk)
        self.require(permissions.can_vote(request.user, self.club))
        with unchanged(request, self.entries(), pk) as entry:
            entry = reading_list.withdraw_offer(entry, by=self.person)
        return self.done(entry)


class EntryTagList(EntriesView):
    @extend_schema(
        summary=_("List an entry's tags"), operation_id="list_entry_tags", responses=TagSerializer(many=True)
    )
    def get(self, request: Request, slug: str, pk: int) -> Response:
        """An entry has at most 30, so they come on one page."""
        entry = get_object_or_404(with_acts(self.entries(), user_id=self.person.pk), pk=pk)
        if preconditions.knows_row(request, entry.version):
            return preconditions.not_modified(entry.version)
        names = [{"name": tagging.tag.name} for tagging in entry.taggings.all()]
        return Response(names, headers={VERSION_HEADER: str(entry.version)})

    @extend_schema(
        summary=_("Tag an entry"),
        operation_id="tag_entry",
        request=TagSerializer,
        responses={
            201: OpenApiResponse(EntrySerializer, description=_("The tag is on it now.")),
            200: OpenApiResponse(EntrySerializer, description=_("The tag was on it already.")),
        },
    )
    @idempotent
    def post(self, request: Request, slug: str, pk: int) -> Response:
        """The club's own spelling of the tag is kept; a tag it has already changes nothing."""
        get_object_or_404(self.entries(), pk=pk)
        self.require(permissions.can_tag(request.user, self.club))
        name = self.read_input(TagSerializer)["name"]
        with unchanged(request, self.entries(), pk) as entry:
            before = entry.version
            entry = reading_list.tag(entry, name=name, by=self.person)
        return self.show_entry(pk, status=201 if entry.version > before else 200)


class EntryTag(EntriesView):
    @extend_schema(
        summary=_("Take a tag off an entry"),
        operation_id="untag_entry",
        request=None,
        responses={204: None},
        parameters=[OpenApiParameter("name", OpenApiTypes.STR, OpenApiParameter.PATH)],
    )
    def delete(self, request: Request, slug: str, pk: int, name: str) -> Response:
        """404 where the entry does not carry it."""
        get_object_or_404(self.entries(), pk=pk)
        self.require(permissions.can_tag(request.user, self.club))
        with unchanged(request, self.entries(), pk) as entry:
            before = entry.version
            entry = reading_list.untag(entry, name=name, by=self.person)
        if entry.version == before:
            raise Http404
        return self.done(entry)


class EntryHistory(ListView):
    queryset = EntryChange.objects.none()
    serializer_class = EntryChangeSerializer

    @extend_schema(summary=_("Read an entry's history"), operation_id="read_entry_history")
    def get(self, request: Request, slug: str, pk: int) -> Response:
        """Every change of its state in the order they were noted: when, by whom, why."""
        entry = get_object_or_404(self.reach.entries().filter(club=self.club), pk=pk)
        changes = EntryChange.objects.filter(entry=entry).select_related("by", "session")
        lines = [
            history.show_change(
                change,
                self.club,
                sees_names=self.club.pk in self.reach.my_clubs,
                sees_drafts=permissions.can_run_sessions(request.user, self.club),
            )
            for change in self.paginate_queryset(changes) or []
        ]
        return self.get_paginated_response(self.get_serializer(lines, many=True).data)


class VoteList(ClubListView):
    """Promotions. Demotions are outside of sync: a number on the entry, and one's own vote there."""

    queryset = Vote.objects.none()
    serializer_class = VoteSerializer

    def get_queryset(self) -> QuerySet[Vote]:
        self.require(permissions.is_member(self.request.user, self.club))
        entries = self.reach.entries().filter(club=self.club)
        votes = Vote.objects.filter(entry__in=entries.values("pk"), value=Vote.PROMOTE)
        return votes.filter(Q(is_revealed=True) | Q(member=self.person)).select_related("entry", "member")

    def get_serializer_context(self) -> dict[str, Any]:
        context = super().get_serializer_context()
        context["shows_voters"] = self.request is not None and self.club.shows_voters
        return context

    @extend_schema(summary=_("List a club's promotions"), operation_id="list_votes")
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Who promoted what, in the order of the club's versions. For members only.

        Where totals are secret, others' votes come when the votes of their session have closed.
        """
        return super().get(request, *args, **kwargs)


def find_paper(view: ApiView, pk: int) -> Paper:
    """Return a paper that may get an entry of the club; the id of a merged one finds where it went."""
    papers = view.reach.papers_for(view.club)
    paper = papers.filter(pk=pk).first()
    if paper is None:
        merged = view.reach.merged_papers().filter(pk=pk).values("paper")
        paper = get_object_or_404(papers, pk__in=merged)
    return paper


def note(view: ApiView, paper: Paper) -> tuple[Entry, bool]:
    """Return the club's entry for a paper, and whether this made it; locked, unless the client is behind."""
    present = Entry.objects.select_for_update().filter(club=view.club, paper=paper).first()
    if present is not None:
        preconditions.require_unmodified(view.request, present.version)
        return present, False
    return reading_list.note(view.club, paper), True


def _describe_place(ranking: voting.Ranking, place: int) -> dict[str, Any]:
    row = ranking.rows[place - 1]
    facts = {
        "place": place,
        "score": float(round(row.score, 4)),
        "is_eligible": ranking.is_eligible(row),
        "reason": ranking.explain(place),
    }
    return dict(RankingSerializer(facts).data)

"""Papers and listings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import permissions
from papers import catalogue, identifiers
from papers.api import preconditions
from papers.api.idempotency import idempotent
from papers.api.pagination import ByPosition, ByRank, Cursor, VersionPagination
from papers.api.problems import InvalidInput
from papers.api.schema import location
from papers.api.serializers import (
    EditedPaperSerializer,
    ListingDetailSerializer,
    ListingItemSerializer,
    ListingSerializer,
    NewSubmissionSerializer,
    PaperSerializer,
    SubmissionSerializer,
    TombstoneSerializer,
)
from papers.filters import ListingFilter, PaperFilter
from papers.models import Catalogue, Listing, ListingItem, Paper, PaperIdentifier, Source, Tombstone
from papers.numbers import read_number

from .base import ApiView, ListView, VersionedListView, unchanged
from .submissions import find_club, submit

ITEMS_EMBEDDED = 1000


class PermanentRedirect(HttpResponse):
    """308: the method and the body go along."""

    status_code = 308

    def __init__(self, to: str) -> None:
        super().__init__(headers={"Location": to})


class TemporaryRedirect(PermanentRedirect):
    status_code = 307


class ShowsPapers(ApiView):
    """`papers` are those that the answer shows, with their identifiers."""

    papers: Sequence[Paper] = ()

    def get_serializer_context(self) -> dict[str, Any]:
        return {**super().get_serializer_context(), "forms": catalogue.load_forms(self.papers)}


class PaperList(ShowsPapers, VersionedListView):
    queryset = Paper.objects.none()
    serializer_class = PaperSerializer
    filterset_class = PaperFilter

    def get_queryset(self) -> QuerySet[Paper]:
        return self.reach.papers().prefetch_related("identifiers").defer("search_text")

    def etag_facts(self) -> tuple[Any, ...]:
        # Which papers one may know of depends on one's clubs; all else stamps the catalogue.
        return "papers", sorted(self.reach.my_clubs)

    @property
    def paginator(self) -> BasePagination:
        if not hasattr(self, "_paginator"):
            is_search = "q" in self.request.query_params and "since" not in self.request.query_params
            self._paginator = ByRank() if is_search else VersionPagination()
        return self._paginator

    def paginate_queryset(self, queryset: Any) -> Any:
        self.papers = super().paginate_queryset(queryset) or ()
        return self.papers

    @extend_schema(
        summary=_("List papers, look one up by an identifier, or search"), operation_id="list_papers"
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """In the order of their last change, oldest first; with `q`, best match first."""
        return super().get(request, *args, **kwargs)

    @extend_schema(
        summary=_("Submit papers by their identifiers"),
        operation_id="submit_papers",
        request=NewSubmissionSerializer,
        parameters=[location(202, _("The address of the import, to follow it."))],
        responses={
            200: OpenApiResponse(SubmissionSerializer, description=_("All of it is known here.")),
            202: OpenApiResponse(
                SubmissionSerializer, description=_("Some are being looked up; ask the import how it goes.")
            ),
        },
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """What is here is found at once; the rest is asked for at arXiv, Crossref, DataCite, PubMed and OpenReview."""
        return submit(self)

    def check_reach(self) -> None:
        find_club(self, self.read_input(NewSubmissionSerializer))


class PaperDetail(ShowsPapers):
    queryset = Paper.objects.none()
    serializer_class = PaperSerializer
    has_versions = True

    @extend_schema(
        summary=_("Read a paper"),
        operation_id="read_paper",
        parameters=[
            OpenApiParameter(
                "paper",
                OpenApiTypes.STR,
                OpenApiParameter.PATH,
                description=_("The paper's id; an arXiv id leads there."),
            )
        ],
        responses={
            200: PaperSerializer,
            307: OpenApiResponse(description=_("Where the paper with this arXiv id is.")),
            308: OpenApiResponse(description=_("Where the paper is that this one was merged into.")),
        },
    )
    def get(self, request: Request, paper: str) -> Response | HttpResponse:
        """The id of a merged paper, and an arXiv id, lead to the paper."""
        found = self._find(paper)
        if isinstance(found, HttpResponse):
            return found
        etag = preconditions.make_etag("paper", found.pk, found.version)
        if preconditions.matches_etag(request, etag):
            response = preconditions.not_modified(found.version)
        else:
            response = self._show(found)
        response.headers["ETag"] = etag
        return response

    @extend_schema(
        summary=_("Edit a paper by hand"),
        operation_id="edit_paper",
        request=EditedPaperSerializer,
        responses=PaperSerializer,
        parameters=[OpenApiParameter("paper", OpenApiTypes.INT, OpenApiParameter.PATH)],
    )
    def patch(self, request: Request, paper: str) -> Response:
        """It stands before what sources say. For administrators; of a club's own papers, for its organisers."""
        papers = self.reach.papers().select_related("private_to")
        found = get_object_or_404(papers, pk=read_number(paper))
        self.require(
            permissions.can_edit_paper(request.user, found.private_to)
            and permissions.token_allows(self.reach.token, found.private_to, write=True)
        )
        changes = self.read_input(EditedPaperSerializer)
        with transaction.atomic():
            # In the order of imports, which lock the catalogue before its papers.
            Catalogue.objects.select_for_update().get(pk=Catalogue.ID)
            with unchanged(request, self.reach.papers(), found.pk) as found:
                catalogue.edit_paper(found, changes, by=self.person)
        return self._show(self.reach.papers().prefetch_related("identifiers").get(pk=found.pk))

    def _show(self, paper: Paper) -> Response:
        self.papers = [paper]
        return self.show(paper)

    def _find(self, name: str) -> Paper | HttpResponse:
        papers = self.reach.papers()
        pk = read_number(name)
        if pk is not None:
            paper = papers.prefetch_related("identifiers").defer("search_text").filter(pk=pk).first()
            if paper is not None:
                return paper
            merged = self.reach.merged_papers().filter(pk=pk).first()
            if merged is not None:
                return PermanentRedirect(reverse("api:paper", args=[merged.paper_id]))
            raise Http404
        named = identifiers.parse(name, "arxiv")
        found = (
            named
            and PaperIdentifier.objects.filter(
                scheme=named.scheme, value=named.value, paper__in=papers.values("pk")
            ).first()
        )
        if found:
            return TemporaryRedirect(reverse("api:paper", args=[found.paper_id]))
        raise Http404


class DeletedList(VersionedListView):
    """What was deleted from the catalogue."""

    queryset = Tombstone.objects.none()
    serializer_class = TombstoneSerializer

    def get_queryset(self) -> QuerySet[Tombstone]:
        return Tombstone.objects.filter(club=None)

    @extend_schema(summary=_("List what was deleted from the catalogue"), operation_id="list_deleted_papers")
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """A merged paper is among them; its address leads to the one it was merged into."""
        return super().get(request, *args, **kwargs)


class ListingList(VersionedListView):
    queryset = Listing.objects.none()
    serializer_class = ListingSerializer
    filterset_class = ListingFilter

    def get_queryset(self) -> QuerySet[Listing]:
        return self.reach.listings()

    def etag_facts(self) -> tuple[Any, ...]:
        return "listings", sorted(self.reach.my_clubs)

    @extend_schema(summary=_("List listings"), operation_id="list_listings")
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Each is one day of one source; its papers are at its own address."""
        return super().get(request, *args, **kwargs)


class ListingDetail(ApiView):
    queryset = Listing.objects.none()
    serializer_class = ListingDetailSerializer
    has_versions = True

    @extend_schema(summary=_("Read a listing and its papers"), operation_id="read_listing")
    def get(self, request: Request, pk: int) -> Response:
        listing = get_object_or_404(self.reach.listings(), pk=pk)
        items = list(self.reach.listing_items().filter(listing=listing)[: ITEMS_EMBEDDED + 1])
        listing.more_items = None  # type: ignore[attr-defined]
        if len(items) > ITEMS_EMBEDDED:
            items.pop()
            address = request.build_absolute_uri(reverse("api:listing_items", args=[listing.pk]))
            cursor = Cursor((items[-1].position,)).encode()
            listing.more_items = f"{address}?cursor={cursor}"  # type: ignore[attr-defined]
        listing.first_items = items  # type: ignore[attr-defined]
        return self.show(listing)


class ListingItemList(ListView):
    queryset = ListingItem.objects.none()
    serializer_class = ListingItemSerializer
    pagination_class = ByPosition

    def get_queryset(self) -> QuerySet[ListingItem]:
        listing = get_object_or_404(self.reach.listings(), pk=self.kwargs["pk"])
        return self.reach.listing_items().filter(listing=listing)

    @extend_schema(summary=_("List a listing's papers"), operation_id="list_listing_items")
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """In the order of the listing, page by page; for listings too long to read at once."""
        return super().get(request, *args, **kwargs)


def find_source(sources: QuerySet[Source], name: str) -> Source:
    """Return a source by id or short name. Raises InvalidInput."""
    found = sources.filter(slug=name).first()
    if found is None and (pk := read_number(name)) is not None:
        found = sources.filter(pk=pk).first()
    if found is None:
        raise InvalidInput({"source": [_("There is no such source. Give its id or its short name.")]})
    return found

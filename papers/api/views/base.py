"""What all views of the API share: reach, conditional answers, problems, narrowing, versions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any, TypeVar, cast

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Model, QuerySet
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django_filters.filterset import FilterSet
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework.generics import GenericAPIView
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.views import APIView

from accounts import permissions
from accounts.models import Club, User
from papers.api import preconditions
from papers.api.pagination import KeysetPagination, VersionPagination
from papers.api.preconditions import VERSION_HEADER
from papers.api.problems import InvalidInput
from papers.api.reach import Reach
from papers.api.schema import ApiSchema
from papers.models import Catalogue

Row = TypeVar("Row", bound=Model)


class StrictFilterBackend(DjangoFilterBackend):
    """Narrows by the view's FilterSet; a bad parameter is an error that names what is accepted."""

    def filter_queryset(self, request: Request, queryset: QuerySet[Any], view: APIView) -> QuerySet[Any]:
        filterset: FilterSet | None = self.get_filterset(request, queryset, view)
        if filterset is None:
            return queryset
        if not filterset.is_valid():
            raise InvalidInput(filterset.errors, accepted=_choices(filterset.form.fields))
        return filterset.qs


class ApiView(GenericAPIView):
    """A view under /api/v1/: rows start at `reach`, bodies are checked by `read_input`."""

    schema = ApiSchema()
    # No OPTIONS: what there is stands in the schema, the same for everybody.
    http_method_names = ["get", "head", "post", "put", "patch", "delete"]
    queryset: QuerySet[Any]
    serializer_class: type[BaseSerializer[Any]] | None
    pagination_class: type[BasePagination] | None = None
    filter_backends = [StrictFilterBackend]

    @property
    def person(self) -> User:
        """Who asks; only signed-in people come so far (`IsAuthenticated`)."""
        return cast(User, self.request.user)

    @cached_property
    def reach(self) -> Reach:
        return Reach.of(self.request)

    @cached_property
    def club(self) -> Club:
        """The club that the address names; 404 where the request may not know of it."""
        return get_object_or_404(self.reach.clubs(), slug=self.kwargs["slug"])

    def check_reach(self) -> None:
        """Refuse whoever may not act here any more, before a stored answer to an act of theirs is given again."""
        if "slug" in self.kwargs:
            self.require(permissions.is_member(self.request.user, self.club))

    def require(self, may: bool) -> None:
        """Answer 403 unless `accounts.permissions` said yes."""
        if not may:
            raise PermissionDenied

    def require_for(self, club: Club | None, may: Callable[[Any, Club | None], bool]) -> None:
        """Answer 403 unless the person and their token may act for a club, or for everybody where none is named.

        Raises InvalidInput where only the club was forgotten: they may for one of theirs.
        """

        def allows(club: Club | None) -> bool:
            token = self.reach.token
            return may(self.request.user, club) and permissions.token_allows(token, club, write=True)

        if club is None and not allows(None):
            mine = self.reach.clubs().filter(memberships__user=self.person)
            slugs = [each.slug for each in mine if allows(each)]
            if slugs:
                raise InvalidInput(
                    {"club": [_("Say for which club. For everybody, it is up to administrators.")]},
                    accepted={"club": slugs},
                )
        self.require(allows(club))

    def read_input(self, shape: type[BaseSerializer]) -> dict[str, Any]:
        """Return what the body says, checked. Raises InvalidInput."""
        serializer = shape(data=self.request.data, context=self.get_serializer_context())
        if not serializer.is_valid():
            raise InvalidInput(serializer.errors, accepted=_choices(getattr(serializer, "fields", {})))
        return dict(serializer.validated_data)

    def find_club(self, slug: str) -> Club | None:
        """Return the club that a body names; none for an empty text. Raises InvalidInput."""
        if not slug:
            return None
        club = self.reach.clubs().filter(slug=slug).first()
        if club is None:
            raise InvalidInput({"club": [_("There is no such club. Give its short name.")]})
        return club

    def show(self, row: Model, status: int = 200, headers: dict[str, str] | None = None) -> Response:
        """Answer with one row, and with its version where it has one."""
        version = getattr(row, "version", None)
        if version is not None:
            if self.request.method in {"GET", "HEAD"} and preconditions.knows_row(self.request, version):
                return preconditions.not_modified(version)
            headers = {VERSION_HEADER: str(version), **(headers or {})}
        return Response(self.get_serializer(row).data, status=status, headers=headers)

    def get_serializer_context(self) -> dict[str, Any]:
        return dict(super().get_serializer_context())

    def finalize_response(self, request: Any, response: Any, *args: Any, **kwargs: Any) -> Any:
        answer = super().finalize_response(request, response, *args, **kwargs)
        if request.method in {"GET", "HEAD"}:
            preconditions.add_etag(self.request, answer)
        return answer


class ListView(ApiView):
    """GET of a list, page by page."""

    is_list = True
    pagination_class = KeysetPagination

    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        rows = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(self.get_serializer(rows, many=True).data)


class VersionedListView(ListView):
    """GET of rows of a library: `?since=`, the library's version in every answer, 304 for who has that."""

    pagination_class = VersionPagination
    has_versions = True

    @cached_property
    def library_version(self) -> int:
        """The catalogue's version; read before any row, so that nothing later is taken for seen."""
        return Catalogue.objects.values_list("version", flat=True).get(pk=Catalogue.ID)

    def etag_facts(self) -> tuple[Any, ...] | None:
        """What determines the answer besides the version and the address; None where more does."""
        return None

    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        version = self.library_version
        if "cursor" not in request.query_params and preconditions.knows_library(request, version):
            return preconditions.not_modified(version)
        facts = self.etag_facts()
        if facts is None:
            return super().get(request, *args, **kwargs)
        etag = preconditions.make_etag(version, request.get_full_path(), *facts)
        if preconditions.matches_etag(request, etag):
            # On a later page the number of the first counts, which the client has.
            response = preconditions.not_modified(None if "cursor" in request.query_params else version)
        else:
            response = super().get(request, *args, **kwargs)
        response.headers["ETag"] = etag
        return response


class ClubListView(VersionedListView):
    """The same for rows of a club."""

    @cached_property
    def library_version(self) -> int:
        return self.club.version


@contextmanager
def unchanged(request: Request, rows: QuerySet[Row], pk: int) -> Iterator[Row]:
    """Lock a row for an act, and refuse when it is newer than If-Unmodified-Since-Version says."""
    with transaction.atomic():
        row = get_object_or_404(rows.select_for_update(of=("self",)), pk=pk)
        preconditions.require_unmodified(request, row.version)  # type: ignore[attr-defined]
        yield row


def _choices(fields: Any) -> dict[str, list[Any]]:
    """Return {field: accepted values} for the fields that take one of a few."""
    accepted = {}
    for name, field in fields.items():
        choices = getattr(field, "choices", None)
        if choices:
            pairs = choices.items() if isinstance(choices, dict) else choices
            accepted[name] = [value for value, _label in pairs if value != ""]
    return accepted

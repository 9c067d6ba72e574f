"""The discussion of an entry: post, edit, remove, and what a comment said before."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import permissions
from papers import discussion
from papers.api import preconditions
from papers.api.idempotency import idempotent
from papers.api.preconditions import VERSION_HEADER
from papers.api.problems import InvalidInput
from papers.api.serializers import (
    CommentRevisionSerializer,
    CommentSerializer,
    EditedCommentSerializer,
    NewCommentSerializer,
)
from papers.models import Comment, CommentRevision, Entry

from .base import ApiView, ClubListView, ListView, unchanged


class CommentsView(ApiView):
    """Finds comments of the club in the address, and of the entry where it names one."""

    queryset = Comment.objects.none()
    serializer_class = CommentSerializer
    has_versions = True

    def entries(self) -> QuerySet[Entry]:
        return self.reach.entries().filter(club=self.club)

    def comments(self) -> QuerySet[Comment]:
        comments = Comment.objects.filter(entry__in=self.entries().values("pk")).select_related("author")
        return comments.filter(entry=self.kwargs["pk"]) if "pk" in self.kwargs else comments


class ClubCommentList(CommentsView, ClubListView):
    def get_queryset(self) -> QuerySet[Comment]:
        return self.comments()

    @extend_schema(summary=_("List a club's comments"), operation_id="list_club_comments")
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Those of all its entries, in the order of their last change; for scripts that keep in step."""
        return super().get(request, *args, **kwargs)


class CommentList(CommentsView, ClubListView):
    def get_queryset(self) -> QuerySet[Comment]:
        get_object_or_404(self.entries(), pk=self.kwargs["pk"])
        return self.comments()

    @extend_schema(summary=_("List an entry's comments"), operation_id="list_comments")
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """In the order of their last change. A removed one keeps its place, without its text."""
        return super().get(request, *args, **kwargs)

    @extend_schema(
        summary=_("Post a comment"),
        operation_id="post_comment",
        request=NewCommentSerializer,
        responses={201: CommentSerializer},
        parameters=[OpenApiParameter("Location", str, OpenApiParameter.HEADER, response=[201])],
    )
    @idempotent
    def post(self, request: Request, slug: str, pk: int) -> Response:
        """Markdown with mathematics between dollar signs; `parent` makes it a reply."""
        get_object_or_404(self.entries(), pk=pk)
        self.require(permissions.can_comment(request.user, self.club))
        said = self.read_input(NewCommentSerializer)
        with unchanged(request, self.entries(), pk) as entry:
            parent = None
            if said.get("parent") is not None:
                parent = self.comments().filter(pk=said["parent"]).first()
                if parent is None:
                    raise InvalidInput({"parent": [_("There is no such comment on this entry.")]})
            comment = discussion.post_comment(entry, text=said["text"], by=self.person, parent=parent)
        address = reverse("api:comment", args=[slug, pk, comment.pk])
        return self.show(comment, status=201, headers={"Location": address})


class CommentDetail(CommentsView):
    @extend_schema(summary=_("Read a comment"), operation_id="read_comment")
    def get(self, request: Request, slug: str, pk: int, comment: int) -> Response:
        return self.show(get_object_or_404(self.comments(), pk=comment))

    @extend_schema(
        summary=_("Edit a comment"),
        operation_id="edit_comment",
        request=EditedCommentSerializer,
        responses=CommentSerializer,
    )
    def patch(self, request: Request, slug: str, pk: int, comment: int) -> Response:
        """Only its author may. What it said before stays readable in its history."""
        found = get_object_or_404(self.comments(), pk=comment)
        self.require(permissions.can_edit_comment(request.user, found.author_id, self.club))
        text = self.read_input(EditedCommentSerializer)["text"]
        with self._unchanged(comment) as found:
            found = discussion.edit_comment(found, text=text, by=self.person)
        return self.show(get_object_or_404(self.comments(), pk=comment))

    @extend_schema(
        summary=_("Remove a comment"), operation_id="remove_comment", request=None, responses={204: None}
    )
    def delete(self, request: Request, slug: str, pk: int, comment: int) -> Response:
        """Its author and the organisers may. Its place stays, so that replies keep theirs."""
        found = get_object_or_404(self.comments(), pk=comment)
        self.require(permissions.can_remove_comment(request.user, found.author_id, self.club))
        with self._unchanged(comment) as found:
            found = discussion.remove_comment(found, by=self.person)
        return Response(status=204, headers={VERSION_HEADER: str(found.version)})

    @contextmanager
    def _unchanged(self, pk: int) -> Iterator[Comment]:
        """Lock as the verbs do, the entry first, and refuse when the comment is newer than the client's."""
        with transaction.atomic():
            entry = get_object_or_404(self.entries().select_for_update(of=("self",)), pk=self.kwargs["pk"])
            comment = get_object_or_404(self.comments().filter(entry=entry), pk=pk)
            preconditions.require_unmodified(self.request, comment.version)
            yield comment


class CommentHistory(ListView, CommentsView):
    queryset = CommentRevision.objects.none()  # type: ignore[assignment]
    serializer_class = CommentRevisionSerializer  # type: ignore[assignment]
    has_versions = False

    def get_queryset(self) -> QuerySet[CommentRevision]:
        comment = get_object_or_404(self.comments(), pk=self.kwargs["comment"])
        return comment.revisions.all()

    @extend_schema(summary=_("Read what a comment said before"), operation_id="list_comment_history")
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Oldest first; nothing for a comment that was never edited, or is removed."""
        return super().get(request, *args, **kwargs)

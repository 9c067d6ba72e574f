"""What members say about an entry."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .reading_list import Entry

if TYPE_CHECKING:
    from accounts.models import User


class CommentQuerySet(models.QuerySet["Comment"]):
    def visible_to(self, user: User | AnonymousUser) -> CommentQuerySet:
        """Comments on entries this person may see; a removed one keeps its place without its text."""
        return self.filter(entry__in=Entry.objects.visible_to(user).values("pk"))


class Comment(models.Model):
    """One post in an entry's discussion, possibly a reply."""

    entry = models.ForeignKey(Entry, on_delete=models.CASCADE, related_name="comments")
    parent = models.ForeignKey(
        "self", on_delete=models.CASCADE, null=True, blank=True, related_name="replies"
    )
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="comments"
    )
    text = models.TextField(_("comment"), blank=True)
    posted_at = models.DateTimeField(_("posted"), default=timezone.now)
    paper_revision = models.PositiveIntegerField(
        _("revision of the paper at that time"), null=True, blank=True, editable=False
    )
    edited_at = models.DateTimeField(_("edited"), null=True, blank=True)
    removed_at = models.DateTimeField(_("removed"), null=True, blank=True)
    version = models.BigIntegerField(default=0, editable=False)

    objects = CommentQuerySet.as_manager()

    class Meta:
        ordering = ["posted_at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(removed_at__isnull=False, text="")
                | (models.Q(removed_at=None) & ~models.Q(text="")),
                name="comment_has_text_unless_removed",
            ),
            models.CheckConstraint(
                condition=~models.Q(parent=models.F("pk")), name="comment_not_its_own_parent"
            ),
        ]
        indexes = [models.Index(fields=["entry", "version", "id"], name="comment_version")]

    def __str__(self) -> str:
        return f"#{self.pk} on {self.entry_id}"


class CommentRevision(models.Model):
    """What a comment said before an edit."""

    comment = models.ForeignKey(Comment, on_delete=models.CASCADE, related_name="revisions")
    text = models.TextField()
    replaced_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["replaced_at", "pk"]

    def __str__(self) -> str:
        return f"#{self.comment_id} before {self.replaced_at:%Y-%m-%d %H:%M}"

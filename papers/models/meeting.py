"""What a meeting leaves behind: questions, revisions of its notes, slides and recordings, and who does what next."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .catalogue import Paper
from .presenting import Guest
from .sessions import AgendaItem, Session

if TYPE_CHECKING:
    from accounts.models import User

Row = TypeVar("Row", bound=models.Model)


class OfSessionQuerySet(models.QuerySet[Row]):
    def visible_to(self, user: User | AnonymousUser) -> OfSessionQuerySet[Row]:
        """Rows of the sessions this person may see, but for items whose paper they may not know of."""
        is_known = (
            models.Q(item=None)
            | models.Q(item__entry=None)
            | models.Q(item__entry__paper__in=Paper.objects.visible_to(user).values("pk"))
        )
        return self.filter(is_known, session__in=Session.objects.visible_to(user).values("pk"))


class Question(models.Model):
    """What somebody wants to know in a meeting. Who else does votes for it; that is only ever shown as a number."""

    class State(models.TextChoices):
        OPEN = "open", _("open")
        ANSWERED = "answered", _("answered")
        CLOSED = "closed", _("closed")

    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="questions")
    item = models.ForeignKey(
        AgendaItem, on_delete=models.SET_NULL, null=True, blank=True, related_name="questions"
    )
    text = models.CharField(_("question"), max_length=500)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    asked_at = models.DateTimeField(_("asked"), default=timezone.now)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.OPEN)
    vote_count = models.PositiveIntegerField(_("votes"), default=0, editable=False)
    version = models.BigIntegerField(default=0, editable=False)

    objects = OfSessionQuerySet["Question"].as_manager()

    class Meta:
        ordering = ["-vote_count", "asked_at", "pk"]
        verbose_name_plural = _("questions")
        constraints = [
            models.CheckConstraint(condition=~models.Q(text=""), name="question_has_text"),
            models.CheckConstraint(
                condition=models.Q(state__in=["open", "answered", "closed"]), name="question_state_known"
            ),
        ]
        indexes = [
            models.Index(fields=["session", "state", "-vote_count", "asked_at", "id"], name="question_queue"),
            models.Index(fields=["session", "version", "id"], name="question_version"),
        ]

    def __str__(self) -> str:
        return self.text


class QuestionVote(models.Model):
    """That a member wants to know as well. Votes are counted on their question, and known to nobody else."""

    question = models.ForeignKey(Question, on_delete=models.CASCADE, related_name="votes")
    member = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["question", "member"], name="question_vote_once")]

    def __str__(self) -> str:
        return f"{self.member_id} for {self.question_id}"


class NotesRevision(models.Model):
    """What notes said at one number: those of a session, or of one of its items.

    A writer's text that had to be merged is kept under a number of its own, so that they can go on from it.
    """

    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="+")
    item = models.ForeignKey(AgendaItem, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    number = models.PositiveIntegerField()
    text = models.TextField(blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    saved_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["session", "item", "number"], name="notes_revision_once", nulls_distinct=False
            )
        ]

    def __str__(self) -> str:
        return f"{self.session_id}/{self.item_id or ''} at {self.number}"


class Attachment(models.Model):
    """Slides, a recording or something else that belongs to a session or an item: a file below FILES_DIR, or a link."""

    class Kind(models.TextChoices):
        SLIDES = "slides", _("slides")
        RECORDING = "recording", _("recording")
        OTHER = "other", _("other")

    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="attachments")
    item = models.ForeignKey(
        AgendaItem, on_delete=models.SET_NULL, null=True, blank=True, related_name="attachments"
    )
    kind = models.CharField(_("kind"), max_length=10, choices=Kind, default=Kind.SLIDES)
    name = models.CharField(_("name"), max_length=200)
    link = models.URLField(_("link"), max_length=1_000, blank=True)
    stored_as = models.CharField(max_length=100, blank=True, editable=False)
    size = models.BigIntegerField(_("bytes"), default=0, editable=False)
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    added_at = models.DateTimeField(_("added"), default=timezone.now)
    version = models.BigIntegerField(default=0, editable=False)

    objects = OfSessionQuerySet["Attachment"].as_manager()

    class Meta:
        ordering = ["pk"]
        verbose_name_plural = _("files and links")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(stored_as="") ^ models.Q(link=""), name="attachment_is_a_file_or_a_link"
            ),
            models.CheckConstraint(condition=~models.Q(name=""), name="attachment_has_name"),
            models.CheckConstraint(
                condition=models.Q(kind__in=["slides", "recording", "other"]), name="attachment_kind_known"
            ),
        ]
        indexes = [models.Index(fields=["session", "version", "id"], name="attachment_version")]

    def __str__(self) -> str:
        return self.name


class ActionItem(models.Model):
    """What somebody is to do after a meeting; perhaps nobody's yet."""

    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="actions")
    item = models.ForeignKey(
        AgendaItem, on_delete=models.SET_NULL, null=True, blank=True, related_name="actions"
    )
    text = models.CharField(_("what"), max_length=500)
    member = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="actions"
    )
    guest = models.ForeignKey(Guest, on_delete=models.SET_NULL, null=True, blank=True, related_name="actions")
    due = models.DateField(_("by when"), null=True, blank=True)
    done_at = models.DateTimeField(_("done"), null=True, blank=True)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    made_at = models.DateTimeField(_("noted"), default=timezone.now)
    version = models.BigIntegerField(default=0, editable=False)

    objects = OfSessionQuerySet["ActionItem"].as_manager()

    class Meta:
        ordering = ["pk"]
        verbose_name_plural = _("action items")
        constraints = [
            models.CheckConstraint(condition=~models.Q(text=""), name="action_has_text"),
            models.CheckConstraint(
                condition=models.Q(member=None) | models.Q(guest=None), name="action_has_one_owner"
            ),
        ]
        indexes = [
            models.Index(fields=["session", "version", "id"], name="action_version"),
            models.Index(fields=["member", "due"], name="action_open", condition=models.Q(done_at=None)),
        ]

    def __str__(self) -> str:
        return self.text

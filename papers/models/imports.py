"""Runs of importers, and the records they had to reject."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Club, Membership

from .sources import Source

if TYPE_CHECKING:
    from datetime import datetime

    from accounts.models import User


class ImportQuerySet(models.QuerySet["Import"]):
    def visible_to(self, user: User | AnonymousUser) -> ImportQuerySet:
        """Those of one's clubs, one's own that are no club's, and all of them for an administrator."""
        if not user.is_authenticated:
            return self.none()
        own = models.Q(queued_by=user, club=None)
        clubs = models.Q(models.Exists(Membership.objects.filter(user=user, club=models.OuterRef("club"))))
        installations = models.Q(club=None) if user.is_superuser else models.Q(pk__in=[])
        return self.filter(own | clubs | installations)

    def due(self, now: datetime) -> ImportQuerySet:
        """Imports that wait for a worker, or whose worker has not renewed its lease."""
        return self.filter(
            models.Q(state=Import.State.QUEUED) | models.Q(state=Import.State.RUNNING, leased_until__lt=now),
            due_at__lte=now,
        )


class Import(models.Model):
    """One run of an importer over one input. This row is the queue; Celery only wakes it."""

    class State(models.TextChoices):
        QUEUED = "queued", _("waiting")
        RUNNING = "running", _("running")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")
        CANCELLED = "cancelled", _("cancelled")

    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="imports")
    club = models.ForeignKey(Club, on_delete=models.CASCADE, null=True, blank=True, related_name="imports")
    queued_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="imports"
    )
    input_name = models.CharField(_("input"), max_length=300)
    stored_as = models.CharField(max_length=300, blank=True, help_text=_("path below FILES_DIR"))
    is_run = models.BooleanField(
        default=False,
        db_default=False,
        help_text=_("of a source that is asked page after page; else of one stored input"),
    )
    is_submission = models.BooleanField(
        default=False, db_default=False, help_text=_("of identifiers, each looked up where it was given")
    )
    suggests = models.BooleanField(
        default=False, db_default=False, help_text=_("of a submission: to the club, each paper that is found")
    )
    turns = models.PositiveIntegerField(
        default=0, db_default=0, help_text=_("times that it made room for others, or waited for its own turn")
    )
    waits = models.PositiveIntegerField(
        default=0, db_default=0, help_text=_("times that it waited since the last page came in")
    )
    asked_again = models.PositiveIntegerField(
        default=0,
        db_default=0,
        help_text=_("times that a page was asked for again, as it was empty or cut off"),
    )
    pages = models.PositiveIntegerField(default=0, db_default=0, help_text=_("pages of a source that are in"))
    earlier = models.PositiveIntegerField(
        default=0,
        db_default=0,
        help_text=_("records and rejections of the pages before the one that is stored"),
    )
    format = models.CharField(_("format"), max_length=30, blank=True, help_text=_("empty: detected"))
    date = models.DateField(_("date of the listing"), null=True, blank=True)
    columns = models.JSONField(
        _("columns"),
        null=True,
        blank=True,
        help_text=_("of a table: fields and their headings; empty: guessed"),
    )

    state = models.CharField(_("state"), max_length=10, choices=State, default=State.QUEUED)
    queued = models.DateTimeField(_("queued"), default=timezone.now)
    due_at = models.DateTimeField(default=timezone.now)
    leased_until = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveIntegerField(default=0)
    fruitless = models.PositiveIntegerField(
        default=0, db_default=0, help_text=_("attempts since anything came in; too many, and it has failed")
    )
    started = models.DateTimeField(_("started"), null=True, blank=True)
    finished = models.DateTimeField(_("finished"), null=True, blank=True)
    error = models.TextField(_("why it failed"), blank=True)

    input_bytes = models.BigIntegerField(null=True, blank=True)
    read_bytes = models.BigIntegerField(default=0)
    pace = models.FloatField(
        null=True, blank=True, help_text=_("records a second, since it was last taken up")
    )
    seconds_left = models.PositiveIntegerField(null=True, blank=True)
    taken = models.PositiveIntegerField(
        default=0, help_text=_("records and rejections already in, where a retry goes on")
    )
    added = models.PositiveIntegerField(_("added"), default=0)
    updated = models.PositiveIntegerField(_("updated"), default=0)
    unchanged = models.PositiveIntegerField(_("unchanged"), default=0)
    rejected = models.PositiveIntegerField(_("rejected"), default=0)

    objects = ImportQuerySet.as_manager()

    class Meta:
        ordering = ["-queued", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=["queued", "running", "done", "failed", "cancelled"]),
                name="import_state_known",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=["queued", "running"]) | models.Q(finished__isnull=False),
                name="import_end_has_time",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="running") | models.Q(leased_until__isnull=False),
                name="import_running_is_leased",
            ),
            models.UniqueConstraint(
                fields=["source"],
                condition=models.Q(is_run=True, state__in=["queued", "running"]),
                name="import_one_run_a_source",
            ),
        ]
        indexes = [
            models.Index(
                fields=["due_at"], name="import_due", condition=models.Q(state__in=["queued", "running"])
            )
        ]

    def __str__(self) -> str:
        return f"{self.input_name} ({self.get_state_display()})"

    def get_absolute_url(self) -> str:
        name = "papers:submission_detail" if self.is_submission else "papers:import_detail"
        return reverse(name, args=[self.pk])

    @property
    def breaks(self) -> int:
        """How often it broke off and was taken up again."""
        return max(0, self.attempts - self.turns - 1)

    @property
    def came_in(self) -> int:
        """How many records are in the catalogue, whether they changed anything or not."""
        return self.added + self.updated + self.unchanged

    @property
    def is_over(self) -> bool:
        return self.state in {self.State.DONE, self.State.FAILED, self.State.CANCELLED}


class FetchedPage(models.Model):
    """One answer of a source, kept as it came: what a run was given, and what a replay reads again."""

    run = models.ForeignKey(Import, on_delete=models.CASCADE, related_name="fetched_pages")
    number = models.PositiveIntegerField()
    address = models.CharField(_("address"), max_length=4_000)
    stored_as = models.CharField(max_length=300, help_text=_("path below FILES_DIR"))
    format = models.CharField(_("format"), max_length=30, blank=True)
    date = models.DateField(_("date of the listing"), null=True, blank=True)
    size = models.BigIntegerField()
    etag = models.CharField(max_length=300, blank=True)
    last_modified = models.CharField(max_length=300, blank=True)
    fetched = models.DateTimeField(_("fetched"), default=timezone.now)

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["run", "number"], name="fetched_page_once")]

    def __str__(self) -> str:
        return self.address


class RejectedRecord(models.Model):
    """A record that could not come in: where it stands in the input, why, and what it said."""

    run = models.ForeignKey(Import, on_delete=models.CASCADE, related_name="rejections")
    page = models.ForeignKey(
        FetchedPage, on_delete=models.SET_NULL, null=True, blank=True, related_name="rejections"
    )
    replayed_in = models.ForeignKey(
        Import, on_delete=models.SET_NULL, null=True, blank=True, related_name="replayed",
        help_text=_("the import that read its page again; what was still wrong is a rejection of that one"),
    )  # fmt: skip
    settled = models.DateTimeField(
        null=True,
        blank=True,
        help_text=_("when it left the quarantine: read again, rejected again by a later run, or dismissed"),
    )
    number = models.PositiveIntegerField()
    place = models.CharField(_("place"), max_length=200)
    reason = models.TextField(_("reason"))
    raw = models.TextField(_("what it says"), blank=True)

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["run", "number"], name="rejected_record_once")]
        indexes = [
            models.Index(
                fields=["run"], name="rejected_record_in_quarantine", condition=models.Q(settled=None)
            )
        ]

    def __str__(self) -> str:
        return f"{self.place}: {self.reason}"


class SubmissionItem(models.Model):
    """One place of what somebody submitted: the identifier in it, and what came of it.

    The paper is the one that has the identifier now, whatever was merged or separated since.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("being looked up")
        ADDED = "added", _("added")
        HERE = "here", _("already here")
        NOT_FOUND = "not_found", _("not found")
        UNANSWERED = "unanswered", _("not answered")
        UNKNOWN = "unknown", _("not understood")

    run = models.ForeignKey(Import, on_delete=models.CASCADE, related_name="items")
    number = models.PositiveIntegerField()
    place = models.CharField(_("place"), max_length=200)
    written = models.TextField(_("as it was written"), blank=True)
    scheme = models.CharField(max_length=10, blank=True)
    value = models.CharField(max_length=300, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.WAITING)
    reason = models.TextField(_("why there is no paper"), blank=True)
    step = models.CharField(
        max_length=12, blank=True, help_text=_("what is done next; empty: nothing is left to do")
    )
    asked_as = models.CharField(
        max_length=320, blank=True, help_text=_("another identifier of the same work that it is asked for by")
    )
    is_asked_for = models.BooleanField(default=False, help_text=_("it was not here, and had to be looked up"))
    tries = models.PositiveSmallIntegerField(default=0, help_text=_("times that nobody answered"))
    is_alone = models.BooleanField(default=False, help_text=_("asked for by itself, as a batch did not do"))

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["run", "number"], name="submission_item_once"),
            models.CheckConstraint(
                condition=models.Q(
                    state__in=["waiting", "added", "here", "not_found", "unanswered", "unknown"]
                ),
                name="submission_item_state_known",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="waiting") | ~models.Q(step=""),
                name="submission_item_waits_for_something",
            ),
        ]
        indexes = [
            models.Index(fields=["run", "step"], name="submission_item_open", condition=~models.Q(step=""))
        ]

    def __str__(self) -> str:
        return self.written

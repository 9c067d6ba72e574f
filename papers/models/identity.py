"""What people say of papers: that two may be one, what was decided of them, and edits by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Club

from .catalogue import Paper, private_to_none_or_club_of

if TYPE_CHECKING:
    from accounts.models import User


class CandidatePairQuerySet(models.QuerySet["CandidatePair"]):
    def visible_to(self, user: User | AnonymousUser) -> CandidatePairQuerySet:
        """Pairs of which this person may know both papers, and whose files brought them up."""
        return self.filter(
            private_to_none_or_club_of(user, "first__private_to"),
            private_to_none_or_club_of(user, "second__private_to"),
            private_to_none_or_club_of(user, "club"),
        )


class CandidatePair(models.Model):
    """Two papers that may be one work, for people to decide; merged, a pair is no more.

    One that is kept apart is remembered, and no import merges it.
    """

    class State(models.TextChoices):
        OPEN = "open", _("to be decided")
        APART = "apart", _("kept apart")

    first = models.ForeignKey(Paper, on_delete=models.CASCADE, related_name="+")
    second = models.ForeignKey(Paper, on_delete=models.CASCADE, related_name="+")
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.OPEN)
    reason = models.TextField(_("why they may be one"))
    club = models.ForeignKey(
        Club,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        help_text=_("whose file brought it up, which is nobody else's business"),
    )
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    proposed = models.DateTimeField(_("proposed"), default=timezone.now)

    objects = CandidatePairQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["first", "second"], name="candidate_pair_once"),
            models.CheckConstraint(
                condition=models.Q(first__lt=models.F("second")), name="candidate_pair_older_first"
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=["open", "apart"]), name="candidate_pair_state_known"
            ),
        ]
        indexes = [models.Index(fields=["state", "-id"], name="candidate_pair_state")]

    def __str__(self) -> str:
        return f"{self.first_id} and {self.second_id}"


class DecisionQuerySet(models.QuerySet["Decision"]):
    def visible_to(self, user: User | AnonymousUser) -> DecisionQuerySet:
        """What was decided of papers that this person might have known."""
        return self.filter(private_to_none_or_club_of(user, "private_to"))


class Decision(models.Model):
    """One line of the log: two papers were merged, parted again, or kept apart; by whom, when and why.

    The papers are named by id and title as they were, since of two that were merged one is no more.
    """

    class Act(models.TextChoices):
        MERGED = "merged", _("merged")
        PARTED = "parted", _("taken apart again")
        KEPT_APART = "kept_apart", _("kept apart")

    act = models.CharField(max_length=10, choices=Act)
    kept = models.BigIntegerField()
    kept_title = models.TextField()
    other = models.BigIntegerField()
    other_title = models.TextField()
    reason = models.TextField(blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        help_text=_("nobody: an import"),
    )
    decided = models.DateTimeField(default=timezone.now)
    private_to = models.ForeignKey(Club, on_delete=models.CASCADE, null=True, blank=True, related_name="+")

    objects = DecisionQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(act__in=["merged", "parted", "kept_apart"]), name="decision_act_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kept} and {self.other} {self.act}"


class PaperEdit(models.Model):
    """An edit by hand: what the hand said of the paper before and after (fields of a record, as JSON)."""

    paper = models.ForeignKey(Paper, on_delete=models.CASCADE, related_name="edits")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    edited = models.DateTimeField(default=timezone.now)
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.paper_id} edited {self.edited:%Y-%m-%d %H:%M}"

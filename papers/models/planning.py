"""How parts are shared out: days on which members cannot, plans that wait to be applied, swaps that are offered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Club, Membership, Role

from .presenting import Assignment

if TYPE_CHECKING:
    from datetime import date

    from accounts.models import User


class AbsenceQuerySet(models.QuerySet["Absence"]):
    def visible_to(self, user: User | AnonymousUser) -> AbsenceQuerySet:
        """Those of one's own clubs; nobody else learns who is away."""
        if not user.is_authenticated:
            return self.none()
        return self.filter(club__in=Membership.objects.filter(user=user).values("club_id"))


class Absence(models.Model):
    """Days, first and last included, on which a member takes no part in a club. Nobody is asked why."""

    club = models.ForeignKey(Club, on_delete=models.CASCADE, related_name="absences")
    member = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="absences")
    first_day = models.DateField(_("first day"))
    last_day = models.DateField(_("last day"))
    made_at = models.DateTimeField(default=timezone.now)
    version = models.BigIntegerField(default=0, editable=False)

    objects = AbsenceQuerySet.as_manager()

    class Meta:
        ordering = ["first_day", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(last_day__gte=models.F("first_day")),
                name="absence_ends_after_it_begins",
                violation_error_message=_("The last day lies before the first."),
            ),
            models.UniqueConstraint(
                fields=["club", "member", "first_day", "last_day"],
                name="absence_once",
                violation_error_message=_("These days are noted already."),
            ),
        ]
        indexes = [models.Index(fields=["club", "version", "id"], name="absence_version")]

    def __str__(self) -> str:
        return f"{self.member_id}: {self.first_day} – {self.last_day}"

    def covers(self, day: date) -> bool:
        return self.first_day <= day <= self.last_day


class PlanDraftQuerySet(models.QuerySet["PlanDraft"]):
    def visible_to(self, user: User | AnonymousUser) -> PlanDraftQuerySet:
        """Those of the clubs one organises: what is only thought of is nobody else's business."""
        if not user.is_authenticated:
            return self.none()
        run = Membership.objects.filter(user=user, role__in=[Role.ORGANISER, Role.OWNER])
        return self.filter(club__in=run.values("club_id"))

    def live(self) -> PlanDraftQuerySet:
        """Those that are being made, or wait to be applied."""
        return self.filter(state__in=PlanDraft.LIVE)


class PlanDraft(models.Model):
    """A plan that a worker makes and that waits to be applied: what would change, and what it was made from.

    `changes` are {item, part, member, before, state, why}: who would be asked, and who has the place now. `open` are
    {item, part, why, candidates}. `basis` are the places with who had them, by which `apply_plan` sees what has moved.
    """

    class State(models.TextChoices):
        QUEUED = "queued", _("waiting")
        RUNNING = "running", _("being made")
        READY = "ready", _("ready")
        FAILED = "failed", _("failed")
        APPLIED = "applied", _("applied")
        DISCARDED = "discarded", _("discarded")

    LIVE = ["queued", "running", "ready"]

    club = models.ForeignKey(Club, on_delete=models.CASCADE, related_name="plan_drafts")
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    made_at = models.DateTimeField(_("asked for"), default=timezone.now)
    sessions = ArrayField(models.BigIntegerField(), default=list, blank=True)
    applies_itself = models.BooleanField(
        default=False, help_text=_("applied as soon as it is made, without being looked at")
    )
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.QUEUED)
    attempts = models.PositiveIntegerField(default=0)
    leased_until = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    error = models.TextField(_("why it failed"), blank=True)
    basis = models.JSONField(default=list, blank=True)
    changes = models.JSONField(default=list, blank=True)
    open = models.JSONField(default=list, blank=True)
    gaps = models.JSONField(default=list, blank=True)
    stay = models.PositiveIntegerField(_("places that stay as they are"), default=0)

    objects = PlanDraftQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["club"],
                condition=models.Q(state__in=["queued", "running", "ready"]),
                name="plan_draft_one_a_club",
            ),
            models.CheckConstraint(
                condition=models.Q(
                    state__in=["queued", "running", "ready", "failed", "applied", "discarded"]
                ),
                name="plan_draft_state_known",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="running") | models.Q(leased_until__isnull=False),
                name="plan_draft_running_is_leased",
            ),
        ]
        indexes = [
            models.Index(
                fields=["made_at"],
                name="plan_draft_to_make",
                condition=models.Q(state__in=["queued", "running"]),
            )
        ]

    def __str__(self) -> str:
        return f"{self.club_id}: {self.made_at:%Y-%m-%d %H:%M} {self.state}"

    def get_absolute_url(self) -> str:
        return reverse("papers:plan", args=[self.club.slug])

    @property
    def is_made(self) -> bool:
        return self.state not in {self.State.QUEUED, self.State.RUNNING}


class SwapOfferQuerySet(models.QuerySet["SwapOffer"]):
    def visible_to(self, user: User | AnonymousUser) -> SwapOfferQuerySet:
        """Those about assignments that one may see."""
        return self.filter(assignment__in=Assignment.objects.visible_to(user).values("pk"))

    def waiting(self) -> SwapOfferQuerySet:
        return self.filter(state=SwapOffer.State.OFFERED)


class SwapOffer(models.Model):
    """A member offers their part for that of somebody else, who has the last word."""

    class State(models.TextChoices):
        OFFERED = "offered", _("offered")
        ACCEPTED = "accepted", _("accepted")
        DECLINED = "declined", _("declined")
        WITHDRAWN = "withdrawn", _("withdrawn")

    assignment = models.ForeignKey(Assignment, on_delete=models.CASCADE, related_name="swap_offers")
    wanted = models.ForeignKey(Assignment, on_delete=models.CASCADE, related_name="swaps_wanted")
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.OFFERED)
    offered_at = models.DateTimeField(_("offered"), default=timezone.now)
    answered_at = models.DateTimeField(_("answered"), null=True, blank=True)

    objects = SwapOfferQuerySet.as_manager()

    class Meta:
        ordering = ["offered_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["assignment", "wanted"],
                condition=models.Q(state="offered"),
                name="swap_offer_once",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=["offered", "accepted", "declined", "withdrawn"]),
                name="swap_offer_state_known",
            ),
            models.CheckConstraint(
                condition=~models.Q(assignment=models.F("wanted")), name="swap_offer_of_two_parts"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.assignment_id} for {self.wanted_id}: {self.state}"

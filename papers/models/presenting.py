"""Who does what in a session: parts, guests, assignments; and who comes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Club, Membership

from .reading_list import Entry
from .sessions import AgendaItem, Session, SessionKind

if TYPE_CHECKING:
    from accounts.models import User


class Part(models.Model):
    """What somebody can be asked to do in an agenda item: present it, discuss it, play the sceptic."""

    club = models.ForeignKey(Club, on_delete=models.CASCADE, related_name="parts")
    name = models.CharField(_("name"), max_length=50)
    prompt = models.TextField(_("what is expected"), max_length=1_000, blank=True)
    kinds = ArrayField(
        models.CharField(max_length=10, choices=SessionKind),
        verbose_name=_("wanted in"),
        default=list,
        blank=True,
        help_text=_("the kinds of session whose items need somebody for it"),
    )
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    version = models.BigIntegerField(default=0, editable=False)

    class Meta:
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint("club", Lower("name"), name="part_once_a_club"),
            models.CheckConstraint(condition=~models.Q(name=""), name="part_has_name"),
        ]

    def __str__(self) -> str:
        return self.name


class Guest(models.Model):
    """Somebody without an account who presents or comes: a name, later perhaps joined to a member."""

    club = models.ForeignKey(Club, on_delete=models.CASCADE, related_name="guests")
    name = models.CharField(_("name"), max_length=100)
    member = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        help_text=_("the account they are known by today"),
    )
    version = models.BigIntegerField(default=0, editable=False)

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint("club", Lower("name"), name="guest_once_a_club"),
            models.CheckConstraint(condition=~models.Q(name=""), name="guest_has_name"),
        ]

    def __str__(self) -> str:
        return self.name


class AssignmentQuerySet(models.QuerySet["Assignment"]):
    def visible_to(self, user: User | AnonymousUser) -> AssignmentQuerySet:
        """Assignments of one's own clubs, those in drafts of a session only for organisers.

        Visitors of a public club learn who presents from its sessions, not who was asked and said no.
        """
        if not user.is_authenticated:
            return self.none()
        sessions = Session.objects.visible_to(user).values("pk")
        is_seen = models.Q(item=None) | models.Q(item__session__in=sessions)
        return self.filter(is_seen, club__in=Membership.objects.filter(user=user).values("club_id"))

    def live(self) -> AssignmentQuerySet:
        """Those that stand: asked, accepted or done."""
        return self.exclude(state=Assignment.State.DECLINED)


class Assignment(models.Model):
    """A member (or guest) asked to take a part in an agenda item, or to read an entry.

    `reason` is the sentence for the person asked: why they.
    """

    class State(models.TextChoices):
        PROPOSED = "proposed", _("proposed")
        ACCEPTED = "accepted", _("accepted")
        DECLINED = "declined", _("declined")
        DONE = "done", _("done")

    club = models.ForeignKey(Club, on_delete=models.CASCADE, related_name="assignments")
    item = models.ForeignKey(
        AgendaItem, on_delete=models.CASCADE, null=True, blank=True, related_name="assignments"
    )
    part = models.ForeignKey(
        Part, on_delete=models.PROTECT, null=True, blank=True, related_name="assignments"
    )
    entry = models.ForeignKey(
        Entry, on_delete=models.CASCADE, null=True, blank=True, related_name="reading_assignments"
    )
    member = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, blank=True, related_name="assignments"
    )
    guest = models.ForeignKey(
        Guest, on_delete=models.PROTECT, null=True, blank=True, related_name="assignments"
    )
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.PROPOSED)
    is_pinned = models.BooleanField(
        _("pinned"), default=False, help_text=_("an organiser's choice, which no plan changes")
    )
    reason = models.CharField(_("why they"), max_length=500, blank=True)
    facts = models.JSONField(
        default=dict, db_default={}, blank=True, editable=False, help_text="what the reason rests on"
    )
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    proposed_at = models.DateTimeField(_("asked"), default=timezone.now)
    answered_at = models.DateTimeField(_("answered"), null=True, blank=True)
    answer = models.CharField(_("reason for declining"), max_length=300, blank=True)
    reminded_at = models.DateTimeField(_("last reminded"), null=True, blank=True)
    version = models.BigIntegerField(default=0, editable=False)

    objects = AssignmentQuerySet.as_manager()

    class Meta:
        ordering = ["item", "part__position", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(item__isnull=False, part__isnull=False, entry=None)
                | models.Q(item=None, part=None, entry__isnull=False),
                name="assignment_is_a_part_or_reading",
            ),
            models.CheckConstraint(
                condition=models.Q(member__isnull=False, guest=None)
                | models.Q(member=None, guest__isnull=False),
                name="assignment_is_somebodys",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=["proposed", "accepted", "declined", "done"]),
                name="assignment_state_known",
            ),
            models.UniqueConstraint(
                fields=["item", "part"],
                condition=~models.Q(state="declined"),
                name="assignment_one_a_part",
            ),
            models.UniqueConstraint(
                fields=["entry", "member"],
                condition=~models.Q(state="declined") & models.Q(item=None),
                name="assignment_one_reading",
            ),
        ]
        indexes = [
            models.Index(fields=["club", "version", "id"], name="assignment_version"),
            models.Index(fields=["member", "state"], name="assignment_of_member"),
        ]

    def __str__(self) -> str:
        return f"{self.part_id} of {self.item_id}: {self.get_state_display()}"


class Attendance(models.Model):
    """Whether somebody said that they come to a session, and whether they came."""

    class Answer(models.TextChoices):
        YES = "yes", _("coming")
        MAYBE = "maybe", _("perhaps")
        NO = "no", _("not coming")

    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="attendances")
    member = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, blank=True, related_name="attendances"
    )
    guest = models.ForeignKey(
        Guest, on_delete=models.CASCADE, null=True, blank=True, related_name="attendances"
    )
    answer = models.CharField(_("answer"), max_length=5, choices=Answer, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    came = models.BooleanField(_("came"), null=True, blank=True)
    version = models.BigIntegerField(default=0, editable=False)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(member__isnull=False, guest=None)
                | models.Q(member=None, guest__isnull=False),
                name="attendance_is_somebodys",
            ),
            models.CheckConstraint(
                condition=models.Q(answer__in=["", "yes", "maybe", "no"]), name="attendance_answer_known"
            ),
            models.UniqueConstraint(
                fields=["session", "member"],
                condition=models.Q(member__isnull=False),
                name="attendance_member_once",
            ),
            models.UniqueConstraint(
                fields=["session", "guest"],
                condition=models.Q(guest__isnull=False),
                name="attendance_guest_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.member_id or self.guest_id} at {self.session_id}: {self.answer}"

"""What people are told: mails as rows, each claimed before it goes out."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Club, Membership, Role

from .sessions import Session

if TYPE_CHECKING:
    from datetime import datetime

    from accounts.models import User


class OutgoingMailQuerySet(models.QuerySet["OutgoingMail"]):
    def visible_to(self, user: User | AnonymousUser) -> OutgoingMailQuerySet:
        """Mails of the clubs that somebody runs; an administrator has those that are no club's."""
        if not user.is_authenticated:
            return self.none()
        run = Membership.objects.filter(user=user, role__in=[Role.ORGANISER, Role.OWNER])
        installations = models.Q(club=None) if user.is_superuser else models.Q(pk__in=[])
        return self.filter(models.Q(club__in=run.values("club_id")) | installations)

    def due(self, now: datetime) -> OutgoingMailQuerySet:
        """Those that wait, and those whose worker was gone before the mail server had asked for the text."""
        waiting = models.Q(state=OutgoingMail.State.WAITING, due_at__lte=now)
        left = models.Q(state=OutgoingMail.State.SENDING, leased_until__lt=now, data_started_at=None)
        return self.filter(waiting | left)

    def broken_off(self, now: datetime) -> OutgoingMailQuerySet:
        """Those whose worker was gone after the mail server had asked for the text: perhaps sent, perhaps not."""
        sending = self.filter(state=OutgoingMail.State.SENDING, leased_until__lt=now)
        return sending.exclude(data_started_at=None)

    def needing_a_look(self) -> OutgoingMailQuerySet:
        """Those that somebody should decide about: it is not known whether they arrived, or known that they did not."""
        states = [OutgoingMail.State.UNCERTAIN, OutgoingMail.State.FAILED]
        return self.filter(state__in=states, settled_at=None)


class OutgoingMail(models.Model):
    """One mail to one person. This row is the queue; Celery only wakes it.

    `key` says what it is about and to whom, so that nothing is said twice: `agenda:session 12:user 5`. `about` holds
    what was true when it was written, and must still be when it goes out.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        SENDING = "sending", _("being sent")
        SENT = "sent", _("sent")
        UNCERTAIN = "uncertain", _("uncertain")
        FAILED = "failed", _("not sent")
        WITHDRAWN = "withdrawn", _("withdrawn")

    class Kind(models.TextChoices):
        CALL_FOR_VOTES = "call_for_votes", _("call for votes")
        AGENDA = "agenda", _("agenda")
        PART_SOON = "part_soon", _("part in some days")
        PART_TOMORROW = "part_tomorrow", _("part tomorrow")
        LINK = "link", _("today's link")
        ASKED = "asked", _("asked to take a part")
        PART_WITHDRAWN = "part_withdrawn", _("part withdrawn")
        SWAP = "swap", _("swap offered")
        MOVED = "moved", _("session moved")
        CANCELLED = "cancelled", _("session cancelled")
        CALENDAR = "calendar", _("calendar invitation")
        SOURCE_STALLED = "source_stalled", _("source stalled")

    key = models.CharField(max_length=200, unique=True)
    kind = models.CharField(_("what about"), max_length=20, choices=Kind)
    club = models.ForeignKey(Club, on_delete=models.CASCADE, null=True, blank=True, related_name="mails")
    session = models.ForeignKey(
        Session, on_delete=models.SET_NULL, null=True, blank=True, related_name="mails"
    )
    recipient = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="mails")
    address = models.EmailField(_("to"), max_length=254)
    subject = models.CharField(_("subject"), max_length=200)
    text = models.TextField(_("text"), blank=True, help_text=_("empty once it was forgotten"))
    calendar = models.TextField(blank=True, help_text="an iTIP object, RFC 5546")
    method = models.CharField(max_length=10, blank=True, help_text="of the iTIP object: REQUEST or CANCEL")
    about = models.JSONField(default=dict, blank=True)
    message_id = models.CharField(max_length=255, unique=True, editable=False)

    state = models.CharField(_("state"), max_length=10, choices=State, default=State.WAITING)
    made = models.DateTimeField(_("made"), default=timezone.now)
    due_at = models.DateTimeField(_("due"), default=timezone.now)
    useless_after = models.DateTimeField(null=True, blank=True)
    leased_until = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveIntegerField(
        default=0, help_text=_("times that a worker took it; which of them the row belongs to")
    )
    tries = models.PositiveSmallIntegerField(default=0, help_text=_("the same, since it was last queued"))
    data_started_at = models.DateTimeField(
        null=True, blank=True, help_text=_("when the mail server had asked for the text")
    )
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    error = models.TextField(_("what happened"), blank=True)
    settled_at = models.DateTimeField(_("let be"), null=True, blank=True)
    settled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    objects = OutgoingMailQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(
                    state__in=["waiting", "sending", "sent", "uncertain", "failed", "withdrawn"]
                ),
                name="outgoing_mail_state_known",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="sending") | models.Q(leased_until__isnull=False),
                name="outgoing_mail_sending_is_leased",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="waiting") | models.Q(data_started_at=None),
                name="outgoing_mail_waiting_was_not_begun",
            ),
            models.CheckConstraint(
                condition=models.Q(method__in=["", "REQUEST", "CANCEL"]), name="outgoing_mail_method_known"
            ),
        ]
        indexes = [
            models.Index(
                fields=["due_at"],
                name="outgoing_mail_open",
                condition=models.Q(state__in=["waiting", "sending"]),
            ),
            models.Index(fields=["club", "-id"], name="outgoing_mail_of_club"),
            models.Index(fields=["session", "kind"], name="outgoing_mail_of_session"),
        ]

    def __str__(self) -> str:
        return self.key

    @property
    def is_over(self) -> bool:
        return self.state not in {self.State.WAITING, self.State.SENDING}


class ReminderSchedule(models.Model):
    """When a club's mails go out, around each of its sessions. An empty field: no such mail."""

    club = models.OneToOneField(
        Club, on_delete=models.CASCADE, primary_key=True, related_name="reminder_schedule"
    )
    votes_hours = models.PositiveSmallIntegerField(
        _("call for votes, hours before they close"),
        null=True,
        blank=True,
        default=24,
        validators=[MinValueValidator(1), MaxValueValidator(14 * 24)],
        help_text=_("To all members."),
    )
    agenda_minutes = models.PositiveSmallIntegerField(
        _("agenda, minutes after votes have closed"),
        null=True,
        blank=True,
        default=30,
        validators=[MaxValueValidator(7 * 24 * 60)],
        help_text=_("To all members. Some minutes leave you time to look at it first."),
    )
    part_days = models.PositiveSmallIntegerField(
        _("parts, days before"),
        null=True,
        blank=True,
        default=7,
        validators=[MinValueValidator(2), MaxValueValidator(60)],
        help_text=_("To whoever presents, discusses or has another part."),
    )
    tells_day_before = models.BooleanField(_("parts, once more the day before"), default=True)
    at = models.TimeField(
        _("these two at"), default=dt.time(9), help_text=_("By the clocks of the session's time zone.")
    )
    link_minutes = models.PositiveSmallIntegerField(
        _("today's link, minutes before the start"),
        null=True,
        blank=True,
        default=60,
        validators=[MinValueValidator(5), MaxValueValidator(12 * 60)],
        help_text=_("To all members but those who said that they do not come: place and video link."),
    )

    def __str__(self) -> str:
        return f"reminders of {self.club_id}"


class Announced(models.Model):
    """What people were last told of a session's time and place, so that a change of it is told once.

    A session that the club sees for the first time is noted as it is, and nobody told.
    """

    session = models.OneToOneField(
        Session, on_delete=models.CASCADE, primary_key=True, related_name="announced"
    )
    sequence = models.PositiveIntegerField(help_text="the session's, which each such change raises")
    starts = models.DateTimeField()
    place = models.CharField(max_length=200, blank=True)
    video_link = models.CharField(max_length=1_000, blank=True)
    is_cancelled = models.BooleanField(default=False)

    def __str__(self) -> str:
        return f"session {self.session_id} as of {self.sequence}"

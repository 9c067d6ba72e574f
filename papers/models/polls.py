"""When a group has to find a time: a poll of dates, and what members say of each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Club, Membership

from .sessions import KINDS, LEAST_MINUTES, MOST_MINUTES, Meeting, Session

if TYPE_CHECKING:
    from accounts.models import User


class DatePollQuerySet(models.QuerySet["DatePoll"]):
    def visible_to(self, user: User | AnonymousUser) -> DatePollQuerySet:
        """Polls of one's own clubs: who is free when is nobody else's business."""
        if not user.is_authenticated:
            return self.none()
        return self.filter(club__in=Membership.objects.filter(user=user).values("club_id"))


class DatePoll(Meeting):
    """A session that waits for its time, with the times that are proposed; closed, it became `session`.

    Its version rises with its options and their answers, which are told with it.
    """

    club = models.ForeignKey(Club, on_delete=models.CASCADE, related_name="date_polls")
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created = models.DateTimeField(default=timezone.now)
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)
    session = models.ForeignKey(Session, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    version = models.BigIntegerField(default=0, editable=False)

    objects = DatePollQuerySet.as_manager()

    class Meta:
        ordering = ["-created", "-pk"]
        constraints = [
            models.CheckConstraint(condition=models.Q(kind__in=KINDS), name="date_poll_kind_known"),
            models.CheckConstraint(
                condition=models.Q(minutes__range=(LEAST_MINUTES, MOST_MINUTES)),
                name="date_poll_minutes_in_bounds",
            ),
        ]
        indexes = [models.Index(fields=["club", "version", "id"], name="date_poll_version")]

    def __str__(self) -> str:
        return self.name or f"{self.club_id}: {self.created:%Y-%m-%d}"

    def get_absolute_url(self) -> str:
        return reverse("papers:poll_detail", args=[self.club.slug, self.pk])


class PollOption(models.Model):
    """One time that is proposed."""

    poll = models.ForeignKey(DatePoll, on_delete=models.CASCADE, related_name="options")
    starts = models.DateTimeField(_("starts"))

    class Meta:
        ordering = ["starts", "pk"]
        constraints = [models.UniqueConstraint(fields=["poll", "starts"], name="poll_option_once")]

    def __str__(self) -> str:
        return f"{self.starts:%Y-%m-%d %H:%M}"


class PollAnswer(models.Model):
    """What a member says of one of the times."""

    class Answer(models.TextChoices):
        YES = "yes", _("yes")
        MAYBE = "maybe", _("if need be")
        NO = "no", _("no")

    option = models.ForeignKey(PollOption, on_delete=models.CASCADE, related_name="answers")
    member = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    answer = models.CharField(_("answer"), max_length=5, choices=Answer)
    answered_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["answered_at", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["option", "member"], name="poll_answer_once"),
            models.CheckConstraint(
                condition=models.Q(answer__in=["yes", "maybe", "no"]), name="poll_answer_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.member_id} on {self.option_id}: {self.answer}"

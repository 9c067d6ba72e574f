"""What a club does with papers: entries, votes, volunteers, tags; and where each member stopped reading."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models.functions import Lower, Now
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Club

from .catalogue import Paper

if TYPE_CHECKING:
    from accounts.models import User


class EntryQuerySet(models.QuerySet["Entry"]):
    def visible_to(self, user: User | AnonymousUser) -> EntryQuerySet:
        """Entries of the clubs this person may look into, on papers they may know of."""
        return self.filter(
            club__in=Club.objects.visible_to(user).values("pk"),
            paper__in=Paper.objects.visible_to(user).values("pk"),
        )


class Entry(models.Model):
    """A club's one row for a paper, for ever. The two totals equal its votes (`reading_list.cast_vote`).

    The two `shown_` totals are what everybody sees: the same, but in a club that keeps totals secret until votes
    close those of the last lock (`reading_list.reveal`).
    """

    class State(models.TextChoices):
        NOTED = "noted", _("noted")
        SUGGESTED = "suggested", _("suggested")
        SCHEDULED = "scheduled", _("scheduled")
        DISCUSSED = "discussed", _("discussed")
        DROPPED = "dropped", _("dropped")

    club = models.ForeignKey(Club, on_delete=models.CASCADE, related_name="entries")
    paper = models.ForeignKey(Paper, on_delete=models.CASCADE, related_name="entries")
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.NOTED)
    suggested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    suggested = models.DateTimeField(_("suggested"), null=True, blank=True)
    created = models.DateTimeField(_("noted"), default=timezone.now)
    promotions = models.PositiveIntegerField(_("promotions"), default=0)
    demotions = models.PositiveIntegerField(_("demotions"), default=0)
    shown_promotions = models.PositiveIntegerField(default=0, db_default=0, editable=False)
    shown_demotions = models.PositiveIntegerField(default=0, db_default=0, editable=False)
    state_since = models.DateTimeField(
        _("in this state since"), default=timezone.now, db_default=Now(), editable=False
    )
    discussed_at = models.DateTimeField(
        _("last discussed"), null=True, blank=True, editable=False, help_text=_("when that session began")
    )
    comment_count = models.PositiveIntegerField(_("comments"), default=0)
    heat = models.FloatField(_("trending score"), default=0, editable=False)
    version = models.BigIntegerField(default=0, editable=False)

    objects = EntryQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["club", "paper"], name="entry_once_a_club"),
            models.CheckConstraint(
                condition=models.Q(state__in=["noted", "suggested", "scheduled", "discussed", "dropped"]),
                name="entry_state_known",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="suggested") | models.Q(suggested__isnull=False),
                name="entry_suggested_at_a_time",
            ),
        ]
        indexes = [
            models.Index(fields=["club", "version", "id"], name="entry_version"),
            models.Index(fields=["club", "-heat", "-id"], name="entry_heat"),
            models.Index(fields=["club", "state", "-state_since", "-id"], name="entry_state"),
        ]

    def __str__(self) -> str:
        return f"{self.club_id}: {self.paper_id}"

    def get_absolute_url(self) -> str:
        return reverse("papers:entry_detail", args=[self.club.slug, self.paper_id])

    @property
    def score(self) -> int:
        return self.promotions - self.demotions

    @property
    def shown_score(self) -> int:
        return self.shown_promotions - self.shown_demotions

    @property
    def is_chosen(self) -> bool:
        """Whether votes on it have done their work: nothing more that is cast decides about it."""
        return self.state in {self.State.SCHEDULED, self.State.DISCUSSED}


class EntryChange(models.Model):
    """One line of an entry's history: which state it came into, when, by whom and why.

    `facts` keeps the votes and offers that a discussed entry had when it was suggested again, as rows of
    [member, value, cast]: they have done their work, and everybody may vote anew. Votes that were secret at that time
    are apart, and stay so.
    """

    class Cause(models.TextChoices):
        PROMOTED = "promoted", _("promoted")
        SUGGESTED = "suggested", _("suggested")
        OFFERED = "offered", _("offered to present")
        WITHDRAWN = "withdrawn", _("nobody promotes it or offers to present it any more")
        DROPPED = "dropped", _("dropped")
        SCHEDULED = "scheduled", _("put on an agenda")
        UNSCHEDULED = "unscheduled", _("taken off the agenda")
        DISCUSSED = "discussed", _("discussed")
        AGAIN = "again", _("suggested again")
        MERGED = "merged", _("became one with the entry of the same paper")

    entry = models.ForeignKey(Entry, on_delete=models.CASCADE, related_name="changes")
    before = models.CharField(max_length=10, choices=Entry.State)
    state = models.CharField(_("state"), max_length=10, choices=Entry.State)
    cause = models.CharField(_("why"), max_length=11, choices=Cause)
    note = models.CharField(_("note"), max_length=300, blank=True)
    session = models.ForeignKey(
        "papers.Session", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        help_text=_("nobody: the votes themselves, or an import"),
    )
    changed = models.DateTimeField(default=timezone.now)
    facts = models.JSONField(default=dict, blank=True, editable=False)

    class Meta:
        ordering = ["changed", "pk"]
        indexes = [models.Index(fields=["entry", "changed", "id"], name="entry_change_by_time")]

    def __str__(self) -> str:
        return f"{self.entry_id}: {self.before} → {self.state}"


class Vote(models.Model):
    """A member's promote (+1) or demote (−1) on an entry."""

    PROMOTE = 1
    DEMOTE = -1

    entry = models.ForeignKey(Entry, on_delete=models.CASCADE, related_name="votes")
    member = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="votes")
    value = models.SmallIntegerField(_("value"))
    cast_at = models.DateTimeField(_("cast"), default=timezone.now)
    is_revealed = models.BooleanField(
        default=True,
        db_default=True,
        editable=False,
        help_text=_("no, while its club keeps totals secret and the votes have not closed"),
    )
    paper_revision = models.PositiveIntegerField(
        _("revision of the paper at that time"), null=True, blank=True, editable=False
    )
    version = models.BigIntegerField(default=0, editable=False)

    class Meta:
        ordering = ["cast_at", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["entry", "member"], name="vote_once"),
            models.CheckConstraint(condition=models.Q(value__in=[1, -1]), name="vote_is_up_or_down"),
        ]
        indexes = [models.Index(fields=["version", "id"], name="vote_version")]

    def __str__(self) -> str:
        return f"{self.value:+d}"


class Volunteer(models.Model):
    """A member's offer to present an entry."""

    entry = models.ForeignKey(Entry, on_delete=models.CASCADE, related_name="volunteers")
    member = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="offers")
    offered_at = models.DateTimeField(_("offered"), default=timezone.now)
    paper_revision = models.PositiveIntegerField(
        _("revision of the paper at that time"), null=True, blank=True, editable=False
    )
    version = models.BigIntegerField(default=0, editable=False)

    class Meta:
        ordering = ["offered_at", "pk"]
        constraints = [models.UniqueConstraint(fields=["entry", "member"], name="volunteer_once")]

    def __str__(self) -> str:
        return f"{self.member_id} for {self.entry_id}"


class Tag(models.Model):
    """A club's label on its entries."""

    club = models.ForeignKey(Club, on_delete=models.CASCADE, related_name="tags")
    name = models.CharField(_("name"), max_length=50)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint("club", Lower("name"), name="tag_once_a_club"),
            models.CheckConstraint(condition=~models.Q(name=""), name="tag_has_name"),
        ]

    def __str__(self) -> str:
        return self.name


class Tagging(models.Model):
    """One tag on one entry, and who put it there."""

    entry = models.ForeignKey(Entry, on_delete=models.CASCADE, related_name="taggings")
    tag = models.ForeignKey(Tag, on_delete=models.CASCADE, related_name="taggings")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    tagged_at = models.DateTimeField(default=timezone.now)
    version = models.BigIntegerField(default=0, editable=False)

    class Meta:
        ordering = ["tag__name"]
        constraints = [models.UniqueConstraint(fields=["entry", "tag"], name="tagging_once")]

    def __str__(self) -> str:
        return f"{self.tag_id} on {self.entry_id}"


class Skip(models.Model):
    """A member has passed over a paper; nobody else sees it, and it makes no entry."""

    club = models.ForeignKey(Club, on_delete=models.CASCADE, related_name="+")
    member = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    paper = models.ForeignKey(Paper, on_delete=models.CASCADE, related_name="+")
    skipped_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["member", "club", "paper"], name="skip_once")]

    def __str__(self) -> str:
        return f"{self.member_id} skipped {self.paper_id}"


class ListingVisit(models.Model):
    """When a member's last visit of a club's listing of a day began, and the one before ("new since")."""

    club = models.ForeignKey(Club, on_delete=models.CASCADE, related_name="+")
    member = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    date = models.DateField()
    seen_at = models.DateTimeField()
    new_since = models.DateTimeField(null=True)
    stopped_at = models.ForeignKey(Paper, on_delete=models.SET_NULL, null=True, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["member", "club", "date"], name="listing_visit_once")]

    def __str__(self) -> str:
        return f"{self.member_id} on {self.date}"

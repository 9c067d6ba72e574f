"""Where listings come from, and the listings that members triage."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Club, Membership

from .catalogue import Paper

if TYPE_CHECKING:
    from accounts.models import User


class SourceQuerySet(models.QuerySet["Source"]):
    def visible_to(self, user: User | AnonymousUser) -> SourceQuerySet:
        """The installation's sources, and those of this person's clubs."""
        installations = models.Q(club=None)
        if not user.is_authenticated:
            return self.filter(installations)
        mine = Membership.objects.filter(user=user, club=models.OuterRef("club"))
        return self.filter(installations | models.Exists(mine))

    def followed_by(self, club: Club | None) -> SourceQuerySet:
        """The sources whose listings a club triages: its own and those it chose.

        A club that has chosen none follows all of the installation's, as does a visitor (None).
        """
        installations = models.Q(club=None)
        if club is None:
            return self.filter(installations)
        choices = Source.followers.through.objects.filter(club=club)
        chosen = models.Q(pk__in=choices.values("source"))
        return self.filter(models.Q(club=club) | chosen | (installations & ~models.Exists(choices)))


class Source(models.Model):
    """A place that listings come from; it belongs to the installation, or to a club."""

    class Kind(models.TextChoices):
        HUGGING_FACE = "hugging_face", _("Hugging Face Daily Papers")
        ARXIV = "arxiv", _("arXiv")
        UPLOAD = "upload", _("Upload")

    slug = models.SlugField(_("short name in addresses"), max_length=80, unique=True)
    name = models.CharField(_("name"), max_length=100)
    kind = models.CharField(_("kind"), max_length=20, choices=Kind)
    club = models.ForeignKey(Club, on_delete=models.CASCADE, null=True, blank=True, related_name="sources")
    followers = models.ManyToManyField(Club, blank=True, related_name="followed_sources")
    created = models.DateTimeField(default=timezone.now)

    objects = SourceQuerySet.as_manager()

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind__in=["hugging_face", "arxiv", "upload"]), name="source_kind_known"
            ),
            models.UniqueConstraint(
                fields=["club", "kind"],
                condition=models.Q(kind="upload"),
                nulls_distinct=False,
                name="source_one_upload_a_club",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Listing(models.Model):
    """One dated, ordered list of papers from one source."""

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="listings")
    date = models.DateField(_("date"))
    created = models.DateTimeField(default=timezone.now)
    version = models.BigIntegerField(default=0, editable=False)

    class Meta:
        ordering = ["-date", "source"]
        constraints = [models.UniqueConstraint(fields=["source", "date"], name="listing_once_a_day")]
        indexes = [models.Index(fields=["date", "source"], name="listing_date")]

    def __str__(self) -> str:
        return f"{self.source} · {self.date}"


class ListingItem(models.Model):
    listing = models.ForeignKey(Listing, on_delete=models.CASCADE, related_name="items")
    paper = models.ForeignKey(Paper, on_delete=models.CASCADE, related_name="listing_items")
    position = models.PositiveIntegerField()
    upvotes = models.PositiveIntegerField(_("votes at the source"), null=True, blank=True)
    submitter = models.TextField(_("submitted by"), blank=True)
    added = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["listing", "paper"], name="listing_names_a_paper_once"),
            models.UniqueConstraint(
                fields=["listing", "position"],
                name="listing_position_once",
                deferrable=models.Deferrable.DEFERRED,
            ),
            models.CheckConstraint(condition=models.Q(position__gte=1), name="listing_position_from_one"),
        ]

    def __str__(self) -> str:
        return f"{self.listing_id} #{self.position}"

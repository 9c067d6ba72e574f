"""The listings that members triage."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .catalogue import Paper
from .sources import Source


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

"""Papers, what names them, what was said of them, and the catalogue's sync number."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models.functions import Now
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Club, Membership
from papers.identifiers import Identifier
from papers.records import Precision, write_known_day, write_place

if TYPE_CHECKING:
    from collections.abc import Iterable

    from accounts.models import User


class Catalogue(models.Model):
    """The one row that holds the catalogue's sync number; locking it serialises identity."""

    ID = 1

    version = models.BigIntegerField(default=0)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="catalogue_is_one_row")]

    def __str__(self) -> str:
        return f"catalogue at {self.version}"


class PaperQuerySet(models.QuerySet["Paper"]):
    def visible_to(self, user: User | AnonymousUser) -> PaperQuerySet:
        """Papers this person may know of: everybody's, and those private to a club of theirs.

        Whether somebody who has not signed in may see the catalogue at all is for the view to say.
        """
        return self.filter(private_to_none_or_club_of(user, "private_to"))


def private_to_none_or_club_of(user: User | AnonymousUser, club: str) -> models.Q:
    """Return the condition that the club which a column names, where it names one, is one of this person's."""
    everybodys = models.Q(**{club: None})
    if not user.is_authenticated:
        return everybodys
    mine = Membership.objects.filter(user=user, club=models.OuterRef(club))
    return everybodys | models.Q(models.Exists(mine))


class Paper(models.Model):
    """One scholarly work. Every column but the last few is folded from its source records (`merge.fold`)."""

    title = models.TextField(_("title"))
    abstract = models.TextField(_("abstract"), blank=True)
    authors = ArrayField(models.TextField(), default=list, blank=True, verbose_name=_("authors, in order"))
    published = models.DateField(_("published"), null=True, blank=True)
    published_precision = models.CharField(
        _("what is known of that day"),
        max_length=5,
        choices=[(each.value, each.value) for each in Precision],
        default=Precision.DAY.value,
        db_default=Precision.DAY.value,
    )
    updated = models.DateTimeField(_("updated"), null=True, blank=True)
    revision = models.PositiveIntegerField(_("revision"), null=True, blank=True)
    categories = ArrayField(models.TextField(), default=list, blank=True, verbose_name=_("categories"))
    journal = models.TextField(_("journal"), blank=True)
    volume = models.TextField(_("volume"), blank=True, db_default="")
    issue = models.TextField(_("issue"), blank=True, db_default="")
    pages = models.TextField(_("pages"), blank=True, db_default="")
    urls = models.JSONField(_("addresses"), default=list, blank=True)
    comment = models.TextField(_("remark of the submitter"), blank=True)
    withdrawn = models.BooleanField(_("withdrawn"), default=False)
    excerpt = models.TextField(_("start of the abstract"), blank=True, editable=False)
    title_key = models.TextField(_("normalised title"), editable=False)
    form_key = models.BigIntegerField(
        _("authors of a preprint or of its other form"), null=True, editable=False
    )

    private_to = models.ForeignKey(
        Club, on_delete=models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("private to")
    )
    search_text = SearchVectorField(null=True, editable=False)
    upvotes = models.PositiveIntegerField(_("votes at the sources"), default=0)
    heat = models.FloatField(_("trending score"), default=0, editable=False)
    created = models.DateTimeField(_("in the catalogue since"), default=timezone.now, db_default=Now())
    version = models.BigIntegerField(default=0, editable=False)

    objects = PaperQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(condition=~models.Q(title=""), name="paper_has_title"),
            models.CheckConstraint(
                condition=models.Q(published_precision__in=[each.value for each in Precision]),
                name="paper_precision_known",
            ),
            models.CheckConstraint(
                condition=models.Q(revision=None) | models.Q(revision__gte=1), name="paper_revision_from_one"
            ),
        ]
        indexes = [
            models.Index(fields=["version", "id"], name="paper_version"),
            models.Index(fields=["title_key"], name="paper_title_key"),
            models.Index(
                fields=["form_key"], name="paper_form_key", condition=models.Q(form_key__isnull=False)
            ),
            models.Index(fields=["-heat", "-id"], name="paper_heat"),
            GinIndex(fields=["search_text"], name="paper_search_text"),
            GinIndex(fields=["categories"], name="paper_categories"),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("papers:paper_detail", args=[self.pk])

    @property
    def appeared_in(self) -> str:
        """Where it appeared, in one line."""
        return write_place(self.journal, self.volume, self.issue, self.pages)

    @property
    def published_as_known(self) -> str:
        """The day of publication in ISO 8601, cut to the month or year where no more is known; or empty."""
        return write_known_day(self.published, self.published_precision)


class MergedPaperQuerySet(models.QuerySet["MergedPaper"]):
    def visible_to(self, user: User | AnonymousUser) -> MergedPaperQuerySet:
        """Ids that lead somewhere for this person: to a paper they may know of, from one they might have known."""
        return self.filter(
            private_to_none_or_club_of(user, "private_to"),
            paper__in=Paper.objects.visible_to(user).values("pk"),
        )


class MergedPaper(models.Model):
    """The id of a paper that turned out to be another one: the address goes on working.

    `log` has what moved (`catalogue._merging`), so that `catalogue.unmerge` can take it back.
    """

    id = models.BigIntegerField(primary_key=True)
    paper = models.ForeignKey(Paper, on_delete=models.CASCADE, related_name="merged")
    reason = models.TextField()
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    merged = models.DateTimeField(default=timezone.now)
    private_to = models.ForeignKey(Club, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    log = models.JSONField(default=dict)

    objects = MergedPaperQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.id} → {self.paper_id}"


class PaperIdentifierQuerySet(models.QuerySet["PaperIdentifier"]):
    def naming(self, identifiers: Iterable[Identifier]) -> PaperIdentifierQuerySet:
        """Those that are among these, found by the index of schemes and values."""
        values: dict[str, list[str]] = {}
        for each in identifiers:
            values.setdefault(each.scheme, []).append(each.value)
        condition = models.Q(pk__in=[])
        for scheme, of_scheme in values.items():
            condition |= models.Q(scheme=scheme, value__in=of_scheme)
        return self.filter(condition)

    def paper_ids(self) -> dict[Identifier, int]:
        """Return the id of each one's paper."""
        rows = self.values_list("scheme", "value", "paper_id")
        return {Identifier(scheme, value): paper_id for scheme, value, paper_id in rows}


class PaperIdentifier(models.Model):
    """(scheme, value) that names exactly one work, normalised by `identifiers.parse`."""

    paper = models.ForeignKey(Paper, on_delete=models.CASCADE, related_name="identifiers")
    scheme = models.CharField(max_length=10)
    value = models.CharField(max_length=300)

    objects = PaperIdentifierQuerySet.as_manager()

    class Meta:
        ordering = ["scheme", "value"]
        constraints = [
            models.UniqueConstraint(fields=["scheme", "value"], name="identifier_names_one_paper"),
            models.CheckConstraint(
                condition=models.Q(scheme__in=["arxiv", "doi", "pmid", "pmcid", "openreview", "isbn"]),
                name="identifier_scheme_known",
            ),
            models.CheckConstraint(condition=~models.Q(value=""), name="identifier_has_value"),
        ]

    def __str__(self) -> str:
        return f"{self.scheme}:{self.value}"


class SourceRecord(models.Model):
    """What one source said of one paper, kept as it came (`records.to_data`)."""

    paper = models.ForeignKey(Paper, on_delete=models.CASCADE, related_name="source_records")
    source = models.ForeignKey("papers.Source", on_delete=models.PROTECT, related_name="records")
    key = models.CharField(max_length=500)
    content_hash = models.BinaryField(max_length=32)
    data: models.JSONField[Any, Any] = models.JSONField()
    received = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source", "key"], name="source_record_once"),
        ]

    def __str__(self) -> str:
        return f"{self.source_id}:{self.key}"


class Tombstone(models.Model):
    """What was deleted from a library, and at which sync number.

    No id is given again. It goes only where a merge is taken back, and what it speaks of is there again.
    """

    club = models.ForeignKey(Club, on_delete=models.CASCADE, null=True, blank=True, related_name="tombstones")
    kind = models.CharField(max_length=20)
    object_id = models.BigIntegerField()
    version = models.BigIntegerField()
    deleted = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["club", "kind", "object_id"], name="tombstone_once", nulls_distinct=False
            )
        ]
        indexes = [models.Index(fields=["club", "version", "id"], name="tombstone_version")]

    def __str__(self) -> str:
        return f"{self.kind} {self.object_id}"

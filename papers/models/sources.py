"""Where listings come from: what a source asks, how often, and how far it has come."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.auth.models import AnonymousUser
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import Club, Membership, validate_time_zone

if TYPE_CHECKING:
    from datetime import datetime

    from accounts.models import User

MOST_HOURS = 24 * 30


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

    def uploads_of(self, club: Club | None) -> Source:
        """Return where belongs what people bring to a club, or to the installation; made when it is the first."""
        name = gettext("Uploads of %(club)s") % {"club": club} if club else str(Source.Kind.UPLOAD.label)
        slug = self.find_free_slug(f"uploads-{club.slug}" if club else "upload")
        source, _is_new = self.get_or_create(
            club=club, kind=Source.Kind.UPLOAD, defaults={"slug": slug, "name": name}
        )
        return source

    def find_free_slug(self, wish: str) -> str:
        """Return a short name that no source has: this one, or with a number behind it."""
        wish = wish[:70].strip("-")
        taken = set(self.filter(slug__startswith=wish).values_list("slug", flat=True))
        number, slug = 1, wish
        while slug in taken:
            number += 1
            slug = f"{wish}-{number}"
        return slug

    def scheduled(self) -> SourceQuerySet:
        """Those that run by themselves, and are not paused."""
        return self.filter(due_at__isnull=False)

    def due(self, now: datetime) -> SourceQuerySet:
        return self.filter(due_at__lte=now)


class Source(models.Model):
    """A place that listings come from; it belongs to the installation, or to a club.

    `due_at` is when it runs next, and empty while it is paused or runs by hand only. Each run is an import, whose
    lease is the source's as well: there is one at a time (`import_one_run_a_source`).
    """

    class Kind(models.TextChoices):
        HUGGING_FACE = "hugging_face", _("Hugging Face Daily Papers")
        ARXIV = "arxiv", _("arXiv")
        ARXIV_FEED = "arxiv_feed", _("arXiv, new papers of a category")
        ARXIV_OAI = "arxiv_oai", _("arXiv, all of a subject (OAI-PMH)")
        OAI = "oai", _("Repository (OAI-PMH)")
        CROSSREF = "crossref", _("Crossref")
        BIORXIV = "biorxiv", _("bioRxiv")
        MEDRXIV = "medrxiv", _("medRxiv")
        FEED = "feed", _("RSS or Atom feed")
        FILE = "file", _("File at an address")
        UPLOAD = "upload", _("Upload")

    slug = models.SlugField(_("short name in addresses"), max_length=80, unique=True)
    name = models.CharField(_("name"), max_length=100)
    kind = models.CharField(_("kind"), max_length=20, choices=Kind)
    club = models.ForeignKey(Club, on_delete=models.CASCADE, null=True, blank=True, related_name="sources")
    followers = models.ManyToManyField(Club, blank=True, related_name="followed_sources")
    created = models.DateTimeField(default=timezone.now)

    query = models.CharField(_("what it asks for"), max_length=1_000, blank=True, db_default="")
    address = models.CharField(_("address"), max_length=2_000, blank=True, db_default="")
    since = models.DateField(_("first run goes back to"), null=True, blank=True)

    every_hours = models.PositiveSmallIntegerField(
        _("every so many hours"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(MOST_HOURS)],
    )
    daily_at = models.TimeField(_("daily at"), null=True, blank=True)
    time_zone = models.CharField(
        _("time zone"), max_length=64, default="UTC", db_default="UTC", validators=[validate_time_zone]
    )
    is_paused = models.BooleanField(_("paused"), default=False, db_default=False)
    due_at = models.DateTimeField(_("next run"), null=True, blank=True)

    watermark = models.JSONField(
        default=dict, blank=True, db_default={}, help_text=_("up to where everything is in")
    )
    position = models.JSONField(
        null=True, blank=True, help_text=_("what is asked next, in the middle of a walk through pages")
    )
    etag = models.CharField(max_length=300, blank=True, db_default="")
    last_modified = models.CharField(max_length=300, blank=True, db_default="")

    # A page that comes in moves it too: a first run that takes days has not stalled.
    expected_since = models.DateTimeField(
        default=timezone.now,
        help_text=_("from when on runs were to be expected: made, resumed or scheduled anew"),
    )
    last_good = models.DateTimeField(_("last good run"), null=True, blank=True)
    failures = models.PositiveIntegerField(_("failures in a row"), default=0, db_default=0)
    error = models.TextField(_("why the last run failed"), blank=True, db_default="")
    told_at = models.DateTimeField(
        null=True, blank=True, help_text=_("when those who keep it were told that it has stalled")
    )

    objects = SourceQuerySet.as_manager()

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(
                    kind__in=[
                        *("hugging_face", "arxiv", "arxiv_feed", "arxiv_oai", "oai", "crossref", "biorxiv"),
                        *("medrxiv", "feed", "file", "upload"),
                    ]
                ),
                name="source_kind_known",
            ),
            models.CheckConstraint(
                condition=models.Q(every_hours=None) | models.Q(daily_at=None),
                name="source_one_schedule",
                violation_error_message=_("Choose one of the two: every so many hours, or daily."),
            ),
            models.CheckConstraint(
                condition=models.Q(every_hours=None) | models.Q(every_hours__range=(1, MOST_HOURS)),
                name="source_hours_in_bounds",
            ),
            models.CheckConstraint(
                condition=models.Q(due_at=None)
                | (
                    models.Q(is_paused=False)
                    & (models.Q(every_hours__gt=0) | models.Q(daily_at__isnull=False))
                ),
                name="source_due_has_schedule",
            ),
            models.UniqueConstraint(
                fields=["club", "kind"],
                condition=models.Q(kind="upload"),
                nulls_distinct=False,
                name="source_one_upload_a_club",
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], name="source_due", condition=models.Q(due_at__isnull=False))
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("papers:source_detail", args=[self.pk])

    @property
    def has_schedule(self) -> bool:
        return self.every_hours is not None or self.daily_at is not None

    @property
    def is_trusted(self) -> bool:
        """Whether administrators alone choose what it asks; then it may ask the hosts in FETCH_ALLOWED_HOSTS."""
        return self.club_id is None


class HostTurn(models.Model):
    """When a host may be asked next, by whichever worker: one row a host that limits us, see sources/politeness.py."""

    name = models.CharField(max_length=255, primary_key=True)
    next_allowed_at = models.DateTimeField()
    busy_until = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.name


class DryRun(models.Model):
    """What the next run of a source would bring, found out by a worker; the last one of each source is kept."""

    class State(models.TextChoices):
        QUEUED = "queued", _("waiting")
        RUNNING = "running", _("running")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")

    source = models.OneToOneField(Source, on_delete=models.CASCADE, related_name="dry_run")
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.QUEUED)
    queued = models.DateTimeField(_("queued"), default=timezone.now)
    leased_until = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveIntegerField(default=0)
    finished = models.DateTimeField(_("finished"), null=True, blank=True)
    error = models.TextField(_("why it failed"), blank=True)
    found = models.JSONField(default=list, blank=True)
    has_more = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=["queued", "running", "done", "failed"]),
                name="dry_run_state_known",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="running") | models.Q(leased_until__isnull=False),
                name="dry_run_running_is_leased",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source} ({self.get_state_display()})"

    @property
    def is_over(self) -> bool:
        return self.state in {self.State.DONE, self.State.FAILED}

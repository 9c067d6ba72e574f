"""When a club meets, and what it goes through: series, pauses, sessions and the items of their agendas."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Club, Membership, Role, validate_time_zone

from .reading_list import Entry

if TYPE_CHECKING:
    from accounts.models import User

LEAST_MINUTES = 5
MOST_MINUTES = 1_440
MINUTES = [MinValueValidator(LEAST_MINUTES), MaxValueValidator(MOST_MINUTES)]


class SessionKind(models.TextChoices):
    PAPER_TALK = "paper_talk", _("paper talk")
    LIGHTNING = "lightning", _("lightning round")
    ROLE_PLAY = "role_play", _("role play")
    OWN_WORK = "own_work", _("own work")
    SPECIAL = "special", _("special topic")


KINDS = ["paper_talk", "lightning", "role_play", "own_work", "special"]


class Meeting(models.Model):
    """What a series says of its sessions, and each session of itself."""

    name = models.CharField(_("name"), max_length=100, blank=True)
    kind = models.CharField(_("kind"), max_length=10, choices=SessionKind, default=SessionKind.PAPER_TALK)
    minutes = models.PositiveSmallIntegerField(_("minutes"), default=60, validators=MINUTES)
    time_zone = models.CharField(_("time zone"), max_length=64, validators=[validate_time_zone])
    place = models.CharField(_("place"), max_length=200, blank=True)
    video_link = models.URLField(_("video link"), max_length=1_000, blank=True)
    capacity = models.PositiveSmallIntegerField(_("places"), null=True, blank=True)

    class Meta:
        abstract = True


class SeriesQuerySet(models.QuerySet["Series"]):
    def visible_to(self, user: User | AnonymousUser) -> SeriesQuerySet:
        """Series of the clubs this person may look into."""
        return self.filter(club__in=Club.objects.visible_to(user).values("pk"))


class Series(Meeting):
    """A rule by which a club meets, in local wall time; its sessions are rows, made some weeks ahead.

    `rule` is the value of an RRULE (RFC 5545, 3.3.10) without DTSTART, which `starts_on` and `starts_at` are.
    """

    club = models.ForeignKey(Club, on_delete=models.CASCADE, related_name="series")
    rule = models.CharField(_("repeats"), max_length=500, default="FREQ=WEEKLY")
    starts_on = models.DateField(_("first day"))
    starts_at = models.TimeField(_("starts at"))
    lock_hours = models.PositiveSmallIntegerField(
        _("votes close"), default=48, help_text=_("so many hours before each session")
    )
    made_until = models.DateField(
        null=True, blank=True, editable=False, help_text=_("up to which day its sessions are rows")
    )
    ended_on = models.DateField(
        _("ended"), null=True, blank=True, help_text=_("no session begins on this day or later")
    )
    continues = models.ForeignKey(
        "self",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
        help_text=_("the first of the series that were changed to become this one"),
    )
    created = models.DateTimeField(default=timezone.now)
    version = models.BigIntegerField(default=0, editable=False)

    objects = SeriesQuerySet.as_manager()

    class Meta:
        ordering = ["starts_on", "pk"]
        verbose_name_plural = "series"
        constraints = [
            models.CheckConstraint(condition=models.Q(kind__in=KINDS), name="series_kind_known"),
            models.CheckConstraint(
                condition=models.Q(minutes__range=(LEAST_MINUTES, MOST_MINUTES)),
                name="series_minutes_in_bounds",
            ),
        ]
        indexes = [models.Index(fields=["club", "version", "id"], name="series_version")]

    def __str__(self) -> str:
        return self.name or f"{self.rule} {self.starts_at:%H:%M}"

    def get_absolute_url(self) -> str:
        return reverse("papers:series_detail", args=[self.club.slug, self.pk])


class Pause(models.Model):
    """Days, first and last included, on which a club's series do not meet: a holiday, the end of a term.

    Of one series where it names one, else of all of the club's.
    """

    club = models.ForeignKey(Club, on_delete=models.CASCADE, related_name="pauses")
    series = models.ForeignKey(Series, on_delete=models.CASCADE, null=True, blank=True, related_name="pauses")
    first_day = models.DateField(_("first day"))
    last_day = models.DateField(_("last day"))
    reason = models.CharField(_("why"), max_length=100, blank=True)
    version = models.BigIntegerField(default=0, editable=False)

    class Meta:
        ordering = ["first_day", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(last_day__gte=models.F("first_day")),
                name="pause_ends_after_it_begins",
                violation_error_message=_("The last day lies before the first."),
            )
        ]

    def __str__(self) -> str:
        return self.reason or f"{self.first_day} – {self.last_day}"


class SessionQuerySet(models.QuerySet["Session"]):
    def visible_to(self, user: User | AnonymousUser) -> SessionQuerySet:
        """Sessions of the clubs this person may look into; drafts only where they are organiser."""
        seen = self.filter(club__in=Club.objects.visible_to(user).values("pk"))
        is_published = ~models.Q(state=Session.State.DRAFT)
        if not user.is_authenticated:
            return seen.filter(is_published)
        organised = Membership.objects.filter(user=user, role__in=[Role.ORGANISER, Role.OWNER]).values(
            "club_id"
        )
        return seen.filter(is_published | models.Q(club__in=organised))

    def upcoming(self, now: datetime) -> SessionQuerySet:
        """Those that are not over, the next one first; cancelled ones are none."""
        return (
            self.filter(ends__gt=now)
            .exclude(state__in=[Session.State.CANCELLED, Session.State.HELD])
            .order_by("starts", "pk")
        )

    def past(self, now: datetime) -> SessionQuerySet:
        """Those that are over and took place, the latest first."""
        return self.filter(
            models.Q(state=Session.State.HELD) | models.Q(state=Session.State.LOCKED, ends__lte=now)
        ).order_by("-starts", "-pk")


def make_uid() -> str:
    """Return a name for an event that is given once and never changes (RFC 5545, 3.8.4.7; RFC 7986, 5.3)."""
    return f"{uuid.uuid4()}@{urlsplit(settings.SITE_URL).hostname}"


class Session(Meeting):
    """One meeting of a club, perhaps of a series: draft → open → locked → held, or cancelled.

    `occurrence` is its key within its series: the local start that the rule gave it, which stays when it is moved.
    `own` names the fields that somebody changed for this session alone, which its series leaves as they are.
    """

    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        OPEN = "open", _("open")
        LOCKED = "locked", _("locked")
        HELD = "held", _("held")
        CANCELLED = "cancelled", _("cancelled")

    club = models.ForeignKey(Club, on_delete=models.CASCADE, related_name="sessions")
    series = models.ForeignKey(
        Series, on_delete=models.SET_NULL, null=True, blank=True, related_name="sessions"
    )
    occurrence = models.CharField(max_length=16, blank=True, editable=False, help_text="2025-04-30T14:00")
    own = ArrayField(models.CharField(max_length=20), default=list, blank=True, editable=False)
    starts = models.DateTimeField(_("starts"))
    ends = models.DateTimeField(_("ends"), editable=False)
    lock_at = models.DateTimeField(_("votes close"))
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.DRAFT)
    locked_at = models.DateTimeField(_("locked"), null=True, blank=True)
    cancelled_at = models.DateTimeField(_("cancelled"), null=True, blank=True)
    cancelled_because = models.CharField(_("why it was cancelled"), max_length=300, blank=True)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created = models.DateTimeField(default=timezone.now)
    notes = models.TextField(_("notes"), blank=True, help_text=_("taken together; afterwards the minutes"))
    notes_version = models.PositiveIntegerField(default=0, editable=False)

    # The meeting while it goes on, see papers.scheduling.meeting
    began_at = models.DateTimeField(_("began"), null=True, blank=True, editable=False)
    item_now = models.ForeignKey(
        "AgendaItem", on_delete=models.SET_NULL, null=True, blank=True, editable=False, related_name="+"
    )
    item_ends = models.DateTimeField(
        null=True, blank=True, editable=False, help_text=_("when the time of what is on now is over")
    )
    extra_minutes = models.PositiveSmallIntegerField(
        default=0, db_default=0, editable=False, help_text=_("that what is on now was given besides its own")
    )
    paused_at = models.DateTimeField(null=True, blank=True, editable=False)

    uid = models.CharField(max_length=300, unique=True, default=make_uid, editable=False)
    sequence = models.PositiveIntegerField(
        default=0, editable=False, help_text="RFC 5545, 3.8.7.4: raised when time, place or state change"
    )
    agenda_version = models.PositiveIntegerField(
        default=0, editable=False, help_text="raised by each change of the agenda"
    )
    changed = models.DateTimeField(default=timezone.now, editable=False)
    version = models.BigIntegerField(default=0, editable=False)

    objects = SessionQuerySet.as_manager()

    class Meta:
        ordering = ["starts", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["series", "occurrence"],
                condition=models.Q(series__isnull=False),
                name="session_once_an_occurrence",
            ),
            models.CheckConstraint(condition=models.Q(kind__in=KINDS), name="session_kind_known"),
            models.CheckConstraint(
                condition=models.Q(state__in=["draft", "open", "locked", "held", "cancelled"]),
                name="session_state_known",
            ),
            models.CheckConstraint(
                condition=models.Q(minutes__range=(LEAST_MINUTES, MOST_MINUTES)),
                name="session_minutes_in_bounds",
            ),
            models.CheckConstraint(
                condition=models.Q(ends__gt=models.F("starts")), name="session_ends_after_it_starts"
            ),
            models.CheckConstraint(
                condition=models.Q(lock_at__lte=models.F("starts")),
                name="session_locks_before_it_starts",
                violation_error_message=_("Votes close before the session starts, or with its start."),
            ),
            models.CheckConstraint(
                condition=~models.Q(state__in=["locked", "held"]) | models.Q(locked_at__isnull=False),
                name="session_locked_at_a_time",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="cancelled") | models.Q(cancelled_at__isnull=False),
                name="session_cancelled_at_a_time",
            ),
        ]
        indexes = [
            models.Index(fields=["club", "starts", "id"], name="session_by_time"),
            models.Index(fields=["club", "version", "id"], name="session_version"),
            models.Index(fields=["lock_at"], name="session_to_lock", condition=models.Q(state="open")),
        ]

    def __str__(self) -> str:
        return self.name or f"{self.starts:%Y-%m-%d %H:%M}"

    def get_absolute_url(self) -> str:
        return self.get_absolute_url_of(self.club)

    def get_absolute_url_of(self, club: Club) -> str:
        """Return its address, given its club where that is loaded already."""
        return f"{club.get_absolute_url()}sessions/{self.pk}/"

    def set_time(self, starts: datetime, minutes: int) -> None:
        """Say when it is; the end is a column only so that it can be asked for."""
        self.starts, self.minutes, self.ends = starts, minutes, starts + timedelta(minutes=minutes)

    @property
    def chain_id(self) -> int | None:
        """Its series, or the first of those that continue each other; may ask for the series."""
        return None if self.series is None else self.series.continues_id or self.series_id

    @property
    def is_closed(self) -> bool:
        """Whether its votes are closed: nothing more that is cast counts for it."""
        return self.state in {self.State.LOCKED, self.State.HELD, self.State.CANCELLED}

    @property
    def is_on(self) -> bool:
        """Whether the meeting has begun and was not said to be over."""
        return self.state == self.State.LOCKED and self.began_at is not None


class AgendaItem(models.Model):
    """One point of a session's agenda: an entry, or a topic without a paper.

    `reason` says why it stands there, as the ranking at the lock gave it, or the organiser who put it there.
    """

    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="agenda")
    entry = models.ForeignKey(
        Entry, on_delete=models.CASCADE, null=True, blank=True, related_name="agenda_items"
    )
    title = models.CharField(_("topic"), max_length=300, blank=True)
    position = models.PositiveSmallIntegerField(_("position"))
    minutes = models.PositiveSmallIntegerField(_("minutes"), default=30)
    is_pinned = models.BooleanField(
        _("pinned"), default=False, help_text=_("stays where it is when the agenda fills from the votes")
    )
    is_closing = models.BooleanField(
        _("closes the session"),
        default=False,
        db_default=False,
        help_text=_("stands below the papers that the votes bring"),
    )
    note = models.CharField(_("note"), max_length=500, blank=True)
    reason = models.CharField(_("why it stands here"), max_length=500, blank=True)
    score = models.DecimalField(
        _("score when votes closed"), max_digits=12, decimal_places=4, null=True, blank=True
    )
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    started_at = models.DateTimeField(_("started"), null=True, blank=True)
    notes = models.TextField(_("notes"), blank=True)
    notes_version = models.PositiveIntegerField(default=0, editable=False)
    verdict = models.CharField(_("verdict"), max_length=300, blank=True)
    takeaways = models.TextField(_("take-aways"), blank=True)
    version = models.BigIntegerField(default=0, editable=False)

    class Meta:
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["session", "position"],
                name="agenda_item_one_place",
                deferrable=models.Deferrable.DEFERRED,
            ),
            models.UniqueConstraint(fields=["session", "entry"], name="agenda_item_entry_once"),
            models.CheckConstraint(
                condition=models.Q(entry__isnull=False) | ~models.Q(title=""),
                name="agenda_item_is_about_something",
            ),
            models.CheckConstraint(
                condition=models.Q(minutes__range=(1, MOST_MINUTES)), name="agenda_item_minutes_in_bounds"
            ),
        ]

    def __str__(self) -> str:
        return self.title or f"{self.session_id}/{self.position}"


class AgendaChange(models.Model):
    """One line of the record of an agenda: who changed what, and its items before and after, as JSON.

    `ended` has the assignments that ended with items taken off, so that those asked can be told, and so that to undo
    it brings them back.
    """

    class Act(models.TextChoices):
        LOCKED = "locked", _("filled by the votes")
        UNLOCKED = "unlocked", _("opened to votes again")
        ADDED = "added", _("added")
        REMOVED = "removed", _("taken off")
        CHANGED = "changed", _("changed")
        MOVED = "moved", _("moved")
        SWAPPED = "swapped", _("swapped")
        OVERRIDDEN = "overridden", _("put in the place of another")
        ARRANGED = "arranged", _("arranged anew")
        UNDONE = "undone", _("undone")

    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="agenda_changes")
    number = models.PositiveIntegerField(help_text="the session's `agenda_version` that it made")
    act = models.CharField(_("what"), max_length=10, choices=Act)
    said = models.CharField(_("in words"), max_length=1_000)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        help_text=_("nobody: the clock"),
    )
    made_at = models.DateTimeField(_("when"), default=timezone.now)
    before = models.JSONField(default=list)
    after = models.JSONField(default=list)
    ended = models.JSONField(default=list)
    is_undone = models.BooleanField(_("undone since"), default=False)
    version = models.BigIntegerField(default=0, editable=False)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["session", "number"], name="agenda_change_one_number"),
            models.CheckConstraint(
                condition=models.Q(
                    act__in=[
                        *("locked", "unlocked", "added", "removed", "changed", "moved", "swapped"),
                        *("overridden", "arranged", "undone"),
                    ]
                ),
                name="agenda_change_act_known",
            ),
        ]

    def __str__(self) -> str:
        return self.said


class PastImportQuerySet(models.QuerySet["PastImport"]):
    def visible_to(self, user: User | AnonymousUser) -> PastImportQuerySet:
        """Those of the clubs that this person organises."""
        if not user.is_authenticated:
            return self.none()
        organised = Membership.objects.filter(user=user, role__in=[Role.ORGANISER, Role.OWNER])
        return self.filter(club__in=organised.values("club_id"))

    def due(self, now: datetime) -> PastImportQuerySet:
        """Those that wait for a worker, or whose worker has not renewed its lease."""
        return self.filter(
            models.Q(state=PastImport.State.QUEUED, due_at__lte=now)
            | models.Q(state=PastImport.State.RUNNING, leased_until__lt=now)
        )


class PastImport(models.Model):
    """A table of past sessions that is brought in. This row is the queue; Celery only wakes it."""

    class State(models.TextChoices):
        QUEUED = "queued", _("waiting")
        RUNNING = "running", _("running")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")

    club = models.ForeignKey(Club, on_delete=models.CASCADE, related_name="past_imports")
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    input_name = models.CharField(_("input"), max_length=300)
    content = models.BinaryField(default=b"", help_text=_("the table; emptied once it is in"))
    columns = models.JSONField(_("columns"), help_text=_("fields, and the headings of their columns"))
    day_first = models.BooleanField(_("the day comes first"), null=True, blank=True)
    starts_at = models.TimeField(_("began at"), help_text=_("where the table does not say"))
    minutes = models.PositiveSmallIntegerField(_("minutes"), default=60, validators=MINUTES)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.QUEUED)
    queued = models.DateTimeField(_("queued"), default=timezone.now)
    due_at = models.DateTimeField(default=timezone.now)
    leased_until = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveIntegerField(default=0)
    failures = models.PositiveIntegerField(default=0, help_text=_("attempts in a row that broke off"))
    finished = models.DateTimeField(_("finished"), null=True, blank=True)
    error = models.TextField(_("why it failed"), blank=True)
    lookup = models.ForeignKey(
        "papers.Import", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    days = models.PositiveIntegerField(_("days"), default=0, help_text=_("of the table"))
    taken = models.PositiveIntegerField(default=0, help_text=_("days already in, where a retry goes on"))
    sessions_made = models.PositiveIntegerField(default=0)
    items_made = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0, help_text=_("rows that were here already"))
    rejections = models.JSONField(default=list, help_text=_("place, reason and raw text of each"))

    objects = PastImportQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=["queued", "running", "done", "failed"]),
                name="past_import_state_known",
            ),
            models.CheckConstraint(
                condition=~models.Q(state__in=["done", "failed"]) | models.Q(finished__isnull=False),
                name="past_import_end_has_time",
            ),
        ]

    def __str__(self) -> str:
        return self.input_name

    def get_absolute_url(self) -> str:
        return reverse("papers:past_import", args=[self.club.slug, self.pk])

    @property
    def is_over(self) -> bool:
        return self.state in {self.State.DONE, self.State.FAILED}

"""People and the clubs they belong to."""

from __future__ import annotations

import zoneinfo
from datetime import datetime
from functools import cache
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import AnonymousUser, PermissionsMixin
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from knox.models import AbstractAuthToken, AuthTokenManager


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **extra: Any) -> User:
        """Make a person; without a password they can sign in only after a reset."""
        user = self.model(email=self.normalize_email(email).lower(), **extra)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **extra: Any) -> User:
        """Make an administrator of the installation."""
        return self.create_user(email, password, **{**extra, "is_staff": True, "is_superuser": True})

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email=(username or "").lower())


class MailWanted(models.TextChoices):
    ALL = "all", _("Everything: calls for votes, agendas, the link of the day, and my parts")
    PARTS = "parts", _("Only what I have a part in")
    NONE = "none", _("Nothing")


class User(AbstractBaseUser, PermissionsMixin):  # type: ignore[django-manager-missing]  # of ApiToken, by Knox
    """A person, known by their e-mail address. `is_superuser` makes an administrator of the installation."""

    email = models.EmailField(
        _("e-mail address"),
        max_length=254,
        unique=True,
        error_messages={"unique": _("Somebody has signed up with this e-mail address already.")},
    )
    name = models.CharField(_("name"), max_length=100, blank=True)
    is_active = models.BooleanField(_("active"), default=True)
    is_staff = models.BooleanField(_("may open the administration"), default=False)
    date_joined = models.DateTimeField(_("joined"), default=timezone.now)
    default_club = models.ForeignKey(
        "Club",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("current club"),
    )
    uses_keys = models.BooleanField(
        _("keyboard keys"), default=True, help_text=_("Move and vote in listings with single keys.")
    )
    mail_wanted = models.CharField(
        _("mails of my clubs"),
        max_length=5,
        choices=MailWanted,
        default=MailWanted.ALL,
        db_default=MailWanted.ALL,
    )
    calendar_by_mail = models.BooleanField(
        _("calendar invitations by e-mail"),
        default=False,
        db_default=False,
        help_text=_(
            "Each session comes as an invitation that your mail program puts into the calendar, and changes of it too. "
            "Not needed where you subscribe to the calendar."
        ),
    )

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        constraints = [
            # allauth looks for the address in lower case; written otherwise it would not be found.
            models.CheckConstraint(
                condition=models.Q(email=Lower("email")),
                name="user_email_lower_case",
                violation_error_message=_("Write the e-mail address in lower case."),
            ),
            models.CheckConstraint(
                condition=models.Q(mail_wanted__in=MailWanted.values), name="user_mail_wanted_known"
            ),
        ]

    def __str__(self) -> str:
        return self.display_name

    @property
    def display_name(self) -> str:
        """The name others see; the part of the address before the @ where no name was given."""
        return self.name or self.email.partition("@")[0]

    @property
    def initials(self) -> str:
        words = [word for word in self.display_name.replace("-", " ").split() if word[0].isalnum()]
        return "".join(word[0] for word in (words[:1] + words[1:][-1:])).upper() or "?"


class ClubQuerySet(models.QuerySet["Club"]):
    def visible_to(self, user: User | AnonymousUser) -> ClubQuerySet:
        """Clubs whose pages this person may open: their own, and the public ones."""
        if not user.is_authenticated:
            return self.filter(is_public=True)
        return self.filter(
            models.Q(is_public=True)
            | models.Exists(Membership.objects.filter(club=models.OuterRef("pk"), user=user))
        )

    def of(self, user: User | AnonymousUser) -> ClubQuerySet:
        """Clubs this person is a member of."""
        return self.filter(memberships__user=user) if user.is_authenticated else self.none()


@cache
def list_time_zones() -> list[str]:
    """Return the zones people choose from, by continent and city; kept, since it reads many files."""
    cities = {zone for zone in zoneinfo.available_timezones() if "/" in zone}
    return [
        "UTC",
        *sorted(zone for zone in cities if not zone.startswith(("Etc/", "SystemV/", "posix/", "right/"))),
    ]


def validate_time_zone(name: str) -> None:
    if name not in list_time_zones():
        raise ValidationError(
            _("“%(name)s” is not a time zone, such as Europe/Berlin."), params={"name": name}
        )


class Club(models.Model):
    """A journal club: the group that votes, schedules and discusses; the unit of privacy."""

    slug = models.SlugField(_("short name in addresses"), max_length=50, unique=True)
    name = models.CharField(_("name"), max_length=100)
    time_zone = models.CharField(
        _("time zone"), max_length=64, default="UTC", validators=[validate_time_zone]
    )
    is_public = models.BooleanField(
        _("public"), default=False, help_text=_("Everybody may read its list, votes and discussion.")
    )
    carry_over = models.PositiveSmallIntegerField(
        _("carry-over of votes, in per cent"),
        default=50,
        db_default=50,
        validators=[MaxValueValidator(100)],
        help_text=_(
            "What a vote still counts in the next session's window when its paper was not chosen, and so on for each "
            "window passed. 0 starts afresh after each session, 100 forgets nothing."
        ),
    )
    vote_budget = models.PositiveSmallIntegerField(
        _("votes per member and session"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text=_(
            "For and against together; taking a vote back gives it back. Empty: as many as they like. A small number "
            "makes members choose."
        ),
    )
    hides_totals = models.BooleanField(
        _("totals are secret until votes close"),
        default=False,
        db_default=False,
        help_text=_(
            "Members see their own votes only, so that nobody follows the crowd. The list then stands in an order that "
            "tells nothing; when votes close, all is shown."
        ),
    )
    threshold = models.PositiveSmallIntegerField(
        _("score a paper needs"),
        default=1,
        db_default=1,
        help_text=_(
            "A paper with a lower score gets on no agenda by itself. 0 lets in any that votes are not against."
        ),
    )
    shows_voters = models.BooleanField(
        _("votes by name"),
        default=True,
        db_default=True,
        help_text=_("Members see who promoted a paper. Demotions are shown as a number only, in any case."),
    )
    load_months = models.PositiveSmallIntegerField(
        _("months that count"),
        default=12,
        db_default=12,
        validators=[MinValueValidator(1), MaxValueValidator(60)],
        help_text=_("How far back the talks of members count when the next ones are shared out."),
    )
    parts_cap = models.PositiveSmallIntegerField(
        _("most parts per person"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text=_("In all sessions of one plan. Empty: no limit."),
    )
    keeps_authors_out = models.BooleanField(
        _("authors do not take parts in their own papers"),
        default=False,
        db_default=False,
        help_text=_("A plan asks nobody whose name is among the authors. They may still volunteer."),
    )
    mixes_seniority = models.BooleanField(
        _("mix seniority"),
        default=False,
        db_default=False,
        help_text=_("Where it costs nobody a turn, pair somebody senior with somebody who is not."),
    )
    minutes_template = models.TextField(
        _("template of minutes"),
        max_length=5_000,
        blank=True,
        db_default="",
        help_text=_("What the take-aways of each paper begin with, such as a few questions."),
    )
    created = models.DateTimeField(_("created"), default=timezone.now)
    version = models.BigIntegerField(_("sync version"), default=0, editable=False)
    members = models.ManyToManyField(User, through="Membership", related_name="clubs")

    objects = ClubQuerySet.as_manager()

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.CheckConstraint(condition=models.Q(version__gte=0), name="club_version_not_negative"),
            models.CheckConstraint(condition=~models.Q(name=""), name="club_has_name"),
            models.CheckConstraint(
                condition=models.Q(carry_over__lte=100), name="club_carry_over_at_most_all"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("papers:club_home", args=[self.slug])

    @property
    def tells_voters(self) -> bool:
        """Whether what is said of somebody may tell which papers they promoted."""
        return self.shows_voters and not self.hides_totals


class Role(models.TextChoices):
    MEMBER = "member", _("member")
    ORGANISER = "organiser", _("organiser")
    OWNER = "owner", _("owner")


class Membership(models.Model):
    club = models.ForeignKey(Club, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(_("role"), max_length=10, choices=Role, default=Role.MEMBER)
    joined = models.DateTimeField(_("joined"), default=timezone.now)
    is_senior = models.BooleanField(_("senior"), default=False, db_default=False)
    takes_parts = models.BooleanField(
        _("takes parts"),
        default=True,
        db_default=True,
        help_text=_("Somebody who does not is never asked by a plan; they may still volunteer."),
    )
    parts_cap = models.PositiveSmallIntegerField(
        _("most parts"), null=True, blank=True, help_text=_("In one plan. Empty: what the club says.")
    )

    class Meta:
        ordering = ["joined", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["club", "user"], name="membership_once"),
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="membership_role_known"),
        ]

    def __str__(self) -> str:
        return f"{self.user} · {self.club}"


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def open(self, now: datetime) -> InvitationQuerySet:
        """Invitations that somebody can still accept."""
        return self.filter(accepted=None, expires__gt=now)


class Invitation(models.Model):
    """A link that makes whoever opens it a member; the link itself is signed, not stored (`invitations`)."""

    club = models.ForeignKey(Club, on_delete=models.CASCADE, related_name="invitations")
    email = models.EmailField(_("e-mail address"), max_length=254, blank=True)
    role = models.CharField(_("role"), max_length=10, choices=Role, default=Role.MEMBER)
    invited_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    created = models.DateTimeField(_("created"), default=timezone.now)
    expires = models.DateTimeField(_("expires"))
    accepted = models.DateTimeField(_("accepted"), null=True, blank=True)
    accepted_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")

    objects = InvitationQuerySet.as_manager()

    class Meta:
        ordering = ["-created", "-pk"]
        constraints = [
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="invitation_role_known"),
            models.UniqueConstraint(
                "club",
                Lower("email"),
                condition=models.Q(accepted=None) & ~models.Q(email=""),
                name="invitation_open_once",
                violation_error_message=_("This address has an open invitation already."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.email or '—'} → {self.club}"


class ApiToken(AbstractAuthToken):
    """A script's key to the API: only its digest is kept, so it is shown once."""

    class Scope(models.TextChoices):
        READ = "read", _("read only")
        FULL = "full", _("read and write")

    name = models.CharField(_("name"), max_length=100, blank=True)
    scope = models.CharField(_("scope"), max_length=4, choices=Scope, default=Scope.FULL)
    clubs = models.ManyToManyField(
        Club,
        blank=True,
        related_name="+",
        verbose_name=_("clubs"),
        help_text=_("None chosen means all of mine."),
    )
    last_used = models.DateTimeField(_("last used"), null=True, blank=True)

    objects: ClassVar[AuthTokenManager] = AuthTokenManager()

    class Meta:
        ordering = ["-created"]
        constraints = [
            models.CheckConstraint(condition=models.Q(scope__in=["read", "full"]), name="token_scope_known"),
        ]

    def __str__(self) -> str:
        return self.name or self.token_key


class FeedKey(models.Model):
    """Lets a program that can send no token read one thing as one person, by `?key=` in its address.

    The key itself is signed, not stored (`feed_keys`); a new `nonce` makes the one before worthless.
    """

    class Resource(models.TextChoices):
        CALENDAR = "calendar", _("calendar")

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="feed_keys")
    resource = models.CharField(_("reads"), max_length=10, choices=Resource)
    club = models.ForeignKey(
        Club,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        help_text=_("whose; empty: of all clubs they are in"),
    )
    nonce = models.CharField(max_length=32)
    created = models.DateTimeField(_("created"), default=timezone.now)
    last_used = models.DateTimeField(_("last used"), null=True, blank=True)

    class Meta:
        ordering = ["created", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(resource__in=["calendar"]), name="feed_key_resource_known"
            ),
            models.UniqueConstraint(
                fields=["user", "resource", "club"], nulls_distinct=False, name="feed_key_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_resource_display()} · {self.club or self.user}"

"""Sessions, series, pauses, and who comes."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.models import validate_time_zone
from papers.models import Attendance, Guest, Pause, Series, Session, SessionKind
from papers.models.sessions import LEAST_MINUTES, MOST_MINUTES
from papers.numbers import LARGEST
from papers.scheduling import recurrence

from .people import PersonSerializer

MOST_PLACES = 10_000
MOST_LOCK_HOURS = 24 * 60


class MeetingSerializer(serializers.Serializer):
    """What a body may say of a session and of a series."""

    name = serializers.CharField(required=False, allow_blank=True, max_length=100)
    kind = serializers.ChoiceField(required=False, choices=SessionKind.choices)
    minutes = serializers.IntegerField(required=False, min_value=LEAST_MINUTES, max_value=MOST_MINUTES)
    time_zone = serializers.CharField(
        required=False,
        max_length=64,
        validators=[validate_time_zone],
        help_text=_("Such as Europe/Berlin; the club's where it is left out."),
    )
    place = serializers.CharField(required=False, allow_blank=True, max_length=200)
    video_link = serializers.URLField(required=False, allow_blank=True, max_length=1_000)
    capacity = serializers.IntegerField(
        required=False,
        allow_null=True,
        min_value=1,
        max_value=MOST_PLACES,
        help_text=_("Null: as many as come."),
    )


class ChangedSessionSerializer(MeetingSerializer):
    """What `PATCH` of a session takes; what is left out stays."""

    starts = serializers.CharField(
        required=False,
        max_length=40,
        help_text=_("2025-04-30T14:00 by the clocks of `time_zone`, or with an offset or Z."),
    )
    lock_at = serializers.CharField(
        required=False, max_length=40, help_text=_("When votes close, written in the same way.")
    )

    def validate(self, said: dict[str, Any]) -> dict[str, Any]:
        zone = said.get("time_zone") or self.context["time_zone"]
        for name in ("starts", "lock_at"):
            if name in said:
                said[name] = read_moment(name, said[name], zone)
        return said


class NewSessionSerializer(ChangedSessionSerializer):
    """What `POST sessions/` takes."""

    starts = serializers.CharField(
        max_length=40, help_text=_("2025-04-30T14:00 by the clocks of `time_zone`, or with an offset or Z.")
    )
    is_draft = serializers.BooleanField(
        required=False, default=False, help_text=_("Only organisers see it until it is opened.")
    )


def read_moment(name: str, text: str, time_zone: str) -> datetime:
    """Return a moment in UTC. Raises ValidationError."""
    try:
        moment = parse_datetime(text)
        if moment is not None:
            zone = ZoneInfo(time_zone)
            return recurrence.to_utc(moment, zone) if moment.tzinfo is None else moment.astimezone(zone)
    except (ValueError, OverflowError):  # the thirtieth of February; a year that is none elsewhere
        pass
    raise serializers.ValidationError(
        {name: [_("This is no moment. Write it as 2025-04-30T14:00, or with an offset or Z.")]}
    )


class KeepsPlace(serializers.ModelSerializer):
    """Visitors of a public club read when it meets; where is for its members."""

    place = serializers.CharField(read_only=True, allow_null=True, help_text=_("For members only."))
    video_link = serializers.CharField(read_only=True, allow_null=True, help_text=_("For members only."))

    def to_representation(self, row: Any) -> dict[str, Any]:
        shown = super().to_representation(row)
        return shown if self.context["is_member"] else shown | {"place": None, "video_link": None}


class SessionSerializer(KeepsPlace):
    club = serializers.SlugField(source="club.slug", read_only=True)
    series = serializers.IntegerField(source="series_id", read_only=True, allow_null=True)
    occurrence = serializers.CharField(
        read_only=True, help_text=_("Its place in the series: the start that the rule gave it, which stays.")
    )
    starts_local = serializers.SerializerMethodField(help_text=_("`starts` by the clocks of `time_zone`."))
    own = serializers.ListField(
        child=serializers.CharField(),
        read_only=True,
        help_text=_("What was changed for this one alone; its series leaves that as it is."),
    )
    version = serializers.IntegerField(read_only=True, help_text=_("The club's version at its last change."))

    class Meta:
        model = Session
        fields = [
            *(
                "id",
                "club",
                "series",
                "occurrence",
                "state",
                "name",
                "kind",
                "starts",
                "starts_local",
                "ends",
            ),
            *("minutes", "time_zone", "place", "video_link", "capacity", "lock_at", "locked_at"),
            *("cancelled_at", "cancelled_because", "own", "uid", "sequence", "created", "version"),
        ]
        read_only_fields = fields

    @extend_schema_field(serializers.CharField)
    def get_starts_local(self, session: Session) -> str:
        return f"{session.starts.astimezone(ZoneInfo(session.time_zone)):%Y-%m-%dT%H:%M}"


class CancelledSerializer(serializers.Serializer):
    because = serializers.CharField(
        required=False, allow_blank=True, max_length=300, default="", help_text=_("Why; everybody reads it.")
    )


class SeriesSerializer(KeepsPlace):
    club = serializers.SlugField(source="club.slug", read_only=True)
    rule = serializers.CharField(read_only=True, help_text=_("RFC 5545, 3.3.10."))
    rule_in_words = serializers.SerializerMethodField()
    starts_at = serializers.TimeField(read_only=True, format="%H:%M")
    ended_on = serializers.DateField(
        read_only=True, allow_null=True, help_text=_("No session begins on this day or later.")
    )
    continues = serializers.IntegerField(
        source="continues_id",
        read_only=True,
        allow_null=True,
        help_text=_("The first of the series that were changed to become this one."),
    )
    version = serializers.IntegerField(read_only=True, help_text=_("The club's version at its last change."))

    class Meta:
        model = Series
        fields = [
            *("id", "club", "name", "kind", "rule", "rule_in_words", "starts_on", "starts_at", "minutes"),
            *("time_zone", "place", "video_link", "capacity", "lock_hours", "ended_on", "continues"),
            *("created", "version"),
        ]
        read_only_fields = fields

    @extend_schema_field(serializers.CharField)
    def get_rule_in_words(self, series: Series) -> str:
        return recurrence.describe(recurrence.parse(series.rule), series.starts_on, series.starts_at)


class ChangedSeriesSerializer(MeetingSerializer):
    """What `PATCH` of a series takes; what is left out stays."""

    rule = serializers.CharField(
        required=False,
        max_length=recurrence.LONGEST,
        help_text=_("As calendars write it, by day, week, month or year: FREQ=MONTHLY;BYDAY=1MO"),
    )
    starts_on = serializers.DateField(required=False)
    starts_at = serializers.TimeField(required=False, help_text=_("By the clocks of `time_zone`: 14:00"))
    lock_hours = serializers.IntegerField(
        required=False,
        min_value=0,
        max_value=MOST_LOCK_HOURS,
        help_text=_("Votes close so many hours before each session; 48 where it is left out."),
    )
    since = serializers.DateField(
        required=False, help_text=_("“This and following”: sessions from this day on; else all to come.")
    )


class NewSeriesSerializer(MeetingSerializer):
    """What `POST series/` takes."""

    rule = serializers.CharField(
        max_length=recurrence.LONGEST,
        help_text=_("As calendars write it, by day, week, month or year: FREQ=MONTHLY;BYDAY=1MO"),
    )
    starts_on = serializers.DateField(
        help_text=_("From which weeks are counted. It may be past; sessions are made from now on.")
    )
    starts_at = serializers.TimeField(help_text=_("By the clocks of `time_zone`: 14:00"))
    lock_hours = serializers.IntegerField(
        required=False,
        min_value=0,
        max_value=MOST_LOCK_HOURS,
        help_text=_("Votes close so many hours before each session; 48 where it is left out."),
    )


class EndedSeriesSerializer(serializers.Serializer):
    on = serializers.DateField(help_text=_("The first day without it."))


class PauseSerializer(serializers.ModelSerializer):
    series = serializers.IntegerField(
        source="series_id",
        read_only=True,
        allow_null=True,
        help_text=_("Which series pauses; null: all of the club's."),
    )
    version = serializers.IntegerField(read_only=True, help_text=_("The club's version at its last change."))

    class Meta:
        model = Pause
        fields = ["id", "series", "first_day", "last_day", "reason", "version"]
        read_only_fields = fields


class NewPauseSerializer(serializers.Serializer):
    first_day = serializers.DateField()
    last_day = serializers.DateField(required=False, help_text=_("The same day where it is left out."))
    reason = serializers.CharField(required=False, allow_blank=True, max_length=100)
    series = serializers.IntegerField(
        required=False,
        allow_null=True,
        min_value=1,
        max_value=LARGEST,
        help_text=_("The id of the one that pauses; all of the club's where it is left out."),
    )


class HolidaySerializer(serializers.Serializer):
    day = serializers.DateField()
    name = serializers.CharField()


class GuestSerializer(serializers.ModelSerializer):
    class Meta:
        model = Guest
        fields = ["id", "name"]
        read_only_fields = fields


class AttendanceSerializer(serializers.ModelSerializer):
    session = serializers.IntegerField(source="session_id", read_only=True)
    member = PersonSerializer(read_only=True, allow_null=True)
    guest = GuestSerializer(read_only=True, allow_null=True)
    came = serializers.BooleanField(
        read_only=True, allow_null=True, help_text=_("Whether they came; null: nobody said.")
    )
    version = serializers.IntegerField(read_only=True, help_text=_("The club's version at its last change."))

    class Meta:
        model = Attendance
        fields = ["id", "session", "member", "guest", "answer", "answered_at", "came", "version"]
        read_only_fields = fields


class AnswerSerializer(serializers.Serializer):
    answer = serializers.ChoiceField(choices=Attendance.Answer.choices)


class NewGuestSerializer(serializers.Serializer):
    name = serializers.CharField(max_length=100)

"""Forms about sessions and series. Times are typed by the wall clock of the zone beside them."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any, cast
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext_lazy as _

from accounts.models import Club, list_time_zones

from .models import Pause, Series, Session, SessionKind
from .models.sessions import LEAST_MINUTES, MOST_MINUTES
from .scheduling import recurrence, sessions
from .scheduling.holidays import Country

LOCAL_FORMATS = ["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"]
LEAST_ROWS = 2

DAY = {"type": "date"}
TIME = {"type": "time"}


class MeetingForm(forms.Form):
    """What a session and a series have in common."""

    name = forms.CharField(label=_("Name"), required=False, max_length=100)
    kind = forms.ChoiceField(label=_("Kind"), choices=SessionKind.choices)
    minutes = forms.IntegerField(
        label=_("Minutes"), min_value=LEAST_MINUTES, max_value=MOST_MINUTES, initial=60
    )
    place = forms.CharField(label=_("Place"), required=False, max_length=200)
    video_link = forms.URLField(
        label=_("Video link"), required=False, max_length=1_000, assume_scheme="https"
    )
    capacity = forms.IntegerField(
        label=_("Places"),
        required=False,
        min_value=1,
        max_value=10_000,
        help_text=_("Who says first that they come has one. Empty: as many as come."),
    )
    time_zone = forms.ChoiceField(label=_("Time zone"))

    def __init__(self, *args: Any, club: Club, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        zones = cast(forms.ChoiceField, self.fields["time_zone"])
        zones.choices = [(zone, zone.replace("_", " ")) for zone in list_time_zones()]
        zones.initial = club.time_zone

    @property
    def shared(self) -> dict[str, Any]:
        """The facts that both have, of a valid form."""
        names = ("name", "kind", "minutes", "place", "video_link", "capacity", "time_zone")
        return {name: self.cleaned_data[name] for name in names}


class SessionForm(MeetingForm):
    """One session: when, where, and what for."""

    day = forms.DateField(label=_("Day"), widget=forms.DateInput(attrs=DAY, format="%Y-%m-%d"))
    time = forms.TimeField(label=_("Starts at"), widget=forms.TimeInput(attrs=TIME, format="%H:%M"))
    lock_at = forms.DateTimeField(
        label=_("Votes close"),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format=LOCAL_FORMATS[0]),
        input_formats=LOCAL_FORMATS,
        help_text=_("Empty: two days before, and moving along with the session."),
    )
    is_draft = forms.BooleanField(
        label=_("Keep it a draft"), required=False, help_text=_("Only organisers see it until it is opened.")
    )

    field_order = (
        "name",
        "kind",
        "day",
        "time",
        "minutes",
        "place",
        "video_link",
        "capacity",
        "lock_at",
        "time_zone",
    )

    def __init__(self, *args: Any, club: Club, session: Session | None = None, **kwargs: Any) -> None:
        super().__init__(*args, club=club, **kwargs)
        self.session = session
        if session is not None:
            del self.fields["is_draft"]
            if session.is_closed:
                del self.fields["lock_at"]

    @staticmethod
    def describe(session: Session) -> dict[str, Any]:
        """Return a session as the form shows it."""
        zone = ZoneInfo(session.time_zone)
        local = session.starts.astimezone(zone)
        names = ("name", "kind", "minutes", "place", "video_link", "capacity", "time_zone")
        return {
            **{name: getattr(session, name) for name in names},
            "day": local.date(),
            "time": local.time(),
            "lock_at": session.lock_at.astimezone(zone).replace(tzinfo=None)
            if "lock_at" in session.own
            else None,
        }

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        zone = said.get("time_zone")
        if zone and said.get("day") and said.get("time"):
            local = datetime.combine(said["day"], said["time"].replace(second=0, microsecond=0))
            try:
                said["starts"] = recurrence.to_utc(local, ZoneInfo(zone))
            except OverflowError:
                self.add_error("day", _("A session lies between the years 1970 and 2199."))
        if zone and said.get("lock_at"):
            try:
                said["lock_at"] = recurrence.to_utc(said["lock_at"].replace(tzinfo=None), ZoneInfo(zone))
            except OverflowError:
                self.add_error("lock_at", _("Votes close between the years 1970 and 2199."))
        return said

    @property
    def facts(self) -> dict[str, Any]:
        """What a valid form says, as `schedule_session` and `change_session` take it."""
        facts = {**self.shared, "starts": self.cleaned_data["starts"]}
        if self.session is None:
            return {
                **facts,
                "lock_at": self.cleaned_data["lock_at"],
                "is_draft": self.cleaned_data["is_draft"],
            }
        if "lock_at" in self.changed_data and self.cleaned_data["lock_at"]:
            facts["lock_at"] = self.cleaned_data["lock_at"]
        return facts


WEEKLY, MONTHLY, BY_HAND = "weekly", "monthly", "rule"
PLACES = [
    (1, _("first")),
    (2, _("second")),
    (3, _("third")),
    (4, _("fourth")),
    (5, _("fifth")),
    (-1, _("last")),
]


class SeriesForm(MeetingForm):
    """When a series meets: a few plain choices that make a rule, or a rule written by hand."""

    repeats = forms.ChoiceField(
        label=_("Repeats"),
        choices=[(WEEKLY, _("by weeks")), (MONTHLY, _("by months")), (BY_HAND, _("by a rule of your own"))],
        initial=WEEKLY,
        widget=forms.RadioSelect,
    )
    every = forms.IntegerField(
        label=_("Every so many weeks or months"),
        required=False,
        min_value=1,
        max_value=recurrence.MOST_INTERVAL,
        initial=1,
        help_text=_("1: every week or month; 2: every second one."),
    )
    weekdays = forms.TypedMultipleChoiceField(
        label=_("On"),
        choices=list(WEEKDAYS.items()),
        coerce=int,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None chosen means the weekday of the first day."),
    )
    n = forms.TypedChoiceField(label=_("On the"), choices=PLACES, coerce=int, required=False)
    weekday = forms.TypedChoiceField(
        label=_("Weekday"), choices=list(WEEKDAYS.items()), coerce=int, required=False
    )
    rule = forms.CharField(
        label=_("Rule of your own"),
        required=False,
        max_length=recurrence.LONGEST,
        help_text=_("As calendars write it (RFC 5545): FREQ=MONTHLY;BYMONTHDAY=1,15"),
    )
    starts_on = forms.DateField(
        label=_("First day"),
        widget=forms.DateInput(attrs=DAY, format="%Y-%m-%d"),
        help_text=_("It may be past, to count weeks from; sessions are made from now on."),
    )
    starts_at = forms.TimeField(label=_("Starts at"), widget=forms.TimeInput(attrs=TIME, format="%H:%M"))
    until = forms.DateField(
        label=_("Last day"),
        required=False,
        widget=forms.DateInput(attrs=DAY, format="%Y-%m-%d"),
        help_text=_("Empty: it goes on."),
    )
    lock_hours = forms.IntegerField(
        label=_("Votes close"),
        min_value=0,
        max_value=24 * 60,
        initial=sessions.LOCK_HOURS,
        help_text=_("So many hours before each session."),
    )

    field_order = (
        *("name", "kind", "repeats", "every", "weekdays", "n", "weekday", "rule", "starts_on", "starts_at"),
        *("minutes", "until", "place", "video_link", "capacity", "lock_hours", "time_zone"),
    )

    def __init__(self, *args: Any, club: Club, series: Series | None = None, **kwargs: Any) -> None:
        super().__init__(*args, club=club, **kwargs)
        self.series = series
        if series is not None:
            first = self.fields["starts_on"]
            first.label, first.help_text = (
                _("From"),
                _("Sessions from this day on change; earlier ones stay."),
            )

    @staticmethod
    def describe(series: Series, since: date) -> dict[str, Any]:
        """Return a series as the form shows it, to be changed from a day on."""
        names = (
            "name",
            "kind",
            "minutes",
            "place",
            "video_link",
            "capacity",
            "time_zone",
            "lock_hours",
            "starts_at",
        )
        shown: dict[str, Any] = {name: getattr(series, name) for name in names}
        rule = recurrence.parse(series.rule)
        simple = recurrence.simplify(rule, series.starts_on)
        shown |= {"starts_on": since, "until": _end_of(series, rule), "weekday": series.starts_on.weekday()}
        if simple is None or rule.count:
            return {**shown, "repeats": BY_HAND, "rule": series.rule, "until": None}
        if simple.n is None:
            return {**shown, "repeats": WEEKLY, "every": simple.every, "weekdays": list(simple.weekdays)}
        return {
            **shown,
            "repeats": MONTHLY,
            "every": simple.every,
            "n": simple.n,
            "weekday": simple.weekdays[0],
        }

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        try:
            said["made"] = made = self._make_rule(said)
            if {"starts_on", "starts_at", "time_zone"} <= said.keys():
                zone = ZoneInfo(said["time_zone"])
                recurrence.check_first(made, said["starts_on"], said["starts_at"], zone)
        except recurrence.BadRule as refusal:
            is_by_hand = said.get("repeats") == BY_HAND
            self.add_error("rule" if is_by_hand else "until", str(refusal))
        return said

    def _make_rule(self, said: dict[str, Any]) -> recurrence.Rule:
        every, until = said.get("every") or 1, said.get("until")
        if said.get("repeats") == BY_HAND:
            if not said.get("rule"):
                raise recurrence.BadRule(str(_("Write the rule, or choose weeks or months.")))
            rule = recurrence.parse(said["rule"])
            return recurrence.end_with(rule, until=until, count=rule.count) if until else rule
        if said.get("repeats") == MONTHLY:
            rule = recurrence.build_monthly(said.get("n") or 1, said.get("weekday") or 0, every=every)
        else:
            starts_on = said.get("starts_on")
            days = said.get("weekdays") or ([starts_on.weekday()] if starts_on else [])
            rule = recurrence.build_weekly(days, every=every)
        return recurrence.end_with(rule, until=until)

    @property
    def facts(self) -> dict[str, Any]:
        """What a valid form says, as `create_series` takes it."""
        said = self.cleaned_data
        at = said["starts_at"].replace(second=0, microsecond=0)
        names = ("starts_on", "lock_hours")
        return {
            **self.shared,
            **{name: said[name] for name in names},
            "starts_at": at,
            "rule": str(said["made"]),
        }

    @property
    def changes(self) -> dict[str, Any]:
        """The same as `change_series` takes it: `starts_on` is the day from which it holds."""
        facts = self.facts
        since = facts.pop("starts_on")
        assert self.series is not None
        if _says_the_same(self.series, facts["rule"]):
            del facts["rule"]
        return {**facts, "since": since}


def _end_of(series: Series, rule: recurrence.Rule) -> date | None:
    return recurrence.last_day(rule, series.starts_at, ZoneInfo(series.time_zone))


def _says_the_same(series: Series, text: str) -> bool:
    """Return whether a rule gives the days that the series' own gives, however it is written."""
    rules = [recurrence.parse(each) for each in (series.rule, text)]
    plain = [recurrence.simplify(rule, series.starts_on) for rule in rules]
    ends = [(_end_of(series, rule), rule.count) for rule in rules]
    return rules[0] == rules[1] or (plain[0] is not None and plain[0] == plain[1] and ends[0] == ends[1])


class PollForm(MeetingForm):
    """A session that waits for its time, and the times to choose from."""

    ROWS = 6

    field_order = ("name", "kind", "minutes", "place", "video_link", "capacity", "time_zone")

    def __init__(self, *args: Any, club: Club, rows: int = ROWS, **kwargs: Any) -> None:
        super().__init__(*args, club=club, **kwargs)
        for number in range(max(rows, LEAST_ROWS)):
            self.fields[f"option-{number}"] = forms.DateTimeField(
                label=_("Time %(number)d") % {"number": number + 1},
                required=number < LEAST_ROWS,
                widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format=LOCAL_FORMATS[0]),
                input_formats=LOCAL_FORMATS,
            )

    @property
    def times(self) -> list[forms.BoundField]:
        return [field for field in self if field.name.startswith("option-")]

    @property
    def others(self) -> list[forms.BoundField]:
        return [field for field in self if not field.name.startswith("option-")]

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        said["options"] = []
        for name in [name for name in self.fields if name.startswith("option-")]:
            if said.get(name) and said.get("time_zone"):
                local = said[name].replace(tzinfo=None)
                try:
                    said["options"].append(recurrence.to_utc(local, ZoneInfo(said["time_zone"])))
                except OverflowError:
                    self.add_error(name, _("A session lies between the years 1970 and 2199."))
        return said

    @property
    def facts(self) -> dict[str, Any]:
        """What a valid form says, as `open_poll` takes it."""
        return {**self.shared, "options": self.cleaned_data["options"]}


class PauseForm(forms.Form):
    """Days on which a series, or all of the club's, do not meet."""

    first_day = forms.DateField(label=_("First day"), widget=forms.DateInput(attrs=DAY, format="%Y-%m-%d"))
    last_day = forms.DateField(
        label=_("Last day"),
        required=False,
        widget=forms.DateInput(attrs=DAY, format="%Y-%m-%d"),
        help_text=_("Empty: the same day."),
    )
    reason = forms.CharField(
        label=_("Why"), required=False, max_length=Pause._meta.get_field("reason").max_length or 100
    )
    series = forms.ModelChoiceField(
        Series.objects.none(), label=_("Who pauses"), required=False, empty_label=_("All series of the club")
    )

    def __init__(self, *args: Any, club: Club, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chosen = cast(forms.ModelChoiceField, self.fields["series"])
        chosen.queryset = club.series.all()
        if not chosen.queryset.exists():
            del self.fields["series"]

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        said["last_day"] = said.get("last_day") or said.get("first_day")
        return said


class HolidaysForm(forms.Form):
    """Whose public holidays to offer."""

    country = forms.ChoiceField(label=_("Country"))
    part = forms.ChoiceField(
        label=_("Part of it"), required=False, help_text=_("Where holidays differ from state to state.")
    )

    def __init__(self, *args: Any, countries: list[Country], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast(forms.ChoiceField, self.fields["country"]).choices = [
            ("", _("Choose a country")),
            *((country.code, country.name) for country in countries),
        ]
        chosen = next((each for each in countries if each.code == self["country"].value()), None)
        part = cast(forms.ChoiceField, self.fields["part"])
        if chosen is None or not chosen.parts:
            del self.fields["part"]
        else:
            part.choices = [("", _("all of it")), *((code, code) for code in chosen.parts)]


def add_refusal(form: forms.Form, refusal: Exception, *, fields: dict[str, str] | None = None) -> None:
    """Put what a verb refused beside the field it speaks of; `fields` are what the form calls some of them."""
    names = fields or {}
    if isinstance(refusal, ValidationError):
        for field, problems in refusal.message_dict.items():
            field = names.get(field, field)
            for problem in problems:
                form.add_error(field if field in form.fields else None, problem)
        return
    field = names.get(getattr(refusal, "field", ""), getattr(refusal, "field", ""))
    form.add_error(field if field in form.fields else None, str(refusal))


def default_start(now: datetime, zone: str) -> dict[str, Any]:
    """Return a day and an hour to begin with: in a week, at 14:00."""
    day = now.astimezone(ZoneInfo(zone)).date() + timedelta(days=7)
    return {"day": day, "starts_on": day, "time": "14:00", "starts_at": "14:00", "weekdays": [], "weekday": 0}

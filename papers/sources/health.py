"""How a source is, in words: for its page, the list of all, and the API."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from papers.models import Source
from papers.sources import schedule


class State(StrEnum):
    GOOD = "good"
    NEW = "new"
    FAILING = "failing"
    STALLED = "stalled"
    PAUSED = "paused"
    BY_HAND = "by_hand"


@dataclass(frozen=True, slots=True)
class Health:
    state: State
    text: str
    """What is so, and what happens next: one or two sentences."""

    @property
    def is_wrong(self) -> bool:
        return self.state in {State.FAILING, State.STALLED}


def has_stalled(source: Source, now: datetime) -> bool:
    return schedule.has_stalled(
        now,
        due_at=source.due_at,
        failures=source.failures,
        expected_since=source.expected_since,
        last_good=source.last_good,
        every_hours=source.every_hours,
        daily_at=source.daily_at,
        time_zone=source.time_zone,
    )


def describe(source: Source, now: datetime) -> Health:
    if source.is_paused:
        return Health(State.PAUSED, _("Paused: it asks nobody until somebody resumes it."))
    if source.due_at is None and not source.failures:
        return Health(State.BY_HAND, _("It runs by hand only."))
    if source.failures:
        failed = ngettext("It failed once.", "It failed %(n)d times in a row.", source.failures) % {
            "n": source.failures
        }
        again = (
            _("It tries again %(when)s.") % {"when": say_when(source.due_at, now)} if source.due_at else ""
        )
        state = State.STALLED if has_stalled(source, now) else State.FAILING
        return Health(state, f"{failed} {again}".strip())
    if has_stalled(source, now):
        return Health(
            State.STALLED, _("No run came when one should have. Are the worker and its clock (beat) running?")
        )
    if source.last_good is None:
        return Health(State.NEW, _("Its first run is still to come."))
    return Health(State.GOOD, _("It runs well."))


def say_when(moment: datetime, now: datetime) -> str:
    """Say when something comes: in minutes or hours today, else on which day."""
    minutes = round((moment - now).total_seconds() / 60)
    if minutes < 1:
        return _("within a minute")
    if minutes < 90:
        return ngettext("in a minute", "in %(n)d minutes", minutes) % {"n": minutes}
    hours = round(minutes / 60)
    if hours < 24:
        return ngettext("in an hour", "in %(n)d hours", hours) % {"n": hours}
    return _("on %(day)s") % {"day": date_format(moment, "j F, H:i")}


def say_schedule(source: Source) -> str:
    """Say how often a source runs, as people say it."""
    if source.every_hours is not None:
        return ngettext("every hour", "every %(n)d hours", source.every_hours) % {"n": source.every_hours}
    if source.daily_at is not None:
        at = {"time": source.daily_at.strftime("%H:%M"), "zone": source.time_zone.replace("_", " ")}
        return _("daily at %(time)s (%(zone)s)") % at
    return _("by hand only")

"""When sessions are, for templates; the words are those of papers.scheduling.times."""

from datetime import datetime

from django import template
from django.utils import timezone

from papers.models import Series, Session
from papers.scheduling import recurrence, times

register = template.Library()


@register.filter
def session_when(session: Session) -> str:
    return times.write_when(session, timezone.now())


@register.filter
def session_hours(session: Session) -> str:
    return times.write_hours(session)


@register.filter
def session_distance(session: Session) -> str:
    return times.say_distance(session, timezone.now())


@register.filter
def session_state(session: Session) -> str:
    return times.say_state(session, timezone.now())


@register.filter
def session_shift(session: Session) -> str:
    return times.say_shift(session)


@register.filter
def series_rule(series: Series) -> str:
    """Return the rule of a series in words."""
    return recurrence.describe(recurrence.parse(series.rule), series.starts_on, series.starts_at)


@register.filter
def moment_in(moment: datetime, time_zone: str) -> str:
    """Return a moment as people say it in a zone."""
    return times.write_moment(moment, time_zone, timezone.now())

"""Series: rules by which a club meets, the pauses between, and the sessions that are made from both.

A session of a series is a row with the start that the rule gave it as its key, made 26 weeks ahead. Whatever changes
(the day that dawns, a pause, the rule, the end), `_align` brings the sessions to come in line: makes what is missing,
cancels what falls away, brings back what was cancelled for a reason that is gone. What somebody changed for one session
alone (`Session.own`) stays as it is.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Club, User
from papers.models import Pause, Series, Session
from papers.verbs import verb
from papers.versions import Stamps

from . import _states, sessions
from .recurrence import (
    YEARS_TO_FIRST,
    BadRule,
    Occurrence,
    Rule,
    check_first,
    find_days,
    find_occurrences,
    last_day,
    pair_days,
    parse,
)
from .refusals import Refused

AHEAD = timedelta(weeks=26)
"""How far ahead sessions are rows."""

LONGEST_PAUSE = timedelta(days=366)
MOST_PAUSES = 500

# What a series says of its sessions, and what of that decides when they are.
SHARED = ("name", "kind", "minutes", "time_zone", "place", "video_link", "capacity")
TIMES = {"rule", "starts_on", "starts_at", "time_zone"}
FIELDS = {*SHARED, *TIMES, "lock_hours"}


class BadSeries(Refused):
    """A series that would never meet, or by a rule that cannot be read."""


class HasEnded(Refused):
    """A series that has ended is not changed."""


class BadPause(Refused):
    """Days on which there is nothing to pause, or too many."""


@verb
def create_series(club: Club, *, by: User, now: datetime | None = None, **facts: Any) -> Series:
    """Return a new series of a club, with its sessions of the next 26 weeks; those before now are not made.

    `facts` are of FIELDS; without a zone it is the club's. Raises BadSeries, and ValidationError for what a field
    cannot hold.
    """
    now = now or timezone.now()
    facts.setdefault("time_zone", club.time_zone)
    series = Series(club=club, created=now, **facts)
    _check(series, now)
    series.save()
    stamps = Stamps()
    stamps.add(club, [series])
    _align(series, now, stamps, by=by)
    stamps.write()
    return series


@verb
def change_series(
    series: Series, *, by: User, now: datetime | None = None, since: date | None = None, **changes: Any
) -> Series:
    """Change all sessions to come, or “this and following”: those that the rule gives from the day `since` on.

    Returns the series they are of from then on: a new one, where earlier sessions were by another rule, which then has
    ended. A session that follows keeps its agenda, its people and its name in calendars, and takes the time that the
    new rule has in the same week, else in the same month; one for which it has none is cancelled. `changes` are of
    FIELDS. Raises HasEnded, BadSeries, and ValidationError.
    """
    if unknown := set(changes) - FIELDS:
        raise TypeError(f"A series has no {sorted(unknown)} to change.")
    series = _lock(series)
    now = now or timezone.now()
    if "rule" in changes:
        changes["rule"] = str(_parse(changes["rule"]))
    changes = {name: value for name, value in changes.items() if getattr(series, name) != value}
    if not changes:
        return series
    today = _today(series, now)
    if series.ended_on is not None and series.ended_on <= today:
        raise HasEnded(_("This series has ended. Begin a new one, or take its end back."))
    first = max(since or today, today)
    following = _find_following(series, first, now)
    is_later = first > today and any(
        each.occurrence < f"{first}" for each in _find_following(series, today, now)
    )
    has_earlier = series.sessions.exclude(pk__in=[each.pk for each in following]).exists()
    stamps = Stamps()
    becomes = series
    if (set(changes) & TIMES and has_earlier) or is_later:
        becomes = _split(series, first, changes)
        stamps.add(series.club, [series])
    else:
        for name, value in changes.items():
            setattr(series, name, value)
    _check(becomes, now)
    becomes.save()
    stamps.add(series.club, [becomes])
    if set(changes) & TIMES or becomes is not series:
        _take_over(becomes, following, first, now, stamps)
    because = _("The series meets at other times now.")
    if becomes is not series:
        stamps.add(series.club, _copy_pauses(series, becomes, first))
        _align(series, now, stamps, by=by, because=because)
    _align(becomes, now, stamps, by=by, because=because)
    stamps.write()
    return becomes


@verb
def end_series(series: Series, *, on: date | None, by: User, now: datetime | None = None) -> Series:
    """End a series: what the rule gives on that day or later is cancelled. Without a day its end is taken back.

    Raises HasEnded where another series follows this one.
    """
    series = _lock(series)
    if series.ended_on == on:
        return series
    if Series.objects.filter(continues=series.continues_id or series.pk, pk__gt=series.pk).exists():
        raise HasEnded(_("Another series follows this one. End that one."))
    series.ended_on = on
    series.save(update_fields=["ended_on"])
    stamps = Stamps()
    stamps.add(series.club, [series])
    _align(series, now or timezone.now(), stamps, by=by, because=_("The series has ended."))
    stamps.write()
    return series


@verb
def add_pause(
    club: Club,
    *,
    first_day: date,
    last_day: date,
    reason: str = "",
    series: Series | None = None,
    by: User,
    now: datetime | None = None,
) -> Pause:
    """Let a series, or all of the club's, not meet on some days: sessions to come on them are cancelled.

    Single sessions are left alone. The same days once more change nothing. Raises BadPause.
    """
    if last_day < first_day:
        raise BadPause(_("The last day lies before the first."), field="last_day")
    if last_day - first_day > LONGEST_PAUSE:
        raise BadPause(_("A pause lasts a year at most. End the series instead."), field="last_day")
    affected = _lock_all(club, series)
    pauses = Pause.objects.filter(club=club)
    same = pauses.filter(series=series, first_day=first_day, last_day=last_day).first()
    if same is not None:
        return same
    if pauses.count() >= MOST_PAUSES:
        raise BadPause(
            _("A club has at most %(most)d pauses. Remove old ones first.") % {"most": MOST_PAUSES}
        )
    pause = Pause(club=club, series=series, first_day=first_day, last_day=last_day, reason=reason)
    pause.full_clean(exclude=["club", "series"])
    pause.save()
    stamps = Stamps()
    stamps.add(club, [pause])
    _align_all(affected, now or timezone.now(), stamps, by=by)
    stamps.write()
    return pause


@verb
def remove_pause(pause: Pause, *, by: User, now: datetime | None = None) -> None:
    """Take a pause back: sessions to come that it cancelled are on again."""
    affected = _lock_all(pause.club, pause.series)
    gone = (Pause, pause.pk)
    if not Pause.objects.filter(pk=pause.pk).delete()[0]:
        return
    stamps = Stamps()
    stamps.add(pause.club, [], [gone])
    _align_all(affected, now or timezone.now(), stamps, by=by)
    stamps.write()


def find_due(now: datetime) -> list[int]:
    """Return the ids of series some of whose sessions have come within 26 weeks and may not be made yet."""
    # A day more is made than is asked for here, so that no zone is behind and each series is due once a day.
    due = Series.objects.filter(models.Q(made_until=None) | models.Q(made_until__lt=(now + AHEAD).date()))
    due = due.exclude(ended_on__lte=models.F("made_until"))
    return list(due.order_by("pk").values_list("pk", flat=True))


@verb
def make_sessions(pk: int, *, now: datetime) -> int:
    """Make the sessions of a series that have come near; return how many rows changed. Once more makes none.

    Nothing is done where it is gone, or another process does it just now.
    """
    rows = Series.objects.select_for_update(of=("self",), skip_locked=True).select_related("club")
    series = rows.filter(pk=pk).first()
    if series is None:
        return 0
    stamps = Stamps()
    changed = _align(series, now, stamps, by=None)
    stamps.write()
    return changed


def make_due_sessions(now: datetime) -> int:
    """Make the sessions of all series that have come near; return how many rows changed."""
    return sum(make_sessions(pk, now=now) for pk in find_due(now))


def find_series_occurrences(series: Series, first: date, last: date) -> list[Occurrence]:
    """Return when a series meets by its rule and before its end, whatever is paused."""
    if series.ended_on is not None:
        last = min(last, series.ended_on - timedelta(days=1))
    rule, zone = parse(series.rule), ZoneInfo(series.time_zone)
    return find_occurrences(rule, series.starts_on, series.starts_at, zone, first=first, last=last)


def find_pause(pauses: Iterable[Pause], day: date) -> Pause | None:
    """Return the pause within which a day lies, if there is one."""
    return next((pause for pause in pauses if pause.first_day <= day <= pause.last_day), None)


# Bringing sessions in line


def _align(series: Series, now: datetime, stamps: Stamps, *, by: User | None, because: str = "") -> int:
    """Bring the sessions to come in line with rule, end and pauses; return how many changed.

    The series is locked. `because` is said of sessions that the rule no longer gives.
    """
    today = _today(series, now)
    last = max(today + AHEAD + timedelta(days=1), series.made_until or today)
    occurrences = {each.key: each for each in find_series_occurrences(series, today, last)}
    pauses = list(
        Pause.objects.filter(
            models.Q(series=series) | models.Q(series=None), club=series.club, last_day__gte=today
        )
    )
    rows = series.sessions.select_for_update(of=("self",)).select_related("club")
    there = {
        session.occurrence: session for session in rows.filter(occurrence__gte=f"{today}").order_by("pk")
    }
    changed = 0
    for key, session in there.items():
        if session.starts <= now or session.state == Session.State.HELD or "state" in session.own:
            continue
        pause = find_pause(pauses, _day_of(session))
        is_on = key in occurrences and pause is None
        if is_on and session.state == Session.State.CANCELLED:
            _copy_facts(series, session)
            _states.bring_back(session, by=by, now=now, stamps=stamps)
        elif not is_on and session.state in {Session.State.OPEN, Session.State.LOCKED}:
            why = pause.reason if pause else because
            _states.cancel(session, because=why, by=by, now=now, stamps=stamps)
        elif is_on and (names := _copy_facts(series, session)):
            _states.save(session, now, stamps, is_news=bool(names & sessions.NEWS))
        else:
            continue
        changed += 1
    new = [
        _make(series, occurrence, now)
        for key, occurrence in occurrences.items()
        if key not in there and occurrence.starts > now and find_pause(pauses, occurrence.day) is None
    ]
    Session.objects.bulk_create(new)
    if new:
        stamps.add(series.club, new)
    series.made_until = last
    series.save(update_fields=["made_until"])
    return changed + len(new)


def _align_all(affected: Iterable[Series], now: datetime, stamps: Stamps, *, by: User) -> None:
    for series in affected:
        _align(series, now, stamps, by=by)


def _make(series: Series, occurrence: Occurrence, now: datetime) -> Session:
    session = Session(club=series.club, series=series, occurrence=occurrence.key, created=now, changed=now)
    for name in SHARED:
        setattr(session, name, getattr(series, name))
    session.set_time(occurrence.starts, series.minutes)
    session.lock_at = occurrence.starts - timedelta(hours=series.lock_hours)
    _states.publish(session, now)
    return session


def _copy_facts(series: Series, session: Session) -> set[str]:
    """Give a session what its series says, but for what is its own; return the names of what that changed."""
    names = {
        name for name in SHARED if name not in session.own and getattr(session, name) != getattr(series, name)
    }
    for name in names:
        setattr(session, name, getattr(series, name))
    session.set_time(session.starts, session.minutes)
    lock_at = session.starts - timedelta(hours=series.lock_hours)
    if session.lock_at != lock_at and "lock_at" not in session.own and not session.is_closed:
        session.lock_at = lock_at
        names.add("lock_at")
    return names


def _day_of(session: Session) -> date:
    """Return the day of its place in the series; of one that was moved by hand, the day it was moved to."""
    if "starts" in session.own:
        return session.starts.astimezone(ZoneInfo(session.time_zone)).date()
    return date.fromisoformat(session.occurrence[:10])


# This and following


def _find_following(series: Series, first: date, now: datetime) -> list[Session]:
    """Return the sessions to come that the rule gave from a day on, locked, in order."""
    rows = series.sessions.select_for_update(of=("self",)).filter(occurrence__gte=f"{first}", starts__gt=now)
    return list(rows.exclude(state=Session.State.HELD).order_by("occurrence"))


def _split(series: Series, first: date, changes: dict[str, Any]) -> Series:
    """End a series before a day, and return the one that follows it, not saved yet. Raises BadSeries."""
    following = Series(club=series.club, continues=series.continues or series, ended_on=series.ended_on)
    for name in FIELDS:
        setattr(following, name, getattr(series, name))
    given = [
        each.day for each in find_series_occurrences(series, series.starts_on, first - timedelta(days=1))
    ]
    rule = parse(series.rule)
    if "rule" in changes:
        following.starts_on = first
        if parse(changes["rule"]).weekdays:
            # Of the week in which it begins all days are its own, but for those after which the old rule met.
            monday = first - timedelta(days=first.weekday())
            following.starts_on = max(monday, given[-1] + timedelta(days=1)) if given else monday
    else:
        # By the same rule it goes on where the old one stops: in the same weeks of two, so many times fewer.
        left = find_series_occurrences(series, first, first + timedelta(days=366 * YEARS_TO_FIRST))
        if not left:
            raise BadSeries(_("Nothing of this series is left to change."))
        following.starts_on = left[0].day
        if rule.count is not None:
            following.rule = str(replace(rule, count=rule.count - len(given)))
    for name, value in changes.items():
        setattr(following, name, value)
    if "starts_on" in changes and following.starts_on < first:
        raise BadSeries(_("The new rule begins on the day from which it holds, or later."), field="starts_on")
    series.ended_on = first
    series.save(update_fields=["ended_on"])
    return following


def _take_over(series: Series, following: list[Session], first: date, now: datetime, stamps: Stamps) -> None:
    """Give sessions of another rule their places in this one.

    One that finds none stays where it was, to be cancelled as what the rule does not give; but one that somebody moved
    by hand is meant to be, and goes on alone.
    """
    last = _today(series, now) + AHEAD + timedelta(days=1)
    new = {
        each.day: each
        for each in find_series_occurrences(series, min(first, series.starts_on), last)
        if each.starts > now
    }
    old = {date.fromisoformat(session.occurrence[:10]): session for session in following}
    pairs = pair_days(list(old), list(new))
    # Out of the way first: a session may take the key that another one has until now.
    Session.objects.filter(pk__in=[session.pk for session in following]).update(series=None)
    for day, session in old.items():
        is_moved = False
        if day in pairs:
            occurrence = new[pairs[day]]
            session.series, session.occurrence = series, occurrence.key
            if "starts" not in session.own and session.starts != occurrence.starts:
                is_moved = True
                sessions.move(session, occurrence.starts, session.minutes)
        elif "starts" in session.own:
            session.series = None
        _states.save(session, now, stamps, is_news=is_moved)


def _copy_pauses(series: Series, following: Series, first: date) -> list[Pause]:
    """Give a series that follows another the pauses that are still to come."""
    copies = [
        Pause(
            club=series.club,
            series=following,
            first_day=pause.first_day,
            last_day=pause.last_day,
            reason=pause.reason,
        )
        for pause in series.pauses.filter(last_day__gte=first)
    ]
    return Pause.objects.bulk_create(copies)


# Checks and locks


def _check(series: Series, now: datetime) -> None:
    """Raises BadSeries for a rule that gives no day to come, and ValidationError for what a field cannot hold."""
    rule = _parse(series.rule)
    series.rule = str(rule)
    series.starts_at = series.starts_at.replace(second=0, microsecond=0, tzinfo=None)
    series.full_clean(exclude=["club", "continues"])
    zone = ZoneInfo(series.time_zone)
    try:
        check_first(rule, series.starts_on, series.starts_at, zone)
    except BadRule as refusal:
        raise BadSeries(str(refusal), field="rule") from None
    today = _today(series, now)
    far = max(today, series.starts_on) + timedelta(days=366 * YEARS_TO_FIRST)
    until = last_day(rule, series.starts_at, zone)
    if next(find_days(rule, series.starts_on, first=today, last=far, until=until), None) is None:
        raise BadSeries(
            _("All of its days are past. A single session may lie in the past, a series has some to come."),
            field="rule",
        )


def _parse(text: str) -> Rule:
    try:
        return parse(text)
    except BadRule as refusal:
        raise BadSeries(str(refusal), field="rule") from None


def _today(series: Series, now: datetime) -> date:
    return now.astimezone(ZoneInfo(series.time_zone)).date()


def _lock(series: Series) -> Series:
    return Series.objects.select_for_update(of=("self",)).select_related("club").get(pk=series.pk)


def _lock_all(club: Club, series: Series | None) -> list[Series]:
    """Return one series, or all of a club that go on, locked in one order."""
    rows = Series.objects.select_for_update(of=("self",)).select_related("club").filter(club=club)
    return list((rows if series is None else rows.filter(pk=series.pk)).order_by("pk"))

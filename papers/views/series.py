"""Series of sessions: made, shown with what is to come, changed, paused and ended by organisers."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import permissions
from accounts.models import Club
from papers.models import Pause, Series, Session
from papers.scheduling import holidays, recurrence
from papers.scheduling import series as verbs
from papers.scheduling.refusals import Refused
from papers.session_forms import HolidaysForm, PauseForm, SeriesForm, add_refusal, default_start
from readinglist.http import Request

from .sessions import require_organiser, with_answers
from .viewpoint import find_club, open_to_visitors

SHOWN = 27
LOOKED_AT = 6
FORM_NAMES = {"rule": "rule", "starts_on": "starts_on", "ended_on": "until"}


def find_series(request: Request, slug: str, pk: int) -> Series:
    """Return a series of a club that this person may look into. Raises Http404."""
    rows = Series.objects.visible_to(request.user).select_related("club", "continues")
    return get_object_or_404(rows, club=find_club(request, slug), pk=pk)


@require_GET
@open_to_visitors
def series_detail(request: Request, slug: str, pk: int) -> HttpResponse:
    """Show the rule in words, the sessions to come, and when the series pauses."""
    series, now = find_series(request, slug, pk), timezone.now()
    rows = with_answers(Session.objects.visible_to(request.user).filter(series=series), request.user)
    coming = rows.filter(ends__gt=now).exclude(state=Session.State.HELD).order_by("starts", "pk")
    may_run = permissions.can_run_sessions(request.user, series.club)
    chain = Series.objects.filter(Q(continues=series.continues_id or series.pk) | Q(pk=series.continues_id))
    context = {
        "club": series.club,
        "series": series,
        "coming": coming[:SHOWN],
        "held": Session.objects.visible_to(request.user).filter(series=series).past(now).count(),
        "before": chain.filter(pk__lt=series.pk).order_by("-pk").first(),
        "after": chain.filter(pk__gt=series.pk).order_by("pk").first(),
        "pauses": Pause.objects.filter(
            Q(series=series) | Q(series=None), club=series.club, last_day__gte=today(series, now)
        ),
        "has_ended": series.ended_on is not None and series.ended_on <= today(series, now),
        "may_run": may_run,
        "is_member": permissions.is_member(request.user, series.club),
    }
    return render(request, "papers/series_detail.html", context)


@require_http_methods(["GET", "POST"])
def series_new(request: Request, slug: str) -> HttpResponse:
    club = find_club(request, slug)
    require_organiser(request, club)
    now = timezone.now()
    form = SeriesForm(request.POST or None, club=club, initial=default_start(now, club.time_zone))
    context: dict[str, Any] = {"form": form, "club": club}
    if request.method == "POST" and form.is_valid():
        if "look" in request.POST:
            context["days"] = look_ahead(Series(club=club, **form.facts), now)
        else:
            try:
                series = verbs.create_series(club, by=request.user, now=now, **form.facts)
            except (Refused, ValidationError) as refusal:
                add_refusal(form, refusal, fields=_field_names(form))
            else:
                _tell_of_days(request, series, now)
                return redirect(series)
    return render(request, "papers/series_form.html", context)


@require_http_methods(["GET", "POST"])
def series_edit(request: Request, slug: str, pk: int) -> HttpResponse:
    """Change a series from a day on: its next session, or the one that `from` names."""
    series = find_series(request, slug, pk)
    require_organiser(request, series.club)
    now = timezone.now()
    since = parse_day(request.GET.get("from", "")) or _next_day(series, now)
    form = SeriesForm(
        request.POST or None, club=series.club, series=series, initial=SeriesForm.describe(series, since)
    )
    context: dict[str, Any] = {"form": form, "club": series.club, "series": series}
    if request.method == "POST" and form.is_valid():
        if "look" in request.POST:
            context["days"] = look_ahead(Series(club=series.club, **form.facts), now)
        else:
            fallen = set(_cancelled(series, now))
            try:
                changed = verbs.change_series(series, by=request.user, now=now, **form.changes)
            except (Refused, ValidationError) as refusal:
                add_refusal(form, refusal, fields=_field_names(form))
            else:
                messages.success(
                    request, _("Saved. Sessions that were changed by hand keep what was changed.")
                )
                _tell_of_fallen(request, len(set(_cancelled(series, now)) - fallen))
                return redirect(changed)
    return render(request, "papers/series_form.html", context)


def _field_names(form: SeriesForm) -> dict[str, str]:
    """Return where a refusal of the rule is told: beside what made it."""
    return {"rule": "rule" if form.cleaned_data.get("repeats") == "rule" else "starts_on"}


def look_ahead(series: Series, now: datetime) -> dict[str, Any]:
    """Return the rule in words and the next days it gives, as somebody asked for before it is kept."""
    zone = ZoneInfo(series.time_zone)
    rule = recurrence.parse(series.rule)
    first = max(series.starts_on, now.astimezone(zone).date())
    last = first + timedelta(days=366 * recurrence.YEARS_TO_FIRST)
    until = recurrence.last_day(rule, series.starts_at, zone)
    found = []
    for day in recurrence.find_days(rule, series.starts_on, first=first, last=last, until=until):
        local = datetime.combine(day, series.starts_at)
        found.append(
            {
                "day": day,
                "is_skipped": recurrence.is_skipped(local, zone),
                "is_doubled": recurrence.is_doubled(local, zone),
                "starts": f"{recurrence.to_utc(local, zone).astimezone(zone):%H:%M}",
            }
        )
        if len(found) == LOOKED_AT:
            break
    return {"words": recurrence.describe(rule, series.starts_on, series.starts_at), "found": found}


def _tell_of_days(request: Request, series: Series, now: datetime) -> None:
    number = series.sessions.count()
    messages.success(
        request,
        ngettext("One session is made.", "%(n)d sessions are made, half a year ahead.", number)
        % {"n": number},
    )
    if series.starts_on < today(series, now):
        messages.warning(
            request,
            _("Its first day is past: sessions are made from today on. Bring past ones in as a table."),
        )


def _tell_of_fallen(request: Request, number: int) -> None:
    if number:
        said = ngettext(
            "One session has no place by the new rule and is cancelled; its papers are on the list again.",
            "%(n)d sessions have no place by the new rule and are cancelled; their papers are on the list again.",
            number,
        )
        messages.warning(request, said % {"n": number})


def _cancelled(series: Series, now: datetime) -> list[int]:
    rows = Session.objects.filter(series=series, state=Session.State.CANCELLED, starts__gt=now)
    return list(rows.values_list("pk", flat=True))


def _next_day(series: Series, now: datetime) -> date:
    """Return the day of the next session, from which a change holds unless another day is named."""
    first = today(series, now)
    following = verbs.find_series_occurrences(series, first, first + timedelta(days=366))
    return next((each.day for each in following if each.starts > now), first)


def today(series: Series, now: datetime) -> date:
    return now.astimezone(ZoneInfo(series.time_zone)).date()


def parse_day(text: str) -> date | None:
    try:
        return parse_date(text)
    except ValueError:  # the thirtieth of February
        return None


@require_POST
def series_end(request: Request, slug: str, pk: int) -> HttpResponse:
    """End a series with a day (`on`, the first without it), or take its end back (`resume`)."""
    series = find_series(request, slug, pk)
    require_organiser(request, series.club)
    on = None if "resume" in request.POST else parse_day(request.POST.get("on", ""))
    if on is None and "resume" not in request.POST:
        messages.error(request, _("Say from which day on it does not meet any more."))
        return redirect(series)
    try:
        series = verbs.end_series(series, on=on, by=request.user)
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(
            request, _("It goes on.") if on is None else _("Ended. Sessions from that day on are cancelled.")
        )
    return redirect(series)


# Pauses


@require_http_methods(["GET", "POST"])
def pause_list(request: Request, slug: str) -> HttpResponse:
    """Show when the club's series pause; organisers add days, or choose them from a country's public holidays."""
    club = find_club(request, slug)
    require_organiser(request, club)
    form = PauseForm(request.POST or None, club=club, initial={"series": request.GET.get("series")})
    if request.method == "POST" and form.is_valid():
        try:
            verbs.add_pause(club, by=request.user, **form.cleaned_data)
        except (Refused, ValidationError) as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(request, _("Added. Sessions of series on these days are cancelled."))
            return redirect("papers:pause_list", slug)
    pauses = Pause.objects.filter(club=club).select_related("series").order_by("-last_day", "-pk")
    return render(request, "papers/pause_list.html", {"club": club, "form": form, "pauses": pauses})


@require_POST
def pause_remove(request: Request, slug: str, pk: int) -> HttpResponse:
    club = find_club(request, slug)
    require_organiser(request, club)
    pause = Pause.objects.filter(club=club, pk=pk).select_related("club", "series").first()
    if pause is not None:
        verbs.remove_pause(pause, by=request.user)
        messages.success(request, _("Removed. Sessions that it had cancelled are on again."))
    return redirect("papers:pause_list", slug)


@require_http_methods(["GET", "POST"])
def holiday_list(request: Request, slug: str) -> HttpResponse:
    """Offer the public holidays of a country on which the club would meet, to be chosen as pauses."""
    club = find_club(request, slug)
    require_organiser(request, club)
    first = timezone.now().date()
    last = first + timedelta(days=366)
    form = HolidaysForm(
        request.GET if "country" in request.GET else None, countries=holidays.list_countries()
    )
    found: list[holidays.Holiday] = []
    if form.is_bound and form.is_valid():
        said = form.cleaned_data
        found = holidays.find_holidays(said["country"], first, last, part=said.get("part", ""))
    if request.method == "POST":
        return _pause_on(request, club, found)
    met = _list_meeting_days(club, first, last)
    rows = [{"holiday": each, "meets": each.day in met} for each in found]
    return render(request, "papers/holiday_list.html", {"club": club, "form": form, "rows": rows})


def _pause_on(request: Request, club: Club, found: list[holidays.Holiday]) -> HttpResponse:
    chosen = set(request.POST.getlist("day"))
    try:
        for holiday in found:
            if holiday.day.isoformat() in chosen:
                verbs.add_pause(
                    club,
                    first_day=holiday.day,
                    last_day=holiday.day,
                    reason=holiday.name[:100],
                    by=request.user,
                )
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("Added. Sessions of series on these days are cancelled."))
    return redirect("papers:pause_list", club.slug)


def _list_meeting_days(club: Club, first: date, last: date) -> set[date]:
    """Return the days on which some series of the club meets by its rule."""
    return {
        each.day
        for series in club.series.all()
        for each in verbs.find_series_occurrences(series, first, last)
    }

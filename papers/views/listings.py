"""Listings by day, week and month, and the trending page; in the catalogue, and in a club with its votes."""

from calendar import Calendar
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from papers import reading_list, triage, voting
from papers.models import Paper, Source
from papers.numbers import read_number
from papers.periods import Period, parse_day, parse_month, parse_week
from papers.trending import load_trending
from readinglist.http import Request

from .places import read_place
from .viewpoint import find_club, look, member_only, open_to_visitors, row_context

MONDAY_FIRST = Calendar(firstweekday=0)


def followed_sources(request: Request, view: triage.Viewpoint) -> list[Source]:
    """Return the sources whose listings a page shows, those a visitor may know of; `?source=` picks one."""
    sources = triage.load_sources(view, [club.pk for club in request.my_clubs])
    if slug := request.GET.get("source"):
        sources = [source for source in sources if source.slug == slug]
        if not sources:
            raise Http404
    return sources


PLACES = {"day": "date/", "week": "week/", "month": "month/", "trending": "trending"}


def listing_url(name: str, view: triage.Viewpoint, text: str = "") -> str:
    """Return the address of a listing page: the club's under its address, else the catalogue's.

    Made by hand, as those of papers are: a page has ten, and `reverse` takes as long for them as a query.
    """
    return f"{view.paper_base}{PLACES[name]}{text}"


@open_to_visitors
def home(request: Request) -> HttpResponse:
    """Lead to the newest listing: the current club's, or the catalogue's."""
    slug = request.current_club.slug if request.current_club else None
    return newest(request, slug)


@open_to_visitors
def newest(request: Request, slug: str | None = None) -> HttpResponse:
    view = look(request, slug)
    day = triage.find_newest_day(followed_sources(request, view))
    if day is None:
        return render(request, "papers/no_listings.html", {"club": view.club})
    return redirect(listing_url("day", view, day.isoformat()))


@open_to_visitors
def day(request: Request, day: str, slug: str | None = None) -> HttpResponse:
    return show_period(request, slug, parse_day(day))


@open_to_visitors
def week(request: Request, week: str, slug: str | None = None) -> HttpResponse:
    return show_period(request, slug, parse_week(week))


@open_to_visitors
def month(request: Request, month: str, slug: str | None = None) -> HttpResponse:
    return show_period(request, slug, parse_month(month))


def show_period(request: Request, slug: str | None, period: Period | None) -> HttpResponse:
    if period is None:
        raise Http404
    view = look(request, slug)
    sources = followed_sources(request, view)
    neighbours = triage.find_neighbours(sources, period.first, period.last)
    visit = None
    if view.acting is not None and period.name == "day" and period.first in neighbours.days:
        visit = reading_list.visit_listing(view.acting, period.first, by=request.user, now=timezone.now())
    ranks = triage.load_ranks(
        view, sources, period.first, period.last, new_since=visit.new_since if visit else None
    )
    context = describe_period(view, period, sources, neighbours)
    context.update(select_rows(request, view, ranks))
    if ranks:
        present = sorted({rank.source for rank in ranks})
        context["source_names"] = ", ".join(sources[place - 1].name for place in present)
    if view.acting is not None and period.name == "day":
        bookmark = triage.find_bookmark(ranks, visit.stopped_at if visit else None)
        context["bookmark"] = bookmark
        if bookmark is not None:
            shown = {row.id for row in context["rows"]}
            context["bookmark_url"] = (
                f"#p{bookmark.id}" if bookmark.id in shown else f"?from={bookmark.n}#p{bookmark.id}"
            )
    return render(request, "papers/listing.html", context)


def describe_period(
    view: triage.Viewpoint, period: Period, sources: list[Source], neighbours: triage.Neighbours
) -> dict[str, Any]:
    """Return the head and the rail of a listing page: title, ways to the neighbours, calendar."""

    def link(other: date | None) -> dict[str, str] | None:
        if other is None:
            return None
        target = period.around(other)
        return {"url": listing_url(target.name, view, target.text), "title": target.title}

    nearest = min(
        (day for day in (neighbours.previous, neighbours.next) if day),
        key=lambda day: min(abs(day - period.first), abs(day - period.last)),
        default=None,
    )
    anchor = period.first
    return {
        "club": view.club,
        "period": period,
        "sources": sources,
        "source_names": ", ".join(source.name for source in sources),
        "previous": link(neighbours.previous),
        "next": link(neighbours.next),
        "nearest": link(nearest),
        "views": [
            (
                "day",
                _("Day"),
                listing_url("day", view, (nearest_day(neighbours, anchor) or anchor).isoformat()),
            ),
            ("week", _("Week"), listing_url("week", view, f"{anchor:%G-W%V}")),
            ("month", _("Month"), listing_url("month", view, f"{anchor:%Y-%m}")),
            ("trending", _("Trending"), listing_url("trending", view)),
        ],
        "calendar": draw_calendar(view, anchor, neighbours.days, period),
        "calendar_title": date_format(anchor, "F Y"),
    }


def nearest_day(neighbours: triage.Neighbours, anchor: date) -> date | None:
    """Return the listing day that a change from week or month to day leads to."""
    if anchor in neighbours.days:
        return anchor
    later = [day for day in neighbours.days if day > anchor]
    return min(later, default=neighbours.next or neighbours.previous)


def draw_calendar(
    view: triage.Viewpoint, anchor: date, days: set[date], period: Period
) -> list[list[dict[str, Any]]]:
    """Return the weeks of a month: each day with its number, and a link where there is a listing."""
    base = listing_url("day", view, "2000-01-01").removesuffix("2000-01-01")
    return [
        [
            {
                "number": each.day if each.month == anchor.month else "",
                "url": f"{base}{each.isoformat()}" if each in days else "",
                "is_current": period.name == "day" and each == period.first,
            }
            for each in week
        ]
        for week in MONDAY_FIRST.monthdatescalendar(anchor.year, anchor.month)
    ]


def select_rows(request: Request, view: triage.Viewpoint, ranks: list[triage.Rank]) -> dict[str, Any]:
    """Return the rows on screen after filters, order and place, and the counts beside the filters."""
    counts = triage.count_states(ranks)
    tags = triage.load_tags(view, ranks) if view.counted and ranks else {}
    categories = triage.count_categories(ranks)
    show, tag, category = (request.GET.get(name, "") for name in ("show", "tag", "category"))
    chosen = ranks
    if show in SHOWN:
        chosen = [rank for rank in chosen if rank.state in SHOWN[show]]
    if tag:
        chosen = [rank for rank in chosen if rank.paper_id in tags.get(tag, ())]
    if category:
        chosen = [rank for rank in chosen if category in rank.categories]
    if request.GET.get("order") == "score":
        chosen = sorted(chosen, key=lambda rank: (-rank.score, rank.n))
    elif request.GET.get("order") == "fresh" and view.acting is not None:
        chosen = voting.order_fresh(
            chosen,
            lambda rank: rank.paper_id,
            seen={rank.paper_id for rank in chosen if rank.state not in triage.OPEN},
            member=request.user.pk,
            day=timezone.now().astimezone(ZoneInfo(view.acting.time_zone)).date(),
        )
    start = read_place(request)
    page, rest = chosen[start - 1 : start - 1 + triage.PAGE], len(chosen) - (start - 1 + triage.PAGE)
    return {
        **row_context(request, view),
        "rows": triage.load_rows(view, page) if page else [],
        "counts": counts,
        "most": triage.PERIOD_LIMIT,
        "strip": triage.draw_strip(ranks, counts),
        "chosen_count": len(chosen),
        "show": show if show in SHOWN else "",
        "tag": tag,
        "category": category,
        "order": request.GET.get("order", ""),
        "start": start,
        "more": max(0, min(rest, triage.PAGE)),
        "more_from": start + triage.PAGE,
        "tags": [(name, len(ids)) for name, ids in tags.items()][:12],
        "categories": list(categories.items())[:12],
    }


SHOWN = {
    "open": triage.OPEN,
    "new": {triage.NEW},
    "voted": {triage.PROMOTED, triage.DEMOTED},
    "skipped": {triage.SKIPPED},
}


@open_to_visitors
def trending(request: Request, slug: str | None = None) -> HttpResponse:
    view = look(request, slug)
    sources = followed_sources(request, view)
    ranks = load_trending(view)
    today = triage.find_newest_day(sources) or timezone.now().date()
    period = Period("trending", "", _("Trending"), today, today)
    neighbours = triage.find_neighbours(sources, today, today)
    context = describe_period(view, period, sources, neighbours)
    context.update(select_rows(request, view, ranks), previous=None, next=None)
    return render(request, "papers/listing.html", context)


@require_POST
@member_only
def stopped(request: Request, slug: str, day: str) -> HttpResponse:
    """Keep where a member stopped reading a day's listing; the page's script tells when it is left."""
    club = find_club(request, slug)
    period = parse_day(day)
    pk = read_number(request.POST.get("paper", ""))
    if period is None or pk is None:
        raise Http404
    paper = get_object_or_404(Paper.objects.visible_to(request.user), pk=pk)
    reading_list.stop_at(club, period.first, paper, by=request.user)
    return HttpResponse(status=204)

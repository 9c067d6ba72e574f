"""A club's reading list: what is suggested, in the order of the votes; and what was scheduled, discussed, dropped."""

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts import permissions
from accounts.models import Club
from papers import listed, reading_list, triage, voting
from papers.listed import FRESH, NEUTRAL, RANK, Place
from papers.models import Entry
from papers.reasons import tell_window
from papers.voting import Ranking
from readinglist.http import Request

from .places import read_place
from .viewpoint import look, member_only, open_to_visitors, row_context

SHOWN = 50
TAGS = 12
STATES = [Entry.State.SUGGESTED, Entry.State.SCHEDULED, Entry.State.DISCUSSED, Entry.State.DROPPED]


@require_GET
@open_to_visitors
def entry_list(request: Request, slug: str) -> HttpResponse:
    """Show what the club has suggested in order and why, or its entries in another state, the latest first."""
    view, now = look(request, slug), timezone.now()
    club = view.club
    assert club is not None
    with_private = club.pk in view.mine
    state = request.GET.get("state", "")
    state = state if state in STATES else Entry.State.SUGGESTED
    closings = voting.load_closings(club)
    context: dict[str, Any] = {
        "club": club,
        **row_context(request, view),
        "state": state,
        "window": tell_window(voting.find_coming(closings, now)),
        "counts": listed.count_states(club, with_private=with_private),
    }
    ranking, order = None, ""
    if state == Entry.State.SUGGESTED:
        ranking = voting.rank(club, now=now, closings=closings, with_private=with_private)
        order = choose_order(request, view)
        seen = listed.load_acted(view) if order == FRESH else None
        places = listed.place_suggested(view, ranking, order=order, today=day_in(club, now), seen=seen)
    else:
        places = listed.place_in_state(club, state, with_private=with_private)
    tags = triage.load_tags(view, places) if places else {}
    tag = request.GET.get("tag", "")
    chosen = [place for place in places if place.paper_id in tags.get(tag, ())] if tag else places
    start = read_place(request)
    page, rest = chosen[start - 1 : start - 1 + SHOWN], len(chosen) - (start - 1 + SHOWN)
    context |= {
        "rows": load_rows(request, view, page, state, ranking if order == RANK else None),
        "order": order,
        "tag": tag,
        "tags": [(name, len(ids)) for name, ids in tags.items()][:TAGS],
        "chosen_count": len(chosen),
        "more": max(0, min(rest, SHOWN)),
        "more_from": start + SHOWN,
        "threshold": club.threshold,
    }
    return render(request, "papers/entry_list.html", context)


def choose_order(request: Request, view: triage.Viewpoint) -> str:
    """Return the order that was asked for. By votes there is none while totals are secret: it would tell of them."""
    if view.acting is not None and (request.GET.get("order") == FRESH or view.hides_totals):
        return FRESH
    return NEUTRAL if view.hides_totals else RANK


def day_in(club: Club, now: datetime) -> date:
    return now.astimezone(ZoneInfo(club.time_zone)).date()


def load_rows(
    request: Request,
    view: triage.Viewpoint,
    places: list[Place],
    state: str = Entry.State.SUGGESTED,
    ranking: Ranking | None = None,
) -> list[triage.Row]:
    """Return the rows of places of the list, each with why it stands there; what is suggested, by a ranking alone."""
    club = view.club
    assert club is not None
    if not places:
        return []
    whys: dict[int, str] = {}
    if ranking is not None:
        whys = explain_places(ranking, [place.paper_id for place in places])
    elif state != Entry.State.SUGGESTED:
        whys = listed.load_reasons(
            club,
            places,
            sees_names=view.shows_names,
            sees_drafts=permissions.can_run_sessions(request.user, club),
        )
    ranks = triage.load_ranks_of(view, [place.paper_id for place in places])
    for rank, place in zip(ranks, places, strict=True):
        rank.n = place.n
    rows = triage.load_rows(view, ranks)
    for row in rows:
        row.why = whys.get(int(row.id), "")
        if state == Entry.State.DISCUSSED:
            row.before = ""  # the reason says so
        row.act_url = row.act_url and f"{row.act_url}&at=list"
    return rows


def explain_places(ranking: Ranking, papers: list[int]) -> dict[int, str]:
    """Return {paper: why it stands in its place} of some papers."""
    wanted = set(papers)
    return {
        row.paper_id: ranking.explain(place)
        for place, row in enumerate(ranking.rows, start=1)
        if row.paper_id in wanted
    }


@require_POST
@member_only
def suggest_entry(request: Request, slug: str, pk: int) -> HttpResponse:
    """Put a paper on the club's list, one that was discussed or dropped as well."""
    view = look(request, slug)
    entry = get_object_or_404(Entry.objects.visible_to(request.user), club=view.club, paper=pk)
    was = entry.state
    reading_list.suggest_again(entry, by=request.user)
    said = _("Suggested again.") if was == Entry.State.DISCUSSED else _("Suggested.")
    messages.success(request, said)
    return HttpResponseRedirect(reverse("papers:entry_detail", args=[slug, pk]))


@require_POST
@member_only
def drop_entry(request: Request, slug: str, pk: int) -> HttpResponse:
    """Take a paper off the club's list, with a note that says why."""
    view = look(request, slug)
    assert view.club is not None
    if not permissions.can_drop(request.user, view.club):
        raise PermissionDenied
    entry = get_object_or_404(Entry.objects.visible_to(request.user), club=view.club, paper=pk)
    try:
        reading_list.drop(entry, by=request.user, note=reading_list.clean_note(request.POST.get("note", "")))
    except reading_list.OnAgenda as refusal:  # since the page was made
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("Dropped. A promotion brings it back."))
    return HttpResponseRedirect(reverse("papers:entry_detail", args=[slug, pk]))

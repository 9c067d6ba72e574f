"""A club's reading list."""

from django.db.models import F
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from papers import triage
from papers.models import Entry
from readinglist.http import Request

from .viewpoint import look, open_to_visitors, row_context

SHOWN = 100


@require_GET
@open_to_visitors
def entry_list(request: Request, slug: str) -> HttpResponse:
    """Show what the club has suggested, by score; equal scores by who was suggested first."""
    view = look(request, slug)
    entries = (
        Entry.objects.visible_to(request.user)
        .filter(club=view.club, state=Entry.State.SUGGESTED)
        .select_related("paper")
        .order_by((F("promotions") - F("demotions")).desc(), "suggested", "pk")
    )
    found = list(entries[: SHOWN + 1])
    papers = [entry.paper for entry in found[:SHOWN]]
    rows = triage.load_rows(view, triage.load_ranks_of(view, papers)) if papers else []
    context = {
        "club": view.club,
        **row_context(request, view),
        "rows": rows,
        "is_more": len(found) > SHOWN,
        "shown": SHOWN,
    }
    return render(request, "papers/entry_list.html", context)

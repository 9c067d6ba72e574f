"""How a club reads, for its members."""

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET

from accounts import permissions
from papers import charts
from papers.insights import SPANS, load_insights
from papers.numbers import read_number
from readinglist.http import Request

from .viewpoint import find_club


@require_GET
def insights(request: Request, slug: str) -> HttpResponse:
    """Show a club's figures of the last `?weeks=` (12, 26 or 52)."""
    club = find_club(request, slug)
    if not permissions.can_attend(request.user, club):
        raise PermissionDenied
    wanted = read_number(request.GET.get("weeks", ""))
    weeks = wanted if wanted in SPANS else SPANS[0]
    found = load_insights(club, reader=request.user, now=timezone.now(), weeks=weeks)
    number, votes = sum(found.papers), sum(found.votes)
    context = {
        "club": club,
        "weeks": weeks,
        "spans": [
            (span, ngettext("%(n)d week", "%(n)d weeks", span) % {"n": span}, span == weeks) for span in SPANS
        ],
        "first": found.weeks[0],
        "last": found.weeks[-1],
        "papers_said": ngettext("One paper in %(weeks)d weeks", "%(n)d papers in %(weeks)d weeks", number)
        % {"n": number, "weeks": weeks}
        if number
        else _("No paper was discussed in %(weeks)d weeks") % {"weeks": weeks},
        "papers": charts.draw_columns(found.papers),
        "paper_rows": list(zip(found.weeks, found.papers, strict=True)),
        "votes_said": ngettext("One vote in %(weeks)d weeks", "%(n)d votes in %(weeks)d weeks", votes)
        % {"n": votes, "weeks": weeks}
        if votes
        else _("Nobody voted in %(weeks)d weeks") % {"weeks": weeks},
        "votes": charts.draw_columns(found.votes),
        "vote_rows": list(zip(found.weeks, found.votes, strict=True)),
        "hides_totals": club.hides_totals,
        "promotions": found.promotions
        and [(name, given, charts.draw_ticks(given)) for name, given in found.promotions],
        "months": found.months,
        "talks": [(each, charts.draw_ticks(each.presented, each.other)) for each in found.talks],
        "topics": [
            (topic, charts.draw_columns(topic.weeks), list(zip(found.weeks, topic.weeks, strict=True)))
            for topic in found.topics
        ],
    }
    return render(request, "papers/insights.html", context)

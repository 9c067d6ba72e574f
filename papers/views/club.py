"""A club's own page."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.text import Truncator
from django.views.decorators.http import require_GET

from accounts import permissions
from papers import listed, voting
from papers.models import Comment
from papers.reasons import tell_window
from readinglist.http import Request

from .papers import comment_url
from .reading_list import choose_order, day_in, load_rows
from .viewpoint import find_club, look, open_to_visitors, row_context

HOT = 6
LATEST = 5
SHOWN_MEMBERS = 12
EXCERPT_WORDS = 30


@require_GET
@open_to_visitors
def club_home(request: Request, slug: str) -> HttpResponse:
    """Show what is hot on the club's list, what was said last and, to members, who they are."""
    club, view = find_club(request, slug), look(request, slug)
    now = timezone.now()
    closings = voting.load_closings(club)
    ranking = voting.rank(club, now=now, closings=closings, with_private=club.pk in view.mine)
    order = choose_order(request, view)
    seen = listed.load_acted(view) if order == listed.FRESH else None
    places = listed.place_suggested(view, ranking, order=order, today=day_in(club, now), seen=seen)
    context = {
        "club": club,
        **row_context(request, view),
        "rows": load_rows(request, view, places[:HOT], ranking=ranking if order == listed.RANK else None),
        "listed": len(places),
        "window": tell_window(voting.find_coming(closings, now)),
        "comments": load_latest_comments(request, slug),
        "may_manage": permissions.can_manage_members(request.user, club),
        "may_choose": permissions.can_choose_sources(request.user, club),
        "may_invite": permissions.can_invite(request.user, club),
    }
    if permissions.can_see_members(request.user, club):
        memberships = list(club.memberships.select_related("user"))
        context["memberships"] = memberships[:SHOWN_MEMBERS]
        context["members"] = len(memberships)
    return render(request, "papers/club_home.html", context)


def load_latest_comments(request: Request, slug: str) -> list[Comment]:
    """Return the newest comments of a club, each with its address in `url` and how it begins in `excerpt`."""
    comments = (
        Comment.objects.visible_to(request.user)
        .filter(entry__club__slug=slug, removed_at=None)
        .select_related("author", "entry__paper")
        .order_by("-posted_at", "-pk")
    )
    latest = list(comments[:LATEST])
    for comment in latest:
        first, _, rest = comment.text.partition("\n\n")
        words = Truncator(f"{first} …" if rest else first).words(EXCERPT_WORDS)
        if words.count("$") % 2:  # cut within a formula, which would show its source
            words = f"{words.rpartition('$')[0].rstrip()} …"
        comment.excerpt = words  # type: ignore[attr-defined]
        comment.url = comment_url(comment, slug)  # type: ignore[attr-defined]
    return latest

"""A club's own page, and the answers to what it asks."""

import json
from typing import Any

from django.contrib import messages
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST
from django.views.decorators.vary import vary_on_headers

from accounts import permissions
from accounts.models import Club
from papers import charts, listed, voting
from papers.club_home import Meetings, NeedKind, load_meetings, load_people
from papers.models import Assignment, Attendance, Comment, Session, SwapOffer
from papers.numbers import read_number
from papers.reasons import tell_window
from papers.scheduling import assignments, attendance, minutes
from papers.scheduling.refusals import Refused
from readinglist.http import Request, wants_fragment

from .papers import comment_url
from .reading_list import choose_order, day_in, load_rows
from .viewpoint import find_club, look, member_only, open_to_visitors, row_context

TOP = 6
LATEST = 4
SHOWN_MEMBERS = 8
EXCERPT_WORDS = 30


@require_GET
@open_to_visitors
def club_home(request: Request, slug: str) -> HttpResponse:
    """Show the next session, what needs the member, the top of the list, what was discussed and said, who is there."""
    club, view = find_club(request, slug), look(request, slug)
    now = timezone.now()
    closings = voting.load_closings(club)
    ranking = voting.rank(club, now=now, closings=closings, with_private=club.pk in view.mine)
    order = choose_order(request, view)
    seen = listed.load_acted(view) if order == listed.FRESH else None
    places = listed.place_suggested(view, ranking, order=order, today=day_in(club, now), seen=seen)
    meetings = load_meetings(club, reader=request.user, now=now)
    context = {
        "club": club,
        **row_context(request, view, closings=closings),
        **describe_meetings(request, club, meetings),
        "rows": load_rows(request, view, places[:TOP], ranking=ranking if order == listed.RANK else None),
        "listed": len(places),
        "window": tell_window(voting.find_coming(closings, now)),
        "comments": load_latest_comments(request, slug),
    }
    if permissions.can_see_members(request.user, club):
        people = load_people(club, reader=request.user, now=now)
        context |= {"people": people, "memberships": people.memberships[:SHOWN_MEMBERS]}
    return render(request, "papers/club_home.html", context)


def describe_meetings(request: Request, club: Club, meetings: Meetings) -> dict[str, Any]:
    """Return what the parts of the page need that tell of sessions."""
    number, weeks = sum(meetings.papers), len(meetings.weeks)
    said = ngettext("One paper in %(weeks)d weeks", "%(n)d papers in %(weeks)d weeks", number)
    return {
        "next": meetings.next,
        "needs": meetings.needs,
        "recent": meetings.recent,
        "papers_said": said % {"n": number, "weeks": weeks},
        "papers": charts.draw_columns(meetings.papers),
        "last_week": meetings.weeks[-1],
        "paper_rows": list(zip(meetings.weeks, meetings.papers, strict=True)),
        "is_member": permissions.is_member(request.user, club),
        "may_run": permissions.can_run_sessions(request.user, club),
    }


def load_latest_comments(request: Request, slug: str) -> list[Comment]:
    """Return the newest comments of a club, each with its address in `url` and how it begins in `excerpt`."""
    comments = (
        Comment.objects.visible_to(request.user)
        .filter(entry__club__slug=slug, removed_at=None)
        .select_related("author", "entry__paper")
        .defer("entry__paper__search_text", "entry__paper__abstract")
        .order_by("-posted_at", "-pk")
    )
    latest = list(comments[:LATEST])
    for comment in latest:
        first, _sep, rest = comment.text.partition("\n\n")
        words = Truncator(f"{first} …" if rest else first).words(EXCERPT_WORDS)
        if words.count("$") % 2:  # cut within a formula, which would show its source
            words = f"{words.rpartition('$')[0].rstrip()} …"
        comment.excerpt = words  # type: ignore[attr-defined]
        comment.url = comment_url(comment, slug)  # type: ignore[attr-defined]
    return latest


@require_POST
@vary_on_headers("HX-Request")
@member_only
def answer_need(request: Request, slug: str) -> HttpResponse:
    """Answer what the page asks (`about`, `key`, `answer`), and show what is left, and the session as it is now."""
    club = find_club(request, slug)
    said, refusal = "", ""
    try:
        said = _answer(request, club)
    except Refused as error:
        refusal = str(error)
    if wants_fragment(request):
        meetings = load_meetings(club, reader=request.user, now=timezone.now())
        context = {"club": club, **describe_meetings(request, club, meetings), "refusal": refusal}
        response = render(request, "papers/_club_answer.html", context)
        response["HX-Trigger"] = json.dumps({"said": refusal or said})
        return response
    if refusal:
        messages.error(request, refusal)
    else:
        messages.success(request, said)
    return redirect(f"{club.get_absolute_url()}#needs")


def _answer(request: Request, club: Club) -> str:
    """Do what an answer says, and return what happened in a short sentence. Raises Refused."""
    form, by = request.POST, request.user
    key, answer = read_number(form.get("key", "")), form.get("answer", "")
    match form.get("about"), answer:
        case NeedKind.PART, "accept" | "decline":
            asked = Assignment.objects.visible_to(by).filter(club=club, item__isnull=False)
            assignment = get_object_or_404(asked, pk=key)
            _require_theirs(request, club, assignment)
            if answer == "accept":
                assignments.accept(assignment, by=by)
                return _("Accepted.")
            assignments.decline(assignment, by=by)
            return _("Declined. The part is open again.")
        case NeedKind.SWAP, "accept" | "decline":
            offers = SwapOffer.objects.visible_to(by).filter(wanted__club=club)
            offer = get_object_or_404(offers.select_related("assignment", "wanted"), pk=key)
            _require_theirs(request, club, offer.wanted)
            assignments.answer_swap(offer, accepts=answer == "accept", by=by)
            return _("Swapped.") if answer == "accept" else _("Declined. Each keeps their part.")
        case NeedKind.COMING, ("yes" | "maybe" | "no"):
            session = get_object_or_404(Session.objects.visible_to(by), club=club, pk=key)
            attendance.answer(session, by, answer=answer)
            return _("Answered: %(answer)s.") % {"answer": Attendance.Answer(answer).label}
        case NeedKind.ACTION, "done":
            action = get_object_or_404(minutes.load_open_actions(by, club), pk=key)
            minutes.change_action(action, by=by, is_done=True)
            return _("Done.")
    raise BadRequest(_("Say about what, and which answer."))


def _require_theirs(request: Request, club: Club, assignment: Assignment) -> None:
    if not permissions.can_answer_assignment(request.user, assignment.member_id, club):
        raise PermissionDenied(_("Only who was asked answers."))

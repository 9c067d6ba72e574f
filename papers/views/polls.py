"""Finding a time: the polls of a club, for its members."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import BadRequest, PermissionDenied, ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST
from django.views.decorators.vary import vary_on_headers

from accounts import permissions
from accounts.models import Club
from papers.models import DatePoll, PollAnswer, PollOption
from papers.numbers import read_number
from papers.scheduling import polls
from papers.scheduling.refusals import Refused
from papers.session_forms import PollForm, add_refusal
from readinglist.http import Request, wants_fragment

from .sessions import require_organiser
from .viewpoint import find_club


def find_members_club(request: Request, slug: str) -> Club:
    """Return a club of this person's. Raises Http404: who is free when is nobody else's business."""
    club = find_club(request, slug)
    if not permissions.is_member(request.user, club):
        raise Http404
    return club


def find_poll(request: Request, slug: str, pk: int) -> DatePoll:
    club = find_members_club(request, slug)
    rows = DatePoll.objects.visible_to(request.user).select_related("club", "session", "made_by")
    return get_object_or_404(rows, club=club, pk=pk)


@require_http_methods(["GET", "POST"])
def poll_new(request: Request, slug: str) -> HttpResponse:
    club = find_members_club(request, slug)
    require_organiser(request, club)
    rows = read_number(request.GET.get("rows", ""), least=1, most=polls.MOST_OPTIONS) or PollForm.ROWS
    form = PollForm(request.POST or None, club=club, rows=rows)
    if request.method == "POST" and form.is_valid():
        try:
            poll = polls.open_poll(club, by=request.user, **form.facts)
        except (Refused, ValidationError) as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(request, _("Opened. Send its address to the club."))
            return redirect(poll)
    return render(request, "papers/poll_form.html", {"form": form, "club": club})


@require_http_methods(["GET"])
def poll_detail(request: Request, slug: str, pk: int) -> HttpResponse:
    """Show the times that are proposed, what everybody says, and one's own answers to be changed."""
    return render(request, "papers/poll_detail.html", poll_context(request, find_poll(request, slug, pk)))


def poll_context(request: Request, poll: DatePoll) -> dict[str, Any]:
    tallies = polls.load_tallies(poll)
    people = {member.pk: member for each in tallies for member in (*each.yes, *each.maybe, *each.no)}
    order = sorted(
        people.values(), key=lambda member: (member.pk != request.user.pk, str(member).lower(), member.pk)
    )
    return {
        "club": poll.club,
        "poll": poll,
        "is_open": poll.closed_at is None,
        "rows": [{"tally": each, "mine": _answer_of(each, request.user.pk)} for each in tallies],
        "matrix": [
            {"member": member, "answers": [_answer_of(each, member.pk) for each in tallies]}
            for member in order
        ],
        "answered": len(people),
        "may_run": permissions.can_run_sessions(request.user, poll.club),
    }


def _answer_of(each: polls.Tally, member: int) -> str:
    for answer in PollAnswer.Answer.values:
        if any(person.pk == member for person in getattr(each, answer)):
            return answer
    return ""


@require_POST
@vary_on_headers("HX-Request")
def poll_answer(request: Request, slug: str, pk: int) -> HttpResponse:
    """Keep one's answers: a field `option-<id>` for each time that is said something of."""
    poll = find_poll(request, slug, pk)
    if not permissions.can_attend(request.user, poll.club):
        raise PermissionDenied
    answers = {}
    for name, answer in request.POST.items():
        option = read_number(name.removeprefix("option-")) if name.startswith("option-") else None
        if option is None:
            continue
        if answer not in {"", *PollAnswer.Answer.values}:
            raise BadRequest(_("Say yes, maybe or no."))
        answers[option] = answer
    error = ""
    try:
        polls.answer_poll(poll, request.user, answers=answers)
    except Refused as refusal:
        error = str(refusal)
    if wants_fragment(request):
        context = {
            **poll_context(request, find_poll(request, slug, pk)),
            "error": error,
            "is_saved": not error,
        }
        return render(request, "papers/_poll.html", context)
    if error:
        messages.error(request, error)
    else:
        messages.success(request, _("Saved."))
    return redirect(poll)


@require_POST
def poll_close(request: Request, slug: str, pk: int) -> HttpResponse:
    """Choose a time (`option`), or forget the poll (`remove`)."""
    poll = find_poll(request, slug, pk)
    require_organiser(request, poll.club)
    if "remove" in request.POST:
        polls.remove_poll(poll, by=request.user)
        messages.success(request, _("Removed."))
        return redirect("papers:session_list", slug)
    option = read_number(request.POST.get("option", ""))
    try:
        if option is None:
            raise polls.NotAnOption(_("Choose one of the times."))
        session = polls.close_poll(poll, PollOption(pk=option), by=request.user, now=timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect(poll)
    messages.success(request, _("Scheduled. Who said yes is down as coming."))
    return redirect(session)

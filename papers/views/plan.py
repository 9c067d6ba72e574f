"""Who presents: the plan of a club, its drafts, and what members answer."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST
from django.views.decorators.vary import vary_on_headers

from accounts import permissions
from accounts.models import Club, User
from papers.models import AgendaItem, Assignment, Part, PlanDraft, Session, SwapOffer
from papers.numbers import read_number
from papers.scheduling import assignments, board, planning
from papers.scheduling.refusals import Refused
from papers.scheduling.roster import Roster, load_roster
from readinglist.http import Request, wants_fragment

from .viewpoint import find_club

SHOWN = 6
"""Sessions side by side; the others by a link."""

View = Callable[..., HttpResponse]


def members_only(view: View) -> View:
    """Let members in; whoever may only look into a public club gets a 403."""

    @wraps(view)
    def wrapped(request: Request, slug: str, *args: Any, **kwargs: Any) -> HttpResponse:
        club = find_club(request, slug)
        if not permissions.can_attend(request.user, club):
            raise PermissionDenied(_("The plan is for members of the club."))
        return view(request, club, *args, **kwargs)

    return wrapped


def require_organiser(request: Request, club: Club) -> None:
    if not permissions.can_run_sessions(request.user, club):
        raise PermissionDenied(_("Organisers plan who presents."))


@require_GET
@vary_on_headers("HX-Request")
@members_only
def plan(request: Request, club: Club) -> HttpResponse:
    """Show members by sessions; what needs an answer; to organisers the draft, and what they may change in a cell."""
    template = "papers/_plan.html" if wants_fragment(request) else "papers/plan.html"
    return render(request, template, describe_plan(request, club))


def describe_plan(request: Request, club: Club) -> dict[str, Any]:
    may_plan = permissions.can_run_sessions(request.user, club)
    roster = load_roster(club, now=timezone.now())
    shows_all = "all" in request.GET
    draft = find_draft(request, club) if may_plan else None
    swaps = (
        SwapOffer.objects.visible_to(request.user)
        .waiting()
        .filter(assignment__club=club)
        .select_related(
            *("assignment__member", "assignment__part", "assignment__item__session"),
            *("assignment__item__entry__paper", "wanted__item__session", "wanted__part", "wanted__member"),
        )
    )
    shown = board.make_board(
        roster,
        user=request.user,
        draft=draft,
        swaps=swaps,
        shown=None if shows_all else SHOWN,
    )
    return {
        "club": club,
        "board": shown,
        "draft": draft,
        "is_making": draft is not None and not draft.is_made,
        "may_plan": may_plan,
        "more": 0 if shows_all else max(0, len(roster.sessions) - SHOWN),
        "shows_all": shows_all,
        "edit": find_edited(request, roster, shown) if may_plan else None,
    }


def find_draft(request: Request, club: Club) -> PlanDraft | None:
    """Return the draft that is being made or waits, or failed last; one that was applied is history."""
    last = PlanDraft.objects.visible_to(request.user).filter(club=club).select_related("made_by").first()
    if last is None or last.state in {PlanDraft.State.APPLIED, PlanDraft.State.DISCARDED}:
        return None
    return last


def find_edited(request: Request, roster: Roster, shown: board.Board) -> dict[str, Any] | None:
    """Return the cell that an organiser opened: the session with its places, and the member if one was named."""
    session = read_number(request.GET.get("session", ""))
    column = next((each for each in shown.columns if each.session.pk == session), None)
    member = roster.members.get(read_number(request.GET.get("member", "")) or 0)
    if column is None or (member is None and request.GET.get("member")):
        return None
    has = {
        spot.item.pk
        for spot in column.spots
        if member is not None and spot.assignment is not None and spot.assignment.member_id == member.pk
    }
    return {"member": member, "column": column, "has": has}


def answer(request: Request, club: Club, act: Callable[[], str]) -> HttpResponse:
    """Perform an act and show the plan as it is now: what happened, or why it did not, stands above it."""
    said, refusal = "", ""
    try:
        said = act()
    except Refused as error:
        refusal = str(error)
    if wants_fragment(request):
        context = {**describe_plan(request, club), "said": said, "refusal": refusal}
        return render(request, "papers/_plan.html", context)
    if refusal:
        messages.error(request, refusal)
    elif said:
        messages.success(request, said)
    return redirect("papers:plan", club.slug)


# Drafts


@require_POST
@members_only
def propose_plan(request: Request, club: Club) -> HttpResponse:
    require_organiser(request, club)

    def act() -> str:
        planning.propose_plan(club, by=request.user)
        return ""

    return answer(request, club, act)


@require_POST
@members_only
def apply_plan(request: Request, club: Club, pk: int) -> HttpResponse:
    require_organiser(request, club)
    draft = get_object_or_404(PlanDraft.objects.visible_to(request.user), club=club, pk=pk)

    def act() -> str:
        planning.apply_plan(draft, by=request.user)
        return _("Applied: everybody who is new in it is asked.")

    return answer(request, club, act)


@require_POST
@members_only
def discard_plan(request: Request, club: Club, pk: int) -> HttpResponse:
    require_organiser(request, club)
    draft = get_object_or_404(PlanDraft.objects.visible_to(request.user), club=club, pk=pk)

    def act() -> str:
        planning.discard_plan(draft, by=request.user)
        return _("Discarded. Nobody was asked anything.")

    return answer(request, club, act)


# Places: organisers ask and take away, members take what is open


def find_place(request: Request, club: Club, item: int, part: int) -> tuple[AgendaItem, Part]:
    sessions = Session.objects.visible_to(request.user).filter(club=club)
    found = get_object_or_404(AgendaItem.objects.filter(session__in=sessions.values("pk")), pk=item)
    return found, get_object_or_404(Part, club=club, pk=part)


@require_POST
@members_only
def ask_for_part(request: Request, club: Club, item: int, part: int) -> HttpResponse:
    """Ask the member whom the form names; whoever had the part has it no more."""
    require_organiser(request, club)
    where, what = find_place(request, club, item, part)
    member = find_member(request, club, "member")

    def act() -> str:
        assignment = assignments.propose(where, what, member=member, by=request.user)
        said = {"name": member, "part": what}
        if assignment.state == Assignment.State.PROPOSED:
            return _("%(name)s is asked: %(part)s.") % said
        return _("%(name)s has it: %(part)s.") % said

    return answer(request, club, act)


@require_POST
@members_only
def take_part(request: Request, club: Club, item: int, part: int) -> HttpResponse:
    where, what = find_place(request, club, item, part)

    def act() -> str:
        assignments.take(where, what, by=request.user)
        return _("Yours: %(part)s.") % {"part": what}

    return answer(request, club, act)


def find_member(request: Request, club: Club, field: str) -> User:
    """Return the member whom a form names. Raises BadRequest."""
    number = read_number(request.POST.get(field, "")) or 0
    membership = club.memberships.filter(user=number).select_related("user").first()
    if membership is None:
        raise BadRequest(_("Name a member of the club."))
    return membership.user


# Answers


def find_assignment(request: Request, club: Club, pk: int) -> Assignment:
    rows = Assignment.objects.visible_to(request.user).filter(club=club, item__isnull=False)
    return get_object_or_404(rows, pk=pk)


def find_mine(request: Request, club: Club, pk: int) -> Assignment:
    found = find_assignment(request, club, pk)
    if not permissions.can_answer_assignment(request.user, found.member_id, club):
        raise PermissionDenied(_("Only who was asked answers."))
    return found


@require_POST
@members_only
def answer_assignment(request: Request, club: Club, pk: int) -> HttpResponse:
    """Accept or decline, as the form says; a reason may come along."""
    assignment = find_mine(request, club, pk)
    says = request.POST.get("answer")
    if says not in {"accept", "decline"}:
        raise BadRequest(_("Say accept or decline."))

    def act() -> str:
        if says == "accept":
            assignments.accept(assignment, by=request.user)
            return _("Accepted.")
        assignments.decline(assignment, by=request.user, because=request.POST.get("because", ""))
        return _("Declined. You will not be asked for it again.")

    return answer(request, club, act)


@require_POST
@members_only
def hand_over(request: Request, club: Club, pk: int) -> HttpResponse:
    assignment = find_mine(request, club, pk)
    to = find_member(request, club, "to")

    def act() -> str:
        assignments.hand_over(assignment, to=to, by=request.user)
        return _("Handed over: %(name)s is asked.") % {"name": to}

    return answer(request, club, act)


@require_POST
@members_only
def offer_swap(request: Request, club: Club, pk: int) -> HttpResponse:
    assignment = find_mine(request, club, pk)
    wanted = find_assignment(request, club, read_number(request.POST.get("wanted", "")) or 0)

    def act() -> str:
        offer = assignments.offer_swap(assignment, wanted=wanted, by=request.user)
        return _("Offered. %(name)s has the last word.") % {"name": offer.wanted.member}

    return answer(request, club, act)


@require_POST
@members_only
def answer_swap(request: Request, club: Club, pk: int) -> HttpResponse:
    """Accept or decline an offer as who has the wanted part, or withdraw it as who made it."""
    offers = SwapOffer.objects.visible_to(request.user).filter(assignment__club=club)
    offer = get_object_or_404(offers.select_related("assignment", "wanted"), pk=pk)
    says = request.POST.get("answer")
    side = offer.assignment if says == "withdraw" else offer.wanted
    if not permissions.can_answer_assignment(request.user, side.member_id, club):
        raise PermissionDenied(_("Only who was asked answers."))
    if says not in {"accept", "decline", "withdraw"}:
        raise BadRequest(_("Say accept, decline or withdraw."))

    def act() -> str:
        if says == "withdraw":
            assignments.withdraw_swap(offer, by=request.user)
            return _("Taken back.")
        assignments.answer_swap(offer, accepts=says == "accept", by=request.user)
        return _("Swapped.") if says == "accept" else _("Declined: all stays as it was.")

    return answer(request, club, act)


@require_POST
@members_only
def remind(request: Request, club: Club, pk: int) -> HttpResponse:
    require_organiser(request, club)
    assignment = find_assignment(request, club, pk)

    def act() -> str:
        assignments.remind(assignment, by=request.user)
        return _("Reminded.")

    return answer(request, club, act)


@require_POST
@members_only
def release(request: Request, club: Club, pk: int) -> HttpResponse:
    require_organiser(request, club)
    assignment = find_assignment(request, club, pk)

    def act() -> str:
        assignments.release(assignment, by=request.user)
        return _("It is open again.")

    return answer(request, club, act)

"""A club's sessions: the list, one session, and what organisers and members do with it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.core.exceptions import BadRequest, PermissionDenied, ValidationError
from django.db.models import Count, OuterRef, Prefetch, Q, Subquery
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django.views.decorators.vary import vary_on_headers

from accounts import permissions
from accounts.models import Club, User
from papers.models import AgendaItem, Attendance, DatePoll, Guest, Session
from papers.models.sessions import SessionQuerySet
from papers.numbers import read_number
from papers.scheduling import attendance, sessions
from papers.scheduling.refusals import Refused
from papers.session_forms import SessionForm, add_refusal, default_start
from readinglist.http import Request, wants_fragment

from .agenda import load_agenda
from .minutes import describe_minutes
from .viewpoint import find_club, open_to_visitors

COMING = 13
"""Of what is to come: the next one, and a quarter of a year by the week."""


def find_session(request: Request, slug: str, pk: int) -> Session:
    """Return a session that this person may see, with its club and series. Raises Http404."""
    rows = Session.objects.visible_to(request.user).select_related("club", "series")
    return get_object_or_404(rows, club=find_club(request, slug), pk=pk)


def require_organiser(request: Request, club: Club) -> None:
    if not permissions.can_run_sessions(request.user, club):
        raise PermissionDenied(_("Organisers run the sessions of the club."))


# The list


@require_GET
@open_to_visitors
def session_list(request: Request, slug: str) -> HttpResponse:
    """Show what is to come, what was, a year at a time, and to organisers their drafts."""
    club, now = find_club(request, slug), timezone.now()
    rows = Session.objects.visible_to(request.user).filter(club=club).select_related("club")
    rows = with_answers(rows, request.user)
    coming = rows.upcoming(now).exclude(state=Session.State.DRAFT)
    shows_all = "all" in request.GET
    found = list(coming if shows_all else coming[: COMING + 1])
    years = list(Session.objects.filter(club=club).past(now).order_by().dates("starts", "year", order="DESC"))
    year = read_number(request.GET.get("year", ""), least=1900, most=2300) or (years[0].year if years else 0)
    past = rows.past(now).filter(starts__year=year).prefetch_related(with_papers(request.user))
    may_run = permissions.can_run_sessions(request.user, club)
    context = {
        "club": club,
        "next": found[0] if found else None,
        "coming": found[1:] if shows_all else found[1:COMING],
        "has_more": not shows_all and len(found) > COMING,
        "cancelled": rows.filter(state=Session.State.CANCELLED, ends__gt=now).order_by("starts", "pk"),
        "past": past,
        "years": [each.year for each in years],
        "year": year,
        "drafts": rows.filter(state=Session.State.DRAFT).order_by("starts", "pk") if may_run else [],
        "series": club.series.filter(Q(ended_on=None) | Q(ended_on__gt=now.date())),
        "polls": DatePoll.objects.visible_to(request.user).filter(club=club, closed_at=None),
        "may_run": may_run,
        "is_member": permissions.is_member(request.user, club),
    }
    return render(request, "papers/session_list.html", context)


def with_answers(rows: SessionQuerySet, user: Any) -> SessionQuerySet:
    """Count on each session who comes (`coming`), and say what the person answered (`mine`)."""
    mine = Attendance.objects.filter(session=OuterRef("pk"), member=user.pk or 0)
    return rows.annotate(
        coming=Count("attendances", filter=Q(attendances__answer=Attendance.Answer.YES)),
        mine=Subquery(mine.values("answer")[:1]),
    )


def with_papers(user: Any) -> Prefetch:
    """Load the items of each agenda that the person may know of, with the titles of their papers."""
    from papers.models import Paper

    seen = Q(entry=None) | Q(entry__paper__in=Paper.objects.visible_to(user).values("pk"))
    items = AgendaItem.objects.filter(seen).select_related("entry__paper").order_by("position", "pk")
    return Prefetch(
        "agenda", items.defer("entry__paper__search_text", "entry__paper__abstract"), to_attr="items"
    )


# One session


@require_GET
@open_to_visitors
def session_detail(request: Request, slug: str, pk: int) -> HttpResponse:
    session = find_session(request, slug, pk)
    now = timezone.now()
    context = {
        **attendance_context(request, session, now),
        "agenda": load_agenda(request, session),
        "may_run": permissions.can_run_sessions(request.user, session.club),
        "is_member": permissions.is_member(request.user, session.club),
        "has_begun": session.starts <= now,
        "minutes": describe_minutes(request, session),
    }
    return render(request, "papers/session_detail.html", context)


@dataclass(frozen=True, slots=True)
class Coming:
    """Who said what, in the order in which they did."""

    yes: list[str]
    maybe: list[str]
    no: list[str]
    guests: list[Guest]
    left: int | None
    """Places that are free; None where there are as many as come."""


def attendance_context(request: Request, session: Session, now: datetime) -> dict[str, Any]:
    """Return what the block about who comes needs; visitors learn the number only."""
    rows = list(session.attendances.select_related("member", "guest").order_by("answered_at", "pk"))
    named = permissions.is_member(request.user, session.club)
    by_answer: dict[str, list[str]] = {"yes": [], "maybe": [], "no": []}
    for row in rows:
        if row.answer:
            by_answer[row.answer].append(str(row.member or row.guest) if named else "")
    left = None if session.capacity is None else max(0, session.capacity - len(by_answer["yes"]))
    guests = [row.guest for row in rows if row.guest and row.answer == Attendance.Answer.YES]
    mine = next((row.answer for row in rows if row.member_id and row.member_id == request.user.pk), "")
    asks = session.state in {Session.State.OPEN, Session.State.LOCKED} and session.ends > now
    return {
        "session": session,
        "club": session.club,
        "coming": Coming(**by_answer, guests=guests if named else [], left=left),
        "mine": mine,
        "names": named,
        "may_answer": asks and permissions.can_attend(request.user, session.club),
    }


@require_POST
@vary_on_headers("HX-Request")
def session_answer(request: Request, slug: str, pk: int) -> HttpResponse:
    """Say whether one comes (`answer`; empty takes it back), or a guest does (`guest`) or does not (`without`)."""
    session = find_session(request, slug, pk)
    if not permissions.can_attend(request.user, session.club):
        raise PermissionDenied(_("Members say whether they come."))
    error = ""
    try:
        _answer(request, session, request.user)
    except Refused as refusal:
        error = str(refusal)
    if wants_fragment(request):
        context = attendance_context(request, session, timezone.now())
        typed = request.POST.get("guest", "") if error else ""
        return render(request, "papers/_attendance.html", {**context, "error": error, "typed": typed})
    if error:
        messages.error(request, error)
    return redirect(f"{session.get_absolute_url()}#attendance")


def _answer(request: Request, session: Session, by: User) -> None:
    form = request.POST
    if "guest" in form:
        attendance.bring_guest(session, name=form["guest"], by=by)
    elif pk := read_number(form.get("without", "")):
        guest = get_object_or_404(Guest, club=session.club, pk=pk)
        attendance.withdraw_guest(session, guest, by=by)
    elif (said := form.get("answer", "?")) in Attendance.Answer.values:
        attendance.answer(session, by, answer=said)
    elif said == "":
        attendance.withdraw_answer(session, by)
    else:
        raise BadRequest(_("Say yes, maybe or no."))


# What organisers do


@require_http_methods(["GET", "POST"])
def session_new(request: Request, slug: str) -> HttpResponse:
    club = find_club(request, slug)
    require_organiser(request, club)
    now = timezone.now()
    form = SessionForm(request.POST or None, club=club, initial=default_start(now, club.time_zone))
    if request.method == "POST" and form.is_valid():
        try:
            session = sessions.schedule_session(club, by=request.user, now=now, **form.facts)
        except (Refused, ValidationError) as refusal:
            add_refusal(form, refusal, fields={"starts": "day"})
        else:
            _tell_of_time(request, session, now)
            return redirect(session)
    return render(request, "papers/session_form.html", {"form": form, "club": club})


@require_http_methods(["GET", "POST"])
def session_edit(request: Request, slug: str, pk: int) -> HttpResponse:
    """Change one session; “this and following” is the page of its series."""
    session = find_session(request, slug, pk)
    require_organiser(request, session.club)
    form = SessionForm(
        request.POST or None, club=session.club, session=session, initial=SessionForm.describe(session)
    )
    if request.method == "POST" and form.is_valid():
        now = timezone.now()
        try:
            session = sessions.change_session(session, by=request.user, now=now, **form.facts)
        except (Refused, ValidationError) as refusal:
            add_refusal(form, refusal, fields={"starts": "day"})
        else:
            messages.success(request, _("Saved."))
            _tell_of_time(request, session, now)
            return redirect(session)
    return render(
        request, "papers/session_form.html", {"form": form, "club": session.club, "session": session}
    )


def _tell_of_time(request: Request, session: Session, now: datetime) -> None:
    """Say a word about a time that may not be what somebody meant."""
    if session.starts <= now and session.state == Session.State.LOCKED:
        messages.warning(request, _("This session lies in the past: no votes fill its agenda."))


@require_POST
def session_state(request: Request, slug: str, pk: int) -> HttpResponse:
    """Open, cancel, bring back, hold or discard a session (`act`)."""
    session = find_session(request, slug, pk)
    require_organiser(request, session.club)
    by = request.user
    try:
        match request.POST.get("act"):
            case "open":
                sessions.open_session(session, by=by)
                said = _("Opened: the club sees it now.")
            case "cancel":
                sessions.cancel_session(session, because=request.POST.get("because", "").strip(), by=by)
                said = _("Cancelled. Its papers are on the list again, with their votes.")
            case "reopen":
                sessions.reopen_session(session, by=by)
                said = _("Taken back.")
            case "hold":
                sessions.hold_session(session, by=by)
                said = _("Held: its papers count as discussed.")
            case "discard":
                sessions.discard_session(session, by=by)
                messages.success(request, _("Discarded."))
                return redirect("papers:session_list", slug)
            case _other:
                raise BadRequest(_("Say which act: open, cancel, reopen, hold or discard."))
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, said)
    return redirect(session)

"""A meeting as it goes on, to project and on everybody's phone: what is on, questions, notes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.core.exceptions import BadRequest, PermissionDenied
from django.db.models import Count, Exists, OuterRef, Q
from django.http import HttpResponse, HttpResponseNotModified
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts import permissions
from accounts.models import Club
from papers.api.preconditions import make_etag
from papers.models import AgendaItem, Assignment, Question, QuestionVote, Session
from papers.numbers import read_number
from papers.scheduling import meeting, minutes, questions
from papers.scheduling.meeting_clock import (
    Point,
    Ticks,
    compute_times,
    count_left,
    draw_ticks,
    write_clock,
)
from papers.scheduling.refusals import Refused
from readinglist.http import Request, wants_fragment

from .viewpoint import find_club

SHOWN = 50
"""Questions of the queue that are on the page; the API has all."""


@dataclass(frozen=True, slots=True)
class Line:
    """An item of the agenda; `clock` is when it began or will begin, in the session's zone."""

    item: AgendaItem
    clock: str
    starts: datetime
    url: str
    people: str
    is_now: bool
    is_past: bool


@dataclass(frozen=True, slots=True)
class Clock:
    """What is left of what is on."""

    left: int
    text: str
    minutes: int
    ends: str
    ticks: Ticks


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, whether I voted for it, and whether I may settle it."""

    question: Question
    is_mine: bool
    can_settle: bool


def find_meeting_club(request: Request, slug: str) -> Club:
    """Return the club whose meeting somebody may take part in. Raises Http404, PermissionDenied."""
    club = find_club(request, slug)
    if not permissions.can_attend(request.user, club):
        raise PermissionDenied(_("Members of the club take part in its meetings."))
    return club


def find_meeting(request: Request, slug: str, pk: int) -> Session:
    """Return a session that somebody may take part in, with what is on. Raises Http404, PermissionDenied."""
    club = find_meeting_club(request, slug)
    rows = Session.objects.visible_to(request.user).select_related("club", "item_now__entry__paper")
    rows = rows.defer("item_now__entry__paper__search_text", "item_now__entry__paper__abstract")
    return get_object_or_404(rows, club=club, pk=pk)


def make_live_etag(request: Request, club: Club, pk: int) -> str:
    """Return the entity tag of a meeting as this person sees it: all of it changes with the club's version."""
    role = permissions.role_in(request.user, club)
    return make_etag("live", pk, club.pk, club.version, request.user.pk, role, get_language())


@require_GET
def live(request: Request, slug: str, pk: int) -> HttpResponse:
    """Show the whole page; its parts then ask for `live_state`."""
    session = find_meeting(request, slug, pk)
    context = describe_meeting(request, session)
    return render(request, "papers/live.html", {**context, "notes": describe_notes(request, session)})


@require_GET
def live_state(request: Request, slug: str, pk: int) -> HttpResponse:
    """Answer every three seconds with what has changed; with 304, and no query of its own, where nothing has."""
    club = find_meeting_club(request, slug)
    etag = make_live_etag(request, club, pk)
    if request.headers.get("If-None-Match") == etag:
        response: HttpResponse = HttpResponseNotModified()
        response.headers["ETag"] = etag
        return response
    return show_state(request, find_meeting(request, slug, pk))


def show_state(request: Request, session: Session, *, error: str = "") -> HttpResponse:
    response = render(request, "papers/_live.html", {**describe_meeting(request, session), "error": error})
    response.headers["ETag"] = make_live_etag(request, session.club, session.pk)
    response.headers["Cache-Control"] = "private, no-store"
    return response


def describe_meeting(request: Request, session: Session) -> dict[str, Any]:
    """Return what the parts of the page show; the queries do not depend on how much there is."""
    now = timezone.now()
    may_run = permissions.can_run_sessions(request.user, session.club)
    lines = load_lines(session)
    return {
        "session": session,
        "club": session.club,
        "etag": make_live_etag(request, session.club, session.pk),
        "server_now": round(now.timestamp() * 1000),
        "lines": lines,
        "now_line": next((line for line in lines if line.is_now), None),
        "is_last": not lines or lines[-1].is_now,
        "clock": read_clock(session, now) if session.is_on else None,
        "may_run": may_run,
        **describe_questions(request, session),
    }


def load_lines(session: Session) -> list[Line]:
    items = list(
        session.agenda.select_related("entry__paper")
        .defer("entry__paper__search_text", "entry__paper__abstract", "notes", "takeaways")
        .order_by("position", "pk")
    )
    times = compute_times(
        [Point(item.pk, item.minutes, item.started_at) for item in items],
        session.starts,
        now_on=session.item_now_id,
        ends=session.item_ends,
        began=session.began_at,
    )
    people: dict[int, list[str]] = {item.pk: [] for item in items}
    taken = Assignment.objects.filter(item__in=people).live().select_related("member", "guest", "part")
    for each in taken.order_by("part__position", "pk"):
        assert each.item_id is not None
        people[each.item_id].append(f"{each.member or each.guest} ({each.part})")
    zone, club = ZoneInfo(session.time_zone), session.club
    place = session.item_now.position if session.item_now else 0
    return [
        Line(
            item,
            date_format(times[item.pk].astimezone(zone), "H:i"),
            times[item.pk],
            reverse("papers:entry_detail", args=[club.slug, item.entry.paper_id]) if item.entry else "",
            ", ".join(people[item.pk]),
            is_now=session.is_on and item.pk == session.item_now_id,
            is_past=session.state == Session.State.HELD or (session.is_on and item.position < place),
        )
        for item in items
    ]


def read_clock(session: Session, now: datetime) -> Clock:
    assert session.began_at is not None
    ends = session.item_ends or session.ends
    left = count_left(ends, session.paused_at, now)
    at = ((session.paused_at or now) - session.began_at).total_seconds() / 60
    until = (ends - session.began_at).total_seconds() / 60
    own = session.item_now.minutes if session.item_now else session.minutes
    return Clock(
        left,
        write_clock(left),
        own + session.extra_minutes,
        date_format(ends.astimezone(ZoneInfo(session.time_zone)), "H:i"),
        draw_ticks(session.minutes, max(0.0, at), until),
    )


def describe_questions(request: Request, session: Session) -> dict[str, Any]:
    mine = QuestionVote.objects.filter(question=OuterRef("pk"), member=request.user.pk)
    rows = session.questions.select_related("asked_by").annotate(is_mine=Exists(mine))
    shown = rows.filter(state=Question.State.OPEN)[:SHOWN]
    counts = session.questions.aggregate(
        open=Count("pk", filter=Q(state=Question.State.OPEN)),
        settled=Count("pk", filter=~Q(state=Question.State.OPEN)),
    )
    settled = rows.exclude(state=Question.State.OPEN).order_by("-version", "-pk")[:SHOWN]

    def with_rights(each: Question) -> Asked:
        may = permissions.can_settle_question(request.user, each.asked_by_id, session.club)
        return Asked(each, each.is_mine, may)  # type: ignore[attr-defined]

    queue = [with_rights(each) for each in shown]
    return {
        "queue": queue,
        "more_questions": counts["open"] - len(queue),
        "settled": [with_rights(each) for each in settled] if counts["settled"] else [],
        "settled_count": counts["settled"],
    }


def describe_notes(request: Request, session: Session) -> dict[str, Any]:
    """Return the notes on the page: `?notes=` names an item, or 0 for the whole session; else those of what is on."""
    chosen = read_number(request.GET.get("notes", ""))
    item = session.item_now if session.is_on and chosen is None else None
    if chosen:
        item = get_object_or_404(
            session.agenda.select_related("entry__paper").defer("entry__paper__search_text"), pk=chosen
        )
    return {
        "item": item,
        "target": item or session,
        "follows": chosen is None,
        "most": minutes.LONGEST_NOTES,
    }


# Acts


def answer(
    request: Request, session: Session, *, said: str = "", error: str = "", **news: Any
) -> HttpResponse:
    """Answer an act: htmx gets the state as it is now, everybody else the page."""
    if wants_fragment(request):
        response = show_state(request, find_meeting(request, session.club.slug, session.pk), error=error)
        response.headers["HX-Trigger"] = json.dumps({"said": said or error, **news})
        return response
    if error:
        messages.error(request, error)
    return redirect("papers:live", session.club.slug, session.pk)


@require_POST
def run_meeting(request: Request, slug: str, pk: int) -> HttpResponse:
    """Start, next, back, pause, resume, extend or finish a meeting (`act`); `after` is the item that was seen on."""
    session = find_meeting(request, slug, pk)
    if not permissions.can_run_sessions(request.user, session.club):
        raise PermissionDenied(_("Organisers run the clock of a meeting."))
    by = request.user
    seen = {"after": read_number(request.POST["after"]) or None} if "after" in request.POST else {}
    try:
        match request.POST.get("act"):
            case "start":
                session, said = meeting.start(session, by=by), _("Begun.")
            case "next":
                session = meeting.next_item(session, by=by, **seen)  # type: ignore[arg-type]
                said = _("Next item.")
            case "back":
                session, said = meeting.go_back(session, by=by, **seen), _("Back.")  # type: ignore[arg-type]
            case "pause":
                session, said = meeting.pause(session, by=by), _("Paused.")
            case "resume":
                session, said = meeting.resume(session, by=by), _("Going on.")
            case "extend":
                session = meeting.extend(session, by=by, **seen)  # type: ignore[arg-type]
                said = _("Five minutes more.")
            case "finish":
                session, said = meeting.finish(session, by=by), _("The meeting is over.")
            case _other:
                raise BadRequest(_("Say which act: start, next, back, pause, resume, extend or finish."))
    except Refused as refusal:
        return answer(request, session, error=str(refusal))
    return answer(request, session, said=said)


@require_POST
def ask_question(request: Request, slug: str, pk: int) -> HttpResponse:
    session = find_meeting(request, slug, pk)
    try:
        questions.ask(session, text=request.POST.get("text", ""), by=request.user)
    except Refused as refusal:
        return answer(request, session, error=str(refusal))
    return answer(request, session, said=_("Asked."), asked=True)


@require_POST
def act_on_question(request: Request, slug: str, pk: int, question: int) -> HttpResponse:
    """Vote for a question (`vote` 1 or 0), or settle it: answered, closed, open or removed (`act`)."""
    session = find_meeting(request, slug, pk)
    found = get_object_or_404(Question.objects.visible_to(request.user), session=session, pk=question)
    vote, act, by = request.POST.get("vote"), request.POST.get("act"), request.user
    if vote in {"0", "1"}:
        found = questions.vote(found, by=by) if vote == "1" else questions.withdraw_vote(found, by=by)
        return answer(request, session, said=_("%(n)d want to know.") % {"n": found.vote_count})
    if not permissions.can_settle_question(by, found.asked_by_id, session.club):
        raise PermissionDenied(_("Who asked, and organisers, settle a question."))
    if act == "remove":
        questions.remove(found, by=by)
        return answer(request, session, said=_("Removed."))
    if act not in Question.State.values:
        raise BadRequest(_("Say which act: answered, closed, open or remove; or vote 1 or 0."))
    questions.set_state(found, state=act, by=by)
    return answer(request, session, said=_("Settled.") if act != Question.State.OPEN else _("Open again."))


@require_POST
def save_notes(request: Request, slug: str, pk: int) -> HttpResponse:
    """Save notes without a script: of an item, or of the whole session (`item` 0), written from `base_version`."""
    session = find_meeting(request, slug, pk)
    item_pk = read_number(request.POST.get("item", "")) or 0
    target = get_object_or_404(session.agenda, pk=item_pk) if item_pk else session
    base = read_number(request.POST.get("base_version", ""))
    if base is None:
        raise BadRequest(_("Say from which version the notes were written: base_version."))
    text = request.POST.get("text", "")
    try:
        saved = minutes.save_notes(target, text=text, base_version=base, by=request.user)
    except Refused as refusal:
        context = {**describe_meeting(request, session), "error": str(refusal)}
        notes = {"item": target if item_pk else None, "target": target, "follows": False, "typed": text}
        return render(
            request, "papers/live.html", {**context, "notes": {**notes, "most": minutes.LONGEST_NOTES}}
        )
    if saved.text != minutes.clean_notes(text):
        messages.info(request, _("Somebody else has written meanwhile: the notes have the lines of both."))
    return redirect(f"{reverse('papers:live', args=[slug, pk])}?notes={item_pk}#notes")

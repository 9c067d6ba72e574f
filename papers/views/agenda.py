"""The agenda of a session: shown to whoever sees the session, changed by organisers."""

import json
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.core.exceptions import BadRequest, PermissionDenied
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST
from django.views.decorators.vary import vary_on_headers

from accounts import permissions
from papers import reading_list, voting
from papers.models import AgendaChange, AgendaItem, Assignment, Entry, MergedPaper, Paper, Part, Session
from papers.numbers import read_number
from papers.scheduling import agenda, agenda_items
from papers.scheduling.parts import load_parts, wanted_in
from papers.scheduling.refusals import Refused
from readinglist.http import Request, wants_fragment

from .review import find_named
from .viewpoint import open_to_visitors

CANDIDATES = 30
CHANGES = 30
_CHOSEN = re.compile(r"(?P<pk>[0-9]{1,19}) · .+", re.DOTALL)
"""A paper as the field for one offers it: its id and its title."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A part in an item, and who has it; nobody (`who` is empty) where it is wanted."""

    part: str
    who: str
    is_me: bool = False
    is_asked: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """A point of the agenda as the page shows it; `clock` is in the session's zone."""

    item: AgendaItem
    starts: datetime
    clock: str
    url: str
    parts: list[Taken]
    can_rise: bool
    can_sink: bool


@dataclass(frozen=True, slots=True)
class Agenda:
    """All that a page tells of a session's agenda; what only organisers need is empty for others."""

    session: Session
    opening: list[Line]
    closing: list[Line]
    has_gap: bool
    """Whether papers are to come between the two, by their votes."""
    left: int
    used: int
    ruler: agenda.Ruler
    closes: str
    filled: str
    is_member: bool
    may_change: bool
    changes: list[AgendaChange]
    undoable: list[int]
    candidates: list[Paper]
    usual_topic: int = agenda.USUAL_TOPIC

    @property
    def lines(self) -> list[Line]:
        return [*self.opening, *self.closing]

    @property
    def when(self) -> str:
        """When the session begins, in its zone."""
        return date_format(self.session.starts.astimezone(ZoneInfo(self.session.time_zone)), "l j F Y, H:i")

    @property
    def over(self) -> int:
        return max(0, -self.left)


def load_agenda(request: Request, session: Session) -> Agenda:
    """Return the agenda of a session, which has its club loaded; the queries do not depend on the items."""
    user, club, zone = request.user, session.club, ZoneInfo(session.time_zone)
    may_change = permissions.can_run_sessions(user, club)
    items = list(
        session.agenda.select_related("entry__paper")
        .defer("entry__paper__search_text", "entry__paper__abstract")
        .order_by("position", "pk")
    )
    starts = agenda.compute_starts(session.starts, [item.minutes for item in items])
    is_member = permissions.is_member(user, club)
    if not is_member:  # of papers that are private to a public club its visitors do not know
        known = (
            Entry.objects.visible_to(user).filter(agenda_items__session=session).values_list("pk", flat=True)
        )
        shown = {None, *known}
        starts = [at for item, at in zip(items, starts, strict=True) if item.entry_id in shown]
        items = [item for item in items if item.entry_id in shown]
    taken = _load_parts(request, session, items)
    has_gap = session.kind in agenda.SHARES and not session.is_closed
    closing = [item.is_closing for item in items]
    lines = [
        Line(
            item,
            at,
            date_format(at.astimezone(zone), "H:i"),
            reverse("papers:entry_detail", args=[club.slug, item.entry.paper_id]) if item.entry else "",
            taken[item.pk],
            agenda.step(closing, place, -1, has_gap=has_gap) is not None,
            agenda.step(closing, place, 1, has_gap=has_gap) is not None,
        )
        for place, (item, at) in enumerate(zip(items, starts, strict=True), start=1)
    ]
    used = sum(item.minutes for item in items)
    changes = list(session.agenda_changes.select_related("by")[:CHANGES]) if is_member else []
    return Agenda(
        session=session,
        opening=[line for line in lines if not line.item.is_closing],
        closing=[line for line in lines if line.item.is_closing],
        has_gap=has_gap,
        left=session.minutes - used,
        used=used,
        ruler=agenda.draw_ruler(
            [(item.minutes, item.entry_id is not None) for item in items], session.minutes
        ),
        closes=date_format(session.lock_at.astimezone(zone), "l j F, H:i"),
        filled=_find_filling(session) if session.is_closed and is_member else "",
        is_member=is_member,
        may_change=may_change and session.state not in {Session.State.HELD, Session.State.CANCELLED},
        changes=changes,
        undoable=list(agenda_items.find_undoable(session).values_list("pk", flat=True)) if may_change else [],
        candidates=_load_candidates(session) if may_change else [],
    )


def _load_parts(request: Request, session: Session, items: list[AgendaItem]) -> dict[int, list[Taken]]:
    """Return who takes which part in each item, and which are wanted; others than members learn who has accepted."""
    State = Assignment.State
    wanted = wanted_in(load_parts(session.club), session.kind)
    rows = Assignment.objects.filter(item__in=[item.pk for item in items]).live()
    if not permissions.is_member(request.user, session.club):
        rows = rows.filter(state__in=[State.ACCEPTED, State.DONE])
    rows = rows.select_related("member", "guest", "part").order_by("part__position", "pk")
    taken: dict[int, list[Taken]] = {item.pk: [] for item in items}
    held: dict[int, set[int | None]] = {item.pk: set() for item in items}
    for row in rows:
        assert row.item_id is not None and row.part is not None
        is_me = row.member_id is not None and row.member_id == request.user.pk
        who = str(row.member or row.guest)
        taken[row.item_id].append(Taken(row.part.name, who, is_me, row.state == State.PROPOSED))
        held[row.item_id].add(row.part_id)
    if session.state in {Session.State.DRAFT, Session.State.OPEN, Session.State.LOCKED}:
        for item in items:
            if agenda.needs_people(item.entry_id is not None, item.minutes, session.kind):
                free: list[Part] = [part for part in wanted if part.pk not in held[item.pk]]
                taken[item.pk] += [Taken(part.name, "") for part in free]
    return taken


def _find_filling(session: Session) -> str:
    """Return what was said when votes filled the agenda last."""
    changes = session.agenda_changes.filter(act=AgendaChange.Act.LOCKED)
    return changes.values_list("said", flat=True).first() or ""


def _load_candidates(session: Session) -> list[Paper]:
    """Return papers of the list to choose from: best first, but newest first while totals are secret."""
    club, listed = session.club, Entry.objects.filter(club=session.club, state=Entry.State.SUGGESTED)
    if club.hides_totals and not session.is_closed:
        ids = list(listed.order_by("-suggested", "-pk").values_list("paper", flat=True)[:CANDIDATES])
    else:
        ranking = voting.rank(club, session, now=timezone.now())
        ids = [row.paper_id for row in ranking.rows[:CANDIDATES]]
    papers = Paper.objects.only("title").in_bulk(ids)
    return [papers[pk] for pk in ids if pk in papers]


# --- Views -------------------------------------------------------------------------------------------------


@require_GET
@vary_on_headers("HX-Request")
@open_to_visitors
def agenda_detail(request: Request, slug: str, pk: int) -> HttpResponse:
    """Show the agenda of a session on a page of its own."""
    return _show(request, find_session(request, slug, pk))


@require_POST
def change_agenda(request: Request, slug: str, pk: int) -> HttpResponse:
    """Add to an agenda, undo, close votes or open them again (`act`)."""
    return _act(request, find_session(request, slug, pk), None)


@require_POST
def change_agenda_item(request: Request, slug: str, pk: int, item: int) -> HttpResponse:
    """Do what an item's form asks for: move it, pin it, change it, put another in its place, take it off."""
    session = find_session(request, slug, pk)
    return _act(request, session, item)


def find_session(request: Request, slug: str, pk: int) -> Session:
    """Return a session that this person may see, with its club. Raises Http404."""
    sessions = Session.objects.visible_to(request.user).select_related("club")
    return get_object_or_404(sessions, club__slug=slug, pk=pk)


def _act(request: Request, session: Session, item: int | None) -> HttpResponse:
    """Perform the act that a form asks for; what is refused is said beside the agenda as it is now, input kept."""
    if not permissions.can_run_sessions(request.user, session.club):
        raise PermissionDenied(_("Organisers change the agenda."))
    try:
        if item is None:
            _change_agenda(request, session)
        else:
            found = AgendaItem.objects.filter(session=session, pk=item).select_related("session").first()
            if found is None:
                raise Refused(_("This is no longer on the agenda."))
            _change_item(request, found)
    except Refused as refusal:
        return _refuse(request, session, item, refusal)
    change = session.agenda_changes.first()
    said = change.said if change else ""
    if wants_fragment(request):
        response = _show(request, find_session(request, session.club.slug, session.pk))
        response["HX-Trigger"] = json.dumps({"said": said})
        return response
    messages.success(request, said)
    return redirect(f"{session.get_absolute_url()}#agenda")


def _change_agenda(request: Request, session: Session) -> None:
    form, by = request.POST, request.user
    expects = read_number(form.get("version", ""))
    match form.get("act"):
        case "add":
            entry, title = _read_subject(request, session)
            agenda_items.add_item(
                session,
                entry=entry,
                title=title,
                minutes=_read_minutes(form.get("minutes", "")),
                is_closing=form.get("where") == "end",
                note=form.get("note", ""),
                by=by,
                expects=expects,
            )
        case "undo":
            pk = read_number(form.get("change", ""))
            change = None
            if pk is not None:
                change = get_object_or_404(AgendaChange, session=session, pk=pk)
            agenda_items.undo(
                session, change=change, anyway="anyway" in form, by=by, expects=expects
            )  # fmt: skip
        case "lock":
            agenda_items.lock_session(session, now=timezone.now(), by=by, expects=expects)
        case "unlock":
            lock_at = _read_moment(form.get("lock_at", ""), session)
            agenda_items.unlock_session(session, lock_at=lock_at, now=timezone.now(), by=by, expects=expects)
        case _other:
            raise BadRequest(_("Say which act: add, undo, lock or unlock."))


def _change_item(request: Request, item: AgendaItem) -> None:
    form, by = request.POST, request.user
    expects = read_number(form.get("version", ""))
    if to := read_number(form.get("to", ""), least=1, most=1_000):
        closing = {"1": True, "0": False}.get(form.get("closing", ""))
        agenda_items.move_item(item, to=to, is_closing=closing, by=by, expects=expects)
    elif (step := form.get("step")) in {"-1", "1"}:
        _step(item, int(step), by=by, expects=expects)
    elif form.get("pin") in {"0", "1"}:
        agenda_items.pin(item, is_pinned=form["pin"] == "1", by=by, expects=expects)
    else:
        match form.get("act"):
            case "change":
                agenda_items.change_item(
                    item,
                    minutes=_read_minutes(form.get("minutes", "")),
                    title=form.get("title"),
                    note=form.get("note"),
                    by=by,
                    expects=expects,
                )
            case "swap":
                entry, title = _read_subject(request, item.session)
                agenda_items.override(
                    item,
                    entry=entry,
                    title=title,
                    note=form.get("why", ""),
                    anyway="anyway" in form,
                    by=by,
                    expects=expects,
                )
            case "remove":
                agenda_items.remove_item(item, anyway="anyway" in form, by=by, expects=expects)
            case _other:
                raise BadRequest(_("Say which act: to, step, pin, change, swap or remove."))


def _step(item: AgendaItem, by_places: int, **facts: Any) -> None:
    session = item.session
    rows = list(session.agenda.order_by("position", "pk").values_list("pk", "is_closing"))
    place = [pk for pk, _closing in rows].index(item.pk) + 1
    has_gap = session.kind in agenda.SHARES and not session.is_closed
    slot = agenda.step([closing for _pk, closing in rows], place, by_places, has_gap=has_gap)
    if slot is not None:
        agenda_items.move_item(item, to=slot.position, is_closing=slot.is_closing, **facts)


def _read_subject(request: Request, session: Session) -> tuple[Entry | None, str]:
    """Return the entry of the paper that a form names, made where there is none; or the topic. Raises Refused."""
    form = request.POST
    text = form.get("paper", "").strip()
    if not text:
        return None, form.get("title", "")
    chosen = _CHOSEN.fullmatch(text)
    papers = Paper.objects.visible_to(request.user).filter(Q(private_to=None) | Q(private_to=session.club))
    merged = MergedPaper.objects.visible_to(request.user).filter(paper__in=papers.values("pk"))
    paper = find_named(papers, merged, chosen["pk"] if chosen else text)
    if paper is None:
        raise Refused(
            _("No paper here has this address, id or identifier. Choose one of the list, or submit it first.")
        )
    return reading_list.note(session.club, paper), ""


def _read_minutes(text: str) -> int | None:
    """Return the minutes that a form says; None where it says none. Raises Refused."""
    if not text.strip():
        return None
    minutes = read_number(text.strip(), most=100_000)
    if minutes is None:
        raise Refused(_("Minutes are a whole number."))
    return minutes


def _read_moment(text: str, session: Session) -> datetime:
    """Return a time as <input type="datetime-local"> writes it, in the session's zone. Raises Refused."""
    try:
        return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(session.time_zone))
    except ValueError:
        raise Refused(_("Say until when votes are open, such as 2025-04-28T18:00.")) from None


def _refuse(request: Request, session: Session, item: int | None, refusal: Refused) -> HttpResponse:
    """Show the agenda as it is now with why an act was refused, and what was typed."""
    typed = {
        name: value for name, value in request.POST.items() if name not in {"csrfmiddlewaretoken", "version"}
    }
    asks = isinstance(refusal, agenda_items.AsksFirst)
    return _show(
        request,
        find_session(request, session.club.slug, session.pk),
        refusal=str(refusal),
        asks=[*typed.items()] if asks else [],
        asks_at=request.path if asks else "",
        typed={} if asks else typed,
        typed_for=item,
    )


def _show(request: Request, session: Session, **context: Any) -> HttpResponse:
    shown = load_agenda(request, session)
    template = "papers/_agenda.html" if wants_fragment(request) else "papers/agenda_detail.html"
    return render(request, template, {"club": session.club, "session": session, "agenda": shown, **context})

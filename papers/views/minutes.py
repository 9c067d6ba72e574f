"""What a meeting leaves behind, on the page of its session: verdicts, take-aways, files, action items, who came."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, cast

from django.contrib import messages
from django.core.exceptions import BadRequest, PermissionDenied
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import permissions
from accounts.models import Membership, User
from papers import meeting_files, stored_inputs
from papers.archive import load_items
from papers.models import ActionItem, AgendaItem, Assignment, Attachment, Guest, Paper, Session
from papers.numbers import read_number
from papers.scheduling import attachments, minutes, presence
from papers.scheduling.refusals import Refused
from readinglist.http import Request

from .agenda import find_session
from .viewpoint import open_to_visitors


@dataclass(frozen=True, slots=True)
class Attached:
    """A file or link, and whether I may take it away."""

    attachment: Attachment
    url: str
    can_detach: bool


@dataclass(frozen=True, slots=True)
class ToDo:
    action: ActionItem
    can_change: bool


@dataclass(frozen=True, slots=True)
class Concluded:
    """An item with what is known of it afterwards; notes and action items only for members."""

    item: AgendaItem
    url: str
    people: str
    attached: list[Attached]
    to_do: list[ToDo]
    notes: str
    takeaways: str
    can_conclude: bool
    """Also attach to it."""

    @property
    def has_anything(self) -> bool:
        return bool(self.item.verdict or self.item.takeaways or self.notes or self.attached or self.to_do)


def describe_minutes(request: Request, session: Session) -> dict[str, Any] | None:
    """Return what papers/_minutes.html shows, or None where nobody meets; the queries do not depend on its length.

    Before a session begins only files are kept of it.
    """
    if session.state in {Session.State.DRAFT, Session.State.CANCELLED}:
        return None
    has_begun = session.is_closed and (session.starts <= timezone.now() or session.began_at is not None)
    user, club = request.user, session.club
    is_member, may_run = permissions.is_member(user, club), permissions.can_run_sessions(user, club)
    rows = session.agenda.order_by("position", "pk")
    if not is_member:
        known = Paper.objects.visible_to(user).values("pk")
        rows = rows.filter(Q(entry=None) | Q(entry__paper__in=known))
    items = load_items(rows)
    mine = set()
    if is_member and not may_run:
        asked = Assignment.objects.live().filter(item__session=session, member=user)
        mine = set(asked.values_list("item", flat=True))
    concluded = [_describe_item(request, session, item, item.pk in mine) for item in items]
    loose = session.attachments.filter(item=None)
    actions = session.actions.filter(item=None).select_related("member", "guest") if is_member else []
    members = (
        Membership.objects.filter(club=club).select_related("user").order_by("pk")
        if is_member and has_begun
        else []
    )
    return {
        "session": session,
        "club": club,
        "items": concluded,
        "attached": [_describe_attachment(request, session, each) for each in loose],
        "to_do": [_describe_action(request, session, each) for each in actions],
        "notes": session.notes if is_member else "",
        "members": [each.user for each in members],
        "is_member": is_member,
        "may_run": may_run,
        "may_attach": may_run or any(each.can_conclude for each in concluded),
        "kinds": Attachment.Kind.choices,
        "has_begun": has_begun,
        "came": load_came(session) if is_member and has_begun else [],
    }


def load_came(session: Session) -> list[str]:
    """Return the names of those who came, members first."""
    rows = session.attendances.filter(came=True).select_related("member", "guest")
    named = sorted(
        (row.member is None, str(row.member or row.guest).casefold(), str(row.member or row.guest))
        for row in rows
    )
    return [name for _is_guest, _folded, name in named]


def _describe_item(request: Request, session: Session, item: AgendaItem, takes_part: bool) -> Concluded:
    club = session.club
    is_member = permissions.is_member(request.user, club)
    return Concluded(
        item,
        reverse("papers:entry_detail", args=[club.slug, item.entry.paper_id]) if item.entry else "",
        name_people(item),
        [_describe_attachment(request, session, each) for each in item.kept],  # type: ignore[attr-defined]
        [_describe_action(request, session, each) for each in item.to_do] if is_member else [],  # type: ignore[attr-defined]
        item.notes if is_member else "",
        minutes.begin_takeaways(item, club),
        permissions.can_conclude(request.user, club, takes_part=takes_part),
    )


def name_people(item: AgendaItem) -> str:
    """Return who took which part; the item was loaded by `archive.load_items`."""
    return ", ".join(f"{each.member or each.guest} ({each.part})" for each in item.presented)  # type: ignore[attr-defined]


def _describe_attachment(request: Request, session: Session, each: Attachment) -> Attached:
    url = each.link or reverse("papers:attachment", args=[session.club.slug, session.pk, each.pk])
    return Attached(each, url, permissions.can_detach(request.user, each.added_by_id, session.club))


def _describe_action(request: Request, session: Session, each: ActionItem) -> ToDo:
    whose = {each.member_id, each.made_by_id}
    return ToDo(each, permissions.can_change_action(request.user, whose, session.club))


# Acts


def find_for_members(request: Request, slug: str, pk: int) -> Session:
    """Return a session to a member of its club. Raises Http404 and PermissionDenied."""
    session = find_session(request, slug, pk)
    if not permissions.can_attend(request.user, session.club):
        raise PermissionDenied(_("Members of the club keep its minutes."))
    return session


def find_item(session: Session, text: str) -> AgendaItem | None:
    """Return the item that a form names; none for the session itself. Raises Http404."""
    pk = read_number(text)
    if not pk:
        return None
    return get_object_or_404(session.agenda.select_related("session"), pk=pk)


def lead_back(session: Session, item: AgendaItem | None = None) -> HttpResponse:
    place = f"concluded{item.pk}" if item else "minutes"
    return redirect(f"{session.get_absolute_url()}#{place}")


@require_POST
def conclude(request: Request, slug: str, pk: int, item: int) -> HttpResponse:
    """Save the verdict and take-aways of an item."""
    session = find_for_members(request, slug, pk)
    found = get_object_or_404(session.agenda.select_related("session"), pk=item)
    takes_part = attachments.takes_part(found, request.user)
    if not permissions.can_conclude(request.user, session.club, takes_part=takes_part):
        raise PermissionDenied(_("Organisers, and who takes part in it, say what is concluded."))
    takeaways = request.POST.get("takeaways")
    if (
        takeaways is not None
        and minutes.clean_notes(takeaways).strip() == session.club.minutes_template.strip()
    ):
        takeaways = ""  # the template, as it was offered
    try:
        minutes.conclude(found, verdict=request.POST.get("verdict"), takeaways=takeaways, by=request.user)
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("Saved."))
    return lead_back(session, found)


@require_POST
def attach(request: Request, slug: str, pk: int) -> HttpResponse:
    """Attach a file or a link to the session, or to one of its items."""
    session = find_for_members(request, slug, pk)
    item = find_item(session, request.POST.get("item", ""))
    takes_part = item is not None and attachments.takes_part(item, request.user)
    if not permissions.can_conclude(request.user, session.club, takes_part=takes_part):
        raise PermissionDenied(_("Organisers attach files, and who takes part in an item to that."))
    kind = request.POST.get("kind", Attachment.Kind.SLIDES)
    if kind not in Attachment.Kind.values:
        raise BadRequest(_("Say whether it is slides, a recording or something else."))
    file = request.FILES.get("file")
    try:
        attachments.attach(
            session,
            item=item,
            kind=kind,
            name=request.POST.get("name", ""),
            link=request.POST.get("link", ""),
            upload=file,
            size=file.size if file else None,
            by=request.user,
        )
    except (Refused, stored_inputs.Refused) as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("Attached."))
    return lead_back(session, item)


@require_GET
@open_to_visitors
def attachment(request: Request, slug: str, pk: int, attachment: int) -> HttpResponse:
    """Send the file of an attachment to whoever may see its session and its paper; a link leads away."""
    session = find_session(request, slug, pk)
    rows = Attachment.objects.visible_to(request.user)
    found = get_object_or_404(rows, session=session, pk=attachment)
    return redirect(found.link) if found.link else cast(HttpResponse, meeting_files.send_file(found))


@require_POST
def detach(request: Request, slug: str, pk: int, attachment: int) -> HttpResponse:
    session = find_for_members(request, slug, pk)
    found = get_object_or_404(session.attachments.select_related("item"), pk=attachment)
    if not permissions.can_detach(request.user, found.added_by_id, session.club):
        raise PermissionDenied(_("Who attached it, and organisers, take it away."))
    attachments.detach(found, by=request.user)
    messages.success(request, _("Taken away."))
    return lead_back(session, found.item)


@require_POST
def add_action(request: Request, slug: str, pk: int) -> HttpResponse:
    """Note who does what; `owner` is a member by id, or the name of a guest stands in `guest`."""
    session = find_for_members(request, slug, pk)
    item = find_item(session, request.POST.get("item", ""))
    try:
        minutes.add_action(
            session,
            text=request.POST.get("text", ""),
            item=item,
            member=_find_owner(request, session),
            guest=request.POST.get("guest", "").strip() or None,
            due=_read_due(request),
            by=request.user,
        )
    except Refused as refusal:
        messages.error(request, str(refusal))
    return lead_back(session, item)


@require_POST
def change_action(request: Request, slug: str, pk: int, action: int) -> HttpResponse:
    """Say that something is done, or not after all, or take it away (`act`)."""
    session = find_for_members(request, slug, pk)
    found = get_object_or_404(session.actions.select_related("item", "session"), pk=action)
    whose = {found.member_id, found.made_by_id}
    if not permissions.can_change_action(request.user, whose, session.club):
        raise PermissionDenied(_("Whose it is, who noted it, and organisers change an action item."))
    try:
        match request.POST.get("act"):
            case "done" | "open" as act:
                minutes.change_action(found, is_done=act == "done", by=request.user)
            case "remove":
                minutes.remove_action(found, by=request.user)
            case _other:
                raise BadRequest(_("Say which act: done, open or remove."))
    except Refused as refusal:
        messages.error(request, str(refusal))
    return lead_back(session, found.item)


def _find_owner(request: Request, session: Session) -> User | None:
    pk = read_number(request.POST.get("owner", ""))
    if not pk:
        return None
    return get_object_or_404(User, memberships__club=session.club, pk=pk)


def _read_due(request: Request) -> date | None:
    text = request.POST.get("due", "")
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise BadRequest(_("Write the day as 2025-04-30.")) from None


# Who came


@require_http_methods(["GET", "POST"])
def session_came(request: Request, slug: str, pk: int) -> HttpResponse:
    """Tick who came: `member` and `guest` by their ids, new guests a line each."""
    session = find_session(request, slug, pk)
    if not permissions.can_run_sessions(request.user, session.club):
        raise PermissionDenied(_("Organisers note who came."))
    typed = ""
    if request.method == "POST":
        form = request.POST
        typed = form.get("new_guests", "")
        try:
            presence.record(
                session,
                members=_read_ids(form.getlist("member")),
                guests=_read_ids(form.getlist("guest")),
                new_guests=[line for line in typed.splitlines() if line.strip()],
                by=request.user,
            )
        except Refused as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, _("Noted who came."))
            return redirect(f"{session.get_absolute_url()}#attendance")
    context = {
        "session": session,
        "club": session.club,
        "ticks": presence.load_ticks(session),
        "others": Guest.objects.filter(club=session.club).exclude(attendances__session=session)[:50],
        "typed": typed,
    }
    return render(request, "papers/session_came.html", context)


def _read_ids(texts: list[str]) -> list[int]:
    numbers = [read_number(text) for text in texts]
    if None in numbers:
        raise BadRequest(_("Name people by their ids."))
    return [number for number in numbers if number is not None]

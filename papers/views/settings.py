"""What a club sets about itself: its rules, and the parts that its members take."""

from copy import copy

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts import permissions
from accounts.forms import ClubSettingsForm
from accounts.models import Club
from papers import club_rules
from papers.forms import PartForm
from papers.models import Part, SessionKind
from papers.scheduling import parts
from papers.scheduling.refusals import Refused
from readinglist.http import Request


def find_my_club(request: Request, slug: str) -> Club:
    """Return a club this person is a member of. Raises Http404."""
    for club in request.my_clubs:
        if club.slug == slug:
            return club
    raise Http404


def club_settings(request: Request, slug: str) -> HttpResponse:
    club = find_my_club(request, slug)
    if not permissions.can_manage_members(request.user, club):
        raise PermissionDenied
    # A copy, so that the page is still called what the club is called when the form has mistakes.
    form = ClubSettingsForm(request.POST or None, instance=copy(club))
    if request.method == "POST" and form.is_valid():
        club_rules.change_club(club, by=request.user, **form.cleaned_data)
        messages.success(request, _("Saved."))
        return redirect("papers:club_settings", club.slug)
    return render(request, "papers/club_settings.html", {"form": form, "club": club})


def part_list(request: Request, slug: str) -> HttpResponse:
    """Show which parts there are and what is expected of whoever takes one; organisers change them there."""
    return show_parts(request, find_my_club(request, slug))


def show_parts(
    request: Request, club: Club, *, refused: PartForm | None = None, pk: int | None = None
) -> HttpResponse:
    """Return the page; `refused` is the form that had mistakes, of part `pk` or of a new one."""
    may_keep = permissions.can_keep_parts(request.user, club)
    rows = []
    for part in parts.load_parts(club):
        form = (refused if pk == part.pk else PartForm.of(part)) if may_keep else None
        kinds = ", ".join(str(SessionKind(kind).label) for kind in part.kinds)
        rows.append((part, kinds, form))
    context = {
        "club": club,
        "rows": rows,
        "may_keep": may_keep,
        "new": refused if refused is not None and pk is None else PartForm(prefix="new"),
        "is_refused": refused is not None and pk is None,
        "refused_pk": pk,
    }
    return render(request, "papers/part_list.html", context)


def _find_kept(request: Request, slug: str) -> Club:
    club = find_my_club(request, slug)
    if not permissions.can_keep_parts(request.user, club):
        raise PermissionDenied
    return club


@require_POST
def part_new(request: Request, slug: str) -> HttpResponse:
    club = _find_kept(request, slug)
    form = PartForm(request.POST, prefix="new")
    if form.is_valid():
        try:
            part = parts.add_part(club, **form.cleaned_data, by=request.user)
            messages.success(request, _("Added: %(part)s.") % {"part": part})
            return redirect("papers:part_list", slug)
        except Refused as refusal:
            form.add_error(refusal.field or None, str(refusal))
    return show_parts(request, club, refused=form)


@require_POST
def part_change(request: Request, slug: str, pk: int) -> HttpResponse:
    club = _find_kept(request, slug)
    part = get_object_or_404(Part, club=club, pk=pk)
    form = PartForm(request.POST, prefix=f"part-{pk}")
    if form.is_valid():
        try:
            parts.change_part(part, **form.cleaned_data, by=request.user)
            messages.success(request, _("Saved."))
            return redirect("papers:part_list", slug)
        except Refused as refusal:
            form.add_error(refusal.field or None, str(refusal))
    return show_parts(request, club, refused=form, pk=pk)


@require_POST
def part_move(request: Request, slug: str, pk: int) -> HttpResponse:
    """Move a part one place up or down (`to`)."""
    part = get_object_or_404(Part, club=_find_kept(request, slug), pk=pk)
    parts.move_part(part, by_places=-1 if request.POST.get("to") == "up" else 1, by=request.user)
    return redirect("papers:part_list", slug)


@require_POST
def part_remove(request: Request, slug: str, pk: int) -> HttpResponse:
    part = get_object_or_404(Part, club=_find_kept(request, slug), pk=pk)
    try:
        parts.remove_part(part, by=request.user)
        messages.success(request, _("Removed: %(part)s.") % {"part": part})
    except Refused as refusal:
        messages.error(request, str(refusal))
    return redirect("papers:part_list", slug)

"""The lab's old spreadsheet: upload it, look at how it is read, bring it in; and who a guest is by now."""

from dataclasses import dataclass
from datetime import time
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.core import signing
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django.views.decorators.vary import vary_on_headers

from accounts import permissions
from accounts.models import Club, User
from papers import stored_inputs
from papers.models import Guest, PastImport
from papers.numbers import read_number
from papers.past_forms import OrderForm, PastColumnsForm, PastForm
from papers.records import UnreadableInput
from papers.scheduling import guests, past_sessions
from papers.scheduling.past_table import PastRow, PastTable, guess_past_columns, read_past_table
from papers.scheduling.refusals import Refused
from readinglist.http import Request, wants_fragment

from .viewpoint import find_club

HELD_SALT = "papers.held-past"
SHOWN = 8
REJECTIONS_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Understood:
    """A row as it is read: what was discussed, and whom the names mean."""

    row: PastRow
    presenters: list[tuple[str, bool]]
    """Names, and whether each is a member."""


def find_own_club(request: Request, slug: str) -> Club:
    """Return a club whose sessions this person runs. Raises Http404, PermissionDenied."""
    club = find_club(request, slug)
    if not permissions.can_run_sessions(request.user, club):
        raise PermissionDenied(_("Organisers bring in past sessions."))
    return club


@require_http_methods(["GET", "POST"])
def past_new(request: Request, slug: str) -> HttpResponse:
    """The upload form; the columns of a table are confirmed next."""
    club = find_own_club(request, slug)
    form = PastForm(request.POST or None, request.FILES or None, club=club)
    if request.method == "POST" and form.is_valid():
        facts = form.cleaned_data
        held = {
            "by": request.user.pk,
            "club": club.pk,
            "upload": stored_inputs.hold_upload(facts["file"], by=request.user),
            "name": facts["file"].name,
            "starts_at": facts["starts_at"].isoformat(),
            "minutes": facts["minutes"],
        }
        query = urlencode({"held": signing.dumps(held, salt=HELD_SALT)})
        return redirect(f"{reverse('papers:past_columns', args=[club.slug])}?{query}")
    latest = PastImport.objects.visible_to(request.user).filter(club=club).defer("content")[:5]
    return render(request, "papers/past_new.html", {"club": club, "form": form, "latest": latest})


@require_http_methods(["GET", "POST"])
def past_columns(request: Request, slug: str) -> HttpResponse:
    """Show how a table is read; the choice may be tried (`look`), and once it is confirmed a worker brings it in."""
    club = find_own_club(request, slug)
    try:
        held = signing.loads(request.GET.get("held", ""), salt=HELD_SALT, max_age=stored_inputs.HELD)
    except signing.BadSignature:
        held = {}
    if (held.get("by"), held.get("club")) != (request.user.pk, club.pk):
        messages.error(request, _("The file is no longer kept here. Choose it again."))
        return redirect("papers:past_new", club.slug)
    path = stored_inputs.find_path(held["upload"])
    try:
        with path.open("rb") as file:
            form = PastColumnsForm(request.POST or None, columns=guess_past_columns(file))
        order = OrderForm(request.POST or None)
        is_sent = request.method == "POST" and form.is_valid() and order.is_valid()
        if is_sent and "look" not in request.POST:
            run = past_sessions.queue_past(
                club,
                path.read_bytes(),
                name=held["name"],
                columns=form.mapping,
                day_first=order.day_first,
                starts_at=time.fromisoformat(held["starts_at"]),
                minutes=held["minutes"],
                by=request.user,
            )
            stored_inputs.forget(held["upload"])
            return redirect(run)
        columns = form.mapping if is_sent else form.columns.mapping
        table = None
        if "date" in columns and (is_sent or request.method == "GET"):
            today = timezone.now().astimezone(ZoneInfo(club.time_zone)).date()
            with path.open("rb") as file:
                table = read_past_table(
                    file, columns=columns, day_first=order.day_first if is_sent else None, today=today
                )
    except FileNotFoundError:
        messages.error(request, _("The file is no longer kept here. Choose it again."))
        return redirect("papers:past_new", club.slug)
    except (Refused, UnreadableInput) as refusal:
        messages.error(request, str(refusal))
        return redirect("papers:past_new", club.slug)
    context: dict[str, Any] = {
        "club": club,
        "form": form,
        "order": order,
        "name": held["name"],
        "table": table,
    }
    if table is not None:
        context["understood"] = _understand(club, table)
        context["days"] = len({row.day for row in table.rows})
    return render(request, "papers/past_columns.html", context)


def _understand(club: Club, table: PastTable) -> list[Understood]:
    people = past_sessions.load_people(club)
    shown = []
    for row in table.rows[:SHOWN]:
        names = people.read(row.presenter)
        members = [people.find(name) for name in names]
        shown.append(
            Understood(
                row,
                [
                    (str(member or name), member is not None)
                    for name, member in zip(names, members, strict=True)
                ],
            )
        )
    return shown


@require_GET
@vary_on_headers("HX-Request")
def past_import(request: Request, slug: str, pk: int) -> HttpResponse:
    """Show what came of a table; the page asks again each second until it is over."""
    club = find_own_club(request, slug)
    runs = PastImport.objects.visible_to(request.user).select_related("club", "lookup").defer("content")
    run = get_object_or_404(runs, club=club, pk=pk)
    context = {
        "club": club,
        "run": run,
        "rejections": run.rejections[:REJECTIONS_SHOWN],
        "more": max(0, len(run.rejections) - REJECTIONS_SHOWN),
        "guests": Guest.objects.filter(club=club, member=None).count(),
    }
    template = "papers/_past_state.html" if wants_fragment(request) else "papers/past_import.html"
    return render(request, template, context)


@require_GET
def guest_list(request: Request, slug: str) -> HttpResponse:
    """Show who came or presented without an account, to say which of them is a member by now."""
    club = find_own_club(request, slug)
    context = {
        "club": club,
        "guests": list(Guest.objects.filter(club=club).select_related("member")),
        "members": [membership.user for membership in club.memberships.select_related("user")],
    }
    return render(request, "papers/guest_list.html", context)


@require_POST
def join_guest(request: Request, slug: str, pk: int) -> HttpResponse:
    """Say which member a guest is (`member`, by id); none takes it back."""
    club = find_own_club(request, slug)
    guest = get_object_or_404(Guest, club=club, pk=pk)
    member = None
    if chosen := read_number(request.POST.get("member", "")):
        member = get_object_or_404(User, pk=chosen, memberships__club=club)
    guests.join_guest(guest, member, by=request.user)
    if member is not None:
        said = _("%(guest)s is %(member)s: what they did counts for them.") % {
            "guest": guest.name,
            "member": member,
        }
    else:
        said = _("%(guest)s is a guest again.") % {"guest": guest.name}
    messages.success(request, said)
    return redirect("papers:guest_list", club.slug)

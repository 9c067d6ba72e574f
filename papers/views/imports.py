"""Imports: queue a file, follow it, read why records were rejected."""

from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core import signing
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django.views.decorators.vary import vary_on_headers

from accounts import permissions
from accounts.models import Club
from papers import importers, importing, stored_inputs
from papers.forms import ColumnsForm, ImportForm
from papers.models import CandidatePair, Import
from papers.numbers import read_number
from papers.records import UnreadableInput
from readinglist.http import Request, wants_fragment

SHOWN = 50
REJECTIONS_SHOWN = 200
HELD_SALT = "papers.held-upload"


@require_GET
def import_list(request: Request) -> HttpResponse:
    """Show the newest imports; `?before=` goes on below an id."""
    imports = Import.objects.visible_to(request.user).select_related("source", "club", "queued_by")
    if before := read_number(request.GET.get("before", "")):
        imports = imports.filter(pk__lt=before)
    rows = list(imports.order_by("-pk")[: SHOWN + 1])
    context = {
        "imports": rows[:SHOWN],
        "before": rows[SHOWN - 1].pk if len(rows) > SHOWN else None,
        "may_queue": permissions.can_import_somewhere(request.user, request.my_clubs),
        "pairs": CandidatePair.objects.visible_to(request.user).filter(state=CandidatePair.State.OPEN).count()
        if permissions.can_review(request.user, request.my_clubs)
        else None,
    }
    return render(request, "papers/import_list.html", context)


@require_http_methods(["GET", "POST"])
def import_new(request: Request) -> HttpResponse:
    """The upload form; a file that comes in is stored, queued and followed."""
    if not permissions.can_import_somewhere(request.user, request.my_clubs):
        raise PermissionDenied(_("Organisers import for their club, administrators for everybody."))
    clubs = [club for club in request.my_clubs if permissions.can_import(request.user, club)]
    form = ImportForm(
        request.POST or None,
        request.FILES or None,
        clubs=clubs,
        for_everybody=permissions.can_import(request.user, None),
    )
    if request.method == "POST" and form.is_valid():
        facts = form.cleaned_data
        try:
            if _is_table(facts):
                return redirect(
                    f"{reverse('papers:import_columns')}?{urlencode({'held': _hold(request, facts)})}"
                )
            run = importing.queue_import(
                upload=facts["file"],
                name=facts["file"].name,
                by=request.user,
                club=facts["club"],
                format=facts["format"],
                date=facts["date"],
            )
        except importing.Refused as refusal:
            form.add_error("file", str(refusal))
        else:
            return redirect(run)
    return render(request, "papers/import_new.html", {"form": form})


def _is_table(facts: dict[str, Any]) -> bool:
    format = facts["format"] or importers.tell_format(facts["file"])
    facts["file"].seek(0)
    return bool(format == importers.csv_table.NAME)


def _hold(request: Request, facts: dict[str, Any]) -> str:
    """Store the file until its columns are confirmed; return what the address of that page carries, signed."""
    return signing.dumps(
        {
            "by": request.user.pk,
            "upload": stored_inputs.hold_upload(facts["file"], by=request.user),
            "name": facts["file"].name,
            "club": facts["club"] and facts["club"].pk,
            "date": facts["date"] and facts["date"].isoformat(),
        },
        salt=HELD_SALT,
    )


@require_http_methods(["GET", "POST"])
def import_columns(request: Request) -> HttpResponse:
    """Show what the columns of an uploaded table are taken for; once that is confirmed it is queued."""
    if not permissions.can_import_somewhere(request.user, request.my_clubs):
        raise PermissionDenied(_("Organisers import for their club, administrators for everybody."))
    try:
        held = signing.loads(request.GET.get("held", ""), salt=HELD_SALT, max_age=stored_inputs.HELD)
    except signing.BadSignature:
        held = {}
    if held.get("by") != request.user.pk:
        messages.error(request, _("The file is no longer kept here. Choose it again."))
        return redirect("papers:import_new")
    club = get_object_or_404(Club, pk=held["club"]) if held["club"] else None
    if not permissions.can_import(request.user, club):
        raise PermissionDenied(_("Organisers import for their club, administrators for everybody."))
    try:
        form = ColumnsForm(request.POST or None, columns=stored_inputs.guess_held_columns(held["upload"]))
        if request.method == "POST" and form.is_valid():
            run = importing.queue_import(
                upload=held["upload"],
                name=held["name"],
                by=request.user,
                club=club,
                format=importers.csv_table.NAME,
                date=held["date"] and date.fromisoformat(held["date"]),
                columns=form.mapping,
            )
            return redirect(run)
    except (importing.Refused, UnreadableInput) as refusal:
        messages.error(request, str(refusal))
        return redirect("papers:import_new")
    return render(request, "papers/import_columns.html", {"form": form, "name": held["name"]})


@require_GET
@vary_on_headers("HX-Request")
def import_detail(request: Request, pk: int) -> HttpResponse:
    """Show an import: progress, counts, and every rejection; the page asks again each second until it is over."""
    imports = Import.objects.visible_to(request.user).select_related("source", "club", "queued_by")
    run = get_object_or_404(imports, pk=pk)
    if run.is_submission:
        return redirect(run)
    after = read_number(request.GET.get("after", ""), most=2**31 - 1) or 0
    rejections = list(run.rejections.filter(number__gt=after)[: REJECTIONS_SHOWN + 1])
    context = {
        "run": run,
        "rejections": rejections[:REJECTIONS_SHOWN],
        "more_after": rejections[REJECTIONS_SHOWN - 1].number if len(rejections) > REJECTIONS_SHOWN else None,
        "percent": _percent(run),
        "stage": _name_stage(run),
        "listing": _find_listing(run) if run.state == Import.State.DONE and run.came_in else None,
        "is_listed": importing.is_listed(run),
        "may_queue": permissions.can_import_somewhere(request.user, request.my_clubs),
        "may_cancel": not run.is_over
        and permissions.can_cancel_import(request.user, run.queued_by_id, run.club),
    }
    template = "papers/_import_state.html" if wants_fragment(request) else "papers/import_detail.html"
    return render(request, template, context)


@require_POST
def import_cancel(request: Request, pk: int) -> HttpResponse:
    """Cancel an import that waits or runs; what came in by then stays."""
    run = get_object_or_404(Import.objects.visible_to(request.user).select_related("club"), pk=pk)
    if not permissions.can_cancel_import(request.user, run.queued_by_id, run.club):
        raise PermissionDenied(
            _("Who queued an import may cancel it, and whoever may import for the same club.")
        )
    importing.cancel(run)
    return redirect(run)


def _percent(run: Import) -> int:
    if run.state == Import.State.DONE:
        return 100
    return min(99, 100 * run.read_bytes // run.input_bytes) if run.input_bytes else 0


def _name_stage(run: Import) -> str:
    """Name how far an import is, as far as that is said aloud: at its start, at each tenth, and at its end.

    A source's run is page after page, of which nobody knows the number.
    """
    if run.is_over or not run.attempts:
        return run.state
    return "begun" if run.is_run else f"begun-{_percent(run) // 10}"


def _find_listing(run: Import) -> dict[str, Any] | None:
    """Return where to see what came in: the day it was for, else the newest of its source; None for a library."""
    if not importing.is_listed(run):
        return None
    listings = (
        run.source.listings.filter(date=run.date) if run.date else run.source.listings.order_by("-date")
    )
    day = listings.values_list("date", flat=True).first()
    if day is None:
        return None
    if run.club is not None:
        return {"day": day, "url": reverse("papers:club_day", args=[run.club.slug, day])}
    return {"day": day, "url": f"{reverse('papers:day', args=[day])}?source={run.source.slug}"}

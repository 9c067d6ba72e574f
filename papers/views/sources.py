"""Sources: how they are, and what those who keep them do with them.

What fetches is imported where it is needed: a process that only shows pages stays small.
"""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django.views.decorators.vary import vary_on_headers

from accounts import permissions
from papers import importing
from papers.forms import ASKED, FollowForm, SourceForm, list_source_kinds
from papers.models import DryRun, Import, Source
from papers.sources import chart, health, replaying
from readinglist.http import Request, wants_fragment

RUNS_SHOWN = 40
FILES_SHOWN = 20
QUARANTINED_SHOWN = 50


def find_source(request: Request, pk: int) -> Source:
    """Return a source this person may know of. Raises Http404."""
    return get_object_or_404(Source.objects.visible_to(request.user).select_related("club"), pk=pk)


def find_kept(request: Request, pk: int) -> Source:
    """Return a source this person keeps. Raises Http404 for what they may not know of, PermissionDenied for others."""
    source = find_source(request, pk)
    if not permissions.can_keep_sources(request.user, source.club):
        raise PermissionDenied(_("Administrators keep the installation's sources, organisers their club's."))
    return source


@require_GET
def source_list(request: Request) -> HttpResponse:
    now = timezone.now()
    rows = [
        {"source": source, "health": health.describe(source, now), "schedule": health.say_schedule(source)}
        for source in Source.objects.visible_to(request.user).select_related("club")
    ]
    context = {
        "rows": rows,
        "may_keep": permissions.can_keep_sources_somewhere(request.user, request.my_clubs),
        "chooses": [club for club in request.my_clubs if permissions.can_choose_sources(request.user, club)],
    }
    return render(request, "papers/source_list.html", context)


@require_GET
def source_detail(request: Request, pk: int) -> HttpResponse:
    """Show how a source is: its last runs, when it runs next, and to those who keep it what is in quarantine."""
    from papers.sources import running

    source = find_source(request, pk)
    now = timezone.now()
    runs = list(source.imports.filter(is_run=True).order_by("-pk")[:RUNS_SHOWN])
    # What people asked for by identifier is theirs, wherever the papers went.
    files = list(source.imports.filter(is_run=False, is_submission=False).order_by("-pk")[:FILES_SHOWN])
    keeps = permissions.can_keep_sources(request.user, source.club)
    quarantined = list(replaying.find_quarantined(source)[: QUARANTINED_SHOWN + 1]) if keeps else []
    context = {
        "source": source,
        "health": health.describe(source, now),
        "schedule": health.say_schedule(source),
        "next_run": health.say_when(source.due_at, now) if source.due_at else "",
        "runs": runs,
        "files": files,
        "open_run": next((run for run in runs if not run.is_over), None),
        "chart": chart.draw(runs) if runs else None,
        "keeps": keeps,
        "asks": running.is_askable(source),
        "has_brought": any(each.came_in for each in runs + files),
        "quarantined": [
            {"record": each, "can_edit": replaying.can_edit(each)} for each in quarantined[:QUARANTINED_SHOWN]
        ],
        "has_more": len(quarantined) > QUARANTINED_SHOWN,
        "watermark": ", ".join(str(value) for value in source.watermark.values()) if keeps else "",
    }
    return render(request, "papers/source_detail.html", context)


@require_http_methods(["GET", "POST"])
@vary_on_headers("HX-Request")
def source_new(request: Request) -> HttpResponse:
    """Ask for the kind of a new source (`?kind=`), then for what such a one is to be told."""
    if not permissions.can_keep_sources_somewhere(request.user, request.my_clubs):
        raise PermissionDenied(_("Administrators keep the installation's sources, organisers their club's."))
    clubs = [club for club in request.my_clubs if permissions.can_keep_sources(request.user, club)]
    kind = _choose_kind(request)
    if not kind:
        return _show_form(request, None)
    form = SourceForm(
        request.POST or None,
        kind=kind,
        clubs=clubs,
        for_everybody=permissions.can_keep_sources(request.user, None),
    )
    if request.method == "POST" and form.is_valid():
        from papers.sources import keeping

        looks_first = "look" in request.POST
        facts = {**form.facts, "is_paused": looks_first}
        source = _try(form, lambda: keeping.make_source(club=form.cleaned_data["club"], **facts))
        if source is not None:
            return _look(request, source) if looks_first else redirect(source)
    return _show_form(request, form)


def _choose_kind(request: Request, present: str = "") -> str:
    """Return the kind of source a form is for; empty where it is still to be chosen."""
    said = request.POST if request.method == "POST" else request.GET
    kind = said.get("kind", present)
    return kind if kind in ASKED else ""


def _show_form(request: Request, form: SourceForm | None, source: Source | None = None) -> HttpResponse:
    """Answer with the form of a kind, or with the kinds where none is chosen."""
    context = {
        "form": form,
        "kinds": list_source_kinds() if form is None else [],
        "source": source,
        "address": reverse("papers:source_edit", args=[source.pk])
        if source
        else reverse("papers:source_new"),
    }
    template = "papers/_source_form.html" if wants_fragment(request) else "papers/source_form.html"
    return render(request, template, context)


@require_http_methods(["GET", "POST"])
@vary_on_headers("HX-Request")
def source_edit(request: Request, pk: int) -> HttpResponse:
    """Show what a source asks for, to be changed; `?kind=` lets it become one of another kind."""
    source = find_kept(request, pk)
    if source.kind == Source.Kind.UPLOAD:
        raise Http404
    kind = _choose_kind(request, source.kind)
    if not kind:
        return _show_form(request, None, source)
    form = SourceForm(request.POST or None, kind=kind, source=source)
    if request.method == "POST" and form.is_valid():
        from papers.sources import keeping

        changed = _try(form, lambda: keeping.change_source(source, **form.facts))
        if changed is not None:
            messages.success(request, _("Saved."))
            return redirect(changed)
    return _show_form(request, form, source)


def _try(form: SourceForm, act: Any) -> Source | None:
    """Do what a form asks for; a refusal becomes an error of the field it speaks of."""
    from papers.sources import keeping

    try:
        source: Source = act()
    except keeping.Refused as refusal:
        form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))
    except ValidationError as error:
        for field, problems in error.message_dict.items():
            for problem in problems:
                form.add_error(field if field in form.fields else None, problem)
    else:
        return source
    return None


def _look(request: Request, source: Source) -> HttpResponse:
    from papers.sources import dry_run, running

    try:
        dry_run.queue(source)
    except (running.NothingToAsk, running.TooOften) as refusal:
        messages.error(request, str(refusal))
        return redirect(source)
    return redirect("papers:source_dry_run", source.pk)


@require_POST
def source_run(request: Request, pk: int) -> HttpResponse:
    source = find_kept(request, pk)
    from papers.sources import running

    try:
        run = running.run_now(source, by=request.user)
    except (running.NothingToAsk, running.TooOften) as refusal:
        messages.error(request, str(refusal))
        return redirect(source)
    return redirect(run)


@require_POST
def source_pause(request: Request, pk: int) -> HttpResponse:
    """Pause a source, or resume it where the form says `resume`."""
    source = find_kept(request, pk)
    from papers.sources import keeping

    if "resume" in request.POST:
        source = keeping.resume(source)
        if source.due_at:
            when = health.say_when(source.due_at, timezone.now())
            messages.success(request, _("Resumed: it runs %(when)s.") % {"when": when})
    else:
        keeping.pause(source)
        messages.success(request, _("Paused. What is in stays, and a run under way comes to its end."))
    return redirect(source)


@require_POST
def source_remove(request: Request, pk: int) -> HttpResponse:
    source = find_kept(request, pk)
    from papers.sources import keeping

    try:
        keeping.remove(source)
    except keeping.Refused as refusal:
        messages.error(request, str(refusal))
        return redirect(source)
    messages.success(request, _("Removed."))
    return redirect("papers:source_list")


@require_http_methods(["GET", "POST"])
@vary_on_headers("HX-Request")
def source_dry_run(request: Request, pk: int) -> HttpResponse:
    """Let a worker find out what the next run would bring (POST), and show it; the page asks until it is there."""
    source = find_kept(request, pk)
    if request.method == "POST":
        return _look(request, source)
    row = DryRun.objects.filter(source=source).first()
    found = row.found if row else []
    counts = {what: sum(each["what"] == what for each in found) for what in ("new", "here", "rejected")}
    context = {"source": source, "row": row, "counts": counts}
    template = "papers/_dry_run.html" if wants_fragment(request) else "papers/source_dry_run.html"
    return render(request, template, context)


@require_POST
def rejection_replay(request: Request, pk: int, rejection: int) -> HttpResponse:
    """Read once more what a record was rejected of; or, where the form holds it as `text`, the record as mended."""
    source = find_kept(request, pk)
    rejected = get_object_or_404(replaying.find_rejected(source), pk=rejection)
    text = request.POST.get("text", "")
    try:
        if text:
            run: Import = replaying.import_edited(rejected, text, by=request.user)
        else:
            run = replaying.replay(rejected, by=request.user)
    except (replaying.Gone, importing.Refused) as refusal:
        messages.error(request, str(refusal))
        return redirect(source)
    return redirect(run)


@require_POST
def rejection_dismiss(request: Request, pk: int, rejection: int) -> HttpResponse:
    """Take a record out of the quarantine."""
    source = find_kept(request, pk)
    replaying.dismiss(replaying.find_rejected(source).filter(pk=rejection))
    messages.success(request, _("Dismissed. The page of its import goes on listing it."))
    return redirect(source)


@require_http_methods(["GET", "POST"])
def club_sources(request: Request, slug: str) -> HttpResponse:
    """The club's own sources, and which of the installation's it follows."""
    club = next((each for each in request.my_clubs if each.slug == slug), None)
    if club is None:
        raise Http404
    if not permissions.can_choose_sources(request.user, club):
        raise PermissionDenied(_("Organisers choose what the club follows."))
    followed = list(club.followed_sources.values_list("pk", flat=True))
    form = FollowForm(request.POST if request.method == "POST" else None, initial={"sources": followed})
    if request.method == "POST" and form.is_valid():
        from papers.sources import keeping

        keeping.follow(club, form.cleaned_data["sources"])
        messages.success(request, _("Saved. The club's listings show what comes from these."))
        return redirect("papers:club_sources", club.slug)
    now = timezone.now()
    own = [
        {"source": source, "health": health.describe(source, now)}
        for source in Source.objects.filter(club=club)
    ]
    return render(request, "papers/club_sources.html", {"club": club, "form": form, "own": own})

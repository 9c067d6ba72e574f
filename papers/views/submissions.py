"""Submit: papers by their identifiers, pasted, shared from a phone or sent by a bookmarklet, and what came of them."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods
from django.views.decorators.vary import vary_on_headers

from accounts import permissions
from papers import mentions, submissions, triage
from papers.forms import SubmissionForm
from papers.models import Import, Paper, SubmissionItem
from readinglist.http import Request, wants_fragment

from .viewpoint import look, row_context

State = SubmissionItem.State

MOST_SHARED = 5_000
"""Characters of one part of what is shared."""
RECENT = 5
NAMED = 10

# Many pages say of themselves which paper they show, in the tags that Google Scholar reads.
BOOKMARKLET = (
    "javascript:(()=>{{const said=name=>(document.querySelector('meta[name=\"'+name+'\" i]')||{{}}).content||'';"
    "open('{address}?url='+encodeURIComponent(location.href)+'&text='+encodeURIComponent(said('citation_doi')"
    "||said('citation_arxiv_id')||said('prism.doi')||said('dc.identifier'))"
    "+'&title='+encodeURIComponent(document.title))}})()"
)


@require_http_methods(["GET", "POST"])
def submit(request: Request) -> HttpResponse:
    """The form; what is submitted is looked up where it must be, and followed.

    `?url=`, `?text=` and `?title=` fill it in, as a phone's browser and the bookmarklet send them; only the person's
    own press of the button submits.
    """
    clubs = [club for club in request.my_clubs if permissions.can_submit(request.user, club)]
    if request.method == "POST":
        form = SubmissionForm(request.POST, clubs=clubs)
        if form.is_valid():
            facts = form.cleaned_data
            club = facts.get("club")
            if not permissions.can_submit(request.user, club):
                raise PermissionDenied
            try:
                run = submissions.submit(
                    mentions.find(facts["text"]),
                    by=request.user,
                    club=club,
                    suggest=facts.get("suggest", False),
                )
            except submissions.Refused as refusal:
                form.add_error("text", str(refusal))
            else:
                return redirect(run)
        return render(request, "papers/submit.html", {"form": form, **_describe_ways(request)})
    text = _join_shared(request)
    initial = {"text": text, "club": request.current_club, "suggest": request.current_club is not None}
    found = mentions.find(text)
    context = {
        "form": SubmissionForm(initial=initial, clubs=clubs),
        "is_shared": bool(text),
        "names": [str(each.identifier) for each in found.mentions[:NAMED]],
        "more_names": max(0, len(found.mentions) - NAMED),
        **_describe_ways(request),
    }
    return render(request, "papers/submit.html", context)


def _join_shared(request: Request) -> str:
    """Return what was shared: the first part with an identifier in it, or all of them.

    Browsers send the address of a page now as `url`, now within `text`; its title is seldom of use.
    """
    parts = [
        request.GET.get(name, "").replace("\0", "")[:MOST_SHARED].strip() for name in ("url", "text", "title")
    ]
    parts = [part for part in parts if part]
    return next((part for part in parts if mentions.find(part).mentions), "\n".join(parts))


def _describe_ways(request: Request) -> dict[str, Any]:
    """Return the bookmarklet, and the person's last submissions."""
    mine = Import.objects.visible_to(request.user).filter(queued_by=request.user, is_submission=True)
    return {
        "bookmarklet": BOOKMARKLET.format(address=f"{settings.SITE_URL}{reverse('papers:submit')}"),
        "recent": list(mine.select_related("club").order_by("-pk")[:RECENT]),
    }


@require_GET
@vary_on_headers("HX-Request")
def submission_detail(request: Request, pk: int) -> HttpResponse:
    """Show what came of each place; the page asks again each second until it is over."""
    imports = Import.objects.visible_to(request.user).filter(is_submission=True)
    run = get_object_or_404(imports.select_related("club", "queued_by"), pk=pk)
    items = list(run.items.all())
    view = look(request, run.club.slug if run.club else None)
    if view.acting is not None and view.club is None:
        view = triage.Viewpoint(view.user, view.acting, view.acting, [view.acting.pk], view.mine)
    papers = Paper.objects.visible_to(request.user)
    found = [item for item in items if item.state in submissions.FOUND]
    ids = submissions.find_papers(map(submissions.identifier_of, found), papers) if found else {}
    added = {ids.get(submissions.identifier_of(item)) for item in found if item.state == State.ADDED}
    by_id = papers.only("pk", "created").in_bulk(set(ids.values())) if ids else {}
    order = dict.fromkeys(filter(None, (ids.get(submissions.identifier_of(item)) for item in found)))
    shown = [by_id[pk] for pk in sorted(order, key=lambda pk: pk not in added) if pk in by_id]
    rows = triage.load_rows(view, triage.load_ranks_of(view, [paper.pk for paper in shown])) if shown else []
    failed = [item for item in items if item.state in {State.NOT_FOUND, State.UNANSWERED, State.UNKNOWN}]
    settled = sum(item.state != State.WAITING for item in items)
    context = {
        **row_context(request, view),
        "run": run,
        "stage": run.state if run.is_over or not run.attempts else f"begun-{10 * settled // len(items)}",
        "groups": [
            (name, group)
            for name, group in (
                ("added", [row for row in rows if int(row.id) in added]),
                ("here", [row for row in rows if int(row.id) not in added]),
            )
            if group
        ],
        "rows": rows,
        "waiting": [item for item in items if item.state == State.WAITING],
        "failed": failed,
        "again": "\n".join(
            str(submissions.identifier_of(item))
            for item in items
            if item.state in {State.UNANSWERED, State.WAITING}
        ),
        "settled": settled,
        "total": len(items),
        "asked": sum(bool(item.scheme) for item in items),
        "may_cancel": not run.is_over
        and permissions.can_cancel_import(request.user, run.queued_by_id, run.club),
    }
    template = "papers/_submission_state.html" if wants_fragment(request) else "papers/submission_detail.html"
    return render(request, template, context)

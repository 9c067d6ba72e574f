"""What a club has discussed, found by words; and the record of who did what in its sessions."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from accounts import permissions
from accounts.models import Club
from papers import archive, markup, record, search
from papers.api.pagination import Cursor
from papers.api.problems import InvalidInput
from readinglist.http import Request

from .minutes import name_people
from .viewpoint import find_club

SHOWN = 30


def find_members_club(request: Request, slug: str) -> Club:
    """Return a club to its members. Raises Http404 and PermissionDenied."""
    club = find_club(request, slug)
    if not permissions.is_member(request.user, club):
        raise PermissionDenied(_("What a club has noted of its meetings is for its members."))
    return club


@require_GET
def archive_list(request: Request, slug: str) -> HttpResponse:
    """Show what was discussed and concluded, best match for `?q=` first, else the latest first."""
    club = find_members_club(request, slug)
    text = request.GET.get("q", "").replace("\0", "").strip()[: search.QUERY_LIMIT]
    page = archive.find(club, text, now=timezone.now(), size=SHOWN, after=_read_cursor(request))
    rows = [
        {
            "session": found.session,
            "item": found.item,
            "people": name_people(found.item) if found.item else "",
            "url": reverse("papers:entry_detail", args=[slug, found.item.entry.paper_id])
            if found.item and found.item.entry
            else "",
            "excerpt": markup.highlight(found.excerpt),
            "kept": found.item.kept if found.item else [],  # type: ignore[attr-defined]
        }
        for found in page.rows
    ]
    more = Cursor(page.rows[-1].key).encode() if page.has_more else ""
    context = {"club": club, "q": text, "rows": rows, "more": more, "is_later": "cursor" in request.GET}
    return render(request, "papers/archive.html", context)


def _read_cursor(request: Request) -> archive.Key | None:
    text = request.GET.get("cursor")
    if text is None:
        return None
    try:
        rank, starts, number = Cursor.decode(text, 3).position
    except InvalidInput:
        raise BadRequest(_("This page of the archive is none: begin at its start.")) from None
    return float(rank), float(starts), int(number)


@require_GET
def record_list(request: Request, slug: str) -> HttpResponse:
    """Show who came, presented and discussed, from one day to another."""
    club = find_members_club(request, slug)
    return render(request, "papers/record.html", {"club": club, "record": read_record(request, club)})


@require_GET
def record_csv(request: Request, slug: str) -> HttpResponse:
    """The same as CSV: a line a deed, or a person with `?by=person`."""
    club = find_members_club(request, slug)
    return send_csv(read_record(request, club), club, by_person=request.GET.get("by") == "person")


def read_record(request: Request, club: Club) -> record.Record:
    """Return the record of the term that `?from=` and `?to=` name."""
    now, days = timezone.now(), {}
    try:
        days = {name: record.read_day(request.GET.get(name, "")) for name in ("from", "to")}
    except ValueError as error:
        messages.error(request, str(error))
    since, until = record.choose_term(club, now, days.get("from"), days.get("to"))
    return record.load_record(club, since=since, until=until, now=now)


def send_csv(found: record.Record, club: Club, *, by_person: bool) -> HttpResponse:
    text = record.write_summary(found) if by_person else record.write_csv(found)
    name = f"{club.slug}-{found.since}-{found.until}{'-people' if by_person else ''}.csv"
    headers: dict[str, Any] = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "X-Content-Type-Options": "nosniff",
    }
    return HttpResponse(text, content_type="text/csv; charset=utf-8", headers=headers)

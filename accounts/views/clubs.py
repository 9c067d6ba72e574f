"""Start a club, act in another one."""

import re
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts import clubs
from accounts.adapters import make_listing_path
from accounts.forms import ClubForm
from accounts.models import Club
from readinglist.http import Request

# Pages that every club has; a paper, or whatever else is below, may be private to the club one comes from.
SHARED_PAGES = re.compile(
    r"(papers/(?:(?:date|week|month)/[0-9W-]+|trending)?|list/|sessions/|plan/|insights/|members/|calendar/)?"
)


def find_my_club(request: Request, slug: str) -> Club:
    """Return a club this person is a member of. Raises Http404."""
    for club in request.my_clubs:
        if club.slug == slug:
            return club
    raise Http404


def club_create(request: Request) -> HttpResponse:
    form = ClubForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        club = clubs.create_club(
            form.cleaned_data["name"], owner=request.user, time_zone=form.cleaned_data["time_zone"]
        )
        messages.success(
            request, _("%(club)s is there, and you own it. Now invite those you read with.") % {"club": club}
        )
        return redirect("accounts:member_list", club.slug)
    return render(request, "accounts/club_create.html", {"form": form})


@require_POST
def switch_club(request: Request, slug: str) -> HttpResponse:
    """Act in another club from now on, and go on at the same place in it."""
    club = find_my_club(request, slug)
    request.user.default_club = club
    request.user.save(update_fields=["default_club"])
    messages.info(request, _("You act in %(club)s now.") % {"club": club})
    return redirect(find_way_back(request, club))


def find_way_back(request: Request, club: Club) -> str:
    """Return where to go on after a switch: where one was, in the new club.

    `next`, else the page one came from (we send `Referrer-Policy: same-origin`, so it is a page of ours or
    nothing). A page under a club's address becomes the same page of the new club, where that has one.
    """
    came_from = request.POST.get("next") or request.headers.get("Referer", "")
    if not url_has_allowed_host_and_scheme(
        came_from, {request.get_host()}, require_https=settings.SITE_IS_HTTPS and "//" in came_from
    ):
        return make_listing_path(club)
    parts = urlsplit(came_from)
    in_club = re.fullmatch(r"/clubs/[-\w]+/(.*)", parts.path)
    if in_club is None:
        here = f"{parts.path}?{parts.query}" if parts.query else parts.path
        # Without its host, //elsewhere.example would be another address than it was.
        is_path = here.startswith("/") and url_has_allowed_host_and_scheme(here, None)
        return here if is_path else make_listing_path(club)
    rest = in_club[1] if SHARED_PAGES.fullmatch(in_club[1]) else ""
    return f"{club.get_absolute_url()}{rest}"

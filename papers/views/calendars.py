"""Where members get the addresses by which their own calendars show the sessions."""

from urllib.parse import urljoin, urlsplit

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts import feed_keys, permissions
from accounts.models import Club, FeedKey
from readinglist.http import Request

from .viewpoint import find_club


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def subscribe(request: Request, slug: str) -> HttpResponse:
    """Show the addresses of a club's calendar and of one's own; POST `act`: make, renew or revoke them.

    The two keys are made, renewed and revoked together: who gave one away may have given both.
    """
    club = find_club(request, slug)
    if not permissions.can_attend(request.user, club):
        raise PermissionDenied
    if request.method == "POST":
        change_keys(request, club)
        return redirect("papers:subscribe", club.slug)
    keys = {
        key.club_id: key
        for key in FeedKey.objects.filter(user=request.user, resource=FeedKey.Resource.CALENDAR)
        if key.club_id in {club.pk, None}
    }
    addresses = []
    if len(keys) == 2:
        own = make_address(reverse("papers:calendar", args=[club.slug]), keys[club.pk])
        all_clubs = make_address(reverse("papers:my_calendar"), keys[None])
        addresses = [
            (_("All sessions of %(club)s") % {"club": club}, own),
            (_("Only sessions of %(club)s in which you have a part") % {"club": club}, f"{own}&mine=1"),
            (_("Your parts in all of your clubs"), f"{all_clubs}&mine=1"),
        ]
    context = {
        "club": club,
        "addresses": [
            (name, address, address.replace(urlsplit(address).scheme, "webcal", 1))
            for name, address in addresses
        ],
        "last_used": max((key.last_used for key in keys.values() if key.last_used), default=None),
        "is_private": urlsplit(settings.SITE_URL).hostname in {"localhost", "127.0.0.1"},
    }
    return render(request, "papers/subscribe.html", context)


def make_address(path: str, key: FeedKey) -> str:
    return urljoin(settings.SITE_URL, f"{path}?key={feed_keys.write_key(key)}")


def change_keys(request: Request, club: Club) -> None:
    act = request.POST.get("act", "make")
    keys = FeedKey.objects.filter(user=request.user, resource=FeedKey.Resource.CALENDAR)
    mine = [key for key in keys if key.club_id in {club.pk, None}]
    if act == "revoke":
        for key in mine:
            feed_keys.revoke_key(key)
        messages.success(request, _("The addresses no longer work."))
        return
    for owner in (club, None):
        key = feed_keys.make_key(request.user, FeedKey.Resource.CALENDAR, owner)
        if act == "renew" and key in mine:
            feed_keys.renew_key(key)
    if act == "renew":
        messages.success(request, _("These are new addresses; the ones before no longer work."))

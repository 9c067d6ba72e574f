"""`{% club_nav club "sessions" %}`: the places of a club, above each of its pages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from django import template
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from accounts import permissions
from accounts.models import Club
from accounts.permissions import Person

register = template.Library()


def _everybody(user: Person, club: Club) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Place:
    key: str
    name: str | Promise
    view: str
    is_for: Callable[[Person, Club], bool]
    is_first: bool = False
    """Whether a phone has room for it; there the others are in a menu."""


PLACES: Final = (
    Place("home", gettext_lazy("Home"), "papers:club_home", _everybody, is_first=True),
    Place("list", gettext_lazy("Reading list"), "papers:entry_list", _everybody),
    Place("sessions", gettext_lazy("Sessions"), "papers:session_list", _everybody, is_first=True),
    Place("plan", gettext_lazy("Plan"), "papers:plan", permissions.can_attend, is_first=True),
    Place("archive", gettext_lazy("Archive"), "papers:archive", permissions.is_member),
    Place("figures", gettext_lazy("Figures"), "papers:insights", permissions.is_member),
    Place("members", gettext_lazy("Members"), "accounts:member_list", permissions.can_see_members),
    Place("calendar", gettext_lazy("Calendar"), "papers:subscribe", permissions.can_attend),
)
ORGANISERS_PLACES: Final = (
    Place("sources", gettext_lazy("Sources"), "papers:club_sources", permissions.can_choose_sources),
    Place("parts", gettext_lazy("Parts"), "papers:part_list", permissions.can_keep_parts),
    Place("mails", gettext_lazy("Mails"), "papers:mail_list", permissions.can_run_sessions),
    Place("settings", gettext_lazy("Settings"), "papers:club_settings", permissions.can_manage_members),
)


@dataclass(frozen=True, slots=True)
class Link:
    name: str | Promise
    url: str
    current: str
    """The value of aria-current: “page” at the place, “true” on a page below it, else empty."""
    is_first: bool


@register.inclusion_tag("components/club_nav.html", takes_context=True)
def club_nav(context: dict[str, Any], club: Club, place: str) -> dict[str, Any]:
    """Show the places of a club that this person may go to. `place` names the present one, or the one above."""
    request = context["request"]

    def find_links(places: tuple[Place, ...]) -> list[Link]:
        links = []
        for each in places:
            if each.is_for(request.user, club):
                url = reverse(each.view, args=[club.slug])
                is_here = each.key == place and ("page" if url == request.path else "true")
                links.append(Link(each.name, url, is_here or "", each.is_first))
        return links

    places, menu = find_links(PLACES), find_links(ORGANISERS_PLACES)
    rest = [link for link in places if not link.is_first]
    return {
        "club": club,
        "places": places,
        "rest": rest,
        "menu": menu,
        "in_rest": next((link for link in rest if link.current), None),
        "in_menu": next((link for link in menu if link.current), None),
    }

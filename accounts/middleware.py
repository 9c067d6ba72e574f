"""What no request may hold, which clubs a person belongs to, and in which of them they act."""

from collections.abc import Callable
from typing import cast

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse

from readinglist.http import Request

from . import permissions
from .models import User


class NullByteMiddleware:
    """Keep null bytes away from the database, which refuses to look them up.

    No name in an address holds one (the API says so in its own form), and no key of a session does.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if "\0" in request.COOKIES.get(settings.SESSION_COOKIE_NAME, ""):
            del request.COOKIES[settings.SESSION_COOKIE_NAME]
        if "\0" in request.path and not request.path.startswith("/api/"):
            raise Http404
        return self.get_response(request)


class CurrentClubMiddleware:
    """Set `request.my_clubs` and `request.current_club`: the default club, else the one joined first.

    One query for whoever is signed in, and the roles it reads serve every permission of the request.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        ours = cast(Request, request)
        ours.my_clubs, ours.current_club = [], None
        if isinstance(ours.user, User):
            ours.my_clubs = permissions.load_clubs(ours.user)
            default = ours.user.default_club_id
            first = next(iter(ours.my_clubs), None)
            ours.current_club = next((club for club in ours.my_clubs if club.pk == default), first)
        return self.get_response(request)

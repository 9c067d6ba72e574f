"""What every view knows of a request."""

from typing import TYPE_CHECKING

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

if TYPE_CHECKING:
    from accounts.models import Club, User


class Request(HttpRequest):
    """A request as our middleware leaves it; `user` is anonymous only in views marked `login_not_required`."""

    user: "User"
    htmx: HtmxDetails
    current_club: "Club | None"
    my_clubs: "list[Club]"


def wants_fragment(request: Request) -> bool:
    """True when htmx swaps the answer into the page on screen; boosted links and Back need a whole page."""
    return bool(request.htmx) and not (request.htmx.boosted or request.htmx.history_restore_request)

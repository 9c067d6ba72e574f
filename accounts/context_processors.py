from functools import partial
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from . import permissions

# The people of the demo lab, whom the sign-in page of the demo offers (papers/demo/lab.json).
DEMO_SIGN_INS = ["organiser@example.org", *(f"member{number}@example.org" for number in range(1, 5))]
DEMO_PASSWORD = "reading-list"  # noqa: S105


def site(request: HttpRequest) -> dict[str, Any]:
    """What the frame of every page shows; all of it is there already, so no page pays a query."""
    user = getattr(request, "user", None)
    current_club = getattr(request, "current_club", None)
    my_clubs = getattr(request, "my_clubs", [])
    return {
        "site_name": settings.SITE_NAME,
        "my_clubs": my_clubs,
        "current_club": current_club,
        "may_import": user is not None and permissions.can_import_somewhere(user, my_clubs),
        # Only the sign-up page looks; the others do not pay the query.
        "invitation": SimpleLazyObject(partial(find_invitation, request)),
        "is_demo": settings.DEMO,
        "demo_sign_ins": DEMO_SIGN_INS if settings.DEMO else [],
        "demo_password": DEMO_PASSWORD if settings.DEMO else "",
    }


def find_invitation(request: HttpRequest) -> object:
    # The adapter needs allauth's models, which are not there yet when this module is imported.
    from .adapters import find_invitation

    return find_invitation(request)

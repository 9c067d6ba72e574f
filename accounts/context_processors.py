from typing import Any

from django.conf import settings
from django.http import HttpRequest

from . import permissions


def site(request: HttpRequest) -> dict[str, Any]:
    """What the frame of every page shows; all of it is there already, so no page pays a query."""
    user = getattr(request, "user", None)
    current_club = getattr(request, "current_club", None)
    return {
        "site_name": settings.SITE_NAME,
        "public_catalogue": settings.PUBLIC_CATALOGUE,
        "my_clubs": getattr(request, "my_clubs", []),
        "current_club": current_club,
        "may_import": user is not None
        and (permissions.is_administrator(user) or permissions.can_import(user, current_club)),
    }

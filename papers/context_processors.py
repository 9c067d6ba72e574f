"""What the frame of every page shows of papers; nobody pays a query for it."""

from typing import Any

from django.http import HttpRequest

from accounts import permissions


def stalled_sources(request: HttpRequest) -> dict[str, Any]:
    """Return the sources that have stalled, for those who can do something about it."""
    user, my_clubs = getattr(request, "user", None), getattr(request, "my_clubs", [])
    if user is None or not permissions.can_keep_sources_somewhere(user, my_clubs):
        return {}
    # Here, so that nobody else's process loads what fetches.
    from papers.sources import telling

    clubs = [club for club in my_clubs if permissions.can_keep_sources(user, club)]
    found = telling.find_remembered(clubs, with_installation=permissions.can_keep_sources(user, None))
    return {"stalled_sources": [{"pk": pk, "name": name} for pk, name in found]}

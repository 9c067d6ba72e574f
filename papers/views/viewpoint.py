"""From a request to a viewpoint: who looks, in which club, and what they may see."""

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.middleware.csrf import get_token
from django.utils import timezone
from django.utils.html import format_html

from accounts import permissions
from accounts.models import Club
from papers import voting
from papers.models import Entry
from papers.reasons import tell_left
from papers.triage import Viewpoint
from readinglist.http import Request

View = Callable[..., HttpResponse]


def open_to_visitors(view: View) -> View:
    """Let visitors in where the installation's catalogue is public, or the club whose address it is; else sign-in.

    A club that is not public does not exist for outsiders: they get a 404, visitors the sign-in page.
    """

    @login_not_required
    @wraps(view)
    def wrapped(request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.user.is_authenticated:
            return view(request, *args, **kwargs)
        slug = kwargs.get("slug")
        is_open = (
            settings.PUBLIC_CATALOGUE
            if slug is None
            else Club.objects.filter(slug=slug, is_public=True).exists()
        )
        return view(request, *args, **kwargs) if is_open else redirect_to_login(request.get_full_path())

    return wrapped


def find_club(request: Request, slug: str) -> Club:
    """Return a club this person may look into. Raises Http404."""
    for club in request.my_clubs:
        if club.slug == slug:
            return club
    public = Club.objects.filter(slug=slug, is_public=True).first()
    if public is None:
        raise Http404
    return public


def member_only(view: View) -> View:
    """Let members of the club act; who may only look gets a 403, who may not know of it a 404.

    So does an act on an entry that became one with another in this very moment.
    """

    @wraps(view)
    def wrapped(request: Request, slug: str, *args: Any, **kwargs: Any) -> HttpResponse:
        if not permissions.can_vote(request.user, find_club(request, slug)):
            raise PermissionDenied
        try:
            return view(request, slug, *args, **kwargs)
        except Entry.DoesNotExist:
            raise Http404 from None

    return wrapped


def look(request: Request, slug: str | None = None) -> Viewpoint:
    """Return the viewpoint of a page: under a club's address that club's, elsewhere that of all one may see."""
    mine = [club.pk for club in request.my_clubs]
    if slug is not None:
        club = find_club(request, slug)
        acting = club if permissions.can_vote(request.user, club) else None
        # Under a club's address only its own private papers, whatever other clubs the person is in.
        return Viewpoint(request.user, club, acting, [club.pk], [club.pk] if club.pk in mine else [])
    public = Club.objects.filter(is_public=True).exclude(pk__in=mine).values_list("pk", flat=True)
    return Viewpoint(request.user, None, request.current_club, [*mine, *public], mine)


def row_context(
    request: Request, view: Viewpoint, *, closings: Sequence[voting.Closing] | None = None
) -> dict[str, Any]:
    """Return what rows of papers need besides themselves (templates/papers/_rows.html).

    The form's token is made once a page, not once a row. What votes are left is asked for where there is a limit;
    `closings` are those of the club acted in, where the page has them already.
    """
    if view.acting is None:
        return {"acting": None, "totals_are_secret": view.hides_totals}
    token = format_html('<input type="hidden" name="csrfmiddlewaretoken" value="{}">', get_token(request))
    budget = voting.load_budget(view.acting, request.user, now=timezone.now(), closings=closings)
    return {
        "acting": view.acting,
        "csrf_input": token,
        "votes_left": tell_left(budget.left, budget.window) if budget else "",
        "totals_are_secret": view.hides_totals,
    }

"""What an invitation's link opens."""

from allauth.core.ratelimit import respond_429
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from accounts import invitations, permissions, rates
from accounts.adapters import make_listing_path
from accounts.invitations import BadLink, ClosedLink
from readinglist.http import Request

TRIES, TRIES_SECONDS = 60, 60


@never_cache
@login_not_required
def join(request: Request, token: str) -> HttpResponse:
    """Say who invites to which club. Signed in, one button joins; else the link is kept until one is.

    Opening the page changes nothing for the invitation: mail programs open links to look at them.
    """
    if not rates.is_within(f"join:{rates.find_address(request)}", most=TRIES, seconds=TRIES_SECONDS):
        return respond_429(request)
    try:
        invitation = invitations.find(token)
        if request.user.is_authenticated:
            # Whoever sees this signed in has arrived; sign-in need not lead here again.
            request.session.pop(invitations.SESSION_KEY, None)
            if request.method == "POST":
                invitations.accept(invitation, by=request.user)
                messages.success(request, _("Welcome to %(club)s.") % {"club": invitation.club})
                return redirect(make_listing_path(invitation.club))
        else:
            request.session[invitations.SESSION_KEY] = token
    except BadLink as refusal:
        status = 410 if isinstance(refusal, ClosedLink) else 404
        return render(request, "accounts/join_closed.html", {"reason": refusal}, status=status)
    except invitations.AlreadyMember:
        pass  # the page says so
    return render(
        request,
        "accounts/join.html",
        {
            "invitation": invitation,
            "club": invitation.club,
            "is_member": permissions.is_member(request.user, invitation.club),
        },
    )

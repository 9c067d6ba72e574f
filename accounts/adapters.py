"""How django-allauth behaves here."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.contrib import messages
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from . import invitations, permissions, recovery
from .clubs import Refused
from .models import Club, Invitation, User


class AccountAdapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Sign-up needs an invitation, except in the demo, where anybody may start a club of their own."""
        return settings.DEMO or find_invitation(request) is not None

    def save_user(self, request: HttpRequest, user: User, form: BaseForm, commit: bool = True) -> User:
        """Save who signs up; of two who do with one address at the same moment, the second is told."""
        try:
            with transaction.atomic():
                return super().save_user(request, user, form, commit)
        except IntegrityError:
            messages.warning(request, _("This address has just signed up. Sign in with it."))
            raise ImmediateHttpResponse(redirect("account_login")) from None

    def clean_email(self, email: str) -> str:
        """Refuse to add an address that somebody else has: it could become the one an account is known by.

        allauth lets it pass, to hide who has an account; here only people who were invited can ask.
        """
        place = self.request.resolver_match
        if place is not None and place.url_name == "account_email":
            others = User.objects.exclude(pk=self.request.user.pk)
            if others.filter(Q(email=email) | Q(emailaddress__email=email)).exists():
                raise self.validation_error("email_taken")
        return super().clean_email(email)

    def post_login(self, request: HttpRequest, user: User, **extra: Any) -> HttpResponse:
        """Whoever signed up by an invitation is in the club when they arrive."""
        club = join_invited_club(request, user) if extra["signup"] else None
        response = super().post_login(request, user, **extra)
        return redirect(make_listing_path(club)) if club else response

    def get_signup_redirect_url(self, request: HttpRequest) -> str:
        """Without an invitation, as in the demo, people start a club of their own."""
        return reverse("accounts:club_create")

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        """Lead back to the invitation that somebody opened before they signed in."""
        invitation = find_invitation(request)
        if invitation is not None and not permissions.is_member(request.user, invitation.club):
            return invitations.make_path(invitation)
        return super().get_login_redirect_url(request)

    def send_password_reset_mail(self, user: User, email: str, context: dict[str, Any]) -> None:
        if recovery.may_reset_by(user, email):
            super().send_password_reset_mail(user, email, context)


class MfaAdapter(DefaultMFAAdapter):
    def _get_site_name(self) -> str:
        return settings.SITE_NAME


def find_invitation(request: HttpRequest) -> Invitation | None:
    """Return the invitation whose link was opened in this browser, while it is good."""
    token = request.session.get(invitations.SESSION_KEY)
    if not token:
        return None
    try:
        return invitations.find(token)
    except invitations.BadLink:
        return None


def join_invited_club(request: HttpRequest, user: User) -> Club | None:
    """Accept the invitation whose link was opened in this browser; return its club, or None."""
    invitation = find_invitation(request)
    if invitation is None:
        return None
    try:
        invitations.accept(invitation, by=user)
    except Refused as refusal:
        messages.warning(request, str(refusal))
        return None
    request.session.pop(invitations.SESSION_KEY, None)
    return invitation.club


def make_listing_path(club: Club) -> str:
    """Return where a club's newest listing is."""
    return f"{club.get_absolute_url()}papers/"

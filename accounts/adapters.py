"""How django-allauth behaves here."""

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.http import HttpRequest


class AccountAdapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Sign-up needs an invitation, except in the demo, where anybody may start a club of their own."""
        return settings.DEMO or "invitation" in request.session


class MfaAdapter(DefaultMFAAdapter):
    def _get_site_name(self) -> str:
        return settings.SITE_NAME

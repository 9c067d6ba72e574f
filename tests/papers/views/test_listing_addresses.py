"""Addresses of listings are written by hand; they must be those of papers/urls.py."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.urls import reverse

from accounts.models import Club
from papers.triage import Viewpoint
from papers.views.listings import listing_url


@pytest.mark.parametrize(
    ("name", "text"),
    [("day", "2025-04-25"), ("week", "2025-W17"), ("month", "2025-04"), ("trending", "")],
)
def test_an_address_is_the_one_that_django_would_give(name, text):
    args = [text] if text else []
    club = Club(pk=1, slug="machine-learning")
    assert listing_url(name, Viewpoint(AnonymousUser(), None, None, [], []), text) == reverse(
        f"papers:{name}", args=args
    )
    assert listing_url(name, Viewpoint(AnonymousUser(), club, None, [], []), text) == reverse(
        f"papers:club_{name}", args=[club.slug, *args]
    )

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts import permissions, tokens
from accounts.models import ApiToken
from tests import factories


def test_secret_is_not_kept(member):
    token, secret = tokens.create_token(member, name=" my  bot ")
    assert secret.startswith("rl_") and len(secret) > 60
    assert token.name == "my bot" and token.expiry is None and token.scope == "full"
    stored = ApiToken.objects.values().get()
    assert all(secret not in str(value) for value in stored.values())
    assert secret.startswith(stored["token_key"]) and len(stored["token_key"]) == 15


def test_days_are_counted_from_now(member):
    token, _ = tokens.create_token(member, days=30)
    assert abs(token.expiry - timezone.now() - timedelta(days=30)) < timedelta(minutes=1)


@pytest.mark.parametrize("days", [0, -1, 3661])
def test_odd_lifetimes_are_refused(member, days):
    with pytest.raises(tokens.BadLifetime, match="1 to"):
        tokens.create_token(member, days=days)


def test_limit_to_a_strange_club_is_refused(member, club, other_club):
    with pytest.raises(tokens.NotYourClub):
        tokens.create_token(member, clubs=[club, other_club])
    assert not ApiToken.objects.exists()


def test_number_of_tokens_is_bounded(member, monkeypatch):
    monkeypatch.setattr(tokens, "MOST", 1)
    tokens.create_token(member)
    with pytest.raises(tokens.TooMany):
        tokens.create_token(member)


READ, WRITE = False, True


@pytest.mark.parametrize(
    ("scope", "limited", "where", "write", "allowed"),
    [
        ("full", False, "mine", WRITE, True),
        ("full", False, None, WRITE, True),
        ("read", False, "mine", READ, True),
        ("read", False, "mine", WRITE, False),
        ("read", False, None, WRITE, False),
        ("full", True, "mine", WRITE, True),
        ("full", True, "other", READ, False),
        ("full", True, "other", WRITE, False),
        ("full", True, None, READ, True),
        ("full", True, None, WRITE, False),
        ("read", True, "mine", READ, True),
        ("read", True, "mine", WRITE, False),
    ],
)
def test_how_far_a_token_reaches(club, other_club, member, scope, limited, where, write, allowed):
    token, _ = tokens.create_token(member, scope=scope, clubs=[club] if limited else [])
    target = {"mine": club, "other": other_club, None: None}[where]
    assert permissions.token_allows(token, target, write) is allowed


def test_a_session_limits_nothing(club):
    assert permissions.token_allows(None, club, True)


def test_the_limit_of_a_token_is_read_once(club, django_assert_num_queries):
    ada = factories.make_user("Ada", club=club)
    limited, _ = tokens.create_token(ada, clubs=[club])
    permissions.token_allows(limited, club, True)
    with django_assert_num_queries(0):
        permissions.token_allows(limited, club, True)

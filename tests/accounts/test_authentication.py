"""How a script says who it is."""

from base64 import b64encode
from datetime import timedelta

import pytest
from django.utils import timezone
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.test import APIRequestFactory

from accounts import tokens
from accounts.authentication import BasicTokenAuthentication, BearerAuthentication, note_use
from accounts.models import ApiToken, User


def bearer(header):
    request = APIRequestFactory().get("/", HTTP_AUTHORIZATION=header)
    return BearerAuthentication().authenticate(request)


def basic(password):
    credentials = b64encode(b"x:" + password).decode()
    request = APIRequestFactory().get("/", HTTP_AUTHORIZATION=f"Basic {credentials}")
    return BasicTokenAuthentication().authenticate(request)


@pytest.fixture
def secret(member):
    return tokens.create_token(member, scope="read")[1]


def test_token_says_who_and_how_far(member, secret):
    for user, token in (bearer(f"Bearer {secret}"), bearer(f"bearer {secret}"), basic(secret.encode())):
        assert user == member
        assert token.scope == ApiToken.Scope.READ


def test_one_query_finds_the_token(secret, django_assert_num_queries):
    bearer(f"Bearer {secret}")
    with django_assert_num_queries(1):  # the token with its user; its last use was noted just now
        bearer(f"Bearer {secret}")


@pytest.mark.parametrize(
    "header",
    [
        pytest.param("Bearer rl_" + "0" * 64, id="unknown"),
        pytest.param("Bearer", id="empty"),
        pytest.param("Bearer a b", id="two words"),
        pytest.param("Bearer \xff\xfe", id="not UTF-8"),
        pytest.param("Bearer a\x00b", id="null byte"),
        pytest.param("Bearer " + "x" * 100_000, id="long"),
        pytest.param("Bearer é", id="not ASCII"),
    ],
)
def test_anything_else_is_401(db, header):
    with pytest.raises(AuthenticationFailed) as refusal:
        bearer(header)
    assert refusal.value.status_code == 401


@pytest.mark.parametrize(
    "password", [b"", b"\xff\xfe", b"a\x00b", b"wrong", "\ud800".encode("utf-8", "surrogatepass")]
)
def test_bad_basic_password_is_401(db, password):
    with pytest.raises(AuthenticationFailed):
        basic(password)


def test_beginning_of_a_token_is_not_enough(secret):
    with pytest.raises(AuthenticationFailed):
        bearer(f"Bearer {secret[:-1]}")
    with pytest.raises(AuthenticationFailed):
        bearer(f"Bearer {ApiToken.objects.get().digest}")


def test_other_schemes_are_left_to_others(db):
    assert bearer("Digest abc") is None
    assert bearer("") is None


def test_expired_token_is_refused_and_stays_listed(secret):
    ApiToken.objects.update(expiry=timezone.now() - timedelta(seconds=1))
    with pytest.raises(AuthenticationFailed, match="expired"):
        bearer(f"Bearer {secret}")
    assert ApiToken.objects.count() == 1


def test_closed_account_is_refused(member, secret):
    User.objects.filter(pk=member.pk).update(is_active=False)
    with pytest.raises(AuthenticationFailed, match="closed"):
        bearer(f"Bearer {secret}")


def test_revoked_token_is_refused(secret):
    tokens.revoke_token(ApiToken.objects.get())
    with pytest.raises(AuthenticationFailed, match="revoked"):
        bearer(f"Bearer {secret}")


def test_last_use_is_noted_every_five_minutes(secret):
    bearer(f"Bearer {secret}")
    first = ApiToken.objects.get().last_used
    assert timezone.now() - first < timedelta(seconds=10)
    note_use(ApiToken.objects.get())
    assert ApiToken.objects.get().last_used == first
    ApiToken.objects.update(last_used=first - timedelta(minutes=6))
    note_use(ApiToken.objects.get())
    assert ApiToken.objects.get().last_used > first - timedelta(minutes=1)

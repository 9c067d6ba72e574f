import re
from datetime import timedelta

from django.utils import timezone

from accounts import tokens
from accounts.models import ApiToken, Membership, User


def test_name_keys_and_club_are_saved(client, member, club, other_club, outsider):
    Membership.objects.create(user=member, club=other_club)
    client.force_login(member)
    assert client.get("/accounts/settings/").status_code == 200
    response = client.post("/accounts/settings/", {"name": "Mia \u202eM.", "default_club": other_club.pk})
    assert response.status_code == 302
    member = User.objects.get(pk=member.pk)
    assert (member.name, member.uses_keys, member.default_club) == ("Mia M.", False, other_club)
    client.post("/accounts/settings/", {"name": "Mia", "default_club": "", "uses_keys": "on"})
    member = User.objects.get(pk=member.pk)
    assert member.uses_keys and member.default_club is None


def test_strange_club_is_refused(client, member, other_club):
    client.force_login(member)
    page = client.post("/accounts/settings/", {"name": "Mia", "default_club": other_club.pk})
    assert page.status_code == 200
    assert User.objects.get(pk=member.pk).default_club is None


def test_empty_name_is_refused(client, member):
    client.force_login(member)
    page = client.post("/accounts/settings/", {"name": "\u202e"})
    assert "Write the name that your club knows you by" in page.content.decode()
    # The refused name is not shown as if it were saved.
    assert User.objects.get(pk=member.pk).name == "Mia Member"


def make(client, **data):
    return client.post("/accounts/tokens/", {"name": "bot", "scope": "read", "days": "90", **data})


def test_new_token_is_shown_once_and_works(client, member):
    client.force_login(member)
    page = make(client)
    assert page.status_code == 200
    assert "no-store" in page["Cache-Control"]
    [secret] = re.findall(r'value="(rl_[0-9a-f]+)"', page.content.decode())
    token = ApiToken.objects.get()
    assert (token.user, token.name, token.scope) == (member, "bot", "read")
    assert abs(token.expiry - timezone.now() - timedelta(days=90)) < timedelta(minutes=1)
    from accounts.authentication import find_token

    assert find_token(secret.encode()) == token
    again = client.get("/accounts/tokens/").content.decode()
    assert secret not in again and "bot" in again and "last used" in again
    assert secret not in str(dict(client.session))


def test_page_is_not_cached(client, member):
    client.force_login(member)
    assert "no-store" in client.get("/accounts/tokens/")["Cache-Control"]


def test_token_for_ever_and_for_some_clubs(client, member, other_club, outsider):
    Membership.objects.create(user=member, club=other_club)
    client.force_login(member)
    make(client, days="0", scope="full", clubs=[other_club.pk])
    token = ApiToken.objects.get()
    assert token.expiry is None and token.scope == "full" and list(token.clubs.all()) == [other_club]
    assert "only in Biology" in client.get("/accounts/tokens/").content.decode()


def test_refused_form_makes_nothing(client, member, other_club):
    client.force_login(member)
    for bad in ({"name": ""}, {"scope": "admin"}, {"days": "-1"}, {"days": "x"}, {"clubs": [other_club.pk]}):
        page = make(client, **bad)
        assert page.status_code == 200 and "rl_" not in page.content.decode()
    assert not ApiToken.objects.exists()


def test_too_many_tokens_are_refused_with_a_sentence(client, member, monkeypatch):
    monkeypatch.setattr(tokens, "MOST", 0)
    client.force_login(member)
    assert "no more fit" in make(client).content.decode()


def test_expired_token_is_listed_as_such(client, member):
    tokens.create_token(member, name="old", days=1)
    ApiToken.objects.update(expiry=timezone.now() - timedelta(days=1))
    client.force_login(member)
    assert "expired on" in client.get("/accounts/tokens/").content.decode()


def test_cost_does_not_grow_with_tokens(client, member, django_assert_num_queries):
    client.force_login(member)
    for number in range(10):
        tokens.create_token(member, name=f"bot {number}", clubs=[Membership.objects.get(user=member).club])
    # user, my clubs, tokens, their clubs; the session comes from the cache
    with django_assert_num_queries(4):
        client.get("/accounts/tokens/")


def test_revoking_is_for_the_owner(client, member, outsider):
    token, _ = tokens.create_token(member, name="bot")
    path = f"/accounts/tokens/{token.token_key}/revoke"
    client.force_login(outsider)
    assert client.post(path).status_code == 404
    client.force_login(member)
    assert client.get(path).status_code == 405
    assert ApiToken.objects.exists()
    assert "no longer works" in client.get(client.post(path).url).content.decode()
    assert not ApiToken.objects.exists()


def test_outsider_sees_only_own_tokens(client, member, outsider):
    tokens.create_token(member, name="members-bot")
    client.force_login(outsider)
    assert "members-bot" not in client.get("/accounts/tokens/").content.decode()

"""Sign-in, passwords, addresses and second factors, as django-allauth is set up here."""

import re
from urllib.parse import urlsplit

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.core import mail
from django.test import Client
from django.urls import get_resolver

from accounts import tokens
from accounts.models import ApiToken, User
from tests import factories

from .test_clubs import at_once

PASSWORD = "reading-list"


@pytest.fixture
def ada(db):
    ada = factories.make_user("Ada", email="ada@example.org")
    EmailAddress.objects.create(user=ada, email=ada.email, verified=True, primary=True)
    return ada


def sign_in(client, email="ada@example.org", password=PASSWORD, **more):
    return client.post("/accounts/login/", {"login": email, "password": password, **more})


def sign_in_and_confirm(client):
    """Sign in, and give the password once more, as pages that change the account ask for."""
    sign_in(client)
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})


def who(client):
    return client.session.get("_auth_user_id")


def link_in(message, start):
    return urlsplit(re.search(rf"http://\S+{start}\S+", message.body)[0]).path


# Passwords


@pytest.mark.parametrize("email", ["ada@example.org", "ADA@Example.org", " ada@example.org "])
def test_sign_in_by_address_in_any_case(client, ada, email):
    response = sign_in(client, email)
    assert (response.status_code, response.url) == (302, "/")
    assert who(client) == str(ada.pk)


def test_wrong_password_and_unknown_address_say_the_same(client, ada):
    answers = [
        sign_in(client, email, "wrong").content.decode() for email in ("ada@example.org", "bob@example.org")
    ]
    said = [re.findall(r"<p class=\"notice wrong.*?</p>", answer, re.S) for answer in answers]
    assert said[0] and said[0] == said[1]


def test_sixth_wrong_password_in_a_row_is_refused(client, ada):
    for _ in range(5):
        assert "Too many" not in sign_in(client, password="wrong").content.decode()
    assert "Too many failed" in sign_in(client, password="wrong").content.decode()
    # From then on the right one does not help either, from wherever it comes.
    assert "Too many failed" in sign_in(Client(REMOTE_ADDR="192.0.2.7")).content.decode()
    assert who(client) is None


def test_address_of_the_internet_is_limited_over_all_accounts(client, db):
    answers = [sign_in(client, f"{number}@example.org", "wrong").content.decode() for number in range(11)]
    assert "Too many" not in answers[9] and "Too many" in answers[10]


def test_closed_account_does_not_get_in(client, ada):
    User.objects.update(is_active=False)
    sign_in(client)
    assert who(client) is None


def test_next_stays_on_this_site(client, ada):
    assert sign_in(client, next="/accounts/settings/").url == "/accounts/settings/"
    client.post("/accounts/logout/")
    assert sign_in(client, next="https://elsewhere.example/").url == "/"


def test_sign_out_is_a_post(client, ada):
    sign_in(client)
    client.get("/accounts/logout/")
    assert who(client)
    client.post("/accounts/logout/")
    assert who(client) is None


def test_weak_password_is_refused_at_sign_up(client, db, settings):
    settings.DEMO = True
    for password in ("short", "password123456", "ada@example.org"):
        data = {"email": "ada@example.org", "name": "Ada", "password1": password}
        assert client.post("/accounts/signup/", data).status_code == 200
    assert not User.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_sign_ups_at_once_make_one_person(settings):
    settings.DEMO = True
    data = {"email": "ada@example.org", "name": "Ada", "password1": "an engine of note"}
    answers = at_once(*[lambda: Client().post("/accounts/signup/", data).status_code] * 3)
    assert set(answers) <= {200, 302}
    assert User.objects.count() == 1


def test_host_of_a_mailed_link_cannot_be_forged(client, ada):
    response = client.post(
        "/accounts/password/reset/", {"email": "ada@example.org"}, headers={"host": "evil.example"}
    )
    assert response.status_code == 400 and not mail.outbox


# Password reset


def reset(client, email="ada@example.org", password="a better password"):
    client.post("/accounts/password/reset/", {"email": email})
    page = client.get(link_in(mail.outbox[-1], "/password/reset/key/"), follow=True)
    return client.post(page.redirect_chain[-1][0], {"password1": password, "password2": password})


def test_reset_by_a_mailed_link(client, ada):
    other = Client()
    sign_in(other)
    assert reset(client).status_code == 302
    assert mail.outbox[0].to == ["ada@example.org"]
    assert other.get("/accounts/settings/").status_code == 302, "the other session should have ended"
    sign_in(client, password=PASSWORD)
    assert who(client) is None
    sign_in(client, password="a better password")
    assert who(client) == str(ada.pk)


def test_reset_link_works_once(client, ada):
    reset(client)
    page = client.get(link_in(mail.outbox[-1], "/password/reset/key/"), follow=True)
    assert 'name="password1"' not in page.content.decode()


def test_reset_of_an_unknown_address_says_and_mails_nothing(client, ada):
    known = client.post("/accounts/password/reset/", {"email": "ada@example.org"})
    unknown = client.post("/accounts/password/reset/", {"email": "bob@example.org"})
    assert (known.status_code, known.url) == (unknown.status_code, unknown.url)
    assert len(mail.outbox) == 1


def test_reset_by_an_address_that_was_never_confirmed_mails_nothing(client, ada):
    """A slip of the finger must not hand the account to whoever has the other address."""
    EmailAddress.objects.create(user=ada, email="adda@example.org")
    client.post("/accounts/password/reset/", {"email": "adda@example.org"})
    assert not mail.outbox
    EmailAddress.objects.update(verified=True)
    client.post("/accounts/password/reset/", {"email": "adda@example.org"})
    assert mail.outbox[0].to == ["adda@example.org"]


def test_reset_takes_an_unconfirmed_account_away_from_who_made_it(client, db):
    squatted = factories.make_user("Mallory", email="ada@example.org")
    EmailAddress.objects.create(user=squatted, email="ada@example.org", primary=True)
    EmailAddress.objects.create(user=squatted, email="mallory@example.org")
    tokens.create_token(squatted)
    reset(client)
    address = EmailAddress.objects.get(user=squatted)
    assert (address.email, address.verified, address.primary) == ("ada@example.org", True, True)
    assert not ApiToken.objects.exists()


def test_reset_leaves_a_confirmed_account_its_tokens(client, ada):
    tokens.create_token(ada)
    EmailAddress.objects.create(user=ada, email="ada@home.example")
    reset(client)
    assert ApiToken.objects.count() == 1 and EmailAddress.objects.count() == 2


def test_account_from_the_command_line_can_reset(client, db):
    factories.make_user("Ada", email="ada@example.org")
    reset(client)
    assert EmailAddress.objects.get().verified
    sign_in(client, password="a better password")
    assert who(client)


# Addresses


def test_user_email_follows_the_primary_address(client, ada):
    sign_in_and_confirm(client)
    client.post("/accounts/email/", {"action_add": "", "email": "Ada@Home.example"})
    assert User.objects.get().email == "ada@example.org"
    client.post(link_in(mail.outbox[-1], "/confirm-email/"))
    client.post("/accounts/email/", {"action_primary": "", "email": "ada@home.example"})
    assert User.objects.get().email == "ada@home.example"
    assert EmailAddress.objects.get(primary=True).email == "ada@home.example"
    client.post("/accounts/email/", {"action_remove": "", "email": "ada@example.org"})
    assert list(EmailAddress.objects.values_list("email", flat=True)) == ["ada@home.example"]


def test_address_of_somebody_else_cannot_be_added(client, ada):
    factories.make_user("Bob", email="bob@example.org")
    sign_in_and_confirm(client)
    page = client.post("/accounts/email/", {"action_add": "", "email": "BOB@example.org"})
    assert "already registered" in page.content.decode()
    assert not EmailAddress.objects.filter(email="bob@example.org").exists()


def test_taken_address_cannot_sign_up(client, ada, settings):
    settings.DEMO = True
    data = {"email": "ADA@example.org", "name": "Ada", "password1": "an engine of note"}
    assert client.post("/accounts/signup/", data).status_code == 200
    assert User.objects.count() == 1


@pytest.fixture
def mandatory(settings):
    """As where a mail server is set: an address counts once it is confirmed."""
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    settings.DEMO = True


def test_mandatory_confirmation_keeps_a_stranger_out(client, mandatory, db):
    data = {"email": "ada@example.org", "name": "Ada", "password1": "an engine of note"}
    client.post("/accounts/signup/", data)
    assert who(client) is None
    sign_in(client, password="an engine of note")
    assert who(client) is None
    client.post(link_in(mail.outbox[0], "/confirm-email/"))
    sign_in(client, password="an engine of note")
    assert who(client)


def test_invitation_outlives_mandatory_confirmation(client, mandatory, club):
    from accounts import invitations

    link = invitations.make_path(invitations.invite(club, by=None))
    client.get(link)
    data = {"email": "ada@example.org", "name": "Ada", "password1": "an engine of note"}
    client.post("/accounts/signup/", data)
    assert not club.memberships.exists()
    client.post(link_in(mail.outbox[0], "/confirm-email/"))
    assert sign_in(client, password="an engine of note").url == link
    assert client.post(link).status_code == 302
    assert club.memberships.get().user.email == "ada@example.org"


def test_mandatory_confirmation_hides_who_has_an_account(client, mandatory, ada):
    data = {"name": "Ada", "password1": "an engine of note"}
    answers = [
        client.post("/accounts/signup/", {**data, "email": email})
        for email in ("ada@example.org", "bob@example.org")
    ]
    assert answers[0].status_code == answers[1].status_code == 302
    assert answers[0].url == answers[1].url


# Second factors


def code_of(secret):
    return format_hotp_value(hotp_value(secret, next(yield_hotp_counters_from_time())))


def test_totp_is_set_up_and_asked_for(client, ada):
    sign_in_and_confirm(client)
    assert client.get("/accounts/2fa/").status_code == 200
    page = client.get("/accounts/2fa/totp/activate/")
    assert page.status_code == 200
    secret = client.session["mfa.totp.secret"]
    assert secret in page.content.decode() and "<svg" in page.content.decode()
    client.post(
        "/accounts/2fa/totp/activate/", {"code": "000000" if code_of(secret) != "000000" else "111111"}
    )
    assert not Authenticator.objects.exists()
    client.post("/accounts/2fa/totp/activate/", {"code": code_of(secret)})
    assert set(Authenticator.objects.values_list("type", flat=True)) == {"totp", "recovery_codes"}

    client.post("/accounts/logout/")
    response = sign_in(client)
    assert response.url == "/accounts/2fa/authenticate/" and who(client) is None
    assert client.get(response.url).status_code == 200
    assert client.post(response.url, {"code": "12345x"}).status_code == 200
    assert who(client) is None
    client.post(response.url, {"code": code_of(secret)})
    assert who(client) == str(ada.pk)

    # A code works once, a recovery code as well.
    [recovery, *_] = Authenticator.objects.get(type="recovery_codes").wrap().get_unused_codes()
    for code, works in [(code_of(secret), False), (recovery, True), (recovery, False)]:
        client.post("/accounts/logout/")
        response = sign_in(client)
        client.post(response.url, {"code": code})
        assert bool(who(client)) is works


def test_unconfirmed_address_gets_no_second_factor(client, ada):
    """Else somebody could sign up with another's address and lock them out for good."""
    EmailAddress.objects.update(verified=False)
    sign_in(client)
    assert client.get("/accounts/2fa/totp/activate/").url == "/accounts/2fa/"


def test_without_a_mail_server_nobody_can_confirm_and_all_may_have_one(client, ada, settings):
    settings.MFA_ALLOW_UNVERIFIED_EMAIL = True
    EmailAddress.objects.update(verified=False)
    sign_in_and_confirm(client)
    assert client.get("/accounts/2fa/totp/activate/").status_code == 200


def test_sensitive_pages_ask_for_the_password_again(client, ada):
    sign_in(client)
    for path in ("/accounts/2fa/totp/activate/", "/accounts/2fa/webauthn/add/"):
        assert client.get(path).url.startswith("/accounts/reauthenticate/")
    client.post("/accounts/email/", {"action_add": "", "email": "ada@home.example"})
    assert EmailAddress.objects.count() == 1


def test_passkey_pages_are_there(client, ada):
    sign_in_and_confirm(client)
    for path in ("/accounts/2fa/webauthn/", "/accounts/2fa/webauthn/add/"):
        assert client.get(path).status_code == 200
    client.post("/accounts/logout/")
    challenge = client.get("/accounts/2fa/webauthn/login/", headers={"x-requested-with": "XMLHttpRequest"})
    assert "challenge" in challenge.content.decode()


# What is open


OPEN_TO_VISITORS = {
    "account_login",
    "account_logout",
    "account_signup",
    "account_inactive",
    "account_email_verification_sent",
    "account_confirm_email",
    "account_confirm_login_code",
    "account_reset_password",
    "account_reset_password_done",
    "account_reset_password_from_key",
    "account_reset_password_from_key_done",
    "mfa_authenticate",
    "mfa_login_webauthn",
    "accounts:join",
    "accounts:stop_mail",  # by a signed link, out of a mail
    "accounts:demo_mail",
}


def views_of(patterns, namespace=""):
    for pattern in patterns:
        if hasattr(pattern, "url_patterns"):
            inner = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
            yield from views_of(pattern.url_patterns, inner)
        elif pattern.name:
            yield f"{namespace}{pattern.name}", pattern.callback


def test_views_of_people_are_closed_unless_they_must_be_open():
    ours = {
        name: getattr(view, "login_required", True)
        for name, view in views_of(get_resolver().url_patterns)
        if name.startswith(("account_", "mfa_", "accounts:"))
    }
    assert {name for name, is_closed in ours.items() if not is_closed} == OPEN_TO_VISITORS
    assert len(ours) > 30


def test_admin_signs_in_like_everybody(client, administrator, member):
    response = client.get("/admin/login/")
    assert response.url.startswith("/accounts/login/?next=")
    assert client.get("/admin/").status_code == 302
    client.force_login(member)
    assert client.get("/admin/", follow=True).status_code == 403
    client.force_login(administrator)
    assert client.get("/admin/").status_code == 200


def test_a_null_byte_in_the_cookie_signs_nobody_in(client, ada, settings):
    client.cookies.load({settings.SESSION_COOKIE_NAME: "abcdefgh\0"})
    assert client.get("/accounts/login/").status_code == 200

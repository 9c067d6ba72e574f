"""Sign-in as people do it: by form, with a second step, with a passkey. On localhost, where browsers allow one."""

import base64
import hashlib
import hmac
import re
import struct
import time

import pytest
from allauth.mfa.models import Authenticator
from playwright.sync_api import expect


def type_sign_in(page, person, password="reading-list"):
    page.get_by_label("E-mail address").fill(person.email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()


def confirm(page):
    """Give the password again, where a page asks for it."""
    page.get_by_label("Password").fill("reading-list")
    page.get_by_role("button", name=re.compile("Confirm|Go on")).click()


def sign_out(page):
    page.locator("details.menu > summary").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.locator("details.menu")).to_have_count(0)


def compute_code(secret, now):
    """RFC 6238: what an authenticator app shows."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    digest = hmac.new(key, struct.pack(">Q", int(now) // 30), hashlib.sha1).digest()
    start = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[start : start + 4])[0] & 0x7FFFFFFF) % 10**6:06}"


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_sign_in_leads_to_where_one_wanted(open_window, member, papers, scripts):
    page = open_window(java_script_enabled=scripts).open("/clubs/ml/papers/date/2025-04-25")
    assert "/accounts/login/" in page.url
    type_sign_in(page, member, "wrong-password")
    expect(page.get_by_role("alert").first).to_be_visible()
    expect(page.get_by_label("E-mail address")).to_have_value(member.email)
    type_sign_in(page, member)
    expect(page.locator(".paper")).to_have_count(5)
    assert page.url.endswith("/clubs/ml/papers/date/2025-04-25")
    if scripts:
        sign_out(page)
        page.goto("/clubs/ml/papers/date/2025-04-25")
        assert "/accounts/login/" in page.url


def test_an_authenticator_app_is_set_up_and_asked_for(open_window, member, papers):
    window = open_window(member)
    page = window.open("/accounts/2fa/")
    page.get_by_role("link", name="Set it up").click()
    confirm(page)
    expect(page.locator("img.qr")).to_be_visible()
    assert page.locator("img.qr").evaluate("image => image.naturalWidth") > 0
    secret = page.input_value("#authenticator_secret")
    page.get_by_label("Enter the code it shows").fill("000000")
    page.get_by_role("button", name="Use this app").click()
    expect(page.locator(".error")).to_be_visible()
    assert page.input_value("#authenticator_secret") == secret
    page.get_by_label("Enter the code it shows").fill(compute_code(secret, time.time()))
    page.get_by_role("button", name="Use this app").click()
    codes = page.locator("#codes li")
    expect(codes).to_have_count(10)
    spare = codes.first.inner_text().strip()
    sign_out(page)
    page.goto("/accounts/login/")
    type_sign_in(page, member)
    expect(page.locator("h1")).to_have_text("The second step")
    page.get_by_label("Code").fill("000000")
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.locator(".error")).to_be_visible()
    page.get_by_label("Code").fill(spare)  # the app's code was used just now; a spare one works at once
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.locator(".paper")).to_have_count(5)


def add_authenticator(page):
    """Plug a key into the browser that answers by itself."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    devtools.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )


def test_a_passkey_is_added_and_signs_in(open_window, member, papers):
    window = open_window(member)
    assert window.base_url.startswith("http://localhost:")
    page = window.open("/accounts/2fa/")
    add_authenticator(page)
    page.get_by_role("link", name="Add one").click()
    confirm(page)
    page.get_by_label("What you call it").fill("My <b>laptop</b>")
    page.get_by_label("Sign in with it alone").check()
    page.get_by_role("button", name="Add it").click()
    expect(page.locator("#codes li")).to_have_count(10)
    assert Authenticator.objects.filter(user=member, type="webauthn").count() == 1
    page.goto("/accounts/2fa/webauthn/")
    expect(page.locator("main .line")).to_contain_text("My <b>laptop</b>")
    sign_out(page)
    page.goto("/accounts/login/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.locator(".paper")).to_have_count(5)


def test_without_a_passkey_it_says_so(open_window, member, papers):
    window = open_window()
    page = window.open("/accounts/login/")
    # A key that is there but knows nothing of this site.
    add_authenticator(page)
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("alert")).to_contain_text(re.compile("No passkey came|did not work"))
    type_sign_in(page, member)
    expect(page.locator(".paper")).to_have_count(5)

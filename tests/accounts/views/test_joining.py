from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone

from accounts import invitations
from accounts.models import Club, Invitation, Membership, Role, User
from accounts.views import joining
from tests import factories

SIGN_UP = {"email": "ada@example.org", "name": "Ada Lovelace", "password1": "an engine of note"}


@pytest.fixture
def link(club, organiser):
    return invitations.make_path(invitations.invite(club, email="ada@example.org", by=organiser))


def test_visitor_sees_who_invites_where(client, link):
    page = client.get(link)
    assert page.status_code == 200
    assert "no-store" in page["Cache-Control"]
    text = page.content.decode()
    assert "Machine learning" in text and "Otto Organiser invites you" in text
    assert 'href="/accounts/signup/?email=ada%40example.org"' in text
    assert "Mia" not in text


def test_opening_the_link_uses_nothing_up(client, link):
    for _ in range(3):
        client.get(link)
        client.head(link)
    assert Invitation.objects.get().accepted is None
    assert not Membership.objects.filter(role=Role.MEMBER).exists()


def test_sign_up_by_the_link_ends_in_the_club(client, link):
    client.get(link)
    form = client.get("/accounts/signup/?email=ada%40example.org")
    assert 'value="ada@example.org"' in form.content.decode()
    assert "Machine learning" in form.content.decode()
    response = client.post("/accounts/signup/", SIGN_UP)
    assert (response.status_code, response.url) == (302, "/clubs/ml/papers/")
    ada = User.objects.get(email="ada@example.org")
    assert ada.name == "Ada Lovelace" and ada.default_club.slug == "ml"
    assert Membership.objects.get(user=ada).role == Role.MEMBER
    assert Invitation.objects.get().accepted_by == ada
    # The link was shown to be copied as well, so it proves nothing about the address.
    assert not ada.emailaddress_set.get().verified
    assert [message.to for message in mail.outbox] == [["ada@example.org"]]


def test_another_address_may_be_used(client, link):
    client.get(link)
    client.post("/accounts/signup/", {**SIGN_UP, "email": "Ada@Home.example"})
    ada = User.objects.get(email="ada@home.example")
    assert Membership.objects.filter(user=ada, club__slug="ml").exists()
    assert list(ada.emailaddress_set.values_list("email", flat=True)) == ["ada@home.example"]


def test_sign_up_without_a_link_is_closed(client, db):
    assert "invitation" in client.get("/accounts/signup/").content.decode()
    client.post("/accounts/signup/", SIGN_UP)
    assert not User.objects.exists()


@pytest.mark.parametrize("end", ["revoked", "used", "expired"])
def test_sign_up_closes_with_the_link(client, link, end):
    client.get(link)
    invitation = Invitation.objects.get()
    if end == "revoked":
        invitations.revoke(invitation)
    elif end == "used":
        invitations.accept(invitation, by=factories.make_user())
    else:
        Invitation.objects.update(expires=timezone.now())
    before = User.objects.count()
    client.post("/accounts/signup/", SIGN_UP)
    assert User.objects.count() == before


def test_second_sign_up_with_the_same_link_is_closed(client, link):
    client.get(link)
    client.post("/accounts/signup/", SIGN_UP)
    client.post("/accounts/logout/")
    client.post("/accounts/signup/", {**SIGN_UP, "email": "bob@example.org"})
    assert not User.objects.filter(email="bob@example.org").exists()


def test_sign_in_by_the_link_leads_back_to_one_button(client, link):
    factories.make_user("Ada", email="ada@example.org")
    client.get(link)
    response = client.post("/accounts/login/", {"login": "ada@example.org", "password": "reading-list"})
    assert (response.status_code, response.url) == (302, link)
    page = client.get(link).content.decode()
    assert "Join Machine learning" in page and "signed in as Ada" in page
    response = client.post(link)
    assert response.url == "/clubs/ml/papers/"
    assert Membership.objects.filter(user__email="ada@example.org", club__slug="ml").exists()


def test_who_has_seen_the_page_is_not_led_back(client, link):
    factories.make_user("Ada", email="ada@example.org")
    client.get(link)
    client.post("/accounts/login/", {"login": "ada@example.org", "password": "reading-list"})
    assert client.get("/accounts/login/").url == link
    client.get(link)
    assert client.get("/accounts/login/").url == "/"


def test_member_is_told_and_the_link_stays_good(client, link, member):
    client.force_login(member)
    assert "member already" in client.get(link).content.decode()
    page = client.post(link)
    assert page.status_code == 200 and "member already" in page.content.decode()
    assert Invitation.objects.get().accepted is None


def test_visitor_cannot_join_by_post(client, link):
    client.post(link)
    assert Invitation.objects.get().accepted is None


def test_joining_needs_the_csrf_token(link):
    from django.test import Client

    careful = Client(enforce_csrf_checks=True)
    careful.force_login(factories.make_user())
    assert careful.post(link).status_code == 403
    assert Invitation.objects.get().accepted is None


def test_bad_link_is_404_with_a_sentence(client, link):
    page = client.get(link[:-2])
    assert page.status_code == 404
    assert "no invitation of ours" in page.content.decode()
    assert "Machine learning" not in page.content.decode()


def test_closed_link_is_410_with_a_sentence(client, link):
    invitation = Invitation.objects.get()
    Invitation.objects.update(expires=timezone.now() - timedelta(seconds=1))
    page = client.get(link)
    assert page.status_code == 410 and "expired" in page.content.decode()
    Invitation.objects.update(expires=invitation.expires)
    invitations.accept(invitation, by=factories.make_user())
    client.force_login(factories.make_user())
    for act in (client.get, client.post):
        page = act(link)
        assert page.status_code == 410 and "used" in page.content.decode()
    assert "Machine learning" not in page.content.decode()


def test_revoked_link_is_404(client, link):
    invitations.revoke(Invitation.objects.get())
    page = client.get(link)
    assert page.status_code == 404 and "taken back" in page.content.decode()


def test_tries_are_counted(client, link, monkeypatch):
    monkeypatch.setattr(joining, "TRIES", 2)
    assert [client.get(link).status_code for _ in range(3)] == [200, 200, 429]


def test_names_of_club_and_inviter_are_escaped(client, link):
    Club.objects.update(name="<b>Club</b>")
    User.objects.update(name="<script>alert(1)</script>")
    text = client.get(link).content.decode()
    assert "<b>Club" not in text and "<script>alert" not in text


# The demo


def test_demo_is_open_and_leads_to_a_club_of_ones_own(client, db, settings):
    settings.DEMO = True
    response = client.post("/accounts/signup/", SIGN_UP)
    assert (response.status_code, response.url) == (302, "/clubs/new")
    assert client.get("/clubs/new").status_code == 200


def test_invitation_counts_in_the_demo_too(client, link, settings):
    settings.DEMO = True
    client.get(link)
    assert client.post("/accounts/signup/", SIGN_UP).url == "/clubs/ml/papers/"

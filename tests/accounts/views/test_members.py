import re
from smtplib import SMTPServerDisconnected

import pytest
from django.core import mail

from accounts import invitations, permissions
from accounts.models import Invitation, Membership, Role, User
from accounts.views import members
from tests import factories


def page_of(client, path="/clubs/ml/members/"):
    response = client.get(path)
    assert response.status_code == 200
    return response.content.decode()


def role_of(user):
    return permissions.role_in(User.objects.get(pk=user.pk), Membership.objects.get(user=user).club)


def test_members_see_each_other(client, owner, organiser, member, outsider):
    client.force_login(member)
    page = page_of(client)
    assert all(person.name in page for person in (owner, organiser, member))
    assert outsider.name not in page
    assert "@example.org" not in re.sub(r"<header.*?</header>", "", page, flags=re.S)
    assert "Invite" not in page and "<select" not in page


def test_cost_does_not_grow_with_members(client, owner, club, django_assert_num_queries):
    client.force_login(owner)
    page_of(client)
    for _ in range(20):
        factories.make_user(club=club)
        invitations.invite(club, by=owner)
    # user, my clubs, open invitations, members; the session comes from the cache
    with django_assert_num_queries(4):
        page_of(client)


@pytest.mark.parametrize(
    ("who", "offered"),
    [("organiser", ["member"]), ("owner", ["member", "organiser", "owner"])],
)
def test_roles_one_may_invite_to(client, request, club, who, offered):
    client.force_login(request.getfixturevalue(who))
    page = page_of(client)
    form = page[page.index('name="role"') : page.index("</select>")]
    assert re.findall(r'value="(\w+)"', form) == offered


def test_invitation_is_mailed_and_shown(client, organiser, club, settings):
    client.force_login(organiser)
    response = client.post("/clubs/ml/invitations/", {"email": "Ada@Example.org", "role": "member"})
    invitation = Invitation.objects.get()
    assert response.url == f"/clubs/ml/members/?invited={invitation.pk}#invitations"
    link = f"http://localhost:8000{invitations.make_path(invitation)}"
    page = page_of(client, response.url)
    assert f'value="{link}"' in page and "on its way to ada@example.org" in page
    [message] = mail.outbox
    assert message.to == ["ada@example.org"]
    assert message.subject == "Invitation to Machine learning"
    assert link in message.body and "Otto Organiser invites you" in message.body


def test_mail_carries_names_as_they_are(client, organiser, club):
    club.name = "A & B <i>"
    club.save()
    client.force_login(organiser)
    client.post("/clubs/ml/invitations/", {"email": "ada@example.org", "role": "member"})
    assert mail.outbox[0].subject == "Invitation to A & B <i>"
    assert "A & B <i>" in mail.outbox[0].body
    assert "A &amp; B &lt;i&gt;" in page_of(client)


def test_link_without_an_address_is_not_mailed(client, organiser):
    client.force_login(organiser)
    client.post("/clubs/ml/invitations/", {"email": "", "role": "member"})
    assert Invitation.objects.get().email == "" and not mail.outbox


def test_mail_that_fails_leaves_the_link(client, organiser, monkeypatch):
    def fail(*args, **kwargs):
        raise SMTPServerDisconnected

    monkeypatch.setattr(members, "send_mail", fail)
    client.force_login(organiser)
    response = client.post("/clubs/ml/invitations/", {"email": "ada@example.org", "role": "member"})
    assert "could not be sent" in page_of(client, response.url)
    assert Invitation.objects.count() == 1


def test_refusals_are_said_at_the_field(client, organiser, club):
    client.force_login(organiser)
    invitations.invite(club, email="ada@example.org", by=organiser)
    for email, said in [("ada@example.org", "has an open invitation already"), ("ada@", "valid email")]:
        page = client.post("/clubs/ml/invitations/", {"email": email, "role": "member"})
        assert page.status_code == 200 and said in page.content.decode()
    assert not mail.outbox


def test_mails_of_one_person_are_counted(client, organiser, monkeypatch):
    monkeypatch.setattr(members, "MAILS", 1)
    client.force_login(organiser)
    client.post("/clubs/ml/invitations/", {"email": "a@example.org", "role": "member"})
    page = client.post("/clubs/ml/invitations/", {"email": "b@example.org", "role": "member"})
    assert "many invitations" in page.content.decode()
    assert len(mail.outbox) == Invitation.objects.count() == 1


@pytest.mark.parametrize("role", ["organiser", "owner", "king"])
def test_organiser_cannot_invite_higher(client, organiser, role):
    client.force_login(organiser)
    page = client.post("/clubs/ml/invitations/", {"email": "", "role": role})
    assert page.status_code == 200 and "Select a valid choice" in page.content.decode()
    assert not Invitation.objects.exists()


def test_organiser_neither_sees_nor_revokes_what_they_could_not_make(client, organiser, owner, club):
    high = invitations.invite(club, role=Role.OWNER, by=owner)
    low = invitations.invite(club, by=owner)
    client.force_login(organiser)
    page = page_of(client)
    assert invitations.make_token(low) in page and invitations.make_token(high) not in page
    assert client.post(f"/clubs/ml/invitations/{high.pk}/revoke").status_code == 403
    assert client.post(f"/clubs/ml/invitations/{low.pk}/revoke").status_code == 302
    assert set(Invitation.objects.all()) == {high}
    client.force_login(owner)
    assert invitations.make_token(high) in page_of(client)


@pytest.mark.parametrize(("who", "status"), [("member", 403), ("outsider", 404)])
def test_inviting_is_for_organisers(client, request, club, owner, who, status):
    invitation = invitations.invite(club, by=owner)
    client.force_login(request.getfixturevalue(who))
    assert client.post("/clubs/ml/invitations/", {"role": "member"}).status_code == status
    assert client.post(f"/clubs/ml/invitations/{invitation.pk}/revoke").status_code == status
    assert Invitation.objects.count() == 1


def test_invitation_of_another_club_stays(client, owner, other_club):
    strange = invitations.invite(other_club, by=None)
    client.force_login(owner)
    client.post(f"/clubs/ml/invitations/{strange.pk}/revoke")
    assert Invitation.objects.filter(pk=strange.pk).exists()


# Roles, removing, leaving


def test_owner_changes_a_role(client, owner, member):
    client.force_login(owner)
    pk = Membership.objects.get(user=member).pk
    response = client.post(f"/clubs/ml/members/{pk}/role", {"role": "organiser"})
    assert "Mia Member: organiser from now on" in page_of(client, response.url)
    assert role_of(member) == Role.ORGANISER


def test_unknown_role_changes_nothing(client, owner, member):
    client.force_login(owner)
    pk = Membership.objects.get(user=member).pk
    response = client.post(f"/clubs/ml/members/{pk}/role", {"role": "king"})
    assert "no such role" in page_of(client, response.url)
    assert role_of(member) == Role.MEMBER


def test_last_owner_is_told(client, owner):
    client.force_login(owner)
    pk = Membership.objects.get(user=owner).pk
    for path, said in [("role", "owner first"), ("remove", "last owner cannot leave")]:
        response = client.post(f"/clubs/ml/members/{pk}/{path}", {"role": "member"})
        assert said in page_of(client, response.url)
    assert role_of(owner) == Role.OWNER


@pytest.mark.parametrize(("who", "status"), [("member", 403), ("organiser", 403), ("outsider", 404)])
def test_only_owners_manage(client, request, club, owner, who, status):
    client.force_login(request.getfixturevalue(who))
    pk = Membership.objects.get(user=owner).pk
    assert client.post(f"/clubs/ml/members/{pk}/role", {"role": "member"}).status_code == status
    assert client.post(f"/clubs/ml/members/{pk}/remove").status_code == status
    assert role_of(owner) == Role.OWNER


def test_member_leaves(client, member, owner):
    client.force_login(member)
    pk = Membership.objects.get(user=member).pk
    assert client.get(f"/clubs/ml/members/{pk}/remove").status_code == 405
    response = client.post(f"/clubs/ml/members/{pk}/remove")
    assert response.url == "/"
    assert not Membership.objects.filter(user=member).exists()
    assert client.get("/clubs/ml/members/").status_code == 404


def test_owner_removes_a_member(client, member, owner, outsider):
    client.force_login(owner)
    pk = Membership.objects.get(user=member).pk
    response = client.post(f"/clubs/ml/members/{pk}/remove")
    assert "Mia Member is no longer a member" in page_of(client, response.url)
    strange = Membership.objects.get(user=outsider).pk
    assert client.post(f"/clubs/ml/members/{strange}/remove").status_code == 404
    assert Membership.objects.filter(pk=strange).exists()


def test_without_a_mail_server_the_link_is_to_be_copied(client, owner, club, settings, mailoutbox):
    settings.HAS_MAIL_SERVER = False
    client.force_login(owner)
    answer = client.post(
        "/clubs/ml/invitations/", {"email": "new@example.org", "role": "member"}, follow=True
    )
    text = answer.content.decode()
    assert "Copy the link and send it to new@example.org." in text and "on its way" not in text
    assert mailoutbox == []

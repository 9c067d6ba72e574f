from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.utils import timezone

from accounts import clubs, invitations, permissions
from accounts.models import Invitation, Membership, Role, User
from tests import factories

from .test_clubs import at_once, membership_of


def test_link_leads_to_its_invitation(club, organiser):
    invitation = invitations.invite(club, email=" Ada@Example.org ", by=organiser)
    assert invitation.email == "ada@example.org"
    assert invitations.find(invitations.make_token(invitation)) == invitation
    assert invitations.make_path(invitation).startswith("/join/")


def test_link_is_made_again_from_the_row(club):
    invitation = invitations.invite(club, by=None)
    again = Invitation.objects.get(pk=invitation.pk)
    assert invitations.make_token(again) == invitations.make_token(invitation)


def test_accepting_makes_a_member_in_the_role(club, owner):
    ada = factories.make_user("Ada")
    invitation = invitations.invite(club, role=Role.ORGANISER, by=owner)
    membership = invitations.accept(invitation, by=ada)
    assert (membership.club, membership.user, membership.role) == (club, ada, Role.ORGANISER)
    assert User.objects.get(pk=ada.pk).default_club == club
    invitation.refresh_from_db()
    assert invitation.accepted_by == ada and invitation.accepted is not None


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda token: token[:-1] + ("A" if token[-1] != "A" else "B"), id="signature"),
        pytest.param(lambda token: "x" + token, id="content"),
        pytest.param(lambda token: token.split(".")[0], id="no signature"),
        pytest.param(lambda token: "", id="empty"),
        pytest.param(lambda token: "\x00é" + token, id="odd characters"),
        pytest.param(lambda token: "." * 5000, id="long"),
    ],
)
def test_forged_link_opens_nothing(club, spoil):
    token = invitations.make_token(invitations.invite(club, by=None))
    with pytest.raises(invitations.BadLink, match="no invitation of ours"):
        invitations.find(spoil(token))


def test_link_signed_for_something_else_opens_nothing(club):
    from django.core.signing import Signer

    invitation = invitations.invite(club, by=None)
    token = Signer(sep=".", salt="other").sign_object([invitation.pk, 0])
    with pytest.raises(invitations.BadLink):
        invitations.find(token)


def test_link_works_once(club):
    invitation = invitations.invite(club, by=None)
    token = invitations.make_token(invitation)
    invitations.accept(invitation, by=factories.make_user())
    with pytest.raises(invitations.ClosedLink, match="used"):
        invitations.find(token)
    with pytest.raises(invitations.ClosedLink, match="used"):
        invitations.accept(invitation, by=factories.make_user())


@pytest.mark.django_db(transaction=True)
def test_link_used_at_once_lets_one_in():
    club = factories.make_club()
    invitation = invitations.invite(club, by=None)
    people = [factories.make_user() for _ in range(4)]
    outcomes = at_once(*[lambda one=one: invitations.accept(invitation, by=one) for one in people])
    assert club.memberships.count() == 1
    assert sum(isinstance(outcome, invitations.ClosedLink) for outcome in outcomes) == 3


def test_link_expires_after_two_weeks(club):
    now = timezone.now()
    invitation = invitations.invite(club, by=None, now=now)
    token = invitations.make_token(invitation)
    assert invitations.find(token, now=now + timedelta(days=13, hours=23))
    with pytest.raises(invitations.ClosedLink, match="expired"):
        invitations.find(token, now=now + timedelta(days=14))
    with pytest.raises(invitations.ClosedLink, match="expired"):
        invitations.accept(invitation, by=factories.make_user(), now=now + timedelta(days=14))


def test_revoked_link_opens_nothing(club):
    invitation = invitations.invite(club, by=None)
    token = invitations.make_token(invitation)
    invitations.revoke(invitation)
    with pytest.raises(invitations.BadLink, match="taken back"):
        invitations.find(token)
    with pytest.raises(invitations.BadLink, match="taken back"):
        invitations.accept(invitation, by=factories.make_user())


def test_link_does_not_open_a_later_row_of_the_same_number(club):
    """As after a restore, which sets the sequence back."""
    old = invitations.invite(club, by=None)
    token = invitations.make_token(old)
    pk = old.pk
    invitations.revoke(old)
    new = invitations.invite(club, role=Role.OWNER, by=None)
    Invitation.objects.filter(pk=new.pk).update(id=pk)
    with pytest.raises(invitations.BadLink, match="taken back"):
        invitations.find(token)


def test_member_does_not_use_up_a_link(club, member):
    invitation = invitations.invite(club, role=Role.OWNER, by=None)
    with pytest.raises(clubs.AlreadyMember):
        invitations.accept(invitation, by=member)
    assert invitations.find(invitations.make_token(invitation)) == invitation
    assert permissions.role_in(User.objects.get(pk=member.pk), club) == Role.MEMBER


def test_address_is_invited_once(club, other_club):
    invitations.invite(club, email="ada@example.org", by=None)
    with pytest.raises(invitations.AlreadyInvited, match="open invitation already"):
        invitations.invite(club, email="ADA@example.org", by=None)
    invitations.invite(other_club, email="ada@example.org", by=None)


def test_expired_invitation_makes_room(club):
    old = invitations.invite(club, email="ada@example.org", by=None, now=timezone.now() - timedelta(days=15))
    new = invitations.invite(club, email="ada@example.org", by=None)
    assert set(Invitation.objects.all()) == {new} and new != old


def test_members_are_not_invited(club):
    ada = factories.make_user(email="ada@example.org", club=club)
    EmailAddress.objects.create(user=ada, email="ada@work.example", verified=True)
    for email in ("Ada@example.org", "ada@work.example"):
        with pytest.raises(clubs.AlreadyMember, match="is a member already"):
            invitations.invite(club, email=email, by=None)


def test_open_invitations_are_bounded(club, monkeypatch):
    monkeypatch.setattr(invitations, "MOST_OPEN", 2)
    for _ in range(2):
        invitations.invite(club, by=None)
    with pytest.raises(invitations.TooMany, match="no more fit"):
        invitations.invite(club, by=None)


def test_removed_organiser_does_not_come_back_by_an_own_link(club, owner, organiser):
    token = invitations.make_token(invitations.invite(club, by=organiser))
    clubs.remove_member(membership_of(organiser, club))
    with pytest.raises(invitations.BadLink):
        invitations.find(token)


def test_a_link_is_worth_no_more_than_its_maker(club, owner, organiser, outsider):
    links = [invitations.invite(club, role=role, by=owner) for role in (Role.MEMBER, Role.OWNER)]
    Membership.objects.create(club=club, user=factories.make_user("Second Owner"), role=Role.OWNER)
    Membership.objects.filter(user=owner).update(role=Role.ORGANISER)
    assert invitations.find(invitations.make_token(links[0])) == links[0]
    with pytest.raises(invitations.BadLink):
        invitations.find(invitations.make_token(links[1]))
    owner.is_active = False
    owner.save()
    for link in links:
        with pytest.raises(invitations.BadLink):
            invitations.accept(link, by=outsider)


def test_an_address_that_somebody_only_claims_is_free(club, owner, member):
    EmailAddress.objects.create(user=member, email="boss@example.com", verified=False)
    assert invitations.invite(club, email="boss@example.com", by=owner).pk

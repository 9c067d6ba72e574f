from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from accounts import clubs, invitations, permissions
from accounts.models import Club, Invitation, Membership, Role, User
from tests import factories


def owners_of(club):
    return {membership.user for membership in club.memberships.filter(role=Role.OWNER)}


def membership_of(user, club):
    return Membership.objects.select_related("club", "user").get(user=user, club=club)


def at_once(*acts):
    """Run acts in threads that start together; return what each returned or raised."""
    gate = Barrier(len(acts))

    def run(act):
        try:
            gate.wait(10)
            return act()
        except Exception as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


# Starting a club


def test_owner_is_in_the_new_club_and_acts_in_it(db):
    ada = factories.make_user("Ada")
    club = clubs.create_club("  Machine   learning ", owner=ada, time_zone="Europe/Berlin")
    assert (club.slug, club.name, club.time_zone, club.is_public) == (
        "machine-learning",
        "Machine learning",
        "Europe/Berlin",
        False,
    )
    assert owners_of(club) == {ada}
    assert User.objects.get(pk=ada.pk).default_club == club
    assert permissions.role_in(ada, club) == Role.OWNER


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Machine learning", "machine-learning"),
        ("new", "new-club"),
        ("机器学习", "club"),
        ("Über & Co.", "uber-co"),
        ("x" * 80, "x" * 40),
    ],
)
def test_slug_is_made_from_the_name(db, name, slug):
    assert clubs.create_club(name, owner=None).slug == slug


def test_taken_slug_gets_a_number(db):
    names = [clubs.create_club("Machine learning", owner=None).slug for _ in range(3)]
    assert names == ["machine-learning", "machine-learning-2", "machine-learning-3"]


@pytest.mark.django_db(transaction=True)
def test_clubs_started_at_once_get_different_slugs():
    made = at_once(*[lambda: clubs.create_club("Twins", owner=None).slug] * 4)
    assert sorted(made) == ["twins", "twins-2", "twins-3", "twins-4"]


@pytest.mark.parametrize("name", ["", "   ", "\u202e", "x" * 101])
def test_bad_name_is_refused_with_a_sentence(db, name):
    with pytest.raises(clubs.BadName, match="name"):
        clubs.create_club(name, owner=None)
    assert not Club.objects.exists()


def test_unknown_time_zone_is_refused(db):
    with pytest.raises(ValidationError, match="not a time zone"):
        clubs.create_club("Machine learning", owner=None, time_zone="Mars/Olympus")


def test_update_keeps_the_address(club):
    clubs.update_club(club, name="Deep learning", time_zone="Asia/Tokyo", is_public=True)
    club = Club.objects.get(pk=club.pk)
    assert (club.slug, club.name, club.time_zone, club.is_public) == (
        "ml",
        "Deep learning",
        "Asia/Tokyo",
        True,
    )


# Roles


def test_change_role(owner, member, club):
    assert permissions.role_in(member, club) == Role.MEMBER
    changed = clubs.change_role(membership_of(member, club), role=Role.OWNER)
    assert permissions.role_in(changed.user, club) == Role.OWNER
    assert owners_of(club) == {owner, member}


def test_unknown_role_is_an_error(owner, club):
    with pytest.raises(ValueError):
        clubs.change_role(membership_of(owner, club), role="king")


def test_last_owner_keeps_the_role(owner, member, club):
    with pytest.raises(clubs.LastOwner, match="owner first"):
        clubs.change_role(membership_of(owner, club), role=Role.MEMBER)
    with pytest.raises(clubs.LastOwner, match="last owner cannot leave"):
        clubs.remove_member(membership_of(owner, club))
    assert owners_of(club) == {owner}


def test_owner_of_two_may_leave(owner, member, club):
    clubs.change_role(membership_of(member, club), role=Role.OWNER)
    clubs.remove_member(membership_of(owner, club))
    assert owners_of(club) == {member}


def test_role_that_changed_meanwhile_counts(owner, member, club):
    stale = membership_of(member, club)
    clubs.change_role(membership_of(member, club), role=Role.OWNER)
    clubs.change_role(membership_of(owner, club), role=Role.MEMBER)
    with pytest.raises(clubs.LastOwner):
        clubs.remove_member(stale)
    with pytest.raises(clubs.LastOwner):
        clubs.change_role(stale, role=Role.MEMBER)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("attempt", range(5))
def test_two_owners_leaving_at_once_leave_one(attempt):
    club = factories.make_club()
    pair = [membership_of(factories.make_user(club=club, role=Role.OWNER), club) for _ in range(2)]
    outcomes = at_once(*[lambda one=one: clubs.remove_member(one) for one in pair])
    assert club.memberships.filter(role=Role.OWNER).count() == 1
    assert [type(outcome) for outcome in outcomes if outcome] == [clubs.LastOwner]


@pytest.mark.django_db(transaction=True)
def test_owner_leaving_while_the_other_steps_down_leaves_one():
    club = factories.make_club()
    one, other = [membership_of(factories.make_user(club=club, role=Role.OWNER), club) for _ in range(2)]
    outcomes = at_once(
        lambda: clubs.remove_member(one) or None, lambda: clubs.change_role(other, role=Role.MEMBER) and None
    )
    assert club.memberships.filter(role=Role.OWNER).count() == 1
    assert [type(outcome) for outcome in outcomes if outcome] == [clubs.LastOwner]


# Coming and going


def test_nobody_joins_twice(member, club):
    with pytest.raises(clubs.AlreadyMember, match="already"):
        clubs.add_member(club, member, role=Role.OWNER)
    assert permissions.role_in(User.objects.get(pk=member.pk), club) == Role.MEMBER


def test_who_leaves_acts_there_no_more(member, club, other_club):
    clubs.add_member(other_club, member)
    assert User.objects.get(pk=member.pk).default_club == other_club
    clubs.remove_member(membership_of(member, other_club))
    member = User.objects.get(pk=member.pk)
    assert member.default_club is None
    assert permissions.role_in(member, other_club) is None
    assert permissions.role_in(member, club) == Role.MEMBER


def test_links_go_with_those_who_made_them(owner, organiser, club):
    invitations.invite(club, by=organiser)
    kept = invitations.invite(club, by=owner)
    clubs.remove_member(membership_of(organiser, club))
    assert set(Invitation.objects.all()) == {kept}


def test_links_beyond_a_new_role_are_revoked(owner, club):
    deputy = factories.make_user(club=club, role=Role.OWNER)
    links = {role: invitations.invite(club, role=role, by=deputy) for role in Role}
    clubs.change_role(membership_of(deputy, club), role=Role.ORGANISER)
    assert set(Invitation.objects.all()) == {links[Role.MEMBER]}
    clubs.change_role(membership_of(deputy, club), role=Role.MEMBER)
    assert not Invitation.objects.exists()


def test_used_links_stay_on_record(owner, organiser, club):
    invitations.accept(invitations.invite(club, by=organiser), by=factories.make_user())
    clubs.remove_member(membership_of(organiser, club))
    assert Invitation.objects.count() == 1

"""Who may do what: the one place that says so. Views, templates and the API ask here.

Each function answers for one act; whether somebody may know of a row at all is `visible_to`.
Everything about one club is answered from `role_in`, which costs no query for clubs the request has loaded.
"""

from __future__ import annotations

from django.contrib.auth.models import AnonymousUser

from .models import Club, Membership, Role, User

Person = User | AnonymousUser

ROLES_LOADED = "_roles_by_club"


def load_roles(user: User) -> dict[int, str]:
    """Return {club id: role} of a person, read once for each user object."""
    roles: dict[int, str] | None = user.__dict__.get(ROLES_LOADED)
    if roles is None:
        roles = dict(Membership.objects.filter(user=user).values_list("club_id", "role"))
        user.__dict__[ROLES_LOADED] = roles
    return roles


def load_clubs(user: User) -> list[Club]:
    """Return a person's clubs in the order they joined them, and keep the roles that came along."""
    memberships = Membership.objects.filter(user=user).select_related("club").order_by("joined", "pk")
    user.__dict__[ROLES_LOADED] = {membership.club_id: membership.role for membership in memberships}
    return [membership.club for membership in memberships]


def forget_roles(user: User) -> None:
    """Drop what `load_roles` kept, after a membership changed."""
    user.__dict__.pop(ROLES_LOADED, None)


def role_in(user: Person, club: Club) -> str | None:
    """Return member, organiser or owner; None for somebody else."""
    if not isinstance(user, User) or not user.is_active:
        return None
    return load_roles(user).get(club.pk)


def is_member(user: Person, club: Club) -> bool:
    return role_in(user, club) is not None


def is_organiser(user: Person, club: Club) -> bool:
    """Organisers and owners run the club."""
    return role_in(user, club) in {Role.ORGANISER, Role.OWNER}


def is_administrator(user: Person) -> bool:
    """Administrators of the installation keep its sources and catalogue; they see no club's data by that."""
    return isinstance(user, User) and user.is_active and user.is_superuser


def can_see_club(user: Person, club: Club) -> bool:
    return club.is_public or is_member(user, club)


def can_vote(user: Person, club: Club) -> bool:
    return is_member(user, club)


def can_tag(user: Person, club: Club) -> bool:
    return is_member(user, club)


def can_comment(user: Person, club: Club) -> bool:
    return is_member(user, club)


def can_edit_comment(user: Person, author_id: int | None, club: Club) -> bool:
    """Only its author may change what a comment says, while they are a member."""
    return is_member(user, club) and author_id is not None and author_id == user.pk


def can_remove_comment(user: Person, author_id: int | None, club: Club) -> bool:
    return can_edit_comment(user, author_id, club) or is_organiser(user, club)


def can_drop_entry(user: Person, club: Club) -> bool:
    return is_organiser(user, club)


def can_import(user: Person, club: Club | None) -> bool:
    """Organisers import for their club; without a club the import is the installation's."""
    return is_administrator(user) if club is None else is_organiser(user, club)


def can_see_members(user: Person, club: Club) -> bool:
    return is_member(user, club)


def can_invite(user: Person, club: Club, role: str = Role.MEMBER) -> bool:
    """Organisers invite members; only an owner makes organisers and owners."""
    return is_organiser(user, club) if role == Role.MEMBER else role_in(user, club) == Role.OWNER


def can_manage_members(user: Person, club: Club) -> bool:
    """Change roles, remove people, change what the club is called and who may read it."""
    return role_in(user, club) == Role.OWNER

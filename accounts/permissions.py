"""Who may do what: the one place that says so. Views, templates and the API ask here.

Each function answers for one act; whether somebody may know of a row at all is `visible_to`.
Everything about one club is answered from `role_in`, which costs no query for clubs the request has loaded.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.contrib.auth.models import AnonymousUser

from .models import ApiToken, Club, Membership, Role, User

Person = User | AnonymousUser

ROLES_LOADED = "_roles_by_club"
CLUBS_LOADED = "_club_ids"


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


def can_vote(user: Person, club: Club) -> bool:
    return is_member(user, club)


def can_tag(user: Person, club: Club) -> bool:
    return is_member(user, club)


def can_drop(user: Person, club: Club) -> bool:
    """Take a paper off the list: organisers. A member takes their own promotion back."""
    return is_organiser(user, club)


def can_comment(user: Person, club: Club) -> bool:
    return is_member(user, club)


def can_edit_comment(user: Person, author_id: int | None, club: Club) -> bool:
    """Only its author may change what a comment says, while they are a member."""
    return is_member(user, club) and author_id is not None and author_id == user.pk


def can_remove_comment(user: Person, author_id: int | None, club: Club) -> bool:
    return can_edit_comment(user, author_id, club) or is_organiser(user, club)


def can_import(user: Person, club: Club | None) -> bool:
    """Organisers import for their club; without a club the import is the installation's."""
    return is_administrator(user) if club is None else is_organiser(user, club)


def can_submit(user: Person, club: Club | None) -> bool:
    """Ask for papers by their identifiers, which are everybody's: whoever has an account; for a club, its members."""
    if club is None:
        return isinstance(user, User) and user.is_active
    return is_member(user, club)


def can_cancel_import(user: Person, queued_by: int | None, club: Club | None) -> bool:
    """Who queued an import may cancel it (given by id), and whoever may import for the same club."""
    return (user.is_authenticated and user.pk == queued_by) or can_import(user, club)


def can_import_somewhere(user: Person, clubs: Iterable[Club]) -> bool:
    """Whether the pages of imports are anything to them: for the installation, or for one of their clubs."""
    return is_administrator(user) or any(can_import(user, club) for club in clubs)


def can_keep_sources(user: Person, club: Club | None) -> bool:
    """Organisers keep their club's own sources, administrators (without a club) the installation's."""
    return is_administrator(user) if club is None else is_organiser(user, club)


def can_keep_sources_somewhere(user: Person, clubs: Iterable[Club]) -> bool:
    return is_administrator(user) or any(can_keep_sources(user, club) for club in clubs)


def can_choose_sources(user: Person, club: Club) -> bool:
    """Organisers choose which of the installation's sources their club follows."""
    return is_organiser(user, club)


def can_review(user: Person, clubs: Iterable[Club]) -> bool:
    """Look through pairs of papers that may be one, and propose some: administrators, and organisers of any club."""
    return is_administrator(user) or any(is_organiser(user, club) for club in clubs)


def can_decide(user: Person, owner: Club | None) -> bool:
    """Merge two papers, keep them apart, take a merge back.

    An administrator decides about what is everybody's. Where one of the papers is private to a club (`owner`), only
    that club has anything on it, so that its organisers decide as well.
    """
    return is_administrator(user) or (owner is not None and is_organiser(user, owner))


def can_edit_paper(user: Person, owner: Club | None) -> bool:
    """Say by hand what a paper's fields are: of everybody's, administrators; of a club's own, its organisers."""
    return is_administrator(user) if owner is None else is_organiser(user, owner)


def can_see_members(user: Person, club: Club) -> bool:
    return is_member(user, club)


def can_invite(user: Person, club: Club, role: str = Role.MEMBER) -> bool:
    """Organisers invite members; only an owner makes organisers and owners."""
    return is_organiser(user, club) if role == Role.MEMBER else role_in(user, club) == Role.OWNER


def can_manage_members(user: Person, club: Club) -> bool:
    """Change roles, remove people, change what the club is called and who may read it."""
    return role_in(user, club) == Role.OWNER


def can_change_role(user: Person, membership: Membership) -> bool:
    return can_manage_members(user, membership.club)


def can_remove_member(user: Person, membership: Membership) -> bool:
    """Owners remove people; everybody may leave. That an owner stays behind is for `clubs` to see to."""
    return can_manage_members(user, membership.club) or (
        is_member(user, membership.club) and membership.user_id == user.pk
    )


def can_run_sessions(user: Person, club: Club) -> bool:
    """Schedule, fill and lock sessions, plan who presents, keep the minutes: organisers."""
    return is_organiser(user, club)


def can_keep_parts(user: Person, club: Club) -> bool:
    """Say which parts there are and what is expected: organisers."""
    return is_organiser(user, club)


def can_answer_assignment(user: Person, member_id: int | None, club: Club) -> bool:
    """Accept or decline a part, offer a swap, hand it over: who was asked, while they are a member."""
    return is_member(user, club) and member_id is not None and member_id == user.pk


def can_attend(user: Person, club: Club) -> bool:
    """Say whether they come, ask and vote in the meeting, write its notes."""
    return is_member(user, club)


def can_settle_question(user: Person, asked_by: int | None, club: Club) -> bool:
    """Say that a question of a meeting was answered, close it, take it away: who asked (by id), and organisers."""
    return is_organiser(user, club) or (
        is_member(user, club) and asked_by is not None and asked_by == user.pk
    )


def can_conclude(user: Person, club: Club, *, takes_part: bool) -> bool:
    """Write the verdict and take-aways of an item, attach slides to it: organisers, and who takes part in it."""
    return is_organiser(user, club) or (is_member(user, club) and takes_part)


def can_detach(user: Person, added_by: int | None, club: Club) -> bool:
    """Take a file or link away: who added it (by id), and organisers."""
    return is_organiser(user, club) or (
        is_member(user, club) and added_by is not None and added_by == user.pk
    )


def can_change_action(user: Person, whose: Iterable[int | None], club: Club) -> bool:
    """Change an action item: whose it is and who noted it (by ids), and organisers. To note one is `can_attend`."""
    return is_organiser(user, club) or (is_member(user, club) and user.pk in whose)


def token_clubs(token: ApiToken) -> set[int]:
    """Return the ids of the clubs a token is limited to, read once for each token; empty means no limit."""
    clubs: set[int] | None = token.__dict__.get(CLUBS_LOADED)
    if clubs is None:
        clubs = set(token.clubs.values_list("pk", flat=True))
        token.__dict__[CLUBS_LOADED] = clubs
    return clubs


def token_allows(token: ApiToken | None, club: Club | None, write: bool) -> bool:
    """Say whether a token reaches this far; what its owner may do is asked of the functions above as well.

    `token` is `request.auth`: None, when somebody came with a session instead, limits nothing. `club` is None
    for what belongs to no club: the catalogue, its listings and sources. A read-only token writes nothing. A
    token limited to some clubs reads and writes in them, and of the rest reads what belongs to no club.
    """
    if token is None:
        return True
    if write and token.scope != ApiToken.Scope.FULL:
        return False
    limit = token_clubs(token)
    if not limit:
        return True
    return not write if club is None else club.pk in limit

"""Who is in a club, and who is asked to be."""

from smtplib import SMTPException

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.mail import send_mail
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from accounts import clubs, invitations, permissions, rates
from accounts.clubs import Refused
from accounts.forms import InvitationForm, RoleForm
from accounts.models import Club, Invitation, Membership, Role
from readinglist.http import Request

from .clubs import find_my_club

# What one person may have mailed to strangers: more than a lab needs, less than a spammer.
MAILS, MAILS_SECONDS = 60, 60 * 60


@never_cache
def member_list(request: Request, slug: str) -> HttpResponse:
    """Show the members to each other; to organisers also the open invitations, with their links."""
    return show_members(request, find_my_club(request, slug))


def show_members(request: Request, club: Club, form: InvitationForm | None = None) -> HttpResponse:
    """Render the page, with a form that was refused if there is one."""
    roles = find_roles(request, club)
    open_invitations = [
        {"invitation": invitation, "link": make_link(invitation)}
        # A link to become an owner is for owners: whoever sees it can use it.
        for invitation in load_open(request, club)
    ]
    return render(
        request,
        "accounts/member_list.html",
        {
            "club": club,
            "memberships": club.memberships.select_related("user"),
            "may_manage": permissions.can_manage_members(request.user, club),
            "roles": Role.choices,
            "form": form or (InvitationForm(roles=roles) if roles else None),
            "open_invitations": open_invitations,
            "newest": request.GET.get("invited", ""),
        },
    )


@require_POST
def invite(request: Request, slug: str) -> HttpResponse:
    """Make an invitation and mail it when an address was given; its link is then on the page to copy."""
    club = find_my_club(request, slug)
    roles = find_roles(request, club)
    if not roles:
        raise PermissionDenied
    form = InvitationForm(request.POST, roles=roles)
    if not form.is_valid():
        return show_members(request, club, form)
    if form.cleaned_data["email"] and not rates.is_within(
        f"invite:{request.user.pk}", most=MAILS, seconds=MAILS_SECONDS
    ):
        form.add_error(
            "email", _("You have sent many invitations within an hour. Go on later, or copy links.")
        )
        return show_members(request, club, form)
    try:
        invitation = invitations.invite(club, **form.cleaned_data, by=request.user)
    except Refused as refusal:
        form.add_error("email", str(refusal))
        return show_members(request, club, form)
    if invitation.email:
        tell_if_mailed(request, invitation)
    else:
        messages.success(request, _("The link is ready to copy. Whoever opens it can join, once."))
    return redirect(
        f"{reverse('accounts:member_list', args=[club.slug])}?invited={invitation.pk}#invitations"
    )


@require_POST
def revoke_invitation(request: Request, slug: str, pk: int) -> HttpResponse:
    club = find_my_club(request, slug)
    invitation = club.invitations.filter(pk=pk).first()
    if not permissions.can_invite(request.user, club, invitation.role if invitation else Role.MEMBER):
        raise PermissionDenied
    if invitation is not None:  # somebody else may have revoked it meanwhile
        invitations.revoke(invitation)
    messages.success(request, _("Revoked: the link no longer works."))
    return redirect("accounts:member_list", club.slug)


@require_POST
def change_role(request: Request, slug: str, pk: int) -> HttpResponse:
    membership = find_membership(request, slug, pk)
    if not permissions.can_change_role(request.user, membership):
        raise PermissionDenied
    form = RoleForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("There is no such role."))
        return redirect("accounts:member_list", slug)
    try:
        clubs.change_role(membership, role=form.cleaned_data["role"])
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        said = {"person": membership.user, "role": membership.get_role_display()}
        messages.success(request, _("%(person)s: %(role)s from now on.") % said)
    return redirect("accounts:member_list", slug)


@require_POST
def remove_member(request: Request, slug: str, pk: int) -> HttpResponse:
    """Take a member out, or leave oneself."""
    membership = find_membership(request, slug, pk)
    if not permissions.can_remove_member(request.user, membership):
        raise PermissionDenied
    is_me = membership.user_id == request.user.pk
    try:
        clubs.remove_member(membership)
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect("accounts:member_list", slug)
    if is_me:
        messages.success(request, _("You have left %(club)s.") % {"club": membership.club})
        return redirect("papers:home")
    messages.success(request, _("%(person)s is no longer a member.") % {"person": membership.user})
    return redirect("accounts:member_list", slug)


def find_membership(request: Request, slug: str, pk: int) -> Membership:
    club = find_my_club(request, slug)
    return get_object_or_404(club.memberships.select_related("user", "club"), pk=pk)


def find_roles(request: Request, club: Club) -> list[Role]:
    """Return the roles to which this person may invite."""
    return [role for role in Role if permissions.can_invite(request.user, club, role)]


def load_open(request: Request, club: Club) -> list[Invitation]:
    """Return the open invitations that this person may see and revoke: those they could make."""
    roles = find_roles(request, club)
    if not roles:
        return []
    return list(club.invitations.open(timezone.now()).filter(role__in=roles).select_related("invited_by"))


def make_link(invitation: Invitation) -> str:
    return f"{settings.SITE_URL}{invitations.make_path(invitation)}"


def tell_if_mailed(request: Request, invitation: Invitation) -> None:
    said = {"email": invitation.email}
    if not (settings.HAS_MAIL_SERVER or settings.DEMO):
        text = _("No mail goes out from here (EMAIL_URL is not set). Copy the link and send it to %(email)s.")
        messages.warning(request, text % said)
        return
    try:
        mail_invitation(invitation)
    except (SMTPException, OSError):
        messages.warning(
            request, _("The mail to %(email)s could not be sent. Copy the link and send it yourself.") % said
        )
    else:
        messages.success(request, _("An invitation is on its way to %(email)s.") % said)


def mail_invitation(invitation: Invitation) -> None:
    """Send the link to the address of an invitation. Raises SMTPException and OSError."""
    context = {"invitation": invitation, "link": make_link(invitation), "site_name": settings.SITE_NAME}
    subject = render_to_string("accounts/mail/invitation_subject.txt", context)
    text = render_to_string("accounts/mail/invitation.txt", context)
    send_mail(" ".join(subject.split()), text, None, [invitation.email])

"""Which mails somebody wants, and the link in each by which they end without signing in (RFC 8058)."""

from django.core import signing
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .clubs import Refused
from .models import MailWanted, User

SALT = "accounts.mail"


class Group(models.TextChoices):
    """Mails that somebody gets, or does not, together."""

    CLUB = "club", gettext_lazy("calls for votes, agendas and links")
    PARTS = "parts", gettext_lazy("all mails of your clubs")
    CALENDAR = "calendar", gettext_lazy("calendar invitations")


class BadLink(Refused):
    """A link that ends no mails of ours."""


def wants(user: User, group: str) -> bool:
    """Say whether somebody is to get mails of a group."""
    if group == Group.CALENDAR:
        return user.calendar_by_mail
    return user.mail_wanted == MailWanted.ALL or (
        group == Group.PARTS and user.mail_wanted == MailWanted.PARTS
    )


def make_path(user: User, group: str) -> str:
    """Return the link that ends mails of a group, from the slash after the host on. It works for ever."""
    return reverse("accounts:stop_mail", args=[_signer().sign_object([user.pk, group])])


def find(token: str) -> tuple[User, Group]:
    """Return whose mails a link ends, and which. Raises BadLink."""
    try:
        pk, group = _signer().unsign_object(token)
        return User.objects.get(pk=pk), Group(group)
    except (signing.BadSignature, ValueError, TypeError, User.DoesNotExist):
        raise BadLink(_("This is no link of ours. Was the whole link copied?")) from None


def stop(user: User, group: str) -> None:
    """End mails of a group. Those about one's parts go on when the others end, and end only with all of them."""
    people = User.objects.filter(pk=user.pk)
    if group == Group.CALENDAR:
        people.update(calendar_by_mail=False)
    elif group == Group.PARTS:
        people.update(mail_wanted=MailWanted.NONE)
    else:
        people.filter(mail_wanted=MailWanted.ALL).update(mail_wanted=MailWanted.PARTS)


def _signer() -> signing.Signer:
    return signing.Signer(sep=".", salt=SALT)

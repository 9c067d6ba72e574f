"""Whether what a waiting mail says is still so: asked right before it goes out, whatever changed since, and by whom."""

from django.utils.translation import gettext as _

from papers.models import OutgoingMail


def find_change(mail: OutgoingMail) -> str:
    """Say why a mail shall not go out any more; empty where it shall."""
    if not mail.recipient.is_active:
        return _("Who it is for has no account any more.")
    return ""

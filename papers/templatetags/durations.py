"""How long something will take, in words for somebody who waits."""

from django import template
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

register = template.Library()


@register.filter
def time_left(seconds: int) -> str:
    """Return "about 3 minutes left"; an estimate is rounded, and never counts the last seconds down."""
    if seconds < 10:
        return _("a few seconds left")
    if seconds < 55:
        return _("about %(n)d seconds left") % {"n": round(seconds, -1)}
    minutes = round(seconds / 60)
    if minutes < 60:
        return ngettext("about %(n)d minute left", "about %(n)d minutes left", minutes) % {"n": minutes}
    hours = round(minutes / 60)
    return ngettext("about %(n)d hour left", "about %(n)d hours left", hours) % {"n": hours}

"""Where in a long page to begin: `?from=`."""

from django.core.exceptions import BadRequest
from django.utils.translation import gettext as _

from papers.numbers import read_number
from readinglist.http import Request

MOST_PLACES = 999_999


def read_place(request: Request) -> int:
    """Return the number of the first row on screen, from 1. Raises BadRequest for what is no such number."""
    text = request.GET.get("from", "")
    if not text:
        return 1
    place = read_number(text, least=1, most=MOST_PLACES)
    if place is None:
        raise BadRequest(_("“from” is the number of a row on this page, from 1."))
    return place

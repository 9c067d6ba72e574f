"""The parts that a club asks its members to take."""

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.models import Club
from papers.models import Part, SessionKind

PRESENTED = [kind.value for kind in SessionKind if kind != SessionKind.ROLE_PLAY]


def load_parts(club: Club) -> list[Part]:
    """Return a club's parts in their order; a club that never had any gets the usual ones.

    The roles of a role play are those of Jacobson and Raffel's role-playing paper-reading seminar,
    https://colinraffel.com/blog/role-playing-seminar.html.
    """
    parts = list(Part.objects.filter(club=club))
    if not parts:
        try:
            with transaction.atomic():
                parts = Part.objects.bulk_create(_make_usual_parts(club))
        except IntegrityError:  # somebody else asked at the same moment
            parts = list(Part.objects.filter(club=club))
    return parts


def wanted_in(parts: list[Part], kind: str) -> list[Part]:
    """Return those of a club's parts that an item of a session of this kind needs somebody for."""
    return [part for part in parts if kind in part.kinds]


def _make_usual_parts(club: Club) -> list[Part]:
    talk, play = [SessionKind.PAPER_TALK.value], [SessionKind.ROLE_PLAY.value]
    usual = [
        (
            _("presenter"),
            _("Explain what was asked, what was done and what came out, in half of the time."),
            PRESENTED,
        ),
        (_("discussant"), _("Open the discussion with two questions that the paper leaves open."), talk),
        (_("friendly reviewer"), _("Say what is good about the paper, and for whom it matters."), play),
        (_("sceptic"), _("Say which claim the evidence carries least, and what would convince you."), play),
        (
            _("archaeologist"),
            _("Find one paper before it and one after it, and place it between them."),
            play,
        ),
        (_("practitioner"), _("Say what would have to be so for us to use this next week."), play),
    ]
    return [
        Part(club=club, name=name, prompt=prompt, kinds=kinds, position=position)
        for position, (name, prompt, kinds) in enumerate(usual, 1)
    ]

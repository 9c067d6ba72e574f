"""The parts that a club asks its members to take."""

from collections.abc import Sequence

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.models import Club, User
from papers.models import Assignment, Part, SessionKind
from papers.verbs import verb
from papers.versions import stamp

from .refusals import Refused

PRESENTED = [kind.value for kind in SessionKind if kind != SessionKind.ROLE_PLAY]


MOST_PARTS = 30


class BadPart(Refused):
    """A part without a name, with that of another one, or one too many."""

    field = "name"


class PartInUse(Refused):
    """A part that somebody took, which its record tells of."""


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
                stamp(club, parts)
        except IntegrityError:  # somebody else asked at the same moment
            parts = list(Part.objects.filter(club=club))
    return parts


def wanted_in(parts: list[Part], kind: str) -> list[Part]:
    """Return those of a club's parts that an item of a session of this kind needs somebody for."""
    return [part for part in parts if kind in part.kinds]


@verb
def add_part(club: Club, *, name: str, prompt: str = "", kinds: Sequence[str] = (), by: User) -> Part:
    """Add a part after the others, wanted in sessions of some kinds. Raises BadPart."""
    load_parts(club)
    parts = _lock_parts(club)
    if len(parts) >= MOST_PARTS:
        raise BadPart(_("A club has at most %(most)d parts. Remove one first.") % {"most": MOST_PARTS})
    part = Part(club=club, position=1 + max((each.position for each in parts), default=0))
    _fill(part, parts, name=name, prompt=prompt, kinds=kinds)
    part.save()
    stamp(club, [part])
    return part


@verb
def change_part(
    part: Part,
    *,
    name: str | None = None,
    prompt: str | None = None,
    kinds: Sequence[str] | None = None,
    by: User,
) -> Part:
    """Call a part something else, expect something else, want it elsewhere; what is None stays. Raises BadPart."""
    parts = _lock_parts(part.club)
    part = _find(parts, part)
    _fill(
        part,
        parts,
        name=part.name if name is None else name,
        prompt=part.prompt if prompt is None else prompt,
        kinds=part.kinds if kinds is None else kinds,
    )
    part.save(update_fields=["name", "prompt", "kinds"])
    stamp(part.club, [part])
    return part


@verb
def move_part(part: Part, *, by_places: int, by: User) -> Part:
    """Move a part up (−1) or down (+1) among the others; at an end it stays."""
    parts = _lock_parts(part.club)
    part = _find(parts, part)
    place = parts.index(part)
    parts.remove(part)
    parts.insert(max(0, place + by_places), part)
    moved = []
    for position, each in enumerate(parts, start=1):
        if each.position != position:
            each.position = position
            moved.append(each)
    if moved:
        Part.objects.bulk_update(moved, ["position"])
        stamp(part.club, moved)
    return part


@verb
def remove_part(part: Part, *, by: User) -> None:
    """Take a part away that nobody ever took. Raises PartInUse, and BadPart for the last one."""
    parts = _lock_parts(part.club)
    part = _find(parts, part)
    if Assignment.objects.filter(part=part).exists():
        raise PartInUse(
            _(
                "“%(part)s” stands in the record of a session, so it stays. Say that no kind of session wants it, and "
                "nobody is asked for it any more."
            )
            % {"part": part}
        )
    if len(parts) == 1:
        raise BadPart(_("This is the only part. Add another one first, or change this one."))
    pk = part.pk
    part.delete()
    stamp(part.club, deleted=[(Part, pk)])


def _lock_parts(club: Club) -> list[Part]:
    """Return a club's parts in their order, locked."""
    return list(Part.objects.select_for_update(of=("self",)).filter(club=club).select_related("club"))


def _find(parts: list[Part], part: Part) -> Part:
    """Return a part as it is now. Raises Refused where it is gone."""
    for each in parts:
        if each.pk == part.pk:
            return each
    raise Refused(_("This part has been removed meanwhile."))


def _fill(part: Part, parts: list[Part], *, name: str, prompt: str, kinds: Sequence[str]) -> None:
    name = " ".join(name.split())
    most = Part._meta.get_field("name").max_length or 50
    if not name or not name.isprintable():
        raise BadPart(_("A part needs a name, such as presenter."))
    if len(name) > most:
        raise BadPart(_("The name of a part has at most %(most)d characters.") % {"most": most})
    if any(each.name.casefold() == name.casefold() and each.pk != part.pk for each in parts):
        raise BadPart(_("There is a part with this name already."))
    part.name, part.prompt = name, prompt.replace("\r\n", "\n").strip()
    part.kinds = [kind for kind in SessionKind.values if kind in kinds]


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

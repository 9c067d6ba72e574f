"""Whether a member is an author of a paper, as far as names tell; pure."""

from __future__ import annotations

from collections.abc import Iterable

from papers.merge import family_names, title_key


def is_among(name: str, authors: Iterable[str]) -> bool:
    """Say whether somebody's name may be that of an author.

    Family names are the same, and given names are, or one of the two is the other's initial: `J. Smith` is
    `Jane Smith`. A name of one word is nobody's, since it is rather what somebody is called.
    """
    own = _take_apart(name)
    return own is not None and any(_are_one(own, other) for other in map(_take_apart, authors) if other)


def _take_apart(name: str) -> tuple[str, str] | None:
    """Return family name and first given name as keys, where there are both."""
    families = family_names([name])
    first, _comma, rest = name.partition(",")
    given = (rest if rest.strip() else first).replace(".", " ").split()
    if not families or not given or (not rest.strip() and len(given) < 2):
        return None
    key = title_key(given[0])
    return (families[0], key) if key else None


def _are_one(one: tuple[str, str], other: tuple[str, str]) -> bool:
    (family, given), (other_family, other_given) = one, other
    if family != other_family:
        return False
    is_initial = min(len(given), len(other_given)) == 1
    return given[0] == other_given[0] if is_initial else given == other_given

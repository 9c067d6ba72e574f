"""Names of people, brought to reading order: given name first."""

from __future__ import annotations

import re
from typing import Final

_SUFFIX: Final = re.compile(r"(?:jr|sr|[ivx]{1,4}|[2-5](?:nd|rd|th))\.?", re.IGNORECASE)
_NOTHING: Final = frozenset({"null", "none", "nan", "n/a"})  # what programs write for a name they lack


def turn_name(name: str) -> str:
    """Turn "van den Hoven, Jeroen" to "Jeroen van den Hoven"; a name without a comma stays as it is.

    A part like "Jr." stands last whether it comes second or third ("King, Jr., Martin", "King, Martin, Jr.").
    With more commas than that, or with none, it is no name in this order and is left alone.
    """
    parts = [part.strip() for part in name.split(",")]
    parts = [parts[0], *(part for part in parts[1:] if part and part.lower() not in _NOTHING)]
    if len(parts) == 1:
        return parts[0]
    family, *rest = parts
    suffix = next((part for part in rest if _SUFFIX.fullmatch(part)), "")
    if suffix:
        rest.remove(suffix)
    if len(rest) > 1:
        return name.strip()
    return join_name(given=rest[0] if rest else "", family=family, suffix=suffix)


def join_name(*, given: str = "", family: str = "", particle: str = "", suffix: str = "") -> str:
    """Write the parts of a name in reading order; `particle` is a "van der" that stands apart from the family name."""
    parts = (part.strip() for part in (given, particle, family, suffix))
    return " ".join(part for part in parts if part and part.lower() not in _NOTHING)


_SHORT: Final = re.compile(r"(.+?) ((?:[A-Z]\.[ -]?){1,4}|[A-Z]{1,4})( (?:Jr|Sr|[2-5](?:nd|rd|th))\.?)?")


def turn_short_name(name: str) -> str:
    """Turn "Van Damme AB" and "Labanski A." to "A B Van Damme" and "A. Labanski"; other names stay as they are."""
    found = _SHORT.fullmatch(name)
    if not found or not any(map(str.islower, found[1])):
        return name
    initials = found[2].strip() if "." in found[2] else " ".join(found[2])
    return f"{initials} {found[1]}{found[3] or ''}"

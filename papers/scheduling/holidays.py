"""Public holidays of a country, or of a part of it, for organisers to choose pauses from."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from django.core.cache import cache
from django.utils.translation import gettext as _

from .refusals import Refused

PROGRAM = Path(__file__).with_name("_holidays_child.py")
PATIENCE = 20
"""Seconds; it takes a quarter of one."""
KEPT = 7 * 24 * 3600
MOST_YEARS = 3


class NotKnown(Refused):
    """A country, or part of one, whose holidays are not known."""

    field = "country"


@dataclass(frozen=True, slots=True)
class Country:
    code: str
    name: str
    parts: tuple[str, ...]
    """Codes of its states or regions, after ISO 3166-2."""


@dataclass(frozen=True, slots=True)
class Holiday:
    day: date
    name: str


def list_countries() -> list[Country]:
    """Return the countries whose holidays are known, by name."""
    found = [Country(code, name, tuple(parts)) for code, name, parts in _ask()]
    return sorted(found, key=lambda country: country.name)


def find_holidays(country: str, first: date, last: date, *, part: str = "") -> list[Holiday]:
    """Return the public holidays of a country from one day to another, both included, in order. Raises NotKnown."""
    known = next((each for each in list_countries() if each.code == country), None)
    if known is None:
        raise NotKnown(_("The holidays of this country are not known here. Add the days by hand."))
    if part and part not in known.parts:
        raise NotKnown(
            _("%(country)s has no part “%(part)s”.") % {"country": known.name, "part": part[:20]},
            field="part",
        )
    years = list(range(first.year, min(last.year, first.year + MOST_YEARS - 1) + 1))
    found = [Holiday(date.fromisoformat(day), name) for day, name in _ask(country, part, *map(str, years))]
    return [holiday for holiday in found if first <= holiday.day <= last]


def _ask(*arguments: str) -> list[Any]:
    """Return what the program says, asked once a week."""
    key = "holidays-" + "-".join(arguments)
    said: list[Any] | None = cache.get(key)
    if said is None:
        # Isolated, so that no module of ours beside it is taken for one of the standard library.
        process = subprocess.run(
            [sys.executable, "-I", str(PROGRAM), *arguments],
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=True,
        )
        said = json.loads(process.stdout)
        cache.set(key, said, KEPT)
    return said

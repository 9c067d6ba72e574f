"""Prints public holidays, or the countries there are, as JSON: a program of its own, started by `holidays.py`.

The package it asks takes 17 MB once it is imported (measured), which no process that goes on should keep.
"""

import json
import re
import sys


def list_countries() -> list[tuple[str, str, list[str]]]:
    """Return (code, name, codes of its parts) of each country."""
    from holidays.registry import COUNTRIES
    from holidays.utils import list_supported_countries

    parts = list_supported_countries(include_aliases=False)
    names = {codes[1]: re.sub(r"(?<=[a-z])(?=[A-Z])", " ", codes[0]) for codes in COUNTRIES.values()}
    return [(code, names[code], sorted(parts[code])) for code in parts if code in names]


def list_holidays(country: str, part: str, years: list[int]) -> list[tuple[str, str]]:
    """Return (day, name) of each public holiday, in English where the package knows it."""
    import holidays

    found = holidays.country_holidays(country, subdiv=part or None, years=years)
    if "en_US" in found.supported_languages:
        found = holidays.country_holidays(country, subdiv=part or None, years=years, language="en_US")
    return [(day.isoformat(), name) for day, name in sorted(found.items())]


if __name__ == "__main__":
    if len(sys.argv) == 1:
        answer: object = list_countries()
    else:
        answer = list_holidays(sys.argv[1], sys.argv[2], [int(year) for year in sys.argv[3:]])
    json.dump(answer, sys.stdout)

"""Crossref: a journal by its ISSN, or a search, of all that was indexed since a day, by cursor.

https://api.crossref.org/swagger-ui and
https://www.crossref.org/documentation/retrieve-metadata/rest-api/: of the dates to filter by, `from-index-date` is the
one that every change moves.
"""

from __future__ import annotations

import json
import re
from datetime import date, datetime, timedelta
from typing import Final
from urllib.parse import urlencode

from django.utils.translation import gettext as _

from . import Ask, AskAgain, BadQuery, Page, Position, Query, Step, Trouble, Watermark, check_end

URL: Final = "https://api.crossref.org/works"
ROWS: Final = 100
OVERLAP: Final = timedelta(days=1)  # as the index may be behind; what comes twice changes nothing
MOST_CURSOR: Final = 2_000
_ISSN: Final = re.compile(r"[0-9]{4}-?[0-9]{3}[0-9Xx]")
# Within a string these quotes would stand behind a backslash.
_CURSOR: Final = re.compile(rb"(?<!\\)\"next-cursor\"\s*:\s*(\"(?:[^\"\\]|\\.){0,4000}\")")
_TOTAL: Final = re.compile(rb"(?<!\\)\"total-results\"\s*:\s*([0-9]{1,12})")


def check(query: Query) -> None:
    if not query.text:
        raise BadQuery("query", _("Which journal, by its ISSN? Or which words should be searched?"))


def begin(query: Query, watermark: Watermark, now: datetime) -> Position:
    first = date.fromisoformat(watermark["day"]) - OVERLAP if "day" in watermark else query.since
    return {"from": first.isoformat(), "day": now.date().isoformat(), "cursor": "*", "seen": 0}


def ask(query: Query, position: Position) -> Ask:
    asked = {"filter": f"from-index-date:{position['from']}", "rows": ROWS, "cursor": position["cursor"]}
    if _ISSN.fullmatch(query.text):
        asked["filter"] += f",issn:{query.text}"
    else:
        asked["query.bibliographic"] = query.text
    return Ask(f"{URL}?{urlencode(asked)}", format="crossref")


def look(page: Page, position: Position) -> bool:
    check_end(page, b'"message"', b"}")
    return not re.search(rb"(?<!\\)\"items\"\s*:\s*\[\s*\]", page.head)


def move(query: Query, position: Position, watermark: Watermark, page: Page) -> Step:
    total = _TOTAL.search(page.head) or _TOTAL.search(page.tail)
    seen = position["seen"] + page.count
    if page.count == 0 and total and seen < int(total[1]):
        raise AskAgain(_("Crossref gave an empty page where there should be papers."))
    said = _CURSOR.search(page.head) or _CURSOR.search(page.tail)
    if page.count < ROWS or not said:
        return Step(None, {"day": position["day"]})
    try:
        cursor = json.loads(said[1])
    except ValueError:
        raise Trouble(_("Crossref gives a cursor that is no text.")) from None
    if len(cursor) > MOST_CURSOR or not cursor.isprintable():
        raise Trouble(
            _("Crossref gives a cursor of more than %(most)d characters, or of such as none has.")
            % {"most": MOST_CURSOR}
        )
    return Step({**position, "cursor": cursor, "seen": seen}, watermark)

"""arXiv's API: a search, newest change first, page by page until what is in already.

https://info.arxiv.org/help/api/user-manual.html. What changes while we walk moves to the front, and is found by the
next walk, as the watermark is the newest change that the first page of this one showed.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta
from typing import Final
from urllib.parse import urlencode

from django.utils.translation import gettext as _

from . import Ask, AskAgain, BadQuery, Page, Position, Query, Step, Trouble, Watermark, check_end

URL: Final = "https://export.arxiv.org/api/query"
ROWS: Final = 100
# The manual: at most 30,000 results, however they are cut into pages.
MOST_RESULTS: Final = 30_000
# The index is behind, by hours now and then; what comes twice changes nothing.
OVERLAP: Final = timedelta(days=1)
_TOTAL: Final = re.compile(rb"totalResults[^<>]{0,300}>\s*([0-9]{1,12})\s*<")


def check(query: Query) -> None:
    if not query.text:
        raise BadQuery("query", _("What should be searched? For example cat:cs.CL AND abs:translation"))


def begin(query: Query, watermark: Watermark, now: datetime) -> Position:
    return {"start": 0, "newest": None}


def ask(query: Query, position: Position) -> Ask:
    asked = {
        "search_query": query.text,
        "start": position["start"],
        "max_results": ROWS,
        "sortBy": "lastUpdatedDate",
        "sortOrder": "descending",
    }
    return Ask(f"{URL}?{urlencode(asked)}", format="arxiv-atom")


def look(page: Page, position: Position) -> bool:
    check_end(page, b"<feed", b"feed>")
    return True


def move(query: Query, position: Position, watermark: Watermark, page: Page) -> Step:
    said = _TOTAL.search(page.head)
    total = int(said[1]) if said else None
    start = position["start"]
    if page.count == 0 and (total is None or start < total):
        # Known of this service: an empty page in the midst of results, which is full when asked again.
        raise AskAgain(_("arXiv gave an empty page where there should be papers."))
    newest = position["newest"] or (page.newest.isoformat() if page.newest else None)
    reached = page.oldest is not None and page.oldest < _floor(query, watermark)
    start += page.count
    if reached or page.count == 0 or (total is not None and start >= total):
        return Step(None, {"updated": newest} if newest else watermark)
    if start >= MOST_RESULTS:
        raise Trouble(
            _("There are more than %(most)d papers since then, which is all that arXiv's search gives. Ask for less, "
              "or take all of a subject by OAI-PMH.") % {"most": MOST_RESULTS}
        )  # fmt: skip
    return Step({"start": start, "newest": newest}, watermark)


def _floor(query: Query, watermark: Watermark) -> datetime:
    if "updated" in watermark:
        return datetime.fromisoformat(watermark["updated"]) - OVERLAP
    return datetime.combine(query.since, time(), UTC)

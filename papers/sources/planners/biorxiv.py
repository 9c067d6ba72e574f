"""bioRxiv and medRxiv: the preprints of an interval of days, by their number in it.

https://api.biorxiv.org/: both ends of an interval belong to it. Today is not over, so the next walk begins with it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from urllib.parse import urlencode

from django.utils.translation import gettext as _

from . import Ask, AskAgain, BadQuery, Page, Position, Query, Step, Watermark, check_end

URL: Final = "https://api.biorxiv.org/details"
_TOTAL: Final = re.compile(rb"(?<!\\)\"total\"\s*:\s*\"?([0-9]{1,9})")


@dataclass(frozen=True, slots=True)
class Server:
    name: str

    def check(self, query: Query) -> None:
        if not re.fullmatch(r"[A-Za-z _-]*", query.text):
            raise BadQuery("query", _("A category such as neuroscience, or nothing for all"))

    def begin(self, query: Query, watermark: Watermark, now: datetime) -> Position:
        today = now.date()
        first = min(date.fromisoformat(watermark["day"]) if "day" in watermark else query.since, today)
        return {"from": first.isoformat(), "to": today.isoformat(), "cursor": 0}

    def ask(self, query: Query, position: Position) -> Ask:
        url = f"{URL}/{self.name}/{position['from']}/{position['to']}/{position['cursor']}/json"
        category = "_".join(query.text.lower().split())
        return Ask(f"{url}?{urlencode({'category': category})}" if category else url, format="biorxiv")

    def look(self, page: Page, position: Position) -> bool:
        check_end(page, b'"messages"', b"}")
        return not re.search(rb"(?<!\\)\"collection\"\s*:\s*\[\s*\]", page.head)

    def move(self, query: Query, position: Position, watermark: Watermark, page: Page) -> Step:
        total = _TOTAL.search(page.head)
        seen = position["cursor"] + page.count
        if page.count == 0 and total and seen < int(total[1]):
            raise AskAgain(_("The server gave an empty page where there should be papers."))
        if page.count == 0 or not total or seen >= int(total[1]):
            return Step(None, {"day": position["to"]})
        return Step({**position, "cursor": seen}, watermark)

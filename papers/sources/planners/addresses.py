"""One address that is asked again and again: a feed, a file, arXiv's feed of a category."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final

from django.utils.translation import gettext as _

from papers.sources.fetch import Refused, check_address

from . import Ask, BadQuery, Page, Position, Query, Step, Watermark, check_end

ARXIV_URL: Final = "https://rss.arxiv.org/atom"


class Address:
    """Whatever is at an address, in any format that can be told from its content."""

    def check(self, query: Query) -> None:
        try:
            check_address(query.address, is_trusted=query.is_trusted)
        except Refused as refusal:
            raise BadQuery("address", str(refusal)) from None

    def begin(self, query: Query, watermark: Watermark, now: datetime) -> Position:
        return {}

    def ask(self, query: Query, position: Position) -> Ask:
        return Ask(query.address, is_conditional=True)

    def look(self, page: Page, position: Position) -> bool:
        return True

    def move(self, query: Query, position: Position, watermark: Watermark, page: Page) -> Step:
        return Step(None, watermark)


class ArxivFeed(Address):
    """What arXiv announced today in one category or several, https://info.arxiv.org/help/rss.html."""

    def check(self, query: Query) -> None:
        category = r"[a-z-]+(\.[A-Za-z-]+)?"
        if not re.fullmatch(rf"{category}(\+{category})*", query.text):
            raise BadQuery("query", _("Which category? For example cs.CL, or several: cs.CL+cs.LG"))

    def ask(self, query: Query, position: Position) -> Ask:
        return Ask(f"{ARXIV_URL}/{query.text}", format="arxiv-rss", is_conditional=True)

    def look(self, page: Page, position: Position) -> bool:
        check_end(page, b"<feed", b"feed>")
        check_end(page, b"<rss", b"rss>")
        return True

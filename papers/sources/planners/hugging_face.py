"""Hugging Face Daily Papers: day after day from the last that was complete to today.

https://huggingface.co/docs/hub/api#daily-papers. A day's list grows until it is over, and votes a while longer; so a
day is complete when it was asked for half a day after its end, and until then it is asked for at every run.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Final
from urllib.parse import urlencode

from . import Ask, Page, Position, Query, Step, Watermark, check_end

URL: Final = "https://huggingface.co/api/daily_papers"
ROWS: Final = 100
MOST_PAGES: Final = 10  # of one day, which had at most a hundred papers so far
COMPLETE_AFTER: Final = timedelta(hours=36)  # from the day's beginning


def check(query: Query) -> None:
    """There is nothing to ask for but the day."""


def begin(query: Query, watermark: Watermark, now: datetime) -> Position:
    today = now.date()
    last = date.fromisoformat(watermark["day"]) if "day" in watermark else query.since - timedelta(days=1)
    first = min(last + timedelta(days=1), today)
    complete = (now - COMPLETE_AFTER).date()
    return {"day": first.isoformat(), "page": 0, "today": today.isoformat(), "complete": complete.isoformat()}


def ask(query: Query, position: Position) -> Ask:
    asked = {"date": position["day"], "limit": ROWS, "p": position["page"]}
    day = date.fromisoformat(position["day"])
    is_today = position["day"] == position["today"]
    return Ask(f"{URL}?{urlencode(asked)}", format="hf-json", date=day, may_be_missing=is_today)


def look(page: Page, position: Position) -> bool:
    if not page.head.strip():
        return False
    check_end(page, b'"paper"', b"]")
    return b"".join(page.head.split()) != b"[]"


def move(query: Query, position: Position, watermark: Watermark, page: Page) -> Step:
    if page.count >= ROWS and position["page"] + 1 < MOST_PAGES:
        return Step({**position, "page": position["page"] + 1}, watermark)
    day = position["day"]
    if day <= position["complete"]:
        watermark = {"day": day}
    if day >= position["today"]:
        return Step(None, watermark)
    following = date.fromisoformat(day) + timedelta(days=1)
    return Step({**position, "day": following.isoformat(), "page": 0}, watermark)

"""Times as feeds and services write them."""

from __future__ import annotations

from datetime import UTC, datetime


def read_moment(text: str) -> datetime | None:
    """Read an ISO 8601 or RFC 3339 time and bring it to UTC; None where the text is none.

    A time without a zone is taken for UTC.
    """
    try:
        moment = datetime.fromisoformat(text.strip())
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None

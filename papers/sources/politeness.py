"""One at a time, and not too often: whose turn it is to ask a host, over all workers of all machines.

A row for each host says when it may be asked next, and until when somebody is asking it. To take a turn is one
UPDATE, which PostgreSQL lets through for one of those who try. The pause counts from the end of a request, so that
however long it was under way, no two reach the host closer together than it asks for.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from django.db import connection
from django.utils.translation import gettext as _

PATIENCE: Final = 20.0
"""Seconds that a worker waits for its turn; what takes longer is put back, so that others may use the worker."""
LEASE: Final = 60.0
"""Seconds after which a turn is over whose worker was killed; `renew` begins them anew."""
LOOK: Final = 1.0

PAUSES: dict[str, float] = {
    # https://info.arxiv.org/help/api/tou.html: one request every three seconds, a single connection, however many
    # machines; and one rule for its API, its feeds and OAI-PMH.
    "arxiv.org": 3.0,
    # https://www.crossref.org/documentation/retrieve-metadata/rest-api/tips-for-using-the-crossref-rest-api/ lets
    # lists be asked for three times a second.
    "crossref.org": 1.0,
    # https://www.ncbi.nlm.nih.gov/books/NBK25497/: three a second without a key, for all of NCBI.
    "ncbi.nlm.nih.gov": 1.0,
    # https://support.datacite.org/docs/rate-limit: 500 to 3,000 in five minutes.
    "datacite.org": 1.0,
    # Say nothing; as everybody else.
    "openreview.net": 1.0,
    "doi.org": 1.0,
    "biorxiv.org": 1.0,
    "medrxiv.org": 1.0,
    # https://huggingface.co/docs/hub/rate-limits: 500 in five minutes without a token.
    "huggingface.co": 1.0,
}
"""Seconds between two requests, for a host and all below it."""
PAUSE: Final = 1.0


class NotNow(Exception):
    """It will be our turn in `seconds`, which is longer than we wait."""

    def __init__(self, host: str, seconds: float) -> None:
        super().__init__(_("%(host)s may not be asked again so soon.") % {"host": host})
        self.seconds = seconds


_TAKE = """
    INSERT INTO papers_hostturn AS turn (name, next_allowed_at, busy_until)
    VALUES (%(name)s, clock_timestamp(), clock_timestamp() + %(lease)s * interval '1 second')
    ON CONFLICT (name) DO UPDATE SET busy_until = clock_timestamp() + %(lease)s * interval '1 second'
     WHERE turn.next_allowed_at <= clock_timestamp()
       AND (turn.busy_until IS NULL OR turn.busy_until <= clock_timestamp())
    RETURNING true
"""
_LOOK = """
    SELECT extract(epoch FROM next_allowed_at - clock_timestamp()) FROM papers_hostturn WHERE name = %(name)s
"""
_GIVE_BACK = """
    UPDATE papers_hostturn
       SET busy_until = NULL,
           next_allowed_at = greatest(next_allowed_at, clock_timestamp() + %(pause)s * interval '1 second')
     WHERE name = %(name)s
"""
_RENEW = """
    UPDATE papers_hostturn SET busy_until = clock_timestamp() + %(lease)s * interval '1 second'
     WHERE name = %(name)s AND busy_until IS NOT NULL
"""
_DEFER = """
    INSERT INTO papers_hostturn AS turn (name, next_allowed_at)
    VALUES (%(name)s, clock_timestamp() + %(pause)s * interval '1 second')
    ON CONFLICT (name) DO UPDATE SET next_allowed_at = greatest(turn.next_allowed_at, excluded.next_allowed_at)
"""


def find_rule(host: str) -> tuple[str, float]:
    """Return the name under which a host takes turns, and the seconds between two requests to it."""
    for name, pause in PAUSES.items():
        if host == name or host.endswith(f".{name}"):
            return name, pause
    return host[:255], PAUSE


@contextmanager
def turn(host: str, *, patience: float = PATIENCE) -> Iterator[None]:
    """Wait until a host may be asked, and let nobody else ask it meanwhile. Raises NotNow after `patience` seconds.

    No transaction may be open: others wait for its end.
    """
    name, pause = find_rule(host)
    deadline = time.monotonic() + patience
    while not _run(_TAKE, name):
        wait = float(str(_run(_LOOK, name) or 0))
        if time.monotonic() + max(wait, 0.0) > deadline:
            raise NotNow(host, max(wait, LOOK))
        time.sleep(min(max(wait, 0.02), LOOK) if wait > 0 else min(pause, LOOK) / 4 + 0.01)
    try:
        yield
    finally:
        _run(_GIVE_BACK, name, pause=pause)


def renew(host: str) -> None:
    """Say that a request is still under way."""
    _run(_RENEW, find_rule(host)[0])


def defer(host: str, seconds: float) -> None:
    """Let nobody ask a host for so many seconds, as it asked us to (Retry-After)."""
    _run(_DEFER, find_rule(host)[0], pause=seconds)


def _run(statement: str, name: str, *, pause: float = 0.0) -> object:
    with connection.cursor() as cursor:
        cursor.execute(statement, {"name": name, "pause": pause, "lease": LEASE})
        row = cursor.fetchone() if cursor.description else None
    return row[0] if row else None

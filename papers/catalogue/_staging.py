"""New papers by the set: prepared in a temporary table before the catalogue is locked, moved by SQL while it is.

Nine of ten records of a large import speak of a paper that nobody has heard of. They go this way; whatever shares
a key, an identifier or a title with anything else goes through `_identity`, record by record.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db import connection

from papers import merge
from papers.models import Source
from papers.trending import compute_heat

from ._incoming import FOLDED, Incoming, fold_with_owner

# The columns of a new paper. Its version is given under the lock.
_PAPER = ("id", *FOLDED, "private_to_id", "search_text", "upvotes", "heat", "created", "version")
_COPIED = (
    *("place", "key", "content_hash", "data", "schemes", "names", "lower_names"),
    *(name for name in _PAPER if name not in {"id", "search_text", "version"}),
)

# Made once a connection, and empty at the end of each transaction. A row gets its id and its search text, which
# takes as long as all the rest, on its way in.
_CREATE = """
    CREATE TEMPORARY TABLE IF NOT EXISTS papers_staging (
        place integer, key text, content_hash bytea, data jsonb, schemes text[], names text[],
        title text, title_key text, abstract text, excerpt text, authors text[], published date,
        published_precision text, updated timestamptz, revision integer, categories text[], journal text,
        volume text, issue text, pages text, urls jsonb, comment text, withdrawn boolean,
        private_to_id bigint, upvotes integer, heat double precision, created timestamptz,
        id bigint DEFAULT nextval('papers_paper_id_seq'),
        lower_names text[],
        search_text tsvector GENERATED ALWAYS AS
            (papers_search_text(title, authors, abstract, lower_names)) STORED
    ) ON COMMIT DELETE ROWS
"""

# Three joins and not one condition with OR, which would be tried for every pair.
_FIND_KNOWN = """
    SELECT staged.key FROM papers_staging staged
      JOIN papers_sourcerecord record ON record.source_id = %(source)s AND record.key = staged.key
     UNION
    SELECT staged.key FROM papers_staging staged
           CROSS JOIN LATERAL unnest(staged.schemes, staged.names) AS named (scheme, value)
      JOIN papers_paperidentifier known ON known.scheme = named.scheme AND known.value = named.value
     UNION
    SELECT staged.key FROM papers_staging staged
      JOIN papers_paper paper ON paper.title_key = staged.title_key
     WHERE staged.title_key <> '' AND (paper.private_to_id IS NULL OR paper.private_to_id = %(club)s)
"""

_MOVE = f"""
    INSERT INTO papers_paper ({", ".join(_PAPER)})
    SELECT {", ".join("%(version)s" if name == "version" else name for name in _PAPER)}
      FROM papers_staging ORDER BY place
"""  # noqa: S608
_MOVE_RECORDS = """
    INSERT INTO papers_sourcerecord (paper_id, source_id, key, content_hash, data, received)
    SELECT id, %(source)s, key, content_hash, data, created FROM papers_staging ORDER BY place
"""
_MOVE_IDENTIFIERS = """
    INSERT INTO papers_paperidentifier (paper_id, scheme, value)
    SELECT staged.id, named.scheme, named.value
      FROM papers_staging staged
           CROSS JOIN LATERAL unnest(staged.schemes, staged.names) AS named (scheme, value)
     ORDER BY staged.place
"""


def find_plain(incoming: Mapping[str, Incoming]) -> dict[str, Incoming]:
    """Return those that share no identifier and no title with another of the batch."""
    names = Counter(name for each in incoming.values() for name in each.record.identifiers)
    titles = {key: merge.title_key(each.record.title) for key, each in incoming.items()}
    counts = Counter(titles.values())
    return {
        key: each
        for key, each in incoming.items()
        if (not titles[key] or counts[titles[key]] == 1)
        and all(names[name] == 1 for name in each.record.identifiers)
    }


def stage(source: Source, incoming: Mapping[str, Incoming], *, now: datetime) -> None:
    """Write what may become new papers into the temporary table, which computes what takes time."""
    with connection.cursor() as cursor:
        cursor.execute(_CREATE)
        columns = ", ".join(_COPIED)
        with cursor.copy(f"COPY papers_staging ({columns}) FROM STDIN") as copy:
            for place, (key, each) in enumerate(incoming.items()):
                copy.write_row(_make_row(source, place, key, each, now))


def _make_row(source: Source, place: int, key: str, incoming: Incoming, now: datetime) -> list[Any]:
    record = incoming.record
    paper, private_to = fold_with_owner([(source.club_id, record)])
    # What a club's own listing says moves nothing elsewhere, see trending.refresh_heat.
    day = (incoming.day or incoming.fallback) if source.club_id is None else None
    upvotes = (record.upvotes or 0) if day else 0
    values: dict[str, Any] = {
        "place": place,
        "key": key,
        "content_hash": incoming.hash,
        "data": json.dumps(incoming.data),
        "schemes": _write_array(name.scheme for name in record.identifiers),
        "names": _write_array(name.value for name in record.identifiers),
        "lower_names": _write_array(name.value.lower() for name in record.identifiers),
        "authors": _write_array(paper.authors),
        "categories": _write_array(paper.categories),
        "urls": json.dumps(paper.urls),
        "private_to_id": private_to,
        "upvotes": upvotes,
        "heat": compute_heat(upvotes, day or now.date()),
        "created": now,
    }
    return [values[name] if name in values else getattr(paper, name) for name in _COPIED]


def _write_array(texts: Iterable[str]) -> str:
    """Return an array as PostgreSQL reads it; a fifth of the time that the driver takes for one of unknown type.

    JSON escapes the quote and the backslash as PostgreSQL does, and records hold no control characters.
    """
    return "{" + json.dumps(list(texts), ensure_ascii=False)[1:-1] + "}"


def unstage_known(source: Source) -> None:
    """Take those out that the catalogue has heard of. The catalogue is locked."""
    with connection.cursor() as cursor:
        cursor.execute(_FIND_KNOWN, {"source": source.pk, "club": source.club_id})
        if keys := [key for (key,) in cursor.fetchall()]:
            cursor.execute("DELETE FROM papers_staging WHERE key = ANY(%s)", [keys])


def move(source: Source, *, version: int) -> dict[str, int]:
    """Make papers of all that is staged, with their records and identifiers; return {key: paper id}."""
    with connection.cursor() as cursor:
        cursor.execute(_MOVE, {"version": version})
        cursor.execute(_MOVE_RECORDS, {"source": source.pk})
        cursor.execute(_MOVE_IDENTIFIERS)
        cursor.execute("DELETE FROM papers_staging RETURNING key, id")
        return dict(cursor.fetchall())

"""New papers by the set: prepared in a temporary table before the catalogue is locked, moved by SQL while it is.

Nine of ten records of a large import speak of a paper that nobody has heard of. They go this way; whatever shares
a key, an identifier or a title with anything else goes through `_identity`, record by record.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from itertools import combinations
from json.encoder import encode_basestring
from operator import attrgetter
from typing import Any

from django.db import connection
from django.db.backends.utils import CursorWrapper

from papers import merge
from papers.models import Source
from papers.records import Record
from papers.trending import compute_heat

from ._incoming import FOLDED, Incoming, fold_with_owner

# The columns of a new paper. Its version is given under the lock.
_PAPER = ("id", *FOLDED, "private_to_id", "search_text", "upvotes", "heat", "created", "version")
_LISTS = ("authors", "categories", "urls")
_VALUES = [name for name in FOLDED if name not in _LISTS]
_find_values = attrgetter(*_VALUES)
_COPIED = (
    *("place", "key", "content_hash", "data", "schemes", "names", "lower_names"),
    *(*_LISTS, "private_to_id", "upvotes", "heat", "created", *_VALUES),
)

# Made once a connection, and empty at the end of each transaction. A row gets its id and its search text, which
# takes as long as all the rest, on its way in. Rows are compressed where they go to, not here and there again.
_CREATE = """
    CREATE TEMPORARY TABLE IF NOT EXISTS papers_staging (
        place integer, key text, content_hash bytea, data jsonb, schemes text[], names text[],
        title text, title_key text, abstract text, excerpt text, authors text[], published date,
        published_precision text, updated timestamptz, revision integer, categories text[], journal text,
        volume text, issue text, pages text, urls jsonb, comment text, withdrawn boolean,
        form_key bigint, private_to_id bigint, upvotes integer, heat double precision, created timestamptz,
        id bigint DEFAULT nextval('papers_paper_id_seq'),
        lower_names text[],
        search_text tsvector GENERATED ALWAYS AS
            (papers_search_text(title, authors, abstract, lower_names)) STORED
    ) WITH (toast_tuple_target = 8160) ON COMMIT DELETE ROWS
"""

# Each row is looked up by itself (LATERAL with a LIMIT): a join would be planned by guesses about a temporary table,
# which nobody has analysed, and read the whole catalogue.
_FIND_BY_KEY = """
    SELECT staged.key FROM papers_staging staged CROSS JOIN LATERAL (
        SELECT FROM papers_sourcerecord record
         WHERE record.source_id = %(source)s AND record.key = staged.key LIMIT 1) AS known
"""
_FIND_BY_IDENTIFIER = """
    SELECT staged.key FROM papers_staging staged
           CROSS JOIN LATERAL unnest(staged.schemes, staged.names) AS named (scheme, value)
           CROSS JOIN LATERAL (
        SELECT FROM papers_paperidentifier known
         WHERE known.scheme = named.scheme AND known.value = named.value LIMIT 1) AS known
"""
# Whose the namesake is, is asked afterwards: with the condition inside, a plan might start from it.
_FIND_NAMESAKES = """
    SELECT staged.key, paper.private_to_id, paper.title, paper.authors, paper.published, paper.journal, paper.volume,
           paper.issue, paper.pages,
           EXISTS (SELECT FROM papers_sourcerecord record WHERE record.paper_id = paper.id OFFSET 1) AS has_more
      FROM papers_staging staged CROSS JOIN LATERAL (
        SELECT * FROM papers_paper paper WHERE paper.title_key = staged.title_key LIMIT %(most)s) AS paper
     WHERE staged.title_key <> ''
"""
_FIND_BY_NEW_TITLE = """
    WITH recent AS MATERIALIZED (
        SELECT title_key FROM papers_paper
         WHERE version > %(since)s AND (private_to_id IS NULL OR private_to_id = %(club)s)
    )
    SELECT staged.key FROM papers_staging staged JOIN recent USING (title_key) WHERE staged.title_key <> ''
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


MOST_NAMESAKES = 20
"""With whom a record is compared here; one with more is for `_identity`, which looks more closely."""


def find_plain(incoming: Mapping[str, Incoming]) -> dict[str, Incoming]:
    """Return those that share no identifier with another of the batch, and are surely not of one work with any."""
    names = Counter(name for each in incoming.values() for name in each.record.identifiers)
    titles: dict[str, list[str]] = defaultdict(list)
    for key, each in incoming.items():
        titles[merge.title_key(each.record.title)].append(key)
    doubtful = set()
    for title, keys in titles.items():
        if title and len(keys) > 1:
            alike = [incoming[key].record for key in keys]
            if len(keys) > MOST_NAMESAKES or any(
                map(_may_be_one, *zip(*combinations(alike, 2), strict=True))
            ):
                doubtful.update(keys)
    return {
        key: each
        for key, each in incoming.items()
        if key not in doubtful and all(names[name] == 1 for name in each.record.identifiers)
    }


def _may_be_one(record: Record, other: merge.Described) -> bool:
    return merge.compare_works(record, other) is not merge.Likeness.DIFFERENT


def stage(source: Source, incoming: Mapping[str, Incoming], *, now: datetime) -> None:
    """Write what may become new papers into the temporary table, which computes what takes time."""
    with connection.cursor() as cursor:
        cursor.execute(_CREATE)
        columns = ", ".join(_COPIED)
        with cursor.copy(f"COPY papers_staging ({columns}) FROM STDIN") as copy:
            for place, (key, each) in enumerate(incoming.items()):
                copy.write_row(_make_row(source, place, key, each, now))


def _make_row(source: Source, place: int, key: str, incoming: Incoming, now: datetime) -> tuple[Any, ...]:
    """Return a row of the temporary table, as `_COPIED` has its columns."""
    record, stored = incoming.record, incoming.stored
    paper, private_to = fold_with_owner([(source.club_id, record)])
    # What a club's own listing says moves nothing elsewhere, see trending.refresh_heat.
    day = (incoming.day or incoming.fallback) if source.club_id is None else None
    upvotes = (record.upvotes or 0) if day else 0
    return (
        place,
        key,
        stored.hash,
        stored.json,
        _write_array([name.scheme for name in record.identifiers]),
        _write_array([name.value for name in record.identifiers]),
        _write_array([name.value.lower() for name in record.identifiers]),
        _write_array(paper.authors),
        _write_array(paper.categories),
        json.dumps(paper.urls),
        private_to,
        upvotes,
        compute_heat(upvotes, day or now.date()),
        now,
        *_find_values(paper),
    )


def _write_array(texts: Iterable[str]) -> str:
    """Return an array as PostgreSQL reads it; a fifth of the time that the driver takes for one of unknown type.

    JSON escapes the quote and the backslash as PostgreSQL does, and records hold no control characters.
    """
    return "{" + ",".join(map(encode_basestring, texts)) + "}"


class _Namesake:
    """A paper of the catalogue that has a staged record's title, and none of its identifiers.

    Which others it has does not matter, nor whether it is a deposit: two works may be told apart by that, but
    never surely.
    """

    identifiers = ()
    deposited = False

    def __init__(
        self,
        title: str,
        authors: list[str],
        published: date | None,
        journal: str,
        volume: str,
        issue: str,
        pages: str,
    ) -> None:
        self.title, self.authors, self.published = title, authors, published
        self.journal, self.volume, self.issue, self.pages = journal, volume, issue, pages


def unstage_known(source: Source, staged: Mapping[str, Incoming]) -> None:
    """Take those out that the catalogue may have heard of. This is the long look, before the catalogue is locked.

    That their keys are new is known.
    """
    with connection.cursor() as cursor:
        cursor.execute(_FIND_BY_IDENTIFIER)
        known = {key for (key,) in cursor.fetchall()}
        cursor.execute(_FIND_NAMESAKES, {"most": MOST_NAMESAKES})
        met: Counter[str] = Counter()
        for key, private_to, *columns, has_more in cursor.fetchall():
            met[key] += 1
            if key in known or private_to not in (None, source.club_id):
                continue
            # What a club knows of a paper of everybody's is not all in the paper's own columns. One that has several
            # records may have some that belong elsewhere now.
            if source.club_id or has_more or _may_be_one(staged[key].record, _Namesake(*columns)):
                known.add(key)
        known.update(key for key, number in met.items() if number == MOST_NAMESAKES)
        _unstage(cursor, known)


def unstage_changed(source: Source, *, since: int, now: int) -> None:
    """Take those out that the catalogue has heard of while its version went from `since` to `now`. It is locked."""
    # A record that says nothing new of a paper raises no version.
    question = _FIND_BY_KEY
    if now > since:
        question += f" UNION ALL {_FIND_BY_IDENTIFIER} UNION ALL ({_FIND_BY_NEW_TITLE})"
    with connection.cursor() as cursor:
        cursor.execute(question, {"source": source.pk, "club": source.club_id, "since": since})
        _unstage(cursor, {key for (key,) in cursor.fetchall()})


def _unstage(cursor: CursorWrapper, keys: set[str]) -> None:
    if keys:
        cursor.execute("DELETE FROM papers_staging WHERE key = ANY(%s)", [list(keys)])


def move(source: Source, *, version: int) -> dict[str, int]:
    """Make papers of all that is staged, with their records and identifiers; return {key: paper id}."""
    with connection.cursor() as cursor:
        cursor.execute(_MOVE, {"version": version})
        cursor.execute(_MOVE_RECORDS, {"source": source.pk})
        cursor.execute(_MOVE_IDENTIFIERS)
        cursor.execute("DELETE FROM papers_staging RETURNING key, id")
        return dict(cursor.fetchall())

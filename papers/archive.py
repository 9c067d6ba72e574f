"""Have we read this, and what did we conclude? What a club discussed, found by words, best first.

Each item of a session that took place is a document: title, authors and identifiers of its paper, verdict, take-aways
and notes; so are the notes of a whole session. The columns are kept by the database (migration 0031). A club's archive
holds some hundreds of these a year, so its rows are gone through by their ready vectors, without an index.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import connection
from django.db.models import Prefetch

from accounts.models import Club

from . import identifiers, search
from .markup import MARK_END, MARK_START
from .models import ActionItem, AgendaItem, Assignment, Attachment, Entry, Session
from .statements import fetch

EXCERPT: Final = 320
"""Characters of take-aways and notes that are shown where nothing was looked for."""

Key = tuple[float, float, int]
"""Place in an archive: rank, seconds of the session's start, and a number that is nobody else's."""

# A verdict weighs as much as a title: it is what the club remembers a paper by.
_FIND = """
    WITH query AS MATERIALIZED (
        SELECT CASE WHEN %(text)s::text = '' THEN NULL ELSE websearch_to_tsquery('papers', %(text)s::text) END AS words
    ), document AS (
        SELECT 2 * item.id AS number, session.starts,
               ts_filter(coalesce(paper.search_text, ''::tsvector), '{a,b}') || item.search_text AS words,
               paper.id AS paper
          FROM papers_agendaitem item
          JOIN papers_session session ON session.id = item.session_id
          LEFT JOIN papers_entry entry ON entry.id = item.entry_id
          LEFT JOIN papers_paper paper ON paper.id = entry.paper_id
         WHERE session.club_id = %(club)s AND session.state IN ('held', 'locked')
           AND (session.state = 'held' OR session.ends <= %(now)s)
           AND (item.entry_id IS NOT NULL OR item.verdict <> '' OR item.takeaways <> '' OR item.notes <> '')
         UNION ALL
        SELECT 2 * session.id + 1, session.starts, session.search_text, NULL
          FROM papers_session session
         WHERE session.club_id = %(club)s AND session.state IN ('held', 'locked')
           AND (session.state = 'held' OR session.ends <= %(now)s) AND session.notes <> ''
    ), ranked AS (
        SELECT number, extract(epoch FROM starts)::float8 AS starts,
               CASE WHEN paper IS NOT NULL AND paper IN (
                         SELECT paper_id FROM papers_paperidentifier
                          WHERE scheme = %(scheme)s::text AND value = %(value)s::text) THEN 1000::float8
                    WHEN query.words IS NULL THEN 0::float8
                    WHEN document.words @@ query.words
                    THEN ts_rank_cd('{0.1, 0.2, 0.4, 1.0}', document.words, query.words, 1)::float8
               END AS rank
          FROM document, query
    )
    SELECT rank, starts, number FROM ranked
     WHERE rank IS NOT NULL AND (NOT %(is_after)s OR (rank, starts, number) <OP>
               (%(rank)s::float8, %(starts)s::float8, %(number)s::bigint))
     ORDER BY rank <WAY>, starts <WAY>, number <WAY> LIMIT %(most)s
"""
_FORWARDS = _FIND.replace("<OP>", "<").replace("<WAY>", "DESC")
_BACKWARDS = _FIND.replace("<OP>", ">").replace("<WAY>", "ASC")

_MARK = """
    SELECT 2 * id, ts_headline('papers', concat_ws(' … ', nullif(takeaways, ''), nullif(left(notes, 20000), '')),
                               words, %(options)s)
      FROM papers_agendaitem, websearch_to_tsquery('papers', %(text)s) words WHERE id = ANY(%(items)s)
     UNION ALL
    SELECT 2 * id + 1, ts_headline('papers', left(notes, 20000), words, %(options)s)
      FROM papers_session, websearch_to_tsquery('papers', %(text)s) words WHERE id = ANY(%(sessions)s)
"""
_OPTIONS = f"StartSel={MARK_START}, StopSel={MARK_END}, MaxFragments=2, MinWords=12, MaxWords=30, FragmentDelimiter= … "


@dataclass(frozen=True, slots=True)
class Found:
    """An item of a session, or a session for its notes; `excerpt` is outside text with marks, for markup.highlight."""

    key: Key
    session: Session
    item: AgendaItem | None
    excerpt: str


@dataclass(frozen=True, slots=True)
class Page:
    rows: list[Found]
    has_more: bool


def find(
    club: Club, text: str = "", *, now: datetime, size: int, after: Key | None = None, backwards: bool = False
) -> Page:
    """Return a page of what a club discussed, best first, then latest first; without words all of it.

    `after` is the key of the row that the page goes on from. Six queries, and one more where there are words.
    """
    text = text.replace("\0", "")[: search.QUERY_LIMIT].strip()
    named, words = identifiers.parse(text), search.clean_query(text)
    rank, starts, number = after or (0.0, 0.0, 0)
    values: dict[str, Any] = {
        "text": words if text else "",
        "club": club.pk,
        "now": now,
        "scheme": named.scheme if named else "",
        "value": named.value if named else "",
        "is_after": after is not None,
        "rank": rank,
        "starts": starts,
        "number": number,
        "most": size + 1,
    }
    if text and not words:
        return Page([], has_more=False)
    keys: list[Key] = [tuple(row) for row in fetch(_BACKWARDS if backwards else _FORWARDS, values)]
    has_more, keys = len(keys) > size, keys[:size]
    if backwards:
        keys.reverse()
    return Page(_load(keys, words if text else ""), has_more)


def _load(keys: Sequence[Key], words: str) -> list[Found]:
    numbers = [number for _rank, _starts, number in keys]
    item_ids = [number // 2 for number in numbers if number % 2 == 0]
    session_ids = [number // 2 for number in numbers if number % 2]
    items = load_items(AgendaItem.objects.filter(pk__in=item_ids))
    known = {item.pk: item for item in items}
    sessions = Session.objects.select_related("club").in_bulk(session_ids)
    marked = _mark(words, item_ids, session_ids) if words and numbers else {}
    rows = []
    for key in keys:
        pk, is_session = divmod(key[2], 2)
        if is_session and pk in sessions:
            session = sessions[pk]
            rows.append(Found(key, session, None, marked.get(key[2], _shorten(session.notes))))
        elif not is_session and pk in known:
            item = known[pk]
            told = _shorten(item.takeaways or item.notes)
            rows.append(Found(key, item.session, item, marked.get(key[2], told)))
    return rows


def load_discussed(entry: Entry, *, now: datetime) -> list[AgendaItem]:
    """Return the items of past sessions in which an entry was discussed, the latest first; four queries."""
    past = Session.objects.filter(club=entry.club_id).past(now).order_by().values("pk")
    return load_items(entry.agenda_items.filter(session__in=past).order_by("-session__starts", "-pk"))


def load_items(items: Any) -> list[AgendaItem]:
    """Return items with their sessions and papers; `presented` has who took which part, `kept` what is
    attached, `to_do` who does what next.
    """
    State = Assignment.State
    taken = Assignment.objects.filter(state__in=[State.ACCEPTED, State.DONE]).order_by("part__position", "pk")
    return list(
        items.select_related("session__club", "entry__paper")
        .defer("entry__paper__search_text", "entry__paper__abstract")
        .prefetch_related(
            Prefetch("assignments", taken.select_related("member", "guest", "part"), to_attr="presented"),
            Prefetch("attachments", Attachment.objects.order_by("pk"), to_attr="kept"),
            Prefetch("actions", ActionItem.objects.select_related("member", "guest"), to_attr="to_do"),
        )
    )


def _mark(words: str, items: Sequence[int], sessions: Sequence[int]) -> dict[int, str]:
    values: dict[str, Any] = {
        "text": words,
        "options": _OPTIONS,
        "items": list(items),
        "sessions": list(sessions),
    }
    with connection.cursor() as cursor:
        cursor.execute(_MARK, values)
        return dict(cursor.fetchall())


def _shorten(text: str) -> str:
    return text if len(text) <= EXCERPT else f"{text[:EXCERPT]} …"

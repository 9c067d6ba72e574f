"""The listings of a source: which papers stand in them, in what order, with how many votes."""

from collections import defaultdict
from collections.abc import Mapping, Set
from datetime import date, datetime

from django.db import connection
from django.db.models import QuerySet

from papers.models import ListingItem, Source
from papers.records import Record
from papers.trending import refresh_heat

from ._incoming import Incoming

Missing = dict[date, dict[int, Record]]

_FILL = """
    WITH wanted AS (
        SELECT * FROM unnest(%(days)s::date[], %(papers)s::bigint[], %(upvotes)s::int[], %(submitters)s::text[])
                      WITH ORDINALITY AS wanted (date, paper_id, upvotes, submitter, place)
    ), made AS (
        INSERT INTO papers_listing AS listing (source_id, date, created, version)
        SELECT DISTINCT %(source)s::bigint, date, %(now)s::timestamptz, %(version)s::bigint FROM wanted
            ON CONFLICT (source_id, date) DO UPDATE SET version = %(version)s
        RETURNING listing.id, listing.date
    ), voted AS (
        UPDATE papers_listingitem item SET upvotes = wanted.upvotes
          FROM wanted JOIN made USING (date)
         WHERE item.listing_id = made.id AND item.paper_id = wanted.paper_id
    ), last AS (
        SELECT made.id, made.date, coalesce(max(item.position), 0) AS position
          FROM made LEFT JOIN papers_listingitem item ON item.listing_id = made.id
         GROUP BY made.id, made.date
    )
    INSERT INTO papers_listingitem (listing_id, paper_id, position, upvotes, submitter, added)
    SELECT last.id, wanted.paper_id,
           last.position + row_number() OVER (PARTITION BY last.id ORDER BY wanted.place),
           wanted.upvotes, wanted.submitter, %(now)s
      FROM wanted JOIN last USING (date)
     WHERE NOT EXISTS (SELECT FROM papers_listingitem item
                        WHERE item.listing_id = last.id AND item.paper_id = wanted.paper_id)
"""


def find_missing(
    source: Source,
    incoming: Mapping[str, Incoming],
    paper_ids: Mapping[str, int],
    *,
    new: Set[int] = frozenset(),
) -> Missing:
    """Return what the source's listings lack: by day, papers that are not in it or have other votes there.

    `new` papers stand in none.
    """
    wanted: Missing = defaultdict(dict)
    dayless: dict[int, tuple[date, Record]] = {}
    for key, each in incoming.items():
        if key not in paper_ids:
            continue
        if each.day is not None:
            wanted[each.day].setdefault(paper_ids[key], each.record)
        elif each.fallback is not None:
            dayless[paper_ids[key]] = (each.fallback, each.record)
    if dayless:
        listed = set(_find_items(source, set(dayless) - new).values_list("paper_id", flat=True))
        for pk, (day, record) in dayless.items():
            if pk not in listed:
                wanted[day].setdefault(pk, record)
    items = _find_items(source, {pk for each in wanted.values() for pk in each} - new)
    items = items.filter(listing__date__in=list(wanted))
    for day, pk, upvotes in items.values_list("listing__date", "paper_id", "upvotes"):
        said = wanted[day].get(pk)
        if said is not None and said.upvotes in (None, upvotes):
            del wanted[day][pk]
    return {day: each for day, each in wanted.items() if each}


def _find_items(source: Source, paper_ids: Set[int]) -> QuerySet[ListingItem]:
    """Return the papers' places in the source's listings; no query for no papers."""
    return ListingItem.objects.filter(listing__source=source, paper__in=paper_ids)


def fill(source: Source, missing: Missing, *, new: Set[int], version: int, now: datetime) -> None:
    """Append papers to the source's listings of their days, and set the votes of those already there.

    `new` papers have their heat already. The catalogue is locked.
    """
    rows = [(day, pk, record) for day, each in missing.items() for pk, record in each.items()]
    if not rows:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            _FILL,
            {
                "source": source.pk,
                "version": version,
                "now": now,
                "days": [day for day, _pk, _record in rows],
                "papers": [pk for _day, pk, _record in rows],
                "upvotes": [record.upvotes for _day, _pk, record in rows],
                "submitters": [record.submitter for _day, _pk, record in rows],
            },
        )
    if changed := {pk for _day, pk, _record in rows} - new:
        refresh_heat(changed)

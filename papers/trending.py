"""How hot a paper is: votes weighed against time, without an age at which papers drop out.

    heat = log2(1 + votes) + days since 1 January 2000 / 2

One more doubling of the votes outweighs two days of age, so that a paper with 7 votes stands level with
one of four days later that has 1. Since all papers cool at the same pace, their order never changes by
itself: the number is stored, indexed, and computed anew only when a vote is cast or a listing comes in.
The idea of adding a logarithm of the votes to the time is the one that news aggregators made known in the 2000s.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING

from django.db import connection, models

from .models import Entry, Paper

if TYPE_CHECKING:
    from .triage import Rank, Viewpoint

DAYS_A_DOUBLING = 2.0
_START = datetime(2000, 1, 1, tzinfo=UTC)


def compute_heat(votes: int, listed: date) -> float:
    """Return the heat of a paper that has `votes` (negative counts as none) and was listed on a day."""
    age = datetime.combine(listed, time(), UTC) - _START
    return math.log2(1 + max(0, votes)) + age.days / DAYS_A_DOUBLING


SHOWN = 200


def refresh_heat(paper_ids: Iterable[int]) -> None:
    """Keep beside papers the votes of the installation's sources and their heat, and the heat of their entries.

    A club's own listings count for that club's entries only: what is private to it moves nothing elsewhere.
    """
    everybodys = models.Q(listing_items__listing__source__club=None)
    papers = list(
        Paper.objects.filter(pk__in=list(paper_ids)).annotate(
            best=models.Max("listing_items__upvotes", filter=everybodys),
            day=models.Max("listing_items__listing__date", filter=everybodys),
        )
    )
    for paper in papers:
        paper.upvotes = paper.best or 0
        paper.heat = compute_heat(paper.upvotes, paper.day or paper.created.date())
    Paper.objects.bulk_update(papers, ["upvotes", "heat"])
    # Locked, so that a vote of this moment is counted in.
    locked = Entry.objects.select_for_update(no_key=True).filter(paper__in=papers).order_by("pk")
    refresh_heat_of(list(locked))


def refresh_heat_of(entries: Sequence[Entry]) -> None:
    """Bring the heat of entries, which the caller has locked, in line with their totals and listings."""
    known = models.Q(paper__listing_items__listing__source__club=None) | models.Q(
        paper__listing_items__listing__source__club=models.F("club")
    )
    days = models.Max("paper__listing_items__listing__date", filter=known)
    ids = [entry.pk for entry in entries]
    dated = list(Entry.objects.filter(pk__in=ids).select_related("paper").annotate(day=days))
    for entry in dated:
        entry.heat = _heat_of(entry, entry.day)
    Entry.objects.bulk_update(dated, ["heat"])


def heat_of(entry: Entry) -> float:
    """Return an entry's heat from its totals and the newest listing of its paper that its club may know of."""
    known = models.Q(listing__source__club=None) | models.Q(listing__source__club=entry.club_id)
    day = entry.paper.listing_items.filter(known).aggregate(day=models.Max("listing__date"))["day"]
    return _heat_of(entry, day)


def _heat_of(entry: Entry, day: date | None) -> float:
    return compute_heat(entry.paper.upvotes + entry.shown_score, day or entry.paper.created.date())


def load_trending(view: Viewpoint) -> list[Rank]:
    """Return the hottest papers a viewpoint may see, hottest first; one statement.

    An entry's heat counts the club's votes and the sources'; a paper without an entry has the heat that its
    sources gave it. The hottest of both indexes together hold the hottest of all.
    """
    from .triage import ACTS, Rank, state_of

    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            WITH candidates AS (
                (SELECT id AS paper_id, heat FROM papers_paper
                  WHERE (private_to_id IS NULL OR private_to_id = ANY(%(mine)s::bigint[]))
                    AND NOT EXISTS (SELECT FROM papers_entry entry WHERE entry.paper_id = papers_paper.id
                                       AND entry.club_id = ANY(%(clubs)s::bigint[]))
                  ORDER BY heat DESC, id DESC LIMIT %(most)s)
                UNION ALL
                (SELECT entry.paper_id, entry.heat
                   FROM papers_entry entry JOIN papers_paper paper ON paper.id = paper_id
                  WHERE entry.club_id = ANY(%(clubs)s::bigint[])
                    AND (paper.private_to_id IS NULL OR paper.private_to_id = ANY(%(mine)s::bigint[]))
                  ORDER BY entry.heat DESC, entry.id DESC LIMIT %(most)s)
            ), hottest AS (
                SELECT paper_id, max(heat) AS heat FROM candidates GROUP BY paper_id
                 ORDER BY max(heat) DESC, paper_id DESC LIMIT %(most)s
            )
            SELECT paper.id, paper.created::date, paper.categories,
                   coalesce(entry.shown_promotions - entry.shown_demotions, 0), {ACTS}
              FROM hottest
              JOIN papers_paper paper ON paper.id = hottest.paper_id
              LEFT JOIN papers_entry entry ON entry.paper_id = paper.id AND entry.club_id = %(club)s
              LEFT JOIN papers_vote vote ON vote.entry_id = entry.id AND vote.member_id = %(me)s
              LEFT JOIN papers_volunteer offer ON offer.entry_id = entry.id AND offer.member_id = %(me)s
              LEFT JOIN papers_skip skip
                ON skip.paper_id = paper.id AND skip.club_id = %(club)s AND skip.member_id = %(me)s
             ORDER BY hottest.heat DESC, paper.id DESC
            """,  # noqa: S608
            {
                "mine": list(view.mine),
                "clubs": list(view.counted),
                "club": view.acting.pk if view.acting else None,
                "me": view.user.pk if view.acting else None,
                "most": SHOWN,
            },
        )
        found = cursor.fetchall()
    return [
        Rank(pk, n, day, *state_of(*acts), categories, score)
        for n, (pk, day, categories, score, *acts) in enumerate(found, start=1)
    ]

"""The ranking of a club's list: 5,000 entries with the votes of 40 members and two years of sessions.

In turns with the least that an order of the same rows costs: their stored totals, put in order by the database.
"""

import random
import time
from datetime import UTC, datetime, timedelta

from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts import clubs
from accounts.models import User
from papers import voting
from papers.models import Entry, Paper, Session, Vote
from papers.statements import fetch

from .report import Result, make_ratio

ENTRIES = 5_000
MEMBERS = 40
VOTES_AN_ENTRY = 8
WEEKS = 104
ROUNDS = 30
NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)

PLAIN = """
    SELECT id, paper_id, promotions - demotions AS score, suggested
      FROM papers_entry
     WHERE club_id = %(club)s AND state = 'suggested'
     ORDER BY promotions - demotions DESC, suggested, id
"""


def measure_ranking() -> list[Result]:
    """Return what the ranking costs beside a plain ORDER BY, and how many statements it takes."""
    club = _make_club()
    closings = voting.load_closings(club)
    with CaptureQueriesContext(connection) as context:
        ranking = voting.rank(club, now=NOW, closings=closings)
    statements, rows = len(context), len(ranking.rows)
    plain, ranked = [], []
    for _round in range(ROUNDS):
        start = time.perf_counter()
        fetch(PLAIN, {"club": club.pk})
        plain.append(time.perf_counter() - start)
        start = time.perf_counter()
        voting.rank(club, now=NOW, closings=closings)
        ranked.append(time.perf_counter() - start)
    note = f"{rows:,} entries, {ENTRIES * VOTES_AN_ENTRY:,} votes, {len(closings)} sessions"
    return [
        make_ratio("ranking / ORDER BY of stored totals", ranked, plain, note=note),
        Result("statements of the ranking", float(statements), bound=1),
    ]


def _make_club():  # type: ignore[no-untyped-def]
    rng = random.Random(MEMBERS)
    people = [User.objects.create_user(f"ranker{n}@example.org") for n in range(MEMBERS)]
    club = clubs.create_club("Club that ranks", owner=people[0])
    locks = [NOW - timedelta(weeks=week, hours=48) for week in range(-1, WEEKS)]
    Session.objects.bulk_create(_make_session(club, lock) for lock in locks)
    papers = Paper.objects.order_by("pk").values_list("pk", flat=True)[:ENTRIES]
    entries = Entry.objects.bulk_create(
        Entry(club=club, paper_id=pk, state="suggested", suggested=NOW - timedelta(minutes=n))
        for n, pk in enumerate(papers)
    )
    Vote.objects.bulk_create(
        (
            Vote(
                entry=entry,
                member=person,
                value=rng.choice([1, 1, 1, -1]),
                cast_at=NOW - timedelta(minutes=rng.randrange(WEEKS * 7 * 24 * 60)),
            )
            for entry in entries
            for person in rng.sample(people, VOTES_AN_ENTRY)
        ),
        batch_size=5_000,
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE papers_entry; ANALYZE papers_vote")
    return club


def _make_session(club, lock: datetime) -> Session:  # type: ignore[no-untyped-def]
    is_over = lock < NOW
    session = Session(
        club=club,
        time_zone="UTC",
        lock_at=lock,
        state=Session.State.HELD if is_over else Session.State.OPEN,
        locked_at=lock if is_over else None,
    )
    session.set_time(lock + timedelta(hours=48), 60)
    return session

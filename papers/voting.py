"""Which votes count for which session, in what order that puts a club's list, and why.

**Windows.** The votes of a session close at its `lock_at`, or before, where an organiser locked it early. Its window
runs from there back to when those of the session before it closed: the one before in its series, or in the club
where it has no series. Only sessions that are open, locked or held count: a draft has no window yet, a cancelled one
none any more. Nothing of this is stored, so that to move or cancel a session moves the windows.

**Score.** A vote of the window counts whole. One of an earlier window, on a paper that was not chosen, counts with the
club's carry-over once for each window passed since: with a half, half in the next window, a quarter in the one after.
Sums are exact, in decimals (of the single vote thirty).

**Order.** By score; of equal scores papers that somebody offered to present before those nobody did; then by who had
the first promotion that counts, then by what was suggested first, then by what was noted first (the entry's id). So
any number of papers with one score has one order, which stays when the page is loaded again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, localcontext
from functools import lru_cache
from typing import TypeVar

from django.db.models.functions import Coalesce

from accounts.models import Club, User

from .models import Entry, Session, Vote
from .reasons import explain
from .statements import fetch

DIGITS = 30
"""Decimals of what one vote counts: half a vote carried over thirty windows is exact."""

BOUNDING = [Session.State.OPEN, Session.State.LOCKED, Session.State.HELD]


# Windows


@dataclass(frozen=True, slots=True)
class Closing:
    """When the votes of a session close, or closed."""

    session: int
    series: int | None
    """Its series, or the first of those that continue each other."""
    starts: datetime
    closes: datetime
    is_open: bool
    time_zone: str = "UTC"


@dataclass(frozen=True, slots=True)
class Window:
    """The time in which votes count whole for a session."""

    closing: Closing | None
    """Of the session it belongs to; None while none is to come, when the window stays open."""
    locks: tuple[datetime, ...]
    """When earlier windows ended, oldest first; this one begins with the last of them."""

    @property
    def opens(self) -> datetime | None:
        """When it began; None where it is the first."""
        return self.locks[-1] if self.locks else None

    @property
    def closes(self) -> datetime | None:
        return self.closing.closes if self.closing else None

    def passed_since(self, cast_at: datetime) -> int | None:
        """Return how many windows ended since a vote was cast; 0 in this one, None after its end."""
        if self.closes is not None and cast_at >= self.closes:
            return None
        return sum(lock > cast_at for lock in self.locks)


def load_closings(club: Club) -> list[Closing]:
    """Return when the votes of a club's sessions close, oldest first; one query."""
    found = (
        Session.objects.filter(club=club, state__in=BOUNDING)
        .order_by("lock_at", "pk")
        .values_list(
            "pk",
            Coalesce("series__continues", "series"),
            *("starts", "lock_at", "locked_at", "state", "time_zone"),
        )
    )
    return [
        Closing(
            session=pk,
            series=series,
            starts=starts,
            closes=min(lock_at, locked_at or lock_at),
            is_open=state == Session.State.OPEN,
            time_zone=time_zone,
        )
        for pk, series, starts, lock_at, locked_at, state, time_zone in found
    ]


def closing_of(session: Session) -> Closing:
    """Return when the votes of a session close, whatever its state."""
    return Closing(
        session=session.pk,
        series=session.chain_id,
        starts=session.starts,
        closes=min(session.lock_at, session.locked_at or session.lock_at),
        is_open=session.state == Session.State.OPEN,
        time_zone=session.time_zone,
    )


def find_window(closings: Iterable[Closing], closing: Closing) -> Window:
    """Return the window of a session; two that lock at one moment have the same one."""
    chain = [each for each in closings if closing.series is None or each.series == closing.series]
    locks = sorted({each.closes for each in chain if each.closes < closing.closes})
    return Window(closing, tuple(locks))


def find_coming(closings: Sequence[Closing], now: datetime) -> Window:
    """Return the window of the session whose votes close next; of none, that since the club's last lock."""
    to_come = [each for each in closings if each.is_open and each.closes > now]
    if to_come:
        return find_window(closings, min(to_come, key=lambda each: (each.closes, each.starts, each.session)))
    return Window(None, tuple(sorted({each.closes for each in closings if each.closes <= now})))


def find_budgets_window(closings: Sequence[Closing], now: datetime) -> Window:
    """Return the window in which a member's votes are counted: from lock to lock of any session of the club."""
    to_come = [each for each in closings if each.is_open and each.closes > now]
    locks = sorted({each.closes for each in closings if each.closes <= now})
    return Window(min(to_come, key=lambda each: (each.closes, each.starts), default=None), tuple(locks))


def find_closed(closings: Iterable[Closing], now: datetime) -> Closing | None:
    """Return the next session that has not begun and takes no more votes; what is cast now counts for a later one."""
    closed = [each for each in closings if each.closes <= now < each.starts]
    return min(closed, key=lambda each: (each.starts, each.session), default=None)


@lru_cache(maxsize=512)
def weigh(carry_over: int, windows: int) -> list[Decimal]:
    """Return what a vote counts after 0, 1, … `windows` windows; `carry_over` is in per cent."""
    with localcontext() as context:
        context.prec = 100
        step, weight, weights = Decimal(carry_over) / 100, Decimal(1), []
        for _window in range(windows + 1):
            weights.append(weight.normalize())
            weight = round(weight * step, DIGITS)
    return weights


# The ranking


@dataclass(frozen=True, slots=True)
class Ranked:
    """An entry in its place, and what put it there."""

    entry_id: int
    paper_id: int
    score: Decimal
    promotions: int
    """Of this window, as `demotions`."""
    demotions: int
    carried_promotions: int
    """Of earlier windows, those that still count."""
    carried_demotions: int
    carried: Decimal
    """What those of earlier windows count together."""
    offers: int
    first_vote: datetime | None
    """The first promotion that counts."""
    suggested: datetime


@dataclass(frozen=True, slots=True)
class Ranking:
    """A club's suggested entries in order, for one window."""

    window: Window
    threshold: int
    rows: tuple[Ranked, ...]

    def is_eligible(self, row: Ranked) -> bool:
        """Whether a row has the score that gets it on an agenda by itself; those that have come first."""
        return row.score >= self.threshold

    @property
    def eligible(self) -> tuple[Ranked, ...]:
        return tuple(row for row in self.rows if self.is_eligible(row))

    def explain(self, place: int) -> str:
        """Return the sentence that says why the entry in a place (from 1) stands there."""
        above = self.rows[place - 2] if place > 1 else None
        below = self.rows[place] if place < len(self.rows) else None
        return explain(self.rows[place - 1], place, above, below, threshold=self.threshold)


_RANKING = """
    WITH listed AS MATERIALIZED (
        SELECT entry.id, entry.paper_id, entry.suggested
          FROM papers_entry entry
          JOIN papers_paper paper ON paper.id = entry.paper_id
         WHERE entry.club_id = %(club)s AND entry.state = 'suggested'
           AND (paper.private_to_id IS NULL OR (%(with_private)s AND paper.private_to_id = entry.club_id))
    ), tallied AS (
        SELECT vote.entry_id,
               %(windows)s - width_bucket(vote.cast_at, %(locks)s::timestamptz[]) AS passed,
               count(*) FILTER (WHERE vote.value > 0) AS up,
               count(*) FILTER (WHERE vote.value < 0) AS down,
               min(vote.cast_at) FILTER (WHERE vote.value > 0) AS first_vote
          FROM listed
          JOIN papers_vote vote ON vote.entry_id = listed.id
         WHERE %(closes)s::timestamptz IS NULL OR vote.cast_at < %(closes)s::timestamptz
         GROUP BY 1, 2
    ), scored AS (
        SELECT entry_id,
               sum((up - down) * weight) AS score,
               coalesce(sum(up) FILTER (WHERE passed = 0), 0) AS up,
               coalesce(sum(down) FILTER (WHERE passed = 0), 0) AS down,
               coalesce(sum(up) FILTER (WHERE passed > 0), 0) AS carried_up,
               coalesce(sum(down) FILTER (WHERE passed > 0), 0) AS carried_down,
               coalesce(sum((up - down) * weight) FILTER (WHERE passed > 0), 0) AS carried,
               min(first_vote) AS first_vote
          FROM tallied
          CROSS JOIN LATERAL (SELECT (%(weights)s::numeric[])[passed + 1] AS weight) AS counted
         WHERE weight > 0
         GROUP BY entry_id
    ), offers AS (
        SELECT offer.entry_id, count(*) AS number
          FROM listed
          JOIN papers_volunteer offer ON offer.entry_id = listed.id
         GROUP BY offer.entry_id
    )
    SELECT listed.id, listed.paper_id, coalesce(scored.score, 0),
           coalesce(scored.up, 0)::int, coalesce(scored.down, 0)::int,
           coalesce(scored.carried_up, 0)::int, coalesce(scored.carried_down, 0)::int, coalesce(scored.carried, 0),
           coalesce(offers.number, 0)::int, scored.first_vote, listed.suggested
      FROM listed
      LEFT JOIN scored ON scored.entry_id = listed.id
      LEFT JOIN offers ON offers.entry_id = listed.id
     ORDER BY coalesce(scored.score, 0) DESC, offers.number IS NULL, scored.first_vote NULLS LAST,
              listed.suggested, listed.id
"""


def rank(
    club: Club,
    session: Session | None = None,
    *,
    now: datetime,
    closings: Sequence[Closing] | None = None,
    with_private: bool = True,
) -> Ranking:
    """Return the club's suggested entries in order, for a session or for the one whose votes close next.

    One statement, and one more for the sessions where their `closings` are not given. Without `with_private`, for whom
    the club's private papers do not exist, the others close up.
    """
    closings = load_closings(club) if closings is None else closings
    window = find_coming(closings, now) if session is None else find_window(closings, closing_of(session))
    found = fetch(
        _RANKING,
        {
            "club": club.pk,
            "with_private": with_private,
            "windows": len(window.locks),
            "locks": list(window.locks),
            "closes": window.closes,
            "weights": weigh(club.carry_over, len(window.locks)),
        },
    )
    return Ranking(window, club.threshold, tuple(Ranked(*facts) for facts in found))


# Fresh eyes

Item = TypeVar("Item")


def order_fresh(
    items: Sequence[Item], key: Callable[[Item], int], *, seen: Collection[int], member: int, day: date
) -> list[Item]:
    """Return what a member has not seen in a shuffle of their own, then the rest as it was.

    What stands first on a page gets more votes because it stands there. So each member meets the papers in another
    order, one that stays the whole day. `key` gives an item's id, `seen` are the ids of what they have acted on.
    """

    def shuffle(item: Item) -> bytes:
        return hashlib.blake2b(f"{member} {day} {key(item)}".encode(), digest_size=8).digest()

    unseen = sorted((item for item in items if key(item) not in seen), key=shuffle)
    return unseen + [item for item in items if key(item) in seen]


# The budget


@dataclass(frozen=True, slots=True)
class Budget:
    """How many votes a member has left, and until when."""

    left: int
    window: Window


def load_budget(
    club: Club, member: User, *, now: datetime, closings: Sequence[Closing] | None = None
) -> Budget | None:
    """Return what a member has left until votes close next; None where there is no limit.

    What is spent are their votes of this window, for and against, but those on papers that were chosen meanwhile.
    """
    if club.vote_budget is None:
        return None
    window = find_budgets_window(load_closings(club) if closings is None else closings, now)
    return Budget(max(0, club.vote_budget - count_spent(club, member, window.opens)), window)


def count_spent(club: Club, member: User, opens: datetime | None) -> int:
    votes = Vote.objects.filter(entry__club=club, member=member).exclude(
        entry__state__in=[Entry.State.SCHEDULED, Entry.State.DISCUSSED]
    )
    return votes.filter(cast_at__gte=opens).count() if opens else votes.count()

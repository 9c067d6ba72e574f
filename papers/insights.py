"""What a club read, who talked and who voted: figures for its members, over the last weeks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from django.db.models import Count, Q, QuerySet

from accounts.models import Club, Membership, User

from . import voting
from .models import AgendaItem, Assignment, Session, Tagging, Vote

SPANS: Final = (12, 26, 52)
"""Numbers of weeks that can be looked at; the first unless asked."""
MOST_TOPICS: Final = 8
MONTH: Final = timedelta(days=365.25 / 12)


@dataclass(frozen=True, slots=True)
class Talks:
    """What somebody did in the sessions of the last months."""

    name: str
    is_reader: bool
    presented: int
    other: int

    @property
    def all(self) -> int:
        return self.presented + self.other


@dataclass(frozen=True, slots=True)
class Topic:
    name: str
    weeks: tuple[int, ...]

    @property
    def papers(self) -> int:
        return sum(self.weeks)


@dataclass(frozen=True, slots=True)
class Insights:
    weeks: tuple[date, ...]
    """The Mondays on which they begin, oldest first, in the club's zone."""
    papers: tuple[int, ...]
    """Papers discussed in each."""
    topics: tuple[Topic, ...]
    talks: tuple[Talks, ...]
    """Of all members, those with the fewest first."""
    months: int
    """Over how many months talks are counted, as for plans."""
    promotions: tuple[tuple[str, int], ...] | None
    """Of each member, in those weeks; None where the club hides who votes for what."""
    votes: tuple[int, ...]
    """Votes cast in each week, for and against."""


def load_insights(club: Club, *, reader: User, now: datetime, weeks: int = SPANS[0]) -> Insights:
    """Return a club's figures of the last weeks, the present one included; six queries, and one more for secret totals.

    Where totals are secret until votes close, votes of the open window are left out.
    """
    zone = ZoneInfo(club.time_zone)
    mondays = list_weeks(club, now, weeks)
    since = datetime.combine(mondays[0], time(), zone).astimezone(UTC)
    until = voting.find_coming(voting.load_closings(club), now).opens if club.hides_totals else None
    votes = Vote.objects.filter(entry__club=club, cast_at__gte=since)
    if club.hides_totals:
        votes = votes.filter(cast_at__lt=until) if until else votes.none()
    items = list(
        AgendaItem.objects.filter(
            session__in=Session.objects.past(now).filter(club=club, starts__gte=since).order_by(),
            entry__isnull=False,
        ).values_list("entry", "session__starts")
    )
    week_of = {entry: find_week(starts, zone) for entry, starts in items}
    return Insights(
        weeks=mondays,
        papers=count_by_week(week_of.values(), mondays),
        topics=_load_topics(week_of, mondays),
        talks=_load_talks(club, reader, now - club.load_months * MONTH, now),
        months=club.load_months,
        promotions=_load_promotions(club, votes) if club.shows_voters else None,
        votes=count_by_week(
            (find_week(cast_at, zone) for cast_at in votes.values_list("cast_at", flat=True)), mondays
        ),
    )


def list_weeks(club: Club, now: datetime, number: int) -> tuple[date, ...]:
    """Return the Mondays of the last weeks in the club's zone, oldest first, that of the present week included."""
    monday = find_week(now, ZoneInfo(club.time_zone))
    return tuple(monday - timedelta(weeks=back) for back in reversed(range(number)))


def find_week(moment: datetime, zone: ZoneInfo) -> date:
    """Return the Monday of a moment's week."""
    day = moment.astimezone(zone).date()
    return day - timedelta(days=day.weekday())


def count_by_week(found: Iterable[date], mondays: tuple[date, ...]) -> tuple[int, ...]:
    number = Counter(found)
    return tuple(number[monday] for monday in mondays)


def _load_topics(week_of: dict[int, date], mondays: tuple[date, ...]) -> tuple[Topic, ...]:
    """Return the tags of what was discussed, those of most papers first; equal ones by name."""
    weeks: dict[str, list[date]] = {}
    for name, entry in Tagging.objects.filter(entry__in=list(week_of)).values_list("tag__name", "entry"):
        weeks.setdefault(name, []).append(week_of[entry])
    topics = [Topic(name, count_by_week(found, mondays)) for name, found in weeks.items()]
    return tuple(sorted(topics, key=lambda topic: (-topic.papers, topic.name.lower()))[:MOST_TOPICS])


def _load_talks(club: Club, reader: User, since: datetime, now: datetime) -> tuple[Talks, ...]:
    past = Session.objects.past(now).filter(club=club, starts__gte=since).order_by()
    done = Assignment.objects.filter(
        item__session__in=past, state__in=[Assignment.State.ACCEPTED, Assignment.State.DONE]
    )
    presented: Counter[int | None] = Counter()
    other: Counter[int | None] = Counter()
    for member, position in done.filter(member__isnull=False).values_list("member", "part__position"):
        (presented if position == 1 else other)[member] += 1
    members = Membership.objects.filter(club=club).select_related("user")
    talks = [
        Talks(
            str(membership.user),
            membership.user_id == reader.pk,
            presented[membership.user_id],
            other[membership.user_id],
        )
        for membership in members
    ]
    return tuple(sorted(talks, key=lambda each: (each.presented, each.other, each.name.lower())))


def _load_promotions(club: Club, votes: QuerySet[Vote]) -> tuple[tuple[str, int], ...]:
    given = Q(votes__in=votes, votes__value=Vote.PROMOTE)
    members = User.objects.filter(memberships__club=club).annotate(
        promoted=Count("votes", filter=given, distinct=True)
    )
    named = [(str(member), member.promoted) for member in members]
    return tuple(sorted(named, key=lambda each: (-each[1], each[0].lower())))

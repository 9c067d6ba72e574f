"""What plans are made from, and what their page shows: sessions to come, their places, who has them, and the members.

`load_roster` reads it by a fixed number of queries; `Roster.ask` makes the question of it that `presenters` answers.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db.models import Count, Max, Q, QuerySet
from django.db.models.functions import Coalesce

from accounts.models import Club, Membership, User
from papers.models import (
    Absence,
    AgendaItem,
    Assignment,
    Part,
    Session,
    Volunteer,
    Vote,
)

from . import agenda, authors
from .parts import load_parts, wanted_in
from .presenters import Candidate, Key, Place, Question
from .reasons import WANTED

MOST_SESSIONS = 20
State = Assignment.State


@dataclass(slots=True)
class Roster:
    """A club's coming sessions and its members, as they are at one moment. `items` are those that need people."""

    club: Club
    now: datetime
    since: date
    sessions: list[Session]
    items: dict[int, AgendaItem]
    parts: dict[int, Part]
    places: list[Place]
    holders: dict[Key, Assignment]
    """Who was asked for a place and has not declined."""
    refusals: list[Assignment]
    memberships: list[Membership]
    given: dict[tuple[int, int], int]
    last: dict[tuple[int, int], date]
    absences: dict[int, list[Absence]]
    offers: set[tuple[int, int]]
    interest: dict[tuple[int, int], int]
    conflicts: set[tuple[int, int]] = field(default_factory=set)

    @property
    def members(self) -> dict[int, User]:
        return {membership.user_id: membership.user for membership in self.memberships}

    def is_away(self, member: int | None, day: date) -> bool:
        return any(absence.covers(day) for absence in self.absences.get(member or 0, ()))

    def stands(self, place: Place) -> bool:
        """Whether whoever has a place keeps it in a plan: a guest, pinned, or accepted by somebody who can come."""
        holder = self.holders.get(place.key)
        if holder is None:
            return False
        if holder.member_id is None:
            return True
        if holder.member_id not in self.members:
            return False
        if holder.is_pinned:
            return True
        return holder.state != State.PROPOSED and not self.is_away(holder.member_id, place.day)

    def ask(self) -> Question:
        """Return the question that a plan of these sessions answers."""
        fixed = {place.key: self.holders[place.key].member_id for place in self.places if self.stands(place)}
        return Question(
            since=self.since,
            parts=tuple(self.parts),
            candidates=tuple(self._make_candidate(membership) for membership in self.memberships),
            places=tuple(self.places),
            fixed=fixed,
            asked={
                key: holder.member_id
                for key, holder in self.holders.items()
                if key not in fixed and holder.member_id is not None
            },
            offers=frozenset(self.offers),
            refusals=frozenset(
                (refusal.member_id, refusal.item_id)
                for refusal in self.refusals
                if refusal.member_id is not None and refusal.item_id is not None
            ),
            conflicts=frozenset(self.conflicts),
            interest=self.interest,
            mixes_seniority=self.club.mixes_seniority,
        )

    def _make_candidate(self, membership: Membership) -> Candidate:
        member = membership.user_id
        cap = membership.parts_cap if membership.parts_cap is not None else self.club.parts_cap
        return Candidate(
            id=member,
            joined=membership.joined.astimezone(ZoneInfo(self.club.time_zone)).date(),
            is_senior=membership.is_senior,
            takes_parts=membership.takes_parts,
            cap=cap,
            away=tuple((absence.first_day, absence.last_day) for absence in self.absences.get(member, ())),
            given={part: number for (who, part), number in self.given.items() if who == member},
            last={part: day for (who, part), day in self.last.items() if who == member},
        )


def list_coming(club: Club, now: datetime, *, most: int = MOST_SESSIONS) -> QuerySet[Session]:
    """Return the sessions that plans are made for: those that everybody sees and that have not begun."""
    states = [Session.State.OPEN, Session.State.LOCKED]
    coming = Session.objects.filter(club=club, state__in=states, starts__gt=now)
    return coming.order_by("starts", "pk")[:most]


def load_roster(club: Club, *, now: datetime, sessions: Collection[int] | None = None) -> Roster:
    """Read all that a plan needs to know; with ids of sessions, of those alone that are still to come."""
    coming = list(list_coming(club, now))
    if sessions is not None:
        coming = [session for session in coming if session.pk in sessions]
    parts = load_parts(club)
    memberships = list(club.memberships.select_related("user"))
    items, asked = _load_items(coming)
    holders = {
        (each.item_id, each.part_id): each
        for each in asked
        if each.state != State.DECLINED and each.item_id is not None and each.part_id is not None
    }
    places = list(_list_places(coming, items, parts, holders))
    with_places = {place.item for place in places}
    entries = {item.entry_id: item.pk for item in items if item.entry_id and item.pk in with_places}
    since = count_from(club, now)
    given, last = _load_turns(club, since, now, {session.pk for session in coming})
    return Roster(
        club=club,
        now=now,
        since=since,
        sessions=coming,
        items={item.pk: item for item in items if item.pk in with_places},
        parts={part.pk: part for part in parts},
        places=places,
        holders={key: holder for key, holder in holders.items() if key[0] in with_places},
        refusals=[each for each in asked if each.state == State.DECLINED],
        memberships=memberships,
        given=given,
        last=last,
        absences=_load_absences(club, since),
        offers=_load_offers(entries),
        interest=_load_interest(club, entries),
        conflicts=_find_conflicts(club, items, memberships) if club.keeps_authors_out else set(),
    )


def count_from(club: Club, now: datetime) -> date:
    """Return the first day that counts for the load: so many months back as the club says."""
    today = now.astimezone(ZoneInfo(club.time_zone)).date()
    months = today.year * 12 + today.month - 1 - club.load_months
    year, month = divmod(months, 12)
    return date(year, month + 1, min(today.day, 28))


def find_day(session: Session) -> date:
    """Return the day of a session where it is held."""
    return session.starts.astimezone(ZoneInfo(session.time_zone)).date()


def _load_items(sessions: Iterable[Session]) -> tuple[list[AgendaItem], list[Assignment]]:
    items = list(
        AgendaItem.objects.filter(session__in=sessions)
        .select_related("session", "entry__paper")
        .defer("notes", "entry__paper__abstract", "entry__paper__search_text")
        .order_by("session__starts", "session", "position")
    )
    asked = Assignment.objects.filter(item__in=items).select_related("member", "guest", "proposed_by")
    return items, list(asked.order_by("item", "part__position", "pk"))


def _list_places(
    sessions: Iterable[Session],
    items: Iterable[AgendaItem],
    parts: list[Part],
    holders: dict[Key, Assignment],
) -> Iterable[Place]:
    """Give the places of all items: what its kind of session wants, and what somebody was asked for besides."""
    days = {session.pk: find_day(session) for session in sessions}
    for item in items:
        session = item.session
        needed = agenda.needs_people(item.entry_id is not None, item.minutes, session.kind)
        wanted = wanted_in(parts, session.kind) if needed else []
        for part in parts:
            if part in wanted or (item.pk, part.pk) in holders:
                yield Place(
                    item=item.pk,
                    part=part.pk,
                    session=session.pk,
                    starts=session.starts,
                    day=days[session.pk],
                    position=item.position,
                    leads=bool(wanted) and part == wanted[0],
                )


def _load_turns(
    club: Club, since: date, now: datetime, planned: Collection[int]
) -> tuple[dict[tuple[int, int], int], dict[tuple[int, int], date]]:
    """Return how often each member took a part since a day, and when last; a guest's turns count for who they became.

    What they have accepted in other sessions to come counts as well.
    """
    took = Q(item__session__state=Session.State.HELD) | Q(
        item__session__state=Session.State.LOCKED, item__session__starts__lte=now
    )
    promised = Q(
        item__session__state__in=[Session.State.OPEN, Session.State.LOCKED],
        item__session__starts__gt=now,
    ) & ~Q(item__session__in=planned)
    start = datetime(since.year, since.month, since.day, tzinfo=ZoneInfo(club.time_zone))
    turns = (
        Assignment.objects.filter(club=club, state__in=[State.ACCEPTED, State.DONE], item__isnull=False)
        .filter(took | promised)
        .annotate(who=Coalesce("member", "guest__member"))
        .filter(who__isnull=False)
        .order_by()
        .values("who", "part")
        .annotate(
            number=Count("pk", filter=Q(item__session__starts__gte=start)),
            last=Max("item__session__starts", filter=took),
        )
    )
    zone = ZoneInfo(club.time_zone)
    given, last = {}, {}
    for row in turns:
        who = row["who"], row["part"]
        given[who] = row["number"]
        if row["last"] is not None:
            last[who] = row["last"].astimezone(zone).date()
    return given, last


def _load_absences(club: Club, since: date) -> dict[int, list[Absence]]:
    absences: dict[int, list[Absence]] = defaultdict(list)
    for absence in Absence.objects.filter(club=club, last_day__gte=since):
        absences[absence.member_id].append(absence)
    return absences


def _load_offers(entries: dict[int, int]) -> set[tuple[int, int]]:
    offers = Volunteer.objects.filter(entry__in=entries).values_list("member", "entry")
    return {(member, entries[entry]) for member, entry in offers}


def _load_interest(club: Club, entries: dict[int, int]) -> dict[tuple[int, int], int]:
    """Return for (member, item): voted for its paper 2, against it -1, for others with one of its tags 1."""
    interest = dict.fromkeys(
        (
            (member, entries[entry])
            for member, entry in Vote.objects.filter(
                value=Vote.PROMOTE, entry__club=club, entry__taggings__tag__taggings__entry__in=entries
            )
            .order_by()
            .values_list("member", "entry__taggings__tag__taggings__entry")
            .distinct()
            if entry in entries
        ),
        1,
    )
    for member, entry, value in Vote.objects.filter(entry__in=entries).values_list(
        "member", "entry", "value"
    ):
        interest[member, entries[entry]] = WANTED if value == Vote.PROMOTE else -1
    return interest


def _find_conflicts(
    club: Club, items: Iterable[AgendaItem], memberships: Iterable[Membership]
) -> set[tuple[int, int]]:
    return {
        (membership.user_id, item.pk)
        for item in items
        if item.entry is not None
        for membership in memberships
        if authors.is_among(membership.user.name, item.entry.paper.authors)
    }

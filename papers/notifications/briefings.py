"""All that mails say of sessions, loaded for many at once: what is on, who does what, who comes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from accounts.models import Membership, User
from papers import markup
from papers.models import AgendaItem, Assignment, Attendance, Session


@dataclass(frozen=True, slots=True)
class Line:
    """An item of an agenda, when it begins if all goes as planned, and who does what in it."""

    starts: datetime
    title: str
    minutes: int
    who: str


@dataclass(frozen=True, slots=True)
class Briefing:
    """A session for those who are told of it. `parts` are live, by member, `by_item` by item."""

    session: Session
    items: list[AgendaItem] = field(default_factory=list)
    by_item: dict[int, list[Assignment]] = field(default_factory=dict)
    lines: list[Line] = field(default_factory=list)
    parts: dict[int, list[Assignment]] = field(default_factory=dict)
    members: list[User] = field(default_factory=list)
    answers: dict[int, str] = field(default_factory=dict)


def load_briefings(sessions: Iterable[Session]) -> dict[int, Briefing]:
    """Return a briefing for each session, by its id; four queries for any number. Their clubs must be loaded."""
    sessions = list(sessions)
    pks = [session.pk for session in sessions]
    items: dict[int, list[AgendaItem]] = defaultdict(list)
    for item in AgendaItem.objects.filter(session__in=pks).select_related("entry__paper"):
        items[item.session_id].append(item)
    assignments: dict[int, list[Assignment]] = defaultdict(list)
    live = Assignment.objects.live().filter(item__session__in=pks)
    for assignment in live.select_related("item__entry__paper", "part", "member", "guest"):
        assert assignment.item is not None
        assignments[assignment.item.session_id].append(assignment)
    members: dict[int, list[User]] = defaultdict(list)
    clubs = {session.club_id for session in sessions}
    of_clubs = Membership.objects.filter(club__in=clubs, user__is_active=True).select_related("user")
    for membership in of_clubs:
        members[membership.club_id].append(membership.user)
    answers: dict[int, dict[int, str]] = defaultdict(dict)
    said = Attendance.objects.filter(session__in=pks, member__isnull=False).exclude(answer="")
    for session_id, member_id, answer in said.values_list("session", "member", "answer"):
        answers[session_id][member_id or 0] = answer
    return {
        session.pk: _brief(
            session, items[session.pk], assignments[session.pk], members[session.club_id], answers[session.pk]
        )
        for session in sessions
    }


def _brief(
    session: Session,
    items: list[AgendaItem],
    assignments: list[Assignment],
    members: list[User],
    answers: dict[int, str],
) -> Briefing:
    by_item: dict[int, list[Assignment]] = defaultdict(list)
    by_member: dict[int, list[Assignment]] = defaultdict(list)
    for assignment in assignments:
        by_item[assignment.item_id or 0].append(assignment)
        if assignment.member_id is not None:
            by_member[assignment.member_id].append(assignment)
    lines, moment = [], session.starts
    for item in items:
        who = ", ".join(
            f"{each.member or each.guest} ({each.part})"
            for each in by_item[item.pk]
            if each.state != Assignment.State.PROPOSED
        )
        lines.append(Line(moment, name_item(item), item.minutes, who))
        moment += timedelta(minutes=item.minutes)
    return Briefing(session, items, dict(by_item), lines, dict(by_member), members, answers)


def name_item(item: AgendaItem) -> str:
    """Return what an item is about, as plain text; its entry and paper must be loaded."""
    return item.title or (markup.plain(item.entry.paper.title) if item.entry else "")

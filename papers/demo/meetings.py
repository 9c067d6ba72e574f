"""How the demo lab meets: two sessions that were held, one to come with its agenda, and who is asked for it."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from accounts.models import Club, User
from papers import reading_list
from papers.models import AgendaItem, Assignment, Attendance, Entry, EntryChange, Paper, Session
from papers.scheduling import agenda_items, assignments, attendance, planning, series, sessions
from papers.scheduling.parts import load_parts

WEDNESDAY = 2


def hold_session(
    club: Club, story: dict[str, Any], people: dict[str, User], papers: dict[str, Paper], *, friday: datetime
) -> Session:
    """Let the club have met on a Wednesday before the story's Friday, over one paper."""
    by = people[story["by"]]
    day = friday.date() - timedelta(days=2 + 7 * story["weeks_before"])
    starts = datetime.combine(day, time.fromisoformat(story["at"]), ZoneInfo(club.time_zone))
    after = starts + timedelta(minutes=story["minutes"])
    session = sessions.schedule_session(
        club, by=by, starts=starts, minutes=story["minutes"], place=story["place"], now=starts
    )
    entry = reading_list.suggest(reading_list.note(club, papers[story["paper"]]), by=by)
    for name in story["tags"]:
        reading_list.tag(entry, name=name, by=by)
    item = agenda_items.add_item(session, by=by, entry=entry, minutes=story["minutes"])
    sessions.hold_session(session, by=by, now=after)
    for part, email in zip(load_parts(club), story["parts"], strict=False):
        assignment = assignments.propose(item, part, by=by, member=people[email])
        Assignment.objects.filter(pk=assignment.pk).update(
            proposed_at=starts - timedelta(days=2), answered_at=starts - timedelta(days=1)
        )
    AgendaItem.objects.filter(pk=item.pk).update(verdict=story["verdict"], takeaways=story["takeaways"])
    Attendance.objects.bulk_create(
        Attendance(session=session, member=people[email], answer="yes", answered_at=starts, came=True)
        for email in story["came"]
    )
    suggested = starts - timedelta(days=9)
    Entry.objects.filter(pk=entry.pk).update(created=suggested, suggested=suggested)
    entry.taggings.update(tagged_at=suggested)
    EntryChange.objects.filter(entry=entry, changed__gt=after).update(changed=suggested)
    return session


def prepare_next(club: Club, story: dict[str, Any], people: dict[str, User], *, now: datetime) -> Session:
    """Let the club meet each week from the next Wednesday on; lock the first session and ask people for its parts."""
    by = people[story["by"]]
    zone = ZoneInfo(club.time_zone)
    day = now.astimezone(zone).date()
    day += timedelta(days=(WEDNESDAY - day.weekday()) % 7)
    starts_at = time.fromisoformat(story["at"])
    if datetime.combine(day, starts_at, zone) < now + timedelta(hours=6):
        day += timedelta(weeks=1)
    made = series.create_series(
        club,
        by=by,
        now=now,
        name=story["name"],
        rule="FREQ=WEEKLY;BYDAY=WE",
        starts_on=day,
        starts_at=starts_at,
        minutes=story["minutes"],
        place=story["place"],
        video_link=story["video_link"],
    )
    session = made.sessions.order_by("starts").first()
    assert session is not None
    agenda_items.lock_session(session, by=by, now=now)
    agenda_items.add_item(session, by=by, title=story["first"], minutes=5, to=1)
    agenda_items.add_item(session, by=by, title=story["last"], minutes=10, is_closing=True)
    draft = planning.propose_plan(club, by=by, sessions=[session.pk], now=now)
    planning.make(draft.pk)
    draft.refresh_from_db()
    planning.apply_plan(draft, by=by, now=now)
    for assignment in Assignment.objects.filter(item__session=session, state=Assignment.State.PROPOSED):
        member = assignment.member
        if member is not None and member.email in story["accept"]:
            assignments.accept(assignment, by=member)
    for email, answer in story["answers"].items():
        attendance.answer(session, people[email], answer=answer, now=now)
    return session

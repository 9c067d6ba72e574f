"""When a club's reminders go out: its row, what is usual without one, and changing it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from accounts.models import Club, User
from papers.models import ReminderSchedule
from papers.notifications.reminders import Schedule
from papers.verbs import verb

FIELDS: Final = ["votes_hours", "agenda_minutes", "part_days", "tells_day_before", "at", "link_minutes"]


def load_schedule(club: Club) -> ReminderSchedule:
    """Return a club's row; an unsaved one with what is usual where it has none."""
    return ReminderSchedule.objects.filter(club=club).first() or ReminderSchedule(club=club)


@verb
def change_schedule(club: Club, *, by: User, **changes: Any) -> ReminderSchedule:
    """Change when a club's reminders go out. What went out does not go out again; what waits goes as it was.

    `changes` are of FIELDS. Raises ValidationError for what a field cannot hold.
    """
    if unknown := set(changes) - set(FIELDS):
        raise TypeError(f"A schedule has no {sorted(unknown)} to change.")
    ReminderSchedule.objects.get_or_create(club=club)
    schedule = ReminderSchedule.objects.select_for_update().get(club=club)
    for name, value in changes.items():
        setattr(schedule, name, value)
    schedule.full_clean(exclude=["club"])
    schedule.save()
    return schedule


def make_schedule(row: ReminderSchedule) -> Schedule:
    """Return a club's row as the values that `reminders` takes."""

    def span(number: int | None, **unit: int) -> timedelta | None:
        return None if number is None else number * timedelta(**unit)

    return Schedule(
        votes=span(row.votes_hours, hours=1),
        agenda=span(row.agenda_minutes, minutes=1),
        part_days=row.part_days,
        tells_day_before=row.tells_day_before,
        at=row.at,
        link=span(row.link_minutes, minutes=1),
    )

"""Sessions as iCalendar (RFC 5545): a calendar to subscribe to, and an invitation to mail (iTIP, RFC 5546). Pure.

One VEVENT a session, each with its own UID and no RRULE, so that a session that moves is one event that moved.
DTSTAMP is when the session last changed (3.8.7.2, for an object without METHOD), so the same sessions are the
same bytes and an unchanged feed is a 304. What the programs make of it, as their makers say or as seen:

- Google Calendar reads an address every half day or so, shows no alarms of it, hides what is CANCELLED.
- Outlook keeps an event only where UID stays and SEQUENCE does not fall, and reads X-WR-CALNAME and
  X-PUBLISHED-TTL; https://learn.microsoft.com/openspecs/exchange_server_protocols/ms-oxcical.
- Apple Calendar asks as often as REFRESH-INTERVAL says (RFC 7986, 5.7) and makes a button of URL.

Lines are folded and texts escaped by the library `icalendar`; why it: docs/decisions/0019.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, Literal
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

if TYPE_CHECKING:
    from icalendar import Alarm
    from icalendar import Calendar as Component
    from icalendar import Event as EventComponent

PRODUCT: Final = "-//Reading List//Journal club calendar//EN"
REFRESH: Final = timedelta(hours=1)
MOST_ALARM: Final = timedelta(days=14)
MOST_TEXT: Final = 20_000  # characters of a description

Method = Literal["REQUEST", "CANCEL"]


@dataclass(frozen=True, slots=True)
class Person:
    """Whom an invitation is for, or from whom it comes."""

    name: str
    email: str


@dataclass(frozen=True, slots=True)
class Event:
    """What a calendar shows of a session. All times are in UTC; `zone` is the one it is shown in."""

    uid: str
    sequence: int
    starts: datetime
    ends: datetime
    zone: str
    created: datetime
    changed: datetime
    summary: str
    is_cancelled: bool = False
    description: str = ""
    place: str = ""
    video_link: str = ""
    url: str = ""
    club: str = ""


def write_calendar(events: Iterable[Event], *, name: str, zone: str, alarm: timedelta | None = None) -> bytes:
    """Return a calendar of these events, in their order; the same events are the same bytes.

    `name` is what calendars call it, `zone` the one it mostly goes by. `alarm` reminds so long before each
    session that is not cancelled, at most MOST_ALARM.
    """
    events = list(events)
    calendar = _make_calendar()
    name = " ".join(_clean(name).split())
    calendar.add("NAME", name)  # RFC 7986, 5.1
    calendar.add("X-WR-CALNAME", name)
    calendar.add("X-WR-TIMEZONE", zone)
    calendar.add("REFRESH-INTERVAL", REFRESH, parameters={"VALUE": "DURATION"})
    calendar.add("X-PUBLISHED-TTL", _write_duration(REFRESH))
    _add_zones(calendar, events)
    for event in events:
        component = _make_event(event)
        if alarm is not None and not event.is_cancelled:
            component.add_component(_make_alarm(event, min(alarm, MOST_ALARM)))
        calendar.add_component(component)
    return calendar.to_ical()


def write_invitation(event: Event, *, attendee: Person, organiser: Person, method: Method) -> str:
    """Return the text/calendar part of a mail that asks somebody to come, or calls it off (RFC 5546, 3.2.2 and 3.2.5).

    A cancelled event is called off whatever `method` says. Answers are not asked for (RSVP=FALSE): they are given on
    the session's page, since nothing here reads mail.
    """
    calendar = _make_calendar()
    is_cancel = event.is_cancelled or method == "CANCEL"
    calendar.add("METHOD", "CANCEL" if is_cancel else "REQUEST")
    _add_zones(calendar, [event])
    component = _make_event(event)
    if is_cancel and not event.is_cancelled:
        component.pop("STATUS")
        component.add("STATUS", "CANCELLED")
    component.add("ORGANIZER", f"mailto:{organiser.email}", parameters={"CN": organiser.name})
    parameters = {"CN": attendee.name, "ROLE": "REQ-PARTICIPANT", "RSVP": "FALSE"}
    if not is_cancel:
        parameters["PARTSTAT"] = "NEEDS-ACTION"
    component.add("ATTENDEE", f"mailto:{attendee.email}", parameters=parameters)
    calendar.add_component(component)
    return calendar.to_ical().decode()


def _make_calendar() -> Component:
    # Two MB for each process that never writes a calendar.
    from icalendar import Calendar

    calendar = Calendar()
    calendar.add("PRODID", PRODUCT)
    calendar.add("VERSION", "2.0")
    calendar.add("CALSCALE", "GREGORIAN")
    return calendar


def _add_zones(calendar: Component, events: Sequence[Event]) -> None:
    """Define every zone that the events name, for the years they lie in (RFC 5545, 3.6.5)."""
    from icalendar import Timezone

    for zone in sorted({event.zone for event in events} - {"UTC"}):
        times = [event.starts for event in events if event.zone == zone]
        calendar.add_component(
            Timezone.from_tzid(
                zone,
                first_date=min(times).date().replace(month=1, day=1),
                last_date=max(times).date().replace(month=1, day=1) + timedelta(days=2 * 366),
            )
        )


def _make_event(event: Event) -> EventComponent:
    from icalendar import Event as EventComponent

    component = EventComponent()
    component.add("UID", event.uid)
    component.add("SEQUENCE", event.sequence)
    component.add("DTSTAMP", event.changed.astimezone(UTC).replace(microsecond=0))
    component.add("CREATED", event.created.astimezone(UTC).replace(microsecond=0))
    component.add("LAST-MODIFIED", event.changed.astimezone(UTC).replace(microsecond=0))
    component.add("DTSTART", _local(event.starts, event.zone))
    component.add("DTEND", _local(event.ends, event.zone))
    summary = _("Cancelled: %(name)s") % {"name": event.summary} if event.is_cancelled else event.summary
    component.add("SUMMARY", _clean(summary))
    component.add("STATUS", "CANCELLED" if event.is_cancelled else "CONFIRMED")
    component.add("TRANSP", "TRANSPARENT" if event.is_cancelled else "OPAQUE")
    if event.description:
        component.add("DESCRIPTION", _clean(event.description[:MOST_TEXT]))
    if place := event.place or event.video_link:
        component.add("LOCATION", _clean(place))
    if event.video_link:
        component.add(
            "CONFERENCE", event.video_link, parameters={"VALUE": "URI", "FEATURE": "VIDEO"}
        )  # RFC 7986, 5.11
    if event.url:
        component.add("URL", event.url)
    if event.club:
        component.add("CATEGORIES", [_clean(event.club)])
    return component


def _make_alarm(event: Event, before: timedelta) -> Alarm:
    from icalendar import Alarm

    alarm = Alarm()
    alarm.add("ACTION", "DISPLAY")
    alarm.add("DESCRIPTION", _clean(event.summary))
    alarm.add("TRIGGER", -before)
    return alarm


def _local(moment: datetime, zone: str) -> datetime:
    return moment.astimezone(UTC) if zone == "UTC" else moment.astimezone(ZoneInfo(zone))


def _clean(text: str) -> str:
    """Leave out what no text value may hold (RFC 5545, 3.1: control characters other than the tabulator)."""
    return "".join(sign for sign in text.replace("\r\n", "\n") if sign >= " " or sign in "\n\t").replace(
        "\x7f", ""
    )


def _write_duration(length: timedelta) -> str:
    return f"PT{int(length.total_seconds() // 3600)}H"

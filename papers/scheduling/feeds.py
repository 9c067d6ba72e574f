"""What a person's calendar of their clubs' sessions shows: which sessions, what of them, and whether it changed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urljoin
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Count, Max, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts import permissions
from accounts.models import Club, User
from papers.models import AgendaItem, Assignment, Session

from .calendar import Event

BACK: Final = timedelta(days=366)
MOST: Final = 1_000  # sessions


@dataclass(frozen=True, slots=True)
class Feed:
    """Whose calendar of which clubs; `is_mine` leaves only sessions in which they have a part."""

    user: User
    clubs: Sequence[Club]
    is_mine: bool
    now: datetime

    def sessions(self) -> QuerySet[Session]:
        """The sessions of the last year and all to come, the earliest first. No drafts: nothing is settled of them."""
        # From midnight on, so that the calendar stays the same for a day at least.
        since = self.now.replace(hour=0, minute=0, second=0, microsecond=0) - BACK
        found = Session.objects.filter(club__in=[club.pk for club in self.clubs], starts__gte=since)
        found = found.exclude(state=Session.State.DRAFT)
        if self.is_mine:
            mine = Assignment.objects.live().filter(member=self.user, item__isnull=False)
            found = found.filter(pk__in=mine.values("item__session"))
        return found

    def find_state(self) -> tuple[object, ...]:
        """Return what changes whenever the calendar does, by one query."""
        found = self.sessions().aggregate(
            number=Count("pk", distinct=True),
            items=Count("agenda", distinct=True),
            parts=Count("agenda__assignments", distinct=True),
            newest=Max("version"),
            newest_agenda=Max("agenda_version"),
            newest_item=Max("agenda__version"),
            newest_part=Max("agenda__assignments__version"),
            newest_paper=Max("agenda__entry__paper__version"),
        )
        names = [
            (club.pk, club.name, club.time_zone, permissions.is_member(self.user, club))
            for club in self.clubs
        ]
        return (self.user.pk, self.is_mine, *names, *sorted(found.items()))

    def load_events(self) -> list[Event]:
        """Return what to show of the sessions, by three queries."""
        sessions = list(self.sessions().order_by("starts", "pk")[:MOST])
        items: dict[int, list[AgendaItem]] = defaultdict(list)
        for item in AgendaItem.objects.filter(
            session__in=[session.pk for session in sessions]
        ).select_related("entry__paper"):
            items[item.session_id].append(item)
        parts: dict[int, list[Assignment]] = defaultdict(list)
        for assignment in (
            Assignment.objects.live()
            .filter(item__session__in=[session.pk for session in sessions])
            .select_related("part", "member", "guest")
            .order_by("part__position", "pk")
        ):
            parts[assignment.item_id or 0].append(assignment)
        clubs = {club.pk: club for club in self.clubs}
        return [
            make_event(
                session,
                club=clubs[session.club_id],
                items=items[session.pk],
                parts=parts,
                reader=self.user,
                names_club=len(clubs) > 1,
            )
            for session in sessions
        ]


def make_event(
    session: Session,
    *,
    club: Club,
    items: Sequence[AgendaItem],
    parts: dict[int, list[Assignment]],
    reader: User,
    names_club: bool = True,
) -> Event:
    """Return what `reader` may see of a session. `parts` are the live assignments by agenda item.

    Who is not in the club does not learn where it meets, nor who presents, nor of papers that are its own.
    """
    is_member = permissions.is_member(reader, club)
    zone = ZoneInfo(session.time_zone)
    lines = []
    moment = session.starts
    shown = [item for item in items if is_member or not _is_private(item)]
    for item in items:
        if item in shown:
            lines.append(f"{moment.astimezone(zone):%H:%M}  {_title(item)}")
        if is_member and (who := _name_parts(parts.get(item.pk, ()), reader)):
            lines.append(f"       {who}")
        moment += timedelta(minutes=item.minutes)
    if not shown:
        lines.append(_("The agenda is not settled yet."))
    url = urljoin(f"{settings.SITE_URL}/", session.get_absolute_url_of(club).lstrip("/"))
    if is_member and session.video_link:
        lines += ["", _("Video: %(link)s") % {"link": session.video_link}]
    if session.cancelled_because:
        lines.insert(0, session.cancelled_because)
    lines += ["", url]
    changes = [session.changed]
    for item in items:
        for assignment in parts.get(item.pk, ()):
            changes.append(assignment.answered_at or assignment.proposed_at)
    summary = _summarise(session, shown)
    return Event(
        uid=session.uid,
        sequence=session.sequence,
        starts=session.starts,
        ends=session.ends,
        zone=session.time_zone,
        created=session.created,
        changed=max(changes),
        summary=f"{club}: {summary}" if names_club else summary,
        is_cancelled=session.state == Session.State.CANCELLED,
        description="\n".join(lines),
        place=session.place if is_member else "",
        video_link=session.video_link if is_member else "",
        url=url,
        club=club.name,
    )


def _summarise(session: Session, items: Sequence[AgendaItem]) -> str:
    if session.name:
        return session.name
    titles = [item.entry.paper.title for item in items if item.entry is not None]
    if not titles:
        return str(session.get_kind_display()).capitalize()
    rest = len(titles) - 1
    if not rest:
        return titles[0]
    return ngettext("%(title)s, and one more", "%(title)s, and %(number)d more", rest) % {
        "title": titles[0],
        "number": rest,
    }


def _is_private(item: AgendaItem) -> bool:
    return item.entry is not None and item.entry.paper.private_to_id is not None


def _title(item: AgendaItem) -> str:
    return item.title or (item.entry.paper.title if item.entry is not None else "")


def _name_parts(assignments: Iterable[Assignment], reader: User) -> str:
    """Say who does what: “you: presenter; Mia Member: discussant (asked)”."""
    said = []
    for assignment in assignments:
        who = _("you") if assignment.member_id == reader.pk else str(assignment.member or assignment.guest)
        text = f"{who}: {assignment.part}"
        if assignment.state == Assignment.State.PROPOSED:
            text = _("%(text)s (asked)") % {"text": text}
        said.append(text)
    return "; ".join(said)

"""What the page of a club tells whoever looks: the next session, what needs them, what was discussed, who is there.

Each `load_…` asks the database a fixed number of questions, so that the page costs the same in its third year; the
ranked list is `voting`'s and `listed`'s, the chart of weeks `insights` counts. Templates ask none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from django.contrib.auth.models import AnonymousUser
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from accounts import permissions
from accounts.models import Club, Membership, User

from .charts import Ticks, draw_ticks
from .insights import MONTH, count_by_week, find_week, list_weeks
from .models import AgendaItem, Assignment, Attachment, Attendance, Session, SwapOffer
from .models.sessions import SessionQuerySet
from .scheduling import agenda
from .scheduling.minutes import load_open_actions
from .scheduling.parts import load_parts, wanted_in
from .scheduling.times import say_distance, say_state, write_when

Person = User | AnonymousUser

WEEKS: Final = 12
"""Of which the chart shows what was read."""
PAST: Final = 60
"""Sessions that are looked back on: more than a club has in those weeks."""
RECENT: Final = 4
SLIDES_AHEAD: Final = timedelta(days=7)
MOST_ACTIONS: Final = 5

LIVE = [Assignment.State.PROPOSED, Assignment.State.ACCEPTED, Assignment.State.DONE]
SURE = [Assignment.State.ACCEPTED, Assignment.State.DONE]
TO_COME = [Session.State.OPEN, Session.State.LOCKED]


# The next session


@dataclass(frozen=True, slots=True)
class Taken:
    """A part in an item, and who has it; nobody (`who` is empty) where it is wanted."""

    part: str
    who: str
    is_me: bool = False
    is_asked: bool = False


@dataclass(frozen=True, slots=True)
class Point:
    """A point of the agenda: a paper, or a topic without one."""

    starts: datetime
    clock: str
    """When it begins, in the session's zone."""
    title: str
    paper_id: int | None
    minutes: int
    is_closing: bool
    parts: list[Taken]


@dataclass(frozen=True, slots=True)
class Next:
    """The session that comes next, or is on, as one person may see it."""

    session: Session
    when: str
    distance: str
    state: str
    """Until when votes are open, or that the agenda stands."""
    is_on: bool
    points: list[Point]
    ruler: agenda.Ruler
    left: int
    """Minutes without a purpose yet."""
    has_gap: bool
    """Whether papers come in by their votes."""
    my_parts: str
    """The parts the person has taken, in one line."""
    mine: str
    """What they answered: yes, maybe, no; empty while they did not."""
    coming: int
    maybe: int
    away: int
    silent: int
    """Members who did not answer."""

    @property
    def opening(self) -> list[Point]:
        return [point for point in self.points if not point.is_closing]

    @property
    def closing(self) -> list[Point]:
        return [point for point in self.points if point.is_closing]


# What needs the person


class NeedKind(StrEnum):
    PART = "part"
    SWAP = "swap"
    COMING = "coming"
    SLIDES = "slides"
    ACTION = "action"


@dataclass(frozen=True, slots=True)
class Need:
    """Something that waits for one person: what is asked, and why of them."""

    kind: NeedKind
    key: int
    """The id of what the answer is about: an assignment, an offer, a session, an item, an action."""
    title: str
    about: str = ""
    """Text from outside: the title of a paper, what is to be done."""
    why: str = ""
    is_late: bool = False
    session: int | None = None


# What was discussed


@dataclass(frozen=True, slots=True)
class Discussed:
    """A paper that was on the agenda of a past session."""

    paper_id: int
    title: str
    day: str
    who: str
    """Who presented it."""
    verdict: str


@dataclass(slots=True)
class Meetings:
    """All that the page tells of sessions."""

    next: Next | None = None
    needs: list[Need] = field(default_factory=list)
    recent: list[Discussed] = field(default_factory=list)
    weeks: tuple[date, ...] = ()
    """The Mondays of the last weeks, oldest first."""
    papers: tuple[int, ...] = ()
    """Papers discussed in each."""


class _Item(NamedTuple):
    pk: int
    session: int
    starts: datetime
    time_zone: str
    topic: str
    paper: int | None
    paper_title: str | None
    is_known: bool
    """Whether the person may know of the paper."""
    minutes: int
    is_closing: bool
    verdict: str

    @property
    def title(self) -> str:
        return _name(self.topic, self.paper_title, self.is_known)

    @property
    def day(self) -> str:
        return _write_date(self.starts, self.time_zone)


class _Asked(NamedTuple):
    """An assignment, and the offer by which it is offered to the person for one of theirs, if it is."""

    pk: int
    item: int
    part: int
    part_name: str
    position: int
    member: int | None
    name: str | None
    email: str | None
    guest: str | None
    state: str
    reason: str
    session: int
    starts: datetime
    ends: datetime
    time_zone: str
    topic: str
    paper_title: str | None
    is_known: bool
    has_slides: bool
    offer: int | None
    wanted: int | None

    @property
    def day(self) -> str:
        return _write_date(self.starts, self.time_zone)

    @property
    def title(self) -> str:
        return _name(self.topic, self.paper_title, self.is_known)

    @property
    def who(self) -> str:
        return self.guest or self.name or (self.email or "").partition("@")[0]


def load_meetings(club: Club, *, reader: Person, now: datetime) -> Meetings:
    """Return what a club's sessions have for somebody who may look into it; five statements at most.

    Others than members learn nothing of who was asked and has not accepted, and of no paper that is private.
    """
    is_member = permissions.is_member(reader, club)
    following = _find_next(club, reader, now)
    items = _load_items(club, following, now, is_member)
    ahead = [item for item in items if following is not None and item.session == following.pk]
    back = [item for item in items if following is None or item.session != following.pk]
    shown = [item for item in back if item.is_known][:RECENT]
    asked = _load_asked(club, [item.pk for item in (*ahead, *shown)], reader, now, is_member)
    weeks = list_weeks(club, now, WEEKS)
    zone = ZoneInfo(club.time_zone)
    found = Meetings(
        recent=[_describe_past(item, asked) for item in shown],
        weeks=weeks,
        papers=count_by_week((find_week(item.starts, zone) for item in back), weeks),
    )
    if following is not None:
        found.next = _describe_next(club, following, ahead, asked, reader, now)
    if is_member and isinstance(reader, User):
        found.needs = [*_list_needs(found.next, asked, reader, now), *_load_actions(club, reader, now)]
    return found


def _find_next(club: Club, reader: Person, now: datetime) -> Session | None:
    """Return the session that comes next or is on, with who answered what."""
    Answer = Attendance.Answer
    mine = Attendance.objects.filter(session=OuterRef("pk"), member=reader.pk or 0)
    members = Membership.objects.filter(club=OuterRef("club")).order_by().values("club")
    rows: SessionQuerySet = Session.objects.filter(club=club, state__in=TO_COME)
    return (
        rows.upcoming(now)
        .annotate(
            coming=Count("attendances", filter=Q(attendances__answer=Answer.YES)),
            maybe=Count("attendances", filter=Q(attendances__answer=Answer.MAYBE)),
            away=Count("attendances", filter=Q(attendances__answer=Answer.NO)),
            answered=Count(
                "attendances", filter=Q(attendances__member__isnull=False) & ~Q(attendances__answer="")
            ),
            members=Subquery(members.annotate(number=Count("pk")).values("number")),
            mine=Subquery(mine.values("answer")[:1]),
        )
        .defer("notes")
        .first()
    )


def _load_items(club: Club, following: Session | None, now: datetime, is_member: bool) -> list[_Item]:
    """Return the agenda of the next session, and the papers of past ones, the latest first; one statement."""
    past = Session.objects.past(now).filter(club=club).values("pk")[:PAST]
    is_wanted = Q(session__in=past, entry__isnull=False)
    if following is not None:
        is_wanted |= Q(session=following.pk)
    found = (
        AgendaItem.objects.filter(is_wanted)
        .order_by("-session__starts", "session", "position", "pk")
        .annotate(is_known=_knows("entry", club, is_member))
        .values_list(
            *("pk", "session", "session__starts", "session__time_zone", "title", "entry__paper"),
            *("entry__paper__title", "is_known", "minutes", "is_closing", "verdict"),
        )
    )
    return [_Item(*facts) for facts in found]


def _knows(entry: str, club: Club, is_member: bool) -> Q:
    """Say of an item whether its paper, if it has one, is everybody's, or the club's own and so its members'."""
    knows = Q(**{entry: None}) | Q(**{f"{entry}__paper__private_to": None})
    return knows | Q(**{f"{entry}__paper__private_to": club}) if is_member else knows


def _load_asked(
    club: Club, items: Iterable[int], reader: Person, now: datetime, is_member: bool
) -> list[_Asked]:
    """Return who has which part in these items, what the person has in any session to come, and what they are
    offered for it; one statement."""
    rows: QuerySet[Assignment] = Assignment.objects.filter(club=club, state__in=LIVE, part__isnull=False)
    is_wanted = Q(item__in=list(items))
    me = reader.pk or 0
    if is_member:
        is_to_come = Q(item__session__state__in=TO_COME, item__session__ends__gt=now)
        is_wanted |= (Q(member=me) | Q(offer__isnull=False)) & is_to_come
    else:
        rows = rows.filter(state__in=SURE)
    slides = Attachment.objects.filter(item=OuterRef("item"), kind=Attachment.Kind.SLIDES)
    offers = SwapOffer.objects.waiting().filter(assignment=OuterRef("pk"), wanted__member=me).order_by("pk")
    found = (
        rows.annotate(
            offer=Subquery(offers.values("pk")[:1]),
            wanted=Subquery(offers.values("wanted")[:1]),
            has_slides=Exists(slides),
            is_known=_knows("item__entry", club, is_member),
        )
        .filter(is_wanted)
        .order_by("item__session__starts", "item__position", "part__position", "pk")
        .values_list(
            *("pk", "item", "part", "part__name", "part__position"),
            *("member", "member__name", "member__email", "guest__name", "state", "reason"),
            *("item__session", "item__session__starts", "item__session__ends", "item__session__time_zone"),
            *("item__title", "item__entry__paper__title", "is_known", "has_slides"),
            *("offer", "wanted"),
        )
    )
    return [_Asked._make(facts) for facts in found]


def _describe_next(
    club: Club,
    session: Session,
    items: Sequence[_Item],
    asked: Sequence[_Asked],
    reader: Person,
    now: datetime,
) -> Next:
    zone = ZoneInfo(session.time_zone)
    starts = agenda.compute_starts(session.starts, [item.minutes for item in items])
    wanted = wanted_in(load_parts(club), session.kind)
    points = []
    for item, at in zip(items, starts, strict=True):
        if not item.is_known:
            continue
        taken = [each for each in asked if each.item == item.pk]
        held = {each.part for each in taken}
        parts = [
            Taken(
                each.part_name,
                each.who,
                is_me=each.member is not None and each.member == reader.pk,
                is_asked=each.state == Assignment.State.PROPOSED,
            )
            for each in taken
        ]
        if agenda.needs_people(item.paper is not None, item.minutes, session.kind):
            parts += [Taken(part.name, "") for part in wanted if part.pk not in held]
        points.append(
            Point(
                starts=at,
                clock=date_format(at.astimezone(zone), "H:i"),
                title=item.title,
                paper_id=item.paper,
                minutes=item.minutes,
                is_closing=item.is_closing,
                parts=parts,
            )
        )
    known = [item for item in items if item.is_known]
    used = sum(item.minutes for item in known)
    facts: Any = session  # what `_find_next` counted
    return Next(
        session=session,
        when=write_when(session, now),
        distance=say_distance(session, now),
        state=say_state(session, now),
        is_on=session.starts <= now,
        points=points,
        ruler=agenda.draw_ruler([(item.minutes, item.paper is not None) for item in known], session.minutes),
        left=session.minutes - used,
        has_gap=session.kind in agenda.SHARES and not session.is_closed,
        my_parts=", ".join(_list_my_parts(session.pk, asked, reader)),
        mine=facts.mine or "",
        coming=facts.coming,
        maybe=facts.maybe,
        away=facts.away,
        silent=max(0, (facts.members or 0) - facts.answered),
    )


def _list_my_parts(session: int, asked: Iterable[_Asked], reader: Person) -> list[str]:
    mine = [
        each.part_name
        for each in asked
        if each.session == session and each.member is not None and each.member == reader.pk
        if each.state in SURE
    ]
    return list(dict.fromkeys(mine))


def _list_needs(following: Next | None, asked: Sequence[_Asked], reader: User, now: datetime) -> list[Need]:
    """Return what waits for a member: parts they are asked for, swaps they are offered, whether they come, slides."""
    to_come = [each for each in asked if each.ends > now]
    mine = {each.pk: each for each in to_come if each.member == reader.pk}
    needs = [
        Need(
            NeedKind.PART,
            each.pk,
            _("%(part)s on %(day)s?") % {"part": capfirst(each.part_name), "day": each.day},
            about=each.title,
            why=each.reason,
        )
        for each in mine.values()
        if each.state == Assignment.State.PROPOSED
    ]
    for each in to_come:
        if each.offer is not None and (wanted := mine.get(each.wanted or 0)):
            needs.append(
                Need(
                    NeedKind.SWAP,
                    each.offer,
                    _("%(name)s offers to swap") % {"name": each.who},
                    why=_("Your part on %(day)s (%(part)s) for theirs on %(their_day)s (%(their_part)s).")
                    % {
                        "day": wanted.day,
                        "part": wanted.part_name,
                        "their_day": each.day,
                        "their_part": each.part_name,
                    },
                )
            )
    if following is not None and not following.mine and not following.is_on:
        session = following.session
        day = _write_date(session.starts, session.time_zone)
        why = _("Your part: %(parts)s.") % {"parts": following.my_parts} if following.my_parts else ""
        needs.append(
            Need(NeedKind.COMING, session.pk, _("Are you coming on %(day)s?") % {"day": day}, why=why)
        )
    needs += [
        Need(
            NeedKind.SLIDES,
            each.item,
            _("Slides for %(day)s") % {"day": each.day},
            about=each.title,
            why=_("A link or a file; whoever misses the talk finds them here."),
            session=each.session,
        )
        for each in mine.values()
        if each.position == 1 and each.state == Assignment.State.ACCEPTED and not each.has_slides
        if each.starts <= now + SLIDES_AHEAD
    ]
    return needs


def _load_actions(club: Club, reader: User, now: datetime) -> list[Need]:
    """Return what a member is to do after meetings, what is due first; one statement."""
    today = now.astimezone(ZoneInfo(club.time_zone)).date()
    needs = []
    for action in load_open_actions(reader, club)[:MOST_ACTIONS]:
        is_late = action.due is not None and action.due < today
        why = ""
        if action.due is not None:
            text = _("Was due on %(day)s.") if is_late else _("By %(day)s.")
            why = text % {"day": date_format(action.due, "j F")}
        needs.append(Need(NeedKind.ACTION, action.pk, action.text, why=why, is_late=is_late))
    return needs


def _describe_past(item: _Item, asked: Iterable[_Asked]) -> Discussed:
    assert item.paper is not None
    presenters = [
        each.who for each in asked if each.item == item.pk and each.position == 1 and each.state in SURE
    ]
    return Discussed(item.paper, item.title, item.day, ", ".join(presenters), item.verdict)


def _name(topic: str, paper_title: str | None, is_known: bool) -> str:
    if paper_title is None:
        return topic
    return paper_title if is_known else ""


def _write_date(moment: datetime, time_zone: str) -> str:
    return date_format(moment.astimezone(ZoneInfo(time_zone)), "j F")


# Members


@dataclass(frozen=True, slots=True)
class Bar:
    """How many members gave so many talks; one tick is one member."""

    talks: int
    members: int
    ticks: Ticks
    is_mine: bool


@dataclass(frozen=True, slots=True)
class People:
    memberships: Sequence[Membership]
    months: int
    """Over how many months talks are counted, as for plans."""
    talks: int
    bars: list[Bar]
    """Those of most talks first."""


def load_people(club: Club, *, reader: User, now: datetime) -> People:
    """Return the members of a club, and how the talks of its last months were shared; one statement."""
    past = Session.objects.past(now).filter(club=club, starts__gte=now - club.load_months * MONTH).order_by()
    given = (
        Assignment.objects.filter(member=OuterRef("user"), state__in=SURE, part__position=1)
        .filter(item__session__in=past)
        .order_by()
        .values("member")
        .annotate(number=Count("pk"))
        .values("number")
    )
    memberships = list(club.memberships.select_related("user").annotate(talks=Subquery(given)))
    talks = {membership.user_id: getattr(membership, "talks", None) or 0 for membership in memberships}
    bars = [
        Bar(number, members, draw_ticks(members), talks.get(reader.pk) == number)
        for number, members in sorted(Counter(talks.values()).items(), reverse=True)
    ]
    return People(memberships, club.load_months, sum(talks.values()), bars)

"""Brings in what a club did before: the lab's old spreadsheet becomes sessions that were held.

Each day of the table is a session, each row an item of it, and presenters are members or guests, so that rotation does
not start blind. What is here already stays as it is, so that the same table twice changes nothing. A worker does it,
day after day, each in a transaction of its own; papers that only an identifier names are looked up before.
"""

from __future__ import annotations

import io
import logging
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import groupby
from operator import attrgetter
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import permissions
from accounts.models import Club, User
from papers import catalogue, mentions, reading_list, submissions
from papers.identifiers import Identifier
from papers.models import (
    AgendaItem,
    Assignment,
    Entry,
    Guest,
    Paper,
    PastImport,
    Session,
    SessionKind,
    Source,
    SubmissionItem,
)
from papers.records import Rank, Rejection, UnreadableInput, clean_record
from papers.verbs import verb
from papers.versions import Stamps

from . import guests
from .parts import load_parts, wanted_in
from .past_table import PastRow, PastTable, read_past_table, split_people
from .recurrence import to_utc
from .refusals import Refused

logger = logging.getLogger(__name__)

MOST_BYTES: Final = 2_000_000
LEASE: Final = timedelta(minutes=2)
ATTEMPTS: Final = 3
LOOKED_AFTER: Final = timedelta(seconds=3)
"""How long papers that are looked up are given, again and again, until all of them are known."""

State = PastImport.State


# --- Who is meant --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class People:
    """The members and guests of a club, by what a spreadsheet may call them."""

    by_name: Mapping[str, User]

    def find(self, name: str) -> User | None:
        """Return the member that a name or an address means: in full, by a first name that only one has, or as a guest
        of this name who became a member."""
        return self.by_name.get(_simplify(name))

    def read(self, text: str) -> list[str]:
        """Return the names in a cell; a member's name is one, however it is written."""
        return [text] if text and self.find(text) else split_people(text)


def load_people(club: Club) -> People:
    """Read who is who in a club; two queries."""
    members = [membership.user for membership in club.memberships.select_related("user")]
    found: dict[str, User] = {}
    first: dict[str, set[User]] = {}
    for guest in Guest.objects.filter(club=club, member__in=members).select_related("member"):
        assert guest.member is not None
        found[_simplify(guest.name)] = guest.member
    for user in members:
        first.setdefault(_simplify(user.display_name.split()[0]), set()).add(user)
    found |= {name: users.pop() for name, users in first.items() if len(users) == 1}
    for user in members:
        found[_simplify(user.display_name)] = user
        found[_simplify(user.email)] = user
    found.pop("", None)
    return People(found)


def _simplify(text: str) -> str:
    """Return a name without case, accents, blanks and punctuation, but with the @ of an address."""
    letters = unicodedata.normalize("NFKD", text[:254]).casefold()
    return "".join(char for char in letters if char.isalnum() or char == "@")


# --- One day -------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Added:
    """What came of some rows."""

    sessions: int = 0
    items: int = 0
    unchanged: int = 0
    rejections: list[Rejection] = field(default_factory=list)


def add_day(
    club: Club,
    rows: Sequence[PastRow],
    *,
    starts_at: time,
    minutes: int,
    by: User | None,
    people: People | None = None,
    reasons: Mapping[Identifier, str] | None = None,
) -> Added:
    """Bring in the rows of one day; what is here already stays as it is.

    `starts_at` is when it began where the table does not say, `reasons` why an identifier has no paper.
    """
    papers = []
    refused = []
    for row in rows:
        found = _find_paper(club, row, reasons or {})
        if isinstance(found, Rejection):
            refused.append(found)
        else:
            papers.append((row, found))
    added = Added()
    if papers:
        added = _add_session(club, papers, starts_at, minutes, by, people or load_people(club))
    added.rejections = refused + added.rejections
    return added


def _find_paper(club: Club, row: PastRow, reasons: Mapping[Identifier, str]) -> Paper | Rejection | None:
    """Return a row's paper, brought into the catalogue by its title where that is all there is; None for a topic."""
    papers = Paper.objects.filter(Q(private_to=None) | Q(private_to=club)).defer("search_text")
    if row.identifier is not None:
        known = submissions.find_papers([row.identifier], papers)
        if row.identifier in known:
            return papers.get(pk=known[row.identifier])
        if not row.title:
            reason = reasons.get(row.identifier) or _("No paper is known by %(name)s.") % {
                "name": row.identifier
            }
            return Rejection(row.place, reason, row.raw)
    if not row.title:
        return None
    record = clean_record(
        title=row.title, rank=Rank.FILE, place=row.place, identifiers=[row.identifier], raw=row.raw, unlisted=True
    )  # fmt: skip
    if isinstance(record, Rejection):
        return record
    [outcome] = catalogue.add_records(Source.objects.uploads_of(club), [record])
    return papers.get(pk=outcome.paper_id)


Found = tuple[PastRow, Paper | None]


@verb
def _add_session(
    club: Club,
    papers: Sequence[Found],
    starts_at: time,
    minutes: int,
    by: User | None,
    people: People,
) -> Added:
    """Make the sessions of a day, or find them, and add what is not on their agendas."""
    # One table at a time, so that two make no session twice.
    club = Club.objects.select_for_update(no_key=True).get(pk=club.pk)
    parts = wanted_in(load_parts(club), SessionKind.PAPER_TALK)
    added = Added()
    changed: list[Any] = []
    stamps = Stamps()
    by_time = sorted(papers, key=lambda each: each[0].at or starts_at)
    for at, group in groupby(by_time, key=lambda each: each[0].at):
        rows = list(group)
        day = rows[0][0].day
        session = _find_session(club, day, at)
        if session is None:
            session = _make_session(club, day, at or starts_at, minutes, by)
            added.sessions += 1
            changed.append(session)
        elif session.state != Session.State.HELD:
            reason = _("There is a session on that day which was not held, or not yet.")
            added.rejections += [Rejection(row.place, reason, row.raw) for row, _paper in rows]
            continue
        more = []
        for row, paper in rows:
            item = _find_item(session, row, paper)
            is_new = item is None
            if item is None:
                item = _make_item(session, row, paper, max(1, session.minutes // len(rows)), by, stamps)
                added.items += 1
            noted = _note_people(item, row, parts, people, by)
            more += [item, *noted.rows] if is_new else noted.rows
            if noted.refusal:
                added.rejections.append(Rejection(row.place, noted.refusal, row.raw))
            elif not is_new and not noted.rows:
                added.unchanged += 1
        if more:
            session.agenda_version += 1
            session.save(update_fields=["agenda_version"])
            changed += [session, *more]
    if changed:
        stamps.add(club, changed)
        stamps.write()
    return added


def _find_session(club: Club, day: date, at: time | None) -> Session | None:
    """Return the club's session on a day: at this time where the table says one, else the first."""
    zone = ZoneInfo(club.time_zone)
    begin, end = (to_utc(datetime.combine(each, time()), zone) for each in (day, day + timedelta(days=1)))
    sessions = (
        Session.objects.select_for_update(of=("self",))
        .select_related("club")
        .filter(club=club, starts__gte=begin, starts__lt=end)
        .exclude(state__in=[Session.State.DRAFT, Session.State.CANCELLED])
        .order_by("starts", "pk")
    )
    if at is not None:
        return sessions.filter(starts=to_utc(datetime.combine(day, at), zone)).first()
    return sessions.first()


def _make_session(club: Club, day: date, at: time, minutes: int, by: User | None) -> Session:
    starts = to_utc(datetime.combine(day, at), ZoneInfo(club.time_zone))
    session = Session(
        club=club,
        state=Session.State.HELD,
        time_zone=club.time_zone,
        lock_at=starts,
        locked_at=starts,
        made_by=by,
    )
    session.set_time(starts, minutes)
    session.save()
    return session


def _name_topic(row: PastRow) -> str:
    return (row.title or row.notes.partition("\n")[0] or _("A talk"))[:300]


def _find_item(session: Session, row: PastRow, paper: Paper | None) -> AgendaItem | None:
    items = AgendaItem.objects.filter(session=session)
    if paper is not None:
        return items.filter(entry__paper=paper).first()
    return items.filter(entry=None, title__iexact=_name_topic(row)).first()


def _make_item(
    session: Session, row: PastRow, paper: Paper | None, minutes: int, by: User | None, stamps: Stamps
) -> AgendaItem:
    entry: Entry | None = None
    if paper is not None:
        entry = reading_list.note(session.club, paper)
        entry = reading_list.mark_discussed(entry, session, by=by, stamps=stamps)
    last = session.agenda.order_by("-position").values_list("position", flat=True).first() or 0
    return AgendaItem.objects.create(
        session=session,
        entry=entry,
        title="" if entry else _name_topic(row),
        position=last + 1,
        minutes=minutes,
        reason=_("From the record of past sessions."),
        notes=row.notes,
        added_by=by,
    )


@dataclass(slots=True)
class _Noted:
    rows: list[Any] = field(default_factory=list)
    refusal: str = ""


def _note_people(
    item: AgendaItem, row: PastRow, parts: Sequence[Any], people: People, by: User | None
) -> _Noted:
    """Note who presented and who discussed; a part that somebody else had stays theirs, and that is told."""
    noted = _Noted()
    for part, text in zip(parts[:2], (row.presenter, row.discussant), strict=False):
        names = people.read(text)
        if not names:
            continue
        holder = item.assignments.live().filter(part=part).select_related("member", "guest").first()
        member = people.find(names[0])
        if holder is not None:
            known = holder.guest.name if holder.guest else ""
            is_same = (member is not None and holder.member == member) or _simplify(known) == _simplify(
                names[0]
            )
            if not is_same:
                noted.refusal = _("%(who)s has the part of the %(part)s in this already.") % {
                    "who": holder.member or holder.guest,
                    "part": part.name,
                }
            continue
        guest = None
        if member is None:
            guest = guests.find_or_add_guest(item.session.club, names[0][: guests.LONGEST_NAME])
            if not guest.version:
                noted.rows.append(guest)
        noted.rows.append(
            Assignment.objects.create(
                club=item.session.club,
                item=item,
                part=part,
                member=member,
                guest=guest,
                state=Assignment.State.DONE,
                reason=_("From the record of past sessions."),
                proposed_by=by,
                proposed_at=item.session.starts,
                answered_at=item.session.starts,
            )
        )
        if names[1:]:
            item.note = _("With %(names)s.") % {"names": ", ".join(names[1:])}
            item.save(update_fields=["note"])
    return noted


# --- A whole table -------------------------------------------------------------------------------------------


def find_unknown(club: Club, rows: Iterable[PastRow]) -> list[PastRow]:
    """Return rows, each identifier once, of whose paper nothing is known here."""
    first: dict[Identifier, PastRow] = {}
    for row in rows:
        if row.identifier is not None:
            first.setdefault(row.identifier, row)
    known = submissions.find_known(list(first), club)
    return [row for name, row in first.items() if name not in known]


def group_days(rows: Iterable[PastRow]) -> list[list[PastRow]]:
    """Return the rows of each day, oldest day first, in the order of the table."""
    ordered = sorted(rows, key=attrgetter("day"))
    return [list(group) for _day, group in groupby(ordered, key=attrgetter("day"))]


def bring_in(
    club: Club,
    table: PastTable,
    *,
    starts_at: time,
    minutes: int,
    by: User | None,
    reasons: Mapping[Identifier, str] | None = None,
    on_day: Callable[[int, int], None] | None = None,
) -> Added:
    """Bring in a whole table in this very process, as the shell does; return what came of it."""
    total = Added(rejections=list(table.rejections))
    people = load_people(club)
    days = group_days(table.rows)
    for number, rows in enumerate(days, start=1):
        added = add_day(
            club, rows, starts_at=starts_at, minutes=minutes, by=by, people=people, reasons=reasons
        )
        total.sessions += added.sessions
        total.items += added.items
        total.unchanged += added.unchanged
        total.rejections += added.rejections
        if on_day:
            on_day(number, len(days))
    return total


@verb
def queue_past(
    club: Club,
    content: bytes,
    *,
    name: str,
    columns: Mapping[str, str],
    day_first: bool | None,
    starts_at: time,
    minutes: int,
    by: User,
) -> PastImport:
    """Let a worker bring in a table whose columns are confirmed. Raises Refused for one that is too large."""
    check_size(len(content))
    run = PastImport.objects.create(
        club=club,
        by=by,
        input_name=name[:300],
        content=content,
        columns=dict(columns),
        day_first=day_first,
        starts_at=starts_at,
        minutes=minutes,
    )
    _wake(run)
    return run


def check_size(size: int) -> None:
    if size > MOST_BYTES:
        raise Refused(
            _("The table has more than %(most)d MB. Cut it in parts.") % {"most": MOST_BYTES // 10**6}
        )


def _wake(run: PastImport) -> None:
    from papers import tasks

    transaction.on_commit(lambda: tasks.bring_in_past.delay(run.pk), robust=True)


def take_due(now: datetime) -> list[int]:
    """Return those that wait, as no message reached them or papers were looked up, and those whose worker is gone."""
    return list(PastImport.objects.due(now).order_by("due_at", "pk").values_list("pk", flat=True)[:100])


def perform(pk: int) -> None:
    """Bring in a table that waits, day after day; nothing is done where another worker does, or it is over."""
    run = _lease(pk)
    if run is None:
        return
    try:
        today = timezone.now().astimezone(ZoneInfo(run.club.time_zone)).date()
        table = read_past_table(
            io.BytesIO(bytes(run.content)), columns=run.columns, day_first=run.day_first, today=today
        )
        if run.taken == 0 and _waits_for_papers(run, table):
            return
        _take_days(run, table)
    except UnreadableInput as error:
        _end(run, State.FAILED, str(error))
    except Exception:
        logger.exception("Table %s of past sessions broke off", run.pk)
        if run.failures + 1 >= ATTEMPTS:
            _end(run, State.FAILED, _("It broke off again and again. The log of the worker tells what."))
        else:
            _put_back(run, timedelta(seconds=10), failures=run.failures + 1)


def _lease(pk: int) -> PastImport | None:
    now = timezone.now()
    with transaction.atomic():
        runs = PastImport.objects.due(now).select_for_update(skip_locked=True, of=("self",))
        run = runs.select_related("club", "by", "lookup").filter(pk=pk).first()
        if run is not None:
            run.state, run.leased_until, run.attempts = State.RUNNING, now + LEASE, run.attempts + 1
            run.save(update_fields=["state", "leased_until", "attempts"])
    return run


def _waits_for_papers(run: PastImport, table: PastTable) -> bool:
    """Have papers looked up that only their identifier names; return whether that is still under way."""
    if run.lookup is not None and not run.lookup.is_over:
        _put_back(run, LOOKED_AFTER)
        return True
    if run.by is None or not permissions.can_import(run.by, run.club):
        return False
    asked = set(_load_reasons(run))
    rows = [row for row in find_unknown(run.club, table.rows) if row.identifier not in asked]
    found = mentions.Found()
    for row in rows[: submissions.MOST]:
        assert row.identifier is not None
        found.add(row.identifier, str(row.identifier), row.place)
    if not found.mentions:
        return False
    try:
        run.lookup = submissions.submit(found, by=run.by, club=run.club)
    except submissions.TooMuch as refusal:
        _put_back(run, timedelta(seconds=refusal.seconds))
    else:
        run.save(update_fields=["lookup"])
        _put_back(run, LOOKED_AFTER)
    return True


def _load_reasons(run: PastImport) -> dict[Identifier, str]:
    """Return what was asked for since the table came in, with why there is no paper, if there is none."""
    items = SubmissionItem.objects.filter(
        run__queued_by=run.by, run__club=run.club, run__queued__gte=run.queued
    )
    return {submissions.identifier_of(item): item.reason for item in items.order_by("pk")}


def _take_days(run: PastImport, table: PastTable) -> None:
    days = group_days(table.rows)
    people, reasons = load_people(run.club), _load_reasons(run)
    if run.taken == 0:
        run.days, run.rejections = len(days), [_describe(each) for each in table.rejections]
    for rows in days[run.taken :]:
        with transaction.atomic():
            added = add_day(
                run.club,
                rows,
                starts_at=run.starts_at,
                minutes=run.minutes,
                by=run.by,
                people=people,
                reasons=reasons,
            )
            run.taken += 1
            run.sessions_made += added.sessions
            run.items_made += added.items
            run.unchanged += added.unchanged
            run.rejections += [_describe(each) for each in added.rejections]
            run.leased_until = timezone.now() + LEASE
            if not _save(run):
                return
    _end(run, State.DONE)


def _describe(rejection: Rejection) -> dict[str, str]:
    return {"place": rejection.place, "reason": rejection.reason, "raw": rejection.raw[:500]}


def _save(run: PastImport) -> bool:
    """Write the counts, unless another worker has taken the table over; then what was done in vain is taken back."""
    mine = PastImport.objects.filter(pk=run.pk, state=State.RUNNING, attempts=run.attempts)
    names = ("taken", "days", "sessions_made", "items_made", "unchanged", "rejections", "leased_until")
    if mine.update(**{name: getattr(run, name) for name in names}):
        return True
    transaction.set_rollback(True)
    return False


def _put_back(run: PastImport, wait: timedelta, *, failures: int = 0) -> None:
    """Let it be taken up again after a while: by a message, or by the tick where that is lost."""
    from papers import tasks

    mine = PastImport.objects.filter(pk=run.pk, state=State.RUNNING, attempts=run.attempts)
    mine.update(state=State.QUEUED, due_at=timezone.now() + wait, leased_until=None, failures=failures)
    seconds = wait.total_seconds() + 0.5
    transaction.on_commit(lambda: tasks.bring_in_past.apply_async([run.pk], countdown=seconds), robust=True)


def _end(run: PastImport, state: PastImport.State, error: str = "") -> None:
    PastImport.objects.filter(pk=run.pk, state=State.RUNNING, attempts=run.attempts).update(
        state=state,
        error=error,
        finished=timezone.now(),
        leased_until=None,
        content=b"",
        days=run.days,
        rejections=sorted(run.rejections, key=_number_of),
    )


def _number_of(rejection: Mapping[str, str]) -> int:
    digits = "".join(filter(str.isdigit, rejection["place"]))
    return int(digits or 0)

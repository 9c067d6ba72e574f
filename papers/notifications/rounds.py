"""What the clock looks for each minute: reminders that are due, people who were asked, sessions that changed.

Nothing here is called by the verbs that change sessions, plans and agendas: each round compares what is with what was
told, and queues the difference. So it does not matter who made a change, by which door, or whether the worker was
there at that moment; and a round that runs twice, or in two workers at once, queues nothing twice.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import F, Q, QuerySet

from accounts.models import User
from papers.models import (
    Announced,
    Assignment,
    Attendance,
    OutgoingMail,
    ReminderSchedule,
    Session,
    SwapOffer,
)
from papers.notifications import calendar_mails, letters, outbox
from papers.notifications.briefings import Briefing, load_briefings
from papers.notifications.preferences import wants
from papers.notifications.reminders import Due, Meeting, Schedule, due_reminders
from papers.notifications.schedules import make_schedule

Kind = OutgoingMail.Kind
State = Session.State

AHEAD: Final = timedelta(days=62)
"""So far ahead a session may have a reminder that is due: the longest that a schedule allows, and a day or two."""

GRACE: Final = timedelta(minutes=3)
"""So long an organiser has to think better of a change before people are told of it."""

NEAR: Final = timedelta(days=14)
"""A session that changes further ahead is news only to those who have a part in it or said that they come."""

NEWS: Final = timedelta(days=3)
"""So long an answer is news to who waited for it."""

TOLD: Final = [OutgoingMail.State.SENDING, OutgoingMail.State.SENT, OutgoingMail.State.UNCERTAIN]


def remind(now: datetime) -> None:
    """Queue the reminders that are due, to each who is to have them and has not."""
    sessions = _load_coming(now)
    dues = _find_due(sessions, now)
    if not dues:
        return
    by_session = {session.pk: session for session in sessions}
    briefings = load_briefings([by_session[pk] for pk in {due.session for due in dues}])
    known = _load_keys(dues)
    outbox.put(
        [
            letters.write(due.kind, briefing, person, key=due.key, until=due.until, parts=parts)
            for due in dues
            for briefing in [briefings[due.session]]
            for person, parts in _find_reminded(due, briefing)
            if f"{due.key}:user {person.pk}" not in known
        ],
        now=now,
    )


def _load_coming(now: datetime) -> list[Session]:
    near = Q(starts__lte=now + AHEAD) | Q(lock_at__lte=now + AHEAD)
    coming = Session.objects.filter(near, ends__gt=now, state__in=[State.OPEN, State.LOCKED])
    return list(coming.select_related("club"))


def _find_due(sessions: Sequence[Session], now: datetime) -> list[Due]:
    schedules = {
        row.club_id: make_schedule(row)
        for row in ReminderSchedule.objects.filter(club__in={session.club_id for session in sessions})
    }
    by_club: dict[int, list[Meeting]] = defaultdict(list)
    for session in sessions:
        by_club[session.club_id].append(
            Meeting(
                session=session.pk,
                starts=session.starts,
                ends=session.ends,
                lock_at=session.lock_at,
                locked_at=session.locked_at if session.state == State.LOCKED else None,
                zone=session.time_zone,
            )
        )
    return [
        due
        for club, meetings in by_club.items()
        for due in due_reminders(schedules.get(club, Schedule()), meetings, now)
    ]


def _load_keys(dues: Iterable[Due]) -> set[str]:
    dues = list(dues)
    mails = OutgoingMail.objects.filter(
        session__in={due.session for due in dues}, kind__in={due.kind for due in dues}
    )
    return set(mails.values_list("key", flat=True))


def _find_reminded(due: Due, briefing: Briefing) -> list[tuple[User, list[Assignment]]]:
    """Return who is to have a reminder, each with the parts that it is about."""
    if due.kind in {Kind.PART_SOON, Kind.PART_TOMORROW}:
        members = {person.pk: person for person in briefing.members}
        return [
            (members[pk], parts)
            for pk, parts in briefing.parts.items()
            # Who was asked since hears of it by that mail.
            if pk in members and wants(members[pk], due.kind) and min(p.proposed_at for p in parts) <= due.at
        ]
    return [
        (person, [])
        for person in briefing.members
        if wants(person, due.kind, has_part=person.pk in briefing.parts)
        and not (due.kind == Kind.LINK and briefing.answers.get(person.pk) == Attendance.Answer.NO)
    ]


# Who was asked, and whose part went to another


def tell_asked(now: datetime) -> None:
    """Queue a mail to each member who was asked to take parts of a session and has not answered, or is asked again."""
    asked = Assignment.objects.filter(
        state=Assignment.State.PROPOSED,
        member__is_active=True,
        proposed_at__lte=now - GRACE,
        item__session__state__in=[State.OPEN, State.LOCKED],
        item__session__starts__gt=now,
    ).exclude(proposed_by=F("member"))
    rows = list(asked.values_list("pk", "item__session", "member", "reminded_at"))
    told = _load_told(row[1] for row in rows)
    new: dict[tuple[int, int], set[int]] = defaultdict(set)
    for pk, session, member, reminded_at in rows:
        told_at = told.get((pk, member or 0))
        if told_at is None or (reminded_at is not None and told_at < reminded_at):
            new[session or 0, member or 0].add(pk)
    if not new:
        return
    sessions = Session.objects.filter(pk__in={session for session, _member in new}).select_related("club")
    written = []
    for briefing in load_briefings(sessions).values():
        for person in briefing.members:
            pks = new.get((briefing.session.pk, person.pk), set())
            parts = [part for part in briefing.parts.get(person.pk, ()) if part.pk in pks]
            if parts and wants(person, Kind.ASKED):
                written.append(_ask(briefing, person, parts))
    outbox.put(written, now=now)


def _load_told(sessions: Iterable[int | None]) -> dict[tuple[int, int], datetime]:
    """Return when each was last told of a part they were asked to take, by assignment and member."""
    told: dict[tuple[int, int], datetime] = {}
    mails = OutgoingMail.objects.filter(session__in=set(sessions), kind=Kind.ASKED).order_by("made")
    for member, about, made in mails.exclude(state=OutgoingMail.State.WITHDRAWN).values_list(
        "recipient", "about", "made"
    ):
        told |= {(pk, member): made for pk in about.get("assignments", ())}
    return told


def _ask(briefing: Briefing, person: User, parts: Sequence[Assignment]) -> outbox.Letter:
    names = "+".join(str(part.pk) for part in sorted(parts, key=lambda part: part.pk)[:10])
    again = max((part.reminded_at for part in parts if part.reminded_at), default=None)
    return letters.write(
        Kind.ASKED,
        briefing,
        person,
        key=f"{Kind.ASKED}:assignment {names}" + (f" again {again:%Y-%m-%dT%H:%M}" if again else ""),
        until=briefing.session.starts,
        parts=parts,
        facts={"is_again": again is not None},
    )


def tell_withdrawn(now: datetime) -> None:
    """Queue a mail to each member who was told of a part that was taken from them.

    Who declined, swapped or handed over knows; their row stays, and only what an organiser, a plan or a changed agenda
    took away is gone. It goes out a little later: an organiser who undoes that brings it back.
    """
    told = OutgoingMail.objects.filter(
        kind=Kind.ASKED,
        state__in=TOLD,
        session__state__in=[State.OPEN, State.LOCKED],
        session__starts__gt=now,
    )
    places = {
        (pk, member): session
        for session, member, about in told.values_list("session", "recipient", "about")
        for pk in about.get("assignments", ())
    }
    there = set(Assignment.objects.filter(pk__in={pk for pk, _member in places}).values_list("pk", flat=True))
    keys = {
        (pk, member): f"{Kind.PART_WITHDRAWN}:assignment {pk}" for pk, member in places if pk not in there
    }
    known = set(
        OutgoingMail.objects.filter(
            key__in=[f"{key}:user {member}" for (_pk, member), key in keys.items()]
        ).values_list("key", flat=True)
    )
    new = {place: key for place, key in keys.items() if f"{key}:user {place[1]}" not in known}
    if not new:
        return
    sessions = Session.objects.filter(pk__in={places[place] for place in new}).select_related("club")
    briefings = load_briefings(sessions)
    written = []
    for (pk, member), key in new.items():
        briefing = briefings[places[pk, member] or 0]
        for person in briefing.members:
            if person.pk == member and wants(person, Kind.PART_WITHDRAWN):
                left = [letters.describe_part(part) for part in briefing.parts.get(member, ())]
                written.append(
                    letters.write(
                        Kind.PART_WITHDRAWN, briefing, person, key=key, until=briefing.session.starts,
                        due_at=now + GRACE, facts={"left": left}, about={"gone": pk},
                    )
                )  # fmt: skip
    outbox.put(written, now=now)


def tell_swaps(now: datetime) -> None:
    """Queue a mail to each member who is offered a swap, and to who offered it, once it is answered."""
    answered = [SwapOffer.State.ACCEPTED, SwapOffer.State.DECLINED]
    offers = SwapOffer.objects.filter(
        Q(state=SwapOffer.State.OFFERED, offered_at__lte=now - GRACE)
        | Q(state__in=answered, answered_at__range=(now - NEWS, now)),
        assignment__item__session__starts__gt=now,
        wanted__item__session__starts__gt=now,
    )
    keys = {pk: f"{Kind.SWAP}:offer {pk} {state}" for pk, state in offers.values_list("pk", "state")}
    known = OutgoingMail.objects.filter(kind=Kind.SWAP, about__swap__in=list(keys.values()))
    told = set(known.exclude(state=OutgoingMail.State.WITHDRAWN).values_list("about__swap", flat=True))
    new = offers.filter(pk__in=[pk for pk, key in keys.items() if key not in told])
    sides = ("assignment", "wanted")
    loaded = [
        f"{side}__{path}"
        for side in sides
        for path in ("member", "part", "item__entry__paper", "item__session__club")
    ]
    written = []
    for offer in new.select_related(*loaded):
        # Whose part is told of: what they would give, or what they have once it is answered.
        is_answer = offer.state != SwapOffer.State.OFFERED
        has_swapped = offer.state == SwapOffer.State.ACCEPTED
        theirs, other = offer.wanted, offer.assignment
        if is_answer and not has_swapped:
            theirs, other = other, theirs
        assert theirs.item is not None and theirs.member is not None
        [briefing] = load_briefings([theirs.item.session]).values()
        if theirs.member not in briefing.members or not wants(theirs.member, Kind.SWAP):
            continue
        facts = {
            "by": other.member,
            "answer": offer.state if is_answer else "",
            "other": letters.describe_part(other),
            "other_when": letters.write_session_time(other),
        }
        written.append(
            letters.write(
                Kind.SWAP, briefing, theirs.member, key=keys[offer.pk], until=briefing.session.starts,
                parts=[theirs], facts=facts, about={"swap": keys[offer.pk], "offer": offer.pk},
            )
        )  # fmt: skip
    outbox.put(written, now=now)


# Sessions that moved, or were called off


def announce_changes(now: datetime) -> None:
    """Note sessions that the club sees for the first time, and tell of those whose time, place or state changed."""
    _note_new(now)
    changed = _find_changed(now)
    for pk in changed.values_list("pk", flat=True):
        _announce(pk, now)


def _note_new(now: datetime) -> None:
    shown = Session.objects.filter(starts__gt=now, announced=None)
    new = shown.filter(state__in=[State.OPEN, State.LOCKED, State.CANCELLED])
    Announced.objects.bulk_create([_describe(session) for session in new], ignore_conflicts=True)


def _find_changed(now: datetime) -> QuerySet[Session]:
    changed = Session.objects.filter(announced__isnull=False, changed__lte=now - GRACE, starts__gt=now)
    return changed.exclude(announced__sequence=F("sequence")).exclude(state=State.DRAFT)


@transaction.atomic
def _announce(pk: int, now: datetime) -> None:
    """Queue the news of one session, and note with it what people were told: one worker does."""
    # Another round that is at the same session waits here, and finds it told.
    before = Announced.objects.select_for_update().filter(session=pk).first()
    session = _find_changed(now).select_related("club").filter(pk=pk).first()
    if before is None or session is None:
        return
    after = _describe(session)
    news = describe_change(before, after, session.time_zone)
    if news is not None:
        kind = Kind.CANCELLED if after.is_cancelled else Kind.MOVED
        [briefing] = load_briefings([session]).values()
        outbox.put(
            [
                letters.write(
                    kind,
                    briefing,
                    person,
                    key=f"{kind}:session {session.pk} as of {session.sequence}",
                    until=session.starts,
                    facts=news,
                )
                for person in _find_concerned(before, briefing, kind, now)
            ],
            now=now,
        )
    after.save()


def _describe(session: Session) -> Announced:
    return Announced(
        session=session,
        sequence=session.sequence,
        starts=session.starts,
        place=session.place,
        video_link=session.video_link,
        is_cancelled=session.state == State.CANCELLED,
    )


def describe_change(before: Announced, after: Announced, zone: str) -> dict[str, object] | None:
    """Return what a mail says of a change; None where nothing that people were told is different."""
    was = letters.write_time(before.starts, zone)
    if after.is_cancelled:
        # By the time under which they know it.
        return None if before.is_cancelled else {"when": was}
    news: dict[str, object] = {
        "is_back": before.is_cancelled,
        "was": was if before.starts != after.starts else "",
        "has_new_place": (before.place, before.video_link) != (after.place, after.video_link),
    }
    return news if any(news.values()) else None


def _find_concerned(before: Announced, briefing: Briefing, kind: str, now: datetime) -> list[User]:
    is_near = min(before.starts, briefing.session.starts) <= now + NEAR
    comes = {
        pk
        for pk, answer in briefing.answers.items()
        if answer in {Attendance.Answer.YES, Attendance.Answer.MAYBE}
    }
    return [
        person
        for person in briefing.members
        if wants(person, kind, has_part=person.pk in briefing.parts)
        and (is_near or person.pk in briefing.parts or person.pk in comes)
    ]


ROUNDS: Final = {
    "remind": remind,
    "tell_asked": tell_asked,
    "tell_withdrawn": tell_withdrawn,
    "tell_swaps": tell_swaps,
    "announce_changes": announce_changes,
    "invite": calendar_mails.invite,
}


def list_rounds(now: datetime) -> list[str]:
    """Return the names of all rounds: each is looked at each minute, by a task of its own."""
    return list(ROUNDS)

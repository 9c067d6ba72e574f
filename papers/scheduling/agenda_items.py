"""What organisers and the clock do to an agenda: fill it by the votes, add, take off, move, override, undo.

Each verb locks the session, writes a line into the record of changes, and stamps the club once. `expects` is the
agenda's number (`Session.agenda_version`) that the person had before them: where somebody else was faster, nothing is
done and `AgendaChanged` says what they did.

A paper is scheduled while it stands on the agenda of a session whose votes are closed, or is pinned to one that is
open. In a draft nobody is to learn of it.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from django.db import transaction
from django.db.models import Exists, Model, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Club, Membership, User
from papers import reading_list, voting
from papers.models import (
    ActionItem,
    AgendaChange,
    AgendaItem,
    Assignment,
    Attachment,
    Entry,
    MergedPaper,
    Part,
    Question,
    Session,
    Tombstone,
)
from papers.models.sessions import MOST_MINUTES
from papers.records import clean_line
from papers.verbs import verb
from papers.versions import Gone, Stamps, kind_of

from . import agenda
from .refusals import Refused

logger = logging.getLogger(__name__)

MOST_ITEMS: Final = 300
NAME_LENGTH: Final = 80
"""Characters of a title in the record of changes."""

Act = AgendaChange.Act
State = Session.State
Row = dict[str, Any]


class IsOver(Refused):
    """The agenda of a session that was held, or cancelled, stays as it was."""


class AgendaChanged(Refused):
    """Somebody else has changed the agenda since the person saw it."""


class AsksFirst(Refused):
    """What takes something with it that others have done: it is done when it is asked for with `anyway`."""


# --- Filling -----------------------------------------------------------------------------------------------


@verb
def lock_session(
    session: Session, *, now: datetime, by: User | None = None, expects: int | None = None
) -> Session:
    """Close the votes of a session and fill its agenda from them; a locked one stays as it is.

    Votes count as they were when they were to close, however late this comes; by hand it may come earlier, and then
    they close now. Raises Refused, where the session is cancelled.
    """
    desk = _Desk(session, expects, is_over=True)
    session = desk.session
    if session.state in {State.LOCKED, State.HELD}:
        return session
    if now < session.lock_at:
        session.lock_at = now
        session.own = sorted({*session.own, "lock_at"})
    session.state, session.locked_at = State.LOCKED, session.lock_at
    session.sequence += 1
    session.save(update_fields=["lock_at", "own", "state", "locked_at", "sequence"])
    _wait_for_votes(session.club)
    accepted = _find_accepted(desk.items)
    standing = [
        agenda.Standing(
            item.pk,
            item.minutes,
            item.entry_id,
            stays=item.entry_id is None or item.is_pinned or item.pk in accepted or bool(_find_lost(item)),
            is_closing=item.is_closing,
        )
        for item in desk.items
    ]
    filling = agenda.fill(_rank(session, now), standing, minutes=session.minutes, kind=session.kind)
    known = {item.pk: item for item in desk.items}
    desk.remove([known[key] for key in filling.freed])
    desk.items = [_take_place(session, place, known) for place in filling.places]
    stamps = Stamps()
    reading_list.reveal(session, now=now, stamps=stamps)
    desk.write(Act.LOCKED, filling.said, by=by, always=True, stamps=stamps)
    return session


def _take_place(session: Session, place: agenda.Place, known: dict[int, AgendaItem]) -> AgendaItem:
    item = known[place.key] if place.key is not None else AgendaItem(session=session)
    item.minutes = place.minutes
    if place.ranked is not None:
        item.entry_id, item.is_closing = place.ranked.entry_id, False
        item.reason = place.ranked.reason[:500]
        item.score = place.ranked.score
    return item


def find_due_clubs(now: datetime) -> list[int]:
    """Return the clubs with sessions whose time for votes is over: for each, `lock_due`."""
    due = Session.objects.filter(state=State.OPEN, lock_at__lte=now)
    return list(due.order_by("club").values_list("club", flat=True).distinct())


def lock_due(now: datetime, *, club: int | None = None) -> list[int]:
    """Lock the sessions whose time for votes is over, of one club or of all; return their ids.

    Several at once are harmless: each takes what no other has in hand, and a club's sessions one after the other in
    the order in which their votes closed, since a paper on one agenda is none for the next.
    """
    locked: list[int] = []
    failed: list[int] = []
    while True:
        with transaction.atomic():
            due = Session.objects.filter(state=State.OPEN, lock_at__lte=now).exclude(pk__in=failed)
            due = due if club is None else due.filter(club=club)
            earlier = due.filter(
                Q(lock_at__lt=OuterRef("lock_at")) | Q(lock_at=OuterRef("lock_at"), pk__lt=OuterRef("pk")),
                club=OuterRef("club"),
            )
            first = due.filter(~Exists(earlier)).order_by("lock_at", "pk")
            session = first.select_for_update(skip_locked=True).first()
            if session is None:
                return locked
            try:
                with transaction.atomic():
                    lock_session(session, now=now)
                locked.append(session.pk)
            except Exception:  # one that cannot be locked keeps no other from it; the next minute tries again
                logger.exception("Session %s could not be locked", session.pk)
                failed.append(session.pk)


@verb
def unlock_session(
    session: Session, *, lock_at: datetime, now: datetime, by: User, expects: int | None = None
) -> Session:
    """Open the votes of a locked session again, until `lock_at`; its agenda fills anew then.

    Pinned papers and topics stay. A paper that somebody has accepted a part in is pinned by that. Raises Refused.
    """
    desk = _Desk(session, expects)
    session = desk.session
    if session.state != State.LOCKED:
        raise Refused(_("Only a session whose votes are closed can be opened to votes again."))
    if not now < lock_at <= session.starts:
        raise Refused(_("Say when votes close anew: from now on, and before the session starts."))
    session.state, session.locked_at, session.lock_at = State.OPEN, None, lock_at
    session.own = sorted({*session.own, "lock_at"})
    session.sequence += 1
    session.save(update_fields=["state", "locked_at", "lock_at", "own", "sequence"])
    accepted = _find_accepted(desk.items)
    for item in desk.items:
        item.is_pinned = item.is_pinned or (item.pk in accepted and item.entry_id is not None)
    desk.write(Act.UNLOCKED, _("Votes are open again."), by=by, always=True)
    return session


# --- Changing ----------------------------------------------------------------------------------------------


@verb
def add_item(
    session: Session,
    *,
    by: User,
    entry: Entry | None = None,
    title: str = "",
    minutes: int | None = None,
    to: int | None = None,
    is_closing: bool | None = None,
    is_pinned: bool = True,
    note: str = "",
    expects: int | None = None,
) -> AgendaItem:
    """Put a paper of the club, or a topic, on an agenda: at a place, or at its end. Raises Refused."""
    desk = _Desk(session, expects)
    item = _make_item(
        desk, entry=entry, title=title, minutes=minutes, note=note, is_pinned=is_pinned, by=by
    )  # fmt: skip
    desk.put(item, to, is_closing)
    desk.write(Act.ADDED, _("“%(name)s” put on the agenda.") % {"name": _name(item)}, by=by)
    return item


@verb
def remove_item(
    item: AgendaItem, *, by: User, anyway: bool = False, expects: int | None = None
) -> AgendaItem:
    """Take an item off an agenda; its paper goes back to the list, and parts in it end. Raises Refused.

    To undo it brings parts back as they were. Files, questions and action items stay with the session;
    that is asked about first.
    """
    desk = _Desk(item.session, expects)
    item = desk.find(item)
    desk.remove([item], anyway=anyway)
    desk.write(Act.REMOVED, _("“%(name)s” taken off the agenda.") % {"name": _name(item)}, by=by)
    return item


@verb
def move_item(
    item: AgendaItem,
    *,
    to: int,
    by: User,
    is_closing: bool | None = None,
    expects: int | None = None,
) -> AgendaItem:
    """Put an item at another place of its agenda, counted from 1.

    `is_closing` says whether it stands below the papers to come; where it is left out, its neighbours decide.
    """
    desk = _Desk(item.session, expects)
    item = desk.find(item)
    desk.put(item, to, is_closing)
    said = _("“%(name)s” moved to place %(place)d.")
    desk.write(Act.MOVED, said % {"name": _name(item), "place": desk.items.index(item) + 1}, by=by)
    return item


@verb
def swap_items(first: AgendaItem, second: AgendaItem, *, by: User, expects: int | None = None) -> Session:
    """Let two items of an agenda change places. Raises Refused."""
    desk = _Desk(first.session, expects)
    first, second = desk.find(first), desk.find(second)
    one, other = desk.items.index(first), desk.items.index(second)
    desk.items[one], desk.items[other] = second, first
    first.is_closing, second.is_closing = second.is_closing, first.is_closing
    said = _("“%(one)s” and “%(other)s” changed places.") % {"one": _name(first), "other": _name(second)}
    desk.write(Act.SWAPPED, said, by=by)
    return desk.session


@verb
def change_item(
    item: AgendaItem,
    *,
    by: User,
    minutes: int | None = None,
    is_pinned: bool | None = None,
    title: str | None = None,
    note: str | None = None,
    expects: int | None = None,
) -> AgendaItem:
    """Change what an item says of itself; what is None stays. Raises Refused."""
    desk = _Desk(item.session, expects)
    item = desk.find(item)
    said = []
    if minutes is not None and minutes != item.minutes:
        item.minutes = _check_minutes(minutes)
        said.append(_("%(minutes)d minutes") % {"minutes": minutes})
    if is_pinned is not None and is_pinned != item.is_pinned:
        item.is_pinned = is_pinned
        said.append(_("pinned") if is_pinned else _("no longer pinned"))
    if title is not None and title != item.title:
        if item.entry_id is not None:
            raise Refused(_("A paper has its own title. Write a note instead."))
        item.title = _clean_title(title)
        said.append(_("called “%(title)s”") % {"title": Truncator(item.title).chars(NAME_LENGTH)})
    if note is not None and note != item.note:
        item.note = _clean_note(note)
        said.append(_("note: %(note)s") % {"note": item.note} if item.note else _("without a note"))
    if said:
        desk.write(Act.CHANGED, f"“{_name(item)}”: {', '.join(said)}.", by=by)
    return item


def pin(item: AgendaItem, *, by: User, is_pinned: bool = True, expects: int | None = None) -> AgendaItem:
    """Pin a paper, so that it stays when the agenda fills, or take the pin away."""
    return change_item(item, is_pinned=is_pinned, by=by, expects=expects)


def set_minutes(item: AgendaItem, minutes: int, *, by: User, expects: int | None = None) -> AgendaItem:
    """Give an item so many minutes. Raises Refused."""
    return change_item(item, minutes=minutes, by=by, expects=expects)


@verb
def override(
    item: AgendaItem,
    *,
    note: str,
    by: User,
    entry: Entry | None = None,
    title: str = "",
    anyway: bool = False,
    expects: int | None = None,
) -> AgendaItem:
    """Put another paper or a topic in the place and minutes of an item, with a note that says why. Raises Refused."""
    desk = _Desk(item.session, expects)
    item = desk.find(item)
    note = _clean_note(note)
    if not note:
        raise Refused(_("Say in a note why it is put in the place of the other."))
    another = _make_item(desk, entry=entry, title=title, minutes=item.minutes, note=note, by=by)
    another.is_closing = item.is_closing
    desk.remove([item], anyway=anyway, by_another=another)
    said = _("“%(new)s” put in the place of “%(old)s”: %(note)s")
    desk.write(Act.OVERRIDDEN, said % {"new": _name(another), "old": _name(item), "note": note}, by=by)
    return another


@dataclass(frozen=True, slots=True)
class Wanted:
    """An item as an agenda is to have it: one that is there, an entry, or a topic; what is None stays as it is."""

    item: int | None = None
    entry: Entry | None = None
    title: str | None = None
    minutes: int | None = None
    is_pinned: bool | None = None
    is_closing: bool | None = None
    note: str | None = None


@verb
def arrange(
    session: Session, wanted: Sequence[Wanted], *, by: User, anyway: bool = False, expects: int | None = None
) -> Session:
    """Make an agenda as it is wanted, in that order; what is not in it is taken off. Raises Refused."""
    desk = _Desk(session, expects)
    known = {item.pk: item for item in desk.items}
    named = [each.item for each in wanted if each.item is not None]
    if len(set(named)) < len(named) or not known.keys() >= set(named):
        raise Refused(_("Name each item of this agenda once, by its id; new ones have none."))
    desk.remove([item for item in desk.items if item.pk not in set(named)], anyway=anyway)
    desk.items = [item for item in desk.items if item.pk in set(named)]
    arranged = []
    for each in wanted:
        if each.item is None:
            item = _make_item(desk, entry=each.entry, title=each.title or "", by=by)
            desk.items.append(item)
        else:
            item = known[each.item]
            if each.title is not None and item.entry_id is None:
                item.title = _clean_title(each.title)
        item.minutes = item.minutes if each.minutes is None else _check_minutes(each.minutes)
        item.is_pinned = item.is_pinned if each.is_pinned is None else each.is_pinned
        item.is_closing = item.is_closing if each.is_closing is None else each.is_closing
        item.note = item.note if each.note is None else _clean_note(each.note)
        arranged.append(item)
    desk.items = arranged
    desk.write(Act.ARRANGED, _("The agenda was arranged anew."), by=by)
    return desk.session


@verb
def undo(
    session: Session,
    *,
    by: User,
    change: AgendaChange | None = None,
    anyway: bool = False,
    expects: int | None = None,
) -> Session:
    """Make an agenda as it was before its last change, or before an earlier one and all since. Raises Refused.

    What was taken off comes back with its parts, if those asked are still members. That votes closed is not undone
    so, but by opening them again. Items that somebody has accepted a part in, and that would go, are asked about.
    """
    desk = _Desk(session, expects)
    since = list(find_undoable(desk.session))
    if change is not None:
        if change.pk not in {each.pk for each in since}:
            raise Refused(_("This change has been undone already, or votes have closed or opened since."))
        since = [each for each in since if each.pk >= change.pk]
    else:
        since = since[:1]
    if not since:
        raise Refused(_("There is nothing to undo."))
    first = since[-1]
    desk.restore(first.before, [row for each in since for row in each.ended], anyway=anyway)
    AgendaChange.objects.filter(pk__in=[each.pk for each in since]).update(is_undone=True)
    said = ngettext("Undone: %(said)s", "%(n)d changes undone, back to before: %(said)s", len(since))
    desk.write(Act.UNDONE, said % {"n": len(since), "said": first.said}, by=by, also=since, always=True)
    return desk.session


def find_undoable(session: Session) -> QuerySet[AgendaChange]:
    """Return the changes that can be undone, the last one first: those since votes closed or opened."""
    changes = AgendaChange.objects.filter(session=session)
    border = changes.filter(act__in=[Act.LOCKED, Act.UNLOCKED]).values_list("pk", flat=True).first() or 0
    return changes.filter(pk__gt=border, is_undone=False).exclude(act=Act.UNDONE)


# --- The desk on which an agenda lies while it changes ---------------------------------------------------------


class _Desk:
    """A session's agenda, locked, with what it was before."""

    def __init__(self, session: Session, expects: int | None, *, is_over: bool = False) -> None:
        sessions = Session.objects.select_for_update(of=("self",)).select_related("club")
        self.session = sessions.get(pk=session.pk)
        if self.session.state == State.CANCELLED:
            raise IsOver(_("This session is cancelled. Bring it back first."))
        if self.session.state == State.HELD and not is_over:
            raise IsOver(_("This session was held. Say first that it was not."))
        if expects is not None and expects != self.session.agenda_version:
            raise AgendaChanged(_tell_changes(self.session, expects))
        self.items = list(_load_items(self.session))
        self.before = [_describe(item) for item in self.items]
        self.scheduled = _list_scheduled(self.session, self.items)
        self.ended: list[Row] = []
        self.gone: list[Gone] = []
        self.revived: list[Assignment] = []
        self.loosened: list[Model] = []

    def find(self, item: AgendaItem) -> AgendaItem:
        for each in self.items:
            if each.pk == item.pk:
                return each
        raise Refused(_("This is no longer on the agenda."))

    def put(self, item: AgendaItem, to: int | None, is_closing: bool | None) -> None:
        """Put an item at a place, whether it was on the agenda before or not; without one last of its kind."""
        others = [each for each in self.items if each is not item]
        closing = [each.is_closing for each in others]
        if to is None:
            to = len(others) + 1 if is_closing else closing.count(False) + 1
        slot = agenda.find_slot(closing, to, item.is_closing if is_closing is None else is_closing)
        others.insert(slot.position - 1, item)
        item.is_closing = slot.is_closing
        self.items = others

    def remove(
        self, items: Iterable[AgendaItem], *, anyway: bool = True, by_another: AgendaItem | None = None
    ) -> None:
        """Delete items with the parts in them, which are kept in the record. Raises AsksFirst."""
        for item in items:
            if not anyway and (lost := _find_lost(item)):
                raise AsksFirst(
                    _("“%(name)s” has %(what)s, which would be the session's alone. Take it off anyway?")
                    % {"name": _name(item), "what": lost}
                )
            assignments = list(item.assignments.all())
            self.ended += [_describe_assignment(each) for each in assignments]
            self.gone += [(Assignment, each.pk) for each in assignments] + [(AgendaItem, item.pk)]
            self.loosened += _loosen(item)
            place = self.items.index(item)
            self.items[place : place + 1] = [] if by_another is None else [by_another]
            AgendaItem.objects.filter(pk=item.pk).delete()

    def restore(self, rows: Sequence[Row], ended: Sequence[Row], *, anyway: bool) -> None:
        """Make the agenda of the record's rows again. Raises AsksFirst."""
        known = {item.pk: item for item in self.items}
        kept = {row["id"] for row in rows}
        going = [item for item in self.items if item.pk not in kept]
        if not anyway and (accepted := _find_accepted(going)):
            item = next(item for item in going if item.pk in accepted)
            raise AsksFirst(
                _("%(who)s has accepted a part in “%(name)s”, which would go. Undo it anyway?")
                % {"who": accepted[item.pk], "name": _name(item)}
            )
        self.remove(going, anyway=anyway)
        entries = _find_entries(self.session.club, rows)
        self.items = []
        for row in rows:
            item = known.get(row["id"]) or _revive_item(self.session, row)
            if row["entry"] is not None:
                entry = entries.get(row["entry"])
                if entry is None:  # its paper became one with another that stands here, or is gone
                    if item.pk in known:
                        self.remove_now(item)
                    continue
                item.entry = entry
            for name in ("title", "minutes", "is_pinned", "is_closing", "note", "reason"):
                setattr(item, name, row[name])
            item.score = None if row["score"] is None else Decimal(row["score"])
            self.items.append(item)
        self.revived = _revive_assignments(
            self.session, ended, {row["id"] for row in rows} - known.keys()
        )  # fmt: skip

    def remove_now(self, item: AgendaItem) -> None:
        self.loosened += _loosen(item)
        self.gone.append((AgendaItem, item.pk))
        AgendaItem.objects.filter(pk=item.pk).delete()

    def write(
        self,
        act: str,
        said: str,
        *,
        by: User | None,
        also: Sequence[Any] = (),
        always: bool = False,
        stamps: Stamps | None = None,
    ) -> None:
        """Save the items in their order and note the change; the last statements of the verb.

        Where all is as it was nothing is written, but `always`.
        """
        session = self.session
        stamps = stamps or Stamps()
        opens = False
        for item in reversed(self.items):  # above one that does not close the session none does
            opens = opens or not item.is_closing
            item.is_closing = not opens
        before = {row["id"]: row for row in self.before}
        changed: list[AgendaItem] = []
        for position, item in enumerate(self.items, start=1):
            has_moved, item.position = item.position != position, position
            if item.pk is None or item._state.adding:
                item.save(force_insert=True)
                changed.append(item)
            elif has_moved or _describe(item) != before[item.pk]:
                changed.append(item)
        old = [item for item in changed if item.pk in before]
        AgendaItem.objects.bulk_update(
            old,
            [
                *("entry", "title", "position", "minutes", "is_pinned", "is_closing", "note", "reason"),
                *("score",),
            ],
        )
        after = [_describe(item) for item in self.items]
        if after == self.before and not always:
            return
        for assignment in self.revived:
            assignment.save(force_insert=True)
        _raise_from_the_dead(session.club, [*changed, *self.revived])
        self._schedule(by, stamps)
        session.agenda_version += 1
        session.changed = timezone.now()
        session.save(update_fields=["agenda_version", "changed"])
        change = AgendaChange.objects.create(
            session=session,
            number=session.agenda_version,
            act=act,
            said=Truncator(said).chars(1_000),
            by=by,
            before=self.before,
            after=after,
            ended=self.ended,
        )
        stamps.add(session.club, [session, change, *changed, *self.revived, *self.loosened, *also], self.gone)
        stamps.write()

    def _schedule(self, by: User | None, stamps: Stamps) -> None:
        now = _list_scheduled(self.session, self.items)
        entries = Entry.objects.filter(pk__in=now ^ self.scheduled).order_by("pk")
        for entry in entries:
            act = reading_list.schedule if entry.pk in now else reading_list.unschedule
            act(entry, self.session, by=by, stamps=stamps)


def _load_items(session: Session) -> QuerySet[AgendaItem]:
    items = session.agenda.select_related("entry__paper", "added_by").defer("entry__paper__search_text")
    return items.order_by("position", "pk")


def _make_item(
    desk: _Desk,
    *,
    entry: Entry | None,
    title: str,
    by: User,
    minutes: int | None = None,
    note: str = "",
    is_pinned: bool = True,
) -> AgendaItem:
    session = desk.session
    if len(desk.items) >= MOST_ITEMS:
        raise Refused(_("An agenda has at most %(most)d items.") % {"most": MOST_ITEMS})
    if entry is not None:
        if entry.club_id != session.club_id:
            raise Refused(_("This paper is on another club's list."))
        if any(item.entry_id == entry.pk for item in desk.items):
            raise Refused(_("This paper stands on the agenda already."))
    return AgendaItem(
        session=session,
        entry=entry,
        title="" if entry else _clean_title(title),
        minutes=_check_minutes(_usual_minutes(desk, entry) if minutes is None else minutes),
        is_pinned=is_pinned and entry is not None,
        note=_clean_note(note),
        reason=_("%(who)s put it here.") % {"who": by.display_name},
        added_by=by,
    )


def _usual_minutes(desk: _Desk, entry: Entry | None) -> int:
    share = agenda.SHARES.get(desk.session.kind)
    if share is None:
        return max(agenda.USUAL_TOPIC, desk.session.minutes - sum(item.minutes for item in desk.items))
    return agenda.USUAL_TOPIC if entry is None else min(share.usual, desk.session.minutes)


def _check_minutes(minutes: int) -> int:
    if not 1 <= minutes <= MOST_MINUTES:
        raise Refused(_("Give it 1 to %(most)d minutes.") % {"most": MOST_MINUTES})
    return minutes


def _clean_title(text: str) -> str:
    title = clean_line(text)[:300]
    if not title:
        raise Refused(_("Choose a paper, or say what the topic is."))
    return title


def _clean_note(text: str) -> str:
    return clean_line(text)[:500]


def _name(item: AgendaItem) -> str:
    """Return what an item is about, in the length of the record."""
    return Truncator(item.entry.paper.title if item.entry else item.title).chars(NAME_LENGTH)


def _tell_changes(session: Session, expects: int) -> str:
    changes = AgendaChange.objects.filter(session=session, number__gt=expects).select_related("by")
    last = changes.first()
    if last is None:
        return _("The agenda has changed meanwhile. Look at it as it is now, then decide again.")
    who = last.by.display_name if last.by else _("The clock")
    said = last.said if last.said.endswith((".", "!", "?")) else f"{last.said}."
    told = _("%(who)s has changed the agenda meanwhile: %(said)s Look at it as it is now, then decide again.")
    return told % {"who": who, "said": said}


# --- The record ----------------------------------------------------------------------------------------------


def _describe(item: AgendaItem) -> Row:
    """Return what the record keeps of an item, as JSON."""
    return {
        "id": item.pk,
        "entry": item.entry_id,
        "paper": item.entry.paper_id if item.entry else None,
        "name": _name(item),
        "title": item.title,
        "minutes": item.minutes,
        "is_pinned": item.is_pinned,
        "is_closing": item.is_closing,
        "note": item.note,
        "reason": item.reason,
        "score": None if item.score is None else str(item.score.normalize()),
        "added_by": item.added_by_id,
        "started_at": item.started_at.isoformat() if item.started_at else None,
        "notes": item.notes,
        "notes_version": item.notes_version,
        "verdict": item.verdict,
        "takeaways": item.takeaways,
    }


def _revive_item(session: Session, row: Row) -> AgendaItem:
    """Make an item again that was taken off, by its id; the caller sets what else the record has of it."""
    return AgendaItem(
        pk=row["id"],
        session=session,
        added_by=User.objects.filter(pk=row["added_by"]).first(),
        started_at=datetime.fromisoformat(row["started_at"]) if row["started_at"] else None,
        notes=row["notes"],
        notes_version=row["notes_version"],
        verdict=row["verdict"],
        takeaways=row["takeaways"],
    )


def _describe_assignment(assignment: Assignment) -> Row:
    return {
        "id": assignment.pk,
        "item": assignment.item_id,
        "part": assignment.part_id,
        "member": assignment.member_id,
        "guest": assignment.guest_id,
        "state": assignment.state,
        "is_pinned": assignment.is_pinned,
        "reason": assignment.reason,
        "facts": assignment.facts,
        "proposed_by": assignment.proposed_by_id,
        "proposed_at": assignment.proposed_at.isoformat(),
        "answered_at": assignment.answered_at.isoformat() if assignment.answered_at else None,
        "answer": assignment.answer,
    }


def _revive_assignments(session: Session, ended: Sequence[Row], items: set[int]) -> list[Assignment]:
    """Make the parts again that ended with items which come back; of those asked who left, none."""
    rows = [row for row in ended if row["item"] in items]
    members = set(
        Membership.objects.filter(club=session.club_id, user__in=[row["member"] for row in rows]).values_list(
            "user_id", flat=True
        )
    )
    parts = set(Part.objects.filter(pk__in=[row["part"] for row in rows]).values_list("pk", flat=True))
    people = set(
        User.objects.filter(pk__in=[row["proposed_by"] for row in rows]).values_list("pk", flat=True)
    )
    return [
        Assignment(
            pk=row["id"],
            club=session.club,
            item_id=row["item"],
            part_id=row["part"],
            member_id=row["member"],
            guest_id=row["guest"],
            state=row["state"],
            is_pinned=row["is_pinned"],
            reason=row["reason"],
            facts=row.get("facts", {}),
            proposed_by_id=row["proposed_by"] if row["proposed_by"] in people else None,
            proposed_at=datetime.fromisoformat(row["proposed_at"]),
            answered_at=datetime.fromisoformat(row["answered_at"]) if row["answered_at"] else None,
            answer=row["answer"],
        )
        for row in rows
        if row["part"] in parts and (row["guest"] is not None or row["member"] in members)
    ]


def _raise_from_the_dead(club: Club, rows: Iterable[AgendaItem | Assignment]) -> None:
    """Take the tombstones away of rows that are there again; with their new version they come to every script."""
    for model in (AgendaItem, Assignment):
        ids = [row.pk for row in rows if isinstance(row, model)]
        Tombstone.objects.filter(club=club, kind=kind_of(model), object_id__in=ids).delete()


def _find_entries(club: Club, rows: Sequence[Row]) -> dict[int, Entry]:
    """Return {id in the record: the entry today}; where two papers became one, of the first row that names it."""
    named = {row["entry"]: row["paper"] for row in rows if row["entry"] is not None}
    entries = Entry.objects.filter(club=club).select_related("paper").defer("paper__search_text")
    found = {entry.pk: entry for entry in entries.filter(pk__in=named)}
    lost = {pk: paper for pk, paper in named.items() if pk not in found}
    if lost:
        into = dict(MergedPaper.objects.filter(pk__in=lost.values()).values_list("pk", "paper"))
        today = {entry.paper_id: entry for entry in entries.filter(paper__in=into.values())}
        taken = set(found)
        for pk, paper in lost.items():
            entry = today.get(into.get(paper, 0))
            if entry is not None and entry.pk not in taken:
                found[pk] = entry
                taken.add(entry.pk)
    return found


# --- Questions -----------------------------------------------------------------------------------------------


def _find_accepted(items: Iterable[AgendaItem]) -> dict[int, str]:
    """Return {item: who has accepted a part in it} for those where somebody has."""
    accepted = Assignment.objects.filter(
        item__in=[item.pk for item in items], state__in=[Assignment.State.ACCEPTED, Assignment.State.DONE]
    ).select_related("member", "guest")
    return {each.item_id: str(each.member or each.guest) for each in accepted if each.item_id is not None}


def _find_lost(item: AgendaItem) -> str:
    """Name what hangs on an item and would not come back to it; nothing where all does."""
    names = []
    for relation in AgendaItem._meta.related_objects:
        model = relation.related_model
        if model is not Assignment and model._default_manager.filter(**{relation.field.name: item}).exists():
            names.append(str(model._meta.verbose_name_plural))
    return _(" and ").join(names)


def _loosen(item: AgendaItem) -> list[Model]:
    """Let questions, files and action items of an item that goes be those of its session; return them to be stamped."""
    loosened: list[Model] = []
    for model in (Question, Attachment, ActionItem):
        rows = list(model._default_manager.filter(item=item).order_by("pk"))
        model._default_manager.filter(pk__in=[row.pk for row in rows]).update(item=None)
        loosened += rows
    return loosened


def _list_scheduled(session: Session, items: Iterable[AgendaItem]) -> set[int]:
    """Return the entries that the agenda of a session in this state keeps from any other."""
    is_locked = session.state == State.LOCKED
    if not is_locked and session.state != State.OPEN:
        return set()
    return {item.entry_id for item in items if item.entry_id is not None and (is_locked or item.is_pinned)}


def _wait_for_votes(club: Club) -> None:
    """Let votes that are being cast come in first, and those after them wait.

    A vote locks its entry before it takes the time, and a new entry its club. So with both in hand no vote is cast
    before this moment and seen after it.
    """
    waiting = [Entry.State.NOTED, Entry.State.SUGGESTED, Entry.State.DROPPED]
    entries = Entry.objects.filter(club=club, state__in=waiting).order_by("pk")
    list(entries.select_for_update(no_key=True).values_list("pk", flat=True))
    Club.objects.select_for_update(no_key=True).get(pk=club.pk)


@dataclass(frozen=True, slots=True)
class _Candidate:
    entry_id: int
    score: Decimal
    reason: str


def _rank(session: Session, now: datetime) -> Iterator[_Candidate]:
    """Give the papers that may come in by their votes, best first."""
    ranking = voting.rank(session.club, session, now=now)
    for place, row in enumerate(ranking.eligible, start=1):
        yield _Candidate(row.entry_id, row.score, ranking.explain(place))

"""What is written down of a meeting: notes, the verdict and take-aways of each item, and who does what next."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Club, Membership, User
from papers.models import ActionItem, AgendaItem, Guest, NotesRevision, Session
from papers.records import clean_line
from papers.verbs import verb
from papers.versions import stamp

from .guests import find_or_add_guest
from .merging_notes import merge
from .refusals import Refused
from .sessions import lock_row

LONGEST_NOTES: Final = 50_000
LONGEST_VERDICT: Final = 300
LONGEST_TAKEAWAYS: Final = 10_000
LONGEST_ACTION: Final = 500
MOST_ACTIONS: Final = 200
KEPT_REVISIONS: Final = 500
"""Of the notes of one item or session: more than a meeting of many writers makes while a phone sleeps."""


class TooLong(Refused):
    """More than there is room for."""

    field = "text"


class NoMinutes(Refused):
    """A session that nobody writes minutes of: a draft, or a cancelled one."""


class IsGone(Refused):
    """Somebody took it away in this moment."""


class NotTheirs(Refused):
    """An owner who is not of the club."""

    field = "owner"


class BadAction(Refused):
    """An action item with nothing in it."""

    field = "text"


# Notes ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Saved:
    """What notes say after somebody saved theirs; `mine` is the number of the text they sent, to go on from."""

    text: str
    version: int
    mine: int


@verb
def save_notes(
    target: Session | AgendaItem, *, text: str, base_version: int, by: User, now: datetime | None = None
) -> Saved:
    """Save notes of a session or an item that were written from those of `base_version`.

    Where somebody else has saved since, the two are merged (`merging_notes`). A base that is no longer kept counts as
    empty notes, so that more is kept than need be. Raises TooLong and NoMinutes.
    """
    target = _lock_item(target) if isinstance(target, AgendaItem) else _lock_session(target)
    text = clean_notes(text)
    if len(text) > LONGEST_NOTES and len(text) >= len(target.notes):
        raise TooLong(_("Notes have at most %(most)d characters. Shorten them.") % {"most": LONGEST_NOTES})
    if text == target.notes:
        return Saved(text, target.notes_version, target.notes_version)
    current, number = target.notes_version, target.notes_version + 1
    merged = text
    if base_version != current:
        merged = merge(_find_base(target, base_version), target.notes, text)
    texts = {current: target.notes, number: text, number + (merged != text): merged}
    _keep_revisions(target, texts, by=by, now=now or timezone.now())
    target.notes, target.notes_version = merged, number + (merged != text)
    target.save(update_fields=["notes", "notes_version"])
    stamp(_session_of(target).club, [target])
    return Saved(merged, target.notes_version, number)


def clean_notes(text: str) -> str:
    """Return text with line ends as \\n and without what a database refuses; white space stays as it was typed."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
    return text.encode("utf-8", "ignore").decode()


def _find_base(target: Session | AgendaItem, number: int) -> str:
    return _revisions_of(target).filter(number=number).values_list("text", flat=True).first() or ""


def _revisions_of(target: Session | AgendaItem) -> QuerySet[NotesRevision]:
    item = target if isinstance(target, AgendaItem) else None
    return NotesRevision.objects.filter(session=_session_of(target), item=item)


def _keep_revisions(target: Session | AgendaItem, texts: dict[int, str], *, by: User, now: datetime) -> None:
    """Remember what notes said at some numbers, and forget those of long ago."""
    session, item = _session_of(target), target if isinstance(target, AgendaItem) else None
    rows = [
        NotesRevision(session=session, item=item, number=number, text=text, by=by, saved_at=now)
        for number, text in texts.items()
    ]
    NotesRevision.objects.bulk_create(rows, ignore_conflicts=True)
    _revisions_of(target).filter(number__lte=max(texts) - KEPT_REVISIONS).delete()


# Verdict and take-aways -------------------------------------------------------------------------------------


@verb
def conclude(
    item: AgendaItem, *, by: User, verdict: str | None = None, takeaways: str | None = None
) -> AgendaItem:
    """Say in a line what the club makes of an item, and what it takes away from it; what is None stays.

    Raises TooLong and NoMinutes.
    """
    item = _lock_item(item)
    changed = []
    if verdict is not None and (verdict := clean_line(verdict)) != item.verdict:
        if len(verdict) > LONGEST_VERDICT:
            raise TooLong(
                _("A verdict has at most %(most)d characters.") % {"most": LONGEST_VERDICT}, "verdict"
            )
        item.verdict = verdict
        changed.append("verdict")
    if takeaways is not None and (takeaways := clean_notes(takeaways).strip()) != item.takeaways:
        if len(takeaways) > LONGEST_TAKEAWAYS:
            raise TooLong(
                _("Take-aways have at most %(most)d characters.") % {"most": LONGEST_TAKEAWAYS}, "takeaways"
            )
        item.takeaways = takeaways
        changed.append("takeaways")
    if changed:
        item.save(update_fields=changed)
        stamp(item.session.club, [item])
    return item


def begin_takeaways(item: AgendaItem, club: Club) -> str:
    """Return what the form for take-aways begins with: what there is, else the club's template."""
    return item.takeaways or club.minutes_template


# Action items -----------------------------------------------------------------------------------------------


@verb
def add_action(
    session: Session,
    *,
    text: str,
    by: User,
    item: AgendaItem | None = None,
    member: User | None = None,
    guest: Guest | str | None = None,
    due: date | None = None,
    now: datetime | None = None,
) -> ActionItem:
    """Note who does what; `guest` is one of the club's, or a name. Raises Refused."""
    session = _lock_session(session)
    if ActionItem.objects.filter(session=session).count() >= MOST_ACTIONS:
        raise TooLong(_("A session has at most %(most)d action items.") % {"most": MOST_ACTIONS})
    action = ActionItem(session=session, item=item, made_by=by, made_at=now or timezone.now())
    action.text, action.due = _clean_action(text), due
    is_new_guest = _set_owner(action, session.club, member, guest)
    action.save()
    stamp(session.club, [action, *is_new_guest])
    return action


UNCHANGED: Final[Any] = object()


@verb
def change_action(
    action: ActionItem,
    *,
    by: User,
    text: str | None = None,
    member: User | None = UNCHANGED,
    guest: Guest | str | None = UNCHANGED,
    due: date | None = UNCHANGED,
    is_done: bool | None = None,
    now: datetime | None = None,
) -> ActionItem:
    """Change what an action item says, or say that it is done; what is not given stays. Raises Refused."""
    action = _lock_action(action)
    before = _facts(action)
    if text is not None:
        action.text = _clean_action(text)
    guests: list[Guest] = []
    if member is not UNCHANGED or guest is not UNCHANGED:
        guests = _set_owner(
            action,
            action.session.club,
            None if member is UNCHANGED else member,
            None if guest is UNCHANGED else guest,
        )
    if due is not UNCHANGED:
        action.due = due
    if is_done is not None and is_done != (action.done_at is not None):
        action.done_at = (now or timezone.now()) if is_done else None
    if _facts(action) != before:
        action.save()
        stamp(action.session.club, [action, *guests])
    return action


@verb
def remove_action(action: ActionItem, *, by: User) -> None:
    """Take an action item away."""
    action = _lock_action(action)
    gone, club = (ActionItem, action.pk), action.session.club
    action.delete()
    stamp(club, deleted=[gone])


def load_open_actions(user: User, club: Club) -> QuerySet[ActionItem]:
    """Return what somebody still has to do for a club, what is due first; with session and item."""
    actions = ActionItem.objects.filter(session__club=club, member=user, done_at=None)
    return actions.select_related("session", "item").order_by("due", "pk")


def _facts(action: ActionItem) -> tuple[Any, ...]:
    return action.text, action.member_id, action.guest_id, action.due, action.done_at


def _clean_action(text: str) -> str:
    text = clean_line(text)
    if not text:
        raise BadAction(_("Write what is to be done."))
    if len(text) > LONGEST_ACTION:
        raise TooLong(_("An action item has at most %(most)d characters.") % {"most": LONGEST_ACTION})
    return text


def _set_owner(action: ActionItem, club: Club, member: User | None, guest: Guest | str | None) -> list[Guest]:
    """Set whose it is; return the guest where they are to be stamped. Raises NotTheirs and `guests.BadName`."""
    if member is not None and guest:
        raise NotTheirs(_("An action item has one owner: a member or a guest."))
    if member is not None and not Membership.objects.filter(club=club, user=member).exists():
        raise NotTheirs(_("%(who)s is no member of the club.") % {"who": member.display_name})
    found = find_or_add_guest(club, guest) if isinstance(guest, str) and guest else guest or None
    if found is not None and found.club_id != club.pk:
        raise NotTheirs(_("This guest is of another club."))
    action.member, action.guest = member, found
    return [] if found is None else [found]


# Locks ------------------------------------------------------------------------------------------------------


def _lock_session(session: Session) -> Session:
    """Return the session, locked, which all writers of minutes lock first. Raises NoMinutes."""
    session = lock_row(session)
    if session.state in {Session.State.DRAFT, Session.State.CANCELLED}:
        raise NoMinutes(_("Nobody meets here: this session is a draft, or cancelled."))
    return session


def _lock_item(item: AgendaItem) -> AgendaItem:
    """Return the item, locked behind its session. Raises NoMinutes and IsGone."""
    session = _lock_session(item.session)
    found = AgendaItem.objects.select_for_update().filter(pk=item.pk).first()
    if found is None:
        raise IsGone(_("This was taken off the agenda."))
    found.session = session
    return found


def _session_of(target: Session | AgendaItem) -> Session:
    return target if isinstance(target, Session) else target.session


def _lock_action(action: ActionItem) -> ActionItem:
    rows = ActionItem.objects.select_for_update(of=("self",)).select_related("session__club")
    found = rows.filter(pk=action.pk).first()
    if found is None:
        raise IsGone(_("This action item was taken away."))
    return found

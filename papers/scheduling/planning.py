"""Plans of who presents: asked for, made by a worker, looked at, and applied as a whole or not at all.

A draft holds what would change, and the places as they were (`basis`). Votes, offers and new members may come in while
it waits; it is refused only where a place, its holder, or somebody who would be asked is not as it was.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.dateformat import format as format_date
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Club, User
from papers.models import AgendaItem, Assignment, Part, PlanDraft, Session
from papers.verbs import verb
from papers.versions import Stamps

from . import apart, assignments
from .assignments import REASON
from .presenters import Answer, Question
from .reasons import Why, explain, explain_of, find_reasons, say_open
from .refusals import Refused
from .roster import Roster, load_roster

logger = logging.getLogger(__name__)

LEASE: Final = timedelta(minutes=2)
ATTEMPTS: Final = 3
WAITS: Final = timedelta(seconds=30)
"""So long a draft waits for its message before a tick sends another."""

MOST_SAID: Final = 5

State = PlanDraft.State


class NothingToPlan(Refused):
    """There is no place in a session to come that a plan could give to anybody."""


class NotReady(Refused):
    """A draft that is not made yet, or is over."""


class PlanMoved(Refused):
    """Something that the draft was made from is not as it was; nothing was applied. `said` has a sentence for each."""

    def __init__(self, said: list[str]) -> None:
        shown = said[:MOST_SAID]
        if len(said) > MOST_SAID:
            more = len(said) - MOST_SAID
            shown.append(ngettext("And one more.", "And %(n)d more.", more) % {"n": more})
        super().__init__(" ".join([_("Nothing was applied, since something has changed."), *shown]))
        self.said = said


@verb
def propose_plan(
    club: Club,
    *,
    by: User,
    sessions: Iterable[int] | None = None,
    applies_itself: bool = False,
    now: datetime | None = None,
) -> PlanDraft:
    """Let a worker plan the sessions to come, or those of some ids; a draft that waited before is discarded.

    With `applies_itself` it is applied as soon as it is made. Raises NothingToPlan.
    """
    now = now or timezone.now()
    Club.objects.select_for_update(no_key=True).get(pk=club.pk)
    roster = load_roster(club, now=now, sessions=None if sessions is None else set(sessions))
    if not any(not roster.stands(place) for place in roster.places):
        raise NothingToPlan(
            _("No item of a session to come needs anybody: agendas fill when votes close.")
            if not roster.places
            else _("Everybody who is needed has accepted.")
        )
    PlanDraft.objects.filter(club=club).live().update(state=State.DISCARDED, ended_at=now, ended_by=by)
    draft = PlanDraft.objects.create(
        club=club,
        made_by=by,
        made_at=now,
        sessions=sorted({place.session for place in roster.places}),
        applies_itself=applies_itself,
    )
    from papers import tasks

    transaction.on_commit(lambda: tasks.make_plan.delay(draft.pk), robust=True)
    return draft


def take_due(now: datetime) -> list[int]:
    """Return drafts that no message reached, or whose worker is gone."""
    waiting = Q(state=State.QUEUED, made_at__lt=now - WAITS)
    left = Q(state=State.RUNNING, leased_until__lt=now)
    return list(PlanDraft.objects.filter(waiting | left).values_list("pk", flat=True)[:100])


def make(pk: int) -> None:
    """Make a draft that waits; nothing is done where another worker does, or it is over."""
    draft = _lease(pk)
    if draft is None:
        return
    found: dict[str, Any] = {"state": State.FAILED}
    if draft.attempts > ATTEMPTS:
        found["error"] = _("It broke off again and again. The log of the worker tells what.")
    else:
        try:
            roster = load_roster(draft.club, now=timezone.now(), sessions=set(draft.sessions))
            question = roster.ask()
            found = {"state": State.READY, **_describe(roster, question, apart.solve(question))}
        except apart.Unsolved:
            logger.exception("No plan for club %s", draft.club_id)
            found["error"] = _("No plan was found. The log of the worker tells why.")
    mine = PlanDraft.objects.filter(pk=pk, state=State.RUNNING, attempts=draft.attempts)
    if not mine.update(**found, leased_until=None):
        return
    if draft.applies_itself and found["state"] == State.READY and draft.made_by is not None:
        try:
            apply_plan(draft, by=draft.made_by)
        except Refused as refusal:
            PlanDraft.objects.filter(pk=pk, state=State.READY).update(error=str(refusal))


@verb
def apply_plan(draft: PlanDraft, *, by: User, now: datetime | None = None) -> PlanDraft:
    """Ask everybody whom a draft names, and let those go whom it replaces: all of it, or nothing.

    Raises NotReady, PlanMoved.
    """
    now = now or timezone.now()
    draft = _lock(draft)
    if draft.state == State.APPLIED:
        return draft
    if draft.state != State.READY:
        raise NotReady(_("This plan is being made, or was discarded. Plan again."))
    club = draft.club
    list(Session.objects.select_for_update().filter(pk__in=draft.sessions).order_by("pk"))
    roster = load_roster(club, now=now, sessions=set(draft.sessions))
    if moved := list(_find_moved(draft, roster)):
        raise PlanMoved(moved)
    stamps = Stamps()
    assignments.remove(
        [
            roster.holders[change["item"], change["part"]]
            for change in draft.changes
            if (change["item"], change["part"]) in roster.holders
        ],
        stamps,
    )
    asked = [
        Assignment(
            club=club,
            item_id=change["item"],
            part_id=change["part"],
            member_id=change["member"],
            reason=_explain(change, roster),
            facts=change["why"],
            proposed_by=by,
            proposed_at=now,
        )
        for change in draft.changes
        if change["member"] is not None
    ]
    Assignment.objects.bulk_create(asked)
    stamps.add(club, asked)
    draft.state, draft.ended_at, draft.ended_by, draft.error = State.APPLIED, now, by, ""
    draft.save(update_fields=["state", "ended_at", "ended_by", "error"])
    stamps.write()
    return draft


@verb
def discard_plan(draft: PlanDraft, *, by: User) -> PlanDraft:
    """Throw a draft away; one that is over stays as it is."""
    draft = _lock(draft)
    if draft.state in PlanDraft.LIVE or draft.state == State.FAILED:
        draft.state, draft.ended_at, draft.ended_by = State.DISCARDED, timezone.now(), by
        draft.leased_until = None
        draft.save(update_fields=["state", "ended_at", "ended_by", "leased_until"])
    return draft


def tell(draft: PlanDraft) -> None:
    """Put into words what a draft would change and leaves open: `told_changes` and `told_open`."""
    parts = {part.pk: part.name for part in Part.objects.filter(club=draft.club)}
    members = {each.user_id: each.user for each in draft.club.memberships.select_related("user")}
    draft.told_changes = [  # type: ignore[attr-defined]
        {
            **change,
            "reason": explain_of(
                Why.from_json(change["why"]),
                parts.get(change["part"], ""),
                name=str(members.get(change["member"], _("Somebody who has left"))),
                tells_votes=draft.club.tells_voters,
            )
            if change["why"]
            else "",
        }
        for change in draft.changes
    ]
    draft.told_open = [  # type: ignore[attr-defined]
        {**row, "reason": say_open(row["why"], candidates=row["candidates"])} for row in draft.open
    ]


def _lock(draft: PlanDraft) -> PlanDraft:
    return PlanDraft.objects.select_for_update(of=("self",)).select_related("club").get(pk=draft.pk)


def _lease(pk: int) -> PlanDraft | None:
    now = timezone.now()
    with transaction.atomic():
        due = Q(state=State.QUEUED) | Q(state=State.RUNNING, leased_until__lt=now)
        rows = PlanDraft.objects.select_for_update(skip_locked=True, of=("self",))
        draft = rows.select_related("club", "made_by").filter(due, pk=pk).first()
        if draft is not None:
            draft.state, draft.leased_until = State.RUNNING, now + LEASE
            draft.attempts += 1
            draft.save(update_fields=["state", "leased_until", "attempts"])
    return draft


def _describe(roster: Roster, question: Question, answer: Answer) -> dict[str, Any]:
    """Return what a draft keeps of an answer."""
    whys = find_reasons(question, answer)
    changes, stay = [], 0
    for place in roster.places:
        holder = roster.holders.get(place.key)
        member = answer.takes.get(place.key)
        if place.key in question.fixed or (holder is not None and holder.member_id == member):
            stay += 1
        elif holder is not None or member is not None:
            changes.append(
                {
                    "item": place.item,
                    "part": place.part,
                    "member": member,
                    "before": holder.member_id if holder else None,
                    "state": holder.state if holder else None,
                    "why": whys[place.key].to_json() if member is not None else {},
                }
            )
    could = sum(candidate.takes_parts for candidate in question.candidates)
    planned = {place.part for place in roster.places}
    return {
        "basis": _describe_places(roster),
        "changes": changes,
        "stay": stay,
        "open": [
            {"item": item, "part": part, "why": why, "candidates": could}
            for (item, part), why in answer.open.items()
        ],
        "gaps": [{"part": part, "gap": gap} for part, gap in answer.gaps.items() if part in planned],
    }


def _describe_places(roster: Roster) -> list[dict[str, Any]]:
    rows = []
    for place in roster.places:
        holder = roster.holders.get(place.key)
        rows.append(
            {
                "item": place.item,
                "part": place.part,
                "day": place.day.isoformat(),
                "assignment": holder.pk if holder else None,
                "state": holder.state if holder else None,
            }
        )
    return rows


def _find_moved(draft: PlanDraft, roster: Roster) -> Iterator[str]:
    """Say what of that which a draft was made from is not so any more."""
    before = {(row["item"], row["part"]): row for row in draft.basis}
    after = {(row["item"], row["part"]): row for row in _describe_places(roster)}
    places = {place.key: place for place in roster.places}
    names = _name_items({key[0] for key in before.keys() ^ after.keys()})
    for key in before.keys() - after.keys():
        yield _("“%(item)s” is on no agenda to come.") % {"item": names.get(key[0], "?")}
    for key in sorted(after.keys() - before.keys()):
        yield _("“%(item)s” has come onto an agenda.") % {"item": names.get(key[0], "?")}
    for key in sorted(before.keys() & after.keys()):
        was, now = before[key], after[key]
        what = {"item": name_item(roster.items[key[0]]), "part": roster.parts[key[1]]}
        if was["day"] != now["day"]:
            what["day"] = say_day(places[key].day)
            yield _("“%(item)s” has moved to %(day)s.") % what
        elif (was["assignment"], was["state"]) != (now["assignment"], now["state"]):
            yield _say_moved_holder(was, roster.holders.get(key), roster, what)
    refused = {(each.member_id, each.item_id) for each in roster.refusals}
    for change in draft.changes:
        place = places.get((change["item"], change["part"]))
        if change["member"] is None or place is None:
            continue
        if change["member"] not in roster.members:
            yield _("Somebody who would be asked has left the club.")
            continue
        name = roster.members[change["member"]]
        if roster.is_away(change["member"], place.day):
            yield _("%(name)s is away on %(day)s.") % {"name": name, "day": say_day(place.day)}
        if (change["member"], change["item"]) in refused:
            item = name_item(roster.items[change["item"]])
            yield _("%(name)s has declined “%(item)s”.") % {"name": name, "item": item}


def _say_moved_holder(
    was: dict[str, Any], holder: Assignment | None, roster: Roster, what: dict[str, Any]
) -> str:
    declined = next((each for each in roster.refusals if each.pk == was["assignment"]), None)
    if holder is None and declined is not None:
        return _("%(name)s has declined “%(item)s”.") % {**what, "name": declined.member}
    if holder is None:
        return _("Nobody is %(part)s of “%(item)s” any more.") % what
    name = {"name": holder.member or holder.guest}
    if holder.state == Assignment.State.PROPOSED:
        return _("%(name)s was asked to be %(part)s of “%(item)s”.") % {**what, **name}
    return _("%(name)s is %(part)s of “%(item)s” now.") % {**what, **name}


def _explain(change: dict[str, Any], roster: Roster) -> str:
    part = roster.parts[change["part"]]
    return Truncator(explain(Why.from_json(change["why"]), part.name)).chars(REASON)


def name_item(item: AgendaItem) -> str:
    """Return what an item is about, as a sentence has it: the paper's title, or the topic."""
    title = item.entry.paper.title if item.entry is not None else item.title
    return Truncator(title or item.title).chars(60)


def say_day(day: date) -> str:
    return format_date(day, "j F")


def _name_items(items: Iterable[int]) -> dict[int, str]:
    rows = AgendaItem.objects.filter(pk__in=items).select_related("entry__paper")
    return {item.pk: name_item(item) for item in rows}

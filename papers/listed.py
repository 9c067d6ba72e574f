"""What a club's reading list shows: its entries in one state, in order, and why each stands there.

Thin rows first, as `triage` does it for listings: order, filters and places need ids alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from django.db import models
from django.utils.translation import gettext as _

from accounts.models import Club

from . import voting
from .history import write_day_of
from .models import Entry, EntryChange, Session
from .statements import fetch
from .voting import Ranking

if TYPE_CHECKING:
    from .triage import Viewpoint

MOST = 5_000
"""Entries in one state that the list holds; the newest come first."""

RANK, FRESH, NEUTRAL = "rank", "fresh", "neutral"


@dataclass(frozen=True, slots=True)
class Place:
    """An entry's place on the list. `n` stays when a filter leaves others out."""

    n: int
    entry_id: int
    paper_id: int


def count_states(club: Club, *, with_private: bool) -> dict[str, int]:
    """Return how many entries a club has in each state; one statement."""
    entries = _find_known(club, with_private)
    counts = dict(entries.order_by().values_list("state").annotate(number=models.Count("pk")))
    return {state: counts.get(state, 0) for state in Entry.State.values}


def _find_known(club: Club, with_private: bool) -> models.QuerySet[Entry]:
    """Return the entries of a club on papers that are everybody's, or its own."""
    owners = models.Q(paper__private_to=None)
    if with_private:
        owners |= models.Q(paper__private_to=club)
    return Entry.objects.filter(owners, club=club)


def place_suggested(
    view: Viewpoint, ranking: Ranking, *, order: str, today: date, seen: set[int] | None = None
) -> list[Place]:
    """Return what is suggested in order: by the ranking, by fresh eyes, or as it was suggested.

    `seen` are the papers this member has acted on (`load_acted`), for fresh eyes.
    """
    rows = list(ranking.rows)
    if order == RANK:
        return [Place(n, row.entry_id, row.paper_id) for n, row in enumerate(rows, start=1)]
    rows.sort(key=lambda row: (row.suggested, row.entry_id))
    if order == FRESH and view.user.pk is not None:
        rows = voting.order_fresh(
            rows, lambda row: row.paper_id, seen=seen or set(), member=view.user.pk, day=today
        )
    return [Place(n, row.entry_id, row.paper_id) for n, row in enumerate(rows, start=1)]


def place_in_state(club: Club, state: str, *, with_private: bool) -> list[Place]:
    """Return the entries of another state, the latest first: discussed ones by their session; one statement."""
    entries = _find_known(club, with_private).filter(state=state)
    since = "discussed_at" if state == Entry.State.DISCUSSED else "state_since"
    found = entries.order_by(models.F(since).desc(nulls_last=True), "-pk").values_list("pk", "paper")
    return [Place(n, pk, paper) for n, (pk, paper) in enumerate(found[:MOST], start=1)]


def load_acted(view: Viewpoint) -> set[int]:
    """Return the papers that this member has voted on, offered to present or skipped; one statement."""
    found = fetch(
        """
            SELECT entry.paper_id FROM papers_vote vote JOIN papers_entry entry ON entry.id = vote.entry_id
             WHERE vote.member_id = %(me)s AND entry.club_id = %(club)s
             UNION
            SELECT entry.paper_id FROM papers_volunteer offer JOIN papers_entry entry ON entry.id = offer.entry_id
             WHERE offer.member_id = %(me)s AND entry.club_id = %(club)s
             UNION
            SELECT paper_id FROM papers_skip WHERE member_id = %(me)s AND club_id = %(club)s
        """,
        {"me": view.user.pk, "club": view.acting.pk if view.acting else None},
    )
    return {paper for (paper,) in found}


def load_reasons(
    club: Club, places: Sequence[Place], *, sees_names: bool, sees_drafts: bool
) -> dict[int, str]:
    """Return {paper: why its entry is in its state} of entries that are not suggested; one statement."""
    changes = (
        EntryChange.objects.filter(entry__in=[place.entry_id for place in places])
        .select_related("session", "by")
        .order_by("pk")
    )
    latest: dict[int, EntryChange] = {}
    for change in changes:
        if change.cause != EntryChange.Cause.MERGED:
            latest[change.entry_id] = change
    return {
        place.paper_id: _tell_state(latest[place.entry_id], club, sees_names, sees_drafts)
        for place in places
        if place.entry_id in latest
    }


def _tell_state(change: EntryChange, club: Club, sees_names: bool, sees_drafts: bool) -> str:
    session = change.session
    day = write_day_of(session.starts if session else change.changed, club)
    if change.cause == EntryChange.Cause.DISCUSSED:
        return _("Discussed on %(day)s.") % {"day": day}
    if change.cause == EntryChange.Cause.SCHEDULED:
        if session is None or (session.state == Session.State.DRAFT and not sees_drafts):
            return _("Chosen for a session.")
        return _("On the agenda of %(day)s.") % {"day": day}
    if change.cause == EntryChange.Cause.DROPPED:
        text = _("Dropped on %(day)s.")
        if change.by and sees_names:
            text = _("Dropped on %(day)s by %(who)s.")
        return " ".join(part for part in (text % {"day": day, "who": change.by}, change.note) if part)
    return ""

"""What a club may set about itself, and what follows from it for its votes."""

from __future__ import annotations

from typing import Any

from accounts import clubs
from accounts.models import Club, User

from .models import Entry, Vote
from .trending import refresh_heat_of
from .verbs import verb
from .versions import stamp


@verb
def change_club(club: Club, *, by: User, **changes: Any) -> Club:
    """Change a club's name, clock or rules, any of `clubs.SETTINGS`; what is not named stays.

    Totals that are secret no more are revealed; whether votes are by name changes what entries and votes show. Either
    is stamped, so that sync carries it. Raises clubs.BadName and ValidationError, by field.
    """
    before = Club.objects.get(pk=club.pk)
    changed: list[Entry | Vote] = []
    if before.hides_totals and changes.get("hides_totals") is False:
        changed += _reveal_all(club)
    if changes.get("shows_voters", before.shows_voters) != before.shows_voters:
        promotions = Vote.objects.filter(entry__club=club, value=Vote.PROMOTE)
        known = set(changed)
        changed += [vote for vote in promotions if vote not in known]
        named = Entry.objects.filter(pk__in=promotions.values("entry"))
        changed += [entry for entry in named if entry not in known]
    clubs.update_club(club, **changes)
    if changed:
        stamp(club, changed)
    return club


def _reveal_all(club: Club) -> list[Entry | Vote]:
    """Show all votes of a club, and the totals they make; return what is to be stamped."""
    entries = list(Entry.objects.select_for_update(no_key=True).filter(club=club).order_by("pk"))
    votes = list(Vote.objects.filter(entry__club=club, is_revealed=False))
    Vote.objects.filter(pk__in=[vote.pk for vote in votes]).update(is_revealed=True)
    shown = []
    for entry in entries:
        totals = (entry.promotions, entry.demotions)
        if totals != (entry.shown_promotions, entry.shown_demotions):
            entry.shown_promotions, entry.shown_demotions = totals
            shown.append(entry)
    Entry.objects.bulk_update(shown, ["shown_promotions", "shown_demotions"])
    refresh_heat_of(shown)
    return [*shown, *votes]

"""Two papers that turned out to be one: everything moves to the one that stays, and nothing is lost."""

from typing import Any

from django.db import models

from papers.models import (
    Catalogue,
    Comment,
    Entry,
    Listing,
    ListingItem,
    ListingVisit,
    MergedPaper,
    Paper,
    PaperIdentifier,
    Skip,
    SourceRecord,
    Tagging,
    Volunteer,
    Vote,
)
from papers.trending import refresh_heat
from papers.versions import Stamps

_FURTHEST: list[str] = [
    Entry.State.DROPPED,
    Entry.State.NOTED,
    Entry.State.SUGGESTED,
    Entry.State.SCHEDULED,
    Entry.State.DISCUSSED,
]


def move_everything(keep: Paper, other: Paper, *, reason: str, stamps: Stamps) -> Paper:
    """Move all that hangs on `other` to `keep`, and let `other`'s id lead there for ever.

    Where both papers have an entry of one club, the entries become one; of two votes of one member the
    latest holds, and the other stays in the log. The caller has locked the catalogue and both papers, folds
    `keep` afterwards, and writes the `stamps` at its end.
    """
    # First votes that are under way are seen below, and later ones wait: none is left on a paper that goes.
    list(Paper.objects.select_for_update(of=("self",)).filter(pk__in=[keep.pk, other.pk]).order_by("pk"))
    log: dict[str, Any] = {
        "source_records": list(SourceRecord.objects.filter(paper=other).values_list("pk", flat=True)),
        "title": other.title,
        "entries": [],
        "votes": [],
    }
    SourceRecord.objects.filter(paper=other).update(paper=keep)
    PaperIdentifier.objects.filter(paper=other).update(paper=keep)
    listings = list(Listing.objects.filter(items__paper=other))
    _move(ListingItem, other, keep, unique="listing")
    for skip in Skip.objects.filter(paper=other):
        if not Skip.objects.filter(paper=keep, club=skip.club_id, member=skip.member_id).exists():
            Skip.objects.filter(pk=skip.pk).update(paper=keep)
    for entry in Entry.objects.select_for_update(of=("self",)).filter(paper=other).select_related("club"):
        _merge_entry(entry, keep, log, stamps)
    ListingVisit.objects.filter(stopped_at=other).update(stopped_at=keep)
    MergedPaper.objects.filter(paper=other).update(paper=keep)
    MergedPaper.objects.create(id=other.pk, paper=keep, reason=reason, log=log)
    # Of a paper that was a club's own nobody else may learn even that it is gone.
    gone = [(Paper, other.pk)] if other.private_to_id is None else []
    Paper.objects.filter(pk=other.pk).delete()
    refresh_heat([keep.pk])
    keep.refresh_from_db(fields=["upvotes", "heat"])
    stamps.add(Catalogue(pk=Catalogue.ID), [keep, *listings], gone)
    return keep


def _move(model: type[models.Model], other: Paper, keep: Paper, *, unique: str) -> None:
    taken = model._default_manager.filter(paper=keep).values(unique)
    model._default_manager.filter(paper=other).exclude(**{f"{unique}__in": taken}).update(paper=keep)


def _merge_entry(entry: Entry, keep: Paper, log: dict[str, Any], stamps: Stamps) -> None:
    club = entry.club
    into = Entry.objects.select_for_update().filter(club=club, paper=keep).first()
    if into is None:
        Entry.objects.filter(pk=entry.pk).update(paper=keep)
        entry.paper = keep
        stamps.add(club, [entry])
        return
    gone: list[tuple[type[models.Model], int]] = [(Entry, entry.pk)]
    log["entries"].append({"club": club.pk, "entry": entry.pk, "into": into.pk, "state": entry.state})
    theirs = {vote.member_id: vote for vote in into.votes.all()}
    for vote in entry.votes.all():
        rival = theirs.get(vote.member_id)
        if rival is not None:
            loser = min(vote, rival, key=lambda each: each.cast_at)
            log["votes"].append(
                {"entry": loser.entry_id, "member": loser.member_id, "value": loser.value,
                 "cast_at": loser.cast_at.isoformat()}
            )  # fmt: skip
            if loser.value == Vote.PROMOTE:
                gone.append((Vote, loser.pk))
            loser.delete()
        if rival is None or vote.pk is not None:
            Vote.objects.filter(pk=vote.pk).update(entry=into)
    for offer in entry.volunteers.exclude(member__in=into.volunteers.values("member")):
        Volunteer.objects.filter(pk=offer.pk).update(entry=into)
    for tagging in entry.taggings.exclude(tag__in=into.taggings.values("tag")):
        Tagging.objects.filter(pk=tagging.pk).update(entry=into)
    Comment.objects.filter(entry=entry).update(entry=into)
    gone += [(Volunteer, pk) for pk in entry.volunteers.values_list("pk", flat=True)]
    gone += [(Tagging, pk) for pk in entry.taggings.values_list("pk", flat=True)]
    into.state = max(entry.state, into.state, key=_FURTHEST.index)
    into.suggested_by_id = into.suggested_by_id or entry.suggested_by_id
    into.suggested = min((each for each in (entry.suggested, into.suggested) if each), default=None)
    into.promotions = into.votes.filter(value=Vote.PROMOTE).count()
    into.demotions = into.votes.filter(value=Vote.DEMOTE).count()
    into.comment_count = into.comments.filter(removed_at=None).count()
    into.save()
    Entry.objects.filter(pk=entry.pk).delete()
    moved = [*into.votes.all(), *into.volunteers.all(), *into.taggings.all(), *into.comments.all()]
    stamps.add(club, [into, *moved], gone)

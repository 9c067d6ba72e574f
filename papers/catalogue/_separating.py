"""Take a merge back: what came with a paper goes back to it, under its old id."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.models import Club, User
from papers import reading_list
from papers.identifiers import Identifier
from papers.models import (
    AgendaItem,
    Assignment,
    CandidatePair,
    Catalogue,
    Comment,
    Decision,
    Entry,
    EntryChange,
    Listing,
    ListingItem,
    ListingVisit,
    MergedPaper,
    Paper,
    PaperEdit,
    PaperIdentifier,
    Skip,
    SourceRecord,
    Tagging,
    Tombstone,
    Volunteer,
    Vote,
)
from papers.records import from_data
from papers.trending import refresh_heat
from papers.verbs import verb
from papers.versions import Stamps, kind_of

from ._identity import fold_papers
from ._merging import BELOW, Row, read_row, write_decision
from ._uniting import Refused

_STANDING = ("state", "suggested_by_id", "suggested")
_DATES = ("state_since", "discussed_at")


@verb
def unmerge(merged: MergedPaper, *, by: User | None) -> Paper:
    """Make the paper again that was merged into another; return it. No import merges the two from then on.

    Back go its records, identifiers, places in listings, entries, votes, offers, tags and comments. What came
    since the merge stays with the paper that was kept, except answers to comments that go, and records that
    name the other paper and not the kept one. What a member changed or took back since is not given back.
    Raises Refused where the kept paper was itself merged since, where a later merge into it moved entries of the same
    club, and where the merge was taken back meanwhile.
    """
    Catalogue.objects.select_for_update().get(pk=Catalogue.ID)
    found = MergedPaper.objects.select_for_update().filter(pk=merged.pk).first()
    if found is None:
        raise Refused(_("This merge has been taken back already."))
    log = found.log
    if log.get("into") != found.paper_id:
        raise Refused(
            _("The paper it was merged into was itself merged into another one since. Take that back first.")
        )
    later = MergedPaper.objects.filter(
        paper=found.paper_id, log__into=found.paper_id, merged__gt=found.merged
    )
    if any(_list_clubs(log) & _list_clubs(each.log) for each in later):
        raise Refused(_("Another paper was merged into the same one later. Take that back first."))
    keep = Paper.objects.select_for_update(of=("self",)).get(pk=found.paper_id)
    other = Paper(
        pk=found.pk,
        title=log["title"],
        created=datetime.fromisoformat(log["created"]),
        private_to_id=found.private_to_id,
    )
    other.save(force_insert=True)
    found.delete()
    stamps = Stamps()
    _part_records(log, keep, other)
    listings = _part_listings(log, keep, other)
    moved = log["moved"]
    Skip.objects.filter(pk__in=moved.get("skip", []), paper=keep).update(paper=other)
    for skip in map(read_row, log["lost"].get("skip", [])):
        if User.objects.filter(pk=skip.member_id).exists() and Club.objects.filter(pk=skip.club_id).exists():
            skip.save(force_insert=True)
    ListingVisit.objects.filter(pk__in=moved.get("listingvisit", []), stopped_at=keep).update(
        stopped_at=other
    )
    MergedPaper.objects.filter(pk__in=moved.get("mergedpaper", []), paper=keep).update(paper=other)
    PaperEdit.objects.filter(pk__in=moved.get("paperedit", []), paper=keep).update(paper=other)
    _part_pairs(log, keep, other)
    first, second = sorted([keep, other], key=lambda paper: paper.pk)
    CandidatePair.objects.update_or_create(
        first=first,
        second=second,
        defaults={"state": CandidatePair.State.APART},
        create_defaults={"state": CandidatePair.State.APART, "reason": found.reason, "proposed_by": found.by},
    )
    for told in log["entries"]:
        _part_entry(told, log, keep, other, stamps)
    fold_papers({keep.pk: keep, other.pk: other})
    refresh_heat([keep.pk, other.pk])
    for paper in (keep, other):
        paper.refresh_from_db()
    _raise_from_the_dead(None, [other])
    write_decision(Decision.Act.PARTED, keep, other, reason=found.reason, by=by)
    stamps.add(Catalogue(pk=Catalogue.ID), [keep, other, *listings])
    stamps.write()
    return other


def _list_clubs(log: Row) -> set[int]:
    """Return the clubs whose entries a merge moved: what gave way there may have given way once more in a later one."""
    return {told["entry"]["fields"]["club"] for told in log["entries"]}


def _part_records(log: Row, keep: Paper, other: Paper) -> None:
    moved = log["moved"].get("sourcerecord", [])
    SourceRecord.objects.filter(pk__in=moved, paper=keep).update(paper=other)
    theirs = {Identifier(*name) for name in log["identifiers"]}
    kept = {Identifier(*name) for name in log["kept_identifiers"]}
    since = []
    for pk, data in SourceRecord.objects.filter(paper=keep).values_list("pk", "data"):
        names = set(from_data(data).identifiers)
        if names & theirs and not names & kept:
            since.append(pk)
    SourceRecord.objects.filter(pk__in=since).update(paper=other)
    for name in theirs:
        PaperIdentifier.objects.filter(paper=keep, scheme=name.scheme, value=name.value).update(paper=other)


def _part_listings(log: Row, keep: Paper, other: Paper) -> list[Listing]:
    """Give places in listings back, those that both papers had at their end if another has taken them."""
    items = ListingItem.objects.filter(pk__in=log["moved"].get("listingitem", []), paper=keep)
    touched = set(items.values_list("listing", flat=True))
    items.update(paper=other)
    for item in map(read_row, log["lost"].get("listingitem", [])):
        there = ListingItem.objects.filter(listing=item.listing_id)
        if not Listing.objects.filter(pk=item.listing_id).exists():
            continue
        if there.filter(position=item.position).exists():
            item.position = 1 + (there.aggregate(last=models.Max("position"))["last"] or 0)
        item.save(force_insert=True)
        touched.add(item.listing_id)
    return list(Listing.objects.filter(pk__in=touched))


def _part_pairs(log: Row, keep: Paper, other: Paper) -> None:
    for pair in CandidatePair.objects.filter(pk__in=log["moved"].get("candidatepair", [])):
        third = pair.second_id if pair.first_id == keep.pk else pair.first_id
        pair.first_id, pair.second_id = sorted([other.pk, third])
        if third != other.pk and not _find_pair(pair).exists():
            pair.save(update_fields=["first", "second"])
    for pair in map(read_row, log["lost"].get("candidatepair", [])):
        ends = [pair.first_id, pair.second_id]
        if Paper.objects.filter(pk__in=ends).count() == 2 and not _find_pair(pair).exists():
            pair.save(force_insert=True)


def _find_pair(pair: CandidatePair) -> models.QuerySet[CandidatePair]:
    return CandidatePair.objects.filter(first=pair.first_id, second=pair.second_id)


def _part_entry(told: Row, log: Row, keep: Paper, other: Paper, stamps: Stamps) -> None:
    """Make two entries of a club's one again: `back` for the paper that comes back, `stay` for the other."""
    stay = (
        Entry.objects.select_for_update(of=("self",))
        .select_related("club")
        .filter(club=told["entry"]["fields"]["club"], paper=keep)
        .first()
    )
    if stay is None:
        return
    club = stay.club
    before: Entry = read_row(told["entry"])
    if told["into"] is not None:
        back = before
        back.save(force_insert=True)
        _raise_from_the_dead(club, [back])
        _go_back(log, stay, back)
        if change := told.get("change"):
            EntryChange.objects.filter(pk=change, entry=stay).delete()
        if _stands_as(stay, read_row(told["became"])):
            _set_standing(stay, read_row(told["into"]))
    else:
        # It had moved as it was; what was done since stays, and gets an entry of its own.
        back, stay = stay, Entry(club=club, paper=keep, state=Entry.State.NOTED)
        Entry.objects.filter(pk=back.pk).update(paper=other)
        is_changed = not _stands_as(back, before)
        if is_changed:
            _set_standing(stay, back)
            _set_standing(back, before)
        back.paper = other
        if is_changed or _list_since(log, back):
            stay.save()
            _stay_behind(log, back, stay)
    restored = _give_back_lost(log, back, stay)
    _raise_from_the_dead(club, restored)
    entries: list[Entry] = [entry for entry in (back, stay) if entry.pk]
    for entry in entries:
        entry.comment_count = entry.comments.filter(removed_at=None).count()
        if club.hides_totals:
            entry.shown_promotions, entry.shown_demotions = reading_list.count_revealed(entry)
        entry.save(
            update_fields=["comment_count", *_DATES, *(name.removesuffix("_id") for name in _STANDING)]
        )
        reading_list.settle(entry, cause=EntryChange.Cause.MERGED)
    below: list[Any] = []
    for entry in entries:
        below += [*entry.votes.all(), *entry.volunteers.all(), *entry.taggings.all(), *entry.comments.all()]
        below += [
            *entry.agenda_items.all(),
            *Assignment.objects.filter(Q(entry=entry) | Q(item__entry=entry)),
        ]
    stamps.add(club, [*entries, *below])


def _stands_as(entry: Entry, then: Entry) -> bool:
    """Tell whether an entry is in the state, and suggested by the one, that it was then."""
    return all(getattr(entry, name) == getattr(then, name) for name in _STANDING)


def _set_standing(entry: Entry, then: Entry) -> None:
    for name in (*_STANDING, *_DATES, "promotions"):
        setattr(entry, name, getattr(then, name))


def _go_back(log: Row, stay: Entry, back: Entry) -> None:
    """Move what the log names, and answers to its comments, from the entry that stays."""
    for model in BELOW:
        if model is Comment:
            continue
        ids = log["moved"].get(kind_of(model), [])
        model._default_manager.filter(pk__in=ids, entry=stay).update(entry=back)
    Comment.objects.filter(pk__in=_find_talk(log, stay)).update(entry=back)


def _list_since(log: Row, entry: Entry) -> list[tuple[type[models.Model], set[int]]]:
    """Return what hangs on an entry and was not there at the merge, by model."""
    since: list[tuple[type[models.Model], set[int]]] = []
    for model in BELOW:
        ids = set(model._default_manager.filter(entry=entry).values_list("pk", flat=True))
        ids -= _find_talk(log, entry) if model is Comment else set(log["moved"].get(kind_of(model), []))
        if ids:
            since.append((model, ids))
    return since


def _stay_behind(log: Row, back: Entry, stay: Entry) -> None:
    for model, ids in _list_since(log, back):
        model._default_manager.filter(pk__in=ids).update(entry=stay)


def _find_talk(log: Row, entry: Entry) -> set[int]:
    """Return the comments of an entry that the log names, with the answers to them that came since."""
    talk = set(log["moved"].get(kind_of(Comment), []))
    rows = Comment.objects.filter(entry=entry).order_by("pk").values_list("pk", "parent")
    found: set[int] = set()
    for pk, parent in rows:  # an answer has a greater id than what it answers
        if pk in talk or parent in found:
            found.add(pk)
    return found


def _give_back_lost(log: Row, back: Entry, stay: Entry) -> list[models.Model]:
    """Make votes, offers and taggings again that gave way to those of the other entry, if these still stand."""
    restored: list[models.Model] = []
    for row in _read_lost(log, Vote, back, stay):
        if Vote.objects.filter(pk=log["outvoted"][str(row.pk)], entry__in=[back.pk, stay.pk]).exists():
            restored.append(row)
    for row in _read_lost(log, Volunteer, back, stay):
        if Volunteer.objects.filter(entry=stay, member=row.member_id).exists():
            restored.append(row)
    for row in _read_lost(log, Tagging, back, stay):
        if Tagging.objects.filter(entry=stay, tag=row.tag_id).exists():
            restored.append(row)
    for row in restored:
        row.save(force_insert=True)
    return restored + _give_back_items(log, back, stay)


def _give_back_items(log: Row, back: Entry, stay: Entry) -> list[models.Model]:
    """Make agenda items again that joined another one, at the end of their agendas, and what was assigned there."""
    restored: list[models.Model] = []
    lost = {item.pk: item for item in _read_lost(log, AgendaItem, back, stay)}
    for pk, kept_pk, note, joined_note in log.get("joined", []):
        item = lost.get(pk)
        kept = AgendaItem.objects.filter(pk=kept_pk, entry=stay).select_related("session").first()
        if item is None or kept is None or kept.session_id != item.session_id:
            continue
        there = AgendaItem.objects.filter(session=item.session_id)
        if there.filter(position=item.position).exists():
            item.position = 1 + (there.aggregate(last=models.Max("position"))["last"] or 0)
        item.save(force_insert=True)
        moved = log["moved"].get(kind_of(Assignment), [])
        Assignment.objects.filter(pk__in=moved, item=kept).update(item=item)
        AgendaItem.objects.filter(pk=kept_pk, note=joined_note).update(note=note)
        restored.append(item)
    for row in map(read_row, log["lost"].get(kind_of(Assignment), [])):
        same = {"item": row.item_id, "part": row.part_id} if row.item_id else {"member": row.member_id}
        rivals = Assignment.objects.live().filter(**{"entry": row.entry_id, **same})
        is_back = AgendaItem.objects.filter(pk=row.item_id, entry=back) if row.item_id else [row.entry_id]
        if not is_back or row.entry_id not in (None, back.pk) or rivals.exists():
            continue
        row.save(force_insert=True)
        restored.append(row)
    return restored


def _read_lost(log: Row, model: type[models.Model], back: Entry, stay: Entry) -> Iterable[Any]:
    rows = map(read_row, log["lost"].get(kind_of(model), []))
    return [row for row in rows if row.entry_id in (back.pk, stay.pk)]


def _raise_from_the_dead(club: Club | None, rows: Iterable[models.Model]) -> None:
    """Take the tombstones away of rows that are there again; with their new version they come to every script."""
    for row in rows:
        Tombstone.objects.filter(club=club, kind=kind_of(type(row)), object_id=row.pk).delete()

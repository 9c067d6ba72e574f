"""Two papers that turned out to be one: everything moves to the one that stays, and nothing is lost.

The log in `MergedPaper` says what moved, so that `_separating` can take it back.
"""

import json
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django.core import serializers
from django.db import models
from django.utils.translation import gettext as _

from accounts.models import User
from papers import reading_list
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
    Session,
    Skip,
    SourceRecord,
    Tagging,
    Volunteer,
    Vote,
)
from papers.trending import refresh_heat
from papers.versions import Stamps, kind_of

_FURTHEST: list[str] = [
    Entry.State.DROPPED,
    Entry.State.NOTED,
    Entry.State.SUGGESTED,
    Entry.State.SCHEDULED,
    Entry.State.DISCUSSED,
]

# What hangs on an entry and is merged by rules of its own; whatever else does is moved.
BELOW: tuple[type[models.Model], ...] = (
    *(Vote, Volunteer, Tagging, Comment, EntryChange, AgendaItem, Assignment),
)

Row = dict[str, Any]


class Log:
    """What a merge moves (ids of rows that hang on the other paper now) and what it takes away (whole rows).

    `facts` is what is kept, as JSON.
    """

    def __init__(self, keep: Paper, other: Paper) -> None:
        self.moved: dict[str, list[int]] = defaultdict(list)
        self.lost: dict[str, list[Row]] = defaultdict(list)
        self.facts: dict[str, Any] = {
            "into": keep.pk,
            "title": other.title,
            "created": other.created.isoformat(),
            "identifiers": _list_names(other),
            "kept_identifiers": _list_names(keep),
            "moved": self.moved,
            "lost": self.lost,
            "entries": [],
            "joined": [],  # agenda items that went, those they joined, and the notes of these before and after
            "outvoted": {},  # of two votes of one member, the one that was lost: the one that held
        }

    def move(self, rows: models.QuerySet[Any], **changes: Any) -> None:
        """Change rows so that they hang on what stays, and note which."""
        ids = list(rows.values_list("pk", flat=True))
        rows.filter(pk__in=ids).update(**changes)
        self.moved[kind_of(rows.model)] += ids

    def lose(self, rows: Iterable[models.Model]) -> None:
        """Keep rows that go, as they were."""
        for row in rows:
            self.lost[kind_of(type(row))].append(write_row(row))


def write_row(row: models.Model) -> Row:
    """Give a row as JSON data, times to the microsecond; `read_row` is the way back."""
    [data] = json.loads(json.dumps(serializers.serialize("python", [row]), default=str))
    return dict(data)


def read_row(data: Row) -> Any:
    """Make a row again from what `write_row` gave, with its id; it is not saved. People who left are left out."""
    [read] = serializers.deserialize("python", [data])
    row = read.object
    for field in row._meta.concrete_fields:
        if not isinstance(field, models.ForeignKey) or not field.null:
            continue
        named = getattr(row, field.attname)
        if named is not None and not field.related_model._default_manager.filter(pk=named).exists():
            setattr(row, field.attname, None)
    return row


def _list_names(paper: Paper) -> list[list[str]]:
    return [[name.scheme, name.value] for name in paper.identifiers.all()]


def move_everything(
    keep: Paper, other: Paper, *, reason: str, by: User | None = None, stamps: Stamps
) -> Paper:
    """Move all that hangs on `other` to `keep`, and let `other`'s id lead there for ever.

    Where both papers have an entry of one club, the entries become one; of two votes of one member the
    latest holds, and the other stays in the log. The caller has locked the catalogue and both papers, folds
    `keep` afterwards, and writes the `stamps` at its end. `by` is nobody where an import found it out.
    """
    # First votes that are under way are seen below, and later ones wait: none is left on a paper that goes.
    list(Paper.objects.select_for_update(of=("self",)).filter(pk__in=[keep.pk, other.pk]).order_by("pk"))
    log = Log(keep, other)
    log.move(SourceRecord.objects.filter(paper=other), paper=keep)
    PaperIdentifier.objects.filter(paper=other).update(paper=keep)
    listings = list(Listing.objects.filter(items__paper=other))
    items = ListingItem.objects.filter(paper=other)
    both = items.filter(listing__in=ListingItem.objects.filter(paper=keep).values("listing"))
    log.lose(both)
    both.delete()
    log.move(items, paper=keep)
    skips = Skip.objects.filter(paper=other)
    has_both = models.Exists(
        Skip.objects.filter(paper=keep, club=models.OuterRef("club"), member=models.OuterRef("member"))
    )
    log.lose(skips.filter(has_both))
    log.move(skips.exclude(has_both), paper=keep)
    for entry in Entry.objects.select_for_update(of=("self",)).filter(paper=other).select_related("club"):
        _merge_entry(entry, keep, log, stamps)
    log.move(ListingVisit.objects.filter(stopped_at=other), stopped_at=keep)
    log.move(MergedPaper.objects.filter(paper=other), paper=keep)
    log.move(PaperEdit.objects.filter(paper=other), paper=keep)
    _move_pairs(keep, other, log)
    MergedPaper.objects.create(
        id=other.pk, paper=keep, reason=reason, by=by, private_to_id=other.private_to_id, log=log.facts
    )
    write_decision(Decision.Act.MERGED, keep, other, reason=reason, by=by)
    # Of a paper that was a club's own nobody else may learn even that it is gone.
    gone = [(Paper, other.pk)] if other.private_to_id is None else []
    Paper.objects.filter(pk=other.pk).delete()
    refresh_heat([keep.pk])
    keep.refresh_from_db(fields=["upvotes", "heat"])
    stamps.add(Catalogue(pk=Catalogue.ID), [keep, *listings], gone)
    return keep


def write_decision(
    act: Decision.Act, keep: Paper, other: Paper, *, reason: str = "", by: User | None = None
) -> Decision:
    """Add a line to the log of what was decided of two papers."""
    return Decision.objects.create(
        act=act,
        kept=keep.pk,
        kept_title=keep.title,
        other=other.pk,
        other_title=other.title,
        reason=reason,
        by=by,
        private_to_id=keep.private_to_id or other.private_to_id,
    )


def _move_pairs(keep: Paper, other: Paper, log: Log) -> None:
    """Whatever may be the same as `other`, or was kept apart from it, now stands so with `keep`."""
    pairs = CandidatePair.objects.filter(models.Q(first=other) | models.Q(second=other))
    for pair in pairs.exclude(first=keep).exclude(second=keep):
        third = pair.second_id if pair.first_id == other.pk else pair.first_id
        first, second = sorted([keep.pk, third])
        rival = CandidatePair.objects.filter(first=first, second=second).first()
        loser = rival if rival and pair.state == CandidatePair.State.APART else pair
        if rival:
            log.lose([loser])
            CandidatePair.objects.filter(pk=loser.pk).delete()
        if loser is not pair or not rival:
            log.move(CandidatePair.objects.filter(pk=pair.pk), first=first, second=second)


def _merge_entry(entry: Entry, keep: Paper, log: Log, stamps: Stamps) -> None:
    club = entry.club
    into = Entry.objects.select_for_update().filter(club=club, paper=keep).first()
    told: dict[str, Any] = {"entry": write_row(entry), "into": write_row(into) if into else None}
    log.facts["entries"].append(told)
    if into is None:
        for model in BELOW:
            log.moved[kind_of(model)] += model._default_manager.filter(entry=entry).values_list(
                "pk", flat=True
            )
        Entry.objects.filter(pk=entry.pk).update(paper=keep)
        entry.paper = keep
        stamps.add(club, [entry, *entry.votes.all()])  # votes tell of which paper they are
        return
    gone: list[tuple[type[models.Model], int]] = [(Entry, entry.pk)]
    theirs = {vote.member_id: vote for vote in into.votes.all()}
    for vote in entry.votes.all():
        rival = theirs.get(vote.member_id)
        if rival is not None:
            loser, winner = sorted([vote, rival], key=lambda each: each.cast_at)
            log.lose([loser])
            log.facts["outvoted"][str(loser.pk)] = winner.pk
            if loser.value == Vote.PROMOTE:
                gone.append((Vote, loser.pk))
            loser.delete()
        if rival is None or vote.pk is not None:
            log.move(Vote.objects.filter(pk=vote.pk), entry=into)
    log.move(Volunteer.objects.filter(entry=entry).exclude(member__in=into.volunteers.values("member")),
             entry=into)  # fmt: skip
    log.move(Tagging.objects.filter(entry=entry).exclude(tag__in=into.taggings.values("tag")), entry=into)
    log.move(Comment.objects.filter(entry=entry), entry=into)
    log.move(EntryChange.objects.filter(entry=entry), entry=into)
    scheduled, lost = _merge_agendas(entry, into, log)
    gone += lost
    log.lose(entry.volunteers.all())
    log.lose(entry.taggings.all())
    gone += [(Volunteer, pk) for pk in entry.volunteers.values_list("pk", flat=True)]
    gone += [(Tagging, pk) for pk in entry.taggings.values_list("pk", flat=True)]
    furthest = max(entry, into, key=lambda each: _FURTHEST.index(each.state))
    if furthest is entry and entry.state != into.state:
        change = EntryChange.objects.create(
            entry=into, before=into.state, state=entry.state, cause=EntryChange.Cause.MERGED
        )
        told["change"] = change.pk
        into.state, into.state_since = entry.state, entry.state_since
    into.suggested_by_id = into.suggested_by_id or entry.suggested_by_id
    into.suggested = min((each for each in (entry.suggested, into.suggested) if each), default=None)
    into.discussed_at = max((each for each in (entry.discussed_at, into.discussed_at) if each), default=None)
    into.promotions = into.votes.filter(value=Vote.PROMOTE).count()
    into.demotions = into.votes.filter(value=Vote.DEMOTE).count()
    into.shown_promotions, into.shown_demotions = reading_list.count_revealed(into)
    into.comment_count = into.comments.filter(removed_at=None).count()
    into.save()
    told["became"] = write_row(into)
    Entry.objects.filter(pk=entry.pk).delete()
    moved = [*into.votes.all(), *into.volunteers.all(), *into.taggings.all(), *into.comments.all()]
    stamps.add(club, [into, *moved, *scheduled], gone)


def _merge_agendas(
    entry: Entry, into: Entry, log: Log
) -> tuple[list[models.Model], list[tuple[type[models.Model], int]]]:
    """Let agenda items and assignments follow; return those to stamp, and what is gone.

    Where a session had both entries, their two items become the one of `into`, with a note; an assignment gives way
    where the same part, or the same reading, is taken there already.
    """
    changed: list[models.Model] = []
    gone: list[tuple[type[models.Model], int]] = []
    kept_of = {item.session_id: item for item in into.agenda_items.select_for_update()}
    for item in entry.agenda_items.select_for_update(of=("self",)).select_related("session"):
        kept = kept_of.get(item.session_id)
        if kept is None:
            log.move(AgendaItem.objects.filter(pk=item.pk), entry=into)
            changed.append(item)
            continue
        taken = kept.assignments.live().values("part")
        log.move(item.assignments.live().exclude(part__in=taken), item=kept)
        log.move(item.assignments.filter(state=Assignment.State.DECLINED), item=kept)
        log.lose(item.assignments.all())
        gone += [(Assignment, pk) for pk in item.assignments.values_list("pk", flat=True)]
        item.assignments.all().delete()
        _move_the_rest(item, kept, log)
        log.lose([item])
        note = kept.note
        told = _(
            "Twice on the agenda, which turned out to be one paper; the other item had %(minutes)d minutes."
        )
        words = [kept.note, told % {"minutes": item.minutes}, item.note]
        kept.note = " ".join(word for word in words if word)[: kept._meta.get_field("note").max_length]
        _join_minutes(kept, item)
        kept.save(update_fields=["note", "notes", "notes_version", "verdict", "takeaways"])
        log.facts["joined"].append([item.pk, kept.pk, note, kept.note])
        gone.append((AgendaItem, item.pk))
        item.delete()
        changed += [kept, *kept.assignments.all()]
    sessions = Session.objects.filter(
        pk__in=[item.session_id for item in changed if isinstance(item, AgendaItem)]
    )
    sessions.update(agenda_version=models.F("agenda_version") + 1)
    changed += sessions
    reading = Assignment.objects.filter(entry=entry)
    taken_by = Assignment.objects.live().filter(entry=into).values("member")
    rivals = reading.live().filter(member__in=taken_by)
    log.lose(rivals)
    gone += [(Assignment, pk) for pk in rivals.values_list("pk", flat=True)]
    rivals.delete()
    changed += list(reading)
    log.move(reading, entry=into)
    _move_the_rest(entry, into, log)
    return changed, gone


def _join_minutes(kept: AgendaItem, item: AgendaItem) -> None:
    """Let what was written down of an item that goes stand below that of the one it joined; nothing of it is lost."""
    if item.notes:
        kept.notes = "\n\n".join(text for text in (kept.notes, item.notes) if text)
        kept.notes_version += 1
    other = "" if item.verdict in ("", kept.verdict) or not kept.verdict else item.verdict
    kept.verdict = kept.verdict or item.verdict
    kept.takeaways = "\n\n".join(text for text in (kept.takeaways, other, item.takeaways) if text)


def _move_the_rest(row: models.Model, into: models.Model, log: Log) -> None:
    """Let whatever else hangs on a row hang on the one it became."""
    for relation in row._meta.related_objects:
        if relation.related_model not in BELOW and isinstance(relation.field, models.ForeignKey):
            model, name = relation.related_model, relation.field.name
            log.move(model._default_manager.filter(**{name: row}), **{name: into})

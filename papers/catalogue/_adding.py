"""Take records in: compare, find out which paper each one speaks of, fold, list, stamp; a batch at a time."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from django.db import connection, models, transaction
from django.utils import timezone

from papers import merge
from papers.identifiers import Identifier
from papers.models import Catalogue, Listing, ListingItem, Paper, PaperIdentifier, Source, SourceRecord
from papers.records import Record, content_hash, from_data, to_data
from papers.trending import compute_heat, refresh_heat
from papers.versions import Stamps

from ._merging import merge_papers

# The columns of a paper that are computed from what its sources say.
FOLDED = [
    *("title", "title_key", "abstract", "excerpt", "authors", "published", "updated", "revision"),
    *("categories", "journal", "urls", "comment", "withdrawn"),
]


FUTURE = timedelta(days=7)


class Change(StrEnum):
    ADDED = "added"
    UPDATED = "updated"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one record: the paper it speaks of, and whether it brought anything."""

    paper_id: int
    change: Change


@dataclass(slots=True)
class _Known:
    """A record this source has given us before, and how new it was."""

    paper_id: int
    hash: bytes
    age: tuple[int, str]


@dataclass(slots=True)
class _Work:
    """A paper while a batch is taken in; `into` is the one it turned out to be."""

    paper: Paper
    is_new: bool = False
    first_key: str = ""
    into: "_Work | None" = None

    @property
    def root(self) -> "_Work":
        work = self
        while work.into is not None:
            work = work.into
        return work


def add_records(
    source: Source, records: Sequence[Record], *, listed: date | None = None, fallback: date | None = None
) -> list[Outcome]:
    """Take a batch of one source's records into the catalogue; return an outcome for each, in their order.

    `listed` puts them, in their order, into the source's listing of that day; without it a record that states
    its own day goes there, and one that states none to `fallback`, unless the source lists its paper already.
    The same records again change nothing and take no lock. A record older than the one it would replace (by
    revision, then by time of change) changes nothing either. All or nothing: a batch is one transaction, and
    two batches that meet take turns (the catalogue's row is the lock).
    """
    latest: dict[str, Record] = {}
    for record in records:
        if record.key not in latest or _age(record) >= _age(latest[record.key]):
            latest[record.key] = record
    hashes = {key: content_hash(record) for key, record in latest.items()}
    known = _find_known(source, latest)
    changes: dict[str, Change] = {}
    paper_ids = {key: said.paper_id for key, said in known.items()}
    if _find_fresh(latest, hashes, known) or _find_missing(source, latest, paper_ids, listed, fallback):
        with transaction.atomic():
            stamps = Stamps()
            catalogue = Catalogue.objects.select_for_update().get(pk=Catalogue.ID)
            # Another batch may have brought the same, or merged papers, while we waited.
            known = _find_known(source, latest)
            batch = _Batch(source, _find_fresh(latest, hashes, known), known, stamps)
            papers = batch.write(hashes, changes)
            paper_ids = {key: batch.paper_id(key) for key in latest}
            missing = _find_missing(source, latest, paper_ids, listed, fallback)
            stamps.add(catalogue, [*papers, *_fill_listings(source, missing)])
            stamps.write()
    # A key that stands twice in a batch counts once as what it brought.
    return [Outcome(paper_ids[record.key], changes.pop(record.key, Change.UNCHANGED)) for record in records]


def _age(record: Record) -> tuple[int, str]:
    return record.revision or 0, record.updated.isoformat() if record.updated else ""


def _find_known(source: Source, keys: Iterable[str]) -> dict[str, _Known]:
    rows = SourceRecord.objects.filter(source=source, key__in=list(keys))
    return {
        key: _Known(paper_id, bytes(digest), (revision or 0, updated or ""))
        for key, paper_id, digest, revision, updated in rows.values_list(
            "key", "paper_id", "content_hash", "data__revision", "data__updated"
        )
    }


def _find_fresh(
    latest: dict[str, Record], hashes: dict[str, bytes], known: dict[str, _Known]
) -> dict[str, Record]:
    """Return the records that say something new: never seen, or changed and not older than what is kept."""
    return {
        key: record
        for key, record in latest.items()
        if key not in known or (known[key].hash != hashes[key] and _age(record) >= known[key].age)
    }


class _Batch:
    """What is new in a batch, and the papers it speaks of. The catalogue is locked."""

    def __init__(
        self, source: Source, fresh: dict[str, Record], known: dict[str, _Known], stamps: Stamps
    ) -> None:
        self.source, self.fresh, self.known, self.stamps = source, fresh, known, stamps
        self.by_identifier = _find_by_identifier(fresh.values())
        self.by_title = _find_by_title(source, fresh.values())
        self.existing = Paper.objects.select_for_update(of=("self",)).in_bulk(
            {known[key].paper_id for key in fresh if key in known}
            | set(self.by_identifier.values())
            | {paper_id for namesakes in self.by_title.values() for paper_id, _ in namesakes}
        )
        self.works: dict[int, _Work] = {}
        self.new_by_identifier: dict[Identifier, _Work] = {}
        self.new_by_title: dict[str, list[tuple[_Work, merge.Described]]] = defaultdict(list)
        self.found = {key: self._find(key, record) for key, record in fresh.items()}

    def paper_id(self, key: str) -> int:
        """Return the paper of a record of this batch, new or seen before."""
        if key in self.found:
            return self.found[key].root.paper.pk
        pk = self.known[key].paper_id
        return self.works[pk].root.paper.pk if pk in self.works else pk

    def write(self, hashes: dict[str, bytes], changes: dict[str, Change]) -> list[Paper]:
        """Write papers and records; note what each key brought, and return the papers touched."""
        works = {id(work.root): work.root for work in self.found.values()}
        new = [work.paper for work in works.values() if work.is_new]
        Paper.objects.bulk_create(new)
        SourceRecord.objects.bulk_create(
            [
                SourceRecord(
                    paper=self.found[key].root.paper,
                    source=self.source,
                    key=key,
                    content_hash=hashes[key],
                    data=to_data(record),
                )
                for key, record in self.fresh.items()
            ],
            update_conflicts=True,
            unique_fields=["source", "key"],
            update_fields=["paper", "content_hash", "data", "received"],
        )
        papers = {work.paper.pk: work.paper for work in works.values()}
        if papers:
            _fold(papers)
        for key in self.fresh:
            root = self.found[key].root
            changes[key] = Change.ADDED if root.is_new and root.first_key == key else Change.UPDATED
        return list(papers.values())

    def _find(self, key: str, record: Record) -> _Work:
        """Find the paper of a record: by what the source said before, by identifier, by title; else a new one."""
        alike = [self._work_of(pk) for name in record.identifiers if (pk := self.by_identifier.get(name))]
        alike += [work.root for name in record.identifiers if (work := self.new_by_identifier.get(name))]
        if key in self.known:
            alike.append(self._work_of(self.known[key].paper_id))
        title = merge.title_key(record.title)
        alike += self._match_by_title(record, title, has_paper=bool(alike))
        work = self._unite(alike) or _Work(Paper(title=record.title), is_new=True, first_key=key)
        for name in record.identifiers:
            self.new_by_identifier[name] = work
        self.new_by_title[title].append((work, record))
        return work

    def _work_of(self, pk: int) -> _Work:
        return self.works.setdefault(pk, _Work(self.existing[pk])).root

    def _match_by_title(self, record: Record, title: str, *, has_paper: bool) -> list[_Work]:
        """Return the papers of this title that are surely the record's; what is unsure stays apart."""
        namesakes = [(self._work_of(pk), stated) for pk, stated in self.by_title.get(title, ())]
        namesakes += [(work.root, stated) for work, stated in self.new_by_title[title]]
        alike = [(work, merge.compare_works(record, stated)) for work, stated in namesakes]
        same = [work for work, likeness in alike if likeness is merge.Likeness.SAME]
        if same or has_paper:
            return same
        is_only_one = len({id(work) for work, _ in alike}) == 1
        if is_only_one and all(likeness is merge.Likeness.TITLE_ONLY for _, likeness in alike):
            return [alike[0][0]]
        return []

    def _unite(self, alike: list[_Work]) -> _Work | None:
        """Return the one work that all of these are, merging papers that a record shows to be the same."""
        works = list({id(work): work for work in alike}.values())
        if not works:
            return None
        # The oldest paper stays; a new one gives way to any that is there.
        works.sort(key=lambda work: (work.is_new, work.paper.pk or 0))
        keep = works[0]
        for other in works[1:]:
            if not other.is_new:
                if self.source.club_id is not None:
                    continue  # a club's file decides nothing about papers of others: they stay apart
                reason = "A record names both, by identifiers or by title and authors."
                merge_papers(keep.paper, other.paper, reason=reason, stamps=self.stamps)
            other.into = keep
        return keep


def _find_by_identifier(records: Iterable[Record]) -> dict[Identifier, int]:
    by_scheme = defaultdict(set)
    for record in records:
        for name in record.identifiers:
            by_scheme[name.scheme].add(name.value)
    if not by_scheme:
        return {}
    condition = models.Q()
    for scheme, values in by_scheme.items():
        condition |= models.Q(scheme=scheme, value__in=values)
    rows = PaperIdentifier.objects.filter(condition).values_list("scheme", "value", "paper_id")
    return {Identifier(scheme, value): paper_id for scheme, value, paper_id in rows}


def _find_by_title(source: Source, records: Iterable[Record]) -> dict[str, list[tuple[int, merge.Described]]]:
    """Return the papers that have the title of one of the records, each with all that its sources state.

    Titles are never matched across clubs: a club's own papers and everybody's, no others.
    """
    keys = {merge.title_key(record.title) for record in records} - {""}
    scope = models.Q(private_to=None)
    if source.club_id is not None:
        scope |= models.Q(private_to=source.club_id)
    found: dict[str, list[tuple[int, merge.Described]]] = defaultdict(list)
    for paper in Paper.objects.filter(scope, title_key__in=keys).prefetch_related("source_records"):
        stated = merge.fold(from_data(row.data) for row in paper.source_records.all())
        found[paper.title_key].append((paper.pk, stated))
    return found


def _fold(papers: dict[int, Paper]) -> None:
    """Compute every touched paper from all that its sources say, its identifiers and search text too."""
    said: dict[int, list[tuple[int | None, Record]]] = defaultdict(list)
    rows = SourceRecord.objects.filter(paper__in=papers).values_list("paper_id", "source__club_id", "data")
    for paper_id, club_id, data in rows:
        said[paper_id].append((club_id, from_data(data)))
    identifiers: dict[int, set[Identifier]] = {}
    for pk, paper in papers.items():
        # What clubs brought never colours a paper that a source of the installation speaks of; without one, a
        # public identifier makes it everybody's, and what came without stays the club's.
        public = [record for club_id, record in said[pk] if club_id is None]
        public = public or [record for _, record in said[pk] if record.identifiers]
        folded = merge.fold(public or [record for _, record in said[pk]])
        for name in FOLDED:
            setattr(paper, name, getattr(folded, name))
        paper.private_to_id = None if public else next(club_id for club_id, _ in said[pk])
        identifiers[pk] = set(folded.identifiers)
        if not paper.heat:
            paper.heat = compute_heat(paper.upvotes, paper.created.date())
    Paper.objects.bulk_update(papers.values(), [*FOLDED, "private_to", "heat"])
    _write_identifiers(identifiers)
    _write_search_text(papers)


def _write_identifiers(wanted: dict[int, set[Identifier]]) -> None:
    rows = PaperIdentifier.objects.filter(paper__in=wanted)
    stale = []
    for row in rows:
        name = Identifier(row.scheme, row.value)
        if name in wanted[row.paper_id]:
            wanted[row.paper_id].remove(name)
        else:
            stale.append(row.pk)
    if stale:
        PaperIdentifier.objects.filter(pk__in=stale).delete()
    PaperIdentifier.objects.bulk_create(
        (
            PaperIdentifier(paper_id=pk, scheme=name.scheme, value=name.value)
            for pk, names in wanted.items()
            for name in names
        ),
        # What a club's file claims may belong to a paper it was not merged with, which keeps it.
        ignore_conflicts=True,
    )


def _write_search_text(papers: Iterable[int]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE papers_paper AS paper
               SET search_text = papers_search_text(title, authors, abstract, ARRAY(
                   SELECT lower(value) FROM papers_paperidentifier WHERE paper_id = paper.id))
             WHERE id = ANY(%s)
            """,
            [list(papers)],
        )


def _find_missing(
    source: Source,
    latest: dict[str, Record],
    paper_ids: dict[str, int],
    listed: date | None,
    fallback: date | None,
) -> dict[date, dict[int, Record]]:
    """Return what the source's listings lack: by day, papers that are not in it or have other votes there."""
    # A day far ahead would stand before all others as the newest listing, for years.
    horizon = timezone.now().date() + FUTURE
    wanted: dict[date, dict[int, Record]] = defaultdict(dict)
    dayless: dict[int, Record] = {}
    for key, record in latest.items():
        day = listed or (record.listed if record.listed and record.listed <= horizon else None)
        if key not in paper_ids:
            continue
        if day is not None:
            wanted[day].setdefault(paper_ids[key], record)
        elif fallback is not None:
            dayless[paper_ids[key]] = record
    if dayless:
        there = ListingItem.objects.filter(listing__source=source, paper__in=dayless)
        for pk in set(dayless) - set(there.values_list("paper_id", flat=True)):
            wanted[fallback][pk] = dayless[pk]  # type: ignore[index]
        if fallback in wanted:
            wanted[fallback] = {pk: wanted[fallback][pk] for pk in dayless if pk in wanted[fallback]}
    if not wanted:
        return {}
    items = ListingItem.objects.filter(
        listing__source=source,
        listing__date__in=wanted,
        paper__in={pk for each in wanted.values() for pk in each},
    )
    for day, pk, upvotes in items.values_list("listing__date", "paper_id", "upvotes"):
        told = wanted[day].get(pk)
        if told is not None and told.upvotes in (None, upvotes):
            del wanted[day][pk]
    return {day: each for day, each in wanted.items() if each}


def _fill_listings(source: Source, missing: dict[date, dict[int, Record]]) -> list[Listing]:
    """Append papers to the source's listings of their days, and set the votes of those already there."""
    changed = []
    for day, wanted in missing.items():
        listing, _made = Listing.objects.get_or_create(source=source, date=day)
        there = list(listing.items.filter(paper__in=wanted))
        for item in there:
            item.upvotes = wanted[item.paper_id].upvotes
        ListingItem.objects.bulk_update(there, ["upvotes"])
        last = listing.items.aggregate(last=models.Max("position"))["last"] or 0
        absent = [pk for pk in wanted if pk not in {item.paper_id for item in there}]
        ListingItem.objects.bulk_create(
            ListingItem(
                listing=listing,
                paper_id=pk,
                position=position,
                upvotes=wanted[pk].upvotes,
                submitter=wanted[pk].submitter,
            )
            for position, pk in enumerate(absent, start=last + 1)
        )
        refresh_heat(wanted)
        changed.append(listing)
    return changed


@transaction.atomic
def unite_papers(keep: Paper, other: Paper, *, reason: str) -> Paper:
    """Make one paper of two that people know to be one work; `other`'s id leads to `keep` from then on."""
    Catalogue.objects.select_for_update().get(pk=Catalogue.ID)
    stamps = Stamps()
    merge_papers(keep, other, reason=reason, stamps=stamps)
    _fold({keep.pk: keep})
    stamps.write()
    return keep

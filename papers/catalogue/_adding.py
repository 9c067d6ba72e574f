"""Take records in: compare, find out which paper each one speaks of, fold, list, stamp; a batch at a time."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from django.db import connection, models, transaction

from papers import merge
from papers.identifiers import Identifier
from papers.models import Catalogue, Listing, ListingItem, Paper, PaperIdentifier, Source, SourceRecord
from papers.records import Record, content_hash, from_data, to_data
from papers.trending import compute_heat
from papers.versions import stamp

from ._merging import merge_papers

# The columns of a paper that are computed from what its sources say.
FOLDED = [
    *("title", "title_key", "abstract", "excerpt", "authors", "published", "updated", "revision"),
    *("categories", "journal", "urls", "comment", "withdrawn"),
]


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
    """A record this source has given us before."""

    paper_id: int
    hash: bytes


@dataclass(slots=True)
class _Work:
    """A paper while a batch is taken in: its row, and the records that speak of it and are new or changed."""

    paper: Paper
    is_new: bool = False
    incoming: dict[str, Record] = field(default_factory=dict)


def add_records(source: Source, records: Sequence[Record], *, listed: date | None = None) -> list[Outcome]:
    """Take a batch of one source's records into the catalogue; return an outcome for each, in their order.

    `listed` puts them, in their order, into the source's listing of that day; without it a record that
    states its own day goes there. The same records again change nothing and take no lock. All or nothing:
    a batch is one transaction, and two batches that meet take turns (the catalogue's row is the lock).
    """
    hashes = {record.key: content_hash(record) for record in records}
    latest = {record.key: record for record in records}
    known = _find_known(source, latest)
    is_fresh = any(key not in known or known[key].hash != digest for key, digest in hashes.items())
    with transaction.atomic():
        changes: dict[str, Change] = {}
        if is_fresh:
            catalogue = Catalogue.objects.select_for_update().get(pk=Catalogue.ID)
            # Another batch may have brought the same while we waited.
            known = _find_known(source, latest)
            fresh = {
                key: record
                for key, record in latest.items()
                if key not in known or known[key].hash != hashes[key]
            }
            papers = _take(source, fresh, hashes, known, changes)
        else:
            papers = {}
        paper_ids = {key: papers[key].pk if key in papers else known[key].paper_id for key in latest}
        listings = _put_into_listings(source, latest.values(), paper_ids, listed)
        if papers or listings:
            if not is_fresh:
                catalogue = Catalogue.objects.get(pk=Catalogue.ID)
            stamp(catalogue, [*{paper.pk: paper for paper in papers.values()}.values(), *listings])
    outcomes = []
    for record in records:
        # A key that stands twice in a batch counts once as what it brought.
        change = changes.pop(record.key, Change.UNCHANGED)
        outcomes.append(Outcome(paper_ids[record.key], change))
    return outcomes


def _find_known(source: Source, keys: Iterable[str]) -> dict[str, _Known]:
    rows = SourceRecord.objects.filter(source=source, key__in=list(keys))
    return {
        key: _Known(paper_id, bytes(digest))
        for key, paper_id, digest in rows.values_list("key", "paper_id", "content_hash")
    }


def _take(
    source: Source,
    fresh: dict[str, Record],
    hashes: dict[str, bytes],
    known: dict[str, _Known],
    changes: dict[str, Change],
) -> dict[str, Paper]:
    """Write what is new or changed; return the paper of each key. The catalogue is locked."""
    works = _resolve(source, fresh, known)
    _write_new_papers(works.values())
    SourceRecord.objects.bulk_create(
        [
            SourceRecord(
                paper=works[key].paper, source=source, key=key, content_hash=hashes[key], data=to_data(record)
            )
            for key, record in fresh.items()
        ],
        update_conflicts=True,
        unique_fields=["source", "key"],
        update_fields=["paper", "content_hash", "data", "received"],
    )
    _fold(works.values())
    for key in fresh:
        is_first = works[key].is_new and next(iter(works[key].incoming)) == key
        changes[key] = Change.ADDED if is_first else Change.UPDATED
    return {key: works[key].paper for key in fresh}


def _resolve(source: Source, fresh: dict[str, Record], known: dict[str, _Known]) -> dict[str, _Work]:
    """Find the paper of each record, by what the source said before, by identifier, by title; else a new one."""
    by_identifier = _find_by_identifier(fresh.values())
    by_title = _find_by_title(source, fresh.values())
    existing = Paper.objects.in_bulk(
        {known[key].paper_id for key in fresh if key in known}
        | set(by_identifier.values())
        | {paper_id for namesakes in by_title.values() for paper_id, _ in namesakes}
    )
    works: dict[int, _Work] = {}
    new_by_identifier: dict[Identifier, _Work] = {}
    new_by_title: dict[str, list[tuple[_Work, merge.Described]]] = defaultdict(list)
    found: dict[str, _Work] = {}
    for key, record in fresh.items():
        ids = {by_identifier[name] for name in record.identifiers if name in by_identifier}
        if key in known:
            ids.add(known[key].paper_id)
        new = [work for name in record.identifiers if (work := new_by_identifier.get(name))]
        title = merge.title_key(record.title)
        if not ids and not new:
            namesake = _match_by_title(record, [*by_title.get(title, ()), *new_by_title[title]])
            if isinstance(namesake, _Work):
                new.append(namesake)
            elif namesake is not None:
                ids.add(namesake)
        work = _unite(ids, new, existing, works, by_identifier)
        work.incoming[key] = record
        found[key] = work
        for name in record.identifiers:
            new_by_identifier[name] = work
        if work.is_new:
            new_by_title[title].append((work, record))
    # Works that were united on the way stand under the one that remains.
    return {key: _remaining(work, works) for key, work in found.items()}


def _match_by_title(
    record: Record, namesakes: Sequence[tuple[int | _Work, merge.Described]]
) -> int | _Work | None:
    """Return the one paper of this title that is surely the record's; what is unsure stays apart."""
    alike = [(target, merge.compare_works(record, other)) for target, other in namesakes]
    same = [target for target, likeness in alike if likeness is merge.Likeness.SAME]
    if same:
        return same[0]
    if len(alike) == 1 and alike[0][1] is merge.Likeness.TITLE_ONLY:
        return alike[0][0]
    return None


def _unite(
    ids: set[int],
    new: list[_Work],
    existing: dict[int, Paper],
    works: dict[int, _Work],
    by_identifier: dict[Identifier, int],
) -> _Work:
    """Return the one work that a record speaks of, merging the papers it shows to be the same."""
    keep: _Work | None = None
    if ids:
        first = min(ids)
        keep = works.setdefault(first, _Work(existing[first]))
        for other in sorted(ids - {first}):
            merge_papers(existing[first], existing[other], reason="A record names both by their identifiers.")
            for name, paper_id in by_identifier.items():
                if paper_id == other:
                    by_identifier[name] = first
            if other in works:
                keep.incoming.update(works[other].incoming)
                works[other] = keep
    for work in new:
        if keep is None:
            keep = work
        elif work is not keep:
            keep.incoming.update(work.incoming)
            works[id(work)] = keep
            work.paper = keep.paper
            work.is_new = False
    if keep is None:
        keep = _Work(Paper(), is_new=True)
    return keep


def _remaining(work: _Work, works: dict[int, _Work]) -> _Work:
    seen = works.get(id(work)) or works.get(work.paper.pk or 0)
    return work if seen is None or seen is work else _remaining(seen, works)


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


def _write_new_papers(works: Iterable[_Work]) -> None:
    new = {id(work): work for work in works if work.is_new}
    for work in new.values():
        work.paper.title = next(iter(work.incoming.values())).title
    Paper.objects.bulk_create([work.paper for work in new.values()])


def _fold(works: Iterable[_Work]) -> None:
    """Compute every touched paper from all that its sources say, its identifiers and search text too."""
    papers = {work.paper.pk: work.paper for work in works}
    said: dict[int, list[tuple[int | None, Record]]] = defaultdict(list)
    rows = SourceRecord.objects.filter(paper__in=papers).values_list("paper_id", "source__club_id", "data")
    for paper_id, club_id, data in rows:
        said[paper_id].append((club_id, from_data(data)))
    identifiers: dict[int, set[Identifier]] = {}
    for pk, paper in papers.items():
        # What a club brought without a public identifier is that club's: it never colours a public paper.
        public = [record for club_id, record in said[pk] if club_id is None or record.identifiers]
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
        PaperIdentifier(paper_id=pk, scheme=name.scheme, value=name.value)
        for pk, names in wanted.items()
        for name in names
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


def _put_into_listings(
    source: Source, records: Iterable[Record], paper_ids: dict[str, int], listed: date | None
) -> list[Listing]:
    """Append papers to the source's listings of their days; return the listings that changed."""
    by_day: dict[date, dict[int, Record]] = defaultdict(dict)
    for record in records:
        day = listed or record.listed
        if day is not None:
            by_day[day].setdefault(paper_ids[record.key], record)
    changed = []
    for day, wanted in by_day.items():
        listing, created = Listing.objects.get_or_create(source=source, date=day)
        if _fill_listing(listing, wanted) or created:
            changed.append(listing)
    return changed


def _fill_listing(listing: Listing, wanted: dict[int, Record]) -> bool:
    there = {item.paper_id: item for item in listing.items.filter(paper__in=wanted)}
    voted = [
        item
        for pk, item in there.items()
        if wanted[pk].upvotes is not None and wanted[pk].upvotes != item.upvotes
    ]
    missing = [pk for pk in wanted if pk not in there]
    if not voted and not missing:
        return False
    for item in voted:
        item.upvotes = wanted[item.paper_id].upvotes
    ListingItem.objects.bulk_update(voted, ["upvotes"])
    if missing:
        # The row lock makes two batches that append to one listing take turns; the other may have been first.
        Listing.objects.select_for_update().get(pk=listing.pk)
        there_now = set(listing.items.filter(paper__in=missing).values_list("paper_id", flat=True))
        missing = [pk for pk in missing if pk not in there_now]
        last = listing.items.aggregate(last=models.Max("position"))["last"] or 0
        ListingItem.objects.bulk_create(
            [
                ListingItem(
                    listing=listing,
                    paper_id=pk,
                    position=position,
                    upvotes=wanted[pk].upvotes,
                    submitter=wanted[pk].submitter,
                )
                for position, pk in enumerate(missing, start=last + 1)
            ]
        )
    _reheat([*missing, *(item.paper_id for item in voted)])
    return True


def _reheat(paper_ids: list[int]) -> None:
    """Keep the sources' votes and the heat of papers beside them, for the trending page."""
    papers = list(
        Paper.objects.filter(pk__in=paper_ids).annotate(
            best=models.Max("listing_items__upvotes"), day=models.Max("listing_items__listing__date")
        )
    )
    for paper in papers:
        paper.upvotes = paper.best or 0
        paper.heat = compute_heat(paper.upvotes, paper.day)
    Paper.objects.bulk_update(papers, ["upvotes", "heat"])

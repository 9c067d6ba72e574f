"""Take records in: compare, find out which paper each one speaks of, fold, list, stamp; a batch at a time."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from django.db import transaction
from django.utils import timezone

from papers.models import Catalogue, Source, SourceRecord
from papers.records import Record, store
from papers.versions import Stamps

from . import _forms, _listings, _staging
from ._identity import Batch
from ._incoming import Incoming
from ._namesakes import settle

# Days of listings that records may state: from the oldest journals to a week ahead.
FIRST_DAY = date(1600, 1, 1)
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


@dataclass(frozen=True, slots=True)
class _Known:
    """A record this source has given us before, and how new it was."""

    paper_id: int
    hash: bytes
    age: tuple[int, str]


def add_records(
    source: Source, records: Sequence[Record], *, listed: date | None = None, fallback: date | None = None
) -> list[Outcome]:
    """Take a batch of one source's records into the catalogue; return an outcome for each, in their order.

    `listed` puts them, in their order, into the source's listing of that day; without it a record that states
    its own day goes there, and one that states none to `fallback`, unless the source lists its paper already.
    One that is `unlisted` goes nowhere.
    The same records again change nothing and take no lock. A record older than the one it would replace (by
    revision, then by time of change) changes nothing either. All or nothing: a batch is one transaction, and
    two batches that meet take turns (the catalogue's row is the lock).
    """
    now = timezone.now()
    incoming = _describe(records, listed, fallback, now)
    known = _find_known(source, incoming)
    changes: dict[str, Change] = {}
    paper_ids = {key: said.paper_id for key, said in known.items()}
    if _find_fresh(incoming, known) or _listings.find_missing(source, incoming, paper_ids):
        with transaction.atomic():
            paper_ids = _write(source, incoming, known, changes, now)
    # A key that stands twice in a batch counts once as what it brought.
    return [Outcome(paper_ids[record.key], changes.pop(record.key, Change.UNCHANGED)) for record in records]


def _describe(
    records: Iterable[Record], listed: date | None, fallback: date | None, now: datetime
) -> dict[str, Incoming]:
    """Return the newest record of each key, with what is stored of it."""
    latest: dict[str, Record] = {}
    for record in records:
        if record.key not in latest or _age(record) >= _age(latest[record.key]):
            latest[record.key] = record
    # A day far ahead would stand before all others as the newest listing, for years.
    horizon = now.date() + FUTURE
    incoming = {}
    for key, record in latest.items():
        day = listed or (record.listed if record.listed and FIRST_DAY <= record.listed <= horizon else None)
        days = (None, None) if record.unlisted else (day, fallback)
        incoming[key] = Incoming(record, store(record), *days)
    return incoming


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


def _find_fresh(incoming: Mapping[str, Incoming], known: Mapping[str, _Known]) -> dict[str, Incoming]:
    """Return the records that say something new: never seen, or changed and not older than what is kept."""
    return {
        key: each
        for key, each in incoming.items()
        if key not in known or (known[key].hash != each.stored.hash and _age(each.record) >= known[key].age)
    }


def _write(
    source: Source,
    incoming: Mapping[str, Incoming],
    known: Mapping[str, _Known],
    changes: dict[str, Change],
    now: datetime,
) -> dict[str, int]:
    """Bring a batch in, note what each key brought, and return {key: paper id}."""
    fresh = _find_fresh(incoming, known)
    plain = _staging.find_plain({key: each for key, each in fresh.items() if key not in known})
    seen = 0
    if plain:
        # Read before anything is compared: what comes later has a greater number, and is all that is looked at again.
        seen = Catalogue.objects.values_list("version", flat=True).get(pk=Catalogue.ID)
        _staging.stage(source, plain, now=now)
        _staging.unstage_known(source, plain)
    catalogue = Catalogue.objects.select_for_update().get(pk=Catalogue.ID)
    stamps, version = Stamps(), catalogue.version + 1
    moved: dict[str, int] = {}
    if plain:
        _staging.unstage_changed(source, since=seen, now=catalogue.version)
        moved = _staging.move(source, version=version)
    # Of the others another batch may have brought the same, or merged papers, while we waited.
    others = {key: each for key, each in incoming.items() if key not in moved}
    known = _find_known(source, others)
    fresh = _find_fresh(others, known)
    batch = Batch(source, fresh, {key: said.paper_id for key, said in known.items()}, stamps)
    papers = batch.write()
    _forms.ask_about_forms(source, [*moved.values(), *(paper.pk for paper in papers)])
    changes.update(dict.fromkeys(moved, Change.ADDED))
    changes.update({key: Change.ADDED if batch.is_first(key) else Change.UPDATED for key in fresh})
    settled = settle(batch.list_titles(), stamps)
    paper_ids = moved | {key: settled.find(source.pk, key, batch.paper_id(key)) for key in others}
    missing = _listings.find_missing(source, incoming, paper_ids, new=set(moved.values()))
    _listings.fill(source, missing, new=set(moved.values()), version=version, now=now)
    if moved or papers or missing:
        stamps.add(catalogue, [paper for paper in papers if paper.pk not in settled.merged])
    stamps.write()
    return paper_ids

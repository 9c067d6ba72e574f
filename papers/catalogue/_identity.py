"""Find out which paper each record speaks of, one by one, and fold: by key, by identifiers, by title.

What shares none of these with anything takes the shorter way of `_staging`.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence, Set, Sized
from dataclasses import dataclass, field
from typing import Any, Final

from django.db import connection, models

from papers import merge
from papers.appearances import may_have_both_forms
from papers.differences import explain_doubt
from papers.identifiers import Identifier
from papers.models import CandidatePair, Paper, PaperIdentifier, Source, SourceRecord
from papers.records import Rank, Record, from_data
from papers.trending import compute_heat
from papers.versions import Stamps

from ._incoming import FOLDED, Incoming, fold_known_to, fold_with_owner
from ._merging import move_everything

FEW: Final = 5
"""Papers of one title that people are asked about; more share one that tells nothing, as "Editorial"."""


@dataclass(slots=True, eq=False)
class _Work:
    """A paper while a batch is taken in; `into` is the one it turned out to be."""

    paper: Paper
    names: set[Identifier] = field(default_factory=set)
    is_new: bool = False
    first_key: str = ""
    into: "_Work | None" = None

    @property
    def root(self) -> "_Work":
        work = self
        while work.into is not None:
            work = work.into
        return work


class Batch:
    """What is new in a batch, and the papers it speaks of. The catalogue is locked."""

    def __init__(
        self, source: Source, fresh: Mapping[str, Incoming], known: Mapping[str, int], stamps: Stamps
    ) -> None:
        """`known` has the papers of keys that the source has used before."""
        self.source, self.fresh, self.known, self.stamps = source, fresh, known, stamps
        records = [each.record for each in fresh.values()]
        names = {name for record in records for name in record.identifiers}
        self.by_identifier = PaperIdentifier.objects.naming(names).paper_ids()
        self.by_title = _find_by_title(source, records)
        self.existing = Paper.objects.select_for_update(of=("self",), no_key=True).in_bulk(
            {known[key] for key in fresh if key in known}
            | set(self.by_identifier.values())
            | {paper_id for namesakes in self.by_title.values() for paper_id, _ in namesakes}
        )
        self.names = _load_names(self.existing)
        self.apart = find_apart(self.existing)
        self.doubts: list[tuple[_Work, _Work, str]] = []
        self.works: dict[int, _Work] = {}
        self.new_by_identifier: dict[Identifier, _Work] = {}
        self.new_by_title: dict[str, list[tuple[_Work, merge.Described]]] = defaultdict(list)
        self.found = {key: self._find(key, each.record) for key, each in fresh.items()}

    def paper_id(self, key: str) -> int:
        """Return the paper of a record of this batch, new or seen before."""
        if key in self.found:
            return self.found[key].root.paper.pk
        pk = self.known[key]
        return self.works[pk].root.paper.pk if pk in self.works else pk

    def write(self) -> list[Paper]:
        """Write papers and records; return the papers that changed."""
        works = {id(work.root): work.root for work in self.found.values()}
        new = [work.paper for work in works.values() if work.is_new]
        Paper.objects.bulk_create(new)
        SourceRecord.objects.bulk_create(
            [
                SourceRecord(
                    paper=self.found[key].root.paper,
                    source=self.source,
                    key=key,
                    content_hash=each.stored.hash,
                    data=each.stored.data,
                )
                for key, each in self.fresh.items()
            ],
            update_conflicts=True,
            unique_fields=["source", "key"],
            update_fields=["paper", "content_hash", "data", "received"],
        )
        self._note_doubts()
        papers = {work.paper.pk: work.paper for work in works.values()}
        changed = fold_papers(papers) if papers else []
        if self.source.club_id is None:
            # When and where each form of a paper appeared is in its records alone, not in its columns; and that a
            # record came which may leave it again must be seen by an import that has compared it already.
            written = {paper.pk for paper in changed}
            loose = {
                self.found[key].root.paper.pk
                for key, each in self.fresh.items()
                if not each.record.identifiers
            }
            changed += [
                work.paper
                for work in works.values()
                if work.paper.pk not in written
                and (work.paper.pk in loose or may_have_both_forms(work.names, work.paper.journal))
            ]
        return changed

    def list_titles(self) -> set[str]:
        """Return the titles of all papers that were found or compared: where records may belong elsewhere now."""
        shared = {
            title for title, works in self.new_by_title.items() if title in self.by_title or len(works) > 1
        }
        return shared.union(work.paper.title_key for work in self.works.values())

    def is_first(self, key: str) -> bool:
        """Tell whether a record of this batch made a new paper, rather than adding to one."""
        root = self.found[key].root
        return root.is_new and root.first_key == key

    def _find(self, key: str, record: Record) -> _Work:
        """Find the paper of a record: by what the source said before, by identifier, by title; else a new one."""
        alike = [self._work_of(pk) for name in record.identifiers if (pk := self.by_identifier.get(name))]
        alike += [work.root for name in record.identifiers if (work := self.new_by_identifier.get(name))]
        own = self._work_of(self.known[key]) if key in self.known else None
        if own is not None:
            alike.append(own)
        title = merge.title_key(record.title)
        same, doubts = self._match_by_title(record, title, alike)
        work = self._unite(alike + same, own) or _Work(Paper(title=record.title), is_new=True, first_key=key)
        self.doubts += [(work, other, reason) for other, reason in doubts]
        work.names.update(record.identifiers)
        for name in record.identifiers:
            self.new_by_identifier[name] = work
        self.new_by_title[title].append((work, record))
        return work

    def _work_of(self, pk: int) -> _Work:
        return self.works.setdefault(pk, _Work(self.existing[pk], self.names[pk])).root

    def _match_by_title(
        self, record: Record, title: str, found: Sequence[_Work]
    ) -> tuple[list[_Work], list[tuple[_Work, str]]]:
        """Return the papers of this title that are surely the record's, and those that may be, each with why.

        `found` are the papers it belongs to by key and identifiers. What is unsure stays apart: a record is
        also not tied by its title to a paper that its own contradicts, nor to two that contradict each other.
        """
        known, new = self.by_title.get(title, ()), self.new_by_title[title]
        is_shared_by_few = len(known) + len(new) <= FEW
        # Thousands may be called “Editorial”: those that another identifier tells apart are passed over first.
        others = [
            (self._work_of(pk), said)
            for pk, said in known
            if is_shared_by_few or not _is_told_apart(record, said)
        ]
        others += [
            (work.root, said) for work, said in new if is_shared_by_few or not _is_told_apart(record, said)
        ]
        alike = [
            (work, said, merge.compare_works(record, said)) for work, said in others if work not in found
        ]
        names = set(record.identifiers).union(*(work.names for work in found))
        same = [
            work
            for work, _, likeness in alike
            if likeness is merge.Likeness.SAME and not _are_of_two_works(names, work.names)
        ]
        is_loose = not record.identifiers
        if any(
            _are_of_two_works(one.names, other.names)
            or (is_loose and {one.paper.pk, other.paper.pk} not in self.apart)
            for one in same
            for other in same
            if one is not other
        ):
            same = []
        if not same and not found and self._is_only_one(known, new, alike):
            same = [alike[0][0]]
        doubts = []
        if is_shared_by_few:
            doubts = [
                (work, reason)
                for work, said, likeness in alike
                if work not in same
                and likeness is not merge.Likeness.DIFFERENT
                and (reason := explain_doubt(record, said))
            ]
        return same, doubts

    @staticmethod
    def _is_only_one(known: Sized, new: Sized, alike: Sequence[tuple[_Work, Any, merge.Likeness]]) -> bool:
        """Tell whether a title names one paper, so that a record with little else is of it."""
        return (
            len(alike) == len(known) + len(new)
            and len({id(work) for work, _, _ in alike}) == 1
            and all(likeness is merge.Likeness.TITLE_ONLY for _, _, likeness in alike)
        )

    def _note_doubts(self) -> None:
        """Remember which papers may be one, for people to decide. Papers are written, and those that go have gone."""
        note_pairs(
            self.source,
            ((one.root.paper.pk, other.root.paper.pk, reason) for one, other, reason in self.doubts),
        )

    def _unite(self, alike: list[_Work], own: _Work | None) -> _Work | None:
        """Return the one work that all of these are, merging papers that a record shows to be the same.

        Of papers that people keep apart it is the one that has the record already (`own`), else the oldest.
        """
        works = list({id(work): work for work in alike}.values())
        if not works:
            return None
        # Everybody's paper stays before a club's, then the oldest; a new one gives way to any that is there.
        works.sort(key=lambda work: (work.is_new, work.paper.private_to_id is not None, work.paper.pk or 0))
        keep = works[0]
        if self.apart and any(
            {work.paper.pk, other.paper.pk} in self.apart for work in works for other in works
        ):
            keep = own or keep
            works = [keep, *(work for work in works if work is not keep)]
        for other in works[1:]:
            if {keep.paper.pk, other.paper.pk} in self.apart:
                continue
            if not other.is_new:
                if self.source.club_id is not None and other.paper.private_to_id is None:
                    # A club's file decides nothing about papers of others: they stay apart.
                    self.doubts.append((keep, other, "A file of your club says that both are one."))
                    continue
                reason = "A record names both, by identifiers or by title and authors."
                move_everything(keep.paper, other.paper, reason=reason, stamps=self.stamps)
                pairs = (
                    {keep.paper.pk if pk == other.paper.pk else pk for pk in pair} for pair in self.apart
                )
                self.apart = {frozenset(pair) for pair in pairs}
            other.into = keep
            keep.names |= other.names
        return keep


def note_pairs(source: Source, doubts: Iterable[tuple[int, int, str]]) -> None:
    """Ask people whether two papers are one: each by the ids of both, and why. What was asked or decided stands."""
    pairs = {}
    for one, other, reason in doubts:
        first, second = sorted([one, other])
        if first != second:
            pairs[first, second] = CandidatePair(
                first_id=first, second_id=second, reason=reason, club_id=source.club_id
            )
    if source.club_id is None:
        # What a club's file brought up before is now for everybody to see.
        CandidatePair.objects.bulk_create(
            pairs.values(), update_conflicts=True, unique_fields=["first", "second"], update_fields=["club"]
        )
    else:
        CandidatePair.objects.bulk_create(pairs.values(), ignore_conflicts=True)


def _is_told_apart(record: Record, other: merge.Described) -> bool:
    """Tell whether two works share no identifier and have two that no work has both: surely not the same."""
    return _are_of_two_works(set(record.identifiers), other.identifiers)


def _are_of_two_works(names: Set[Identifier], others: Collection[Identifier]) -> bool:
    return bool(names and others) and names.isdisjoint(others) and merge.are_of_two_works(names, others)


def _load_names(paper_ids: Iterable[int]) -> dict[int, set[Identifier]]:
    """Return the identifiers of each of some papers."""
    names: dict[int, set[Identifier]] = {pk: set() for pk in paper_ids}
    rows = PaperIdentifier.objects.filter(paper__in=list(names)).values_list("paper_id", "scheme", "value")
    for pk, scheme, value in rows:
        names[pk].add(Identifier(scheme, value))
    return names


def find_apart(paper_ids: Collection[int]) -> set[frozenset[int | None]]:
    """Return those pairs of papers that people keep apart."""
    if len(paper_ids) < 2:
        return set()
    pairs = CandidatePair.objects.filter(
        state=CandidatePair.State.APART, first__in=list(paper_ids), second__in=list(paper_ids)
    )
    return {frozenset(pair) for pair in pairs.values_list("first", "second")}


def _find_by_title(source: Source, records: Iterable[Record]) -> dict[str, list[tuple[int, merge.Described]]]:
    """Return the papers that have the title of one of the records, each with all that its sources state.

    Titles are never matched across clubs: a club's own papers and everybody's, no others.
    """
    keys = {merge.title_key(record.title) for record in records} - {""}
    scope = models.Q(private_to=None)
    if source.club_id is not None:
        scope |= models.Q(private_to=source.club_id)
    found: dict[str, list[tuple[int, merge.Described]]] = defaultdict(list)
    for paper in Paper.objects.filter(scope, title_key__in=keys).prefetch_related("source_records__source"):
        said = [(row.source.club_id, from_data(row.data)) for row in paper.source_records.all()]
        # What only its title and authors brought to a paper, and may leave again, does not judge what else is of it.
        firm = [
            (club_id, record) for club_id, record in said if record.identifiers or record.rank is Rank.HAND
        ]
        if not any(record.identifiers and club_id in (None, source.club_id) for club_id, record in firm):
            firm = said
        found[paper.title_key].append((paper.pk, fold_known_to(source.club_id, firm)))
    return found


def fold_papers(papers: dict[int, Paper]) -> list[Paper]:
    """Compute papers from all that their sources say, identifiers and search text too; return those that changed.

    What a club says of a paper of everybody's changes nothing on it, and others must not see that it was said. A paper
    stays as it is whose only record went to another one, as it named that by identifier.
    """
    said: dict[int, list[tuple[int | None, Record]]] = defaultdict(list)
    rows = SourceRecord.objects.filter(paper__in=papers).values_list("paper_id", "source__club_id", "data")
    for paper_id, club_id, data in rows:
        said[paper_id].append((club_id, from_data(data)))
    identifiers: dict[int, set[Identifier]] = {}
    changed = set()
    for pk, paper in papers.items():
        if pk not in said:
            continue
        folded, private_to = fold_with_owner(said[pk])
        for name, value in [
            ("private_to_id", private_to),
            *((name, getattr(folded, name)) for name in FOLDED),
        ]:
            if _as_stored(value) != _as_stored(getattr(paper, name)):
                setattr(paper, name, value)
                changed.add(pk)
        identifiers[pk] = set(folded.identifiers)
        if not paper.heat:
            paper.heat = compute_heat(paper.upvotes, paper.created.date())
    changed |= _write_identifiers(identifiers)
    touched = [papers[pk] for pk in sorted(changed)]
    Paper.objects.bulk_update(touched, [*FOLDED, "private_to", "heat"])
    _write_search_text(changed)
    return touched


def _as_stored(value: object) -> object:
    return [_as_stored(each) for each in value] if isinstance(value, list | tuple) else value


def _write_identifiers(wanted: dict[int, set[Identifier]]) -> set[int]:
    """Bring the identifiers of papers in line; return the papers whose were others."""
    rows = PaperIdentifier.objects.filter(paper__in=wanted)
    stale, changed = [], set()
    for row in rows:
        name = Identifier(row.scheme, row.value)
        if name in wanted[row.paper_id]:
            wanted[row.paper_id].remove(name)
        else:
            stale.append(row.pk)
            changed.add(row.paper_id)
    changed |= {pk for pk, names in wanted.items() if names}
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
    return changed


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

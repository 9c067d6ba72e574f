"""Put records that their title alone places where they belong, when there is another paper of that title.

A record without identifiers is of the one paper that it fits, and whether it fits one alone may change with each paper
of its title. So it is asked again then, and what came last ends as if it had come first.
"""

from collections import defaultdict
from collections.abc import Collection, Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Final

from django.db.models import Count

from papers import merge
from papers.differences import explain_doubt
from papers.models import Catalogue, Decision, Listing, ListingItem, MergedPaper, Paper, SourceRecord
from papers.records import Rank, Record, from_data
from papers.trending import refresh_heat
from papers.versions import Stamps

from ._identity import FEW, find_apart, fold_papers, note_pairs
from ._merging import move_everything, write_decision

MOST: Final = 50
"""Papers of one title that are looked at once more; more share one that tells nothing."""

_REASON: Final = "Another paper has the title, too, so the title alone does not tell of which of them it is."


@dataclass(slots=True)
class Held:
    """A source record in the paper it is in; `owner` is the club whose source said it."""

    pk: int
    paper_id: int
    source_id: int
    owner: int | None
    key: str
    record: Record

    @property
    def is_loose(self) -> bool:
        """Whether nothing but its title, and perhaps its authors, tells of which paper it is."""
        return not self.record.identifiers and self.record.rank is not Rank.HAND


def find_places(
    title: str, held: Iterable[Held], apart: Container[frozenset[int | None]]
) -> Iterator[tuple[Held, int | None]]:
    """Yield loose records of a title, each with the paper that it belongs to; None: alone. It is pure.

    One with authors is of the paper that it fits (`merge.compare_works`: SAME), judged by those of its records that
    have identifiers; where it fits several it stands alone, and where none, it may be anywhere, as where people keep
    those `apart` that it fits. A bare one is of the
    only paper that has other records, unless they disagree; where there are several it stands alone.
    """
    others, loose = defaultdict(list), []
    for each in held:
        if not each.is_loose:
            others[each.paper_id].append(each.record)
        elif merge.title_key(each.record.title) == title:
            loose.append(each)
    named = {pk: merge.fold(said) for pk, said in others.items() if any(each.identifiers for each in said)}
    works: dict[tuple[str, int], list[Record]] = {("paper", pk): said for pk, said in others.items()}
    for each in loose:
        if merge.is_bare(each.record):
            continue
        fits = [
            pk for pk, said in named.items() if merge.compare_works(each.record, said) is merge.Likeness.SAME
        ]
        if len(fits) > 1 and not any(frozenset(pair) in apart for pair in combinations(fits, 2)):
            yield each, None
            works["alone", each.pk] = [each.record]
        else:
            if len(fits) == 1:
                yield each, fits[0]
            place = fits[0] if len(fits) == 1 else each.paper_id
            works.setdefault(("paper", place), []).append(each.record)
    for each in loose:
        if not merge.is_bare(each.record) or not works:
            continue
        [(kind, number), said], *more = works.items()
        is_placed = (
            not more
            and kind == "paper"
            and merge.compare_works(each.record, merge.fold(said)) is merge.Likeness.TITLE_ONLY
        )
        yield each, number if is_placed else None


@dataclass(slots=True)
class Settled:
    """What became of papers and records: `merged` papers, and where records (by source and key) are now."""

    merged: dict[int, int]
    moved: dict[tuple[int, str], int]

    def find(self, source_id: int, key: str, paper_id: int) -> int:
        """Return the paper of a record that was in another one before."""
        paper_id = self.moved.get((source_id, key), paper_id)
        while paper_id in self.merged:
            paper_id = self.merged[paper_id]
        return paper_id


def settle(titles: Collection[str], stamps: Stamps) -> Settled:
    """Ask of the loose records of some titles where they belong, and put them there. The catalogue is locked.

    Each club's are judged by what that club may know. What people decided stays: papers that they merged, and pairs
    that they keep apart. Votes and comments stay with the paper that has other records.
    """
    done = Settled({}, {})
    for title, owners, held in _load(titles):
        for viewpoint in sorted({each.owner for each in held if each.is_loose}, key=lambda club: club or 0):
            seen = (None, viewpoint)
            known = [each for each in held if each.owner in seen and owners[each.paper_id] in seen]
            _settle_known(title, known, held, viewpoint, done, stamps)
    return done


def _load(titles: Collection[str]) -> Iterator[tuple[str, dict[int, int | None], list[Held]]]:
    """Yield titles of several papers with loose records: with the club each paper is private to, and all records."""
    named = Paper.objects.filter(title_key__in=set(titles) - {""})
    counts = named.values("title_key").annotate(number=Count("pk")).filter(number__gt=1, number__lte=MOST)
    papers = Paper.objects.filter(title_key__in=counts.values_list("title_key", flat=True))
    owners = {pk: (title, club) for pk, title, club in papers.values_list("pk", "title_key", "private_to")}
    if not owners:
        return
    rows = SourceRecord.objects.filter(paper__in=list(owners)).order_by("key", "pk")
    by_title: dict[str, list[Held]] = defaultdict(list)
    for pk, paper_id, source_id, owner, key, data in rows.values_list(
        "pk", "paper_id", "source_id", "source__club_id", "key", "data"
    ):
        by_title[owners[paper_id][0]].append(Held(pk, paper_id, source_id, owner, key, from_data(data)))
    for title, held in sorted(by_title.items()):
        if any(each.is_loose for each in held):
            yield title, {each.paper_id: owners[each.paper_id][1] for each in held}, held


def _settle_known(
    title: str, known: list[Held], held: list[Held], viewpoint: int | None, done: Settled, stamps: Stamps
) -> None:
    ids = {each.paper_id for each in held}
    by_people = set(
        MergedPaper.objects.filter(paper__in=ids, by__isnull=False).values_list("paper_id", flat=True)
    )
    apart = find_apart(ids)
    touched: set[int] = set()
    for each, place in list(find_places(title, known, apart)):
        if each.owner != viewpoint or each.paper_id in by_people or place == each.paper_id:
            continue
        company = [other for other in held if other.paper_id == each.paper_id and other is not each]
        if place is None and any(other.record.rank is not Rank.HAND for other in company):
            touched |= {each.paper_id, _take_out(each, company, known, stamps, done)}
        elif place is not None and not company and frozenset({place, each.paper_id}) not in apart:
            touched.add(_put_in(each, place, stamps, done))
    if touched:
        papers = Paper.objects.in_bulk(touched - done.merged.keys())
        fold_papers(papers)
        refresh_heat(papers)
        stamps.add(Catalogue(pk=Catalogue.ID), papers.values())


def _take_out(
    each: Held, company: Collection[Held], known: Iterable[Held], stamps: Stamps, done: Settled
) -> int:
    """Give a record a paper of its own, with its places in listings; ask people of which other paper it is."""
    old = Paper.objects.get(pk=each.paper_id)
    paper = Paper.objects.create(title=each.record.title, private_to_id=each.owner)
    source = SourceRecord.objects.select_related("source").get(pk=each.pk).source
    SourceRecord.objects.filter(pk=each.pk).update(paper=paper)
    if all(other.source_id != each.source_id for other in company):
        items = ListingItem.objects.filter(paper=old, listing__source=each.source_id)
        listings = list(Listing.objects.filter(items__in=items))
        items.update(paper=paper)
        stamps.add(Catalogue(pk=Catalogue.ID), listings)
    write_decision(Decision.Act.PARTED, old, paper, reason=_REASON)
    each.paper_id = done.moved[each.source_id, each.key] = paper.pk
    said: Mapping[int, list[Record]] = defaultdict(list)
    for other in known:
        if other is not each:
            said[other.paper_id].append(other.record)
    if len(said) <= FEW:
        doubts = (
            (paper.pk, pk, explain_doubt(each.record, merge.fold(records))) for pk, records in said.items()
        )
        note_pairs(source, ((one, other, reason) for one, other, reason in doubts if reason))
    return paper.pk


def _put_in(each: Held, place: int, stamps: Stamps, done: Settled) -> int:
    """Let the paper of a record that was alone become the one that it fits."""
    papers = Paper.objects.select_for_update(of=("self",)).in_bulk([place, each.paper_id])
    keep, other = papers[place], papers[each.paper_id]
    reason = "Only one paper of the title is left, so the title tells of which it is."
    move_everything(keep, other, reason=reason, stamps=stamps)
    done.merged[each.paper_id] = place
    each.paper_id = place
    return place

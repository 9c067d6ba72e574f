"""A record on its way into the catalogue, and the paper that several of them make."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import date

from papers import merge
from papers.appearances import BothForms, find_both_forms, may_have_both_forms
from papers.identifiers import Identifier
from papers.models import Paper, SourceRecord
from papers.records import Rank, Record, Stored, from_data

FOLDED = [field.name for field in fields(merge.Folded) if field.name not in ("identifiers", "deposited")]
"""The columns of a paper that are computed from what its sources say."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """A record with what is stored of it, and where it is listed: on `day`, or on `fallback` if nowhere yet."""

    record: Record
    stored: Stored
    day: date | None
    fallback: date | None


def fold_known_to(club_id: int | None, said: Sequence[tuple[int | None, Record]]) -> merge.Folded:
    """Return the paper as a source of this club (None: of the installation) may know of it: without what other clubs
    keep to themselves, which must not decide what becomes of anybody else's record."""
    public = _find_public(said)
    own = [record for owner, record in said if owner == club_id and owner is not None]
    return merge.fold([*public, *own])


def fold_with_owner(said: Sequence[tuple[int | None, Record]]) -> tuple[merge.Folded, int | None]:
    """Return the paper that records make, each with the club whose source said it, and the club it is private to.

    What clubs brought never colours a paper that a source of the installation speaks of. Without one, a public
    identifier makes it everybody's, and what came without stays the club's.
    """
    public = _find_public(said)
    if public:
        return merge.fold(public), None
    return merge.fold([record for _, record in said]), next(club_id for club_id, _ in said)


def load_records(paper: Paper) -> list[Record]:
    """Return the records that a paper is folded from; what other clubs keep to themselves is not among them."""
    return _load_records_of([paper.pk])[paper.pk]


def load_forms(papers: Iterable[Paper]) -> dict[int, BothForms]:
    """Return the preprint and the published form of those papers that have both. One statement, or none.

    The identifiers of the papers are loaded.
    """
    ids = [
        paper.pk
        for paper in papers
        if may_have_both_forms(
            [Identifier(each.scheme, each.value) for each in paper.identifiers.all()], paper.journal
        )
    ]
    told = _load_records_of(ids) if ids else {}
    return {pk: both for pk, records in told.items() if (both := find_both_forms(records))}


def _load_records_of(paper_ids: Sequence[int]) -> dict[int, list[Record]]:
    said: dict[int, list[tuple[int | None, Record]]] = {pk: [] for pk in paper_ids}
    rows = SourceRecord.objects.filter(paper__in=paper_ids).values_list("paper_id", "source__club_id", "data")
    for paper_id, club_id, data in rows:
        said[paper_id].append((club_id, from_data(data)))
    return {pk: _find_public(each) or [record for _, record in each] for pk, each in said.items()}


def _find_public(said: Sequence[tuple[int | None, Record]]) -> list[Record]:
    """Return the records that make a paper for everybody: those of the installation.

    Where these are only edits by hand, which mend some fields, also those that a club brought with an identifier.
    """
    public = [record for club_id, record in said if club_id is None]
    if all(record.rank is Rank.HAND for record in public):
        public += [record for club_id, record in said if club_id is not None and record.identifiers]
    return public

"""A preprint and its published form are one paper: where, when and under which names each of them appeared.

Everything here is pure.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from papers import merge
from papers.identifiers import Identifier, is_preprint_doi
from papers.records import Precision, Rank, Record, write_known_day, write_place


@dataclass(frozen=True, slots=True)
class Appearance:
    """One form of a paper. `place` is a journal with volume, issue and pages; empty of a preprint."""

    place: str
    identifiers: tuple[Identifier, ...]
    revision: int | None
    date: date | None
    precision: Precision

    @property
    def date_as_known(self) -> str:
        """The day in ISO 8601, cut to the month or year where no more is known; or empty."""
        return write_known_day(self.date, self.precision)


@dataclass(frozen=True, slots=True)
class BothForms:
    preprint: Appearance
    published: Appearance


def find_both_forms(records: Iterable[Record]) -> BothForms | None:
    """Return the preprint and the published form, from what sources say of a paper; None where it has only one.

    The preprint is what has an arXiv id or a preprint server's DOI, dated by its newest revision. The published form
    has a DOI of another kind, or a journal that is no preprint server; its day is none that a preprint's record says.
    """
    said = list(records)
    preprints = [record for record in said if record.rank != Rank.PUBLISHER and _list_preprint_names(record)]
    placed = [record for record in said if not merge.is_no_journal(record.journal)]
    dois = tuple(
        dict.fromkeys(name for record in said for name in record.identifiers if _is_published_name(name))
    )
    if not preprints or not (dois or placed):
        return None
    return BothForms(_describe_preprint(preprints), _describe_published(said, placed, dois))


def may_have_both_forms(identifiers: Iterable[Identifier], journal: str) -> bool:
    """Tell by what a paper is called whether its records are worth a look; where not, it has one form only."""
    names = list(identifiers)
    return any(map(_is_preprint_name, names)) and (bool(journal) or any(map(_is_published_name, names)))


def _is_preprint_name(name: Identifier) -> bool:
    return name.scheme == "arxiv" or is_preprint_doi(name)


def _is_published_name(name: Identifier) -> bool:
    return name.scheme == "doi" and not is_preprint_doi(name)


def _list_preprint_names(record: Record) -> list[Identifier]:
    return [name for name in record.identifiers if _is_preprint_name(name)]


def _describe_preprint(records: list[Record]) -> Appearance:
    # An aggregator may date it by the day it was listed; the server itself knows better.
    own = [record for record in records if record.rank == Rank.PREPRINT] or records
    folded = merge.fold(own)
    names = tuple(name for name in merge.fold(records).identifiers if name in _list_all_names(records))
    is_revised = folded.updated is not None and (folded.revision or 1) > 1
    return Appearance(
        place="",
        identifiers=names,
        revision=folded.revision,
        date=folded.updated.date() if is_revised and folded.updated else folded.published,
        precision=Precision.DAY if is_revised else folded.published_precision,
    )


def _list_all_names(records: Iterable[Record]) -> set[Identifier]:
    return {name for record in records for name in _list_preprint_names(record)}


def _describe_published(said: list[Record], placed: list[Record], dois: tuple[Identifier, ...]) -> Appearance:
    dated = [record for record in said if record.rank == Rank.PUBLISHER or not _list_preprint_names(record)]
    dated = [record for record in dated if record.published]
    folded = merge.fold(placed) if placed else None
    when = merge.fold(dated) if dated else None
    return Appearance(
        place=write_place(folded.journal, folded.volume, folded.issue, folded.pages) if folded else "",
        identifiers=dois,
        revision=None,
        date=when.published if when else None,
        precision=when.published_precision if when else Precision.DAY,
    )

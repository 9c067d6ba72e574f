"""Edits by hand: what a person says of a paper, a source record like any other, and the first in rank."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from django.utils.translation import gettext as _

from accounts.models import User
from papers import merge
from papers.models import Catalogue, Paper, PaperEdit, Source, SourceRecord
from papers.records import PartialDate, Rank, Record, Rejection, clean_record, from_data, store, to_data
from papers.verbs import verb
from papers.versions import Stamps

from ._identity import fold_papers
from ._uniting import Refused

_PLACE: Final = ("journal", "volume", "issue", "pages")
EDITABLE: Final = ("title", "authors", "abstract", "published", *_PLACE)
_FIELDS: Final = (*EDITABLE, "published_precision")
_EMPTY: Final = Record(key="", title="")


@verb
def edit_paper(paper: Paper, changes: Mapping[str, Any], *, by: User) -> Paper:
    """Say by hand what a paper's fields are, before all that its sources say; return the paper.

    `changes` has values for some of EDITABLE, as `clean_record` takes them; an empty one gives the field back to the
    sources. Journal, volume, issue and pages go together, as in `merge.fold`: those not given are said as they are
    now, and without a journal all four are as the sources say.
    No change at all changes nothing. Raises Refused, for a text that no record may have, and where the paper has been
    merged meanwhile.
    """
    catalogue = Catalogue.objects.select_for_update().get(pk=Catalogue.ID)
    papers = Paper.objects.select_for_update(of=("self",)).select_related("private_to")
    found = papers.filter(pk=paper.pk).first()
    if found is None:
        raise Refused(_("This paper has been merged into another one meanwhile."))
    paper = found
    rows = _find_rows(paper)
    before = _join(rows)
    after = _apply(paper, before, changes)
    if _facts(after) == _facts(before):
        return paper
    SourceRecord.objects.filter(pk__in=[row.pk for row in rows]).delete()
    if _facts(after):
        stored = store(after)
        SourceRecord.objects.create(
            paper=paper,
            source=Source.objects.uploads_of(paper.private_to),
            key=after.key,
            content_hash=stored.hash,
            data=stored.data,
        )
    PaperEdit.objects.create(paper=paper, by=by, before=_facts(before), after=_facts(after))
    stamps = Stamps()
    stamps.add(catalogue, fold_papers({paper.pk: paper}))
    stamps.write()
    return paper


def undo_edit(edit: PaperEdit, *, by: User) -> Paper:
    """Make what an edit changed as it was before it; that is an edit as well. Raises Refused."""
    names = {name for name in _FIELDS if edit.before.get(name) != edit.after.get(name)}
    if not names.isdisjoint(_PLACE):
        names |= set(_PLACE)
    was = from_data({"key": "", "title": "", **edit.before})
    changes = {name: getattr(was, name) for name in names & set(EDITABLE)}
    if not names.isdisjoint({"published", "published_precision"}):
        changes["published"] = was.published and PartialDate(was.published, was.published_precision)
    return edit_paper(edit.paper, changes, by=by)


def find_edited(paper: Paper) -> set[str]:
    """Return the fields of a paper that somebody has edited."""
    return set(_facts(_join(_find_rows(paper))))


def _find_rows(paper: Paper) -> list[SourceRecord]:
    """Return what was said of a paper by hand; by several after a merge."""
    rows = SourceRecord.objects.filter(
        paper=paper, source__kind=Source.Kind.UPLOAD, source__club=paper.private_to, key__startswith="hand:"
    )
    return list(rows.order_by("key"))


def _join(rows: list[SourceRecord]) -> Record:
    """Return what several edits by hand say together: of each field what is folded from them."""
    if not rows:
        return _EMPTY
    folded = merge.fold([from_data(row.data) for row in rows])
    return replace(_EMPTY, **{name: getattr(folded, name) for name in _FIELDS})


def _apply(paper: Paper, before: Record, changes: Mapping[str, Any]) -> Record:
    if not changes.keys().isdisjoint(_PLACE):
        place = {name: changes.get(name, getattr(paper, name)) for name in _PLACE}
        changes = {**changes, **(place if place["journal"] else dict.fromkeys(_PLACE, ""))}
    cleaned = clean_record(
        key=f"hand:{paper.pk}",
        rank=Rank.HAND,
        place="",
        **{"title": paper.title, **{name: value for name, value in changes.items() if value}},
    )
    if isinstance(cleaned, Rejection):
        raise Refused(cleaned.reason)
    said = {name: cleaned if changes[name] else _EMPTY for name in changes}
    said["published_precision"] = said.get("published", before)
    return replace(cleaned, **{name: getattr(said.get(name, before), name) for name in _FIELDS})


def _facts(record: Record) -> dict[str, Any]:
    """Return what a record says in fields that people may edit, as JSON data."""
    return {name: value for name, value in to_data(record).items() if name in _FIELDS and value}

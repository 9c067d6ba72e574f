"""Submissions: papers that a person asks for by their identifiers, here already or looked up where they were given.

A submission is an import of its own kind: the row is queued, leased and resumed as all others, and each place of what
was submitted is a row of its own, which says what is done next for it. What the catalogue has needs no request; the
rest is for `sources.looking_up`, in the worker.

A paper with a public identifier is everybody's, so that whoever belongs to the installation may submit, and what is
found goes to the installation's sources, into no listing. That somebody asked for it is their own affair, or their
club's where they submit for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import permissions
from accounts.models import Club, User

from . import importing, reading_list
from .identifiers import Identifier
from .mentions import Found
from .models import Import, Paper, PaperIdentifier, RejectedRecord, Source, SubmissionItem
from .models.catalogue import PaperQuerySet
from .sources import registries
from .verbs import verb

MOST: Final = 200
"""Identifiers of one submission."""
MOST_LOOKED_UP: Final = 400
"""Identifiers that are looked up for one person within WHILE: services see the installation, not who asks."""
WHILE: Final = timedelta(hours=1)
FEW: Final = 20
"""Papers that are suggested while the person waits; more are left to the worker."""
SUGGEST: Final = "suggest"
"""The step of an item whose paper is known, and not yet on the club's list."""

FOUND: Final = frozenset((SubmissionItem.State.ADDED, SubmissionItem.State.HERE))


class Refused(Exception):
    """A submission that is not taken; its text is a sentence for the person who tried."""


class TooMuch(Refused):
    """More than is looked up for one person at a time; `seconds` says when it may be tried again."""

    def __init__(self, text: str, seconds: float) -> None:
        super().__init__(text)
        self.seconds = seconds


@verb
def submit(found: Found, *, by: User, club: Club | None = None, suggest: bool = False) -> Import:
    """Take what a text names; return its import, over already where everything is known here.

    With a club its members see the submission, and with `suggest` each paper comes on the club's list, suggested by
    this person. Raises Refused, or TooMuch.
    """
    check_size(found)
    now = timezone.now()
    # Two at once of one person are counted one after the other.
    User.objects.select_for_update(no_key=True).get(pk=by.pk)
    run = make_run(found, by=by, club=club, suggests=suggest and club is not None, source=None, now=now)
    items = list(run.items.all())
    _check_pace(by, [item for item in items if item.step in registries.REGISTRIES], now)
    left = [item for item in items if item.step]
    if len(left) <= FEW and all(item.step == SUGGEST for item in left):
        suggest_papers(run, left)
        left = []
    if not left:
        run.state, run.started, run.finished = Import.State.DONE, now, now
        run.save(update_fields=["state", "started", "finished"])
        return run
    importing.wake(run)
    return run


def check_size(found: Found) -> None:
    """Raise Refused for nothing at all, and for too much."""
    if not found.mentions:
        said = _(
            "There is no identifier in it: no DOI, arXiv id, PMID or OpenReview id, nor an address with one."
        )
        raise Refused(said)
    if len(found.mentions) > MOST:
        raise Refused(
            _("There are %(count)d identifiers in it; at most %(most)d are taken at once. Cut it in parts.")
            % {"count": len(found.mentions), "most": MOST}
        )


def make_run(
    found: Found,
    *,
    by: User | None,
    club: Club | None,
    suggests: bool,
    source: Source | None,
    now: datetime,
) -> Import:
    """Store what was submitted, a row for each place; what is known here or understood nowhere is settled."""
    run = Import.objects.create(
        source=source or importing.default_source("", None),
        club=club,
        queued_by=by,
        is_submission=True,
        suggests=suggests,
        input_name=_describe(found),
        queued=now,
        due_at=now,
    )
    known = find_known([each.identifier for each in found.mentions], club)
    items = [
        SubmissionItem(
            run=run,
            number=number,
            place=mention.place,
            written=mention.written,
            scheme=mention.identifier.scheme,
            value=mention.identifier.value,
        )
        for number, mention in enumerate(found.mentions, start=1)
    ]
    for item in items:
        if identifier_of(item) in known:
            item.state, item.step = SubmissionItem.State.HERE, SUGGEST if suggests else ""
        elif step := registries.first_step(identifier_of(item)):
            item.step, item.is_asked_for = step, True
        else:
            item.state = SubmissionItem.State.NOT_FOUND
            item.reason = _(
                "It is not here, and an ISBN cannot be looked up. An organiser can import a file."
            )
    unknown = [(each.written, each.place, each.reason) for each in found.unknown]
    if found.more_unknown:
        said = _("There are %(count)d more places without an identifier.") % {"count": found.more_unknown}
        unknown.append(("", _("after that"), said))
    items += [
        SubmissionItem(
            run=run, number=number, written=written, place=place, reason=reason, state=SubmissionItem.State.UNKNOWN
        )
        for number, (written, place, reason) in enumerate(unknown, start=len(items) + 1)
    ]  # fmt: skip
    SubmissionItem.objects.bulk_create(items)
    count(run, [item for item in items if item.state != SubmissionItem.State.WAITING])
    run.unchanged = sum(item.state == SubmissionItem.State.HERE for item in items)
    run.save(update_fields=["taken", "rejected", "unchanged"])
    return run


def _describe(found: Found) -> str:
    first = str(found.mentions[0].identifier)
    if len(found.mentions) == 1:
        return first[:300]
    return _("%(first)s and %(count)d more") % {"first": first[:250], "count": len(found.mentions) - 1}


def _check_pace(by: User, items: Sequence[SubmissionItem], now: datetime) -> None:
    """Raise TooMuch where a person has had too many identifiers looked up of late. `items` are stored already."""
    if not items:
        return
    lately = SubmissionItem.objects.filter(run__queued_by=by, run__queued__gt=now - WHILE, is_asked_for=True)
    if lately.count() > MOST_LOOKED_UP:
        oldest = lately.order_by("run__queued").values_list("run__queued", flat=True)[0]
        raise TooMuch(
            _(
                "At most %(most)d papers are looked up for one person within an hour. Try again later, or with fewer."
            )
            % {"most": MOST_LOOKED_UP},
            (oldest + WHILE - now).total_seconds(),
        )


def identifier_of(item: SubmissionItem) -> Identifier:
    return Identifier(item.scheme, item.value)


def find_known(identifiers: Sequence[Identifier], club: Club | None) -> set[Identifier]:
    """Return those of which there is a paper that may get an entry of the club; without one, that is everybody's.

    That there is something which is private to another club is not to be learnt here: it is looked up as if there
    were nothing.
    """
    papers = Paper.objects.filter(Q(private_to=None) | Q(private_to=club) if club else Q(private_to=None))
    return set(find_papers(identifiers, papers))


def find_papers(identifiers: Iterable[Identifier], papers: PaperQuerySet) -> dict[Identifier, int]:
    """Return {identifier: id of its paper}, of these papers."""
    return PaperIdentifier.objects.naming(identifiers).filter(paper__in=papers.values("pk")).paper_ids()


def count(run: Import, settled: Sequence[SubmissionItem]) -> None:
    """Count items of which it is known now what they are, and note those that brought nothing as rejections.

    The caller saves the row.
    """
    refused = [item for item in settled if item.state not in FOUND]
    RejectedRecord.objects.bulk_create(
        RejectedRecord(
            run=run,
            number=run.rejected + index,
            place=item.place,
            reason=item.reason,
            raw=item.written,
        )
        for index, item in enumerate(refused, start=1)
    )
    run.taken += len(settled)
    run.rejected += len(refused)


def suggest_papers(run: Import, items: Sequence[SubmissionItem]) -> None:
    """Put the papers of these items on the club's list, and note that this is done.

    Nothing is suggested by who is no member any more.
    """
    club, by = run.club, run.queued_by
    if club is not None and by is not None and permissions.is_member(by, club):
        papers = Paper.objects.filter(Q(private_to=None) | Q(private_to=club))
        ids = find_papers(map(identifier_of, items), papers)
        for paper in Paper.objects.filter(pk__in=set(ids.values())).defer("search_text").order_by("pk"):
            reading_list.suggest(reading_list.note(club, paper), by=by)
    for item in items:
        item.step = ""
    SubmissionItem.objects.filter(pk__in=[item.pk for item in items]).update(step="")

"""Look up what was submitted: each identifier where it was given, many at once, in turn with all others who ask.

One request after the other, each for as many identifiers as its service takes; what came of it is written in the
transaction that brings the papers in, under the lease of the import. So a killed worker loses the request it was at,
and the next one asks again for what is still open. While a service asks for time, the others go on.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import BinaryIO, Final

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Club
from papers import catalogue, importers, importing, submissions
from papers.identifiers import Identifier, parse
from papers.importers.detect import HEAD
from papers.mentions import Found
from papers.models import Import, Source, SourceRecord, SubmissionItem
from papers.records import Record, Rejection, UnreadableInput
from papers.sources import politeness
from papers.sources.fetch import Busy, TooLarge, Unfetched, fetch
from papers.sources.registries import (
    REGISTRIES,
    Puzzling,
    count_together,
    is_oddly_empty,
    make_url,
    read_agencies,
    read_pmc,
)
from papers.submissions import SUGGEST, identifier_of

State = SubmissionItem.State

SLICE_SECONDS: Final = 60.0
SECONDS: Final = 60.0
"""For one request."""
MOST_ANSWER: Final = 50 * 2**20  # bytes; a hundred papers of collaborations are a few MB
TRIES: Final = 3
"""Times that a service may leave a request unanswered, before the person is told."""
AGAIN_SECONDS: Final = 5.0
"""Until the second try; three times as long until the third."""
MOST_PATIENCE: Final = 900.0
"""Seconds; a service that asks for more time than that has not answered."""
MOST_WAITS: Final = 60
"""Times that a submission waits for its turn."""
TOGETHER: Final = 20
"""Papers that are suggested in one transaction."""


def go_on(run: Import) -> None:
    """Do what a leased submission has to do next: to its end, or until it makes room for others, or waits.

    Raises LeaseLost where another worker has taken it over, or it was cancelled.
    """
    look_up = LookUp(run)
    until = time.monotonic() + SLICE_SECONDS
    while (wait := look_up.take_batch()) is not None:
        if wait:
            if run.waits >= MOST_WAITS:
                look_up.give_up()
                continue
            run.waits += 1
            importing.put_back(run, timezone.now() + timedelta(seconds=wait), in_order=True)
            return
        if time.monotonic() > until:
            importing.put_back(run, timezone.now(), in_order=True)
            importing.wake(run)
            return
    importing.end(run, Import.State.DONE)


def look_up_here(
    found: Found,
    *,
    club: Club | None,
    source: Source | None,
    on_progress: Callable[[Import], None] | None = None,
) -> Import:
    """Look up what was found in this very process, as the shell does, and wait as long as it takes.

    The papers go to `source`, or to the club's uploads. Ctrl-C cancels it; what was taken in by then stays.
    Raises submissions.Refused.
    """
    submissions.check_size(found)
    if source is None and club is not None:
        source = importing.default_source("", club)
    now = timezone.now()
    with transaction.atomic():
        run = submissions.make_run(
            found, by=None, club=source.club if source else club, suggests=False, source=source, now=now
        )
        run.state, run.attempts, run.started = Import.State.RUNNING, 1, now
        run.leased_until = now + importing.LEASE
        run.save(update_fields=["state", "attempts", "started", "leased_until"])
    look_up = LookUp(run)

    def work() -> None:
        while (wait := look_up.take_batch()) is not None:
            if on_progress:
                on_progress(run)
            if wait:
                time.sleep(min(wait, 20.0))
                look_up.blocked.clear()
                look_up.renew()
        importing.end(run, Import.State.DONE)

    try:
        importing.perform(run, work, may_retry=False)
    except KeyboardInterrupt:
        importing.cancel(run)
        raise
    return run


@dataclass
class Answered:
    """What a request brought: the records by each of their identifiers, and what was wrong with the others."""

    records: dict[Identifier, Record] = field(default_factory=dict)
    rejections: list[Rejection] = field(default_factory=list)
    content: bytes = b""


@dataclass
class LookUp:
    """The way of a submission through the services."""

    run: Import
    blocked: dict[str, float] = field(default_factory=dict)
    """Steps whose service is not to be asked now, and for how many seconds."""
    host: str = ""

    def take_batch(self) -> float | None:
        """Make one request and settle what it answers; return 0, or the seconds to wait, or None when all is done."""
        items = list(self.run.items.exclude(step="").order_by("number"))
        if not items:
            return None
        for step in [*REGISTRIES, SUGGEST]:
            if step in self.blocked or not (batch := [item for item in items if item.step == step]):
                continue
            if step == SUGGEST:
                self._suggest(batch[:TOGETHER])
            else:
                self._look_up(step, self._choose(step, batch))
            return 0.0
        return max(min(self.blocked[item.step] for item in items), 1.0)

    def give_up(self) -> None:
        """Say of what is still open that it was never our turn."""
        open_items = self.run.items.exclude(step__in=["", SUGGEST])
        self._settle_unanswered(list(open_items), _("Too much is asked for at present."))

    def renew(self) -> None:
        self.run.leased_until = timezone.now() + importing.LEASE
        importing.save_leased(self.run, ["leased_until"])
        if self.host:
            politeness.renew(self.host)

    def _suggest(self, batch: list[SubmissionItem]) -> None:
        with transaction.atomic():
            self.run.fruitless = 0
            self.run.leased_until = timezone.now() + importing.LEASE
            importing.save_leased(self.run, ["leased_until", "fruitless"])
            submissions.suggest_papers(self.run, batch)

    @staticmethod
    def _choose(step: str, items: list[SubmissionItem]) -> list[SubmissionItem]:
        """Return those to ask for in one request."""
        if items[0].is_alone:
            return items[:1]
        together = [item for item in items if not item.is_alone]
        return together[: count_together(step, [_asked_as(item) for item in together])]

    def _look_up(self, step: str, items: list[SubmissionItem]) -> None:
        try:
            answered = self._ask(step, items)
        except politeness.NotNow as error:
            self._wait(step, items, error.seconds, str(error))
        except Busy as error:
            self._retry(step, items, str(error), error.retry_after)
        except Unfetched as error:
            status = error.status or 0
            is_unknown = status in {404, 410} or (len(items) == 1 and status == 400)
            if is_unknown or (status == 403 and REGISTRIES[step].following):
                self._settle(step, items, Answered())
            elif len(items) > 1 and (status in {400, 413, 414} or isinstance(error, TooLarge)):
                # One of them is what it stumbles over.
                self._part(items)
            elif 400 <= status < 500 and status != 408:
                self._settle_unanswered(items, str(error))
            else:
                self._retry(step, items, str(error), None)
        except (UnreadableInput, Puzzling) as error:
            self._retry(step, items, str(error) or _("What it answered could not be read."), None)
        else:
            self._settle(step, items, answered)

    def _ask(self, step: str, items: list[SubmissionItem]) -> Answered:
        registry = REGISTRIES[step]
        answered = Answered()
        with tempfile.TemporaryFile() as spool:
            fetch(
                make_url(step, [_asked_as(item) for item in items]),
                spool,
                is_trusted=True,  # the services that the installation has chosen, and not where they lead
                accept=registry.accept,
                limit=MOST_ANSWER,
                seconds=SECONDS,
                turn=self._turn,
                on_progress=self.renew,
            )
            spool.seek(0)
            if not registry.formats:
                answered.content = spool.read()
                return answered
            for found in _read(spool, registry.formats):
                if isinstance(found, Rejection):
                    answered.rejections.append(found)
                    continue
                for identifier in found.identifiers:
                    answered.records.setdefault(identifier, found)
                if not found.identifiers:
                    answered.records.setdefault(Identifier("", found.key), found)
            spool.seek(0)
            if not (answered.records or answered.rejections) and is_oddly_empty(step, spool.read(4_000)):
                raise Puzzling(_("It gave an empty page where there should be papers."))
        return answered

    def _turn(self, host: str) -> AbstractContextManager[None]:
        self.host = host
        self.renew()
        return politeness.turn(host)

    # What came of it

    def _settle(self, step: str, items: list[SubmissionItem], answered: Answered) -> None:
        """Write what an answer says of these: papers, other identifiers to ask for, or nothing."""
        if step == "agency":
            self._follow_agencies(items, read_agencies(answered.content) if answered.content else {})
            return
        if step == "pmc":
            self._follow_pmc(items, read_pmc(answered.content) if answered.content else {})
            return
        records, missing = _match(step, items, answered)
        for item in missing:
            if answered.rejections and item.tries + 1 < TRIES:
                # Something of the answer could not be read, or it broke off: ask again, in the end by itself.
                item.is_alone = item.tries > 0
                item.tries += 1
            else:
                self._go_on_without(step, item, answered.rejections)
        self._take(step, records, missing)

    def _go_on_without(self, step: str, item: SubmissionItem, rejections: list[Rejection]) -> None:
        registry = REGISTRIES[step]
        if rejections:
            item.state, item.step = State.NOT_FOUND, ""
            item.reason = _("%(service)s has it, but it cannot be taken: %(why)s") % {
                "service": registry.title,
                "why": rejections[0].reason,
            }
        elif registry.following:
            item.step, item.tries = registry.following, 0
        elif step == "negotiation":
            item.state, item.step = State.NOT_FOUND, ""
            item.reason = _("The DOI exists, but what it names is described nowhere that we can read.")
        else:
            item.state, item.step = State.NOT_FOUND, ""
            item.reason = _("%(service)s knows no paper by it.") % {"service": registry.title}

    def _take(
        self, step: str, found: list[tuple[SubmissionItem, Record]], others: list[SubmissionItem]
    ) -> None:
        """Bring papers in and write what is known now of their items, and of `others`, all at once."""
        run = self.run
        source = run.source
        if source == importing.default_source("", None):
            # Nobody chose another one, so each goes where what people bring in its format goes.
            source = importing.default_source(REGISTRIES[step].formats[0], None)
        with transaction.atomic():
            outcomes = catalogue.add_records(source, [record for _item, record in found])
            alone = _find_said_once([outcome.paper_id for outcome in outcomes])
            for (item, _record), outcome in zip(found, outcomes, strict=True):
                is_new = outcome.change is catalogue.Change.ADDED and outcome.paper_id in alone
                item.state = State.ADDED if is_new else State.HERE
                item.step = SUGGEST if run.suggests else ""
                if is_new:
                    run.added += 1
                elif outcome.change is catalogue.Change.UNCHANGED:
                    run.unchanged += 1
                else:
                    run.updated += 1
            self._save([item for item, _record in found] + others)

    def _save(self, items: list[SubmissionItem]) -> None:
        """Write items as they are now, and count those that are settled. Raises LeaseLost."""
        run = self.run
        submissions.count(run, [item for item in items if item.state != State.WAITING])
        SubmissionItem.objects.bulk_update(
            items, ["state", "step", "reason", "asked_as", "tries", "is_alone"]
        )
        run.fruitless = 0
        run.leased_until = timezone.now() + importing.LEASE
        importing.save_leased(
            run, ["taken", "added", "updated", "unchanged", "rejected", "fruitless", "leased_until"]
        )

    def _follow_agencies(self, items: list[SubmissionItem], agencies: dict[str, str]) -> None:
        for item in items:
            step = agencies.get(_asked_as(item).value, "")
            if step:
                item.step, item.tries = step, 0
            else:
                item.state, item.step = State.NOT_FOUND, ""
                item.reason = _("There is no such DOI: doi.org does not know it.")
        self._save_all(items)

    def _follow_pmc(self, items: list[SubmissionItem], others: dict[str, Identifier]) -> None:
        for item in items:
            other = others.get(item.value)
            if other is not None:
                item.asked_as = str(other)
                item.step, item.tries = "pubmed" if other.scheme == "pmid" else "crossref", 0
            else:
                item.state, item.step = State.NOT_FOUND, ""
                item.reason = _("%(service)s knows no paper by it.") % {"service": "PMC"}
        self._save_all(items)

    def _save_all(self, items: list[SubmissionItem]) -> None:
        with transaction.atomic():
            self._save(items)

    # What nobody answered

    def _part(self, items: list[SubmissionItem]) -> None:
        """Ask for each of these by itself."""
        for item in items:
            item.is_alone = True
        self._save_all(items)

    def _wait(self, step: str, items: list[SubmissionItem], seconds: float, why: str) -> None:
        if seconds > MOST_PATIENCE:
            self._settle_unanswered(items, why)
        else:
            self.blocked[step] = seconds

    def _retry(self, step: str, items: list[SubmissionItem], why: str, seconds: float | None) -> None:
        """Try again after the seconds that the service asks for, or those that a fault of it may last."""
        if seconds is None:
            seconds = AGAIN_SECONDS * 3 ** items[0].tries
        if self.host:
            politeness.defer(self.host, seconds)
        for item in items:
            item.tries += 1
        if seconds > MOST_PATIENCE or items[0].tries >= TRIES:
            self._settle_unanswered(items, why)
        else:
            self._save_all(items)

    def _settle_unanswered(self, items: list[SubmissionItem], why: str) -> None:
        for item in items:
            service = REGISTRIES[item.step].title
            item.state, item.step = State.UNANSWERED, ""
            item.reason = _("%(service)s did not answer. %(why)s Try again later.") % {
                "service": service,
                "why": why,
            }
        self._save_all(items)


def _asked_as(item: SubmissionItem) -> Identifier:
    other = parse(item.asked_as) if item.asked_as else None
    return other or identifier_of(item)


def _read(stream: BinaryIO, formats: tuple[str, ...]) -> list[Record | Rejection]:
    """Read an answer in the first of these formats that it may be in; nothing where it is in none of several.

    Raises UnreadableInput.
    """
    head = stream.read(HEAD)
    stream.seek(0)
    if not head.strip():
        return []  # which some answer where there is nothing
    if len(formats) > 1:
        # Whoever has no description to give answers with a web page.
        formats = tuple(name for name in formats if importers.FORMATS[name].sniff(head))
    return list(importers.read(stream, format=formats[0])) if formats else []


def _match(
    step: str, items: list[SubmissionItem], answered: Answered
) -> tuple[list[tuple[SubmissionItem, Record]], list[SubmissionItem]]:
    """Return each item with the record that an answer has of it, and the items it has none of.

    What answers a question for one is that one, though it calls itself by another name: a DOI may be an alias.
    Where anybody may write the answer it says nothing of other papers: else whoever submits it could make one of two
    that are here, or replace one.
    """
    found, missing = [], []
    records = answered.records
    different = {record.key: record for record in records.values()}
    for item in items:
        record = records.get(_asked_as(item))
        if record is None and len(items) == 1 and len(different) == 1 and not answered.rejections:
            record = next(iter(different.values()))
        if record is None:
            missing.append(item)
            continue
        own = identifier_of(item)
        if REGISTRIES[step].is_anybodys:
            if own not in record.identifiers:
                missing.append(item)
                continue
            record = replace(record, identifiers=(own,), rank=min(record.rank, REGISTRIES[step].rank))
        names = record.identifiers if own in record.identifiers else (*record.identifiers, own)
        found.append((item, replace(record, identifiers=names, unlisted=True)))
    return found, missing


def _find_said_once(paper_ids: list[int]) -> set[int]:
    """Return those of these papers of which only one source record speaks."""
    counts: dict[int, int] = {}
    for paper_id in SourceRecord.objects.filter(paper__in=paper_ids).values_list("paper_id", flat=True):
        counts[paper_id] = counts.get(paper_id, 0) + 1
    return {paper_id for paper_id, number in counts.items() if number == 1}

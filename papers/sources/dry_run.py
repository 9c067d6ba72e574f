"""What the next run of a source would bring: asked and read as by a run, and nothing of it kept but the answer."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, Final, cast

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from papers import importers
from papers.models import DryRun, PaperIdentifier, Source, SourceRecord
from papers.records import Deletion, Record, Rejection, UnreadableInput, clean_line
from papers.sources import politeness, running
from papers.sources.fetch import Unfetched
from papers.sources.planners import Trouble, find

logger = logging.getLogger(__name__)

SHOWN: Final = 50
MOST_PAGES: Final = 3
LEASE: Final = timedelta(minutes=10)
ATTEMPTS: Final = 2
RAW_SHOWN: Final = 1_000
NAMES_SHOWN: Final = 3

NEW, HERE, REJECTED = "new", "here", "rejected"


def queue(source: Source) -> DryRun:
    """Let a worker find out; one that is under way is returned as it is.

    Raises running.NothingToAsk and running.TooOften.
    """
    running.count_by_hand(source)
    return _queue(source)


@transaction.atomic
def _queue(source: Source) -> DryRun:
    source = Source.objects.select_for_update(of=("self",)).get(pk=source.pk)
    running.check_askable(source)
    row, is_new = DryRun.objects.get_or_create(source=source)
    if is_new or row.is_over:
        row.state, row.queued, row.attempts = DryRun.State.QUEUED, timezone.now(), 0
        row.error, row.found, row.has_more, row.finished = "", [], False, None
        row.save()
        from papers import tasks

        transaction.on_commit(lambda: tasks.perform_dry_run.delay(row.pk), robust=True)
    return row


def take_due(now: datetime) -> list[int]:
    """Return those that no message reached, or whose worker is gone."""
    waiting = Q(state=DryRun.State.QUEUED, queued__lt=now - timedelta(seconds=30))
    left = Q(state=DryRun.State.RUNNING, leased_until__lt=now)
    return list(DryRun.objects.filter(waiting | left).values_list("pk", flat=True)[:100])


def perform(pk: int) -> None:
    """Ask, read, and write what was found; nothing where another worker does, or it is over."""
    row = _lease(pk)
    if row is None:
        return
    found: list[dict[str, Any]] = []
    has_more, error = False, ""
    if row.attempts > ATTEMPTS:
        error = _("It broke off again and again. The log of the worker tells what.")
    else:
        try:
            source = row.source
            results = list(islice(_read(source), SHOWN + 1))
            found, has_more = _describe(source, results[:SHOWN]), len(results) > SHOWN
        except (Unfetched, Trouble, UnreadableInput, politeness.NotNow) as refusal:
            error = clean_line(str(refusal))
        except Exception:
            logger.exception("The dry run of source %s broke off", row.source_id)
            error = _("Something is wrong on our side; the log tells what.")
    state = DryRun.State.FAILED if error else DryRun.State.DONE
    DryRun.objects.filter(pk=pk, state=DryRun.State.RUNNING, attempts=row.attempts).update(
        state=state, found=found, has_more=has_more, error=error, finished=timezone.now(), leased_until=None
    )


def _lease(pk: int) -> DryRun | None:
    now = timezone.now()
    with transaction.atomic():
        due = Q(state=DryRun.State.QUEUED) | Q(state=DryRun.State.RUNNING, leased_until__lt=now)
        rows = DryRun.objects.select_for_update(skip_locked=True, of=("self",)).select_related("source")
        row = rows.filter(due, pk=pk).first()
        if row is not None and _is_asking(row.source.club_id, now):
            return None  # the tick of the next minute tries again
        if row is not None:
            row.state, row.leased_until = DryRun.State.RUNNING, now + LEASE
            row.attempts += 1
            row.save(update_fields=["state", "leased_until", "attempts"])
    return row


def _is_asking(club: int | None, now: datetime) -> bool:
    """Say whether a dry run of a club's is under way: one at a time, as with runs."""
    running_now = DryRun.objects.filter(state=DryRun.State.RUNNING, leased_until__gte=now)
    return club is not None and running_now.filter(source__club=club).exists()


def _read(source: Source) -> Iterator[Record | Rejection]:
    """Give what the next pages hold; the source stays where it is."""
    planner, query, now = find(source.kind), running.make_query(source), timezone.now()
    # All that is there, also where a run would be told that nothing has changed.
    source.etag = source.last_modified = ""
    position, watermark = planner.begin(query, source.watermark, now), source.watermark
    for _page in range(MOST_PAGES):
        asked = planner.ask(query, position)
        with tempfile.NamedTemporaryFile() as spool:
            target = cast(BinaryIO, spool)
            running.ask_politely(source, asked, target)
            target.flush()
            page = running.read_edges(Path(spool.name))
            if planner.look(page, position):
                target.seek(0)
                format = asked.format or None
                for each in importers.read(target, format=format, date=asked.date, today=now.date()):
                    page.note(each)
                    yield each
        step = planner.move(query, position, watermark, page)
        if step.position is None:
            return
        position, watermark = step.position, step.watermark


def _describe(source: Source, results: Iterable[Record | Rejection]) -> list[dict[str, Any]]:
    """Return a line for each: new, here already and where, or why it is rejected."""
    results = list(results)
    records = [each for each in results if isinstance(each, Record)]
    known = dict(
        SourceRecord.objects.filter(source=source, key__in=[each.key for each in records]).values_list(
            "key", "paper"
        )
    )
    named = {identifier for record in records for identifier in record.identifiers}
    visible = Q(paper__private_to=None) | Q(paper__private_to=source.club_id)
    papers = PaperIdentifier.objects.naming(named).filter(visible).paper_ids()
    lines: list[dict[str, Any]] = []
    for each in results:
        if isinstance(each, Deletion):
            continue  # nothing would come of it
        if isinstance(each, Rejection):
            raw = each.raw[:RAW_SHOWN]
            lines.append({"what": REJECTED, "place": each.place, "reason": each.reason, "raw": raw})
            continue
        named_papers = map(papers.get, each.identifiers)
        paper = known.get(each.key) or next(filter(None, named_papers), None)
        names = ", ".join(each.authors[:NAMES_SHOWN]) + (" …" if len(each.authors) > NAMES_SHOWN else "")
        lines.append({"what": HERE if paper else NEW, "title": each.title, "authors": names, "paper": paper})
    return lines

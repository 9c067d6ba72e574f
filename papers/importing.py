"""Imports: queue an input, run it, keep count. The worker calls `run_import`, the shell `import_file`;
both run the same import.

The row is the queue of record. A worker leases it, renews the lease with every batch, and writes the counts
in the transaction of the batch; so a worker that dies loses at most the batch it was at, the next one goes on
after the last record that came in, and one that was only slow finds its lease gone and writes nothing.
"""

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import BinaryIO

from django.db import OperationalError, connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Club, User

from . import catalogue, importers, stored_inputs
from .models import FetchedPage, Import, RejectedRecord, Source
from .records import Deletion, Record, Rejection, UnreadableInput
from .stored_inputs import Refused, Upload

logger = logging.getLogger(__name__)

BATCH = 2_000
FLUSH_SECONDS = 1.0
LEASE = timedelta(minutes=2)
RENEWED = timedelta(seconds=10)
"""How often at most a lease is renewed while no record comes; a batch renews it too."""
ROOM = timedelta(seconds=30)
"""How long a run of a club's source waits where another one of the club is under way."""

MOST_REJECTED = 100_000
"""Of an import of which nearly nothing comes in: the others wait for the worker."""

ATTEMPTS = 3
"""In a row of which nothing came in, after a fault of ours."""

ATTEMPTS_AT_ALL = 20
"""In a row of which nothing came in. With the database away an import waits; one that kills its worker must end."""

# Of a file that is broken all through: enough to see what is wrong; the rest is only counted.
REJECTIONS_KEPT = 10_000

SOURCE_OF_FORMAT = {
    "hf-page": Source.Kind.HUGGING_FACE,
    "hf-json": Source.Kind.HUGGING_FACE,
    "hf-html": Source.Kind.HUGGING_FACE,
    "arxiv-atom": Source.Kind.ARXIV,
    "arxiv-jsonl": Source.Kind.ARXIV,
    "arxiv-rss": Source.Kind.ARXIV,
}
LISTS = frozenset({*SOURCE_OF_FORMAT, "biorxiv", "feed"})
"""Formats that tell what is new. A library that somebody keeps would stand before everybody as the news of its day."""


class LeaseLost(Exception):
    """Another worker has taken this import over, or it was cancelled; nothing of the present batch is written."""


def queue_import(
    *,
    upload: Upload | str,
    name: str,
    by: User | None,
    club: Club | None = None,
    source: Source | None = None,
    format: str = "",
    date: date | None = None,
    columns: Mapping[str, str] | None = None,
) -> Import:
    """Store an input and queue its import; a worker is woken when the transaction commits.

    `upload` is what came, or the name that `stored_inputs.hold_upload` gave it. Without a source the input goes to
    the club's uploads, or to the installation's source of its format. `columns` are those of a table, as
    `importers.csv_table` has them; without them they are guessed.

    Raises Refused for an unknown format or odd columns, and what `stored_inputs.keep_upload` and
    `make_room` raise.
    """
    check_day(date)
    if format and format not in importers.FORMATS:
        raise Refused(
            _("There is no format “%(format)s”. Known are: %(known)s.")
            % {"format": format, "known": ", ".join(importers.FORMATS)}
        )
    columns = check_columns(columns)
    stored = stored_inputs.keep_upload(upload)
    try:
        run = _make_row(
            stored_inputs.find_path(stored),
            name=name,
            by=by,
            club=club,
            source=source,
            format=format,
            date=date,
            columns=columns,
        )
        run.stored_as = stored
        if run.club is not None:
            stored_inputs.make_room(run.club, run.input_bytes or 0)
        run.save()
    except BaseException:
        stored_inputs.forget(stored)
        raise
    wake(run)
    return run


def wake(run: Import) -> None:
    """Let a worker hear of a queued import once the transaction is committed."""
    from . import tasks

    # Robust: with the broker away the row stays due, and the next tick of the clock takes it.
    transaction.on_commit(lambda: tasks.run_import.delay(run.pk), robust=True)


def check_columns(columns: object) -> dict[str, str] | None:
    """Give the columns of a table as they are stored. Raises Refused for what are none."""
    if columns is None:
        return None
    try:
        return importers.csv_table.check_columns(columns)
    except UnreadableInput as refusal:
        raise Refused(str(refusal)) from None


def check_day(day: date | None) -> None:
    """Raise Refused for a day that no listing is of; one far ahead would stand before all others for years."""
    last = timezone.now().date() + catalogue.FUTURE
    if day is not None and not catalogue.FIRST_DAY <= day <= last:
        raise Refused(
            _("A listing is of a day from %(first)s to %(last)s.")
            % {"first": catalogue.FIRST_DAY, "last": last}
        )


def import_file(
    path: Path,
    *,
    name: str,
    club: Club | None,
    source: Source | None,
    format: str,
    date: date | None,
    columns: Mapping[str, str] | None = None,
    on_progress: Callable[[Import], None] | None = None,
    on_paper: Callable[[int], None] | None = None,
) -> Import:
    """Import a local file in this very process; the row is leased from its first moment, so no worker takes it.

    Ctrl-C cancels it; what was taken in by then stays. `on_progress` is called after each batch, `on_paper` with
    the id of each record's paper, in input order.
    """
    check_day(date)
    run = _make_row(
        path, name=name, by=None, club=club, source=source, format=format, date=date,
        columns=check_columns(columns),
    )  # fmt: skip
    now = timezone.now()
    run.state, run.attempts, run.started, run.leased_until = Import.State.RUNNING, 1, now, now + LEASE
    run.save()
    try:
        perform(run, partial(_read_file, run, path, on_progress, on_paper), may_retry=False)
    except KeyboardInterrupt:
        cancel(run)
        raise
    return run


def _make_row(
    path: Path,
    *,
    name: str,
    by: User | None,
    club: Club | None,
    source: Source | None,
    format: str,
    date: date | None,
    columns: dict[str, str] | None,
) -> Import:
    format = format or _detect_format(path)
    # Of an archive of several files they are those of the tables in it.
    if columns is not None and format not in ("", importers.csv_table.NAME):
        raise Refused(
            _("Columns are for tables (CSV), and this is in the format %(format)s.") % {"format": format}
        )
    return Import(
        source=source or default_source(format, club),
        club=source.club if source else club,
        queued_by=by,
        input_name=Path(name).name[:300] or _("unnamed"),
        format=format,
        date=date,
        columns=columns,
        input_bytes=path.stat().st_size,
    )


def _detect_format(path: Path) -> str:
    """Return the format a file is in; empty where that is for the run to find out, and to say why it cannot."""
    with path.open("rb") as file:
        return importers.tell_format(file)


def default_source(format: str, club: Club | None) -> Source:
    """Return where an import belongs that names no source, made when it is the first of its kind."""
    kind = SOURCE_OF_FORMAT.get(format)
    if club is not None or kind is None:
        return Source.objects.uploads_of(club)
    # One that asks for something has papers of its own choice; what people bring goes to the one that does not.
    asks_nothing = {"club": None, "kind": kind, "query": "", "address": ""}
    known = Source.objects.filter(**asks_nothing).order_by("pk").first()
    if known is None:
        slug = Source.objects.find_free_slug(kind.value.replace("_", "-"))
        known, _made = Source.objects.get_or_create(
            **asks_nothing, defaults={"slug": slug, "name": str(kind.label)}
        )
    return known


def is_listed(run: Import) -> bool:
    """Say whether what an import brings stands in a listing though its records name no day: that of its own day."""
    return run.date is not None or run.is_run or run.format in LISTS


def run_import(pk: int) -> Import | None:
    """Run a queued import to its end; None when it is over, or another worker has it."""
    run = _lease(pk)
    if run is None:
        return None
    try:
        if run.fruitless > ATTEMPTS_AT_ALL:
            end(
                run, Import.State.FAILED, _("It broke off again and again. The log of the worker tells what.")
            )
        elif run.is_run:
            from .sources import running

            perform(run, partial(running.go_on, run), may_retry=True)
        elif run.is_submission:
            from .sources import looking_up

            perform(run, partial(looking_up.go_on, run), may_retry=True)
        elif not run.stored_as:
            said = _("The command that ran it was stopped before its end. Run it again.")
            end(run, Import.State.FAILED, said)
        else:
            path = stored_inputs.find_path(run.stored_as)
            perform(run, partial(_read_file, run, path), may_retry=True)
    except LeaseLost:
        return None
    return run


def perform(run: Import, work: Callable[[], None], *, may_retry: bool) -> None:
    """Do the work of a leased import, and write how it broke off. Raises LeaseLost where another worker has it."""
    try:
        work()
    except LeaseLost:
        raise
    except UnreadableInput as error:
        end(run, Import.State.FAILED, str(error))
    except FileNotFoundError:
        end(run, Import.State.FAILED, _("The stored file is gone. Upload it again."))
    except Exception as error:
        logger.exception("Import %s broke off", run.pk)
        if may_retry and (isinstance(error, OperationalError) or run.fruitless < ATTEMPTS):
            # The wait doubles with every attempt.
            put_back(run, timezone.now() + timedelta(seconds=15 * 2**run.fruitless))
        else:
            end(run, Import.State.FAILED, _("Something is wrong on our side; the log tells what."))


def _read_file(
    run: Import,
    path: Path,
    on_progress: Callable[[Import], None] | None = None,
    on_paper: Callable[[int], None] | None = None,
) -> None:
    with path.open("rb") as file:
        _run(run, file, on_progress, on_paper)
    end(run, Import.State.DONE)


def read_page(run: Import, page: FetchedPage, note: Callable[[Record | Rejection], None]) -> None:
    """Bring in the page that a source's leased run is at; `note` hears of all that is in it, also of what was in."""
    with stored_inputs.find_path(page.stored_as).open("rb") as file:
        _run(run, file, None, None, page=page, note=note)


def cancel(run: Import) -> Import:
    """End an import that is not over. What came in by then stays; a worker that is at it stops at its next batch."""
    open_states = [Import.State.QUEUED, Import.State.RUNNING]
    Import.objects.filter(pk=run.pk, state__in=open_states).update(
        state=Import.State.CANCELLED, finished=timezone.now(), leased_until=None, seconds_left=None
    )
    run.refresh_from_db()
    return run


def take_due(now: datetime) -> list[int]:
    """Return the imports that are due: queued ones whose message was lost, running ones whose worker is gone."""
    return list(Import.objects.due(now).order_by("due_at", "pk").values_list("pk", flat=True)[:100])


def _lease(pk: int) -> Import | None:
    now = timezone.now()
    with transaction.atomic():
        run = Import.objects.due(now).select_for_update(skip_locked=True, of=("self",)).filter(pk=pk).first()
        if run is None:
            return None
        if run.is_run and run.club_id is not None and _is_asking(run.club_id, now):
            run.due_at = now + ROOM
            run.save(update_fields=["due_at"])
            return None
        run.state = Import.State.RUNNING
        run.attempts += 1
        run.fruitless += 1
        run.started = run.started or now
        run.leased_until = now + LEASE
        run.save(update_fields=["state", "attempts", "fruitless", "started", "leased_until"])
    return run


def _is_asking(club: int, now: datetime) -> bool:
    """Say whether a worker asks one of a club's sources: one at a time, so that slow servers take no more than one."""
    running = Import.objects.filter(is_run=True, state=Import.State.RUNNING, leased_until__gte=now)
    return running.filter(club=club).exists()


def _run(
    run: Import,
    file: BinaryIO,
    on_progress: Callable[[Import], None] | None,
    on_paper: Callable[[int], None] | None,
    *,
    page: FetchedPage | None = None,
    note: Callable[[Record | Rejection], None] | None = None,
) -> None:
    progress = importers.Progress(file, on_read=partial(_keep_lease, run))
    found = importers.read(
        file,
        format=run.format or None,
        date=run.date,
        today=run.queued.date(),
        columns=run.columns,
        progress=progress,
    )
    if note:
        found = _tell(found, note)
    for _unused, _seen in zip(range(run.taken - run.earlier), found, strict=False):
        pass  # a retry: these came in before
    pace = _Pace(run.taken, progress.position)
    for batch in _batches(found):
        papers = _take_batch(run, batch, progress.position, pace, page)
        if run.rejected > MOST_REJECTED and run.rejected > 10 * (run.taken - run.rejected):
            raise UnreadableInput(
                _("%(rejected)d records were rejected, and nearly none came in. The rest was not read: this is no "
                  "file of papers, or one in another format.") % {"rejected": run.rejected}
            )  # fmt: skip
        if on_paper:
            for paper_id in papers:
                on_paper(paper_id)
        if on_progress:
            on_progress(run)


def _keep_lease(run: Import) -> None:
    """Renew a lease of which some is gone; for what takes long before a batch comes of it. Raises LeaseLost.

    Some formats are read twice, and what came in before a crash is passed over.
    """
    now = timezone.now()
    if run.leased_until is None or run.leased_until - now < LEASE - RENEWED:
        run.leased_until = now + LEASE
        save_leased(run, ["leased_until"])


def _tell(
    found: Iterator[Record | Rejection], note: Callable[[Record | Rejection], None]
) -> Iterator[Record | Rejection]:
    for each in found:
        note(each)
        yield each


class _Pace:
    """How fast an import goes, by the clock of this process; what a retry passes over does not count."""

    def __init__(self, taken: int, read_bytes: int) -> None:
        self._start, self._taken, self._read_bytes = time.monotonic(), taken, read_bytes

    def measure(self, run: Import) -> tuple[float, int | None]:
        """Return records a second, and the seconds that the rest of the input will take where its size is known."""
        seconds = max(time.monotonic() - self._start, 0.001)
        read = run.read_bytes - self._read_bytes
        left = max(0, run.input_bytes - run.read_bytes) if run.input_bytes else None
        return (run.taken - self._taken) / seconds, None if left is None or read <= 0 else round(
            left * seconds / read
        )


def _batches(found: Iterator[Record | Rejection]) -> Iterator[list[Record | Rejection]]:
    """Cut into batches of BATCH, or of what a second brought, so that progress shows and leases are renewed."""
    batch: list[Record | Rejection] = []
    deadline = time.monotonic() + FLUSH_SECONDS
    for each in found:
        batch.append(each)
        if len(batch) >= BATCH or time.monotonic() > deadline:
            yield batch
            batch = []
            deadline = time.monotonic() + FLUSH_SECONDS
    if batch:
        yield batch


def _take_batch(
    run: Import,
    batch: list[Record | Rejection],
    read_bytes: int,
    pace: _Pace,
    page: FetchedPage | None = None,
) -> list[int]:
    """Take a batch in and count it, in one transaction; return the paper of each record."""
    records = [each for each in batch if isinstance(each, Record)]
    rejections = [each for each in batch if isinstance(each, Rejection) and not isinstance(each, Deletion)]
    with transaction.atomic():
        fallback = run.queued.date() if is_listed(run) else None
        outcomes = catalogue.add_records(run.source, records, listed=run.date, fallback=fallback)
        tally = dict.fromkeys(catalogue.Change, 0)
        for outcome in outcomes:
            tally[outcome.change] += 1
        kept = rejections[: max(0, REJECTIONS_KEPT - run.rejected)]
        RejectedRecord.objects.bulk_create(
            RejectedRecord(
                run=run,
                page=page,
                number=run.rejected + index,
                place=each.place,
                reason=each.reason,
                raw=each.raw,
            )
            for index, each in enumerate(kept, start=1)
        )
        run.taken += len(batch)
        run.added += tally[catalogue.Change.ADDED]
        run.updated += tally[catalogue.Change.UPDATED]
        # With the deletions.
        run.unchanged += tally[catalogue.Change.UNCHANGED] + len(batch) - len(records) - len(rejections)
        run.rejected += len(rejections)
        run.read_bytes = read_bytes
        run.pace, run.seconds_left = pace.measure(run)
        run.leased_until = timezone.now() + LEASE
        run.fruitless = 0
        save_leased(
            run,
            [
                *("taken", "added", "updated", "unchanged", "rejected", "fruitless"),
                *("read_bytes", "pace", "seconds_left", "leased_until"),
            ],
        )
    return [outcome.paper_id for outcome in outcomes]


def save_leased(run: Import, fields: list[str]) -> None:
    """Write to the row, if the lease is still ours. Raises LeaseLost."""
    mine = Import.objects.filter(pk=run.pk, attempts=run.attempts, state=Import.State.RUNNING)
    if not mine.update(**{name: getattr(run, name) for name in fields}):
        raise LeaseLost


def end(run: Import, state: Import.State, error: str = "") -> None:
    """Write how a leased import ended, and what that says of the source whose run it was. Raises LeaseLost."""
    run.state, run.error, run.finished, run.leased_until = state, error, timezone.now(), None
    run.seconds_left = None
    if state == Import.State.DONE:
        run.read_bytes = run.input_bytes or run.read_bytes
    with transaction.atomic():
        save_leased(run, ["state", "error", "finished", "leased_until", "read_bytes", "seconds_left"])
        if run.is_run:
            from .sources import running

            running.note_end(run)


def put_back(run: Import, due_at: datetime, *, in_order: bool = False) -> None:
    """Queue a leased import again for later. `in_order`: nothing broke off, it only makes room for others, or waits."""
    if not connection.in_atomic_block:
        # The connection may be what broke: the server was restarted, say.
        connection.close_if_unusable_or_obsolete()
    run.state, run.leased_until, run.due_at = Import.State.QUEUED, None, due_at
    fields = ["state", "leased_until", "due_at", "turns", "waits", "asked_again"]
    if in_order:
        run.turns, run.fruitless = run.turns + 1, 0
        fields.append("fruitless")
    save_leased(run, fields)

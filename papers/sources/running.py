"""Runs of sources: each is an import that fetches what it reads, page after page.

The tick of each minute turns sources that are due into imports, which workers lease, renew and resume as all others. A
page is stored before it is read, so a worker that takes over goes on in the very page; and where the source has come
to, its watermark and its position in a walk, is written only after all records of a page, under the same lease. So a
killed worker loses nothing, and what it repeats is passed over.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO, Final

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import rates
from accounts.models import User
from papers import importing, stored_inputs
from papers.models import FetchedPage, Import, Source
from papers.records import UnreadableInput, clean_line
from papers.sources import politeness, replaying, schedule
from papers.sources.fetch import Answer, Busy, Unfetched, fetch
from papers.sources.planners import (
    EDGE,
    Ask,
    AskAgain,
    BadQuery,
    Page,
    Planner,
    Position,
    Query,
    StartAgain,
    Trouble,
    find,
)

SLICE_SECONDS: Final = 60.0
"""After so long a run makes room for others, and goes on when they had their turn."""
MOST_WAITS: Final = 30
"""Times that a run waits for one page, as its server or our own politeness asks for it, before that is a failure."""
MOST_BY_HAND: Final = 120
BY_HAND_SECONDS: Final = 3_600
"""So often within an hour people may have the sources of one club asked at once, or those of the installation: by a
run, a dry run or an edit. Of fifty sources that is each of them twice."""
MOST_PAGES: Final = 20_000
FIRST_DAYS: Final = timedelta(days=7)
"""How far back the first run of a source goes that does not say."""
MOST_AGAIN: Final = 5
"""Times that one page is asked for again where the answer is probably a passing fault, an empty page say."""
AGAIN_SECONDS: Final = 20.0
"""By so much the wait before that grows each time."""
MOST_IN_A_ROW: Final = 2
"""After so many failures in a row a walk begins anew, as it may be its place that cannot be asked for any more."""

_HINTS: Final = {
    400: gettext_lazy("Perhaps it does not understand what the source asks for."),
    401: gettext_lazy("It wants a sign-in, which sources do not have."),
    403: gettext_lazy("It may not like to be asked by programs."),
    404: gettext_lazy("Is what the source asks for still right?"),
    410: gettext_lazy("Is what the source asks for still right?"),
}

dice = random.Random()  # noqa: S311 - to spread load, not to keep a secret


class Changed(Exception):
    """A source that asks for something else since this run began."""


class NothingToAsk(Exception):
    """A source that is filled by uploads alone, or may not ask what it would; the text is a sentence."""


class TooOften(Exception):
    """More than MOST_BY_HAND runs by hand within an hour; the text is a sentence."""


def queue_due(now: datetime) -> list[int]:
    """Queue a run of each source that is due, and say when it is due again; return the imports to wake.

    Several ticks at once share the sources among them (SKIP LOCKED). One that is still under way is passed over: it
    goes on by itself.
    """
    with transaction.atomic():
        due = Source.objects.due(now).select_for_update(skip_locked=True, of=("self",))
        sources = list(due.order_by("due_at", "pk")[:100])
        busy = set(_open_runs().filter(source__in=sources).values_list("source", flat=True))
        runs = []
        for source in sources:
            source.due_at = find_next_time(source, now)
            source.save(update_fields=["due_at"])
            if source.pk not in busy:
                runs.append(_make_run(source, by=None, now=now))
    return [run.pk for run in runs]


def run_now(source: Source, *, by: User | None) -> Import:
    """Queue a run of a source, or return the one under way. It asks for everything, changed or not.

    Raises NothingToAsk for uploads, and TooOften.
    """
    count_by_hand(source)
    return _run_now(source, by)


def count_by_hand(source: Source) -> None:
    """Count one run or dry run that somebody asked for. Raises TooOften."""
    if not may_ask_at_once(source):
        raise TooOften(
            _(
                "The sources of %(owner)s were run or tried %(most)d times within an hour. Go on a little later."
            )
            % {"owner": source.club or _("the installation"), "most": MOST_BY_HAND}
        )


def may_ask_at_once(source: Source) -> bool:
    """Count one time that somebody would have a source asked without waiting for its hour; False beyond the most."""
    key = f"ask-source:{source.club_id or 0}"
    return rates.is_within(key, most=MOST_BY_HAND, seconds=BY_HAND_SECONDS)


@transaction.atomic
def _run_now(source: Source, by: User | None) -> Import:
    source = Source.objects.select_for_update(of=("self",)).get(pk=source.pk)
    check_askable(source)
    run = _open_runs().filter(source=source).first()
    if run is None:
        source.etag = source.last_modified = ""
        source.save(update_fields=["etag", "last_modified"])
        run = _make_run(source, by=by, now=timezone.now())
    importing.wake(run)
    return run


def check_askable(source: Source) -> None:
    """Raise NothingToAsk for a source that does not know what to ask, as the kinds that uploads go to may not, and for
    one that may not ask it."""
    try:
        find(source.kind).check(make_query(source))
    except (KeyError, BadQuery) as refusal:
        if source.query or source.address:
            raise NothingToAsk(str(refusal)) from None
        said = _("It asks nobody: what comes in is uploaded. Say what to ask for first.")
        raise NothingToAsk(said) from None


def is_askable(source: Source) -> bool:
    try:
        check_askable(source)
    except NothingToAsk:
        return False
    return True


def make_query(source: Source) -> Query:
    since = source.since or (source.created - FIRST_DAYS).date()
    return Query(source.query, source.address, since, source.is_trusted)


def find_next_time(source: Source, after: datetime) -> datetime | None:
    if source.is_paused:
        return None
    return schedule.next_time(
        after, every_hours=source.every_hours, daily_at=source.daily_at, time_zone=source.time_zone
    )


def _open_runs() -> QuerySet[Import]:
    return Import.objects.filter(is_run=True, state__in=[Import.State.QUEUED, Import.State.RUNNING])


def _make_run(source: Source, *, by: User | None, now: datetime) -> Import:
    return Import.objects.create(
        source=source,
        club_id=source.club_id,
        queued_by=by,
        is_run=True,
        input_name=source.name,
        queued=now,
        due_at=now,
    )


# A run ----------------------------------------------------------------------------------------------------


def go_on(run: Import) -> None:
    """Do what a leased run has to do next: to its end, or until it makes room for others.

    Raises LeaseLost where another worker has taken it over.
    """
    source = Source.objects.get(pk=run.source_id)
    walk = Walk(source, run)
    until = time.monotonic() + SLICE_SECONDS
    try:
        while walk.take_page():
            if run.pages >= MOST_PAGES:
                raise Trouble(_("It does not end: %(most)d pages came.") % {"most": MOST_PAGES})
            if time.monotonic() > until:
                importing.put_back(run, timezone.now(), in_order=True)
                importing.wake(run)
                return
    except politeness.NotNow as error:
        _wait(run, error.seconds, str(error))
    except Busy as error:
        if error.retry_after is None:
            _fail(run, str(error))
        else:
            politeness.defer(walk.host, error.retry_after)
            _wait(run, error.retry_after, str(error))
    except AskAgain as error:
        _ask_again(run, str(error))
    except Changed:
        importing.end(run, Import.State.DONE)
    except (Unfetched, Trouble, UnreadableInput, stored_inputs.Full) as error:
        hint = _HINTS.get(error.status or 0, "") if isinstance(error, Unfetched) else ""
        _fail(run, f"{error} {hint}".strip())
    else:
        importing.end(run, Import.State.DONE)


def _ask_again(run: Import, why: str) -> None:
    """Let a run ask for the same page once more, in a while."""
    if run.asked_again >= MOST_AGAIN:
        _fail(run, why)
    else:
        run.asked_again += 1
        seconds = AGAIN_SECONDS * run.asked_again
        importing.put_back(run, timezone.now() + timedelta(seconds=seconds), in_order=True)


def _wait(run: Import, seconds: float, why: str) -> None:
    """Let a run ask when it is its turn, or when the server asked us to come."""
    if run.waits >= MOST_WAITS:
        _fail(run, why)
    else:
        run.waits += 1
        importing.put_back(run, timezone.now() + timedelta(seconds=seconds), in_order=True)


def _fail(run: Import, why: str) -> None:
    # What a server says of itself may hold what no database stores.
    importing.end(run, Import.State.FAILED, clean_line(why))


def note_end(run: Import) -> None:
    """Write what the end of a run says of its source: good, or so many failures in a row, and when it tries again."""
    source = Source.objects.select_for_update(of=("self",)).get(pk=run.source_id)
    now = timezone.now()
    if run.rejected:
        replaying.settle_older(run)
    if run.state == Import.State.DONE:
        source.failures, source.error, source.last_good, source.told_at = 0, "", now, None
    else:
        source.failures += 1
        source.error = run.error
        if source.failures >= MOST_IN_A_ROW:
            source.position = None
        if source.due_at is not None:
            again = now + schedule.wait_after(source.failures, dice.random())
            source.due_at = min(again, find_next_time(source, now) or again)
    source.save(update_fields=["failures", "error", "last_good", "told_at", "due_at", "position"])


@dataclass
class Walk:
    """A source's way through its pages, within one run."""

    source: Source
    run: Import
    host: str = ""
    has_started_again: bool = False

    def __post_init__(self) -> None:
        self.planner: Planner = find(self.source.kind)
        self.query = make_query(self.source)

    def take_page(self) -> bool:
        """Fetch the next page, unless it is there already, and bring it in; False after the last one."""
        page = None
        if self.run.stored_as:
            page = self.run.fetched_pages.filter(stored_as=self.run.stored_as).first()
        position = self.source.position
        if page is None or position is None:
            if position is None:
                position = self.planner.begin(self.query, self.source.watermark, timezone.now())
            try:
                page = self._fetch(position)
                if page is None:
                    return False
            except StartAgain:
                if self.has_started_again:
                    raise
                self.has_started_again = True
                with transaction.atomic():
                    importing.save_leased(self.run, ["leased_until"])
                    self._write_place(None)
                return True
        seen = read_edges(stored_inputs.find_path(page.stored_as))
        if self.planner.look(seen, position):
            importing.read_page(self.run, page, seen.note)
        return self._move(page, seen, position)

    def _fetch(self, position: Position) -> FetchedPage | None:
        """Store what the source answers; None where nothing has changed since the last time."""
        asked = self.planner.ask(self.query, position)
        name, target = stored_inputs.create_file("sources")
        path = stored_inputs.find_path(name)
        try:
            with target:
                answer = ask_politely(
                    self.source, asked, target, on_progress=self._renew, on_host=self._note_host
                )
            if answer is not None and answer.status == 304:
                path.unlink()
                return None
            # What the answer itself says of trouble, before it counts as a page.
            self.planner.look(read_edges(path), position)
            return self._keep(asked, position, name, answer)
        except BaseException:
            path.unlink(missing_ok=True)
            raise

    def _keep(self, asked: Ask, position: Position, name: str, answer: Answer | None) -> FetchedPage:
        """Make an answer the page that the run is at."""
        run = self.run
        run.stored_as, run.format, run.date = name, asked.format, asked.date
        run.earlier, run.input_bytes = run.taken, stored_inputs.find_path(name).stat().st_size
        run.read_bytes = 0
        if run.club is not None:
            stored_inputs.make_room(run.club, run.input_bytes)
        with transaction.atomic():
            importing.save_leased(
                run, ["stored_as", "format", "date", "earlier", "input_bytes", "read_bytes"]
            )
            self._write_place(position)
            return FetchedPage.objects.create(
                run=run,
                number=run.pages + 1,
                address=asked.url[:4_000],
                stored_as=name,
                format=asked.format,
                date=asked.date,
                size=run.input_bytes,
                etag=answer.etag if answer else "",
                last_modified=answer.last_modified if answer else "",
            )

    def _move(self, page: FetchedPage, seen: Page, position: Position) -> bool:
        """Write that a page is in, and where the source goes on; False after the last page."""
        try:
            step = self.planner.move(self.query, position, self.source.watermark, seen)
        except AskAgain:
            self._drop(page)
            raise
        self.run.stored_as = ""
        self.run.pages += 1
        self.run.waits = self.run.asked_again = 0
        self.run.earlier = self.run.taken
        with transaction.atomic():
            importing.save_leased(self.run, ["stored_as", "pages", "earlier", "waits", "asked_again"])
            self._write_place(
                step.position,
                watermark=step.watermark,
                etag=page.etag,
                last_modified=page.last_modified,
                expected_since=timezone.now(),
            )
        return step.position is not None

    def _drop(self, page: FetchedPage) -> None:
        """Forget a page that brought nothing and will be asked for again."""
        self.run.stored_as = ""
        with transaction.atomic():
            importing.save_leased(self.run, ["stored_as"])
            page.delete()
        stored_inputs.forget(page.stored_as)

    def _write_place(self, position: Position | None, **facts: Any) -> None:
        """Write where the source has come to. Raises Changed where it no longer asks for what we asked."""
        source = self.source
        same = Source.objects.filter(
            pk=source.pk, kind=source.kind, query=source.query, address=source.address, since=source.since
        )
        if not same.update(position=position, **facts):
            raise Changed
        source.position = position
        for name, value in facts.items():
            setattr(source, name, value)

    def _renew(self) -> None:
        self.run.leased_until = timezone.now() + importing.LEASE
        importing.save_leased(self.run, ["leased_until"])
        politeness.renew(self.host)

    def _note_host(self, host: str) -> None:
        self.host = host
        self._renew()


def ask_politely(
    source: Source,
    asked: Ask,
    target: BinaryIO,
    *,
    on_progress: Callable[[], None] | None = None,
    on_host: Callable[[str], None] | None = None,
) -> Answer | None:
    """Fetch what a planner asked for, when it is our turn; None where nothing is there yet and that is no failure."""

    def turn(host: str) -> AbstractContextManager[None]:
        if on_host:
            on_host(host)
        return politeness.turn(host)

    try:
        return fetch(
            asked.url,
            target,
            is_trusted=source.is_trusted,
            etag=source.etag if asked.is_conditional else "",
            last_modified=source.last_modified if asked.is_conditional else "",
            turn=turn,
            on_progress=on_progress,
        )
    except Unfetched as error:
        if asked.may_be_missing and error.status in {400, 404}:
            return None
        raise


def read_edges(path: Path) -> Page:
    """Return how a stored answer begins and ends."""
    with path.open("rb") as file:
        head = file.read(EDGE)
        size = file.seek(0, 2)
        file.seek(max(0, size - EDGE))
        return Page(head, file.read(EDGE))

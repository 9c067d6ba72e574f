"""A large import as people have it: a file that workers take, from an empty catalogue, beside plain COPY."""

import shutil
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path

from django.core.management import call_command
from django.db import connection

from papers import importing
from papers.models import Import

from . import copying
from .corpus import Line, make_corpus, make_record
from .imports import BATCH, use_database
from .inputs import write_export
from .processes import IS_LINUX
from .report import Result
from .servers import VAR, Databases
from .workers import running_worker, wait_for_end

LEAST_OF_COPY = 0.5
LEAST_BY_TWO = 1.5
LEAST_UNCHANGED = 3.0
MOST_MEMORY = 200.0  # MB


def measure_through_worker(databases: Databases, number: int) -> list[Result]:
    """Import so many papers through one worker process, again, and through two; beside COPY before and after.

    Each time into an empty catalogue but for the second, the same papers again. The database is left empty.
    """
    folder = VAR / "inputs"
    folder.mkdir(parents=True, exist_ok=True)
    whole, halves = folder / "whole.jsonl", [folder / "half-1.jsonl", folder / "half-2.jsonl"]
    write_export(make_corpus(number), whole)
    half = number // 2
    for index, file in enumerate(halves):
        write_export(islice(make_corpus(number), index * half, (index + 1) * half), file, first=index * half)
    name = f"{databases.names[0]}_worker"
    url = databases.name_url(name)
    try:
        _make_empty(databases, name)
        before = _copy(number)
        with running_worker(url) as worker:
            first = _import([whole], number)
            again = _import([whole], number, new=False)
            peak = worker.read_peak() / 1e6 if IS_LINUX else None
        _make_empty(databases, name)
        with running_worker(url, processes=2):
            by_two = _import(halves, number)
        _make_empty(databases, name)
        after = _copy(number)
    finally:
        connection.close()
        shutil.rmtree(folder, ignore_errors=True)
    floor = (before + after) / 2
    spread = f"COPY took {before:.1f} s before and {after:.1f} s after"
    return [
        Result(
            f"{number:,} new papers through the worker", number / first, "papers/s", note=f"{first:.1f} s"
        ),
        Result("… its pace / plain COPY", floor / first, "×", note=spread, least=LEAST_OF_COPY),
        Result(
            "… by two worker processes / by one",
            first / by_two,
            "×",
            note=f"{by_two:.1f} s",
            least=LEAST_BY_TWO,
        ),
        Result(
            "… again, unchanged / the first time",
            first / again,
            "×",
            note=f"{again:.1f} s",
            least=LEAST_UNCHANGED,
        ),
        Result(
            "memory of the worker's process at its peak",
            peak,
            "MB",
            MOST_MEMORY,
            "resident, what it shares with others counted in" if IS_LINUX else "only Linux tells",
        ),
    ]


def _make_empty(databases: Databases, name: str) -> None:
    connection.close()
    databases.create(name)
    use_database(name)
    call_command("migrate", verbosity=0)
    copying.make_floor()


def _copy(number: int) -> float:
    """Return the seconds that COPY takes for the papers that the worker imports, their making not counted."""
    seconds = 0.0
    for batch in _take_batches(iter(make_corpus(number))):
        seconds += copying.copy([make_record(line) for line in batch])
    return seconds


def _take_batches(lines: Iterator[Line]) -> Iterator[list[Line]]:
    while batch := list(islice(lines, BATCH)):
        yield batch


def _import(files: list[Path], number: int, *, new: bool = True) -> float:
    runs = []
    for file in files:
        with file.open("rb") as upload:
            runs.append(importing.queue_import(upload=upload, name=file.name, by=None, format="jsonl"))
    seconds = wait_for_end([run.pk for run in runs])
    done = list(Import.objects.filter(pk__in=[run.pk for run in runs]))
    counted = sum(run.added if new else run.unchanged for run in done)
    # Of made-up papers a few have the title and the authors of another.
    if sum(run.taken for run in done) != number or counted < 0.99 * number:
        raise RuntimeError(f"Only {counted:,} of {number:,} papers came in: {[vars(run) for run in done]}")
    for run in done:
        with suppress(FileNotFoundError):
            (VAR / "files" / run.stored_as).unlink()
    return seconds

"""How fast papers come in: parsers alone, and the catalogue at each size in turns."""

import io
import time
from collections.abc import Iterator
from itertools import islice
from statistics import median

from django.db import connection

from papers import catalogue, importers
from papers.models import Source
from papers.records import Record

from . import copying
from .corpus import Line, take_batches
from .inputs import WRITERS
from .lab import NEW_DAY
from .report import Result, make_ratio

BATCH = 2_000  # as papers.importing
ROUNDS = 12
PARSED = 1_000


def use_database(name: str) -> None:
    """Let this process's connection lead to another database of the same server."""
    connection.close()
    connection.settings_dict["NAME"] = name


def load_catalogue(
    source: Source, lines: Iterator[Line], label: str, number: int, *, most_seconds: float | None = None
) -> Result:
    """Bring so many more papers in; return their pace, the making of the corpus not counted.

    A machine too slow to bring them in within `most_seconds` goes on with those it has, and the result says so.
    """
    start = time.monotonic()
    seconds, taken = 0.0, 0
    for batch in take_batches(lines, number, BATCH):
        seconds += add(source, batch)
        taken += len(batch)
        if most_seconds is not None and time.monotonic() - start > most_seconds:
            break
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE)")  # as the server does by itself within minutes
    note = f"{taken:,} records"
    if taken < number:
        note += f" of {number:,}: STOPPED after {most_seconds:.0f} s, “{label}” is smaller than it says"
    return Result(f"loading up to {label}", taken / seconds, "records/s", note=note)


def add(source: Source, batch: list[Record]) -> float:
    start = time.perf_counter()
    catalogue.add_records(source, batch)
    return time.perf_counter() - start


def measure_imports(databases: dict[str, str], source: Source, lines: Iterator[Line]) -> list[Result]:
    """Return the pace of new and of known records at each size, the same batches into each in turns."""
    new: dict[str, list[float]] = {label: [] for label in databases}
    known: dict[str, list[float]] = {label: [] for label in databases}
    floor: dict[str, list[float]] = {label: [] for label in databases}
    for name in databases.values():
        use_database(name)
        copying.make_floor()
    for batch in take_batches(lines, BATCH * ROUNDS, BATCH):
        for label, name in databases.items():
            use_database(name)
            connection.ensure_connection()
            floor[label].append(copying.copy(batch))
        for seconds in (new, known):
            for label, name in databases.items():
                use_database(name)
                connection.ensure_connection()
                seconds[label].append(add(source, batch))
    first, *larger = databases
    results = [
        Result(
            f"importing {what} records, {label}",
            BATCH / median(seconds[label]),
            "records/s",
            note=f"{ROUNDS} batches of {BATCH}",
        )
        for what, seconds in (("new", new), ("unchanged", known))
        for label in databases
    ]
    results += [
        make_ratio(f"pace of new records / plain COPY, {label}", floor[label], new[label])
        for label in databases
    ]
    results += [
        make_ratio(f"time of {what} records, {label} / {first}", seconds[label], seconds[first])
        for what, seconds in (("new", new), ("unchanged", known))
        for label in larger
    ]
    return results


def measure_parsers(lines: Iterator[Line]) -> list[Result]:
    """Return the pace of each importer over the same papers, written in its format."""
    sample = list(islice(lines, PARSED))
    results = []
    for name in importers.FORMATS:
        written = WRITERS[name](sample)
        took = []
        for _unused in range(3):
            start = time.perf_counter()
            found = list(importers.read(io.BytesIO(written), format=name, date=NEW_DAY))
            took.append(time.perf_counter() - start)
        note = f"best of 3; {len(written) / PARSED / 1000:.1f} kB a record"
        if len(found) != PARSED or not all(isinstance(each, Record) for each in found):
            raise RuntimeError(f"{name}: {next(each for each in found if not isinstance(each, Record))}")
        results.append(Result(f"parsing {name}", PARSED / min(took), "records/s", note=note))
    return results

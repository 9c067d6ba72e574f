"""Kill the worker, restart PostgreSQL and empty the broker in the middle of an import; the catalogue must not tell.

    python -m bench.survival --records 40000 --kills 20

Starts servers of its own. Prints one JSON object, and ends with 1 where the catalogue is not the one of an undisturbed
run, or an import is lost.
"""

import argparse
import json
import os
import random
import sys
import tempfile
import time
from contextlib import ExitStack
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from readinglist import embedded
from readinglist.embedded.state import make_state

from . import servers

BATCH_SECONDS = 0.5  # about what a batch takes, so that a kill falls anywhere within one


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--records", type=int, default=40_000)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1, help="of the moments")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="survival-") as folder:
        var = Path(folder) / "var"
        make_state(var)
        found = survive(var, options.records, options.kills, random.Random(options.seed))
    print(json.dumps(found))
    return 0 if found["is_same"] and found["state"] == "done" else 1


def survive(var: Path, records: int, kills: int, dice: random.Random) -> dict[str, Any]:
    """Import the same file undisturbed and disturbed; return what happened."""
    databases = servers.Databases(embedded.database_url(var))
    os.environ |= servers.make_environment(
        READINGLIST_VAR=str(var),
        DATABASE_URL=databases.name_url("disturbed"),
        DJANGO_SETTINGS_MODULE="readinglist.settings",
    )
    with ExitStack() as stack:
        postgres = stack.enter_context(ExitStack())
        postgres.enter_context(embedded.running(valkey=False, var=var, share=False))
        stack.enter_context(embedded.running(postgres=False, var=var, share=False))
        import django

        django.setup()
        from django.core.management import call_command
        from django.db import connection
        from django.utils import timezone

        from papers import importing, tasks
        from papers.models import Import

        from .corpus import make_corpus
        from .inputs import write_atom
        from .workers import Worker, wait_for_end

        file = var / "input.xml"
        file.write_bytes(write_atom(list(islice(make_corpus(records), records))))

        def start(name: str) -> int:
            connection.close()
            databases.create(name)
            connection.settings_dict["NAME"] = name
            call_command("migrate", verbosity=0)
            with file.open("rb") as upload:
                return importing.queue_import(upload=upload, name=file.name, by=None).pk

        pk = start("undisturbed")
        importing.run_import(pk)
        expected = Import.objects.get(pk=pk)
        undisturbed = export()

        pk = start("disturbed")
        happened: list[str] = []
        moments = sorted(dice.random() for _ in range(kills))
        accidents = {kills // 3: "PostgreSQL was restarted", 2 * kills // 3: "the broker was emptied"}
        for number, moment in enumerate(moments):
            worker = Worker(databases.name_url("disturbed"), var=var)
            try:
                tasks.tick()
                wait_until(pk, attempts=number + 1, taken=int(moment * records), worker=worker)
                time.sleep(dice.random() * BATCH_SECONDS)
                if accident := accidents.get(number):
                    happened.append(accident)
                    if accident.startswith("PostgreSQL"):
                        connection.close()
                        postgres.close()
                        time.sleep(0.5)
                        postgres.enter_context(embedded.running(valkey=False, var=var, share=False))
                        time.sleep(0.5)
                    else:
                        empty_broker(var)
            finally:
                worker.kill()
            run = Import.objects.get(pk=pk)
            happened.append(f"killed at {run.taken:,}")
            # What the clock would bring within three minutes.
            Import.objects.filter(pk=pk, state="running").update(
                leased_until=timezone.now() - timedelta(seconds=1)
            )
            Import.objects.filter(pk=pk, state="queued").update(due_at=timezone.now())
        worker = Worker(databases.name_url("disturbed"), var=var)
        try:
            tasks.tick()
            wait_for_end([pk])
        finally:
            worker.kill()
        run = Import.objects.get(pk=pk)
        found = {
            "is_same": export() == undisturbed,
            "state": run.state,
            "attempts": run.attempts,
            "taken": run.taken,
            "added": run.added,
            "rejected": run.rejected,
            "undisturbed_added": expected.added,
            "happened": happened,
        }
        connection.close()
    return found


def wait_until(pk: int, *, attempts: int, taken: int, worker: Any) -> None:
    """Return when a worker has taken an import up for so many times, and so many records in; or when it is over."""
    from papers.models import Import

    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        run = Import.objects.get(pk=pk)
        if (run.attempts >= attempts and run.taken >= taken) or run.is_over:
            return
        time.sleep(0.02)
    raise RuntimeError(f"No worker took the import so far within two minutes; see {worker.log}.")


def empty_broker(var: Path) -> None:
    import redis

    redis.Redis.from_url(
        f"unix://{embedded.cache_url(var).removeprefix('unix://').partition('?')[0]}"
    ).flushall()


def export() -> list[list[Any]]:
    """Return the catalogue's canonical export, and what it does not tell: records, listings and search text."""
    from django.db import connection

    from papers.export import export_papers

    statements = [
        "SELECT title, search_text::text FROM papers_paper ORDER BY title, search_text::text",
        """SELECT key, content_hash::text, title FROM papers_sourcerecord JOIN papers_paper paper ON paper.id = paper_id
            ORDER BY key""",
        """SELECT date, position, title FROM papers_listingitem JOIN papers_listing listing ON listing.id = listing_id
             JOIN papers_paper paper ON paper.id = paper_id ORDER BY date, position""",
    ]
    found: list[list[Any]] = [list(export_papers(canonical=True))]
    for statement in statements:
        with connection.cursor() as cursor:
            cursor.execute(statement)
            found.append(cursor.fetchall())
    return found


if __name__ == "__main__":
    sys.exit(main())

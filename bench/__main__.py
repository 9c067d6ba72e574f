"""`make bench`: measure in turns, print a table, write var/bench.json; exit 1 where a bound is missed.

SIZE=10k,100k names the sizes of the catalogue, smallest first; how to read the output: docs/bench.md.
"""

import json
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import ExitStack

from readinglist import embedded
from readinglist.embedded import Unable
from readinglist.embedded.sharing import try_lock
from readinglist.embedded.state import make_state

from . import servers
from .report import Report, Result

SEARCHES = 6  # of each kind
KILLS = 20
# For all loading of a run with the usual sizes, so that it ends within ten minutes on a slow machine, too.
MOST_LOADING = 300.0


def read_sizes(text: str) -> dict[str, int]:
    """Return {"10k": 10000, …} in the order of size. Raises Unable."""
    sizes = {}
    for label in text.lower().replace(" ", "").split(","):
        found = re.fullmatch(r"([1-9][0-9]{0,3})([km])", label)
        if not found:
            raise Unable(f"SIZE={text}: write sizes as 10k,100k or 1m.")
        sizes[label] = int(found[1]) * {"k": 1_000, "m": 1_000_000}[found[2]]
    return dict(sorted(sizes.items(), key=lambda pair: pair[1]))


def main() -> int:
    sizes = read_sizes(os.environ.get("SIZE") or "10k,100k")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what was started is stopped
    output = embedded.state_dir() / "bench.json"
    database_url = os.environ.get("DATABASE_URL", "")
    report = Report()
    start = time.monotonic()
    with ExitStack() as stack:
        make_state(output.parent)
        lock = stack.enter_context((output.parent / "bench.lock").open("a"))
        if not try_lock(lock):
            raise Unable("Another make bench runs in this folder.")
        stack.callback(servers.remove_state)
        servers.remove_state()
        make_state(servers.VAR)
        measure(report, sizes, database_url, stack)
    from .corpus import SEEDS

    seconds = time.monotonic() - start
    report.write(output, sizes=sizes, seeds=SEEDS.name, seconds=round(seconds), load=os.getloadavg())
    print(f"\n{seconds:.0f} s; written to {output}")
    for result in report.missed:
        print(f"Missed: {result.name} is {result.value:.4g} {result.unit}, {result.demand}")
    return 1 if report.missed else 0


def measure(report: Report, sizes: dict[str, int], database_url: str, stack: ExitStack) -> None:
    """Start what is needed and measure everything; the stack stops what was started."""
    # Before Django reads its settings.
    base = database_url or embedded.database_url(servers.VAR)
    databases = servers.Databases(base)
    names = {label: f"{servers.DATABASE}_{label}" for label in sizes}
    smallest, *larger = sizes
    environment = servers.make_environment(
        DATABASE_URL=databases.name_url(names[smallest]), DJANGO_SETTINGS_MODULE="bench.settings"
    )
    os.environ.clear()
    os.environ.update(environment)
    import django

    django.setup()
    from django.core.management import call_command

    from papers.models import Catalogue, Source

    from . import imports, lab, pages, plans, ranking, through_worker, whole
    from .corpus import SEEDS, make_corpus, make_record

    most = max(sizes.values())
    corpus = make_corpus(most + 50_000)
    lines = iter(corpus)
    spare = iter(make_corpus(10_000))
    print(f"Made-up papers from {SEEDS.name}; load of the machine {os.getloadavg()[0]:.1f}")

    report.title("Importers alone")
    report.add(*imports.measure_parsers(spare))
    report.title("All of make run, with its own servers and the demo lab")
    report.add(*whole.measure_whole_run(spare))

    report.title("Loading the catalogue, one batch after the other")
    started = stack.enter_context(embedded.running(postgres=not database_url, var=servers.VAR, share=False))
    postgres = next((program.process.pid for program in started if program.name == "postgres"), None)
    stack.callback(databases.drop_all)
    databases.create(names[smallest])
    call_command("migrate", verbosity=0)
    source = Source.objects.create(slug="bench", name="All papers", kind=Source.Kind.ARXIV)
    first = [next(lines) for _ in range(lab.PAPERS)]
    imports.add(source, [make_record(line) for line in first])
    report.add(imports.load_catalogue(source, lines, smallest, sizes[smallest] - lab.PAPERS))
    readers = lab.make_lab([make_record(line) for line in first])
    most_seconds = None if os.environ.get("SIZE") else MOST_LOADING
    done = smallest
    for label in larger:
        imports.use_database(names[label])
        databases.create(names[label], copy_of=names[done])
        number = sizes[label] - sizes[done]
        report.add(imports.load_catalogue(source, lines, label, number, most_seconds=most_seconds))
        done = label
    imports.use_database(names[smallest])

    sites = []
    for label, name in names.items():
        program, port = stack.enter_context(servers.running_web(databases.name_url(name), f"web-{label}"))
        sites.append(pages.Site(label, port, program.process.pid, postgres))
    report.title("Day listing of 90 papers beside the floor, in turns")
    report.add(*pages.measure_listings(sites, readers))
    report.title("One page")
    report.add(pages.measure_queries(readers[1]), pages.measure_weight(sites[0], readers[1]))
    report.title("Other pages, the larger catalogue beside the smaller, in turns")
    queries: dict[str, list[str]] = {}
    for kind, text in corpus.queries(SEARCHES * 6):
        queries.setdefault(kind, []).append(text)
    version = Catalogue.objects.get().version // 2
    report.add(*pages.measure_other_pages(sites, readers[1], queries, version))
    report.title("The order of a club's list, in turns with a plain one")
    report.add(*ranking.measure_ranking())
    report.title("Imports, the same batches in turns")
    report.add(*imports.measure_imports(names, source, lines))
    report.title("Large imports through the worker, from an empty catalogue")
    report.add(*through_worker.measure_through_worker(databases, most))
    report.title("Plans of who presents")
    report.add(*plans.measure_plans())
    report.title("Killed, restarted and emptied in the middle of an import")
    report.add(measure_survival())
    imports.use_database(names[smallest])


def measure_survival() -> Result:
    """Disturb an import again and again, in a process of its own; see bench/survival.py."""
    command = [sys.executable, "-m", "bench.survival", "--kills", str(KILLS)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    name = f"catalogues that differ after {KILLS} kills"
    if not done.stdout:
        return Result(name, 1.0, bound=0.0, note=done.stderr[-500:])
    found = json.loads(done.stdout)
    note = f"{found['attempts']} attempts; {', '.join(found['happened'])}"
    return Result(name, float(done.returncode), bound=0.0, note=note)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Unable as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit("Stopped.")

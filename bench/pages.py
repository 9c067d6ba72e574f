"""Pages over HTTP, in turns: listings beside the floor, and every page at every size of the catalogue."""

import re
from dataclasses import dataclass
from statistics import median
from urllib.parse import quote_plus, urlsplit

from django.db import connection
from django.test import Client as TestClient
from django.test.utils import CaptureQueriesContext

from .client import Client
from .lab import DAY, SHORT_DAY, Reader
from .processes import IS_LINUX, find_tree, read_processor_time
from .report import Result, divide_rounds, make_ratio

ROUNDS = 60
OTHER_ROUNDS = 12
CONNECTIONS = 4
SIGNED_IN_BOUND = 2.5
VISITOR_BOUND = 2.0
WEIGHT_BOUND = 60.0  # kB
QUERY_BOUND = 10

_LOADED = re.compile(r'<(?:link rel="(?:stylesheet|icon|manifest)"|script)[^>]*? (?:href|src)="([^"]+)"')
_LOADED_BY_CSS = re.compile(r"url\([\"']?([^\"')]+)[\"']?\)|@import\s+[\"']([^\"']+)[\"']")


@dataclass(frozen=True, slots=True)
class Site:
    """A web server on a catalogue of some size."""

    label: str
    port: int
    server: int
    """The process whose children answer."""
    database: int | None
    """The process of PostgreSQL, where we started it."""


@dataclass(frozen=True, slots=True)
class Page:
    path: str
    reader: Reader | None = None
    token: str = ""


@dataclass(frozen=True, slots=True)
class Timings:
    """Seconds of each round: of the clock, and of the processors (empty where the system does not tell)."""

    wall: list[float]
    processor: list[float]


def get_in_turns(sites: list[Site], pages: dict[str, Page], rounds: int) -> dict[tuple[str, str], Timings]:
    """Get every page of every site once a round, each round beginning at another one.

    Within a round all pages of a site go through one connection, and so through one process of the server.
    """
    calls = [(site, name) for site in sites for name in pages]
    connections = {(site.label, number): Client(site.port) for site in sites for number in range(CONNECTIONS)}
    timings = {(site.label, name): Timings([], []) for site, name in calls}
    warm_up = 2 * CONNECTIONS
    for number in range(-warm_up, rounds):
        processes = {site.label: find_processes(site) for site in sites}
        for site in sites:
            connections[site.label, number % CONNECTIONS].wake()
        start = number % len(calls)
        for site, name in calls[start:] + calls[:start]:
            client, page = connections[site.label, number % CONNECTIONS], pages[name]
            client.cookies = page.reader.cookies if page.reader else {}
            client.token = page.token
            before = read_processor_time(processes[site.label])
            wall = client.time(page.path, cookies=page.reader is not None)
            processor = read_processor_time(processes[site.label]) - before
            if number >= 0:
                timings[site.label, name].wall.append(wall)
                if IS_LINUX:
                    timings[site.label, name].processor.append(processor)
    return timings


def find_processes(site: Site) -> list[int]:
    """Return the processes that work for a page: the web server's, and the database's."""
    if not IS_LINUX:
        return []
    roots = [site.server, *([site.database] if site.database else ())]
    return [process.pid for root in roots for process in find_tree(root)]


def measure_listings(sites: list[Site], readers: list[Reader]) -> list[Result]:
    """Return what listings cost beside the floor at each size, and at the largest beside the smallest."""
    small, large = readers
    pages = {
        "floor": Page(f"/bench/floor/{large.club}/{DAY}"),
        "signed in, club of 5": Page(f"/clubs/{small.slug}/papers/date/{DAY}", small),
        "signed in, club of 40": Page(f"/clubs/{large.slug}/papers/date/{DAY}", large),
        "visitor": Page(f"/papers/date/{DAY}"),
    }
    timings = get_in_turns(sites, pages, ROUNDS)
    results = []
    for site in sites:
        floor = timings[site.label, "floor"]
        for name in pages:
            if name == "floor":
                continue
            own = timings[site.label, name]
            bound = VISITOR_BOUND if name == "visitor" else SIGNED_IN_BOUND
            note = ""
            if own.processor:
                note = f"processor time {median(divide_rounds(own.processor, floor.processor)):.2f} ×"
            results.append(
                make_ratio(
                    f"day listing / floor, {name}, {site.label}", own.wall, floor.wall, bound=bound, note=note
                )
            )
    return results + compare_sizes(sites, pages, timings, "day listing, ")


def compare_sizes(
    sites: list[Site], pages: dict[str, Page], timings: dict[tuple[str, str], Timings], prefix: str = ""
) -> list[Result]:
    first, *larger = sites
    return [
        make_ratio(
            f"{prefix}{name}, {site.label} / {first.label}",
            timings[site.label, name].wall,
            timings[first.label, name].wall,
        )
        for site in larger
        for name in pages
    ]


def measure_other_pages(
    sites: list[Site], reader: Reader, queries: dict[str, list[str]], version: int
) -> list[Result]:
    """Return what trending, a page of changes and searches cost at the largest size beside the smallest."""
    pages = {
        "trending": Page(f"/clubs/{reader.slug}/papers/trending", reader),
        "API, a page of since=": Page(f"/api/v1/papers/?since={version}", token=reader.token),
    }
    results = compare_sizes(sites, pages, get_in_turns(sites, pages, OTHER_ROUNDS))
    for kind, texts in queries.items():
        searches = {text: Page(f"/search?q={quote_plus(text)}", reader) for text in texts}
        timings = get_in_turns(sites, searches, OTHER_ROUNDS // 4)
        # Every text of a kind is a round of its own.
        together = {
            (site.label, kind): Timings([s for text in texts for s in timings[site.label, text].wall], [])
            for site in sites
        }
        results += compare_sizes(sites, {kind: Page("")}, together, "search, ")
    return results


def measure_weight(site: Site, reader: Reader) -> Result:
    """Return the bytes of bodies, compressed, that a browser loads for the signed-in day listing."""
    client = Client(site.port, cookies=reader.cookies)
    sizes: dict[str, float] = {}
    left = [f"/clubs/{reader.slug}/papers/date/{DAY}"]
    while left:
        path = left.pop(0)
        if path in sizes:
            continue
        answer = client.get(path, encoding="br, gzip")
        if answer.status != 200:
            raise RuntimeError(f"{path} answered {answer.status}")
        sizes[path] = len(answer.body) / 1e3
        kind = answer.headers.get("content-type", "").partition(";")[0]
        content = answer.content.decode() if kind.startswith("text/") else ""
        if kind == "text/html":
            left += _LOADED.findall(content)
        elif kind == "text/css":
            found = [url or other for url, other in _LOADED_BY_CSS.findall(content)]
            left += [urlsplit(url).path for url in found if url.startswith("/")]
    page = sizes[next(iter(sizes))]
    note = f"HTML {page:.1f} kB and {len(sizes) - 1} files"
    return Result(
        "signed-in day listing with all it loads", sum(sizes.values()), "kB", WEIGHT_BOUND, note, sizes
    )


def measure_queries(reader: Reader) -> Result:
    """Return the number of queries of the signed-in day listing, which must be the same for 9 papers and for 90."""
    client = TestClient(HTTP_HOST="localhost")
    client.cookies.load(reader.cookies)
    counts = {}
    for day in (SHORT_DAY, DAY):
        path = f"/clubs/{reader.slug}/papers/date/{day}"
        client.get(path)
        with CaptureQueriesContext(connection) as context:
            answer = client.get(path)
        if answer.status_code != 200:
            raise RuntimeError(f"{path} answered {answer.status_code}")
        counts[day] = len(context)
    short, long = counts[SHORT_DAY], counts[DAY]
    # A count that grows with the rows misses every bound.
    value = long if short == long else float("inf")
    return Result(
        "queries of the signed-in day listing", value, "", QUERY_BOUND, f"{short} for 9 papers, {long} for 90"
    )

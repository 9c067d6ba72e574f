"""All of `make run`, as people start it: an import through its worker, and the memory of all its processes."""

import json
import re
import time
from collections.abc import Iterator
from itertools import islice
from statistics import median

from . import servers
from .client import Client
from .corpus import Line
from .inputs import write_page
from .lab import NEW_DAY
from .processes import IS_LINUX, read_memory
from .report import Result

IMPORTS = 5
IMPORT_PAPERS = 89
IMPORT_BOUND = 2.0  # seconds
PAGES = 100
MEMORY_BOUND = 450.0  # MB
BOUNDARY = "bench-8c1f0d7e"


def measure_whole_run(lines: Iterator[Line]) -> list[Result]:
    with servers.running_all() as (program, port):
        results = [measure_import(port, lines)]
        visit_pages(port)
        results.append(measure_memory(program.process.pid))
    return results


def measure_import(port: int, lines: Iterator[Line]) -> Result:
    """Return the slowest of some imports of new papers, from sending the page to an idle worker to its end."""
    client = Client(port, token=servers.make_token(port, "organiser@example.org"))
    took = []
    for _unused in range(IMPORTS):
        page = write_page(list(islice(lines, IMPORT_PAPERS)), NEW_DAY)
        time.sleep(1)
        took.append(import_page(client, page))
    note = f"slowest of {IMPORTS}, median {median(took):.2f} s; from sending the page to seeing it done"
    return Result("89-paper page through the worker", max(took), "s", IMPORT_BOUND, note)


def import_page(client: Client, page: bytes) -> float:
    parts = {"club": "demo", "date": NEW_DAY.isoformat(), "format": "hf-page"}
    fields = "".join(
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in parts.items()
    )
    file = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="page.txt"\r\n\r\n'
    body = f"{fields}{file}".encode() + page + f"\r\n--{BOUNDARY}--\r\n".encode()
    start = time.perf_counter()
    answer = client.post("/api/v1/imports/", body, content_type=f"multipart/form-data; boundary={BOUNDARY}")
    if answer.status != 202:
        raise RuntimeError(f"The import was answered with {answer.status}: {answer.content[:500]!r}")
    while (run := json.loads(client.get(answer.headers["location"]).content))["state"] in {
        "queued",
        "running",
    }:
        if time.perf_counter() - start > 60:
            raise RuntimeError("The import is not done after a minute.")
        time.sleep(0.02)
    if (run["state"], run["counts"]["added"]) != ("done", IMPORT_PAPERS):
        raise RuntimeError(f"The import went wrong: {run}")
    return time.perf_counter() - start


def visit_pages(port: int) -> None:
    """Get a hundred pages of all kinds, as a member and as a visitor, over several connections."""
    member = Client(port)
    member.sign_in("member1@example.org", "reading-list")
    day = member.get("/papers/date/2025-04-25").content.decode()
    papers = re.findall(r'href="(/papers/[0-9]+)"', day)
    common = ["/papers/date/2025-04-25", "/papers/week/2025-W17", "/papers/month/2025-04", "/papers/trending"]
    common += ["/search?q=learning", "/search?q=%22language+models%22", papers[0], papers[7], papers[20]]
    clubs = [
        "/clubs/demo/papers/date/2025-04-25",
        "/clubs/demo/",
        "/clubs/demo/list/",
        "/clubs/demo/members/",
    ]
    visitors = [Client(port) for _ in range(4)]
    members = [Client(port, cookies=member.cookies) for _ in range(4)]
    visits = [(visitors, path) for path in common] + [(members, path) for path in common + clubs]
    for number in range(PAGES):
        who, path = visits[number % len(visits)]
        who[number % 4].time(path)


def measure_memory(pid: int) -> Result:
    name = f"memory of all processes of make run after {PAGES} pages"
    if not IS_LINUX:
        return Result(name, None, "MB", MEMORY_BOUND, "only Linux tells the proportional set size")
    sizes = {process: size / 1e6 for process, size in read_memory(pid).items()}
    note = f"proportional set size of {len(sizes)} processes"
    return Result(name, sum(sizes.values()), "MB", MEMORY_BOUND, note, sizes)

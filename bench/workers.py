"""Workers that take imports, as `make run` has them, on a database and a queue of the bench's own."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from readinglist.embedded.state import PROJECT

from .processes import find_tree
from .servers import VAR, make_environment

PATIENCE = 900  # seconds


class Worker:
    """A Celery worker in a process group of its own, so that it can be killed with all its processes."""

    def __init__(self, database_url: str, *, processes: int = 1, var: Path = VAR) -> None:
        self.log = var / "log" / "bench-worker.log"
        self.log.parent.mkdir(parents=True, exist_ok=True)
        self._output = self.log.open("ab")
        command = [
            sys.executable,
            "-m",
            "celery",
            "--app=readinglist",
            "worker",
            f"--concurrency={processes}",
        ]
        self._process = subprocess.Popen(
            [*command, "--loglevel=WARNING"],
            cwd=PROJECT,
            env=make_environment(
                DATABASE_URL=database_url,
                READINGLIST_VAR=str(var),
                DJANGO_SETTINGS_MODULE="readinglist.settings",
            ),
            stdout=self._output,
            stderr=self._output,
            start_new_session=True,
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    def kill(self) -> None:
        """Kill it as a power cut would, with everything it started."""
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self._process.wait()
        self._output.close()

    def read_peak(self) -> int:
        """Return the most memory that any of its processes has held at once, in bytes. Linux only."""
        peaks = [0]
        for process in find_tree(self.pid):
            with suppress(OSError):
                status = Path(f"/proc/{process.pid}/status").read_text()
                peaks.append(
                    next(
                        int(line.split()[1]) * 1024
                        for line in status.splitlines()
                        if line.startswith("VmHWM")
                    )
                )
        return max(peaks)


@contextmanager
def running_worker(database_url: str, *, processes: int = 1, var: Path = VAR) -> Iterator[Worker]:
    worker = Worker(database_url, processes=processes, var=var)
    try:
        yield worker
    finally:
        worker.kill()


def wait_for_end(pks: list[int], *, seconds: float = PATIENCE) -> float:
    """Return the seconds from the first of these imports' beginning to the last one's end."""
    from papers.models import Import

    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        runs = list(Import.objects.filter(pk__in=pks))
        if all(run.is_over for run in runs):
            if any(run.state != Import.State.DONE for run in runs):
                raise RuntimeError(
                    f"An import ended otherwise than well: {[(r.state, r.error) for r in runs]}"
                )
            return (max(run.finished for run in runs) - min(run.started for run in runs)).total_seconds()
        time.sleep(0.05)
    raise RuntimeError(f"Imports were not done after {seconds:.0f} s.")

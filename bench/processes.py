"""What processes use: processor time and memory, as Linux counts them; elsewhere None."""

import sys
from contextlib import suppress
from pathlib import Path

import psutil

IS_LINUX = sys.platform == "linux"


def find_tree(pid: int) -> list[psutil.Process]:
    """Return a process and all that it started."""
    process = psutil.Process(pid)
    return [process, *process.children(recursive=True)]


def read_processor_time(pids: list[int]) -> float:
    """Return the seconds that these processes have run, to the microsecond (schedstat, unlike stat's hundredths)."""
    nanoseconds = 0
    for pid in pids:
        for task in Path(f"/proc/{pid}/task").glob("*/schedstat"):
            with suppress(OSError):  # it ended meanwhile
                nanoseconds += int(task.read_text().split()[0])
    return nanoseconds / 1e9


def read_memory(pid: int) -> dict[str, int]:
    """Return the proportional set size of each process of a tree in bytes: shared pages are counted once."""
    sizes: dict[str, int] = {}
    for process in find_tree(pid):
        with suppress(psutil.NoSuchProcess, FileNotFoundError, ProcessLookupError):
            name = f"{process.pid} {' '.join(process.cmdline())[:70]}"
            rollup = Path(f"/proc/{process.pid}/smaps_rollup").read_text()
            sizes[name] = next(
                int(line.split()[1]) * 1024 for line in rollup.splitlines() if line.startswith("Pss:")
            )
    return sizes

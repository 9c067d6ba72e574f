"""Programs that never outlive the process that started them."""

import ctypes
import errno
import importlib.util
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from .state import Unable

PR_SET_PDEATHSIG = 1  # prctl(2)

# What programs say when the disk is full, PostgreSQL in two ways.
DISK_FULL = (os.strerror(errno.ENOSPC), os.strerror(errno.EDQUOT), "Check free disk space")


def find_wheel(package: str) -> Path:
    """Return the folder of an installed package without importing it: its Python is not what we came for."""
    spec = importlib.util.find_spec(package)
    if not spec or not spec.origin:
        raise Unable(f"The package {package} is not installed. Run: make run")
    return Path(spec.origin).parent


def set_death_signal(signal_: int) -> None:
    """Have the kernel send us this signal when our parent dies, also of SIGKILL. Linux only."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal_)


def die_with_parent(signal_: int) -> Callable[[], None]:
    """Return what makes a new child get this signal when its parent dies, also of SIGKILL; for `preexec_fn`.

    The kernel of Linux watches the thread that made the child: start programs from the main thread.
    """
    parent = os.getpid()
    prctl = ctypes.CDLL(None).prctl

    def bind() -> None:
        prctl(PR_SET_PDEATHSIG, signal_)
        if os.getppid() != parent:  # it died in between
            os.kill(os.getpid(), signal.SIGKILL)

    return bind


def watch_parent(pid: int, signal_: int) -> subprocess.Popen[bytes]:
    """Start a shell that signals `pid` when this process dies, for systems other than Linux.

    It waits at the end of a pipe. A line through it says that all is well; its end without one, that we died.
    """
    command = ["sh", "-c", f"read line || kill -{signal_} {pid}"]
    return subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)


class Program:
    """A program that runs beside us, its output in a log file, until it is stopped or we die."""

    def __init__(
        self,
        name: str,
        command: Sequence[str | Path],
        *,
        log: Path,
        stop: signal.Signals = signal.SIGTERM,
        abandon: signal.Signals | None = None,
        patience: float = 10,
        **options: Any,
    ) -> None:
        """Start it. `stop` asks it to end, within `patience` seconds; `abandon` tells it that we died."""
        self.name = name
        self.log = log
        self.stop_signal = stop
        self.patience = patience
        self.is_asked = self.is_stopped = False
        self.watcher: subprocess.Popen[bytes] | None = None
        abandon = abandon or stop
        if sys.platform == "linux":
            options["preexec_fn"] = die_with_parent(abandon)
        log.parent.mkdir(parents=True, exist_ok=True)
        if log.exists():
            log.replace(log.with_suffix(".old.log"))
        with log.open("wb") as output:
            # A session of its own: Ctrl-C reaches us only, and we stop everything in its order.
            options = {"stdin": subprocess.DEVNULL, "start_new_session": True} | options
            self.process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, **options)
        if sys.platform != "linux":
            self.watcher = watch_parent(self.process.pid, abandon)

    def has_ended(self) -> bool:
        return self.process.poll() is not None

    def ask(self) -> None:
        """Ask it to end, once, and do not wait."""
        if not self.is_asked and not self.has_ended():
            self.is_asked = True
            self.process.send_signal(self.stop_signal)

    def stop(self) -> None:
        """End it: as it wants to be asked, then SIGQUIT, then SIGKILL with whatever it left in its group."""
        if self.is_stopped:  # its number may be another program's by now
            return
        self.ask()
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(self.patience)
        if not self.has_ended():
            self.process.send_signal(signal.SIGQUIT)
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(3)
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.is_stopped = True
        if self.watcher:
            self.watcher.communicate(b"\n")

    def explain_end(self) -> Unable:
        """Return that it ended by itself, and why, as far as its log tells."""
        return Unable(f"{self.name} ended by itself. {read_tail(self.log)}")

    def check_success(self) -> None:
        """Raise Unable where it ended with a failure."""
        if self.process.wait() != 0:
            raise Unable(f"{self.name} failed. {read_tail(self.log)}")


def run_to_end(what: str, command: Sequence[str | Path], *, log: Path, **options: Any) -> None:
    """Run a program to its end, its output in a log file; raises Unable when it fails."""
    program = Program(what, command, log=log, **options)
    try:
        program.check_success()
    finally:
        program.stop()


def read_tail(log: Path, lines: int = 10) -> str:
    """Return what a log says last; one sentence where that is a full disk, or a setting that makes no sense."""
    text = log.read_text(errors="replace").rstrip()
    if any(said in text[-100_000:] for said in DISK_FULL) or shutil.disk_usage(log.parent).free == 0:
        return "The disk is full. Free some space and start again."
    _, is_setting, sentence = text.rpartition("ImproperlyConfigured: ")
    if is_setting and "\n" not in sentence:
        return sentence
    tail = "\n".join(f"    {line}" for line in text.splitlines()[-lines:])
    return f"The end of {log}:\n{tail}" if tail else f"{log} is empty."


def clean_environment(*prefixes: str, **changes: str) -> Mapping[str, str]:
    """Return the environment without the variables that begin so, and with these changes."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(prefixes)}
    return {**kept, **changes}

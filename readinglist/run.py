"""What `make run` runs: servers, worker and web server, started in order, watched, and stopped."""

import errno
import http.client
import ipaddress
import os
import signal
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from readinglist import embedded
from readinglist.embedded import Unable
from readinglist.embedded.programs import Program, set_death_signal
from readinglist.embedded.sharing import try_lock
from readinglist.embedded.state import PROJECT, hash_name, make_state

WEB = ["gunicorn", "readinglist.wsgi", "--config=python:readinglist.web"]
# Two imports at once.
WORKER = [
    *("celery", "--app=readinglist", "worker", "--concurrency=2", "--loglevel=INFO"),
    *("--without-gossip", "--without-mingle", "--without-heartbeat"),  # talk among workers, and here is one
    # With the clock in it: forked, it shares the worker's memory, which by itself it would not. Its times are kept
    # in memory: what is due is in the database, and a crash leaves no damaged file.
    *("--beat", "--scheduler=celery.beat:Scheduler"),
]

WEB_SECONDS = 60
ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

DEMO = """\
Sign in to the demo lab as organiser@example.org, or as member1@example.org to member4@example.org;
the password is reading-list.
"""


@dataclass(frozen=True, slots=True)
class Address:
    """Where the web server listens, and what people type."""

    host: str
    port: int
    site_url: str

    @property
    def is_private(self) -> bool:
        """Whether this machine alone reaches it; a SITE_URL of another name tells of a proxy in front."""
        return is_loopback(self.host) and is_loopback(urlsplit(self.site_url).hostname or "")

    @property
    def bind(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def is_loopback(host: str) -> bool:
    with suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return host == "localhost"


def read_address() -> Address:
    """Return what HOST, PORT and SITE_URL say; raises Unable."""
    port = os.environ.get("PORT", "").strip() or "8000"
    if not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise Unable(f"PORT={port} is not a port. Choose a number from 1024 to 65535.")
    host = os.environ.get("HOST", "").strip().strip("[]") or "127.0.0.1"
    site_url = os.environ.get("SITE_URL", "").strip() or f"http://localhost:{int(port)}"
    return Address(host, int(port), site_url)


def check_free(address: Address) -> None:
    """Raise Unable where the port cannot be had. Just after a crash the old web server may need a moment."""
    for _ in range(20):
        if not is_taken(address):
            return
        time.sleep(0.1)
    port = address.port
    raise Unable(f"Port {port} is taken by another program. Choose another one: make run PORT={port + 1}")


def is_taken(address: Address) -> bool:
    try:
        family = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)[0][0]
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((address.host, address.port))
    except PermissionError:
        raise Unable(f"Port {address.port} needs more rights. Choose one from 1024 to 65535.") from None
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            return True
        raise Unable(f"HOST={address.host} is not an address of this machine.") from None
    # Another program may have the port on all addresses, or on the other one that `localhost` stands for.
    return any(is_answered(loopback, address.port) for loopback in ("127.0.0.1", "::1"))


def is_answered(host: str, port: int) -> bool:
    with suppress(OSError), socket.create_connection((host, port), timeout=0.5):
        return True
    return False


@contextmanager
def claim(var: Path, address: Address) -> Iterator[None]:
    """Be the only one that runs on this state folder; raises Unable where another does."""
    make_state(var)
    with (var / "run.lock").open("a+") as lock:
        if not try_lock(lock):
            lock.seek(0)
            raise Unable(f"Reading List already runs in this folder: {lock.read()}")
        lock.truncate(0)
        lock.write(f"{address.site_url} (process {os.getpid()})")
        lock.flush()
        yield


def name_static_files(var: Path) -> str:
    """Return a text that changes with the static files: the project's own, and those in the locked packages."""
    folders = {PROJECT / "static", *PROJECT.glob("*/static")} - {var / "static"}
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    files += [PROJECT / "requirements" / "base.txt", PROJECT / "readinglist" / "settings.py"]
    return hash_name(*(f"{path} {path.stat().st_size} {path.stat().st_mtime_ns}" for path in sorted(files)))


class Run:
    """The programs of one run."""

    def __init__(self, address: Address, stack: ExitStack) -> None:
        """Whatever is started is stopped with the stack, last first."""
        self.address = address
        self.stack = stack
        self.var = embedded.state_dir()
        self.has_demo = address.is_private and not os.environ.get("DATABASE_URL")
        self.parent = os.getppid()
        self.has_terminal = os.isatty(0)
        self.programs: list[Program] = []
        self.sign_ins = ""
        self.environment = {
            "PUBLIC_CATALOGUE": "1" if self.has_demo else "",
            "READINGLIST_DEMO": "1" if self.has_demo else "",
            "MALLOC_ARENA_MAX": "2",  # threads share their pools of memory, see mallopt(3)
            "CELERY_SKIP_CHECKS": "1",  # migrate checks just before; the worker need load no pages for it
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "readinglist.settings",
            "READINGLIST_VAR": str(self.var),
            "SITE_URL": address.site_url,
        }

    def start_all(self) -> None:
        """Start everything, each after what it needs, and return when the web server answers."""
        self.stack.enter_context(claim(self.var, self.address))
        check_free(self.address)
        self.check_for_demo()
        say("Reading List starts ...")
        collecting = self.start_collecting()
        servers = embedded.running(**embedded.wanted(), var=self.var, share=False)
        self.programs += self.stack.enter_context(servers)
        self.finish(self.manage("migrate"))
        # When we died, the worker drops what it does instead of bringing it to an end; an import is resumed.
        self.keep("worker", *WORKER, abandon=signal.SIGQUIT)
        self.finish_collecting(collecting)
        self.keep("web", *WEB, f"--bind={self.address.bind}")
        self.stack.callback(self.ask_at_once)
        if self.has_demo:
            self.load_demo()
        self.wait_for_web()

    def start(self, name: str, *arguments: str, **options: Any) -> Program:
        log = self.var / "log" / f"{name}.log"
        command = [sys.executable, *arguments]
        program = Program(name, command, log=log, cwd=PROJECT, env=self.environment, **options)
        self.stack.callback(program.stop)
        return program

    def keep(self, name: str, *module: str, **options: Any) -> None:
        """Run a Python module until the end of all."""
        self.programs.append(self.start(name, "-m", *module, patience=3, **options))

    def ask_at_once(self) -> None:
        """Ask all that uses the servers to end, so that one need not wait for the other."""
        for program in self.programs:
            if program.name in {"web", "worker"}:
                program.ask()

    def manage(self, command: str, *arguments: str) -> Program:
        """Start a management command."""
        return self.start(command, "manage.py", command, *arguments)

    def finish(self, command: Program) -> None:
        """Wait until it has ended; raises Unable where it failed."""
        while not command.has_ended():
            self.check()
            time.sleep(0.05)
        command.stop()
        command.check_success()

    def start_collecting(self) -> Program | None:
        """Start to hash and compress the static files, which takes as long as all the rest, where they changed."""
        collected = self.var / "static" / "collected"
        if collected.exists() and collected.read_text() == name_static_files(self.var):
            return None
        # Without those of a browsable API, which we do not show: a third of the work.
        return self.manage("collectstatic", "--no-input", "--verbosity=0", "--ignore=rest_framework")

    def finish_collecting(self, command: Program | None) -> None:
        if command:
            self.finish(command)
            (self.var / "static" / "collected").write_text(name_static_files(self.var))

    def check_for_demo(self) -> None:
        """Raise Unable where others could sign in to a demo lab that was loaded here before."""
        if not (self.has_demo or os.environ.get("DATABASE_URL")) and (self.var / "demo").exists():
            raise Unable(
                f"{self.var} holds the demo lab, whose passwords everybody knows. For a lab that others reach, "
                "start in another folder: make run READINGLIST_VAR=/path/to/folder ..."
            )

    def load_demo(self) -> None:
        """Load the demo lab into an empty database, by the worker; one that is in use stays as it is."""
        command = self.manage("demo")
        self.finish(command)
        if command.log.read_text().startswith("The demo lab"):
            (self.var / "demo").touch()
            self.sign_ins = DEMO

    def wait_for_web(self) -> None:
        deadline = time.monotonic() + WEB_SECONDS
        while not self.web_answers():
            self.check()
            if time.monotonic() > deadline:
                raise Unable(f"The web server does not answer; see {self.var / 'log' / 'web.log'}.")
            time.sleep(0.1)

    def web_answers(self) -> bool:
        everywhere = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - to reach it, not to listen there
        host = everywhere.get(self.address.host, self.address.host)
        connection = http.client.HTTPConnection(host, self.address.port, timeout=5)
        with suppress(OSError, http.client.HTTPException):
            connection.request("GET", "/healthz", headers={"Host": urlsplit(self.address.site_url).netloc})
            return connection.getresponse().status == 200
        return False

    def watch(self) -> None:
        """Return never: raises Unable when a program ended, KeyboardInterrupt when we should."""
        while True:
            self.check()
            time.sleep(0.3)

    def check(self) -> None:
        for program in self.programs:
            if program.has_ended():
                raise program.explain_end()
        if os.getppid() != self.parent and "MAKELEVEL" in os.environ:
            raise KeyboardInterrupt
        # A window that runs nothing but make tells make alone that it was closed, and make waits for us.
        if self.has_terminal and not os.isatty(0):
            raise KeyboardInterrupt


def say(text: str) -> None:
    # A closed terminal must not keep us from stopping what we started.
    with suppress(OSError):
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()


def listen_to_signals() -> None:
    """Make every request to end a KeyboardInterrupt, once. `nohup` keeps us running without a terminal."""

    def interrupt(*_: object) -> None:
        ignore_signals()
        raise KeyboardInterrupt

    for number in ENDINGS:
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, interrupt)
    if "MAKELEVEL" in os.environ:
        set_death_signal(signal.SIGTERM)  # when make is killed, which could not tell us


def ignore_signals() -> None:
    for number in ENDINGS:
        signal.signal(number, lambda *_: None)  # with SIG_IGN, Python complains of one just on its way


def main() -> int:
    listen_to_signals()
    try:
        with ExitStack() as stack:
            try:
                run = Run(read_address(), stack)
                run.start_all()
                say(f"\nOpen {run.address.site_url}\n\n{run.sign_ins}Ctrl-C stops it.")
                run.watch()
            finally:
                ignore_signals()  # a second Ctrl-C must not interrupt the stopping
    except KeyboardInterrupt:
        say("\nReading List has stopped.")
        return 0
    except Unable as error:
        say(f"{error}")
    except OSError as error:
        say(embedded.describe(error))
    return 1


if __name__ == "__main__":
    sys.exit(main())

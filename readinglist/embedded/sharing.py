"""One server of a state folder, shared by all processes that use it; whoever came first runs it.

Two locks say how things stand. The kernel drops them with their holders, so a crash leaves nothing stale:

    <name>.lock    held by the server itself, all its processes included: who can take it knows that none runs
    <name>.users   held by each process that uses the server, shared; taken whole by who stops it
"""

import fcntl
import os
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Protocol

from .programs import Program
from .state import Unable, describe, make_state

START_SECONDS = 60.0


class InUse(Unable):
    """Another process runs the server, and we did not want to wait."""


class Server(Protocol):
    """What PostgreSQL and Valkey have in common."""

    name: str
    var: Path

    def start(self, lock: int) -> Program:
        """Start it; the lock is a file descriptor that the server inherits."""

    def answers(self) -> bool:
        """Tell whether it is ready for clients."""


@contextmanager
def hosting(server: Server, *, share: bool, wait: bool) -> Iterator[Program | None]:
    """Have a server run: gives the program when we started it, None when it is another process's."""
    with ExitStack() as stack:
        try:
            make_state(server.var)
            users = stack.enter_context((server.var / f"{server.name}.users").open("a"))
            fcntl.flock(users, fcntl.LOCK_SH)
            program = start_or_join(server, share=share, wait=wait)
        except OSError as error:
            raise Unable(describe(error)) from error
        try:
            yield program
        finally:
            if program:
                if share:
                    wait_for_users(server, users)
                program.stop()


def start_or_join(server: Server, *, share: bool, wait: bool) -> Program | None:
    """Return the program once it answers, or None once another process's does."""
    waiting_since = time.monotonic()
    told = False
    while True:
        with (server.var / f"{server.name}.lock").open("a+") as lock:
            if try_lock(lock):
                return start(server, lock)
            if share and server.answers():
                return None
            holder = read_holder(lock)
        if not wait:
            raise InUse(f"The embedded {server.name} is in use by {holder}.")
        waited = time.monotonic() - waiting_since
        if share and waited > START_SECONDS:
            raise Unable(f"The embedded {server.name} of {holder} does not answer.")
        if not share and waited > 2 and not told:
            told = True
            say(f"The embedded {server.name} is in use by {holder}. Waiting until that ends.")
        time.sleep(0.05)


def start(server: Server, lock: IO[str]) -> Program:
    lock.truncate(0)
    lock.write(f"process {os.getpid()} ({Path(sys.argv[0]).name} {' '.join(sys.argv[1:2])}".rstrip() + ")")
    lock.flush()
    program = server.start(lock.fileno())
    try:
        deadline = time.monotonic() + START_SECONDS
        while not server.answers():
            if program.has_ended():
                raise program.explain_end()
            if time.monotonic() > deadline:
                raise Unable(f"The embedded {server.name} does not answer; see {program.log}.")
            time.sleep(0.02)
    except BaseException:
        program.stop()
        raise
    return program


def wait_for_users(server: Server, users: IO[str]) -> None:
    """Wait until nobody else uses the server; who comes now waits in turn, and starts it anew."""
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        say(f"Another command uses the embedded {server.name} that this one started. Waiting until it ends.")
        fcntl.flock(users, fcntl.LOCK_EX)


def try_lock(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def read_holder(lock: IO[str]) -> str:
    lock.seek(0)
    return lock.read() or "another process"


def say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()

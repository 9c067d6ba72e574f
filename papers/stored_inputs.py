"""Inputs that are kept as files below FILES_DIR: what was uploaded, tables until their columns are confirmed, and the
pages that sources gave. A row that needs one has its name; nobody finds a file without.

What was read is kept for a while, so that records that were rejected can be read again. A club has so much room; what
nothing waits for makes room for what comes.
"""

import os
import secrets
import time
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO, Protocol

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Club, User

from . import importers
from .models import FetchedPage, Import
from .statements import fetch

CHUNK = 2**20
HELD = timedelta(days=1)
MOST_HELD = 5
"""Tables of one person whose columns are still to be confirmed; the oldest makes room for another."""
KEPT = timedelta(days=60)
"""How long an input is kept of which nothing is in quarantine; longer if something is."""
MOST_AT_ONCE = 1_000


class Refused(Exception):
    """An input that cannot be taken; its text is a sentence for the person who tried."""


class TooLarge(Refused):
    pass


class Full(Refused):
    """A club keeps as much as it may, and something waits for all of it."""


class NotHeld(Refused):
    """The file that was kept for its columns to be confirmed is gone."""


class Upload(Protocol):
    """What arrives from a browser, the API or the shell: Django's UploadedFile, or any open binary file."""

    def read(self, size: int = -1, /) -> bytes: ...


def find_path(name: str) -> Path:
    """Return where the file of a name lies, whether it is there or not."""
    return Path(settings.FILES_DIR) / name


def create_file(folder: str) -> tuple[str, BinaryIO]:
    """Create a file of a random name, for us alone; return its path below FILES_DIR, and itself, open."""
    name = f"{folder}/{timezone.now():%Y/%m}/{secrets.token_hex(16)}"
    path = find_path(name)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return name, open(path, "xb", opener=lambda name, flags: os.open(name, flags, 0o600))


def keep_upload(upload: Upload | str) -> str:
    """Store an upload for an import, or what `hold_upload` gave a name; return its path below FILES_DIR.

    Raises TooLarge above UPLOAD_LIMIT bytes, and NotHeld.
    """
    return _take_held(upload) if isinstance(upload, str) else _write(upload, "imports")


def keep_file(upload: Upload, folder: str) -> str:
    """Store an upload that is no input and that a row has the name of for good; return its path below FILES_DIR.

    Raises TooLarge above UPLOAD_LIMIT bytes.
    """
    return _write(upload, folder)


def hold_upload(upload: Upload, *, by: User) -> str:
    """Store a table until its columns are confirmed; return the name to ask for it by.

    What nobody confirmed within a day is deleted by the next one that is held, and of the same person all but the
    newest few. Raises TooLarge.
    """
    name = _write(upload, f"held/{by.pk}")
    last = time.time() - HELD.total_seconds()
    for path, written in _list_files("held"):
        if written < last:
            path.unlink(missing_ok=True)
    for path, _written in _list_files(f"held/{by.pk}")[:-MOST_HELD]:
        path.unlink(missing_ok=True)
    return name


def _list_files(folder: str) -> list[tuple[Path, float]]:
    """Return the files below a folder with the time each was written, oldest first."""
    found = []
    for path in find_path(folder).rglob("*"):
        try:
            if path.is_file():
                found.append((path, path.stat().st_mtime))
        except FileNotFoundError:
            pass  # another one was quicker
    return sorted(found, key=lambda each: each[1])


def guess_held_columns(held: str) -> importers.csv_table.Columns:
    """Guess the columns of a table that is held. Raises NotHeld, and UnreadableInput where it has no heading."""
    try:
        with find_path(held).open("rb") as file:
            return importers.guess_columns(file)
    except FileNotFoundError:
        raise NotHeld(_("The file is no longer kept here. Choose it again.")) from None


def forget(*names: str) -> None:
    """Delete files that no row has the name of any more."""
    for name in names:
        find_path(name).unlink(missing_ok=True)


def _take_held(held: str) -> str:
    """Move a held upload to where imports have theirs; only one who asks for it gets it."""
    name, target = create_file("imports")
    target.close()
    try:
        os.replace(find_path(held), find_path(name))
    except FileNotFoundError:
        forget(name)
        raise NotHeld(_("The file is no longer kept here. Choose it again.")) from None
    return name


def _write(upload: Upload, folder: str) -> str:
    """Write an upload to a file of a random name; return its path below FILES_DIR."""
    name, target = create_file(folder)
    size = 0
    try:
        with target:
            while chunk := upload.read(CHUNK):
                size += len(chunk)
                if size > settings.UPLOAD_LIMIT:
                    raise TooLarge(
                        _("The file has more than %(most)d MB. Split it, or import it on the server with "
                          "manage.py import; a recording can be a link.") % {"most": settings.UPLOAD_LIMIT // 2**20}
                    )  # fmt: skip
                target.write(chunk)
    except BaseException:
        forget(name)
        raise
    return name


# What is kept, and how long ------------------------------------------------------------------------------

# A page is read again by imports of its own (a replay), so a file may have several rows.
_FILES = """
    WITH row AS (
        SELECT page.stored_as AS name, page.size, page.fetched AS since, run.club_id
          FROM papers_fetchedpage page JOIN papers_import run ON run.id = page.run_id
         UNION ALL
        SELECT stored_as, coalesce(input_bytes, 0), queued, club_id
          FROM papers_import WHERE stored_as <> '' AND NOT is_run
    ), file AS (
        SELECT name, max(size) AS size, max(since) AS since FROM row
         WHERE %(club)s::bigint IS NULL OR club_id = %(club)s GROUP BY name
    )
"""
_MEASURE = f"""{_FILES}
    SELECT (SELECT coalesce(sum(size), 0) FROM file)::bigint
         + (SELECT coalesce(sum(attachment.size), 0) FROM papers_attachment attachment
              JOIN papers_session session ON session.id = attachment.session_id
             WHERE session.club_id = %(club)s)::bigint
"""  # noqa: S608 - our own words
_FIND_IDLE = f"""{_FILES}
    SELECT name, size FROM file
     WHERE since < %(before)s
       AND name NOT IN (SELECT stored_as FROM papers_import WHERE state IN ('queued', 'running'))
       AND name NOT IN (
           SELECT CASE WHEN page.id IS NOT NULL THEN page.stored_as WHEN run.is_run THEN '' ELSE run.stored_as END
             FROM papers_rejectedrecord rejected
             JOIN papers_import run ON run.id = rejected.run_id
             LEFT JOIN papers_fetchedpage page ON page.id = rejected.page_id
            WHERE rejected.settled IS NULL)
     ORDER BY since, name
"""  # noqa: S608 - our own words


def measure(club: Club) -> int:
    """Return how many bytes are kept for a club: uploads, pages of its sources, files of its sessions."""
    [(size,)] = fetch(_MEASURE, {"club": club.pk})
    return int(size)


@transaction.atomic
def make_room(club: Club, size: int) -> None:
    """Forget inputs of a club that nothing waits for, oldest first, until one of `size` bytes more has room.

    Several at once may take the same room: that is a few files too many. Raises Full, and then forgets nothing.
    """
    over = measure(club) + size - settings.CLUB_STORAGE
    names = []
    if over > 0:
        for name, freed in fetch(_FIND_IDLE, {"club": club.pk, "before": timezone.now()}):
            names.append(name)
            over -= freed
            if over <= 0:
                break
    if over > 0:
        raise Full(
            _("%(club)s has no room for it: a club keeps at most %(most)d MB of files here. What was read makes room "
              "once nothing of it waits in quarantine: settle that on the pages of its sources. An administrator can "
              "allow more (CLUB_STORAGE_MB).") % {"club": club, "most": settings.CLUB_STORAGE // 2**20}
        )  # fmt: skip
    _forget_idle(names)


def forget_old(now: datetime) -> int:
    """Forget inputs that were read long ago and that nothing waits for; return how many."""
    names = [name for name, _size in fetch(_FIND_IDLE, {"club": None, "before": now - KEPT})][:MOST_AT_ONCE]
    _forget_idle(names)
    return len(names)


@transaction.atomic
def _forget_idle(names: Iterable[str]) -> None:
    names = list(names)
    FetchedPage.objects.filter(stored_as__in=names).delete()
    over = [Import.State.DONE, Import.State.FAILED, Import.State.CANCELLED]
    Import.objects.filter(stored_as__in=names, state__in=over).update(stored_as="")
    transaction.on_commit(lambda: forget(*names), robust=True)

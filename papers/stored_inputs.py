"""Inputs that are kept as files below FILES_DIR: what was uploaded, tables until their columns are confirmed, and the
pages that sources gave. A row that needs one has its name; nobody finds a file without.
"""

import os
import secrets
import time
from datetime import timedelta
from pathlib import Path
from typing import BinaryIO, Protocol

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from . import importers

CHUNK = 2**20
HELD = timedelta(days=1)


class Refused(Exception):
    """An input that cannot be taken; its text is a sentence for the person who tried."""


class TooLarge(Refused):
    pass


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


def hold_upload(upload: Upload) -> str:
    """Store a table until its columns are confirmed; return the name to ask for it by.

    What nobody confirmed within a day is deleted by the next one that is held. Raises TooLarge.
    """
    last = time.time() - HELD.total_seconds()
    for path in find_path("held").glob("*/*/*"):
        try:
            if path.stat().st_mtime < last:
                path.unlink()
        except FileNotFoundError:
            pass  # another one was quicker
    return _write(upload, "held")


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
                          "manage.py import.") % {"most": settings.UPLOAD_LIMIT // 2**20}
                    )  # fmt: skip
                target.write(chunk)
    except BaseException:
        forget(name)
        raise
    return name

"""Reading a stored answer again: after an importer was mended, what it had rejected comes in."""

from __future__ import annotations

import io
from typing import Final

from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from papers import importers, importing, stored_inputs
from papers.models import Import, RejectedRecord, Source
from papers.records import MAX_RAW, UnreadableInput

MOST_IN_QUARANTINE: Final = 10_000
"""Of one source, the newest: as many as one run keeps. Else one that is wrong in another way each hour fills the disk,
with what it says and with the pages that wait for a replay."""


_SETTLE_OLDER: Final = """
    UPDATE papers_rejectedrecord older SET settled = now()
      FROM papers_import run, papers_rejectedrecord newer
     WHERE run.id = older.run_id AND run.source_id = %(source)s AND run.id < %(run)s AND older.settled IS NULL
       AND newer.run_id = %(run)s AND newer.raw = older.raw AND newer.reason = older.reason
"""

_SETTLE_OLDEST: Final = """
    UPDATE papers_rejectedrecord SET settled = now()
     WHERE id IN (SELECT rejected.id
                    FROM papers_rejectedrecord rejected JOIN papers_import run ON run.id = rejected.run_id
                   WHERE run.source_id = %(source)s AND rejected.settled IS NULL
                   ORDER BY rejected.run_id DESC, rejected.number OFFSET %(most)s)
"""


class Gone(Exception):
    """The stored input is not there any more; the text is a sentence."""


def find_rejected(source: Source) -> QuerySet[RejectedRecord]:
    """Return what was rejected of a source; what somebody submitted to it is theirs, and not its keepers' to see."""
    return RejectedRecord.objects.filter(run__source=source, run__is_submission=False)


def find_quarantined(source: Source) -> QuerySet[RejectedRecord]:
    """Return what was rejected of a source and nobody has settled since, newest first."""
    return find_rejected(source).filter(settled=None).order_by("-run_id", "number")


def dismiss(rejected: QuerySet[RejectedRecord]) -> None:
    """Take records out of the quarantine that nobody wants to see again; imports go on listing them."""
    rejected.filter(settled=None).update(settled=timezone.now())


def settle_older(run: Import) -> None:
    """Leave of the records that earlier runs of a source rejected only those that this run did not reject again, and
    no more than MOST_IN_QUARANTINE of all."""
    with connection.cursor() as cursor:
        cursor.execute(_SETTLE_OLDER, {"run": run.pk, "source": run.source_id})
        cursor.execute(_SETTLE_OLDEST, {"source": run.source_id, "most": MOST_IN_QUARANTINE})


@transaction.atomic
def replay(rejected: RejectedRecord, *, by: User | None) -> Import:
    """Import the input that a record was rejected of once more; what is in of it already changes nothing.

    All that was rejected of it leaves the quarantine; what is still wrong comes back as a rejection of the new import.
    Twice is once: the second time gives the same import. Raises Gone.
    """
    run = Import.objects.select_for_update(of=("self",)).get(pk=rejected.run_id)
    rejected = RejectedRecord.objects.select_related("page", "replayed_in").get(pk=rejected.pk)
    if rejected.replayed_in is not None:
        return rejected.replayed_in
    page = rejected.page
    stored = page.stored_as if page else "" if run.is_run else run.stored_as
    path = stored_inputs.find_path(stored)
    if not stored or not path.is_file():
        if run.is_run:
            raise Gone(_("What it was read from is not stored any more. The next run asks for it again."))
        raise Gone(_("The file is not stored here. Mend the record here, or import the file once more."))
    again = Import.objects.create(
        source_id=run.source_id,
        club_id=run.club_id,
        queued_by=by,
        input_name=_("%(name)s, once more") % {"name": run.input_name[:280]},
        stored_as=stored,
        format=page.format if page else run.format,
        date=page.date if page else run.date,
        columns=run.columns,
        input_bytes=path.stat().st_size,
    )
    RejectedRecord.objects.filter(run=run, page=page, replayed_in=None).update(
        replayed_in=again, settled=timezone.now()
    )
    importing.wake(again)
    return again


def can_edit(rejected: RejectedRecord) -> bool:
    """Say whether what is kept of a record is all of it, so that it could be mended by hand."""
    return 0 < len(rejected.raw) < MAX_RAW


@transaction.atomic
def import_edited(rejected: RejectedRecord, text: str, *, by: User | None) -> Import:
    """Import a record as somebody mended it, in the format it was in; the one that was rejected leaves the quarantine.

    Raises Gone where it has left already, and importing.Refused, also where the text cannot be read on its own: an
    import that failed as a whole would leave it nowhere.
    """
    rejected = (
        RejectedRecord.objects.select_for_update(of=("self",))
        .select_related("run", "page")
        .get(pk=rejected.pk)
    )
    if rejected.settled is not None:
        raise Gone(_("This record has left the quarantine already."))
    run, page = rejected.run, rejected.page
    written = text.encode("utf-8", "replace")
    format = page.format if page else run.format
    try:
        next(importers.read(io.BytesIO(written), format=format or None, date=run.date), None)
    except UnreadableInput as error:
        raise importing.Refused(
            _("It was not imported, since it cannot be read on its own: %(why)s") % {"why": str(error)}
        ) from None
    mended = importing.queue_import(
        upload=io.BytesIO(written),
        name=_("%(place)s of %(name)s, mended") % {"place": rejected.place, "name": run.input_name[:200]},
        by=by,
        source=run.source,
        format=format,
        date=page.date if page else run.date,
    )
    rejected.replayed_in, rejected.settled = mended, timezone.now()
    rejected.save(update_fields=["replayed_in", "settled"])
    return mended

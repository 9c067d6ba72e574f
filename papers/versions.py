"""The sync number of a library: the catalogue, or a club.

`stamp` is the last statement of every verb. Raising the number locks the library's row, so numbers
become visible in the order in which they were given, and a reader who keeps one number misses nothing.
"""

from collections import defaultdict
from collections.abc import Iterable

from django.db import connection, models
from django.utils import timezone

from accounts.models import Club

from .models import Catalogue, Tombstone

Library = Club | Catalogue
Gone = tuple[type[models.Model], int]


def kind_of(model: type[models.Model]) -> str:
    """Return the word under which sync speaks of a model's rows, such as `vote`."""
    return str(model._meta.model_name)


def stamp(library: Library, changed: Iterable[models.Model] = (), *, deleted: Iterable[Gone] = ()) -> int:
    """Raise the library's number and write it on what changed; return it.

    `changed` rows are saved already and get their `version`; `deleted` rows leave a tombstone each.
    Must run inside the transaction of the change, and last: it holds the library's row until the commit.
    """
    number = _raise_version(library)
    rows = defaultdict(list)
    for row in changed:
        rows[type(row)].append(row)
    for model, group in rows.items():
        model._default_manager.filter(pk__in=[row.pk for row in group]).update(version=number)
        for row in group:
            row.version = number  # type: ignore[attr-defined]
    club = library if isinstance(library, Club) else None
    now = timezone.now()
    Tombstone.objects.bulk_create(
        [
            Tombstone(club=club, kind=kind_of(model), object_id=pk, version=number, deleted=now)
            for model, pk in deleted
        ]
    )
    return number


class Stamps:
    """What a verb that touches several libraries has changed, stamped once each at its end.

    Clubs in the order of their ids, the catalogue last: two verbs that end at once take the rows in one order.
    """

    def __init__(self) -> None:
        self._libraries: dict[tuple[bool, int], tuple[Library, list[models.Model], list[Gone]]] = {}

    def add(self, library: Library, changed: Iterable[models.Model], deleted: Iterable[Gone] = ()) -> None:
        """Note that a library has changed: which rows still need their number, and what is gone."""
        place = (isinstance(library, Catalogue), library.pk)
        _library, rows, gone = self._libraries.setdefault(place, (library, [], []))
        rows += changed
        gone += deleted

    def write(self) -> None:
        """Stamp every library that has changed; the last statement of the verb."""
        for _place, (library, rows, gone) in sorted(self._libraries.items(), key=lambda item: item[0]):
            stamp(library, rows, deleted=gone)


def _raise_version(library: Library) -> int:
    table = library._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {table} SET version = version + 1 WHERE id = %s RETURNING version",  # noqa: S608
            [library.pk],
        )
        (number,) = cursor.fetchone()
    library.version = number
    return int(number)

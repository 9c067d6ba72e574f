"""The catalogue as JSON Lines, which `importers/jsonl.py` reads."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any, Final

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import F, Func, JSONField, OuterRef, Q, QuerySet, TextField
from django.db.models.functions import Cast, Collate, JSONObject

from accounts.models import Club

from .models import Paper, PaperIdentifier

CHUNK: Final = 500
"""Papers that are in memory at a time; the longest have a megabyte."""

_FIELDS: Final = (
    *("id", "title", "abstract", "authors", "identifiers", "published", "published_precision", "updated"),
    *("revision", "categories", "journal", "volume", "issue", "pages", "urls", "comment", "withdrawn"),
)


def export_papers(*, club: Club | None = None, canonical: bool = False) -> Iterator[str]:
    """Give a line for each paper that everybody may see, and for those private to a club, in the order of ids.

    `canonical` lines are the same for two catalogues that say the same: in the order of their content, and without
    the ids, which depend on what came when. Memory holds `CHUNK` papers; one statement reads them all, as of one
    moment.
    """
    identifiers = PaperIdentifier.objects.filter(paper=OuterRef("pk")).order_by("scheme", "value")
    papers: QuerySet[Paper, Any] = Paper.objects.filter(Q(private_to=None) | Q(private_to=club)).annotate(
        names=ArraySubquery(identifiers.values(pair=JSONObject(scheme="scheme", value="value")))
    )
    papers = _order_by_content(papers) if canonical else papers.order_by("pk")
    # As plain values: a paper and what was looked up for it hold each other, and wait for Python's collector.
    columns = ["names" if name == "identifiers" else name for name in _FIELDS]
    for values in papers.values_list(*columns).iterator(chunk_size=CHUNK):
        data = dict(zip(_FIELDS, values, strict=True))
        data["urls"] = [{"kind": kind, "url": url} for kind, url in data["urls"]]
        if canonical:
            del data["id"]
        yield json.dumps(data, ensure_ascii=False, separators=(",", ":"), default=_write_time)


def _order_by_content(papers: QuerySet[Paper, Any]) -> QuerySet[Paper, Any]:
    """Order by all that a line says, byte by byte, so that no two databases differ in their idea of an alphabet."""
    rest = Func(
        *(F(name) for name in _FIELDS if name not in ("id", "title", "identifiers")),
        function="jsonb_build_array",
        output_field=JSONField(),
    )
    return papers.order_by(
        Collate("title", "C"),
        Collate(Cast("names", TextField()), "C"),
        Collate(Cast(rest, TextField()), "C"),
    )


def _write_time(value: date | datetime) -> str:
    return value.isoformat()

"""The papers of the bench: records of the made-up corpus."""

from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

from papers.identifiers import Identifier
from papers.records import PartialDate, Rank, Record, clean_record

from .make_corpus import DEMO_PAGE, Corpus, read_seeds

# A saved listing with whole abstracts, where somebody has put one beside the project.
SAVED_PAGE = Path(__file__).parents[2] / "shared" / "data" / "hf-daily-papers-page" / "listing.txt"
SEEDS = SAVED_PAGE if SAVED_PAGE.exists() else DEMO_PAGE

Line = dict[str, Any]


def make_corpus(number: int) -> Corpus:
    return Corpus(read_seeds(SEEDS), number)


def make_record(line: Line) -> Record:
    """Return a line of the corpus as arXiv would tell of it, listed on the day it was published."""
    published = datetime.fromisoformat(line["published"])
    record = clean_record(
        key=line["id"],
        title=line["title"],
        abstract=line["abstract"],
        authors=line["authors"],
        identifiers=[
            Identifier("arxiv", line["id"]),
            Identifier("doi", line["doi"]) if line["doi"] else None,
        ],
        published=PartialDate(published.date()),
        updated=datetime.fromisoformat(line["updated"]),
        revision=line["version"],
        categories=line["categories"],
        urls=[("page", f"https://arxiv.org/abs/{line['id']}")],
        comment=line["comment"] or "",
        upvotes=line["votes"],
        rank=Rank.PREPRINT,
        place=line["id"],
        listed=published.date(),
    )
    assert isinstance(record, Record), record
    return record


def take_batches(lines: Iterator[Line], number: int, size: int) -> Iterator[list[Record]]:
    """Give the next `number` records, `size` at a time."""
    left = number
    while left > 0 and (batch := [make_record(line) for line in islice(lines, min(size, left))]):
        left -= len(batch)
        yield batch


def make_arxiv_id(number: int) -> str:
    """Return an id that arXiv could have given, as those of the corpus could not: there were none so long in 2007."""
    month, rest = divmod(number, 99_999)
    return f"{15 + month // 12:02}{month % 12 + 1:02}.{rest + 1:05}"

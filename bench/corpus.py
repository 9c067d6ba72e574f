"""The papers of the bench: records of the made-up corpus, and the same papers in the formats we import."""

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from itertools import islice
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from papers.identifiers import Identifier
from papers.records import Rank, Record, clean_record

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
        published=published.date(),
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


def write_export(lines: Iterable[Line], file: Path, *, first: int = 0) -> None:
    """Write papers as our own export has them, JSON Lines; ids count on from `first`."""
    with file.open("w") as output:
        for number, line in enumerate(lines, start=first):
            arxiv = make_arxiv_id(number)
            names = [{"scheme": "arxiv", "value": arxiv}]
            names += [{"scheme": "doi", "value": line["doi"]}] if line["doi"] else []
            paper = {
                "id": number,
                **{name: line[name] for name in ("title", "abstract", "authors")},
                "identifiers": names,
                "published": line["published"][:10],
                "published_precision": "day",
                "updated": line["updated"],
                "revision": line["version"],
                "categories": line["categories"],
                "urls": [{"kind": "page", "url": f"https://arxiv.org/abs/{arxiv}"}],
                "comment": line["comment"] or "",
            }
            output.write(json.dumps(paper, ensure_ascii=False) + "\n")


def write_page(lines: Sequence[Line], day: date) -> bytes:
    """Return papers as the Hugging Face page is saved: the day, then titles and abstracts."""
    paragraphs = [
        f"{day:%b} {day.day}",
        *(part for line in lines for part in (line["title"], line["abstract"])),
    ]
    return "\n\n".join(paragraphs).encode()


def write_json(lines: Sequence[Line]) -> bytes:
    """Return papers as Hugging Face's API gives them."""
    items = [
        {
            "paper": {
                "id": f"2504.{number:05d}",
                "title": line["title"],
                "summary": line["abstract"],
                "authors": [{"name": name, "hidden": False} for name in line["authors"]],
                "publishedAt": line["published"],
                "submittedOnDailyAt": line["published"],
                "upvotes": line["votes"],
            },
            "numComments": 0,
        }
        for number, line in enumerate(lines)
    ]
    return json.dumps(items).encode()


def make_arxiv_id(number: int) -> str:
    """Return an id that arXiv could have given, as those of the corpus could not: there were none so long in 2007."""
    month, rest = divmod(number, 99_999)
    return f"{15 + month // 12:02}{month % 12 + 1:02}.{rest + 1:05}"


def write_bibtex(lines: Sequence[Line]) -> bytes:
    """Return papers as a library in BibTeX has them."""
    return "".join(
        f"@article{{paper{number},\n  title = {{{_in_braces(line['title'])}}},\n"
        f"  author = {{{' and '.join(map(_in_braces, line['authors']))}}},\n"
        f"  abstract = {{{_in_braces(line['abstract'])}}},\n  date = {{{line['published'][:10]}}},\n"
        f"  eprint = {{{make_arxiv_id(number)}}},\n  archiveprefix = {{arXiv}}\n}}\n\n"
        for number, line in enumerate(lines)
    ).encode()


def _in_braces(text: str) -> str:
    return text.replace("{", "").replace("}", "")


def write_atom(lines: Sequence[Line]) -> bytes:
    """Return papers as arXiv's API gives them."""
    entries = "".join(
        f"<entry><id>http://arxiv.org/abs/{make_arxiv_id(number)}v{line['version']}</id>"
        f"<title>{escape(line['title'])}</title><summary>{escape(line['abstract'])}</summary>"
        f"<published>{line['published']}</published><updated>{line['updated']}</updated>"
        + "".join(f"<author><name>{escape(name)}</name></author>" for name in line["authors"])
        + "".join(f'<category term="{term}"/>' for term in line["categories"])
        + "</entry>\n"
        for number, line in enumerate(lines)
    )
    feed = '<feed xmlns="http://www.w3.org/2005/Atom"><id>https://arxiv.org/api/bench</id>'
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{feed}{entries}</feed>'.encode()

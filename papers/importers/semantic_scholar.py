"""Semantic Scholar's papers: answers of its Academic Graph and Recommendations APIs.

https://api.semanticscholar.org/api-docs/: pages of a search, answers to many ids at once (with null for each that
is not known), references and citations, and one paper. Only the fields that were asked for come.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any, BinaryIO, Final

from papers.identifiers import parse as parse_identifier
from papers.importers import html_text, links
from papers.importers.json_items import Layout, line_of, list_of, number_of, parse_items, peek, text_of
from papers.importers.times import make_date, read_date
from papers.records import Rank, Record, Rejection, clean_line, clean_record

NAME: Final = "semantic-scholar"
TITLE: Final = "Semantic Scholar: papers"

_LAYOUT: Final = Layout(
    paths=("data", "recommendedPapers", ""),
    first_key=rb'"(?:paperId|citingPaper|citedPaper|contexts|isInfluential|intents)"\s*:',
)
_WRAPPERS: Final = ("citingPaper", "citedPaper")


def sniff(head: bytes) -> bool:
    """Tell whether the beginning of a file, in UTF-8, holds papers of Semantic Scholar; an empty page is one."""
    facts, item = peek(head, _LAYOUT)
    if not item:
        return {"total", "offset"} <= facts.keys() or {"total", "token"} <= facts.keys()
    return "paperId" in item or any(name in item for name in _WRAPPERS)


def parse(
    stream: BinaryIO, *, date: date | None = None, today: date | None = None
) -> Iterator[Record | Rejection]:
    """Read the papers in order; a page without any gives nothing.

    `date` becomes the day of the listing; `today` is not used.

    A null, a paper without an id or a title, or one over the bounds of a record, is a rejection. Raises
    UnreadableInput, before the first record, where the input is no JSON or only reports an error.
    """

    def read_paper(paper: Any, place: str, raw: str) -> Record | Rejection:
        return _read_paper(paper, place, raw, date)

    return parse_items(stream, _LAYOUT, read_paper, service="Semantic Scholar")


def _read_paper(paper: Any, place: str, raw: str, listed: date | None) -> Record | Rejection:
    if paper is None:
        return Rejection(
            place, "Semantic Scholar knows no paper by the identifier that was asked for here.", raw
        )
    for wrapper in _WRAPPERS:
        if isinstance(paper, dict) and isinstance(paper.get(wrapper), dict):
            paper = paper[wrapper]
    own = line_of(paper, "paperId") or line_of(paper, "corpusId") or line_of(paper, "externalIds", "CorpusId")
    if not own:
        return Rejection(place, "This is no paper of Semantic Scholar: it has no id.", raw)
    doi = parse_identifier(line_of(paper, "externalIds", "DOI"), "doi")
    arxiv_id = parse_identifier(line_of(paper, "externalIds", "ArXiv"), "arxiv")
    published = read_date(text_of(paper, "publicationDate")) or make_date(number_of(paper, "year") or 0)
    journal = clean_line(text_of(paper, "journal", "name") or text_of(paper, "venue"))
    is_arxiv = journal.lower() in ("arxiv", "arxiv.org")
    return clean_record(
        key=f"s2:{own}",
        title=html_text.to_text(text_of(paper, "title")),
        abstract=html_text.to_text(text_of(paper, "abstract"), paragraphs=True),
        authors=[text_of(author, "name") for author in list_of(paper, "authors")],
        identifiers=[
            arxiv_id,
            doi,
            parse_identifier(line_of(paper, "externalIds", "PubMed"), "pmid"),
            parse_identifier(line_of(paper, "externalIds", "PubMedCentral"), "pmcid"),
        ],
        published=published,
        categories=[field for field in list_of(paper, "fieldsOfStudy") if isinstance(field, str)],
        # The volume is "abs/2103.14030" then.
        journal="" if is_arxiv else journal,
        volume="" if is_arxiv else line_of(paper, "journal", "volume"),
        pages="" if is_arxiv else line_of(paper, "journal", "pages"),
        urls=[
            ("page", text_of(paper, "url")),
            ("pdf", text_of(paper, "openAccessPdf", "url")),
            *links.address_dois([doi]),
        ],
        rank=Rank.AGGREGATOR,
        place=place,
        listed=listed,
        raw=raw,
    )

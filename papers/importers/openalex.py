"""OpenAlex's works: answers of https://api.openalex.org/works, one or a list.

The fields are those of https://docs.openalex.org/api-entities/works/work-object. Abstracts come as an index from
words to positions; keywords, topics and concepts are made by machines and left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any, BinaryIO, Final

from papers.identifiers import Identifier
from papers.identifiers import parse as parse_identifier
from papers.importers import html_text, links
from papers.importers.json_items import Layout, line_of, list_of, number_of, parse_items, peek, text_of
from papers.importers.names import turn_name
from papers.importers.times import make_date, read_date
from papers.records import MAX_ABSTRACT, PartialDate, Rank, Record, Rejection, clean_record

NAME: Final = "openalex"
TITLE: Final = "OpenAlex: works"

_LAYOUT: Final = Layout(paths=("results", ""), first_key=rb'"id"\s*:\s*"https://openalex\.org/W')
_ADDRESS: Final = "https://openalex.org/"


def sniff(head: bytes) -> bool:
    """Tell whether the beginning of a file, in UTF-8, holds works of OpenAlex; a list without any is one."""
    facts, item = peek(head, _LAYOUT)
    if not item:
        return isinstance(facts.get("meta"), dict) and "db_response_time_ms" in facts["meta"]
    return text_of(item, "id").startswith(f"{_ADDRESS}W")


def parse(
    stream: BinaryIO, *, date: date | None = None, today: date | None = None
) -> Iterator[Record | Rejection]:
    """Read the works in order; a list without any gives nothing.

    `date` becomes the day of the listing; `today` is not used. Names are those on the paper, as the authors
    that OpenAlex finds for them may be others.

    A work without an id or a title, or over the bounds of a record, is a rejection. Raises UnreadableInput,
    before the first record, where the input is no JSON or only reports an error.
    """

    def read_work(work: Any, place: str, raw: str) -> Record | Rejection:
        return _read_work(work, place, raw, date)

    return parse_items(stream, _LAYOUT, read_work, service="OpenAlex")


def _read_work(work: Any, place: str, raw: str, listed: date | None) -> Record | Rejection:
    own = text_of(work, "id").removeprefix(_ADDRESS)
    if not own:
        return Rejection(place, "This is no work of OpenAlex: it has no id.", raw)
    doi = parse_identifier(text_of(work, "doi") or text_of(work, "ids", "doi"), "doi")
    published = _read_published(work)
    place_of_it = work.get("primary_location") or {}
    is_in_series = text_of(place_of_it, "source", "type") not in ("repository", "")
    pages = [line_of(work, "biblio", name) for name in ("first_page", "last_page")]
    return clean_record(
        key=f"openalex:{own}",
        title=html_text.to_text(text_of(work, "title") or text_of(work, "display_name")),
        abstract=html_text.to_text(_rebuild(work.get("abstract_inverted_index")), paragraphs=True),
        authors=[name for each in list_of(work, "authorships") if (name := _read_name(each))],
        identifiers=[
            doi,
            parse_identifier(line_of(work, "ids", "pmid"), "pmid"),
            # Both as "…/articles/PMC99" and as "…/articles/99".
            parse_identifier(line_of(work, "ids", "pmcid").rstrip("/").rpartition("/")[2], "pmcid"),
            _find_arxiv(work),
        ],
        published=published,
        categories=[text_of(each, "descriptor_name") for each in list_of(work, "mesh")],
        journal=text_of(place_of_it, "source", "display_name") if is_in_series else "",
        volume=line_of(work, "biblio", "volume"),
        issue=line_of(work, "biblio", "issue"),
        pages="-".join(dict.fromkeys(page for page in pages if page)),
        urls=[
            links.describe(text_of(place_of_it, "landing_page_url")),
            ("pdf", text_of(place_of_it, "pdf_url") or text_of(work, "best_oa_location", "pdf_url")),
            *links.address_dois([doi]),
        ],
        withdrawn=work.get("is_retracted") is True,
        rank=Rank.AGGREGATOR,
        place=place,
        listed=listed,
        raw=raw,
    )


def _rebuild(index: Any) -> str:
    """Put the words of an abstract in order; the positions may be any numbers, so they are sorted, not filled in."""
    if not isinstance(index, dict):
        return ""
    words: list[tuple[int, str]] = []
    length = 0
    for word, positions in index.items():
        for position in positions if isinstance(positions, list) else ():
            if isinstance(position, int):
                words.append((position, word))
                length += len(word) + 1
                # One long word at many positions would fill all memory; this is too long to be a record.
                if length > 2 * MAX_ABSTRACT:
                    return " ".join(word for _, word in words)
    return " ".join(word for _, word in sorted(words))


def _read_name(authorship: Any) -> str:
    return turn_name(text_of(authorship, "raw_author_name")) or text_of(authorship, "author", "display_name")


def _find_arxiv(work: Any) -> Identifier | None:
    """Give the arXiv identifier of a work that is there, too, where its places agree on one."""
    addresses = (text_of(location, "landing_page_url") for location in list_of(work, "locations"))
    found = {named for url in addresses if (named := parse_identifier(url)) and named.scheme == "arxiv"}
    return found.pop() if len(found) == 1 else None


def _read_published(work: Any) -> PartialDate | None:
    found = read_date(text_of(work, "publication_date"))
    if found and (found.date.month, found.date.day) != (1, 1):
        return found
    # The first of January is what OpenAlex makes of a year.
    return make_date(found.date.year if found else number_of(work, "publication_year") or 0)

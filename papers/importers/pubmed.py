"""PubMed's XML: what efetch answers, what the website saves, and the files of the yearly baseline.

The document types are described at https://www.nlm.nih.gov/bsd/licensee/elements_descriptions.html and
https://dtd.nlm.nih.gov/ncbi/pubmed/out/pubmed_250101.dtd: articles (PubmedArticle), and books and chapters of
NCBI's bookshelf (PubmedBookArticle).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from typing import BinaryIO, Final

from lxml import etree

from papers.identifiers import Identifier, address, split_arxiv_revision
from papers.identifiers import parse as parse_identifier
from papers.importers import html_text
from papers.importers.names import join_name
from papers.importers.times import find_first_day, make_date, read_date
from papers.importers.xml_records import Words, XmlReader, read_root
from papers.records import (
    Deletion,
    PartialDate,
    Rank,
    Record,
    Rejection,
    UnreadableInput,
    clean_line,
    clean_record,
)

NAME: Final = "pubmed"
TITLE: Final = "PubMed: XML of articles and books"

_WORDS: Final = Words("PubMed XML", "file", "article", "articles")
_SETS: Final = ("PubmedArticleSet", "PubmedBookArticleSet")
_DELETED: Final = ("DeleteCitation", "DeleteDocument")


def sniff(head: bytes) -> bool:
    """Tell whether the beginning of a file, in UTF-8, is PubMed's XML, or the error that it answers with."""
    root = read_root(head)
    return root is not None and root.tag in (*_SETS, *_READERS, "eFetchResult")


def parse(
    stream: BinaryIO, *, date: date | None = None, today: date | None = None
) -> Iterator[Record | Rejection]:
    """Read the articles and books of a set, or a single one, in order; an empty set is fine.

    `date` becomes the day of the listing. `today` is not used. What has no PMID or no title, is not well-formed
    or over the bounds of a record is a rejection; PubMed's list of deleted records is one deletion. Raises
    UnreadableInput where the input is no XML of PubMed or its way to report an error.
    """
    reader = XmlReader(stream, _READERS, others=(*_DELETED, "ERROR"), words=_WORDS)
    root = etree.QName(reader.root).localname
    if root not in (*_SETS, *_READERS, "eFetchResult"):
        raise UnreadableInput(f"This is no PubMed XML: it begins with <{root}>.")
    place = "start"
    for found in reader:
        if root == "eFetchResult":
            raise UnreadableInput(f"PubMed answered with an error: {_line(found.element)[:500].rstrip('.')}.")
        if found.place:
            place = found.place
        if found.element is None:
            yield Rejection(found.place or f"after {place}", found.problem, found.raw)
        elif read := _READERS.get(found.name):
            yield read(found.element, place, listed=date, raw=found.raw)
        elif found.name in _DELETED:
            yield _read_deletion(found.element, f"after {place}", found.raw)
    if root == "eFetchResult":
        raise UnreadableInput("PubMed answered with an error.")
    if reader.problem:
        yield Rejection(f"after {place}", reader.problem)


def _read_deletion(deletion: etree._Element, place: str, raw: str) -> Deletion:
    numbers = [number for found in deletion.iterfind("PMID") if (number := _line(found))]
    return Deletion(
        place,
        f"PubMed has deleted {len(numbers):,} of its records ({', '.join(numbers[:20])}). What came from them stays "
        "here; merge or remove those papers by hand.",
        raw,
    )


# --- Reading an article ------------------------------------------------------------------------------------


def _read_article(
    article: etree._Element, place: str, *, listed: date | None, raw: str
) -> Record | Rejection:
    citation = article.find("MedlineCitation")
    if citation is None:
        return Rejection(place, "It has no MedlineCitation, in which an article is described.", raw)
    pmid = parse_identifier(_line(citation, "PMID"), "pmid")
    if not pmid:
        return Rejection(place, "It has no PMID, PubMed's own number of an article.", raw)
    said = citation.find("Article")
    if said is None:
        return Rejection(place, f"PubMed says nothing of its article {pmid.value}.", raw)
    # Those of the article itself: each of its references has such a list as well.
    ids = article.findall("PubmedData/ArticleIdList/ArticleId")
    doi = _find_doi(ids, said.findall("ELocationID"))
    pmcid = _find_pmcid(ids) or _find_pmcid(citation.iterfind("OtherID[@Source='NLM']"))
    arxiv_id, revision = _find_arxiv_id(said)
    is_retracted = any(
        kind.get("UI") == "D016441" or _line(kind) == "Retracted Publication"
        for kind in said.iterfind("PublicationTypeList/PublicationType")
    )
    issue = said.find("Journal/JournalIssue")
    published = find_first_day(
        _read_date(None if issue is None else issue.find("PubDate")),
        _read_date(said.find("ArticleDate[@DateType='Electronic']")),
    )
    return clean_record(
        key=f"pubmed:{pmid.value}",
        title=_read_title(said),
        abstract=_read_abstract(said.find("Abstract")) or _read_abstract(citation.find("OtherAbstract")),
        authors=_read_authors(said),
        identifiers=[pmid, doi, pmcid, arxiv_id],
        published=published,
        updated=_read_moment(citation.find("DateRevised")),
        # A retraction is of the work, whichever of its revisions another source knows of.
        revision=None if is_retracted else revision or _read_revision(citation),
        categories=_read_keywords(citation),
        journal=_line(said, "Journal/Title")
        or _line(said, "Journal/ISOAbbreviation")
        or _line(citation, "MedlineJournalInfo/MedlineTA"),
        volume=_line(issue, "Volume"),
        issue=_line(issue, "Issue"),
        pages=_read_pages(said.find("Pagination")),
        urls=_make_urls(pmid, pmcid, doi),
        comment=_read_corrections(citation),
        withdrawn=is_retracted,
        rank=Rank.PUBLISHER,
        place=place,
        listed=listed,
        raw=raw,
    )


def _read_book(article: etree._Element, place: str, *, listed: date | None, raw: str) -> Record | Rejection:
    said = article.find("BookDocument")
    book = None if said is None else said.find("Book")
    if said is None or book is None:
        return Rejection(place, "It has no BookDocument, in which a book is described.", raw)
    pmid = parse_identifier(_line(said, "PMID"), "pmid")
    if not pmid:
        return Rejection(place, "It has no PMID, PubMed's own number of a book or chapter.", raw)
    ids = said.findall("ArticleIdList/ArticleId") + article.findall("PubmedBookData/ArticleIdList/ArticleId")
    accession = next((_line(found) for found in ids if found.get("IdType") == "bookaccession"), "")
    chapter = _read_title(said)
    # A chapter's book has its own identifiers, which name other chapters as well.
    doi = _find_doi(ids, [] if chapter else book.findall("ELocationID"))
    isbns = [] if chapter else [parse_identifier(_line(found), "isbn") for found in book.iterfind("Isbn")]
    published = (chapter and _read_date(said.find("ContributionDate"))) or _read_date(book.find("PubDate"))
    urls = _make_urls(pmid, None, doi)
    if re.fullmatch("NBK[0-9]+", accession):
        urls.append(("page", f"https://www.ncbi.nlm.nih.gov/books/{accession}/"))
    return clean_record(
        key=f"pubmed:{pmid.value}",
        title=chapter or _strip_full_stop(_text(book.find("BookTitle"))),
        abstract=_read_abstract(said.find("Abstract")),
        authors=_read_authors(said) or _read_authors(book),
        identifiers=[pmid, doi, *isbns],
        published=published,
        updated=_read_moment(said.find("DateRevised")),
        categories=_read_keywords(said),
        journal=_text(book.find("BookTitle" if chapter else "CollectionTitle")),
        volume=_line(book, "Volume"),
        pages=_read_pages(said.find("Pagination")),
        urls=urls,
        rank=Rank.PUBLISHER,
        place=place,
        listed=listed,
        raw=raw,
    )


def _line(element: etree._Element | None, path: str = ".") -> str:
    """Give the text of what is found there, on one line; nothing where there is nothing."""
    found = None if element is None else element.find(path)
    return "" if found is None else clean_line("".join(found.itertext()))


def _text(element: etree._Element | None) -> str:
    """Give text that may hold italics, superscripts and formulas, as a reader would see it, on one line."""
    if element is None:
        return ""
    if not len(element):
        return clean_line(element.text or "")
    whole = etree.tostring(element, encoding="unicode", with_tail=False)
    return html_text.to_text(whole[whole.index(">") + 1 : whole.rindex("<")])


# What stands for a title where PubMed has none in English.
_NO_TITLE: Final = frozenset({"", "not available", "in process citation"})


def _read_title(said: etree._Element) -> str:
    """Give the title without the full stop, nor the brackets, that PubMed's rules put to it.

    Brackets say that a title was translated; what the authors wrote is the VernacularTitle then.
    https://www.nlm.nih.gov/bsd/mms/medlineelements.html#ti
    """
    title = _strip_full_stop(_text(said.find("ArticleTitle")))
    if title.startswith("[") and _find_closing(title) == len(title) - 1:
        title = _strip_full_stop(title[1:-1])
    if title.lower() in _NO_TITLE:
        title = _strip_full_stop(_text(said.find("VernacularTitle")))
    return title


def _strip_full_stop(title: str) -> str:
    return title[:-1].rstrip() if title.endswith(".") and not title.endswith("..") else title


def _find_closing(text: str) -> int:
    """Find the bracket that closes the one which a text begins with; -1 where none does."""
    depth = 0
    for found in re.finditer(r"[\[\]]", text):
        depth += 1 if found[0] == "[" else -1
        if depth == 0:
            return found.start()
    return -1


def _read_abstract(abstract: etree._Element | None) -> str:
    """Give the parts of an abstract as paragraphs, each with the label it has."""
    if abstract is None:
        return ""
    parts = []
    for part in abstract.iterfind("AbstractText"):
        label, text = clean_line(part.get("Label", "")), _text(part)
        if text:
            parts.append(f"{label}: {text}" if label and label != "UNLABELLED" else text)
    return "\n\n".join(parts)


def _read_authors(said: etree._Element) -> list[str]:
    """Give the names of the authors; of the editors where no author is named."""
    lists = said.findall("AuthorList")
    chosen = [found for found in lists if found.get("Type") != "editors"] or lists
    return [
        name
        for author in chosen[0].iterfind("Author")
        # A name that is not valid was misprinted; how it should have been stands beside it.
        if author.get("ValidYN") != "N" and (name := _read_name(author))
    ] if chosen else []  # fmt: skip


def _read_name(author: etree._Element) -> str:
    if collective := _text(author.find("CollectiveName")):
        return collective
    return join_name(
        given=_line(author, "ForeName") or _line(author, "Initials"),
        family=_line(author, "LastName"),
        suffix=_line(author, "Suffix"),
    )


def _find_doi(ids: list[etree._Element], places: list[etree._Element]) -> Identifier | None:
    written = [_line(found) for found in ids if found.get("IdType") == "doi"]
    written += [
        _line(found) for found in places if found.get("EIdType") == "doi" and found.get("ValidYN") != "N"
    ]
    return next((doi for text in written if (doi := parse_identifier(text, "doi"))), None)


def _find_pmcid(ids: Iterator[etree._Element] | list[etree._Element]) -> Identifier | None:
    written = (_line(found) for found in ids if found.get("IdType", "pmc") == "pmc")
    return next(
        (
            found
            for text in written
            if text[:3].upper() == "PMC" and (found := parse_identifier(text, "pmcid"))
        ),
        None,
    )


def _find_arxiv_id(said: etree._Element) -> tuple[Identifier | None, int | None]:
    """Find the identifier of a preprint: PubMed has some of arXiv's, with "arXiv:2301.01234v2" for a place."""
    for found in said.iterfind("ELocationID[@EIdType='pii']"):
        text = _line(found)
        if text.lower().startswith("arxiv:") and (named := split_arxiv_revision(text)):
            return named
    return None, None


def _read_revision(citation: etree._Element) -> int | None:
    """Give the revision of journals that publish several of an article; all others are version 1 of themselves."""
    found = citation.find("PMID")
    version = "" if found is None else found.get("Version", "")
    return int(version) if re.fullmatch("[0-9]{1,4}", version) and int(version) > 1 else None


def _read_date(found: etree._Element | None) -> PartialDate | None:
    """Read a date in parts (Year, Month, Day or Season), or as the free text of a MedlineDate."""
    if found is None:
        return None
    year, month, day = _line(found, "Year"), _line(found, "Month"), _line(found, "Day")
    if re.fullmatch("[0-9]{4}", year) and re.fullmatch("[0-9]{1,2}", month):
        return make_date(int(year), int(month), int(day) if re.fullmatch("[0-9]{1,2}", day) else None)
    return read_date(_line(found, "MedlineDate") or f"{year} {month or _line(found, 'Season')} {day}")


def _read_moment(found: etree._Element | None) -> datetime | None:
    revised = _read_date(found)
    return datetime.combine(revised.date, time(), UTC) if revised else None


def _read_pages(pagination: etree._Element | None) -> str:
    first, last = _line(pagination, "StartPage"), _line(pagination, "EndPage")
    whole = _line(pagination, "MedlinePgn")
    # What is written short ("179-91") is so in MedlinePgn alone; but only there several ranges are.
    if first and ("," in whole or ";" in whole):
        return whole
    return f"{first}-{last}" if first and last and first != last else whole or first


def _read_keywords(said: etree._Element) -> list[str]:
    return [
        _text(found)
        for path in ("KeywordList/Keyword", "MeshHeadingList/MeshHeading/DescriptorName")
        for found in said.iterfind(path)
    ]


# https://www.nlm.nih.gov/bsd/mms/medlineelements.html#cc, those that tell readers not to trust it as it is.
_CORRECTIONS: Final = {
    "RetractionIn": "Retracted",
    "PartialRetractionIn": "Retracted in part",
    "ExpressionOfConcernIn": "Expression of concern",
    "ErratumIn": "Erratum",
    "CorrectedandRepublishedIn": "Corrected and republished",
    "RetractedandRepublishedIn": "Retracted and republished",
}


def _read_corrections(citation: etree._Element) -> str:
    found = citation.findall("CommentsCorrectionsList/CommentsCorrections")
    return "; ".join(
        f"{_CORRECTIONS[kind]}: {_line(correction, 'RefSource').rstrip('.')}"
        for correction in found
        if (kind := correction.get("RefType", "")) in _CORRECTIONS
    )


def _make_urls(pmid: Identifier, pmcid: Identifier | None, doi: Identifier | None) -> list[tuple[str, str]]:
    urls = [("page", address(found)) for found in (pmid, pmcid) if found]
    return [*urls, ("doi", address(doi))] if doi else urls


_READERS: Final = {"PubmedArticle": _read_article, "PubmedBookArticle": _read_book}

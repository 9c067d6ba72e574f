"""OAI-PMH, the protocol by which repositories give away their records, arXiv's three formats and Dublin Core.

The envelope: https://www.openarchives.org/OAI/2.0/openarchivesprotocol.htm. Within it `arXiv`, `arXivRaw` and
`arXivOld` (https://info.arxiv.org/help/oa/index.html, http://arxiv.org/OAI/arXiv.xsd and …/arXivRaw.xsd), and of
any repository `oai_dc` (https://www.openarchives.org/OAI/2.0/oai_dc.xsd). Dublin Core leaves it to whoever fills its
fifteen elements what they hold; what they do hold is read here by the guidelines of OpenAIRE
(https://openaire-guidelines-for-literature-repository-managers.readthedocs.io/en/v3.0.0/) and by what Open Journal
Systems, DSpace and Zenodo send.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from functools import partial
from typing import BinaryIO, Final

from lxml import etree

from papers.identifiers import Identifier, address, split_arxiv_revision
from papers.identifiers import parse as parse_identifier
from papers.importers import html_text, latex
from papers.importers.arxiv_text import is_withdrawn, mark_paragraphs, split_authors, split_dois
from papers.importers.names import join_name, turn_name
from papers.importers.times import day_of, read_date, read_moment
from papers.importers.xml_records import Found, Words, XmlReader, read_each, read_root
from papers.records import (
    Deletion,
    Precision,
    Rank,
    Record,
    Rejection,
    UnreadableInput,
    clean_address,
    clean_line,
    clean_record,
)

NAME: Final = "oai"
TITLE: Final = "OAI-PMH: records of arXiv or of a repository"

_WORDS: Final = Words("OAI-PMH answer", "answer", "record", "records")
_ENVELOPES: Final = ("OAI-PMH", "ListRecords", "GetRecord")
_PREFIXES: Final = ("arXiv", "arXivRaw", "arXivOld", "oai_dc")
_BARE: Final = ("record", "arXiv", "arXivRaw", "arXivOld", "dc")
_NAMESPACE: Final = re.compile(r"https?://(?:www\.)?(?:openarchives\.org|arxiv\.org)/OAI/")
_METADATA: Final = re.compile(rb"<(?:[\w.-]+:)?(?:arXivRaw|arXivOld|arXiv|dc)[\s>]")

_Fields = dict[str, list[str]]


def sniff(head: bytes) -> bool:
    """Tell whether the beginning of a file, in UTF-8, is an answer of OAI-PMH, or one record out of it."""
    root = read_root(head)
    if root is None:
        return False
    name = etree.QName(root)
    if name.localname not in (*_ENVELOPES, *_BARE):
        return False
    return name.localname == "OAI-PMH" or bool(
        _NAMESPACE.match(name.namespace or "") or _METADATA.search(head)
    )


def parse(
    stream: BinaryIO, *, date: date | None = None, today: date | None = None
) -> Iterator[Record | Rejection]:
    """Read the records of an answer in order, or a single one that stands without its envelope.

    `date` becomes the day of the listing: the day stamped on a record is that of its last change, however small.
    `today` is not used.

    That nothing has changed (`noRecordsMatch`) is an answer without records. A record that the repository has
    deleted is a deletion; those that are broken or over the bounds of a record are rejections, as is what is
    missing where the answer ends early. Raises UnreadableInput, before the first record, for an error that the
    repository reports, a metadata format that is not known here, and what is no answer.
    """
    reader = XmlReader(stream, ["record"], others=["error", "request"], words=_WORDS)
    root = etree.QName(reader.root).localname
    if root in _BARE:
        reader.records = frozenset([root])
    elif root not in _ENVELOPES:
        raise UnreadableInput(f"This is no OAI-PMH answer: it begins with <{root}>.")
    return read_each(reader, partial(_read_record, date=date), read_other=partial(_read_envelope, reader))


def _read_envelope(reader: XmlReader, found: Found) -> None:
    """Refuse an answer that is an error, or in a format that is not known here."""
    if found.element is None or found.parents != ("OAI-PMH",):
        return
    refusal = ""
    if found.name == "request":
        prefix = found.element.get("metadataPrefix") or _PREFIXES[0]
        if prefix not in _PREFIXES:
            refusal = f"The records are in the format {prefix[:50]!r}; ask the repository for oai_dc instead."
    elif (code := found.element.get("code", "")) != "noRecordsMatch":
        said = clean_line("".join(found.element.itertext()))[:500].rstrip(".") or "no reason is given"
        refusal = f"The repository answered with an error instead of records: {said} ({code[:50]})."
    if refusal and reader.number:
        reader.problem = refusal
    elif refusal:
        raise UnreadableInput(refusal)


def _read_record(record: etree._Element, place: str, raw: str, *, date: date | None) -> Record | Rejection:
    if etree.QName(record).localname != "record":
        return _read_metadata(record, "", place, raw, date)
    header, metadata = _child(record, "header"), _child(record, "metadata")
    named = clean_line(" ".join(_read_fields(header)["identifier"])) if header is not None else ""
    if header is not None and header.get("status") == "deleted":
        reason = "The repository has deleted this record; what is in the catalogue stays as it is."
        return Deletion(place, reason, named or raw)
    if metadata is None or not len(metadata):
        return Rejection(place, "The record says nothing of a paper: it has no metadata.", raw)
    return _read_metadata(metadata[0], named, place, raw, date)


def _read_metadata(
    metadata: etree._Element, named: str, place: str, raw: str, date: date | None
) -> Record | Rejection:
    match etree.QName(metadata).localname:
        case "arXiv" | "arXivRaw" | "arXivOld":
            return _read_arxiv(metadata, named, place, raw, date)
        case "dc":
            return _read_dublin_core(metadata, named, place, raw, date)
        case other:
            reason = f"The metadata is in the format <{other[:50]}>; ask the repository for oai_dc instead."
            return Rejection(place, reason, raw)


def _child(element: etree._Element, name: str) -> etree._Element | None:
    return next((child for child in element if etree.QName(child).localname == name), None)


def _read_fields(element: etree._Element) -> _Fields:
    """Give the texts of the elements within one, by their names without namespace."""
    fields: _Fields = defaultdict(list)
    for child in element:
        fields[etree.QName(child).localname].append("".join(child.itertext()))
    return fields


# --- arXiv's own formats -----------------------------------------------------------------------------------


def _read_arxiv(
    metadata: etree._Element, named: str, place: str, raw: str, listed: date | None
) -> Record | Rejection:
    fields = _read_fields(metadata)
    written = " ".join(fields["id"]) or named
    found = split_arxiv_revision(written)
    if not found:
        return Rejection(place, f"Its id is no arXiv identifier: {written[:200] or 'there is none'}.", raw)
    arxiv_id, _ = found
    versions = [child for child in metadata if etree.QName(child).localname == "version"]
    last = max(versions, key=_number_of, default=None)
    moments = [
        moment for version in versions if (moment := read_moment(" ".join(_read_fields(version)["date"])))
    ]
    created = [moment for text in fields["created"] if (moment := read_moment(text))]
    updated = [moment for text in fields["updated"] if (moment := read_moment(text))]
    first = min(moments or created, default=None)
    abstract = mark_paragraphs("".join(fields["abstract"]))
    comment = " ".join(fields["comments"])
    # "I" is a revision that holds nothing any more.
    is_empty = last is not None and " ".join(_read_fields(last)["source_type"]).strip() == "I"
    dois = split_dois(" ".join(fields["doi"]))
    authors = _child(metadata, "authors")
    return clean_record(
        key=f"oai:{arxiv_id.value}",
        title=" ".join(fields["title"]),
        abstract=abstract,
        authors=_read_authors(authors) if authors is not None else (),
        # A second DOI is of another work, so it is a link and no identifier.
        identifiers=[arxiv_id, *dois[:1]],
        published=day_of(first),
        updated=max(moments or updated or created, default=None),
        revision=_number_of(last) if last is not None else None,
        categories=" ".join(fields["categories"]).split(),
        journal=" ".join(fields["journal-ref"]),
        urls=[*_arxiv_urls(arxiv_id), *(("doi", address(doi)) for doi in dois)],
        comment=comment,
        withdrawn=is_empty or is_withdrawn(comment, abstract),
        rank=Rank.PREPRINT,
        place=place,
        listed=listed,
        raw=raw,
    )


def _number_of(version: etree._Element) -> int:
    number = version.get("version", "").removeprefix("v")
    return int(number) if re.fullmatch("[0-9]{1,5}", number) else 0


def _read_authors(authors: etree._Element) -> Iterator[str]:
    """Give the names of authors who stand apart, or all in one text.

    What arXiv's program took apart wrongly ("Array, Keck" of the "Keck Array") is right again when put together.
    """
    if not len(authors):
        yield from split_authors(authors.text or "")
    for author in authors:
        parts = {name: latex.to_text(" ".join(texts)) for name, texts in _read_fields(author).items()}
        yield join_name(
            given=parts.get("forenames", ""), family=parts.get("keyname", ""), suffix=parts.get("suffix", "")
        )


def _arxiv_urls(arxiv_id: Identifier) -> list[tuple[str, str]]:
    return [("page", address(arxiv_id)), ("pdf", f"https://arxiv.org/pdf/{arxiv_id.value}")]


# --- Dublin Core -------------------------------------------------------------------------------------------

_ALTERNATIVE: Final = re.compile(r"info:eu-repo/semantics/altIdentifier/(?P<scheme>\w{1,20})/(?P<value>.+)")
_NO_DATE: Final = re.compile(r"info:|.*embargo", re.IGNORECASE)
_PLACE_IN_JOURNAL: Final = re.compile(
    r"(?P<journal>[^;]{1,500}); (?:Vol\.?|Volume|Bd\.?|Jg\.?|V\.|T\.) ?(?P<volume>[\w/-]{1,20})"
    r"(?:,? (?:No\.?|Nr\.?|Issue|N[º°o]\.?|Núm\.?|n\.?) ?(?P<issue>[\w/-]{1,20}))?[^;]{0,500}"
    r"(?:; ?(?P<pages>[\w.–-]{1,40}))?",
    re.IGNORECASE,
)


def _read_dublin_core(
    metadata: etree._Element, named: str, place: str, raw: str, listed: date | None
) -> Record | Rejection:
    fields = _read_fields(metadata)
    written = [clean_line(text) for text in fields["identifier"]]
    found = [identifier for text in (named, *written) if (identifier := parse_identifier(text))]
    found += [
        identifier for text in fields["relation"] if (identifier := _read_alternative(clean_line(text)))
    ]
    arxiv_id = split_arxiv_revision(named) or next(
        (split for text in written if (split := split_arxiv_revision(text))), None
    )
    is_arxivs = arxiv_id is not None and (not named or named.lower().startswith("oai:arxiv.org:"))
    if is_arxivs:
        found.insert(0, arxiv_id[0])  # type: ignore[index]  # it is there
    kinds = " ".join(fields["type"]).lower()
    if "book" not in kinds or "bookpart" in kinds or "chapter" in kinds:
        found = [identifier for identifier in found if identifier.scheme != "isbn"]
    dois = list(dict.fromkeys(identifier for identifier in found if identifier.scheme == "doi"))
    comments = [
        text.strip()[len("Comment:") :] for text in fields["description"] if _is_comment(text, is_arxivs)
    ]
    abstracts = [text for text in fields["description"] if not _is_comment(text, is_arxivs)]
    abstract = max(abstracts, key=len, default="")
    dates = [day for text in fields["date"] if not _NO_DATE.match(text) and (day := read_date(text))]
    first = min(dates, key=lambda day: (day.date, day.precision != Precision.DAY), default=None)
    moments = [moment for text in fields["date"] if (moment := read_moment(text))]
    journal = {"journal": _read_reference(written)} if is_arxivs else _read_journal(fields)
    to_title, to_abstract = (str, mark_paragraphs) if is_arxivs else (html_text.to_text, _to_paragraphs)
    return clean_record(
        key=_name_key(named, arxiv_id[0] if is_arxivs and arxiv_id else None),
        title=to_title(next((text for text in fields["title"] if text.strip()), "")),
        abstract=to_abstract(abstract),
        authors=(
            turn_name(latex.to_text(clean_line(name)) if is_arxivs else clean_line(name))
            for name in fields["creator"]
        ),
        identifiers=[identifier for identifier in found if identifier not in dois[1:]],
        published=first,
        updated=max(moments) if is_arxivs and moments else None,
        categories=fields["subject"],
        journal=journal.get("journal", ""),
        volume=journal.get("volume", ""),
        issue=journal.get("issue", ""),
        pages=journal.get("pages", ""),
        urls=[
            *(_arxiv_urls(arxiv_id[0]) if is_arxivs and arxiv_id else _read_urls(written)),
            *(("doi", address(doi)) for doi in dois),
        ],
        comment=" ".join(comments),
        withdrawn=is_arxivs and is_withdrawn(" ".join(comments), abstract),
        rank=Rank.PREPRINT if is_arxivs else Rank.AGGREGATOR,
        place=place,
        listed=listed,
        raw=raw,
    )


def _is_comment(description: str, is_arxivs: bool) -> bool:
    return is_arxivs and description.lstrip().startswith("Comment:")


def _to_paragraphs(text: str) -> str:
    return html_text.to_text(text, paragraphs=True)


def _name_key(named: str, arxiv_id: Identifier | None) -> str:
    if arxiv_id:
        return f"oai:{arxiv_id.value}"
    return named if not named or named.startswith("oai:") else f"oai:{named}"


def _read_alternative(relation: str) -> Identifier | None:
    """Read another identifier of the same work (OpenAIRE guidelines, "Alternative Identifier")."""
    found = _ALTERNATIVE.fullmatch(relation)
    return parse_identifier(found["value"], found["scheme"].lower()) if found else None


def _read_reference(written: list[str]) -> str:
    """Give arXiv's journal reference, which stands among the identifiers and is none."""
    return next((text for text in written if not parse_identifier(text) and not clean_address(text)), "")


def _read_journal(fields: _Fields) -> dict[str, str]:
    """Read "Journal; Vol. 5 No. 2 (2019); 12-30", as Open Journal Systems writes what a work was taken from."""
    for source in map(clean_line, fields["source"]):
        if found := _PLACE_IN_JOURNAL.fullmatch(source):
            return {name: value or "" for name, value in found.groupdict().items()}
    return {}


def _read_urls(written: list[str]) -> list[tuple[str, str]]:
    addresses = [text for text in map(clean_address, written) if text and not parse_identifier(text)]
    return [("pdf" if text.lower().endswith(".pdf") else "page", text) for text in addresses]

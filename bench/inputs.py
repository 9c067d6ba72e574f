"""The made-up papers in every format that is imported, as the services and programs write them."""

import csv
import html
import io
import json
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from itertools import chain
from pathlib import Path
from typing import Any, Final
from xml.sax.saxutils import escape

from .corpus import Line, make_arxiv_id

_JOURNAL: Final = "Journal of Made-up Results"


def write_page(lines: Sequence[Line], day: date) -> bytes:
    """Return papers as the Hugging Face page is saved: the day, then titles and abstracts."""
    paragraphs = [
        f"{day:%b} {day.day}",
        *(part for line in lines for part in (line["title"], line["abstract"])),
    ]
    return "\n\n".join(paragraphs).encode()


# --- Facts of a line that several formats write --------------------------------------------------------------


def _doi(number: int) -> str:
    return f"10.5555/made.up.{number}"


def _day(line: Line) -> str:
    return str(line["published"][:10])


def _date_parts(line: Line) -> list[list[int]]:
    return [[int(part) for part in _day(line).split("-")]]


def _names(line: Line) -> list[tuple[str, str]]:
    """Return given name and family name of each author."""
    return [(given, family) for given, _blank, family in (name.rpartition(" ") for name in line["authors"])]


def _turned(line: Line) -> list[str]:
    return [f"{family}, {given}" for given, family in _names(line)]


# --- JSON ----------------------------------------------------------------------------------------------------


def _write_json(data: Any) -> bytes:
    return json.dumps(data, ensure_ascii=False).encode()


def _write_json_lines(items: Iterable[Any]) -> bytes:
    return b"\n".join(map(_write_json, items))


def _write_jsonl(lines: Sequence[Line]) -> bytes:
    return _write_json_lines(_make_export(number, line) for number, line in enumerate(lines))


def write_export(lines: Iterable[Line], file: Path, *, first: int = 0) -> None:
    """Write papers as our own export has them, one at a time; ids count on from `first`."""
    with file.open("wb") as output:
        for number, line in enumerate(lines, start=first):
            output.write(_write_json(_make_export(number, line)) + b"\n")


def _make_export(number: int, line: Line) -> dict[str, Any]:
    arxiv = make_arxiv_id(number)
    names = [{"scheme": "arxiv", "value": arxiv}]
    names += [{"scheme": "doi", "value": line["doi"]}] if line["doi"] else []
    return {
        "id": number,
        **{name: line[name] for name in ("title", "abstract", "authors")},
        "identifiers": names,
        "published": _day(line),
        "published_precision": "day",
        "updated": line["updated"],
        "revision": line["version"],
        "categories": line["categories"],
        "urls": [{"kind": "page", "url": f"https://arxiv.org/abs/{arxiv}"}],
        "comment": line["comment"] or "",
    }


def _write_arxiv_jsonl(lines: Sequence[Line]) -> bytes:
    return _write_json_lines(
        {
            "id": make_arxiv_id(number),
            "abs": f"https://arxiv.org/abs/{make_arxiv_id(number)}",
            "summary": line["abstract"],
            **{name: line[name] for name in ("title", "authors", "categories", "comment")},
        }
        for number, line in enumerate(lines)
    )


def _make_hf_items(lines: Sequence[Line]) -> list[dict[str, Any]]:
    return [
        {
            "paper": {
                "id": make_arxiv_id(number),
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


def _write_hf_json(lines: Sequence[Line]) -> bytes:
    return _write_json(_make_hf_items(lines))


def _write_hf_html(lines: Sequence[Line]) -> bytes:
    props = html.escape(json.dumps({"dailyPapers": _make_hf_items(lines)}, ensure_ascii=False))
    return f'<html><body><div data-target="DailyPapers" data-props="{props}"></div></body></html>'.encode()


def _write_crossref(lines: Sequence[Line]) -> bytes:
    items = [
        {
            "DOI": _doi(number),
            "prefix": "10.5555",
            "member": "1",
            "type": "journal-article",
            "title": [line["title"]],
            "abstract": f"<jats:p>{escape(line['abstract'])}</jats:p>",
            "author": [{"given": given, "family": family} for given, family in _names(line)],
            "issued": {"date-parts": _date_parts(line)},
            "container-title": [_JOURNAL],
            "volume": "7",
            "page": f"{number}-{number + 9}",
        }
        for number, line in enumerate(lines)
    ]
    return _write_json({"status": "ok", "message-type": "work-list", "message": {"items": items}})


def _write_datacite(lines: Sequence[Line]) -> bytes:
    works = [
        {
            "id": _doi(number),
            "type": "dois",
            "attributes": {
                "doi": _doi(number),
                "titles": [{"title": line["title"]}],
                "creators": [{"name": name, "nameType": "Personal"} for name in _turned(line)],
                "descriptions": [{"description": line["abstract"], "descriptionType": "Abstract"}],
                "dates": [{"date": _day(line), "dateType": "Issued"}],
                "subjects": [{"subject": category} for category in line["categories"]],
                "types": {"resourceTypeGeneral": "Text"},
                "url": f"https://example.org/{number}",
            },
        }
        for number, line in enumerate(lines)
    ]
    return _write_json({"data": works})


def _write_openalex(lines: Sequence[Line]) -> bytes:
    works = []
    for number, line in enumerate(lines):
        places: dict[str, list[int]] = {}
        for place, word in enumerate(line["abstract"].split()):
            places.setdefault(word, []).append(place)
        works.append(
            {
                "id": f"https://openalex.org/W{number + 1}",
                "doi": f"https://doi.org/{_doi(number)}",
                "title": line["title"],
                "publication_date": _day(line),
                "authorships": [{"raw_author_name": name} for name in line["authors"]],
                "primary_location": {"source": {"display_name": _JOURNAL, "type": "journal"}},
                "biblio": {"volume": "7", "issue": "2", "first_page": str(number)},
                "abstract_inverted_index": places,
            }
        )
    return _write_json({"meta": {"count": len(works)}, "results": works})


def _write_semantic_scholar(lines: Sequence[Line]) -> bytes:
    papers = [
        {
            "paperId": f"{number:040x}",
            "externalIds": {"ArXiv": make_arxiv_id(number), "DOI": line["doi"]},
            "title": line["title"],
            "abstract": line["abstract"],
            "publicationDate": _day(line),
            "fieldsOfStudy": ["Computer Science"],
            "authors": [{"name": name} for name in line["authors"]],
        }
        for number, line in enumerate(lines)
    ]
    return _write_json({"total": len(papers), "data": papers})


def _write_biorxiv(lines: Sequence[Line]) -> bytes:
    preprints = [
        {
            "doi": f"10.1101/2024.06.09.{number:06}",
            "title": line["title"],
            "authors": "; ".join(_turned(line)),
            "date": _day(line),
            "version": str(line["version"]),
            "category": "ecology",
            "abstract": line["abstract"],
            "published": "NA",
            "server": "bioRxiv",
        }
        for number, line in enumerate(lines)
    ]
    return _write_json({"messages": [{"status": "ok"}], "collection": preprints})


def _write_openreview(lines: Sequence[Line]) -> bytes:
    notes = [
        {
            "id": f"made{number:06}",
            "forum": f"made{number:06}",
            "cdate": 1_714_000_000_000,
            "invitations": ["Example.org/2025/Conference/-/Submission"],
            "content": {
                "title": {"value": line["title"]},
                "abstract": {"value": line["abstract"]},
                "authors": {"value": line["authors"]},
                "keywords": {"value": line["tags"]},
                "venue": {"value": "Example 2025 poster"},
                "pdf": {"value": f"/pdf/{number}.pdf"},
            },
        }
        for number, line in enumerate(lines)
    ]
    return _write_json({"notes": notes, "count": len(notes)})


def _write_zotero_json(lines: Sequence[Line]) -> bytes:
    return _write_json(
        [
            {
                "key": f"MADE{number:06}",
                "data": {
                    "itemType": "journalArticle",
                    "title": line["title"],
                    "creators": [
                        {"creatorType": "author", "firstName": given, "lastName": family}
                        for given, family in _names(line)
                    ],
                    "abstractNote": line["abstract"],
                    "publicationTitle": _JOURNAL,
                    "date": _day(line),
                    "DOI": _doi(number),
                },
            }
            for number, line in enumerate(lines)
        ]
    )


def _write_csl_json(lines: Sequence[Line]) -> bytes:
    return _write_json(
        [
            {
                "id": f"made{number}",
                "type": "article-journal",
                "title": line["title"],
                "author": [{"given": given, "family": family} for given, family in _names(line)],
                "issued": {"date-parts": _date_parts(line)},
                "container-title": _JOURNAL,
                "DOI": _doi(number),
                "abstract": line["abstract"],
            }
            for number, line in enumerate(lines)
        ]
    )


# --- XML -----------------------------------------------------------------------------------------------------


def _write_xml(start: str, entries: Iterable[str], end: str) -> bytes:
    return "".join(chain(['<?xml version="1.0" encoding="UTF-8"?>\n', start], entries, [end])).encode()


def write_atom(lines: Sequence[Line]) -> bytes:
    """Return papers as arXiv's API gives them."""
    entries = (
        f"<entry><id>http://arxiv.org/abs/{make_arxiv_id(number)}v{line['version']}</id>"
        f"<title>{escape(line['title'])}</title><summary>{escape(line['abstract'])}</summary>"
        f"<published>{line['published']}</published><updated>{line['updated']}</updated>"
        + "".join(f"<author><name>{escape(name)}</name></author>" for name in line["authors"])
        + "".join(f'<category term="{term}"/>' for term in line["categories"])
        + "</entry>\n"
        for number, line in enumerate(lines)
    )
    start = '<feed xmlns="http://www.w3.org/2005/Atom"><id>https://arxiv.org/api/bench</id>'
    return _write_xml(start, entries, "</feed>")


def _write_arxiv_rss(lines: Sequence[Line]) -> bytes:
    items = (
        f"<item><title>{escape(line['title'])}</title><link>https://arxiv.org/abs/{make_arxiv_id(number)}</link>"
        f"<description>arXiv:{make_arxiv_id(number)}v1 Announce Type: new \nAbstract: {escape(line['abstract'])}"
        f'</description><guid isPermaLink="false">oai:arXiv.org:{make_arxiv_id(number)}v1</guid>'
        + "".join(f"<category>{term}</category>" for term in line["categories"])
        + f"<dc:creator>{escape(', '.join(line['authors']))}</dc:creator></item>\n"
        for number, line in enumerate(lines)
    )
    start = (
        '<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel>'
        "<title>cs updates on arXiv.org</title><link>http://rss.arxiv.org/rss/cs</link>"
    )
    return _write_xml(start, items, "</channel></rss>")


def _write_oai(lines: Sequence[Line]) -> bytes:
    records = (
        f"<record><header><identifier>oai:arXiv.org:{make_arxiv_id(number)}</identifier></header><metadata>"
        f'<arXivRaw xmlns="http://arxiv.org/OAI/arXivRaw/"><id>{make_arxiv_id(number)}</id>'
        '<version version="v1"><date>Tue, 1 Apr 2025 23:30:00 GMT</date></version>'
        f"<title>{escape(line['title'])}</title><authors>{escape(', '.join(line['authors']))}</authors>"
        f"<categories>{' '.join(line['categories'])}</categories><abstract>{escape(line['abstract'])}</abstract>"
        "</arXivRaw></metadata></record>\n"
        for number, line in enumerate(lines)
    )
    start = '<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><ListRecords>'
    return _write_xml(start, records, "</ListRecords></OAI-PMH>")


def _write_pubmed(lines: Sequence[Line]) -> bytes:
    articles = (
        f"<PubmedArticle><MedlineCitation><PMID>{number + 90_000_000}</PMID><Article><Journal><JournalIssue>"
        f"<Volume>7</Volume><PubDate><Year>{_day(line)[:4]}</Year></PubDate></JournalIssue><Title>{_JOURNAL}</Title>"
        f"</Journal><ArticleTitle>{escape(line['title'])}.</ArticleTitle><Abstract><AbstractText>"
        f"{escape(line['abstract'])}</AbstractText></Abstract><AuthorList>"
        + "".join(
            f"<Author><LastName>{escape(family)}</LastName><ForeName>{escape(given)}</ForeName></Author>"
            for given, family in _names(line)
        )
        + "</AuthorList></Article></MedlineCitation></PubmedArticle>\n"
        for number, line in enumerate(lines)
    )
    return _write_xml("<PubmedArticleSet>", articles, "</PubmedArticleSet>")


def _write_zotero_rdf(lines: Sequence[Line]) -> bytes:
    items = (
        f'<bib:Article rdf:about="https://example.org/{number}"><z:itemType>journalArticle</z:itemType>'
        '<dcterms:isPartOf rdf:resource="urn:issn:0000-0019"/><bib:authors><rdf:Seq>'
        + "".join(
            f"<rdf:li><foaf:Person><foaf:surname>{escape(family)}</foaf:surname>"
            f"<foaf:givenName>{escape(given)}</foaf:givenName></foaf:Person></rdf:li>"
            for given, family in _names(line)
        )
        + f"</rdf:Seq></bib:authors><dc:title>{escape(line['title'])}</dc:title>"
        f"<dcterms:abstract>{escape(line['abstract'])}</dcterms:abstract><dc:date>{_day(line)}</dc:date>"
        f"<dc:identifier>DOI {_doi(number)}</dc:identifier></bib:Article>\n"
        for number, line in enumerate(lines)
    )
    start = (
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"'
        ' xmlns:z="http://www.zotero.org/namespaces/export#" xmlns:dcterms="http://purl.org/dc/terms/"'
        ' xmlns:bib="http://purl.org/net/biblio#" xmlns:foaf="http://xmlns.com/foaf/0.1/"'
        ' xmlns:dc="http://purl.org/dc/elements/1.1/">'
        f'<bib:Journal rdf:about="urn:issn:0000-0019"><dc:title>{_JOURNAL}</dc:title></bib:Journal>\n'
    )
    return _write_xml(start, items, "</rdf:RDF>")


def _write_endnote_xml(lines: Sequence[Line]) -> bytes:
    records = (
        '<record><ref-type name="Journal Article">17</ref-type><contributors><authors>'
        + "".join(f"<author><style>{escape(name)}</style></author>" for name in _turned(line))
        + f"</authors></contributors><titles><title><style>{escape(line['title'])}</style></title></titles>"
        f"<periodical><full-title><style>{_JOURNAL}</style></full-title></periodical>"
        f"<dates><year><style>{_day(line)[:4]}</style></year></dates>"
        f"<abstract><style>{escape(line['abstract'])}</style></abstract>"
        f"<electronic-resource-num><style>{_doi(number)}</style></electronic-resource-num></record>\n"
        for number, line in enumerate(lines)
    )
    return _write_xml("<xml><records>", records, "</records></xml>")


def _write_feed(lines: Sequence[Line]) -> bytes:
    items = (
        f"<item><title>{escape(line['title'])}</title><link>https://example.org/doi/{_doi(number)}</link>"
        f"<description>{escape(line['abstract'])}</description><guid>made-{number}</guid>"
        f"<prism:publicationName>{_JOURNAL}</prism:publicationName><prism:doi>{_doi(number)}</prism:doi>"
        + "".join(f"<dc:creator>{escape(name)}</dc:creator>" for name in line["authors"])
        + f"<dc:date>{_day(line)}</dc:date></item>\n"
        for number, line in enumerate(lines)
    )
    start = (
        '<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"'
        ' xmlns:prism="http://prismstandard.org/namespaces/basic/2.0/"><channel><title>New articles</title>'
    )
    return _write_xml(start, items, "</channel></rss>")


# --- Text ----------------------------------------------------------------------------------------------------


def _write_bibtex(lines: Sequence[Line]) -> bytes:
    """Return papers as a library in BibTeX has them."""
    return "".join(
        f"@article{{paper{number},\n  title = {{{_in_braces(line['title'])}}},\n"
        f"  author = {{{' and '.join(map(_in_braces, line['authors']))}}},\n"
        f"  abstract = {{{_in_braces(line['abstract'])}}},\n  date = {{{_day(line)}}},\n"
        f"  eprint = {{{make_arxiv_id(number)}}},\n  archiveprefix = {{arXiv}}\n}}\n\n"
        for number, line in enumerate(lines)
    ).encode()


def _in_braces(text: str) -> str:
    return text.replace("{", "").replace("}", "")


def _write_ris(lines: Sequence[Line]) -> bytes:
    return "".join(
        f"TY  - JOUR\nTI  - {line['title']}\n"
        + "".join(f"AU  - {name}\n" for name in _turned(line))
        + f"PY  - {_day(line)[:4]}\nDA  - {_day(line).replace('-', '/')}\nT2  - {_JOURNAL}\nDO  - {_doi(number)}\n"
        f"AB  - {line['abstract']}\nER  - \n\n"
        for number, line in enumerate(lines)
    ).encode()


def _write_nbib(lines: Sequence[Line]) -> bytes:
    return "".join(
        f"PMID- {number + 90_000_000}\nDP  - {_day(line)[:4]}\nTI  - {line['title']}.\nAB  - {line['abstract']}\n"
        + "".join(f"FAU - {name}\n" for name in _turned(line))
        + f"JT  - {_JOURNAL}\nAID - {_doi(number)} [doi]\nSO  - Made up.\n\n"
        for number, line in enumerate(lines)
    ).encode()


def _write_csv(lines: Sequence[Line]) -> bytes:
    output = io.StringIO()
    table = csv.writer(output)
    table.writerow(["Title", "Authors", "Abstract", "Date", "Journal", "DOI"])
    for number, line in enumerate(lines):
        authors = "; ".join(_turned(line))
        table.writerow([line["title"], authors, line["abstract"], _day(line), _JOURNAL, _doi(number)])
    return output.getvalue().encode()


WRITERS: Final[dict[str, Callable[[Sequence[Line]], bytes]]] = {
    "arxiv-atom": write_atom,
    "arxiv-rss": _write_arxiv_rss,
    "oai": _write_oai,
    "pubmed": _write_pubmed,
    "zotero-rdf": _write_zotero_rdf,
    "endnote-xml": _write_endnote_xml,
    "feed": _write_feed,
    "jsonl": _write_jsonl,
    "arxiv-jsonl": _write_arxiv_jsonl,
    "crossref": _write_crossref,
    "datacite": _write_datacite,
    "openalex": _write_openalex,
    "semantic-scholar": _write_semantic_scholar,
    "biorxiv": _write_biorxiv,
    "openreview": _write_openreview,
    "zotero-json": _write_zotero_json,
    "csl-json": _write_csl_json,
    "hf-json": _write_hf_json,
    "nbib": _write_nbib,
    "ris": _write_ris,
    "bibtex": _write_bibtex,
    "csv": _write_csv,
    "hf-html": _write_hf_html,
    "hf-page": lambda lines: write_page(lines, date.fromisoformat(_day(lines[0]))),
}
"""Of each format of `importers.FORMATS` what writes papers in it."""

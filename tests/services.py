"""A server of our own on the loopback, which answers as a test says and remembers what it was asked."""

import json
from dataclasses import dataclass, field


@dataclass
class Asked:
    path: str
    headers: dict
    at: float


@dataclass
class Server:
    """`answers` maps a path to bytes, to an iterable of bytes, or to a function of what was asked that gives either."""

    port: int
    answers: dict = field(default_factory=dict)
    asked: list = field(default_factory=list)

    def address(self, path="/", host="127.0.0.1"):
        return f"http://{host}:{self.port}{path}"

    def answer(self, path, body=b"", *, status="200 OK", **headers):
        self.answers[path] = answer(body, status=status, **headers)


def answer(body=b"", *, status="200 OK", **headers):
    """A whole answer; underscores in the names of headers stand for hyphens."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def atom(entries, *, total=None, start=0):
    """An answer of arXiv's API; entries are pairs of an id and the day of its last change."""
    items = "".join(
        f"<entry><id>http://arxiv.org/abs/{key}v1</id><updated>{day}T10:00:00Z</updated>"
        f"<published>{day}T10:00:00Z</published><title>On matter {key}</title><summary>We look at {key}.</summary>"
        f"<author><name>Ada {key.replace('.', ' ')}</name></author></entry>"
        for key, day in entries
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?><feed xmlns="http://www.w3.org/2005/Atom" '
        'xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/"><id>https://arxiv.org/api/x</id>'
        f"<opensearch:totalResults>{len(entries) if total is None else total}</opensearch:totalResults>"
        f"<opensearch:startIndex>{start}</opensearch:startIndex>{items}</feed>"
    ).encode()


def daily(*keys):
    """An answer of Hugging Face Daily Papers."""
    items = [
        {"paper": {"id": key, "title": f"On matter {key}", "summary": f"We look at {key}.", "upvotes": 3}}
        for key in keys
    ]
    return json.dumps(items).encode()


def crossref(*dois):
    """An answer of Crossref to a list of DOIs."""
    return json.dumps(
        {
            "status": "ok",
            "message-type": "work-list",
            "message": {"items": [crossref_work(doi) for doi in dois]},
        }
    ).encode()


def crossref_work(doi, title=""):
    return {
        "DOI": doi,
        "type": "journal-article",
        "title": [title or f"On matter {doi}"],
        "author": [{"given": "Ada", "family": f"Weigher {doi}"}],
        "issued": {"date-parts": [[2024, 5, 1]]},
        "container-title": ["Journal of Matter"],
        "publisher": "Matter Press",
        "prefix": doi.split("/")[0],
        "indexed": {"date-time": "2024-06-01T00:00:00Z"},
    }


def datacite(doi):
    attributes = {
        "doi": doi,
        "titles": [{"title": f"Data on matter {doi}"}],
        "creators": [{"name": "Weigher, Ida", "givenName": "Ida", "familyName": "Weigher"}],
        "publicationYear": 2023,
        "types": {"resourceTypeGeneral": "Text"},
    }
    return json.dumps({"data": {"id": doi, "type": "dois", "attributes": attributes}}).encode()


def csl(doi):
    return json.dumps(
        {
            "type": "article-journal",
            "DOI": doi,
            "title": f"On far matter {doi}",
            "author": [{"given": "Ines", "family": "Weigher"}],
            "issued": {"date-parts": [[2022]]},
        }
    ).encode()


def pubmed(*numbers):
    """An answer of PubMed's efetch."""
    articles = "".join(
        f"<PubmedArticle><MedlineCitation><PMID>{number}</PMID><Article><Journal><Title>Matter</Title><JournalIssue>"
        "<PubDate><Year>2021</Year></PubDate></JournalIssue></Journal>"
        f"<ArticleTitle>Healing with matter {number}.</ArticleTitle><AuthorList><Author><LastName>Healer</LastName>"
        f"<ForeName>Hal {number}</ForeName></Author></AuthorList></Article></MedlineCitation></PubmedArticle>"
        for number in numbers
    )
    return f'<?xml version="1.0" ?><PubmedArticleSet>{articles}</PubmedArticleSet>'.encode()


def openreview(key):
    note = {
        "id": key,
        "forum": key,
        "cdate": 1_700_000_000_000,
        "invitations": ["Matter.cc/2024/Conference/-/Submission"],
        "content": {
            "title": {"value": f"Learning matter {key}"},
            "authors": {"value": ["Lea Learner"]},
            "abstract": {"value": "We learn."},
        },
    }
    return json.dumps({"notes": [note], "count": 1}).encode()

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

"""A server of our own on the loopback, which answers as a test says and remembers what it was asked."""

import json
import socket
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field

import pytest


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


@pytest.fixture
def closed_server():
    """The server, at an address that nothing allows to ask."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=50)
    server = Server(listener.getsockname()[1])
    stopped = threading.Event()

    def serve(connection):
        with connection, suppress(OSError):
            connection.settimeout(10)
            head = b""
            while b"\r\n\r\n" not in head and (data := connection.recv(65_536)):
                head += data
            lines = head.decode("latin-1").split("\r\n")
            headers = dict(line.split(": ", 1) for line in lines[1:] if ": " in line)
            server.asked.append(Asked(lines[0].split(" ")[1], headers, time.monotonic()))
            said = server.answers.get(server.asked[-1].path, answer(status="404 Not Found"))
            if callable(said):
                said = said(server.asked[-1])
            for piece in [said] if isinstance(said, bytes) else said:
                if stopped.is_set():
                    return
                connection.sendall(piece)

    def listen():
        with suppress(OSError):
            while True:
                threading.Thread(target=serve, args=[listener.accept()[0]], daemon=True).start()

    threading.Thread(target=listen, daemon=True).start()
    yield server
    stopped.set()
    listener.close()


@pytest.fixture
def server(closed_server, settings):
    """The same, and we may ask it: at this port of this address alone, and nothing else of the loopback."""
    settings.FETCH_ALLOWED_HOSTS = frozenset({f"127.0.0.1:{closed_server.port}"})
    return closed_server


@pytest.fixture
def services(server, monkeypatch):
    """The server in the place of the services that planners know by address, with no pause between requests."""
    from papers.sources import politeness
    from papers.sources.planners import arxiv, crossref, hugging_face

    monkeypatch.setitem(politeness.PAUSES, "127.0.0.1", 0)
    for planner, path in ((arxiv, "/arxiv"), (crossref, "/crossref"), (hugging_face, "/daily")):
        monkeypatch.setattr(planner, "URL", server.address(path))
    return server


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

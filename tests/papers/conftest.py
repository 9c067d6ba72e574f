"""A server of our own on the loopback, which answers as a test says; and sessions with papers."""

import socket
import threading
import time
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

from papers.scheduling.parts import load_parts, wanted_in
from tests import factories
from tests.services import Asked, Server, answer

PROJECT = Path(__file__).resolve().parents[2]


@pytest.fixture
def shared_data():
    """Find a file of real data beside the project; the test is skipped where it is not there."""

    def find(name):
        path = PROJECT.parent / "shared" / "data" / name
        if not path.exists():
            pytest.skip(f"no {name} in ../shared/data")
        return path

    return find


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
def open_network(closed_server, settings, monkeypatch):
    """The loopback is a public network and the server's port a usual one, so that clubs may ask it too."""
    from papers.sources import fetch

    settings.FETCH_ALLOWED_HOSTS = frozenset()
    monkeypatch.setattr(fetch, "is_public", lambda _address: True)
    monkeypatch.setitem(fetch.PORTS, "http", closed_server.port)


@pytest.fixture
def services(server, monkeypatch):
    """The server in the place of the services that planners know by address, with no pause between requests."""
    from papers.sources import politeness
    from papers.sources.planners import addresses, arxiv, biorxiv, crossref, hugging_face

    monkeypatch.setitem(politeness.PAUSES, "127.0.0.1", 0)
    for planner, path in (
        (arxiv, "/arxiv"),
        (crossref, "/crossref"),
        (hugging_face, "/daily"),
        (biorxiv, "/biorxiv"),
    ):
        monkeypatch.setattr(planner, "URL", server.address(path))
    monkeypatch.setattr(addresses, "ARXIV_URL", server.address("/announced"))
    return server


@pytest.fixture
def registries(server, monkeypatch):
    """The server in the place of the services that know papers by their identifiers, with no pause between requests.

    Each is at the path of its name: /arxiv?id_list=…, /crossref?filter=…, /crossref/works/…, /agency/….
    """
    from papers.sources import looking_up, politeness
    from papers.sources.registries import REGISTRIES

    monkeypatch.setitem(politeness.PAUSES, "127.0.0.1", 0)
    monkeypatch.setattr(looking_up, "AGAIN_SECONDS", 0.01)
    for step, registry in list(REGISTRIES.items()):
        path = f"/{step}/{{}}" if step in {"agency", "negotiation", "datacite"} else f"/{step}?{{}}"
        alone = server.address(f"/{step}/works/{{}}") if registry.alone_url else ""
        monkeypatch.setitem(REGISTRIES, step, replace(registry, url=server.address(path), alone_url=alone))
    return server


@pytest.fixture
def now():
    return datetime.now(UTC)


@pytest.fixture
def parts(club):
    """Presenter and discussant, as a paper talk wants them."""
    return wanted_in(load_parts(club), "paper_talk")


@pytest.fixture
def make_talk(club):
    """Make a session in so many weeks with one paper, locked; return the item."""
    return partial(factories.make_talk, club)

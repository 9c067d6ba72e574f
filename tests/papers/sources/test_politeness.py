"""One request at a time to a host, and not too often, over all workers."""

import subprocess
import sys
import threading
import time
from itertools import pairwise
from urllib.parse import quote

import pytest
from django.conf import settings
from django.db import connection, connections

from papers.models import HostTurn
from papers.sources import politeness
from tests.services import answer

HOST = "127.0.0.1"


@pytest.mark.parametrize(
    ("host", "name", "pause"),
    [
        ("export.arxiv.org", "arxiv.org", 3), ("rss.arxiv.org", "arxiv.org", 3), ("oaipmh.arxiv.org", "arxiv.org", 3),
        ("arxiv.org", "arxiv.org", 3), ("notarxiv.org", "notarxiv.org", 1), ("api.crossref.org", "crossref.org", 1),
        ("arxiv.org.example", "arxiv.org.example", 1),
    ],
)  # fmt: skip
def test_all_hosts_of_a_service_have_one_rule(host, name, pause):
    assert politeness.find_rule(host) == (name, pause)


@pytest.mark.django_db
def test_the_pause_counts_from_the_end_of_a_request(monkeypatch):
    monkeypatch.setitem(politeness.PAUSES, HOST, 0.3)
    with politeness.turn(HOST):
        time.sleep(0.2)
        ended = time.monotonic()
    with politeness.turn(HOST):
        assert time.monotonic() - ended >= 0.29


@pytest.mark.django_db
def test_what_takes_too_long_is_put_off():
    politeness.defer(HOST, 60)
    with pytest.raises(politeness.NotNow) as error, politeness.turn(HOST):
        pass
    assert 55 < error.value.seconds <= 60
    politeness.defer(HOST, 5)
    with pytest.raises(politeness.NotNow) as error, politeness.turn(HOST):
        pass
    assert error.value.seconds > 50, "a shorter wait takes nothing from a longer one"


@pytest.mark.django_db
def test_a_turn_is_given_back_whatever_happens(monkeypatch):
    monkeypatch.setitem(politeness.PAUSES, HOST, 0)
    with pytest.raises(ZeroDivisionError), politeness.turn(HOST):
        raise ZeroDivisionError
    with politeness.turn(HOST, patience=0.5):
        pass


@pytest.mark.django_db
def test_the_turn_of_a_killed_worker_ends(monkeypatch):
    monkeypatch.setattr(politeness, "LEASE", 0.3)
    monkeypatch.setitem(politeness.PAUSES, HOST, 0)
    assert politeness._run(politeness._TAKE, HOST)
    began = time.monotonic()
    with politeness.turn(HOST):
        assert time.monotonic() - began >= 0.25


@pytest.mark.django_db
def test_a_turn_that_is_renewed_goes_on(monkeypatch):
    monkeypatch.setattr(politeness, "LEASE", 0.3)
    monkeypatch.setitem(politeness.PAUSES, HOST, 0)
    with politeness.turn(HOST):
        for _time in range(3):
            time.sleep(0.2)
            politeness.renew(HOST)
        assert not politeness._run(politeness._TAKE, HOST)
    assert HostTurn.objects.get().busy_until is None


@pytest.mark.django_db(transaction=True)
def test_threads_take_turns(server, monkeypatch):
    monkeypatch.setitem(politeness.PAUSES, HOST, 0.2)
    from papers.sources.fetch import fetch

    under_way, most = [], []

    def respond(_asked):
        under_way.append(1)
        most.append(len(under_way))
        time.sleep(0.05)
        under_way.pop()
        return answer(b"x")

    server.answers["/"] = respond

    def ask():
        import io

        try:
            fetch(server.address(), io.BytesIO(), is_trusted=True, turn=politeness.turn)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    arrivals = sorted(asked.at for asked in server.asked)
    assert len(arrivals) == 6
    assert max(most) == 1
    assert min(later - sooner for sooner, later in pairwise(arrivals)) >= 0.2


ASK = """
import io, sys
import django
django.setup()
from papers.sources import politeness
from papers.sources.fetch import fetch
politeness.PAUSES["127.0.0.1"] = 0.3
for _time in range(3):
    fetch(sys.argv[1], io.BytesIO(), is_trusted=True, turn=politeness.turn)
"""


@pytest.mark.django_db(transaction=True)
def test_processes_take_turns(server):
    server.answer("/", b"x")
    database = connection.settings_dict
    who = f"{quote(database['USER'])}:{quote(database['PASSWORD'])}"
    url = f"postgresql://{who}@{quote(database['HOST'], safe='')}:{database['PORT']}/{database['NAME']}"
    import os

    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "readinglist.settings", "DATABASE_URL": url,
                   "FETCH_ALLOWED_HOSTS": f"127.0.0.1:{server.port}"}  # fmt: skip
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", ASK, server.address()], cwd=settings.BASE_DIR, env=environment
        )
        for _ in range(3)
    ]
    assert [process.wait(timeout=60) for process in processes] == [0, 0, 0]
    arrivals = sorted(asked.at for asked in server.asked)
    assert len(arrivals) == 9
    assert min(later - sooner for sooner, later in pairwise(arrivals)) >= 0.3

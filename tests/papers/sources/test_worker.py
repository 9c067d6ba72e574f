"""A source run by a real worker that is killed in the middle: nothing lost, nothing twice. Invariant 3."""

import random
import time
from datetime import date, timedelta

import pytest
from django.utils import timezone

from papers import importing, tasks
from papers.models import HostTurn, Import, Listing, ListingItem, Paper, Source, SourceRecord
from papers.sources import keeping, politeness, running
from tests.papers.test_worker import export, kill, queue_name, wait_until, worker  # noqa: F401 - a fixture
from tests.services import answer

pytestmark = pytest.mark.django_db(transaction=True)
PAGES, ROWS = 4, 1_500


def page(number):
    """A page of a repository, in Dublin Core; each leads to the next."""
    records = "".join(
        f"<record><header><identifier>oai:x.example:{n}</identifier><datestamp>2026-11-20</datestamp></header><metadata>"
        '<oai_dc:dc xmlns:oai_dc="http://www.openarchives.org/OAI/2.0/oai_dc/" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/">'
        f"<dc:title>On the weighing of matter {n}</dc:title><dc:creator>Weigher, Ada {n}</dc:creator>"
        f"<dc:description>We weigh matter {n}. And again.</dc:description><dc:date>2026-11-19</dc:date>"
        f"<dc:identifier>https://doi.org/10.5555/matter.{n}</dc:identifier></oai_dc:dc></metadata></record>"
        for n in range(number * ROWS, (number + 1) * ROWS)
    )
    token = (
        f"<resumptionToken>page-{number + 1}</resumptionToken>"
        if number + 1 < PAGES
        else "<resumptionToken/>"
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?><OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/">'
        f'<responseDate>2026-11-24T0{number}:00:00Z</responseDate><request verb="ListRecords" metadataPrefix="oai_dc">x'
        f"</request><ListRecords>{records}{token}</ListRecords></OAI-PMH>"
    ).encode()


@pytest.fixture
def repository(server, monkeypatch):
    monkeypatch.setenv("FETCH_ALLOWED_HOSTS", f"127.0.0.1:{server.port}")
    monkeypatch.setitem(politeness.PAUSES, "127.0.0.1", 0)
    server.answers["/oai?verb=ListRecords&metadataPrefix=oai_dc&from=2026-11-01"] = answer(page(0))
    for number in range(1, PAGES):
        server.answers[f"/oai?verb=ListRecords&resumptionToken=page-{number}"] = answer(page(number))
    return server


def make(server):
    return keeping.make_source(
        club=None,
        kind="oai",
        name="Matters",
        address=server.address("/oai"),
        since=date(2026, 11, 1),
        every_hours=6,
    )


def test_a_killed_worker_leaves_what_an_undisturbed_one_would(repository, queue_name):  # noqa: F811
    importing.run_import(running.run_now(make(repository), by=None).pk)
    undisturbed = export()
    assert len(undisturbed[0]) == PAGES * ROWS
    for model in (ListingItem, SourceRecord, Paper, Listing, Import, Source, HostTurn):
        model.objects.all().delete()

    source = make(repository)
    dice = random.Random(11)
    run = None
    for number in range(3):
        with worker(queue_name) as process:
            tasks.tick()
            run = run or Import.objects.get()
            begun = Import.objects.get().attempts
            wait_until(
                lambda begun=begun: Import.objects.get().attempts > begun or Import.objects.get().is_over,
                "a turn",
            )
            time.sleep(dice.random() * 0.9)
            kill(process)
        # What the clock would bring in two minutes, and in one.
        Import.objects.filter(state="running").update(leased_until=timezone.now() - timedelta(seconds=1))
        HostTurn.objects.update(busy_until=None)
        half, now = Import.objects.get(), Source.objects.get()
        assert now.watermark == ({} if half.pages < PAGES else {"day": "2026-11-24"}), number
    with worker(queue_name):
        tasks.tick()
        wait_until(lambda: Import.objects.get().is_over, "the end of the run")
    done = Import.objects.get()
    source.refresh_from_db()
    assert (done.state, done.added, done.updated, done.unchanged, done.rejected) == (
        "done",
        PAGES * ROWS,
        0,
        0,
        0,
    )
    assert (done.pages, source.watermark, source.position) == (PAGES, {"day": "2026-11-24"}, None)
    assert done.attempts >= 3, "it was disturbed"
    assert export() == undisturbed

"""Imports by a real Celery worker over the real broker, killed and started again. Invariant 3."""

import io
import os
import random
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from datetime import date, timedelta
from urllib.parse import quote

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from papers import importing, tasks
from papers.models import Import, Listing, ListingItem, Paper, PaperIdentifier, Source, SourceRecord
from readinglist.celery import app

pytestmark = pytest.mark.django_db(transaction=True)
PATIENCE = 60


@pytest.fixture
def queue_name():
    """A queue of our own, so that tests that run beside us keep theirs; and no eager tasks here."""
    name = f"test-{os.getpid()}"
    before = {key: app.conf[key] for key in ("task_always_eager", "task_default_queue")}
    app.conf.update(task_always_eager=False, task_default_queue=name)
    yield name
    app.conf.update(before)


@contextmanager
def worker(queue_name):
    """A worker in a process group of its own, which consumes our queue and works on the test database."""
    database = connection.settings_dict
    who = f"{quote(database['USER'])}:{quote(database['PASSWORD'])}"
    url = f"postgresql://{who}@{quote(database['HOST'], safe='')}:{database['PORT']}/{database['NAME']}"
    process = subprocess.Popen(
        [sys.executable, "-m", "celery", "-A", "readinglist", "worker", "-c", "1", "-Q", queue_name, "-l", "WARNING"],
        cwd=settings.BASE_DIR,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "readinglist.settings", "DATABASE_URL": url,
             "FILES_DIR": str(settings.FILES_DIR)},
        start_new_session=True,
    )  # fmt: skip
    try:
        yield process
    finally:
        kill(process)


def kill(process):
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def wait_until(condition, what):
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if condition():
            return
        time.sleep(0.02)
    pytest.fail(f"{what} did not happen within {PATIENCE} s")


def page(number):
    lines = ["new", "Subscribe", "Apr 25"]
    for index in range(number):
        lines += [f"Paper {index} on the weighing of matters", f"We weigh matter {index}. " * 8]
    return "\n\n".join(lines).encode()


def queue(content):
    return importing.queue_import(
        upload=io.BytesIO(content), name="page.txt", by=None, format="hf-page", date=date(2025, 4, 25)
    )


def export():
    """The catalogue in a canonical form: what it says, without ids, times and sync numbers."""
    return (
        list(Paper.objects.order_by("title").values_list("title", "abstract", "authors", "excerpt", "search_text")),
        list(PaperIdentifier.objects.order_by("scheme", "value").values_list("scheme", "value", "paper__title")),
        [(key, bytes(digest), title) for key, digest, title in SourceRecord.objects.order_by("key").values_list(
            "key", "content_hash", "paper__title")],
        list(ListingItem.objects.order_by("position").values_list("position", "paper__title")),
    )  # fmt: skip


def test_worker_performs_what_was_queued(queue_name):
    with worker(queue_name):
        run = queue(page(89))
        wait_until(lambda: Import.objects.get(pk=run.pk).is_over, "the end of the import")
    run.refresh_from_db()
    assert (run.state, run.added, run.rejected) == ("done", 89, 0)
    assert Listing.objects.get().items.count() == 89


def test_worker_stays_alive_after_bad_input(queue_name):
    with worker(queue_name) as process:
        bad = [queue(b""), queue(os.urandom(5000)), queue(b"<html>" * 100)]
        good = queue(page(3))
        wait_until(lambda: all(each.is_over for each in Import.objects.all()), "the end of all imports")
        assert process.poll() is None
    assert {Import.objects.get(pk=each.pk).state for each in bad} == {"failed"}
    assert Import.objects.get(pk=good.pk).added == 3


def test_killed_worker_leaves_the_same_catalogue_as_an_undisturbed_one(queue_name):
    content = page(12_000)
    importing.run_import(queue(content).pk)
    undisturbed = export()
    for model in (ListingItem, SourceRecord, Paper, Listing, Import, Source):
        model.objects.all().delete()

    run = queue(content)
    dice = random.Random(7)
    for _kill in range(3):
        with worker(queue_name) as process:
            before = Import.objects.get(pk=run.pk).taken
            tasks.tick()
            wait_until(
                lambda before=before: (
                    Import.objects.get(pk=run.pk).taken > before or Import.objects.get(pk=run.pk).is_over
                ),
                "progress",
            )
            time.sleep(dice.random() * 0.3)
            kill(process)
        # What the clock would bring in two minutes.
        Import.objects.filter(state="running").update(leased_until=timezone.now() - timedelta(seconds=1))
    with worker(queue_name):
        tasks.tick()
        wait_until(lambda: Import.objects.get(pk=run.pk).is_over, "the end of the import")
    run.refresh_from_db()
    assert (run.state, run.added, run.updated, run.rejected) == ("done", 12_000, 0, 0)
    assert run.attempts >= 2
    assert export() == undisturbed

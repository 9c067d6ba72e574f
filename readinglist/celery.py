import gc
import os
import signal
from typing import Any

from celery import Celery
from celery.signals import beat_embedded_init, worker_init

from readinglist.embedded.programs import set_death_signal

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "readinglist.settings")

app = Celery("readinglist")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_init.connect
def share_memory(**_options: Any) -> None:
    """Import what tasks import, before the worker forks: its processes then share the memory of it.

    The garbage collector would write to that memory, and so copy it.
    """
    from papers import importing  # noqa: F401
    from papers.notifications import outbox, rounds  # noqa: F401
    from papers.sources import dry_run, telling  # noqa: F401

    gc.collect()
    os.register_at_fork(before=gc.freeze)


@beat_embedded_init.connect
def die_with_worker(**_options: Any) -> None:
    """A clock within a worker ends with it, also when that was killed: it would send ticks for ever."""
    set_death_signal(signal.SIGKILL)

import gc
import os
from typing import Any

from celery import Celery
from celery.signals import worker_init

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
    from papers.sources import dry_run, telling  # noqa: F401

    gc.collect()
    os.register_at_fork(before=gc.freeze)

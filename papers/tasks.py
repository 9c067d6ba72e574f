"""Doorways for the worker: ids in, one function of the core called."""

from readinglist.celery import app


@app.task
def run_import(pk: int) -> None:
    from . import importing

    importing.run_import(pk)


@app.task
def take_due_imports() -> None:
    """Wake what waits: the tick of each minute. Several beats at once are harmless, a row is leased once."""
    from django.utils import timezone

    from . import importing
    from .sources import dry_run, running, telling

    now = timezone.now()
    running.queue_due(now)
    for pk in importing.take_due(now):
        run_import.delay(pk)
    for pk in dry_run.take_due(now):
        perform_dry_run.delay(pk)
    telling.tell_stalled(now)


@app.task
def forget_old_pages() -> None:
    from django.utils import timezone

    from .sources import replaying

    replaying.forget_old_pages(timezone.now())


@app.task
def perform_dry_run(pk: int) -> None:
    from .sources import dry_run

    dry_run.perform(pk)

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

    for pk in importing.take_due(timezone.now()):
        run_import.delay(pk)

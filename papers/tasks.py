"""Doorways for the worker: ids in, one function of the core called."""

import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any

from readinglist.celery import app

logger = logging.getLogger(__name__)


@app.task
def tick() -> None:
    """Do what is due, each minute. Several beats at once are harmless: what they find is leased or claimed once."""
    from django.utils import timezone

    now = timezone.now()
    for find, task in list_due_work():
        try:
            for pk in find(now) or ():
                if task is not None:
                    task.delay(pk)
        except Exception:
            # The rest is due all the same, and this once more in a minute.
            logger.exception("%s.%s broke off", find.__module__, find.__name__)


def list_due_work() -> list[tuple[Callable[[datetime], Any], Any]]:
    """Return what a tick does, in this order: a function that is given the time, and the task for each id it returns.

    Without a task the function does all there is to do; so it should take no longer than a query or two.
    """
    from . import importing
    from .notifications import outbox, rounds
    from .scheduling import agenda_items, assignments, past_sessions, planning, series, sessions
    from .sources import dry_run, running, telling

    return [
        (agenda_items.find_due_clubs, lock_due_sessions),
        (past_sessions.take_due, bring_in_past),
        (running.queue_due, None),  # queued, and so found by the next line
        (importing.take_due, run_import),
        (dry_run.take_due, perform_dry_run),
        (telling.tell_stalled, None),
        (series.find_due, make_sessions),
        (sessions.find_past, hold_past_session),
        (rounds.list_rounds, run_round),
        (outbox.wake_where_due, None),
        (planning.take_due, make_plan),
        (assignments.find_left, end_parts_of_left),
    ]


@app.task
def run_import(pk: int) -> None:
    from . import importing

    importing.run_import(pk)


@app.task
def perform_dry_run(pk: int) -> None:
    from .sources import dry_run

    dry_run.perform(pk)


@app.task
def lock_due_sessions(club: int) -> None:
    from django.utils import timezone

    from .scheduling import agenda_items

    agenda_items.lock_due(timezone.now(), club=club)


@app.task
def bring_in_past(pk: int) -> None:
    from .scheduling import past_sessions

    past_sessions.perform(pk)


@app.task
def forget_old_inputs() -> None:
    from django.utils import timezone

    from . import stored_inputs

    stored_inputs.forget_old(timezone.now())


@app.task
def make_sessions(pk: int) -> None:
    from django.utils import timezone

    from .scheduling import series

    series.make_sessions(pk, now=timezone.now())


@app.task
def hold_past_session(pk: int) -> None:
    from django.utils import timezone

    from .scheduling import sessions

    sessions.hold_past_session(pk, now=timezone.now())


@app.task
def run_round(name: str) -> None:
    from django.utils import timezone

    from .notifications import rounds

    rounds.ROUNDS[name](timezone.now())


@app.task
def send_mail() -> None:
    from .notifications import outbox

    outbox.send_due()


@app.task
def forget_old_mail() -> None:
    from django.utils import timezone

    from .notifications import outbox

    outbox.forget_old_texts(timezone.now())


@app.task
def make_plan(pk: int) -> None:
    from .scheduling import planning

    planning.make(pk)


@app.task
def end_parts_of_left(pk: int) -> None:
    from django.utils import timezone

    from accounts.models import Club

    from .scheduling import assignments

    club = Club.objects.filter(pk=pk).first()
    if club is not None:
        assignments.end_parts_of_left(club, now=timezone.now())

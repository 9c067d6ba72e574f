"""Verbs begin again after a deadlock."""

from threading import Barrier, Thread

import pytest
from django.db import OperationalError, connection, transaction

from accounts.models import Club
from papers import verbs
from papers.verbs import verb
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def cross():
    """A function that locks two clubs in an order; called in both at once, one of the two must be ended."""
    first, second = factories.make_club(), factories.make_club()
    barrier, calls = Barrier(2), []

    def lock(order):
        calls.append(order)
        for number, club in enumerate((first, second)[::order]):
            Club.objects.select_for_update().get(pk=club.pk)
            if number == 0 and len(calls) <= 2:
                barrier.wait(timeout=20)
        return order

    lock.calls = calls
    return lock


def run_both(act):
    done = []

    def run(order):
        try:
            done.append(act(order))
        except OperationalError as error:
            done.append(type(error.__cause__).__name__)
        finally:
            connection.close()

    threads = [Thread(target=run, args=(order,)) for order in (1, -1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return done


def test_a_verb_that_was_ended_begins_again(cross):
    assert sorted(run_both(verb(cross))) == [-1, 1]
    assert len(cross.calls) == 3


def test_within_the_transaction_of_another_it_does_not(cross):
    assert "DeadlockDetected" in run_both(transaction.atomic(verb(cross)))
    assert len(cross.calls) == 2


def test_it_gives_up_in_the_end_and_lets_other_errors_through(monkeypatch):
    monkeypatch.setattr(verbs, "PAUSE", 0)
    calls = []

    def fail(cause):
        calls.append(cause)
        raise OperationalError from cause

    from psycopg import errors

    for cause, number in ((errors.DeadlockDetected(), verbs.ATTEMPTS), (errors.DiskFull(), 1)):
        calls.clear()
        with pytest.raises(OperationalError):
            verb(fail)(cause)
        assert len(calls) == number

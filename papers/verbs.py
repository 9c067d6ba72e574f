"""What every verb is: one transaction, begun again where another one was in its way."""

import time
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from django.db import OperationalError, connection, transaction
from psycopg import errors

Given = ParamSpec("Given")
Answer = TypeVar("Answer")

ATTEMPTS = 3
PAUSE = 0.05  # seconds, longer each time


def verb(act: Callable[Given, Answer]) -> Callable[Given, Answer]:
    """Run a function in a transaction of its own, or in that of its caller.

    Two that wait for each other, an import that merges papers and a vote on one of them, are parted by PostgreSQL,
    which ends one (a deadlock, after a second). On its own a verb then begins again, as it looks at all rows anew
    behind its locks; within the transaction of a caller that is for the caller to do.
    """

    @wraps(act)
    def run(*args: Given.args, **kwargs: Given.kwargs) -> Answer:
        for attempt in range(1, ATTEMPTS + 1):
            is_outermost = not connection.in_atomic_block
            try:
                with transaction.atomic():
                    return act(*args, **kwargs)
            except OperationalError as error:
                if (
                    not is_outermost
                    or attempt == ATTEMPTS
                    or not isinstance(error.__cause__, errors.DeadlockDetected)
                ):
                    raise
                time.sleep(PAUSE * attempt)
        raise AssertionError("the last attempt returns or raises")

    return run

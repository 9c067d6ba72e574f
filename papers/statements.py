"""Statements written by hand, which the database plans once for each connection and not once for each page."""

from collections.abc import Mapping
from typing import Any

import psycopg
from django.db import connection


def fetch(statement: str, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """Return the rows of a statement with `%(name)s` in the place of values, which the server itself puts in.

    To plan a join of five tables takes longer than to run it for a page, so the plan is kept (`prepare_threshold`
    in the settings). Django's own cursor puts values into the text, which the server then has never seen before.
    Values without a type of their own (None, lists) need a cast in the statement.
    """
    with connection.cursor() as cursor:
        cursor.cursor = psycopg.Cursor(cursor.connection)
        cursor.execute(statement, values)
        return cursor.fetchall()

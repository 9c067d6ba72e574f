"""Statements that the database plans once for each connection."""

from datetime import UTC, datetime

import pytest
from django.db import ProgrammingError, connection
from django.test.utils import CaptureQueriesContext

from papers import triage
from papers.models import Source
from papers.statements import fetch

pytestmark = pytest.mark.django_db


def prepared():
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement FROM pg_prepared_statements")
        return [statement for (statement,) in cursor.fetchall()]


def test_values_go_in_and_rows_come_out_as_from_django():
    now = datetime(2025, 4, 25, 12, tzinfo=UTC)
    values = {"numbers": [1, 2], "none": None, "now": now, "text": "100 % of 'it'"}
    statement = "SELECT %(numbers)s::bigint[], %(none)s::int, %(now)s::timestamptz, %(text)s::text"
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        assert fetch(statement, values) == cursor.fetchall() == [([1, 2], None, now, "100 % of 'it'")]


def test_plan_is_kept_for_other_values():
    statement = "SELECT %(number)s::int AS kept_plan"
    for number in range(3):
        assert fetch(statement, {"number": number}) == [(number,)]
    assert [text for text in prepared() if "kept_plan" in text] == ["SELECT $1::int AS kept_plan"]


def test_what_django_composes_is_not_prepared():
    for _ in range(7):
        list(Source.objects.all())
    assert not [text for text in prepared() if "papers_source" in text]


def test_it_counts_as_a_query_like_any_other():
    with CaptureQueriesContext(
        connection,
    ) as queries:
        triage.find_newest_day([])
    assert ["max(date)" in query["sql"] for query in queries] == [True]


def test_errors_are_those_of_django():
    with pytest.raises(ProgrammingError):
        fetch("SELECT %(x)s::int FROM nowhere", {"x": 1})

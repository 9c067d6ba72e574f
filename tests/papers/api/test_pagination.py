"""Pages: forwards, backwards, and what is no cursor."""

import base64
import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def papers(source):
    return [factories.make_paper(source=source).pk for _ in range(7)]


def page(script, address):
    answer = script.get(address)
    assert answer.status_code == 200, answer.content
    body = answer.json()
    return [row["id"] for row in body["results"]], body["next"], body["previous"]


def test_forwards_and_back(script, papers):
    first, link, before = page(script, "/api/v1/papers/?limit=3")
    assert (first, before) == (papers[:3], None)
    second, third_link, back = page(script, link)
    assert second == papers[3:6]
    third, end, _ = page(script, third_link)
    assert (third, end) == (papers[6:], None)
    ids, forth, start = page(script, back)
    assert (ids, start) == (papers[:3], None)
    assert page(script, forth)[0] == papers[3:6]


def test_full_last_page_has_no_next(script, papers):
    assert page(script, "/api/v1/papers/?limit=7")[1] is None


def test_newest_imports_come_first(script, organiser, club, member):
    from papers.models import Import

    source = factories.make_source(club=club, kind="upload")
    runs = [Import.objects.create(source=source, club=club, input_name=f"{n}").pk for n in range(5)]
    first, link, _ = page(script, "/api/v1/imports/?limit=2")
    second, link, back = page(script, link)
    third, end, _ = page(script, link)
    assert first + second + third == runs[::-1]
    assert end is None
    assert page(script, back)[0] == first


@pytest.mark.parametrize("limit", ["0", "201", "-1", "x", "", "1.5", "99999999999999999999", "٣", "1%00"])
def test_odd_limit_is_an_error_that_says_the_bounds(script, limit):
    answer = script.get(f"/api/v1/papers/?limit={limit}")
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["accepted"] == {"minimum": 1, "maximum": 200}


def encode(data):
    return base64.urlsafe_b64encode(json.dumps(data).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "x",
        "====",
        "%00",
        "ünï",
        encode([]),
        encode({}),
        encode([1, 2, 3]),
        encode([1, False, None]),
        encode([1, 2, 3, False, None]),
        encode(["1", "2", False, None]),
        encode([1, 2**63, False, None]),
        encode([-1, 2, False, None]),
        encode([True, 2, False, None]),
        encode([1, 2, 0, None]),
        encode([1, 2, False, "x"]),
        encode([[1], 2, False, None]),
        base64.urlsafe_b64encode(b"[" * 100_000).decode(),
        base64.urlsafe_b64encode(b"[NaN,1,false,null]").decode(),
    ],
    ids=lambda cursor: cursor[:20],
)
def test_odd_cursor_is_an_error(script, cursor):
    answer = script.get("/api/v1/papers/", {"cursor": cursor})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "cursor"


def test_no_list_walks_by_offset(script, papers):
    link = page(script, "/api/v1/papers/?limit=3")[1]
    with CaptureQueriesContext(
        connection,
    ) as queries:
        page(script, link)
    [walk] = [each["sql"] for each in queries if "LIMIT" in each["sql"] and "papers_paper" in each["sql"]]
    assert "OFFSET" not in walk
    assert '("papers_paper"."version", "papers_paper"."id") > (' in walk

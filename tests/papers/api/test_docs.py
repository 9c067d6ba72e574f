"""The description of the API: complete, valid, and readable."""

import json
import os
import re
import subprocess
import sys
import textwrap
from io import StringIO

import pytest
from django.conf import settings
from django.core.management import call_command
from django.urls import reverse

from accounts import tokens
from papers import reading_list
from papers.api import docs
from papers.api.urls import urlpatterns
from papers.models import Entry
from papers.versions import stamp

from .conftest import make_script

pytestmark = pytest.mark.django_db


def test_schema_is_valid_and_complete_without_a_warning():
    call_command("spectacular", "--validate", "--fail-on-warn", stdout=StringIO())


def test_schema_is_openapi_3_1_and_open_to_visitors(client):
    answer = client.get("/api/schema/")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("application/vnd.oai.openapi+json")
    assert json.loads(answer.content)["openapi"] == "3.1.1"
    assert client.get("/api/schema/?format=yaml").content.startswith(b"openapi: 3.1.1")


def test_schema_describes_every_address():
    described = {re.sub(r"\{\w+\}", "{}", path) for path in docs.make_schema("")["paths"]}
    served = {
        "/api/" + re.sub(r"<[^>]+>", "{}", str(pattern.pattern))
        for pattern in urlpatterns
        if str(pattern.pattern).startswith("v1/")
    }
    assert described == served


def test_every_operation_has_a_summary_and_its_problems():
    for path, operations in docs.make_schema("")["paths"].items():
        for method, operation in operations.items():
            assert operation.get("summary"), (path, method)
            assert {"401", "429"} <= operation["responses"].keys(), (path, method)
            for status, answer in operation["responses"].items():
                if status >= "400":
                    assert list(answer["content"]) == ["application/problem+json"]


def test_page_shows_every_operation_to_visitors(client):
    page = client.get(reverse("api:docs"))
    assert page.status_code == 200
    text = page.content.decode()
    for path, operations in docs.make_schema("")["paths"].items():
        for method, operation in operations.items():
            assert f'id="{operation["operationId"]}"' in text
            assert f"<b>{method.upper()}</b> <code>{path}</code>" in text


def test_page_needs_nothing_that_the_content_policy_forbids(client):
    text = client.get(reverse("api:docs")).content.decode()
    assert "style=" not in text
    assert not re.findall(r"<script(?![^>]*\bsrc=)", text)
    assert not re.findall(r'(?:src|href)="https?://(?!localhost)', text)


def test_curl_lines_carry_what_the_body_requires():
    operations = {
        each.anchor: each
        for group in docs.describe_operations(docs.make_schema(""))
        for each in group.operations
    }
    vote = operations["vote"].curl.replace(" \\\n ", "")
    assert vote.endswith("/api/v1/clubs/ml/entries/1/vote/")
    assert """-X PUT -H "Content-Type: application/json" -d '{"value": 1}'""" in vote
    assert "-F file=@listing.txt" in operations["queue_import"].curl
    assert [value.name for value in operations["vote"].body] == ["value"]
    entry = next(answer for answer in operations["list_entries"].answers if answer.status == "200")
    assert entry.is_list
    assert "my_vote" in [value.name for value in entry.fields]


@pytest.mark.django_db(transaction=True)
def test_script_of_the_documentation_keeps_a_copy(live_server, tmp_path, club, member, entry):
    """The script stands in docs/api.md; it is run here as it stands there."""
    page = (settings.BASE_DIR / "docs" / "api.md").read_text()
    [text] = re.findall(r"^    #!/usr/bin/env python3\n(?:(?:    .*)?\n)+", page, re.MULTILINE)
    (tmp_path / "keep.py").write_text(textwrap.dedent(text))
    _token, secret = tokens.create_token(member, scope="read")
    environment = {**os.environ, "RL": live_server.url, "TOKEN": secret}

    def run():
        subprocess.run([sys.executable, "keep.py"], cwd=tmp_path, env=environment, check=True)
        return json.loads((tmp_path / "entries.json").read_text())["rows"]

    script = make_script(member)
    assert list(run()) == [str(entry.pk)]
    reading_list.cast_vote(entry, value=1, by=member)
    rows = run()
    assert rows == {str(entry.pk): script.get(f"/api/v1/clubs/ml/entries/{entry.pk}/").json()}
    stamp(club, deleted=[(Entry, entry.pk)])
    assert run() == {}

"""Rules of the house that a machine can check."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))


def python_files(folder):
    return sorted(path for path in (ROOT / folder).rglob("*.py") if "migrations" not in path.parts)


def test_one_place_turns_outside_text_into_html():
    marked = [
        str(path.relative_to(ROOT))
        for folder in ("papers", "accounts", "readinglist")
        for path in python_files(folder)
        if "markup" not in path.parts
        and re.search(r"\bmark_safe\b|SafeText\(|SafeString\(", path.read_text("utf-8"))
    ]
    assert marked == []


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_templates_escape_and_keep_to_the_policy(path):
    # A form's help text is ours, or Django's, whose password rules are a list.
    text = path.read_text("utf-8").replace("field.help_text|safe", "")
    assert not re.search(r"\|\s*safe\b|autoescape off", text), "only papers.markup makes HTML of outside text"
    assert not re.search(r"\sstyle=|\son\w+=", text), (
        "the Content-Security-Policy forbids inline styles and handlers"
    )
    assert not re.search(r"<script(?![^>]*(\ssrc=|application/json))", text), "scripts stand in files"


def test_models_call_nothing_above_them():
    for path in python_files("papers/models"):
        imported = re.findall(r"^from (papers\.\w+|\.\.\w*) import", path.read_text("utf-8"), re.M)
        # Records and identifiers are values, and import nothing of this project else: they are below everything.
        assert set(imported) <= {"papers.identifiers", "papers.records"}, path


def test_accounts_never_import_papers():
    for path in python_files("accounts"):
        assert not re.search(r"^\s*(from|import) papers\b", path.read_text("utf-8"), re.M), path


@pytest.mark.parametrize(
    "module", ["identifiers", "records", "merge", "periods", "scheduling/presenters", "scheduling/reasons"]
)
def test_pure_modules_know_no_models(module):
    text = (ROOT / "papers" / f"{module}.py").read_text("utf-8")
    assert not re.search(r"^\s*from (django\.db|\.models|papers\.models)", text, re.M)


def test_no_place_of_one_machine_is_committed():
    found = subprocess.run(
        ["git", "grep", "-nE", r"(^|[^.[:alnum:]])/(root|home/[a-z]+)/|https?://[^/ ]*(pypi|npmjs)[^/ ]*", "--", "."],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    hits = [line for line in found.stdout.splitlines() if not line.startswith("tests/test_conventions.py")]
    assert hits == []

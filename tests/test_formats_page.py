"""docs/formats.md against the importers: a paragraph for each format, and tables as `make formats` counts them."""

import re

import pytest

from bench import formats
from papers import importers


@pytest.fixture(scope="module")
def page():
    return formats.PAGE.read_text("utf-8")


def test_every_format_has_its_paragraph(page):
    described = re.findall(r"^### .*\(`([a-z0-9-]+)`\)$", page, re.MULTILINE)
    assert sorted(described) == sorted(importers.FORMATS)


@pytest.mark.parametrize("name", ["real files", "files of the tests"])
def test_tables_are_what_the_command_counts_now(page, name):
    counted = dict(formats.make_tables())
    if name not in counted:
        pytest.skip("no ../shared/data")
    start, end = formats.find_table(page, name)
    assert page[start:end] == counted[name], "Run `make formats` and commit docs/formats.md."


def test_text_from_outside_makes_no_table_of_its_own():
    assert formats.escape("a|b\\c <x> *y* _z_ [q] `r` $s$") == (
        "a\\|b\\\\c \\<x\\> \\*y\\* \\_z\\_ \\[q\\] \\`r\\` \\$s\\$"
    )

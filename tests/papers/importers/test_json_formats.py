"""What holds for all formats in JSON together, as services give each other's fields."""

import io
import json

import pytest

from papers import importers
from papers.importers.detect import HEAD, decode_head
from papers.records import UnreadableInput
from tests.papers.importers.conftest import DATA, PROJECT, part

FORMATS = {
    **dict.fromkeys(("crossref", "datacite", "openalex", "biorxiv", "openreview", "csl-json")),
    "semantic-scholar": "semantic-scholar",
    "zotero-api": "zotero-json",
    "hf-daily-papers-json": "hf-json",
    "corpus": "arxiv-jsonl",
}
SHARED = PROJECT.parent / "shared" / "data"
# Content negotiation: Crossref's work in the clothes of CSL.
DISGUISED = {"crossref-content-negotiation-10.4067_s0718-48082015000300006.json": "crossref"}
REAL_NAMES = [format or folder for folder, format in FORMATS.items()]
JSON_NAMES = [*REAL_NAMES, "jsonl"]


def find_claims(data):
    head = decode_head(data[:HEAD])
    return [name for name in JSON_NAMES if importers.FORMATS[name].sniff(head)]


@pytest.mark.parametrize("name", JSON_NAMES)
def test_small_file_is_claimed_by_its_own_format_only(name):
    data = next(DATA.glob(f"{name}.json*")).read_bytes()
    assert find_claims(data) == [name]
    assert name == importers.find_importer(data[:HEAD]).NAME


def test_real_files_are_claimed_by_one_format_the_right_one():
    if not SHARED.exists():
        pytest.skip("no ../shared/data")
    seen = set()
    for path in sorted(SHARED.glob("*/*")):
        if path.name.endswith(".md") or not path.is_file():
            continue
        format = DISGUISED.get(path.name) or FORMATS.get(path.parent.name, "") or path.parent.name
        data = path.read_bytes()
        expected = [format] if path.parent.name in FORMATS else []
        assert find_claims(data) == expected, path.name
        if expected:
            assert format == importers.find_importer(data[:HEAD]).NAME
            seen.add(format)
    assert seen == set(REAL_NAMES)


@pytest.mark.parametrize("name", [name for name in REAL_NAMES if name not in ("hf-json", "arxiv-jsonl")])
class TestShapes:
    def test_items_one_a_line_in_a_list_and_indented(self, name):
        items = find_items(json.loads((DATA / f"{name}.json").read_bytes()))
        for data in (
            json.dumps(items).encode(),
            "\n".join(map(json.dumps, items)).encode(),
            "\n".join(json.dumps(item, indent=2) for item in items).encode(),
        ):
            if items[0] is not None:
                assert name == importers.find_importer(data[:HEAD]).NAME
            whole = part(importers.FORMATS[name].parse(io.BytesIO((DATA / f"{name}.json").read_bytes())))
            records, rejections = part(importers.FORMATS[name].parse(io.BytesIO(data)))
            assert records == whole[0]
            assert [found.reason for found in rejections] == [found.reason for found in whole[1]]

    @pytest.mark.parametrize(
        ("bomb", "reason"),
        [
            (b'{"x": "' + b"x" * 20_000_000 + b'"}', "longer than 8,000,000 bytes"),
            (b'{"x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "nested too deeply"),
            (b'{"x": ' + b"9" * 1_000_000 + b"}", "thousands of digits"),
            (b'{"x": NaN}', "NaN is no JSON"),
            (b'{"x": "\xed\xa0\x80"}', "not UTF-8"),
        ],
        ids=["long", "deep", "digits", "nan", "surrogate"],
    )
    def test_bomb_is_rejected_and_what_stands_before_it_kept(self, name, bomb, reason):
        item = next(item for item in find_items(json.loads((DATA / f"{name}.json").read_bytes())) if item)
        data = b"[" + json.dumps(item).encode() + b"," + bomb + b"]"
        records, rejections = part(importers.FORMATS[name].parse(io.BytesIO(data)))
        assert len(records) == 1
        assert reason in rejections[0].reason

    def test_odd_values_anywhere_cost_one_item_at_most(self, name):
        good = next(item for item in find_items(json.loads((DATA / f"{name}.json").read_bytes())) if item)
        for odd in (None, True, 5, -(10**17), 1e308, "x", "\ud800", [], {}, [None], ["x"], [[]], {"x": {}}):
            items = list(replace_each(good, odd))
            data = json.dumps([good, *items]).encode()
            records, rejections = part(importers.FORMATS[name].parse(io.BytesIO(data)))
            assert 1 <= len(records) <= len(items) + 1
            assert all(found.reason.endswith(".") for found in rejections)

    def test_text_that_is_no_json_is_refused(self, name):
        with pytest.raises(UnreadableInput, match="This is no JSON"):
            part(importers.FORMATS[name].parse(io.BytesIO(b"Resource not found.")))


def replace_each(data, odd):
    """Give copies of some data, in each of which one value, however deep, is replaced."""
    places = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for place, value in places:
        for inner in (odd, *replace_each(value, odd)):
            copy = data.copy()
            copy[place] = inner
            yield copy


def find_items(data):
    for key in ("message", "items", "data", "results", "collection", "notes"):
        if isinstance(data, dict) and key in data and "itemType" not in data.get("data", {}):
            data = data[key]
    return data

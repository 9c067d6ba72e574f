import io
import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papers.importers import json_items
from papers.importers.json_items import Item, ItemReader, Layout, parse_items, peek, read_error, read_facts
from papers.records import Rejection, UnreadableInput
from tests.papers.importers.conftest import Dripping, thorough

LAYOUT = Layout(paths=("results", "message.items", "message", ""), first_key=rb'"id"\s*:')
NESTED = Layout(paths=("papers", ""), first_key=rb'"id"\s*:', is_nested=True)
PAPERS = [{"id": number, "of": [{"id": "x"}], "text": 'a "]}, {"id": 1'} for number in range(1, 6)]


def items_of(data, layout=LAYOUT):
    data = data if isinstance(data, bytes) else json.dumps(data).encode()
    reader = ItemReader(io.BytesIO(data), layout)
    items = list(reader.read_items())
    return (
        [item.data for item in items if not item.problem],
        [item.problem for item in items if item.problem],
        reader,
    )


def lines_of(papers, end=b"\n"):
    return b"".join(json.dumps(paper).encode() + end for paper in papers)


WHOLE = {
    "list": json.dumps(PAPERS).encode(),
    "indented": json.dumps(PAPERS, indent=2).encode(),
    "under-a-key": json.dumps({"meta": {"count": 5}, "results": PAPERS, "next": "abc"}).encode(),
    "two-keys-deep": json.dumps(
        {"status": "ok", "message": {"items": PAPERS, "total": 5}}, indent=1
    ).encode(),
    "lines": lines_of(PAPERS),
    "crlf-lines": lines_of(PAPERS, b"\r\n\r\n"),
    "lines-of-pages": lines_of([{"results": PAPERS[:2]}, {"message": {"items": PAPERS[2:]}}]),
    "lines-of-envelopes": lines_of([{"status": "ok", "message": paper} for paper in PAPERS]),
}


@pytest.mark.parametrize("data", WHOLE.values(), ids=WHOLE)
@pytest.mark.parametrize("size", [1, 7, 65_536])
def test_all_items_are_given(data, size, monkeypatch):
    monkeypatch.setattr("papers.importers.text.CHUNK", size)
    reader = ItemReader(Dripping(data, size), LAYOUT)
    assert [item.data for item in reader.read_items()] == PAPERS
    assert reader.problem == ""


@pytest.mark.parametrize(
    "data",
    [
        PAPERS[0],
        {"message": PAPERS[0], "status": "ok"},
        {"results": PAPERS[0]},
        {"status": "ok", "results": [PAPERS[0]]},
    ],
)
def test_one_object_is_one_item(data):
    assert items_of(data)[:2] == ([PAPERS[0]], [])


def test_lists_within_a_list():
    venues = [{"venue": "A", "papers": PAPERS[:2]}, PAPERS[2], {"papers": PAPERS[3:], "year": 2018}]
    papers, problems, reader = items_of(venues, NESTED)
    assert (papers, problems, reader.problem) == (PAPERS, [], "")
    assert items_of(b'[{"papers": [{"id": 1}]}', NESTED)[2].problem.startswith(
        "The file ends before the list"
    )


@pytest.mark.parametrize("data", [[], {"results": []}, {"message": {"items": []}}])
def test_empty_lists_give_nothing(data):
    papers, problems, reader = items_of(data)
    assert (papers, problems, reader.problem) == ([], [], "")


def test_facts_stand_beside_the_items():
    facts = {"status": "ok", "message.total": 2, "message.query": {"a": [1]}, "message.next": "b"}
    data = {"status": "ok", "message": {"total": 2, "items": PAPERS, "query": {"a": [1]}, "next": "b"}}
    assert read_facts(io.BytesIO(json.dumps(data).encode()), LAYOUT) == facts


def test_facts_are_bounded():
    data = {"long": "x" * 100_000, "results": PAPERS} | {f"key{number}": 1 for number in range(1_000)}
    papers, _, reader = items_of(data)
    assert papers == PAPERS
    assert "long" not in reader.facts
    assert len(reader.facts) <= 100


BROKEN = [
    b'{"id": 9, "text": "x",}',
    b'{"id": 9, "text": NaN}',
    b'{"id": 9, "text": "x"',
    b'{"id": 9, "text": "x}',
    b'{"id": 9, "text": {"x": [}',
    b'{"id": ' + b"[" * 50_000 + b"]" * 50_000 + b"}",
    b'{"id": ' + b"9" * 1_000_000 + b"}",
    b'{"id": "caf\xe9"}',
    b"null and void",
]


def test_bracket_too_many():
    papers, problems, _ = items_of(b'[{"id": 1}, {"id": 9}}, {"id": 2}]')
    assert (papers, len(problems)) == ([{"id": 1}, {"id": 2}], 1)
    papers, problems, _ = items_of(b'{"id": 1}\n{"id": 9}}\n{"id": 2}')
    assert (papers, len(problems)) == ([{"id": 1}, {"id": 9}, {"id": 2}], 1)


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: repr(broken[:24]))
class TestBrokenItem:
    def test_costs_itself_in_a_list(self, broken):
        pieces = [json.dumps(paper).encode() for paper in PAPERS]
        data = b'{"results": [' + b", ".join([*pieces[:2], broken, *pieces[2:]]) + b'], "count": 6}'
        papers, problems, _ = items_of(data)
        assert papers == PAPERS
        assert len(problems) == 1

    @pytest.mark.parametrize("place", [1, 2, 5])
    def test_costs_itself_among_lines(self, broken, place):
        data = lines_of(PAPERS[:place]) + broken + b"\n" + lines_of(PAPERS[place:])
        papers, problems, _ = items_of(data)
        assert papers == PAPERS
        assert len(problems) == 1

    def test_costs_itself_as_the_first_line(self, broken):
        papers, problems, _ = items_of(b'{"id": 0}\n' + broken + b"\n" + lines_of(PAPERS))
        assert papers == [{"id": 0}, *PAPERS]
        assert len(problems) == 1


@pytest.mark.parametrize("name", WHOLE)
def test_cut_off_anywhere_gives_whole_items_and_says_so(name):
    data = WHOLE[name].rstrip()
    for size in range(1, len(data)):
        papers, problems, reader = items_of(data[:size])
        assert papers == PAPERS[: len(papers)]
        # Nobody sees that there were more lines.
        assert problems or reader.problem or ("lines" in name and data[:size].rstrip().endswith(b"}"))


def test_numbers_and_text_that_no_database_takes_are_read():
    papers, problems, _ = items_of(b'[{"id": 1e999}, {"id": "\\ud800"}, {"id": 1, "id": 2}]')
    assert (papers, problems) == ([{"id": float("inf")}, {"id": "\ud800"}, {"id": 2}], [])


def test_item_without_end_costs_only_the_rest(monkeypatch):
    monkeypatch.setattr(json_items, "MAX_ITEM", 200_000)
    endless = b'[{"id": 1}, {"x": "' + b"x" * 2_000_000
    papers, problems, reader = items_of(endless)
    assert papers == [{"id": 1}]
    assert problems == ["The item is longer than 200,000 bytes."]
    assert reader.problem == "The file ends before the list does; items after this place are missing."
    papers, problems, _ = items_of(b'{"id": 1}\n{"x": "' + b"x" * 2_000_000)
    assert papers == [{"id": 1}]
    assert problems == ["The item is longer than 200,000 bytes."]


LONG = b"a,b{c[" + rb"\\\"]}" * 900
MONSTERS = [
    b'{"x": "' + LONG + b'"}',
    b'{"x": "' + LONG + b'\\\\"}',
    b'{"x": "' + b"\\\\" * 3_000 + b'"}',
    b'{"x": "' + b"x" * 5_000 + b'", "y": "' + LONG + b'", "z": 1}',
    b'{"x": [' + b'["a", 1], {"b": "]"}, ' * 300 + b"0]}",
    b'{"x": ' + b"[" * 3_000 + b"]" * 3_000 + b"}",
    b'{"x": ' + b"9" * 5_000 + b"}",
    b'{"' + b"x" * 5_000 + b'": 1}',
    b'{"x": ' + b" " * 5_000 + b"1}",
]


@pytest.mark.parametrize("monster", MONSTERS, ids=lambda monster: monster[:20].decode())
@pytest.mark.parametrize("size", [1, 7, 100, 1_000])
class TestMonster:
    """An item over the bound costs itself, wherever in it the chunks end."""

    @pytest.fixture(autouse=True)
    def _small_bounds(self, monkeypatch, size):
        monkeypatch.setattr(json_items, "MAX_ITEM", 1_000)
        monkeypatch.setattr("papers.importers.text.CHUNK", size)

    @pytest.mark.parametrize("number", [b"1", b"2", b"5"])
    @pytest.mark.parametrize("name", ["list", "under-a-key", "two-keys-deep", "lines"])
    def test_among_others(self, name, number, monster):
        before, first, rest = WHOLE[name].partition(re.search(rb'\{\s*"id": ' + number, WHOLE[name])[0])
        monster += b"\n" if name == "lines" else b", "
        papers, problems, reader = items_of(before + monster + first + rest)
        assert papers == PAPERS
        assert problems == ["The item is longer than 1,000 bytes."]
        assert not reader.problem

    def test_as_the_first_line(self, monster):
        papers, problems, reader = items_of(monster + b"\n" + lines_of(PAPERS))
        assert papers == PAPERS
        assert problems == ["The item is longer than 1,000 bytes."]
        assert not reader.problem

    def test_as_the_last_line(self, monster):
        papers, problems, _ = items_of(lines_of(PAPERS) + monster)
        assert (papers, problems) == (PAPERS, ["The item is longer than 1,000 bytes."])

    def test_without_its_end(self, monster):
        papers, problems, _ = items_of(lines_of(PAPERS) + monster[:-2] + b"\n" + lines_of(PAPERS))
        assert papers == PAPERS * 2
        assert problems == ["The item is longer than 1,000 bytes."]

    def test_beside_the_items(self, monster):
        if len(monster.split(b'": ', 1)[0]) > 100:
            return  # a key
        items = json.dumps(PAPERS).encode()
        papers, problems, _ = items_of(b'{"more": ' + monster + b', "results": ' + items + b"}")
        assert (papers, problems) == (PAPERS, [])
        papers, problems, _ = items_of(b'{"results": ' + items + b', "more": ' + monster + b"}")
        assert (papers, problems) == (PAPERS, [])


def test_only_one_item_is_read_ahead():
    stream = io.BytesIO(lines_of([{"id": number, "x": "x" * 1_000} for number in range(10_000)]))
    next(ItemReader(stream, LAYOUT).read_items())
    assert stream.tell() < 200_000


class TestErrors:
    @pytest.mark.parametrize(
        "data",
        [
            {"error": "Too fast."},
            {"error": {"code": 429, "message": "Too fast."}},
            {"errors": [{"status": "429", "title": "Too fast."}]},
            {"message": "Too fast.", "code": "429"},
            {"detail": "Too fast."},
        ],
        ids=str,
    )
    def test_answer_that_only_reports_one_is_refused(self, data):
        assert read_error(data) == "Too fast"
        with pytest.raises(
            UnreadableInput, match=r"Somebody answered with an error instead of papers: Too fast\."
        ):
            list(read(json.dumps(data).encode()))

    @pytest.mark.parametrize(
        "data", [None, [], "x", {}, {"title": "A"}, {"error": None, "errors": []}, {"message": {}}]
    )
    def test_other_data_reports_none(self, data):
        assert read_error(data) == ""

    @pytest.mark.parametrize("data", [b"", b"Resource not found.", b'"x"', b"<a>"])
    def test_what_is_no_json_is_refused(self, data):
        with pytest.raises(UnreadableInput, match="This is no JSON"):
            list(read(data))


def read(data):
    return parse_items(
        io.BytesIO(data),
        LAYOUT,
        lambda data, place, raw: Rejection(place, "There is no title.", raw),
        service="Somebody",
    )


@pytest.mark.parametrize("data", WHOLE.values(), ids=WHOLE)
def test_beginning_of_a_file_tells_what_it_holds(data):
    first = PAPERS[0]
    assert peek(data, LAYOUT)[1] == first
    cut = data[: data.index(b'"text"') + 12]
    assert peek(cut, LAYOUT)[1] == {"id": 1, "of": [{"id": "x"}]}


PIECES = [
    b"[",
    b"]",
    b"{",
    b"}",
    b",",
    b'"',
    b'"id":',
    b'"results":',
    b'"message":',
    b'"items":',
    b"\n",
    b"\\",
]
PIECES += [b"1", b"null", b'{"id": 1}', b'{"id": 2},', b"\xff", b"\xef\xbb\xbf", b" ", b":", b"x"]


@thorough
@given(st.lists(st.sampled_from(PIECES), max_size=60).map(b"".join), st.sampled_from([LAYOUT, NESTED]))
def test_heaps_of_pieces_are_read_to_the_end(data, layout):
    reader = ItemReader(io.BytesIO(data), layout)
    if reader.first in (b"[", b"{"):
        assert all(isinstance(item, Item) for item in reader.read_items())
    peek(data, layout)


@pytest.mark.parametrize(
    "data",
    [
        b'{"id":' * 300_000,
        b'{"message":' * 300_000,
        b'{"results":[' * 200_000,
        b'{"a":1,' + b'"b":2,' * 100_000,
        b'{"' + b"\\" * 3_000_000,
        b'{"id": "' + b'\n{"id": "' * 100_000,
        b'{"id": [\n' * 70_000,
        b'[{"a":' + b',{"id":' * 100_000,
        b"{}" + b" " * 5_000_000,
        b"{}" * 100_000,
        b"{}\n" + b"x\n" * 100_000,
    ],
    ids=lambda data: repr(data[:20]),
)
@pytest.mark.parametrize("layout", [LAYOUT, NESTED], ids=["flat", "nested"])
def test_work_grows_no_faster_than_the_input(data, layout):
    """These take a second or two at most; a quadratic step would take minutes, and the test run with it."""
    for _ in ItemReader(io.BytesIO(data), layout).read_items():
        pass

"""Notes of two writers become one text, and no line of either vanishes."""

import random
import time
from collections import Counter
from itertools import pairwise

import pytest

from papers.scheduling.merging_notes import MARKS, match, merge


@pytest.mark.parametrize(
    ("base", "theirs", "mine", "merged"),
    [
        pytest.param("", "", "", "", id="nothing"),
        pytest.param("a", "a", "b", "b", id="only I wrote"),
        pytest.param("a", "b", "a", "b", id="only they wrote"),
        pytest.param("a", "b", "b", "b", id="both wrote the same"),
        pytest.param("", "theirs", "mine", "theirs\nmine", id="both began"),
        pytest.param("a\n", "a\ntheirs\n", "a\nmine\n", "a\ntheirs\nmine\n", id="both went on at the end"),
        pytest.param("a\nb\nc", "A\nb\nc", "a\nb\nC", "A\nb\nC", id="at two places"),
        pytest.param(
            "a\nb\nc",
            "a\nB\nc",
            "a\nbb\nc",
            f"a\n{MARKS.theirs}\nB\n{MARKS.mine}\nbb\n{MARKS.end}\nc",
            id="one line",
        ),
        pytest.param(
            "a\nb\nc", "a\nc", "a\nb!\nc", "a\nb!\nc", id="taken away and changed: what is written stays"
        ),
        pytest.param("a\nb", "a\nnew\nb", "a!\nb", "a!\nnew\nb", id="a line added beside one that changed"),
        pytest.param(
            "a", "a\ntheirs", "a!\nmine", "a!\nmine\ntheirs", id="both at the end, one in the last line"
        ),
        pytest.param("", "one\ntwo", "two\nthree", "one\ntwo\nthree", id="both began, with a line in common"),
        pytest.param("a\nb\nc", "a\nc", "a\nb\nc\nd", "a\nc\nd", id="taken away elsewhere"),
        pytest.param("a\nb", "a\nb\nx", "x\na\nb", "x\na\nb\nx", id="the same line at two places"),
    ],
)
def test_merge(base, theirs, mine, merged):
    assert merge(base, theirs, mine) == merged


def write(draw, alphabet):
    return [draw.choice(alphabet).strip() for _ in range(draw.randint(0, 7))]


def edit(draw, lines, alphabet):
    lines = list(lines)
    for _ in range(draw.randint(0, 4)):
        place = draw.randint(0, len(lines))
        if draw.random() < 0.5 or place == len(lines):
            lines.insert(place, draw.choice(alphabet))
        elif draw.random() < 0.5:
            lines[place] = draw.choice(alphabet)
        else:
            del lines[place]
    return lines


@pytest.mark.parametrize("seed", range(4))
def test_no_line_that_somebody_wrote_vanishes(seed):
    draw = random.Random(seed)
    for _ in range(1_500):
        few = "abcd "[: draw.randint(1, 5)]
        base = write(draw, few)
        theirs, mine = edit(draw, base, "abcdpq"), edit(draw, base, "abcdxy")
        merged = merge("\n".join(base), "\n".join(theirs), "\n".join(mine)).split("\n")
        there = Counter(merged)
        for writer in (theirs, mine):
            for line in Counter(writer) - Counter(base):
                assert not line or there[line], (base, theirs, mine, merged)
        invented = there.keys() - set(base) - set(theirs) - set(mine)
        assert invented <= {"", MARKS.theirs, MARKS.mine, MARKS.end}


@pytest.mark.parametrize("seed", range(4))
def test_lines_that_nobody_touched_stay_once_and_in_order(seed):
    draw = random.Random(seed)
    for _ in range(1_000):
        base = [f"line {number}" for number in range(draw.randint(1, 9))]
        theirs, mine = edit(draw, base, "pq"), edit(draw, base, "xy")
        merged = merge("\n".join(base), "\n".join(theirs), "\n".join(mine)).split("\n")
        in_both = [line for line in base if line in theirs and line in mine]
        assert [line for line in merged if line in in_both] == in_both


def test_matches_are_equal_lines_and_do_not_cross():
    draw = random.Random(7)
    for _ in range(2_000):
        one, other = write(draw, "abcde"), write(draw, "abcde")
        places = match(one, other)
        assert all(one[place] == other[other_place] for place, other_place in places)
        for (place, other_place), (after, other_after) in pairwise(places):
            assert place < after and other_place < other_after


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("\n" * 50_000, id="empty lines"),
        pytest.param("a\n" * 25_000, id="one line again and again"),
        pytest.param("\n".join(map(str, range(9_000))), id="each line once"),
        pytest.param("x" * 50_000, id="one long line"),
    ],
)
def test_long_notes_merge_within_a_moment(text):
    started = time.perf_counter()
    merge(text, f"theirs\n{text}\ntheirs", text[:100] + "mine" + text[100:])
    merge(text, text[::-1], text[5:] + "mine")
    assert time.perf_counter() - started < 3

"""What fills an agenda, and in what order; pure, so without a database."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from papers.scheduling import agenda
from papers.scheduling.agenda import Slot, Standing, fill


@dataclass(frozen=True)
class Paper:
    entry_id: int
    score: Decimal = Decimal(3)
    reason: str = "Six votes for, none against."


def papers(*ids):
    return [Paper(pk) for pk in ids]


def topic(key, minutes=5, **facts):
    return Standing(key, minutes, **facts)


def shape(filling):
    """Each place as (id of the item, id of the entry, minutes)."""
    return [(each.key, each.ranked and each.ranked.entry_id, each.minutes) for each in filling.places]


def test_papers_come_in_by_rank_as_long_as_they_fit():
    filling = fill(papers(7, 8, 9), [], minutes=60, kind="paper_talk")
    assert shape(filling) == [(None, 7, 30), (None, 8, 30)]
    assert (filling.left, filling.said) == (0, "2 papers came in by their votes.")


def test_last_paper_gets_what_is_left_if_that_is_worth_beginning():
    standing = [topic(1), topic(2, is_closing=True)]
    filling = fill(papers(7, 8, 9), standing, minutes=60, kind="paper_talk")
    assert shape(filling) == [(1, None, 5), (None, 7, 30), (None, 8, 20), (2, None, 5)]


def test_few_minutes_stay_free():
    filling = fill(papers(7, 8), [], minutes=45, kind="paper_talk")
    assert shape(filling) == [(None, 7, 30)]
    assert filling.left == 15
    assert filling.said == "One paper came in by its votes. 15 minutes are left, too few for another."


def test_short_session_takes_one_paper_for_all_of_its_time():
    filling = fill(papers(7, 8), [], minutes=15, kind="paper_talk")
    assert shape(filling) == [(None, 7, 15)]


def test_lightning_round_takes_many():
    filling = fill(papers(*range(1, 20)), [topic(1, 10)], minutes=60, kind="lightning")
    assert [each.minutes for each in filling.places] == [10] * 6


@pytest.mark.parametrize("kind", ["own_work", "special"])
def test_kinds_without_papers_take_none(kind):
    filling = fill(papers(7), [topic(1, 20)], minutes=60, kind=kind)
    assert shape(filling) == [(1, None, 20)]
    assert "takes no papers by votes" in filling.said


def test_nothing_eligible_is_said():
    filling = fill([], [], minutes=60, kind="paper_talk")
    assert (filling.places, filling.left) == ((), 60)
    assert filling.said == "No paper had the score that the club asks for, so none came in."


def test_too_much_on_the_agenda_is_said_and_kept():
    filling = fill(papers(7), [topic(1, 70)], minutes=60, kind="paper_talk")
    assert (shape(filling), filling.left) == ([(1, None, 70)], -10)
    assert "more minutes than the session has" in filling.said


def test_full_agenda_takes_no_paper():
    filling = fill(papers(7), [topic(1, 50)], minutes=60, kind="paper_talk")
    assert shape(filling) == [(1, None, 50)]
    assert "too few minutes for a paper" in filling.said


def test_fewer_papers_than_minutes_is_said():
    filling = fill(papers(7), [], minutes=60, kind="paper_talk")
    assert (
        filling.said
        == "One paper came in by its votes. 30 minutes are left, and no other paper had the score."
    )


def test_pinned_paper_stays_between_two_that_make_room():
    standing = [
        topic(1),
        Standing(2, 20, entry_id=20, stays=False),
        Standing(3, 20, entry_id=30),
        Standing(4, 20, entry_id=40, stays=False),
        topic(5, is_closing=True),
    ]
    filling = fill(papers(7, 8), standing, minutes=90, kind="paper_talk")
    assert shape(filling) == [(1, None, 5), (None, 7, 30), (3, None, 20), (None, 8, 30), (5, None, 5)]
    assert filling.freed == (2, 4)


def test_pinned_paper_does_not_come_in_twice():
    filling = fill(papers(30, 7), [Standing(3, 20, entry_id=30)], minutes=60, kind="paper_talk")
    assert shape(filling) == [(3, None, 20), (None, 7, 30)]


def test_paper_that_made_room_comes_in_again_by_its_votes_with_its_item_and_minutes():
    standing = [Standing(2, 25, entry_id=20, stays=False)]
    filling = fill(papers(7, 20), standing, minutes=60, kind="paper_talk")
    assert shape(filling) == [(None, 7, 30), (2, 20, 25)]
    assert filling.freed == ()


def test_paper_that_closed_the_session_and_made_room_leaves_no_hole():
    standing = [topic(1, is_closing=True), Standing(2, 30, entry_id=20, stays=False, is_closing=True)]
    filling = fill(papers(7), standing, minutes=60, kind="paper_talk")
    assert shape(filling) == [(None, 7, 30), (1, None, 5)]


def test_five_hundred_tied_papers_come_in_by_the_order_of_the_ranking():
    ranked = papers(*range(500, 0, -1))
    first, again = (fill(iter(ranked), [], minutes=60, kind="paper_talk") for _time in range(2))
    assert first == again
    assert [place.ranked.entry_id for place in first.places] == [500, 499]


def test_ranking_is_read_no_further_than_needed():
    read = []

    def give():
        for paper in papers(*range(1, 501)):
            read.append(paper)
            yield paper

    fill(give(), [], minutes=60, kind="paper_talk")
    assert len(read) == 3


# Order

OPENS, CLOSES = False, True


@pytest.mark.parametrize(
    ("others", "position", "was", "slot"),
    [
        ([OPENS, CLOSES], 1, CLOSES, Slot(1, OPENS)),
        ([OPENS, CLOSES], 2, OPENS, Slot(2, OPENS)),
        ([OPENS, CLOSES], 2, CLOSES, Slot(2, CLOSES)),
        ([OPENS, CLOSES], 3, OPENS, Slot(3, CLOSES)),
        ([OPENS, CLOSES], 99, OPENS, Slot(3, CLOSES)),
        ([OPENS, CLOSES], -5, OPENS, Slot(1, OPENS)),
        ([], 1, CLOSES, Slot(1, CLOSES)),
    ],
    ids=["above", "between, opens", "between, closes", "below", "far below", "far above", "alone"],
)
def test_neighbours_say_whether_an_item_closes_the_session(others, position, was, slot):
    assert agenda.find_slot(others, position, was) == slot


def test_papers_to_come_are_a_step():
    down = agenda.step([OPENS, CLOSES], 1, 1, has_gap=True)
    assert down == Slot(1, CLOSES)
    assert agenda.step([CLOSES, CLOSES], 1, -1, has_gap=True) == Slot(1, OPENS)
    assert agenda.step([OPENS, OPENS], 1, 1, has_gap=True) == Slot(2, OPENS)
    assert agenda.step([OPENS, CLOSES], 1, -1, has_gap=True) is None
    assert agenda.step([OPENS, CLOSES], 2, 1, has_gap=True) is None


def test_without_papers_to_come_a_step_is_a_place():
    assert agenda.step([OPENS, CLOSES], 1, 1, has_gap=False) == Slot(2, CLOSES)
    assert agenda.step([OPENS, CLOSES], 2, -1, has_gap=False) == Slot(1, OPENS)


# Time

NOON = datetime(2025, 4, 30, 12, 0, tzinfo=UTC)


def test_items_begin_one_after_the_other():
    assert agenda.compute_starts(NOON, [5, 30, 20]) == [NOON + timedelta(minutes=each) for each in (0, 5, 35)]


def test_ruler_has_a_tick_a_minute_and_a_taller_one_where_an_item_begins():
    ruler = agenda.draw_ruler([(2, False), (3, True)], 6)
    assert ruler.topics == "M5 2V24M15 12V24"
    assert ruler.papers == "M25 2V24M35 12V24M45 12V24"
    assert (ruler.free, ruler.over, ruler.width, ruler.minutes_a_tick) == ("M55 12V24", "", 60, 1)


def test_ruler_shows_what_is_over():
    ruler = agenda.draw_ruler([(3, True)], 2)
    assert (ruler.papers, ruler.over, ruler.free) == ("M5 2V24M15 12V24", "M25 12V24", "")


def test_ruler_of_a_whole_day_has_fewer_ticks_than_minutes():
    ruler = agenda.draw_ruler([(60, True), (60, False)], 1_440)
    assert (ruler.minutes_a_tick, ruler.width) == (15, 960)
    assert ruler.papers.count("M") == 4

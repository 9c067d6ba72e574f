import random
import time
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bench import plans as large
from bench.all_plans import find_best, judge
from bench.plans import DISCUSSANT, FIRST, PRESENTER, SINCE, make_place
from papers.scheduling import apart
from papers.scheduling.presenters import Candidate, Open, count_credits, make_plan

from .questions import make_member, make_question, small_questions


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(question=small_questions())
def test_plan_is_the_best_of_all_plans(question):
    best, plans = find_best(question)

    answer = make_plan(question)

    assert judge(question, answer.takes) == best
    assert answer.takes in plans
    assert set(answer.open) == {place.key for place in question.places} - set(question.fixed) - set(
        answer.takes
    )


@settings(max_examples=30, deadline=None)
@given(question=small_questions(), seed=st.integers(0, 10**6))
def test_order_of_what_is_given_does_not_matter(question, seed):
    dice = random.Random(seed)

    def shuffle(mapping):
        return dict(dice.sample(list(mapping.items()), len(mapping)))

    shuffled = replace(
        question,
        candidates=tuple(dice.sample(question.candidates, len(question.candidates))),
        places=tuple(dice.sample(question.places, len(question.places))),
        fixed=shuffle(question.fixed),
        asked=shuffle(question.asked),
        interest=shuffle(question.interest),
    )

    assert make_plan(shuffled) == make_plan(question)


@pytest.mark.parametrize("asked", [0.0, 0.5], ids=["from nothing", "again"])
def test_hundred_members_and_twenty_sessions_take_less_than_two_seconds(asked):
    question = large.make_question(100, 20, seed=3, asked=asked)
    best = min(_time(question) for _ in range(3))

    assert best < 2


def _time(question):
    start = time.process_time()  # of this process, whatever else the machine does
    answer = make_plan(question)
    assert len(answer.takes) + len(question.fixed) == 40
    return time.process_time() - start


def test_same_plan_comes_from_a_process_of_its_own():
    question = large.make_question(12, 6, seed=1)

    assert apart.solve(question) == make_plan(question)


def test_process_that_takes_too_long_is_stopped():
    with pytest.raises(apart.Unsolved, match="within"):
        apart.solve(large.make_question(5, 2, seed=1), limit=0.001)


def test_nobody_takes_two_parts_in_one_item():
    answer = make_plan(make_question([make_member(1)], [make_place(1), make_place(1, DISCUSSANT)]))

    assert answer.takes == {(1, PRESENTER): 1}
    assert answer.open == {(1, DISCUSSANT): Open.TAKEN_UP}


@pytest.mark.parametrize(
    ("members", "more", "why"),
    [
        ([], {}, Open.NOBODY),
        ([make_member(1, takes_parts=False)], {}, Open.NOBODY),
        ([make_member(1, away=((FIRST, FIRST),))], {}, Open.AWAY),
        ([make_member(1)], {"refusals": frozenset({(1, 1)})}, Open.KEPT_OUT),
        ([make_member(1)], {"conflicts": frozenset({(1, 1)})}, Open.KEPT_OUT),
        ([make_member(1, cap=0)], {}, Open.TAKEN_UP),
    ],
    ids=["empty club", "nobody takes parts", "all away", "all declined", "all authors", "all at their cap"],
)
def test_open_place_says_why(members, more, why):
    answer = make_plan(make_question(members, [make_place(1)], **more))

    assert answer.open == {(1, PRESENTER): why}


def test_most_and_least_burdened_are_as_near_as_can_be():
    members = [make_member(id, given={PRESENTER: given}) for id, given in enumerate([3, 1, 0, 0], 1)]
    question = make_question(members, [make_place(week, week=week) for week in range(5)])

    answer = make_plan(question)

    assert answer.gaps[PRESENTER] == 1
    assert {id: answer.burdens[id, PRESENTER].total for id in range(1, 5)} == {1: 3, 2: 2, 3: 2, 4: 2}


def test_member_who_was_away_is_not_asked_for_what_was_missed():
    there = [make_member(id, given={PRESENTER: 4}) for id in (1, 2)]
    newcomer = make_member(3, joined=FIRST - timedelta(days=30))
    question = make_question([*there, newcomer], [make_place(week, week=week) for week in range(3)])

    credits = count_credits(question)
    answer = make_plan(question)

    assert credits[1, PRESENTER] == 0
    assert credits[3, PRESENTER] == 5
    assert answer.gaps[PRESENTER] == 1


@given(
    joined=st.integers(-100, 500),
    away=st.lists(st.tuples(st.integers(-100, 500), st.integers(0, 90)), max_size=4),
)
def test_days_there_are_counted_as_by_hand(joined, away):
    spans = tuple(
        (SINCE + timedelta(days=first), SINCE + timedelta(days=first + length)) for first, length in away
    )
    member = Candidate(id=1, joined=SINCE + timedelta(days=joined), away=spans)
    until = SINCE + timedelta(days=400)
    days = [SINCE + timedelta(days=number) for number in range(401)]

    assert member.count_days(SINCE, until) == sum(
        day >= member.joined and not member.is_away(day) for day in days
    )


def test_volunteer_comes_first_where_the_gap_allows_it():
    members = [make_member(id) for id in (1, 2, 3)]
    question = make_question(members, [make_place(1)], offers=frozenset({(3, 1)}))
    assert make_plan(question).takes == {(1, PRESENTER): 3}

    busy = [*members[:2], make_member(3, given={PRESENTER: 3})]
    assert make_plan(replace(question, candidates=tuple(busy))).takes[1, PRESENTER] != 3


def test_volunteer_who_takes_no_parts_otherwise_gets_what_they_offered():
    members = [make_member(1, takes_parts=False), make_member(2)]
    places = [make_place(1), make_place(2, week=1)]

    answer = make_plan(make_question(members, places, offers=frozenset({(1, 2)})))

    assert answer.takes == {(1, PRESENTER): 2, (2, PRESENTER): 1}


def test_whoever_is_asked_stays_asked():
    members = [make_member(id) for id in range(1, 9)]
    places = [make_place(week, week=week) for week in range(4)]
    first = make_plan(make_question(members, places))

    again = make_plan(
        make_question(
            members,
            places,
            asked=first.takes,
            refusals=frozenset({(first.takes[2, PRESENTER], 2)}),
            interest={(id, week): 2 for id in (1, 2, 3) for week in range(4)},
        )
    )

    changed = {key for key, member in again.takes.items() if first.takes[key] != member}
    assert changed == {(2, PRESENTER)}


def test_longest_without_a_turn_comes_first():
    last = {1: date(2025, 3, 1), 2: date(2025, 2, 1), 3: date(2025, 4, 1)}
    members = [make_member(id, given={PRESENTER: 1}, last={PRESENTER: day}) for id, day in last.items()]

    answer = make_plan(make_question(members, [make_place(1), make_place(2, week=1)]))

    assert answer.takes == {(1, PRESENTER): 2, (2, PRESENTER): 1}


def test_interested_members_get_their_papers():
    members = [make_member(id) for id in (1, 2)]
    places = [make_place(1), make_place(2, week=1)]
    interest = {(1, 2): 2, (2, 2): 1}

    assert make_plan(make_question(members, places, interest=interest)).takes == {
        (1, PRESENTER): 2,
        (2, PRESENTER): 1,
    }


def test_senior_members_are_paired_with_others():
    members = [make_member(id, is_senior=id < 3) for id in (1, 2, 3, 4)]
    places = [make_place(item, part, week=item) for item in (1, 2) for part in (PRESENTER, DISCUSSANT)]

    answer = make_plan(make_question(members, places, mixes_seniority=True))

    for item in (1, 2):
        assert {answer.takes[item, part] < 3 for part in (PRESENTER, DISCUSSANT)} == {True, False}


def test_turns_of_one_member_do_not_follow_each_other():
    members = [make_member(id, given={PRESENTER: 1}) for id in (1, 2)]
    places = [make_place(week, week=week) for week in range(4)]

    answer = make_plan(make_question(members, places))

    row = [answer.takes[week, PRESENTER] for week in range(4)]
    assert row in ([1, 2, 1, 2], [2, 1, 2, 1])


def test_what_is_fixed_counts_as_burden_and_for_the_cap():
    members = [make_member(1, cap=1), make_member(2)]
    places = [make_place(1), make_place(2, week=1), make_place(3, week=2)]

    answer = make_plan(make_question(members, places, fixed={(1, PRESENTER): 1, (3, PRESENTER): None}))

    assert answer.takes == {(2, PRESENTER): 2}
    assert answer.burdens[1, PRESENTER].planned == 1

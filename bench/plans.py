"""How long a plan takes and how fair it comes out, by size; small ones are compared with all plans there are."""

from __future__ import annotations

import random
import time
from datetime import UTC, date, datetime, timedelta

from papers.scheduling import apart
from papers.scheduling.presenters import Candidate, Place, Question

from .all_plans import find_best, judge
from .report import Result

SINCE = date(2024, 5, 1)
FIRST = date(2025, 4, 30)
PRESENTER, DISCUSSANT = 1, 2
PARTS = (PRESENTER, DISCUSSANT)
SIZES = [(10, 5), (40, 10), (100, 20)]
MOST_SECONDS = 2.0
SMALL = 30  # questions of which all plans are tried


def measure_plans() -> list[Result]:
    """Solve as a worker does, in a process of its own, whose start is in the time."""
    results = []
    for members, sessions in SIZES:
        question = make_question(members, sessions, seed=1)
        seconds = []
        for _round in range(3):
            start = time.perf_counter()
            answer = apart.solve(question)
            seconds.append(time.perf_counter() - start)
        again = apart.solve(question)
        note = f"gap {answer.gaps[PRESENTER]} and {answer.gaps[DISCUSSANT]} turns, {len(answer.open)} places open"
        if again != answer:
            note += "; NOT THE SAME TWICE"
        name = f"a plan of {members} members × {sessions} sessions × 2 parts"
        bound = MOST_SECONDS if (members, sessions) == SIZES[-1] else None
        results.append(Result(name, min(seconds), "s", bound, note, {"rounds": len(seconds)}))
    return [*results, compare_with_all()]


def compare_with_all() -> Result:
    """Try all plans of small questions, which differ in everything that a question can say."""
    different, tried = 0, 0
    for seed in range(SMALL):
        question = make_question(2 + seed % 3, 1 + seed % 3, seed=seed)
        best, plans = find_best(question)
        answer = apart.solve(question)
        different += judge(question, answer.takes) != best or answer.takes not in plans
        tried += 1
    return Result(
        "plans that are not the best of all", float(different), bound=0.0, note=f"of {tried} questions"
    )


def make_question(members: int, sessions: int, *, seed: int, asked: float = 0.3) -> Question:
    """Make up a club with a year behind it: some away, some new, with caps, offers, votes, refusals and a pin."""
    dice = random.Random(seed)
    candidates = []
    for id in range(1, members + 1):
        joined = SINCE + timedelta(days=dice.choice([-900, -400, -100, 60, 200, 330]))
        is_new = joined > FIRST - timedelta(days=60)
        given = {part: 0 if is_new else dice.choice([0, 0, 1, 1, 2]) for part in PARTS}
        away = [
            FIRST + timedelta(days=dice.randrange(-200, 7 * sessions)) for _ in range(dice.choice([0, 1, 2]))
        ]
        candidates.append(
            Candidate(
                id=id,
                joined=joined,
                is_senior=dice.random() < 0.3,
                cap=dice.choice([None, None, 2, 3]),
                away=tuple((day, day + timedelta(days=dice.choice([2, 9, 20]))) for day in away),
                given=given,
                last={part: SINCE + timedelta(days=dice.randrange(360)) for part in PARTS if given[part]},
            )
        )
    places = [make_place(week + 1, part, week=week) for week in range(sessions) for part in PARTS]
    pairs = [(member.id, week + 1) for member in candidates for week in range(sessions)]

    def pick(share: float) -> list[tuple[int, int]]:
        return sorted(dice.sample(pairs, round(len(pairs) * share)))

    asked_for = {place.key: dice.choice(candidates).id for place in places if dice.random() < asked}
    return Question(
        since=SINCE,
        parts=PARTS,
        candidates=tuple(candidates),
        places=tuple(places),
        fixed=dict([asked_for.popitem()]) if len(asked_for) > 2 else {},
        asked=asked_for,
        offers=frozenset(pick(0.02 if len(pairs) > 50 else 0.2)),
        refusals=frozenset(pick(0.01 if len(pairs) > 50 else 0.1)),
        conflicts=frozenset(pick(0.005)),
        interest={pair: dice.choice([-1, 1, 1, 2]) for pair in pick(0.15)},
        mixes_seniority=True,
    )


def make_place(item: int, part: int = PRESENTER, *, week: int = 0, position: int = 1) -> Place:
    day = FIRST + timedelta(weeks=week)
    starts = datetime(day.year, day.month, day.day, 14, tzinfo=UTC)
    return Place(item, part, week + 1, starts, day, position, leads=part == PRESENTER)

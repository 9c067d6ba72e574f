"""Questions for a plan: by hand, and small ones for Hypothesis."""

from datetime import date, timedelta

from hypothesis import strategies as st

from bench.plans import FIRST, PARTS, SINCE, make_place
from papers.scheduling.presenters import Candidate, Question


def make_question(candidates, places, **more):
    return Question(
        since=more.pop("since", SINCE),
        parts=more.pop("parts", PARTS),
        candidates=tuple(candidates),
        places=tuple(places),
        **more,
    )


def make_member(id, **facts):
    return Candidate(id=id, joined=facts.pop("joined", date(2020, 1, 1)), **facts)


@st.composite
def small_questions(draw):
    """At most five members and six places, in sessions of one item or two."""
    number = st.integers
    members = [
        Candidate(
            id=id,
            joined=SINCE + timedelta(days=draw(number(-30, 420))),
            is_senior=draw(st.booleans()),
            takes_parts=draw(number(0, 5)) > 0,
            cap=draw(st.sampled_from([None, None, 0, 1, 2, 3])),
            away=tuple(
                (FIRST + timedelta(days=first), FIRST + timedelta(days=first + length))
                for first, length in draw(st.lists(st.tuples(number(-60, 21), number(0, 30)), max_size=2))
            ),
            given=(given := {part: draw(number(0, 3)) for part in PARTS}),
            last={part: SINCE + timedelta(days=draw(number(0, 9)) * 30) for part in PARTS if given[part]},
        )
        for id in range(1, draw(number(0, 5)) + 1)
    ]
    places, item = [], 0
    for week in range(draw(number(0, 4))):
        for position in range(1, draw(number(1, 2)) + 1):
            item += 1
            for part in draw(st.sampled_from([(1,), (1, 2), (1, 2)])):
                if len(places) < (6 if len(members) < 4 else 5):
                    places.append(make_place(item, part, week=week, position=position))
    pairs = [(member.id, item) for member in members for item in sorted({place.item for place in places})]
    some = st.sets(st.sampled_from(pairs), max_size=4) if pairs else st.just(set())
    keys = [place.key for place in places]
    fixed, asked = {}, {}
    for key in keys:
        fate = draw(number(0, 9))
        whose = draw(st.sampled_from([None, *(member.id for member in members)]))
        if fate == 0 and whose not in [fixed.get((key[0], part), 0) for part in PARTS]:
            fixed[key] = whose
        elif fate < 4 and whose is not None:
            asked[key] = whose
    return make_question(
        members,
        places,
        fixed=fixed,
        asked=asked,
        offers=frozenset(draw(some)),
        refusals=frozenset(draw(some)),
        conflicts=frozenset(draw(some)),
        interest={pair: draw(st.sampled_from([-1, 1, 2])) for pair in sorted(draw(some))},
        mixes_seniority=draw(st.booleans()),
    )

from dataclasses import replace
from datetime import date

import pytest

from bench.plans import PRESENTER, make_place
from papers.scheduling.presenters import Open, make_plan
from papers.scheduling.reasons import Why, explain, explain_of, find_reasons, say_gap, say_open

from .questions import make_member, make_question

PLAIN = Why(
    day=date(2025, 4, 30),
    since=date(2024, 5, 1),
    given=1,
    last=date(2025, 2, 12),
    joined=None,
    leads=True,
    offered=False,
    others_offered=False,
    interest=0,
    could=4,
    more_recent=3,
    is_next=True,
    less_burdened=0,
)


@pytest.mark.parametrize(
    ("facts", "part", "name", "sentence"),
    [
        (
            {"offered": True, "last": date(2025, 3, 3)},
            "presenter",
            "",
            "You volunteered; you last presented on 3 March.",
        ),
        ({"offered": True, "last": None}, "presenter", "", "You volunteered; it is your first talk."),
        ({"offered": True}, "presenter", "Mia", "Mia volunteered; last talk on 12 February."),
        (
            {"interest": 2, "leads": False, "last": date(2024, 3, 5)},
            "discussant",
            "",
            "You voted for it; you were last discussant on 5 March 2024.",
        ),
        (
            {},
            "presenter",
            "",
            "Nobody volunteered. Among those free that day, you come next: last talk on 12 February.",
        ),
        (
            {"others_offered": True},
            "presenter",
            "Mia",
            "Among those free that day, Mia comes next: last talk on 12 February.",
        ),
        (
            {"last": None, "given": 0, "joined": date(2025, 3, 20)},
            "presenter",
            "",
            "Nobody volunteered. First talk: joined on 20 March, so the load is counted from then.",
        ),
        (
            {"could": 1, "leads": False},
            "sceptic",
            "",
            "Nobody else is free that day; last turn as sceptic on 12 February.",
        ),
        (
            {"is_next": False, "leads": False, "interest": 1},
            "sceptic",
            "",
            "Among those free that day nobody has done less: once since May 2024; last turn as sceptic on 12 February. "
            "It has the tags of papers you voted for.",
        ),
        (
            {"is_next": False, "less_burdened": 1},
            "presenter",
            "",
            "Nobody volunteered. Last talk on 12 February. 3 of those free that day had a turn more recently.",
        ),
    ],
    ids=[
        "volunteer", "first talk", "volunteer, told to others", "voter", "next", "next, beside volunteers", "newcomer",
        "only one", "least", "neither next nor least",
    ],
)  # fmt: skip
def test_reason_is_told(facts, part, name, sentence):
    assert explain(replace(PLAIN, **facts), part, name=name) == sentence


@pytest.mark.parametrize("interest", [1, 2])
def test_others_learn_of_votes_only_where_these_are_by_name(interest):
    why = replace(PLAIN, interest=interest)
    assert "voted for" in explain_of(why, "presenter", name="Mia", tells_votes=True)
    assert explain_of(why, "presenter", name="Mia", tells_votes=False) == explain(
        PLAIN, "presenter", name="Mia"
    )


def test_reason_is_made_of_what_the_plan_knew():
    members = [
        make_member(1, given={PRESENTER: 1}, last={PRESENTER: date(2025, 2, 12)}),
        make_member(2, given={PRESENTER: 1}, last={PRESENTER: date(2025, 3, 12)}),
        make_member(3, given={PRESENTER: 1}, last={PRESENTER: date(2025, 4, 12)}),
    ]
    question = make_question(members, [make_place(1)])

    [why] = find_reasons(question, make_plan(question)).values()

    assert (why.is_next, why.could, why.more_recent, why.last) == (True, 3, 2, date(2025, 2, 12))
    assert Why.from_json(why.to_json()) == why


def test_open_places_and_gaps_have_a_sentence():
    assert {say_open(why, candidates=5) for why in Open} | {say_open(Open.TAKEN_UP, candidates=1)} != {""}
    assert len({say_open(why, candidates=5) for why in Open}) == len(Open)
    assert say_gap(0, "presenter") == "As presenter, everybody is asked equally often."
    assert say_gap(2, "presenter") == "As presenter, the most and the least asked are 2 turns apart."

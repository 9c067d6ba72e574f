"""Windows, the ranking and its reasons: pure ones without a database, the statement beside a count in Python."""

import random
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from papers import reading_list, voting
from papers.models import Entry, Session, Volunteer, Vote
from papers.reasons import explain, tell_later, write_points
from papers.voting import Closing, Ranked
from tests import factories

NOW = datetime(2025, 4, 25, 12, tzinfo=UTC)
WEEK = timedelta(weeks=1)
HOUR = timedelta(hours=1)


def closing(number, closes, *, series=None, is_open=True):
    return Closing(number, series, closes + 48 * HOUR, closes, is_open)


# Windows


def test_a_window_runs_from_the_lock_before_to_its_own():
    first, second = closing(1, NOW - WEEK), closing(2, NOW + WEEK)
    window = voting.find_window([first, second], second)
    assert (window.opens, window.closes, window.locks) == (NOW - WEEK, NOW + WEEK, (NOW - WEEK,))


def test_of_a_series_only_its_own_sessions_count():
    reading = [closing(n, NOW + n * WEEK, series=1) for n in (-2, -1, 0)]
    talks = [closing(10 + n, NOW + n * WEEK - 24 * HOUR, series=2) for n in (-2, -1, 0)]
    alone = closing(99, NOW - HOUR)
    everything = [*reading, *talks, alone]
    assert voting.find_window(everything, reading[-1]).locks == (NOW - 2 * WEEK, NOW - WEEK)
    # One without a series comes after whatever locked before it.
    assert voting.find_window(everything, alone).opens == NOW - 24 * HOUR
    assert len(voting.find_window(everything, alone).locks) == 5


def test_to_move_a_session_moves_its_window_and_the_one_after():
    def windows(moved):
        closings = [closing(1, NOW), closing(2, NOW + moved), closing(3, NOW + 3 * WEEK)]
        return [voting.find_window(closings, each) for each in closings[1:]]

    before, after = windows(WEEK), windows(2 * WEEK)
    assert [(each.opens - NOW, each.closes - NOW) for each in before] == [(0 * WEEK, WEEK), (WEEK, 3 * WEEK)]
    assert [(each.opens - NOW, each.closes - NOW) for each in after] == [
        (0 * WEEK, 2 * WEEK),
        (2 * WEEK, 3 * WEEK),
    ]


def test_two_that_lock_at_one_moment_have_one_window():
    closings = [closing(1, NOW - WEEK), closing(2, NOW), closing(3, NOW)]
    windows = [voting.find_window(closings, each) for each in closings[1:]]
    assert windows[0].locks == windows[1].locks == (NOW - WEEK,)


def test_the_coming_one_is_that_whose_votes_close_next():
    closings = [
        closing(1, NOW - WEEK, is_open=False),
        closing(2, NOW + 2 * WEEK),
        closing(3, NOW + WEEK),
        closing(4, NOW - HOUR),  # late to be locked, but its time is over
    ]
    window = voting.find_coming(closings, NOW)
    assert (window.closing.session, window.opens) == (3, NOW - HOUR)


@pytest.mark.parametrize("closings", [[], [closing(1, NOW - WEEK, is_open=False)]])
def test_with_no_session_to_come_the_window_stays_open(closings):
    window = voting.find_coming(closings, NOW)
    assert window.closes is None
    assert window.opens == (NOW - WEEK if closings else None)
    assert window.passed_since(NOW + 9 * WEEK) == 0


@pytest.mark.parametrize(
    ("cast", "passed"),
    [
        (NOW + WEEK, None),  # at the very lock: too late
        (NOW + WEEK - HOUR, 0),
        (NOW, 0),  # at the lock before: in this one
        (NOW - HOUR, 1),
        (NOW - WEEK, 1),
        (NOW - WEEK - HOUR, 2),
        (NOW - 99 * WEEK, 2),
    ],
)
def test_how_many_windows_a_vote_is_old(cast, passed):
    closings = [closing(1, NOW - WEEK), closing(2, NOW), closing(3, NOW + WEEK)]
    assert voting.find_window(closings, closings[-1]).passed_since(cast) == passed


@pytest.mark.parametrize(
    ("carry_over", "weights"),
    [
        (0, ["1", "0", "0", "0"]),
        (50, ["1", "0.5", "0.25", "0.125"]),
        (100, ["1", "1", "1", "1"]),
        (33, ["1", "0.33", "0.1089", "0.035937"]),
    ],
)
def test_what_a_vote_counts_window_by_window(carry_over, weights):
    assert voting.weigh(carry_over, 3) == [Decimal(each) for each in weights]


def test_halves_are_exact_over_thirty_windows_and_then_vanish():
    weights = voting.weigh(50, 200)
    assert weights[30] == Decimal(1) / 2**30
    assert weights[-1] == 0


def test_closed_is_the_next_session_that_takes_no_more_votes():
    locked, begun, later = closing(1, NOW - HOUR), closing(2, NOW - 49 * HOUR), closing(3, NOW + WEEK)
    assert voting.find_closed([begun, later], NOW) is None
    assert voting.find_closed([begun, locked, later], NOW) == locked


# The ranking


@pytest.fixture
def put(club, source):
    """Put a paper on the club's list with votes of the given values, cast one minute after the other."""

    def put(title, *values, at=NOW, offers=0, suggested=None):
        entry = reading_list.note(club, factories.make_paper(title, source=source))
        for number, value in enumerate(values):
            person = factories.make_user(club=club)
            cast(entry, person, value, at=at + number * timedelta(minutes=1))
        for _number in range(offers):
            reading_list.volunteer(entry, by=factories.make_user(club=club))
        if not Entry.objects.filter(pk=entry.pk, state="suggested").exists():
            reading_list.suggest(entry, by=factories.make_user(club=club))
        Entry.objects.filter(pk=entry.pk).update(suggested=suggested or at)
        return entry

    return put


def cast(entry, person, value, *, at):
    reading_list.cast_vote(entry, value=value, by=person)
    Vote.objects.filter(entry=entry, member=person).update(cast_at=at)


def titles(ranking):
    found = dict(Entry.objects.values_list("pk", "paper__title"))
    return [found[row.entry_id] for row in ranking.rows]


def reasons(ranking):
    return [ranking.explain(place) for place in range(1, len(ranking.rows) + 1)]


def make_locked(club, closes, **extra):
    return factories.make_session(
        club, closes + 48 * HOUR, state=Session.State.LOCKED, lock_at=closes, locked_at=closes, **extra
    )


@pytest.mark.django_db
def test_votes_of_this_window_count_whole_and_earlier_ones_less(club, put):
    make_locked(club, NOW - WEEK)
    make_locked(club, NOW - 2 * WEEK)
    factories.make_session(club, NOW + WEEK)
    put("Now", 1, 1, at=NOW - HOUR)
    put("A week ago", 1, 1, 1, at=NOW - WEEK - HOUR)
    put("Long ago", 1, 1, 1, 1, 1, -1, at=NOW - 20 * WEEK)
    ranking = voting.rank(club, now=NOW)
    assert titles(ranking) == ["Now", "A week ago", "Long ago"]
    assert [row.score for row in ranking.rows] == [2, Decimal("1.5"), 1]
    last = ranking.rows[-1]
    assert (last.promotions, last.carried_promotions, last.carried_demotions, last.carried) == (0, 5, 1, 1)


@pytest.mark.django_db
@pytest.mark.parametrize(("carry_over", "score"), [(0, 0), (50, Decimal("0.75")), (100, 3)])
def test_the_club_says_what_is_carried_over(club, put, carry_over, score):
    club.carry_over = carry_over
    make_locked(club, NOW - WEEK)
    make_locked(club, NOW - 2 * WEEK)
    entry = put("Old", 1, 1, 1, at=NOW - 3 * WEEK)
    [row] = voting.rank(club, now=NOW).rows
    assert (row.entry_id, row.score) == (entry.pk, score)
    assert (row.first_vote is None) == (carry_over == 0), "what does not count is not first either"


@pytest.mark.django_db
def test_a_vote_after_the_lock_counts_for_the_next_session(club, put):
    session = make_locked(club, NOW)
    after = factories.make_session(club, NOW + WEEK + 48 * HOUR)
    put("Before", 1, at=NOW - HOUR)
    put("At the lock", 1, at=NOW)
    ranking = voting.rank(club, session, now=NOW + HOUR)
    assert [(title, row.score) for title, row in zip(titles(ranking), ranking.rows, strict=True)] == [
        ("Before", 1),
        ("At the lock", 0),
    ]
    ranking = voting.rank(club, after, now=NOW + HOUR)
    assert [(title, row.score) for title, row in zip(titles(ranking), ranking.rows, strict=True)] == [
        ("At the lock", 1),
        ("Before", Decimal("0.5")),
    ]


@pytest.mark.django_db
def test_one_locked_early_takes_votes_until_then(club, put):
    session = factories.make_session(club, NOW + WEEK, state="locked", lock_at=NOW + 24 * HOUR, locked_at=NOW)
    put("Too late", 1, at=NOW + HOUR)
    assert voting.rank(club, session, now=NOW).rows[0].score == 0


@pytest.mark.django_db
def test_the_window_after_one_locked_early_begins_then(club, put):
    factories.make_session(club, NOW + 48 * HOUR, state="locked", lock_at=NOW + 24 * HOUR, locked_at=NOW)
    after = factories.make_session(club, NOW + WEEK + 48 * HOUR)
    put("Since then", 1, at=NOW + HOUR)
    assert voting.rank(club, after, now=NOW + HOUR).rows[0].score == 1
    assert voting.rank(club, now=NOW + HOUR).window.opens == NOW


@pytest.mark.django_db
def test_cancelled_sessions_and_drafts_end_no_window(club, put):
    factories.make_session(club, NOW, lock_at=NOW - WEEK, state="cancelled")
    factories.make_session(club, NOW, lock_at=NOW - WEEK, state="draft")
    put("Before", 1, at=NOW - 2 * WEEK)
    assert voting.rank(club, now=NOW).rows[0].score == 1
    make_locked(club, NOW - WEEK)
    assert voting.rank(club, now=NOW).rows[0].score == Decimal("0.5")


@pytest.mark.django_db
def test_only_what_is_suggested_stands_in_it(club, put, organiser):
    chosen, dropped, kept = put("Chosen", 1, 1), put("Dropped", 1), put("Kept", 1)
    reading_list.schedule(chosen, factories.make_session(club), by=organiser)
    reading_list.drop(dropped, by=organiser)
    assert [row.entry_id for row in voting.rank(club, now=NOW + HOUR).rows] == [kept.pk]


@pytest.mark.django_db
def test_ties_are_broken_in_the_order_that_the_module_says(club, put):
    put("Suggested later", suggested=NOW + HOUR)
    put("Suggested first", suggested=NOW)
    put("And noted later", suggested=NOW + HOUR)
    put("First vote later", 1, at=NOW + HOUR)
    put("First vote first", 1, 1, -1, at=NOW)
    put("Offered", 1, at=NOW + 2 * HOUR, offers=1)
    put("Highest", 1, 1, at=NOW + 9 * HOUR)
    put("Lowest", -1)
    ranking = voting.rank(club, now=NOW + WEEK)
    assert titles(ranking) == [
        *("Highest", "Offered", "First vote first", "First vote later"),
        *("Suggested first", "Suggested later", "And noted later", "Lowest"),
    ]
    assert reasons(ranking)[1:4] == [
        "Second: one vote for, none against.",
        "Third: level with the second on score, behind it because nobody has offered to present it.",
        "Fourth: level with the third; its first vote came an hour later.",
    ]


@pytest.mark.django_db
def test_five_hundred_tied_papers_have_one_order(club, source):
    papers = [factories.make_paper(source=source) for _ in range(3)]
    moment = NOW - HOUR
    entries = Entry.objects.bulk_create(
        Entry(club=club, paper=factories.make_paper(source=source), state="suggested", suggested=moment)
        for _ in range(500 - len(papers))
    )
    ranking = voting.rank(club, now=NOW)
    assert [row.entry_id for row in ranking.rows] == sorted(entry.pk for entry in entries)
    assert voting.rank(club, now=NOW) == ranking
    assert ranking.explain(1).startswith("No vote counts for it yet")
    club.threshold = 0
    ranking = voting.rank(club, now=NOW)
    assert len(ranking.eligible) == len(entries)
    assert (
        ranking.explain(1)
        == "First: level with the second in everything, ahead of it because it was noted earlier."
    )
    assert ranking.explain(200) == "Number 200: level with number 199 in everything; it was noted later."


@pytest.mark.django_db
def test_the_threshold_marks_who_is_eligible(club, put):
    club.threshold = 2
    put("Two", 1, 1)
    put("One", 1)
    put("None")
    ranking = voting.rank(club, now=NOW + HOUR)
    assert [ranking.is_eligible(row) for row in ranking.rows] == [True, False, False]
    assert len(ranking.eligible) == 1
    assert reasons(ranking)[1:] == [
        "Below the score of 2 that a paper needs: one vote for, none against.",
        "No vote counts for it yet; a paper needs a score of 2 to get on an agenda.",
    ]


@pytest.mark.django_db
def test_private_papers_can_be_left_out_and_the_others_close_up(club, put, member):
    put("Public", 1)
    private = factories.make_paper("Private", source=factories.make_source(club=club))
    for person in (member, factories.make_user(club=club)):
        reading_list.cast_vote(reading_list.note(club, private), value=1, by=person)
    later = datetime.now(UTC) + HOUR
    assert titles(voting.rank(club, now=later)) == ["Private", "Public"]
    ranking = voting.rank(club, now=later, with_private=False)
    assert (titles(ranking), ranking.explain(1)) == (
        ["Public"],
        "First: the only paper on the list, with one vote for, none against.",
    )


@pytest.mark.django_db
def test_it_is_one_statement(club, put, django_assert_num_queries):
    for number in range(5):
        put(f"Number {number}", 1, -1)
    factories.make_session(club, NOW + WEEK)
    closings = voting.load_closings(club)
    with django_assert_num_queries(1):
        voting.rank(club, now=NOW, closings=closings)
    with django_assert_num_queries(2):
        voting.rank(club, now=NOW)


def rank_by_hand(club, window):
    """The same in Python, vote by vote."""
    weights = voting.weigh(club.carry_over, len(window.locks))
    rows = []
    for entry in Entry.objects.filter(club=club, state="suggested"):
        score, first = Decimal(0), None
        for vote in entry.votes.all():
            passed = window.passed_since(vote.cast_at)
            if passed is None or not weights[passed]:
                continue
            score += vote.value * weights[passed]
            if vote.value > 0:
                first = min(first or vote.cast_at, vote.cast_at)
        has_offer = Volunteer.objects.filter(entry=entry).exists()
        rows.append(
            ((-score, not has_offer, first is None, first or NOW, entry.suggested, entry.pk), entry.pk, score)
        )
    return [(pk, score) for _key, pk, score in sorted(rows)]


@pytest.mark.django_db
@pytest.mark.parametrize("seed", range(4))
def test_it_is_what_counting_by_hand_gives(club, source, seed):
    chance = random.Random(seed)
    club.carry_over = chance.choice([0, 30, 50, 100])
    people = [factories.make_user(club=club) for _ in range(6)]
    for weeks in range(1, 6):
        make_locked(club, NOW - weeks * WEEK)
    factories.make_session(club, NOW + WEEK)
    for _number in range(25):
        entry = reading_list.note(club, factories.make_paper(source=source))
        reading_list.suggest(entry, by=people[0])
        for person in chance.sample(people, chance.randrange(6)):
            moment = NOW - chance.randrange(-200, 1200) * HOUR  # on the hour, so that locks are hit
            cast(entry, person, chance.choice([1, 1, -1]), at=moment)
        if chance.randrange(3) == 0:
            reading_list.volunteer(entry, by=people[1])
        Entry.objects.filter(pk=entry.pk).update(suggested=NOW - chance.randrange(3) * HOUR)
    ranking = voting.rank(club, now=NOW)
    assert [(row.entry_id, row.score) for row in ranking.rows] == rank_by_hand(club, ranking.window)


# Reasons


def row(score=1, **facts):
    given = {
        "promotions": 0,
        "demotions": 0,
        "carried_promotions": 0,
        "carried_demotions": 0,
        "carried": Decimal(0),
        "offers": 0,
        "first_vote": None,
        "suggested": NOW,
    }
    return Ranked(1, 1, Decimal(score), **(given | facts))


@pytest.mark.parametrize(
    ("place", "given", "above", "sentence"),
    [
        (1, row(7, offers=2), None, "First: the highest score, and two members offered to present it."),
        (1, row(7, offers=1), None, "First: the highest score, and a member offered to present it."),
        (1, row(7, promotions=7), None, "First: the highest score, seven votes for, none against."),
        (3, row(6, promotions=6), row(7), "Third: six votes for, none against."),
        (4, row(5, promotions=6, demotions=1), row(6), "Fourth: six votes for, one against."),
        (4, row(0, promotions=1, demotions=1), row(6), "Fourth: one vote for, one against."),
        (4, row(0, demotions=2), row(6), "Fourth: two votes against, none for."),
        (
            2,
            row(7),
            row(7, offers=1),
            "Second: level with the first on score, behind it because nobody has offered to present it.",
        ),
        (
            5,
            row(5, first_vote=NOW + 25 * HOUR),
            row(5, first_vote=NOW),
            "Fifth: level with the fourth; its first vote came a day later.",
        ),
        (
            12,
            row(1),
            row(1, first_vote=NOW),
            "Number 12: level with number 11 on score, behind it because nobody promoted it.",
        ),
        (
            3,
            row(1, suggested=NOW + 2 * HOUR),
            row(1),
            "Third: level with the second; it was suggested two hours later.",
        ),
        (
            2,
            row("2.5", promotions=2, carried_promotions=1, carried=Decimal("0.5")),
            row(3),
            "Second: two votes for, none against since the last lock; one from before counts 0.5.",
        ),
        (
            2,
            row("0.75", carried_promotions=4, carried_demotions=1, carried=Decimal("0.75")),
            row(3),
            "Second: no new votes; five from before the last lock count 0.75.",
        ),
    ],
)
def test_a_reason_in_one_sentence(place, given, above, sentence):
    below = row(0) if place == 1 else None
    assert explain(given, place, above, below, threshold=0) == sentence


@pytest.mark.parametrize(
    ("given", "below", "reason"),
    [
        (row(2, offers=1), row(2), "somebody offered to present it"),
        (row(2, first_vote=NOW), row(2, first_vote=NOW + HOUR), "its first vote came earlier"),
        (row(2), row(2, suggested=NOW + HOUR), "it was suggested earlier"),
    ],
)
def test_the_first_tells_why_it_is_ahead_of_one_that_is_level(given, below, reason):
    sentence = explain(given, 1, None, below, threshold=0)
    assert sentence == f"First: level with the second on score, ahead of it because {reason}."


@pytest.mark.parametrize(
    ("score", "text"),
    [("7", "7"), ("-1", "−1"), ("2.5", "2.5"), ("0.125", "0.12"), ("-0.001", "0"), ("10", "10")],
)
def test_scores_as_people_write_them(score, text):
    assert write_points(Decimal(score)) == text


@pytest.mark.parametrize(
    ("gap", "text"),
    [
        (timedelta(seconds=3), "a moment later"),
        (timedelta(minutes=1), "a minute later"),
        (timedelta(hours=2, minutes=59), "two hours later"),
        (timedelta(days=1, hours=23), "a day later"),
        (timedelta(days=40), "40 days later"),
    ],
)
def test_how_much_later(gap, text):
    assert tell_later(gap) == text


# Fresh eyes


def test_fresh_eyes_shuffle_what_is_unseen_for_each_member_and_day():
    numbers, seen = list(range(60)), set(range(0, 60, 3))

    def order(member=1, day=date(2025, 4, 25)):
        return voting.order_fresh(numbers, lambda each: each, seen=seen, member=member, day=day)

    assert order() == order()
    assert sorted(order()) == numbers
    assert order()[40:] == sorted(seen), "what was seen comes last, as it was"
    assert len({tuple(order(member)) for member in range(5)}) == 5
    assert order() != order(day=date(2025, 4, 26))


def test_in_fresh_eyes_no_place_favours_a_paper():
    firsts = [
        voting.order_fresh(range(4), lambda each: each, seen=(), member=member, day=NOW.date())[0]
        for member in range(400)
    ]
    assert all(70 < firsts.count(number) < 130 for number in range(4))

"""What a club may set: a budget of votes, totals secret until the lock. Threads are real."""

from datetime import UTC, datetime, timedelta

import pytest

from papers import reading_list, voting
from papers.models import Entry, Paper, Tombstone, Vote
from papers.reading_list import BudgetSpent
from papers.trending import compute_heat
from tests import factories

from .test_reading_list import run_together

pytestmark = pytest.mark.django_db

NOW = datetime.now(UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def entries(club, source):
    return [reading_list.note(club, factories.make_paper(source=source)) for _ in range(5)]


def set_rule(club, **rules):
    type(club).objects.filter(pk=club.pk).update(**rules)
    club.refresh_from_db()


def left(club, member):
    budget = voting.load_budget(club, member, now=datetime.now(UTC))
    return budget and budget.left


def make_locked(club, closes):
    return factories.make_session(club, closes + 48 * HOUR, state="locked", lock_at=closes, locked_at=closes)


# The budget


def test_without_a_budget_there_is_no_limit(club, member, entries):
    for entry in entries:
        reading_list.cast_vote(entry, value=1, by=member)
    assert left(club, member) is None


def test_votes_for_and_against_are_counted_and_the_next_is_refused(club, member, organiser, entries):
    set_rule(club, vote_budget=2)
    for entry, value in zip(entries[:2], (1, -1), strict=True):
        reading_list.cast_vote(entry, value=value, by=member)
    assert left(club, member) == 0
    with pytest.raises(
        BudgetSpent, match=r"All your 2 votes are spent. Take one back to vote for this paper\."
    ):
        reading_list.cast_vote(entries[2], value=1, by=member)
    assert Vote.objects.filter(member=member).count() == 2
    assert Entry.objects.get(pk=entries[2].pk).promotions == 0
    assert left(club, organiser) == 2


def test_the_refusal_says_when_there_are_new_ones(club, member, entries):
    set_rule(club, vote_budget=1, time_zone="Europe/Berlin")
    factories.make_session(club, datetime(2099, 4, 29, 16, tzinfo=UTC), lock_hours=24)
    reading_list.cast_vote(entries[0], value=1, by=member)
    with pytest.raises(
        BudgetSpent, match=r"Your one vote is spent.*until votes close on Tuesday 28 April, 18:00"
    ):
        reading_list.cast_vote(entries[1], value=1, by=member)


def test_taking_back_gives_back_and_changing_costs_nothing(club, member, entries):
    set_rule(club, vote_budget=1)
    reading_list.cast_vote(entries[0], value=1, by=member)
    reading_list.cast_vote(entries[0], value=-1, by=member)
    reading_list.cast_vote(entries[0], value=-1, by=member)
    assert left(club, member) == 0
    reading_list.withdraw_vote(entries[0], by=member)
    assert left(club, member) == 1
    reading_list.cast_vote(entries[1], value=1, by=member)


def test_each_window_has_its_own(club, member, entries):
    set_rule(club, vote_budget=1)
    reading_list.cast_vote(entries[0], value=1, by=member)
    Vote.objects.update(cast_at=NOW - 48 * HOUR)
    make_locked(club, NOW - 24 * HOUR)
    assert left(club, member) == 1
    reading_list.cast_vote(entries[1], value=1, by=member)
    # To change an old vote is to vote in this window.
    with pytest.raises(BudgetSpent):
        reading_list.cast_vote(entries[0], value=-1, by=member)


def test_a_lower_budget_takes_no_vote_away_and_lets_them_be_changed(club, member, entries):
    for entry in entries[:3]:
        reading_list.cast_vote(entry, value=1, by=member)
    set_rule(club, vote_budget=1)
    assert left(club, member) == 0
    reading_list.cast_vote(entries[0], value=-1, by=member)


def test_votes_on_chosen_papers_do_not_count(club, member, entries):
    set_rule(club, vote_budget=1)
    session = factories.make_session(club)
    reading_list.cast_vote(entries[0], value=1, by=member)
    reading_list.schedule(entries[0], session)
    assert left(club, member) == 1
    reading_list.cast_vote(entries[1], value=1, by=member)
    reading_list.schedule(entries[2], session)
    reading_list.cast_vote(entries[2], value=1, by=member)
    assert left(club, member) == 0


def test_a_refused_vote_on_a_paper_makes_no_entry(club, member, source, entries):
    set_rule(club, vote_budget=1)
    reading_list.cast_vote(entries[0], value=1, by=member)
    paper = factories.make_paper(source=source)
    with pytest.raises(BudgetSpent):
        reading_list.vote_on_paper(club, paper, value=1, by=member)
    assert not Entry.objects.filter(paper=paper).exists()


@pytest.mark.django_db(transaction=True)
def test_votes_at_one_moment_keep_the_budget(club, member, source):
    set_rule(club, vote_budget=3)
    entries = [reading_list.note(club, factories.make_paper(source=source)) for _ in range(6)]

    def vote(entry):
        try:
            reading_list.cast_vote(entry, value=1, by=member)
        except BudgetSpent:
            return 0
        return 1

    done = run_together(*[lambda entry=entry: vote(entry) for entry in entries])
    assert sum(done) == Vote.objects.filter(member=member).count() == 3


# Secret totals


@pytest.fixture
def secret(club):
    set_rule(club, hides_totals=True)
    return factories.make_session(club, NOW + 72 * HOUR, lock_hours=48)


def shown(entry):
    entry.refresh_from_db()
    return entry.shown_promotions, entry.shown_demotions


def lock(session, now):
    session.state, session.locked_at = "locked", now
    session.save()
    return reading_list.reveal(session, now=now)


def test_totals_are_shown_only_from_the_lock_on(club, secret, entries, member, organiser):
    entry = entries[0]
    reading_list.cast_vote(entry, value=1, by=member)
    reading_list.cast_vote(entry, value=-1, by=organiser)
    entry.refresh_from_db()
    assert (entry.promotions, entry.demotions) == (1, 1)
    assert shown(entry) == (0, 0)
    assert lock(secret, NOW + 24 * HOUR) == [entry]
    assert shown(entry) == (1, 1)
    assert lock(secret, NOW + 24 * HOUR) == []


def test_a_secret_vote_stamps_itself_and_not_its_entry(club, secret, entries, member, organiser):
    entry = reading_list.cast_vote(entries[0], value=1, by=member)  # on the list, which everybody may know
    club.refresh_from_db()
    assert entry.version == club.version
    reading_list.cast_vote(entries[0], value=1, by=organiser)
    entry.refresh_from_db()
    vote = Vote.objects.get(member=organiser)
    club.refresh_from_db()
    assert vote.version == club.version > entry.version
    reading_list.withdraw_vote(entry, by=organiser)
    entry.refresh_from_db()
    assert entry.version < Tombstone.objects.get().version


def test_the_lock_stamps_what_it_reveals(club, secret, entries, member, organiser):
    for person in (member, organiser):
        reading_list.cast_vote(entries[0], value=1, by=person)
    club.refresh_from_db()
    before = club.version
    lock(secret, NOW + 24 * HOUR)
    club.refresh_from_db()
    assert club.version == before + 1
    assert {Entry.objects.get(pk=entries[0].pk).version} | set(
        Vote.objects.values_list("version", flat=True)
    ) == {club.version}
    assert Entry.objects.get(pk=entries[1].pk).version < club.version


def test_votes_after_the_lock_stay_secret(club, secret, entries, member, organiser):
    reading_list.cast_vote(entries[0], value=1, by=member)
    Vote.objects.update(cast_at=secret.lock_at)
    lock(secret, secret.lock_at + HOUR)
    assert shown(entries[0]) == (0, 0)
    assert not Vote.objects.get().is_revealed


def test_what_was_revealed_stays_as_it_was_until_the_next_lock(club, secret, entries, member, organiser):
    for person in (member, organiser):
        reading_list.cast_vote(entries[0], value=1, by=person)
    lock(secret, NOW + 24 * HOUR)
    reading_list.withdraw_vote(entries[0], by=member)
    assert shown(entries[0]) == (2, 0)
    after = factories.make_session(club, NOW + 168 * HOUR)
    lock(after, NOW + 100 * HOUR)
    assert shown(entries[0]) == (1, 0)


def test_heat_does_not_tell_of_secret_votes(club, secret, entries, member):
    before = reading_list.note(club, entries[0].paper).heat
    reading_list.cast_vote(entries[0], value=1, by=member)
    assert Entry.objects.get(pk=entries[0].pk).heat == before
    lock(secret, NOW + 24 * HOUR)
    assert Entry.objects.get(pk=entries[0].pk).heat == pytest.approx(
        compute_heat(1, Paper.objects.get(pk=entries[0].paper_id).created.date())
    )


def test_in_other_clubs_everything_is_shown_at_once(club, entries, member):
    reading_list.cast_vote(entries[0], value=1, by=member)
    assert shown(entries[0]) == (1, 0)
    assert lock(factories.make_session(club), NOW) == []


def test_the_ranking_counts_secret_votes(club, secret, entries, member):
    reading_list.cast_vote(entries[0], value=1, by=member)
    [row] = voting.rank(club, secret, now=NOW).rows
    assert row.score == 1

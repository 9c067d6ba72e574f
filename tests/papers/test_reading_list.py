"""What a club does with papers. Threads are real, and so is the database they meet in."""

import math
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from papers import catalogue, reading_list
from papers.models import Entry, ListingVisit, Skip, Tag, Tagging, Volunteer, Vote
from papers.trending import compute_heat
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def paper(source):
    return factories.make_paper(source=source, listed=date(2025, 4, 25))


@pytest.fixture
def entry(club, paper):
    return reading_list.note(club, paper)


def run_together(*acts):
    """Run every act in a thread of its own, all let go at once; raise what one of them raised."""
    gate = threading.Barrier(len(acts))

    def run(act):
        try:
            connection.ensure_connection()
            gate.wait(timeout=20)
            return act()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        runs = [pool.submit(run, act) for act in acts]
        return [each.result(timeout=60) for each in runs]


def tally(entry):
    """The votes as they are, and the totals the entry says it has."""
    entry.refresh_from_db()
    values = list(Vote.objects.filter(entry=entry).values_list("value", flat=True))
    return (values.count(1), values.count(-1)), (entry.promotions, entry.demotions)


# Noting


def test_note_makes_one_entry_and_stamps_it(club, paper):
    entry = reading_list.note(club, paper)
    assert reading_list.note(club, paper) == entry
    club.refresh_from_db()
    assert entry.state == Entry.State.NOTED
    assert entry.version == club.version == 1
    assert Entry.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_who_note_at_once_get_the_same_entry(club, source):
    for paper in [factories.make_paper(source=source) for _ in range(5)]:
        entries = run_together(*[lambda paper=paper: reading_list.note(club, paper)] * 4)
        assert len({entry.pk for entry in entries}) == 1
        assert Entry.objects.filter(club=club, paper=paper).count() == 1


def test_noting_keeps_the_heat_of_the_paper(club, paper):
    assert reading_list.note(club, paper).heat == pytest.approx(compute_heat(0, date(2025, 4, 25)))


def test_each_club_has_an_entry_of_its_own(club, other_club, paper):
    assert reading_list.note(club, paper).pk != reading_list.note(other_club, paper).pk


# Voting


def test_the_other_vote_replaces_the_first(entry, member):
    for value, totals in [(1, (1, 0)), (-1, (0, 1)), (-1, (0, 1)), (1, (1, 0))]:
        reading_list.cast_vote(entry, value=value, by=member)
        assert tally(entry) == (totals, totals)


@pytest.mark.parametrize("value", [0, 2, -2, None, "1", True + 1])
def test_a_vote_is_one_up_or_one_down(entry, member, value):
    with pytest.raises(ValueError, match="1 or -1"):
        reading_list.cast_vote(entry, value=value, by=member)
    assert tally(entry) == ((0, 0), (0, 0))


def test_withdrawing_without_a_vote_changes_nothing(entry, member, club):
    club.refresh_from_db()
    before = club.version
    reading_list.withdraw_vote(entry, by=member)
    reading_list.withdraw_offer(entry, by=member)
    club.refresh_from_db()
    assert club.version == before


def test_the_score_is_promotions_less_demotions(entry, club, member, organiser, owner):
    for person, value in [(member, 1), (organiser, 1), (owner, -1)]:
        entry = reading_list.cast_vote(entry, value=value, by=person)
    assert (entry.promotions, entry.demotions, entry.score) == (2, 1, 1)
    assert reading_list.withdraw_vote(entry, by=owner).score == 2


@pytest.mark.django_db(transaction=True)
def test_many_members_at_once_are_all_counted(club, source):
    entry = reading_list.note(club, factories.make_paper(source=source))
    people = [factories.make_user(club=club) for _ in range(12)]
    run_together(
        *[
            lambda person=person, value=1 if number % 3 else -1: reading_list.cast_vote(
                entry, value=value, by=person
            )
            for number, person in enumerate(people)
        ]
    )
    assert tally(entry) == ((8, 4), (8, 4))


@pytest.mark.django_db(transaction=True)
def test_totals_equal_the_votes_whatever_happens_at_once(club, source):
    entry = reading_list.note(club, factories.make_paper(source=source))
    people = [factories.make_user(club=club) for _ in range(6)]

    def change_mind(person, start):
        for step in range(start, start + 6):
            match step % 4:
                case 0 | 3:
                    reading_list.cast_vote(entry, value=1, by=person)
                case 1:
                    reading_list.cast_vote(entry, value=-1, by=person)
                case _:
                    reading_list.withdraw_vote(entry, by=person)

    # Each person twice: two devices at once.
    run_together(
        *[
            lambda person=person, start=start: change_mind(person, start)
            for start, person in enumerate([*people, *people])
        ]
    )
    votes, totals = tally(entry)
    assert votes == totals
    assert Vote.objects.filter(entry=entry).values("member").distinct().count() == sum(votes)


@pytest.mark.django_db(transaction=True)
def test_one_member_in_many_windows_has_one_vote(
    club,
    source,
):
    entry = reading_list.note(club, factories.make_paper(source=source))
    person = factories.make_user(club=club)
    run_together(
        *[lambda value=value: reading_list.cast_vote(entry, value=value, by=person) for value in [1, -1] * 4]
    )
    votes, totals = tally(entry)
    assert votes == totals and sum(votes) == 1


@pytest.mark.django_db(transaction=True)
def test_acts_of_all_kinds_on_two_entries_never_wait_for_each_other_for_ever(club, source):
    entries = [reading_list.note(club, factories.make_paper(source=source)) for _ in range(2)]
    people = [factories.make_user(club=club) for _ in range(4)]

    def act(person, order):
        for entry in order * 3:
            reading_list.cast_vote(entry, value=1, by=person)
            reading_list.volunteer(entry, by=person)
            reading_list.tag(entry, name="shared", by=person)
            reading_list.suggest(entry, by=person)
            reading_list.withdraw_offer(entry, by=person)
            reading_list.withdraw_vote(entry, by=person)

    run_together(
        *[lambda person=person, order=order: act(person, order)
          for person, order in zip(people, [entries, entries[::-1]] * 2, strict=True)]
    )  # fmt: skip
    for entry in entries:
        assert tally(entry) == ((0, 0), (0, 0))
        assert entry.taggings.count() == 1


@pytest.mark.django_db(transaction=True)
def test_first_votes_of_two_members_on_a_paper_without_entry_both_count(club, source):
    people = [factories.make_user(club=club) for _ in range(4)]
    paper = factories.make_paper(source=source)
    run_together(
        *[
            lambda person=person: reading_list.cast_vote(reading_list.note(club, paper), value=1, by=person)
            for person in people
        ]
    )
    assert tally(Entry.objects.get(paper=paper)) == ((4, 0), (4, 0))


def test_voting_takes_a_skip_back(club, paper, entry, member, organiser):
    for person in (member, organiser):
        reading_list.skip(club, paper, by=person)
    reading_list.cast_vote(entry, value=-1, by=member)
    assert list(Skip.objects.values_list("member", flat=True)) == [organiser.pk]


# States


def test_a_promotion_suggests_and_its_withdrawal_takes_that_back(entry, member):
    entry = reading_list.cast_vote(entry, value=1, by=member)
    assert entry.state == Entry.State.SUGGESTED and entry.suggested is not None
    entry = reading_list.withdraw_vote(entry, by=member)
    assert entry.state == Entry.State.NOTED and entry.suggested is None


def test_a_demotion_suggests_nothing(entry, member):
    assert reading_list.cast_vote(entry, value=-1, by=member).state == Entry.State.NOTED


def test_a_changed_vote_takes_the_suggestion_back(entry, member):
    reading_list.cast_vote(entry, value=1, by=member)
    assert reading_list.cast_vote(entry, value=-1, by=member).state == Entry.State.NOTED


def test_an_offer_to_present_suggests_as_well(entry, member, organiser):
    assert reading_list.volunteer(entry, by=member).state == Entry.State.SUGGESTED
    reading_list.cast_vote(entry, value=1, by=organiser)
    assert reading_list.withdraw_offer(entry, by=member).state == Entry.State.SUGGESTED
    assert reading_list.withdraw_vote(entry, by=organiser).state == Entry.State.NOTED


def test_what_somebody_suggested_stays_without_votes(entry, member, organiser):
    reading_list.suggest(entry, by=organiser)
    reading_list.cast_vote(entry, value=1, by=member)
    entry = reading_list.withdraw_vote(entry, by=member)
    assert (entry.state, entry.suggested_by) == (Entry.State.SUGGESTED, organiser)


def test_suggesting_again_changes_nothing(entry, club, member, organiser):
    first = reading_list.suggest(entry, by=organiser)
    again = reading_list.suggest(entry, by=member)
    assert (again.suggested_by, again.suggested, again.version) == (organiser, first.suggested, first.version)


def test_a_dropped_entry_comes_back_by_a_new_promotion_only(entry, member, organiser, owner):
    reading_list.cast_vote(entry, value=1, by=member)
    reading_list.drop(entry, by=organiser)
    for act in [
        lambda: reading_list.cast_vote(entry, value=1, by=member),  # the same vote again
        lambda: reading_list.cast_vote(entry, value=-1, by=owner),
        lambda: reading_list.withdraw_vote(entry, by=owner),
        lambda: reading_list.volunteer(entry, by=owner),
        lambda: reading_list.withdraw_vote(entry, by=member),
    ]:
        act()
        entry.refresh_from_db()
        assert entry.state == Entry.State.DROPPED
    assert reading_list.cast_vote(entry, value=1, by=owner).state == Entry.State.SUGGESTED


@pytest.mark.parametrize("state", [Entry.State.SCHEDULED, Entry.State.DISCUSSED])
def test_votes_do_not_move_what_is_scheduled_or_discussed(entry, member, state):
    Entry.objects.filter(pk=entry.pk).update(state=state)
    assert reading_list.cast_vote(entry, value=1, by=member).state == state
    assert reading_list.withdraw_vote(entry, by=member).state == state


# Tags


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("offline rl", "offline-rl"),
        ("  #offline-rl ", "offline-rl"),
        ("a,b", "a-b"),
        ("new\nline", "new-line"),
        ("-x-", "x"),
        ("Größe", "Größe"),
        ("強化学習", "強化学習"),
        ("x" * 50, "x" * 50),
    ],
)
def test_tags_are_kept_on_one_line_with_hyphens(typed, kept):
    assert reading_list.clean_tag(typed) == kept


@pytest.mark.parametrize(
    "typed",
    ["", "  ", "#", "-", ",", "a\0b", "\ud800", "\u202eabc", "\x07", "x" * 51],
    ids=["empty", "blank", "hash", "hyphen", "comma", "null", "surrogate", "override", "bell", "long"],
)
def test_what_is_no_tag_is_refused(entry, member, typed):
    with pytest.raises(reading_list.BadTag):
        reading_list.tag(entry, name=typed, by=member)
    assert not Tag.objects.exists()


def test_a_tag_keeps_the_spelling_the_club_used_first(club, source, member, organiser):
    for name in ("RLHF", "rlhf", "Rlhf"):
        entry = reading_list.note(club, factories.make_paper(source=source))
        reading_list.tag(entry, name=name, by=member)
        reading_list.tag(entry, name=name.swapcase(), by=organiser)
        assert [tagging.tag.name for tagging in entry.taggings.all()] == ["RLHF"]
    assert Tag.objects.count() == 1


@pytest.mark.parametrize(
    ("first", "second"),
    [("k", "\N{KELVIN SIGN}"), ("i", "\N{LATIN CAPITAL LETTER I WITH DOT ABOVE}"), ("ß", "ẞ")],
    ids=["kelvin", "dotted i", "sharp s"],
)
def test_letters_whose_cases_do_not_match_up_make_no_trouble(club, source, member, first, second):
    """Lower and upper case are no mirror images: the unique index goes by one, and so must the search."""
    for name in (first, second, first):
        entry = reading_list.note(club, factories.make_paper(source=source))
        reading_list.tag(entry, name=name, by=member)
        assert entry.taggings.count() == 1
        reading_list.untag(entry, name=name, by=member)
        assert entry.taggings.count() == 0
        reading_list.tag(entry, name=name, by=member)


def test_clubs_do_not_share_their_tags(club, other_club, paper, member, outsider):
    ours, theirs = reading_list.note(club, paper), reading_list.note(other_club, paper)
    reading_list.tag(ours, name="Ours", by=member)
    reading_list.tag(theirs, name="ours", by=outsider)
    assert [tagging.tag.name for tagging in theirs.taggings.all()] == ["ours"]


def test_the_31st_tag_is_refused(entry, member):
    for number in range(reading_list.TAGS_AN_ENTRY):
        reading_list.tag(entry, name=f"tag-{number}", by=member)
    assert entry.taggings.count() == 30
    with pytest.raises(reading_list.BadTag, match="30 tags"):
        reading_list.tag(entry, name="one-more", by=member)
    assert not Tag.objects.filter(name="one-more").exists()
    reading_list.tag(entry, name="TAG-7", by=member)  # has it already: changes nothing
    reading_list.untag(entry, name="tag-7", by=member)
    reading_list.tag(entry, name="one-more", by=member)
    assert entry.taggings.count() == 30


@pytest.mark.django_db(transaction=True)
def test_no_race_gets_past_the_thirtieth_tag(club, source):
    entry, person = (
        reading_list.note(club, factories.make_paper(source=source)),
        factories.make_user(club=club),
    )
    for number in range(28):
        reading_list.tag(entry, name=f"tag-{number}", by=person)

    def try_tag(name):
        try:
            reading_list.tag(entry, name=name, by=person)
        except reading_list.BadTag:
            return False
        return True

    added = run_together(*[lambda name=f"new-{number}": try_tag(name) for number in range(6)])
    assert sum(added) == 2 and entry.taggings.count() == 30


def test_a_tag_nothing_carries_is_forgotten(club, source, member):
    one, two = (reading_list.note(club, factories.make_paper(source=source)) for _ in range(2))
    for entry in (one, two):
        reading_list.tag(entry, name="Shared", by=member)
    reading_list.untag(one, name="shared", by=member)
    assert Tag.objects.filter(club=club).count() == 1
    reading_list.untag(two, name="SHARED", by=member)
    assert not Tag.objects.exists()
    reading_list.tag(one, name="shared", by=member)
    assert Tag.objects.get().name == "shared"


@pytest.mark.parametrize(
    "name", ["", "never", "a\0b", "\ud800"], ids=["empty", "unknown", "null", "surrogate"]
)
def test_taking_off_what_is_not_there_changes_nothing(entry, member, name):
    reading_list.tag(entry, name="there", by=member)
    before = reading_list.note(entry.club, entry.paper).version
    reading_list.untag(entry, name=name, by=member)
    entry.refresh_from_db()
    assert entry.version == before and entry.taggings.count() == 1


@pytest.mark.django_db(transaction=True)
def test_the_last_tag_comes_off_while_another_entry_gets_it(club, source):
    """Whoever comes first, nobody fails, and what is tagged in the end has its tag."""
    one, two = (reading_list.note(club, factories.make_paper(source=source)) for _ in range(2))
    person = factories.make_user(club=club)
    for _ in range(12):
        reading_list.tag(one, name="shared", by=person)
        run_together(
            lambda: reading_list.untag(one, name="shared", by=person),
            lambda: reading_list.tag(two, name="shared", by=person),
        )
        assert one.taggings.count() == 0
        assert [tagging.tag.name for tagging in two.taggings.select_related("tag")] == ["shared"]
        reading_list.untag(two, name="shared", by=person)


@pytest.mark.django_db(transaction=True)
def test_two_who_invent_the_same_tag_at_once_share_it(club, source):
    entries = [reading_list.note(club, factories.make_paper(source=source)) for _ in range(4)]
    person = factories.make_user(club=club)
    run_together(*[lambda entry=entry: reading_list.tag(entry, name="fresh", by=person) for entry in entries])
    assert Tag.objects.count() == 1 and Tagging.objects.count() == 4


# Skips and offers


def test_skipping_makes_no_entry_and_stamps_nothing(club, paper, member):
    for _ in range(2):
        reading_list.skip(club, paper, by=member)
    club.refresh_from_db()
    assert not Entry.objects.exists() and club.version == 0
    reading_list.bring_back(club, paper, by=member)
    assert not Skip.objects.exists()


def test_offering_twice_is_one_offer(entry, member):
    for _ in range(2):
        reading_list.volunteer(entry, by=member)
    assert Volunteer.objects.count() == 1


# Visits


NOON = datetime(2025, 4, 25, 12, 0, tzinfo=UTC)
DAY = date(2025, 4, 25)


def visit(club, member, at):
    return reading_list.visit_listing(club, DAY, by=member, now=at)


def test_on_the_first_visit_nothing_is_new(club, member):
    assert visit(club, member, NOON) == reading_list.Visit(None, None)


def test_new_is_what_came_since_the_visit_before(club, member):
    visit(club, member, NOON)
    evening = NOON + timedelta(hours=6)
    assert visit(club, member, evening).new_since == NOON
    assert visit(club, member, evening + timedelta(hours=1)).new_since == evening


def test_pages_within_half_an_hour_are_one_visit(club, member):
    visit(club, member, NOON)
    assert visit(club, member, NOON + timedelta(minutes=29)).new_since is None
    assert visit(club, member, NOON + timedelta(minutes=30)).new_since is None
    assert visit(club, member, NOON + timedelta(minutes=30, seconds=1)).new_since == NOON
    # and on: the same answer for the rest of that visit
    assert visit(club, member, NOON + timedelta(minutes=55)).new_since == NOON


def test_the_same_visit_is_not_written_again(club, member):
    def last_touched_by():
        with connection.cursor() as cursor:
            cursor.execute("SELECT xmin::text, xmax::text FROM papers_listingvisit")
            return cursor.fetchall()

    visit(club, member, NOON)
    before = last_touched_by()
    visit(club, member, NOON + timedelta(minutes=29))
    assert last_touched_by() == before  # xmax would tell even of a lock


def test_visits_are_each_members_each_clubs_and_each_days(club, other_club, member, organiser):
    visit(club, member, NOON)
    later = NOON + timedelta(days=1)
    assert visit(club, organiser, later).new_since is None
    assert visit(other_club, member, later).new_since is None
    assert reading_list.visit_listing(club, date(2025, 4, 24), by=member, now=later).new_since is None
    assert visit(club, member, later).new_since == NOON


@pytest.mark.django_db(transaction=True)
def test_two_windows_opened_at_once_are_one_visit(club, source):
    person = factories.make_user(club=club)
    run_together(*[lambda: visit(club, person, NOON)] * 4)
    seen = run_together(*[lambda: visit(club, person, NOON + timedelta(hours=2))] * 4)
    assert ListingVisit.objects.count() == 1
    assert {each.new_since for each in seen} == {NOON}


def test_where_reading_stopped_is_told_at_the_next_visit(club, paper, member, organiser):
    reading_list.stop_at(club, DAY, paper, by=member)  # never opened: nothing to keep it in
    assert not ListingVisit.objects.exists()
    visit(club, member, NOON)
    visit(club, organiser, NOON)
    reading_list.stop_at(club, DAY, paper, by=member)
    assert visit(club, member, NOON + timedelta(minutes=5)).stopped_at == paper.pk
    assert visit(club, member, NOON + timedelta(days=1)).stopped_at == paper.pk
    assert visit(club, organiser, NOON + timedelta(days=1)).stopped_at is None


# Heat


def test_heat_of_an_entry_counts_the_clubs_votes_and_the_sources(club, source, member, organiser):
    record = factories.make_record(key="hot", upvotes=6)
    [outcome] = catalogue.add_records(source, [record], listed=DAY)
    paper = factories.Paper.objects.get(pk=outcome.paper_id)
    entry = reading_list.note(club, paper)
    assert entry.heat == pytest.approx(paper.heat) == pytest.approx(compute_heat(6, DAY))
    reading_list.cast_vote(entry, value=1, by=organiser)
    entry = reading_list.cast_vote(entry, value=1, by=member)
    days = (DAY - date(2000, 1, 1)).days
    assert entry.heat == pytest.approx(math.log2(1 + 8) + days / 2)
    assert reading_list.cast_vote(entry, value=-1, by=member).heat == pytest.approx(
        math.log2(1 + 6) + days / 2
    )


def test_the_database_keeps_what_is_always_true(entry):
    with pytest.raises(IntegrityError, match="entry_suggested_at_a_time"), transaction.atomic():
        Entry.objects.filter(pk=entry.pk).update(state=Entry.State.SUGGESTED, suggested=None)

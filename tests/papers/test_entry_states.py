"""What an entry goes through: every change of state is a line of its history, with who, when and why."""

from datetime import UTC, datetime, timedelta

import pytest

from papers import reading_list, voting
from papers.history import load_history
from papers.models import Entry, EntryChange, Tombstone, Vote
from papers.scheduling import agenda_items
from papers.versions import Stamps
from tests import factories

pytestmark = pytest.mark.django_db

NOW = datetime.now(UTC)
DAY = timedelta(days=1)


@pytest.fixture
def entry(club, source):
    return reading_list.note(club, factories.make_paper(source=source))


@pytest.fixture
def session(club):
    return factories.make_session(club)


def history(entry):
    """The states an entry came into, why, and by whom."""
    return [(change.state, change.cause, change.by) for change in entry.changes.all()]


def state_of(entry):
    entry.refresh_from_db()
    return entry.state


@pytest.mark.parametrize(
    ("act", "cause"),
    [
        (lambda entry, by: reading_list.cast_vote(entry, value=1, by=by), "promoted"),
        (lambda entry, by: reading_list.suggest(entry, by=by), "suggested"),
        (lambda entry, by: reading_list.volunteer(entry, by=by), "offered"),
    ],
)
def test_what_puts_it_on_the_list_is_noted_with_who(entry, member, act, cause):
    for _twice in range(2):
        act(entry, member)
    assert history(entry) == [("suggested", cause, member)]
    assert state_of(entry) == "suggested"
    assert entry.suggested == entry.state_since == entry.changes.get().changed


def test_noting_tagging_and_demoting_change_no_state(entry, member):
    reading_list.tag(entry, name="theory", by=member)
    reading_list.cast_vote(entry, value=-1, by=member)
    assert history(entry) == [] and state_of(entry) == "noted"


def test_who_took_the_last_promotion_back_is_nobodys_business(entry, member):
    reading_list.cast_vote(entry, value=1, by=member)
    reading_list.cast_vote(entry, value=-1, by=member)
    assert history(entry)[1:] == [("noted", "withdrawn", None)]


def test_dropped_and_promoted_again(entry, member, organiser):
    reading_list.cast_vote(entry, value=1, by=member)
    reading_list.drop(entry, by=organiser, note="Retracted.")
    reading_list.drop(entry, by=organiser)
    reading_list.cast_vote(entry, value=1, by=organiser)
    assert [change.note for change in entry.changes.all()] == ["", "Retracted.", ""]
    assert history(entry) == [
        ("suggested", "promoted", member),
        ("dropped", "dropped", organiser),
        ("suggested", "promoted", organiser),
    ]


def test_dropped_and_suggested_again(entry, member, organiser):
    reading_list.suggest(entry, by=organiser)
    reading_list.drop(entry, by=organiser)
    entry = reading_list.suggest(entry, by=member)
    assert (entry.state, entry.suggested_by) == ("suggested", member)
    assert history(entry)[-1] == ("suggested", "suggested", member)


def test_scheduled_and_discussed(entry, session, member, organiser):
    reading_list.cast_vote(entry, value=1, by=member)
    for _twice in range(2):
        reading_list.schedule(entry, session)
    assert state_of(entry) == "scheduled"
    for _twice in range(2):
        reading_list.mark_discussed(entry, session, by=organiser)
    assert state_of(entry) == "discussed"
    assert entry.discussed_at == session.starts
    assert history(entry)[1:] == [("scheduled", "scheduled", None), ("discussed", "discussed", organiser)]
    assert {change.session for change in entry.changes.all()[1:]} == {session}


def test_each_change_is_stamped(entry, session, club, member):
    reading_list.cast_vote(entry, value=1, by=member)
    for verb in (
        reading_list.schedule,
        reading_list.unschedule,
        reading_list.schedule,
        reading_list.mark_discussed,
    ):
        club.refresh_from_db()
        before = club.version
        changed = verb(entry, session, by=member)
        club.refresh_from_db()
        assert changed.version == club.version > before


def test_a_verb_on_many_stamps_once_at_its_end(entry, session, club):
    club.refresh_from_db()
    before, stamps = club.version, Stamps()
    reading_list.schedule(entry, session, stamps=stamps)
    reading_list.mark_discussed(entry, session, stamps=stamps)
    club.refresh_from_db()
    assert club.version == before
    stamps.write()
    club.refresh_from_db()
    entry.refresh_from_db()
    assert entry.version == club.version == before + 1


def test_taken_off_the_agenda_it_is_what_it_was_with_its_votes(entry, session, club, member, organiser):
    reading_list.cast_vote(entry, value=1, by=member)
    entry.refresh_from_db()
    suggested = entry.suggested
    reading_list.schedule(entry, session, by=organiser)
    assert voting.rank(club, now=NOW + DAY).rows == ()
    reading_list.unschedule(entry, session, by=organiser, note="The speaker is ill.")
    assert state_of(entry) == "suggested" and entry.suggested == suggested
    assert [row.score for row in voting.rank(club, now=NOW + DAY).rows] == [1]
    assert entry.changes.last().note == "The speaker is ill."


@pytest.mark.parametrize("before", ["noted", "dropped", "discussed"])
def test_an_override_taken_back_goes_back_to_any_state(entry, session, organiser, before):
    if before == "dropped":
        reading_list.drop(entry, by=organiser)
    elif before == "discussed":
        reading_list.mark_discussed(entry, factories.make_session(entry.club, NOW - 99 * DAY, state="held"))
    reading_list.schedule(entry, session, by=organiser)
    assert state_of(entry) == "scheduled"
    reading_list.unschedule(entry, session, by=organiser)
    assert state_of(entry) == before


def test_votes_cast_meanwhile_decide_what_it_is_afterwards(entry, session, member):
    reading_list.schedule(entry, session)
    reading_list.cast_vote(entry, value=1, by=member)
    assert state_of(entry) == "scheduled"
    reading_list.unschedule(entry, session)
    assert state_of(entry) == "suggested" and entry.suggested is not None


def test_on_two_agendas_it_stays_scheduled_for_the_other(entry, club, session):
    after = factories.make_session(club, session.starts + 7 * DAY)
    for each in (session, after):
        factories.make_item(each, entry)
        reading_list.schedule(entry, each)
    reading_list.unschedule(entry, session)
    assert state_of(entry) == "scheduled"
    reading_list.mark_discussed(entry, session)
    type(session).objects.filter(pk=session.pk).update(state="held", locked_at=session.lock_at)
    assert state_of(entry) == "scheduled" and entry.discussed_at == session.starts
    reading_list.mark_discussed(entry, after)
    assert state_of(entry) == "discussed" and entry.discussed_at == after.starts


def test_a_session_of_long_ago_says_so_and_takes_nothing_off_the_list(entry, club, member):
    """As they come in from the lab's old table."""
    reading_list.suggest(entry, by=member)
    old, older = (factories.make_session(club, NOW - days * DAY, state="held") for days in (700, 900))
    for session in (old, older):
        reading_list.mark_discussed(entry, session)
    assert state_of(entry) == "suggested" and entry.discussed_at == old.starts
    assert [change.cause for change in entry.changes.all()] == ["discussed", "discussed", "suggested"]


def test_one_that_was_only_noted_becomes_discussed_as_of_then(entry, club):
    old = factories.make_session(club, NOW - 700 * DAY, state="held")
    reading_list.mark_discussed(entry, old)
    assert state_of(entry) == "discussed" and entry.state_since == old.starts


def test_votes_and_suggestions_do_not_bring_a_discussed_paper_back(entry, session, member, organiser):
    reading_list.mark_discussed(entry, session)
    reading_list.cast_vote(entry, value=1, by=member)
    reading_list.suggest(entry, by=organiser)
    reading_list.volunteer(entry, by=organiser)
    assert state_of(entry) == "discussed"


def test_suggested_again_it_starts_anew(entry, session, club, member, organiser):
    reading_list.cast_vote(entry, value=1, by=member)
    reading_list.cast_vote(entry, value=-1, by=organiser)
    reading_list.volunteer(entry, by=member)
    reading_list.schedule(entry, session)
    reading_list.mark_discussed(entry, session)
    vote = Vote.objects.get(member=member)
    entry = reading_list.suggest_again(entry, by=organiser)
    assert (entry.state, entry.promotions, entry.demotions, entry.shown_promotions) == ("suggested", 0, 0, 0)
    assert entry.discussed_at == session.starts, "and still says so"
    assert not entry.volunteers.exists()
    assert history(entry)[-1] == ("suggested", "again", organiser)
    facts = EntryChange.objects.get(cause="again").facts
    assert [each[:2] for each in facts["votes"]] == [[member.pk, 1], [organiser.pk, -1]]
    assert [each[0] for each in facts["offers"]] == [member.pk]
    assert set(Tombstone.objects.values_list("kind", flat=True)) == {"vote", "volunteer"}
    assert Tombstone.objects.get(kind="vote").object_id == vote.pk, "a demotion leaves none"
    reading_list.cast_vote(entry, value=1, by=member)
    assert [row.score for row in voting.rank(club, now=NOW + DAY).rows] == [1]


def test_suggesting_again_tells_of_no_secret_vote(entry, session, club, member, organiser):
    reading_list.cast_vote(entry, value=1, by=member)
    reading_list.mark_discussed(entry, session)
    club.hides_totals = True
    club.save()
    reading_list.cast_vote(entry, value=-1, by=organiser)
    reading_list.suggest_again(entry, by=member)
    told = load_history(entry, club, sees_names=True, sees_drafts=True)[-1].text
    assert told == "Suggested again by Mia Member; before, it had 1 for and 0 against"
    assert [each[:2] for each in entry.changes.get(cause="again").facts["secret"]] == [[organiser.pk, -1]]


def test_what_stands_on_an_agenda_is_not_dropped(entry, session, member, organiser):
    reading_list.cast_vote(entry, value=1, by=member)
    item = agenda_items.add_item(session, entry=entry, by=organiser)
    with pytest.raises(reading_list.OnAgenda, match=r"^It stands on the agenda of a session\."):
        reading_list.drop(entry, by=organiser)
    # Promoted once more it would come onto a second agenda.
    assert state_of(entry) == "scheduled"
    agenda_items.remove_item(item, by=organiser)
    reading_list.drop(entry, by=organiser)
    assert state_of(entry) == "dropped"


def test_suggesting_again_what_was_not_discussed_is_suggesting(entry, member):
    reading_list.suggest_again(entry, by=member)
    assert history(entry) == [("suggested", "suggested", member)]


def test_votes_on_what_is_scheduled_stay_and_change_nothing_else(entry, session, member):
    reading_list.schedule(entry, session)
    entry = reading_list.cast_vote(entry, value=1, by=member)
    assert (entry.state, entry.promotions) == ("scheduled", 1)
    assert reading_list.withdraw_vote(entry, by=member).state == "scheduled"


def test_who_has_left_leaves_the_history(entry, member):
    reading_list.suggest(entry, by=member)
    Entry.objects.update(suggested_by=None)
    member.delete()
    assert history(entry) == [("suggested", "suggested", None)]

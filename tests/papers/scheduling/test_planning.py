from datetime import timedelta

import pytest

from accounts import clubs
from accounts.models import Membership
from papers import reading_list, tasks
from papers.models import Assignment, Guest, PlanDraft, Session, Tombstone
from papers.scheduling import absences, apart, assignments, planning
from papers.scheduling.roster import count_from, find_day, load_roster
from tests import factories

State = PlanDraft.State


@pytest.fixture
def members(club, organiser, member):
    """Five who can be asked."""
    return [organiser, member, *(factories.make_user(f"Member {n}", club=club) for n in (3, 4, 5))]


@pytest.fixture
def plan(club, organiser, django_capture_on_commit_callbacks):
    """Ask for a plan and let the worker make it."""

    def make(**more):
        with django_capture_on_commit_callbacks(execute=True):
            draft = planning.propose_plan(club, by=organiser, **more)
        draft.refresh_from_db()
        return draft

    return make


def test_plan_asks_somebody_for_each_place(make_talk, plan, parts, members, organiser, club):
    items = [make_talk(1), make_talk(2)]

    draft = plan()

    assert draft.state == State.READY, draft.error
    assert len(draft.changes) == 4
    assert not Assignment.objects.exists()
    club.refresh_from_db()
    before = club.version

    planning.apply_plan(draft, by=organiser)

    asked = Assignment.objects.filter(item__in=items)
    assert asked.count() == 4
    assert {each.state for each in asked} == {Assignment.State.PROPOSED}
    assert all(each.reason and each.facts for each in asked)
    club.refresh_from_db()
    assert {each.version for each in asked} == {club.version} == {before + 1}
    assert draft.gaps == [{"part": part.pk, "gap": 1} for part in parts]


def test_second_plan_changes_nothing(make_talk, plan, members, organiser):
    make_talk(1), make_talk(2)
    planning.apply_plan(plan(), by=organiser)

    again = plan()

    assert again.changes == []
    assert again.stay == 4


def test_who_declined_is_replaced_and_nobody_else_moves(make_talk, plan, members, organiser):
    make_talk(1), make_talk(2)
    planning.apply_plan(plan(), by=organiser)
    gone = Assignment.objects.first()
    assignments.decline(gone, by=gone.member, because="busy")

    draft = plan()

    [change] = draft.changes
    assert (change["item"], change["part"]) == (gone.item_id, gone.part_id)
    assert change["member"] not in (None, gone.member_id)
    assert draft.stay == 3


def test_accepted_stays_unless_away(make_talk, plan, members, organiser, club):
    item = make_talk(1)
    planning.apply_plan(plan(), by=organiser)
    first, second = Assignment.objects.filter(item=item)
    for each in (first, second):
        assignments.accept(each, by=each.member)
    with pytest.raises(planning.NothingToPlan):
        plan()

    day = find_day(item.session)
    absences.note_absence([club], first_day=day, last_day=day, by=first.member)
    draft = plan()

    [change] = draft.changes
    assert (change["before"], change["state"]) == (first.member_id, "accepted")
    planning.apply_plan(draft, by=organiser)
    assert Tombstone.objects.filter(kind="assignment", object_id=first.pk).exists()


def test_pins_and_guests_stay(make_talk, plan, parts, members, organiser, club):
    item = make_talk(1)
    guest = Guest.objects.create(club=club, name="Gustav Guest")
    assignments.propose(item, parts[0], guest=guest, by=organiser)
    assignments.propose(item, parts[1], member=members[4], by=organiser)
    make_talk(2)

    draft = plan()

    assert {change["item"] for change in draft.changes}.isdisjoint({item.pk})
    assert draft.stay == 2


def test_volunteer_gets_the_paper(make_talk, plan, parts, members):
    item = make_talk(1)
    reading_list.volunteer(item.entry, by=members[3])

    draft = plan()

    change = next(change for change in draft.changes if change["part"] == parts[0].pk)
    assert change["member"] == members[3].pk
    assert change["why"]["offered"]


def test_authors_are_kept_out_where_the_club_wants_that(make_talk, plan, members, club):
    make_talk(1, authors=["Member 3", "M. 4"])
    club.keeps_authors_out = True
    club.save()

    roster = load_roster(club, now=Session.objects.get().starts - timedelta(days=1))

    assert {member for member, _item in roster.conflicts} == {members[2].pk, members[3].pk}


def test_turns_of_the_past_count(make_talk, parts, members, organiser, club, now):
    for weeks in (-3, -60):
        item = make_talk(weeks, state=Session.State.HELD)
        assignments.propose(item, parts[0], member=members[3], by=organiser)
    guest = Guest.objects.create(club=club, name="M4", member=members[4])
    assignments.propose(make_talk(-2, state=Session.State.HELD), parts[0], guest=guest, by=organiser)
    make_talk(1)

    roster = load_roster(club, now=now)

    key = members[3].pk, parts[0].pk
    assert roster.given[key] == 1
    assert roster.last[key] == (now - timedelta(weeks=3)).date()
    assert roster.given[members[4].pk, parts[0].pk] == 1
    assert count_from(club, now) < roster.last[key]


def test_interest_comes_from_votes_and_tags(make_talk, members, club, now):
    item, other = make_talk(1), make_talk(-1, state=Session.State.HELD)
    for entry in (item.entry, other.entry):
        reading_list.tag(entry, name="rl", by=members[0])
    reading_list.cast_vote(item.entry, value=1, by=members[1])
    reading_list.cast_vote(item.entry, value=-1, by=members[2])
    reading_list.cast_vote(other.entry, value=1, by=members[3])
    reading_list.cast_vote(other.entry, value=1, by=members[1])

    interest = load_roster(club, now=now).interest

    assert interest == {
        (members[1].pk, item.pk): 2,
        (members[2].pk, item.pk): -1,
        (members[3].pk, item.pk): 1,
    }


def test_roster_costs_the_same_for_more_rows(make_talk, members, club, now, django_assert_num_queries, parts):
    make_talk(1)
    club.keeps_authors_out = True
    # Sessions, parts, members, items, assignments, turns, absences, offers, tags, votes.
    with django_assert_num_queries(10):
        load_roster(club, now=now)
    for week in range(2, 6):
        reading_list.volunteer(make_talk(week).entry, by=members[0])
    with django_assert_num_queries(10):
        load_roster(club, now=now)


def test_club_of_one_is_told_why_a_place_stays_open(make_talk, plan, organiser):
    make_talk(1)

    draft = plan()

    [place] = draft.open
    assert (place["why"], place["candidates"]) == ("taken_up", 1)
    [change] = draft.changes
    assert change["member"] == organiser.pk


def test_nothing_to_plan_says_so(club, organiser, make_talk):
    make_talk(1, state=Session.State.CANCELLED)

    with pytest.raises(planning.NothingToPlan, match="agendas fill"):
        planning.propose_plan(club, by=organiser)


def test_drafts_of_sessions_are_not_planned(club, organiser, make_talk):
    make_talk(1, state=Session.State.DRAFT)

    with pytest.raises(planning.NothingToPlan):
        planning.propose_plan(club, by=organiser)


def _decline(draft, member, item, parts, club, organiser):
    asked = Assignment.objects.get(item=item, part=parts[0])
    assignments.decline(asked, by=asked.member)
    return f"{asked.member} has declined"


def _take(draft, member, item, parts, club, organiser):
    change = next(each for each in draft.changes if each["item"] != item.pk)
    other = factories.make_user("Zoe Zealous", club=club)
    item = next(each for each in club.sessions.all() if each != item.session).agenda.get()
    assignments.take(item, next(each for each in parts if each.pk == change["part"]), by=other)
    return "Zoe Zealous is"


def _leave(draft, member, item, parts, club, organiser):
    who = next(each["member"] for each in draft.changes if each["member"] != organiser.pk)
    clubs.remove_member(Membership.objects.get(club=club, user=who))
    return "has left the club"


def _go_away(draft, member, item, parts, club, organiser):
    change = draft.changes[0]
    other = next(session for session in club.sessions.all() if session != item.session)
    who = Membership.objects.get(club=club, user=change["member"]).user
    absences.note_absence([club], first_day=find_day(other), last_day=find_day(other), by=who)
    return f"{who} is away on"


def _cancel(draft, member, item, parts, club, organiser):
    club.sessions.exclude(pk=item.session_id).update(state="cancelled", cancelled_at=item.session.starts)
    return "is on no agenda to come"


def _move(draft, member, item, parts, club, organiser):
    other = club.sessions.exclude(pk=item.session_id).get()
    other.set_time(other.starts + timedelta(days=3), other.minutes)
    other.save()
    return "has moved to"


def _add(draft, member, item, parts, club, organiser):
    entry = reading_list.note(club, factories.make_paper("One more"))
    factories.make_item(item.session, entry)
    return "“One more” has come onto an agenda"


@pytest.mark.parametrize("change", [_decline, _take, _leave, _go_away, _cancel, _move, _add])
def test_draft_is_refused_as_a_whole_where_something_has_moved(
    change, make_talk, plan, parts, members, organiser, club, member
):
    item = make_talk(1)
    planning.apply_plan(plan(), by=organiser)
    make_talk(2)
    draft = plan()
    assert len(draft.changes) == 2
    said = change(draft, member, item, parts, club, organiser)
    before = list(Assignment.objects.order_by("pk").values())

    with pytest.raises(planning.PlanMoved, match=said):
        planning.apply_plan(draft, by=organiser)

    assert list(Assignment.objects.order_by("pk").values()) == before
    draft.refresh_from_db()
    assert draft.state == State.READY


def test_votes_do_not_move_a_draft(make_talk, plan, members, organiser):
    item = make_talk(1)
    draft = plan()
    reading_list.cast_vote(item.entry, value=1, by=members[1])
    factories.make_user("New", club=item.session.club)

    assert planning.apply_plan(draft, by=organiser).state == State.APPLIED


def test_new_draft_takes_the_place_of_the_last(make_talk, plan, members, organiser):
    make_talk(1)
    first, second = plan(), plan()

    first.refresh_from_db()
    assert (first.state, second.state) == (State.DISCARDED, State.READY)
    with pytest.raises(planning.NotReady):
        planning.apply_plan(first, by=organiser)
    assert planning.discard_plan(second, by=organiser).state == State.DISCARDED


def test_plan_that_applies_itself(make_talk, plan, members):
    make_talk(1)

    draft = plan(applies_itself=True)

    assert draft.state == State.APPLIED
    assert Assignment.objects.count() == 2


def test_some_sessions_alone_are_planned(make_talk, plan, members):
    items = [make_talk(1), make_talk(2)]

    draft = plan(sessions=[items[1].session_id])

    assert {change["item"] for change in draft.changes} == {items[1].pk}


def test_draft_that_no_message_reached_is_made_by_the_tick(club, organiser, make_talk, members, now):
    make_talk(1)
    draft = planning.propose_plan(club, by=organiser, now=now - timedelta(minutes=2))

    assert planning.take_due(now) == [draft.pk]
    tasks.make_plan(draft.pk)

    draft.refresh_from_db()
    assert draft.state == State.READY
    assert planning.take_due(now) == []


def test_draft_of_a_dead_worker_is_made_again_but_not_for_ever(club, organiser, make_talk, members, now):
    make_talk(1)
    draft = planning.propose_plan(club, by=organiser)
    for _attempt in range(planning.ATTEMPTS):
        assert planning._lease(draft.pk)
        assert planning._lease(draft.pk) is None
        PlanDraft.objects.update(leased_until=now - timedelta(minutes=1))
    assert planning.take_due(now) == [draft.pk]

    planning.make(draft.pk)

    draft.refresh_from_db()
    assert draft.state == State.FAILED
    assert "again and again" in draft.error


def test_solver_that_fails_is_told(club, organiser, make_talk, members, monkeypatch):
    make_talk(1)
    draft = planning.propose_plan(club, by=organiser)

    def fail(question):
        raise apart.Unsolved("no")

    monkeypatch.setattr(apart, "solve", fail)
    planning.make(draft.pk)

    draft.refresh_from_db()
    assert draft.state == State.FAILED
    assert "No plan was found" in draft.error


def test_draft_that_was_discarded_meanwhile_stays_so(club, organiser, make_talk, members, monkeypatch):
    make_talk(1)
    draft = planning.propose_plan(club, by=organiser)
    solve = apart.solve

    def discard_first(question):
        planning.discard_plan(draft, by=organiser)
        return solve(question)

    monkeypatch.setattr(apart, "solve", discard_first)
    planning.make(draft.pk)

    draft.refresh_from_db()
    assert draft.state == State.DISCARDED

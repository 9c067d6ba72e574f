from datetime import timedelta

import pytest

from accounts import clubs
from accounts.models import Membership
from papers.models import Absence, Assignment, Guest, Session, SwapOffer, Tombstone
from papers.scheduling import absences, assignments
from papers.scheduling.roster import find_day
from tests import factories

State = Assignment.State


@pytest.fixture
def other(club):
    return factories.make_user("Nora Next", club=club)


def test_member_is_asked_and_accepts(make_talk, parts, organiser, member, club):
    item = make_talk()

    asked = assignments.propose(item, parts[0], member=member, by=organiser)

    assert (asked.state, asked.is_pinned) == (State.PROPOSED, True)
    assert asked.reason == "Otto Organiser asks you for it."
    club.refresh_from_db()
    assert asked.version == club.version

    accepted = assignments.accept(asked, by=member)
    assert accepted.state == State.ACCEPTED
    assert accepted.answered_at
    assert accepted.version > asked.version
    assert assignments.accept(accepted, by=member).version == accepted.version


def test_asking_the_same_again_changes_nothing(make_talk, parts, organiser, member):
    item = make_talk()
    first = assignments.propose(item, parts[0], member=member, by=organiser)

    again = assignments.propose(item, parts[0], member=member, by=organiser)

    assert (again.pk, again.version) == (first.pk, first.version)


def test_asking_somebody_else_leaves_a_tombstone(make_talk, parts, organiser, member, other):
    item = make_talk()
    first = assignments.propose(item, parts[0], member=member, by=organiser)

    second = assignments.propose(item, parts[0], member=other, by=organiser)

    assert list(Assignment.objects.filter(item=item)) == [second]
    assert Tombstone.objects.filter(kind="assignment", object_id=first.pk, version=second.version).exists()


def test_guest_has_accepted(make_talk, parts, organiser, club):
    guest = Guest.objects.create(club=club, name="Gustav Guest")

    assert assignments.propose(make_talk(), parts[0], guest=guest, by=organiser).state == State.ACCEPTED


def test_outsider_is_not_asked(make_talk, parts, organiser, outsider):
    with pytest.raises(assignments.NotAMember, match="no member"):
        assignments.propose(make_talk(), parts[0], member=outsider, by=organiser)


def test_nobody_has_two_parts_in_one_item(make_talk, parts, organiser, member):
    item = make_talk()
    assignments.propose(item, parts[0], member=member, by=organiser)

    with pytest.raises(assignments.HasAnother, match="presenter"):
        assignments.propose(item, parts[1], member=member, by=organiser)
    with pytest.raises(assignments.HasAnother):
        assignments.take(item, parts[1], by=member)


def test_part_in_a_session_that_was_held_is_a_note(make_talk, parts, organiser, member):
    item = make_talk(-1, state=Session.State.HELD)

    assert assignments.propose(item, parts[0], member=member, by=organiser).state == State.DONE
    with pytest.raises(assignments.IsOver):
        assignments.take(item, parts[1], by=member)


def test_declined_part_is_open_again_and_may_come_back(make_talk, parts, organiser, member, other):
    item = make_talk()
    asked = assignments.propose(item, parts[0], member=member, by=organiser)

    declined = assignments.decline(asked, by=member, because="  conference\ndeadline ")
    assert (declined.state, declined.answer, declined.is_pinned) == (
        State.DECLINED,
        "conference deadline",
        False,
    )

    assert assignments.accept(declined, by=member).state == State.ACCEPTED
    assignments.decline(declined, by=member)
    assignments.take(item, parts[0], by=other)
    with pytest.raises(assignments.Taken, match="Nora Next"):
        assignments.accept(declined, by=member)


def test_member_takes_an_open_part(make_talk, parts, member, other):
    item = make_talk()

    taken = assignments.take(item, parts[0], by=member)

    assert (taken.state, taken.member) == (State.ACCEPTED, member)
    assert assignments.take(item, parts[0], by=member).version == taken.version
    with pytest.raises(assignments.Taken, match="Mia Member"):
        assignments.take(item, parts[0], by=other)


def test_part_is_handed_over(make_talk, parts, organiser, member, other):
    item = make_talk()
    asked = assignments.propose(item, parts[0], member=member, by=organiser)

    given = assignments.hand_over(asked, to=other, by=member)

    assert (given.member, given.state) == (other, State.PROPOSED)
    assert given.reason == "Mia Member hands it over to you."
    asked.refresh_from_db()
    assert (asked.state, asked.answer) == (State.DECLINED, "Handed over to Nora Next.")


def test_part_is_not_handed_to_who_is_away(make_talk, parts, organiser, member, other, club):
    item = make_talk()
    asked = assignments.propose(item, parts[0], member=member, by=organiser)
    day = find_day(item.session)
    absences.note_absence([club], first_day=day, last_day=day, by=other)

    with pytest.raises(assignments.IsAway, match="Nora Next"):
        assignments.hand_over(asked, to=other, by=member)


def test_two_members_swap(make_talk, parts, organiser, member, other):
    mine = assignments.take(make_talk(1), parts[0], by=member)
    theirs = assignments.propose(make_talk(2), parts[1], member=other, by=organiser)

    offer = assignments.offer_swap(mine, wanted=theirs, by=member)
    assert assignments.offer_swap(mine, wanted=theirs, by=member) == offer
    assignments.answer_swap(offer, accepts=True, by=other)

    mine.refresh_from_db()
    theirs.refresh_from_db()
    assert (mine.member, mine.state, mine.reason) == (other, State.ACCEPTED, "Swapped with Mia Member.")
    assert (theirs.member, theirs.state) == (member, State.ACCEPTED)
    with pytest.raises(assignments.Answered):
        assignments.answer_swap(offer, accepts=True, by=other)


def test_refused_swap_changes_nothing(make_talk, parts, member, other):
    mine = assignments.take(make_talk(1), parts[0], by=member)
    theirs = assignments.take(make_talk(2), parts[0], by=other)
    offer = assignments.offer_swap(mine, wanted=theirs, by=member)

    assignments.answer_swap(offer, accepts=False, by=other)

    mine.refresh_from_db()
    assert mine.member == member
    assert SwapOffer.objects.get().state == SwapOffer.State.DECLINED


def test_other_offers_end_with_a_swap_or_a_refusal(make_talk, parts, member, other, owner):
    mine = assignments.take(make_talk(1), parts[0], by=member)
    theirs = assignments.take(make_talk(2), parts[0], by=other)
    third = assignments.take(make_talk(3), parts[0], by=owner)
    first, second = (assignments.offer_swap(mine, wanted=each, by=member) for each in (theirs, third))
    reverse = assignments.offer_swap(third, wanted=mine, by=owner)

    assignments.answer_swap(first, accepts=True, by=other)

    second.refresh_from_db()
    reverse.refresh_from_db()
    assert second.state == reverse.state == SwapOffer.State.WITHDRAWN

    last = assignments.offer_swap(third, wanted=mine, by=owner)
    mine.refresh_from_db()
    assignments.decline(mine, by=other)
    last.refresh_from_db()
    assert last.state == SwapOffer.State.WITHDRAWN


def test_parts_that_cannot_be_swapped(make_talk, parts, member, other, organiser, club):
    item = make_talk(1)
    mine = assignments.take(item, parts[0], by=member)
    mine_too = assignments.take(make_talk(2), parts[0], by=member)
    theirs = assignments.take(make_talk(3), parts[0], by=other)

    with pytest.raises(assignments.NotToSwap):
        assignments.offer_swap(mine, wanted=mine_too, by=member)
    day = find_day(item.session)
    absences.note_absence([club], first_day=day, last_day=day, by=other)
    with pytest.raises(assignments.IsAway):
        assignments.offer_swap(mine, wanted=theirs, by=member)


def test_both_parts_of_one_item_are_swapped(make_talk, parts, member, other):
    item = make_talk()
    mine = assignments.take(item, parts[0], by=member)
    theirs = assignments.take(item, parts[1], by=other)

    assignments.answer_swap(assignments.offer_swap(mine, wanted=theirs, by=member), accepts=True, by=other)

    assert dict(item.assignments.values_list("part__name", "member__name")) == {
        "presenter": "Nora Next",
        "discussant": "Mia Member",
    }


def test_who_has_not_answered_is_reminded_once_a_day(make_talk, parts, organiser, member, now):
    asked = assignments.propose(make_talk(), parts[0], member=member, by=organiser)

    with pytest.raises(assignments.TooSoon):
        assignments.remind(asked, by=organiser, now=now)
    later = now + timedelta(days=2)
    assert assignments.remind(asked, by=organiser, now=later).reminded_at == later
    with pytest.raises(assignments.TooSoon):
        assignments.remind(asked, by=organiser, now=later)
    assignments.accept(asked, by=member)
    with pytest.raises(assignments.Answered):
        assignments.remind(asked, by=organiser, now=later + timedelta(days=2))


def test_parts_of_somebody_who_left_end(make_talk, parts, organiser, member, other, club, now):
    past = assignments.propose(make_talk(-1, state=Session.State.HELD), parts[0], member=member, by=organiser)
    to_come = assignments.take(make_talk(), parts[0], by=member)
    stays = assignments.take(make_talk(2), parts[0], by=other)
    absences.note_absence([club], first_day=now.date(), last_day=now.date(), by=member)
    assert assignments.find_left(now) == []

    clubs.remove_member(Membership.objects.get(club=club, user=member))

    assert assignments.find_left(now) == [club.pk]
    assert assignments.end_parts_of_left(club, now=now) == 1
    assert set(Assignment.objects.all()) == {past, stays}
    assert not Absence.objects.exists()
    assert Tombstone.objects.filter(kind="assignment", object_id=to_come.pk).exists()
    assert Tombstone.objects.filter(kind="absence").exists()
    assert assignments.find_left(now) == []


def test_part_of_a_cancelled_session_is_not_answered(make_talk, parts, organiser, member):
    item = make_talk()
    asked = assignments.propose(item, parts[0], member=member, by=organiser)
    Session.objects.filter(pk=item.session_id).update(state="cancelled", cancelled_at=item.session.starts)

    for act in (assignments.accept, assignments.decline):
        with pytest.raises(assignments.IsOver, match="cancelled"):
            act(asked, by=member)


def test_part_that_was_released_is_gone(make_talk, parts, organiser, member):
    asked = assignments.propose(make_talk(), parts[0], member=member, by=organiser)

    assignments.release(asked, by=organiser)

    assert not Assignment.objects.exists()
    with pytest.raises(assignments.IsOver, match="somebody else"):
        assignments.accept(asked, by=member)


def test_days_away_are_noted_once_in_each_club(club, other_club, member, now):
    today = now.date()
    noted = absences.note_absence([other_club, club], first_day=today, last_day=today, by=member)

    assert {absence.club for absence in noted} == {club, other_club}
    again = absences.note_absence([club], first_day=today, last_day=today, by=member)
    assert again[0].version == next(each.version for each in noted if each.club == club)
    absences.remove_absence(again[0], by=member)
    absences.remove_absence(again[0], by=member)
    assert Tombstone.objects.filter(kind="absence").count() == 1


@pytest.mark.parametrize(("first", "last"), [(1, 0), (0, 5_000)], ids=["backwards", "thirteen years"])
def test_odd_days_are_refused(club, member, now, first, last):
    today = now.date()
    with pytest.raises(absences.BadDays):
        absences.note_absence(
            [club], first_day=today + timedelta(days=first), last_day=today + timedelta(days=last), by=member
        )

"""What the clock tells people: reminders, parts they were asked to take, sessions that changed."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from accounts.models import MailWanted, Membership
from papers import reading_list
from papers.models import Announced, Assignment, Attendance, OutgoingMail, ReminderSchedule, Session
from papers.notifications import outbox, rounds
from papers.scheduling import assignments
from papers.scheduling.parts import load_parts
from tests import factories

pytestmark = pytest.mark.django_db
START = datetime(2025, 4, 30, 12, tzinfo=UTC)
BEFORE = START - timedelta(days=20)
HOURS = range(12 * 24, 21 * 24)  # from BEFORE on: the last week and a day


@pytest.fixture
def session(club):
    club.time_zone = "Europe/Berlin"
    club.save()
    session = factories.make_session(
        club, START, name="", place="Room 2.14", video_link="https://video.example.org/1"
    )
    return touch(session, BEFORE)


def touch(session, now, **changes):
    """Change a session as its verbs do."""
    for name, value in changes.items():
        setattr(session, name, value)
    if changes:
        session.set_time(session.starts, session.minutes)
        session.lock_at = session.starts - timedelta(hours=48)
        session.sequence += 1
    session.changed = now
    session.save()
    return session


def lock(session):
    session.state, session.locked_at = Session.State.LOCKED, session.lock_at
    session.save()


def cancel(session, now):
    return touch(session, now, state=Session.State.CANCELLED, cancelled_at=now, cancelled_because="Strike.")


def ask(session, member, *, by=None, at=BEFORE, state="proposed", part=0, title="On the weighing of matter"):
    item = session.agenda.filter(entry__paper__title=title).first()
    if item is None:
        item = factories.make_item(session, reading_list.note(session.club, factories.make_paper(title)))
    return Assignment.objects.create(
        club=session.club,
        item=item,
        part=load_parts(session.club)[part],
        member=member,
        proposed_by=by,
        proposed_at=at,
        state=state,
        reason="You volunteered.",
    )


def mails(kind=None):
    found = OutgoingMail.objects.order_by("pk")
    return list(found.filter(kind=kind) if kind else found)


def told(kind):
    return sorted(mail.recipient.name for mail in mails(kind))


def want(person, wanted):
    person.mail_wanted = wanted
    person.save()


def send(mailoutbox, now):
    """Send what waits, and return what arrived."""
    mailoutbox.clear()
    outbox.send_due(now)
    return list(mailoutbox)


# Reminders


def test_call_for_votes_goes_to_all_members_once(session, member, organiser, outsider, mailoutbox):
    now = session.lock_at - timedelta(hours=24)
    rounds.remind(now - timedelta(seconds=1))
    assert mails() == []
    rounds.remind(now)
    rounds.remind(now + timedelta(minutes=1))
    assert told("call_for_votes") == ["Mia Member", "Otto Organiser"]
    [mail, _other] = send(mailoutbox, now)
    assert mail.subject == "Machine learning: vote until Monday 28 April, 14:00 (Europe/Berlin)"
    assert "meets on Wednesday 30 April, 14:00 (Europe/Berlin)" in mail.body
    assert "http://localhost:8000/clubs/ml/list/" in mail.body
    assert "http://localhost:8000/accounts/mail/" in mail.body
    rounds.remind(now + timedelta(hours=3))
    assert send(mailoutbox, now + timedelta(hours=3)) == []


def test_agenda_names_papers_times_and_those_who_accepted(session, member, organiser, mailoutbox):
    factories.make_item(session, title="News & <b>notes</b>", minutes=5)
    ask(session, member, state="accepted")
    ask(session, organiser, part=1)
    lock(session)
    rounds.remind(session.lock_at + timedelta(minutes=30))
    mail = send(mailoutbox, session.lock_at + timedelta(minutes=30))[0]
    assert "14:00  News & <b>notes</b>\n       5 minutes" in mail.body
    assert "14:05  On the weighing of matter\n       30 minutes · Mia Member (presenter)\n" in mail.body
    assert "Otto" not in mail.body
    assert "Room 2.14" in mail.body and "https://video.example.org/1" in mail.body


def test_parts_are_reminded_a_week_and_a_day_before(session, member, organiser, mailoutbox):
    ask(session, member, state="accepted")
    week, day = datetime(2025, 4, 23, 7, tzinfo=UTC), datetime(2025, 4, 29, 7, tzinfo=UTC)
    rounds.remind(week)
    [mail] = send(mailoutbox, week)
    assert (mail.to, mail.subject) == ([member.email], "Machine learning: your part on Wednesday 30 April")
    assert "presenter: On the weighing of matter (30 minutes)" in mail.body
    assert "Explain what was asked" in mail.body and "Why you: You volunteered." in mail.body
    assert "You have not answered" not in mail.body
    rounds.remind(day)
    mail = next(mail for mail in send(mailoutbox, day) if "your part tomorrow, 14:00" in mail.subject)
    assert mail.to == [member.email]


def test_one_mail_for_two_parts(session, member):
    ask(session, member, state="accepted")
    ask(session, member, part=1, title="On the heat of matter")
    rounds.remind(datetime(2025, 4, 23, 7, tzinfo=UTC))
    [mail] = mails("part_soon")
    assert "weighing" in mail.text and "heat" in mail.text and "You have not answered yet" in mail.text


def test_who_was_asked_since_is_not_reminded_as_well(session, member):
    ask(session, member, at=datetime(2025, 4, 23, 8, tzinfo=UTC))
    rounds.remind(datetime(2025, 4, 23, 9, tzinfo=UTC))
    assert mails("part_soon") == []
    rounds.remind(datetime(2025, 4, 29, 7, tzinfo=UTC))
    assert told("part_tomorrow") == ["Mia Member"]


def test_link_goes_to_all_but_those_who_do_not_come(session, member, organiser, mailoutbox):
    lock(session)
    Attendance.objects.create(session=session, member=organiser, answer="no")
    now = START - timedelta(hours=1)
    OutgoingMail.objects.all().delete()
    rounds.remind(now)
    assert told("link") == ["Mia Member"]
    [mail] = [mail for mail in send(mailoutbox, now) if "meets today at 14:00" in mail.subject]
    assert "https://video.example.org/1" in mail.body


def test_drafts_and_cancelled_sessions_remind_nobody(club, member):
    for state in (Session.State.DRAFT, Session.State.CANCELLED, Session.State.HELD):
        factories.make_session(club, START, state=state)
    for hours in HOURS:
        rounds.remind(BEFORE + timedelta(hours=hours))
    assert mails() == []


def test_schedule_of_the_club_counts(session, member):
    ReminderSchedule.objects.create(
        club=session.club, votes_hours=None, part_days=3, link_minutes=None, tells_day_before=False
    )
    ask(session, member, state="accepted")
    for hours in HOURS:
        rounds.remind(BEFORE + timedelta(hours=hours))
    [mail] = mails()
    assert (mail.kind, mail.made) == ("part_soon", datetime(2025, 4, 27, 7, tzinfo=UTC))


def test_server_that_was_down_sends_nothing_that_is_useless(session, member):
    ask(session, member, state="accepted")
    rounds.remind(START - timedelta(minutes=10))
    assert [mail.kind for mail in mails()] == ["link"]


@pytest.mark.parametrize(
    ("wanted", "has_part", "expected"),
    [
        (MailWanted.ALL, False, ["call_for_votes", "agenda", "link"]),
        (MailWanted.PARTS, False, []),
        (MailWanted.PARTS, True, ["part_soon", "agenda", "part_tomorrow", "link"]),
        (MailWanted.NONE, True, []),
    ],
)
def test_members_get_what_they_want(wanted, has_part, expected, session, member):
    want(member, wanted)
    if has_part:
        ask(session, member, state="accepted")
    for hours in HOURS:
        now = BEFORE + timedelta(hours=hours)
        if now >= session.lock_at and session.state == "open":
            lock(session)
        rounds.remind(now)
    assert [mail.kind for mail in mails()] == expected


def test_reminder_of_a_session_that_moved_is_withdrawn_and_made_anew(session, member, mailoutbox):
    ask(session, member, state="accepted")
    now = datetime(2025, 4, 23, 7, tzinfo=UTC)
    rounds.remind(now)
    touch(session, now, starts=START + timedelta(hours=2))
    assert send(mailoutbox, now) == []
    [gone] = mails("part_soon")
    assert (gone.state, gone.error) == ("withdrawn", "The session was moved.")
    rounds.remind(now + timedelta(minutes=1))
    [mail] = send(mailoutbox, now + timedelta(minutes=1))
    assert "16:00" in mail.body


def test_reminder_of_a_cancelled_session_is_withdrawn(session, member, mailoutbox):
    ask(session, member, state="accepted")
    now = datetime(2025, 4, 23, 7, tzinfo=UTC)
    rounds.remind(now)
    cancel(session, now)
    assert send(mailoutbox, now) == []
    assert mails("part_soon")[0].error == "The session was cancelled."
    rounds.remind(now + timedelta(minutes=1))
    assert len(mails("part_soon")) == 1


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda s, m: Assignment.objects.all().delete(), "The part is not theirs any more."),
        (lambda s, m: Membership.objects.filter(user=m).delete(), "Who it is for is no longer a member."),
        (lambda s, m: want(m, "none"), "Who it is for does not want such mails."),
        (lambda s, m: s.delete(), "The session is gone."),
    ],
    ids=["part", "membership", "wish", "session"],
)
def test_reminder_that_is_not_so_any_more_is_withdrawn(change, why, session, member, mailoutbox):
    ask(session, member, state="accepted")
    now = datetime(2025, 4, 23, 7, tzinfo=UTC)
    rounds.remind(now)
    change(session, member)
    assert send(mailoutbox, now) == []
    assert [(mail.state, mail.error) for mail in mails()] == [("withdrawn", why)]
    for minute in range(3):
        rounds.remind(now + timedelta(minutes=minute))
    assert len(mails()) == 1


def test_round_costs_the_same_for_many(club, django_assert_num_queries):
    def make(number):
        for index in range(number):
            session = factories.make_session(club, START + timedelta(minutes=index))
            ask(session, factories.make_user(club=club), state="accepted", title=f"Paper {index} of {number}")

    def count():
        OutgoingMail.objects.all().delete()
        # sessions, schedules; items, assignments, members, answers; keys; put
        with django_assert_num_queries(8):
            rounds.remind(datetime(2025, 4, 23, 9, tzinfo=UTC))
        return len(mails())

    make(2)
    assert count() == 2
    make(10)
    assert count() == 12


# Being asked


def test_member_who_is_asked_hears_of_it_once(session, member, organiser, mailoutbox):
    ask(session, member, by=organiser)
    ask(session, member, part=1, by=organiser)
    rounds.tell_asked(BEFORE)
    assert mails() == []  # the organiser may think better of it
    now = BEFORE + timedelta(minutes=3)
    rounds.tell_asked(now)
    rounds.tell_asked(now + timedelta(minutes=1))
    [mail] = send(mailoutbox, now)
    assert mail.to == [member.email]
    assert mail.subject == "Machine learning: you are asked to take a part on Wednesday 30 April"
    assert "presenter: On the weighing" in mail.body and "discussant: On the weighing" in mail.body
    rounds.tell_asked(now + timedelta(days=1))
    assert len(mails("asked")) == 1


def test_second_part_of_a_session_is_told_alone(session, member, organiser):
    now = BEFORE + timedelta(minutes=3)
    ask(session, member, by=organiser)
    rounds.tell_asked(now)
    ask(session, member, part=1, by=organiser)
    rounds.tell_asked(now)
    assert ["presenter:" in mail.text for mail in mails("asked")] == [True, False]


def test_who_asked_themselves_or_answered_is_not_told(session, member, organiser, mailoutbox):
    now = BEFORE + timedelta(minutes=3)
    ask(session, member, by=member)
    answered = ask(session, organiser, part=1)
    rounds.tell_asked(now)
    assert told("asked") == ["Otto Organiser"]
    Assignment.objects.filter(pk=answered.pk).update(state="accepted")
    assert send(mailoutbox, now) == []
    assert mails("asked")[0].error == "They have answered."


def test_nobody_is_asked_by_mail_in_a_draft_or_for_the_past(club, member):
    draft = factories.make_session(club, START, state="draft")
    ask(draft, member)
    past = factories.make_session(club, BEFORE, state="locked")
    ask(past, member, title="On the heat of matter")
    rounds.tell_asked(BEFORE + timedelta(minutes=3))
    assert mails() == []


def test_who_is_reminded_by_hand_is_asked_again(session, member, organiser, mailoutbox):
    now = BEFORE + timedelta(minutes=3)
    part = ask(session, member, by=organiser)
    rounds.tell_asked(now)
    send(mailoutbox, now)
    now += timedelta(days=2)
    Assignment.objects.filter(pk=part.pk).update(reminded_at=now)  # as `assignments.remind` does
    for minute in (1, 2):
        rounds.tell_asked(now + timedelta(minutes=minute))
    [mail] = send(mailoutbox, now + timedelta(minutes=2))
    assert "You were asked before" in mail.body


@pytest.fixture
def asked(session, member, organiser, mailoutbox):
    """Two who were asked to take parts, and told."""
    now = BEFORE + timedelta(minutes=3)
    first, second = ask(session, member, by=organiser), ask(session, organiser, part=1, by=member)
    rounds.tell_asked(now)
    assert len(send(mailoutbox, now)) == 2
    return first, second


def withdraw(now=BEFORE + timedelta(minutes=5)):
    for minute in range(2):
        rounds.tell_withdrawn(now + timedelta(minutes=minute))
    return now + timedelta(minutes=10)


def test_part_that_was_taken_away_is_told_to_whoever_heard_of_it(asked, member, organiser, mailoutbox):
    assignments.release(asked[0], by=organiser)
    rounds.tell_withdrawn(BEFORE + timedelta(minutes=5))
    assert send(mailoutbox, BEFORE + timedelta(minutes=5)) == []  # it may be taken back
    [mail] = send(mailoutbox, withdraw())
    assert (mail.to, mail.subject) == (
        [member.email],
        "Machine learning: your part on Wednesday 30 April is withdrawn",
    )


def test_part_that_is_given_back_at_once_is_not_told_of(asked, organiser, mailoutbox):
    assignments.release(asked[0], by=organiser)
    later = withdraw()
    asked[0].save(force_insert=True)  # as undoing a change of the agenda does
    assert send(mailoutbox, later) == []
    assert mails("part_withdrawn")[0].error == "The part is theirs again."


@pytest.mark.parametrize(
    "act",
    [
        lambda first, second: assignments.decline(first, by=first.member),
        lambda first, second: assignments.hand_over(
            first, to=factories.make_user(club=first.club), by=first.member
        ),
        lambda first, second: assignments.answer_swap(
            assignments.offer_swap(first, wanted=second, by=first.member), accepts=True, by=second.member
        ),
    ],
    ids=["declined", "handed over", "swapped"],
)
def test_who_gave_a_part_away_is_not_told_of_it(act, session, member, organiser, mailoutbox):
    session = factories.make_session(
        session.club, datetime(2099, 4, 30, 12, tzinfo=UTC)
    )  # verbs ask the clock
    now = session.starts - timedelta(days=20)
    other = factories.make_item(session, title="News")
    first = ask(session, member, by=organiser)
    second = Assignment.objects.create(
        club=session.club, item=other, part=load_parts(session.club)[0], member=organiser, proposed_at=BEFORE
    )
    rounds.tell_asked(now)
    send(mailoutbox, now)
    act(first, second)
    assert send(mailoutbox, withdraw(now)) == []


@pytest.mark.parametrize("accepts", [True, False], ids=["accepted", "declined"])
def test_offered_swap_is_told_and_its_answer_too(accepts, club, member, organiser, mailoutbox):
    mine, theirs = (
        ask(factories.make_session(club, datetime(2099, 4, day, 12, tzinfo=UTC)), person, title=title, state="accepted")
        for day, person, title in ((8, member, "On the weighing of matter"), (15, organiser, "On the heat of matter"))
    )  # fmt: skip
    offer = assignments.offer_swap(mine, wanted=theirs, by=member)
    rounds.tell_swaps(offer.offered_at)
    assert mails() == []
    now = offer.offered_at + timedelta(minutes=3)
    for minute in range(2):
        rounds.tell_swaps(now + timedelta(minutes=minute))
    [mail] = send(mailoutbox, now)
    assert (mail.to, mail.subject) == ([organiser.email], "Machine learning: Mia Member offers you a swap")
    assert "Your part, on Wednesday 15 April, 12:00 (UTC):\n\npresenter: On the heat of matter" in mail.body
    assert (
        "For theirs, on Wednesday 8 April, 12:00 (UTC):\n\npresenter: On the weighing of matter" in mail.body
    )
    offer = assignments.answer_swap(offer, accepts=accepts, by=organiser)
    for minute in range(2):
        rounds.tell_swaps(offer.answered_at + timedelta(minutes=minute))
    [mail] = send(mailoutbox, now + timedelta(minutes=9))
    assert mail.to == [member.email]
    if accepts:
        assert mail.subject == "Machine learning: Otto Organiser swaps with you"
        assert "presenter: On the heat of matter" in mail.body and "weighing" not in mail.body
    else:
        assert mail.subject == "Machine learning: Otto Organiser does not swap"
        assert "presenter: On the weighing of matter" in mail.body and "heat" not in mail.body


def test_swap_that_is_over_is_not_told_of(club, member, organiser, mailoutbox):
    mine, theirs = (
        ask(
            factories.make_session(club, datetime(2099, 4, day, 12, tzinfo=UTC)), person, title=f"Paper {day}"
        )
        for day, person in ((8, member), (15, organiser))
    )
    offer = assignments.offer_swap(mine, wanted=theirs, by=member)
    now = offer.offered_at + timedelta(minutes=3)
    rounds.tell_swaps(now)
    assignments.withdraw_swap(offer, by=member)
    assert send(mailoutbox, now) == []
    assert mails("swap")[0].error == "The offer is over."


def test_who_never_heard_of_a_part_does_not_hear_that_it_is_gone(session, member, organiser, mailoutbox):
    now = BEFORE + timedelta(minutes=3)
    part = ask(session, member, by=organiser)
    rounds.tell_asked(now)
    part.delete()
    assert send(mailoutbox, now) == []
    rounds.tell_withdrawn(now + timedelta(minutes=4))
    assert told("part_withdrawn") == []


# Sessions that change


def see(session):
    """What a round noted of a session while it was as it is."""
    rounds.announce_changes(BEFORE)
    assert mails() == []
    return Announced.objects.get(session=session)


@pytest.mark.parametrize(
    ("days", "expected"), [(20, ["Mia Member"]), (10, ["Mia Member", "Otto Organiser"])], ids=["far", "near"]
)
def test_moved_session_is_told_once(days, expected, session, member, organiser, mailoutbox):
    see(session)
    ask(session, member, state="accepted")
    now = START - timedelta(days=days)
    touch(session, now, starts=START + timedelta(days=1, hours=1))
    rounds.announce_changes(now)
    assert mails() == []
    now += timedelta(minutes=3)
    rounds.announce_changes(now)
    rounds.announce_changes(now)
    assert told("moved") == expected
    mail = send(mailoutbox, now)[0]
    assert mail.subject == "Machine learning: moved to Thursday 1 May, 15:00"
    assert "It was planned for Wednesday 30 April, 14:00 (Europe/Berlin)." in mail.body


def test_changes_within_the_grace_are_told_as_one(session, member):
    see(session)
    now = START - timedelta(days=10)
    for hours in (1, 2, 3):
        touch(session, now + timedelta(minutes=hours), starts=START + timedelta(hours=hours))
        rounds.announce_changes(now + timedelta(minutes=hours))
    rounds.announce_changes(now + timedelta(minutes=10))
    [mail] = mails()
    assert "17:00" in mail.subject and "14:00" in mail.text


def test_change_that_was_taken_back_within_the_grace_is_not_told(session, member):
    see(session)
    now = START - timedelta(days=10)
    touch(session, now, starts=START + timedelta(hours=1))
    touch(session, now, starts=START)
    rounds.announce_changes(now + timedelta(minutes=10))
    assert mails() == []
    assert Announced.objects.get(session=session).sequence == session.sequence == 2


def test_new_place_is_told(session, member):
    see(session)
    now = START - timedelta(days=2)
    touch(session, now, place="Room 1")
    rounds.announce_changes(now + timedelta(minutes=3))
    [mail] = mails()
    assert mail.subject == "Machine learning: new place on Wednesday 30 April, 14:00"
    assert "Room 1" in mail.text and "planned" not in mail.text


def test_cancelled_session_is_told_with_the_reason_and_its_return_too(session, member, mailoutbox):
    see(session)
    now = START - timedelta(days=2)
    cancel(session, now)
    now += timedelta(minutes=3)
    rounds.announce_changes(now)
    [mail] = send(mailoutbox, now)
    assert mail.subject == "Machine learning: cancelled, Wednesday 30 April, 14:00 (Europe/Berlin)"
    assert "Strike." in mail.body
    touch(session, now, state=Session.State.OPEN, cancelled_at=None, cancelled_because="")
    now += timedelta(minutes=3)
    rounds.announce_changes(now)
    [mail] = send(mailoutbox, now)
    assert mail.subject == "Machine learning: Wednesday 30 April, 14:00 takes place after all"


def test_who_said_that_they_come_hears_of_a_session_far_ahead(session, member, organiser):
    see(session)
    Attendance.objects.create(session=session, member=organiser, answer="yes")
    now = START - timedelta(days=19)
    cancel(session, now)
    rounds.announce_changes(now + timedelta(minutes=3))
    assert told("cancelled") == ["Otto Organiser"]


def test_session_that_nobody_was_told_of_is_no_news(club, member):
    draft = touch(factories.make_session(club, START, state="draft"), BEFORE)
    rounds.announce_changes(BEFORE)
    assert not Announced.objects.exists()
    touch(draft, BEFORE, state=Session.State.OPEN)
    rounds.announce_changes(BEFORE + timedelta(minutes=3))
    assert Announced.objects.get().sequence == 1
    assert mails() == []


def test_news_that_is_old_when_it_would_go_out_is_withdrawn(session, member, mailoutbox):
    see(session)
    now = START - timedelta(days=2)
    touch(session, now, place="Room 1")
    rounds.announce_changes(now + timedelta(minutes=3))
    touch(session, now + timedelta(minutes=3), place="Room 2")
    assert send(mailoutbox, now + timedelta(minutes=4)) == []
    rounds.announce_changes(now + timedelta(minutes=6))
    [mail] = send(mailoutbox, now + timedelta(minutes=6))
    assert "Room 2" in mail.body


def test_titles_break_no_header_and_no_line(session, member, mailoutbox):
    session.club.name = "Machine\r\nBcc: all@example.org"
    session.club.save()
    rounds.remind(session.lock_at - timedelta(hours=24))
    [mail] = send(mailoutbox, session.lock_at)
    message = mail.message()
    assert message["Bcc"] is None and message["Subject"].startswith("Machine Bcc: all@example.org: vote")


@pytest.mark.django_db(transaction=True)
def test_rounds_at_once_tell_once(session, member, organiser, monkeypatch):
    monkeypatch.setattr(outbox, "wake", lambda: None)
    see(session)
    ask(session, member, by=organiser)
    now = session.lock_at - timedelta(hours=24)
    touch(session, now - timedelta(minutes=5), place="Room 1")

    def work():
        try:
            for name in rounds.list_rounds(now):
                rounds.ROUNDS[name](now)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _worker in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = sorted((mail.kind, mail.recipient.name) for mail in mails())
    assert found == [
        ("asked", "Mia Member"),
        ("call_for_votes", "Mia Member"),
        ("call_for_votes", "Otto Organiser"),
        ("moved", "Mia Member"),
        ("moved", "Otto Organiser"),
    ]

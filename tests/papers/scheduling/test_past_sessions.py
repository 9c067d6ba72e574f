"""The lab's old spreadsheet becomes sessions that were held."""

import io
from datetime import UTC, date, datetime, time, timedelta

import pytest
from django.utils import timezone

from accounts.models import Membership
from papers import importing, reading_list, submissions
from papers.models import (
    AgendaItem,
    Assignment,
    Entry,
    Guest,
    Import,
    ListingItem,
    Paper,
    PastImport,
    Session,
    SubmissionItem,
)
from papers.scheduling import guests, past_sessions
from papers.scheduling.past_sessions import add_day, bring_in, load_people
from papers.scheduling.past_table import read_past_table
from papers.scheduling.refusals import Refused
from papers.submissions import Refused as SubmissionRefused
from tests import factories
from tests.papers.test_reading_list import run_together

pytestmark = pytest.mark.django_db

TODAY = date(2026, 1, 1)
TABLE = (
    "date,time,paper,doi,presenter,discussant,notes\n"
    "2024-04-24,,Attention is all you need,,Mia Member,Otto Organiser,Clean idea\n"
    "2024-04-24,,A second paper,,Ann Guest,,\n"
    "01.05.2024,16:00,A third paper,,mia,Ann Guest,\n"
)


@pytest.fixture(autouse=True)
def zone(club):
    club.time_zone = "Europe/Berlin"
    club.save()


def read(text, **facts):
    return read_past_table(io.BytesIO(text.encode()), today=TODAY, **facts)


def bring(club, text, **facts):
    by = facts.pop("by", None)
    return bring_in(club, read(text, **facts), starts_at=time(14), minutes=60, by=by)


def titles(session):
    items = session.agenda.select_related("entry__paper").order_by("position")
    return [item.entry.paper.title if item.entry else item.title for item in items]


def test_days_become_sessions_and_rows_items(club, member, organiser):
    added = bring(club, TABLE, by=organiser)
    assert (added.sessions, added.items, added.unchanged, added.rejections) == (2, 3, 0, [])
    first, second = Session.objects.order_by("starts")
    assert (first.state, first.starts) == ("held", datetime(2024, 4, 24, 12, 0, tzinfo=UTC))
    assert second.starts == datetime(2024, 5, 1, 14, 0, tzinfo=UTC)
    assert titles(first) == ["Attention is all you need", "A second paper"]
    item = first.agenda.get(position=1)
    assert (item.minutes, item.notes) == (30, "Clean idea")
    assert (item.entry.state, item.entry.discussed_at) == ("discussed", first.starts)


def test_presenters_are_members_or_guests(club, member, organiser):
    bring(club, TABLE)
    rows = Assignment.objects.order_by("item__session__starts", "item__position", "part__position")
    assert [(str(row.member or row.guest), row.part.name, row.state) for row in rows] == [
        ("Mia Member", "presenter", "done"),
        ("Otto Organiser", "discussant", "done"),
        ("Ann Guest", "presenter", "done"),
        ("Mia Member", "presenter", "done"),
        ("Ann Guest", "discussant", "done"),
    ]
    assert rows[0].proposed_at == Session.objects.order_by("starts")[0].starts
    assert Guest.objects.count() == 1


def test_second_time_changes_nothing(club, member, organiser):
    bring(club, TABLE)
    club.refresh_from_db()
    before = club.version, Paper.objects.count()
    added = bring(club, TABLE)
    club.refresh_from_db()
    assert (added.sessions, added.items, added.unchanged, added.rejections) == (0, 0, 3, [])
    assert (club.version, Paper.objects.count()) == before


def test_everything_is_stamped(club, member, organiser):
    bring(club, TABLE)
    for model in (Session, AgendaItem, Assignment, Guest, Entry):
        assert not model.objects.filter(version=0).exists(), model


@pytest.mark.django_db(transaction=True)
def test_two_at_once_make_each_session_once(club, member, organiser):
    run_together(*[lambda: bring(club, TABLE)] * 3)
    assert (Session.objects.count(), AgendaItem.objects.count(), Assignment.objects.count()) == (2, 3, 5)


def test_known_paper_is_found_by_its_identifier(club, source):
    paper = factories.make_paper("Known", identifiers=(factories.make_identifier("1706.03762"),))
    bring(club, "date,paper\n2024-04-24,https://arxiv.org/abs/1706.03762v7\n")
    assert AgendaItem.objects.get().entry.paper == paper


def test_title_and_identifier_make_a_paper_for_everybody(club):
    bring(club, "date,paper,doi\n2024-04-24,A title,10.1000/xyz\n")
    paper = AgendaItem.objects.get().entry.paper
    assert (paper.title, paper.private_to) == ("A title", None)


def test_title_alone_stays_with_the_club_and_in_no_listing(club):
    bring(club, "date,paper\n2024-04-24,A title\n")
    paper = AgendaItem.objects.get().entry.paper
    assert paper.private_to == club
    assert not ListingItem.objects.exists()


def test_private_paper_of_another_club_is_not_found(club, other_club):
    factories.make_paper("A title", source=factories.make_source(club=other_club, kind="upload"))
    bring(club, "date,paper\n2024-04-24,A title\n")
    assert AgendaItem.objects.get().entry.paper.private_to == club


def test_unknown_identifier_without_a_title_is_told(club):
    added = bring(club, "date,paper\n2024-04-24,10.1000/unknown\n")
    [rejection] = added.rejections
    assert (rejection.place, rejection.reason) == ("line 2", "No paper is known by doi:10.1000/unknown.")
    assert not Session.objects.exists()


def test_row_without_a_paper_is_a_topic(club, member):
    bring(club, "date,paper,presenter,notes\n2024-04-24,,Mia Member,Practice talk\n2024-05-01,,Mia Member,\n")
    assert [titles(session) for session in Session.objects.order_by("starts")] == [
        ["Practice talk"],
        ["A talk"],
    ]
    assert bring(club, "date,presenter\n2024-05-01,Mia Member\n").unchanged == 1


def test_paper_of_two_sessions_is_discussed_in_both(club):
    bring(club, "date,paper\n2023-04-24,A title\n2024-04-24,A title\n")
    entry = Entry.objects.get()
    assert (AgendaItem.objects.filter(entry=entry).count(), entry.discussed_at.year) == (2, 2024)


def test_paper_on_the_list_since_stays_there(club, member):
    entry = reading_list.note(club, factories.make_paper("A title"))
    reading_list.cast_vote(entry, value=1, by=member)
    bring(club, "date,paper\n2024-04-24,A title\n")
    entry.refresh_from_db()
    assert (entry.state, entry.discussed_at.year) == ("suggested", 2024)


def test_part_that_somebody_else_has_is_told(club, member, organiser):
    bring(club, "date,paper,presenter\n2024-04-24,A title,Mia Member\n")
    added = bring(club, "date,paper,presenter\n2024-04-24,A title,Otto Organiser\n")
    assert [each.reason for each in added.rejections] == [
        "Mia Member has the part of the presenter in this already."
    ]
    assert Assignment.objects.get().member == member


def test_what_was_missing_is_added_to_a_session_that_is_here(club, member):
    bring(club, "date,paper\n2024-04-24,A title\n")
    added = bring(club, "date,paper,presenter\n2024-04-24,A title,Mia Member\n2024-04-24,Another,\n")
    assert (added.sessions, added.items) == (0, 1)
    assert titles(Session.objects.get()) == ["A title", "Another"]
    assert Assignment.objects.get().member == member


def test_session_that_is_not_over_is_left_alone(club):
    factories.make_session(club, datetime(2024, 4, 24, 12, tzinfo=UTC), state="locked")
    added = bring(club, "date,paper\n2024-04-24,A title\n")
    assert "was not held" in added.rejections[0].reason
    assert not AgendaItem.objects.exists()


def test_two_sessions_on_a_day_are_told_apart_by_time(club):
    text = "date,time,paper\n2024-04-24,10:00,A\n2024-04-24,16:00,B\n"
    assert bring(club, text).sessions == 2
    assert bring(club, text).unchanged == 2


def test_several_presenters(club, member):
    bring(club, "date,paper,presenter\n2024-04-24,A title,Mia Member & Bo Ek\n")
    assert Assignment.objects.get().member == member
    assert AgendaItem.objects.get().note == "With Bo Ek."


# Who is meant


def test_names_are_compared_without_case_and_accents(club):
    user = factories.make_user("Zoë Å. Müller", club=club, email="zoe@example.org")
    people = load_people(club)
    for name in ("zoe a müller", "ZOË Å. MÜLLER", "Zoë", "zoe@example.org"):
        assert people.find(name) == user, name
    assert people.find("Müller") is None


def test_first_name_of_two_is_nobody(club):
    factories.make_user("Ann Lee", club=club), factories.make_user("Ann Ek", club=club)
    assert load_people(club).find("Ann") is None


def test_people_of_other_clubs_are_unknown(club, outsider):
    assert load_people(club).find("Ute Outsider") is None
    assert load_people(club).find(outsider.email) is None


def test_guest_is_joined_to_a_member(club, member, organiser):
    bring(club, "date,paper,presenter\n2024-04-24,A title,M. Member\n")
    guest = guests.join_guest(Guest.objects.get(), member, by=organiser)
    club.refresh_from_db()
    assert (guest.member, guest.version) == (member, club.version)
    assert load_people(club).find("M. Member") == member
    bring(club, "date,paper,presenter\n2024-05-01,Another,M. Member\n")
    assert Assignment.objects.filter(member=member).count() == 1
    club.refresh_from_db()
    before = club.version
    guests.join_guest(guest, member, by=organiser)
    club.refresh_from_db()
    assert club.version == before
    assert guests.join_guest(guest, None, by=organiser).member is None


def test_guest_is_joined_to_members_only(club, outsider, organiser):
    bring(club, "date,paper,presenter\n2024-04-24,A title,Ute\n")
    with pytest.raises(guests.NotAMember):
        guests.join_guest(Guest.objects.get(), outsider, by=organiser)


# The worker


def queue(club, by, text=TABLE, **facts):
    return past_sessions.queue_past(
        club,
        text.encode(),
        name="history.csv",
        columns=facts.pop("columns", {"date": "date", "paper": "paper", "presenter": "presenter"}),
        day_first=None,
        starts_at=time(14),
        minutes=60,
        by=by,
    )


@pytest.fixture
def queued(monkeypatch):
    """Looking up is for another worker."""
    monkeypatch.setattr(importing, "wake", lambda run: None)


def test_worker_brings_it_in(club, member, organiser, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        run = queue(club, organiser, TABLE + "soon,Nothing,,,,,\n")
    run.refresh_from_db()
    assert (run.state, run.days, run.taken, run.sessions_made, run.items_made) == ("done", 2, 2, 2, 3)
    assert [each["place"] for each in run.rejections] == ["line 5"]
    assert bytes(run.content) == b""


def test_tick_finds_what_no_message_reached(club, organiser):
    run = queue(club, organiser)
    assert past_sessions.take_due(timezone.now()) == [run.pk]
    past_sessions.perform(run.pk)
    past_sessions.perform(run.pk)
    run.refresh_from_db()
    assert (run.state, run.attempts) == ("done", 1)
    assert past_sessions.take_due(timezone.now()) == []


def test_worker_that_died_is_followed_by_another_that_goes_on(club, organiser, monkeypatch):
    run = queue(club, organiser)
    add, days = past_sessions.add_day, []

    def die_at_the_second(*args, **facts):
        days.append(args)
        if len(days) == 2:
            raise KeyboardInterrupt
        return add(*args, **facts)

    monkeypatch.setattr(past_sessions, "add_day", die_at_the_second)
    with pytest.raises(KeyboardInterrupt):
        past_sessions.perform(run.pk)
    assert past_sessions.take_due(timezone.now()) == []
    assert past_sessions.take_due(timezone.now() + timedelta(minutes=5)) == [run.pk]
    PastImport.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
    past_sessions.perform(run.pk)
    run.refresh_from_db()
    assert (run.state, run.taken, run.sessions_made, run.items_made, run.unchanged) == ("done", 2, 2, 3, 0)


def test_fault_is_tried_again_and_then_told(club, organiser, monkeypatch):
    run = queue(club, organiser)
    monkeypatch.setattr(past_sessions, "add_day", lambda *args, **facts: 1 / 0)
    for _attempt in range(past_sessions.ATTEMPTS):
        PastImport.objects.update(due_at=timezone.now())
        past_sessions.perform(run.pk)
    run.refresh_from_db()
    assert (run.state, run.error) == (
        "failed",
        "It broke off again and again. The log of the worker tells what.",
    )


def test_table_without_the_columns_fails_with_a_sentence(club, organiser):
    run = queue(club, organiser, columns={"date": "Tag"})
    past_sessions.perform(run.pk)
    run.refresh_from_db()
    assert run.state == "failed" and "Tag" in run.error


def test_papers_are_looked_up_before(club, organiser, queued):
    run = queue(club, organiser, "date,paper,presenter\n2024-04-24,10.1000/xyz,\n2024-05-01,10.1000/no,\n")
    past_sessions.perform(run.pk)
    run.refresh_from_db()
    assert (run.state, run.taken, run.lookup.is_submission) == ("queued", 0, True)
    PastImport.objects.update(due_at=timezone.now())
    past_sessions.perform(run.pk)  # still under way
    factories.make_paper("Found", identifiers=(factories.make_identifier("10.1000/xyz", "doi"),))
    found, lost = run.lookup.items.order_by("number")
    SubmissionItem.objects.filter(pk=found.pk).update(state="added")
    SubmissionItem.objects.filter(pk=lost.pk).update(state="not_found", reason="Nobody knows it.")
    Import.objects.update(state="done", finished=timezone.now())
    PastImport.objects.update(due_at=timezone.now())
    past_sessions.perform(run.pk)
    run.refresh_from_db()
    assert (run.state, run.sessions_made) == ("done", 1)
    assert [(each["place"], each["reason"]) for each in run.rejections] == [("line 3", "Nobody knows it.")]


def test_who_asks_for_too_much_waits(club, organiser, queued, monkeypatch):
    def refuse(*args, **facts):
        raise submissions.TooMuch("Too many.", 900)

    monkeypatch.setattr(submissions, "submit", refuse)
    run = queue(club, organiser, "date,paper,presenter\n2024-04-24,10.1000/xyz,\n")
    past_sessions.perform(run.pk)
    run.refresh_from_db()
    assert run.state == "queued" and run.due_at > timezone.now() + timedelta(minutes=14)
    assert issubclass(submissions.TooMuch, SubmissionRefused)


def test_nothing_is_looked_up_for_who_organises_no_more(club, organiser, queued):
    run = queue(club, organiser, "date,paper,presenter\n2024-04-24,10.1000/xyz,\n")
    Membership.objects.filter(user=organiser).update(role="member")
    past_sessions.perform(run.pk)
    run.refresh_from_db()
    assert (run.state, run.lookup, len(run.rejections)) == ("done", None, 1)


def test_table_has_a_bound(club, organiser):
    with pytest.raises(Refused, match="more than 2 MB"):
        queue(club, organiser, "x" * 2_000_001)


def test_only_organisers_see_it(club, organiser, member, outsider):
    run = queue(club, organiser)
    assert list(PastImport.objects.visible_to(organiser)) == [run]
    assert not PastImport.objects.visible_to(member).exists()
    assert not PastImport.objects.visible_to(outsider).exists()


def test_day_without_papers_makes_no_session(club):
    assert add_day(club, [], starts_at=time(14), minutes=60, by=None).sessions == 0

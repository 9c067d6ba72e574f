"""Notes that several people write, verdicts, take-aways, and who does what next."""

import threading
from datetime import date

import pytest
from django.db import connection

from papers.models import ActionItem, Guest, NotesRevision, Session, Tombstone
from papers.scheduling import minutes
from tests import factories


@pytest.fixture
def session(club):
    return factories.make_session(club, state=Session.State.LOCKED)


@pytest.fixture
def item(session):
    return factories.make_item(session)


@pytest.fixture(params=["session", "item"])
def target(request):
    return request.getfixturevalue(request.param)


def save(target, text, base, by):
    return minutes.save_notes(target, text=text, base_version=base, by=by)


def test_notes_are_saved(target, club, member):
    saved = save(target, "First\r\nsecond\0", 0, member)
    assert (saved.text, saved.version, saved.mine) == ("First\nsecond", 1, 1)
    target.refresh_from_db()
    club.refresh_from_db()
    assert (target.notes, target.notes_version, target.version) == ("First\nsecond", 1, club.version)
    assert save(target, "First\nsecond", 1, member).version == 1
    club.refresh_from_db()
    assert club.version == target.version, "the same again changes nothing"


def test_two_writers_keep_both_their_lines(target, member, organiser):
    save(target, "Agenda\n", 0, member)
    save(target, "Agenda\nfrom Mia\n", 1, member)
    saved = save(target, "Agenda\nfrom Otto\n", 1, organiser)
    assert saved.text == "Agenda\nfrom Mia\nfrom Otto\n"


def test_a_writer_goes_on_from_their_own_text(target, member, organiser):
    """Who typed on while their notes were merged has neither the merged text nor that of before."""
    save(target, "Mia: th", 0, member)
    saved = save(target, "Otto", 0, organiser)
    assert (saved.text, saved.version) == ("Mia: th\nOtto", 3)
    typed_on = save(target, "Otto says", saved.mine, organiser)
    assert typed_on.text == "Mia: th\nOtto says"
    assert save(target, "Mia: this", 1, member).text == "Mia: this\nOtto says"


def test_lines_that_both_changed_are_kept_twice_and_marked(target, member, organiser):
    save(target, "we conclude that", 0, member)
    save(target, "we conclude that it holds", 1, member)
    saved = save(target, "we conclude that it fails", 1, organiser)
    assert "holds" in saved.text and "fails" in saved.text and "═══" in saved.text


@pytest.mark.parametrize("base", [7, 99, 2**31 - 1])
def test_a_base_that_nobody_knows_loses_nothing(target, member, organiser, base):
    save(target, "one\ntwo", 0, member)
    saved = save(target, "two\nthree", base, organiser)
    assert set(saved.text.split("\n")) >= {"one", "two", "three"}


def test_notes_from_before_the_first_save_are_a_base_too(session, member, organiser):
    Session.objects.filter(pk=session.pk).update(notes="brought in\n")
    save(session, "brought in\nMia\n", 0, member)
    assert save(session, "brought in\nOtto\n", 0, organiser).text == "brought in\nMia\nOtto\n"


def test_old_revisions_are_forgotten(target, member, monkeypatch):
    monkeypatch.setattr(minutes, "KEPT_REVISIONS", 3)
    for number in range(10):
        save(target, f"text {number}", number, member)
    assert NotesRevision.objects.count() == 3


def test_notes_have_a_bound_and_can_always_be_shortened(target, member):
    with pytest.raises(minutes.TooLong, match="50000 characters"):
        save(target, "x" * 50_001, 0, member)
    type(target).objects.filter(pk=target.pk).update(notes="y" * 90_000)
    assert save(target, "y" * 80_000, 0, member).version == 1


@pytest.mark.parametrize("state", ["draft", "cancelled"])
def test_nobody_takes_minutes_where_nobody_meets(club, member, state):
    with pytest.raises(minutes.NoMinutes):
        save(factories.make_session(club, state=state), "Notes", 0, member)


@pytest.mark.django_db(transaction=True)
def test_writers_at_the_same_moment_all_keep_their_lines(session, club):
    writers = [factories.make_user(club=club) for _ in range(5)]
    together = threading.Barrier(len(writers))

    def write(user):
        together.wait()
        base, text = 0, ""
        for number in range(4):
            text += f"{user.name}, line {number}\n"
            base = save(session, text, base, user).mine
        connection.close()

    threads = [threading.Thread(target=write, args=[user]) for user in writers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    session.refresh_from_db()
    lines = session.notes.split("\n")
    for user in writers:
        for number in range(4):
            assert lines.count(f"{user.name}, line {number}") == 1


def test_an_item_is_concluded(item, club, member):
    club.minutes_template = "What is new?\nWhat would we do?"
    assert minutes.begin_takeaways(item, club) == "What is new?\nWhat would we do?"
    done = minutes.conclude(item, verdict=" Worth \n reading ", takeaways="- one\n- two\n", by=member)
    assert (done.verdict, done.takeaways) == ("Worth reading", "- one\n- two")
    club.refresh_from_db()
    assert done.version == club.version
    assert minutes.conclude(item, verdict="Worth reading", by=member).version == done.version
    assert minutes.begin_takeaways(done, club) == "- one\n- two"
    with pytest.raises(minutes.TooLong):
        minutes.conclude(item, verdict="x" * 301, by=member)


def test_action_items_have_an_owner_and_are_done(session, item, member, organiser, outsider, other_club):
    action = minutes.add_action(
        session, text="Ask the authors", item=item, member=member, due=date(2026, 5, 7), by=organiser
    )
    assert list(minutes.load_open_actions(member, session.club)) == [action]
    action = minutes.change_action(action, guest="Prof. Visitor", by=organiser)
    assert (action.member, action.guest.name) == (None, "Prof. Visitor")
    action = minutes.change_action(action, member=member, text="Ask them", by=organiser)
    assert (action.member, action.guest, action.text) == (member, None, "Ask them")

    done = minutes.change_action(action, is_done=True, by=member)
    assert done.done_at is not None
    assert minutes.change_action(action, is_done=True, by=member).done_at == done.done_at
    assert not minutes.load_open_actions(member, session.club)
    assert minutes.change_action(action, is_done=False, due=None, by=member).due is None

    stranger = Guest.objects.create(club=other_club, name="Stranger")
    for owner in ({"member": outsider}, {"guest": stranger}, {"member": member, "guest": "Both"}):
        with pytest.raises(minutes.NotTheirs):
            minutes.change_action(action, by=organiser, **owner)
    with pytest.raises(minutes.BadAction):
        minutes.add_action(session, text=" ", by=member)
    minutes.remove_action(action, by=member)
    assert Tombstone.objects.get(kind="actionitem").object_id == action.pk
    assert not ActionItem.objects.exists()

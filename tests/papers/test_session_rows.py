"""What is always true of sessions, agendas and assignments; and who sees which."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from papers import reading_list
from papers.models import AgendaItem, Assignment, Session
from papers.scheduling.parts import load_parts
from tests import factories


def refuses(make):
    with pytest.raises(IntegrityError), transaction.atomic():
        make()


@pytest.fixture
def session(club):
    return factories.make_session(club)


@pytest.fixture
def item(session, member):
    entry = reading_list.note(session.club, factories.make_paper())
    return factories.make_item(session, entry)


def test_session_ends_after_its_minutes(session):
    assert session.ends - session.starts == timedelta(minutes=60)


def test_session_locks_before_it_starts(club):
    refuses(lambda: factories.make_session(club, lock_hours=-1))


def test_locked_session_says_since_when(session):
    refuses(lambda: Session.objects.filter(pk=session.pk).update(state="locked"))


def test_entry_stands_once_on_an_agenda(item):
    refuses(lambda: factories.make_item(item.session, item.entry))


def test_item_is_about_something(session):
    refuses(lambda: AgendaItem.objects.create(session=session, position=9))


def test_one_person_has_a_part_at_a_time(club, item, member, organiser):
    part = load_parts(club)[0]
    first = Assignment.objects.create(club=club, item=item, part=part, member=member)
    refuses(lambda: Assignment.objects.create(club=club, item=item, part=part, member=organiser))
    first.state = Assignment.State.DECLINED
    first.save()
    Assignment.objects.create(club=club, item=item, part=part, member=organiser)


def test_assignment_is_somebodys(club, item):
    refuses(lambda: Assignment.objects.create(club=club, item=item, part=load_parts(club)[0]))


def test_drafts_are_for_organisers(club, session, member, organiser, outsider):
    draft = factories.make_session(club, state=Session.State.DRAFT)

    assert set(Session.objects.visible_to(organiser)) == {session, draft}
    assert set(Session.objects.visible_to(member)) == {session}
    assert not Session.objects.visible_to(outsider)


def test_assignments_are_seen_by_members_only(club, item, member, outsider):
    club.is_public = True
    club.save()
    assignment = Assignment.objects.create(club=club, item=item, part=load_parts(club)[0], member=member)

    assert list(Assignment.objects.visible_to(member)) == [assignment]
    assert not Assignment.objects.visible_to(outsider)
    item.session.state = Session.State.DRAFT
    item.session.save()
    assert not Assignment.objects.visible_to(member)

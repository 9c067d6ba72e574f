"""Those who keep a source hear once that it has stalled, before a member notices."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.utils import timezone

from accounts.models import Role
from papers.models import OutgoingMail, Source
from papers.notifications import outbox
from papers.sources import keeping, running, telling
from tests import factories

pytestmark = pytest.mark.django_db


def make_stalled(club=None, **facts):
    source = keeping.make_source(club=club, kind="arxiv", name="Arrivals", query="x", every_hours=1)
    long_ago = timezone.now() - timedelta(hours=5)
    Source.objects.filter(pk=source.pk).update(**{"expected_since": long_ago, "last_good": long_ago, **facts})
    source.refresh_from_db()
    return source


def tell():
    telling.tell_stalled(timezone.now())
    outbox.send_due()


def test_administrators_are_told_once(administrator, organiser, mailoutbox):
    source = make_stalled(failures=5, error="export.arxiv.org answered 500.")
    tell()
    tell()
    [mail] = mailoutbox
    assert (mail.to, mail.subject) == ([administrator.email], "Arrivals has stalled")
    assert f"http://localhost:8000/sources/{source.pk}" in mail.body
    assert "failed 5 times" in mail.body and "answered 500." in mail.body


def test_organisers_and_owners_are_told_of_their_clubs_source(
    administrator, organiser, owner, member, outsider, mailoutbox, club
):
    make_stalled(club)
    tell()
    assert sorted(mail.to[0] for mail in mailoutbox) == sorted([organiser.email, owner.email])


def test_the_next_incident_is_told_again(administrator, mailoutbox):
    source = make_stalled()
    tell()
    run = running.run_now(source, by=None)
    run.state, run.finished = "done", timezone.now()
    running.note_end(run)
    tell()
    assert len(mailoutbox) == 1
    Source.objects.update(failures=4)
    tell()
    assert len(mailoutbox) == 2


def test_what_runs_well_is_not_told_of(administrator, mailoutbox):
    make_stalled(last_good=timezone.now())
    keeping.pause(make_stalled())
    tell()
    assert mailoutbox == []


def test_what_could_not_be_queued_is_queued_later(administrator, mailoutbox, monkeypatch):
    make_stalled()

    def fail(*_args, **_facts):
        raise ConnectionError

    with monkeypatch.context() as broken:
        broken.setattr(telling.outbox, "put", fail)
        telling.tell_stalled(timezone.now())
    assert (OutgoingMail.objects.count(), Source.objects.get().told_at) == (0, None)
    tell()
    assert len(mailoutbox) == 1


def test_two_workers_tell_once(administrator, mailoutbox):
    source = make_stalled()
    tell()
    telling._tell(source, timezone.now() + timedelta(seconds=1))  # which saw the source before it was told
    outbox.send_due()
    assert len(mailoutbox) == 1


def test_a_line_break_in_a_name_is_no_header(administrator, mailoutbox):
    source = make_stalled()
    Source.objects.filter(pk=source.pk).update(name="Arrivals\nBcc: all@example.org")
    tell()
    assert mailoutbox[0].subject == "Arrivals Bcc: all@example.org has stalled"


def test_pages_find_them_without_asking_the_database(club, other_club, django_assert_num_queries):
    ours, installations, theirs = make_stalled(club), make_stalled(), make_stalled(other_club)
    factories.make_user("Olaf", club=club, role=Role.ORGANISER)
    tell()
    with django_assert_num_queries(0):
        assert telling.find_remembered([club], with_installation=False) == [(ours.pk, "Arrivals")]
        found = telling.find_remembered([club], with_installation=True)
        assert [pk for pk, _name in found] == [installations.pk, ours.pk]
    assert theirs.pk not in [pk for pk, _name in found]
    Source.objects.update(last_good=timezone.now())
    tell()
    assert telling.find_remembered([club], with_installation=True) == []


def test_a_cache_that_is_away_breaks_no_page(club, monkeypatch):
    def fail(*_args):
        raise ConnectionError

    monkeypatch.setattr(cache, "get", fail)
    monkeypatch.setattr(cache, "set", fail)
    make_stalled(club)
    tell()
    assert telling.find_remembered([club], with_installation=True) == []

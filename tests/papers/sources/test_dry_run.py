"""A dry run shows what the next run would bring, and changes nothing."""

from datetime import timedelta

import pytest
from django.utils import timezone

from papers import importing
from papers.models import DryRun, FetchedPage, Import, Listing, Paper, Source, SourceRecord
from papers.sources import dry_run, keeping, running
from tests import factories
from tests.services import atom

from .test_running import make, path, run

pytestmark = pytest.mark.django_db


@pytest.fixture
def page(services):
    services.answer(
        path(0), atom([("2611.00001", "2026-11-24"), ("no-id", "2026-11-24"), ("2611.00002", "2026-11-23")])
    )
    return services


def perform(source):
    row = dry_run.queue(source)
    dry_run.perform(row.pk)
    row.refresh_from_db()
    return row


def test_it_says_what_is_new_what_is_here_and_what_is_wrong(page):
    other = factories.make_source()
    paper = factories.make_paper(source=other, identifiers=(factories.make_identifier("2611.00002"),))
    done = perform(make())
    assert (done.state, done.has_more, done.error) == ("done", False, "")
    new, wrong, here = done.found
    assert new == {"what": "new", "title": "On matter 2611.00001", "authors": "Ada 2611 00001", "paper": None}
    assert (wrong["what"], wrong["place"]) == ("rejected", "entry 2")
    assert wrong["reason"] and "no-id" in wrong["raw"]
    assert (here["what"], here["paper"]) == ("here", paper.pk)


def test_it_changes_nothing(page):
    source = make()
    before = Source.objects.values().get()
    perform(source)
    assert Source.objects.values().get() == before
    assert not any(model.objects.exists() for model in (Paper, SourceRecord, Listing, Import, FetchedPage))


def test_what_came_by_the_source_is_here(page):
    source = make()
    run(source)
    assert [each["what"] for each in perform(source).found] == ["here", "rejected", "here"]


def test_what_is_private_to_another_club_is_new(page, open_network, other_club, club):
    theirs = factories.make_paper(
        "On matter 2611.00001", source=factories.make_source(club=other_club, kind="upload")
    )
    assert theirs.private_to == other_club
    assert perform(make(club=club)).found[0]["what"] == "new"


def test_a_club_has_one_under_way(page, open_network, club):
    slow, waiting = make("crossref", club=club), make(club=club)
    busy = dry_run._lease(dry_run.queue(slow).pk)
    assert perform(waiting).state == "queued"
    DryRun.objects.filter(pk=busy.pk).update(state="done")
    assert perform(waiting).state == "done"
    assert perform(make()).state == "done"


def test_a_club_looks_at_nothing_that_only_the_installation_may_ask(page, settings, club):
    """What a dry run finds its keepers read, so it would be the shortest way into our network."""
    settings.FETCH_ALLOWED_HOSTS |= {"127.0.0.1"}
    done = perform(make(club=club))
    assert done.state == "failed" and "only 80 and 443" in done.error
    done = perform(make("file", club=club, address="http://127.0.0.1/"))
    assert done.state == "failed" and "private network" in done.error
    assert (page.asked, done.found) == ([], [])


def test_fifty_are_shown(services):
    services.answer(path(0), atom([(f"2611.{n:05}", "2026-11-24") for n in range(1, 90)], total=200))
    done = perform(make())
    assert (len(done.found), done.has_more) == (50, True)
    assert len(services.asked) == 1


def test_it_looks_at_a_few_pages(services):
    for n in range(5):
        services.answer(path(n), atom([(f"2611.{n:05}", "2026-11-24")], total=200, start=n))
    assert len(perform(make()).found) == dry_run.MOST_PAGES


@pytest.mark.parametrize(
    ("said", "words"),
    [({"status": "500 Oh"}, "500"), ({"body": b"<html>"}, "web page"), ({"body": b""}, "empty")],
)
def test_what_goes_wrong_is_said(services, said, words):
    services.answer(path(0), **said)
    source = make()
    done = perform(source)
    assert done.state == "failed" and words in done.error
    assert Source.objects.get().failures == 0


def test_a_paused_source_may_be_tried(page):
    assert perform(make(is_paused=True)).state == "done"


def test_one_at_a_time_and_the_last_is_kept(page):
    source = make()
    first = dry_run.queue(source)
    assert dry_run.queue(source).pk == first.pk
    dry_run.perform(first.pk)
    assert perform(source).state == "done"
    assert DryRun.objects.count() == 1
    dry_run.perform(first.pk)  # a message that came twice
    assert len(page.asked) == 2


def test_a_worker_that_was_killed_is_followed(page):
    row = dry_run.queue(make())
    DryRun.objects.update(state="running", attempts=1, leased_until=timezone.now() - timedelta(seconds=1))
    assert dry_run.take_due(timezone.now()) == [row.pk]
    dry_run.perform(row.pk)
    row.refresh_from_db()
    assert row.state == "done"
    DryRun.objects.update(state="running", attempts=2, leased_until=timezone.now() - timedelta(seconds=1))
    dry_run.perform(row.pk)
    row.refresh_from_db()
    assert row.state == "failed" and "again and again" in row.error


def test_one_whose_message_was_lost_is_taken_by_the_tick(page):
    row = dry_run.queue(make())
    assert dry_run.take_due(timezone.now()) == []
    assert dry_run.take_due(timezone.now() + timedelta(minutes=1)) == [row.pk]


def test_uploads_have_none(db):
    with pytest.raises(running.NothingToAsk):
        dry_run.queue(importing.default_source("", None))


def test_a_source_that_goes_takes_its_dry_run_along(page):
    source = make()
    perform(source)
    keeping.remove(source)
    assert not DryRun.objects.exists()

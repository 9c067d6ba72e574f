"""What keepers do to sources, and which ones a club follows."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from papers import catalogue, importing
from papers.models import Import, Source
from papers.sources import keeping, running
from tests import factories

pytestmark = pytest.mark.django_db


def make(**facts):
    facts = {
        "club": None,
        "kind": "arxiv",
        "name": "Translation",
        "query": "cat:cs.CL",
        "every_hours": 6,
        **facts,
    }
    return keeping.make_source(**facts)


def test_a_new_source_runs_at_once():
    source = make()
    assert timezone.now() - source.due_at < timedelta(seconds=5)
    assert (source.slug, source.watermark, source.is_paused) == ("translation", {}, False)
    assert make(is_paused=True).due_at is None
    assert make(every_hours=None).due_at is None


def test_names_in_addresses_are_free_ones(club):
    assert [make().slug for _time in range(3)] == ["translation", "translation-2", "translation-3"]
    assert make(club=club).slug == "ml-translation"
    assert make(name="论文").slug == "source"
    assert len(make(name="x" * 100).slug) == 70
    assert len({make(name="x" * 100).slug for _time in range(12)}) == 12


@pytest.mark.parametrize("kind", ["upload", "arxiv", "hugging-face"])
def test_no_name_takes_the_place_of_what_people_bring(club, administrator, kind):
    """A source called “Upload” got what people uploaded, and no edit could be saved beside it."""
    names = {make(name=name).pk for name in (kind, f"Uploads {club.slug}")}
    for format in ("bibtex", "arxiv-atom", "hf-json"):
        found = importing.default_source(format, None)
        assert found.pk not in names
        assert importing.default_source(format, None) == found
    assert importing.default_source("bibtex", club).pk not in names
    paper = factories.make_paper("Light", source=Source.objects.first())
    assert catalogue.edit_paper(paper, {"title": "Heavy"}, by=administrator).title == "Heavy"


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({"query": ""}, "query"),
        ({"kind": "upload"}, "kind"),
        ({"kind": "feed", "address": "file:///x"}, "address"),
        ({"kind": "hugging_face", "query": "", "since": date(1, 1, 1)}, "since"),
    ],
)
def test_what_makes_no_sense_is_refused(facts, field):
    with pytest.raises(keeping.Refused) as error:
        make(**facts)
    assert error.value.field == field
    assert not Source.objects.exists()


@pytest.mark.parametrize(
    "facts",
    [
        {"every_hours": 0},
        {"every_hours": 721},
        {"daily_at": time(6)},
        {"time_zone": "Mars/Base"},
        {"name": "x" * 101},
    ],
)
def test_an_odd_schedule_is_refused(facts):
    with pytest.raises(ValidationError):
        make(**facts)


def test_another_query_begins_anew():
    source = make()
    Source.objects.update(
        watermark={"updated": "x"}, position={"start": 3}, etag="e", failures=3, due_at=None
    )
    renamed = keeping.change_source(source, name="Other")
    assert (renamed.watermark, renamed.failures, renamed.due_at) == ({"updated": "x"}, 3, None)
    changed = keeping.change_source(source, query="cat:cs.LG")
    assert (changed.watermark, changed.position, changed.etag, changed.failures) == ({}, None, "", 0)
    assert changed.due_at is not None


def test_what_asks_nothing_gets_no_schedule():
    for format in ("", "arxiv-atom"):
        with pytest.raises(keeping.Refused):
            keeping.change_source(importing.default_source(format, None), every_hours=6)
    daily = keeping.change_source(importing.default_source("hf-json", None), every_hours=6)
    assert daily.due_at, "which needs no query"


def test_another_schedule_counts_from_now():
    source = make()
    changed = keeping.change_source(source, every_hours=None, daily_at=time(6))
    assert changed.due_at.hour == 6 and changed.due_at > timezone.now()
    assert changed.expected_since >= source.expected_since


def test_pause_and_resume():
    source = make()
    assert keeping.pause(source).due_at is None
    resumed = keeping.resume(source)
    assert timezone.now() - resumed.due_at < timedelta(seconds=5)
    assert resumed.watermark == {}


def test_a_source_that_brought_something_stays():
    source, other = make(), make()
    Import.objects.create(source=source, input_name="x", state="failed", finished=timezone.now())
    factories.make_paper(source=other)
    keeping.remove(source)
    with pytest.raises(keeping.Refused, match="Pause it instead"):
        keeping.remove(other)
    with pytest.raises(keeping.Refused, match="stays"):
        keeping.remove(importing.default_source("", None))
    assert not Source.objects.filter(pk=source.pk).exists()


def test_a_removed_source_leaves_no_file(services, settings, django_capture_on_commit_callbacks):
    services.answer("/feed", b"This is no feed.")
    source = make(kind="file", query="", address=services.address("/feed"))
    importing.run_import(running.run_now(source, by=None).pk)

    def stored():
        return [path for path in settings.FILES_DIR.rglob("*") if path.is_file()]

    assert len(stored()) == 1
    with django_capture_on_commit_callbacks(execute=True):
        keeping.remove(source)
    assert stored() == []


def test_a_club_asks_for_nothing_twice(club, other_club):
    make(club=club, name="Ours")
    feed = make(club=club, kind="feed", query="", address="https://x.example/feed")
    with pytest.raises(keeping.Refused, match="“Ours” asks for the same already"):
        make(club=club, name="Again", every_hours=12)
    with pytest.raises(keeping.Refused, match="“Ours” asks for the same already"):
        keeping.change_source(feed, kind="arxiv", query="cat:cs.CL", address="")
    renamed = keeping.change_source(feed, name="Feed", every_hours=3)
    assert renamed.name == "Feed", "it is no twin of itself"
    assert make(club=club, query="cat:cs.CL AND all:x") and make(club=other_club) and make() and make()


def test_a_club_has_so_many_at_most(club, monkeypatch):
    monkeypatch.setattr(keeping, "MOST_OF_A_CLUB", 2)
    make(club=club), make(club=club, query="cat:cs.LG")
    with pytest.raises(keeping.Refused, match="at most 2"):
        make(club=club)


def test_a_club_follows_what_it_chose(club, other_club):
    one, two, own, others = make(), make(), make(club=club), make(club=other_club)
    keeping.follow(club, [one, own, others])
    assert set(Source.objects.followed_by(club)) == {one, own}
    keeping.follow(club, [two])
    assert set(Source.objects.followed_by(club)) == {two, own}
    keeping.follow(club, [])
    assert set(Source.objects.followed_by(club)) == {one, two, own}, "none chosen stands for all"


def test_the_first_run_goes_back_a_week():
    source = make()
    assert running.make_query(source).since == source.created.date() - timedelta(days=7)
    assert running.make_query(make(since=date(2020, 1, 1))).since == date(2020, 1, 1)
    assert datetime.now(UTC) > source.created

"""Runs of sources: what comes in, how far they have come, and what a killed worker leaves."""

import random
import threading
from datetime import UTC, date, datetime, time, timedelta

import pytest
from django.conf import settings as django_settings
from django.db import connections
from django.utils import timezone

from papers import importing, tasks
from papers.models import FetchedPage, HostTurn, Import, Listing, Paper, RejectedRecord, Source
from papers.sources import dry_run, keeping, politeness, running
from papers.sources.planners import Ask, Page, StartAgain, Step
from tests.services import answer, atom, daily

pytestmark = pytest.mark.django_db


def make(kind="arxiv", *, club=None, **facts):
    facts.setdefault("since", date(2026, 11, 1))
    facts.setdefault("every_hours", 6)
    if kind in {"arxiv", "crossref"}:
        facts.setdefault("query", "cat:cs.CL")
    facts.setdefault("name", f"Source of {kind}")
    return keeping.make_source(club=club, kind=kind, **facts)


def run(source):
    """Run a source as the worker does, to its end or until it waits."""
    found = running.run_now(source, by=None)
    Import.objects.filter(pk=found.pk).update(due_at=timezone.now())
    importing.run_import(found.pk)
    found.refresh_from_db()
    source.refresh_from_db()
    return found


def path(start):
    return (f"/arxiv?search_query=cat%3Acs.CL&start={start}&max_results=100"
            "&sortBy=lastUpdatedDate&sortOrder=descending")  # fmt: skip


@pytest.fixture
def frozen(monkeypatch):
    moment = datetime(2026, 11, 24, 9, tzinfo=UTC)
    monkeypatch.setattr(running.timezone, "now", lambda: moment)
    return moment


@pytest.fixture
def two_pages(services):
    services.answer(path(0), atom([("2611.00001", "2026-11-24"), ("2611.00002", "2026-11-23")], total=3))
    services.answer(path(2), atom([("2611.00003", "2026-11-22")], total=3, start=2))
    return services


def test_a_run_takes_page_after_page(two_pages):
    source = make()
    done = run(source)
    assert (done.state, done.added, done.rejected, done.pages, done.error) == ("done", 3, 0, 2, "")
    assert source.watermark == {"updated": "2026-11-24T10:00:00+00:00"}
    assert (source.position, source.failures, source.error) == (None, 0, "")
    assert source.last_good is not None
    assert sorted(Paper.objects.values_list("title", flat=True)) == [
        f"On matter 2611.0000{n}" for n in (1, 2, 3)
    ]
    pages = FetchedPage.objects.filter(run=done)
    assert [page.address for page in pages] == [two_pages.address(path(0)), two_pages.address(path(2))]
    assert all((django_settings.FILES_DIR / page.stored_as).stat().st_mode & 0o777 == 0o600 for page in pages)


def test_the_second_run_changes_nothing(two_pages):
    source = make()
    run(source)
    again = run(source)
    assert (again.state, again.added, again.updated, again.unchanged) == ("done", 0, 0, 3)


def test_days_come_into_their_listings(services, frozen):
    for day, keys in ((22, ["2611.00001"]), (23, ["2611.00002", "2611.00003"]), (24, ["2611.00003"])):
        services.answer(f"/daily?date=2026-11-{day}&limit=100&p=0", daily(*keys))
    source = make("hugging_face", since=date(2026, 11, 22))
    done = run(source)
    assert (done.state, done.added, done.pages) == ("done", 3, 3)
    assert {listing.date.day: listing.items.count() for listing in Listing.objects.all()} == {
        22: 1,
        23: 2,
        24: 1,
    }
    assert source.watermark == {"day": "2026-11-22"}
    services.asked.clear()
    run(source)
    assert [asked.path[12:22] for asked in services.asked] == ["2026-11-23", "2026-11-24"]


def test_a_day_without_papers_and_one_that_is_not_there_yet(services, frozen):
    services.answer("/daily?date=2026-11-23&limit=100&p=0", b"[]")
    services.answer("/daily?date=2026-11-24&limit=100&p=0", b'{"error": "later"}', status="400 Bad Request")
    source = make("hugging_face", since=date(2026, 11, 23))
    assert (run(source).state, source.failures) == ("done", 0)
    services.answer("/daily?date=2026-11-23&limit=100&p=0", b"no", status="400 Bad Request")
    failed = run(source)
    assert failed.state == "failed" and failed.error.startswith("127.0.0.1 answered 400 Bad Request. Perhaps")


DATA = django_settings.BASE_DIR / "tests" / "data"
END_OF_LIST = (
    b'<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><responseDate>2025-04-25T06:00:00Z</responseDate>'
    b'<error code="noRecordsMatch">None left.</error></OAI-PMH>'
)


@pytest.mark.parametrize(
    ("kind", "file", "asked", "facts", "watermark"),
    [
        ("arxiv", "arxiv-atom.xml", path(0), {}, {"updated"}),
        ("arxiv_feed", "arxiv-rss.xml", "/announced/cs.IR", {"query": "cs.IR"}, set()),
        ("crossref", "crossref.json",
         "/crossref?filter=from-index-date%3A2026-11-01%2Cissn%3A1234-5678&rows=100&cursor=%2A",
         {"query": "1234-5678"}, {"day"}),
        ("biorxiv", "biorxiv.json", "/biorxiv/biorxiv/2026-11-01/2026-11-24/0/json", {}, {"day"}),
        ("medrxiv", "biorxiv.json", "/biorxiv/medrxiv/2026-11-01/2026-11-24/0/json?category=public_health",
         {"query": "Public health"}, {"day"}),
        ("oai", "oai.xml", "/oai?verb=ListRecords&metadataPrefix=oai_dc&from=2026-11-01&set=x", {"query": "x"},
         {"day"}),
        ("feed", "feed.xml", "/feed", {}, set()),
        ("file", "bibtex.bib", "/file", {}, set()),
        ("file", "ris.ris", "/file", {}, set()),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_every_kind_takes_the_answers_of_its_service(services, frozen, kind, file, asked, facts, watermark):
    services.answer(asked, (DATA / file).read_bytes())
    services.answer("/oai?verb=ListRecords&resumptionToken=abc%7C6", END_OF_LIST)
    if kind in {"feed", "file", "oai"}:
        facts = {**facts, "address": services.address(f"/{kind}")}
    source = make(kind, **facts)
    done = run(source)
    assert (done.state, done.error, source.failures) == ("done", "", 0)
    assert done.added > 0
    assert set(source.watermark) == watermark
    assert run(source).added == 0


@pytest.mark.parametrize(
    ("kind", "asked", "said"),
    [
        ("biorxiv", "/biorxiv/biorxiv/2026-11-01/2026-11-24/0/json",
         b'{"messages":[{"status":"no posts found"}],"collection":[]}'),
        ("crossref", "/crossref?filter=from-index-date%3A2026-11-01&rows=100&cursor=%2A&query.bibliographic=x",
         b'{"status":"ok","message":{"total-results":0,"items":[],"next-cursor":"x"}}'),
        ("oai", "/oai?verb=ListRecords&metadataPrefix=oai_dc&from=2026-11-01", END_OF_LIST),
        ("arxiv_feed", "/announced/x", b'<rss version="2.0" xmlns:arxiv="http://arxiv.org/schemas/atom"><channel>'
         b"<title>x updates on arXiv.org</title><link>http://rss.arxiv.org/rss/x</link></channel></rss>"),
    ],
    ids=["biorxiv", "crossref", "oai", "arxiv_feed"],
)  # fmt: skip
def test_a_service_without_news_is_well(services, frozen, kind, asked, said):
    services.answer(asked, said)
    facts = (
        {"address": services.address("/oai")}
        if kind == "oai"
        else {}
        if kind == "biorxiv"
        else {"query": "x"}
    )
    source = make(kind, **facts)
    done = run(source)
    assert (done.state, done.error, done.taken) == ("done", "", 0)


# What goes wrong


def test_an_empty_page_is_asked_for_again(two_pages):
    answers = iter([atom([], total=3, start=2), atom([("2611.00003", "2026-11-22")], total=3, start=2)])
    two_pages.answers[path(2)] = lambda _asked: answer(next(answers))
    source = make()
    waiting = run(source)
    assert (waiting.state, waiting.added, source.failures) == ("queued", 2, 0)
    assert waiting.due_at > timezone.now() + timedelta(seconds=10)
    assert source.watermark == {}, "the walk is not at its end"
    done = run(source)
    assert (done.pk, done.state, done.added, done.pages) == (waiting.pk, "done", 3, 2)


def test_a_page_that_stays_empty_is_a_failure_in_the_end(two_pages):
    two_pages.answer(path(2), atom([], total=3, start=2))
    source = make()
    for _time in range(running.MOST_AGAIN):
        assert run(source).state == "queued"
    failed = run(source)
    assert (failed.state, source.failures, source.watermark) == ("failed", 1, {})
    assert "empty page" in source.error
    assert [path.name for path in (django_settings.FILES_DIR / "sources").rglob("*") if path.is_file()] == [
        FetchedPage.objects.get().stored_as.rpartition("/")[2]
    ], "only what came in is kept"


def test_a_run_that_waited_for_its_turn_has_all_its_tries_at_an_empty_page(two_pages):
    """Where many sources ask one host, a run waits more often than an empty page is asked for again."""
    full = two_pages.answers[path(2)]
    answers = [
        *[answer(status="503 Slow", Retry_After="0")] * (running.MOST_AGAIN + 1),
        *[answer(atom([], total=3, start=2))] * running.MOST_AGAIN,
    ]
    said = iter([*answers, full])
    two_pages.answers[path(2)] = lambda _asked: next(said)
    source = make()
    assert [run(source).state for _time in answers] == ["queued"] * len(answers)
    assert (run(source).state, source.failures) == ("done", 0)


def test_waiting_between_two_empty_pages_gives_no_tries_back(two_pages):
    empty, busy = atom([], total=3, start=2), answer(status="503 Slow", Retry_After="0")
    answers = [answer(empty), busy] * running.MOST_AGAIN
    said = iter([*answers, answer(empty)])
    two_pages.answers[path(2)] = lambda _asked: next(said)
    source = make()
    assert [run(source).state for _time in answers] == ["queued"] * len(answers)
    assert run(source).state == "failed" and "empty page" in source.error


def test_a_page_that_came_in_gives_the_next_one_all_its_tries(two_pages):
    answers = {
        0: iter([atom([], total=3)] * 4 + [atom([("2611.00001", "2026-11-24")], total=2)]),
        1: iter([atom([], total=3, start=1)] * 4 + [atom([("2611.00002", "2026-11-23")], total=2, start=1)]),
    }
    for start, said in answers.items():
        two_pages.answers[path(start)] = lambda _asked, said=said: answer(next(said))
    source = make()
    assert [run(source).state for _time in range(8)] == ["queued"] * 8
    assert run(source).state == "done"


def test_a_failed_run_goes_on_where_it_was(two_pages):
    two_pages.answer(path(2), status="500 Oh")
    source = make()
    assert (run(source).state, source.position["start"]) == ("failed", 2)
    two_pages.answer(path(2), atom([("2611.00003", "2026-11-22")], total=3, start=2))
    two_pages.asked.clear()
    done = run(source)
    assert (done.state, done.added, source.failures) == ("done", 1, 0)
    assert [asked.path for asked in two_pages.asked] == [path(2)]
    assert source.watermark == {"updated": "2026-11-24T10:00:00+00:00"}


def test_a_place_that_cannot_be_asked_for_any_more_is_given_up(two_pages):
    two_pages.answer(path(2), status="400 Bad")
    source = make()
    run(source)
    run(source)
    assert (source.failures, source.position, source.watermark) == (2, None, {})


def test_failures_wait_longer_each_time(services, monkeypatch):
    services.answer(path(0), status="500 Oh")
    monkeypatch.setattr(running, "dice", random.Random(3))
    dice = random.Random(3)
    source = make(every_hours=100)
    for number in range(1, 4):
        before = timezone.now()
        run(source)
        expected = timedelta(minutes=5 * 2 ** (number - 1)) * dice.random()
        assert source.failures == number
        assert timedelta(0) <= source.due_at - before - expected < timedelta(seconds=5)
    services.answer(path(0), atom([]))
    run(source)
    assert (source.failures, source.error) == (0, "")


def test_after_failures_it_waits_no_longer_than_its_schedule(services, monkeypatch):
    monkeypatch.setattr(running.dice, "random", lambda: 1.0)
    services.answer(path(0), status="500 Oh")
    source = make(every_hours=1)
    for _time in range(6):
        run(source)
    assert source.due_at <= timezone.now() + timedelta(hours=1)


def test_retry_after_is_no_failure_and_holds_for_everybody(services):
    services.answer(path(0), status="503 Slow", Retry_After="600")
    source = make()
    waiting = run(source)
    assert (waiting.state, source.failures) == ("queued", 0)
    assert timedelta(minutes=9) < waiting.due_at - timezone.now() <= timedelta(minutes=10)
    services.asked.clear()
    other = make(query="cat:cs.LG")
    waiting = run(other)
    assert (waiting.state, services.asked) == ("queued", [])
    assert timedelta(minutes=9) < waiting.due_at - timezone.now() <= timedelta(minutes=10)


def test_a_server_that_is_always_busy_is_a_failure_in_the_end(services, monkeypatch):
    monkeypatch.setattr(running, "MOST_WAITS", 3)
    services.answer(path(0), status="503 Slow", Retry_After="0")
    source = make()
    assert [run(source).state for _time in range(4)] == ["queued", "queued", "queued", "failed"]
    assert "asks us to come later" in source.error


def test_a_busy_server_that_says_no_time_is_a_failure(services):
    services.answer(path(0), status="429 Too Many")
    source = make()
    assert (run(source).state, source.failures) == ("failed", 1)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (answer(b"<html>Down for maintenance</html>"), "web page"),
        (answer(b"\x00\x01\x02" * 500), "binary"),
        (answer(b""), "empty"),
        (answer(status="302 Found", Location="http://127.0.0.1:1/"), "Port 1 is not asked"),
        (answer(status="302 Found", Location="http://10.0.0.1/"), "private network"),
    ],
)
def test_an_answer_that_is_none_fails_with_its_reason(services, said, words):
    services.answers[path(0)] = said
    source = make()
    assert run(source).state == "failed"
    assert words in source.error
    assert source.watermark == {}


def test_one_bad_record_stops_nothing_and_is_kept_with_its_page(services):
    broken = atom([("2611.00001", "2026-11-24"), ("no-id", "2026-11-23"), ("2611.00002", "2026-11-22")])
    services.answer(path(0), broken)
    done = run(make())
    assert (done.state, done.added, done.rejected) == ("done", 2, 1)
    rejected = RejectedRecord.objects.get()
    assert rejected.page == FetchedPage.objects.get()
    assert (django_settings.FILES_DIR / rejected.page.stored_as).read_bytes() == broken


def test_a_fault_of_ours_ends_after_three_attempts_and_counts_as_a_failure(two_pages, monkeypatch):
    monkeypatch.setattr(importing.catalogue, "add_records", lambda *_args, **_options: 1 / 0)
    source = make()
    assert [run(source).state for _time in range(3)] == ["queued", "queued", "failed"]
    assert (source.failures, source.watermark) == (1, {})
    assert "our side" in source.error


# Killed, overtaken, changed


def test_a_killed_worker_loses_nothing_and_repeats_nothing(two_pages, monkeypatch):
    """Killed in the midst of a page: it is not asked for again, and what is in of it is passed over."""
    monkeypatch.setattr(importing, "BATCH", 1)
    source = make()
    take, calls = importing._take_batch, []

    def die_at_the_second(*args):
        calls.append(args)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return take(*args)

    monkeypatch.setattr(importing, "_take_batch", die_at_the_second)
    with pytest.raises(KeyboardInterrupt):
        run(source)
    half = Import.objects.get()
    source.refresh_from_db()
    assert (half.state, half.taken, half.pages, source.watermark) == ("running", 1, 0, {})
    monkeypatch.setattr(importing, "_take_batch", take)
    Import.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
    done = importing.run_import(half.pk)
    source.refresh_from_db()
    assert (done.state, done.added, done.unchanged, done.pages) == ("done", 3, 0, 2)
    assert [asked.path for asked in two_pages.asked] == [path(0), path(2)]
    assert source.watermark == {"updated": "2026-11-24T10:00:00+00:00"}


def test_a_worker_killed_between_a_page_and_the_watermark(two_pages, monkeypatch):
    source = make()
    move = running.Walk._move
    monkeypatch.setattr(running.Walk, "_move", lambda *_args: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        run(source)
    monkeypatch.setattr(running.Walk, "_move", move)
    Import.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
    done = importing.run_import(Import.objects.get().pk)
    assert (done.state, done.added, done.unchanged, done.pages) == ("done", 3, 0, 2)
    assert len(two_pages.asked) == 2


def test_a_slow_worker_moves_no_watermark(two_pages, monkeypatch):
    source = make()
    read = importing.read_page

    def be_overtaken(*args):
        read(*args)
        Import.objects.update(attempts=99)

    monkeypatch.setattr(importing, "read_page", be_overtaken)
    run(source)
    assert (source.watermark, Import.objects.get().pages) == ({}, 0)


def test_a_source_that_was_changed_meanwhile_begins_anew(two_pages, monkeypatch):
    source = make()
    read = importing.read_page

    def change(*args):
        read(*args)
        keeping.change_source(source, query="cat:cs.LG")

    monkeypatch.setattr(importing, "read_page", change)
    assert run(source).state == "done"
    assert (source.watermark, source.position, source.query) == ({}, None, "cat:cs.LG")


def test_a_long_run_makes_room_for_others(two_pages, monkeypatch):
    monkeypatch.setattr(running, "SLICE_SECONDS", 0.0)
    source = make()
    first = run(source)
    assert (first.state, first.pages, first.turns) == ("queued", 1, 1)
    assert run(source).state == "queued" or Import.objects.get().state == "done"
    for _time in range(3):
        Import.objects.filter(state="queued").update(due_at=timezone.now())
        importing.run_import(first.pk)
    done = Import.objects.get()
    assert (done.state, done.added, done.pages) == ("done", 3, 2)


def test_many_turns_are_no_sign_of_breaking_off(two_pages):
    source = make()
    queued = running.run_now(source, by=None)
    Import.objects.update(attempts=500, turns=499, pages=499)
    done = importing.run_import(queued.pk)
    assert (done.state, done.breaks) == ("done", 1)


def test_making_room_is_no_fruitless_attempt(two_pages):
    queued = running.run_now(make(), by=None)
    run = importing._lease(queued.pk)
    assert run.fruitless == 1
    importing.put_back(run, timezone.now(), in_order=True)
    assert Import.objects.get().fruitless == 0


def test_a_walk_that_cannot_go_on_begins_again_once(services, monkeypatch):
    """As with an OAI token that has expired."""
    services.answer("/1", atom([("2611.00001", "2026-11-24")]))
    services.answer("/2", b"expired")
    begun = []

    class Planner:
        def check(self, query):
            pass

        def begin(self, query, watermark, now):
            begun.append(1)
            return {"page": 1}

        def ask(self, query, position):
            return Ask(services.address(f"/{position['page']}"))

        def look(self, page, position):
            if page.head == b"expired":
                raise StartAgain("Expired.")
            return True

        def move(self, query, position, watermark, page):
            return Step({"page": 2} if len(begun) < 2 else None, {"begun": len(begun)})

    monkeypatch.setattr(running, "find", lambda _kind: Planner())
    source = make()
    assert (run(source).state, source.watermark, len(begun)) == ("done", {"begun": 2}, 2)
    begun.clear()
    monkeypatch.setattr(Planner, "move", lambda *_args: Step({"page": 2}, {}))
    assert run(source).state == "failed"


def test_pages_without_end_end(services, monkeypatch):
    monkeypatch.setattr(running, "MOST_PAGES", 3)
    for start in range(10):
        services.answer(path(start), atom([(f"2611.0000{start}", "2026-11-24")], total=9999, start=start))
    source = make()
    assert (run(source).state, len(services.asked)) == ("failed", 3)
    assert "does not end" in source.error


# Conditional requests


def test_what_has_not_changed_is_not_sent_again(services):
    services.answers["/feed"] = lambda asked: (
        answer(status="304 Not Modified") if asked.headers.get("If-None-Match") == '"1"'
        else answer(atom([("2611.00001", "2026-11-24")]), ETag='"1"', Last_Modified="Tue, 24 Nov 2026 08:00:00 GMT")
    )  # fmt: skip
    source = make("file", address=services.address("/feed"))
    run(source)
    assert (source.etag, source.last_modified) == ('"1"', "Tue, 24 Nov 2026 08:00:00 GMT")
    Source.objects.update(due_at=timezone.now(), last_good=None)
    [pk] = running.queue_due(timezone.now())
    done = importing.run_import(pk)
    source.refresh_from_db()
    assert (done.state, done.pages, done.unchanged) == ("done", 0, 0)
    assert source.last_good is not None
    assert services.asked[-1].headers["If-Modified-Since"] == "Tue, 24 Nov 2026 08:00:00 GMT"
    assert run(source).unchanged == 1, "whoever runs it by hand wants all of it"


def test_a_page_that_did_not_come_in_is_asked_for_again(services, monkeypatch):
    services.answer("/feed", b"<html>", ETag='"1"')
    source = make("file", address=services.address("/feed"))
    assert (run(source).state, source.etag) == ("failed", "")


# By hand


def test_by_hand_a_club_has_its_sources_asked_so_often(services, monkeypatch, club, other_club):
    monkeypatch.setattr(running, "MOST_BY_HAND", 4)
    ours, theirs, everybodys = make(club=club), make(club=other_club), make()  # the first of four, each
    running.run_now(ours, by=None)
    dry_run.queue(ours)
    running.run_now(ours, by=None)
    for act in (lambda: running.run_now(ours, by=None), lambda: dry_run.queue(ours)):
        with pytest.raises(running.TooOften, match="of Machine learning were run or tried 4 times"):
            act()
    for source in (theirs, everybodys):
        running.run_now(source, by=None)


def test_what_is_edited_too_often_waits_for_its_hour(services, monkeypatch, club):
    monkeypatch.setattr(running, "MOST_BY_HAND", 2)
    source = make(club=club, every_hours=6)
    assert keeping.change_source(source, query="cat:cs.LG").due_at <= timezone.now()
    for again in (keeping.change_source(source, query="cat:cs.CV"), keeping.resume(keeping.pause(source))):
        assert timedelta(hours=5) < again.due_at - timezone.now() <= timedelta(hours=6)
    assert make(club=club, query="x").due_at > timezone.now()


# The tick


def test_the_tick_runs_what_is_due(two_pages, monkeypatch):
    source = make()
    later = make(query="cat:cs.LG")
    Source.objects.filter(pk=later.pk).update(due_at=timezone.now() + timedelta(hours=1))
    paused = make(query="cat:cs.CV", is_paused=True)
    assert paused.due_at is None
    tasks.tick()
    done = Import.objects.get()
    assert (done.source, done.state, done.queued_by) == (source, "done", None)
    source.refresh_from_db()
    assert timedelta(hours=5) < source.due_at - timezone.now() <= timedelta(hours=6)


def test_a_source_has_one_run_at_a_time(services):
    source = make()
    [pk] = running.queue_due(timezone.now())
    Source.objects.update(due_at=timezone.now())
    assert running.queue_due(timezone.now()) == []
    assert running.run_now(source, by=None).pk == pk


def test_a_daily_source_keeps_to_its_hour(services, frozen):
    source = make("hugging_face", every_hours=None, daily_at=time(7), time_zone="Europe/Berlin")
    running.queue_due(frozen)
    source.refresh_from_db()
    assert source.due_at == datetime(2026, 11, 25, 6, tzinfo=UTC)


@pytest.mark.django_db(transaction=True)
def test_ticks_at_once_queue_each_source_once():
    for number in range(12):
        make(query=f"cat:cs.A{number}")
    found, barrier = [], threading.Barrier(4)

    def tick():
        barrier.wait()
        try:
            found.extend(running.queue_due(timezone.now()))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=tick) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == len(set(found)) == Import.objects.count() == 12


def test_uploads_are_asked_of_nobody(db):
    uploads = importing.default_source("", None)
    with pytest.raises(running.NothingToAsk):
        running.run_now(uploads, by=None)
    arxiv = importing.default_source("arxiv-atom", None)
    with pytest.raises(running.NothingToAsk):
        running.run_now(arxiv, by=None)


def test_what_people_upload_stays_apart_from_what_a_query_brings():
    asking = make(name="arXiv")
    brought = importing.default_source("arxiv-atom", None)
    assert (asking.slug, brought.slug, brought.query) == ("arxiv", "arxiv-2", "")
    assert importing.default_source("arxiv-atom", None) == brought


def test_uploads_are_found_whatever_other_sources_are_called(club):
    make(name="Upload")
    make(name=f"Uploads {club.slug}")
    for owner in (None, club):
        uploads = importing.default_source("", owner)
        assert (uploads.kind, uploads.club) == ("upload", owner)
        assert importing.default_source("ris", owner) == uploads


def test_a_clubs_source_is_the_clubs(two_pages, open_network, club):
    done = run(make(club=club))
    assert (done.club, done.added) == (club, 3)


def test_a_club_keeps_one_worker_busy_and_no_more(two_pages, open_network, club, other_club):
    """Fifty sources whose servers trickle for five minutes each would keep all imports waiting."""
    slow, waiting = make("crossref", club=club), make(club=club)
    theirs, everybodys = make(club=other_club), make()
    busy = importing._lease(running.run_now(slow, by=None).pk)
    put_off = run(waiting)
    assert (put_off.state, put_off.attempts) == ("queued", 0)
    assert put_off.due_at > timezone.now()
    assert [run(source).state for source in (theirs, everybodys)] == ["done", "done"]
    Import.objects.filter(pk=busy.pk).update(leased_until=timezone.now() - timedelta(seconds=1))
    assert run(waiting).state == "done", "nobody waits for a worker that is gone"


def test_what_is_allowed_is_the_installations_to_ask(services, settings, club):
    """Else every organiser of every club read what an administrator opened for one source."""
    settings.FETCH_ALLOWED_HOSTS |= {"127.0.0.1"}
    services.answer("/feed", atom([("2611.00001", "2026-11-24")]))
    address = services.address("/feed")
    for kind in ("feed", "file", "oai"):
        with pytest.raises(keeping.Refused, match="only 80 and 443") as refusal:
            make(kind, club=club, address=address)
        assert refusal.value.field == "address"
    source = make("file", club=club, address="http://127.0.0.1/feed")
    assert run(source).state == "failed"
    assert source.error.startswith("“127.0.0.1” is an address within a private network, which is not asked.")
    # One that was made when this was allowed.
    Source.objects.filter(pk=source.pk).update(address=address, due_at=timezone.now())
    with pytest.raises(running.NothingToAsk, match="only 80 and 443"):
        run(source)
    [pk] = running.queue_due(timezone.now())
    assert "only 80 and 443" in importing.run_import(pk).error
    assert services.asked == []
    assert run(make("file", address=address)).added == 1


def test_a_service_leads_no_club_into_our_network(services, open_network, settings, monkeypatch, club):
    from papers.sources import fetch

    settings.FETCH_ALLOWED_HOSTS = frozenset({"localhost"})
    monkeypatch.setattr(fetch, "is_public", lambda address: not services.asked)
    services.answer(path(0), status="302 Found", Location=f"http://localhost:{services.port}/secret")
    source = make(club=club)
    assert run(source).state == "failed"
    assert "“localhost” is an address within a private network" in source.error
    assert [asked.path for asked in services.asked] == [path(0)]


def test_hosts_are_remembered(two_pages):
    run(make())
    assert [turn.name for turn in HostTurn.objects.all()] == ["127.0.0.1"]
    assert politeness.find_rule("127.0.0.1")[1] == 0
    assert Page().count == 0

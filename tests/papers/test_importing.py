"""Imports: queue, run, count, resume. Invariants 2 to 4."""

import io
from datetime import date, timedelta

import pytest
from django.db import OperationalError
from django.utils import timezone

from papers import catalogue, importers, importing, stored_inputs
from papers.models import Catalogue, Import, Listing, Paper, RejectedRecord, SourceRecord
from papers.records import Rejection
from tests.factories import make_record, make_source

pytestmark = pytest.mark.django_db
DAY = date(2025, 4, 25)


def page(number=5, *, broken=None):
    """A saved Daily Papers page of invented papers; paper `broken` has no abstract."""
    head = [
        "new",
        "Get trending papers in your email inbox!",
        "Subscribe",
        "byAK and the research community",
        "Apr 25",
    ]
    lines = head[:]
    for index in range(1, number + 1):
        lines.append(f"Paper {index} on the sorting of matters")
        if index != broken:
            lines.append(f"We sort matter {index}. It takes a while, and it ends well.")
    return "\n\n".join(lines).encode()


def queue(content, **options):
    options.setdefault("date", DAY)
    return importing.queue_import(
        upload=io.BytesIO(content),
        name=options.pop("name", "page.txt"),
        by=options.pop("by", None),
        **options,
    )


def run(content, **options):
    queued = queue(content, **options)
    done = importing.run_import(queued.pk)
    done.refresh_from_db()
    return done


def counts(run):
    return (run.state, run.added, run.updated, run.unchanged, run.rejected)


def test_page_becomes_a_listing():
    done = run(page(5))
    assert counts(done) == ("done", 5, 0, 0, 0)
    listing = Listing.objects.get()
    assert (listing.date, listing.source.kind, listing.items.count()) == (DAY, "hugging_face", 5)
    assert done.finished and done.read_bytes == done.input_bytes


def test_the_same_input_twice_changes_nothing():
    run(page(5))
    version = Catalogue.objects.get().version
    assert counts(run(page(5))) == ("done", 0, 0, 5, 0)
    assert Catalogue.objects.get().version == version


def test_one_bad_record_is_reported_with_its_place_and_the_rest_is_in():
    done = run(page(5, broken=3))
    assert counts(done) == ("done", 4, 0, 0, 1)
    rejection = done.rejections.get()
    assert "line" in rejection.place
    assert "Paper 3" in rejection.raw
    assert rejection.reason


def test_what_a_repository_deleted_is_no_rejection_and_changes_nothing():
    record = b"<record><header%s><identifier>oai:x.example:1</identifier></header>%s</record>"
    paper = b'<metadata><dc xmlns="http://purl.org/dc/elements/1.1/"><title>On Rain</title></dc></metadata>'
    answer = b'<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><ListRecords>%s</ListRecords></OAI-PMH>'
    run(answer % (record % (b"", paper)))
    version = Catalogue.objects.get().version
    done = run(answer % (record % (b' status="deleted"', b"")))
    assert counts(done) == ("done", 0, 0, 1, 0)
    assert (done.taken, done.rejections.count(), Catalogue.objects.get().version) == (1, 0, version)
    assert not Paper.objects.get().withdrawn


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20, ""),
        (b"<!doctype html><html><body><p>Daily papers</p></body></html>" * 50, "HTML"),
        (b"just one line of prose", "format"),
    ],
    ids=["empty", "binary", "web page", "no format"],
)
def test_unreadable_input_fails_with_a_sentence_and_leaves_nothing(content, words):
    done = run(content)
    assert done.state == "failed"
    assert words in done.error
    assert len(done.error.split()) > 3
    assert (Paper.objects.count(), Listing.objects.count()) == (0, 0)


def test_another_encoding_is_read_as_what_it_is():
    text = page(5).decode().replace("Paper 2", "Schrödinger's 2")
    done = run(text.encode("latin-1"))
    assert (done.state, done.added, done.rejected) == ("done", 5, 0)
    assert Paper.objects.filter(title__startswith="Schrödinger's").count() == 1


def test_a_club_import_is_the_clubs_own(club, organiser, outsider):
    done = run(page(2), by=organiser, club=club)
    assert (done.club, done.source.club) == (club, club)
    assert Paper.objects.filter(private_to=club).count() == 2
    assert not Import.objects.visible_to(outsider).exists()
    assert Import.objects.visible_to(organiser).count() == 1


def test_upload_over_the_limit_is_refused_and_no_file_stays(settings):
    settings.UPLOAD_LIMIT = 1000
    with pytest.raises(stored_inputs.TooLarge, match=r"manage\.py import"):
        queue(b"x" * 2000)
    assert [path for path in settings.FILES_DIR.rglob("*") if path.is_file()] == []
    assert not Import.objects.exists()


def test_unknown_format_is_refused_by_name():
    with pytest.raises(importing.Refused, match="docx"):
        queue(page(), format="docx")


def test_an_import_is_run_once():
    queued = queue(page(3))
    assert importing.run_import(queued.pk).added == 3
    assert importing.run_import(queued.pk) is None


def test_a_lease_keeps_others_out_until_it_runs_out():
    queued = queue(page(3))
    Import.objects.filter(pk=queued.pk).update(
        state="running", attempts=1, leased_until=timezone.now() + timedelta(minutes=1)
    )
    assert importing.run_import(queued.pk) is None
    Import.objects.filter(pk=queued.pk).update(leased_until=timezone.now() - timedelta(seconds=1))
    assert importing.take_due(timezone.now()) == [queued.pk]
    assert importing.run_import(queued.pk).added == 3


def test_a_dead_worker_is_followed_where_it_stopped(monkeypatch):
    """Counts and rejections are written with their batch, so going on repeats and loses nothing."""
    monkeypatch.setattr(importing, "BATCH", 2)
    queued = queue(page(9, broken=4))
    take_batch, calls = importing._take_batch, []

    def die_at_the_third(*args):
        calls.append(args)
        if len(calls) == 3:
            raise KeyboardInterrupt  # not an Exception: nothing tidies up, as after a kill
        return take_batch(*args)

    monkeypatch.setattr(importing, "_take_batch", die_at_the_third)
    with pytest.raises(KeyboardInterrupt):
        importing.run_import(queued.pk)
    half = Import.objects.get()
    assert (half.state, half.taken, half.added + half.rejected) == ("running", 4, 4)
    monkeypatch.setattr(importing, "_take_batch", take_batch)
    Import.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
    done = importing.run_import(queued.pk)
    assert counts(done) == ("done", 8, 0, 0, 1)
    assert RejectedRecord.objects.count() == 1
    assert Listing.objects.get().items.count() == 8


@pytest.fixture
def clock(monkeypatch):
    """Time that passes when the test says so; `due` is what another worker would take up, asked each time."""

    class Clock:
        def __init__(self):
            self.passed, self.due, self.now = timedelta(0), [], timezone.now

        def wait(self, seconds):
            self.passed += timedelta(seconds=seconds)
            self.due.append(importing.take_due(timezone.now()))

    clock = Clock()
    monkeypatch.setattr(importing.timezone, "now", lambda: clock.now() + clock.passed)
    return clock


def test_a_long_first_pass_over_a_file_keeps_the_lease(clock, monkeypatch):
    """BibTeX is spooled, then looked through for what others refer to, before a record comes of it."""
    entries = "".join(
        f"@inproceedings{{k{n}, title = {{On rain {n}}}, crossref = {{all}}, abstract = {{{'Wet. ' * 500}}}}}\n"
        for n in range(300)
    )
    gather, read_entries = importers.bibtex._gather, importers.bibtex.read_entries

    def slowly(pieces):
        for piece in pieces:
            clock.wait(100)
            yield piece

    monkeypatch.setattr(importers.bibtex, "_gather", lambda pieces: slowly(gather(pieces)))
    monkeypatch.setattr(importers.bibtex, "read_entries", lambda pieces: read_entries(slowly(pieces)))
    queued = queue(f"{entries}@proceedings{{all, title = {{All}}, year = 2021}}".encode(), date=None)
    done = importing.run_import(queued.pk)
    assert (done.state, done.added, done.attempts) == ("done", 301, 1)
    assert len(clock.due) > 20 and not any(clock.due)


def test_passing_over_what_came_in_before_keeps_the_lease(clock, monkeypatch):
    content = "".join(f"TY  - JOUR\nTI  - On rain {n}\nAB  - {'Wet. ' * 400}\nER  - \n" for n in range(300))
    queued = queue(content.encode(), format="ris")
    Import.objects.update(taken=290, unchanged=290)
    read = importers.read

    def slowly(*args, **options):
        for number, each in enumerate(read(*args, **options)):
            if number % 30 == 0:  # somewhat more often than the file is read
                clock.wait(50)
            yield each

    monkeypatch.setattr(importing.importers, "read", slowly)
    done = importing.run_import(queued.pk)
    assert (done.state, done.added, done.taken) == ("done", 10, 300)
    assert len(clock.due) == 10 and not any(clock.due)


def test_one_that_is_cancelled_in_its_first_pass_stops(clock, monkeypatch):
    gather = importers.bibtex._gather

    def cancel(pieces):
        for piece in gather(pieces):
            importing.cancel(Import.objects.get())
            clock.wait(20)
            yield piece

    monkeypatch.setattr(importers.bibtex, "_gather", cancel)
    queued = queue(b"@misc{a, title = {On rain}, crossref = {b}}\n@misc{b, title = {All}}", date=None)
    assert importing.run_import(queued.pk) is None
    assert (Import.objects.get().state, Paper.objects.count()) == ("cancelled", 0)


def test_a_slow_worker_that_lost_its_lease_writes_nothing():
    queued = queue(page(3))
    slow = importing._lease(queued.pk)
    Import.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
    importing.run_import(queued.pk)
    with pytest.raises(importing.LeaseLost):
        importing._take_batch(slow, [make_record("Late")], 10, importing._Pace(0, 0))
    assert not Paper.objects.filter(title="Late").exists()
    assert Import.objects.get().added == 3


def test_a_database_that_goes_away_puts_the_import_back(monkeypatch):
    queued = queue(page(3))

    def break_off(*_args, **_options):
        raise OperationalError("the server closed the connection")

    monkeypatch.setattr(catalogue, "add_records", break_off)
    put_back = importing.run_import(queued.pk)
    assert put_back.state == "queued"
    assert put_back.due_at > timezone.now()
    monkeypatch.undo()
    Import.objects.update(due_at=timezone.now())
    assert importing.run_import(queued.pk).added == 3


def test_a_fault_of_ours_ends_after_three_attempts(monkeypatch):
    queued = queue(page(3))

    def fail(*_args, **_options):
        raise ZeroDivisionError

    monkeypatch.setattr(catalogue, "add_records", fail)
    for _attempt in range(3):
        Import.objects.update(due_at=timezone.now())
        done = importing.run_import(queued.pk)
    assert (done.state, done.attempts) == ("failed", 3)
    assert "our side" in done.error


def test_an_interrupted_command_is_said_to_be_so():
    source = make_source()
    Import.objects.create(
        source=source, input_name="x", state="running", attempts=1, leased_until=timezone.now() - timedelta(1)
    )
    assert "Run it again" in importing.run_import(Import.objects.get().pk).error


def test_the_broker_being_away_loses_nothing(monkeypatch, django_capture_on_commit_callbacks):
    from papers import tasks

    def refuse(*_args):
        raise ConnectionError("no broker")

    monkeypatch.setattr(tasks.run_import, "delay", refuse)
    with django_capture_on_commit_callbacks(execute=True):
        queued = queue(page(3))
    assert importing.take_due(timezone.now()) == [queued.pk]


def import_file(folder, **hooks):
    return importing.import_file(
        folder / "page.txt", name="page.txt", club=None, source=None, format="", date=DAY, **hooks
    )


def test_progress_is_true(monkeypatch, tmp_path):
    monkeypatch.setattr(importing, "BATCH", 3)
    seen = []
    (tmp_path / "page.txt").write_bytes(page(8))
    done = import_file(tmp_path, on_progress=lambda run: seen.append((run.taken, run.read_bytes)))
    assert [taken for taken, _ in seen] == [3, 6, 8]
    assert all(0 < read <= done.input_bytes for _, read in seen)


def test_papers_are_told_in_the_order_of_the_input(tmp_path):
    papers = []
    (tmp_path / "page.txt").write_bytes(page(4))
    import_file(tmp_path, on_paper=papers.append)
    titles = [Paper.objects.get(pk=pk).title for pk in papers]
    assert titles == [f"Paper {n} on the sorting of matters" for n in range(1, 5)]


def test_rejections_alone_are_counted(monkeypatch):
    monkeypatch.setattr(
        importers, "read", lambda *_args, **_options: iter([Rejection("line 1", "No title.", "x")])
    )
    assert counts(run(page(1))) == ("done", 0, 0, 0, 1)
    assert SourceRecord.objects.count() == 0


def test_the_shell_fails_at_once_and_no_worker_takes_its_row(monkeypatch, tmp_path):
    (tmp_path / "page.txt").write_bytes(page(3))

    def fail(*_args, **_options):
        assert importing.take_due(timezone.now()) == []
        raise OperationalError

    monkeypatch.setattr(catalogue, "add_records", fail)
    assert import_file(tmp_path).state == "failed"


def test_a_slow_worker_that_fails_late_leaves_the_other_alone(monkeypatch):
    queued = queue(page(3))

    def be_overtaken(*_args):
        Import.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
        assert importing._lease(queued.pk).attempts == 2
        raise ZeroDivisionError

    monkeypatch.setattr(importing, "_run", be_overtaken)
    assert importing.run_import(queued.pk) is None
    assert (Import.objects.get().state, Import.objects.get().attempts) == ("running", 2)


def test_an_import_that_kills_its_worker_each_time_ends():
    queued = queue(page(3))
    Import.objects.update(fruitless=importing.ATTEMPTS_AT_ALL)
    assert importing.run_import(queued.pk).state == "failed"


def test_an_import_that_gets_on_may_break_off_as_often_as_it_likes(monkeypatch):
    monkeypatch.setattr(importing, "BATCH", 1)
    take = importing._take_batch

    def break_off_after_one(run, *rest):
        if run.taken and run.fruitless == 0:
            raise OperationalError("gone")
        return take(run, *rest)

    monkeypatch.setattr(importing, "_take_batch", break_off_after_one)
    number = importing.ATTEMPTS_AT_ALL + 5
    queued = queue(page(number))
    for _attempt in range(number):
        Import.objects.update(due_at=timezone.now())
        done = importing.run_import(queued.pk)
    assert counts(done) == ("done", number, 0, 0, 0)
    assert done.attempts == number


def test_an_input_without_a_day_is_listed_once(db):
    feed = (settings_folder() / "arxiv-2025-04-24.xml").read_bytes()
    run(feed, date=None)
    Import.objects.update(queued=timezone.now() - timedelta(days=1))
    version = Catalogue.objects.get().version
    later = queue(feed, date=None)
    Import.objects.filter(pk=later.pk).update(queued=timezone.now() + timedelta(days=1))
    importing.run_import(later.pk)
    assert Listing.objects.count() == 1
    assert Catalogue.objects.get().version == version


def settings_folder():
    from papers import demo

    return demo.FOLDER


@pytest.mark.parametrize("day", [date(1, 1, 1), date(9999, 12, 31)])
def test_a_day_that_no_listing_is_of_is_refused(source, day):
    with pytest.raises(importing.Refused, match="A listing is of a day from 1600-01-01 to "):
        importing.queue_import(upload=io.BytesIO(page(1)), name="x", by=None, source=source, date=day)
    assert not Import.objects.exists()


def test_an_import_of_nothing_but_rejections_ends(source, monkeypatch):
    monkeypatch.setattr(importing, "MOST_REJECTED", 50)
    monkeypatch.setattr(importing, "BATCH", 20)
    content = b'[{"paper": 1}' + b"," * 1_000 + b"]"
    run = importing.queue_import(
        upload=io.BytesIO(content), name="x.json", by=None, source=source, format="hf-json"
    )
    importing.run_import(run.pk)
    run.refresh_from_db()
    assert run.state == "failed" and "nearly none came in" in run.error
    assert 50 < run.rejected <= 80


def test_cancelled_before_it_began():
    queued = importing.cancel(queue(page()))
    assert (queued.state, queued.is_over, queued.finished is None) == ("cancelled", True, False)
    assert importing.run_import(queued.pk) is None
    assert importing.take_due(timezone.now() + timedelta(days=1)) == []
    assert not Paper.objects.exists()


def test_cancelled_while_it_runs_keeps_whole_batches(monkeypatch):
    monkeypatch.setattr(importing, "BATCH", 2)
    take, sizes = importing._take_batch, []

    def cancelled_meanwhile(run, batch, *rest):
        sizes.append(len(batch))
        if len(sizes) == 2:
            importing.cancel(Import.objects.get())
        return take(run, batch, *rest)

    monkeypatch.setattr(importing, "_take_batch", cancelled_meanwhile)
    queued = queue(page(6))
    assert importing.run_import(queued.pk) is None
    queued.refresh_from_db()
    assert counts(queued) == ("cancelled", 2, 0, 0, 0)
    assert Paper.objects.count() == 2
    assert sizes == [2, 2]


def test_what_is_over_stays_as_it_is():
    done = run(page(2))
    before = Import.objects.values().get()
    assert importing.cancel(done).state == "done"
    assert Import.objects.values().get() == before


def test_pace_is_of_what_this_attempt_read(monkeypatch):
    clock = iter([100.0, 110.0])
    monkeypatch.setattr(importing.time, "monotonic", lambda: next(clock))
    pace = importing._Pace(taken=1_000, read_bytes=50_000)
    row = Import(taken=1_500, read_bytes=60_000, input_bytes=100_000)
    assert pace.measure(row) == (50.0, 40)


def test_time_left_is_not_known_without_a_size_or_progress():
    pace = importing._Pace(taken=0, read_bytes=10)
    assert pace.measure(Import(taken=5, read_bytes=10, input_bytes=100))[1] is None
    assert pace.measure(Import(taken=5, read_bytes=50, input_bytes=None))[1] is None


def test_progress_is_kept_while_it_runs_and_goes_at_its_end(monkeypatch):
    monkeypatch.setattr(importing, "BATCH", 2)
    seen = []
    take = importing._take_batch
    monkeypatch.setattr(
        importing,
        "_take_batch",
        lambda run, *rest: (take(run, *rest) and seen.append(Import.objects.get())) or [],
    )
    done = run(page(6))
    assert [row.taken for row in seen] == [2, 4, 6]
    assert all(row.pace > 0 for row in seen)
    assert (done.seconds_left, done.pace > 0) == (None, True)


LIBRARY = b"@article{a, title = {Umbrellas that remember rain}, author = {Lind, Ada}, year = 2021}\n"


def test_a_library_is_no_news_of_the_day():
    assert counts(run(LIBRARY, name="library.bib", date=None)) == ("done", 1, 0, 0, 0)
    assert Paper.objects.count() == 1
    assert not Listing.objects.exists()


def test_a_library_imported_for_a_day_is_listed_there():
    run(LIBRARY, date=None)
    assert counts(run(LIBRARY, date=DAY)) == ("done", 0, 0, 1, 0)
    assert Listing.objects.get().date == DAY
    assert Listing.objects.get().items.count() == 1

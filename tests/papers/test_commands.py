"""`manage.py import` and `manage.py demo`, as a shell sees them."""

import io
import json
import os
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts.models import User
from papers import demo, importing
from papers.models import Comment, Entry, Import, Listing, Paper, Skip, Source, Vote
from papers.sources import looking_up, politeness
from tests.papers.test_importing import page
from tests.services import atom, crossref_work, pubmed

pytestmark = pytest.mark.django_db


def run(*arguments, stdin=b""):
    """Call the command; return its exit code and what it printed on both streams."""
    out, err = io.StringIO(), io.StringIO()
    with pytest.raises(SystemExit) as ending:
        call_command("import", *arguments, stdout=out, stderr=err)
    return ending.value.code, out.getvalue(), err.getvalue()


@pytest.fixture
def file(tmp_path):
    def write(content, name="page.txt"):
        path = tmp_path / name
        path.write_bytes(content)
        return str(path)

    return write


def test_all_in_is_0(file):
    code, out, err = run(file(page(3)), "--date", "2025-04-25")
    assert code == 0
    assert "3 added, 0 updated, 0 unchanged, 0 rejected" in out
    assert err == ""
    assert Import.objects.get().state == "done"
    assert Listing.objects.get().date.isoformat() == "2025-04-25"


def test_rejections_are_1_and_told_with_place_and_reason(file):
    code, out, err = run(file(page(5, broken=3)), "--date", "2025-04-25")
    assert code == 1
    assert "4 added" in out and "line " in out
    assert "Everything else is in" in err


def test_rejections_alone_leave_nothing_in(file):
    code, _out, err = run(file(b'[{"paper": {"title": "Without an id"}}]'))
    assert code == 1
    assert "1 record was rejected. Nothing came in." in err


def test_stopped_by_the_keyboard_is_130_and_told(file, monkeypatch):
    monkeypatch.setattr(importing, "BATCH", 2)
    take = importing._take_batch

    def interrupted(run, *rest):
        if run.taken:
            raise KeyboardInterrupt
        return take(run, *rest)

    monkeypatch.setattr(importing, "_take_batch", interrupted)
    code, _out, err = run(file(page(6)), "--date", "2025-04-25")
    assert (code, "What had come in stays" in err) == (130, True)
    assert (Import.objects.get().state, Paper.objects.count()) == ("cancelled", 2)


def test_unreadable_is_2(file):
    assert run(file(b""))[0] == 2
    code, _out, err = run("/no/such/file.txt")
    assert code == 2
    assert "no such file" in err


def test_one_bad_input_does_not_stop_the_others(file):
    code, out, _err = run("/no/such/file.txt", file(page(3)), "--date", "2025-04-25")
    assert code == 2
    assert "3 added" in out


def test_json_is_one_object_with_papers_in_input_order(file):
    code, out, _err = run(file(page(4, broken=2)), "--date", "2025-04-25", "--json")
    said = json.loads(out)
    assert code == 1
    assert {name: said[name] for name in ("added", "updated", "unchanged", "rejected")} == {
        "added": 3, "updated": 0, "unchanged": 0, "rejected": 1}  # fmt: skip
    assert [Paper.objects.get(pk=pk).title.split()[1] for pk in said["papers"]] == ["1", "3", "4"]
    assert set(said["rejections"][0]) == {"place", "reason", "raw"}


def test_standard_input(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(page(2))))
    code, out, _err = run("-", "--date", "2025-04-25")
    assert (code, Paper.objects.count()) == (0, 2)
    assert "2 added" in out


class Endless(io.RawIOBase):
    def readable(self):
        return True

    def readinto(self, buffer):
        buffer[:] = b"y\n" * (len(buffer) // 2) + b"y" * (len(buffer) % 2)
        return len(buffer)


def test_standard_input_that_never_ends(monkeypatch, settings):
    settings.UPLOAD_LIMIT = 2**20
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(Endless())))
    code, _out, err = run("-")
    assert (code, Paper.objects.count()) == (2, 0)
    assert err == "-: It gives more than 1 MB. Save it to a file, and import that.\n"


def test_device_that_never_ends(settings):
    settings.UPLOAD_LIMIT = 2**20
    code, _out, err = run("/dev/zero")
    assert code == 2
    assert "It gives more than 1 MB." in err


def test_pipe_with_a_name(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = Thread(target=lambda: pipe.write_bytes(page(2)))
    writer.start()
    code, out, _err = run(str(pipe), "--date", "2025-04-25")
    writer.join()
    assert code == 0
    assert "2 added" in out


def test_address_is_fetched(settings):
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            assert self.headers["User-Agent"].startswith("ReadingList/")
            self.send_response(200)
            self.end_headers()
            self.wfile.write(page(2))

        def log_message(self, *_args):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        # By the rules for sources, which ask nobody within our own network unless it was allowed.
        assert run(f"http://127.0.0.1:{server.server_port}/page.txt")[0] == 2
        settings.FETCH_ALLOWED_HOSTS = frozenset({f"127.0.0.1:{server.server_port}"})
        code, _out, _err = run(f"http://127.0.0.1:{server.server_port}/page.txt", "--date", "2025-04-25")
    finally:
        server.shutdown()
        server.server_close()
    assert (code, Paper.objects.count()) == (0, 2)
    assert run(f"http://127.0.0.1:{server.server_port}/page.txt")[0] == 2


def test_columns_of_a_table(file):
    table = file(b"What;When\nRain;2021\n", "list.csv")
    code, _, _ = run(table, "--format", "csv", "--columns", '{"title": "What", "year": "When"}')
    assert (code, Paper.objects.get().title) == (0, "Rain")
    code, _, err = run(table, "--format", "csv", "--columns", '{"title": "Where"}')
    assert code == 2 and "no column with the heading “Where”" in err
    code, _, err = run(file(page(3)), "--columns", '{"title": "What"}')
    assert code == 2 and "Columns are for tables" in err
    for odd in ("{", "[]", '{"year": "When"}'):
        with pytest.raises(CommandError):
            call_command("import", table, "--columns", odd)


def test_club_and_unknown_names(file, club):
    assert run(file(page(2)), "--date", "2025-04-25", "--club", "ml")[0] == 0
    assert Paper.objects.filter(private_to=club).count() == 2
    with pytest.raises(CommandError, match="no club “nowhere”"):
        call_command("import", file(page(2)), "--club", "nowhere")
    with pytest.raises(CommandError, match="such as 2025-04-25"):
        call_command("import", file(page(2)), "--date", "tomorrow")


def test_bar_is_drawn_for_a_terminal(file, monkeypatch):
    monkeypatch.setattr(importing, "BATCH", 2)
    terminal = io.StringIO()
    terminal.isatty = lambda: True
    monkeypatch.setattr(sys, "stderr", terminal)
    run(file(page(4)), "--date", "2025-04-25")
    assert "100%" in terminal.getvalue()


# By identifier


def test_identifiers_are_looked_up_together(registries, file, monkeypatch):
    both = atom([("2504.00001", "2025-04-01"), ("2504.00002", "2025-04-01")])
    registries.answer("/arxiv?2504.00001,2504.00002", both)
    registries.answer("/pubmed?11", pubmed(11))
    code, out, err = run(
        "2504.00001", "https://pubmed.ncbi.nlm.nih.gov/11/", "arXiv:2504.00002v1", file(page(1))
    )
    assert (code, err) == (0, "")
    assert "2504.00001, https://pubmed.ncbi.nlm.nih.gov/11/, arXiv:2504.00002v1: 3 added, 0 updated" in out
    assert "page.txt: 1 added" in out
    assert not Import.objects.filter(is_submission=True).exclude(state="done").exists()


def test_what_is_not_found_is_1_and_told(registries):
    registries.answer("/arxiv?2504.00001,2504.99999", atom([("2504.00001", "2025-04-01")]))
    code, out, _err = run("2504.00001", "2504.99999")
    assert code == 1
    assert "1 added, 0 updated, 0 unchanged, 1 rejected" in out
    assert "  2504.99999: arXiv knows no paper by it." in out


def test_what_is_not_answered_is_2(registries):
    registries.answer("/arxiv?2504.00001", b"", status="503 Service Unavailable", Retry_After="7200")
    code, out, _err = run("2504.00001")
    assert code == 2 and "arXiv did not answer." in out


def test_identifiers_as_json(registries):
    registries.answer(
        "/crossref/works/10.5555/a", json.dumps({"message": crossref_work("10.5555/a")}).encode()
    )
    registries.answer("/arxiv?2504.00001", atom([("2504.00001", "2025-04-01")]))
    code, out, err = run("doi:10.5555/a", "2504.00001", "https://doi.org/10.5555/A", "--json")
    said = json.loads(out)
    doi, arxiv = (Paper.objects.get(identifiers__scheme=scheme).pk for scheme in ("doi", "arxiv"))
    assert (code, err) == (0, "")
    assert said.pop("papers") == [doi, arxiv, doi]
    assert said == {"added": 2, "updated": 0, "unchanged": 0, "rejected": 0, "rejections": []}


def test_a_file_of_that_name_wins(registries, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "2504.00001").write_bytes(page(2))
    code, out, _err = run("2504.00001", "--date", "2025-04-25")
    assert (code, registries.asked) == (0, []) and "2 added" in out


def test_an_identifier_stands_in_no_listing(registries):
    code, _out, err = run("2504.00001", "--date", "2025-04-25")
    assert code == 2 and "leave --date away" in err


def test_identifiers_for_a_club_come_into_its_uploads(registries, club):
    registries.answer("/arxiv?2504.00001", atom([("2504.00001", "2025-04-01")]))
    code, _out, _err = run("2504.00001", "--club", "ml")
    assert code == 0 and Import.objects.get().source.club == club
    assert Paper.objects.get().private_to is None, "what has an identifier is everybody's"


def test_the_shell_waits_for_its_turn(registries, monkeypatch):
    registries.answer("/arxiv?2504.00001", atom([("2504.00001", "2025-04-01")]))
    slept = []
    monkeypatch.setattr(looking_up.time, "sleep", slept.append)
    turns = iter([politeness.NotNow("arxiv.org", 7), None])
    ask = looking_up.LookUp._ask

    def wait_once(self, step, items):
        if refusal := next(turns):
            raise refusal
        return ask(self, step, items)

    monkeypatch.setattr(looking_up.LookUp, "_ask", wait_once)
    assert run("2504.00001")[0] == 0
    assert slept == [7]


@pytest.mark.django_db(transaction=True)
def test_demo_lab_is_loaded_once_through_the_imports():
    out = io.StringIO()
    call_command("demo", stdout=out)  # tasks run eagerly here; test_worker.py has a real worker
    listing = Listing.objects.get(date="2025-04-25")
    assert listing.items.count() == 89
    assert Import.objects.filter(state="done").count() == 2
    people = list(User.objects.order_by("email").values_list("email", flat=True))
    assert people == [*(f"member{n}@example.org" for n in range(1, 5)), "organiser@example.org"]
    assert User.objects.get(email="organiser@example.org").check_password(demo.PASSWORD)
    assert Vote.objects.count() > 50 and Comment.objects.count() > 20 and Skip.objects.count() > 15
    for entry in Entry.objects.all():
        assert entry.promotions == entry.votes.filter(value=1).count()
        assert entry.created < timezone.now()
    own = Source.objects.filter(club__slug="demo")
    assert own.count() == 3
    assert all(source.is_paused and source.due_at is None for source in own), "the demo asks nobody"
    before = Vote.objects.count()
    call_command("demo", stdout=out)
    assert Vote.objects.count() == before
    assert "there already" in out.getvalue()


def test_demo_stays_out_of_a_database_that_is_used(listing):
    out = io.StringIO()
    call_command("demo", stdout=out)
    assert "stays out" in out.getvalue()
    assert not User.objects.filter(email="organiser@example.org").exists()

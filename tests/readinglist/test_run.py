"""What `make run` runs: it starts whole, says what is wrong in a line, and leaves nothing behind."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import ExitStack
from pathlib import Path

import psutil
import pytest

from readinglist import embedded, run
from readinglist.embedded.programs import Program
from tests.servers import remove_state

PROJECT = Path(__file__).resolve().parents[2]


class Started:
    """A `python -m readinglist.run` on a state folder and a port of its own."""

    def __init__(self, var, port, *, command=(sys.executable, "-m", "readinglist.run"), **environment):
        self.var = var
        self.port = port
        # All processes inherit this variable; by it they are found.
        environment = {"READINGLIST_VAR": str(var), "PORT": str(port), **environment}
        self.output = var.with_name(f"output-{port}")
        with self.output.open("w") as output:
            self.process = subprocess.Popen(
                command,
                cwd=PROJECT,
                env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8", **environment},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def wait_for(self, text, seconds=240):
        deadline = time.monotonic() + seconds
        while not re.search(text, self.text):
            assert self.process.poll() is None, self.text
            assert time.monotonic() < deadline, self.text
            time.sleep(0.05)

    def wait_for_end(self, seconds=30):
        """The exit status, once no process of all is left."""
        status = self.process.wait(seconds)
        deadline = time.monotonic() + 10
        while left := find_processes(self.var):
            assert time.monotonic() < deadline, left
            time.sleep(0.1)
        return status

    @property
    def text(self):
        return self.output.read_text()


def find_processes(var):
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("READINGLIST_VAR") == str(var):
                found.append(" ".join(process.cmdline()))
        except psutil.Error:
            continue  # it ended, or it is another user's
    return found


def find_free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


@pytest.fixture(scope="module")
def var(tmp_path_factory):
    var = tmp_path_factory.mktemp("run") / "var"
    yield var
    remove_state(var)


@pytest.fixture
def start(var):
    """Start runs; all are gone after the test, whatever happened."""
    started = []

    def start_one(**options):
        started.append(Started(var, find_free_port(), **options))
        return started[-1]

    yield start_one
    for one in started:
        if one.process.poll() is None:
            os.killpg(one.process.pid, signal.SIGTERM)
        one.wait_for_end()


def fetch(port, path):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
        return answer.read().decode()


def test_run_from_an_empty_folder_to_ctrl_c(start, var):
    """Also: a second run in the same folder, a kill that nobody can catch, and a start after that."""
    first = start()
    first.wait_for("Ctrl-C")
    assert f"http://localhost:{first.port}\n" in first.text
    assert "organiser@example.org" in first.text
    assert "reading-list" in first.text
    listing = fetch(first.port, "/api/daily_papers?date=2025-04-25&limit=100")
    assert listing.count('"title"') >= 40
    running = " ".join(find_processes(var))
    for name in ("postgres", "valkey-server", "worker", "--beat", "gunicorn"):
        assert name in running

    again = start()
    assert again.process.wait(60) == 1
    assert again.text == (
        f"Reading List already runs in this folder: http://localhost:{first.port} "
        f"(process {first.process.pid})\n"
    )

    first.process.kill()
    first.wait_for_end()

    second = start()
    second.wait_for("Ctrl-C")
    assert fetch(second.port, "/api/daily_papers?date=2025-04-25&limit=100") == listing
    os.killpg(second.process.pid, signal.SIGINT)
    assert second.wait_for_end() == 0
    assert "Traceback" not in first.text + second.text


def test_program_that_ends_is_named_with_its_last_words(var):
    with ExitStack() as stack:
        one = run.Run(run.Address("127.0.0.1", 8000, "http://localhost:8000"), stack)
        one.programs = [
            Program("worker", ["sleep", "60"], log=var / "log" / "worker.log"),
            Program("web", ["sh", "-c", "echo out of luck"], log=var / "log" / "web.log"),
        ]
        for program in one.programs:
            stack.callback(program.stop)
        one.programs[1].process.wait()
        with pytest.raises(embedded.Unable, match=r"web ended by itself(.|\n)*out of luck"):
            one.check()


def test_closed_window_ends_it(var, monkeypatch):
    """Where make is all that runs in the window, nobody sends us a SIGHUP."""
    one = run.Run(run.Address("127.0.0.1", 8000, "http://localhost:8000"), ExitStack())
    monkeypatch.setattr(os, "isatty", lambda _: False)
    one.check()
    one.has_terminal = True
    with pytest.raises(KeyboardInterrupt):
        one.check()


def test_death_of_make_ends_it(start, var):
    """Make cannot pass on a SIGKILL. Here `sh` is make, and the run waits for servers that are in use."""
    with embedded.running(var=var):
        waiting = start(command=("sh", "-c", f"'{sys.executable}' -m readinglist.run; true"), MAKELEVEL="1")
        waiting.wait_for("Waiting until that ends")
        (supervisor,) = psutil.Process(waiting.process.pid).children()
        waiting.process.kill()
        try:
            supervisor.wait(10)
        finally:
            if supervisor.is_running():
                supervisor.kill()


def has_ipv6():
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


# `localhost` stands for both loopbacks: where the other one is taken, browsers go astray.
@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0", *(["::1"] if has_ipv6() else [])])
def test_port_that_is_taken(start, host):
    with socket.create_server((host, 0), family=socket.AF_INET6 if ":" in host else socket.AF_INET) as server:
        port = server.getsockname()[1]
        refused = start(PORT=str(port))
        assert refused.wait_for_end() == 1
        assert refused.text == (
            f"Port {port} is taken by another program. Choose another one: make run PORT={port + 1}\n"
        )


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({"PORT": "http"}, "PORT=http is not a port. Choose a number from 1024 to 65535."),
        ({"PORT": "70000"}, "PORT=70000 is not a port. Choose a number from 1024 to 65535."),
        ({"HOST": "192.0.2.1"}, "HOST=192.0.2.1 is not an address of this machine."),
        ({"HOST": "not a host"}, "HOST=not a host is not an address of this machine."),
        ({"READINGLIST_VAR": "/dev/null/var"}, "/dev/null is not a folder."),
    ],
    ids=["no number", "too large", "not ours", "no host", "no folder"],
)
def test_odd_setting_is_one_line(start, environment, message):
    refused = start(**environment)
    assert refused.wait_for_end() == 1
    assert refused.text == f"{message}\n"


def test_odd_setting_of_django_is_a_sentence_too(start):
    refused = start(EMAIL_URL="carrier-pigeon://lab")
    assert refused.wait_for_end() == 1
    assert refused.text == (
        "Reading List starts ...\nmigrate failed. "
        "EMAIL_URL must look like smtp://user:password@mail.example.org:587\n"
    )


@pytest.mark.parametrize(
    ("host", "site_url", "is_private"),
    [
        ("127.0.0.1", "http://localhost:8000", True),
        ("::1", "http://127.0.0.1:8000", True),
        ("localhost", "http://localhost:8000", True),
        ("0.0.0.0", "http://localhost:8000", False),
        ("lab-server", "http://localhost:8000", False),
        ("127.0.0.1", "https://papers.example.org", False),
    ],
)
def test_only_this_machine_sees_a_demo(host, site_url, is_private):
    """Whose passwords everybody knows."""
    assert run.Address(host, 8000, site_url).is_private == is_private


def test_demo_is_not_shown_to_the_network(start, tmp_path):
    var = tmp_path / "var"
    var.mkdir()
    (var / "demo").touch()
    refused = start(READINGLIST_VAR=str(var), HOST="0.0.0.0")
    assert refused.wait_for_end() == 1
    assert refused.text.startswith(f"{var} holds the demo lab, whose passwords everybody knows.")
    assert refused.text.count("\n") == 1

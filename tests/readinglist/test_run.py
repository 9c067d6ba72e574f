"""What `make run` runs: it starts whole, says what is wrong in a line, and leaves nothing behind."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import psutil
import pytest

from readinglist import embedded, run
from tests.servers import remove_state

PROJECT = Path(__file__).resolve().parents[2]


class Started:
    """A `python -m readinglist.run` on a state folder and a port of its own."""

    def __init__(self, var, port, *, command=(sys.executable, "-m", "readinglist.run"), **environment):
        self.var = var
        self.port = port
        # All processes inherit this variable; by it they are found.
        environment = {"READINGLIST_VAR": str(var), "PORT": str(port), **environment}
        self.output = var.with_name("output")
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

    def wait_for(self, text, seconds=60):
        deadline = time.monotonic() + seconds
        while not re.search(text, self.text):
            assert self.process.poll() is None, self.text
            assert time.monotonic() < deadline, self.text
            time.sleep(0.05)

    def wait_for_end(self, seconds=15):
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


def test_first_start_to_ctrl_c(start, var):
    first = start()
    first.wait_for("Ctrl-C")
    assert f"http://localhost:{first.port}" in first.text
    assert "organiser@example.org" in first.text
    assert "reading-list" in first.text
    fetch(first.port, "/healthz")
    assert "2025" in fetch(first.port, "/api/daily_papers?date=2025-04-25")
    names = " ".join(find_processes(var))
    assert all(name in names for name in ("postgres", "valkey", "celery", "beat", "gunicorn"))

    again = subprocess.run(
        [sys.executable, "-m", "readinglist.run"],
        cwd=PROJECT,
        env={"PATH": os.environ["PATH"], "READINGLIST_VAR": str(var), "PORT": str(find_free_port())},
        capture_output=True,
        text=True,
    )
    assert again.returncode == 1
    assert again.stdout == (
        f"Reading List already runs in this folder: http://localhost:{first.port} "
        f"(process {first.process.pid})\n"
    )
    assert again.stderr == ""

    os.killpg(first.process.pid, signal.SIGINT)
    assert first.wait_for_end() == 0
    assert "Traceback" not in first.text


def test_program_that_dies_ends_all_and_is_named(start, var):
    second = start()
    second.wait_for("Ctrl-C")
    beat = next(
        process for process in psutil.Process(second.process.pid).children() if "beat" in process.cmdline()
    )
    beat.kill()
    assert second.wait_for_end() == 1
    assert "beat ended by itself." in second.text
    assert str(var / "log" / "beat.log") in second.text
    assert "Traceback" not in second.text


def test_kill_leaves_nothing(start):
    third = start()
    third.wait_for("Ctrl-C")
    third.process.kill()
    third.wait_for_end()


def test_death_of_make_ends_it(start, var):
    """Make cannot pass on a SIGKILL. Here `sh` is make, and the run waits for servers that are in use."""
    with embedded.running(var=var):
        waiting = start(command=("sh", "-c", f"'{sys.executable}' -m readinglist.run; true"), MAKELEVEL="1")
        waiting.wait_for("Waiting until that ends")
        waiting.process.kill()
        deadline = time.monotonic() + 10
        while any("readinglist.run" in command for command in find_processes(var)):
            assert time.monotonic() < deadline
            time.sleep(0.1)


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


@pytest.mark.parametrize(
    ("host", "is_private"),
    [("127.0.0.1", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("reading.example", False)],
)
def test_only_this_machine_sees_a_demo(host, is_private):
    """Whose password everybody knows."""
    assert run.Address(host, 8000, "http://localhost:8000").is_private == is_private

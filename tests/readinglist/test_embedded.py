"""The embedded servers: started once, shared, never left behind."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from errno import ENOSPC
from pathlib import Path

import psutil
import psycopg
import pytest
import redis

from readinglist import embedded
from readinglist.embedded import postgres, state
from readinglist.embedded.programs import Program, read_tail
from tests.servers import remove_state

PROJECT = Path(__file__).resolve().parents[2]

HOST = """
import sys
from pathlib import Path
from readinglist import embedded

sys.platform = sys.argv[2]
with embedded.running(var=Path(sys.argv[1])) as programs:
    print(*(program.process.pid for program in programs), flush=True)
    sys.stdin.readline()
"""


@pytest.fixture(scope="module")
def var(tmp_path_factory):
    """A state folder with a path longer than a socket's address can be, and spaces in it."""
    var = tmp_path_factory.mktemp("state") / ("long " * 30) / "var"
    yield var
    remove_state(var)


def start_host(var, platform=sys.platform):
    """Another process that has the servers run until it is told to end; returns it and what it started."""
    host = subprocess.Popen(
        [sys.executable, "-c", HOST, str(var), platform],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=PROJECT,
    )
    return host, [int(pid) for pid in host.stdout.readline().split()]


def is_alive(pid):
    """Whether it runs; a zombie that nobody has collected yet does not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def wait_until(condition, seconds=10):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def connect(var):
    return psycopg.connect(embedded.database_url(var), autocommit=True)


def test_second_start_keeps_the_data(var):
    with embedded.running(var=var) as programs:
        assert redis.Redis.from_url(embedded.cache_url(var)).ping()
        with connect(var) as connection:
            connection.execute("DROP TABLE IF EXISTS kept; CREATE TABLE kept AS SELECT 'here' AS word")
    assert [program.name for program in programs] == ["postgres", "valkey"]
    assert all(program.has_ended() for program in programs)
    with embedded.running(var=var), connect(var) as connection:
        assert connection.execute("SELECT word FROM kept").fetchone() == ("here",)


def test_strangers_stay_out(var):
    with embedded.running(var=var, valkey=False):
        wrong = embedded.database_url(var).replace(Path(var / "postgres_password").read_text(), "wrong")
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(wrong)
        # Nobody is administrator over a socket, not even with the password in hand.
        administrator = embedded.database_url(var).replace("//readinglist:", "//postgres:")
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(administrator)
        with connect(var) as connection:
            assert connection.execute("SHOW listen_addresses").fetchone() == ("",)
    assert (var / "postgres_password").stat().st_mode & 0o777 == 0o600
    assert state.socket_dir(var).stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("platform", [sys.platform, "darwin"])
def test_killed_host_leaves_nothing_behind(var, platform):
    host, pids = start_host(var, platform)
    assert len(pids) == 2
    assert all(is_alive(pid) for pid in pids)
    host.kill()
    host.communicate()
    wait_until(lambda: not any(is_alive(pid) for pid in pids))


def test_start_after_a_crash_with_the_number_of_a_stranger(var):
    """After a restart of the machine, the process number in the stale file may be another program's."""
    with embedded.running(var=var, valkey=False):
        pass
    home = embedded.Postgres(var).home
    stranger = subprocess.Popen(["sleep", "60"], **home.options)
    stale = f"{stranger.pid}\n{home.data}\n1\n5432\n/nowhere\n\n1 1\nready\n"
    (home.data / "postmaster.pid").write_text(stale)
    with embedded.running(var=var, valkey=False), connect(var) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    stranger.kill()
    stranger.wait()


def test_start_right_after_a_kill(var):
    host, _ = start_host(var)
    host.kill()
    host.communicate()
    with embedded.running(var=var, share=False), connect(var) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_servers_are_shared_until_the_last_has_ended(var):
    host, pids = start_host(var)
    with embedded.running(var=var) as programs:
        assert programs == []
        host.stdin.close()  # it wants to end now
        with pytest.raises(subprocess.TimeoutExpired):
            host.wait(0.5)
        with connect(var) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
    assert host.wait(10) == 0
    assert not any(is_alive(pid) for pid in pids)


def test_in_use(var):
    host, _ = start_host(var)
    with (
        pytest.raises(embedded.InUse, match=f"process {host.pid}"),
        embedded.running(var=var, share=False, wait=False),
    ):
        pass
    host.communicate("end\n")


def test_server_that_does_not_start_says_why(var):
    with embedded.running(var=var, valkey=False):
        pass
    version = embedded.Postgres(var).home.data / "PG_VERSION"
    true = version.read_text()
    version.write_text("9.6\n")
    with (
        pytest.raises(embedded.Unable, match=r"postgres ended by itself(.|\n)*not compatible"),
        embedded.running(var=var, valkey=False),
    ):
        pass
    version.write_text(true)


def test_secret_is_made_once_and_private(tmp_path):
    secret = embedded.secret_key(tmp_path / "var")
    assert len(secret) >= 50
    assert embedded.secret_key(tmp_path / "var") == secret
    assert (tmp_path / "var" / "secret_key").stat().st_mode & 0o777 == 0o600
    assert embedded.secret_key(tmp_path / "other") != secret


@pytest.fixture
def runtime(monkeypatch):
    """An XDG_RUNTIME_DIR, which is short, unlike the folders that pytest makes."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        monkeypatch.setenv("XDG_RUNTIME_DIR", folder)
        yield Path(folder)


def test_socket_folder_is_remembered(tmp_path, runtime, monkeypatch):
    """A cron job has no XDG_RUNTIME_DIR, and must find the servers that a login started."""
    state.make_private(tmp_path / "var")
    first = state.socket_dir(tmp_path / "var")
    assert first.parent == runtime
    state.make_socket_dir(tmp_path / "var")
    monkeypatch.delenv("XDG_RUNTIME_DIR")
    assert state.socket_dir(tmp_path / "var") == first
    shutil.rmtree(runtime)  # the login has ended
    assert state.socket_dir(tmp_path / "var").parent == Path(tempfile.gettempdir())
    runtime.mkdir()


def test_copied_state_folder_has_sockets_of_its_own(tmp_path, runtime):
    state.make_private(tmp_path / "var")
    state.make_socket_dir(tmp_path / "var")
    state.make_private(tmp_path / "copy")
    (tmp_path / "copy" / "sockets").symlink_to((tmp_path / "var" / "sockets").readlink())
    assert state.socket_dir(tmp_path / "copy") != state.socket_dir(tmp_path / "var")


def test_socket_folder_of_someone_else_is_refused(tmp_path, runtime):
    state.make_private(tmp_path / "var")
    (tmp_path / "elsewhere").mkdir()
    state.socket_dir(tmp_path / "var").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(embedded.Unable, match="belongs to someone else"):
        state.make_socket_dir(tmp_path / "var")


@pytest.fixture
def roots(tmp_path, monkeypatch):
    """Where root's databases lie, and two clones of root's, the first with data."""
    monkeypatch.setattr(postgres, "HOMES", tmp_path / "lib")
    state.make_private(tmp_path / "one")
    home = postgres.HomeOfNobody(tmp_path / "one", "secret")
    home.follow_clone()
    (home.folder / "data").mkdir()
    return tmp_path


def test_data_of_root_follows_a_moved_clone(roots):
    (roots / "one").rename(roots / "two")
    home = postgres.HomeOfNobody(roots / "two", "secret")
    home.follow_clone()
    assert (home.folder / "data").exists()
    assert (roots / "two" / "postgres-files").readlink() == home.folder


def test_copied_clone_of_root_does_not_share_data(roots):
    subprocess.run(["cp", "-R", str(roots / "one"), str(roots / "two")], check=True)
    copy = postgres.HomeOfNobody(roots / "two", "secret")
    copy.follow_clone()
    assert not (copy.folder / "data").exists()
    assert (postgres.HomeOfNobody(roots / "one", "secret").folder / "data").exists()


def test_full_disk_is_one_sentence(tmp_path):
    error = OSError(ENOSPC, os.strerror(ENOSPC), str(tmp_path))
    assert embedded.describe(error) == f"The disk is full: {tmp_path}. Free some space and start again."
    log = tmp_path / "initdb.log"
    log.write_text('FATAL:  could not extend file "base/1/2691"\nHINT:  Check free disk space.\nAborted\n')
    assert read_tail(log) == "The disk is full. Free some space and start again."
    log.write_text("".join(f"line {number}\n" for number in range(100)))
    assert read_tail(log, 2) == f"The end of {log}:\n    line 98\n    line 99"


def test_stop_ends_what_a_program_left_in_its_group(tmp_path):
    script = "trap '' TERM; sleep 60 & echo $!; wait"
    program = Program("stubborn", ["sh", "-c", script], log=tmp_path / "log", patience=0.3)
    wait_until(lambda: program.log.read_text().strip())
    child = int(program.log.read_text())
    assert is_alive(child)
    program.stop()
    # On a busy machine it may take longer than SIGQUIT is given.
    assert program.process.returncode in {-signal.SIGQUIT, -signal.SIGKILL}
    wait_until(lambda: not is_alive(child))

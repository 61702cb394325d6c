"""The embedded server: starts, is shared, survives, and leaves nothing behind."""

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import psutil
import psycopg
import pytest

from igfleet.embedded import EmbeddedPostgres, kept
from igfleet.errors import SetupError
from igfleet.ui import migrating


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data"


def test_keeps_its_rows_over_a_restart(folder: Path) -> None:
    with EmbeddedPostgres(folder).running() as server:
        _write(server)
    with EmbeddedPostgres(folder).running() as server:
        rows = _read(server)

    assert rows == [(1,)]


def test_leaves_no_process(folder: Path) -> None:
    with EmbeddedPostgres(folder).running() as server:
        pid = server.pid
        assert pid is not None

    assert not psutil.pid_exists(pid)


def test_a_second_user_joins_and_the_last_one_stops_it(folder: Path) -> None:
    first, second = EmbeddedPostgres(folder), EmbeddedPostgres(folder)
    first.start()
    second.start()
    pid = first.pid
    first.stop()

    assert second.pid == pid

    second.stop()

    assert second.pid is None


def test_recovers_after_all_its_processes_were_killed(folder: Path) -> None:
    server = EmbeddedPostgres(folder)
    server.start()
    _write(server)
    _kill_tree(server.pid)
    server.stop()

    with EmbeddedPostgres(folder).running() as again:
        rows = _read(again)

    assert rows == [(1,)]


def test_recovers_after_only_the_postmaster_was_killed(folder: Path) -> None:
    server = EmbeddedPostgres(folder)
    server.start()
    _write(server)
    pid = server.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    server.stop()

    with EmbeddedPostgres(folder).running() as again:
        rows = _read(again)

    assert rows == [(1,)]


def test_who_keeps_it_starts_it_again_when_it_is_killed(folder: Path) -> None:
    server = EmbeddedPostgres(folder)
    with server.running(), kept(server, look=timedelta(seconds=0.05)):
        _write(server)
        killed = server.pid
        assert killed is not None
        os.kill(killed, signal.SIGKILL)
        _until(lambda: server.pid not in (None, killed) and _answers(server))

        assert _read(server) == [(1,)]
    assert server.pid is None


def test_a_server_that_cannot_be_started_is_given_up_after_some_tries() -> None:
    broken = _Broken()
    at_once = timedelta(milliseconds=1)
    with kept(broken, look=at_once, first_wait=at_once):
        _until(lambda: not [thread for thread in threading.enumerate() if thread.name == "database"])

    assert broken.tries == 5


@dataclass
class _Broken:
    """Never runs."""

    tries: int = 0
    pid: int | None = None

    def revive(self) -> bool:
        self.tries += 1
        raise SetupError("The database server ended at once")


def test_a_server_whose_starter_was_killed_is_adopted_and_stopped(folder: Path) -> None:
    starter = subprocess.Popen([sys.executable, "-c", _STARTER, str(folder)], stdout=subprocess.PIPE, text=True)
    assert starter.stdout is not None
    pid = int(starter.stdout.readline())
    starter.kill()
    starter.wait(10)

    with EmbeddedPostgres(folder).running() as server:
        assert server.pid == pid

    assert server.pid is None


def test_a_long_path_gets_a_short_socket(tmp_path: Path) -> None:
    folder = tmp_path / ("long" * 20) / ("name" * 20)

    with EmbeddedPostgres(folder).running() as server:
        _write(server)

        assert _read(server) == [(1,)]


def test_its_folder_is_private(folder: Path) -> None:
    with EmbeddedPostgres(folder).running():
        modes = {path.name: path.stat().st_mode & 0o077 for path in (folder / "postgres").iterdir()}

    assert set(modes.values()) == {0}, modes


@pytest.mark.skipif(not Path("/usr/lib/postgresql/15/bin").exists(), reason="no PostgreSQL 15 of the system here")
def test_runs_the_systems_postgresql_too(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IGFLEET_PG_BIN", "/usr/lib/postgresql/15/bin")

    with EmbeddedPostgres(folder).running() as server, psycopg.connect(server.dsn()) as connection:
        version = connection.execute("SHOW server_version_num").fetchone()

    assert version is not None
    assert version[0].startswith("15")


def test_migrations_lead_to_the_models(database_url: str) -> None:
    assert migrating.status(database_url).is_at_head
    assert migrating.drift(database_url) == []


_STARTER = textwrap.dedent("""
    import sys, time
    from pathlib import Path
    from igfleet.embedded import EmbeddedPostgres
    server = EmbeddedPostgres(Path(sys.argv[1]))
    server.start()
    print(server.pid, flush=True)
    time.sleep(60)
""")


def _write(server: EmbeddedPostgres) -> None:
    with psycopg.connect(server.dsn()) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 1 AS number")


def _read(server: EmbeddedPostgres) -> list[tuple[int]]:
    with psycopg.connect(server.dsn()) as connection:
        return connection.execute("SELECT number FROM kept").fetchall()


def _kill_tree(pid: int | None) -> None:
    assert pid is not None
    parent = psutil.Process(pid)
    for process in [parent, *parent.children(recursive=True)]:
        process.kill()


def _answers(server: EmbeddedPostgres) -> bool:
    with suppress(psycopg.OperationalError):
        return bool(_read(server))
    return False


def _until(is_so: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.05)

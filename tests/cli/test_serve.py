"""The roles as real processes."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil
import pytest
from tests.e2e import commands

_PATIENCE_S = 60


def _environment(folder: Path, **given: str) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "UI_API_TOKEN")}
    return {**inherited, "IGFLEET_DATA_DIR": str(folder), **given}


def _refused(role: str, folder: Path, **environment: str) -> str:
    """What is said when it does not start."""
    words = ("serve", "--role", role, "--port", "0")
    code, _, told = commands.run(words, _environment(folder, **environment), folder)
    assert code == 2, told
    return told


@contextmanager
def _serving(role: str, folder: Path, **environment: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "igfleet", "serve", "--role", role, "--port", "0"]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            command,
            env=_environment(folder, **environment),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        try:
            yield process
        finally:
            process.kill()
            process.wait(_PATIENCE_S)
            assert process.stdout is not None
            process.stdout.close()


def _line(process: subprocess.Popen[str], begins: str) -> str:
    """The rest of the next line of stdout, which must begin so."""
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line.startswith(begins), line
    return line.removeprefix(begins).strip()


def _until(is_so: Callable[[], bool]) -> None:
    end = time.monotonic() + _PATIENCE_S
    while not is_so():
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.1)


def test_all_serves_ui_and_worker_and_stops_both(database_url: str, tmp_path: Path) -> None:
    with _serving("all", tmp_path, DATABASE_URL=database_url) as process:
        address = _line(process, "igfleet is at ")
        invitation = _line(process, "Nobody can sign in yet. Make the first admin at ")
        worker = _line(process, "the worker is at ")
        children = psutil.Process(process.pid).children(recursive=True)

        ready = httpx.get(f"{address}/health/ready", timeout=10)
        alive = httpx.get(f"{worker}/api/v1/health", timeout=10)
        process.send_signal(signal.SIGTERM)

        assert process.wait(_PATIENCE_S) == 0
        assert (ready.status_code, alive.status_code) == (200, 200)
        assert invitation.startswith(f"{address}/setup?token=")
        assert children
        assert psutil.wait_procs(children, timeout=_PATIENCE_S)[1] == []
        assert invitation.partition("token=")[2] not in (tmp_path / "log").read_text()


def test_a_ui_starts_its_embedded_database_again_when_that_is_killed(tmp_path: Path) -> None:
    with _serving("ui", tmp_path) as process:
        address = _line(process, "igfleet is at ")
        [server] = [one for one in psutil.Process(process.pid).children() if one.name().startswith("postgres")]

        server.kill()
        _until(lambda: "database_server_started_again" in (tmp_path / "log").read_text())
        _until(lambda: httpx.get(f"{address}/health/ready", timeout=10).status_code == 200)

        process.send_signal(signal.SIGTERM)
        assert process.wait(_PATIENCE_S) == 0


def test_a_worker_does_not_outlive_the_ui_it_was_started_by(database_url: str, tmp_path: Path) -> None:
    with _serving("all", tmp_path, DATABASE_URL=database_url) as process:
        for begins in ("igfleet is at ", "Nobody can", "the worker is at "):
            _line(process, begins)
        children = psutil.Process(process.pid).children(recursive=True)

        process.kill()

        _until(lambda: not any(child.is_running() for child in children))


@pytest.mark.parametrize(
    ("environment", "told"),
    [
        (
            {"DATABASE_URL": "postgresql://nobody@127.0.0.1:9/none"},
            "igfleet: DATABASE_URL: the database does not",
        ),
        ({"LEASE_LENGTH": "soon"}, "igfleet: LEASE_LENGTH:"),
    ],
)
def test_what_keeps_it_from_starting_is_one_plain_line(tmp_path: Path, environment: dict[str, str], told: str) -> None:
    [line] = _refused("ui", tmp_path, **environment).splitlines()

    assert line.startswith(told)


def test_the_sandbox_prints_its_addresses_as_json(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "igfleet", "sandbox", "--port", "0", "--folder", str(tmp_path), "--json"]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        printed = json.loads(process.stdout.readline())
        process.send_signal(signal.SIGTERM)

        assert process.wait(_PATIENCE_S) == 0
        assert printed["control_url"].startswith("http://127.0.0.1:")
    finally:
        process.kill()
        process.wait(_PATIENCE_S)


def test_a_worker_without_a_token_says_where_to_get_one(tmp_path: Path) -> None:
    assert _refused("worker", tmp_path).startswith("igfleet: UI_API_TOKEN: is not set. Make one on")

"""The command line, run within the test's process on a database of its own."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from igfleet.cli.app import app

type Run = Callable[..., Result]


@pytest.fixture
def run(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command; the result has `stdout`, `stderr` and `exit_code`."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("IGFLEET_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("REQUIRE_PROXY", "false")
    runner = CliRunner()

    def run(*words: object) -> Result:
        return runner.invoke(app, [str(word) for word in words], catch_exceptions=False)

    return run


def parsed(result: Result) -> object:
    """The JSON that a command printed."""
    return json.loads(result.stdout)

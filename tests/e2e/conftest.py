"""One fleet for all tests of a process, emptied after each; clips once per process."""

import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from igfleet.embedded import EmbeddedPostgres
from tests.conftest import TEMPLATE
from tests.e2e.fleet import Fleet, clip


@pytest.fixture(scope="session")
def standing(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    """A sandbox and a ui."""
    name = f"e2e_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(postgres.dsn("postgres"), autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
    with Fleet(tmp_path_factory.mktemp("standing") / "fleet", postgres.dsn(name)) as running:
        yield running


@pytest.fixture
def fleet(standing: Fleet) -> Iterator[Fleet]:
    """The standing fleet, with nothing in it."""
    yield standing
    standing.clear()


@pytest.fixture
def own_fleet(tmp_path: Path, database_url: str) -> Iterator[Fleet]:
    """One for the test alone: it kills the ui, or looks into everything that was ever written."""
    with Fleet(tmp_path / "fleet", database_url) as running:
        yield running


@pytest.fixture(scope="session")
def clips(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("clips")
    return [clip(folder / f"clip_{number}.mp4", 3 + number / 5) for number in range(3)]

"""One fleet for all tests of a process, emptied after each; clips once per process."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from igfleet.embedded import EmbeddedPostgres
from tests.conftest import fresh
from tests.e2e.fleet import Fleet, clip


@pytest.fixture(scope="session")
def standing_fleet(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    """A sandbox and a ui."""
    with Fleet(tmp_path_factory.mktemp("standing") / "fleet", fresh(postgres)) as running:
        yield running


@pytest.fixture
def fleet(standing_fleet: Fleet) -> Iterator[Fleet]:
    """The standing fleet, with nothing in it."""
    yield standing_fleet
    standing_fleet.clear()


@pytest.fixture
def own_fleet(tmp_path: Path, own_database_url: str) -> Iterator[Fleet]:
    """One for the test alone: it kills the ui, or looks into everything that was ever written."""
    with Fleet(tmp_path / "fleet", own_database_url) as running:
        yield running


@pytest.fixture(scope="session")
def clips(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("clips")
    return [clip(folder / f"clip_{number}.mp4", 3 + number / 5) for number in range(3)]

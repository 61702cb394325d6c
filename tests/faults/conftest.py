"""The ground is laid once per file."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from igfleet.embedded import EmbeddedPostgres
from tests.conftest import fresh
from tests.faults.ground import Ground
from tests.faults.ground import ground as laid


@pytest.fixture(scope="module")
def ground(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    folder: Path = tmp_path_factory.mktemp("faults")
    with laid(folder, fresh(postgres)) as made:
        yield made

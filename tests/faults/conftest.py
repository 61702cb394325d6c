"""The ground is laid once per file, with the length of lease that the file asks for."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from igfleet.embedded import EmbeddedPostgres
from tests.conftest import fresh
from tests.faults.ground import LEASE_S, Ground
from tests.faults.ground import ground as laid


@pytest.fixture(scope="module")
def ground(
    postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Ground]:
    folder: Path = tmp_path_factory.mktemp("faults")
    with laid(folder, fresh(postgres), getattr(request.module, "LEASE_S", LEASE_S)) as made:
        yield made

"""The ground is laid once per file."""

import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from igfleet.embedded import EmbeddedPostgres
from tests.conftest import TEMPLATE
from tests.faults.ground import Ground
from tests.faults.ground import ground as laid


@pytest.fixture(scope="module")
def ground(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    folder: Path = tmp_path_factory.mktemp("faults")
    name = f"faults_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(postgres.dsn("postgres"), autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
    with laid(folder, postgres.dsn(name)) as made:
        yield made

"""Fixtures of the whole suite: a real PostgreSQL, one fresh database per test."""

import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import psycopg
import pytest

from igfleet.embedded import EmbeddedPostgres
from igfleet.ui import migrating
from tests.serving import Served, served
from tests.ui_api.playing import Player

TEMPLATE = "igfleet_template"


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    """One server per test process, with a migrated template database."""
    folder: Path = tmp_path_factory.mktemp("pg")
    with EmbeddedPostgres(folder, durable=False).running() as server:
        migrating.upgrade(server.dsn(TEMPLATE))
        yield server


@pytest.fixture
def database_url(postgres: EmbeddedPostgres) -> Iterator[str]:
    """The address of a fresh, migrated database."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(postgres.dsn("postgres"), autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
    yield postgres.dsn(name)
    with psycopg.connect(postgres.dsn("postgres"), autocommit=True) as admin:
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
async def ui(database_url: str, tmp_path: Path) -> AsyncIterator[Served]:
    """A running ui with the default settings."""
    async with served(database_url, tmp_path / "ui") as running:
        yield running


@pytest.fixture
async def ui_without_proxies(database_url: str, tmp_path: Path) -> AsyncIterator[Served]:
    """The same, where accounts need no proxy."""
    async with served(database_url, tmp_path / "ui", REQUIRE_PROXY="false") as running:
        yield running


@pytest.fixture
async def player(ui: Served) -> AsyncIterator[Player]:
    """A worker that has registered."""
    async with ui.client() as client:
        made = Player(ui, client)
        await made.register()
        yield made

"""Fixtures of the whole suite: a real PostgreSQL and at most one standing ui in a process, emptied after each test."""

import gc
import os
import random
import sys
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import psycopg
import pytest
from playwright.async_api import Browser, async_playwright

from igfleet.browser import locate_browser
from igfleet.embedded import EmbeddedPostgres
from igfleet.settings import Settings, load
from igfleet.ui import migrating
from igfleet.ui.restricted import restrict
from tests.emptying import empty
from tests.ordering import mixed
from tests.serving import Served, Standing
from tests.ui_api.playing import Player

TEMPLATE = "igfleet_template"
gc.disable()  # until everything is imported: that is not garbage
os.environ.setdefault("NODE_COMPILE_CACHE", f"{sys.prefix}/node")  # Playwright's driver, which starts a hundred times


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Its own loop, not the faster one of the ui: tests that count connects see only what Python's sockets do."""
    return "asyncio"


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    """One server per test process, with a migrated template database."""
    folder: Path = tmp_path_factory.mktemp("pg")
    with EmbeddedPostgres(folder, durable=False).running() as server:
        migrating.upgrade(server.dsn(TEMPLATE))
        restrict(server.dsn(TEMPLATE))
        yield server


def fresh(postgres: EmbeddedPostgres) -> str:
    """The address of another migrated database."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(postgres.dsn("postgres"), autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
    return postgres.dsn(name)


@pytest.fixture
def own_database_url(postgres: EmbeddedPostgres) -> str:
    """For a test that changes more than rows, or whose processes live longer than it."""
    return fresh(postgres)


@pytest.fixture(scope="session")
def standing_database_url(postgres: EmbeddedPostgres) -> str:
    return fresh(postgres)


@pytest.fixture
def database_url(standing_database_url: str) -> Iterator[str]:
    """The address of a migrated, empty database that nothing works on."""
    yield standing_database_url
    empty(standing_database_url, alone=True)


@pytest.fixture(scope="session")
async def standing(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Standing]:
    """The ui that tests share; with other settings it is another one."""
    house = Standing(fresh(postgres), tmp_path_factory.mktemp("ui"))
    yield house
    await house.close()


@pytest.fixture
async def ui(standing: Standing) -> AsyncIterator[Served]:
    """A running ui with the default settings, and nothing in it."""
    async with standing.ui() as running:
        yield running


@pytest.fixture
async def ui_without_proxies(standing: Standing) -> AsyncIterator[Served]:
    """The same, where accounts need no proxy."""
    async with standing.ui(REQUIRE_PROXY="false") as running:
        yield running


@pytest.fixture(scope="session")
async def chromium() -> AsyncIterator[Browser]:
    """One real browser for a process: each test opens a context of its own, and closes it."""
    async with async_playwright() as playwright:
        program = locate_browser(load(Settings).chromium)
        browser = await playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        await browser.close()


@pytest.fixture
async def player(ui: Served) -> AsyncIterator[Player]:
    """A worker that has registered."""
    async with ui.client() as client:
        made = Player(ui, client)
        await made.register()
        yield made


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A file's tests stay together, in their order."""
    places = {file: place for place, file in enumerate(mixed(str(item.path) for item in items))}
    items.sort(key=lambda item: places[str(item.path)])


def pytest_collection_finish() -> None:
    """What is there now stays to the end, and is not looked through again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 50)
    gc.enable()


def pytest_addoption(parser: pytest.Parser) -> None:
    """`./igfleet looks` walks everything; the tests a part of it."""
    parser.addoption("--whole", action="store_true", help="walk over every state, theme, width and hostile string")
    parser.addoption("--sample-seed", type=int, help="draw a sample once more, by the seed that a test has printed")


@pytest.fixture
def sample_seed(request: pytest.FixtureRequest) -> int:
    """Draws a sample; another one each time, and told."""
    given: int | None = request.config.getoption("--sample-seed")
    seed = random.SystemRandom().randrange(10**6) if given is None else given
    print(f"this sample once more: --sample-seed {seed}")
    return seed


@pytest.fixture
def is_whole(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--whole"))

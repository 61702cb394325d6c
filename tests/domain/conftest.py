"""A migrated database, a vault and a storage of its own for each test."""

import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet.settings import UiSettings, load
from igfleet.ui.db import Database
from igfleet.ui.sealing.ring import MasterKey, Ring
from igfleet.ui.storage import Storage
from igfleet.ui.vault import Vault


@dataclass(frozen=True)
class House:
    """What the library, imports and plans need of the ui."""

    settings: UiSettings
    database: Database
    storage: Storage
    vault: Vault


@pytest.fixture
def settings(tmp_path: Path) -> UiSettings:
    return load(UiSettings, IGFLEET_DATA_DIR=str(tmp_path), REQUIRE_PROXY="false", MEDIA_MAX_BYTES="20000000")


@pytest.fixture
async def house(settings: UiSettings, database_url: str, tmp_path: Path) -> AsyncIterator[House]:
    database = Database(database_url)
    storage = Storage(tmp_path / "media", settings.media_max_bytes)
    yield House(settings, database, storage, Vault(Ring(MasterKey(os.urandom(32)))))
    await database.close()


@pytest.fixture
def vault(house: House) -> Vault:
    return house.vault


@pytest.fixture
async def session(house: House) -> AsyncIterator[AsyncSession]:
    """A transaction that is rolled back at the end."""
    async with house.database.sessions() as session:
        yield session

"""What the ui role holds while it runs."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from igfleet.settings import UiSettings
from igfleet.ui.bus import Bus
from igfleet.ui.configuration.book import Book
from igfleet.ui.db import Database
from igfleet.ui.keys.keyring import Keyring
from igfleet.ui.nudges import Nudges
from igfleet.ui.sealing.ring import Ring
from igfleet.ui.storage import Storage
from igfleet.ui.tokens import Tokens
from igfleet.ui.vault import Vault


@dataclass(frozen=True)
class UiContext:
    """One per process, at `app.state.ui`, injected as `ui`."""

    book: Book
    database: Database
    vault: Vault
    storage: Storage
    bus: Bus
    nudges: Nudges
    tokens: Tokens
    keys: Keyring
    draining: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the process is asked to stop: open streams end."""

    @property
    def settings(self) -> UiSettings:
        """Those in force now. Ask again each time: an admin may change them."""
        return self.book.present


@asynccontextmanager
async def opened(settings: UiSettings, database_url: str) -> AsyncIterator[UiContext]:
    """Everything the ui needs, without its background work: for the server and for commands."""
    database = Database(database_url)
    book = Book(settings)
    vault = Vault(Ring.from_settings(settings))
    try:
        async with database.sessions() as session:
            await vault.check(session)
            await book.read(session)
        yield UiContext(
            book=book,
            database=database,
            vault=vault,
            storage=Storage(settings.data_dir / "media", settings.media_max_bytes),
            bus=Bus(database_url),
            nudges=Nudges(settings),
            tokens=Tokens(settings),
            keys=Keyring(),
        )
    finally:
        await database.close()

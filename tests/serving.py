"""A real ui on loopback, in the test's own event loop, on the test's own database."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from argon2 import PasswordHasher
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet.settings import UiSettings, load
from igfleet.ui.app import serve
from igfleet.ui.context import UiContext, opened
from igfleet.ui.db import Database
from igfleet.ui.models import Role
from igfleet.ui.people import add_invited
from igfleet.ui.restricted import address_of
from tests.authorities import PUBLIC
from tests.emptying import empty

SHARED_TOKEN = "shared-worker-token-1234567890"
PASSWORD = "correct horse battery"
_QUICKLY_CHECKED = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
"""A hash names its cost: to check one as the product makes them takes a fifth of a second of both cores."""


@dataclass
class Served:
    """A running ui."""

    address: str
    context: UiContext
    """What the verbs need, on the same database: to set the stage and to look behind the curtain."""
    owner_url: str

    def client(self, token: str | None = SHARED_TOKEN) -> httpx.AsyncClient:
        """A caller of the API."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return httpx.AsyncClient(base_url=self.address, headers=headers, trust_env=False, verify=PUBLIC, timeout=30)

    @asynccontextmanager
    async def as_owner(self) -> AsyncIterator[AsyncSession]:
        """A transaction of whoever owns the tables: for what igfleet itself may not do."""
        database = Database(self.owner_url)
        try:
            async with database.sessions.begin() as session:
                yield session
        finally:
            await database.close()

    @asynccontextmanager
    async def signed_in(self, name: str = "anna", role: Role = Role.ADMIN) -> AsyncIterator[httpx.AsyncClient]:
        """Somebody with a session of the dashboard."""
        await self.user(name, role)
        async with self.client(None) as client:
            page = (await client.get("/signin", headers={"accept": "text/html"})).text
            csrf = page.split('name="csrf" value="', 1)[1].split('"', 1)[0]
            await client.post("/signin", data={"csrf": csrf, "name": name, "password": PASSWORD})
            yield client

    async def user(self, name: str = "anna", role: Role = Role.ADMIN) -> None:
        """Somebody who may sign in with `PASSWORD`."""
        async with self.context.database.sessions.begin() as session:
            (await add_invited(session, name, role, "test")).password_hash = _QUICKLY_CHECKED


@asynccontextmanager
async def served(database_url: str, folder: Path, **settings: object) -> AsyncIterator[Served]:
    """Serve within the block, as the role that cannot change the audit. `settings` by variable name."""
    owner_url, database_url = database_url, address_of(database_url)
    given = {"IGFLEET_DATA_DIR": folder, "DATABASE_URL": database_url, "WORKER_API_TOKEN": SHARED_TOKEN, **settings}
    chosen = load(UiSettings, **given)
    stop, address = asyncio.Event(), asyncio.get_running_loop().create_future()
    task = asyncio.create_task(serve(chosen, database_url, "127.0.0.1", 0, address.set_result, stop))
    await asyncio.wait([task, address], return_when=asyncio.FIRST_COMPLETED)
    if not address.done():
        await task
    try:
        async with opened(chosen, database_url) as context:
            await context.bus.start()  # what a test tells, the ui hears
            try:
                yield Served(address.result(), context, owner_url)
            finally:
                await context.bus.stop()
    finally:
        stop.set()
        await task


class Standing:
    """One ui that tests share as long as they want the same settings. What a test left is gone before the next."""

    def __init__(self, database_url: str, folder: Path) -> None:
        self._database_url, self._folder = database_url, folder
        self._stack = AsyncExitStack()
        self._settings: dict[str, object] | None = None
        self._served: Served | None = None

    @asynccontextmanager
    async def ui(self, **settings: object) -> AsyncIterator[Served]:
        """A ui with these settings and nothing in it. `settings` by variable name."""
        if self._served is None or self._settings != settings:
            await self.close()
            self._served = await self._stack.enter_async_context(served(self._database_url, self._folder, **settings))
            self._settings = settings
        try:
            yield self._served
        finally:
            await asyncio.to_thread(empty, self._database_url)
            # A thumbnail may be coming just now: it stays, by its sha256, and is in nobody's way.
            shutil.rmtree(self._folder / "media", ignore_errors=True)

    async def close(self) -> None:
        """Stop it."""
        self._served = None
        await self._stack.aclose()

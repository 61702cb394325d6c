"""The live bus: what changed, told to every ui process by PostgreSQL's NOTIFY. Ids only; who cares reads again."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

import asyncpg
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet import log

_log = log.get(__name__)
_CHANNEL = "igfleet"
_DEBOUNCE_S = 0.05
_RECONNECT_S = 1.0
_QUEUE_LENGTH = 1000
_PAYLOAD_IDS = 400
"""A NOTIFY carries at most 8,000 bytes."""


@dataclass(frozen=True, slots=True)
class Change:
    """Something of a topic (`task`, `work`, `worker`, `media`, `account`) changed."""

    topic: str
    key: int


class Bus:
    """Tells and hears changes. `tell` is cheap and never waits; what is told within 50 ms goes out as one NOTIFY."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._listeners: set[asyncio.Queue[Change]] = set()
        self._told: set[Change] = set()
        self._wake = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._connection: Any = None

    async def start(self) -> None:
        self._tasks = [asyncio.create_task(self._listen()), asyncio.create_task(self._send())]

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def tell(self, topic: str, key: int = 0) -> None:
        """Say that something changed; call it after the commit."""
        self._told.add(Change(topic, key))
        self._wake.set()

    @asynccontextmanager
    async def changes(self) -> AsyncIterator[asyncio.Queue[Change]]:
        """A queue of changes from now on. When it is full, changes are lost: read the state again from time to time."""
        queue: asyncio.Queue[Change] = asyncio.Queue(_QUEUE_LENGTH)
        self._listeners.add(queue)
        try:
            yield queue
        finally:
            self._listeners.discard(queue)

    async def _send(self) -> None:
        while True:
            await self._wake.wait()
            await asyncio.sleep(_DEBOUNCE_S)
            self._wake.clear()
            told, self._told = sorted(self._told, key=lambda change: (change.topic, change.key)), set()
            for start in range(0, len(told), _PAYLOAD_IDS):
                await self._notify(told[start : start + _PAYLOAD_IDS])

    async def _notify(self, changes: list[Change]) -> None:
        payload = json.dumps([[change.topic, change.key] for change in changes])
        try:
            connection = self._connection
            if connection is None or connection.is_closed():
                raise ConnectionError("the bus is not connected")
            await connection.execute("SELECT pg_notify($1, $2)", _CHANNEL, payload)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            for change in changes:
                self._hear(change)

    async def _listen(self) -> None:
        while True:
            try:
                await self._listen_once()
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError) as error:
                _log.warning("bus_disconnected", error=str(error))
            await asyncio.sleep(_RECONNECT_S)

    async def _listen_once(self) -> None:
        connection = await asyncpg.connect(self._url, timeout=10)
        lost = asyncio.Event()
        connection.add_termination_listener(lambda *_: lost.set())
        await connection.add_listener(_CHANNEL, self._on_notify)
        self._connection = connection
        try:
            await lost.wait()
        finally:
            self._connection = None
            with suppress(OSError, asyncpg.InterfaceError, asyncpg.PostgresError):
                await connection.close(timeout=2)

    def _on_notify(self, _connection: object, _pid: int, _channel: str, payload: str) -> None:
        for topic, key in json.loads(payload):
            self._hear(Change(topic, key))

    def _hear(self, change: Change) -> None:
        for queue in self._listeners:
            with suppress(asyncio.QueueFull):
                queue.put_nowait(change)


async def tell_after_commit(session: AsyncSession, *changes: Change) -> None:
    """For commands, which have no bus of their own: PostgreSQL sends it to every ui when the transaction commits."""
    payload = json.dumps([[change.topic, change.key] for change in changes])
    await session.execute(select(func.pg_notify(_CHANNEL, payload)))

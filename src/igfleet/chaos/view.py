"""The campaign's own look into the database: one connection, made anew after a crash."""

import asyncio
import contextlib
from typing import Any

import asyncpg

_PATIENCE_S = 5.0
_LOST = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError)


class View:
    """Reads, one after the other."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._turn = asyncio.Lock()
        self._connection: asyncpg.Connection | None = None

    async def rows(self, query: str, *values: object) -> list[Any] | None:
        """What the query finds; None while the database is away."""
        async with self._turn:
            with contextlib.suppress(*_LOST):
                if self._connection is None or self._connection.is_closed():
                    self._connection = await asyncpg.connect(self._url, timeout=_PATIENCE_S)
                found: list[Any] = await self._connection.fetch(query, *values, timeout=_PATIENCE_S)
                return found
        return None

    async def close(self) -> None:
        """Safe to repeat."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(*_LOST):
                await connection.close(timeout=_PATIENCE_S)

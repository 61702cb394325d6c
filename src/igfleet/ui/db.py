"""The database: engine, sessions, and the one place where transactions end."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, cast

import asyncpg
from sqlalchemy import event
from sqlalchemy.exc import DisconnectionError, InvalidatePoolError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from igfleet.errors import SetupError

_OF_CONNECTIONS = {
    "application_name": "igfleet",
    "jit": "off",  # no statement here runs for long enough to be worth compiling
    "statement_timeout": "20000",
    "idle_in_transaction_session_timeout": "30000",
}
_TRUSTED_S = 5.0
_USED_AT = "used_at"


class Database:
    """Connections to one PostgreSQL: `sessions` for models and pages, `transaction()` for the hot statements.

    The address is asyncpg's to read: it takes what libpq takes, `sslmode` and `sslrootcert` too.
    """

    def __init__(self, url: str, pool_size: int = 24) -> None:
        self.url = url
        self.engine: AsyncEngine = create_async_engine(
            "postgresql+asyncpg://",
            async_creator=partial(asyncpg.connect, url, timeout=10, server_settings=_OF_CONNECTIONS),
            pool_size=pool_size,
            max_overflow=0,  # one more than that would be opened, taught everything anew, and closed each time
            pool_timeout=10,
            hide_parameters=True,
        )
        event.listen(self.engine.sync_engine, "checkin", _note_use)
        event.listen(self.engine.sync_engine, "checkout", _check)
        self.sessions: async_sessionmaker[AsyncSession] = async_sessionmaker(self.engine, expire_on_commit=False)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[asyncpg.Connection]:
        """A raw asyncpg connection in one transaction: for the few statements whose overhead matters."""
        async with self.engine.connect() as connection:
            raw = await _raw(connection)
            async with raw.transaction():
                yield raw

    async def ping(self) -> None:
        """Raise when the database does not answer."""
        async with asyncio.timeout(5), self.engine.connect() as connection:
            await connection.exec_driver_sql("SELECT 1")

    async def close(self) -> None:
        await self.engine.dispose()


async def _raw(connection: AsyncConnection) -> asyncpg.Connection:
    fairy = await connection.get_raw_connection()
    return cast(asyncpg.Connection, fairy.driver_connection)


def _note_use(_connection: object, record: ConnectionPoolEntry) -> None:
    record.info[_USED_AT] = time.monotonic()


def _check(connection: Any, record: ConnectionPoolEntry, _proxy: object) -> None:
    """Before a pooled connection is used: one that has ended is replaced, one that was idle for long is asked first.

    Asking each time would cost three round trips more than the few that most transactions take.
    """
    if connection.driver_connection.is_closed():
        raise DisconnectionError
    used_at = record.info.get(_USED_AT)
    if used_at is not None and time.monotonic() - used_at > _TRUSTED_S:
        try:
            connection.ping()
        except (connection.dbapi.Error, OSError) as error:
            raise InvalidatePoolError from error


def require(url: str | None) -> str:
    """The address, or a `SetupError` that says how to give one."""
    if not url:
        raise SetupError(
            "DATABASE_URL: is not set and the embedded server is off. Example: postgresql://user@host/igfleet"
        )
    return url

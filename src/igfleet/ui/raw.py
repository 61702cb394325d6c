"""What the hot statements need of the driver's connection, typed."""

from collections.abc import Iterable, Sequence
from typing import Any, Protocol


class Raw(Protocol):
    """An asyncpg connection within a transaction. JSON goes in as text and comes out as Python values."""

    async def execute(self, query: str, *args: object) -> str: ...

    async def executemany(self, command: str, args: Iterable[Sequence[object]]) -> None: ...

    async def fetch(self, query: str, *args: object) -> list[Any]: ...

    async def fetchrow(self, query: str, *args: object) -> Any: ...

    async def fetchval(self, query: str, *args: object) -> Any: ...

"""A line that can be cut, slowed and reset: a small TCP proxy between a worker and the ui."""

import asyncio
import contextlib
from enum import StrEnum
from typing import Self

_CHUNK = 65536


class Weather(StrEnum):
    FAIR = "fair"
    SLOW = "slow"
    """Every piece waits."""
    CUT = "cut"
    """Nothing gets through and nobody is told: connections stay open."""
    RESET = "reset"
    """Connections are reset, new ones too."""


class Line:
    """`async with Line(host, port) as line: …` listens on loopback at `line.port`."""

    def __init__(self, host: str, port: int, *, delay_s: float = 0.3) -> None:
        self._target, self._delay_s = (host, port), delay_s
        self.weather = Weather.FAIR
        self._fair = asyncio.Event()
        self._fair.set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self.port = 0

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._server is not None:
            self._server.close()
        self._end_all()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def turn(self, weather: Weather) -> None:
        """From now on, also for what is under way."""
        self.weather = weather
        if weather is Weather.CUT:
            self._fair.clear()
        else:
            self._fair.set()
        if weather is Weather.RESET:
            self._end_all()

    def _end_all(self) -> None:
        for task in self._tasks:
            task.cancel()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            if self.weather is not Weather.RESET:
                await self._join(reader, writer)
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            self._tasks.discard(task)
            writer.transport.abort()

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._fair.wait()
        outer_reader, outer_writer = await asyncio.open_connection(*self._target)
        ways = {
            asyncio.create_task(self._carry(reader, outer_writer)),
            asyncio.create_task(self._carry(outer_reader, writer)),
        }
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            outer_writer.transport.abort()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(_CHUNK):
                if self.weather is Weather.SLOW:
                    await asyncio.sleep(self._delay_s)
                await self._fair.wait()
                writer.write(data)
                await writer.drain()

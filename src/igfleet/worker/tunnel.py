"""Two streams joined: what comes from the run is checked before it leaves, and cut when its time is over."""

import asyncio
import socket
import struct
from collections.abc import Callable
from contextlib import suppress

from igfleet.worker.deadlines import Deadlines

_CHUNK = 65536
_LAST_ANSWER_S = 1.0

type Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Tunnel:
    """One connection of a run to the outside."""

    def __init__(self, inner: Streams, outer: Streams, deadlines: Deadlines, leaving: Callable[[bytes], None]) -> None:
        """`leaving` is told of all that is about to leave."""
        self._inner, self._outer = inner, outer
        self._deadlines, self._leaving = deadlines, leaving

    async def run(self) -> None:
        """Carry bytes both ways until one side has ended."""
        outward = asyncio.create_task(self._outward())
        inward = asyncio.create_task(_copy(self._outer[0], self._inner[1]))
        try:
            await asyncio.wait({outward, inward}, return_when=asyncio.FIRST_COMPLETED)
            await asyncio.wait({inward}, timeout=_LAST_ANSWER_S)
        finally:
            for task in (outward, inward):
                task.cancel()
            await asyncio.gather(outward, inward, return_exceptions=True)
            for _, writer in (self._outer, self._inner):
                writer.close()

    def cut(self) -> None:
        """Now, and without the bytes that the system still holds."""
        outer = self._outer[1]
        raw = outer.get_extra_info("socket")
        if raw is not None:
            with suppress(OSError):
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        outer.transport.abort()
        self._inner[1].transport.abort()

    async def _outward(self) -> None:
        reader, writer = self._inner[0], self._outer[1]
        with suppress(OSError):
            while data := await reader.read(_CHUNK):
                if self._deadlines.are_over:
                    self.cut()
                    return
                self._leaving(data)
                writer.write(data)
                await writer.drain()
            if writer.can_write_eof():
                writer.write_eof()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(_CHUNK):
            writer.write(data)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()

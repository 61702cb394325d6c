"""The campaign's own small client of Instagram: what it makes of connections that end."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from igfleet.chaos.wire import Wire

pytestmark = pytest.mark.anyio
_YES = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


async def test_a_connection_that_was_cut_between_two_requests_is_replaced() -> None:
    async with _gate() as (address, connections):
        wire = Wire(address)
        first = await wire.ask("GET", "/one")
        connections[0].transport.abort()
        await asyncio.wait_for(_closed(wire), 30)
        second = await wire.ask("GET", "/two")
        await wire.close()

    assert (first.body, second.body, len(connections)) == (b"ok", b"ok", 2)


async def _closed(wire: Wire) -> None:
    while wire.is_open:  # noqa: ASYNC110  # nothing else tells
        await asyncio.sleep(0.01)


@asynccontextmanager
async def _gate() -> AsyncIterator[tuple[str, list[asyncio.StreamWriter]]]:
    """A gate that is its own far end: every request is answered with a yes."""
    connections: list[asyncio.StreamWriter] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(writer)
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        try:
            while await reader.readuntil(b"\r\n\r\n"):
                writer.write(_YES)
        except (OSError, EOFError):
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        host, port = server.sockets[0].getsockname()
        yield f"http://run:secret@{host}:{port}", connections

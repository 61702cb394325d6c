"""Ways out that are broken on purpose, each a few lines on loopback; and a place to reach without names."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import h11
from pydantic import SecretStr

from igfleet.contracts.leases import LeasedProxy
from igfleet.sandbox.ca import Authority

type Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
type Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def leased(port: int, scheme: str = "http", username: str | None = "nord", password: str = "pw") -> LeasedProxy:
    secret = SecretStr(password) if username else None
    return LeasedProxy(id=1, scheme=scheme, host="127.0.0.1", port=port, username=username, password=secret)


@asynccontextmanager
async def listening(serve: Serve, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """A server for the block; its port."""
    running: set[asyncio.Task[None]] = set()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        running.add(task)
        try:
            await serve(reader, writer)
        except (OSError, EOFError):
            pass
        finally:
            running.discard(task)
            writer.close()

    server = await asyncio.start_server(accept, "127.0.0.1", 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in running:
            task.cancel()


async def black_hole(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    """Accepts, reads, never answers."""
    while await reader.read(4096):
        pass


async def silent_host(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A proxy that opens its tunnels; behind it nobody answers."""
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
    while await reader.read(4096):
        pass


async def hang_up(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    """Reads what was asked and closes."""
    await reader.read(4096)


async def mail_server(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Something else altogether."""
    writer.write(b"220 mail.example ESMTP\r\n\r\n")
    await reader.read(4096)


def opens_tls(folder: Path) -> Serve:
    """A proxy that ends TLS itself, with an authority that nobody trusts."""
    context = Authority(folder).server_context()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        await writer.drain()
        await writer.start_tls(context)
        await reader.read(4096)

    return serve


def passes_on(port: int, delay_s: float = 0, segments: int = 1) -> Serve:
    """To another proxy, late, and with its first answer cut into segments."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(delay_s)
        inner, outer = await asyncio.open_connection("127.0.0.1", port)
        outward = asyncio.create_task(_pipe(reader, outer))
        try:
            first = await inner.read(65536)
            size = max(len(first) // segments, 1)
            for start in range(0, len(first), size):
                writer.write(first[start : start + size])
                await writer.drain()
                await asyncio.sleep(0.02 if segments > 1 else 0)
            await _pipe(inner, writer)
        finally:
            outward.cancel()
            outer.close()

    return serve


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answers with the IP address that asks, in plain text."""
    connection = h11.Connection(h11.SERVER)
    while not isinstance(event := connection.next_event(), h11.EndOfMessage):
        if event is h11.NEED_DATA:
            connection.receive_data(await reader.read(4096))
    body = writer.get_extra_info("peername")[0].encode() + b"\n"
    headers = [("content-length", str(len(body))), ("content-type", "text/plain")]
    for event in (h11.Response(status_code=200, headers=headers), h11.Data(data=body), h11.EndOfMessage()):
        writer.write(connection.send(event) or b"")
    await writer.drain()


@asynccontextmanager
async def place(folder: Path) -> AsyncIterator[tuple[str, str]]:
    """An echo address and a TLS target on loopback, for proxies that resolve no simulated names."""
    async with AsyncExitStack() as stack:
        plain = await stack.enter_async_context(listening(echo))
        tls = await stack.enter_async_context(listening(hang_up, Authority(folder).server_context()))
        yield f"http://127.0.0.1:{plain}/", f"127.0.0.1:{tls}"

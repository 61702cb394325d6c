"""HTTP/1.1 on one connection."""

import asyncio
from collections.abc import Awaitable, Callable

import h11

from igfleet.sandbox.messages import Answer, Request, Wire

type Handle = Callable[[Request], Awaitable[Answer]]

_CHUNK = 65536


async def serve(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, handle: Handle, *, host: str = "", proxy: str = ""
) -> None:
    """Answer requests until the other side closes or an answer is dropped on purpose."""
    connection = h11.Connection(h11.SERVER)
    while True:
        request = await read_request(connection, reader, host=host, proxy=proxy)
        if request is None:
            return
        answer = await handle(request)
        if not request.is_whole or not await _write(connection, reader, writer, request, answer):
            return
        if connection.our_state is h11.MUST_CLOSE:
            return
        connection.start_next_cycle()


async def read_request(
    connection: h11.Connection, reader: asyncio.StreamReader, *, host: str = "", proxy: str = ""
) -> Request | None:
    """The next request; None when there is none. A body that breaks off comes back as it is, not whole."""
    head = await _next_event(connection, reader)
    if not isinstance(head, h11.Request):
        return None
    headers = {name.decode().lower(): value.decode("latin-1") for name, value in head.headers}
    request = Request(
        method=head.method.decode(),
        host=host or headers.get("host", ""),
        target=head.target.decode("latin-1"),
        headers=headers,
        proxy=proxy,
    )
    body = bytearray()
    while True:
        event = await _next_event(connection, reader)
        if isinstance(event, h11.Data):
            body += event.data
        elif isinstance(event, h11.EndOfMessage):
            break
        else:
            request.is_whole = False
            break
    request.body = bytes(body)
    return request


async def _next_event(connection: h11.Connection, reader: asyncio.StreamReader) -> object:
    while True:
        try:
            event = connection.next_event()
        except h11.RemoteProtocolError:
            return None
        if event is not h11.NEED_DATA:
            return event
        try:
            data = await reader.read(_CHUNK)
        except (ConnectionError, OSError):
            return None
        connection.receive_data(data)


async def _write(
    connection: h11.Connection,
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    request: Request,
    answer: Answer,
) -> bool:
    """Send the answer as its wire says. False when the connection is over."""
    if answer.wire is Wire.HANG:
        await until_closed(reader)
        return False
    if answer.wire is Wire.DROP:
        writer.transport.abort()
        return False
    body = b"" if request.method == "HEAD" else answer.body
    headers = [("content-length", str(len(answer.body))), ("connection", "keep-alive"), *answer.fields]
    data = connection.send(h11.Response(status_code=answer.status, headers=headers)) or b""
    if answer.wire is Wire.CUT:
        writer.write(data + body[: len(body) // 2])
        await writer.drain()
        writer.close()
        return False
    data += connection.send(h11.Data(data=body)) or b"" if body else b""
    data += connection.send(h11.EndOfMessage()) or b"" if body or request.method != "HEAD" else b""
    writer.write(data)
    await writer.drain()
    if answer.sent is not None:
        answer.sent()
    return True


async def until_closed(reader: asyncio.StreamReader) -> None:
    """Wait for the other side to go."""
    try:
        while await reader.read(_CHUNK):
            continue
    except (ConnectionError, OSError):
        return

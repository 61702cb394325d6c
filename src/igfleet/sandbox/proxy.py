"""The forward proxy: terminates TLS for Instagram's hosts, refuses and records every other host.

It speaks HTTP and SOCKS5 on one port: the first byte tells which.
"""

import asyncio
import base64
import binascii
import ssl
from dataclasses import dataclass

import h11

from igfleet.sandbox import http1, socks
from igfleet.sandbox.ca import HOSTS, Authority
from igfleet.sandbox.exits import Exit, ExitMode, Exits
from igfleet.sandbox.http2 import Http2
from igfleet.sandbox.messages import Answer, Request
from igfleet.sandbox.world import World

_HANDSHAKE_S = 20
_ECHO_HOST = "echo.sandbox"
_SEEN_THROUGH = "intercept"
"""Folder of the authority that nobody is given."""

type Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass(frozen=True)
class _Tls:
    """Both certificates: the one that clients trust, and the one of a proxy that opens TLS."""

    good: ssl.SSLContext
    bad: ssl.SSLContext


class ForwardProxy:
    """CONNECT, absolute-form and SOCKS5 requests, on one listening socket."""

    def __init__(self, world: World, tls: ssl.SSLContext) -> None:
        self._world = world
        self._tls = _Tls(tls, Authority(world.folder / _SEEN_THROUGH).server_context())
        self.exits = Exits(world.store)
        self._connections: set[asyncio.Task[None]] = set()

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, to its end."""
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            first = await reader.readexactly(1)
            await (self._socks((reader, writer)) if first == socks.VERSION else self._http((reader, writer), first))
        except (OSError, EOFError, h11.ProtocolError):
            pass
        finally:
            self._connections.discard(task)
            writer.close()

    def stop(self) -> None:
        """End every connection."""
        for task in self._connections:
            task.cancel()

    async def _http(self, streams: Streams, first: bytes) -> None:
        connection = h11.Connection(h11.SERVER)
        connection.receive_data(first)
        request = await http1.read_request(connection, streams[0])
        if request is None:
            return
        way = self.exits.admit(*_credentials(request.headers.get("proxy-authorization", "")))
        if way is None:
            await _reply(streams, request, Answer(407, b"", {"proxy-authenticate": 'Basic realm="sandbox"'}))
        elif not await self._behave(way, streams[0]):
            await _reply(streams, request, Answer(502, b"the proxy refuses"))
        elif request.method == "CONNECT":
            host, _, port = request.target.rpartition(":")
            if not self._reaches(way, host, port, ("443", "80")):
                await _reply(streams, request, Answer(403, b"not reached by this proxy"))
                return
            streams[1].write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            await self._carry(streams, way, host, port)
        else:
            await _reply(streams, request, await self._absolute(request, way))

    async def _socks(self, streams: Streams) -> None:
        reader, writer = streams
        given = await socks.credentials(reader, writer)
        way = self.exits.admit(*(given or ("", "")))
        if given is not None:
            socks.admitted(writer, yes=way is not None)
        if way is None:
            return
        host, port = await socks.wanted(reader)
        if not await self._behave(way, reader):
            await socks.reply(writer, socks.Reply.FAILURE)
        elif host == _ECHO_HOST or self._reaches(way, host, str(port), ("443", "80")):
            await socks.reply(writer, socks.Reply.DONE)
            await self._carry(streams, way, host, str(port))
        else:
            await socks.reply(writer, socks.Reply.FORBIDDEN)

    async def _behave(self, way: Exit, reader: asyncio.StreamReader) -> bool:
        """Wait as the proxy waits; whether it connects at all. A silent one ends with its client."""
        if way.mode is ExitMode.HANG:
            await http1.until_closed(reader)
            raise ConnectionResetError
        if way.mode is ExitMode.SLOW:
            await asyncio.sleep(way.delay_s)
        return way.mode is not ExitMode.REFUSE

    def _reaches(self, way: Exit, host: str, port: str, ports: tuple[str, ...]) -> bool:
        """Whether the proxy connects there. A host that is not simulated is a leak."""
        if not _is_simulated(host) or port not in ports:
            self._world.ledger.leaks[f"{host}:{port}"] += 1
            return False
        return way.mode is not ExitMode.BLOCK

    async def _carry(self, streams: Streams, way: Exit, host: str, port: str) -> None:
        """Be the host at the other end of the tunnel."""
        reader, writer = streams
        await writer.drain()
        if host == _ECHO_HOST:
            await http1.serve(reader, writer, lambda _: _echo(way))
            return
        if port == "80":
            await http1.serve(reader, writer, self._world.handle, host=host, proxy=way.username)
            return
        tls = self._tls.bad if way.mode is ExitMode.INTERCEPT else self._tls.good
        await writer.start_tls(tls, ssl_handshake_timeout=_HANDSHAKE_S)
        if writer.get_extra_info("ssl_object").selected_alpn_protocol() == "h2":
            await Http2(reader, writer, self._world.handle, host=host, proxy=way.username).serve()
        else:
            await http1.serve(reader, writer, self._world.handle, host=host, proxy=way.username)

    async def _absolute(self, request: Request, way: Exit) -> Answer:
        _, _, rest = request.target.partition("://")
        host = rest.split("/", 1)[0].split(":", 1)[0]
        if host == _ECHO_HOST:
            return await _echo(way)
        self._world.ledger.leaks[host] += 1
        return Answer(403, b"not a simulated host")


async def _echo(way: Exit) -> Answer:
    return Answer.of({"ip": way.ip, "proxy": way.username})


async def _reply(streams: Streams, request: Request, answer: Answer) -> None:
    writer = streams[1]
    headers = {"content-length": str(len(answer.body)), "connection": "close", **answer.headers}
    status = f"HTTP/1.1 {answer.status} \r\n".encode()
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items()).encode()
    writer.write(status + lines + b"\r\n" + (b"" if request.method == "HEAD" else answer.body))
    await writer.drain()


def _credentials(header: str) -> tuple[str, str]:
    try:
        name, _, password = base64.b64decode(header.removeprefix("Basic ")).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return name, password


def _is_simulated(host: str) -> bool:
    """Whether a certificate of the authority covers the host."""
    bare = {name for name in HOSTS if not name.startswith("*")}
    wild = [name[1:] for name in HOSTS if name.startswith("*")]
    return host in bare or any(host.endswith(ending) for ending in wild)

"""The forward proxy: terminates TLS for Instagram's hosts, refuses and records every other host."""

import asyncio
import base64
import binascii
import ssl
from dataclasses import dataclass

import h11

from igfleet.sandbox import http1
from igfleet.sandbox.ca import HOSTS
from igfleet.sandbox.http2 import Http2
from igfleet.sandbox.messages import Answer, Request, Wire
from igfleet.sandbox.world import World

_HANDSHAKE_S = 20
_ECHO_HOST = "echo.sandbox"


@dataclass
class ProxyUser:
    """A registered proxy: known by its user name. Others are let through with any password."""

    password: str
    mode: str = "ok"
    """`ok`, `refuse` (502), `hang`."""


class ForwardProxy:
    """CONNECT and absolute-form requests, on one listening socket."""

    def __init__(self, world: World, tls: ssl.SSLContext) -> None:
        self._world, self._tls = world, tls
        self.users: dict[str, ProxyUser] = {}
        self._connections: set[asyncio.Task[None]] = set()

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, to its end."""
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            await self._serve(reader, writer)
        except (ConnectionError, OSError, TimeoutError, ssl.SSLError, h11.ProtocolError):
            pass
        finally:
            self._connections.discard(task)
            writer.close()

    def stop(self) -> None:
        """End every connection."""
        for task in self._connections:
            task.cancel()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = h11.Connection(h11.SERVER)
        first = await http1.read_request(connection, reader)
        if first is None:
            return
        user, refused = self._authenticate(first)
        if refused is not None:
            await _reply(connection, reader, writer, first, refused)
        elif first.method == "CONNECT":
            await self._tunnel(first, user, connection, reader, writer)
        else:
            await _reply(connection, reader, writer, first, self._absolute(first))

    def _authenticate(self, request: Request) -> tuple[str, Answer | None]:
        """The proxy's user name, or the answer that refuses it."""
        name, password = _credentials(request.headers.get("proxy-authorization", ""))
        known = self.users.get(name)
        if known is None:
            return name, None
        if known.password != password:
            return name, Answer(407, b"", {"proxy-authenticate": 'Basic realm="sandbox"'})
        if known.mode == "refuse":
            return name, Answer(502, b"the proxy refuses")
        if known.mode == "hang":
            return name, Answer(wire=Wire.HANG)
        return name, None

    async def _tunnel(
        self,
        request: Request,
        user: str,
        connection: h11.Connection,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        host, _, port = request.target.rpartition(":")
        if not _is_simulated(host) or port not in ("443", "80"):
            self._world.ledger.leaks[request.target] += 1
            await _reply(connection, reader, writer, request, Answer(403, b"not a simulated host"))
            return
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        await writer.drain()
        if port == "80":
            await http1.serve(reader, writer, self._world.handle, host=host, proxy=user)
            return
        await writer.start_tls(self._tls, ssl_handshake_timeout=_HANDSHAKE_S)
        chosen = writer.get_extra_info("ssl_object").selected_alpn_protocol()
        if chosen == "h2":
            await Http2(reader, writer, self._world.handle, host=host, proxy=user).serve()
        else:
            await http1.serve(reader, writer, self._world.handle, host=host, proxy=user)

    def _absolute(self, request: Request) -> Answer:
        _, _, rest = request.target.partition("://")
        host = rest.split("/", 1)[0].split(":", 1)[0]
        if host == _ECHO_HOST:
            return Answer.of(
                {"ip": "127.0.0.1", "proxy": _credentials(request.headers.get("proxy-authorization", ""))[0]}
            )
        self._world.ledger.leaks[host] += 1
        return Answer(403, b"not a simulated host")


async def _reply(
    connection: h11.Connection,
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    request: Request,
    answer: Answer,
) -> None:
    if answer.wire is Wire.HANG:
        await http1.until_closed(reader)
        return
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

"""The egress gate: the only way out of a run.

A forward proxy on loopback, one per run, with a password of its own. It tunnels to Instagram's hosts through the
account's proxy; a broken proxy is an error, never a direct connection. After the lease's local deadline, and after the
window of a permit until the outcome is known, it lets no byte out: a frozen run cannot send late.
"""

import asyncio
import base64
import hmac
import secrets
from contextlib import suppress
from dataclasses import dataclass
from math import inf

from igfleet import clock, log
from igfleet.reasons import ReasonCode
from igfleet.worker.upstream import Refused, Upstream

_log = log.get(__name__)
_CHUNK = 65536
_HEAD_MAX = 16 * 1024
_HEAD_S = 30
_HOSTS = ("instagram.com", "cdninstagram.com", "fbcdn.net", "facebook.com")
"""Instagram's own names; each stands for its subdomains too."""


@dataclass
class Deadlines:
    """Boot-clock times after which nothing leaves."""

    lease: float = inf
    commit: float = inf

    @property
    def next(self) -> float:
        return min(self.lease, self.commit)


class Gate:
    """One run's way out. `last_trouble` tells why the last connection failed, so that the proxy is blamed for it."""

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream
        self._password = secrets.token_urlsafe(18)
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()
        self.deadlines = Deadlines()
        self.last_trouble: Refused | None = None
        self.refused_hosts: list[str] = []

    async def open(self) -> str:
        """Listen; the address for the run, with its password."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, limit=_HEAD_MAX)
        port = self._server.sockets[0].getsockname()[1]
        return f"http://run:{self._password}@127.0.0.1:{port}"

    async def close(self) -> None:
        """Cut every connection."""
        if self._server is not None:
            self._server.close()
        for task in list(self._connections):
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            await self._serve(reader, writer)
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError):
            pass
        finally:
            self._connections.discard(task)
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with asyncio.timeout(_HEAD_S):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        method, target, *_ = head.split("\r\n", 1)[0].split(" ")
        if not self._is_own(head):
            await _answer(writer, 407, "Proxy-Authenticate: Basic\r\n", "this gate belongs to another run")
            return
        if method != "CONNECT":
            await _answer(writer, 403, "", "only CONNECT")
            return
        host, _, port = target.rpartition(":")
        if clock.boot_seconds() > self.deadlines.next:
            _log.warning("egress_closed", reason="the lease or the permit's window is over")
            writer.transport.abort()
            return
        try:
            self._check(host)
            upstream_reader, upstream_writer = await self._upstream.connect(host, int(port))
        except Refused as refused:
            self.last_trouble = refused
            _log.warning("egress_refused", host=host, reason=refused.reason.value, error=str(refused))
            await _answer(writer, refused.status, f"X-Igfleet-Reason: {refused.reason.value}\r\n", str(refused))
            return
        self.last_trouble = None
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        await self._pump(reader, writer, upstream_reader, upstream_writer)

    def _is_own(self, head: str) -> bool:
        wanted = base64.b64encode(f"run:{self._password}".encode()).decode()
        for line in head.split("\r\n")[1:]:
            name, _, value = line.partition(":")
            if name.lower() == "proxy-authorization":
                return hmac.compare_digest(value.strip().removeprefix("Basic ").encode(), wanted.encode())
        return False

    def _check(self, host: str) -> None:
        if not any(host == name or host.endswith(f".{name}") for name in _HOSTS):
            self.refused_hosts.append(host)
            raise Refused(403, ReasonCode.EGRESS_REFUSED, f"{host} is not a host of Instagram")

    async def _pump(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        upstream_reader: asyncio.StreamReader,
        upstream_writer: asyncio.StreamWriter,
    ) -> None:
        outward = asyncio.create_task(self._copy(reader, upstream_writer, guarded=True))
        inward = asyncio.create_task(self._copy(upstream_reader, writer, guarded=False))
        try:
            await asyncio.wait({outward, inward}, return_when=asyncio.FIRST_COMPLETED)
            await asyncio.wait({inward}, timeout=1)
        finally:
            for task in (outward, inward):
                task.cancel()
            for side in (upstream_writer, writer):
                with suppress(OSError):
                    side.close()

    async def _copy(self, source: asyncio.StreamReader, target: asyncio.StreamWriter, *, guarded: bool) -> None:
        with suppress(OSError):
            while data := await source.read(_CHUNK):
                if guarded and clock.boot_seconds() > self.deadlines.next:
                    _log.warning("egress_closed", reason="the lease or the permit's window is over")
                    target.transport.abort()
                    return
                target.write(data)
                await target.drain()
            if target.can_write_eof():
                target.write_eof()


async def _answer(writer: asyncio.StreamWriter, status: int, headers: str, text: str) -> None:
    body = text.encode()
    head = f"HTTP/1.1 {status} \r\n{headers}Content-Type: text/plain\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    writer.write(head.encode() + body)
    with suppress(OSError):
        await writer.drain()

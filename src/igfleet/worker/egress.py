"""The egress gate: the only way out of a run.

A forward proxy on loopback, one per run, with a password of its own. It lets through to Instagram's hosts (and to the
account's mail server, where that is wanted) by way of the account's proxy; a broken proxy is an error, never a direct
connection. After the lease's local deadline, and after the window of a permit until the outcome is known, it lets no
byte out: a frozen run cannot send late.
"""

import asyncio
import base64
import hmac
import secrets
from contextlib import suppress
from dataclasses import dataclass
from typing import ClassVar
from urllib.parse import urlsplit

from igfleet import log
from igfleet.instagram.hosts import is_instagram
from igfleet.reasons import ReasonCode
from igfleet.worker.deadlines import Deadlines
from igfleet.worker.tunnel import Tunnel
from igfleet.worker.upstream import Refused, Upstream

_log = log.get(__name__)
_HEAD_MAX = 16 * 1024
_HEAD_S = 30
_PORTS = (443, 80)
_PHRASES = {400: "Bad Request", 403: "Forbidden", 407: "Proxy Authentication Required", 502: "Bad Gateway"}


class Gate:
    """One run's way out. `last_trouble` tells why the last connection failed, so that the proxy is blamed for it."""

    deadlines: ClassVar[type[Deadlines]] = Deadlines

    def __init__(self, upstream: Upstream, mail_server: tuple[str, int] | None = None) -> None:
        """`mail_server` is the account's own, when its mailbox is read through its proxy too."""
        self._upstream, self._mail_server = upstream, mail_server
        self._password = secrets.token_urlsafe(18)
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._tunnels: set[Tunnel] = set()
        self._cutting: asyncio.Task[None] | None = None
        self._deadlines = self.deadlines()
        self.renewed = self._deadlines.renewed
        self.permitted = self._deadlines.permitted
        self.reported = self._deadlines.reported
        self.last_trouble: Refused | None = None
        self.refused_hosts: list[str] = []
        self.sent_bytes = 0
        """What has left or may have left through this gate."""

    async def open(self) -> str:
        """Listen; the address for the run, with its password."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, limit=_HEAD_MAX)
        self._cutting = asyncio.create_task(self._cut_in_time())
        port = self._server.sockets[0].getsockname()[1]
        return f"http://run:{self._password}@127.0.0.1:{port}"

    async def close(self) -> None:
        """Cut every connection."""
        if self._server is not None:
            self._server.close()
        self._cut_all()
        ending = [task for task in (*self._tasks, self._cutting) if task is not None]
        for task in ending:
            task.cancel()
        await asyncio.gather(*ending, return_exceptions=True)

    async def _cut_in_time(self) -> None:
        while True:
            await self._deadlines.until_over()
            self._cut_all()
            await self._deadlines.until_open()

    def _cut_all(self) -> None:
        if self._tunnels:
            _log.warning("egress_cut", connections=len(self._tunnels))
        for tunnel in list(self._tunnels):
            tunnel.cut()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            await self._serve(reader, writer)
        except Refused as refused:
            await self._refuse(writer, refused)
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with asyncio.timeout(_HEAD_S):
            wanted = _Wanted.of((await reader.readuntil(b"\r\n\r\n")).decode("latin-1"))
        self._check(wanted)
        try:
            outer = await self._upstream.connect(wanted.host, wanted.port)
        except Refused as refused:
            if not self._is_mail(wanted):  # a proxy that carries web traffic only is not broken
                self.last_trouble = refused
            raise
        if not self._is_mail(wanted):
            self.last_trouble = None
        if self._deadlines.are_over:
            outer[1].transport.abort()
            raise Refused(502, ReasonCode.WORKER_LOST, "the lease or the permit's window is over")
        tunnel = Tunnel((reader, writer), outer, self._deadlines, self._leaving)
        self._tunnels.add(tunnel)
        self._leaving(wanted.forwarded or b"")
        try:
            (writer if wanted.forwarded is None else outer[1]).write(wanted.forwarded or wanted.ESTABLISHED)
            await tunnel.run()
        finally:
            self._tunnels.discard(tunnel)

    def _leaving(self, data: bytes) -> None:
        self.sent_bytes += len(data)

    def _check(self, wanted: "_Wanted") -> None:
        """Raises `Refused`."""
        expected = base64.b64encode(f"run:{self._password}".encode()).decode()
        if not hmac.compare_digest(wanted.credentials.encode(), f"Basic {expected}".encode()):
            raise Refused(407, ReasonCode.EGRESS_REFUSED, "this gate belongs to another run")
        is_instagram_s = is_instagram(wanted.host) and wanted.port in _PORTS
        if not is_instagram_s and not self._is_mail(wanted):
            self.refused_hosts.append(wanted.host)
            text = f"{wanted.host}:{wanted.port} is not a host of Instagram"
            raise Refused(403, ReasonCode.EGRESS_REFUSED, text)
        if self._deadlines.are_over:
            raise Refused(502, ReasonCode.WORKER_LOST, "the lease or the permit's window is over")

    def _is_mail(self, wanted: "_Wanted") -> bool:
        return wanted.forwarded is None and (wanted.host, wanted.port) == self._mail_server

    async def _refuse(self, writer: asyncio.StreamWriter, refused: Refused) -> None:
        _log.warning("egress_refused", reason=refused.reason.value, error=str(refused))
        body = str(refused).encode()
        lines = [
            f"HTTP/1.1 {refused.status} {_PHRASES.get(refused.status, 'Refused')}",
            *(['Proxy-Authenticate: Basic realm="run"'] if refused.status == 407 else []),
            f"X-Igfleet-Reason: {refused.reason.value}",
            "Content-Type: text/plain; charset=utf-8",
            f"Content-Length: {len(body)}",
            "Connection: close",
        ]
        with suppress(OSError):
            writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
            await writer.drain()


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What one connection asks for: a tunnel, or one request in absolute form."""

    host: str
    port: int
    credentials: str
    forwarded: bytes | None
    """The head as the host shall see it; None for a tunnel."""
    ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n\r\n"

    @classmethod
    def of(cls, head: str) -> "_Wanted":
        """Raises `Refused`."""
        first, *lines = head.removesuffix("\r\n\r\n").split("\r\n")
        headers = [(name.strip().lower(), value.strip()) for name, _, value in (line.partition(":") for line in lines)]
        credentials = next((value for name, value in headers if name == "proxy-authorization"), "")
        try:
            method, target, _version = first.split(" ")
            parts = urlsplit(f"//{target}" if method == "CONNECT" else target)
            if not parts.hostname or (method != "CONNECT" and parts.scheme != "http"):
                raise ValueError
            port = parts.port or (443 if method == "CONNECT" else 80)
        except ValueError:
            raise Refused(
                400, ReasonCode.EGRESS_REFUSED, "neither CONNECT nor a request with a whole address"
            ) from None
        host = parts.hostname.lower().rstrip(".")
        if method == "CONNECT":
            return cls(host, port, credentials, None)
        path = parts._replace(scheme="", netloc="").geturl() or "/"
        kept = [line for line in lines if not line.lower().startswith(("proxy-", "connection:"))]
        forwarded = "\r\n".join([f"{method} {path} HTTP/1.1", *kept, "Connection: close"]) + "\r\n\r\n"
        return cls(host, port, credentials, forwarded.encode("latin-1"))

"""The way of one browser out: a forward proxy on loopback, before the run's own.

A browser sends a POST again by itself when a connection that it has used before breaks; nothing above the network sees
it. So for the one call that must not be repeated the valve is narrowed: every connection to that host is cut, one new
one is let through, and every further one waits: it is refused when that one ends, and goes on when the valve is wide.
"""

import asyncio
import base64
import hmac
import secrets
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from playwright.async_api import ProxySettings

from igfleet.instagram.adapters.browser.records import Records
from igfleet.instagram.hosts import is_instagram
from igfleet.reasons import ReasonCode

_HEAD_MAX = 16 * 1024
_HEAD_S = 30
_CONNECT_S = 45
_CHUNK = 65536
_PORT = "443"
_USER = "browser"
_REFUSES_CREDENTIALS = (401, 407)
_PHRASES = {200: "Connection established", 403: "Forbidden", 407: "Proxy Authentication Required", 502: "Bad Gateway"}

type Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why the last connection could not be made."""

    reason: ReasonCode
    text: str


@dataclass(slots=True)
class Passage:
    """The one connection to a host while the valve is narrow."""

    host: str
    records: Records | None = None
    """Of the connection that was let through."""
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    """That connection is over, or could not be made."""
    widened: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def has_left(self) -> bool:
        """Whether a byte of the request may have left."""
        return self.records is not None and self.records.has_data


class Valve:
    """Open it, give its address to the browser, close it."""

    def __init__(self, proxy_url: str) -> None:
        self._proxy = urlsplit(proxy_url)
        self._password = secrets.token_urlsafe(18)
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._open: dict[asyncio.Task[None], tuple[str, tuple[Streams, Streams]]] = {}
        self._passage: Passage | None = None
        self.port = 0
        """Known when it is open."""
        self.trouble: Trouble | None = None

    async def open(self) -> ProxySettings:
        """Listen; the address as Playwright takes it. This machine's own addresses come here too, and are refused."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, limit=_HEAD_MAX)
        self.port = self._server.sockets[0].getsockname()[1]
        server = f"http://127.0.0.1:{self.port}"
        return {"server": server, "bypass": "<-loopback>", "username": _USER, "password": self._password}

    async def close(self) -> None:
        """Cut every connection. Safe to repeat."""
        if self._server is not None:
            self._server.close()
        ending = list(self._tasks)
        for task in ending:
            task.cancel()
        await asyncio.gather(*ending, return_exceptions=True)

    def narrow(self, host: str) -> Passage:
        """From now on one new connection to that host, and no other."""
        self._passage = Passage(host)
        self._cut(host)
        return self._passage

    def shut(self, host: str) -> None:
        """From now on no connection to that host."""
        self.narrow(host).records = Records()

    def widen(self) -> None:
        """As before: only when nothing of the one request can be under way any more. Safe to repeat."""
        if self._passage is not None:
            self._passage.widened.set()
            self._passage = None

    def _cut(self, host: str) -> None:
        for task, (to, streams) in list(self._open.items()):
            if to == host:
                for _, writer in streams:
                    writer.transport.abort()
                task.cancel()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            await self._serve(task, reader, writer)
        except (OSError, TimeoutError, ValueError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass
        finally:
            self._tasks.discard(task)
            self._open.pop(task, None)
            writer.close()

    async def _serve(
        self, task: asyncio.Task[None], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        async with asyncio.timeout(_HEAD_S):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        method, target, credentials = _wanted(head)
        host, _, port = target.rpartition(":")
        if not hmac.compare_digest(credentials.encode(), _basic(_USER, self._password).encode()):
            return await _answer(writer, 407)
        if method != "CONNECT" or port != _PORT or not is_instagram(host):
            return await _answer(writer, 403)
        passage = self._passage if self._passage is not None and self._passage.host == host else None
        if passage is not None and passage.records is not None:
            if not await _goes_on(passage):
                return await _answer(writer, 502)
            passage = None
        records = Records()
        if passage is not None:
            passage.records = records
        try:
            await self._carry(task, (reader, writer), host, target, records)
        finally:
            if passage is not None:
                passage.ended.set()

    async def _carry(self, task: asyncio.Task[None], inner: Streams, host: str, target: str, records: Records) -> None:
        outer = await self._connected(target)
        if outer is None:
            await _answer(inner[1], 502)
            return
        self._open[task] = host, (inner, outer)
        await _answer(inner[1], 200)
        await _joined(inner, outer, records)

    async def _connected(self, target: str) -> Streams | None:
        """A stream to the target by the run's proxy; None, and `trouble` tells why."""
        try:
            async with asyncio.timeout(_CONNECT_S):
                reader, writer = await asyncio.open_connection(self._proxy.hostname, self._proxy.port)
                writer.write(_connect(target, self._proxy.username, self._proxy.password))
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
            cause = type(error).__name__
            self.trouble = Trouble(ReasonCode.PROXY_UNREACHABLE, f"The account's proxy does not answer ({cause})")
            return None
        self.trouble = _trouble(head)
        if self.trouble is None:
            return reader, writer
        writer.close()
        return None


async def _goes_on(passage: Passage) -> bool:
    """Wait for the one connection's turn to be over. A refusal at once would make the browser give it up as well."""
    waits = [asyncio.create_task(event.wait()) for event in (passage.widened, passage.ended)]
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
    return passage.widened.is_set()


async def _joined(inner: Streams, outer: Streams, records: Records) -> None:
    """Carry bytes both ways until one side has ended."""
    outward = asyncio.create_task(_outward(inner[0], outer[1], records))
    inward = asyncio.create_task(_copy(outer[0], inner[1]))
    try:
        await asyncio.wait({outward, inward}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (outward, inward):
            task.cancel()
        await asyncio.gather(outward, inward, return_exceptions=True)
        outer[1].close()


async def _outward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, records: Records) -> None:
    with suppress(OSError):
        while data := await reader.read(_CHUNK):
            records.feed(data)
            writer.write(data)
            await writer.drain()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(_CHUNK):
            writer.write(data)
            await writer.drain()


async def _answer(writer: asyncio.StreamWriter, status: int) -> None:
    more = f'Proxy-Authenticate: Basic realm="{_USER}"\r\n' if status == 407 else ""
    end = "" if status == 200 else "Content-Length: 0\r\nConnection: close\r\n"
    writer.write(f"HTTP/1.1 {status} {_PHRASES[status]}\r\n{more}{end}\r\n".encode())
    await writer.drain()


def _wanted(head: str) -> tuple[str, str, str]:
    """Method, target and credentials. Raises `ValueError`."""
    first, *lines = head.removesuffix("\r\n\r\n").split("\r\n")
    method, target, _version = first.split(" ")
    pairs = (line.partition(":") for line in lines)
    return method, target.lower(), next((v.strip() for n, _, v in pairs if n.lower() == "proxy-authorization"), "")


def _connect(target: str, username: str | None, password: str | None) -> bytes:
    head = f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n"
    if username:
        head += f"Proxy-Authorization: {_basic(unquote(username), unquote(password or ''))}\r\n"
    return f"{head}\r\n".encode()


def _basic(username: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()


def _trouble(head: str) -> Trouble | None:
    """What the proxy's answer says; the run's own gate names its reason."""
    first, *lines = head.split("\r\n")
    status = int(first.split(" ")[1])
    if status == 200:
        return None
    named = next((line.partition(":")[2].strip() for line in lines if line.lower().startswith("x-igfleet-reason")), "")
    if named in ReasonCode:
        return Trouble(ReasonCode(named), f"The way out is closed: {named}")
    if status in _REFUSES_CREDENTIALS:
        return Trouble(ReasonCode.PROXY_AUTH_FAILED, "The proxy refuses its user or password")
    if status == 403:
        return Trouble(ReasonCode.EGRESS_REFUSED, "The way out of this machine is closed for that host")
    return Trouble(ReasonCode.PROXY_UNREACHABLE, f"The account's proxy does not let it through ({status})")

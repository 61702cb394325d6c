"""One connection to the simulated Instagram, through the gate of a run: plain HTTP/1.1, nothing repeated."""

import asyncio
import base64
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import h11

_HOST = "i.instagram.com"
_CHUNK = 65536


class NotConnected(OSError):
    """The gate or the proxy behind it refused: nothing was sent. `head` is its answer."""


@dataclass(frozen=True, slots=True)
class Answered:
    status: int
    headers: dict[str, str]
    body: bytes


@dataclass
class Wire:
    """Kept open between requests. `has_left` tells whether a byte of the last request may have left."""

    proxy_url: str
    headers: dict[str, str] = field(default_factory=dict)
    """Sent with every request."""
    has_left: bool = False
    _reader: asyncio.StreamReader | None = None
    _writer: asyncio.StreamWriter | None = None
    _connection: h11.Connection = field(default_factory=lambda: h11.Connection(h11.CLIENT))

    @property
    def is_open(self) -> bool:
        """Whether the next request would go out on the present connection: a gate may have cut it meanwhile."""
        if self._reader is None or self._writer is None:
            return False
        return not (self._writer.is_closing() or self._reader.at_eof() or self._reader.exception())

    async def ask(
        self, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None, *, limit_s: float = 30.0
    ) -> Answered:
        """Send one request and read its whole answer. Raises `OSError`, `TimeoutError`."""
        self.has_left = False
        try:
            async with asyncio.timeout(limit_s):
                if not self.is_open:
                    await self.close()
                    await self._connect()
                return await self._exchange(method, path, body, headers or {})
        except h11.ProtocolError as error:
            await self.close()
            raise ConnectionError("the answer is not HTTP") from error
        except (OSError, TimeoutError):
            await self.close()
            raise

    async def close(self) -> None:
        """Safe to repeat; the next request connects anew."""
        writer, self._writer, self._reader = self._writer, None, None
        if writer is not None:
            writer.close()

    async def _connect(self) -> None:
        gate = urlsplit(self.proxy_url)
        reader, writer = await asyncio.open_connection(gate.hostname, gate.port)
        credentials = base64.b64encode(f"{gate.username or ''}:{gate.password or ''}".encode()).decode()
        lines = [f"CONNECT {_HOST}:80 HTTP/1.1", f"Host: {_HOST}:80", f"Proxy-Authorization: Basic {credentials}"]
        writer.write("\r\n".join([*lines, "", ""]).encode())
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        if " 200 " not in head.split("\r\n", 1)[0]:
            writer.close()
            raise NotConnected(head.split("\r\n", 1)[0])
        self._reader, self._writer, self._connection = reader, writer, h11.Connection(h11.CLIENT)

    async def _exchange(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> Answered:
        assert self._writer is not None
        told = {"Host": _HOST, "Content-Length": str(len(body)), **self.headers, **headers}
        data = self._connection.send(h11.Request(method=method, target=path, headers=list(told.items()))) or b""
        data += self._connection.send(h11.Data(data=body)) or b"" if body else b""
        data += self._connection.send(h11.EndOfMessage()) or b""
        self.has_left = True
        self._writer.write(data)
        await self._writer.drain()
        answered = await self._read()
        if self._connection.our_state is h11.DONE and self._connection.their_state is h11.DONE:
            self._connection.start_next_cycle()
        else:
            await self.close()
        return answered

    async def _read(self) -> Answered:
        assert self._reader is not None
        head: h11.Response | None = None
        body = bytearray()
        while True:
            event = self._connection.next_event()
            if event is h11.NEED_DATA:
                self._connection.receive_data(await self._reader.read(_CHUNK))
            elif isinstance(event, h11.Response):
                head = event
            elif isinstance(event, h11.Data):
                body += event.data
            elif isinstance(event, h11.EndOfMessage) and head is not None:
                headers = {name.decode().lower(): value.decode("latin-1") for name, value in head.headers}
                return Answered(head.status_code, headers, bytes(body))
            else:
                raise ConnectionError("the connection broke before the answer")

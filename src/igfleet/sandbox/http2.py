"""HTTP/2 on one connection: several requests at once."""

import asyncio

import h2.config
import h2.connection
import h2.events
import h2.exceptions

from igfleet.sandbox.http1 import Handle
from igfleet.sandbox.messages import Answer, Request, Wire

_CHUNK = 65536
_WINDOW = 16 * 1024**2


class Http2:
    """One connection. Bodies are gathered per stream; each whole request is answered by its own task."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, handle: Handle, *, host: str, proxy: str
    ) -> None:
        self._reader, self._writer, self._handle = reader, writer, handle
        self._host, self._proxy = host, proxy
        self._connection = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
        self._requests: dict[int, Request] = {}
        self._bodies: dict[int, bytearray] = {}
        self._answers: set[asyncio.Task[None]] = set()
        self._room = asyncio.Event()

    async def serve(self) -> None:
        """Answer until the other side closes."""
        self._connection.initiate_connection()
        self._connection.increment_flow_control_window(_WINDOW)
        await self._flush()
        try:
            while data := await self._reader.read(_CHUNK):
                for event in self._connection.receive_data(data):
                    self._on(event)
                await self._flush()
        except (ConnectionError, OSError, h2.exceptions.ProtocolError):
            pass
        finally:
            for task in self._answers:
                task.cancel()
        for stream, request in self._requests.items():
            request.body, request.is_whole = bytes(self._bodies[stream]), False
            await self._handle(request)

    def _on(self, event: h2.events.Event) -> None:
        if isinstance(event, h2.events.RequestReceived):
            self._requests[event.stream_id] = self._request(event)
            self._bodies[event.stream_id] = bytearray()
        elif isinstance(event, h2.events.DataReceived):
            self._bodies[event.stream_id] += event.data
            if event.flow_controlled_length:
                self._connection.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, h2.events.StreamEnded):
            self._start(event.stream_id)
        elif isinstance(event, h2.events.StreamReset):
            self._requests.pop(event.stream_id, None)
            self._bodies.pop(event.stream_id, None)
        elif isinstance(event, h2.events.WindowUpdated):
            self._room.set()

    def _start(self, stream: int) -> None:
        request = self._requests.pop(stream)
        request.body = bytes(self._bodies.pop(stream))
        task = asyncio.create_task(self._answer(stream, request))
        self._answers.add(task)
        task.add_done_callback(self._answers.discard)

    def _request(self, event: h2.events.RequestReceived) -> Request:
        fields = [(_text(name), _text(value)) for name, value in event.headers or ()]
        headers = dict(fields)
        if "cookie" in headers:  # browsers send each cookie as a field of its own
            headers["cookie"] = "; ".join(value for name, value in fields if name == "cookie")
        return Request(
            method=headers.get(":method", "GET"),
            host=headers.get(":authority", self._host),
            target=headers.get(":path", "/"),
            headers={name: value for name, value in headers.items() if not name.startswith(":")},
            proxy=self._proxy,
        )

    async def _answer(self, stream: int, request: Request) -> None:
        answer = await self._handle(request)
        if answer.wire is Wire.HANG:
            return
        if answer.wire is Wire.DROP:
            self._writer.transport.abort()
            return
        try:
            await self._send(stream, answer)
        except (ConnectionError, OSError, h2.exceptions.ProtocolError):
            return
        if answer.wire is Wire.CUT:
            self._writer.close()
        elif answer.sent is not None:
            answer.sent()

    async def _send(self, stream: int, answer: Answer) -> None:
        body = answer.body[: len(answer.body) // 2] if answer.wire is Wire.CUT else answer.body
        headers = [(":status", str(answer.status)), ("content-length", str(len(answer.body))), *answer.fields]
        self._connection.send_headers(stream, headers)
        while body:
            size = min(
                self._connection.local_flow_control_window(stream), self._connection.max_outbound_frame_size, len(body)
            )
            if size <= 0:
                self._room.clear()
                await self._flush()
                await self._room.wait()
                continue
            self._connection.send_data(stream, body[:size])
            body = body[size:]
        if answer.wire is not Wire.CUT:
            self._connection.end_stream(stream)
        await self._flush()

    async def _flush(self) -> None:
        data = self._connection.data_to_send()
        if data:
            self._writer.write(data)
            await self._writer.drain()


def _text(value: bytes | str) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value

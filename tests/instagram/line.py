"""A proxy with one host behind it, answering byte by byte as a test wants: for what happens below HTTP."""

import contextlib
import json
import socket
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from igfleet.sandbox.ca import Authority

type Behaviour = Callable[[ssl.SSLSocket, "Request"], None]


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Line:
    """`behaviours` answer the requests in turn, the last one all further ones. `tunnel` is the answer to CONNECT."""

    folder: Path
    behaviours: list[Behaviour]
    tunnel: bytes = b"HTTP/1.1 200 Connection established\r\n\r\n"
    requests: list[Request] = field(default_factory=list)
    connects: int = 0

    def __enter__(self) -> "Line":
        authority = Authority(self.folder)
        self.ca_file = authority.file
        self._context = authority.server_context()
        self._context.set_alpn_protocols(["http/1.1"])
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._closing = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    @property
    def proxy_url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError, ValueError), connection:
            _until_blank_line(connection)
            self.connects += 1
            connection.sendall(self.tunnel)
            if b" 200 " not in self.tunnel:
                return
            with self._context.wrap_socket(connection, server_side=True) as secure:
                while not self._closing.is_set():
                    self._answer(secure)

    def _answer(self, secure: ssl.SSLSocket) -> None:
        head, rest = _until_blank_line(secure)
        first, *lines = head.decode().split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        while len(rest) < int(headers.get("content-length", 0)):
            rest += secure.recv(65536)
        method, path, _ = first.split(" ")
        self.requests.append(Request(method, path, headers, rest))
        turn = min(len(self.requests), len(self.behaviours)) - 1
        self.behaviours[turn](secure, self.requests[-1])


def _until_blank_line(connection: socket.socket) -> tuple[bytes, bytes]:
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(65536)
        if not piece:
            raise ValueError("closed")
        data += piece
    head, _, rest = data.partition(b"\r\n\r\n")
    return head, rest


def http(status: int, body: bytes, *more: str) -> bytes:
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}", "Content-Type: application/json", *more, "", ""]
    return "\r\n".join(lines).encode() + body


def says(status: int, body: object = b"", *more: str) -> Behaviour:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return lambda secure, _: secure.sendall(http(status, raw, *more))


def closes(secure: ssl.SSLSocket, _: Request) -> None:
    """Reads the request, then hangs up."""
    secure.shutdown(socket.SHUT_RDWR)
    secure.close()


def is_cut_short(secure: ssl.SSLSocket, request: Request) -> None:
    secure.sendall(http(200, b'{"status":"ok","media":{"pk":"1"}}')[:-10])
    closes(secure, request)


def is_silent(_secure: ssl.SSLSocket, _: Request) -> None:
    time.sleep(5)


def trickles(secure: ssl.SSLSocket, _: Request) -> None:
    """One byte of the headers at a time, for longer than anybody should wait."""
    for byte in http(200, b'{"status":"ok"}', *(f"X-{number}: {number}" for number in range(40))):
        secure.sendall(bytes([byte]))
        time.sleep(0.05)


def trickles_a_body(secure: ssl.SSLSocket, _: Request) -> None:
    whole = http(200, b" " * 2000)
    secure.sendall(whole[:-1990])
    for byte in whole[-1990:]:
        secure.sendall(bytes([byte]))
        time.sleep(0.05)

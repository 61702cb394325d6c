"""For a program that resolves names itself: Instagram's names lead to the sandbox, as if it were out there."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from random import SystemRandom

import pytest

from tests.e2e.tripwire import NAMES, behind_names


@contextmanager
def detour(folder: Path, sandbox_port: int) -> Iterator[list[str]]:
    """The words before a command for which it is so. Skips the test where nobody may listen on port 443."""
    place = f"127.{SystemRandom().randrange(64, 127)}.{SystemRandom().randrange(256)}"
    names = {name: f"{place}.{number}" for number, name in enumerate(NAMES, start=10)}
    with ExitStack() as stack:
        for name, address in names.items():
            try:
                listener = stack.enter_context(closing(socket.create_server((address, 443))))
            except PermissionError:
                pytest.skip("needs leave to listen on port 443")
            threading.Thread(target=_serve, args=(listener, name, sandbox_port), daemon=True).start()
        yield behind_names(folder, names)


def _serve(listener: socket.socket, name: str, sandbox_port: int) -> None:
    while True:
        try:
            inner = listener.accept()[0]
        except OSError:
            return
        outer = socket.create_connection(("127.0.0.1", sandbox_port))
        outer.sendall(f"CONNECT {name}:443 HTTP/1.1\r\nHost: {name}:443\r\n\r\n".encode())
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += outer.recv(1)
        for one, other in ((inner, outer), (outer, inner)):
            threading.Thread(target=_pipe, args=(one, other), daemon=True).start()


def _pipe(one: socket.socket, other: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := one.recv(65536):
            other.sendall(data)
    for end in (one, other):
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)

"""A way to the ui on which chosen answers get lost: the call arrives and is done, the caller hears nothing of it."""

import socket
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

_CHUNK = 65536


@dataclass
class Relay:
    """Loses the first answer to each `PUT …/outcome`."""

    target: tuple[str, int]
    address: str = ""
    asked: Counter[str] = field(default_factory=Counter)
    """How often each such call was made, by path."""

    def serve(self, listener: socket.socket) -> None:
        """Until the listener is closed."""
        with suppress(OSError):
            while True:
                near, _ = listener.accept()
                threading.Thread(target=self._join, args=(near,), daemon=True).start()

    def _join(self, near: socket.socket) -> None:
        far, is_lost = socket.create_connection(self.target), threading.Event()
        threading.Thread(target=self._back, args=(far, near, is_lost), daemon=True).start()
        with suppress(OSError):
            while data := near.recv(_CHUNK):
                method, _, rest = data.partition(b" ")
                path = rest.partition(b" ")[0].decode(errors="replace")
                if method == b"PUT" and path.endswith("/outcome"):
                    self.asked[path] += 1
                    if self.asked[path] == 1:
                        is_lost.set()
                far.sendall(data)
        _end(far)

    def _back(self, far: socket.socket, near: socket.socket, is_lost: threading.Event) -> None:
        with suppress(OSError):
            while (data := far.recv(_CHUNK)) and not is_lost.is_set():
                near.sendall(data)
        _end(near)


@contextmanager
def relay(ui: str) -> Iterator[Relay]:
    """Between workers and the ui at this address, within the block."""
    parts = urlsplit(ui)
    assert parts.hostname
    assert parts.port
    with socket.create_server(("127.0.0.1", 0)) as listener:
        made = Relay((parts.hostname, parts.port), f"http://127.0.0.1:{listener.getsockname()[1]}")
        threading.Thread(target=made.serve, args=(listener,), daemon=True).start()
        yield made
        listener.shutdown(socket.SHUT_RDWR)


def _end(way: socket.socket) -> None:
    with suppress(OSError):
        way.shutdown(socket.SHUT_RDWR)
    way.close()

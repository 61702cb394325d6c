"""A tripwire: Instagram's names lead to this machine, so that whoever goes there past the proxy is seen."""

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import SystemRandom

import pytest

NAMES = ("i.instagram.com", "b.i.instagram.com", "www.instagram.com", "instagram.com", "graph.instagram.com")
_PORTS = (443, 80)


@dataclass
class Tripwire:
    """`before` runs a program for which the names lead here; `tripped` lists who came, by port."""

    before: list[str]
    tripped: list[int] = field(default_factory=list)

    def trip(self) -> None:
        """Go there on purpose."""
        script = f"import socket; socket.create_connection(('{NAMES[0]}', 443), timeout=10).close()"
        subprocess.run([*self.before, sys.executable, "-c", script], check=True, timeout=30)


@contextmanager
def tripwire(folder: Path) -> Iterator[Tripwire]:
    """For the block. Skips the test where nobody may listen on port 443 or change what names mean."""
    address = f"127.{SystemRandom().randrange(64, 127)}.{SystemRandom().randrange(256)}.7"
    wire = Tripwire(behind_names(folder, dict.fromkeys(NAMES, address)))
    with ExitStack() as stack:
        try:
            for port in _PORTS:
                stack.enter_context(closing(_listen(address, port, wire)))
        except PermissionError:
            pytest.skip("needs leave to listen on ports 80 and 443")
        yield wire


def behind_names(folder: Path, names: dict[str, str]) -> list[str]:
    """The words before a command for which these names have these addresses, and only for it."""
    hosts = folder / "hosts"
    lines = [f"{address} {name}" for name, address in names.items()]
    hosts.write_text(Path("/etc/hosts").read_text() + "\n" + "\n".join(lines) + "\n")
    apart = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--mount", "--map-root-user"]
    return [*apart, "sh", "-c", 'mount --bind "$0" /etc/hosts && exec "$@"', str(hosts)]


def _listen(address: str, port: int, wire: Tripwire) -> socket.socket:
    listener = socket.create_server((address, port))

    def count() -> None:
        while True:
            try:
                listener.accept()[0].close()
            except OSError:
                return
            wire.tripped.append(port)

    threading.Thread(target=count, daemon=True).start()
    return listener

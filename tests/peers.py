"""Real proxies on loopback: squid, tinyproxy and microsocks as processes in the foreground, each on a free port."""

import hashlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from igfleet.contracts.leases import LeasedProxy

USER, PASSWORD = "nord", "canary-pw-proxy"
_START_S = 20.0
_SBIN = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"))


@dataclass(frozen=True)
class Peer:
    """A running proxy."""

    scheme: str
    port: int
    log: Path
    username: str | None = USER
    password: str | None = PASSWORD

    def leased(self, *, scheme: str | None = None, password: str | None = None) -> LeasedProxy:
        """As a worker gets it; `password` is a wrong one."""
        given = password or self.password
        return LeasedProxy(
            id=1,
            scheme=scheme or self.scheme,
            host="127.0.0.1",
            port=self.port,
            username=self.username,
            password=SecretStr(given) if given else None,
        )

    @property
    def address(self) -> str:
        credentials = f"{self.username}:{self.password}@" if self.username else ""
        return f"{self.scheme}://{credentials}127.0.0.1:{self.port}"


@contextmanager
def squid(parent: int, *, denied: str = "") -> Iterator[Peer]:
    """With basic auth; passes everything to the proxy on port `parent`, but nothing of the domain `denied`."""
    with _folder() as folder:
        port = free_port()
        digest = hashlib.md5(PASSWORD.encode(), usedforsecurity=False).hexdigest()
        (folder / "users").write_text(f"{USER}:{digest}\n")
        (folder / "squid.conf").write_text(
            f"""
http_port 127.0.0.1:{port}
pid_filename {folder}/squid.pid
access_log stdio:{folder}/access.log
cache_log {folder}/cache.log
cache deny all
pinger_enable off
shutdown_lifetime 0 seconds
auth_param basic program /usr/lib/squid/basic_ncsa_auth {folder}/users
acl known proxy_auth REQUIRED
acl denied dstdomain {denied or ".denied.example"}
http_access deny !known
http_access deny denied
http_access allow all
cache_peer 127.0.0.1 parent {parent} 0 no-query no-digest default
never_direct allow all
"""
        )
        command = ["squid", "-N", "-n", f"t{port}", "-f", str(folder / "squid.conf")]
        with _running(command, folder, port):
            yield Peer("http", port, folder / "access.log")


@contextmanager
def tinyproxy(parent: int | None) -> Iterator[Peer]:
    """With basic auth; passes everything to the proxy on port `parent`, or connects by itself."""
    with _folder() as folder:
        port = free_port()
        (folder / "tinyproxy.conf").write_text(
            f"""
Port {port}
Listen 127.0.0.1
Timeout 60
MaxClients 50
LogFile "{folder}/tinyproxy.log"
BasicAuth {USER} {PASSWORD}
{f"Upstream http 127.0.0.1:{parent}" if parent else ""}
"""
        )
        with _running(["tinyproxy", "-d", "-c", str(folder / "tinyproxy.conf")], folder, port):
            yield Peer("http", port, folder / "tinyproxy.log")


@contextmanager
def microsocks(*, auth: bool = True, before: Sequence[str] = ()) -> Iterator[Peer]:
    """SOCKS5; `before` is a command that it is run by."""
    with _folder() as folder:
        port = free_port()
        words = ["-u", USER, "-P", PASSWORD] if auth else []
        with _running([*before, "microsocks", "-i", "127.0.0.1", "-p", str(port), *words], folder, port):
            log = folder / "out.log"
            yield Peer("socks5", port, log) if auth else Peer("socks5", port, log, None, None)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def _folder() -> Iterator[Path]:
    """Readable for the users as which such programs run when they are started by root."""
    folder = Path(tempfile.mkdtemp(prefix="igfleet-peer-"))
    folder.chmod(0o777)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _running(command: Sequence[str], folder: Path, port: int) -> Iterator[None]:
    log = folder / "out.log"
    with open(log, "wb") as out:
        process = subprocess.Popen(
            command,
            stdout=out,
            stderr=out,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            env={**os.environ, "PATH": _SBIN},
        )
    try:
        _until_listening(process, port, folder)
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(_START_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(_START_S)


def _until_listening(process: subprocess.Popen[bytes], port: int, folder: Path) -> None:
    end = time.monotonic() + _START_S
    while time.monotonic() < end:
        assert process.poll() is None, _told(folder)
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.02)
    raise AssertionError(_told(folder))


def _told(folder: Path) -> str:
    return "\n".join(path.read_text(errors="replace")[-2000:] for path in folder.glob("*.log"))

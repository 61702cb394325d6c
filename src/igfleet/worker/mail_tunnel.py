"""IMAP through the run's egress gate, and so through the account's proxy: a tunnel, then the usual connection."""

import base64
import imaplib
import socket
import ssl
from urllib.parse import urlsplit

_LONGEST_HEAD = 16 * 1024


class TunnelRefused(OSError):
    """The gate or the proxy behind it lets nothing through: `strerror` says why, without secrets."""


class TunnelledIMAP4(imaplib.IMAP4):
    """In the clear, or to be protected by STARTTLS."""

    def __init__(self, host: str, port: int, gate: str, timeout: float) -> None:
        self._gate = gate
        super().__init__(host, port, timeout)

    def _create_socket(self, timeout: float | None) -> socket.socket:
        return _tunnel(self._gate, self.host, self.port, timeout)


class TunnelledIMAP4WithTls(TunnelledIMAP4):
    """Protected from the first byte on; the certificate must be the mail server's own."""

    def __init__(self, host: str, port: int, gate: str, timeout: float, trust: ssl.SSLContext) -> None:
        self._trust = trust
        super().__init__(host, port, gate, timeout)

    def _create_socket(self, timeout: float | None) -> socket.socket:
        return self._trust.wrap_socket(super()._create_socket(timeout), server_hostname=self.host)


def _tunnel(gate: str, host: str, port: int, timeout: float | None) -> socket.socket:
    """A connection to the host by way of the gate. Raises `TunnelRefused`, `OSError`."""
    parts = urlsplit(gate)
    made = socket.create_connection((parts.hostname or "", parts.port or 0), timeout)
    try:
        where = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        credentials = base64.b64encode(f"{parts.username}:{parts.password}".encode()).decode()
        made.sendall(
            f"CONNECT {where} HTTP/1.1\r\nHost: {where}\r\nProxy-Authorization: Basic {credentials}\r\n\r\n".encode()
        )
        head = _head(made)
        if head.split(" ", 2)[1:2] != ["200"]:
            raise TunnelRefused(0, made.recv(_LONGEST_HEAD).decode(errors="replace") or "the tunnel is refused")
    except BaseException:
        made.close()
        raise
    return made


def _head(made: socket.socket) -> str:
    """The gate's answer and not a byte more: the mail server speaks first."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        byte = made.recv(1)
        if not byte or len(head) > _LONGEST_HEAD:
            raise TunnelRefused(0, "the gate hangs up without an answer")
        head += byte
    return head.decode("latin-1")

"""The first words to a proxy: HTTP CONNECT and SOCKS5, with and without credentials.

Our own, because who is to blame hangs on the very step that failed: see docs/adr/0008.
"""

import asyncio
import base64
from enum import StrEnum
from ipaddress import ip_address

from igfleet.worker.tunnel import Streams

_REFUSES_CREDENTIALS = (401, 407)
"""407 is the right answer; tinyproxy gives 401."""
_SOCKS5 = 5
_NO_AUTH, _BY_PASSWORD, _NONE_ACCEPTED = 0, 2, 0xFF
_REPLIES = {
    1: "a failure of its own",
    2: "its rules forbid it",
    3: "the network cannot be reached",
    4: "the host cannot be reached",
    5: "the host refuses the connection",
    6: "the time to live is over",
    7: "it does not know the command",
    8: "it does not know the sort of address",
}

type Credentials = tuple[str, str] | None


class Fault(StrEnum):
    """Where a way out ended."""

    RULES = "rules"
    """Our own rules forbid it, or there is no proxy at all."""
    UNREACHED = "unreached"
    """No connection to the proxy came about."""
    SILENT = "silent"
    """No answer within the time."""
    CREDENTIALS = "credentials"
    UNTRUSTED = "untrusted"
    """The proxy's own certificate cannot be verified."""
    NONSENSE = "nonsense"
    """It hangs up, or speaks something else."""
    TARGET = "target"
    """The proxy is there and says no to this host."""


class HandshakeFailed(Exception):
    """What the proxy did, as the end of a sentence that begins with its name."""

    def __init__(self, fault: Fault, text: str) -> None:
        super().__init__(text)
        self.fault = fault


async def http_connect(streams: Streams, host: str, port: int, credentials: Credentials) -> None:
    """Ask an HTTP proxy for a tunnel. Raises `HandshakeFailed`, `OSError`, `EOFError`."""
    reader, writer = streams
    authority = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    lines = [f"CONNECT {authority} HTTP/1.1", f"Host: {authority}", *authorization(credentials)]
    writer.write("\r\n".join(lines).encode() + b"\r\n\r\n")
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.LimitOverrunError:
        raise HandshakeFailed(Fault.NONSENSE, "answers with too long a head") from None
    status = _status(head)
    if status in _REFUSES_CREDENTIALS:
        raise refused_credentials(credentials)
    if not 200 <= status < 300:
        raise HandshakeFailed(Fault.TARGET, f"refuses the connection ({status})")


def authorization(credentials: Credentials) -> list[str]:
    """The header for an HTTP proxy; none without credentials."""
    if credentials is None:
        return []
    return ["Proxy-Authorization: Basic " + base64.b64encode(":".join(credentials).encode()).decode()]


def refused_credentials(credentials: Credentials) -> HandshakeFailed:
    text = "refuses the user or password" if credentials else "wants a user and a password, and none are stored"
    return HandshakeFailed(Fault.CREDENTIALS, text)


def _status(head: bytes) -> int:
    first = head.split(b"\r\n", 1)[0].split(b" ", 2)
    if len(first) < 2 or not first[0].startswith(b"HTTP/") or not first[1].isdigit():
        raise HandshakeFailed(Fault.NONSENSE, "does not speak HTTP")
    return int(first[1])


async def socks5_connect(streams: Streams, host: str, port: int, credentials: Credentials) -> None:
    """Ask a SOCKS5 proxy for a tunnel; it resolves the name. Raises `HandshakeFailed`, `OSError`, `EOFError`."""
    reader, writer = streams
    methods = bytes([_NO_AUTH, _BY_PASSWORD] if credentials else [_NO_AUTH])
    writer.write(bytes([_SOCKS5, len(methods)]) + methods)
    version, method = await reader.readexactly(2)
    if version != _SOCKS5:
        raise HandshakeFailed(Fault.NONSENSE, "does not speak SOCKS5")
    if method == _BY_PASSWORD and credentials:
        await _sign_in(streams, credentials)
    elif method != _NO_AUTH:
        raise refused_credentials(credentials)
    writer.write(bytes([_SOCKS5, 1, 0]) + _address(host) + port.to_bytes(2))
    _, code, _, sort = await reader.readexactly(4)
    if code:
        raise HandshakeFailed(Fault.TARGET, f"refuses the connection ({_REPLIES.get(code, f'code {code}')})")
    length = {1: 4, 4: 16}.get(sort) or (await reader.readexactly(1))[0]
    await reader.readexactly(length + 2)


async def _sign_in(streams: Streams, credentials: tuple[str, str]) -> None:
    reader, writer = streams
    user, password = (word.encode()[:255] for word in credentials)
    writer.write(bytes([1, len(user)]) + user + bytes([len(password)]) + password)
    try:
        _, status = await reader.readexactly(2)
    except EOFError:
        status = 1  # some hang up instead of saying no
    if status:
        raise refused_credentials(credentials)


def _address(host: str) -> bytes:
    try:
        address = ip_address(host)
    except ValueError:
        name = host.encode("idna")
        return bytes([3, len(name)]) + name
    return bytes([1 if address.version == 4 else 4]) + address.packed

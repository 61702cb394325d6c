"""SOCKS5 from the proxy's side (RFC 1928, 1929): who asks, and for which host."""

import asyncio
from enum import IntEnum
from ipaddress import ip_address

VERSION = b"\x05"
_BY_PASSWORD, _NO_AUTH = 2, 0


class Reply(IntEnum):
    DONE = 0
    FAILURE = 1
    FORBIDDEN = 2


async def credentials(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> tuple[str, str] | None:
    """User and password, if the client offers any; the version byte is read already. `admitted` says what follows."""
    methods = await reader.readexactly((await reader.readexactly(1))[0])
    chosen = _BY_PASSWORD if _BY_PASSWORD in methods else _NO_AUTH
    writer.write(VERSION + bytes([chosen]))
    if chosen == _NO_AUTH:
        return None
    await reader.readexactly(1)
    user = await reader.readexactly((await reader.readexactly(1))[0])
    password = await reader.readexactly((await reader.readexactly(1))[0])
    return user.decode(errors="replace"), password.decode(errors="replace")


def admitted(writer: asyncio.StreamWriter, *, yes: bool) -> None:
    """The answer to a user and a password."""
    writer.write(bytes([1, 0 if yes else 1]))


async def wanted(reader: asyncio.StreamReader) -> tuple[str, int]:
    """The host and the port that the client wants to reach."""
    _, _, _, sort = await reader.readexactly(4)
    if sort == 3:
        host = (await reader.readexactly((await reader.readexactly(1))[0])).decode(errors="replace")
    else:
        host = str(ip_address(await reader.readexactly(4 if sort == 1 else 16)))
    return host, int.from_bytes(await reader.readexactly(2))


async def reply(writer: asyncio.StreamWriter, code: Reply) -> None:
    writer.write(VERSION + bytes([code, 0, 1, 0, 0, 0, 0, 0, 0]))
    await writer.drain()

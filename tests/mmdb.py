"""Writes a tiny GeoIP database in MaxMind's format: one IPv4 network, one country."""

from ipaddress import IPv4Network
from pathlib import Path

_MAP, _STRING, _UINT16, _UINT32 = 7, 2, 5, 6
_UINT64, _ARRAY = 9, 11


def write(path: Path, network: str, country: str) -> Path:
    """A database that knows this network only."""
    wanted = IPv4Network(network)
    bits = [int(wanted.network_address) >> (31 - at) & 1 for at in range(wanted.prefixlen)]
    found = len(bits) + 16  # the data begin 16 bytes after the tree
    tree = b""
    for at, bit in enumerate(bits):
        onward = found if at == len(bits) - 1 else at + 1
        pair = (len(bits), onward) if bit else (onward, len(bits))
        tree += b"".join(value.to_bytes(3) for value in pair)
    data = _map({"country": _map({"iso_code": _text(country)})})
    facts = _map(
        {
            "node_count": _number(_UINT32, len(bits)),
            "record_size": _number(_UINT16, 24),
            "ip_version": _number(_UINT16, 4),
            "database_type": _text("Test"),
            "languages": _control(_ARRAY, 0),
            "binary_format_major_version": _number(_UINT16, 2),
            "binary_format_minor_version": _number(_UINT16, 0),
            "build_epoch": _number(_UINT64, 1_700_000_000),
            "description": _map({}),
        }
    )
    path.write_bytes(tree + bytes(16) + data + b"\xab\xcd\xefMaxMind.com" + facts)
    return path


def _map(pairs: dict[str, bytes]) -> bytes:
    return _control(_MAP, len(pairs)) + b"".join(_text(name) + value for name, value in pairs.items())


def _text(text: str) -> bytes:
    raw = text.encode()
    return _control(_STRING, len(raw)) + raw


def _number(sort: int, value: int) -> bytes:
    raw = value.to_bytes(8).lstrip(b"\0")
    return _control(sort, len(raw)) + raw


def _control(sort: int, size: int) -> bytes:
    """Sizes below 29 only."""
    return bytes([sort << 5 | size]) if sort < 8 else bytes([size, sort - 7])

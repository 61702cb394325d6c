"""A real request through a proxy to an echo address, which answers with the IP address that asks."""

import json
import re
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

import h11

from igfleet.worker.handshakes import authorization, refused_credentials
from igfleet.worker.trust import trusted
from igfleet.worker.tunnel import Streams
from igfleet.worker.upstream import Upstream

_MOST_BYTES = 16 * 1024
_CHUNK = 8192
_NAMES = ("ip", "origin", "query", "address")
_TOKEN = re.compile(r"[0-9A-Fa-f.:]{2,45}")


class NoEcho(Exception):
    """The address answered, but not with an IP address."""


async def ask(upstream: Upstream, address: str, ca_file: Path | None) -> str:
    """The exit IP. Raises `NoEcho`, `HandshakeFailed`, `Refused`, `OSError`, `EOFError`."""
    parts = urlsplit(address)
    tunnelled = parts.scheme == "https" or upstream.hop is None or upstream.hop.is_socks
    if tunnelled:
        streams = await upstream.connect(parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80))
    else:
        streams = await upstream.enter()
    try:
        if parts.scheme == "https":
            await streams[1].start_tls(trusted(ca_file), server_hostname=parts.hostname)
        status, body = await _exchange(streams, _request(parts, None if tunnelled else upstream))
    finally:
        streams[1].transport.abort()
    if not tunnelled and status in (401, 407):
        raise refused_credentials(upstream.hop.credentials if upstream.hop else None)
    if status != 200:
        raise NoEcho(f"{parts.hostname} answers {status}")
    return _ip_in(body, parts.hostname or "")


def _request(parts: SplitResult, by_way_of: Upstream | None) -> h11.Request:
    """A GET for the host itself, or in whole form for a proxy that is asked without a tunnel."""
    path = parts._replace(scheme="", netloc="", fragment="").geturl() or "/"
    headers = [("Host", parts.netloc), ("Accept", "*/*"), ("User-Agent", "igfleet"), ("Connection", "close")]
    if by_way_of is None:
        return h11.Request(method="GET", target=path, headers=headers)
    whole = f"{parts.scheme}://{parts.netloc}{path}"
    credentials = by_way_of.hop.credentials if by_way_of.hop else None
    headers += [(name, value) for name, _, value in (line.partition(": ") for line in authorization(credentials))]
    return h11.Request(method="GET", target=whole, headers=headers)


async def _exchange(streams: Streams, request: h11.Request) -> tuple[int, bytes]:
    reader, writer = streams
    connection = h11.Connection(h11.CLIENT)
    writer.write((connection.send(request) or b"") + (connection.send(h11.EndOfMessage()) or b""))
    await writer.drain()
    status, body = 0, bytearray()
    try:
        while len(body) < _MOST_BYTES:
            event = connection.next_event()
            if event is h11.NEED_DATA:
                connection.receive_data(await reader.read(_CHUNK))
            elif isinstance(event, h11.Response):
                status = event.status_code
            elif isinstance(event, h11.Data):
                body += event.data
            elif not isinstance(event, h11.InformationalResponse):
                break
    except h11.RemoteProtocolError:
        raise NoEcho("what comes back is not HTTP") from None
    return status, bytes(body)


def _ip_in(body: bytes, host: str) -> str:
    """Of a JSON object its `ip`, else the first thing in the text that is an address."""
    text = body.decode(errors="replace")
    try:
        told = json.loads(text)
    except ValueError:
        told = text
    if isinstance(told, dict):
        text = " ".join(str(told[name]) for name in _NAMES if name in told)
    for token in _TOKEN.findall(text):
        try:
            return str(ip_address(token.strip(".:") if token.count(":") < 2 else token))
        except ValueError:
            continue
    raise NoEcho(f"{host} does not answer with an IP address")

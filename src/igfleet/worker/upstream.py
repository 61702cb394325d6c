"""From the gate outwards: through the account's proxy, the common one, or directly where that is allowed."""

import asyncio
import os
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from igfleet.addresses import AddressRefused, AddressRule, Names, system_names
from igfleet.contracts.leases import LeasedProxy
from igfleet.contracts.proxies import address_of
from igfleet.reasons import ReasonCode
from igfleet.settings import WorkerSettings
from igfleet.worker.handshakes import Credentials, Fault, HandshakeFailed, http_connect, socks5_connect
from igfleet.worker.trust import trusted
from igfleet.worker.tunnel import Streams

_CONNECT_S = 8
"""Shorter than the patience of the run's client, so that it hears whose silence it is."""


class Refused(Exception):
    """No connection: the HTTP status for the run, the reason, and a sentence without secrets."""

    def __init__(self, status: int, reason: ReasonCode, text: str, fault: Fault = Fault.RULES) -> None:
        super().__init__(text)
        self.status, self.reason, self.fault = status, reason, fault


@dataclass(frozen=True, slots=True)
class Hop:
    """A proxy on the way."""

    scheme: str
    host: str
    port: int
    credentials: Credentials
    is_ours: bool
    """From the worker's own settings, not from the ui."""

    @property
    def label(self) -> str:
        return address_of(self.scheme, self.host, self.port)

    @property
    def is_socks(self) -> bool:
        return self.scheme.startswith("socks5")


class Upstream:
    """Opens connections for one account. Fails closed: without a proxy that works there is no connection."""

    def __init__(
        self,
        settings: WorkerSettings,
        proxy: LeasedProxy | None,
        ca_file: Path | None = None,
        limit_s: float = _CONNECT_S,
        names: Names = system_names,
    ) -> None:
        self.hop = hop_of(proxy) if proxy is not None else _of_url(settings.egress_proxy)
        self._may_go_directly = not settings.require_proxy
        self._rule = AddressRule(settings, names)
        self._ca_file, self._limit_s = ca_file, limit_s

    async def connect(self, host: str, port: int) -> Streams:
        """A stream to the host. Raises `Refused`."""
        if self.hop is None and not self._may_go_directly:
            raise Refused(502, ReasonCode.PROXY_MISSING, "the account has no proxy and REQUIRE_PROXY is on")
        async with self._told():
            if self.hop is None:
                return await asyncio.open_connection(await self._rule.resolve(host), port)
            return await self._through(self.hop, host, port)

    async def enter(self) -> Streams:
        """A stream to the proxy itself, for what is not asked through a tunnel. Raises `Refused`."""
        if self.hop is None:
            raise Refused(502, ReasonCode.PROXY_MISSING, "there is no proxy")
        async with self._told():
            return await self._reached(self.hop)

    async def _through(self, hop: Hop, host: str, port: int) -> Streams:
        streams = await self._reached(hop)
        try:
            shake = socks5_connect if hop.is_socks else http_connect
            await shake(streams, host, port, hop.credentials)
        except (OSError, EOFError) as error:
            streams[1].transport.abort()
            if isinstance(error, TimeoutError):
                raise
            raise HandshakeFailed(Fault.NONSENSE, "hangs up without an answer") from error
        except BaseException:
            streams[1].transport.abort()
            raise
        return streams

    async def _reached(self, hop: Hop) -> Streams:
        """The connection to the proxy, with its own TLS. The address that was checked is the one that is used."""
        address = await self._rule.resolve(hop.host, is_ours=hop.is_ours)
        try:
            reader, writer = await asyncio.open_connection(address, hop.port)
        except TimeoutError:
            raise
        except OSError as error:
            raise HandshakeFailed(Fault.UNREACHED, f"cannot be reached: {_cause(error)}") from error
        if hop.scheme != "https":
            return reader, writer
        try:
            await writer.start_tls(trusted(self._ca_file), server_hostname=hop.host)
        except ssl.SSLCertVerificationError as error:
            text = f"shows a certificate that cannot be verified ({error.verify_message})"
            raise HandshakeFailed(Fault.UNTRUSTED, text) from error
        except (ssl.SSLError, ConnectionError) as error:
            raise HandshakeFailed(Fault.NONSENSE, "does not speak TLS") from error
        return reader, writer

    @asynccontextmanager
    async def _told(self) -> AsyncIterator[None]:
        """Every failure within the block in the gate's own words, and within the time."""
        try:
            async with asyncio.timeout(self._limit_s):
                yield
        except AddressRefused as error:
            raise Refused(403, ReasonCode.EGRESS_REFUSED, str(error)) from error
        except HandshakeFailed as error:
            raise self._refused(error.fault, str(error)) from error
        except TimeoutError as error:
            raise self._refused(Fault.SILENT, f"does not answer within {self._limit_s:g} s") from error
        except (OSError, ValueError, EOFError) as error:
            raise self._refused(Fault.UNREACHED, f"cannot be reached: {_cause(error)}") from error

    def _refused(self, fault: Fault, text: str) -> Refused:
        who = f"the proxy {self.hop.label}" if self.hop else "Instagram"
        if fault is Fault.CREDENTIALS:
            return Refused(407, ReasonCode.PROXY_AUTH_FAILED, f"{who} {text}", fault)
        blame = ReasonCode.PROXY_UNREACHABLE if self.hop else ReasonCode.NETWORK_TROUBLE
        return Refused(502, blame, f"{who} {text}", fault)


def hop_of(proxy: LeasedProxy) -> Hop:
    """A proxy of the ui's tables."""
    password = proxy.password.get_secret_value() if proxy.password else ""
    credentials = (proxy.username, password) if proxy.username else None
    return Hop(proxy.scheme, proxy.host, proxy.port, credentials, is_ours=False)


def _of_url(url: str | None) -> Hop | None:
    if not url:
        return None
    parts = urlsplit(url)
    credentials = (unquote(parts.username), unquote(parts.password or "")) if parts.username else None
    return Hop(parts.scheme or "http", parts.hostname or "", parts.port or 8080, credentials, is_ours=True)


def _cause(error: Exception) -> str:
    if isinstance(error, OSError) and error.errno and error.errno > 0:
        return os.strerror(error.errno)
    return getattr(error, "strerror", None) or type(error).__name__

"""From the gate outwards: through the account's proxy, the common one, or directly where that is allowed."""

import asyncio
import socket
import ssl
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import unquote, urlsplit

from python_socks import ProxyConnectionError, ProxyError, ProxyTimeoutError, ProxyType
from python_socks.async_.asyncio.v2 import Proxy

from igfleet.contracts.leases import LeasedProxy
from igfleet.reasons import ReasonCode
from igfleet.settings import WorkerSettings

_CONNECT_S = 20
_TYPES = {"http": ProxyType.HTTP, "https": ProxyType.HTTP, "socks5": ProxyType.SOCKS5, "socks5h": ProxyType.SOCKS5}


class Refused(Exception):
    """No connection: the HTTP status for the run, the reason, and a sentence without secrets."""

    def __init__(self, status: int, reason: ReasonCode, text: str) -> None:
        super().__init__(text)
        self.status, self.reason = status, reason


@dataclass(frozen=True, slots=True)
class Hop:
    """A proxy on the way."""

    scheme: str
    host: str
    port: int
    username: str | None
    password: str | None

    @property
    def label(self) -> str:
        return f"{self.scheme}://{self.host}:{self.port}"


class Upstream:
    """Opens connections for one account. Fails closed: without a proxy that works there is no connection."""

    def __init__(self, settings: WorkerSettings, proxy: LeasedProxy | None) -> None:
        self._hop = _of_lease(proxy) if proxy is not None else _of_url(settings.egress_proxy)
        self._may_go_directly = not settings.require_proxy
        self._only_loopback = not settings.is_live

    async def connect(self, host: str, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A stream to the host. Raises `Refused`."""
        if self._hop is None and not self._may_go_directly:
            raise Refused(502, ReasonCode.PROXY_MISSING, "the account has no proxy and REQUIRE_PROXY is on")
        await self._check_loopback(self._hop.host if self._hop else host)
        try:
            async with asyncio.timeout(_CONNECT_S):
                return await self._through(self._hop, host, port) if self._hop else await self._direct(host, port)
        except ProxyError as error:
            raise self._refused_by_proxy(error) from error
        except (TimeoutError, ProxyTimeoutError) as error:
            raise Refused(502, self._blame, f"{self._name} does not answer within {_CONNECT_S} s") from error
        except (OSError, ProxyConnectionError, ssl.SSLError) as error:
            raise Refused(502, self._blame, f"{self._name} cannot be reached ({type(error).__name__})") from error

    async def _through(self, hop: Hop, host: str, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        proxy = Proxy(
            proxy_type=_TYPES[hop.scheme],
            host=hop.host,
            port=hop.port,
            username=hop.username,
            password=hop.password,
            rdns=True,
            proxy_ssl=ssl.create_default_context() if hop.scheme == "https" else None,
        )
        stream = await proxy.connect(dest_host=host, dest_port=port)
        return stream.reader, stream.writer

    async def _direct(self, host: str, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection(host, port)

    async def _check_loopback(self, host: str) -> None:
        """In the sandbox nothing leaves this machine."""
        if not self._only_loopback:
            return
        if not all(ip_address(address).is_loopback for address in await _addresses(host)):
            raise Refused(403, ReasonCode.EGRESS_REFUSED, f"{host} is not this machine, and IGFLEET_MODE is sandbox")

    def _refused_by_proxy(self, error: ProxyError) -> Refused:
        is_auth = error.error_code == 407 or "auth" in str(error).lower() or "username" in str(error).lower()
        if is_auth:
            return Refused(407, ReasonCode.PROXY_AUTH_FAILED, f"{self._name} refuses the user or password")
        return Refused(502, self._blame, f"{self._name} refuses the connection")

    @property
    def _name(self) -> str:
        return f"the proxy {self._hop.label}" if self._hop else "Instagram"

    @property
    def _blame(self) -> ReasonCode:
        return ReasonCode.PROXY_UNREACHABLE if self._hop else ReasonCode.NETWORK_TROUBLE


async def _addresses(host: str) -> list[str]:
    """What a name stands for; a name that stands for nothing is outside."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError:
        return ["0.0.0.0"]  # not an address to listen on: an answer that is not loopback
    return [str(entry[4][0]) for entry in found]


def _of_lease(proxy: LeasedProxy) -> Hop:
    password = proxy.password.get_secret_value() if proxy.password else None
    return Hop(proxy.scheme, proxy.host, proxy.port, proxy.username, password)


def _of_url(url: str | None) -> Hop | None:
    if not url:
        return None
    parts = urlsplit(url)
    user = unquote(parts.username) if parts.username else None
    password = unquote(parts.password) if parts.password else None
    return Hop(parts.scheme or "http", parts.hostname or "", parts.port or 8080, user, password)

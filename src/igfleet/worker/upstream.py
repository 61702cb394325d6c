"""From the gate outwards: through the account's proxy, the common one, or directly where that is allowed."""

import asyncio
import socket
import ssl
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import unquote, urlsplit

from python_socks import ProxyConnectionError, ProxyError, ProxyTimeoutError, ProxyType
from python_socks.async_.asyncio.v2 import Proxy

from igfleet.contracts.leases import LeasedProxy
from igfleet.reasons import ReasonCode
from igfleet.settings import WorkerSettings

_CONNECT_S = 20
_TYPES = {"http": ProxyType.HTTP, "https": ProxyType.HTTP, "socks5": ProxyType.SOCKS5, "socks5h": ProxyType.SOCKS5}
_REFUSES_CREDENTIALS = (401, 407)
"""407 is the right answer; tinyproxy gives 401."""

type Address = IPv4Address | IPv6Address


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
    is_ours: bool
    """From the worker's own settings, not from the ui."""

    @property
    def label(self) -> str:
        return f"{self.scheme}://{self.host}:{self.port}"


class Upstream:
    """Opens connections for one account. Fails closed: without a proxy that works there is no connection."""

    def __init__(self, settings: WorkerSettings, proxy: LeasedProxy | None) -> None:
        self._hop = _of_lease(proxy) if proxy is not None else _of_url(settings.egress_proxy)
        self._may_go_directly = not settings.require_proxy
        self._only_loopback = not settings.is_live
        self._private = [ip_network(network) for network in settings.private_networks]

    async def connect(self, host: str, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A stream to the host. Raises `Refused`."""
        if self._hop is None and not self._may_go_directly:
            raise Refused(502, ReasonCode.PROXY_MISSING, "the account has no proxy and REQUIRE_PROXY is on")
        try:
            async with asyncio.timeout(_CONNECT_S):
                address = await self._address(self._hop.host if self._hop else host)
                if self._hop is None:
                    return await asyncio.open_connection(address, port)
                return await self._through(self._hop, address, host, port)
        except ProxyError as error:
            raise self._refused_by_proxy(error) from error
        except (TimeoutError, ProxyTimeoutError) as error:
            raise Refused(502, self._blame, f"{self._name} does not answer within {_CONNECT_S} s") from error
        except (OSError, ProxyConnectionError, ValueError) as error:
            cause = error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
            raise Refused(502, self._blame, f"{self._name} cannot be reached: {cause}") from error

    async def _through(
        self, hop: Hop, address: str, host: str, port: int
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        is_tls = hop.scheme == "https"
        proxy = Proxy(
            proxy_type=_TYPES[hop.scheme],
            host=hop.host if is_tls else address,  # the certificate is the name's
            port=hop.port,
            username=hop.username,
            password=hop.password,
            rdns=True,
            proxy_ssl=ssl.create_default_context() if is_tls else None,
        )
        stream = await proxy.connect(dest_host=host, dest_port=port)
        return stream.reader, stream.writer

    async def _address(self, host: str) -> str:
        """The one address that is checked is the one that is used. Raises `Refused`."""
        found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
        addresses = [ip_address(str(entry[4][0])) for entry in found]
        if not all(self._may_be_asked(address) for address in addresses):
            where = "this machine, and IGFLEET_MODE is sandbox" if self._only_loopback else "a public address"
            more = "" if self._only_loopback else ". PRIVATE_NETWORKS names the exceptions"
            raise Refused(403, ReasonCode.EGRESS_REFUSED, f"{host} is not {where}{more}")
        return str(addresses[0])

    def _may_be_asked(self, address: Address) -> bool:
        """In the sandbox nothing leaves this machine; live, a proxy named by the ui must not reach into ours."""
        if self._only_loopback:
            return address.is_loopback
        if self._hop is not None and self._hop.is_ours:
            return True
        plain = getattr(address, "ipv4_mapped", None) or address
        return plain.is_global or any(plain in network for network in self._private)

    def _refused_by_proxy(self, error: ProxyError) -> Refused:
        text = str(error).lower()
        if error.error_code in _REFUSES_CREDENTIALS or "auth" in text or "username" in text:
            return Refused(407, ReasonCode.PROXY_AUTH_FAILED, f"{self._name} refuses the user or password")
        return Refused(502, self._blame, f"{self._name} refuses the connection ({error.error_code or text[:80]})")

    @property
    def _name(self) -> str:
        return f"the proxy {self._hop.label}" if self._hop else "Instagram"

    @property
    def _blame(self) -> ReasonCode:
        return ReasonCode.PROXY_UNREACHABLE if self._hop else ReasonCode.NETWORK_TROUBLE


def _of_lease(proxy: LeasedProxy) -> Hop:
    password = proxy.password.get_secret_value() if proxy.password else None
    return Hop(proxy.scheme, proxy.host, proxy.port, proxy.username, password, is_ours=False)


def _of_url(url: str | None) -> Hop | None:
    if not url:
        return None
    parts = urlsplit(url)
    user = unquote(parts.username) if parts.username else None
    password = unquote(parts.password) if parts.password else None
    return Hop(parts.scheme or "http", parts.hostname or "", parts.port or 8080, user, password, is_ours=True)

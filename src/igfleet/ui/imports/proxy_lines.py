"""Proxies as people write them: five notations, each with an optional `[address that changes its IP]`."""

import re
from dataclasses import dataclass, field
from ipaddress import IPv6Address
from urllib.parse import unquote, urlsplit

from igfleet.contracts.proxies import name_of

SCHEMES = ("http", "https", "socks5", "socks5h")
_SUFFIX = re.compile(r"^(?P<proxy>.*?)\s*\[(?P<url>\w+://\S+|[^\[\]\s]*[^\[\]:0-9a-fA-F\s][^\[\]\s]*)\]$")
_HOST = re.compile(r"(?=.{1,253}$)(?!-)[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*\.?")
_SHAPES = (
    "host:port, host:port:user:pass, user:pass@host:port, scheme://user:pass@host:port, scheme:host:port:user:pass"
)


@dataclass(frozen=True, slots=True)
class ProxyLine:
    """One proxy. Two lines of the same `key` mean the same proxy."""

    scheme: str
    host: str
    port: int
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    change_ip_url: str | None = field(default=None, repr=False)

    @property
    def key(self) -> tuple[str, str, int, str]:
        return self.scheme, self.host.lower(), self.port, self.username or ""

    @property
    def name(self) -> str:
        """How it is named on screens: never with its password."""
        return name_of(self.scheme, self.host, self.port, self.username, has_password=self.password is not None)

    @property
    def secrets(self) -> dict[str, str]:
        given = {"password": self.password, "change_ip_url": self.change_ip_url}
        return {name: value for name, value in given.items() if value}


def parse_proxy(text: str) -> ProxyLine:
    """Read one proxy. Raises `ValueError` with a sentence that holds no secret."""
    text = text.strip()
    if any(not character.isprintable() for character in text):
        raise ValueError("The proxy contains characters that cannot be printed")
    suffix = _SUFFIX.match(text)
    url = _change_ip_url(suffix["url"]) if suffix else None
    scheme, rest, is_url = _scheme(suffix["proxy"] if suffix else text)
    credentials, at, address = rest.rpartition("@")
    if at:
        host, port, extra = _address(address)
        if extra:
            raise ValueError(f"The proxy cannot be read. Known notations: {_SHAPES}")
    else:
        host, port, credentials = _address(rest)
    username, password = _credentials(credentials, bool(at) and is_url) if at or credentials else (None, None)
    return ProxyLine(scheme, host, port, username, password, url)


def _scheme(text: str) -> tuple[str, str, bool]:
    scheme, url, rest = text.partition("://")
    if url:
        return _known(scheme), rest.removesuffix("/"), True
    scheme, colon, rest = text.partition(":")
    if colon and scheme.lower() in SCHEMES and not _is_port_only(rest):
        return scheme.lower(), rest, False
    return "http", text, False


def _is_port_only(text: str) -> bool:
    """Whether a host is named like a scheme: `socks5:1080` is host and port."""
    return text.isdecimal()


def _known(scheme: str) -> str:
    if scheme.lower() not in SCHEMES:
        raise ValueError(f"The proxy's scheme is not one of {', '.join(SCHEMES)}")
    return scheme.lower()


def _address(text: str) -> tuple[str, int, str]:
    """Host, port and what follows them."""
    if text.startswith("["):
        host, _, rest = text[1:].partition("]")
        host = _ipv6(host)
        rest = rest.removeprefix(":")
    else:
        host, _, rest = text.partition(":")
        if not _HOST.fullmatch(host):
            raise ValueError(f"The proxy's host cannot be read. Known notations: {_SHAPES}")
    port, _, extra = rest.partition(":")
    if not re.fullmatch(r"[0-9]{1,5}", port) or not 1 <= int(port) <= 65535:
        raise ValueError("The proxy's port is not a number from 1 to 65535")
    return host, int(port), extra


def _ipv6(host: str) -> str:
    try:
        return str(IPv6Address(host))
    except ValueError:
        raise ValueError("The proxy's host is no IPv6 address") from None


def _credentials(text: str, is_url: bool) -> tuple[str, str | None]:
    username, _, password = text.partition(":")
    if is_url:
        username, password = unquote(username), unquote(password)
    if not username:
        raise ValueError("The proxy's user is missing before the password")
    return username, password or None


def _change_ip_url(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("The address that changes the IP, in square brackets, must begin with http:// or https://")
    return url

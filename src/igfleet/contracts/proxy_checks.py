"""What a check of a proxy is to find out, and what it found."""

from enum import StrEnum
from ipaddress import ip_address
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from igfleet.contracts.base import Contract, Text


class ProxyVerdict(StrEnum):
    """What a proxy is worth."""

    OK = "ok"
    SLOW = "slow"
    """It works, but takes longer than it may."""
    AUTH_FAILED = "auth_failed"
    UNREACHABLE = "unreachable"
    """No connection to it, or it connects to nothing."""
    TIMEOUT = "timeout"
    INTERCEPTED = "intercepted"
    """Somebody on the way opens TLS."""
    TARGET_BLOCKED = "target_blocked"
    """It reaches other hosts, but not the target."""

    @property
    def is_usable(self) -> bool:
        return self in (self.OK, self.SLOW)


def _echo(address: str) -> str:
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username:
        raise ValueError("write an echo address as https://ip.example/")
    _ = parts.port  # raises ValueError when it is none
    return address


def _target(text: str) -> str:
    parts = urlsplit(f"//{text}")
    if not parts.hostname or text != parts.netloc or parts.username or not text.isascii():
        raise ValueError("write the target as host or host:port")
    _ = parts.port
    return text


def _ip(text: str) -> str:
    return str(ip_address(text))


EchoAddress = Annotated[str, Field(max_length=500), AfterValidator(_echo)]
"""An address that answers with the IP address that asks."""
TargetHost = Annotated[str, Field(max_length=260), AfterValidator(_target)]
"""`host` or `host:port`; the port is 443 by default."""


class ProxyWish(Contract):
    """What is to be found out. Whatever is None or empty is what the worker's settings say."""

    probes: Annotated[int, Field(ge=1, le=20)] = 3
    timeout_s: Annotated[float, Field(ge=0.1, le=60)] = 10
    """Limit of each step."""
    slow_after_s: Annotated[float, Field(gt=0, le=60)] | None = None
    echo: Annotated[tuple[EchoAddress, ...], Field(max_length=10)] = ()
    target: TargetHost = "i.instagram.com"


class ProxyCheck(Contract):
    """What was found."""

    verdict: ProxyVerdict
    sentence: Text
    latency_ms: Annotated[int, Field(ge=0, le=10_000_000)] | None = None
    """The median of the probes: one whole request each, from the first byte to the proxy to the end of the answer."""
    exit_ip: Annotated[str, AfterValidator(_ip)] | None = None
    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")] | None = None
    """Of the exit IP, as ISO 3166 writes it."""

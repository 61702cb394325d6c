"""Which addresses may be asked, when the address was typed in by somebody: one rule for both roles.

In the sandbox nothing leaves this machine. Live, what the tables name must not reach into our own network.
"""

import asyncio
import socket
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Protocol

from igfleet.settings import Settings

type Address = IPv4Address | IPv6Address
_NAT64 = ip_network("64:ff9b::/96")
_COMPATIBLE = ip_network("::/96")
"""IPv4 addresses as IPv6 had them at first."""


class AddressRefused(Exception):
    """The rule forbids to connect there. The message is a part of a sentence."""


class Names(Protocol):
    """Tells the addresses of a host. Raises `OSError` when there are none."""

    async def __call__(self, host: str) -> Sequence[str]: ...


async def system_names(host: str) -> Sequence[str]:
    """What this machine says, which reads addresses in every notation."""
    found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return [str(entry[4][0]) for entry in found]


class AddressRule:
    """Public addresses only, and the exceptions of `PRIVATE_NETWORKS`; in the sandbox loopback only."""

    def __init__(self, settings: Settings, names: Names = system_names) -> None:
        self._names = names
        self._only_loopback = not settings.is_live
        self._private = [ip_network(network) for network in settings.private_networks]

    async def resolve(self, host: str, *, is_ours: bool = False) -> str:
        """The one address that is checked is the one to use. Raises `AddressRefused`, `OSError`.

        `is_ours` marks a host of our own settings: it may be private, but in the sandbox it is loopback too.
        """
        addresses = [ip_address(found) for found in await self._names(host)]
        if not addresses or not all(self.allows(address, is_ours=is_ours) for address in addresses):
            where = "this machine, and IGFLEET_MODE is sandbox" if self._only_loopback else "a public address"
            more = "" if self._only_loopback else ". PRIVATE_NETWORKS names the exceptions"
            raise AddressRefused(f"{host} is not {where}{more}")
        return str(addresses[0])

    def allows(self, address: Address, *, is_ours: bool = False) -> bool:
        plain = _plain(address)
        if self._only_loopback:
            return plain.is_loopback
        if is_ours:
            return True
        is_public = plain.is_global and not plain.is_multicast and not _is_left_over(plain)
        return is_public or any(plain in network for network in self._private)


def _is_left_over(address: Address) -> bool:
    """Kinds of IPv6 addresses that are no longer given out, and that Python counts among the public ones."""
    return isinstance(address, IPv6Address) and (address.is_site_local or address in _COMPATIBLE)


def _plain(address: Address) -> Address:
    """The IPv4 address that an IPv6 address stands for, so that none hides in another notation."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address

"""Which addresses may be asked, when the address was typed in by somebody: one rule for both roles.

In the sandbox nothing leaves this machine. Live, what the tables name must not reach into our own network.
"""

import asyncio
import socket
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from igfleet.settings import Settings

type Address = IPv4Address | IPv6Address
_NAT64 = ip_network("64:ff9b::/96")


class AddressRefused(Exception):
    """The rule forbids to connect there. The message is a part of a sentence."""


class AddressRule:
    """Public addresses only, and the exceptions of `PRIVATE_NETWORKS`; in the sandbox loopback only."""

    def __init__(self, settings: Settings) -> None:
        self._only_loopback = not settings.is_live
        self._private = [ip_network(network) for network in settings.private_networks]

    async def resolve(self, host: str, *, is_ours: bool = False) -> str:
        """The one address that is checked is the one to use. Raises `AddressRefused`, `OSError`.

        `is_ours` marks a host of our own settings: it may be private, but in the sandbox it is loopback too.
        """
        found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
        addresses = [ip_address(str(entry[4][0])) for entry in found]
        if not all(self.allows(address, is_ours=is_ours) for address in addresses):
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
        is_public = plain.is_global and not plain.is_multicast
        return is_public or any(plain in network for network in self._private)


def _plain(address: Address) -> Address:
    """The IPv4 address that an IPv6 address stands for, so that none hides in another notation."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address

"""The proxies that one sandbox stands for: known by their user names, each with a way of failing."""

from dataclasses import asdict, dataclass, field
from enum import StrEnum
from zlib import crc32

from pydantic import JsonValue

from igfleet.sandbox.store import Store

_KIND = "proxy"
_HOSTS = 254


class ExitMode(StrEnum):
    """How a proxy behaves."""

    OK = "ok"
    REFUSE = "refuse"
    """Lets everybody in and connects to nothing."""
    HANG = "hang"
    """Takes the connection and never answers."""
    SLOW = "slow"
    """Waits `delay_s` before it answers."""
    AUTH = "auth"
    """Refuses even the right password."""
    INTERCEPT = "intercept"
    """Opens TLS with a certificate that nobody trusts."""
    BLOCK = "block"
    """Reaches everything but Instagram."""


@dataclass
class Exit:
    """One proxy. An unregistered one lets any password in and comes out at 127.0.0.1."""

    username: str
    password: str = ""
    mode: ExitMode = ExitMode.OK
    delay_s: float = 5.0
    rotations: int = 0
    is_registered: bool = True
    connections: int = field(default=0, compare=False)
    """Since the sandbox was started."""

    @property
    def ip(self) -> str:
        """An address for documentation (RFC 5737), another one after each rotation."""
        if not self.is_registered:
            return "127.0.0.1"
        return f"203.0.113.{1 + (crc32(self.username.encode()) + self.rotations) % _HOSTS}"

    def public(self) -> dict[str, JsonValue]:
        """For the control API: no password."""
        told: dict[str, JsonValue] = {"username": self.username, "mode": self.mode.value, "exit_ip": self.ip}
        return told | {"connections": self.connections, "is_registered": self.is_registered}


class Exits:
    """All that were seen; the registered ones survive a restart."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: dict[str, Exit] = {}
        for row in store.all(_KIND):
            known = Exit(**row)  # type: ignore[arg-type]  # written by `_keep`
            known.mode = ExitMode(known.mode)
            self._known[known.username] = known

    def all(self) -> list[Exit]:
        """By user name; the empty one stands for who gives none."""
        return [self._known[name] for name in sorted(self._known)]

    def register(self, username: str, password: str, mode: ExitMode = ExitMode.OK, delay_s: float = 5.0) -> Exit:
        """From now on the proxy of this user needs this password, and behaves so."""
        before = self._known.get(username)
        made = self._known[username] = Exit(username, password, mode, delay_s)
        if before is not None:
            made.rotations, made.connections = before.rotations, before.connections
        self._keep(made)
        return made

    def rotate(self, username: str) -> Exit | None:
        """Another exit IP; None when no such proxy is registered."""
        known = self._known.get(username)
        if known is None or not known.is_registered:
            return None
        known.rotations += 1
        self._keep(known)
        return known

    def admit(self, username: str, password: str) -> Exit | None:
        """The proxy of this user, counted; None when it does not let them in."""
        known = self._known.setdefault(username, Exit(username, is_registered=False))
        known.connections += 1
        if known.mode is ExitMode.AUTH or (known.is_registered and known.password != password):
            return None
        return known

    def clear(self) -> None:
        self._known.clear()

    def _keep(self, known: Exit) -> None:
        row: dict[str, JsonValue] = {**asdict(known), "connections": 0}
        self._store.put(_KIND, known.username, row)

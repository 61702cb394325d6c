"""Which stored sessions are worth a try: the newest first, each once, and none that Instagram has ended."""

from collections.abc import Awaitable, Callable

from igfleet.contracts.leases import LeasedAccount, SessionKind, SessionMaterial
from igfleet.instagram.gateway import RefuseSession

type SessionId = Callable[[SessionMaterial], str]
"""What makes a stored text one session and no other; empty when there is none in it."""


class KeptSessions:
    """One account's of one kind. Texts that differ may hold the same session: it is tried once."""

    def __init__(self, account: LeasedAccount, kind: SessionKind, id_of: SessionId, refuse: RefuseSession) -> None:
        kept = [material for material in account.sessions if material.kind is kind]
        self._id_of, self._refuse = id_of, refuse
        self._untried = [material for material in kept if id_of(material) and not material.is_refused]
        self._ended = {id_of(material) for material in kept if material.is_refused}
        self.newest: SessionMaterial | None = kept[0] if kept else None
        """Its device is the account's own, whatever has become of its session."""

    def stored(self, material: SessionMaterial) -> None:
        """It is the newest now."""
        self.newest = material
        if self._id_of(material):
            self._untried.insert(0, material)

    def is_ended(self, material: SessionMaterial) -> bool:
        """Whether Instagram has ended its session."""
        found = self._id_of(material)
        return bool(found) and found in self._ended

    async def restored(self, holds: Callable[[SessionMaterial], Awaitable[bool]]) -> bool:
        """Whether one of them still holds. Those before it are noted as ended; an error leaves the rest untried."""
        while self._untried:
            material = self._untried[0]
            if not self.is_ended(material) and await holds(material):
                return True
            self._ended.add(self._id_of(material))
            await self._refuse(material)
            self._untried.remove(material)
        return False

"""Tells who a key belongs to. A revoked or expired one stops working within a second."""

import hashlib
import time
from datetime import timedelta

from sqlalchemy import func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet.errors import NotSignedIn
from igfleet.ui.db import Database
from igfleet.ui.keys.holder import Holder
from igfleet.ui.models import ApiKey, Role, User
from igfleet.ui.scope.scope import scope_of

PREFIX = "igfk_"
_CACHE_S = 1.0
_CACHE_MAX = 1000
_TOUCH = timedelta(seconds=30)
"""`last_used_at` is written at most so often."""


class Keyring:
    """One per process."""

    def __init__(self) -> None:
        self._known: dict[bytes, tuple[float, Holder]] = {}

    async def holder(self, database: Database, header: str | None) -> Holder:
        """The holder behind an `Authorization` header. Raises `NotSignedIn`."""
        token = bearer(header)
        if not token.startswith(PREFIX):
            raise NotSignedIn("A key of the operator API is needed: send `Authorization: Bearer igfk_…`.")
        digest = digest_of(token)
        cached = self._known.get(digest)
        if cached is not None and cached[0] > time.monotonic():
            return cached[1]
        async with database.sessions.begin() as session:
            holder = await _find(session, digest)
        self._known.pop(digest, None)
        if holder is None:
            raise NotSignedIn("This key is not known here, has expired, or was revoked.")
        if len(self._known) >= _CACHE_MAX:
            self._known.clear()
        self._known[digest] = (time.monotonic() + _CACHE_S, holder)
        return holder


def bearer(header: str | None) -> str:
    """The token of an `Authorization` header; empty when there is none."""
    scheme, _, token = (header or "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def digest_of(token: str) -> bytes:
    """What is stored of a key."""
    return hashlib.sha256(token.encode()).digest()


async def _find(session: AsyncSession, digest: bytes) -> Holder | None:
    is_good = (
        ApiKey.digest == digest,
        ApiKey.revoked_at.is_(None),
        or_(ApiKey.expires_at.is_(None), ApiKey.expires_at > func.now()),
        User.disabled_at.is_(None),
    )
    found = (await session.execute(select(ApiKey, User).join(User, User.id == ApiKey.user_id).where(*is_good))).first()
    if found is None:
        return None
    key, user = found
    is_stale = or_(ApiKey.last_used_at.is_(None), ApiKey.last_used_at < func.now() - _TOUCH)
    await session.execute(update(ApiKey).where(ApiKey.id == key.id, is_stale).values(last_used_at=func.now()))
    return Holder(
        key_id=key.id,
        key_name=key.name,
        user_id=user.id,
        user_name=user.name,
        role=_lower(Role(key.role), Role(user.role)),
        may_write=key.may_write,
        kinds=tuple(key.kinds),
        tags=tuple(key.tags),
        clients=tuple(key.clients),
        scope=scope_of(user),
    )


def _lower(one: Role, other: Role) -> Role:
    return other if one.includes(other) else one

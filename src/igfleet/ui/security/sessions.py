"""Signed-in browsers. Ids come only from here, are new at every sign-in, and are stored as their sha256."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet.settings import UiSettings
from igfleet.ui.models import Role, User, UserSession

COOKIE = "igfleet_session"
_TOUCH = timedelta(seconds=30)
"""`seen_at` is written at most so often."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """The person behind a request."""

    user_id: int
    name: str
    role: Role
    session_key: str
    """The cookie's value; the key of this session's form tokens."""

    @property
    def actor(self) -> str:
        return f"user:{self.name}"


async def open_session(session: AsyncSession, user: User, address: str, browser: str) -> str:
    """A new session; the value for the cookie."""
    key = secrets.token_urlsafe(32)
    session.add(UserSession(digest=_digest(key), user_id=user.id, address=address[:100], browser=browser[:300]))
    return key


async def find(session: AsyncSession, settings: UiSettings, key: str | None) -> SignedIn | None:
    """Whose session it is; None for an unknown, idle, expired one or a disabled user. Keeps it awake."""
    if not key or len(key) > 100:
        return None
    row = UserSession
    query = (
        select(User, row.seen_at < func.now() - _TOUCH)
        .join(row, row.user_id == User.id)
        .where(
            row.digest == _digest(key),
            row.seen_at > func.now() - settings.session_idle,
            row.created_at > func.now() - settings.session_longest,
            User.disabled_at.is_(None),
        )
    )
    found = (await session.execute(query)).first()
    if found is None:
        return None
    user, is_stale = found
    if is_stale:
        await session.execute(update(row).where(row.digest == _digest(key)).values(seen_at=func.now()))
    return SignedIn(user.id, user.name, Role(user.role), key)


async def close_session(session: AsyncSession, key: str) -> None:
    """Sign out."""
    await session.execute(delete(UserSession).where(UserSession.digest == _digest(key)))


async def close_all(session: AsyncSession, user_id: int) -> None:
    """End every session of a person: at a change of password or role."""
    await session.execute(delete(UserSession).where(UserSession.user_id == user_id))


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()

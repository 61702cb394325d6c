"""Checking a password: argon2id in a thread, two at once, and as long for an unknown name as for a known one."""

import asyncio

import anyio
import anyio.to_thread
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet.errors import NotSignedIn
from igfleet.ui.db import Database
from igfleet.ui.models import User
from igfleet.ui.security import attempts

_HASHER = PasswordHasher()
_COST = f"m={_HASHER.memory_cost},t={_HASHER.time_cost},p={_HASHER.parallelism}"
_DUMMY = f"$argon2id$v=19${_COST}${'A' * 22}${'A' * 43}"
"""No password leads to this hash, and to find that out takes as long as with any other."""
_AT_ONCE = asyncio.Semaphore(2)


async def verify(database: Database, name: str, password: str, address: str) -> User:
    """The person. Raises `NotSignedIn`, one answer for all mistakes, `TooManyRequests` after ten in five minutes."""
    subject = f"user:{name.lower()[:100]}"
    await attempts.note(database, subject, address)
    async with database.sessions() as session:
        user = await _active(session, name)
    has_one = user is not None and user.has_joined
    is_right = await _matches(user.password_hash if user and has_one else _DUMMY, password)
    if user is None or not has_one or not is_right:
        await attempts.audit(database, "wrong_password", user.id if user else None, address)
        raise NotSignedIn("The name or the password is wrong.")
    await attempts.forgive(database, subject, address)
    return user


async def _active(session: AsyncSession, name: str) -> User | None:
    query = select(User).where(func.lower(User.name) == name.lower(), User.disabled_at.is_(None))
    return (await session.execute(query)).scalar_one_or_none()


async def _matches(stored: str, password: str) -> bool:
    def check() -> bool:
        try:
            return _HASHER.verify(stored, password)
        except (VerificationError, InvalidHashError):
            return False

    async with _AT_ONCE:
        return await anyio.to_thread.run_sync(check)

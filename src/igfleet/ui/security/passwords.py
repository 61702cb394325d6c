"""Checking a password: argon2id in a thread, two at once, and as long for an unknown name as for a known one."""

import asyncio
from datetime import timedelta

import anyio
import anyio.to_thread
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet.errors import NotSignedIn, TooManyRequests
from igfleet.ui.db import Database
from igfleet.ui.models import User

_HASHER = PasswordHasher()
_DUMMY = _HASHER.hash("nobody has this password")
_AT_ONCE = asyncio.Semaphore(2)
_WINDOW = timedelta(minutes=5)
_PER_SUBJECT, _IN_ALL = 10, 1000

_ATTEMPT = text("""
WITH recent AS (
  SELECT count(*) FILTER (WHERE subject = :user) AS by_user, count(*) FILTER (WHERE subject = :address) AS by_address,
    count(*) AS in_all
  FROM sign_in_failures WHERE at > now() - make_interval(secs => :seconds)),
noted AS (
  INSERT INTO sign_in_failures (subject)
  SELECT subject FROM unnest(ARRAY[:user, :address]) AS subject, recent
  WHERE by_user < :each AND by_address < :each AND in_all < :most RETURNING 1)
SELECT count(*) FROM noted
""")
_LOCK = text("SELECT pg_advisory_xact_lock(7241901)")
_FORGIVE = text("DELETE FROM sign_in_failures WHERE subject IN (:user, :address)")


async def verify(database: Database, name: str, password: str, address: str) -> User:
    """The person. Raises `NotSignedIn`, one answer for all mistakes, `TooManyRequests` after ten in five minutes."""
    subjects = {"user": f"user:{name.lower()[:100]}", "address": f"address:{address[:100]}"}
    await _note_attempt(database, subjects)
    async with database.sessions() as session:
        user = await _active(session, name)
    is_right = await _matches(user.password_hash if user else _DUMMY, password)
    if user is None or not is_right:
        raise NotSignedIn("The name or the password is wrong.")
    async with database.sessions.begin() as session:
        await session.execute(_FORGIVE, subjects)
    return user


async def _note_attempt(database: Database, subjects: dict[str, str]) -> None:
    """Count the attempt before it is made, in one transaction, so that parallel ones cannot slip through."""
    limits = {"seconds": _WINDOW.total_seconds(), "each": _PER_SUBJECT, "most": _IN_ALL * 2}
    async with database.sessions.begin() as session:
        await session.execute(_LOCK)
        allowed = await session.scalar(_ATTEMPT, {**subjects, **limits})
    if not allowed:
        raise TooManyRequests("Too many attempts. Wait five minutes, then try again.", _WINDOW)


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

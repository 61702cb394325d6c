"""One-time tokens: leave for one act by whoever holds the link. Stored as their sha256, used once."""

import hashlib
import secrets
from datetime import timedelta

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet.log import redactor
from igfleet.ui.models import OneTimeToken, User

SET_UP = "setup"
"""Make the first admin."""
DEMO = "demo"
"""Sign in without a password: made by the demo only."""
JOIN = "join"
"""Choose a password: for one who was invited, or who forgot it."""
SECOND_FACTOR = "second_factor"
"""The password was right, a code is still to come."""
_SET_UP_LENGTH = timedelta(hours=24)


async def first_admin(session: AsyncSession) -> str | None:
    """A fresh token for the set-up page, None when there is a user already. Earlier ones stop working."""
    if await session.scalar(select(User.id).limit(1)) is not None:
        return None
    unused = OneTimeToken.purpose == SET_UP, OneTimeToken.used_at.is_(None)
    await session.execute(update(OneTimeToken).where(*unused).values(used_at=func.now()))
    return await invite(session, SET_UP, _SET_UP_LENGTH)


async def invite(session: AsyncSession, purpose: str, length: timedelta, user_id: int | None = None) -> str:
    """A fresh token, for anybody or for one person. It can be shown only now."""
    token = secrets.token_urlsafe(32)
    redactor.learn(token)
    now = await session.scalar(select(func.now()))
    assert now is not None
    session.add(OneTimeToken(digest=_digest(token), purpose=purpose, user_id=user_id, expires_at=now + length))
    return token


async def is_open(session: AsyncSession, purpose: str, token: str) -> bool:
    """Whether the token could be redeemed now."""
    query = select(OneTimeToken.digest).where(*_usable(purpose, token))
    return await session.scalar(query) is not None


async def invited(session: AsyncSession, purpose: str, token: str) -> User | None:
    """The person whom a token is for, while it works and they are not disabled."""
    query = select(User).join(OneTimeToken, OneTimeToken.user_id == User.id).where(*_usable(purpose, token))
    return (await session.execute(query.where(User.disabled_at.is_(None)))).scalar_one_or_none()


async def withdraw(session: AsyncSession, purpose: str, user_id: int) -> None:
    """No token of this purpose works for the person any more."""
    row = OneTimeToken
    which = row.purpose == purpose, row.user_id == user_id, row.used_at.is_(None)
    await session.execute(update(row).where(*which).values(used_at=func.now()))


async def redeem(session: AsyncSession, purpose: str, token: str) -> bool:
    """Use the token up. False when it is unknown, used or expired."""
    used = update(OneTimeToken).where(*_usable(purpose, token)).values(used_at=func.now())
    return await session.scalar(used.returning(OneTimeToken.digest)) is not None


def _usable(purpose: str, token: str) -> tuple[ColumnElement[bool], ...]:
    row = OneTimeToken
    return row.digest == _digest(token), row.purpose == purpose, row.used_at.is_(None), row.expires_at > func.now()


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()

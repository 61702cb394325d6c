"""People who sign in: how one is added."""

import re

import anyio.to_thread
from argon2 import PasswordHasher
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet.errors import Conflict, Invalid
from igfleet.log import redactor
from igfleet.ui.models import AuditEntry, Role, User

SHORTEST_PASSWORD = 10
LONGEST_PASSWORD = 500
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")


async def add_user(session: AsyncSession, name: str, password: str, role: str, actor: str) -> User:
    """Add a person. Audited. Raises `Invalid` for a name or password that will not do, `Conflict` for a taken name."""
    _require_usable(name, password)
    if await session.scalar(select(User.id).where(func.lower(User.name) == name.lower())) is not None:
        raise Conflict(f"There is a user named {name} already.")
    redactor.learn(password)
    password_hash = await anyio.to_thread.run_sync(PasswordHasher().hash, password)
    user = User(name=name, password_hash=password_hash, role=Role(role))
    session.add(user)
    await session.flush()  # the audit names its id
    session.add(AuditEntry(actor=actor, action="user_added", subject=f"user:{user.id}", facts={"role": user.role}))
    return user


def _require_usable(name: str, password: str) -> None:
    fields = {}
    if not _NAME.fullmatch(name):
        fields["name"] = "Letters, digits and . _ @ - only, at most 64, beginning with a letter or digit."
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        fields["password"] = f"Between {SHORTEST_PASSWORD} and {LONGEST_PASSWORD} characters."
    if fields:
        raise Invalid("; ".join(f"{field}: {message}" for field, message in fields.items()), fields)

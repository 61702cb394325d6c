"""People who sign in: how one is added, and what a password must be."""

import re
from collections.abc import Sequence

import anyio.to_thread
from argon2 import PasswordHasher
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet.errors import Conflict, Invalid
from igfleet.log import redactor
from igfleet.ui.models import AuditEntry, Role, User
from igfleet.ui.security.guessable import is_guessable

SHORTEST_PASSWORD = 10
LONGEST_PASSWORD = 500
_LONGEST_CLIENT = 100
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")


async def add_user(
    session: AsyncSession, name: str, password: str, role: str, actor: str, clients: Sequence[str] = ()
) -> User:
    """Add a person, limited to the accounts of some clients when these are given. Audited.

    Raises `Invalid` for a name or password that will not do, `Conflict` for a taken name.
    """
    _require_usable({"name": _wrong_name(name), "password": await _wrong_password(password, name)})
    made = User(name=name, password_hash=await hashed(password), role=Role(role), clients=checked_clients(clients))
    return await _add(session, made, actor, "user_added")


async def add_invited(session: AsyncSession, name: str, role: str, actor: str, clients: Sequence[str] = ()) -> User:
    """The same for one who has yet to choose a password: nobody can sign in as them before."""
    _require_usable({"name": _wrong_name(name)})
    made = User(name=name, password_hash="", role=Role(role), clients=checked_clients(clients))
    return await _add(session, made, actor, "user_invited")


def checked_clients(clients: Sequence[str]) -> list[str]:
    """Names of clients, each once. Raises `Invalid`."""
    found = sorted({client.strip() for client in clients} - {""})
    if any(len(client) > _LONGEST_CLIENT or not client.isprintable() for client in found):
        raise Invalid("This is no client.", {"clients": f"Each has at most {_LONGEST_CLIENT} characters, on one line."})
    return found


async def set_password(session: AsyncSession, user: User, password: str) -> None:
    """Give a person this password; whoever is signed in as them stays so. Raises `Invalid`."""
    _require_usable({"password": await _wrong_password(password, user.name)})
    user.password_hash = await hashed(password)
    await session.flush()


async def hashed(password: str) -> str:
    """argon2id, in a thread. No log of this process shows the password."""
    redactor.learn(password)
    return await anyio.to_thread.run_sync(PasswordHasher().hash, password)


async def _add(session: AsyncSession, user: User, actor: str, action: str) -> User:
    if await session.scalar(select(User.id).where(func.lower(User.name) == user.name.lower())) is not None:
        raise Conflict(f"There is a user named {user.name} already.")
    session.add(user)
    await session.flush()  # the audit names its id
    facts = {"name": user.name, "after": {"role": user.role, "clients": user.clients}}
    session.add(AuditEntry(actor=actor, action=action, subject=f"user:{user.id}", facts=facts))
    return user


def _wrong_name(name: str) -> str:
    is_right = _NAME.fullmatch(name)
    return "" if is_right else "Letters, digits and . _ @ - only, at most 64, beginning with a letter or digit."


async def _wrong_password(password: str, name: str) -> str:
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        return f"Between {SHORTEST_PASSWORD} and {LONGEST_PASSWORD} characters."
    is_weak = await anyio.to_thread.run_sync(is_guessable, password, name)
    return (
        "It is one of those that are tried first, or nearly. Take several words, or what a program makes."
        if is_weak
        else ""
    )


def _require_usable(wrong: dict[str, str]) -> None:
    fields = {field: message for field, message in wrong.items() if message}
    if fields:
        raise Invalid("; ".join(f"{field}: {message}" for field, message in fields.items()), fields)

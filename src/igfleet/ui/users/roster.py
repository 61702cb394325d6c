"""The list of people, and what an admin does to one of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet.errors import Conflict, Invalid, NotFound, NothingToDo
from igfleet.ui.models import Account, AuditEntry, Role, User, UserSession
from igfleet.ui.people import checked_clients
from igfleet.ui.security import sessions

_MOST_CLIENTS = 1000


@dataclass(frozen=True, slots=True)
class Member:
    """A person, and the browsers that they are signed in with."""

    user: User
    browsers: int
    seen_at: datetime | None


async def members(session: AsyncSession, q: str = "") -> Sequence[Member]:
    """Everybody whose name holds `q`, by name."""
    browsers = (
        select(UserSession.user_id, func.count().label("count"), func.max(UserSession.seen_at).label("seen_at"))
        .group_by(UserSession.user_id)
        .subquery()
    )
    query = (
        select(User, func.coalesce(browsers.c.count, 0), browsers.c.seen_at)
        .outerjoin(browsers, browsers.c.user_id == User.id)
        .where(User.name.icontains(q, autoescape=True))
        .order_by(func.lower(User.name))
    )
    return [Member(*row) for row in await session.execute(query)]


async def find(session: AsyncSession, user_id: int) -> User:
    """The row. Raises `NotFound`."""
    user = await session.get(User, user_id)
    if user is None:
        raise NotFound(f"There is no user {user_id}.")
    return user


async def named(session: AsyncSession, name: str) -> User:
    """The person of this name, whatever its case. Raises `NotFound`."""
    user = (await session.execute(select(User).where(func.lower(User.name) == name.lower()))).scalar_one_or_none()
    if user is None:
        raise NotFound(f"There is no user named {name}.")
    return user


async def change_role(session: AsyncSession, user: User, role: str, actor: str) -> None:
    """Give a person another role; they sign in anew. Audited.

    Raises `Invalid`, `NothingToDo`, and `Conflict` when nobody could administer any more.
    """
    if role not in set(Role):
        raise Invalid("Choose a role.", {"role": "viewer, operator, manager or admin"})
    if role == user.role:
        raise NothingToDo(f"{user.name} is {role} already.")
    if role != Role.ADMIN:
        await _require_another_admin(session, user)
    facts = {"name": user.name, "before": {"role": user.role}, "after": {"role": role}}
    user.role = Role(role)
    await sessions.close_all(session, user.id)
    _audit(session, actor, "user_role_changed", user, facts)


async def change_clients(session: AsyncSession, user: User, clients: Sequence[str], actor: str) -> None:
    """Limit a person to the accounts of some clients, or (none given) to nothing; it holds from their next request on.

    Audited. Raises `Invalid`, `NothingToDo`.
    """
    wanted = checked_clients(clients)
    if wanted == user.clients:
        raise NothingToDo(f"{user.name} sees these clients already.")
    facts = {"name": user.name, "before": {"clients": user.clients}, "after": {"clients": wanted}}
    user.clients = wanted
    _audit(session, actor, "user_clients_changed", user, facts)


async def clients_known(session: AsyncSession) -> Sequence[str]:
    """The clients that accounts have, and those that people are limited to."""
    held = select(func.unnest(User.clients).label("client"))
    named = select(Account.client).where(Account.client != "").union(held).subquery()
    return list(await session.scalars(select(named.c.client).order_by(func.lower(named.c.client)).limit(_MOST_CLIENTS)))


async def disable(session: AsyncSession, user: User, actor: str) -> None:
    """Nobody can sign in as this person, and whoever is signed in is not any more. Audited.

    Raises `NothingToDo`, and `Conflict` when nobody could administer any more.
    """
    if user.disabled_at is not None:
        raise NothingToDo(f"{user.name} is disabled already.")
    await _require_another_admin(session, user)
    user.disabled_at = await session.scalar(select(func.now()))
    await sessions.close_all(session, user.id)
    _audit(session, actor, "user_disabled", user, {"name": user.name})


async def enable(session: AsyncSession, user: User, actor: str) -> None:
    """Let a disabled person in again. Audited. Raises `NothingToDo`."""
    if user.disabled_at is None:
        raise NothingToDo(f"{user.name} is not disabled.")
    user.disabled_at = None
    _audit(session, actor, "user_enabled", user, {"name": user.name})


async def sign_out(session: AsyncSession, user: User, actor: str) -> int:
    """End every session of a person. Audited. Returns how many."""
    ended = await sessions.close_all(session, user.id)
    _audit(session, actor, "user_signed_out", user, {"name": user.name, "browsers": ended})
    return ended


async def _require_another_admin(session: AsyncSession, user: User) -> None:
    """Two admins who demote each other at once are met one after the other: each locks all admins first."""
    admins = select(User.id).where(User.role == Role.ADMIN, User.disabled_at.is_(None), User.password_hash != "")
    found = set(await session.scalars(admins.order_by(User.id).with_for_update()))
    if found == {user.id}:
        raise Conflict(f"{user.name} is the only admin: make somebody else an admin first.")


def _audit(session: AsyncSession, actor: str, action: str, user: User, facts: Mapping[str, object]) -> None:
    session.add(AuditEntry(actor=actor, action=action, subject=f"user:{user.id}", facts=dict(facts)))

"""Making, listing and revoking keys."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from igfleet.errors import Invalid, NotFound, NothingToDo
from igfleet.log import redactor
from igfleet.runners import KINDS
from igfleet.ui.keys.keyring import PREFIX, digest_of
from igfleet.ui.models import ApiKey, AuditEntry, Role, User

LONGEST_DAYS = 3650
_LONGEST_NAME = 100
_MOST_WORDS = 100


@dataclass(frozen=True, slots=True)
class NewKey:
    """What is asked for. Empty scopes limit nothing; without `days` it never expires."""

    name: str
    role: Role = Role.OPERATOR
    may_write: bool = False
    kinds: Sequence[str] = ()
    tags: Sequence[str] = ()
    clients: Sequence[str] = ()
    days: int | None = 90


@dataclass(frozen=True, slots=True)
class Made:
    """`token` can be shown only now."""

    key: ApiKey
    token: str


async def make(session: AsyncSession, user_id: int, wanted: NewKey, actor: str) -> Made:
    """A key of this person. Audited. Raises `Invalid`, `NotFound`."""
    user = await session.get(User, user_id)
    if user is None or user.disabled_at is not None:
        raise NotFound(f"There is no user {user_id} who can sign in.")
    _check(wanted, Role(user.role))
    now = await session.scalar(select(func.now()))
    assert now is not None
    key = ApiKey(
        digest=secrets.token_bytes(32),
        user_id=user.id,
        name=wanted.name.strip(),
        role=wanted.role,
        may_write=wanted.may_write,
        kinds=list(wanted.kinds),
        tags=list(wanted.tags),
        clients=list(wanted.clients),
        created_by=actor,
        expires_at=now + timedelta(days=wanted.days) if wanted.days is not None else None,
    )
    session.add(key)
    await session.flush()  # the id is part of the token
    token = f"{PREFIX}{key.id}_{secrets.token_urlsafe(32)}"
    redactor.learn(token)
    key.digest = digest_of(token)
    facts = {"name": key.name, "role": key.role, "may_write": key.may_write, "of": user.name}
    session.add(AuditEntry(actor=actor, action="api_key_made", subject=f"api_key:{key.id}", facts=facts))
    return Made(key, token)


async def revoke(session: AsyncSession, key_id: int, actor: str, *, of_user: int | None = None) -> ApiKey:
    """Take a key back; `of_user` limits it to keys of that person. Audited. Raises `NotFound`, `NothingToDo`."""
    key = await session.get(ApiKey, key_id, with_for_update=True)
    if key is None or of_user not in (None, key.user_id):
        raise NotFound(f"There is no key {key_id}.")
    if key.revoked_at is not None:
        raise NothingToDo(f"Key {key_id} is revoked already.")
    key.revoked_at = await session.scalar(select(func.now()))
    session.add(AuditEntry(actor=actor, action="api_key_revoked", subject=f"api_key:{key.id}", facts={}))
    return key


async def listed(session: AsyncSession, of_user: int | None = None) -> list[ApiKey]:
    """The keys that are not revoked, newest first, with their persons; of one person when it is given."""
    query = select(ApiKey).where(ApiKey.revoked_at.is_(None)).options(joinedload(ApiKey.user))
    if of_user is not None:
        query = query.where(ApiKey.user_id == of_user)
    return list(await session.scalars(query.order_by(ApiKey.id.desc())))


async def user_named(session: AsyncSession, name: str) -> int:
    """The id of the person who signs in by this name. Raises `NotFound`."""
    found = await find_user(session, name)
    if found is None:
        raise NotFound(f"There is no user named {name!r}.")
    return found


async def find_user(session: AsyncSession, name: str) -> int | None:
    """The same; None when there is nobody of this name."""
    return await session.scalar(select(User.id).where(func.lower(User.name) == name.lower()))


def _check(wanted: NewKey, present: Role) -> None:
    wrong: dict[str, str] = {}
    name = wanted.name.strip()
    if not name or len(name) > _LONGEST_NAME or not name.isprintable():
        wrong["name"] = f"Give the key a name of at most {_LONGEST_NAME} characters."
    if not present.includes(wanted.role):
        wrong["role"] = f"The person is {present}: a key may not have a higher role."
    unknown = [kind for kind in wanted.kinds if kind not in KINDS]
    if unknown:
        wrong["kinds"] = f"There is no kind {unknown[0]!r}."
    for field, words in (("tags", wanted.tags), ("clients", wanted.clients)):
        if len(words) > _MOST_WORDS or any(not 0 < len(word) <= _LONGEST_NAME for word in words):
            wrong[field] = f"At most {_MOST_WORDS}, each of at most {_LONGEST_NAME} characters."
    if wanted.days is not None and not 1 <= wanted.days <= LONGEST_DAYS:
        wrong["days"] = f"Between 1 and {LONGEST_DAYS} days."
    if wrong:
        raise Invalid(" ".join(wrong.values()), wrong)

"""Another master key: every data key is wrapped anew, in small steps, while everything goes on.

Each row says which key wrapped it, so a rotation that was killed goes on where it was, and every secret can be read at
every moment: the earlier key still opens what was not reached yet.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import asyncpg
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet.errors import SecretUnreadable
from igfleet.ui import answers
from igfleet.ui.db import Database
from igfleet.ui.models import AuditEntry, DataKey
from igfleet.ui.sealing.ring import MasterKey, Ring
from igfleet.ui.vault import Vault

_AT_ONCE = 500
_NEXT = """
SELECT owner, owner_id, wrapped FROM data_keys
WHERE master_key_id = $1 AND (owner, owner_id) > ($2, $3) ORDER BY owner, owner_id LIMIT $4 FOR UPDATE
"""
_REWRAP = """
UPDATE data_keys d SET master_key_id = $1, wrapped = n.wrapped
FROM unnest($2::text[], $3::bigint[], $4::bytea[]) AS n (owner, owner_id, wrapped)
WHERE d.owner = n.owner AND d.owner_id = n.owner_id
"""
_BEFORE_ALL = ("", -(2**63))


@dataclass(frozen=True, slots=True)
class Standing:
    """Which keys are in use. `wrapped` counts data keys by master key; those in `missing` are not given here."""

    present: str
    wrapped: Mapping[str, int]
    missing: tuple[str, ...]

    @property
    def is_whole(self) -> bool:
        """Nothing is wrapped by another key than the present one."""
        return set(self.wrapped) <= {self.present}


@dataclass(slots=True)
class Rotation:
    """How far one is."""

    to: str
    done: int = 0
    answers: int = 0
    """Kept answers that were sealed anew."""
    damaged: list[str] = field(default_factory=list)
    """What no key opens, as `account:17`; left as it is."""


async def standing(session: AsyncSession, vault: Vault) -> Standing:
    """What is wrapped by which key."""
    counted = select(DataKey.master_key_id, func.count()).group_by(DataKey.master_key_id)
    wrapped = {row[0]: row[1] for row in await session.execute(counted)}
    missing = tuple(key_id for key_id in wrapped if not vault.ring.knows(key_id))
    return Standing(vault.ring.present().id, wrapped, missing)


async def rotate(database: Database, vault: Vault, actor: str, told: Callable[[Rotation], None]) -> Rotation:
    """Finish the rotation that was begun, or else take a fresh key and wrap everything by it. Audited.

    `told` hears after each step. Raises `Conflict` when nothing was begun and the key is not igfleet's own to change.
    """
    async with database.sessions() as session:
        begun = not (await standing(session, vault)).is_whole
    if not begun:
        before = vault.ring.present().id
        vault.ring.replace()
        change = {"before": {"key": before}, "after": {"key": vault.ring.present().id}}
        await _audit(database, actor, "master_key_replaced", change)
    made = await rewrap(database, vault, told)
    done = {"key": made.to, "data_keys": made.done, "answers": made.answers, "damaged": len(made.damaged)}
    await _audit(database, actor, "data_keys_rewrapped", done)
    return made


async def rewrap(database: Database, vault: Vault, told: Callable[[Rotation], None]) -> Rotation:
    """Wrap by the present key whatever another one wrapped. The kept answers come first: as long as data keys are left,
    a rotation that died is gone on with."""
    present = vault.ring.present()
    made = Rotation(present.id, answers=await answers.rewrap(database, vault.ring))
    async with database.sessions() as session:
        others = [key_id for key_id in await vault.key_ids(session) if key_id != present.id]
    for key_id in others:
        after: tuple[str, int] | None = _BEFORE_ALL
        while after is not None:
            async with database.transaction() as raw:
                after = await _step(raw, vault.ring, present, key_id, after, made)
            told(made)
    return made


async def _step(
    raw: asyncpg.Connection, ring: Ring, present: MasterKey, key_id: str, after: tuple[str, int], made: Rotation
) -> tuple[str, int] | None:
    """One transaction; where the next begins, None after the last."""
    rows = await raw.fetch(_NEXT, key_id, *after, _AT_ONCE)
    fresh = []
    for owner, owner_id, wrapped in rows:
        try:
            plain = ring.unwrap(key_id, wrapped, owner, owner_id)
        except SecretUnreadable:
            made.damaged.append(f"{owner}:{owner_id}")
            continue
        fresh.append((owner, owner_id, present.wrap(plain, owner, owner_id)))
    if fresh:
        await raw.execute(_REWRAP, present.id, *map(list, zip(*fresh, strict=True)))
    made.done += len(fresh)
    return (rows[-1]["owner"], rows[-1]["owner_id"]) if len(rows) == _AT_ONCE else None


async def _audit(database: Database, actor: str, action: str, facts: Mapping[str, object]) -> None:
    async with database.sessions.begin() as session:
        session.add(AuditEntry(actor=actor, action=action, subject="keys", facts=dict(facts)))

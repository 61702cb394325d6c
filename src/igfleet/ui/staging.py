"""Imports between their two steps: what was pasted waits sealed, so that no page ever carries it back."""

from datetime import timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet.errors import Invalid
from igfleet.ui.models import DataKey, SealedSecret, StagedImport
from igfleet.ui.vault import Vault

_OWNER = "import"
_FIELD = "text"
_VALID = timedelta(hours=1)


async def keep(session: AsyncSession, vault: Vault, kind: str, text: str, user_id: int) -> int:
    """Keep a text for one hour; the key by which the same person takes it."""
    staged = StagedImport(kind=kind, user_id=user_id)
    session.add(staged)
    await session.flush()
    await vault.seal(session, _OWNER, staged.id, {_FIELD: text})
    return staged.id


async def take(session: AsyncSession, vault: Vault, kind: str, key: str, user_id: int) -> str:
    """The kept text, which is gone from then on. Raises `Invalid` when there is none for this person."""
    staged = StagedImport
    wanted = select(staged.id).where(
        staged.id == (int(key) if key.isdecimal() and len(key) < 18 else 0),
        staged.kind == kind,
        staged.user_id == user_id,
        staged.created_at > func.now() - _VALID,
    )
    found = await session.scalar(wanted.with_for_update())
    if found is None:
        raise Invalid("These lines are imported already, or they waited for more than an hour. Check them again.")
    opened = await vault.open(session, _OWNER, found, [_FIELD], actor="import", reason="import")
    for table in (SealedSecret, DataKey):
        await session.execute(delete(table).where(table.owner == _OWNER, table.owner_id == found))
    await session.execute(delete(staged).where(staged.id == found))
    return opened[_FIELD].get_secret_value()

"""Off-boarding a client: stop, export, destroy, and a receipt of it."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

import anyio.to_thread
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet.errors import Invalid, NotFound
from igfleet.ui import exports
from igfleet.ui.context import UiContext
from igfleet.ui.models import Account, AuditEntry, Receipt
from igfleet.ui.models.base import among
from igfleet.ui.offboarding import destroying, stopping

_IN_USE = """
SELECT sha256 FROM evidence WHERE sha256 = :it
UNION ALL SELECT sha256 FROM media WHERE sha256 = :it AND state <> 'broken'
"""
_STAYS = (
    "the names of the accounts, the history of their posts, and the audit",
    "log lines, for 90 days",
    "mails to your own people that name the accounts, for 30 days",
    "answers that repeated requests get, sealed, for 48 hours",
    "backups that were taken before, as long as they and the master key of their day are kept",
)


def require_confirmed(client: str, confirmed: str) -> None:
    """Raises `Invalid` unless the name was typed once more."""
    if confirmed != client:
        raise Invalid("Type the name of the client once more: this cannot be undone.", {"confirm": "is another name"})


async def stop(ui: UiContext, client: str, actor: str) -> int:
    """Nothing of the client's begins any more; how many runs are still to end. Raises `NotFound`."""
    async with ui.database.sessions.begin() as session:
        return await stopping.stop(session, await stopping.accounts_of(session, client), actor)


async def still_running(ui: UiContext, client: str) -> int:
    async with ui.database.sessions() as session:
        return await stopping.running(session, await stopping.accounts_of(session, client))


async def export(ui: UiContext, client: str) -> exports.Sheet:
    """All posts of the client, as they stand before anything is destroyed."""
    async with ui.database.sessions() as session:
        return await exports.posts_of_accounts(session, await stopping.accounts_of(session, client))


async def destroy(ui: UiContext, client: str, actor: str, exported: Mapping[str, Any]) -> Receipt:
    """All at once, or nothing. Raises `Conflict` while runs are under way."""
    async with ui.database.sessions.begin() as session:
        ids = await stopping.accounts_of(session, client)
        given_up, cancelled = await stopping.give_up_doubts(session, ids, actor)
        figures = await destroying.secrets(session, ids)
        files, leaving = await destroying.files(session, ids)
        told_of = await destroying.tellings(session, ids)
        ways = await destroying.ways_in(session, client)
        names = select(Account.username).where(among(Account.id, ids)).order_by(Account.username)
        facts: dict[str, Any] = {
            "client": client,
            "by": actor,
            "at": (await session.scalar(text("SELECT now()"))).isoformat(timespec="seconds"),
            "accounts": list(await session.scalars(names)),
            "exported": dict(exported),
            "destroyed": {**figures, **files, **told_of},
            "cancelled": {"account_tasks": cancelled, "posts_in_doubt": given_up},
            **ways,
            "stays": list(_STAYS),
        }
        receipt = Receipt(client=client, facts=facts, hash=hash_of(facts))
        session.add(receipt)
        told = {"receipt": receipt.hash, "accounts": len(ids), **facts["destroyed"]}
        session.add(AuditEntry(actor=actor, action="client_offboarded", subject=f"client:{client}", facts=told))
    for sha256 in leaving:
        await _remove(ui, sha256)
    return receipt


def hash_of(facts: Mapping[str, Any]) -> str:
    """Over the facts, in one order and without blanks."""
    written = json.dumps(facts, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(written.encode()).hexdigest()


async def receipts(session: AsyncSession) -> Sequence[Receipt]:
    """The newest first."""
    return list(await session.scalars(select(Receipt).order_by(Receipt.id.desc()).limit(1000)))


async def find_receipt(session: AsyncSession, receipt_id: int) -> Receipt:
    """Raises `NotFound`."""
    found = await session.get(Receipt, receipt_id)
    if found is None:
        raise NotFound(f"There is no receipt {receipt_id}.")
    return found


async def _remove(ui: UiContext, sha256: str) -> None:
    async with ui.database.sessions() as session:
        if await session.scalar(text(_IN_USE), {"it": sha256}) is None:
            await anyio.to_thread.run_sync(ui.storage.remove, sha256)

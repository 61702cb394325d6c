"""Heads: which one account task of each account may be claimed next.

What is paused is passed over; what is of a kind that rests lets the account's other kinds go first.
"""

from collections.abc import Sequence

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet.ui.raw import Raw

LOCK_ACCOUNTS = "SELECT id FROM accounts WHERE id = ANY($1::bigint[]) ORDER BY id FOR UPDATE"
"""Changes to one account's queue take turns. Always in this order, so that none waits for another in a ring."""

RESTING = """
(SELECT key FROM breakers WHERE scope = 'kind' AND ended_at IS NULL AND (until > now() OR probe IS NOT NULL))
"""
"""The kinds of which nothing is run: they rest, or are being probed."""
PROMOTE = f"""
WITH next AS (
  SELECT DISTINCT ON (account_id) id FROM account_tasks waiting
  WHERE account_id = ANY($1::bigint[]) AND state = 'available' AND NOT head
    AND task_id NOT IN (SELECT id FROM tasks WHERE paused_at IS NOT NULL)
    AND NOT EXISTS (
      SELECT 1 FROM account_tasks live
      WHERE live.account_id = waiting.account_id AND live.head AND live.state IN ('available', 'running'))
  ORDER BY account_id, kind IN {RESTING}, priority, id)
UPDATE account_tasks SET head = true FROM next WHERE account_tasks.id = next.id
"""


YIELD = f"""
UPDATE account_tasks SET head = false
WHERE account_id = ANY($1::bigint[]) AND (kind = 'verify' OR kind IN {RESTING}) AND state = 'available' AND head
"""
"""A look stands behind all other work: whatever becomes available goes first, served by this worker or not. So does
what rests."""


async def promote_raw(raw: Raw, account_ids: Sequence[int]) -> None:
    """Make the first available account task of each account its head, where none is live."""
    if account_ids:
        await raw.execute(LOCK_ACCOUNTS, list(account_ids))
        await raw.execute(YIELD, list(account_ids))
        await raw.execute(PROMOTE, list(account_ids))


async def promote(session: AsyncSession, account_ids: Sequence[int]) -> None:
    """`promote_raw` within a session. Call it after every change that frees or adds account tasks."""
    if account_ids:
        given = {"ids": list(account_ids)}
        await session.flush()  # the statements below must see what the session changed
        await session.execute(text(LOCK_ACCOUNTS.replace("$1::bigint[]", "CAST(:ids AS bigint[])")), given)
        await session.execute(text(YIELD.replace("$1::bigint[]", "CAST(:ids AS bigint[])")), given)
        await session.execute(text(PROMOTE.replace("$1::bigint[]", "CAST(:ids AS bigint[])")), given)

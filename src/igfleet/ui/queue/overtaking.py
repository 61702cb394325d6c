"""A kind that rests lets the other kinds of its accounts go first, and has its place again when the rest is over."""

from igfleet.ui.db import Database
from igfleet.ui.queue.promote import LOCK_ACCOUNTS, RESTING, promote_raw
from igfleet.ui.raw import Raw

_OVER = "coalesce(ended_at, until) BETWEEN now() - interval '1 day' AND now() AND probe IS NULL"
_ANY = f"SELECT EXISTS (SELECT FROM breakers WHERE scope = 'kind' AND (ended_at IS NULL OR {_OVER}))"
_HELD_BACK = f"""
SELECT DISTINCT front.account_id FROM account_tasks front
WHERE front.state = 'available' AND front.head AND front.account_id IS NOT NULL AND front.kind IN {RESTING}
  AND EXISTS (SELECT FROM account_tasks waiting JOIN tasks t ON t.id = waiting.task_id
    WHERE waiting.account_id = front.account_id AND waiting.state = 'available' AND NOT waiting.head
      AND waiting.kind NOT IN {RESTING} AND t.paused_at IS NULL)
LIMIT 1000
"""
_OVERTAKEN = f"""
SELECT DISTINCT front.id, front.account_id FROM account_tasks waiting
JOIN account_tasks front ON front.account_id = waiting.account_id
JOIN tasks t ON t.id = waiting.task_id
WHERE waiting.state = 'available' AND NOT waiting.head AND t.paused_at IS NULL
  AND waiting.kind IN (SELECT key FROM breakers WHERE scope = 'kind' AND {_OVER}) AND waiting.kind NOT IN {RESTING}
  AND front.state = 'available' AND front.head AND (waiting.priority, waiting.id) < (front.priority, front.id)
LIMIT 1000
"""
_BACK = "UPDATE account_tasks SET head = false WHERE id = ANY($1::bigint[]) AND state = 'available' AND head"


async def overtake(database: Database) -> int:
    """Bring the queues of accounts into the order that the rests of kinds ask for. How many accounts.

    What has begun goes on: only what still waits changes places.
    """
    async with database.transaction() as raw:
        if not await raw.fetchval(_ANY):
            return 0
        rows = await raw.fetch(_OVERTAKEN)
        held_back = [row["account_id"] for row in await raw.fetch(_HELD_BACK)]
        await _reorder(raw, [row["id"] for row in rows], [*held_back, *(row["account_id"] for row in rows)])
    return len({*held_back, *(row["account_id"] for row in rows)})


async def _reorder(raw: Raw, fronts: list[int], accounts: list[int]) -> None:
    if accounts:
        await raw.execute(LOCK_ACCOUNTS, sorted(set(accounts)))
        await raw.execute(_BACK, fronts)
        await promote_raw(raw, sorted(set(accounts)))

"""Doubts that no run could settle for a day: a person is asked, though nothing runs that could say so."""

from igfleet.reasons import ReasonCode
from igfleet.ui import ledger
from igfleet.ui.db import Database
from igfleet.ui.queue.promote import LOCK_ACCOUNTS, promote_raw
from igfleet.ui.raw import Raw
from igfleet.ui.reconcile import LONGEST_DOUBT

_OLD = """
SELECT p.id, p.account_id, p.account_task_id, p.task_id FROM posts p JOIN account_tasks a ON a.id = p.account_task_id
WHERE p.state = 'unknown' AND a.state <> 'running' AND p.settle_until < now() - $1::interval
  AND (p.restored_from IS NULL OR p.changed_at < now() - $1::interval) ORDER BY p.id LIMIT 100
"""
_STILL = """
SELECT p.id, p.state, p.epoch FROM posts p JOIN account_tasks a ON a.id = p.account_task_id
WHERE p.id = $1 AND p.state = 'unknown' AND a.state <> 'running' FOR UPDATE OF a, p
"""
_SUSPEND = """
UPDATE account_tasks SET state = 'suspended', head = false, available_at = NULL, changed_at = now(), reason_code = $2,
  message = 'It is not known if it is live, and nobody could look for a day.'
WHERE id = $1 AND state IN ('retryable', 'available')
"""


async def give_up(database: Database) -> list[int]:
    """Ask a person about each, one transaction each. Returns the tasks they belong to."""
    async with database.transaction() as raw:
        old = await raw.fetch(_OLD, LONGEST_DOUBT)
    for post in old:
        async with database.transaction() as raw:
            await _ask(raw, post["id"], post["account_id"], post["account_task_id"])
    return sorted({post["task_id"] for post in old})


async def _ask(raw: Raw, post_id: int, account_id: int, account_task_id: int) -> None:
    await raw.execute(LOCK_ACCOUNTS, [account_id])
    post = await raw.fetchrow(_STILL, post_id)
    if post is None:
        return
    await ledger.ask_person(raw, post, "nobody could look for 24 hours")
    await raw.execute(_SUSPEND, account_task_id, ReasonCode.UNSURE_IF_PUBLISHED.value)
    await promote_raw(raw, [account_id])

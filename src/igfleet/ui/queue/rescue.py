"""The tick: take back what silent workers held, let through what is due, repair summaries. Level-triggered."""

from igfleet.contracts.leases import Ending, LeaseOutcome
from igfleet.reasons import ReasonCode
from igfleet.ui.db import Database
from igfleet.ui.queue.finish import Finished, finish
from igfleet.ui.queue.promote import LOCK_ACCOUNTS, promote_raw

_SILENT = """
SELECT lease_id FROM account_tasks WHERE state = 'running' AND lease_expires_at < now()
ORDER BY lease_expires_at LIMIT 200
"""
_WHOSE = """
SELECT account_id FROM account_tasks WHERE state IN ('scheduled', 'retryable') AND available_at <= now()
ORDER BY available_at LIMIT 1000
"""
_DUE = """
WITH due AS (
  SELECT id FROM account_tasks WHERE state IN ('scheduled', 'retryable') AND available_at <= now()
    AND (account_id IS NULL OR account_id = ANY($1::bigint[]))
  ORDER BY available_at LIMIT 1000 FOR UPDATE SKIP LOCKED)
UPDATE account_tasks a SET state = 'available', head = a.account_id IS NULL, changed_at = now()
FROM due WHERE a.id = due.id RETURNING a.account_id, a.task_id
"""
_LOST = LeaseOutcome(
    outcome=Ending.RETRY_LATER, reason_code=ReasonCode.WORKER_LOST, message="The worker stopped answering"
)


async def rescue(database: Database) -> list[Finished]:
    """End every lease that ran out, one transaction each."""
    async with database.transaction() as raw:
        leases = [row["lease_id"] for row in await raw.fetch(_SILENT)]
    ended = []
    for lease in leases:
        async with database.transaction() as raw:
            still = "SELECT 1 FROM account_tasks WHERE lease_id = $1 AND state = 'running' AND lease_expires_at < now()"
            if await raw.fetchval(still, lease):
                ended.append(await finish(raw, lease, _LOST, rescued=True))
    return ended


async def let_through(database: Database) -> list[int]:
    """Make available what is due. Returns the tasks it belongs to.

    The accounts are locked before their account tasks, as everywhere: a person may be cancelling at the same moment.
    """
    async with database.transaction() as raw:
        waiting = await raw.fetch(_WHOSE)
        accounts = sorted({row["account_id"] for row in waiting if row["account_id"] is not None})
        await raw.execute(LOCK_ACCOUNTS, accounts)
        rows = await raw.fetch(_DUE, accounts)
        await promote_raw(raw, accounts)
    return sorted({row["task_id"] for row in rows})

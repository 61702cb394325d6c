"""Tasks that pause: by their stop rules, and what a paused task holds of its accounts' queues."""

import json
from datetime import timedelta

from igfleet.reasons import ReasonCode
from igfleet.runners import options_of
from igfleet.ui.db import Database
from igfleet.ui.queue.promote import LOCK_ACCOUNTS, promote_raw
from igfleet.ui.queue.stop_rules import Ended, looks_back, why_stop
from igfleet.ui.raw import Raw

_TASK = "SELECT kind, options FROM tasks WHERE id = $1 AND paused_at IS NULL AND created_by <> 'system'"
"""What igfleet itself orders (looks at published posts) has no stop rules."""
_ENDED = """
SELECT subject, failed, reason, extract(epoch FROM now() - at)::float AS age_s FROM attempts
WHERE task_id = $1 AND at > coalesce((SELECT resumed_at FROM tasks WHERE id = $1), '-infinity')
ORDER BY id DESC LIMIT $2
"""
_HAS_MORE = """
SELECT FROM account_tasks WHERE task_id = $1 AND state IN ('scheduled', 'available', 'running', 'retryable') LIMIT 1
"""
_PAUSE = """
UPDATE tasks SET paused_at = now(), paused_by = 'system', paused_why = $2 WHERE id = $1 AND paused_at IS NULL
RETURNING id
"""
_SAY = """
WITH said AS (INSERT INTO log_lines (task_id, level, event, text) VALUES ($1, 'warning', 'task_paused', $2))
INSERT INTO audit (actor, action, subject, facts) VALUES ('system', 'task_paused', 'task:' || $1::bigint, $3::jsonb)
"""
_HELD = """
SELECT DISTINCT a.account_id FROM tasks t JOIN account_tasks a ON a.task_id = t.id
WHERE t.paused_at IS NOT NULL AND a.state = 'available' AND a.head AND a.account_id IS NOT NULL LIMIT 1000
"""
_STEP_BACK = """
UPDATE account_tasks SET head = false WHERE account_id = ANY($1::bigint[]) AND state = 'available' AND head
  AND task_id IN (SELECT id FROM tasks WHERE paused_at IS NOT NULL)
"""


async def weigh(raw: Raw, task_id: int) -> None:
    """An attempt failed: pause the task when its rules say so. What is under way ends as if a person had paused it."""
    task = await raw.fetchrow(_TASK, task_id)
    if task is None:
        return
    options = options_of(task["kind"], task["options"])
    rows = await raw.fetch(_ENDED, task_id, looks_back(options))
    ended = [
        Ended(
            row["subject"],
            row["failed"],
            ReasonCode(row["reason"]) if row["reason"] else None,
            timedelta(seconds=row["age_s"]),
        )
        for row in rows
    ]
    why = why_stop(options, ended)
    if why is None or await raw.fetchrow(_HAS_MORE, task_id) is None:
        return
    if await raw.fetchval(_PAUSE, task_id, why) is not None:
        await raw.execute(_SAY, task_id, f"Paused: {why}", json.dumps({"why": why}))


async def step_back(database: Database) -> int:
    """Let the accounts of paused tasks do what they have to do in others. How many accounts."""
    async with database.transaction() as raw:
        accounts = sorted(row["account_id"] for row in await raw.fetch(_HELD))
        if accounts:
            await raw.execute(LOCK_ACCOUNTS, accounts)
            await raw.execute(_STEP_BACK, accounts)
            await promote_raw(raw, accounts)
    return len(accounts)

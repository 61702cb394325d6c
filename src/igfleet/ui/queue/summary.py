"""A task's own state, derived from its account tasks after each change, and repaired by the tick."""

from igfleet.contracts.states import AccountTaskState, summarise
from igfleet.ui.raw import Raw

_COUNTS = """
SELECT state, count(*) AS n, count(*) FILTER (WHERE has_failures) AS failures
FROM account_tasks WHERE task_id = $1 GROUP BY state
"""
_LIVE = """
SELECT 1 FROM account_tasks
WHERE task_id = $1 AND state IN ('scheduled', 'available', 'running', 'retryable', 'suspended')
LIMIT 1
"""
_GOES_ON = """
UPDATE tasks SET state = 'running', finished_at = NULL
WHERE id = $1 AND state IN ('completed', 'partially_completed', 'failed', 'cancelled')
"""
_SET = """
UPDATE tasks SET state = $2, finished_at = CASE WHEN $3 THEN coalesce(finished_at, now()) END
WHERE id = $1 AND state <> 'draft' AND state <> $2
"""


async def summarise_task(raw: Raw, task_id: int) -> None:
    """Set the task's state. Cheap while something is still to be done.

    When nothing seems to be, the task is locked and looked at again: a person may just have set it going anew.
    """
    if not await raw.fetchval(_LIVE, task_id):
        await raw.execute("SELECT FROM tasks WHERE id = $1 FOR UPDATE", task_id)
    if await raw.fetchval(_LIVE, task_id):
        await raw.execute(_GOES_ON, task_id)
        return
    rows = await raw.fetch(_COUNTS, task_id)
    counts = {AccountTaskState(row["state"]): row["n"] for row in rows}
    failures = sum(row["failures"] for row in rows if row["state"] == AccountTaskState.COMPLETED)
    state = summarise(counts, failures)
    await raw.execute(_SET, task_id, state.value, state.is_final)


async def stale(raw: Raw) -> list[int]:
    """The tasks that look unfinished but have nothing left to do."""
    rows = await raw.fetch(
        "SELECT id FROM tasks WHERE state IN ('queued', 'running') AND NOT EXISTS (SELECT 1 FROM account_tasks a "
        "WHERE a.task_id = tasks.id AND a.state IN ('scheduled', 'available', 'running', 'retryable', 'suspended')) "
        "LIMIT 100"
    )
    return [row["id"] for row in rows]

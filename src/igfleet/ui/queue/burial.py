"""An account that Instagram has suspended or disabled has nothing more to do."""

from igfleet.contracts.states import AccountTaskState
from igfleet.reasons import REASONS, ReasonCode
from igfleet.ui import ledger
from igfleet.ui.raw import Raw

_CANCEL = """
UPDATE account_tasks a SET state = 'cancelled', head = false, available_at = NULL, reason_code = $3, message = $4,
  changed_at = now(), finished_at = now()
WHERE a.account_id = $1 AND a.id <> $2
  AND (a.state IN ('available', 'retryable', 'suspended')
    OR (a.state = 'scheduled' AND a.task_id NOT IN (SELECT id FROM tasks WHERE state = 'draft')))
  AND NOT EXISTS (SELECT FROM posts p WHERE p.account_task_id = a.id
    AND p.state IN ('publishing', 'unknown', 'reconciling', 'needs_person'))
RETURNING a.id
"""


async def bury(raw: Raw, account_id: int, account_task_id: int, reason: ReasonCode) -> None:
    """Cancel what else the account has to do. What may be live stays, for a person; drafts are not touched.

    The tasks' own states follow by the tick.
    """
    message = REASONS[reason].happened
    for row in await raw.fetch(_CANCEL, account_id, account_task_id, reason.value, message):
        await ledger.close(raw, row["id"], AccountTaskState.CANCELLED, reason, message)

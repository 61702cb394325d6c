"""What a pause forbids a run that is under way: the next permit, the next act. What has its permit goes on."""

from datetime import timedelta

from igfleet.errors import PermitRefused
from igfleet.reasons import ReasonCode
from igfleet.ui.raw import Raw

PERMITS = 7460
"""The lock that permits share and the beginning of a standstill takes alone: each permit is either counted by it as
past, or sees it."""
_AFTER = timedelta(seconds=5)
_PAUSED = """
SELECT EXISTS (SELECT FROM standstills WHERE ended_at IS NULL) AS everything,
  (SELECT paused_at IS NOT NULL FROM tasks WHERE id = $1) AS task
"""


async def begin_permit(raw: Raw) -> None:
    """Before anything is read for a permit."""
    await raw.execute("SELECT pg_advisory_xact_lock_shared($1)", PERMITS)


async def refuse_if_paused(raw: Raw, task_id: int) -> None:
    """Raises `PermitRefused` (paused)."""
    paused = await raw.fetchrow(_PAUSED, task_id)
    if paused["everything"]:
        raise PermitRefused("Everything is paused.", ReasonCode.PAUSED, _AFTER)
    if paused["task"]:
        raise PermitRefused("The task is paused.", ReasonCode.PAUSED, _AFTER)

"""What an attempt leaves behind when it ends: a line of its own, and what several such lines have in common.

Called last in the transaction that ends the lease. The turns it takes (`_TAKE_TURNS`) are held to the commit, so that
of two endings at the same moment the second one counts the first.
"""

from typing import Any
from uuid import UUID

from igfleet.contracts.leases import Ending, LeaseOutcome
from igfleet.contracts.states import AccountTaskState
from igfleet.reasons import ReasonCode
from igfleet.ui.queue import breakers, stopping
from igfleet.ui.raw import Raw

_SILENT = {Ending.NOT_NOW, Ending.RELEASED, Ending.CANCELLED}
_FAILED = {AccountTaskState.RETRYABLE, AccountTaskState.SUSPENDED, AccountTaskState.DISCARDED}
_TURNS = 7461
_TAKE_TURNS = """
SELECT pg_advisory_xact_lock($1, turn) FROM (SELECT DISTINCT hashtext(name) AS turn FROM unnest($2::text[]) AS name
  ORDER BY turn) AS turns
"""
_NOTE = """
INSERT INTO attempts (task_id, account_task_id, subject, account_id, proxy_id, worker_id, kind, library, failed, reason)
SELECT a.task_id, a.id, coalesce(a.account_id, -a.id), a.account_id, o.proxy_id, a.lease_holder, a.kind,
  coalesce(w.libraries->>a.method, ''), $2, $3
FROM account_tasks a LEFT JOIN accounts o ON o.id = a.account_id LEFT JOIN workers w ON w.id = a.lease_holder
WHERE a.id = $1
RETURNING task_id, subject, account_id, proxy_id, worker_id, kind, library
"""


async def note(raw: Raw, account_task_id: int, lease_id: UUID, given: LeaseOutcome, state: AccountTaskState) -> None:
    """Write the attempt down; open, prolong or close breakers; pause the task when its stop rules say so."""
    reason = given.reason_code
    if given.outcome in _SILENT or reason is ReasonCode.WORKER_LOST:
        await breakers.let_go(raw, lease_id)
        return
    has_failed = given.outcome is not Ending.COMPLETED
    if not has_failed:
        reason = ReasonCode.ACTION_BLOCKED if given.result.get("blocked") else None
    is_failure = has_failed and state in _FAILED
    met: Any = await raw.fetchrow(_NOTE, account_task_id, is_failure, reason.value if reason else None)
    await breakers.probed(raw, lease_id, None if not has_failed else reason)
    if reason is None:
        return
    places = breakers.places(met)
    await raw.execute(_TAKE_TURNS, _TURNS, [f"task {met['task_id']}", *(f"{scope} {key}" for scope, key in places)])
    await breakers.weigh(raw, places, reason)
    if is_failure:
        await stopping.weigh(raw, met["task_id"])

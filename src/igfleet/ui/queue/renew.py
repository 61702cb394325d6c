"""Renewing: one statement for all leases that a worker holds."""

from collections.abc import Sequence
from uuid import UUID

from igfleet.contracts.leases import Renewal
from igfleet.ui.raw import Raw

IS_TO_STOP = """
cancel_requested_at IS NOT NULL AND NOT EXISTS (SELECT FROM posts p
  WHERE p.account_task_id = account_tasks.id AND p.state IN ('publishing', 'unknown', 'reconciling'))
"""
"""Whether a run is to be told that its end was asked for: not while it finds out what is live."""
_RENEW = f"""
UPDATE account_tasks SET lease_expires_at = now() + $2 * interval '1 second'
WHERE lease_id = ANY($1::uuid[]) AND state = 'running' AND lease_holder = ANY($3::bigint[]) AND lease_expires_at > now()
RETURNING lease_id, {IS_TO_STOP} AS cancel
"""


async def renew(raw: Raw, leases: Sequence[UUID], length_s: float, holders: Sequence[int]) -> list[Renewal]:
    """Prolong what is still held; tell of each whether it is, and whether its end was asked for."""
    held = {row["lease_id"]: row["cancel"] for row in await raw.fetch(_RENEW, list(leases), length_s, list(holders))}
    return [Renewal(id=lease, is_held=lease in held, cancel_requested=held.get(lease, False)) for lease in leases]

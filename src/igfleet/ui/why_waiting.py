"""Why parts of a task wait: grouped by what holds them back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet.reasons import REASONS, ReasonCode
from igfleet.ui import breaker_list
from igfleet.ui.breaker_list import OpenBreaker

_GROUPS = text("""
SELECT why, breaker, reason, count(*) AS n, min(at) AS at FROM (
  SELECT a.reason_code AS reason, b.id AS breaker,
    CASE WHEN a.state = 'scheduled' THEN a.available_at WHEN o.cooldown_until > now() THEN o.cooldown_until END AS at,
    CASE WHEN a.state = 'scheduled' AND a.behind_canary THEN 'canary'
      WHEN a.state = 'scheduled' AND a.available_at IS NULL THEN 'day'
      WHEN a.state = 'scheduled' THEN 'time'
      WHEN o.status NOT IN ('active', 'limited') OR o.archived_at IS NOT NULL THEN 'account'
      WHEN o.cooldown_until > now() THEN 'rest'
      WHEN b.id IS NOT NULL AND :hold THEN 'breaker'
      WHEN t.paused_at IS NOT NULL THEN 'pause'
      WHEN NOT a.head THEN 'behind'
      ELSE 'worker' END AS why
  FROM account_tasks a JOIN tasks t ON t.id = a.task_id
  LEFT JOIN accounts o ON o.id = a.account_id
  LEFT JOIN LATERAL (SELECT id FROM breakers WHERE ended_at IS NULL AND (scope, key) IN (
    ('proxy', o.proxy_id::text), ('account', o.id::text), ('kind', a.kind)) ORDER BY id LIMIT 1) b ON true
  WHERE a.task_id = :task AND a.state IN ('available', 'scheduled')) AS waiting
GROUP BY why, breaker, reason ORDER BY n DESC LIMIT 20
""")
_SAID = {
    "account": "the account is stopped or archived",
    "rest": "the account rests, as Instagram asked",
    "pause": "for the task to go on",
    "day": "for the end of the pause of its day (see Schedule)",
    "canary": "canary: for the first account tasks to end, and for somebody to go on with the others",
    "behind": "the account does something else first",
    "worker": "for a free worker that can do it",
}


@dataclass(frozen=True, slots=True)
class Waiting:
    """So many account tasks wait for the same."""

    count: int
    why: str
    until: datetime | None
    """When the first of them goes on, where that is known."""
    breaker: OpenBreaker | None = None


async def why_waiting(session: AsyncSession, task_id: int, *, breakers_hold: bool = True) -> Sequence[Waiting]:
    """The most common first."""
    rows = (await session.execute(_GROUPS, {"task": task_id, "hold": breakers_hold})).all()
    open_now = {one.breaker.id: one for one in await breaker_list.shown(session)} if rows else {}
    found = []
    for row in rows:
        breaker = open_now.get(row.breaker) if row.why == "breaker" else None
        if row.why == "time" and row.reason:
            why = REASONS[ReasonCode(row.reason)].happened
        elif row.why == "time":
            why = "for the time of its start"
        else:
            why = breaker.happened if breaker else _SAID.get(row.why, _SAID["worker"])
        found.append(Waiting(row.n, why, breaker.breaker.until if breaker else row.at, breaker))
    return found

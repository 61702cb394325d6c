"""The first thing that happens to a database that has just come out of a backup."""

from datetime import datetime

from igfleet.contracts.leases import Ending, LeaseOutcome
from igfleet.reasons import ReasonCode
from igfleet.settings import UiSettings
from igfleet.ui.queue.finish import finish
from igfleet.ui.raw import Raw
from igfleet.ui.restored import windows

_RUNNING = "SELECT lease_id FROM account_tasks WHERE state = 'running' ORDER BY id"
_LOST = LeaseOutcome(
    outcome=Ending.RETRY_LATER, reason_code=ReasonCode.WORKER_LOST, message="igfleet was restored from a backup"
)
_MARK = "UPDATE tasks SET restored_from = least(restored_from, $1), restored_at = now()"
_LOOK_ANEW = "UPDATE posts SET restored_from = NULL WHERE restored_from IS NOT NULL AND state IN ('planned', 'failed')"
"""Also what was looked for after an earlier restore."""
_DOUBTS = """
UPDATE posts p SET restored_from = $1, readings = '[]', epoch = epoch + 1, changed_at = now(),
  intent = jsonb_set(p.intent, '{snapshot,media_count}', 'null'),
  settle_until = now() + CASE WHEN a.method IN ('playwright', 'dolphin') THEN $3::interval ELSE $2::interval END
FROM account_tasks a WHERE a.id = p.account_task_id AND p.state = 'unknown' AND p.intent IS NOT NULL
"""
_COUNTS = """
SELECT count(*) FILTER (WHERE p.state IN ('planned', 'preparing')) AS unsent,
  count(*) FILTER (WHERE p.state IN ('unknown', 'reconciling')) AS doubtful
FROM posts p JOIN tasks t ON t.id = p.task_id WHERE t.state <> 'draft'
"""


async def take_over(raw: Raw, taken_at: datetime, settings: UiSettings) -> dict[str, int]:
    """Make a database that has just come out of a backup safe to work with; what there was, in figures.

    Leases end, what was under way is in doubt, everything else is looked for when its turn comes. Sign-ins
    end: one may have been ended on purpose after the backup.
    """
    leases = [row["lease_id"] for row in await raw.fetch(_RUNNING)]
    for lease in leases:
        await finish(raw, lease, _LOST, rescued=True)
    await raw.execute(_MARK, taken_at)
    await raw.execute(_LOOK_ANEW)
    await raw.execute(_DOUBTS, taken_at, *windows(settings))
    posts = await raw.fetchrow(_COUNTS)
    await raw.execute("DELETE FROM user_sessions")
    return {"leases_ended": len(leases), **dict(posts)}

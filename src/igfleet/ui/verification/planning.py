"""When to look: published posts get a check for each age, and accounts with due ones get one read. Level-triggered."""

import json
import secrets
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from igfleet.contracts.states import CheckState
from igfleet.runners.verify import Verify
from igfleet.settings import UiSettings
from igfleet.ui.db import Database
from igfleet.ui.queue.promote import LOCK_ACCOUNTS, promote_raw
from igfleet.ui.raw import Raw
from igfleet.ui.verification.history import note

_AT_ONCE = 200
_BEHIND_ALL = 1_000_000
"""Priority of a look: after everything else that the account has to do."""
_ATTEMPTS = 3
_KEPT = "1 hour"
_PATIENCE = "24 hours"
_WATCH = """
WITH fresh AS (
  SELECT id FROM posts WHERE state = 'published' AND NOT is_watched ORDER BY id LIMIT 500 FOR UPDATE SKIP LOCKED),
seen AS (
  UPDATE posts p SET is_watched = true FROM fresh WHERE p.id = fresh.id
  RETURNING p.id, p.account_id, p.media_pk, least(coalesce(p.published_at, p.changed_at), now()) AS at)
INSERT INTO checks (post_id, account_id, age_s, due_at, state, reason)
SELECT id, account_id, age, at + age * interval '1 second',
  CASE WHEN media_pk IS NULL THEN 'unverifiable' ELSE 'due' END,
  CASE WHEN media_pk IS NULL THEN 'its id on Instagram is not known' ELSE '' END
FROM seen CROSS JOIN unnest($1::float[]) AS age ON CONFLICT DO NOTHING
"""
_DUE = """
SELECT c.account_id, CASE WHEN o.session_at IS NOT NULL AND ($2 = 'sandbox'
      OR EXISTS (SELECT FROM live_methods WHERE method = 'instagrapi'))
  THEN 'instagrapi' ELSE 'playwright' END AS method
FROM checks c JOIN accounts o ON o.id = c.account_id
WHERE c.state = 'due' AND c.due_at <= now()
  AND o.status IN ('active', 'limited') AND o.archived_at IS NULL AND o.authorised_by <> ''
  AND (o.authorised_until IS NULL OR o.authorised_until >= current_date)
  AND (o.session_at IS NOT NULL OR o.web_session_at IS NOT NULL)
  AND NOT EXISTS (SELECT FROM account_tasks a WHERE a.account_id = c.account_id AND a.kind = 'verify'
    AND a.state IN ('scheduled', 'available', 'running', 'retryable', 'suspended'))
GROUP BY 1, 2 ORDER BY min(c.due_at) LIMIT $1
"""
_TASK = """
INSERT INTO tasks (kind, name, state, mode, seed, created_by, started_at)
VALUES ($1, 'Verification of published posts', 'completed', $2, $3, 'system', now()) ON CONFLICT DO NOTHING
"""
_ADD = """
INSERT INTO account_tasks (task_id, account_id, position, kind, method, state, priority, max_attempts, share)
SELECT t.id, $1, 0, t.kind, $2, 'available', $3, $4, $5::jsonb FROM tasks t WHERE t.kind = 'verify' AND t.mode = $6
  AND NOT EXISTS (SELECT FROM account_tasks a WHERE a.account_id = $1 AND a.kind = 'verify'
    AND a.state IN ('scheduled', 'available', 'running', 'retryable', 'suspended'))
"""
_NEWEST = """
SELECT count(*) + 12 FROM posts WHERE account_id = $1 AND published_at >=
  (SELECT min(p.published_at) FROM checks c JOIN posts p ON p.id = c.post_id
   WHERE c.account_id = $1 AND c.state = 'due' AND c.due_at <= now())
"""
_TOO_LATE = f"""
UPDATE checks c SET state = 'unverifiable', reason = 'nobody could look for 24 hours: the account is ' || CASE
    WHEN o.status NOT IN ('active', 'limited') THEN replace(o.status, '_', ' ')
    WHEN o.session_at IS NULL AND o.web_session_at IS NULL THEN 'not signed in' ELSE 'busy or resting' END
FROM accounts o WHERE o.id = c.account_id AND c.id IN
  (SELECT id FROM checks WHERE state = 'due' AND due_at < now() - interval '{_PATIENCE}' LIMIT 500)
  AND c.state = 'due'
RETURNING c.post_id, c.age_s, c.reason
"""
_FORGET = f"""
DELETE FROM account_tasks WHERE id IN (SELECT a.id FROM account_tasks a JOIN tasks t ON t.id = a.task_id
  WHERE t.kind = 'verify' AND a.state IN ('completed', 'discarded', 'cancelled')
    AND a.changed_at < now() - interval '{_KEPT}' LIMIT 500)
"""


async def plan_checks(database: Database, settings: UiSettings) -> bool:
    """Make the checks of what was published, and order a read for each account that has due ones. Whether any were."""
    async with database.transaction() as raw:
        await raw.execute(_WATCH, [age.total_seconds() for age in settings.verify_after])
    async with database.transaction() as raw:
        await _give_up(raw)
    async with database.transaction() as raw:
        due = await raw.fetch(_DUE, _AT_ONCE, settings.mode)
        if not due:
            return False
        await _order(raw, due, settings)
    return True


async def forget(raw: Raw) -> None:
    """Drop reads that are over; what they found stays with the posts."""
    await raw.execute(_FORGET)


async def _order(raw: Raw, due: Sequence[Any], settings: UiSettings) -> None:
    accounts = sorted({row["account_id"] for row in due})
    await raw.execute(LOCK_ACCOUNTS, accounts)
    await raw.execute(_TASK, Verify.kind, settings.mode, secrets.randbelow(2**31))
    for row in due:
        newest = await raw.fetchval(_NEWEST, row["account_id"])
        share = json.dumps({"newest": newest, "again_s": settings.verify_again.total_seconds()})
        await raw.execute(_ADD, row["account_id"], row["method"], _BEHIND_ALL, _ATTEMPTS, share, settings.mode)
    await promote_raw(raw, accounts)


async def _give_up(raw: Raw) -> None:
    """What could not be looked at for a day is not waited for any longer; its next age may be."""
    found = defaultdict[int, list[Any]](list)
    for row in await raw.fetch(_TOO_LATE):
        found[row["post_id"]].append(row)
    for post_id, rows in found.items():
        await note(raw, post_id, [row["age_s"] for row in rows], CheckState.UNVERIFIABLE, rows[0]["reason"], "system")

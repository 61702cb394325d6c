"""What has not begun, and when it is due: the rows that a person may move or hold, and nothing else.

A post has begun when a run prepares it. An account task without posts has begun with its first attempt.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

_DUE = """
coalesce(p.scheduled_at, CASE WHEN a.state IN ('scheduled', 'retryable') THEN a.available_at ELSE now() END)
"""
_POSTS = f"""
SELECT p.id, p.account_id, p.account_task_id, p.task_id, {_DUE} AS due, p.hold_id
FROM tasks t JOIN account_tasks a ON a.task_id = t.id JOIN posts p ON p.account_task_id = a.id
WHERE t.state IN ('queued', 'running') AND p.state = 'planned'
  AND (a.state IN ('scheduled', 'retryable', 'available') OR (a.state = 'running' AND :running))
  AND {_DUE} >= :since AND {_DUE} < :until
  AND (CAST(:task AS bigint) IS NULL OR t.id = :task) AND (CAST(:post AS bigint) IS NULL OR p.id = :post)
  AND (CAST(:tag AS text) = '' OR EXISTS (SELECT FROM accounts o WHERE o.id = p.account_id AND o.tags @> ARRAY[:tag]))
ORDER BY due, p.id
"""
_SHARES = """
SELECT a.id, a.account_id, a.task_id, coalesce(a.held_from, a.available_at) AS due, a.hold_id
FROM tasks t JOIN account_tasks a ON a.task_id = t.id
WHERE t.state IN ('queued', 'running') AND a.kind <> 'verify' AND a.state = 'scheduled' AND a.attempt = 0
  AND NOT EXISTS (SELECT FROM posts p WHERE p.account_task_id = a.id)
  AND coalesce(a.held_from, a.available_at) >= :since AND coalesce(a.held_from, a.available_at) < :until
  AND (CAST(:task AS bigint) IS NULL OR t.id = :task) AND CAST(:post AS bigint) IS NULL
  AND (CAST(:tag AS text) = '' OR EXISTS (SELECT FROM accounts o WHERE o.id = a.account_id AND o.tags @> ARRAY[:tag]))
ORDER BY due, a.id
"""
_LOCK_ACCOUNTS = text("SELECT id FROM accounts WHERE id = ANY(:ids) ORDER BY id FOR UPDATE")
_LOCK_RUNS = text("SELECT id FROM account_tasks WHERE id = ANY(:ids) ORDER BY id FOR UPDATE")
_RETIME = text("""
UPDATE account_tasks a SET changed_at = now(), available_at = CASE
    WHEN d.at IS NULL OR a.behind_canary THEN NULL
    WHEN a.reason_code IS NULL OR a.reason_code = 'outside_window' THEN d.at
    ELSE greatest(d.at, a.available_at) END
FROM (
  SELECT own.id, min(coalesce(p.scheduled_at, own.available_at)) FILTER (WHERE p.hold_id IS NULL) AS at
  FROM account_tasks own JOIN posts p ON p.account_task_id = own.id AND p.state = 'planned'
  WHERE own.id = ANY(:ids) AND own.state IN ('scheduled', 'retryable')
    AND NOT EXISTS (SELECT FROM posts q WHERE q.account_task_id = own.id
      AND q.state IN ('publishing', 'unknown', 'reconciling'))
  GROUP BY own.id) AS d
WHERE a.id = d.id
""")


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of time, of one task or all, of the accounts with a tag or all; or one post of it."""

    since: datetime
    until: datetime
    task_id: int | None = None
    tag: str = ""
    with_running: bool = False
    """Also posts of accounts that a run is at, which it has not prepared yet."""
    post_id: int | None = None

    def _given(self) -> dict[str, Any]:
        narrowed = {"task": self.task_id, "tag": self.tag, "post": self.post_id}
        return {"since": self.since, "until": self.until, **narrowed}

    async def locked(self, session: AsyncSession) -> tuple[Sequence[Any], Sequence[Any]]:
        """Its posts and its account tasks without posts, locked with their accounts in the order of the queue."""
        posts, shares = await self.read(session)
        accounts = {row.account_id for row in (*posts, *shares) if row.account_id is not None}
        runs = {row.account_task_id for row in posts} | {row.id for row in shares}
        await session.execute(_LOCK_ACCOUNTS, {"ids": sorted(accounts)})
        await session.execute(_LOCK_RUNS, {"ids": sorted(runs)})
        posts, shares = await self.read(session)  # what a run took meanwhile is no longer among them
        return [row for row in posts if row.account_task_id in runs], [row for row in shares if row.id in runs]

    async def read(self, session: AsyncSession) -> tuple[Sequence[Any], Sequence[Any]]:
        """The same, as it is at this moment."""
        posts = (await session.execute(text(_POSTS), {**self._given(), "running": self.with_running})).all()
        return posts, (await session.execute(text(_SHARES), self._given())).all()


async def retime(session: AsyncSession, account_task_ids: Sequence[int]) -> None:
    """Let waiting account tasks become available with their first post that is not held; where all are, never."""
    await session.execute(_RETIME, {"ids": list(account_task_ids)})

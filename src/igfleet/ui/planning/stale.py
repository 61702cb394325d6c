"""A plan that is no longer what would run, and what differs."""

import json
from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet.errors import Conflict
from igfleet.ui.models import Account, AccountTask, Media, Post, Task
from igfleet.ui.planning.posts import Plan
from igfleet.ui.planning.shares import SharePlan

type _Row = tuple[str, str, str, datetime | None]
"""User name, video, caption, time: one post as a person tells it from others."""


class PlanStale(Conflict):
    """The plan is no longer what would run. `added` and `removed` are posts as `account: video`."""

    reason_code = "plan_stale"

    def __init__(self, message: str, added: Sequence[str] = (), removed: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.added = tuple(added)
        self.removed = tuple(removed)


async def stale_of(session: AsyncSession, task: Task, present: Plan | SharePlan) -> PlanStale:
    """What differs between the stored plan and the one of now."""
    if isinstance(present, SharePlan):
        return await _stale_shares(session, task, present)
    rows = await session.execute(
        select(Account.username, Media.name, Post.caption, Post.scheduled_at)
        .join(Account, Account.id == Post.account_id)
        .join(Media, Media.id == Post.media_id)
        .where(Post.task_id == task.id)
    )
    before: Counter[_Row] = Counter((row[0], row[1], row[2], row[3]) for row in rows)
    now: Counter[_Row] = Counter(
        (post.account.username, post.media.name, post.caption, post.scheduled_at) for post in present.posts
    )
    removed = [f"{row[0]}: {row[1]}" for row in (before - now).elements()]
    added = [f"{row[0]}: {row[1]}" for row in (now - before).elements()]
    parts = [_told(removed, "would no longer be made"), _told(added, "would be new")]
    changes = "; ".join(part for part in parts if part) or "the way the posts are made changed"
    return PlanStale(f"The plan is no longer valid: {changes}. Plan it again.", added, removed)


async def _stale_shares(session: AsyncSession, task: Task, present: SharePlan) -> PlanStale:
    rows = await session.execute(select(AccountTask.title, AccountTask.share).where(AccountTask.task_id == task.id))
    before = Counter((title, json.dumps(share, sort_keys=True)) for title, share in rows)
    now = Counter((share.title, json.dumps(dict(share.facts), sort_keys=True)) for share in present.shares)
    removed = [title for title, _ in (before - now).elements()]
    added = [title for title, _ in (now - before).elements()]
    changes = f"{len(removed)} account tasks would be other ones" if removed or added else "the options changed"
    return PlanStale(f"The plan is no longer valid: {changes}. Plan it again.", added, removed)


def _told(posts: Sequence[str], what: str) -> str:
    if not posts:
        return ""
    examples = ", ".join(posts[:3]) + (", …" if len(posts) > 3 else "")
    return f"{len(posts)} {'post' if len(posts) == 1 else 'posts'} {what} ({examples})"

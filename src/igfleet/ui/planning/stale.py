"""A plan that is no longer what would run, and what differs."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet.errors import Conflict
from igfleet.plurals import counted
from igfleet.ui.models import Account, AccountTask, Media, Post, Task
from igfleet.ui.planning.notes import Note, NoteKind
from igfleet.ui.planning.posts import Plan
from igfleet.ui.planning.shares import SharePlan

type _Row = tuple[str, str, str, datetime | None]
"""User name, video, caption, time: one post as a person tells it from others."""
_TOLD = 3


class PlanStale(Conflict):
    """The plan is no longer what would run. `changes` are sentences that say what differs and why; `added` and
    `removed` are posts as `account: video`."""

    reason_code = "plan_stale"

    def __init__(
        self, message: str, added: Sequence[str] = (), removed: Sequence[str] = (), changes: Sequence[str] = ()
    ) -> None:
        super().__init__(message)
        self.added, self.removed, self.changes = tuple(added), tuple(removed), tuple(changes)


async def stale_of(session: AsyncSession, task: Task, present: Plan | SharePlan) -> PlanStale:
    """What differs between the stored plan and the one of now."""
    reasons = list(_reasons(task, present))
    if isinstance(present, SharePlan):
        return await _stale_shares(session, task, present, reasons)
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
    gone, new = before - now, now - before
    edited = Counter(row[:2] for row in gone.elements()) & Counter(row[:2] for row in new.elements())
    removed = _named(Counter(row[:2] for row in gone.elements()) - edited)
    added = _named(Counter(row[:2] for row in new.elements()) - edited)
    changes = [
        *_told(removed, "would no longer be made"),
        *_told(added, "would be new"),
        *_told(_named(edited), "would have another caption or time"),
    ]
    return _made(changes or ["the way the posts are made changed"], added, removed, reasons)


async def _stale_shares(session: AsyncSession, task: Task, present: SharePlan, reasons: Sequence[str]) -> PlanStale:
    rows = await session.execute(select(AccountTask.title, AccountTask.share).where(AccountTask.task_id == task.id))
    before = Counter((title, json.dumps(share, sort_keys=True)) for title, share in rows)
    now = Counter((share.title, json.dumps(dict(share.facts), sort_keys=True)) for share in present.shares)
    removed = [title for title, _ in (before - now).elements()]
    added = [title for title, _ in (now - before).elements()]
    other = [f"{len(removed)} account tasks would be other ones"]
    return _made(other if removed or added else ["the options changed"], added, removed, reasons)


def _made(changes: Sequence[str], added: Sequence[str], removed: Sequence[str], reasons: Sequence[str]) -> PlanStale:
    what = "; ".join([*changes, *reasons])
    return PlanStale(f"The plan is no longer valid: {what}. Plan it again.", added, removed, [*changes, *reasons])


def _reasons(task: Task, present: Plan | SharePlan) -> Iterator[str]:
    """What the plan leaves out now and did not before: accounts that stopped, files that went, budgets."""
    known = {(note.code, note.sentence): note.count for note in map(Note.model_validate, task.plan_notes)}
    for note in present.notes:
        more = note.count - known.get((note.code, note.sentence), 0)
        if more > 0 and note.kind is not NoteKind.WARNING:
            names = ", ".join(note.subjects[:_TOLD]) + (", …" if note.count > _TOLD else "")
            yield f"{note.sentence} ({more} more: {names})"


def _named(posts: Counter[tuple[str, str]]) -> list[str]:
    return [f"{username}: {video}" for username, video in posts.elements()]


def _told(posts: Sequence[str], what: str) -> list[str]:
    if not posts:
        return []
    examples = ", ".join(posts[:_TOLD]) + (", …" if len(posts) > _TOLD else "")
    return [f"{counted(len(posts), 'post')} {what} ({examples})"]

"""Moving what has not begun to another time: within the budgets of its accounts, all of it or nothing."""

from bisect import insort
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet.contracts.states import TaskState
from igfleet.errors import Conflict, Invalid, WrongState
from igfleet.plurals import counted
from igfleet.settings import UiSettings
from igfleet.ui.models import Account, AuditEntry, LogEntry, Post
from igfleet.ui.planning.history import History
from igfleet.ui.planning.plan import find_task
from igfleet.ui.schedule.due import Stretch, retime
from igfleet.ui.scope.scope import lifted

_GRACE = timedelta(minutes=1)
_NEAR = timedelta(days=1)
_EVER = datetime(2000, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
_TOLD = 5
_MOVE_POSTS = text("""
UPDATE posts p SET scheduled_at = moved.due, hold_id = NULL FROM unnest(
  CAST(:ids AS bigint[]), CAST(:due AS timestamptz[])) AS moved(id, due) WHERE p.id = moved.id AND p.state = 'planned'
""")
_MOVE_SHARES = text("""
UPDATE account_tasks a SET available_at = moved.due, hold_id = NULL, held_from = NULL, changed_at = now() FROM unnest(
  CAST(:ids AS bigint[]), CAST(:due AS timestamptz[])) AS moved(id, due) WHERE a.id = moved.id AND a.state = 'scheduled'
""")
_OTHERS = text("""
SELECT p.account_id, coalesce(p.published_at, p.permitted_at, p.scheduled_at, a.available_at, t.start_at, now()) AS at
FROM posts p JOIN tasks t ON t.id = p.task_id JOIN account_tasks a ON a.id = p.account_task_id
WHERE p.account_id = ANY(:accounts) AND NOT p.id = ANY(:ids) AND t.state <> 'draft' AND NOT t.dry_run
  AND p.state NOT IN ('failed', 'cancelled')
  AND coalesce(p.published_at, p.permitted_at, p.scheduled_at, a.available_at, t.start_at, now())
    BETWEEN :since AND :until
""")
_NEW_START = text("""
UPDATE tasks SET start_at = (SELECT min(available_at) FROM account_tasks WHERE task_id = :task AND state = 'scheduled')
WHERE id = :task AND state = 'queued' AND start_at IS NOT NULL
  AND NOT EXISTS (SELECT FROM account_tasks WHERE task_id = :task AND (state <> 'scheduled' OR available_at IS NULL))
""")


@dataclass(frozen=True, slots=True)
class Moved:
    """What was moved."""

    count: int
    noun: str
    by: timedelta


async def move(session: AsyncSession, settings: UiSettings, chosen: Stretch, to: datetime, actor: str) -> Moved:
    """Move what of one task is due in the stretch and has not begun, so that the first of it is due at `to`.

    The distances between stay. Posts that were held are free again. Raises `NotFound`, `WrongState` when there is
    nothing left to move, `Invalid` for a time that is over, `Conflict` when a budget would not allow it.
    """
    task = await find_task(session, chosen.task_id or 0)
    if task.state not in (TaskState.QUEUED, TaskState.RUNNING):
        raise WrongState(f"Task {task.id} is {task.state.replace('_', ' ')}: there is nothing to move.")
    posts, shares = await chosen.locked(session)
    if not posts and not shares:
        raise WrongState("Nothing of this has not begun yet: what is under way or over is not moved.")
    now = (await session.execute(select(func.now()))).scalar_one()
    if to < now - _GRACE:
        raise Invalid("This time is over.", {"to": "is over: choose a later time"})
    by = to - min(row.due for row in (*posts, *shares))
    await _check_budgets(session, settings, posts, by)
    await session.execute(_MOVE_POSTS, _moved(posts, by))
    await session.execute(_MOVE_SHARES, _moved(shares, by))
    await retime(session, list({row.account_task_id for row in posts}))
    async with lifted(session):
        await session.execute(_NEW_START, {"task": task.id})
    made = Moved(len(posts) or len(shares), "post" if posts else "account task", by)
    text_of_log = f"{counted(made.count, made.noun)} moved by {actor}: the first is due at {to:%Y-%m-%d %H:%M} UTC"
    session.add(LogEntry(task_id=task.id, event="schedule_moved", text=text_of_log))
    facts = {"count": made.count, "since": chosen.since.isoformat(), "to": to.isoformat()}
    session.add(AuditEntry(actor=actor, action="schedule_moved", subject=f"task:{task.id}", facts=facts))
    return made


async def move_post(session: AsyncSession, settings: UiSettings, post: Post, to: datetime, actor: str) -> Moved:
    """Move one post that has not begun. Raises what `move` raises."""
    return await move(session, settings, Stretch(*_EVER, post.task_id, post_id=post.id), to, actor)


async def _check_budgets(session: AsyncSession, settings: UiSettings, posts: Sequence[Any], by: timedelta) -> None:
    """Every account's posts of an hour and of a day, with what it has besides. Raises `Conflict`."""
    if not posts:
        return
    given = {
        "accounts": list({row.account_id for row in posts}),
        "ids": [row.id for row in posts],
        "since": min(row.due for row in posts) + by - _NEAR,
        "until": max(row.due for row in posts) + by + _NEAR,
    }
    history = History()
    for account_id, at in await session.execute(_OTHERS, given):
        insort(history.times.setdefault(account_id, []), at)
    too_many: Counter[int] = Counter()
    for row in posts:
        at = row.due + by
        if (
            history.in_hour(row.account_id, at) >= settings.publish_budget_per_hour
            or history.in_day(row.account_id, at) >= settings.publish_budget_per_day
        ):
            too_many[row.account_id] += 1
        insort(history.times.setdefault(row.account_id, []), at)
    if too_many:
        raise Conflict(await _told(session, settings, too_many))


async def _told(session: AsyncSession, settings: UiSettings, too_many: Counter[int]) -> str:
    rows = await session.execute(
        select(Account.id, Account.username).where(Account.id.in_(list(too_many))).order_by(Account.username)
    )
    names = [f"{username} ({too_many[account_id]})" for account_id, username in rows]
    listed = ", ".join(names[:_TOLD]) + (f" and {len(names) - _TOLD} more" if len(names) > _TOLD else "")
    limits = f"{settings.publish_budget_per_hour} posts an hour and {settings.publish_budget_per_day} a day"
    return f"Nothing was moved: there would be more than {limits} of {listed}. Choose a time with more room."


def _moved(rows: Sequence[Any], by: timedelta) -> dict[str, Any]:
    return {"ids": [row.id for row in rows], "due": [row.due + by for row in rows]}

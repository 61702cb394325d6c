"""What the fleet may still publish today, and what is due next."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet.contracts.states import AccountTaskState, PostState, TaskState
from igfleet.ui.models import Account, AccountTask, Post, Task
from igfleet.ui.throughput import PLAIN_KINDS

_DAY, _NEXT = timedelta(days=1), timedelta(hours=2)
_LIVE = (TaskState.QUEUED, TaskState.RUNNING)


@dataclass(frozen=True, slots=True)
class Published:
    """The publishing budget of all accounts that may run: a day is the last 24 hours."""

    used: int
    allowed: int
    full: int
    """Accounts that may publish nothing more today."""

    @property
    def percent(self) -> int:
        return min(100 * self.used // self.allowed, 100) if self.allowed else 0


@dataclass(frozen=True, slots=True)
class Due:
    """What begins within the next two hours."""

    count: int
    first: datetime | None
    last: datetime | None

    @property
    def when(self) -> str:
        if self.first is None or self.last is None:
            return ""
        first, last = f"{self.first.astimezone(UTC):%H:%M}", f"{self.last.astimezone(UTC):%H:%M}"
        return f"at {first} UTC" if first == last else f"{first} to {last} UTC"


async def published(session: AsyncSession, per_day: int, active: int) -> Published:
    """`per_day` of one account, `active` accounts that have it."""
    per_account = (
        select(Post.account_id, func.count().label("used"))
        .where(Post.permitted_at > func.now() - _DAY)
        .group_by(Post.account_id)
        .subquery()
    )
    is_listed = select(Account.id).where(Account.id == per_account.c.account_id, Account.archived_at.is_(None)).exists()
    full = func.count().filter(per_account.c.used >= per_day, is_listed)
    used = func.coalesce(func.sum(per_account.c.used), 0)
    found = (await session.execute(select(used, full).select_from(per_account))).one()
    return Published(int(found[0]), per_day * active, found[1])


async def posts_due(session: AsyncSession, now: datetime) -> Due:
    """Posts with a time of their own in tasks that go on; held ones are not due."""
    at = func.coalesce(Post.published_at, Post.scheduled_at)  # as the index has it
    waits = Post.state == PostState.PLANNED, Post.hold_id.is_(None)
    query = select(func.count(), func.min(at), func.max(at)).join(Task, Task.id == Post.task_id)
    return await _due(session, query.where(at >= now, at < now + _NEXT, *waits))


async def others_due(session: AsyncSession, now: datetime) -> Due:
    """Account tasks of kinds without posts that begin by then."""
    at = AccountTask.available_at
    waits = AccountTask.state == AccountTaskState.SCHEDULED, AccountTask.kind.in_(PLAIN_KINDS)
    query = select(func.count(), func.min(at), func.max(at)).join(Task, Task.id == AccountTask.task_id)
    return await _due(session, query.where(at >= now, at < now + _NEXT, *waits, AccountTask.hold_id.is_(None)))


async def _due(session: AsyncSession, query: Select[int, Any, Any]) -> Due:
    count, first, last = (await session.execute(query.where(Task.state.in_(_LIVE), Task.paused_at.is_(None)))).one()
    return Due(count, first, last)

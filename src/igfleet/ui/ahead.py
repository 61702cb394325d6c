"""What the fleet may still publish today, and what is due next."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet.contracts.states import AccountTaskState, PostState, TaskState
from igfleet.ui.models import Account, AccountTask, Post, Task
from igfleet.ui.throughput import PLAIN_KINDS

_DAY, _NEXT = timedelta(days=1), timedelta(hours=2)


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


_per_account = (
    select(Post.account_id, func.count().label("used"))
    .where(Post.permitted_at > func.now() - _DAY)
    .group_by(Post.account_id)
    .subquery()
)
_is_listed = select(Account.id).where(Account.id == _per_account.c.account_id, Account.archived_at.is_(None)).exists()
_PUBLISHED = select(
    func.coalesce(func.sum(_per_account.c.used), 0),
    func.count().filter(_per_account.c.used >= bindparam("per_day"), _is_listed),
).select_from(_per_account)


def _due(at: Any, task: Any, *waits: ColumnElement[bool]) -> Select[int, Any, Any]:
    """What waits for its moment `at`, in a task that goes on."""
    goes_on = Task.state.in_((TaskState.QUEUED, TaskState.RUNNING)), Task.paused_at.is_(None)
    query = select(func.count(), func.min(at), func.max(at)).join(Task, Task.id == task).where(*waits, *goes_on)
    return query.where(at >= bindparam("now"), at < bindparam("then"))


_POSTS_DUE = _due(
    func.coalesce(Post.published_at, Post.scheduled_at),  # as the index has it
    Post.task_id,
    Post.state == PostState.PLANNED,
    Post.hold_id.is_(None),
)
_OTHERS_DUE = _due(
    AccountTask.available_at,
    AccountTask.task_id,
    AccountTask.state == AccountTaskState.SCHEDULED,
    AccountTask.kind.in_(PLAIN_KINDS),
    AccountTask.hold_id.is_(None),
)


async def published(session: AsyncSession, per_day: int, active: int) -> Published:
    """`per_day` of one account, `active` accounts that have it."""
    used, full = (await session.execute(_PUBLISHED, {"per_day": per_day})).one()
    return Published(int(used), per_day * active, full)


async def posts_due(session: AsyncSession, now: datetime) -> Due:
    """Posts with a time of their own in tasks that go on; held ones are not due."""
    return Due(*(await session.execute(_POSTS_DUE, {"now": now, "then": now + _NEXT})).one())


async def others_due(session: AsyncSession, now: datetime) -> Due:
    """Account tasks of kinds without posts that begin by then."""
    return Due(*(await session.execute(_OTHERS_DUE, {"now": now, "then": now + _NEXT})).one())

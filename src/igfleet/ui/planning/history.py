"""What the accounts of a plan have published already, or will through other tasks."""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet.contracts.states import PostState, TaskState
from igfleet.ui.models import Post, Task

_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)
_COUNTED = tuple(state for state in PostState if state not in (PostState.FAILED, PostState.CANCELLED))


@dataclass(slots=True)
class History:
    """Grows by each post that the plan accepts, so that a plan also collides with itself."""

    live: set[tuple[int, str]] = field(default_factory=set)
    """(account, sha256) that is published or may be."""
    planned: dict[tuple[int, str], int] = field(default_factory=dict)
    """(account, sha256) that a started task has planned, and the task."""
    here: set[tuple[int, str]] = field(default_factory=set)
    """(account, sha256) of this plan."""
    times: dict[int, list[datetime]] = field(default_factory=dict)
    """By account, when its posts are or were published, in order."""

    def in_hour(self, account_id: int, at: datetime) -> int:
        return self._near(account_id, at, _HOUR)

    def in_day(self, account_id: int, at: datetime) -> int:
        return self._near(account_id, at, _DAY)

    def accept(self, account_id: int, sha256: str, at: datetime) -> None:
        self.here.add((account_id, sha256))
        insort(self.times.setdefault(account_id, []), at)

    def _near(self, account_id: int, at: datetime, length: timedelta) -> int:
        """The most posts in a span of this length that ends or begins at `at`."""
        times = self.times.get(account_id, [])
        before = bisect_right(times, at) - bisect_right(times, at - length)
        after = bisect_left(times, at + length) - bisect_left(times, at)
        return max(before, after)


async def history_of(
    session: AsyncSession, task_id: int, account_ids: Sequence[int], shas: Sequence[str], now: datetime
) -> History:
    """What is known of these accounts from all other tasks that were started."""
    history = History()
    others = (
        Post.account_id.in_(account_ids),
        Post.task_id != task_id,
        Task.state != TaskState.DRAFT,
        Task.dry_run.is_(False),
        Post.state.in_(_COUNTED),
    )
    same = select(Post.account_id, Post.media_sha256, Post.state, Post.task_id).join(Task, Task.id == Post.task_id)
    for account_id, sha256, state, other in await session.execute(same.where(*others, Post.media_sha256.in_(shas))):
        if state == PostState.PUBLISHED or PostState(state).is_doubtful:
            history.live.add((account_id, sha256))
        else:
            history.planned[account_id, sha256] = other
    when = func.coalesce(Post.published_at, Post.permitted_at, Post.scheduled_at, Task.start_at, now)
    times = select(Post.account_id, when).join(Task, Task.id == Post.task_id).where(*others, when > now - _DAY)
    for account_id, at in await session.execute(times):
        insort(history.times.setdefault(account_id, []), at)
    return history

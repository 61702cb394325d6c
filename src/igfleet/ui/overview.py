"""What the first page tells, read from the tables."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from igfleet import clock
from igfleet.contracts.states import (
    AccountStatus,
    AccountTaskState,
    MediaState,
    PostState,
    ProxyState,
    TaskState,
    WorkerState,
)
from igfleet.runners import KINDS
from igfleet.settings import UiSettings
from igfleet.ui import ahead, breaker_list
from igfleet.ui.ahead import Due, Published
from igfleet.ui.breaker_list import OpenBreaker
from igfleet.ui.models import Account, AccountTask, Media, Post, Proxy, Task, Worker
from igfleet.ui.progress import Progress, progress
from igfleet.ui.task_list import LISTED
from igfleet.ui.throughput import Throughput, throughput
from igfleet.ui.verification import incidents, rate

_LATE, _LOST, _FORGOTTEN = timedelta(seconds=15), timedelta(seconds=60), timedelta(hours=24)
_WEEK = timedelta(days=7)
_SHOWN = 10
_SUSPENDED = AccountTask.state == AccountTaskState.SUSPENDED
_DRAFT = Task.state == TaskState.DRAFT
_WAITING = (
    select(AccountTask)
    .where(_SUSPENDED)
    .order_by(AccountTask.changed_at)
    .limit(_SHOWN)
    .options(joinedload(AccountTask.account), joinedload(AccountTask.task).options(*LISTED))
)
_TASKS = select(Task).options(*LISTED)
_LATEST = _TASKS.where(~_DRAFT, Task.kind.in_(KINDS)).order_by(Task.id.desc()).limit(5)
_DRAFTS = _TASKS.where(_DRAFT).order_by(Task.id.desc()).limit(_SHOWN)
_PAUSED = (
    _TASKS.where(Task.paused_at.is_not(None), Task.state.in_((TaskState.QUEUED, TaskState.RUNNING)))
    .order_by(Task.paused_at)
    .limit(_SHOWN)
)
_FAILING = select(Proxy).where(Proxy.state == ProxyState.FAILING).limit(5)
_WORKERS = select(Worker).where(Worker.seen_at > bindparam("since")).order_by(Worker.name)
_ACCOUNTS = select(func.count(), func.count().filter(Account.status == AccountStatus.ACTIVE)).where(
    Account.archived_at.is_(None)
)
_DOUBTFUL = Post.state.in_((PostState.UNKNOWN, PostState.NEEDS_PERSON))
_COUNTED = {
    "waiting_count": select(func.count()).where(_SUSPENDED),
    "doubtful": select(func.count()).where(_DOUBTFUL),
    "incidents": incidents.counted(),
    "videos": select(func.count()).where(Media.state == MediaState.READY),
}
_COUNTS = select(*(query.scalar_subquery().label(name) for name, query in _COUNTED.items()))


def worker_state(worker: Worker, now: datetime | None = None) -> WorkerState:
    """Derived from the last heartbeat and the drain flag."""
    silent = (now or clock.now()) - worker.seen_at
    if silent > _LOST:
        return WorkerState.LOST
    if silent > _LATE:
        return WorkerState.LATE
    return WorkerState.DRAINING if worker.draining_since else WorkerState.ONLINE


@dataclass(frozen=True, slots=True)
class Seen:
    """All that the page shows."""

    waiting: Sequence[AccountTask]
    """Account tasks that need a person, oldest first."""
    waiting_count: int
    doubtful: int
    failing_proxies: Sequence[Proxy]
    paused: Sequence[Task]
    resting: Sequence[OpenBreaker]
    """What several accounts failed with in common."""
    drafts: Sequence[Task]
    """Not started yet, newest first."""
    tasks: Sequence[Task]
    far: dict[int, Progress]
    """How far each task shown is."""
    workers: Sequence[tuple[Worker, WorkerState]]
    day: Throughput
    published: Published
    posts_due: Due
    others_due: Due
    verified: rate.Rate
    """Of what was published in the last seven days."""
    incidents: int
    accounts: int
    accounts_active: int
    videos: int

    @property
    def steps(self) -> list[tuple[str, str, bool]]:
        """The newcomer's check-list: what, where, whether it is done."""
        online = any(state is WorkerState.ONLINE for _, state in self.workers)
        return [
            ("Start a worker", "/workers", online),
            ("Import accounts", "/accounts/import", self.accounts > 0),
            ("Upload videos", "/media", self.videos > 0),
            ("Publish a bulk upload", "/tasks/new/bulk_upload", bool(self.tasks)),
        ]

    @property
    def is_new(self) -> bool:
        return not all(done for _, _, done in self.steps)


async def gather(session: AsyncSession, settings: UiSettings) -> Seen:
    """Read it all: a handful of small queries."""
    tasks, drafts = list(await session.scalars(_LATEST)), list(await session.scalars(_DRAFTS))
    accounts, active = (await session.execute(_ACCOUNTS)).one()
    now = clock.now()
    return Seen(
        waiting=list(await session.scalars(_WAITING)),
        failing_proxies=list(await session.scalars(_FAILING)),
        paused=list(await session.scalars(_PAUSED)),
        resting=await breaker_list.shown(session),
        drafts=drafts,
        tasks=tasks,
        far=await progress(session, [*drafts, *tasks]),
        workers=await workers(session),
        day=await throughput(session, now),
        published=await ahead.published(session, settings.publish_budget_per_day, active),
        posts_due=await ahead.posts_due(session, now),
        others_due=await ahead.others_due(session, now),
        verified=await rate.since(session, now - _WEEK),
        accounts=accounts,
        accounts_active=active,
        **(await session.execute(_COUNTS)).mappings().one(),
    )


async def workers(session: AsyncSession) -> list[tuple[Worker, WorkerState]]:
    """The workers heard of in the last day, with their states."""
    found = await session.scalars(_WORKERS, {"since": clock.now() - _FORGOTTEN})
    return [(worker, worker_state(worker)) for worker in found]

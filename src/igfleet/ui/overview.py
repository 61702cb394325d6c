"""What the first page tells, read from the tables."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import RowMapping, Select, func, select
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
from igfleet.ui.throughput import Throughput, throughput
from igfleet.ui.verification import incidents, rate

_LATE, _LOST, _FORGOTTEN = timedelta(seconds=15), timedelta(seconds=60), timedelta(hours=24)
_WEEK = timedelta(days=7)
_SHOWN = 10
_DOUBTFUL = (PostState.UNKNOWN, PostState.NEEDS_PERSON)


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
    suspended = AccountTask.state == AccountTaskState.SUSPENDED
    waiting = select(AccountTask).where(suspended).order_by(AccountTask.changed_at).limit(_SHOWN)
    loaded = waiting.options(joinedload(AccountTask.account), joinedload(AccountTask.task))
    latest = select(Task).where(Task.state != TaskState.DRAFT, Task.kind.in_(KINDS)).order_by(Task.id.desc()).limit(5)
    tasks = list(await session.scalars(latest))
    unstarted = select(Task).where(Task.state == TaskState.DRAFT).order_by(Task.id.desc()).limit(_SHOWN)
    drafts = list(await session.scalars(unstarted))
    is_live = Task.state.in_((TaskState.QUEUED, TaskState.RUNNING))
    paused = select(Task).where(Task.paused_at.is_not(None), is_live).order_by(Task.paused_at).limit(_SHOWN)
    now = clock.now()
    there = Account.archived_at.is_(None)
    is_active = Account.status == AccountStatus.ACTIVE
    accounts, active = (await session.execute(select(func.count(), func.count().filter(is_active)).where(there))).one()
    counts = await _counts(
        session,
        waiting=select(func.count()).where(suspended),
        doubtful=select(func.count()).where(Post.state.in_(_DOUBTFUL)),
        incidents=incidents.counted(),
        videos=select(func.count()).where(Media.state == MediaState.READY),
    )
    return Seen(
        waiting=list(await session.scalars(loaded)),
        waiting_count=counts["waiting"],
        doubtful=counts["doubtful"],
        failing_proxies=list(await session.scalars(select(Proxy).where(Proxy.state == ProxyState.FAILING).limit(5))),
        paused=list(await session.scalars(paused)),
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
        incidents=counts["incidents"],
        accounts=accounts,
        accounts_active=active,
        videos=counts["videos"],
    )


async def _counts(session: AsyncSession, **queries: Select[int]) -> RowMapping:
    """Each number by its name, in one statement."""
    named = (query.scalar_subquery().label(name) for name, query in queries.items())
    return (await session.execute(select(*named))).mappings().one()


async def workers(session: AsyncSession) -> list[tuple[Worker, WorkerState]]:
    """The workers heard of in the last day, with their states."""
    query = select(Worker).where(Worker.seen_at > clock.now() - _FORGOTTEN).order_by(Worker.name)
    return [(worker, worker_state(worker)) for worker in await session.scalars(query)]

"""What a task's page tells, read from the tables."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import BigInteger, ColumnElement, bindparam, cast, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload, load_only

from igfleet.contracts.states import AccountTaskState, TaskState
from igfleet.runners import runner_of
from igfleet.runners.base import Options, Runner
from igfleet.ui import evidence
from igfleet.ui.causes import Cause, causes_of
from igfleet.ui.models import Account, AccountTask, Evidence, LogEntry, Media, Post, Task
from igfleet.ui.models.base import among
from igfleet.ui.planning.canary import CanaryView, canary_of
from igfleet.ui.planning.cloning import undoing_of
from igfleet.ui.planning.plan import find_task
from igfleet.ui.progress import Progress, progress
from igfleet.ui.retrying import failed_in_part
from igfleet.ui.verification import rate
from igfleet.ui.why_waiting import Waiting, why_waiting

ROWS = 100
_POSTS_PER_ROW = 50
_LINES = 200
_OF_TASK = AccountTask.task_id == bindparam("task_id")
_COUNTED = select(AccountTask.state, func.count()).where(_OF_TASK).group_by(AccountTask.state)
_ROWS = (
    select(AccountTask)
    .where(_OF_TASK)
    .options(joinedload(AccountTask.account).load_only(Account.username, Account.status))
    .order_by(AccountTask.position, AccountTask.id)
    .offset(bindparam("skipped"))
    .limit(ROWS)
)
"""In the order of the plan, which never changes under the pointer."""
_ROWS_IN_STATE = _ROWS.where(AccountTask.state == bindparam("state"))
_each = func.jsonb_each_text(AccountTask.counters).table_valued("key", "value")
_COUNTERS = (
    select(_each.c.key, func.sum(cast(_each.c.value, BigInteger)))
    .select_from(AccountTask)
    .join(_each, text("true"))
    .where(_OF_TASK)
    .group_by(_each.c.key)
)
_POSTS = (
    select(Post)
    .where(among(Post.account_task_id, bindparam("ids")))
    .options(load_only(Post.account_task_id, Post.state, Post.permalink), joinedload(Post.file).load_only(Media.name))
    .order_by(Post.account_task_id, Post.position)
    .limit(ROWS * _POSTS_PER_ROW)
)
_NEWEST_LINES = (
    select(LogEntry, func.coalesce("@" + Account.username, AccountTask.title))
    .outerjoin(AccountTask, AccountTask.id == LogEntry.account_task_id)
    .outerjoin(Account, Account.id == AccountTask.account_id)
    .where(LogEntry.task_id == bindparam("task_id"))
    .order_by(LogEntry.id.desc())
    .limit(_LINES)
)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the log, and whose it is."""

    entry: LogEntry
    who: str | None
    """The account's user name, or the file or proxy it is about; None: the task itself."""


@dataclass(frozen=True, slots=True)
class TaskPage:
    task: Task
    kind: type[Runner[Options]]
    counts: dict[str, int]
    """Account tasks by state."""
    progress: Progress
    counters: Mapping[str, int]
    """What the account tasks counted, in all."""
    rows: Sequence[AccountTask]
    rows_total: int
    posts: dict[int, list[Post]] = field(default_factory=dict)
    """Of the rows shown, by account task."""
    evidence: Mapping[int, Sequence[Evidence]] = field(default_factory=dict)
    """Pictures and texts of failed attempts, of the rows shown, by account task."""
    causes: Sequence[Cause] = ()
    waiting: Sequence[Waiting] = ()
    """What holds back the rest."""
    canary: CanaryView | None = None
    """Where its first account tasks stand while the others are held."""
    lines: Sequence[Line] = ()
    failed_in_part: bool = False
    """Whether a completed one of the account tasks did not get all of its share done."""
    verified: rate.Rate = field(default_factory=rate.Rate)
    """Of what was published and was to be looked for again by now."""
    may_undo: bool = False
    """Whether it is over, and something of it can be set back."""

    @property
    def needs_person(self) -> int:
        return self.counts.get(AccountTaskState.SUSPENDED, 0)

    @property
    def has_failures(self) -> bool:
        """Whether there is something to retry."""
        return bool(self.counts.get(AccountTaskState.DISCARDED)) or self.failed_in_part


async def gather(
    session: AsyncSession, task_id: int, state: str = "", page: int = 1, *, breakers_hold: bool = True
) -> TaskPage:
    """Everything the page shows. `state` filters the rows by the account task's state.

    `breakers_hold`: whether breakers hold anything back, or only tell.
    """
    task = await find_task(session, task_id)
    runner = runner_of(task.kind)
    counts = dict((await session.execute(_COUNTED, {"task_id": task_id})).all())
    place = {"task_id": task_id, "skipped": (page - 1) * ROWS, "state": state}
    rows = list(await session.scalars(_ROWS_IN_STATE if state else _ROWS, place))
    return TaskPage(
        task=task,
        kind=runner,
        counts=counts,
        progress=(await progress(session, [task]))[task_id],
        counters=await _counters(session, task_id, runner),
        rows=rows,
        rows_total=counts.get(state, 0) if state else sum(counts.values()),
        posts=await _posts(session, [row.id for row in rows]) if runner.has_posts else {},
        evidence=await evidence.of(session, [row.id for row in rows]),
        causes=await causes_of(session, task_id),
        waiting=() if TaskState(task.state).is_final else await _waiting(session, task_id, breakers_hold),
        canary=await canary_of(session, task),
        lines=await _lines(session, task_id),
        failed_in_part=await _any(session, task_id, failed_in_part(runner)),
        verified=await rate.of_task(session, task_id) if runner.has_posts else rate.Rate(),
        may_undo=TaskState(task.state).is_final and await undoing_of(session, task) is not None,
    )


async def _waiting(session: AsyncSession, task_id: int, breakers_hold: bool) -> Sequence[Waiting]:
    return await why_waiting(session, task_id, breakers_hold=breakers_hold)


async def _any(session: AsyncSession, task_id: int, which: ColumnElement[bool]) -> bool:
    found = select(AccountTask.id).where(AccountTask.task_id == task_id, which).limit(1)
    return await session.scalar(found) is not None


async def _counters(session: AsyncSession, task_id: int, runner: type[Runner[Options]]) -> dict[str, int]:
    """Sums over all account tasks; the declared ones first, in their order."""
    found = {row[0]: int(row[1]) for row in await session.execute(_COUNTERS, {"task_id": task_id})}
    declared = {name: found.pop(name) for name in runner.counters if name in found}
    return {**declared, **dict(sorted(found.items()))}


async def _posts(session: AsyncSession, ids: Sequence[int]) -> dict[int, list[Post]]:
    found: dict[int, list[Post]] = {account_task_id: [] for account_task_id in ids}
    for post in await session.scalars(_POSTS, {"ids": list(ids)}):
        found[post.account_task_id].append(post)
    return found


async def _lines(session: AsyncSession, task_id: int) -> list[Line]:
    """The newest lines, oldest first."""
    return [Line(*row) for row in reversed((await session.execute(_NEWEST_LINES, {"task_id": task_id})).all())]

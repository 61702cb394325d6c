"""A canary: the first account tasks of a task run alone, and the others follow when these have ended well enough.

What is held is `scheduled` without a time. So it survives restarts, is cancelled like anything else that waits, and
neither a moved schedule nor a paused day lets it go.
"""

from contextlib import suppress
from dataclasses import dataclass, field

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet.contracts.states import AccountTaskState, TaskState
from igfleet.errors import NothingToDo, WrongState
from igfleet.ui.db import Database
from igfleet.ui.models import AccountTask, AuditEntry, LogEntry, Task
from igfleet.ui.planning.stale import PlanStale
from igfleet.ui.queue.promote import promote
from igfleet.ui.task_state import locked, settle_state

MOST_FIRST = 10_000
_A = AccountTaskState
_AT_WORK = (_A.SCHEDULED, _A.AVAILABLE, _A.RUNNING, _A.RETRYABLE)
_HOLD = text("""
UPDATE account_tasks SET behind_canary = true, state = 'scheduled', head = false, available_at = NULL
WHERE state IN ('scheduled', 'available') AND id IN (
  SELECT id FROM account_tasks WHERE task_id = :task ORDER BY position, id OFFSET :first)
RETURNING id
""")
_LET_GO = text("""
UPDATE account_tasks a SET behind_canary = false, changed_at = now(), available_at = CASE
    WHEN NOT EXISTS (SELECT FROM posts p WHERE p.account_task_id = a.id) THEN greatest(t.start_at, now())
    ELSE (SELECT greatest(min(coalesce(p.scheduled_at, t.start_at, now())), now()) FROM posts p
      WHERE p.account_task_id = a.id AND p.state = 'planned' AND p.hold_id IS NULL) END
FROM tasks t WHERE t.id = a.task_id AND t.id = :task AND a.behind_canary AND a.state = 'scheduled'
RETURNING a.id
""")
_DUE_ONES = text("""
UPDATE account_tasks SET state = 'available', head = account_id IS NULL
WHERE id = ANY(:ids) AND state = 'scheduled' AND available_at <= now()
""")
_ALL_DONE = text("""
SELECT t.id FROM tasks t
WHERE t.canary IS NOT NULL AND t.canary_ended_at IS NULL AND t.canary_goes_on AND t.paused_at IS NULL
  AND t.cancelled_by IS NULL AND t.state IN ('queued', 'running')
  AND NOT EXISTS (SELECT FROM account_tasks a WHERE a.task_id = t.id AND NOT a.behind_canary
    AND (a.state <> 'completed' OR a.has_failures))
ORDER BY t.id LIMIT 100
""")


@dataclass(frozen=True, slots=True)
class Canary:
    """How a task begins."""

    first: int
    """So many account tasks, in the order of the plan."""
    goes_on: bool = False
    """Nobody is asked when all of them were done."""


@dataclass(frozen=True, slots=True)
class CanaryView:
    """Where the first account tasks stand while the others are held."""

    first: int
    goes_on: bool
    held: int
    """The others."""
    counts: dict[str, int] = field(default_factory=dict)
    """The first ones by state."""

    @property
    def left(self) -> int:
        """How many of the first have not ended; who waits for a person has, as far as it can by itself."""
        return sum(self.counts.get(state, 0) for state in _AT_WORK)


async def hold_others(session: AsyncSession, task: Task, canary: Canary | None) -> None:
    """Hold all but the first account tasks of a task that was just released. Where there are no others, nothing is."""
    if canary is None:
        return
    held = (await session.execute(_HOLD, {"task": task.id, "first": canary.first})).all()
    if held:
        task.canary, task.canary_goes_on, task.canary_ended_at = canary.first, canary.goes_on, None


async def go_on(session: AsyncSession, task_id: int, actor: str, *, plan_hash: str | None = None) -> int:
    """Let the others go, also before all of the first have ended. Returns how many account tasks follow.

    `plan_hash` is the plan the person saw. Raises `NothingToDo` when nothing is held, `PlanStale` for another plan,
    `WrongState` for a task that was cancelled.
    """
    task = await locked(session, task_id)
    if plan_hash is not None and plan_hash != task.plan_hash:
        raise PlanStale(f"Task {task.id} was started with another plan than the one you saw.")
    if task.cancelled_by is not None:
        raise WrongState(f"Task {task.id} was cancelled: nothing of it goes on.")
    if task.canary is None or task.canary_ended_at is not None or TaskState(task.state).is_final:
        raise NothingToDo(f"Nothing of task {task.id} waits behind a canary.")
    ids = list(await session.scalars(_LET_GO, {"task": task.id}))
    await session.execute(_DUE_ONES, {"ids": ids})
    task.canary_ended_at = await session.scalar(select(func.now()))
    facts = {"account_tasks": len(ids), "plan_hash": task.plan_hash}
    session.add(AuditEntry(actor=actor, action="canary_ended", subject=f"task:{task.id}", facts=facts))
    said = f"After the first {task.canary}, the other {len(ids)} account tasks go on, says {actor}"
    session.add(LogEntry(task_id=task.id, event="canary_ended", text=said))
    await promote(session, task.account_ids)
    await settle_state(session, task)
    return len(ids)


async def follow(database: Database) -> list[int]:
    """Let the others go where all of the first were done and nobody is to be asked; the tasks that went on."""
    async with database.sessions() as session:
        ready = list(await session.scalars(_ALL_DONE))
    went_on = []
    for task_id in ready:
        with suppress(NothingToDo, WrongState):  # a person was quicker
            async with database.sessions.begin() as session:
                await go_on(session, task_id, "system")
            went_on.append(task_id)
    return went_on


async def canary_of(session: AsyncSession, task: Task) -> CanaryView | None:
    """Where it stands; None when nothing is held."""
    if task.canary is None or task.canary_ended_at is not None or TaskState(task.state).is_final:
        return None
    query = select(AccountTask.behind_canary, AccountTask.state, func.count()).where(AccountTask.task_id == task.id)
    held, counts = 0, dict[str, int]()
    for is_behind, state, count in await session.execute(query.group_by(AccountTask.behind_canary, AccountTask.state)):
        if is_behind:
            held += count if state == _A.SCHEDULED else 0
        else:
            counts[state] = count
    return CanaryView(task.canary, task.canary_goes_on, held, counts)

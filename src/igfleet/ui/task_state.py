"""Verbs of started tasks share two things: the order in which they lock, and the state that follows."""

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet import clock
from igfleet.contracts.states import AccountTaskState, TaskState, summarise
from igfleet.errors import NotFound
from igfleet.ui.models import Account, AccountTask, Task
from igfleet.ui.models.base import among
from igfleet.ui.scope.scope import lifted, require_whole


async def locked(session: AsyncSession, task_id: int, *, in_part: bool = False) -> Task:
    """The task, locked with its accounts and account tasks, in the order that the queue locks in.

    Raises `NotFound`, and `Forbidden` for who sees some of its accounts only, unless the verb is about these
    (`in_part`).

    Accounts first, then account tasks, then the task: any other order could wait for a finishing run in a ring.
    """
    account_ids = await session.scalar(select(Task.account_ids).where(Task.id == task_id))
    if account_ids is None:
        raise NotFound(f"There is no task {task_id}.")
    if not in_part:
        await require_whole(session, task_id)
    await session.execute(
        select(Account.id).where(among(Account.id, account_ids)).order_by(Account.id).with_for_update()
    )
    own = select(AccountTask.id).where(AccountTask.task_id == task_id)
    await session.execute(own.order_by(AccountTask.id).with_for_update())
    return await session.get_one(Task, task_id, with_for_update=True, populate_existing=True)


async def settle_state(session: AsyncSession, task: Task) -> TaskState:
    """Derive the state of a started task anew, after a verb changed its account tasks."""
    await session.flush()  # the counts below must see the change
    counted = select(AccountTask.state, func.count(), func.count().filter(AccountTask.has_failures))
    async with lifted(session):
        rows = await session.execute(counted.where(AccountTask.task_id == task.id).group_by(AccountTask.state))
    counts: dict[AccountTaskState, int] = {}
    with_failures = 0
    for state, count, failures in rows:
        counts[AccountTaskState(state)] = count
        with_failures += failures if state == AccountTaskState.COMPLETED else 0
    state = summarise(counts, with_failures)
    if state.is_final and task.finished_at is None:
        task.finished_at = clock.now()
    elif not state.is_final:
        task.finished_at = None
    task.state = state
    return state

"""Pausing a task: nothing more of it is leased or sent, what is under way ends unharmed, and it goes on from there."""

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet.contracts.states import TaskState
from igfleet.errors import NothingToDo, WrongState
from igfleet.ui.models import AccountTask, AuditEntry, LogEntry, Task
from igfleet.ui.queue.promote import promote
from igfleet.ui.task_state import locked


async def pause(session: AsyncSession, task_id: int, actor: str, why: str = "") -> Task:
    """Pause a started task. Again is harmless. Raises `WrongState` for a draft or a finished one.

    The accounts go on with what they have to do in other tasks.
    """
    task = await locked(session, task_id)
    if task.state == TaskState.DRAFT or TaskState(task.state).is_final:
        raise WrongState(f"Task {task.id} is {task.state.replace('_', ' ')}: there is nothing to pause.")
    if task.paused_at is not None:
        return task
    task.paused_at, task.paused_by, task.paused_why = await session.scalar(select(func.now())), actor, why.strip()[:500]
    await session.flush()
    await session.execute(
        update(AccountTask)
        .where(AccountTask.task_id == task.id, AccountTask.state == "available", AccountTask.head)
        .where(AccountTask.account_id.is_not(None))
        .values(head=False)
        .execution_options(synchronize_session=False)
    )
    await promote(session, task.account_ids)
    _say(session, task, actor, "task_paused", f"Paused by {actor}" + (f": {task.paused_why}" if why else ""))
    return task


async def end_pause(session: AsyncSession, task_id: int, actor: str) -> Task:
    """Go on with a paused task. Its stop rules count from now. Raises `NothingToDo` when it is not paused."""
    task = await locked(session, task_id)
    if task.paused_at is None:
        raise NothingToDo(f"Task {task.id} is not paused.")
    clear(task)
    task.resumed_at = await session.scalar(select(func.now()))
    await session.flush()
    await promote(session, task.account_ids)
    _say(session, task, actor, "task_unpaused", f"Goes on, says {actor}")
    return task


def clear(task: Task) -> None:
    """It is not paused any more."""
    task.paused_at, task.paused_by, task.paused_why = None, None, ""


def _say(session: AsyncSession, task: Task, actor: str, action: str, text: str) -> None:
    session.add(AuditEntry(actor=actor, action=action, subject=f"task:{task.id}", facts={"why": task.paused_why}))
    session.add(LogEntry(task_id=task.id, event=action, text=text))

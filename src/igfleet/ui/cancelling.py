"""Cancelling: what has not begun ends at once, what runs is asked to stop, what is in doubt is still settled."""

from sqlalchemy import ColumnElement, exists, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet.contracts.states import ACCOUNT_TASK_MOVES, AccountTaskState, PostState, TaskState
from igfleet.errors import WrongState
from igfleet.reasons import ReasonCode
from igfleet.ui.models import AccountTask, AuditEntry, LogEntry, Post, Task
from igfleet.ui.post_moves import move_posts
from igfleet.ui.queue.promote import promote
from igfleet.ui.task_state import locked, settle_state

_WAITING = [
    state.value
    for state, moves in ACCOUNT_TASK_MOVES.items()
    if AccountTaskState.CANCELLED in moves and state is not AccountTaskState.RUNNING
]
_BEING_SETTLED = [PostState.PUBLISHING, PostState.UNKNOWN, PostState.RECONCILING]


async def cancel(session: AsyncSession, task_id: int, actor: str) -> Task:
    """Cancel a task. Again is harmless; a finished one raises `WrongState`."""
    task = await locked(session, task_id)
    if task.state == TaskState.CANCELLED:
        return task
    if TaskState(task.state).is_final:
        raise WrongState(f"Task {task.id} is {task.state.replace('_', ' ')} already: there is nothing to cancel.")
    was_draft = task.state == TaskState.DRAFT
    await _cancel_account_tasks(session, AccountTask.task_id == task.id, actor)
    planned = Post.task_id == task.id, Post.state == PostState.PLANNED
    await move_posts(
        session,
        planned[0] & planned[1],
        PostState.CANCELLED,
        actor=actor,
        why="the task was cancelled",
        values={"reason_code": ReasonCode.CANCELLED},
    )
    if task.cancelled_by is None:
        session.add(AuditEntry(actor=actor, action="task_cancelled", subject=f"task:{task.id}"))
        session.add(LogEntry(task_id=task.id, event="task_cancelled", text=f"Cancelled by {actor}"))
    task.cancelled_by = task.cancelled_by or actor
    await promote(session, task.account_ids)
    await settle_state(session, task)
    if was_draft:
        task.state = TaskState.CANCELLED
    return task


async def cancel_one(session: AsyncSession, account_task_id: int, actor: str) -> None:
    """Cancel one account's share; the rest of the task goes on. Harmless for one that is over."""
    row = await session.get_one(AccountTask, account_task_id, populate_existing=True)
    await _cancel_account_tasks(session, AccountTask.id == account_task_id, actor)
    planned = (Post.account_task_id == account_task_id) & (Post.state == PostState.PLANNED)
    why = "the account's share was cancelled"
    values = {"reason_code": ReasonCode.CANCELLED}
    await move_posts(session, planned, PostState.CANCELLED, actor=actor, why=why, values=values)
    text = f"The share of one account was cancelled by {actor}"
    session.add(LogEntry(task_id=row.task_id, account_task_id=row.id, event="share_cancelled", text=text))
    await promote(session, [row.account_id] if row.account_id else [])
    await settle_state(session, await session.get_one(Task, row.task_id, with_for_update=True))


async def _cancel_account_tasks(session: AsyncSession, own: ColumnElement[bool], actor: str) -> None:
    """A waiting account task whose post may be live stays, to settle it; like one that runs it sends nothing more."""
    doubtful = exists(
        select(Post.id).where(Post.account_task_id == AccountTask.id, Post.state.in_(_BEING_SETTLED))
    ).correlate(AccountTask)
    await session.execute(
        update(AccountTask)
        .where(own, AccountTask.state.in_(_WAITING), ~doubtful)
        .values(
            state=AccountTaskState.CANCELLED,
            head=False,
            available_at=None,
            reason_code=ReasonCode.CANCELLED,
            message=f"Cancelled by {actor}",
            changed_at=func.now(),
            finished_at=func.now(),
        )
        .execution_options(synchronize_session=False)
    )
    await session.execute(
        update(AccountTask)
        .where(own, AccountTask.state.in_([AccountTaskState.RUNNING, *_WAITING]))
        .values(cancel_requested_at=func.coalesce(AccountTask.cancel_requested_at, func.now()))
        .execution_options(synchronize_session=False)
    )

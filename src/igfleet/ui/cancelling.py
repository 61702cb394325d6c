"""Cancelling: what has not begun ends at once, what runs is asked to stop, what is in doubt is still settled."""

from collections.abc import Collection

from sqlalchemy import ColumnElement, exists, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet.contracts.states import ACCOUNT_TASK_MOVES, AccountTaskState, PostState, TaskState
from igfleet.errors import NothingToDo, WrongState
from igfleet.reasons import ReasonCode
from igfleet.ui.models import AccountTask, AuditEntry, LogEntry, Post, Task
from igfleet.ui.models.base import among
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
    await _cancel_shares(session, row.task_id, [row.id], actor)
    await promote(session, [row.account_id] if row.account_id else [])
    await settle_state(session, await session.get_one(Task, row.task_id, with_for_update=True))


async def cancel_only(session: AsyncSession, task_id: int, only: Collection[int], actor: str) -> int:
    """Cancel these shares of a task; its others go on. Audited. Returns how many were not over yet.

    Raises `NothingToDo` when all of them were.
    """
    task = await locked(session, task_id, in_part=True)
    is_open = AccountTask.state.in_([AccountTaskState.RUNNING, *_WAITING]), AccountTask.cancel_requested_at.is_(None)
    open_ones = select(AccountTask.id).where(AccountTask.task_id == task.id, among(AccountTask.id, only), *is_open)
    ids = list(await session.scalars(open_ones.order_by(AccountTask.id)))
    if not ids:
        raise NothingToDo(f"These account tasks of task {task.id} are over already.")
    await _cancel_shares(session, task.id, ids, actor)
    facts = {"account_tasks": ids}
    session.add(AuditEntry(actor=actor, action="shares_cancelled", subject=f"task:{task.id}", facts=facts))
    await promote(session, task.account_ids)
    await settle_state(session, task)
    return len(ids)


async def _cancel_shares(session: AsyncSession, task_id: int, ids: Collection[int], actor: str) -> None:
    await _cancel_account_tasks(session, among(AccountTask.id, ids), actor)
    planned = among(Post.account_task_id, ids) & (Post.state == PostState.PLANNED)
    why = "the account's share was cancelled"
    values = {"reason_code": ReasonCode.CANCELLED}
    await move_posts(session, planned, PostState.CANCELLED, actor=actor, why=why, values=values)
    text = f"The share of one account was cancelled by {actor}"
    lines = (LogEntry(task_id=task_id, account_task_id=key, event="share_cancelled", text=text) for key in ids)
    session.add_all(lines)


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

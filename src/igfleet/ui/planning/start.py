"""Starting a planned task: the stored plan is checked against the world once more, then released to the queue."""

from collections.abc import Sequence

from sqlalchemy import case, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet.contracts.states import AccountTaskState, TaskState
from igfleet.contracts.tasks import Method
from igfleet.errors import Conflict, WrongState
from igfleet.runners import runner_of
from igfleet.settings import UiSettings
from igfleet.ui.models import AccountTask, AuditEntry, LiveMethod, LogEntry, Post, Task
from igfleet.ui.planning.canary import Canary, hold_others
from igfleet.ui.planning.notes import Note, NoteKind
from igfleet.ui.planning.order import Order
from igfleet.ui.planning.plan import MANY_POSTS, compute, needs_confirmation
from igfleet.ui.planning.posts import Plan
from igfleet.ui.planning.shares import SharePlan
from igfleet.ui.planning.stale import PlanStale, stale_of
from igfleet.ui.queue.promote import promote
from igfleet.ui.task_state import locked


async def start(
    session: AsyncSession,
    settings: UiSettings,
    task_id: int,
    *,
    plan_hash: str | None,
    actor: str,
    canary: Canary | None = None,
    dry_run: bool = False,
) -> Task:
    """Release the planned task, or its first account tasks only. Starting it again is harmless: the first start stands.

    `plan_hash` is the plan the person saw; None accepts the stored one. Raises `PlanStale` when the world changed
    since, `Conflict` when there is nothing to run or something must be allowed first.
    """
    task = await locked(session, task_id)
    if task.state != TaskState.DRAFT:
        return _again(task, plan_hash)
    if task.plan_hash is None:
        raise Conflict(f"Task {task.id} has no plan yet. Plan it first.")
    if plan_hash is not None and plan_hash != task.plan_hash:
        raise PlanStale("The plan was made anew since you saw it. Look at it again, then start.")
    order, present = await compute(session, settings, task)
    if present.hash != task.plan_hash:
        raise await stale_of(session, task, present)
    await _check(session, settings, order, present)
    if dry_run:
        _check_dry(task)
    task.dry_run = dry_run
    await _release(session, order, present)
    await hold_others(session, task, canary)
    task.state = TaskState.QUEUED
    what = "posts" if isinstance(present, Plan) else "account tasks"
    facts = {"plan_hash": task.plan_hash, what: present.count, "mode": task.mode}
    facts |= {"canary": task.canary, "dry_run": dry_run}
    session.add(AuditEntry(actor=actor, action="task_started", subject=f"task:{task.id}", facts=facts))
    session.add(LogEntry(task_id=task.id, event="task_started", text=_started_by(task, actor, present.count, what)))
    await promote(session, task.account_ids)
    return task


def _started_by(task: Task, actor: str, count: int, what: str) -> str:
    first = f"; the first {task.canary} account tasks run, the others wait for them" if task.canary else ""
    begun = "Dry-run started" if task.dry_run else "Started"
    return f"{begun} by {actor}: {count} {what}{first}"


def _again(task: Task, plan_hash: str | None) -> Task:
    if task.state == TaskState.CANCELLED:
        raise WrongState(f"Task {task.id} was cancelled. Clone it to run it.")
    if plan_hash is not None and plan_hash != task.plan_hash:
        raise PlanStale(f"Task {task.id} was started already, with another plan than the one you saw.")
    return task


async def _check(session: AsyncSession, settings: UiSettings, order: Order, present: Plan | SharePlan) -> None:
    task = order.task
    if not present.count:
        what = "publish" if isinstance(present, Plan) else "do"
        raise Conflict(f"Task {task.id} has nothing to {what}: {_reasons(present.notes)}.")
    if isinstance(present, Plan) and needs_confirmation(task, present.count):
        raise Conflict(f"More than {MANY_POSTS:,} posts: confirm that so many are meant (confirm_many).")
    if task.mode != settings.mode:
        raise Conflict(f"Task {task.id} was made in {task.mode} mode and this is {settings.mode} mode. Clone it.")
    method = order.options.driver
    if settings.is_live and method is not Method.NONE and await session.get(LiveMethod, method) is None:
        raise Conflict(f"Live use of {method} is off. An admin switches it on, knowing the risk.")


def _check_dry(task: Task) -> None:
    runner = runner_of(task.kind)
    if not runner.may_rehearse():
        raise Conflict(f"{runner.title} writes nothing on Instagram: a dry-run would be the same. Start it.")


def _reasons(notes: Sequence[Note]) -> str:
    against = [note for note in notes if note.kind is not NoteKind.WARNING]
    return "; ".join(f"{note.sentence} ({note.count})" for note in against[:3]) or "no account and no video is left"


async def _release(session: AsyncSession, order: Order, present: Plan | SharePlan) -> None:
    """Give each account task the time of its first post, or of the start; due ones become available."""
    if isinstance(present, Plan):
        await _release_posts(session, order)
        return
    is_due = order.begins <= order.now
    await session.execute(
        update(AccountTask)
        .where(AccountTask.task_id == order.task.id, AccountTask.state == AccountTaskState.SCHEDULED)
        .values(
            available_at=order.begins,
            state=AccountTaskState.AVAILABLE if is_due else AccountTaskState.SCHEDULED,
            head=AccountTask.account_id.is_(None) if is_due else False,
            changed_at=func.now(),
        )
        .execution_options(synchronize_session=False)
    )


async def _release_posts(session: AsyncSession, order: Order) -> None:
    first = (
        select(Post.account_task_id.label("id"), func.min(func.coalesce(Post.scheduled_at, order.begins)).label("at"))
        .where(Post.task_id == order.task.id)
        .group_by(Post.account_task_id)
        .subquery()
    )
    due = func.greatest(first.c.at, order.begins)
    await session.execute(
        update(AccountTask)
        .where(AccountTask.id == first.c.id, AccountTask.state == AccountTaskState.SCHEDULED)
        .values(
            available_at=due,
            state=case((due <= order.now, AccountTaskState.AVAILABLE), else_=AccountTaskState.SCHEDULED),
            changed_at=func.now(),
        )
        .execution_options(synchronize_session=False)
    )

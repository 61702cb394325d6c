"""Drafts made from tasks: the same order again, or the order that sets back what a task did."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from igfleet.contracts.states import AccountTaskState, TaskState
from igfleet.errors import Conflict
from igfleet.runners import options_of, runner_of
from igfleet.runners.base import Options, Runner
from igfleet.runners.shares import Done, Undoing
from igfleet.settings import UiSettings
from igfleet.ui.models import AccountTask, Task, TaskMedia
from igfleet.ui.planning.draft import Captions, Draft, DraftMedia, create
from igfleet.ui.planning.plan import find_task
from igfleet.ui.scope.scope import require_whole

_LONGEST_NAME = 200


async def clone(session: AsyncSession, settings: UiSettings, task_id: int, actor: str) -> Task:
    """A new draft of the same order, with a seed of its own and no start time. Raises `NotFound`."""
    task = await find_task(session, task_id)
    return await create(session, settings, await same_order(session, task, f"{task.name} (copy)"), actor)


async def real_one(session: AsyncSession, settings: UiSettings, task_id: int, actor: str) -> Task:
    """A draft of what a dry-run rehearsed, with its seed: while the world is the same, so is the plan.

    Raises `NotFound`, and `Conflict` when the task was no dry-run.
    """
    task = await find_task(session, task_id)
    if not task.dry_run:
        raise Conflict(f"Task {task_id} was no dry-run. Clone it to do it again.")
    order = await same_order(session, task, task.name)
    same = order.model_copy(update={"seed": task.seed, "start_at": task.start_at})
    return await create(session, settings, same, actor)


async def same_order(session: AsyncSession, task: Task, name: str) -> Draft:
    """What the task was ordered to do, with no start time. Raises `Forbidden` for who sees a part of it only."""
    await require_whole(session, task.id)
    rows = await session.scalars(select(TaskMedia).where(TaskMedia.task_id == task.id).order_by(TaskMedia.position))
    return _draft(task, name, media=tuple(DraftMedia.model_validate(_medium(row)) for row in rows))


async def undo(session: AsyncSession, settings: UiSettings, task_id: int, actor: str) -> Task:
    """A new draft that sets back what the task changed. Raises `NotFound`, `Conflict` when nothing can be set back."""
    task = await find_task(session, task_id)
    undoing = await undoing_of(session, task)
    if undoing is None:
        raise Conflict(f"Task {task_id} changed nothing that can be set back.")
    draft = _draft(
        task,
        f"Undo: {task.name}",
        options={**task.options, **undoing.options},
        account_ids=undoing.account_ids,
        media=tuple(DraftMedia(media_id=media_id) for media_id in undoing.media_ids),
    )
    return await create(session, settings, draft, actor)


async def undoing_of(session: AsyncSession, task: Task) -> Undoing | None:
    """The order that sets the task back; None when its kind cannot, or there is nothing to set back."""
    runner = runner_of(task.kind)
    if not may_undo(runner) or task.state == TaskState.DRAFT:
        return None
    completed = AccountTask.task_id == task.id, AccountTask.state == AccountTaskState.COMPLETED
    query = select(AccountTask).where(*completed).options(joinedload(AccountTask.account))
    rows = await session.scalars(query.order_by(AccountTask.position, AccountTask.id))
    return runner.undo([_done(row) for row in rows], options_of(task.kind, task.options))


def may_undo(runner: type[Runner[Options]]) -> bool:
    """Whether the kind says how its work is undone."""
    return runner.undo.__func__ is not Runner.undo.__func__  # type: ignore[attr-defined]  # both are class methods


def _done(row: AccountTask) -> Done:
    title = row.account.username if row.account else row.title
    return Done(row.account_id, title, row.share, row.result)


def _draft(task: Task, name: str, *, media: Sequence[DraftMedia], **changes: Any) -> Draft:
    same: dict[str, Any] = {
        "kind": task.kind,
        "name": name[:_LONGEST_NAME],
        "options": task.options,
        "account_ids": tuple(task.account_ids),
        "captions": Captions.model_validate(task.captions or {}),
    }
    return Draft(**{**same, **changes, "media": tuple(media)})


def _medium(row: TaskMedia) -> dict[str, Any]:
    names = ("media_id", "location", "mentions", "cover_media_id", "cover_at_s")
    return {name: getattr(row, name) for name in names}

"""What can be done to many tasks at once. Each is done for itself: what one refuses leaves the others their turn."""

from collections.abc import Awaitable, Callable, Sequence

from sqlalchemy import Select, select

from igfleet.errors import Forbidden, NotFound, NothingToDo, WrongState
from igfleet.ui import pausing
from igfleet.ui.bulk.act import Act, Listed, Work
from igfleet.ui.cancelling import cancel
from igfleet.ui.exports import tasks_sheet
from igfleet.ui.models import Task
from igfleet.ui.models.base import among
from igfleet.ui.retrying import retry_failed
from igfleet.ui.task_list import TaskFilter

type Verb = Callable[[Work, int], Awaitable[bool]]
"""Do it to one task; whether that changed anything."""


def _each(verb: Verb) -> Callable[[Work, Sequence[int]], Awaitable[int]]:
    async def do(work: Work, ids: Sequence[int]) -> int:
        changed = 0
        for task_id in ids:
            try:
                async with work.session.begin_nested():
                    changed += await verb(work, task_id)
            except (NothingToDo, WrongState, Forbidden, NotFound):
                continue  # the result line counts it among the others
        return changed

    return do


async def _pause(work: Work, task_id: int) -> bool:
    was = await work.session.scalar(select(Task.paused_at).where(Task.id == task_id))
    await pausing.pause(work.session, task_id, work.job.created_by)
    return was is None


async def _resume(work: Work, task_id: int) -> bool:
    await pausing.end_pause(work.session, task_id, work.job.created_by)
    return True


async def _cancel(work: Work, task_id: int) -> bool:
    was = await work.session.scalar(select(Task.cancelled_by).where(Task.id == task_id))
    await cancel(work.session, task_id, work.job.created_by)
    return was is None


async def _retry(work: Work, task_id: int) -> bool:
    return await retry_failed(work.session, task_id, work.job.created_by) > 0


async def _export(work: Work, ids: Sequence[int]) -> int:
    tasks = list(await work.session.scalars(select(Task).where(among(Task.id, ids)).order_by(Task.id.desc())))
    work.keep_file((await tasks_sheet(work.session, tasks)).csv())
    return len(ids)


def _present(ids: Sequence[int]) -> Select[int]:
    return select(Task.id).where(among(Task.id, ids)).order_by(Task.id)


def _names(ids: Sequence[int]) -> Select[str]:
    return select(Task.name).where(among(Task.id, ids)).order_by(Task.id)


_LEFT = "the others were so already, are over, or had not begun"
TASKS = Listed(
    noun="task",
    path="/tasks",
    acts={
        "pause": Act("Pause", "player-pause", "paused", _each(_pause), others=_LEFT),
        "resume": Act("Resume", "player-play", "resumed", _each(_resume), others="the others were not paused"),
        "retry": Act("Retry what failed", "refresh", "retried", _each(_retry), others="nothing to retry in the others"),
        "export": Act("Export as CSV", "download", "written", _export, is_whole=True),
        "cancel": Act(
            "Cancel", "ban", "cancelled", _each(_cancel), others="the others were over already", is_grave=True
        ),
    },
    query=lambda given, _settings: TaskFilter.read(given).select().with_only_columns(Task.id).order_by(Task.id),
    words=lambda given: TaskFilter.read(given).told(),
    filtered=lambda given: TaskFilter.read(given).given(),
    wrong=TaskFilter.wrong,
    names=_names,
    present=_present,
    batch=1,  # each locks its accounts: two tasks in one transaction could wait for others in a ring
)

"""Waiting for a task's end."""

import asyncio
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from igfleet.cli.task_view import counts, in_words

if TYPE_CHECKING:
    from igfleet.ui.context import UiContext

_PAUSE_S = 0.5


async def until_over(
    ui: "UiContext", task_id: int, timeout_s: float, progress: Callable[[str], None]
) -> dict[str, object]:
    """Look at a task until it is over or the time is up; `progress` hears of each change. Raises `NotFound`."""
    end = time.monotonic() + timeout_s
    said = ""
    while True:
        seen = await _look(ui, task_id)
        line = f"{seen['state']}: {in_words(seen['counts'])}"  # type: ignore[arg-type]  # made by counts()
        if line != said:
            progress(line)
            said = line
        if seen["is_over"] or time.monotonic() >= end:
            return seen
        await asyncio.sleep(min(_PAUSE_S, max(0.0, end - time.monotonic())))


async def _look(ui: "UiContext", task_id: int) -> dict[str, object]:
    from igfleet.contracts.states import TaskState
    from igfleet.errors import Conflict
    from igfleet.ui.planning.plan import find_task

    async with ui.database.sessions() as session:
        task = await find_task(session, task_id)
        found = await counts(session, task_id)
    if task.state == TaskState.DRAFT:
        raise Conflict(f"Task {task_id} is a draft: start it first.")
    is_over = TaskState(task.state).is_final
    return {"id": task.id, "state": task.state, "is_over": is_over, "counts": found}

"""Waiting for a task's end."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from igfleet.cli.task_view import in_words

if TYPE_CHECKING:
    from igfleet.ui.context import UiContext

type Seen = dict[str, Any]
_PAUSE_S = 0.5


async def until_over(look: Callable[[], Awaitable[Seen]], timeout_s: float, progress: Callable[[str], None]) -> Seen:
    """Look at a task until it is over or the time is up; `progress` hears of each change. Raises what `look` does."""
    end = time.monotonic() + timeout_s
    said = ""
    while True:
        seen = await look()
        line = f"{seen['state']}: {in_words(seen['counts'])}"
        if line != said:
            progress(line)
            said = line
        if seen["is_over"] or time.monotonic() >= end:
            return seen
        await asyncio.sleep(min(_PAUSE_S, max(0.0, end - time.monotonic())))


async def look(ui: "UiContext", task_id: int) -> Seen:
    """Where it stands. Raises `NotFound`, `Conflict`."""
    from igfleet.ui.planning.plan import find_task
    from igfleet.ui.task_counts import counts

    async with ui.database.sessions() as session:
        task = await find_task(session, task_id)
        return seen_of(task_id, task.state, await counts(session, task_id))


def seen_of(task_id: int, state: str, counted: dict[str, dict[str, int]]) -> Seen:
    """What is waited for. Raises `Conflict` for a draft."""
    from igfleet.contracts.states import TaskState
    from igfleet.errors import Conflict

    if state == TaskState.DRAFT:
        raise Conflict(f"Task {task_id} is a draft: start it first.")
    return {"id": task_id, "state": state, "is_over": TaskState(state).is_final, "counts": counted}

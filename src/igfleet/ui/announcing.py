"""After the commit of a change to a task: who hears of it."""

from igfleet.ui.context import UiContext


async def announce(ui: UiContext, task_id: int) -> None:
    """Tell the open pages, the waiting workers, and the pool."""
    ui.bus.tell("task", task_id)
    ui.bus.tell("work")
    await ui.nudges.nudge(ui.database, task_id)

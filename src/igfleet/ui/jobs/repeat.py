"""What is made every minute of the tasks that repeat."""

from igfleet import log
from igfleet.ui.context import UiContext
from igfleet.ui.schedule.recurring import make_due

_log = log.get(__name__)


async def repeat(ui: UiContext) -> None:
    """Make the recurring tasks whose time has come, and tell the pages and the workers."""
    async with ui.database.sessions.begin() as session:
        started = await make_due(session, ui.settings)
    for task_id in started:
        _log.info("recurring_task_started", task_id=task_id)
        ui.bus.tell("task", task_id)
        await ui.nudges.nudge(ui.database, task_id)
    if started:
        ui.bus.tell("work")

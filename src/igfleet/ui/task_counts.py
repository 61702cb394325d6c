"""A task in numbers."""

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet.ui.models import AccountTask, Post


async def counts(session: AsyncSession, task_id: int) -> dict[str, dict[str, int]]:
    """How many account tasks and posts there are, in all and by state."""
    counted = {}
    for name, table in (("account_tasks", AccountTask), ("posts", Post)):
        query = select(table.state, func.count()).where(table.task_id == task_id).group_by(table.state)
        by_state = {row[0]: row[1] for row in await session.execute(query)}
        counted[name] = {"total": sum(by_state.values()), **by_state}
    return counted

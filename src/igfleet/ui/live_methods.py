"""The switch that allows a method to run live: one row, one audit entry."""

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet.ui.models import AuditEntry, LiveMethod


async def switch(session: AsyncSession, method: str, actor: str, *, on: bool) -> None:
    """Allow or forbid live use of a method. Again is harmless."""
    if on:
        await session.execute(insert(LiveMethod).values(method=method, enabled_by=actor).on_conflict_do_nothing())
    else:
        await session.execute(delete(LiveMethod).where(LiveMethod.method == method))
    action = "live_method_enabled" if on else "live_method_disabled"
    session.add(AuditEntry(actor=actor, action=action, subject=f"method:{method}"))

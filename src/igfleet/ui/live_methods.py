"""The switch that allows a method to run live: one row, one audit entry."""

from collections.abc import Mapping

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet.contracts.tasks import Method
from igfleet.errors import Invalid, NotFound
from igfleet.ui.models import AuditEntry, LiveMethod

METHODS = (Method.INSTAGRAPI, Method.PLAYWRIGHT, Method.DOLPHIN)


async def switch(session: AsyncSession, method: str, actor: str, *, on: bool, knows_the_risk: bool = False) -> None:
    """Allow or forbid live use of a method; who allows it says so. Again is harmless. Raises `NotFound`, `Invalid`."""
    if method not in METHODS:
        raise NotFound(f"There is no method {method[:50]}.")
    if on and not knows_the_risk:
        raise Invalid("Confirm that you know the risk.", {"understood": "is needed"})
    if on:
        await session.execute(insert(LiveMethod).values(method=method, enabled_by=actor).on_conflict_do_nothing())
    else:
        await session.execute(delete(LiveMethod).where(LiveMethod.method == method))
    action = "live_method_enabled" if on else "live_method_disabled"
    session.add(AuditEntry(actor=actor, action=action, subject=f"method:{method}"))


async def allowed(session: AsyncSession) -> Mapping[str, LiveMethod]:
    """Those that may run live, by name."""
    return {row.method: row for row in await session.scalars(select(LiveMethod))}

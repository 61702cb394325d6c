"""The zone in which a person reads the schedule."""

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet.ui.models import User
from igfleet.ui.schedule.zones import UTC_ZONE, checked, is_zone


async def zone_of(session: AsyncSession, user_id: int) -> str:
    """What they chose last; UTC for who never chose."""
    kept = await session.scalar(select(User.timezone).where(User.id == user_id))
    return kept if kept and is_zone(kept) else UTC_ZONE


async def keep_zone(session: AsyncSession, user_id: int, zone: str) -> str:
    """Remember a choice. Raises `Invalid`."""
    name = checked(zone)
    await session.execute(update(User).where(User.id == user_id).values(timezone=name))
    return name

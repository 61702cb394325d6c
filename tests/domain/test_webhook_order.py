"""Which deliveries are due: in quiet hours, when they end, and behind one that is not taken."""

from datetime import UTC, datetime, time, timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet.ui.models import Delivery, Webhook
from igfleet.ui.webhooks.order import ATTEMPTS_IN_ORDER, select_due

pytestmark = pytest.mark.anyio
_NIGHT, _DAY = datetime(2026, 6, 1, 22, 30, tzinfo=UTC), datetime(2026, 6, 2, 5, 0, tzinfo=UTC)


async def test_quiet_hours_hold_what_is_not_urgent_and_keep_its_order(session: AsyncSession) -> None:
    await _webhook(session)

    assert await _due(session, _NIGHT) == [3, 4]
    assert await _due(session, _DAY) == [1, 3, 4]


async def test_what_is_not_taken_holds_up_the_others_for_a_while_only(session: AsyncSession) -> None:
    await _webhook(session)
    later = datetime.now(UTC) + timedelta(hours=1)
    first = update(Delivery).where(Delivery.id == 1)

    await session.execute(first.values(attempts=ATTEMPTS_IN_ORDER - 1, next_at=later))
    assert await _due(session, _DAY) == [3, 4]
    await session.execute(first.values(attempts=ATTEMPTS_IN_ORDER))
    assert await _due(session, _DAY) == [2, 3, 4]
    await session.execute(first.values(attempts=1, state="failed"))
    assert await _due(session, _DAY) == [2, 3, 4]


async def test_without_quiet_hours_nothing_waits_for_another(session: AsyncSession) -> None:
    await _webhook(session, quiet_from=None, quiet_until=None)

    assert await _due(session, _NIGHT) == [1, 2, 3, 4, 5]


async def _webhook(session: AsyncSession, **fields: object) -> None:
    """Told of five things: the third is urgent, the fourth a test."""
    quiet = {"quiet_from": time(22), "quiet_until": time(7), "timezone": "Europe/Berlin", **fields}
    events = ["post_failed", "worker_lost"]
    session.add(
        Webhook(name="Ours", host="x", format="json", events=events, urgent=["worker_lost"], created_by="x", **quiet)
    )
    for number in range(1, 6):
        event = {3: "worker_lost", 4: "test"}.get(number, "post_failed")
        session.add(Delivery(webhook_id=1, event=event, subject_id=number))
        await session.flush()


async def _due(session: AsyncSession, now: datetime) -> list[int]:
    webhooks = list(await session.scalars(select(Webhook)))
    return list(await session.scalars(select_due(webhooks, now)))

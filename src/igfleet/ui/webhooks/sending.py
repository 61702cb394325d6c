"""Sending what waits: the next attempt is booked before this one is made, so that a death loses none."""

import json
import random
from datetime import timedelta

from sqlalchemy import func, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet import clock, log
from igfleet.errors import NotFound, SecretUnreadable
from igfleet.ui.context import UiContext
from igfleet.ui.db import Database
from igfleet.ui.models import Delivery, DeliveryState, Webhook
from igfleet.ui.outbound import Answer, NoAnswer, Outbound
from igfleet.ui.webhooks import signing
from igfleet.ui.webhooks.order import select_due
from igfleet.ui.webhooks.telling import body_of
from igfleet.ui.webhooks.verbs import OWNER

_log = log.get(__name__)
PAUSES_S = (10, 60, 300, 1800, 7200, 21600, 43200)
"""Between the attempts; after the last one it is given up."""
_AT_ONCE = 50
_IN_A_ROW_S = 30.0
_LOST = text("""
INSERT INTO deliveries (webhook_id, event, subject_id, mark)
SELECT h.id, 'worker_lost', w.id, w.seen_at::text FROM webhooks h, workers w
WHERE 'worker_lost' = ANY(h.events) AND w.seen_at BETWEEN now() - interval '1 day' AND now() - interval '60 seconds'
  AND w.seen_at > h.created_at - interval '60 seconds'
ON CONFLICT DO NOTHING
""")


async def due(database: Database) -> list[int]:
    """Note which workers are lost; then what is to be sent now, the oldest first."""
    async with database.sessions.begin() as session:
        webhooks = list(await session.scalars(select(Webhook)))
        if not webhooks:
            return []
        await session.execute(_LOST)
        return list(await session.scalars(select_due(webhooks, clock.now()).limit(_AT_ONCE)))


async def send(ui: UiContext, delivery_id: int) -> None:
    """Make one attempt, when it is still due; where they go in order, then those that wait behind it."""
    following: int | None = delivery_id
    until = clock.boot_seconds() + _IN_A_ROW_S
    while (
        following is not None and clock.boot_seconds() < until
    ):  # what is left comes with the next look at what is due
        following = await _next_of(ui, following) if await _attempt(ui, following) else None


async def _attempt(ui: UiContext, delivery_id: int) -> bool:
    """Whether it was taken."""
    taken = await _taken(ui, delivery_id)
    if taken is None:
        return False
    delivery, address, secret = taken
    assert delivery.body is not None
    body = delivery.body.encode()
    timestamp = int(clock.now().timestamp())
    headers = signing.headers(secret, timestamp, body, delivery.id, delivery.event)
    try:
        answer = await Outbound(ui.settings).send(address, body, headers)
    except NoAnswer as error:
        answer = Answer(0, str(error))
    await _note(ui, delivery, answer)
    return answer.is_good


async def _next_of(ui: UiContext, delivery_id: int) -> int | None:
    """What goes behind this one, where they go in order."""
    async with ui.database.sessions() as session:
        owner = select(Webhook).join(Delivery, Delivery.webhook_id == Webhook.id).where(Delivery.id == delivery_id)
        webhook = await session.scalar(owner)
        if webhook is None or webhook.quiet_from is None:
            return None
        behind = select_due([webhook], clock.now()).where(Webhook.id == webhook.id)
        return await session.scalar(behind.limit(1))


async def _taken(ui: UiContext, delivery_id: int) -> tuple[Delivery, str, str] | None:
    """The delivery with its body, where it goes, and the secret; the next attempt is booked."""
    async with ui.database.sessions.begin() as session:
        is_due = Delivery.id == delivery_id, Delivery.state == DeliveryState.WAITING, Delivery.next_at <= func.now()
        delivery = await session.scalar(select(Delivery).where(*is_due).with_for_update(skip_locked=True))
        if delivery is None:
            return None
        delivery.attempts += 1
        now = (await session.execute(select(func.now()))).scalar_one()
        delivery.next_at = now + pause(delivery.attempts)
        try:
            return await _opened(ui, session, delivery)
        except (NotFound, SecretUnreadable) as error:
            delivery.state, delivery.answer = DeliveryState.FAILED, str(error)
            return None


async def _opened(ui: UiContext, session: AsyncSession, delivery: Delivery) -> tuple[Delivery, str, str]:
    webhook = await session.get_one(Webhook, delivery.webhook_id)
    if delivery.body is None:
        told = await body_of(session, webhook, delivery, ui.settings.mode)
        delivery.body = json.dumps(told, ensure_ascii=False)
    fields = ("address", "secret")
    opened = await ui.vault.open(session, OWNER, webhook.id, fields, actor="system", reason="delivery")
    address, secret = (opened[field].get_secret_value() for field in fields)
    return delivery, address, secret


async def _note(ui: UiContext, delivery: Delivery, answer: Answer) -> None:
    is_over = answer.is_good or delivery.attempts > len(PAUSES_S)
    state = DeliveryState.WAITING
    if is_over:
        state = DeliveryState.DELIVERED if answer.is_good else DeliveryState.FAILED
    values: dict[str, object] = {"state": state, "status": answer.status or None, "answer": answer.text}
    if answer.is_good:
        values["delivered_at"] = func.now()
    async with ui.database.sessions.begin() as session:
        await session.execute(update(Delivery).where(Delivery.id == delivery.id).values(**values))
    _log.info("webhook_told", delivery=delivery.id, status=answer.status, state=state.value)


def pause(attempts: int) -> timedelta:
    """With jitter, so that what failed together does not come back together."""
    usual = PAUSES_S[min(attempts, len(PAUSES_S)) - 1]
    return timedelta(seconds=usual * random.uniform(0.8, 1.2))

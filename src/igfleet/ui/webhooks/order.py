"""Which deliveries are due: not in quiet hours but for what is urgent, and what waited through them in its order."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Select, any_, exists, func, select
from sqlalchemy.orm import aliased

from igfleet.ui.models import Delivery, DeliveryState, Webhook, WebhookEvent
from igfleet.ui.models.base import among
from igfleet.ui.quiet_hours import quiet_until

ATTEMPTS_IN_ORDER = 4
"""So often, about six minutes, one holds up those behind it; then they pass: an answer may never come."""


def select_due(webhooks: Sequence[Webhook], now: datetime) -> Select[int]:
    """What is to be sent now, the oldest first. `webhooks` are those that may be asked."""
    quiet = [one.id for one in webhooks if quiet_until(one, now) > now]
    its_turn = ~among(Webhook.id, quiet) & (Webhook.quiet_from.is_(None) | ~_is_behind())
    return (
        select(Delivery.id)
        .join(Webhook, Webhook.id == Delivery.webhook_id)
        .where(Delivery.state == DeliveryState.WAITING, Delivery.next_at <= func.now(), _is_urgent(Delivery) | its_turn)
        .order_by(Delivery.id)
    )


def held_until(delivery: Delivery, now: datetime) -> datetime | None:
    """When the quiet hours end in which it waits; None when it does not wait for that. Its webhook is loaded."""
    if delivery.state != DeliveryState.WAITING or delivery.event in (*delivery.webhook.urgent, WebhookEvent.TEST):
        return None
    until = quiet_until(delivery.webhook, now)
    return until if until > now else None


def _is_urgent(delivery: type[Delivery]) -> ColumnElement[bool]:
    """A person waits for a test, so that it is."""
    return (delivery.event == any_(Webhook.urgent)) | (delivery.event == WebhookEvent.TEST)


def _is_behind() -> ColumnElement[bool]:
    """Whether an earlier one that is not urgent has not been taken yet."""
    earlier = aliased(Delivery)
    return (
        exists()
        .where(
            earlier.webhook_id == Delivery.webhook_id,
            earlier.id < Delivery.id,
            earlier.state == DeliveryState.WAITING,
            earlier.attempts < ATTEMPTS_IN_ORDER,
            ~_is_urgent(earlier),
        )
        .correlate(Delivery, Webhook)
    )
